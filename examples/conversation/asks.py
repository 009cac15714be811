#!/usr/bin/env python3
"""An ordinary program that asks something and hears what others say. It needs no port, no file and nobody's address: what
it asks it prints, and what it hears comes on its stdin."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../python"))
from supervisor_listener import pcomm

pcomm.stdout("multiply 6 7")
for line in sys.stdin:
    print("asks has heard: %s" % line.rstrip("\n"), flush=True)
