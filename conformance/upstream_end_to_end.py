#!/usr/bin/env python3
"""Runs the end-to-end tests that ship with Supervisor 4.3.0 against our binaries.

    conformance/upstream_end_to_end.py target/release
    conformance/upstream_end_to_end.py target/release test_issue_1231a …

The tests start `python -m supervisor.supervisord` and the like. Here sys.executable is a script that starts ours
instead; everything else is as upstream wrote it. Nothing of it is part of this repository: the source distribution and
pexpect come from the package index, once, into target/upstream.
"""
import os
import pathlib
import subprocess
import sys
import unittest

RELEASE = "supervisor-4.3.0"
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "target/upstream"

STAND_IN = """#!/bin/sh
# What upstream's tests take for the Python interpreter.
case "$1 $2" in
    '-m supervisor.'*) name=${{2#supervisor.}}; shift 2; exec '{binaries}'/"$name" "$@" ;;
    '-c from supervisor import confecho'*) exec '{binaries}/echo_supervisord_conf' ;;
    *) exec '{python}' "$@" ;;
esac
"""


# The one program of upstream's configuration files that is not in the source distribution: what its test waits for.
HELLO = """for number in 1 2 3 4 5; do
    echo "The Øresund bridge ends in Malmö - $number"
    sleep 1
done
"""


def pip(*words):
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words], check=True)


def fetch():
    """Upstream's tests and what they need, unless they are there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (FOLDER / RELEASE).is_dir():
        pip("download", "--no-binary", ":all:", "--no-deps", "--dest", str(FOLDER), RELEASE.replace("-", "=="))
        subprocess.run(["tar", "-xf", f"{RELEASE}.tar.gz"], cwd=FOLDER, check=True)
    if not (FOLDER / "lib").is_dir():
        pip("install", "--target", str(FOLDER / "lib"), "pexpect==4.9.0")


def put_in_our_place(binaries):
    """Makes the stand-in, and a `python` for the programs in upstream's configuration files."""
    tools = FOLDER / "bin"
    tools.mkdir(exist_ok=True)
    python = sys.executable
    stand_in = tools / "stand-in"
    stand_in.write_text(STAND_IN.format(binaries=binaries, python=python))
    stand_in.chmod(0o755)
    (tools / "python").unlink(missing_ok=True)
    (tools / "python").symlink_to(python)
    (FOLDER / RELEASE / "supervisor/tests/fixtures/hello.sh").write_text(HELLO)
    os.environ["PATH"] = f"{tools}:{os.environ['PATH']}"
    os.environ["END_TO_END"] = "1"
    # Another supervisord that starts with the same identifier cleans the common folder of AUTO logs.
    temporary = FOLDER / "tmp"
    temporary.mkdir(exist_ok=True)
    os.environ["TMPDIR"] = str(temporary)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.executable = str(stand_in)
    sys.path[:0] = [str(FOLDER / RELEASE), str(FOLDER / "lib")]
    os.chdir(FOLDER)  # upstream's configuration files leave their logs in the current directory


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    fetch()
    put_in_our_place(pathlib.Path(sys.argv[1]).resolve())
    from supervisor.tests import test_end_to_end

    if wanted := sys.argv[2:]:
        suite = unittest.TestSuite(test_end_to_end.EndToEndTests(name) for name in wanted)
    else:
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(test_end_to_end.EndToEndTests)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
