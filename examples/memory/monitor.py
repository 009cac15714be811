#!/usr/bin/env python3
"""monitor.py NAME=SIZE…: an event listener that restarts processes that take more memory than they may.

NAME is `process` or `group:process`, SIZE a number of bytes, or of KB, MB, GB. What is measured is the resident memory
of the process itself. superlance's `memmon` does more, and runs here too.
"""
import os
import sys
import xmlrpc.client

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../python"))
from supervisor_listener import getRPCInterface, listener

UNITS = {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}


def size(text):
    unit = UNITS.get(text[-2:].upper())
    return int(text[:-2]) * unit if unit else int(text)


def resident_bytes(pid):
    """Of a process that has ended meanwhile: nothing."""
    try:
        with open("/proc/%d/statm" % pid) as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (FileNotFoundError, ProcessLookupError):
        return 0


def look(supervisor, limits):
    for info in supervisor.getAllProcessInfo():
        name = "%s:%s" % (info["group"], info["name"])
        limit = limits.get(name, limits.get(info["name"]))
        used = resident_bytes(info["pid"]) if info["pid"] and limit else 0
        if not limit or used <= limit:
            continue
        # stdout is the protocol of listeners; stderr is free.
        print("%s takes %d MB, it may take %d: restarting it" % (name, used >> 20, limit >> 20), file=sys.stderr,
              flush=True)
        try:
            supervisor.stopProcess(name)
            supervisor.startProcess(name)
        except xmlrpc.client.Fault as fault:
            # Somebody else may have stopped it; the next look is in five seconds.
            print("%s was not restarted: %s" % (name, fault.faultString), file=sys.stderr, flush=True)


def main(words):
    limits = {name: size(text) for name, text in (word.split("=") for word in words)}
    supervisor = getRPCInterface(os.environ).supervisor
    while True:
        listener.wait()
        look(supervisor, limits)
        listener.ok()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
