#!/usr/bin/env python3
"""What a call through an extension costs beside one of supervisord's own, and what slow ones cost others.

    bench/extension_calls.py [-n CALLS] [-r ROUNDS] SUPERVISORD SLOW

SLOW is the example of crates/extension (target/release/examples/slow); beside it runs an extension in Python, which is
this file. All calls of a round are made in turn over one connection to the unix server: `supervisor.getState`, the ping
of the Rust extension, the ping of the Python one, so that whatever else the machine does hits all three. Told are the
medians in microseconds over all rounds, the median of the differences within a turn, and the ratio of the medians.

Then: the worst `getState` while a method sleeps five seconds, and 1,000 calls of one second at once, which another
extension makes since servers have fewer connections.
"""
import argparse
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import xmlrpc.client

HERE = pathlib.Path(__file__).resolve().parent
AT_ONCE = 1000

CONFIGURATION = """[supervisord]
logfile={folder}/main.log
pidfile={folder}/s.pid
childlogdir={folder}
[unix_http_server]
file={folder}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[rpcinterface:rust]
command={slow}
[rpcinterface:python]
command={python} {program}
"""


def be_an_extension():
    """The other end: what this file is when supervisord has started it."""
    sys.path.insert(0, str(HERE.parent / "python"))
    from supervisor_extension import Extension
    extension = Extension()

    @extension.method
    def ping() -> str:
        """Answers."""
        return "pong"

    @extension.method
    def many(count: int, seconds: float) -> int:
        """Calls rust.wait so often at once, and says how many have answered."""
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(extension.supervisor.call("rust.wait", seconds)))
                   for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(answers)

    extension.run()


class Client:
    """Calls over one connection, without the cost of a library."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)

    def call(self, request):
        """Sends a request and takes its answer in; the answer's body."""
        self.socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(body) < length:
            body += self._receive()
        return body

    def _receive(self):
        return self.socket.recv(65536) or sys.exit("supervisord has closed the connection")


def request(method, *params):
    body = xmlrpc.client.dumps(params, method).encode()
    return b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def timed(client, asked):
    begin = time.perf_counter()
    body = client.call(asked)
    took = time.perf_counter() - begin
    if b"<fault>" in body:
        sys.exit(body.decode())
    return took * 1e6


def compare(path, calls, rounds):
    methods = ["supervisor.getState", "rust.ping", "python.ping"]
    client, requests = Client(path), [request(method) for method in methods]
    for asked in requests * 50:
        timed(client, asked)
    turns = [[timed(client, asked) for asked in requests] for _ in range(calls * rounds)]
    native, *_ = medians = [statistics.median(column) for column in zip(*turns)]
    print(f"{len(turns)} turns; median of a call in µs (beside getState: median of the differences, ratio)")
    for index, (method, median) in enumerate(zip(methods, medians)):
        more = statistics.median(turn[index] - turn[0] for turn in turns)
        print(f"  {method:20} {median:7.1f}   {more:+7.1f}   {median / native:5.2f}")


def worst_beside(path, what, asked):
    """The worst getState while a request is answered, and that answer."""
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(Client(path).call(asked)))
    client, state, times = Client(path), request("supervisor.getState"), []
    begin = time.monotonic()
    waiting.start()
    while waiting.is_alive():
        times.append(timed(client, state) / 1e3)
    took = time.monotonic() - begin
    times.sort()
    print(f"{what}: answered after {took:.2f} s; {len(times)} getState meanwhile: "
          f"median {statistics.median(times):.3f} ms, p99.9 {times[len(times) * 999 // 1000]:.3f}, worst {times[-1]:.3f}")
    return answers[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--calls", type=int, default=2000)
    parser.add_argument("-r", "--rounds", type=int, default=5)
    parser.add_argument("supervisord")
    parser.add_argument("slow")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        configuration, path = os.path.join(folder, "s.conf"), os.path.join(folder, "s.sock")
        with open(configuration, "w") as file:
            file.write(CONFIGURATION.format(folder=folder, slow=os.path.abspath(given.slow), python=sys.executable,
                                            program=pathlib.Path(__file__).resolve()))
        daemon = subprocess.Popen([given.supervisord, "-n", "-c", configuration], stdout=subprocess.DEVNULL)
        try:
            until_ready(path)
            compare(path, given.calls, given.rounds)
            worst_beside(path, "a method that sleeps 5 s", request("rust.wait", 5.0))
            body = worst_beside(path, f"{AT_ONCE} calls of 1 s at once", request("python.many", AT_ONCE, 1.0))
            (answered,), _ = xmlrpc.client.loads(body)
            print(f"{answered} of {AT_ONCE} have answered")
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait()


def until_ready(path):
    """Waits for the server. The first call of an extension waits for the extension."""
    for _ in range(600):
        try:
            return Client(path)
        except OSError:
            time.sleep(0.05)
    sys.exit("supervisord has not come up")


if __name__ == "__main__":
    if "SUPERVISOR_EXT_FD" in os.environ:
        be_an_extension()
    else:
        main()
