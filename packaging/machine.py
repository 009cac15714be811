"""A fresh Debian with systemd as its first process, for the tests of packages: a root of its own, laid over one that is
made once, booted in namespaces, and gone without a trace at the end. It has no network."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASE = ROOT / "target/root-bookworm"
PACKAGES = "systemd,systemd-sysv,dbus,procps,supervisor"
TOOLS = ("mmdebstrap", "systemd-nspawn", "nsenter")

# Seconds that a boot or a step may take on a slow machine.
PATIENCE = 120


def not_tested(reason):
    """Skips a test, and tells ./check why."""
    if path := os.environ.get("SUPERVISOR_UNTESTED"):
        with open(path, "a", encoding="utf-8") as told:
            told.write(f"{reason}\n")
    raise unittest.SkipTest(reason)


def require(*tools):
    """Skips a test where one of these programs is not installed."""
    lacking = [tool for tool in tools if not shutil.which(tool)]
    if lacking:
        not_tested(f"packages for Debian: {', '.join(lacking)} not installed")


def make_base():
    """The root with Debian's own packages, supervisor in Python among them. Takes minutes the first time."""
    if not (BASE / "usr/bin/supervisord").exists():
        shutil.rmtree(BASE, ignore_errors=True)
        half = BASE.with_suffix(".new")
        shutil.rmtree(half, ignore_errors=True)
        made = subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", "bookworm", half],
                              check=False, text=True, stderr=subprocess.PIPE)
        if made.returncode != 0:
            not_tested(f"upgrade of a machine: mmdebstrap cannot make one: {made.stderr[-200:]!r}")
        half.rename(BASE)


def until(what, probe):
    """Waits until the probe says something."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.1)


class Machine:
    """One that has booted."""

    def __init__(self):
        require(*TOOLS)
        if os.geteuid() != 0:
            not_tested("upgrade of a machine: only root may boot one")
        make_base()
        self.folder = Path(tempfile.mkdtemp(prefix="supervisor-machine-"))
        self.root = self.folder / "root"
        upper, work = self.folder / "upper", self.folder / "work"
        for folder in (self.root, upper, work):
            folder.mkdir()
        options = f"lowerdir={BASE},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, self.root], check=True)
        self.console = open(self.folder / "console", "w", encoding="utf-8")
        self.nspawn = None

    def boot(self):
        words = ["systemd-nspawn", "--directory", self.root, "--register=no", "--keep-unit", "--private-network",
                 "--machine", f"supervisor-{os.getpid()}", "--boot"]
        self.nspawn = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.console, stderr=self.console)
        until("systemd runs", self.leader)
        until("it has booted", lambda: self.run("systemctl", "is-system-running")[1].strip() in ("running", "degraded"))

    def leader(self):
        """The pid of its first process, as the outside sees it."""
        if self.nspawn.poll() is not None:
            not_tested(f"upgrade of a machine: none can be booted: {Path(self.console.name).read_text()[-200:]!r}")
        for pid in Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split():
            if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                return pid
        return ""

    def run(self, *words):
        """Status and output of a command inside."""
        within = ["nsenter", "-t", self.leader(), "-m", "-u", "-i", "-p", "-n", "-C", "-r", "-w", "env", "-i",
                  "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"]
        done = subprocess.run([*within, *map(str, words)], text=True, stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def must(self, *words):
        """As run, of a command that has to go well."""
        status, said = self.run(*words)
        if status != 0:
            raise AssertionError(f"{words} ended with {status}: {said}")
        return said

    def state(self, program):
        """The state of a program, as supervisorctl has it."""
        found = re.search(rf"^{re.escape(program)} +([A-Z]+)", self.run("supervisorctl", "status", program)[1], re.M)
        return found.group(1) if found else ""

    def wait_for(self, program, state):
        until(f"{program} is {state}", lambda: self.state(program) == state)

    def end(self):
        """Nothing of it is left."""
        if self.nspawn and self.nspawn.poll() is None:
            self.nspawn.send_signal(signal.SIGTERM)
            try:
                self.nspawn.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        self.console.close()
        subprocess.run(["umount", "-l", self.root], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
