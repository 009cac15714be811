#!/usr/bin/env python3
"""Starts of programs with and without `user=`, of several supervisords in turn: user_starts.py [-n N] [-r ROUNDS] BINARY...

For each binary and each kind of program, the median of the rounds: the time from the start of supervisord until all N
programs run, the processor time that supervisord took for it, and the median time from the SIGKILL of one program until
its successor has a pid, beside the N-1 others. As root; the programs of the second kind run as `nobody`.
"""
import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from daemon_client import supervisor, until

RESTARTS = 40

CONFIGURATION = """[supervisord]
logfile={folder}/main.log
pidfile={folder}/s.pid
childlogdir={folder}
minfds=20000
[unix_http_server]
file={folder}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:p]
command=/bin/sleep 100000
process_name=%(process_num)04d
numprocs={count}
startsecs=0
autorestart=true
{user}
"""


def processor_time(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(binary, user, count):
    with tempfile.TemporaryDirectory() as folder:
        configuration, socket = os.path.join(folder, "s.conf"), os.path.join(folder, "s.sock")
        with open(configuration, "w") as file:
            file.write(CONFIGURATION.format(folder=folder, count=count, user=user))
        os.chmod(folder, 0o755)
        start = time.monotonic()
        daemon = subprocess.Popen([binary, "-n", "-c", configuration], stdout=subprocess.DEVNULL)
        try:
            until("all programs run", lambda: running(socket) == count)
            boot, processor = time.monotonic() - start, processor_time(daemon.pid)
            rpc = supervisor(socket)
            restarts = [restart(rpc) for _ in range(RESTARTS)]
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait()
    return boot, processor, statistics.median(restarts)


def running(socket):
    try:
        return sum(info["statename"] == "RUNNING" for info in supervisor(socket).getAllProcessInfo())
    except OSError:
        return None


def restart(rpc):
    pid = rpc.getProcessInfo("p:0000")["pid"]
    start = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    while rpc.getProcessInfo("p:0000")["pid"] in (0, pid):
        pass
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("-r", type=int, default=3)
    parser.add_argument("binary", nargs="+")
    options = parser.parse_args()
    kinds = {"": "no user=", "user=nobody": "user=nobody"}
    results = {}
    for _ in range(options.r):
        for binary in options.binary:
            for user in kinds:
                results.setdefault((binary, user), []).append(measure(binary, user, options.n))
    print(f"{options.n} programs, {options.r} rounds in turn; medians")
    for (binary, user), rows in results.items():
        boot, processor, restarted = (statistics.median(column) for column in zip(*rows))
        print(f"{binary}: {kinds[user]:<12} boot {boot:.3f} s, processor of supervisord {processor:.2f} s, "
              f"restart {restarted * 1e3:.2f} ms")


if __name__ == "__main__":
    sys.exit(main())
