#!/usr/bin/env python3
"""Does to a supervisord, at random and all at once, what happens to one in years, and then looks whether it is sound.

    bench/chaos.py target/release/supervisord [--seconds 600] [--programs 200] [--seed 1]

What happens: programs are killed, stopped, started, frozen and thawed; logs are renamed, reopened, cleared and rotated;
the daemon is reloaded; strangers connect and send rubbish or nothing; the wall clock of the daemon is set, by a second
or to another century (with libfaketime, where it is installed: the clock of the machine is nobody's). What has to hold
at the end: every program is in the state that the commands imply, there is no zombie and no process too many,
descriptors and memory are those of the beginning, no line that a program wrote is lost or torn, no defect was logged,
and a TERM ends everything.

A seed gives the same sequence of decisions, not the same interleaving.
"""
import argparse
import collections
import glob
import http.client
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import xmlrpc.client

import daemon_client
from daemon_client import until

MARK = "SUPERVISOR_CHAOS"
FAKETIME = "/usr/lib/*/faketime/libfaketimeMT.so.1"

# Counts its lines; `progress` never says more than was written to the pipe. `read` is the pause: its stdin never ends.
# A pid comes again within ten minutes, so that a life has a number of its own.
WORKER = """life=$$-$RANDOM$RANDOM.$1
i=0
while :; do
    i=$((i+1))
    echo "$life $i"
    echo $i > "$2/$life"
    read -t 0.25 _
done
"""

CONFIG = """[supervisord]
logfile={folder}/supervisord.log
environment=LD_PRELOAD=""
pidfile={folder}/supervisord.pid
childlogdir={folder}
logfile_maxbytes=1MB
logfile_backups=2
minfds=8192
[unix_http_server]
file={folder}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:w]
command=bash {folder}/worker.sh %(process_num)03d {folder}/progress
process_name=%(process_num)03d
numprocs={programs}
autorestart=true
startsecs=0
stopwaitsecs=1
redirect_stderr=true
stdout_logfile={folder}/logs/%(process_num)03d.log
stdout_logfile_maxbytes=4KB
stdout_logfile_backups=100000
"""


