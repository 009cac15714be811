#!/usr/bin/env python3
"""tell.py TEXT: says something to the programs of this folder's supervisord; whoever listens to REMOTE_COMMUNICATION
events of the type `say` hears it."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../python"))
from supervisor_listener import getRPCInterface

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    server = getRPCInterface({"SUPERVISOR_SERVER_URL": "unix://%s/run/supervisor.sock" % HERE})
    server.supervisor.sendRemoteCommEvent("say", sys.argv[1])
