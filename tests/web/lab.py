#!/usr/bin/env python3
"""A supervisord with real programs behind it, for tests and screenshots of its pages.

    tests/web/lab.py FOLDER/supervisord [FOLDER-FOR-FILES]

Prints the address of its pages once everything is in the state that it is to show, and ends when its standard input
does. The programs are shells: one prints what a web server would, others fail in each way there is.
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

WEB = r"""
n=0
while :; do
    n=$((n + 1))
    printf '\033[90m[%s]\033[0m \033[32mINFO \033[0m accepted 10.0.4.18 \033[36mGET\033[0m /v2/orders?since=%s \033[32m200\033[0m 14 ms\n' $$ $n
    case $n in
        *3) printf '\033[90m[%s]\033[0m \033[33mWARN \033[0m pool orders: 18 of 20 connections are in use\n' $$ ;;
        *7) printf '\033[90m[%s]\033[0m \033[1;31mERROR\033[0m upstream inventory: timeout after 2 s\n' $$
            printf '        at reserve (src/inventory.rs:118)\n        at place_order (src/orders.rs:74)\n' ;;
        *8) printf '{"level":"info","msg":"order placed","order":%s,"items":3}\n' $n ;;
        *9) printf 'migrate: 10 %%\rmigrate: 60 %%\rmigrate: 100 %%\n' ;;
    esac
    [ $n -lt 40 ] || sleep 5
done
"""

CONFIG = """
[supervisord]
identifier=app-01
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
nodaemon=true

[inet_http_server]
port=127.0.0.1:{port}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[program:cron]
command=/bin/sleep 100000

[program:db-proxy]
command=/bin/sleep 100000
environment=DATABASE_URL="postgres://secret",RUST_LOG="info"

[program:inbound]
command=/bin/sleep 100000
[program:outbound]
command=/bin/sleep 100000
[program:queue]
command=/bin/sh -c 'echo "dial tcp 10.0.3.7:5672: connect: connection refused" >&2; exit 1'
startretries=20
[group:mail]
programs=inbound,outbound,queue

[program:nginx]
command=/bin/sleep 100000

[program:api]
command=/bin/sleep 100000
[program:webhook]
command=/bin/sh -c 'echo "config: /etc/payments/webhook.toml:14: unknown key retry_polcy" >&2; exit 78'
startretries=0
[group:payments]
programs=api,webhook

[program:hourly]
command=/bin/sh -c 'sleep 1.1; exit 0'
autorestart=false
[program:nightly]
command=/bin/sh -c 'echo "03:16:58 aggregating 2026-11, 71 %%"; sleep 1.2; kill -KILL $$'
autorestart=false
[group:report]
programs=hourly,nightly

[program:search]
command=/bin/sleep 100000
autostart=false

[program:web]
command=/bin/sh {folder}/web.sh
process_name=%(program_name)s_%(process_num)02d
numprocs=4

[program:worker]
command=/bin/sleep 100000
process_name=%(program_name)s_%(process_num)02d
numprocs=8
"""


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def states(address):
    with urllib.request.urlopen(address + "api/v1/processes", timeout=10) as answer:
        return {it["name"]: it["state"] for it in json.load(answer)["processes"]}


def has_settled(address):
    try:
        found = states(address)
    except OSError:
        return False
    wanted = {"payments:webhook": "FATAL", "report:nightly": "EXITED", "report:hourly": "EXITED", "cron": "RUNNING"}
    return all(found.get(name) == state for name, state in wanted.items())


def main():
    binary = sys.argv[1]
    given = sys.argv[2] if len(sys.argv) > 2 else None
    folder = pathlib.Path(given or tempfile.mkdtemp(prefix="supervisor-web-"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "web.sh").write_text(WEB)
    port = free_port()
    config = folder / "supervisord.conf"
    config.write_text(CONFIG.format(folder=folder, port=port))
    output = (folder / "output").open("w")
    daemon = subprocess.Popen([binary, "-n", "-c", str(config)], stdout=output, stderr=output)
    address = f"http://127.0.0.1:{port}/"
    try:
        deadline = time.monotonic() + 60
        while not has_settled(address):
            if daemon.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"the daemon has not come up, see {folder}")
            time.sleep(0.05)
        print(json.dumps({"address": address, "pid": daemon.pid, "config": str(config)}), flush=True)
        sys.stdin.read()
    finally:
        daemon.terminate()
        daemon.wait()
        if given is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
