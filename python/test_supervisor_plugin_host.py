"""Tests of supervisor_plugin_host without a supervisord: the test is the other side of the wire."""
import base64
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import unittest

HERE = pathlib.Path(__file__).parent

try:
    import supervisor.xmlrpc  # noqa: F401
except ImportError:
    LIBRARY = False
else:
    LIBRARY = True

PLUGIN = '''
import datetime, os, time, xmlrpc.client

class Interface:
    """What a factory makes."""
    attribute = "no method"

    def __init__(self, supervisord, config):
        self.supervisord, self.config = supervisord, config

    def ping(self):
        """ Answers

        @return string  always pong
        """
        return "pong"

    def add(self, one, two=2):
        """ Adds

        @param int one  a number
        @param int two  another
        @return int     their sum
        """
        return one + two

    def getConfig(self):
        return self.config

    def echo(self, value):
        return value

    def kinds(self):
        return [b"\\x00\\xff", xmlrpc.client.Binary(b"x"), datetime.datetime(2024, 2, 29, 12, 30, 1), (1, 2.0), {1: None}]

    def strange(self):
        return object()

    def halfCharacter(self):
        return "a\\ud83d"

    def deep(self, depth):
        return [] if depth == 0 else [self.deep(depth - 1)]

    def many(self, count):
        return [0] * count

    def long(self, count):
        return "x" * count

    def raises(self):
        return 1 / 0

    def typeError(self):
        raise TypeError("inside")

    def later(self, seconds, value):
        due = time.monotonic() + seconds
        def wait():
            from supervisor.http import NOT_DONE_YET
            return NOT_DONE_YET if time.monotonic() < due else value
        wait.delay = 0.01
        return wait

    def endless(self):
        from supervisor.http import NOT_DONE_YET
        function = lambda: NOT_DONE_YET
        function.delay = 0.01
        return function

    def withoutDelay(self):
        return lambda: 1

    def states(self):
        return {name: {one: process.get_state() for one, process in group.processes.items()}
                for name, group in self.supervisord.process_groups.items()}

    def look(self):
        process = self.supervisord.process_groups["web"].processes["w1"]
        return [process.pid, process.config.name, process.config.command, process.group.config.name,
                self.supervisord.options.identifier, self.supervisord.get_state()]

    def change(self):
        group = self.supervisord.process_groups["web"]
        self.supervisord.options.kill(7, 15)
        group.processes["w1"].write(b"\\xff")
        self.supervisord.options.logger.warn("look %(what)s", what="here")
        del group.processes["w1"]
        group.transition()

    def missing(self):
        return self.supervisord.options.httpservers

    def assign(self):
        self.supervisord.process_groups["web"].processes["w1"].laststart = 0

    @staticmethod
    def static():
        return 1

    def _hidden(self):
        return 1

def make(supervisord, **config):
    return Interface(supervisord, config)

def wants_more(supervisord, **config):
    return supervisord.options.httpservers

def fails(supervisord, **config):
    raise ValueError("no such spool")
'''

USES_LIBRARY = '''
from supervisor import events
from supervisor.http import NOT_DONE_YET
from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
from supervisor.xmlrpc import Faults, RPCError

class Depth(events.Event):
    def payload(self):
        return "depth:3"

events.register("QUEUE_DEPTH", Depth)

class Interface(SupervisorNamespaceRPCInterface):
    def __init__(self, supervisord):
        SupervisorNamespaceRPCInterface.__init__(self, supervisord)
        self.main = SupervisorNamespaceRPCInterface(supervisord)
        self.seen = []
        events.subscribe(events.ProcessStateEvent, self._see)

    def _see(self, event):
        self.seen.append([event.__class__.__name__, event.process.config.name, event.from_state, event.expected,
                          event.extra_values, event.payload()])

    def getSeen(self):
        return self.seen

    def fault(self, code):
        raise RPCError(code, "who")

    def pids(self, name):
        self._update("pids")
        return self.main.getProcessInfo(name)["pid"]

    def stopIt(self, name):
        return self.main.stopProcess(name)

    def kickIt(self, name):
        return self.main.stopProcess(name, False)

    def tell(self):
        events.notify(Depth())
        return True

    def done(self):
        events.unsubscribe(events.ProcessStateEvent, self._see)
        return True

def make(supervisord):
    return Interface(supervisord)

def judge(event, response):
    from supervisor.dispatchers import RejectEvent
    if response == b"FAIL":
        raise RejectEvent(response)
    if response == b"BAD":
        raise ValueError("no answer")
    event.process.write(event.payload().encode() + response)
'''

