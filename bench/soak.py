#!/usr/bin/env python3
"""Soak: many commands under load, then an honest client beside hostile ones; says what the worst answer took.

    bench/soak.py DAEMON                       10^6 commands from six clients, at most 480 seconds
    bench/soak.py DAEMON --commands 100000     fewer

The load: 200 programs, of which 120 write a line a second, 20 write 500 lines four times a second into logs that
rotate, 20 crash twice a second and are restarted, and 40 are started and stopped by the clients. The clients are
processes of their own, half of them over the unix socket and half over TCP, each with one connection and one call at a
time: questions about one and about all processes, logs, signals, events, multicalls, starts and stops that wait. A
time is taken by the monotonic clock from before the first byte of a call to after the last of its answer, so waiting
for a core counts. Every answer has to be a result, not a fault.

Exit status 1: a command took a second or more, not all of them came to be sent in time, or the honest client waited
100 ms or more beside 300 clients whose requests stop in the middle and 10 that never read their answers.
"""

import argparse
import array
import itertools
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xmlrpc.client

CLIENTS = 6
TOGGLED = 40
HALF_OPEN = 300
NEVER_READING = 10
WORST_UNDER_LOAD = 1.0
WORST_BESIDE_HOSTILE = 0.1
PATIENCE = 60

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
[program:steady]
command=/bin/sh -c "while :; do echo one line of output a second; sleep 1; done"
process_name=%(process_num)d
numprocs=120
startsecs=0
[program:busy]
command=/bin/sh -c "while :; do seq 500; sleep 0.25; done"
process_name=%(process_num)d
numprocs=20
startsecs=0
stdout_logfile_maxbytes=200KB
stdout_logfile_backups=2
[program:crashing]
command=/bin/sh -c "echo last words; sleep 0.5; exit 1"
process_name=%(process_num)d
numprocs=20
startsecs=0
autorestart=true
[program:toggled]
command=/bin/sleep 100000
process_name=%(process_num)d
numprocs={toggled}
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
        self.socket.settimeout(PATIENCE)
        self.socket.connect(address)

    def call(self, request):
        """Seconds until the whole answer has come, which has to be a result."""
        begin = time.perf_counter()
        self.socket.sendall(request)
        answer = self.socket.recv(1 << 20)
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self.more()
        head = answer[:end].lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        pieces, missing = [answer], end + 4 + length - len(answer)
        while missing > 0:
            pieces.append(self.more())
            missing -= len(pieces[-1])
        seconds = time.perf_counter() - begin
        if missing < 0 or not head.startswith(b"http/1.1 200") or b"<fault>" in answer:
            raise RuntimeError(answer.decode(errors="replace"))
        return seconds

    def more(self):
        piece = self.socket.recv(1 << 20)
        if not piece:
            raise RuntimeError("the connection was closed")
        return piece


def turn(toggled):
    """Forty requests: what is asked for most comes most often. `toggled` is a process that nobody else starts."""
    questions = [request("supervisor.getState"), request("supervisor.getProcessInfo", "busy:0"),
                 request("supervisor.getProcessInfo", toggled)]
    others = [
        request("supervisor.getAllProcessInfo"),
        request("supervisor.tailProcessStdoutLog", "busy:1", 0, 1000),
        request("supervisor.tailProcessStdoutLog", "busy:2", 0, 1000),
        request("supervisor.readProcessStdoutLog", "steady:0", -500, 0),
        request("supervisor.readLog", -1000, 0),
        request("supervisor.signalProcess", "busy:3", "CONT"),
        request("supervisor.sendRemoteCommEvent", "soak", "data"),
        request("system.multicall", [{"methodName": "supervisor.getPID", "params": []}] * 3),
    ]
    between = (questions * 10)[:30]
    random.shuffle(between)
    middle = between[:15] + others + between[15:]
    return [request("supervisor.startProcess", toggled), *middle, request("supervisor.stopProcess", toggled)]


def send_many(number, address, commands, deadline, results):
    """A client in a process of its own."""
    client, times = Client(address), array.array("d")
    turns = itertools.chain.from_iterable(
        turn(f"toggled:{process}") for process in itertools.cycle(range(number, TOGGLED, CLIENTS)))
    for call in itertools.islice(turns, commands):
        if time.monotonic() > deadline:
            break
        times.append(client.call(call))
    results.send_bytes(times.tobytes())


