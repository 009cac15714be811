"""For programs that supervisord runs: event listeners, messages of ordinary programs, calls back to supervisord.

One file without dependencies, to be copied beside a program or installed anywhere on the path. It has the functions
of `supervisor.childutils` under a name of its own, so that both can be installed side by side:

    import sys
    from supervisor_listener import listener, eventdata

    while True:
        headers, payload = listener.wait()
        if headers["eventname"].startswith("PROCESS_STATE"):
            tokens, _ = eventdata(payload)
            print(tokens["processname"], headers["eventname"], file=sys.stderr)
        listener.ok()

Three things are different on purpose. `len` counts characters, and characters are what is read, whatever the locale
is; line ends are not translated. A header or payload may contain values with colons, and a payload without a line feed
has no data; `childutils` fails on both. Messages of `pcomm` are text or bytes and work on the standard streams.
"""
from __future__ import annotations

import base64
import http.client
import os
import socket
import struct
import sys
import time
import urllib.parse
import xmlrpc.client
from typing import IO, Any, Callable, Dict, Mapping, Optional, Tuple, Union, cast

__all__ = [
    "getRPCTransport", "getRPCInterface", "get_headers", "eventdata", "get_asctime", "listener", "pcomm",
    "EventListenerProtocol", "ProcessCommunicationsProtocol", "SupervisorTransport", "run",
]

Headers = Dict[str, str]

BEGIN_TOKEN = "<!--XSUPERVISOR:BEGIN-->"
END_TOKEN = "<!--XSUPERVISOR:END-->"


# Calls back to supervisord