COMMANDS = '''
class Plugin:
    def __init__(self, controller):
        self.ctl = controller
    def do_hello(self, arg):
        self.ctl.output("hello " + arg)
        self.ctl.exitstatus = 3

def make(controller):
    return Plugin(controller)
'''


class Host:
    """The other side: a process of the host, and what it says."""

    def __init__(self, folder, stdout=None):
        ours, theirs = socket.socketpair()
        environment = dict(os.environ, PYTHONPATH="%s:%s" % (HERE, folder), SUPERVISOR_EXT_FD=str(theirs.fileno()),
                           PYTHONDONTWRITEBYTECODE="1")
        self.process = subprocess.Popen([sys.executable, "-m", "supervisor_plugin_host"], env=environment,
                                        pass_fds=[theirs.fileno()], stdout=stdout, stderr=subprocess.PIPE, text=True)
        theirs.close()
        ours.settimeout(60)
        self.socket = ours
        self.lines = ours.makefile("r", encoding="utf-8", newline="\n")
        self.last_id = 0

    def tell(self, **message):
        self.socket.sendall((json.dumps({"jsonrpc": "2.0", **message}) + "\n").encode())

    def request(self, method, /, **params):
        self.last_id += 1
        self.tell(id=self.last_id, method=method, params=params)
        return self.last_id

    def next(self):
        line = self.lines.readline()
        if not line:
            raise EOFError(self.process.communicate(timeout=60)[1])
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0", message
        return message

    def ask(self, method, answers=None, /, **params):
        """The result, or the error; meanwhile its questions are answered from `answers`, each a (question, answer)."""
        number = self.request(method, **params)
        answers = list(answers or [])
        while True:
            message = self.next()
            if "method" not in message:
                assert message["id"] == number and not answers, (message, answers)
                return message.get("error", message.get("result"))
            (question, answer) = answers.pop(0)
            assert (message["method"], message["params"]) == question, message
            self.tell(id=message["id"], **answer)

    def call(self, name, *params, answers=None):
        return self.ask("call", answers, method=name, params=list(params))

    def begin(self, spec, kind="rpcinterface", **more):
        return self.ask("initialize", protocol=1, kind=kind, spec=spec, name="x", config=more.pop("config", {}),
                        identifier="sup", **more)

    def end(self):
        self.lines.close()
        self.socket.close()
        error = self.process.communicate(timeout=60)[1]
        return self.process.returncode, error


def question(method, /, **params):
    return method, params


def result(value):
    return {"result": value}


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for name, text in (("mine", PLUGIN), ("uses_library", USES_LIBRARY), ("commands", COMMANDS)):
            (self.folder / (name + ".py")).write_text(textwrap.dedent(text))

    @contextlib.contextmanager
    def host(self, spec=None, **more):
        """One that serves this, and has ended well."""
        host = Host(self.folder)
        try:
            if spec is not None:
                self.described = host.begin(spec, **more)
                self.assertNotIn("code", self.described, self.described)
            yield host
        finally:
            self.status, self.error = host.end()
        self.assertEqual(self.status, 0)


