#!/usr/bin/env python3
"""scale.py N: there are N instances of a worker in the group `workers`, whatever there were before.

Those that are missing are added with twiddler.addProgramToGroup and start by themselves; those beyond N are stopped and
taken out of the group. Run it twice, and the second time changes nothing.
"""
import http.client
import pathlib
import socket
import sys
import xmlrpc.client

SOCKET = pathlib.Path(__file__).resolve().parent / "run/supervisor.sock"
GROUP = "workers"
PROGRAM = {
    "command": "sh -c 'echo instance $SUPERVISOR_PROCESS_NAME; exec sleep 1000000'",
    "startsecs": "0",
    "autorestart": "true",
}


class UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over the unix socket, with nothing but Python's own library."""

    def make_connection(self, host):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(SOCKET))
        return connection


def scale(server, wanted):
    instances = {info["name"]: info for info in server.supervisor.getAllProcessInfo() if info["group"] == GROUP}
    for number in range(wanted):
        name = f"worker-{number}"
        if name not in instances:
            server.twiddler.addProgramToGroup(GROUP, name, PROGRAM)
            print(f"{GROUP}:{name}: added")
    for name in sorted(instances):
        if name.startswith("worker-") and int(name.removeprefix("worker-")) >= wanted:
            if instances[name]["statename"] in ("STARTING", "RUNNING", "BACKOFF"):
                server.supervisor.stopProcess(f"{GROUP}:{name}")
            server.twiddler.removeProcessFromGroup(GROUP, name)
            print(f"{GROUP}:{name}: removed")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit(__doc__)
    scale(xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=UnixTransport()), int(sys.argv[1]))