class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket, at a path of any length. With `trusted_only` it is refused if somebody else than root or
    this user listens there, before anything is sent."""

    def __init__(self, path: str, trusted_only: bool = False) -> None:
        super().__init__("localhost")
        self._path = path
        self._trusted_only = trusted_only

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if len(os.fsencode(self._path)) <= 107:
            self.sock.connect(self._path)
        else:
            folder, name = os.path.split(self._path)
            descriptor = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                self.sock.connect("/proc/self/fd/%d/%s" % (descriptor, name))
            finally:
                os.close(descriptor)
        if self._trusted_only and hasattr(socket, "SO_PEERCRED"):
            credentials = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            uid = struct.unpack("3i", credentials)[1]
            if uid not in (0, os.geteuid()):
                self.sock.close()
                raise PermissionError(
                    "%s is served by uid %d, who is neither root nor us: no password was sent" % (self._path, uid))


class SupervisorTransport(xmlrpc.client.Transport):
    """XML-RPC over the address that supervisord gives its children: `unix://PATH` or `http://HOST:PORT`."""

    def __init__(self, username: str = "", password: str = "", serverurl: str = "") -> None:
        super().__init__()
        self.serverurl = serverurl
        parts = urllib.parse.urlsplit(serverurl)
        if not (parts.scheme == "http" and parts.hostname or parts.scheme == "unix" and parts.path):
            raise ValueError("Unknown protocol for serverurl %s" % serverurl)
        self._parts = parts
        self._authorization: Optional[str] = None
        if username or password:
            credentials = ("%s:%s" % (username, password)).encode()
            self._authorization = "Basic " + base64.b64encode(credentials).decode()

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        if self._connection and self._connection[0] == self.serverurl:
            return cast(http.client.HTTPConnection, self._connection[1])
        if self._parts.scheme == "unix":
            connection: http.client.HTTPConnection = _UnixConnection(self._parts.path, self._authorization is not None)
        else:
            connection = http.client.HTTPConnection(self._parts.hostname or "", self._parts.port or 80)
        self._connection = cast(Any, (self.serverurl, connection))
        return connection

    def send_headers(self, connection: Any, headers: Any) -> None:
        super().send_headers(connection, headers)
        if self._authorization:
            connection.putheader("Authorization", self._authorization)


def getRPCTransport(env: Mapping[str, str]) -> SupervisorTransport:
    """The way to the supervisord of this environment. Where it asks for credentials, the program's `environment=` has
    to give SUPERVISOR_USERNAME and SUPERVISOR_PASSWORD. Raises KeyError outside of supervisord."""
    username, password = env.get("SUPERVISOR_USERNAME", ""), env.get("SUPERVISOR_PASSWORD", "")
    return SupervisorTransport(username, password, env["SUPERVISOR_SERVER_URL"])


def getRPCInterface(env: Mapping[str, str]) -> xmlrpc.client.ServerProxy:
    """supervisord as an object: `getRPCInterface(os.environ).supervisor.getState()`."""
    return xmlrpc.client.ServerProxy("http://127.0.0.1", getRPCTransport(env))


# Headers and payloads

def get_headers(line: str) -> Headers:
    """The `key:value` tokens of a line."""
    pairs = (token.partition(":") for token in line.split())
    return {key: value for key, colon, value in pairs if colon}


def eventdata(payload: str) -> Tuple[Headers, str]:
    """Splits a payload at its first line feed: tokens before it, data behind it."""
    line, _, data = payload.partition("\n")
    return get_headers(line), data


def get_asctime(now: Optional[float] = None) -> str:
    """A time as logs show it: `2026-01-31 12:00:00,250`."""
    moment = time.time() if now is None else now
    seconds = int(moment)
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    return "%s,%03d" % (stamp, (moment - seconds) * 1000)


# The streams: text or binary, whatever the caller has

def _binary(stream: IO[Any]) -> IO[Any]:
    return getattr(stream, "buffer", stream)


def _write(stream: IO[Any], text: Union[str, bytes]) -> None:
    """Writes and flushes; a stream that takes text only is given text."""
    data = text.encode() if isinstance(text, str) else text
    target = _binary(stream)
    try:
        target.write(data)
    except TypeError:
        target.write(data.decode())
    target.flush()


def _read_characters(stream: IO[Any], count: int) -> str:
    """Reads so many characters. A step has at most as many bytes as characters are missing, so that nothing of what
    follows is taken."""
    first = stream.read(count)
    if isinstance(first, str):
        return first
    data: bytes = first
    while True:
        missing = count - sum(byte & 0xC0 != 0x80 for byte in data)
        if missing <= 0:
            break
        more = stream.read(missing)
        if not more:
            raise EOFError("the event was cut off")
        data += more
    while True:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                raise
            more = stream.read(1)
            if not more:
                raise EOFError("the event was cut off") from None
            data += more


# The protocols

class ProcessCommunicationsProtocol:
    """Messages of an ordinary program, which become PROCESS_COMMUNICATION events. The program needs
    `stdout_capture_maxbytes` or `stderr_capture_maxbytes`."""

    def send(self, msg: Union[str, bytes], fp: Optional[IO[Any]] = None) -> None:
        data = msg.encode() if isinstance(msg, str) else msg
        _write(fp or sys.stdout, BEGIN_TOKEN.encode() + data + END_TOKEN.encode())

    def stdout(self, msg: Union[str, bytes]) -> None:
        self.send(msg, sys.stdout)

    def stderr(self, msg: Union[str, bytes]) -> None:
        self.send(msg, sys.stderr)


class EventListenerProtocol:
    """The listener's side: READY, an event, a result. Nothing else may be printed on stdout."""

    def wait(self, stdin: Optional[IO[Any]] = None, stdout: Optional[IO[Any]] = None) -> Tuple[Headers, str]:
        """Says READY and waits for an event: the tokens of its header, and its payload. Ends the program when
        supervisord has closed the stream."""
        self.ready(stdout)
        stream = _binary(stdin or sys.stdin)
        line = stream.readline()
        if not line:
            raise SystemExit(0)
        headers = get_headers(line if isinstance(line, str) else line.decode())
        return headers, _read_characters(stream, int(headers["len"]))

    def ready(self, stdout: Optional[IO[Any]] = None) -> None:
        _write(stdout or sys.stdout, "READY\n")

    def ok(self, stdout: Optional[IO[Any]] = None) -> None:
        """The event is done."""
        self.send("OK", stdout)

    def fail(self, stdout: Optional[IO[Any]] = None) -> None:
        """The event is to come again, to this listener or to another of its pool; at once."""
        self.send("FAIL", stdout)

    def send(self, data: Union[str, bytes], stdout: Optional[IO[Any]] = None) -> None:
        """Any result, for a `result_handler`. Its length is counted in bytes."""
        encoded = data.encode() if isinstance(data, str) else data
        _write(stdout or sys.stdout, b"RESULT %d\n%s" % (len(encoded), encoded))


listener = EventListenerProtocol()
pcomm = ProcessCommunicationsProtocol()


def run(work: Callable[[Headers, str], Optional[bool]]) -> None:
    """Works on events for ever: `work(headers, payload)` returns False for an event that is to come again."""
    while True:
        headers, payload = listener.wait()
        listener.fail() if work(headers, payload) is False else listener.ok()