class Namespaces(Case):
    def test_methods_are_described_with_help_and_signature(self):
        with self.host("mine:make") as host:
            pass
        methods = {method["name"]: method for method in self.described["methods"]}
        for name in ("static", "_hidden", "__init__", "attribute", "supervisord"):
            self.assertNotIn(name, methods)
        self.assertEqual(methods["add"]["signature"], ["int", "int", "int"])
        self.assertIn("Adds", methods["add"]["help"])
        self.assertEqual(methods["ping"]["signature"], ["string"])
        self.assertEqual((methods["raises"]["help"], methods["raises"]["signature"]), (None, None))
        self.assertEqual((self.described["protocol"], self.described["events"]), (1, []))
        del host

    def test_arguments_and_results_of_every_kind(self):
        with self.host("mine:make", config={"spool": "/x"}) as host:
            self.assertEqual(host.call("getConfig"), {"spool": "/x"})
            for value in (1, -2**63, 2.5, True, "é\U0001f600", [], [1, ["2"]], {"k": {"l": []}}):
                self.assertEqual(host.call("echo", value), value)
            self.assertEqual(host.call("echo", {"$when": "20240102T03:04:05"}), {"$when": "20240102T03:04:05"})
            # Supervisor hands base64 to methods as text, where it is.
            self.assertEqual(host.call("echo", {"$b64": base64.b64encode("é".encode()).decode()}), "é")
            self.assertEqual(host.call("echo", {"$b64": "AP8="}), {"$b64": "AP8="})
            self.assertEqual(host.call("kinds"), [{"$b64": "AP8="}, {"$b64": "eA=="}, {"$when": "20240229T12:30:01"},
                                                  [1, 2.0], {"1": None}])
            self.assertEqual(host.call("add", 1), 3)

    def test_faults(self):
        with self.host("mine:make") as host:
            for params in ([], [1, 2, 3]):
                self.assertEqual(host.call("add", *params), {"code": 2, "message": "INCORRECT_PARAMETERS"})
            self.assertEqual(host.call("_hidden"), {"code": 1, "message": "UNKNOWN_METHOD"})
            self.assertEqual(host.call("nosuch"), {"code": 1, "message": "UNKNOWN_METHOD"})
            self.assertEqual(host.call("raises"),
                             {"code": 30, "message": "FAILED: <class 'ZeroDivisionError'>:division by zero"})
            self.assertEqual(host.call("typeError"), {"code": 30, "message": "FAILED: <class 'TypeError'>:inside"})
            strange = host.call("strange")
            self.assertEqual((strange["code"], strange["message"][:34]), (30, "FAILED: the result cannot be sent:"))
            for method, fits, beyond in (("deep", 20, 40), ("many", 60_000, 70_000), ("long", 10 << 20, 16 << 20)):
                self.assertNotIn("code", host.call(method, fits))
                self.assertEqual(host.call(method, beyond)["message"][:34], "FAILED: the result cannot be sent:")
            self.assertEqual(host.call("halfCharacter"), "a?")
            self.assertEqual(host.call("echo", 2**63 - 1), 2**63 - 1)
            self.assertEqual(host.ask("nonsense"), {"code": 1, "message": "UNKNOWN_METHOD"})
            self.assertEqual(host.call("ping"), "pong")
        self.assertIn("return 1 / 0", self.error)

    def test_what_cannot_be_made_is_one_line_that_names_it(self):
        for spec, words in (
            ("no.such.module:make", "no.such.module:make cannot be imported by %s: ModuleNotFoundError: No module named 'no'"
             % sys.executable),
            ("mine:nosuch", "mine:nosuch cannot be imported by %s: AttributeError: module 'mine' has no attribute 'nosuch'"
             % sys.executable),
            ("mine:wants_more",
             "mine:wants_more: supervisord.options.httpservers is not offered to plug-ins by this supervisord"),
            ("mine:fails", "mine:fails: ValueError: no such spool"),
        ):
            host = Host(self.folder)
            answer = host.begin(spec)
            self.assertEqual((answer["code"], answer["message"]), (20 if "imported" in words else 30, words))
            self.assertEqual(host.end()[0], 1)

    def test_an_unknown_protocol_is_refused(self):
        for params in ({"protocol": 2, "kind": "rpcinterface"}, {"protocol": 1, "kind": "nosuch"}):
            host = Host(self.folder)
            self.assertEqual(host.ask("initialize", spec="mine:make", **params)["code"], 30)
            self.assertEqual(host.end()[0], 1)

    def test_the_end_of_the_stream_and_shutdown_are_the_end(self):
        with self.host("mine:make"):
            pass
        with self.host("mine:make") as host:
            host.tell(method="shutdown")
            self.assertEqual(host.process.wait(60), 0)


