#!/usr/bin/env python3
"""Runs the same command lines with both supervisorctls against both supervisords, and compares what is printed.

    conformance/control_client.py target/release          all dialogues
    conformance/control_client.py target/release start    only the dialogues whose name contains this

The client of the Python release beside its own daemon says what is right. Against our daemon it has to print the same
and to end with the same status (what programs of others see), and so has our client against our daemon (what people
see), line by line. A line that differs on purpose says so with the row of COMPATIBILITY.md; it fails as well when it
no longer differs, when its status is another one than what the step says, or when it lacks the words of the step. Two rows hold everywhere and are known here: F20, one clean `error: ` where Python shows a class, a
file and a line; and N23, more help below the help. SUPERVISOR_PYTHON names the virtual environment with the Python
release, target/python otherwise.
"""
import concurrent.futures
import contextlib
import dataclasses
import difflib
import os
import pathlib
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from control_dialogues import DIALOGUES  # noqa: E402
from control_steps import Config, Daemon, Follow, Line, Script, Terminal, Until  # noqa: E402

ORIGINAL = pathlib.Path(os.environ.get("SUPERVISOR_PYTHON", HERE.parent / "target/python")) / "bin"
PATIENCE = 30
AT_A_TIME = 5
FOREIGN, OWN = "the original client", "our client"

