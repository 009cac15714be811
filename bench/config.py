#!/usr/bin/env python3
"""Reading a large configuration: ours beside the Python release, in turns, on the same file.

    cargo build --release -p supervisor-config --example dump_config
    target/python/bin/python bench/config.py target/release/examples/dump_config [--programs 5000] [--rounds 5]

Run it with a Python that has supervisor 4.3.0. The file has ten lines for each program. A process of either side
starts, reads the file and ends; ours also prints what it has read, into /dev/null. Told are the medians of wall time
and peak memory, and their ratios, which are what may be compared between machines.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAM = """[program:p{n}]
command=/bin/sleep %(program_name)s --number {n} ; a comment
directory=/tmp
priority={priority}
autorestart=unexpected
startsecs=3
stdout_logfile=%(here)s/%(program_name)s.log
stdout_logfile_maxbytes=10MB
environment=NUMBER="{n}",NAME="%(program_name)s",FROM=%(ENV_HOME)s

"""

PYTHON = """
import sys
from supervisor.options import ServerOptions
options = ServerOptions()
options.realize(["-c", sys.argv[1]], doc="", progname="p")
assert len(options.process_group_configs) == int(sys.argv[2])
"""


def run(command, feed):
    """Seconds and peak KiB of one process."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    child.stdin.write(feed)
    child.stdin.close()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command[0]} ended with {child.returncode}")
    return time.monotonic() - begin, usage.ru_maxrss


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--programs", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-config-") as folder:
        path = os.path.join(folder, "supervisord.conf")
        text = "[supervisord]\n" + "".join(PROGRAM.format(n=n, priority=n % 100) for n in range(arguments.programs))
        pathlib.Path(path).write_text(text)
        sides = {
            "Supervisor 4.3.0": ([sys.executable, "-W", "ignore", "-c", PYTHON, path, str(arguments.programs)], b""),
            "ours": ([str(arguments.program.resolve())], f"{path}\n".encode()),
        }
        taken = {side: [] for side in sides}
        for _ in range(arguments.rounds):
            for side, (command, feed) in sides.items():
                taken[side].append(run(command, feed))
        print(f"{text.count(chr(10))} lines, {arguments.programs} programs, {arguments.rounds} rounds in turns")
        medians = {side: [statistics.median(column) for column in zip(*rows)] for side, rows in taken.items()}
        for side, (seconds, memory) in medians.items():
            print(f"{side:17} {seconds * 1000:9.1f} ms {memory / 1024:8.1f} MiB")
        (their_time, their_memory), (our_time, our_memory) = medians.values()
        print(f"ratio             {their_time / our_time:9.1f}    {their_memory / our_memory:8.1f}")


if __name__ == "__main__":
    main()
