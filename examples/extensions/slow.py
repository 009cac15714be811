#!/usr/bin/env python3
"""A namespace with a method that takes its time, in Python: `wait(seconds)` answers when they are over, and holds up
nobody meanwhile. It ends early when whoever called has gone."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../python"))
from supervisor_extension import Extension, Fault

extension = Extension()


@extension.method
def wait(seconds: float) -> str:
    """Waits so many seconds, and says so."""
    if seconds < 0:
        raise Fault(3, "BAD_ARGUMENTS: seconds begin at 0")
    if extension.cancelled.wait(seconds):
        raise Fault(30, "FAILED: nobody waits any more")
    return "waited %g s" % seconds


@extension.method
def ping() -> str:
    """Answers at once."""
    return "pong at %s" % time.strftime("%H:%M:%S")


extension.run()
