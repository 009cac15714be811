#!/usr/bin/env python3
"""Event listeners that misbehave, one at a time, and what the others notice of it: figures, a line for each case.

    bench/bad_listeners.py DAEMON [DAEMON…] [--events 100000]

Each case has ten programs that crash five times a second, a good listener that hears of all of it, and the bad one;
then so many events are sent to both (`sendRemoteCommEvent`), while somebody asks for the state every 10 ms. Shown: how
long the sending took; the worst and the 99th percentile of the answers; how many restarts there were meanwhile; the
memory of the daemon before, and its peak; and whether the good listener heard of every event that was sent.
"""
import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xmlrpc.client

import daemon_client
from daemon_client import until

PRELUDE = """
import sys, time
def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    headers = dict(pair.split(':', 1) for pair in line.split())
    return headers, sys.stdin.read(int(headers['len']))
def say(text):
    sys.stdout.write(text); sys.stdout.flush()
"""
GOOD = PRELUDE + """
count = 0
while True:
    say('READY\\n')
    headers, data = hear()
    if headers['eventname'] == 'REMOTE_COMMUNICATION':
        count += 1
        if data.endswith('last'):
            with open(sys.argv[1] + '/heard', 'w') as file:
                file.write(str(count))
    say('RESULT 2\\nOK')
"""
BAD = {
    "none (for comparison)": "time.sleep(1e6)",
    "never says READY": "time.sleep(1e6)",
    "never reads": "say('READY\\n')\ntime.sleep(1e6)",
    "never answers": "say('READY\\n')\nhear()\ntime.sleep(1e6)",
    "floods its stdout": "say('READY\\n')\nwhile True: say('x' * 65536)",
    "dies on every event": "say('READY\\n')\nhear()\nsys.exit(1)",
    "answers after 200 ms": "while True:\n    say('READY\\n')\n    hear()\n    time.sleep(0.2)\n    say('RESULT 2\\nOK')",
    "holds all events": "time.sleep(1e6)",
}
CONFIG = """[supervisord]
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
loglevel=error
[unix_http_server]
file={folder}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:crash]
command=/bin/sleep 0.2
process_name=%(process_num)02d
numprocs=10
startsecs=0
autorestart=true
[eventlistener:good]
command={python} {folder}/good.py {folder}
events=REMOTE_COMMUNICATION,PROCESS_STATE_EXITED
buffer_size={room}
startsecs=0
"""
BAD_SECTION = """[eventlistener:bad]
command={python} {folder}/bad.py
events=REMOTE_COMMUNICATION,PROCESS_STATE_EXITED
buffer_size={room}
startsecs=0
startretries=1000000
autorestart=true
"""


def status(pid, name):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith(name):
            return int(line.split()[1])
    raise AssertionError(name)


def case(daemon, name, script, events):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bad-listeners-"))
    try:
        (folder / "good.py").write_text(GOOD)
        (folder / "bad.py").write_text(PRELUDE + script + "\n")
        words = {"folder": folder, "python": sys.executable, "room": 10}
        text = CONFIG.format(**{**words, "room": 10 * events})
        if not name.startswith("none"):
            room = 10 * events if name == "holds all events" else 10
            text += BAD_SECTION.format(**{**words, "room": room})
        (folder / "supervisord.conf").write_text(text)
        process = subprocess.Popen([daemon, "-n", "-c", folder / "supervisord.conf"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            return measure(process, folder, events)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder)


def measure(process, folder, events):
    def server():
        return daemon_client.supervisor(folder / "s.sock")

    def is_up():
        try:
            return server().getProcessInfo("good")["statename"] == "RUNNING"
        except OSError:
            return False

    until("the daemon is up", is_up)
    before = status(process.pid, "VmRSS")
    sent_all, times = threading.Event(), []

    def ask():
        rpc = server()
        while not sent_all.is_set():
            begin = time.monotonic()
            rpc.getState()
            times.append(time.monotonic() - begin)
            time.sleep(0.01)

    asking = threading.Thread(target=ask)
    starts = sum(info["start"] for info in server().getAllProcessInfo() if info["group"] == "crash")
    asking.start()
    rpc, begin = server(), time.monotonic()
    for number in range(events):
        rpc.sendRemoteCommEvent("kind", "last" if number == events - 1 else f"{number:060}")
    took = time.monotonic() - begin
    sent_all.set()
    asking.join()
    until("the good listener has heard the last", (folder / "heard").exists, 120)
    heard = int(until_text(folder / "heard"))
    moved = sum(info["start"] for info in server().getAllProcessInfo() if info["group"] == "crash") - starts
    times.sort()
    return {"sent in s": f"{took:.1f}", "worst ms": f"{1e3 * times[-1]:.1f}",
            "p99 ms": f"{1e3 * times[int(0.99 * len(times))]:.1f}", "programs go on": "yes" if moved > 0 else "NO",
            "RSS before MB": f"{before / 1024:.1f}", "peak MB": f"{status(process.pid, 'VmHWM') / 1024:.1f}",
            "good heard": f"{heard} of {events}"}


def until_text(path):
    until("the count is written", lambda: path.read_text())
    return path.read_text()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("daemons", nargs="+", metavar="DAEMON")
    parser.add_argument("--events", type=int, default=100_000)
    arguments = parser.parse_args()
    failed = False
    for name, script in BAD.items():
        for daemon in arguments.daemons:
            try:
                figures = case(os.path.abspath(daemon), name, script, arguments.events)
                failed |= figures["good heard"] != f"{arguments.events} of {arguments.events}"
            except (AssertionError, OSError, xmlrpc.client.Error) as error:
                figures, failed = {"failed": str(error)}, True
            print(f"{name:24}", *(f"{key}: {value};" for key, value in figures.items()), daemon, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
