#!/usr/bin/env python3
"""How many programs run within a limit of descriptors, soft and hard: descriptors.py [-l LIMIT,...] BINARY...

For each limit and each kind of program, what each of the supervisords reaches, in the foreground with one unix server:
more programs are configured than can run, and those are counted that run when all others are FATAL. Then all of them are
killed, and counted again when as many run anew, or when the others are FATAL. The kinds: two logs (AUTO), and none
(`stdout_logfile=NONE`, `redirect_stderr=true`).
"""
import argparse
import collections
import os
import resource
import signal
import subprocess
import sys
import tempfile

from daemon_client import supervisor, until

CONFIGURATION = """[supervisord]
logfile={folder}/main.log
pidfile={folder}/s.pid
childlogdir={folder}
loglevel=critical
minfds=10
[unix_http_server]
file={folder}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:p]
command=/bin/sleep 100000
process_name=%(process_num)04d
numprocs={count}
startsecs=0
startretries=0
autorestart=true
{logs}
"""

KINDS = {"two logs": "", "no logs": "stdout_logfile=NONE\nredirect_stderr=true"}


def count(path, gone=frozenset()):
    """How many run, as soon as all others are FATAL and none of the pids is left that are gone."""
    try:
        # A connection that stays would be a descriptor less.
        processes = supervisor(path).getAllProcessInfo()
    except OSError:
        return None
    states = collections.Counter(process["statename"] for process in processes)
    settled = states["RUNNING"] + states["FATAL"] == len(processes)
    return states["RUNNING"] if settled and gone.isdisjoint(pids(processes)) else None


def pids(processes):
    return {process["pid"] for process in processes if process["statename"] == "RUNNING"}


def measure(binary, limit, logs):
    with tempfile.TemporaryDirectory() as folder:
        configuration, path = os.path.join(folder, "s.conf"), os.path.join(folder, "s.sock")
        with open(configuration, "w") as file:
            file.write(CONFIGURATION.format(folder=folder, count=limit, logs=logs))
        daemon = subprocess.Popen(
            [binary, "-n", "-c", configuration], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        try:
            first = until("all others are FATAL", lambda: count(path), 600)
            before = pids(supervisor(path).getAllProcessInfo())
            for pid in before:
                os.kill(pid, signal.SIGKILL)
            return first, until("all run again, or are FATAL", lambda: count(path, before), 600)
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-l", "--limits", default="64,100,1024", help="several with commas (%(default)s)")
    parser.add_argument("binaries", nargs="+", metavar="BINARY")
    options = parser.parse_args()
    for limit in map(int, options.limits.split(",")):
        for kind, logs in KINDS.items():
            for binary in options.binaries:
                first, again = measure(binary, limit, logs)
                print(f"{limit:6} {kind:10} {first:5} run, {again:5} after all were killed: {binary}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
