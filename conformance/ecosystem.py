#!/usr/bin/env python3
"""Runs software that others wrote for the Python release against our binaries, unmodified.

    conformance/ecosystem.py target/release            superlance, scripts that use supervisor.childutils, clients, plug-ins
    conformance/ecosystem.py target/release memmon     only the scenarios whose name contains this

superlance, plug-ins and the library of the Python release are installed below target/ by their ordinary package client; the
daemon and the supervisorctl beside it are ours. The scenarios are no part of this repository: they lie beside it, in
../shared/eco; without them there is nothing to run, which is said. ECOSYSTEM_VENV names another virtual environment,
LAB_JOBS how many scenarios run at a time (2).
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parents[1]
LAB = ROOT.parent / "shared/eco"
VENV = pathlib.Path(os.environ.get("ECOSYSTEM_VENV", ROOT / "target/ecosystem"))

PACKAGES = [
    "supervisor==4.3.0", "superlance==2.0.0", "setuptools<81", "psutil", "pytest", "pytest-timeout", "pytest-xdist",
    # Plug-ins: of supervisorctl, of supervisord, result handlers.
    "supervisor-wildcards==0.1.3", "supervisor-serialrestart==0.1.1", "supervisord-nagios==0.1.2",
    "supervisor_cache==1.1.0", "supervisor_twiddler==1.0.0", "mr.laforge==0.9",
    "supervisor-stdlog==0.7.9", "supervisor-console==0.5.2",
]

# superguard has the command names of superlance and would need an environment of its own. Of the clients those that
# need Python's library and the Python release alone; third_party.py has clients of other languages.
SCENARIOS = (
    "((test_superlance or test_childutils) and not superguard) or (test_supervisorctl.py and not test_same_words)"
    " or test_transports or credentials or test_whole_supervisor_namespace or test_protocol_corners or test_log_window"
    " or test_deferred_start or _like_sequence or test_web_pages"
)

# Plug-ins in Python of supervisord: those that are built in, those of others, and one of the lab.
PLUGINS = "(test_rpcinterfaces or test_own_namespace or test_result_handlers) and not vr_agent"

# Plug-ins of supervisorctl, with ours in the place of Python's; supervisor-quick cannot be built without a shim.
CTL_PLUGINS = "test_ctlplugins and not quick"

# The namespaces that are built in, once more as plug-ins from PyPI.
PYTHON_NAMESPACES = "test_rpcinterfaces and (Twiddler or Cache or three_plugins)"

SUMMARY = re.compile(r"(\d+) (passed|failed|errors?|skipped)")


def install():
    """The virtual environment; one that is there is left as it is."""
    finished = VENV / "installed"
    wanted = "\n".join(PACKAGES)
    if (finished.exists() and finished.read_text() == wanted) or "ECOSYSTEM_VENV" in os.environ:
        return
    venv.create(VENV, clear=True, with_pip=True)
    subprocess.run([VENV / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)
    finished.write_text(wanted)


def run(binaries, part):
    """Runs the scenarios. Returns what pytest counted: passed, failed, skipped."""
    of_others = run_marked(binaries, part, SCENARIOS, "not pyplugin and not oracle_only")
    plugins = run_marked(binaries, part, PLUGINS, "not oracle_only")
    commands = run_marked(binaries, part, CTL_PLUGINS, "not oracle_only", "-p", "lab_with_our_client")
    hosted = run_marked(binaries, part, PYTHON_NAMESPACES, "not oracle_only", "-p", "lab_with_python_namespaces")
    return [sum(outcomes) for outcomes in zip(of_others, plugins, commands, hosted)]


def run_marked(binaries, part, scenarios, marks, *more):
    environment = {
        **os.environ,
        "LAB_VENV": str(VENV),
        "LAB_HOME": str(VENV.parent),
        "LAB_JOBS": os.environ.get("LAB_JOBS", "2"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT / "conformance"),
    }
    names = f"({part}) and ({scenarios})" if part else scenarios
    command = [
        VENV / "bin/python", LAB / "lab.py",
        "--supervisord", binaries / "supervisord", "--supervisorctl", binaries / "supervisorctl", "--",
        "-m", marks, "-k", names, "-p", "no:cacheprovider", *more,
    ]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    last = ""
    for line in process.stdout:
        print(line, end="", flush=True)
        last = line if SUMMARY.search(line) else last
    counts = {"passed": 0, "failed": 0, "error": 0, "skipped": 0}
    for number, what in SUMMARY.findall(last):
        counts[what.rstrip("s")] += int(number)
    failed = counts["failed"] + counts["error"]
    # 5: of these, `part` names none.
    if process.wait() not in (0, 5) and failed == 0:
        failed = 1
    return counts["passed"], failed, counts["skipped"]


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    if not LAB.exists():
        print(f"{LAB} is not there: nothing to run")
        return 0
    install()
    # Where a shell has started this in the background, clients would inherit SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    passed, failed, skipped = run(pathlib.Path(sys.argv[1]).resolve(), "".join(sys.argv[2:]))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
