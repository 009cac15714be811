"""For extensions of supervisord: methods of your own beside its own, in a process of their own.

One file without dependencies, to be copied beside a program or installed anywhere on the path; the sibling of
`supervisor_listener`. The protocol is docs/extensions.md; nobody who uses this has to know it:

    import shutil
    from supervisor_extension import Extension

    extension = Extension()

    @extension.method
    def free(path: str) -> float:
        \"\"\"Bytes that are free where this path leads.\"\"\"
        return float(shutil.disk_usage(path).free)

    extension.run()

with `[rpcinterface:disk]` and `command=/usr/local/bin/disk.py` in the file of supervisord, and anybody who may call it
may call `disk.free("/srv")`.

Each call has a thread of its own, so a method may take as long as it likes, and may call back by
`extension.supervisor`. What a method raises is a fault: a `Fault` with its own code and text, anything else FAILED,
with the traceback on stderr, which supervisord logs. Type hints are what `system.methodSignature` answers, and what
arguments are checked against; the docstring is `system.methodHelp`.
"""
from __future__ import annotations

import base64
import datetime
import functools
import inspect
import itertools
import json
import math
import os
import queue
import socket
import sys
import threading
import traceback
import typing
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, TypeVar, Union

__all__ = ["Extension", "Event", "Fault", "Lost", "ProtocolError", "Supervisor", "from_wire", "to_wire"]

PROTOCOL = 1

UNKNOWN_METHOD, INCORRECT_PARAMETERS, FAILED = 1, 2, 30

# Bounds of docs/extensions.md.
LINE_BYTES = 16 * 1024 * 1024
INTEGERS = range(-2**63, 2**63)

# Events that wait for a slow handler; those beyond it are told as lost.
WAITING_EVENTS = 65536

# How long calls may go on after supervisord has asked for the end, in seconds: it waits for two.
LAST_ANSWERS = 1.0

Method = TypeVar("Method", bound=Callable[..., Any])
Handler = TypeVar("Handler", bound=Callable[..., Any])


