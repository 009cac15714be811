#!/usr/bin/env python3
"""call.py METHOD [ARGUMENT…]: calls a method of the supervisord of this folder and prints its result, or its fault.

An argument that is JSON is taken as such (10, true, [1, 2]), any other as a text.
"""
import json
import os
import sys
import xmlrpc.client

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../python"))
from supervisor_listener import getRPCInterface


def argument(word):
    try:
        return json.loads(word)
    except ValueError:
        return word


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    server = getRPCInterface({"SUPERVISOR_SERVER_URL": "unix://%s/run/supervisor.sock" % HERE})
    try:
        print(getattr(server, sys.argv[1])(*map(argument, sys.argv[2:])))
    except xmlrpc.client.Fault as fault:
        sys.exit("fault %d: %s" % (fault.faultCode, fault.faultString))
