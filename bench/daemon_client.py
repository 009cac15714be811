"""XML-RPC over the unix socket of a supervisord, and waiting for a condition: for the programs beside this file."""
import http.client
import socket
import time
import xmlrpc.client

# Seconds for one answer, so that a supervisord that hangs fails a run and does not hold it up for ever.
ANSWER_TIMEOUT = 120


def supervisor(path):
    """The `supervisor` namespace of whoever listens at `path`. One connection, made with the first call."""
    return xmlrpc.client.ServerProxy("http://localhost", Transport(str(path))).supervisor


class Transport(xmlrpc.client.Transport):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        if not self._connection[1]:
            self._connection = host, Connection(self.path)
        return self._connection[1]


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=ANSWER_TIMEOUT)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def until(what, probe, patience=60):
    """What `probe` gives as soon as it is true; AssertionError after so many seconds."""
    end = time.monotonic() + patience
    while True:
        if found := probe():
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s in vain: {what}")
        time.sleep(0.05)
