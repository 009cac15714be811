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
from typing import IO, Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple, Union, cast

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


_INSTEAD = "or add a [unix_http_server], which programs of this machine need no TLS for"


class _TlsFiles(NamedTuple):
    """SUPERVISOR_TLS_CA, which comes with an https URL, and SUPERVISOR_TLS_CERT and SUPERVISOR_TLS_KEY, which the
    program's `environment=` gives where the server asks for a certificate. Read anew for each connection."""

    ca: str = ""
    certificate: str = ""
    key: str = ""


def _tls_connection(host: str, port: int, files: _TlsFiles) -> http.client.HTTPConnection:
    """HTTPS to a server whose certificate is in the file, or of an authority in it; without a file, of an authority of
    the system. The first certificate of the file is believed by whatever name its server has been reached: supervisord
    has given both, and https://localhost is in few certificates."""
    try:
        import ssl
    except ImportError:
        raise OSError("cannot call https://%s:%d: this Python has no module ssl; use one that has it, %s"
                      % (host, port, _INSTEAD)) from None

    url = "https://%s:%d" % (host, port)

    def context() -> ssl.SSLContext:
        read = "SUPERVISOR_TLS_CA", files.ca
        try:
            made = ssl.create_default_context(cafile=files.ca or None)
            # The certificate itself is enough, whoever has signed it; Python has a name for this since 3.10.
            made.verify_flags |= cast(ssl.VerifyFlags, 0x80000)
            if files.certificate:
                read = "SUPERVISOR_TLS_CERT", files.certificate
                made.load_cert_chain(files.certificate, files.key or None)
        except OSError as error:
            raise OSError(error.errno, "cannot use %s=%s: %s: this program's user has to be able to read it, %s"
                          % (*read, error.strerror or error, _INSTEAD)) from error
        return made

    def first_certificate() -> bytes:
        with open(files.ca, encoding="ascii", errors="replace") as file:
            _, begin, rest = file.read().partition("-----BEGIN CERTIFICATE-----")
        body, end, _ = rest.partition("-----END CERTIFICATE-----")
        return ssl.PEM_cert_to_DER_cert(begin + body + end)

    class TlsConnection(http.client.HTTPSConnection):
        def connect(self) -> None:
            try:
                super().connect()
            except ssl.SSLCertVerificationError as error:
                hostname_mismatch, address_mismatch = 62, 64
                if not files.ca or error.verify_code not in (hostname_mismatch, address_mismatch):
                    raise self._distrust(error.verify_message) from error
                self._connect_by_certificate(error)

        def _connect_by_certificate(self, error: ssl.SSLCertVerificationError) -> None:
            # Not closed as a connection, which would forget the request that is being made.
            self.sock.close()
            unnamed = context()
            unnamed.check_hostname = False
            plain = socket.create_connection((host, port))
            try:
                encrypted = unnamed.wrap_socket(plain, server_hostname=host)
            except ssl.SSLCertVerificationError as other:
                raise self._distrust(other.verify_message) from other
            finally:
                # Of a success nothing is left in it to close.
                plain.close()
            if encrypted.getpeercert(True) != first_certificate():
                encrypted.close()
                raise self._distrust(error.verify_message) from error
            self.sock = encrypted

        def _distrust(self, why: str) -> OSError:
            ca = "=" + files.ca if files.ca else ", which is not set,"
            return PermissionError(
                "%s has a certificate that cannot be trusted: %s: SUPERVISOR_TLS_CA%s has to name the file of that "
                "certificate or of its authority" % (url, why.rstrip("."), ca))

    return TlsConnection(host, port, context=context())


class SupervisorTransport(xmlrpc.client.Transport):
    """XML-RPC over the address that supervisord gives its children: `unix://PATH`, `http://HOST:PORT` or
    `https://HOST:PORT`."""

    def __init__(self, username: str = "", password: str = "", serverurl: str = "",
                 tls: _TlsFiles = _TlsFiles()) -> None:
        super().__init__()
        self.serverurl = serverurl
        parts = urllib.parse.urlsplit(serverurl)
        if not (parts.scheme in ("http", "https") and parts.hostname or parts.scheme == "unix" and parts.path):
            raise ValueError("Unknown protocol for serverurl %s" % serverurl)
        self._parts = parts
        self._tls = tls
        self._authorization: Optional[str] = None
        if username or password:
            credentials = ("%s:%s" % (username, password)).encode()
            self._authorization = "Basic " + base64.b64encode(credentials).decode()

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        if self._connection and self._connection[0] == self.serverurl:
            return cast(http.client.HTTPConnection, self._connection[1])
        if self._parts.scheme == "unix":
            connection: http.client.HTTPConnection = _UnixConnection(self._parts.path, self._authorization is not None)
        elif self._parts.scheme == "https":
            connection = _tls_connection(self._parts.hostname or "", self._parts.port or 443, self._tls)
        else:
            connection = http.client.HTTPConnection(self._parts.hostname or "", self._parts.port or 80)
        self._connection = cast(Any, (self.serverurl, connection))
        return connection

    def request(self, host: Any, handler: str, request_body: Any, verbose: bool = False) -> Any:
        try:
            return super().request(host, handler, request_body, verbose)
        except OSError as error:
            # What a server says that wants a certificate of ours may be lost on the way (tcp(7)).
            says = str(getattr(error, "reason", "")).lower()
            refuses = "alert" in says and ("cert" in says or "unknown_ca" in says)
            lost = isinstance(error, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError))
            cut_off = not self._tls.certificate and (lost or type(error).__name__ == "SSLEOFError")
            if self._parts.scheme != "https" or not (refuses or cut_off):
                raise
            raise ConnectionError(
                "%s ended the connection (%s); if it has tls_client_ca=, give SUPERVISOR_TLS_CERT and "
                "SUPERVISOR_TLS_KEY in this program's environment=, %s" % (self.serverurl, error, _INSTEAD)) from error

    def send_headers(self, connection: Any, headers: Any) -> None:
        super().send_headers(connection, headers)
        if self._authorization:
            connection.putheader("Authorization", self._authorization)


def getRPCTransport(env: Mapping[str, str]) -> SupervisorTransport:
    """The way to the supervisord of this environment. Where it asks for credentials, the program's `environment=` has
    to give SUPERVISOR_USERNAME and SUPERVISOR_PASSWORD; where it speaks TLS and asks for a certificate,
    SUPERVISOR_TLS_CERT and SUPERVISOR_TLS_KEY. Raises KeyError outside of supervisord."""
    username, password = env.get("SUPERVISOR_USERNAME", ""), env.get("SUPERVISOR_PASSWORD", "")
    names = "SUPERVISOR_TLS_CA", "SUPERVISOR_TLS_CERT", "SUPERVISOR_TLS_KEY"
    tls = _TlsFiles(*(env.get(name, "") for name in names))
    return SupervisorTransport(username, password, env["SUPERVISOR_SERVER_URL"], tls)


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
