#!/usr/bin/env python3
"""Runs as many workers as there is work for them, in Python.

The load is the number of files in a spool folder: jobs that wait. Every five seconds, and at once for a call of
`queue.scale()`, it is measured, and workers are added to a running group or taken out until there is one for each so
many jobs. No file is written, and nothing but the group is touched: `update` makes it again what the file says.

    [rpcinterface:queue]
    command=%(here)s/autoscaler.py
    allow=sup.group, sup.parse_program, sup.add_process, sup.remove_process, sup.log, sup.notify, sup.subscribe,
        supervisor.stopProcess
    spool=/var/spool/jobs
    group=workers
    worker=/usr/bin/worker
    jobs_per_worker=10
    max=8
"""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../python"))
from supervisor_extension import Extension, Fault

extension = Extension()
extension.event_type("QUEUE_DEPTH")
# Two at a time would both see what is missing, and both add it.
one_at_a_time = threading.Lock()


@extension.method
def depth() -> int:
    """How many jobs wait."""
    return sum(not name.startswith(".") for name in os.listdir(extension.config["spool"]))


@extension.method
def scale() -> int:
    """Measures now, adds or removes workers, and says how many there are."""
    config, supervisor = extension.config, extension.supervisor
    with one_at_a_time:
        jobs, there = depth(), workers()
        wanted = min(-(-jobs // int(config["jobs_per_worker"])), int(config["max"]))
        if wanted == len(there):
            return wanted
        supervisor.log("info", "%d jobs wait: from %d to %d workers" % (jobs, len(there), wanted))
        tell("depth:%d workers:%d" % (jobs, wanted))
        for number in range(len(there), wanted):
            supervisor.add_program(config["group"], "worker-%d" % number,
                                   {"command": config["worker"], "autorestart": "true"})
        for name in reversed(there[wanted:]):
            stop(name)
            supervisor.remove_process(config["group"], name)
        return wanted


def workers():
    """The workers of the group, numbered from 0 without a gap."""
    group = extension.supervisor.group(extension.config["group"])
    names = {config["name"] for config in group["configs"]}
    there = []
    while "worker-%d" % len(there) in names:
        there.append("worker-%d" % len(there))
    return there


def tell(payload):
    """Tells listeners; without a supervisord that takes such events it goes on without."""
    unknown_method = 1
    try:
        extension.supervisor.notify("QUEUE_DEPTH", payload)
    except Fault as fault:
        if fault.code != unknown_method:
            raise


def stop(name):
    not_running = 70
    try:
        extension.supervisor.call("supervisor.stopProcess", "%s:%s" % (extension.config["group"], name))
    except Fault as fault:
        if fault.code != not_running:
            raise


@extension.on_event("TICK_5")
def measure(event):
    """What cannot be done now is tried again with the next tick."""
    try:
        scale()
    except (Fault, OSError) as error:
        print("not scaled: %s" % error, file=sys.stderr, flush=True)


extension.run()
