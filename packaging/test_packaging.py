"""The artefacts, made from ready binaries: equal twice over, and what they bring is what runs.

The binaries are those of the folder SUPERVISOR_BIN, target/debug unless set; the wheel is installed without any network.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import wheel  # noqa: E402

ROOT = wheel.ROOT
BINARIES = Path(os.environ.get("SUPERVISOR_BIN", ROOT / "target/debug")).resolve()
TARGET = f"{os.uname().machine}-unknown-linux-gnu"
TAG = f"linux_{os.uname().machine}"


def run(*words, **options):
    """What a command prints; one that fails fails the test."""
    words = [str(word) for word in words]
    done = subprocess.run(words, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    if done.returncode != 0:
        raise AssertionError(f"{words} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def files_below(folder):
    """All files but those that Python compiles for itself."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")


class Artefacts(unittest.TestCase):
    """Each test has a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="supervisor-packaging-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.version = run(BINARIES / "supervisord", "--version").strip()

    def wheel(self, out):
        return wheel.make(self.version, BINARIES, TAG, self.folder / out)

    def tarball(self, out):
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1600000000"}
        script = ROOT / "packaging/tarball.sh"
        return Path(run(script, self.version, BINARIES, TARGET, self.folder / out, env=environment).strip())

    def test_two_wheels_are_equal(self):
        self.assertEqual(digest(self.wheel("one")), digest(self.wheel("two")))

    def test_two_tarballs_are_equal(self):
        self.assertEqual(digest(self.tarball("one")), digest(self.tarball("two")))

    def test_the_wheel_brings_four_commands_that_run_and_leaves_nothing(self):
        environment = self.folder / "venv"
        venv.create(environment, with_pip=True)
        before = files_below(environment)
        python = environment / "bin/python"
        quiet = ("--quiet", "--disable-pip-version-check")
        run(python, "-m", "pip", "install", *quiet, "--no-index", "--no-deps", self.wheel("out"))
        for command in wheel.COMMANDS:
            self.assertEqual(digest(environment / "bin" / command), digest(BINARIES / command))
        self.assertEqual(run(environment / "bin/supervisord", "--version"), f"{self.version}\n")
        self.assertEqual(run(environment / "bin/supervisorctl", "--version"), f"{self.version}\n")
        self.assertIn("[supervisord]", run(environment / "bin/echo_supervisord_conf"))
        pidfile = self.folder / "pid"
        pid = run(environment / "bin/pidproxy", pidfile, "/bin/sh", "-c", f"echo $$ >{pidfile}; echo ran")
        self.assertEqual(pid, "ran\n")
        run(python, "-c", "import supervisor_listener")
        run(python, "-m", "pip", "check", *quiet)
        run(python, "-m", "pip", "uninstall", *quiet, "--yes", "supervisor-rs")
        self.assertEqual(files_below(environment), before)

    def test_the_wheel_says_what_it_is(self):
        metadata = dict((name, data.decode()) for name, data, _ in wheel.files(self.version, BINARIES, "a_1.b_2")
                        if name.endswith(("METADATA", "WHEEL")))
        info = f"supervisor_rs-{self.version}.dist-info"
        self.assertIn(f"\nName: supervisor-rs\nVersion: {self.version}\n", metadata[f"{info}/METADATA"])
        self.assertTrue(metadata[f"{info}/WHEEL"].endswith("Tag: py3-none-a_1\nTag: py3-none-b_2\n"))

    def test_the_tarball_brings_commands_pages_and_completions(self):
        path = self.tarball("out")
        name = f"supervisord-{self.version}-{TARGET}"
        self.assertEqual(path.name, f"{name}.tar.gz")
        with tarfile.open(path) as archive:
            entries = {entry.name: entry for entry in archive.getmembers()}
        self.assertEqual({(entry.uid, entry.gid, entry.mtime) for entry in entries.values()}, {(0, 0, 1600000000)})
        for command in wheel.COMMANDS:
            entry = entries[f"{name}/{command}"]
            self.assertEqual((entry.mode, entry.size), (0o755, (BINARIES / command).stat().st_size))
        for file in ("LICENSE-MIT", "README.md", "supervisord.service", "man/supervisord.8", "man/supervisorctl.1",
                     "man/supervisord.conf.5", "completions/supervisorctl.bash"):
            self.assertGreater(entries[f"{name}/{file}"].size, 0)


if __name__ == "__main__":
    unittest.main()
