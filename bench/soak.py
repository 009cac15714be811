#!/usr/bin/env python3
"""Soak: many commands under load, then slow and hostile clients beside an honest one; says what the worst answer took.

    bench/soak.py DAEMON [--commands 1000000] [--seconds 180] [--programs 20]

Exit status 1 when an answer under load takes a second or more, or an honest client's beside hostile ones 100 ms.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xmlrpc.client

HALF_OPEN = 300
NEVER_READING = 10
HONEST_SECONDS = 10
WORST_UNDER_LOAD = 1.0
WORST_BESIDE_HOSTILE = 0.1

CONFIGURATION = """
[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
[unix_http_server]
file={folder}/s.sock
[inet_http_server]
port=127.0.0.1:{port}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:busy]
command=/bin/sh -c "while :; do seq 200; sleep 0.05; done"
process_name=%(process_num)d
numprocs={programs}
startsecs=0
stdout_logfile_maxbytes=1MB
[program:toggled]
command=/bin/sleep 100000
startsecs=0
autostart=false
"""


def request(method, *params):
    body = xmlrpc.client.dumps(params, method).encode()
    return b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body), body)


class Client:
    """One connection, one call at a time."""

    def __init__(self, address):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        self.socket.connect(address)
        self.pending = b""

    def call(self, request):
        """Seconds until the whole answer has come."""
        begin = time.perf_counter()
        self.socket.sendall(request)
        while b"\r\n\r\n" not in self.pending:
            self.more()
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(self.pending) < length:
            self.more()
        self.pending = self.pending[length:]
        return time.perf_counter() - begin

    def more(self):
        piece = self.socket.recv(1 << 20)
        if not piece:
            raise RuntimeError("the connection was closed")
        self.pending += piece


def mixture():
    """Requests by turns: mostly questions, some deeds."""
    few = [request("supervisor.getState"), request("supervisor.getProcessInfo", "busy:0")] * 8
    return few + [
        request("supervisor.getAllProcessInfo"),
        request("supervisor.startProcess", "toggled", False),
        request("supervisor.signalProcess", "busy:1", "CONT"),
        request("supervisor.tailProcessStdoutLog", "busy:0", 0, 1000),
        request("supervisor.stopProcess", "toggled", False),
        request("system.multicall", [{"methodName": "supervisor.getPID", "params": []}] * 3),
    ]


def report(what, times):
    times.sort()
    at = lambda share: 1000 * times[min(len(times) - 1, int(len(times) * share))]
    print(f"{what}: {len(times)} answers, p50 {at(0.5):.2f} ms, p99 {at(0.99):.2f} ms, "
          f"p99.9 {at(0.999):.2f} ms, worst {1000 * times[-1]:.2f} ms", flush=True)
    return times[-1]


def many_commands(addresses, commands, seconds):
    clients = [Client(address) for address in addresses for _ in range(2)]
    turns, times, end = mixture(), [], time.monotonic() + seconds
    while len(times) < commands and time.monotonic() < end:
        for number, client in enumerate(clients):
            times.append(client.call(turns[(len(times) + number) % len(turns)]))
    return report(f"{commands} commands wanted, in at most {seconds} s", times)


def beside_hostile_clients(unix, tcp):
    hostile = []
    for number in range(HALF_OPEN):
        client = socket.create_connection(tcp)
        client.sendall(b"POST /RPC2 HTTP/1.1\r\nContent-Le" if number % 2 else b"G")
        hostile.append(client)
    asked = request("supervisor.getAllProcessInfo") * 200
    for _ in range(NEVER_READING):
        client = socket.create_connection(tcp)
        client.setblocking(False)
        try:
            client.send(asked)
        except BlockingIOError:
            pass
        hostile.append(client)
    worst = 0.0
    for name, address in (("unix socket", unix), ("TCP", tcp)):
        honest, question, times = Client(address), request("supervisor.getAllProcessInfo"), []
        end = time.monotonic() + HONEST_SECONDS / 2
        while time.monotonic() < end:
            times.append(honest.call(question))
        worst = max(worst, report(f"beside {HALF_OPEN} half-open and {NEVER_READING} never-reading clients, {name}", times))
    newcomers = []
    for _ in range(200):
        begin = time.perf_counter()
        Client(tcp).call(request("supervisor.getState"))
        newcomers.append(time.perf_counter() - begin)
    worst = max(worst, report("newcomers over TCP, connecting included", newcomers))
    for client in hostile:
        client.close()
    return worst


def memory(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(line.split(":")[1].strip() for line in status if line.startswith("VmHWM"))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("daemon")
    parser.add_argument("--commands", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--programs", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        port, path = free_port(), os.path.join(folder, "soak.conf")
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(folder=folder, port=port, programs=arguments.programs))
        daemon = subprocess.Popen([arguments.daemon, "-c", path], stdout=subprocess.DEVNULL)
        try:
            unix, tcp = os.path.join(folder, "s.sock"), ("127.0.0.1", port)
            while not os.path.exists(unix) and daemon.poll() is None:
                time.sleep(0.01)
            under_load = many_commands([unix, tcp], arguments.commands, arguments.seconds)
            beside = beside_hostile_clients(unix, tcp)
            print(f"most memory of the daemon: {memory(daemon.pid)}")
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(30)
    return int(under_load >= WORST_UNDER_LOAD or beside >= WORST_BESIDE_HOSTILE)


if __name__ == "__main__":
    sys.exit(main())
