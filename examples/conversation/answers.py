#!/usr/bin/env python3
"""An event listener that answers programs, and passes on to them what clients say.

A message of a program is a PROCESS_COMMUNICATION event, one of a client (`sendRemoteCommEvent`) a REMOTE_COMMUNICATION
event; `sendProcessStdin` is the way to the program.
"""
import os
import sys
import xmlrpc.client

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../python"))
from supervisor_listener import eventdata, getRPCInterface, listener

supervisor = getRPCInterface(os.environ).supervisor


def tell(process, text):
    try:
        supervisor.sendProcessStdin(process, text + "\n")
    except xmlrpc.client.Fault as fault:
        # It may have ended meanwhile; the event would only come again.
        print("%s did not hear it: %s" % (process, fault.faultString), file=sys.stderr, flush=True)


def answer(question):
    verb, *numbers = question.split()
    if verb != "multiply" or len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
        return "what do you mean?"
    return "%s times %s is %d" % (*numbers, int(numbers[0]) * int(numbers[1]))


while True:
    headers, payload = listener.wait()
    tokens, data = eventdata(payload)
    if headers["eventname"].startswith("PROCESS_COMMUNICATION"):
        tell("%s:%s" % (tokens["groupname"], tokens["processname"]), answer(data))
    elif tokens["type"] == "say":
        tell("asks", data)
    listener.ok()