class Facades(Case):
    GROUP = {"name": "web", "priority": 5, "configs": [{"name": "w1", "command": "/bin/w", "priority": 999}]}
    PROCESS = {"pid": 7, "state": 20, "config": {"name": "w1", "command": "/bin/w"}}

    def test_every_look_is_a_question(self):
        with self.host("mine:make") as host:
            answers = [
                (question("sup.groups"), result(["web"])),
                (question("sup.group", group="web"), result(self.GROUP)),
                (question("sup.process", group="web", name="w1"), result(self.PROCESS)),
            ]
            self.assertEqual(host.call("states", answers=answers), {"web": {"w1": 20}})
            state = (question("sup.state"), result({"mood": 1, "identifier": "sup"}))
            answers = [answers[0], answers[1], answers[2], answers[2], state, state]
            self.assertEqual(host.call("look", answers=answers), [7, "w1", "/bin/w", "web", "sup", 1])

    def test_changes_are_requests(self):
        with self.host("mine:make") as host:
            answers = [
                (question("sup.groups"), result(["web"])),
                (question("sup.kill", pid=7, signal=15), result(True)),
                (question("sup.group", group="web"), result(self.GROUP)),
                (question("sup.write", group="web", name="w1", bytes={"$b64": "/w=="}), result(True)),
                (question("sup.log", level="warn", message="look here"), result(True)),
                (question("sup.remove_process", group="web", name="w1"), result(True)),
                (question("sup.transition", group="web"), result(True)),
            ]
            self.assertIsNone(host.call("change", answers=answers))

    def test_what_is_not_there_is_named(self):
        with self.host("mine:make") as host:
            missing = host.call("missing")
            self.assertIn("supervisord.options.httpservers is not offered to plug-ins", missing["message"])
            answers = [(question("sup.groups"), result(["web"])), (question("sup.group", group="web"), result(self.GROUP))]
            self.assertIn("process.laststart cannot be set", host.call("assign", answers=answers)["message"])

    def test_a_question_that_is_refused_is_the_fault_of_the_call(self):
        with self.host("mine:make") as host:
            error = {"code": 30, "message": "FAILED: sup.groups is not in allow= of [rpcinterface:x]"}
            self.assertEqual(host.call("states", answers=[(question("sup.groups"), {"error": error})]), error)


