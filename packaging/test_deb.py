"""The packages for Debian: equal twice over, without a complaint of lintian; and an upgrade from Debian's package in
Python on a machine that has booted, with two programs and a listener in conf.d.

The binaries are those of the folder SUPERVISOR_BIN, target/debug unless set; they go in without debug information.
"""

import hashlib
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import machine
from test_packaging import BINARIES, ROOT, run
from wheel import COMMANDS

PROGRAMS = """\
[program:one]
command=/bin/sleep 100000

[program:two]
command=/bin/sh -c "while :; do echo two; sleep 1; done"
stopasgroup=true

[eventlistener:hears]
command=/usr/bin/python3 /root/hears.py
events=TICK_5
"""
LISTENER = """\
from supervisor import childutils
while True:
    childutils.listener.wait()
    childutils.listener.ok()
"""
BROKEN = "[program:three]\ncommand=/bin/cat\nautorestart=perhaps\n"


def packages(out):
    """Both packages, from stripped copies of the binaries."""
    machine.require("dh", "dpkg-buildpackage", "lintian", "strip")
    stripped = Path(out, "bin")
    stripped.mkdir(parents=True)
    for command in COMMANDS:
        run("strip", "-o", stripped / command, BINARIES / command)
    version = run(BINARIES / "supervisord", "--version").strip()
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1600000000"}
    ours = run(ROOT / "packaging/deb.sh", version, stripped, out, env=environment).strip()
    library = run(ROOT / "packaging/python3-supervisor.sh", out).strip()
    return Path(ours), Path(library)


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="supervisor-deb-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.ours, cls.library = packages(Path(cls.folder.name, "one"))

    def test_two_are_equal(self):
        again = packages(Path(self.folder.name, "two"))
        for first, second in zip((self.ours, self.library), again):
            self.assertEqual(hashlib.sha256(first.read_bytes()).hexdigest(),
                             hashlib.sha256(second.read_bytes()).hexdigest(), first.name)

    def test_lintian_has_nothing_to_say(self):
        self.assertEqual(run("lintian", "--allow-root", "--fail-on", "error,warning", self.ours), "")

    def test_the_configuration_is_no_file_of_the_package(self):
        inside = run("dpkg-deb", "--contents", self.ours)
        self.assertNotIn("/etc/supervisor/supervisord.conf", inside)
        self.assertNotIn("/etc/logrotate.d", inside)
        for file in ("lib/systemd/system/supervisor.service", "etc/init.d/supervisor", "usr/bin/pidproxy",
                     "usr/share/man/man5/supervisord.conf.5.gz", "usr/share/man/man1/pidproxy.1.gz",
                     "usr/share/bash-completion/completions/supervisorctl",
                     "usr/share/zsh/vendor-completions/_supervisorctl",
                     "usr/share/fish/vendor_completions.d/supervisorctl.fish"):
            self.assertIn(f"./{file}\n", inside)

    def test_what_a_fresh_machine_gets_passes_the_check(self):
        text = (ROOT / "packaging/debian/supervisord.conf").read_text()
        here = text.replace("/var/log/supervisor", self.folder.name).replace("/var/run", self.folder.name)
        path = Path(self.folder.name, "supervisord.conf")
        path.write_text(here)
        run(BINARIES / "supervisord", "--check", "-c", path)


class Upgrade(unittest.TestCase):
    """One machine for the whole story, since each step is what the next one finds."""

    def setUp(self):
        self.machine = machine.Machine()
        self.addCleanup(self.machine.end)
        folder = tempfile.TemporaryDirectory(prefix="supervisor-deb-")
        self.addCleanup(folder.cleanup)
        for package in packages(Path(folder.name, "packages")):
            shutil.copy(package, self.machine.root / "root" / f"{package.name.split('_')[0]}.deb")
        etc = self.machine.root / "etc/supervisor"
        (etc / "conf.d/ours.conf").write_text(PROGRAMS)
        (self.machine.root / "root/hears.py").write_text(LISTENER)
        changed = (etc / "supervisord.conf").read_text().replace("chmod=0700", "chmod=0770")
        (etc / "supervisord.conf").write_text(changed)
        self.configuration = changed
        self.machine.boot()

    def configured(self):
        return self.machine.must("cat", "/etc/supervisor/supervisord.conf")

    def pid(self):
        return self.machine.must("supervisorctl", "pid").strip()

    def install(self):
        return self.machine.must("dpkg", "--install", "/root/supervisor.deb")

    def test_from_python_to_here_and_away(self):
        inside = self.machine
        for program in ("one", "two", "hears"):
            inside.wait_for(program, "RUNNING")
        self.assertTrue(inside.must("supervisorctl", "version").startswith("4."))
        self.from_python()
        self.into_a_broken_file()
        self.purged()

    def from_python(self):
        """Ours takes over: no question, the user's file as it was, programs up; a listener needs its library."""
        inside = self.machine
        self.install()
        self.assertEqual(inside.must("supervisorctl", "version"), "5.0.0\n")
        for program in ("one", "two"):
            inside.wait_for(program, "RUNNING")
        self.assertIn("chmod=0770", self.configuration)
        self.assertEqual(self.configured(), self.configuration)
        self.assertEqual(inside.must("systemctl", "is-enabled", "supervisor"), "enabled\n")
        self.assertEqual(inside.must("systemctl", "is-active", "supervisor"), "active\n")
        inside.must("dpkg", "--install", "/root/python3-supervisor.deb")
        inside.run("supervisorctl", "start", "hears")
        inside.wait_for("hears", "RUNNING")

    def into_a_broken_file(self):
        """What --check refuses restarts nothing; mended, the next one does."""
        inside = self.machine
        before, programs = self.pid(), inside.must("supervisorctl", "pid", "one")
        (inside.root / "etc/supervisor/conf.d/broken.conf").write_text(BROKEN)
        said = self.install()
        self.assertIn("supervisor: not restarted, the former version goes on", said)
        self.assertIn("autorestart=perhaps", said)
        self.assertEqual((self.pid(), inside.must("supervisorctl", "pid", "one")), (before, programs))
        status, _ = inside.run("systemctl", "reload", "supervisor")
        self.assertNotEqual(status, 0, "a reload of a broken file is told")
        self.assertEqual(self.pid(), before)
        inside.must("rm", "/etc/supervisor/conf.d/broken.conf")
        self.install()
        self.assertNotEqual(self.pid(), before)
        inside.wait_for("one", "RUNNING")

    def purged(self):
        """Nothing runs, nothing is left but what is the user's."""
        inside = self.machine
        inside.must("dpkg", "--purge", "supervisor")
        self.assertNotEqual(inside.run("pgrep", "-x", "supervisord")[0], 0)
        self.assertNotEqual(inside.run("pgrep", "-f", "sleep 100000")[0], 0)
        self.assertEqual(inside.run("ls", "/etc/supervisor", "/etc/supervisor/conf.d")[1],
                         "/etc/supervisor:\nconf.d\n\n/etc/supervisor/conf.d:\nours.conf\n")
        self.assertNotEqual(inside.run("ls", "/var/log/supervisor")[0], 0)


if __name__ == "__main__":
    unittest.main()