class Fault(Exception):
    """A refusal: raised by a method for whoever has called it, and by calls back that supervisord refuses. `text` is
    the whole `faultString`, by custom `NAME: what it is about`. Codes of your own: 1000 and above."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text

    def __str__(self) -> str:
        return "fault %d: %s" % (self.code, self.text)


class ProtocolError(Exception):
    """The other side wrote what is no message. There is nothing to be done but to end."""


class Event(NamedTuple):
    """What has happened. `supervisor_listener.eventdata(event.payload)` takes the payload apart."""

    serial: int
    name: str
    payload: str
    group: Optional[str] = None
    process: Optional[str] = None


class Lost(NamedTuple):
    """Events that are missing: those from one serial to another, `events` of any type; `None` where nobody knows, since
    supervisord has restarted."""

    restarted: bool
    first: int
    last: Optional[int]
    events: Optional[int]


# Values: what XML-RPC knows, as JSON

def to_wire(value: Any) -> Any:
    """A value as it is written. Raises ValueError for what XML-RPC has no form for: None, NaN, an integer above 64
    bits, keys that are no text, other objects."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if value not in INTEGERS:
            raise ValueError("an integer of more than 64 bits: %d" % value)
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("%r is no number that XML-RPC knows" % value)
        return value
    if isinstance(value, (bytes, bytearray)):
        return {"$b64": base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        return {"$when": value.strftime("%Y%m%dT%H:%M:%S")}
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ValueError("the key %r of a struct is no text" % (key,))
        return {key: to_wire(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_wire(item) for item in value]
    raise ValueError("XML-RPC has no form for %r" % (value,))


def from_wire(value: Any) -> Any:
    """A value that was read."""
    if isinstance(value, dict):
        if value.keys() == {"$b64"}:
            return base64.b64decode(value["$b64"])
        if value.keys() == {"$when"}:
            return datetime.datetime.strptime(value["$when"], "%Y%m%dT%H:%M:%S")
        return {key: from_wire(member) for key, member in value.items()}
    if isinstance(value, list):
        return [from_wire(item) for item in value]
    return value


def _fault_of(error: Any) -> Fault:
    """The member `error` of an answer."""
    if not isinstance(error, dict):
        return Fault(FAILED, "FAILED: %r" % (error,))
    return Fault(int(error.get("code", FAILED)), str(error.get("message", error.get("text", "FAILED"))))


class _Wire:
    """Lines out, from any thread, and lines in."""

    def __init__(self, channel: socket.socket) -> None:
        channel.setblocking(True)
        self._channel = channel
        self._lines = channel.makefile("rb")
        self._lock = threading.Lock()

    def send(self, message: Dict[str, Any]) -> None:
        line = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        if len(line) > LINE_BYTES:
            raise ValueError("a message of more than %d bytes" % LINE_BYTES)
        with self._lock:
            self._channel.sendall(line)

    def receive(self) -> Optional[Dict[str, Any]]:
        """The next message; None at the end."""
        while True:
            try:
                line = self._lines.readline(LINE_BYTES + 1)
            except OSError:
                return None
            if not line.endswith(b"\n"):
                if len(line) > LINE_BYTES:
                    raise ProtocolError("a line of more than %d bytes" % LINE_BYTES)
                return None
            if line.strip():
                break
        try:
            message = json.loads(line)
        except ValueError as error:
            raise ProtocolError("a line that is no JSON: %s" % error) from None
        if not isinstance(message, dict):
            raise ProtocolError("a line that is no object")
        return message

    def close(self) -> None:
        """Ends what reads it, in whatever thread that is."""
        try:
            self._channel.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._lines.close()
        self._channel.close()


# Calls back

class Supervisor:
    """supervisord as an extension may call it, from any thread. A refusal is a `Fault`: of supervisord, or because
    `allow=` of the section does not have the method. After the end of the channel it is a ConnectionError."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        self._numbers = itertools.count(1)
        self._waiting: Dict[str, "queue.Queue[Optional[Dict[str, Any]]]"] = {}
        self._lock = threading.Lock()
        self._is_closed = False

    def call(self, method: str, *params: Any) -> Any:
        """Any method of any namespace, by its full name: `call("supervisor.startProcess", "cat")`."""
        return self.request("sup.call", method=method, params=[to_wire(value) for value in params])

    def state(self) -> Dict[str, Any]:
        """`mood` (1 RUNNING, 0 RESTARTING, -1 SHUTDOWN), `identifier`, `version`, `serverurl`, `configfile`, `here`."""
        return typing.cast(Dict[str, Any], self.request("sup.state"))

    def groups(self) -> List[str]:
        """The names of all groups, by priority."""
        return typing.cast(List[str], self.request("sup.groups"))

    def group(self, group: str) -> Dict[str, Any]:
        """`name`, `priority` and `configs` of a group."""
        return typing.cast(Dict[str, Any], self.request("sup.group", group=group))

    def process(self, group: str, name: str) -> Dict[str, Any]:
        """`pid`, `state`, `laststart`, `spawnerr`, `config` and so on of a process."""
        return typing.cast(Dict[str, Any], self.request("sup.process", group=group, name=name))

    def parse_program(self, section: str, group: str, options: Mapping[str, str]) -> List[Dict[str, Any]]:
        """What `[program:x]` with these options would be in this group, for `add_process`."""
        answer = self.request("sup.parse_program", section=section, group=group, options=dict(options))
        return typing.cast(List[Dict[str, Any]], answer)

    def add_process(self, group: str, config: Mapping[str, Any]) -> None:
        """Adds a process to a running group; with `autostart` it starts at once."""
        self.request("sup.add_process", group=group, config={"$handle": config["$handle"]})

    def add_program(self, group: str, name: str, options: Mapping[str, str]) -> List[str]:
        """Adds `[program:NAME]` with these options to a running group, and returns the names of its processes."""
        configs = self.parse_program("program:" + name, group, options)
        for config in configs:
            self.add_process(group, config)
        return [str(config["name"]) for config in configs]

    def remove_process(self, group: str, name: str) -> None:
        """Takes a process out of its group; it has to be stopped."""
        self.request("sup.remove_process", group=group, name=name)

    def transition(self, group: str) -> None:
        """Nothing that would not happen by itself."""
        self.request("sup.transition", group=group)

    def kill(self, pid: int, signal: Union[int, str]) -> None:
        """Sends a signal, 15 or "TERM", to a process that supervisord runs, or with -pid to its process group."""
        self.request("sup.kill", pid=pid, signal=signal)

    def write(self, group: str, name: str, data: Union[str, bytes]) -> None:
        """Writes to the stdin of a process."""
        self.request("sup.write", group=group, name=name, bytes=to_wire(data))

    def log(self, level: Union[str, int], message: str) -> None:
        """A line in the main log: "critical", "error", "warn", "info", "debug", "trace" or "blather"."""
        self.request("sup.log", level=level, message=message)

    def subscribe(self, event: str, since: Optional[int] = None) -> int:
        """Brings events of this type, and those below it, to `on_event`; those behind the serial `since` first. Returns
        the newest serial there is."""
        further = {} if since is None else {"since": since}
        return int(self.request("sup.subscribe", event=event, **further)["serial"])

    def unsubscribe(self, event: str) -> None:
        """Ends a subscription."""
        self.request("sup.unsubscribe", event=event)

    def notify(self, name: str, payload: str) -> None:
        """Sends an event of a type of one's own, which has been named by `event_type`."""
        self.request("sup.notify", name=name, payload=payload)

    def request(self, verb: str, /, **params: Any) -> Any:
        """Asks, and waits for the answer. `params` are written as they are."""
        answer: "queue.Queue[Optional[Dict[str, Any]]]" = queue.Queue(1)
        with self._lock:
            if self._is_closed:
                raise ConnectionError("supervisord has ended the channel")
            me = "x%d" % next(self._numbers)
            self._waiting[me] = answer
        try:
            self._wire.send({"id": me, "method": verb, "params": params})
        except BaseException:
            with self._lock:
                self._waiting.pop(me, None)
            raise
        message = answer.get()
        if message is None:
            raise ConnectionError("supervisord has ended the channel")
        if "error" in message:
            raise _fault_of(message["error"])
        return from_wire(message.get("result"))

    def _answered(self, message: Dict[str, Any]) -> None:
        with self._lock:
            waiting = self._waiting.pop(str(message.get("id")), None)
        if waiting is not None:
            waiting.put(message)

    def _close(self) -> None:
        with self._lock:
            self._is_closed = True
            left = list(self._waiting.values())
            self._waiting.clear()
        for waiting in left:
            waiting.put(None)


# Methods

_TYPES = {bool: "boolean", int: "int", float: "double", str: "string", bytes: "base64",
          datetime.datetime: "dateTime.iso8601", list: "array", tuple: "array", dict: "struct"}


def _xmlrpc_type(hint: Any) -> Optional[str]:
    """The word of XML-RPC for a type hint; None for one that has none, as Any and unions."""
    origin = typing.get_origin(hint) or hint
    if isinstance(origin, type):
        for known, word in _TYPES.items():
            if issubclass(origin, known):
                return word
        if issubclass(origin, Mapping):
            return "struct"
        if issubclass(origin, Sequence):
            return "array"
    return None


def _accepts(word: Optional[str], value: Any) -> bool:
    """Whether an argument is of the type that a method wants; an integer is good as a double too."""
    if word is None:
        return True
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number if word == "double" else _xmlrpc_type(type(value)) == word


class _Method:
    """A function as a method of the namespace."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function
        self._parameters = inspect.signature(function)
        hints = typing.get_type_hints(function)
        self._words = {name: _xmlrpc_type(hints.get(name)) for name in self._parameters.parameters}
        result = hints.get("return")
        # A method that returns nothing answers true.
        self._result = "boolean" if result is type(None) else _xmlrpc_type(result)

    def describe(self) -> Dict[str, Any]:
        words = [self._result, *self._words.values()]
        # XML-RPC has no word for «anything»: then nothing is told.
        return {"name": self.name, "help": inspect.getdoc(self.function), "signature": words if all(words) else None}

    def check(self, params: List[Any]) -> None:
        """Raises the fault for arguments that it cannot be called with."""
        try:
            bound = self._parameters.bind(*params)
        except TypeError as error:
            raise Fault(INCORRECT_PARAMETERS, "INCORRECT_PARAMETERS: %s: %s" % (self.name, error)) from None
        for name, value in bound.arguments.items():
            word = self._words[name]
            if self._parameters.parameters[name].kind is not inspect.Parameter.VAR_POSITIONAL:
                value = (value,)
            if not all(_accepts(word, one) for one in value):
                raise Fault(INCORRECT_PARAMETERS, "INCORRECT_PARAMETERS: %s of %s is no %s" % (name, self.name, word))


# The extension

class Extension:
    """What this program offers. Made once; methods and hooks are added, then `run` is called.

    After supervisord has said who it is, `name` is the namespace, `config` the section's own options, `identifier` that
    of supervisord."""

    def __init__(self) -> None:
        self.name = ""
        self.config: Dict[str, str] = {}
        self.identifier = ""
        self._methods: Dict[str, _Method] = {}
        self._event_types: List[str] = []
        self._on_event: List[Tuple[str, Optional[int], Callable[[Event], Any]]] = []
        self._on_lost: List[Callable[[Lost], Any]] = []
        self._at_start: List[Callable[[], Any]] = []
        self._at_shutdown: List[Callable[[], Any]] = []
        self._supervisor: Optional[Supervisor] = None
        self._open: Dict[Any, threading.Event] = {}
        self._events: "queue.Queue[Union[Event, Lost, None]]" = queue.Queue()
        self._gap: Optional[Lost] = None
        self._this_call = threading.local()
        # Guards `_open`; told when a call is answered.
        self._answered = threading.Condition()

    # What it offers

    def method(self, function: Method) -> Method:
        """Offers a function under its name, as a decorator. Arguments are positional."""
        return self.named(function.__name__)(function)

    def named(self, name: str) -> Callable[[Method], Method]:
        """Offers a function under another name: `@extension.named("list")`."""
        def decorate(function: Method) -> Method:
            if not (name.isascii() and name.isidentifier() and not name.startswith("_")):
                raise ValueError("%r is no name for a method: letters, digits and _, and a letter first" % name)
            self._methods[name] = _Method(name, function)
            return function
        return decorate

    def event_type(self, name: str) -> str:
        """Names a type of events of its own, for `supervisor.notify`."""
        self._event_types.append(name)
        return name

    def on_event(self, event: str, since: Optional[int] = None) -> Callable[[Handler], Handler]:
        """Calls a function with every `Event` of this type and those below it, one after the other; those behind the
        serial `since` first, which is 0 for all that supervisord still has."""
        def decorate(function: Handler) -> Handler:
            self._on_event.append((event, since, function))
            return function
        return decorate

    def on_lost(self, function: Handler) -> Handler:
        """Calls a function with what is `Lost`, where events are missing."""
        self._on_lost.append(function)
        return function

    def at_start(self, function: Handler) -> Handler:
        """Calls a function, in a thread of its own, once supervisord may be called."""
        self._at_start.append(function)
        return function

    def at_shutdown(self, function: Handler) -> Handler:
        """Calls a function when supervisord has asked for the end, or has gone."""
        self._at_shutdown.append(function)
        return function

    # What it has

    @property
    def supervisor(self) -> Supervisor:
        """supervisord, to call back."""
        if self._supervisor is None:
            raise RuntimeError("supervisord can be called once the extension runs")
        return self._supervisor

    @property
    def cancelled(self) -> threading.Event:
        """Is set once nobody waits for the call that this thread works on, or the end has come:
        `if extension.cancelled.wait(10): return`. Outside of a call it is never set."""
        found = getattr(self._this_call, "cancelled", None)
        return found if isinstance(found, threading.Event) else threading.Event()

    # What it does

    def run(self, channel: Optional[socket.socket] = None) -> None:
        """Serves until supervisord asks for the end or goes. Without a channel it is that of this process."""
        wire = _Wire(channel or _channel_of_this_process())
        self._supervisor = Supervisor(wire)
        try:
            while True:
                message = wire.receive()
                if message is None or message.get("method") == "shutdown" and "id" not in message:
                    break
                self._handle(wire, message)
        finally:
            self._end(wire)

    def _handle(self, wire: _Wire, message: Dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method is None:
            self.supervisor._answered(message)
        elif "id" not in message:
            self._notified(method, params)
        elif method == "initialize":
            self._initialize(wire, message["id"], params)
        elif method == "call":
            self._call(wire, message["id"], params)
        else:
            wire.send({"id": message["id"], "error": {"code": UNKNOWN_METHOD, "message": "UNKNOWN_METHOD"}})

    def _notified(self, method: str, params: Dict[str, Any]) -> None:
        if method == "cancel":
            with self._answered:
                cancelled = self._open.get(params.get("id"))
            if cancelled is not None:
                cancelled.set()
        elif method == "event":
            self._happened(Event(params["serial"], params["name"], params["payload"],
                                 params.get("group"), params.get("process")))
        elif method == "lost":
            self._happened(Lost(params["restarted"], params["from"], params.get("to"), params.get("count")))

    def _happened(self, happened: Union[Event, Lost]) -> None:
        """Hands on to the thread of the handlers; what has no room is told as one gap, once there is some."""
        if self._events.qsize() >= WAITING_EVENTS:
            here = happened if isinstance(happened, Lost) else Lost(False, happened.serial, happened.serial, 1)
            gap = self._gap or here._replace(events=0)
            known = None if gap.events is None or here.events is None else gap.events + here.events
            self._gap = Lost(gap.restarted or here.restarted, gap.first, here.last, known)
            return
        if self._gap is not None:
            self._events.put(self._gap)
            self._gap = None
        self._events.put(happened)

    def _initialize(self, wire: _Wire, me: Any, params: Dict[str, Any]) -> None:
        if int(params["protocol"]) < PROTOCOL:
            text = "FAILED: this extension speaks protocol %d, supervisord %s" % (PROTOCOL, params["protocol"])
            wire.send({"id": me, "error": {"code": FAILED, "message": text}})
            return
        self.name, self.identifier = str(params.get("name", "")), str(params.get("identifier", ""))
        self.config = {str(name): str(value) for name, value in params.get("config", {}).items()}
        methods = [method.describe() for method in self._methods.values()]
        wire.send({"id": me, "result": {"protocol": PROTOCOL, "methods": methods, "events": self._event_types}})
        self._start(self._work_on_events)
        self._start(self._begin)

    def _begin(self) -> None:
        for function in self._at_start:
            self._guard(function)
        for event, since in dict.fromkeys((event, since) for event, since, _ in self._on_event):
            try:
                self.supervisor.subscribe(event, since)
            except Fault as fault:
                print("no events of type %s: %s" % (event, fault), file=sys.stderr, flush=True)
            except ConnectionError:
                return  # supervisord has gone, which the reader notices too

    def _call(self, wire: _Wire, me: Any, params: Dict[str, Any]) -> None:
        cancelled = threading.Event()
        with self._answered:
            self._open[me] = cancelled
        try:
            self._start(functools.partial(self._work, wire, me, params, cancelled))
        except RuntimeError as error:  # no more threads
            self._answer(wire, me, cancelled, {"error": {"code": FAILED, "message": "FAILED: %s" % error}})

    def _work(self, wire: _Wire, me: Any, params: Dict[str, Any], cancelled: threading.Event) -> None:
        """One call, to its answer."""
        self._this_call.cancelled = cancelled
        try:
            answer: Dict[str, Any] = {"result": self._result_of(params)}
        except Fault as fault:
            answer = {"error": {"code": fault.code, "message": fault.text}}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": {"code": FAILED, "message": "FAILED: %s: %s" % (type(error).__name__, error)}}
        self._answer(wire, me, cancelled, answer)

    def _answer(self, wire: _Wire, me: Any, cancelled: threading.Event, answer: Dict[str, Any]) -> None:
        try:
            try:
                wire.send({"id": me, **answer})
            except ValueError as error:
                wire.send({"id": me, "error": {"code": FAILED, "message": "FAILED: %s" % error}})
        except OSError:
            pass  # supervisord has gone, which the reader notices too
        with self._answered:
            # supervisord may have used the number again already.
            if self._open.get(me) is cancelled:
                del self._open[me]
            self._answered.notify_all()

    def _result_of(self, params: Dict[str, Any]) -> Any:
        method = self._methods.get(params["method"])
        if method is None:
            raise Fault(UNKNOWN_METHOD, "UNKNOWN_METHOD")
        arguments = from_wire(params.get("params", []))
        method.check(arguments)
        result = method.function(*arguments)
        return True if result is None else to_wire(result)

    def _work_on_events(self) -> None:
        while True:
            happened = self._events.get()
            if happened is None:
                return
            if isinstance(happened, Lost):
                for tell in self._on_lost:
                    self._guard(functools.partial(tell, happened))
                continue
            for event, _, function in self._on_event:
                if event in ("EVENT", happened.name) or happened.name.startswith(event + "_"):
                    self._guard(functools.partial(function, happened))

    def _guard(self, work: Callable[[], Any]) -> None:
        """What goes wrong in a hook is told in the log and ends nothing."""
        try:
            work()
        except (Exception, SystemExit):
            traceback.print_exc()

    def _start(self, work: Callable[[], Any]) -> None:
        threading.Thread(target=work, daemon=True).start()

    def _end(self, wire: _Wire) -> None:
        """Lets calls answer that soon can, then leaves."""
        with self._answered:
            for cancelled in self._open.values():
                cancelled.set()
        for function in self._at_shutdown:
            self._guard(function)
        self._events.put(None)
        with self._answered:
            self._answered.wait_for(lambda: not self._open, LAST_ANSWERS)
        self.supervisor._close()
        wire.close()


def _channel_of_this_process() -> socket.socket:
    """The channel that supervisord has handed over. Programs that this one starts do not get it."""
    number = os.environ.pop("SUPERVISOR_EXT_FD", None)
    if number is None:
        raise RuntimeError("SUPERVISOR_EXT_FD is not set: supervisord starts this program, as command= of a section "
                           "[rpcinterface:x]; to try it without, supervisorctl extension-test %s" % sys.argv[0])
    os.set_inheritable(int(number), False)
    return socket.socket(fileno=int(number))