@unittest.skipUnless(LIBRARY, "the library of the Python release is not installed")
class Library(Case):
    SUBSCRIBE = (question("sup.subscribe", event="PROCESS_STATE"), result({"serial": 1}))

    @contextlib.contextmanager
    def host_that_subscribes(self):
        with self.host("uses_library:make") as host:
            # The factory has subscribed, which is said behind the answer to `initialize`.
            message = host.next()
            self.assertEqual((message["method"], message["params"]), self.SUBSCRIBE[0])
            host.tell(id=message["id"], **self.SUBSCRIBE[1])
            yield host

    def test_late_answers_hold_up_nobody(self):
        with self.host("mine:make") as host:
            numbers = [host.request("call", method="later", params=[0.3 - n * 0.1, n]) for n in range(3)]
            self.assertEqual(host.call("ping"), "pong")
            self.assertEqual([host.next() for _ in numbers],
                             [{"jsonrpc": "2.0", "id": numbers[n], "result": n} for n in (2, 1, 0)])

    def test_a_call_that_is_cancelled_is_answered_once(self):
        with self.host("mine:make") as host:
            number = host.request("call", method="endless", params=[])
            self.assertEqual(host.call("ping"), "pong")
            host.tell(method="cancel", params={"id": number})
            host.tell(method="cancel", params={"id": 4711})
            self.assertEqual(host.next()["error"], {"code": 30, "message": "FAILED: cancelled"})
            self.assertEqual(host.call("withoutDelay")["code"], 30)

    def test_faults_of_supervisor_and_of_its_own(self):
        with self.host_that_subscribes() as host:
            self.assertEqual(host.call("fault", 10), {"code": 10, "message": "BAD_NAME: who"})
            self.assertEqual(host.call("fault", 4711), {"code": 4711, "message": "UNKNOWN: who"})

    def test_the_namespace_that_plugins_build_on_asks_supervisord(self):
        with self.host_that_subscribes() as host:
            state = (question("sup.state"), result({"mood": 1}))
            info = question("sup.call", method="supervisor.getProcessInfo", params=["x"])
            self.assertEqual(host.call("pids", "x", answers=[state, (info, result({"pid": 9}))]), 9)
            error = {"code": 10, "message": "BAD_NAME: x"}
            self.assertEqual(host.call("pids", "x", answers=[state, (info, {"error": error})]), error)
            shutdown = (question("sup.state"), result({"mood": -1}))
            self.assertEqual(host.call("pids", "x", answers=[shutdown]), {"code": 6, "message": "SHUTDOWN_STATE"})

    def test_what_waits_there_waits_here_and_holds_up_nobody(self):
        with self.host_that_subscribes() as host:
            number = host.request("call", method="stopIt", params=["x"])
            asked = host.next()
            self.assertEqual(asked["params"], {"method": "supervisor.stopProcess", "params": ["x"]})
            self.assertEqual(host.call("getSeen"), [])
            host.tell(id=asked["id"], result=True)
            self.assertEqual(host.next(), {"jsonrpc": "2.0", "id": number, "result": True})
            stop = question("sup.call", method="supervisor.stopProcess", params=["x"])
            error = {"code": 70, "message": "NOT_RUNNING: x"}
            self.assertEqual(host.call("stopIt", "x", answers=[(stop, {"error": error})]), error)
            kick = question("sup.call", method="supervisor.stopProcess", params=["x", False])
            self.assertEqual(host.call("kickIt", "x", answers=[(kick, result(True))]), True)

    def test_events_reach_who_has_subscribed(self):
        with self.host_that_subscribes() as host:
            payload = "processname:cat groupname:cat from_state:RUNNING expected:0 pid:2766"
            host.tell(method="event", params={"serial": 5, "name": "PROCESS_STATE_EXITED", "payload": payload,
                                              "group": "cat", "process": "cat"})
            extra = [["expected", "0"], ["pid", "2766"]]
            self.assertEqual(host.call("getSeen"), [["ProcessStateExitedEvent", "cat", 20, False, extra, payload]])
            unsubscribe = question("sup.unsubscribe", event="PROCESS_STATE")
            self.assertEqual(host.call("done", answers=[(unsubscribe, result(True))]), True)

    def test_event_types_of_its_own(self):
        with self.host_that_subscribes() as host:
            self.assertEqual(self.described["events"], ["QUEUE_DEPTH"])
            notify = question("sup.notify", name="QUEUE_DEPTH", payload="depth:3")
            self.assertEqual(host.call("tell", answers=[(notify, result(True))]), True)

    def test_a_library_that_is_missing_is_told_with_the_remedy(self):
        (self.folder / "supervisor.py").write_text("raise ModuleNotFoundError(\"No module named 'supervisor'\", "
                                                   "name='supervisor')")
        host = Host(self.folder)
        message = host.begin("uses_library:make")["message"]
        self.assertIn("plug-ins need Supervisor's library: pip install supervisor", message)
        self.assertEqual(host.end()[0], 1)

    def test_a_result_handler_judges(self):
        event = {"serial": 3, "name": "PROCESS_COMMUNICATION_STDOUT", "group": "g", "process": "p",
                 "payload": "processname:p groupname:g pid:7\nhello "}
        with self.host("uses_library:judge", kind="result_handler") as host:
            self.assertEqual(host.ask("result", event=event, response="FAIL"), {"accepted": False})
            written = base64.b64encode((event["payload"] + "OK").encode()).decode()
            write = question("sup.write", group="g", name="p", bytes={"$b64": written})
            self.assertEqual(host.ask("result", [(write, result(True))], event=event, response={"$b64": "T0s="}),
                             {"accepted": True})
            self.assertEqual(host.ask("result", event=event, response="BAD")["code"], 30)


class Commands(Case):
    OPTIONS = {"serverurl": "unix:///s", "username": None, "password": None, "interactive": False}

    def test_a_command_runs_with_its_output_and_status(self):
        host = Host(self.folder, stdout=subprocess.PIPE)
        plugins = [{"name": "a", "spec": "commands:make", "config": {}}, {"name": "b", "spec": "gone:make", "config": {}}]
        told = host.ask("initialize", protocol=1, kind="ctl", plugins=plugins, builtin=["status"], exitstatus=0,
                        options=self.OPTIONS)
        self.assertEqual(told["plugins"][0], {"commands": ["hello"]})
        self.assertIn("No module named 'gone'", told["plugins"][1]["error"])
        said = host.ask("run", command="hello", argument="you", exitstatus=0, options=self.OPTIONS)
        self.assertEqual(said, {"leaves": False, "exitstatus": 3})
        self.assertEqual(host.process.stdout.readline(), "hello you\n")
        self.assertEqual(host.end()[0], 0)


if __name__ == "__main__":
    unittest.main()