class Chaos:
    def __init__(self, arguments):
        self.arguments = arguments
        self.random = random.Random(arguments.seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chaos-"))
        self.mark = f"{os.getpid()}-{arguments.seed}"
        self.names = [f"{number:03d}" for number in range(arguments.programs)]
        # A cleared log has lost lines on purpose: those of these programs are not counted.
        self.clearable = self.names[::10]
        self.wanted = {name: True for name in self.names}
        self.frozen = {}
        self.strangers = []
        self.counts = collections.Counter()
        self.problems = []
        self.moved = 0
        self.faketime = next(iter(glob.glob(FAKETIME)), None)
        if not self.faketime:
            print("the clock is not set: there is no libfaketime here")

    # The daemon.

    def start(self):
        for name in ("logs", "progress"):
            (self.folder / name).mkdir()
        (self.folder / "worker.sh").write_text(WORKER)
        config = CONFIG.format(folder=self.folder, programs=self.arguments.programs)
        (self.folder / "supervisord.conf").write_text(config)
        command = [self.arguments.supervisord, "-n", "-s", "-c", str(self.folder / "supervisord.conf")]
        environment = {**os.environ, MARK: self.mark}
        if self.faketime:
            # Programs have the clock of the machine: what they do is not what is looked at.
            self.set_clock(0)
            environment |= {
                "LD_PRELOAD": self.faketime, "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
            }
        self.daemon = subprocess.Popen(command, env=environment, stderr=(self.folder / "stderr").open("wb"))
        self.wait_for_service()

    @property
    def rpc(self):
        # A connection for each call: one that breaks in a reload is no concern of the next.
        return daemon_client.supervisor(self.folder / "s.sock")

    def wait_for_service(self):
        def serves():
            if self.daemon.poll() is not None:
                raise AssertionError(f"supervisord has ended with {self.daemon.returncode}")
            return self.is_running()

        until("supervisord answers", serves)

    def is_running(self):
        try:
            return self.rpc.getState()["statename"] == "RUNNING"
        except (OSError, http.client.HTTPException, xmlrpc.client.Fault):
            return False

    def infos(self):
        return {info["name"]: info for info in self.rpc.getAllProcessInfo()}

    def send(self, pid, number):
        """Sends a signal to a process of ours, and to no other that might have its pid by now."""
        try:
            fd = os.pidfd_open(pid)
        except OSError:
            return False
        try:
            if f"{MARK}={self.mark}".encode() not in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                return False
            signal.pidfd_send_signal(fd, number)
            return True
        except OSError:
            return False
        finally:
            os.close(fd)

    # What happens.

    def kill(self):
        self.send(self.pid_of(self.any_name()), signal.SIGKILL)

    def kill_many(self):
        infos = self.infos()
        for name in self.random.sample(self.names, max(1, len(self.names) // 4)):
            self.send(infos[name]["pid"], signal.SIGKILL)

    def freeze(self):
        name = self.any_name()
        pid = self.pid_of(name)
        if pid and self.send(pid, signal.SIGSTOP):
            self.frozen[pid] = name

    def thaw(self):
        if self.frozen:
            pid = self.random.choice(list(self.frozen))
            del self.frozen[pid]
            self.send(pid, signal.SIGCONT)

    def stop(self):
        self.order(self.any_name(), wanted=False)

    def start_again(self):
        stopped = [name for name, wanted in self.wanted.items() if not wanted]
        if stopped:
            self.order(self.random.choice(stopped), wanted=True)

    def stop_and_start(self):
        name = self.any_name()
        self.order(name, wanted=False, wait=True)
        self.order(name, wanted=True)

    def order(self, name, wanted, wait=False):
        if wanted:
            # As in the original, a start is answered with yes and does nothing while the program still stops.
            until("it has stopped", lambda: self.rpc.getProcessInfo(f"w:{name}")["statename"] != "STOPPING")
        method = self.rpc.startProcess if wanted else self.rpc.stopProcess
        try:
            method(f"w:{name}", wait)
        except xmlrpc.client.Fault as fault:
            # ALREADY_STARTED, NOT_RUNNING: as wanted.
            if fault.faultCode not in (60, 70):
                raise
        self.wanted[name] = wanted

    def reopen(self):
        self.daemon.send_signal(signal.SIGUSR2)

    def rename(self):
        log = self.folder / "logs" / f"{self.any_name()}.log"
        self.moved += 1
        try:
            log.rename(log.with_suffix(f".moved{self.moved}"))
        except FileNotFoundError:
            pass  # just being rotated
        if self.random.random() < 0.5:
            self.reopen()

    def clear(self):
        self.rpc.clearProcessLogs(f"w:{self.random.choice(self.clearable)}")

    def read(self):
        name = f"w:{self.any_name()}"
        self.rpc.tailProcessStdoutLog(name, 0, 1000)
        self.rpc.readLog(-500, 0)

    def reread(self):
        if self.rpc.reloadConfig() != [[[], [], []]]:
            self.problems.append("a reread without a change found one")

    def stranger(self):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(str(self.folder / "s.sock"))
        rubbish = [b"", b"GET", b"\0" * 100, b"POST /RPC2 HTTP/1.1\r\nContent-Length: 100\r\n\r\n<methodCall>"]
        peer.sendall(self.random.choice(rubbish))
        self.strangers.append(peer)
        if len(self.strangers) > 20:
            self.strangers.pop(self.random.randrange(20)).close()

    def step(self):
        """Sets the clock: by a second, by up to an hour, to 1970, to where 32 bits end, or right. Linux knows no time
        before 1970."""
        if self.faketime:
            now = time.time()
            hour = self.random.uniform(-3600, 3600)
            self.set_clock(self.random.choice([-1, 1, hour, 100 - now, 2**31 - 10 - now, 0]))

    def set_clock(self, offset):
        (self.folder / "clock.new").write_text(f"{offset:+.3f}")
        (self.folder / "clock.new").rename(self.folder / "clock")

    def reload(self):
        before = {info["pid"] for info in self.infos().values() if info["pid"]}
        self.daemon.send_signal(signal.SIGHUP)

        # Servers stay open over a reload, and whoever asks meanwhile waits: a quick one is never seen to begin.
        def is_over():
            try:
                return not before & {info["pid"] for info in self.infos().values()}
            except (OSError, http.client.HTTPException, xmlrpc.client.Fault):
                return False

        until("the reload has stopped all that ran", is_over)
        self.wait_for_service()
        self.wanted = {name: True for name in self.names}

    def any_name(self):
        return self.random.choice(self.names)

    def pid_of(self, name):
        return self.rpc.getProcessInfo(f"w:{name}")["pid"]

    WEIGHTS = {
        kill: 30, kill_many: 1, freeze: 6, thaw: 6, stop: 8, start_again: 8, stop_and_start: 2, reopen: 2, rename: 4,
        clear: 2, read: 10, reread: 1, stranger: 3, step: 4,
    }

    def run(self):
        now = time.monotonic()
        end, next_reload = now + self.arguments.seconds, now + min(15, self.arguments.seconds / 2)
        while (now := time.monotonic()) < end:
            if now >= next_reload:
                action, next_reload = Chaos.reload, now + 45
            else:
                action = self.random.choices(list(self.WEIGHTS), self.WEIGHTS.values())[0]
            action(self)
            self.counts[action.__name__] += 1
            time.sleep(self.random.expovariate(100))

    # What has to hold.

    def settle(self):
        for pid in list(self.frozen):
            self.send(pid, signal.SIGCONT)
        for peer in self.strangers:
            peer.close()
        self.strangers = []

        def as_wanted():
            states = {name: info["statename"] for name, info in self.infos().items()}
            # Who ended by itself just before and waited for its restart is stopped in EXITED.
            right = {True: ("RUNNING",), False: ("STOPPED", "EXITED")}
            wrong = {name: state for name, state in states.items() if state not in right[self.wanted[name]]}
            self.wrong = wrong
            return not wrong

        try:
            until("every program is as wanted", as_wanted)
        except AssertionError:
            self.problems.append(f"not in the state that the commands imply: {self.wrong}")
        for name in self.names:
            self.order(name, wanted=True)
        until("every program runs", lambda: all(i["statename"] == "RUNNING" for i in self.infos().values()))

    def measure(self):
        """Descriptors, resident memory in KiB, children, zombies of the daemon."""
        proc = pathlib.Path(f"/proc/{self.daemon.pid}")
        resident = int(re.search(r"VmRSS:\s+(\d+)", (proc / "status").read_text())[1])
        states = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
            except OSError:
                continue
            if int(parent) == self.daemon.pid:
                states.append(state)
        return len(list((proc / "fd").iterdir())), resident, len(states), states.count("Z")

    def check_lines(self):
        """Every line that a program has written is in its log once, in order within each life."""
        progress = {file.name: int(file.read_text() or 0) for file in (self.folder / "progress").iterdir()}
        lives = collections.defaultdict(list)
        for log in (self.folder / "logs").iterdir():
            for line in log.read_text().splitlines():
                match = re.fullmatch(r"(\d+-\d+\.(\d{3})) (\d+)", line)
                if not match:
                    self.problems.append(f"a torn line in {log.name}: {line!r}")
                elif match[2] not in self.clearable:
                    lives[match[1]].append(int(match[3]))
        lines = sum(map(len, lives.values()))
        for life, written in progress.items():
            if life.rpartition(".")[2] in self.clearable:
                continue
            got = sorted(lives.get(life, []))
            if got != list(range(1, len(got) + 1)):
                self.problems.append(f"{life}: not every line once: {got[:5]}…{got[-5:]}, {len(got)} lines")
            if len(got) < written:
                self.problems.append(f"{life}: {written} lines written, {len(got)} logged")
        return len(progress), lines

    def end(self):
        self.daemon.send_signal(signal.SIGTERM)
        if (status := self.daemon.wait(60)) != 0:
            self.problems.append(f"the exit status of supervisord is {status}")
        if stderr := (self.folder / "stderr").read_text():
            self.problems.append(f"on stderr: {stderr}")
        logs = "".join(log.read_text() for log in self.folder.glob("supervisord.log*"))
        self.problems += [line for line in logs.splitlines() if "defect" in line or " ERRO " in line]
        years = sorted(set(re.findall(r"^(\d{4})-", logs, re.MULTILINE)))
        print(f"years of the main log: {', '.join(years)}")
        if self.counts["step"] > 20 and len(years) == 1:
            self.problems.append("the clock was set and the daemon did not see it")

    def whole(self):
        self.start()
        until("every program runs", lambda: all(i["statename"] == "RUNNING" for i in self.infos().values()))
        self.kill_many()  # warm: the first restart of all allocates what the others use again
        self.settle()
        before = self.measure()
        self.run()
        self.settle()
        try:
            until("closed connections are let go", lambda: self.measure()[0] <= before[0], 10)
        except AssertionError:
            pass  # told below
        after = self.measure()
        print(f"{sum(self.counts.values())} actions: {dict(self.counts)}")
        print(f"descriptors {before[0]} → {after[0]}, resident {before[1]} → {after[1]} KiB, children {after[2]}")
        if after[0] > before[0]:
            self.problems.append(f"descriptors have grown from {before[0]} to {after[0]}")
        if after[1] > before[1] + 4096:
            self.problems.append(f"memory has grown from {before[1]} to {after[1]} KiB")
        if after[2:] != (len(self.names), 0):
            self.problems.append(f"{after[2]} children, {after[3]} of them zombies, {len(self.names)} programs")
        self.end()
        lives, lines = self.check_lines()
        print(f"{lives} lives of programs, {lines} lines counted")

    def show_threads(self):
        """Where the threads of the daemon are, for a run that came to no end."""
        for task in pathlib.Path(f"/proc/{self.daemon.pid}/task").glob("*"):
            texts = [(task / name).read_text().strip() for name in ("comm", "wchan", "syscall")]
            print(task.name, *texts, (task / "stat").read_text().rsplit(")", 1)[1].split()[0])

    def clean_up(self):
        if self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()
        for environ in pathlib.Path("/proc").glob("[0-9]*/environ"):
            self.send(int(environ.parent.name), signal.SIGKILL)
        if self.problems and self.arguments.keep:
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("supervisord")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the folder of a failed run")
    chaos = Chaos(parser.parse_args())
    try:
        chaos.whole()
    except Exception as error:
        traceback.print_exc()
        chaos.problems.append(f"{type(error).__name__}: {error}")
        chaos.show_threads()
    finally:
        chaos.clean_up()
    for problem in chaos.problems[:20]:
        print(f"problem: {problem}")
    print(f"{len(chaos.problems)} problems")
    return 1 if chaos.problems else 0


if __name__ == "__main__":
    sys.exit(main())
