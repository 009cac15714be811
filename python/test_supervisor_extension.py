"""Tests of supervisor_extension.py against a scripted supervisord: python3 -m unittest discover python"""
import contextlib
import datetime
import io
import json
import os
import queue
import re
import socket
import subprocess
import sys
import threading
import unittest
import unittest.mock
from typing import Any, Dict, List, Mapping, Optional, Union

from supervisor_extension import Event, Extension, Fault, Lost, ProtocolError, from_wire, to_wire

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# The longest that anything here may take, on a slow machine.
PATIENCE = 60


class Scripted:
    """supervisord's end of the channel: each test says what it writes, and reads what comes."""

    def __init__(self, extension, config=None):
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        self.channel, self.lines = ours, ours.makefile("rb")
        self.outcome = queue.Queue()

        def serve():
            try:
                self.outcome.put(extension.run(theirs))
            except Exception as error:
                self.outcome.put(error)
        self.thread = threading.Thread(target=serve, daemon=True)
        self.thread.start()
        self.first = self.ask(1, "initialize", protocol=1, kind="rpcinterface", spec="", name="queue",
                              config=config or {}, identifier="box", version="4.3.0")

    def write(self, **message):
        self.channel.sendall(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def read(self):
        message = json.loads(self.lines.readline())
        assert message.pop("jsonrpc") == "2.0", message
        return message

    def ask(self, me, verb, /, **params):
        self.write(id=me, method=verb, params=params)
        return self.read()

    def call(self, method, *params):
        """The result of a call, or its code and text."""
        answer = self.ask(7, "call", method=method, params=list(params))
        assert answer["id"] == 7, answer
        return answer["result"] if "result" in answer else (answer["error"]["code"], answer["error"]["message"])

    def end(self):
        """Asks for the end; what `run` came to."""
        self.write(method="shutdown")
        return self.ended()

    def ended(self):
        outcome = self.outcome.get(timeout=PATIENCE)
        self.thread.join(PATIENCE)
        self.lines.close()
        self.channel.close()
        return outcome


class Methods(unittest.TestCase):
    def test_names_docstrings_and_type_hints_are_what_supervisord_is_told(self):
        extension = Extension()
        extension.event_type("QUEUE_DEPTH")

        @extension.method
        def everything(a: int, b: float, c: str, d: bool, e: bytes, f: datetime.datetime, g: List[int],
                       h: Dict[str, Any], i: Mapping[str, int] = {}) -> bool:
            """What it does.

            And more.
            """

        @extension.named("list")
        def listed() -> None:
            pass

        @extension.method
        def untold(a, b: Optional[int] = None) -> Union[int, str]:
            """One line."""
        supervisord = Scripted(extension, {"spool": "/var/spool"})
        self.assertEqual(supervisord.first, {"id": 1, "result": {"protocol": 1, "events": ["QUEUE_DEPTH"], "methods": [
            {"name": "everything", "help": "What it does.\n\nAnd more.",
             "signature": ["boolean", "int", "double", "string", "boolean", "base64", "dateTime.iso8601", "array",
                           "struct", "struct"]},
            {"name": "list", "help": None, "signature": ["boolean"]},
            {"name": "untold", "help": "One line.", "signature": None},
        ]}})
        self.assertEqual((extension.name, extension.identifier, extension.config),
                         ("queue", "box", {"spool": "/var/spool"}))
        self.assertIsNone(supervisord.end())

    def test_values_of_every_type_come_and_go(self):
        extension = Extension()
        seen = []

        @extension.method
        def echo(value):
            seen.append(value)
            return value
        supervisord = Scripted(extension)
        when = datetime.datetime(2024, 2, 29, 12, 30, 1)
        for value in (-2**63, 2**63 - 1, 3.0, True, False, "", "日本語 \n\"\u2028", b"\x00\xff", when, [], [1, [2, ["3"]]],
                      {}, {"k": {"$b64": "x", "more": 1}}):
            self.assertEqual(from_wire(supervisord.call("echo", to_wire(value))), value)
            self.assertEqual((seen[-1], type(seen[-1])), (value, type(value)))
        self.assertEqual(json.dumps(supervisord.call("echo", 3.0)), "3.0")
        supervisord.end()

    def test_what_xmlrpc_has_no_form_for_is_a_fault_and_no_end(self):
        extension = Extension()
        values = iter([2**63, float("nan"), [None], {1: 2}, object(), "\ud800"])

        @extension.method
        def value():
            return next(values)
        supervisord = Scripted(extension)
        with contextlib.redirect_stderr(io.StringIO()):
            for text in ("64 bits", "nan", "None", "no text", "object", "surrogates"):
                code, said = supervisord.call("value")
                self.assertEqual(code, 30)
                self.assertIn(text, said)
        self.assertIsNone(supervisord.end())

    def test_nothing_is_answered_as_true(self):
        extension = Extension()
        extension.named("nothing")(lambda: None)
        supervisord = Scripted(extension)
        self.assertIs(supervisord.call("nothing"), True)
        supervisord.end()

    def test_wrong_arguments_are_refused_before_the_method_sees_them(self):
        extension = Extension()
        seen = []

        @extension.method
        def take(number: int, share: float = 1.0, *names: str) -> bool:
            seen.append((number, share, names))
            return True
        supervisord = Scripted(extension)
        for good in ([1], [1, 2], [1, 2.5, "a", "b"]):
            self.assertIs(supervisord.call("take", *good), True)
        for bad in ([], ["1"], [True], [1.0], [1, "2"], [1, True], [1, 2, "a", 3], [{}], [{"$b64": ""}]):
            code, text = supervisord.call("take", *bad)
            self.assertEqual(code, 2, bad)
            self.assertTrue(text.startswith("INCORRECT_PARAMETERS: "), text)
        self.assertEqual(seen, [(1, 1.0, ()), (1, 2, ()), (1, 2.5, ("a", "b"))])
        self.assertEqual(supervisord.call("give"), (1, "UNKNOWN_METHOD"))
        supervisord.end()

    def test_faults_have_their_own_code_and_text_and_errors_are_failed_with_a_traceback(self):
        extension = Extension()

        @extension.method
        def refuse(code: int) -> bool:
            raise Fault(code, "OUT_OF_PAPER: tray 2")

        @extension.method
        def stumble() -> bool:
            return [][1]
        supervisord = Scripted(extension)
        self.assertEqual(supervisord.call("refuse", 4711), (4711, "OUT_OF_PAPER: tray 2"))
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(supervisord.call("stumble"), (30, "FAILED: IndexError: list index out of range"))
        self.assertIn("return [][1]", said.getvalue())
        supervisord.end()

    def test_names_that_no_method_can_have_are_refused(self):
        for name in ("", "_hidden", "a.b", "2nd", "größe", "with blank"):
            with self.assertRaises(ValueError):
                Extension().named(name)(print)


class Time(unittest.TestCase):
    def test_a_thousand_slow_calls_are_open_at_once_and_answered_in_any_order(self):
        extension = Extension()
        gate = threading.Event()

        @extension.method
        def slow(number: int) -> int:
            gate.wait(PATIENCE)
            return number

        @extension.method
        def quick() -> str:
            return "at once"
        supervisord = Scripted(extension)
        for number in range(1000):
            supervisord.write(id=100 + number, method="call", params={"method": "slow", "params": [number]})
        self.assertEqual(supervisord.call("quick"), "at once")
        gate.set()
        answers = [supervisord.read() for _ in range(1000)]
        self.assertEqual({answer["id"]: answer["result"] for answer in answers},
                         {100 + number: number for number in range(1000)})
        supervisord.end()

    def test_a_call_that_is_cancelled_learns_of_it_and_is_answered_once(self):
        extension = Extension()

        @extension.method
        def slow() -> str:
            return "given up" if extension.cancelled.wait(PATIENCE) else "done"
        supervisord = Scripted(extension)
        supervisord.write(id=2, method="call", params={"method": "slow", "params": []})
        supervisord.write(method="cancel", params={"id": 3})
        supervisord.write(method="cancel", params={"id": 2})
        self.assertEqual(supervisord.read(), {"id": 2, "result": "given up"})
        supervisord.write(method="cancel", params={"id": 2})
        self.assertFalse(extension.cancelled.is_set())
        supervisord.end()

    def test_a_shutdown_lets_open_calls_answer_and_calls_the_hook(self):
        extension = Extension()
        hooks = []
        extension.at_shutdown(lambda: hooks.append("ended"))

        @extension.method
        def slow() -> bool:
            extension.cancelled.wait(PATIENCE)
            raise Fault(30, "FAILED: shutting down")
        supervisord = Scripted(extension)
        supervisord.write(id=2, method="call", params={"method": "slow", "params": []})
        supervisord.write(method="shutdown")
        self.assertEqual(supervisord.read(), {"id": 2, "error": {"code": 30, "message": "FAILED: shutting down"}})
        self.assertEqual(supervisord.lines.readline(), b"")
        self.assertIsNone(supervisord.ended())
        self.assertEqual(hooks, ["ended"])

    def test_the_end_of_the_channel_is_the_end(self):
        extension = Extension()
        failed = []

        @extension.at_start
        def begin():
            try:
                extension.supervisor.state()
            except ConnectionError as error:
                failed.append(str(error))
        supervisord = Scripted(extension)
        self.assertEqual(supervisord.read()["method"], "sup.state")
        supervisord.channel.shutdown(socket.SHUT_RDWR)
        self.assertIsNone(supervisord.ended())
        with self.assertRaises(ConnectionError):
            extension.supervisor.state()


class Back(unittest.TestCase):
    def test_a_method_calls_back_while_others_are_asked(self):
        extension = Extension()

        @extension.method
        def add(name: str) -> list:
            return extension.supervisor.add_program("workers", name, {"command": "/bin/cat"})

        @extension.method
        def ping() -> bool:
            return True
        supervisord = Scripted(extension)
        supervisord.write(id=2, method="call", params={"method": "add", "params": ["w"]})
        parse = supervisord.read()
        self.assertEqual((parse["method"], parse["params"]), ("sup.parse_program", {
            "section": "program:w", "group": "workers", "options": {"command": "/bin/cat"}}))
        self.assertIs(supervisord.call("ping"), True)
        supervisord.write(id=parse["id"], result=[{"name": "w", "priority": 999, "$handle": 5}])
        add = supervisord.read()
        self.assertEqual((add["method"], add["params"]),
                         ("sup.add_process", {"group": "workers", "config": {"$handle": 5}}))
        supervisord.write(id=add["id"], result=True)
        self.assertEqual(supervisord.read(), {"id": 2, "result": ["w"]})
        supervisord.end()

    def test_every_request_has_the_parameters_of_the_specification(self):
        extension = Extension()
        requests = {
            "sup.call": lambda to: to.call("supervisor.stopProcess", "cat", b"\xff"),
            "sup.state": lambda to: to.state(), "sup.groups": lambda to: to.groups(),
            "sup.group": lambda to: to.group("g"), "sup.process": lambda to: to.process("g", "p"),
            "sup.remove_process": lambda to: to.remove_process("g", "p"),
            "sup.transition": lambda to: to.transition("g"), "sup.kill": lambda to: to.kill(-7, "HUP"),
            "sup.write": lambda to: to.write("g", "p", b"\x00"), "sup.log": lambda to: to.log("info", "é"),
            "sup.subscribe": lambda to: to.subscribe("TICK_5", since=0),
            "sup.unsubscribe": lambda to: to.unsubscribe("TICK_5"),
            "sup.notify": lambda to: to.notify("QUEUE_DEPTH", "depth:7"),
        }
        params = {
            "sup.call": {"method": "supervisor.stopProcess", "params": ["cat", {"$b64": "/w=="}]},
            "sup.state": {}, "sup.groups": {}, "sup.group": {"group": "g"}, "sup.process": {"group": "g", "name": "p"},
            "sup.remove_process": {"group": "g", "name": "p"}, "sup.transition": {"group": "g"},
            "sup.kill": {"pid": -7, "signal": "HUP"},
            "sup.write": {"group": "g", "name": "p", "bytes": {"$b64": "AA=="}},
            "sup.log": {"level": "info", "message": "é"}, "sup.subscribe": {"event": "TICK_5", "since": 0},
            "sup.unsubscribe": {"event": "TICK_5"}, "sup.notify": {"name": "QUEUE_DEPTH", "payload": "depth:7"},
        }

        @extension.method
        def ask(which: str) -> bool:
            requests[which](extension.supervisor)
            return True
        supervisord = Scripted(extension)
        for which in requests:
            supervisord.write(id=2, method="call", params={"method": "ask", "params": [which]})
            asked = supervisord.read()
            self.assertEqual((asked["method"], asked["params"]), (which, params[which]))
            supervisord.write(id=asked["id"], result={"serial": 9} if which == "sup.subscribe" else True)
            self.assertEqual(supervisord.read(), {"id": 2, "result": True})
        with open(os.path.join(ROOT, "docs/extensions.md"), encoding="utf-8") as page:
            specified = set(re.findall(r"^\| `(sup\.[a-z_]+)` \|", page.read(), re.M))
        self.assertEqual(set(requests), specified - {"sup.parse_program", "sup.add_process"})
        supervisord.end()

    def test_a_refusal_is_a_fault_with_its_code(self):
        extension = Extension()

        @extension.method
        def stop() -> str:
            try:
                extension.supervisor.call("supervisor.stopProcess", "cat")
            except Fault as fault:
                return str(fault)
            return "stopped"
        supervisord = Scripted(extension)
        for name in ("message", "text"):
            supervisord.write(id=2, method="call", params={"method": "stop", "params": []})
            supervisord.write(id=supervisord.read()["id"], error={"code": 70, name: "NOT_RUNNING: cat"})
            self.assertEqual(supervisord.read()["result"], "fault 70: NOT_RUNNING: cat")
        supervisord.end()

    def test_events_come_in_order_to_those_that_want_them_and_gaps_are_told(self):
        extension = Extension()
        seen = queue.Queue()

        @extension.on_event("PROCESS_STATE", since=5)
        def changed(event):
            seen.put(event)
            raise ValueError("a hook that fails ends nothing")

        @extension.on_event("TICK_5")
        def ticked(event):
            seen.put(event)
        extension.on_lost(seen.put)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            supervisord = Scripted(extension)
            for params in ({"event": "PROCESS_STATE", "since": 5}, {"event": "TICK_5"}):
                asked = supervisord.read()
                self.assertEqual((asked["method"], asked["params"]), ("sup.subscribe", params))
                supervisord.write(id=asked["id"], result={"serial": 9})
            supervisord.write(method="event", params={"serial": 6, "name": "PROCESS_STATE_EXITED", "payload": "a:b",
                                                      "group": "g", "process": "p", "later": 1})
            supervisord.write(method="lost", params={"restarted": False, "from": 7, "to": 8, "count": 2})
            supervisord.write(method="lost", params={"restarted": True, "from": 9, "to": None, "count": None})
            supervisord.write(method="event", params={"serial": 10, "name": "TICK_5", "payload": "when:5"})
            told = [seen.get(timeout=PATIENCE) for _ in range(4)]
            supervisord.end()
        self.assertEqual(told, [Event(6, "PROCESS_STATE_EXITED", "a:b", "g", "p"), Lost(False, 7, 8, 2),
                                Lost(True, 9, None, None), Event(10, "TICK_5", "when:5")])
        self.assertIn("a hook that fails ends nothing", said.getvalue())

    def test_events_beyond_those_that_may_wait_are_told_as_one_gap(self):
        extension = Extension()
        seen, gate, bound = queue.Queue(), threading.Event(), 4

        @extension.on_event("TICK_5")
        def ticked(event):
            seen.put(event.serial)
            gate.wait(PATIENCE)
        extension.on_lost(seen.put)
        supervisord = Scripted(extension)
        tick = lambda serial: supervisord.write(
            method="event", params={"serial": serial, "name": "TICK_5", "payload": "when:5"})
        with unittest.mock.patch("supervisor_extension.WAITING_EVENTS", bound):
            supervisord.write(id=supervisord.read()["id"], result={"serial": 0})
            tick(1)
            self.assertEqual(seen.get(timeout=PATIENCE), 1)
            for serial in range(2, 9):
                tick(serial)
            # An answer comes after all before it has been read.
            self.assertEqual(supervisord.call("nothing")[0], 1)
            gate.set()
            self.assertEqual([seen.get(timeout=PATIENCE) for _ in range(bound)], [2, 3, 4, 5])
            tick(9)
            self.assertEqual(seen.get(timeout=PATIENCE), Lost(False, 6, 8, 3))
            self.assertEqual(seen.get(timeout=PATIENCE), 9)
            supervisord.end()


class Channel(unittest.TestCase):
    def test_what_is_not_known_is_let_pass_or_refused(self):
        extension = Extension()
        supervisord = Scripted(extension)
        supervisord.write(method="later", params={"a": 1})
        supervisord.write(id=99, result="nobody has asked")
        supervisord.channel.sendall(b"\n")
        self.assertEqual(supervisord.ask("id", "later")["error"]["code"], 1)
        self.assertIsNone(supervisord.end())

    def test_an_older_protocol_is_refused_in_words(self):
        extension = Extension()
        supervisord = Scripted(extension)
        answer = supervisord.ask(2, "initialize", protocol=0, kind="rpcinterface")
        self.assertEqual(answer["error"]["message"], "FAILED: this extension speaks protocol 1, supervisord 0")
        supervisord.end()

    def test_a_line_that_is_no_message_ends_it_with_an_error(self):
        for line in (b"{\n", b"[]\n", b"\xff\n"):
            supervisord = Scripted(Extension())
            supervisord.channel.sendall(line)
            self.assertIsInstance(supervisord.ended(), ProtocolError)

    def test_the_descriptor_is_taken_from_the_environment_and_not_given_on(self):
        ours, theirs = socket.socketpair()
        program = ("import os, subprocess, sys; from supervisor_extension import Extension\n"
                   "extension = Extension()\n"
                   "number = os.environ['SUPERVISOR_EXT_FD']\n"
                   "@extension.method\n"
                   "def look() -> str:\n"
                   "    open_there = subprocess.run(['ls', '/proc/self/fd/' + number], capture_output=True).returncode\n"
                   "    return '%s %d' % (os.environ.get('SUPERVISOR_EXT_FD'), open_there)\n"
                   "extension.run()\n")
        environment = {**os.environ, "SUPERVISOR_EXT_FD": str(theirs.fileno()),
                       "PYTHONPATH": os.path.join(ROOT, "python")}
        with subprocess.Popen([sys.executable, "-B", "-c", program], env=environment,
                              pass_fds=[theirs.fileno()]) as process, ours:
            theirs.close()
            ours.settimeout(PATIENCE)
            lines = ours.makefile("rb")
            ours.sendall(b'{"id": 1, "method": "initialize", "params": {"protocol": 1}}\n'
                         b'{"id": 2, "method": "call", "params": {"method": "look", "params": []}}\n')
            self.assertEqual(json.loads(lines.readline())["id"], 1)
            self.assertEqual(json.loads(lines.readline())["result"], "None 2")
            ours.sendall(b'{"method": "shutdown"}\n')
            self.assertEqual(process.wait(PATIENCE), 0)
            lines.close()

    def test_outside_of_supervisord_it_says_how_to_be_tried(self):
        environment = {name: value for name, value in os.environ.items() if name != "SUPERVISOR_EXT_FD"}
        environment["PYTHONPATH"] = os.path.join(ROOT, "python")
        program = "from supervisor_extension import Extension; Extension().run()"
        tried = subprocess.run([sys.executable, "-B", "-c", program], env=environment, capture_output=True, text=True)
        self.assertEqual(tried.returncode, 1)
        self.assertIn("supervisorctl extension-test", tried.stderr)


if __name__ == "__main__":
    unittest.main()