# What differs from run to run.
MASKS = [
    (re.compile(r"pid \d+, uptime \d+:\d\d:\d\d"), "pid P, uptime T"),
    (re.compile(r"(?m)(^|> )[1-9]\d*$"), r"\1P"),
    (re.compile(r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M"), "DATE"),
    (re.compile(r"\x1b\[[?\d;]*[a-zA-Z]"), ""),
    (re.compile(r"\^C"), ""),
]

BASE = """[supervisord]
nodaemon=true
logfile={dir}/supervisord.log
pidfile={dir}/supervisord.pid
childlogdir={dir}
identifier=dialogue
[unix_http_server]
file={dir}/s.sock
[supervisorctl]
serverurl=unix://{dir}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""


@dataclasses.dataclass
class Observation:
    """What one step printed."""
    text: str
    status: int

    def __str__(self):
        return f"{self.text}-> status {self.status}"


class World:
    """A folder, a daemon in it, and a client that talks to it."""

    def __init__(self, daemon, client, quick_client, folder):
        self.daemon, self.client, self.quick_client, self.folder = daemon, client, quick_client, folder
        self.process = None
        self.environment = {**os.environ, "HOME": str(folder), "TERM": "dumb", "PYTHONIOENCODING": "utf-8",
                            "PYTHONUNBUFFERED": "1", "COLUMNS": "80", "LC_ALL": "C.UTF-8"}

    def filled(self, text):
        return text.replace("{dir}", str(self.folder)).replace("{port}", str(self.port))

    @property
    def port(self):
        if not hasattr(self, "_port"):
            with socket.create_server(("127.0.0.1", 0)) as server:
                self._port = server.getsockname()[1]
        return self._port

    def configure(self, text):
        (self.folder / "supervisord.conf").write_text(self.filled(BASE + text))

    def command(self, words, raw):
        options = [] if raw else ["-c", str(self.folder / "supervisord.conf")]
        return [str(self.client / "supervisorctl"), *options, *(self.filled(word) for word in words)]

    def state(self, process):
        command = [self.quick_client / "supervisorctl", "-c", self.folder / "supervisord.conf", "status", process]
        return subprocess.run(command, capture_output=True, text=True).stdout.split()[1:2]

    def masked(self, text):
        text = text.replace(str(self.folder), "DIR").replace(str(self.port), "PORT").replace("\r\n", "\n")
        text = text.replace(str(self.client), "BIN")
        for mask, word in MASKS:
            text = mask.sub(word, text)
        return text

    def observe(self, step):
        """Carries out a step; None for those that print nothing."""
        if isinstance(step, Config):
            return self.configure(step.text)
        if isinstance(step, Daemon):
            return self.daemon_step(step.what)
        if isinstance(step, Until):
            return until(step.what, lambda: step.holds(self))
        if isinstance(step, Terminal):
            return self.in_terminal(step)
        if isinstance(step, Follow):
            return self.follow(step)
        if isinstance(step, Script):
            return self.ended(self.start(step.words, step.raw, stdin=subprocess.PIPE), self.filled(step.lines))
        return self.ended(self.start(step.words, step.raw))

    def start(self, words, raw, stdin=subprocess.DEVNULL):
        return subprocess.Popen(self.command(words, raw), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                cwd=self.folder, env=self.environment, text=True, errors="replace")

    def ended(self, process, lines=None):
        try:
            text, _ = process.communicate(lines, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            text = process.communicate()[0] + "[did not end]\n"
        return Observation(self.masked(text), process.returncode)

    def follow(self, step):
        """Runs a command until it has printed something, does something, and interrupts it."""
        process, text = self.start(step.words, raw=False), ""
        for wanted, deed in step.turns:
            end = time.monotonic() + PATIENCE
            while wanted not in text and time.monotonic() < end:
                if select.select([process.stdout], [], [], 0.1)[0]:
                    piece = os.read(process.stdout.fileno(), 65536).decode(errors="replace")
                    if not piece:
                        break
                    text += piece
            deed(self)
        # Python's client, interrupted at work, says something else each time.
        until("the client waits for more", lambda: waits(process.pid))
        process.send_signal(signal.SIGINT)
        rest = self.ended(process)
        return Observation(self.masked(text) + rest.text, rest.status)

    def in_terminal(self, step):
        """A person at a terminal: waits for a text, types, and so on."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            command = self.command(step.words, raw=False)
            os.execve(command[0], command, self.environment)
        text, seen, turns, end = "", 0, list(step.turns), time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if turns and turns[0][0] in text[seen:]:
                seen = text.index(turns[0][0], seen) + len(turns[0][0])
                os.write(terminal, self.filled(turns.pop(0)[1]).encode())
                continue
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    piece = os.read(terminal, 65536)
                except OSError:
                    break
                if not piece:
                    break
                text += piece.decode(errors="replace")
        if turns:
            text += f"\n[{turns[0][0]!r} never came]\n"
            os.kill(pid, signal.SIGKILL)
        os.close(terminal)
        return Observation(self.masked(text), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    def daemon_step(self, what):
        if what == "start":
            log = open(self.folder / "output", "ab")
            command = [str(self.daemon / "supervisord"), "-c", str(self.folder / "supervisord.conf")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, env=self.environment)
            until("the daemon listens", lambda: os.path.exists(self.folder / "s.sock") and self.accepts())
        elif what == "stop":
            self.process.terminate()
            self.process.wait(PATIENCE)
        elif what == "wait for the end":
            self.process.wait(PATIENCE)
        elif what == "kill":
            self.process.kill()
            self.process.wait(PATIENCE)
        else:
            raise ValueError(what)

    def accepts(self):
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.folder / "s.sock")) == 0

    def close(self):
        """Ends what is left, by what it was started with: the folder is in nobody else's environment."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        mark = b"HOME=" + str(self.folder).encode() + b"\0"
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and int(entry.name) != os.getpid() and mark in (entry / "environ").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)


def waits(pid):
    """Whether a process has done nothing for a while."""
    def work():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return fields[0], fields[11:13]
    before = work()
    time.sleep(0.2)
    return before == work() and before[0] == "S"


def until(what, holds):
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"timed out waiting: {what}")
        time.sleep(0.02)


def hold(name, daemon, client, quick_client):
    """One dialogue in one world: an observation for each step, None for those that print nothing."""
    steps = DIALOGUES[name]
    with tempfile.TemporaryDirectory(prefix="ctl-") as folder:
        world = World(daemon, client, quick_client, pathlib.Path(folder))
        seen = []
        try:
            for step in steps:
                seen.append(world.observe(step))
        except TimeoutError as error:
            output = pathlib.Path(folder, "output")
            seen.append(Observation(f"{error}\n{output.read_text() if output.exists() else ''}", -1))
        finally:
            world.close()
        return seen + [None] * (len(steps) - len(seen))


def without_python(observation):
    """What F20 takes away: where in Python it happened, and the second line about refused credentials."""
    refused = r"(?m)^(Server requires authentication\n)error: <class 'xmlrpc.client.ProtocolError'>.*\n"
    text = re.sub(refused, r"\1", observation.text)
    return Observation(re.sub(r"(?m)^error: .*$", "error: …", text), observation.status)


def sorted_lines(observation):
    """Python's daemon answers a stop of several in the order in which it happened to reap them."""
    return Observation("\n".join(sorted(observation.text.splitlines())), observation.status)


def agree(step, right, candidate, own):
    if right is None or candidate is None:
        return right == candidate
    if own and step.is_help and step.row is None:
        return candidate.text.startswith(right.text) and candidate.status == right.status
    if own:
        right, candidate = without_python(right), without_python(candidate)
    if step.stops_several:
        right, candidate = sorted_lines(right), sorted_lines(candidate)
    return right == candidate


def amiss(step, status, right, candidate):
    """What must not be even where a row says that something else is printed; None when there is nothing."""
    if right is None or candidate is None:
        return "the dialogue has ended before"
    wanted = right.status if status is None else status
    if candidate.status != wanted:
        return f"status {candidate.status} instead of {wanted}"
    bad = [words for words in ("[did not end]", " never came]", "panicked", "Traceback") if words in candidate.text]
    if bad:
        return f"{bad[0]!r} in it"
    return None if step.says in candidate.text else f"no {step.says!r} in it"


def judge(name, right, foreign, own):
    """Texts that say what is wrong, and how many lines were compared."""
    wrong, count = [], 0
    for step, *seen in zip(DIALOGUES[name], right, foreign, own):
        for who, row, status, candidate in [
                (FOREIGN, step.daemon_row, step.daemon_status, seen[1]), (OWN, step.row, step.status, seen[2])]:
            if seen[0] is None and candidate is None:
                continue
            count += 1
            agrees = agree(step, seen[0], candidate, who == OWN)
            reason = amiss(step, status, seen[0], candidate) if row and not agrees else None
            if agrees == (row is None) and not reason:
                continue
            if agrees:
                wrong.append(f"{name}: {step}: {who} no longer differs, take the row out of it")
            elif reason:
                wrong.append(f"{name}: {step}: {who} differs by {row}, but {reason}:\n{candidate}")
            else:
                lines = difflib.ndiff(*(str(one).splitlines() for one in (seen[0], candidate)))
                wrong.append("\n    ".join([f"{name}: {step}: {who} against our daemon:", *lines]))
    return wrong, count


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    # Where a shell has started this in the background, clients would inherit SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ours, part = pathlib.Path(sys.argv[1]).resolve(), "".join(sys.argv[2:])
    worlds = [(ORIGINAL, ORIGINAL, ours), (ours, ORIGINAL, ours), (ours, ours, ours)]
    passed = failed = 0
    names = [name for name in DIALOGUES if part in name]
    if not names:
        sys.exit(f"no dialogue has {part!r} in its name")
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        held = {name: [pool.submit(hold, name, *world) for world in worlds] for name in names}
        for name, dialogues in held.items():
            wrong, count = judge(name, *(dialogue.result() for dialogue in dialogues))
            if wrong:
                # Where a Ctrl-C finds the original client is chance, and decides what it says.
                print(f"{name} is a surprise, and is held once more:", *wrong, sep="\n", flush=True)
                wrong, count = judge(name, *(hold(name, *world) for world in worlds))
            print(f"{'FAIL' if wrong else 'ok  '} {name}: {count - len(wrong)}/{count}", *wrong, sep="\n", flush=True)
            passed, failed = passed + count - len(wrong), failed + len(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