def report(what, times):
    times = sorted(times)
    at = lambda share: 1000 * times[min(len(times) - 1, int(len(times) * share))]
    print(f"{what}: {len(times)} answers, p50 {at(0.5):.2f} ms, p90 {at(0.9):.2f} ms, p99 {at(0.99):.2f} ms, "
          f"p99.9 {at(0.999):.2f} ms, worst {1000 * times[-1]:.2f} ms", flush=True)
    return times[-1]


def many_commands(addresses, commands, seconds):
    """The worst time, and whether all were sent."""
    begin, running = time.monotonic(), []
    for number in range(CLIENTS):
        results, end = multiprocessing.Pipe(duplex=False)
        share = commands // CLIENTS + (number < commands % CLIENTS)
        arguments = (number, addresses[number % len(addresses)], share, begin + seconds, end)
        process = multiprocessing.Process(target=send_many, args=arguments)
        process.start()
        end.close()
        running.append((process, results))
    times, broken = array.array("d"), 0
    for process, results in running:
        try:
            times.frombytes(results.recv_bytes())
        except EOFError:
            broken += 1
        process.join()
    took = time.monotonic() - begin
    print(f"{len(times)} of {commands} commands in {took:.0f} s, {len(times) / took:.0f} a second, from {CLIENTS} clients"
          + (f", {broken} of which broke off" if broken else ""))
    return report("under load", times), len(times) == commands


def hostile_clients(tcp):
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
    return hostile


def is_open(client):
    """Whether the other side has not closed; reads nothing away."""
    client.setblocking(False)
    try:
        return client.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def beside_hostile_clients(unix, tcp, seconds):
    hostile, worst = hostile_clients(tcp), 0.0
    question = request("supervisor.getAllProcessInfo")
    for name, address in (("unix socket", unix), ("TCP", tcp)):
        honest, times, end = Client(address), [], time.monotonic() + seconds / 2
        while time.monotonic() < end:
            times.append(honest.call(question))
        worst = max(worst, report(f"getAllProcessInfo beside hostile clients, {name}", times))
    newcomers = []
    for _ in range(200):
        begin = time.perf_counter()
        Client(tcp).call(request("supervisor.getState"))
        newcomers.append(time.perf_counter() - begin)
    worst = max(worst, report("getState of newcomers over TCP, connecting included", newcomers))
    still = sum(map(is_open, hostile))
    print(f"{still} of {len(hostile)} hostile clients still held their connection")
    for client in hostile:
        client.close()
    return worst


def status_of(pid):
    with open(f"/proc/{pid}/status") as status:
        memory = next(line.split(":")[1].strip() for line in status if line.startswith("VmHWM"))
    with open(f"/proc/{pid}/stat") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return f"at most {memory} of memory, {(int(user) + int(system)) / os.sysconf('SC_CLK_TCK'):.0f} s of CPU"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("daemon")
    parser.add_argument("--commands", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=480, help="time for the commands")
    parser.add_argument("--honest-seconds", type=int, default=20, help="time beside hostile clients")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        port, path = free_port(), os.path.join(folder, "soak.conf")
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(folder=folder, port=port, toggled=TOGGLED))
        daemon = subprocess.Popen([arguments.daemon, "-c", path], stdout=subprocess.DEVNULL)
        try:
            unix, tcp = os.path.join(folder, "s.sock"), ("127.0.0.1", port)
            while not os.path.exists(unix) and daemon.poll() is None:
                time.sleep(0.01)
            under_load, all_sent = many_commands([unix, tcp], arguments.commands, arguments.seconds)
            beside = beside_hostile_clients(unix, tcp, arguments.honest_seconds)
            print(f"the daemon: {status_of(daemon.pid)}")
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(PATIENCE)
    broken = [what for what, is_broken in (
        (f"not all {arguments.commands} commands were sent in {arguments.seconds} s", not all_sent),
        (f"a command took {WORST_UNDER_LOAD:g} s or more", under_load >= WORST_UNDER_LOAD),
        (f"the honest client waited {WORST_BESIDE_HOSTILE:g} s or more", beside >= WORST_BESIDE_HOSTILE),
    ) if is_broken]
    print("within its bounds" if not broken else "broken: " + "; ".join(broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
