"""Every command in every state, ends of all kinds, and what the main log says of them."""
import os
import signal
import time

STATES = """
[program:running]
command=/bin/sleep 1000
startsecs=0
[program:starting]
command=/bin/sleep 1000
startsecs=600
autostart=false
[program:backoff]
command=/bin/sh -c "exit 3"
startsecs=600
startretries=100
autostart=false
[program:fatal]
command=/bin/sh -c "exit 3"
startsecs=600
startretries=0
autostart=false
[program:exited]
command=/bin/sh -c "exit 3"
startsecs=0
autorestart=false
autostart=false
[program:stopped]
command=/bin/sleep 1000
startsecs=0
autostart=false
[program:stopping]
command=/bin/sh -c "trap '' TERM; echo up; while :; do sleep 0.1; done"
startsecs=0
stopwaitsecs=600
autostart=false
[program:missing]
command=/no/such/program
startretries=0
autostart=false
[program:forbidden]
command={dir}/forbidden
startretries=0
autostart=false
[group:pair]
programs=running,stopped
"""
NAMES = ("pair:running", "starting", "backoff", "fatal", "exited", "pair:stopped", "stopping", "missing", "forbidden")


def bring_into_states(d):
    d.write("forbidden", "#!/bin/sh\n", mode=0o644)
    d.start()
    d.wait_state("pair:running", "RUNNING")
    for name in ("starting", "backoff", "fatal", "exited", "stopping"):
        d.rpc("supervisor.startProcess", name, False)
    d.until(lambda: "up" in d.rpc("supervisor.readProcessStdoutLog", "stopping", 0, 0)[1])
    d.rpc("supervisor.stopProcess", "stopping", False)
    for name, state in (("starting", "STARTING"), ("backoff", "BACKOFF"), ("fatal", "FATAL"), ("exited", "EXITED"),
                        ("stopping", "STOPPING")):
        d.wait_state(name, state)


def free(d):
    """Nothing that waits 600 seconds is left to hold up the end."""
    for name in ("stopping",):
        info = d.rpc("supervisor.getProcessInfo", name)[1]
        if info["pid"]:
            os.kill(info["pid"], signal.SIGKILL)


@scenario(conf=STATES)
def signals_in_every_state(d):
    bring_into_states(d)
    for name in NAMES:
        d.call("supervisor.signalProcess", name, "CONT")
        d.call("supervisor.signalProcess", name, "18")
        d.call("supervisor.sendProcessStdin", name, "x")
    d.call("supervisor.signalProcessGroup", "pair", "CONT")
    d.call("supervisor.signalProcess", "pair:*", "SIGCONT")
    d.call("supervisor.signalAllProcesses", "CONT")
    d.call("supervisor.signalAllProcesses", "nonsense")
    free(d)


@scenario(conf=STATES)
def starts_in_every_state(d):
    bring_into_states(d)
    for name in NAMES:
        # The program of exited ends so soon that it depends on chance what the answer of 4.3.0 is (F29).
        if name not in ("pair:stopped", "exited"):
            d.call("supervisor.startProcess", name, False)
    d.call("supervisor.startProcess", "pair:stopped")
    d.call("supervisor.startProcessGroup", "pair")
    d.call("supervisor.startProcess", "pair:*")
    d.call("supervisor.startProcess", "missing")
    d.call("supervisor.startProcess", "forbidden")
    d.call("supervisor.startProcessGroup", "missing")
    free(d)


@scenario(conf=STATES)
def stops_in_every_state(d):
    bring_into_states(d)
    for name in NAMES:
        if name != "stopping":
            d.call("supervisor.stopProcess", name)
    for name in NAMES:
        info = d.rpc("supervisor.getProcessInfo", name)[1]
        d.note(name, [info["statename"], info["exitstatus"], info["spawnerr"], info["description"] if not info["pid"] and
               "AM" not in info["description"] and "PM" not in info["description"] else "time"])
    d.call("supervisor.stopProcessGroup", "pair")
    d.call("supervisor.stopProcessGroup", "fatal")
    d.note("log", [line for line in d.log_lines("stopped:", "exited:", "gave up", "FATAL") if "backoff" not in line])
    free(d)


@scenario(conf=STATES)
def infos_in_every_state(d):
    bring_into_states(d)
    for name in NAMES:
        info = d.rpc("supervisor.getProcessInfo", name)[1]
        for member in ("now", "start", "stop"):
            info[member] = bool(info[member])
        if "AM" in info["description"] or "PM" in info["description"]:
            info["description"] = "<when>"
        d.note(name, info)
    d.note("order", [[p["group"], p["name"]] for p in d.rpc("supervisor.getAllProcessInfo")[1]])
    d.ctl("status")
    d.ctl("status", "pair:*", "fatal")
    free(d)


@scenario(conf="""
[program:segv]
command=/bin/sh -c "sleep 1.2; ulimit -c 0; kill -SEGV $$"
startsecs=0
autorestart=false
[program:term]
command=/bin/sh -c "sleep 1.2; kill -TERM $$"
startsecs=0
autorestart=false
[program:usr1]
command=/bin/sh -c "sleep 1.2; kill -USR1 $$"
startsecs=0
autorestart=false
[program:rt]
command=/bin/sh -c "sleep 1.2; kill -40 $$"
startsecs=0
autorestart=false
[program:code200]
command=/bin/sh -c "sleep 1.2; exit 200"
startsecs=0
autorestart=unexpected
exitcodes=200
[program:code0unexpected]
command=/bin/sh -c "sleep 1.2; exit 0"
startsecs=0
autorestart=false
exitcodes=2
[program:early]
command=/bin/sh -c "exit 0"
startsecs=30
startretries=1
""")
def ends_of_all_kinds(d):
    d.start()
    names = ("segv", "term", "usr1", "rt", "code200", "code0unexpected")
    for name in names:
        d.wait_state(name, "EXITED")
    d.wait_state("early", "FATAL", timeout=15)
    for name in (*names, "early"):
        info = d.rpc("supervisor.getProcessInfo", name)[1]
        d.note(name, [info["statename"], info["exitstatus"], info["spawnerr"], info["pid"]])
        d.note(f"log of {name}", d.log_lines(f"'{name}'", f": {name} "))


@scenario(conf="""
[program:frozen]
command=/bin/sleep 1000
startsecs=0
stopwaitsecs=1
[program:group]
command=/bin/sh -c "sleep 4321 & echo $!; wait"
startsecs=0
killasgroup=true
stopwaitsecs=1
stopsignal=USR1
[program:hup]
command=/bin/sh -c "trap 'exit 9' HUP; echo up; while :; do sleep 0.05; done"
startsecs=0
stopsignal=HUP
[program:quit]
command=/bin/sh -c "trap 'exit 8' QUIT; echo up; while :; do sleep 0.05; done"
startsecs=0
stopsignal=QUIT
""")
def stopping_hard_ones(d):
    d.start()
    d.wait_state("frozen", "RUNNING")
    for name in ("hup", "quit", "group"):
        d.until(lambda: d.rpc("supervisor.readProcessStdoutLog", name, 0, 0)[1])
    frozen = d.rpc("supervisor.getProcessInfo", "frozen")[1]["pid"]
    os.kill(frozen, signal.SIGSTOP)
    d.until(lambda: open(f"/proc/{frozen}/stat").read().split()[2] == "T")
    child = int(d.rpc("supervisor.readProcessStdoutLog", "group", 0, 0)[1])
    for name in ("frozen", "hup", "quit", "group"):
        d.call("supervisor.stopProcess", name)
        info = d.rpc("supervisor.getProcessInfo", name)[1]
        d.note(f"{name} after", [info["statename"], info["exitstatus"], info["spawnerr"]])
        d.note(f"{name} log", [line for line in d.log_lines(f"{name} ", f"'{name}'") if "waiting for" not in line])
    d.until(lambda: not os.path.exists(f"/proc/{child}") or "Z" in open(f"/proc/{child}/stat").read().split()[2])
    d.note("the child of the group lives", os.path.exists(f"/proc/{child}") and
           open(f"/proc/{child}/stat").read().split()[2] != "Z")


@scenario(conf="""
[program:flaky]
command={dir}/flaky.sh
startsecs=1
startretries=5
""")
def a_start_that_succeeds_at_last(d):
    d.write("flaky.sh", "#!/bin/sh\necho x >> {dir}/tries\n[ $(wc -l < {dir}/tries) -ge 3 ] || exit 1\nexec sleep 1000\n")
    d.start()
    d.wait_state("flaky", "RUNNING", timeout=20)
    d.note("log", d.log_lines("flaky"))
    info = d.rpc("supervisor.getProcessInfo", "flaky")[1]
    d.note("info", [info["statename"], info["exitstatus"], info["spawnerr"]])
    d.call("supervisor.stopProcess", "flaky")
    d.call("supervisor.startProcess", "flaky")


@scenario(conf="""
[program:one]
command=/bin/sleep 1000
startsecs=0
""")
def signals_to_the_daemon(d):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        d.start()
        d.wait_state("one", "RUNNING")
        time.sleep(0.5)
        d.stop(number)
        d.note(f"{number.name} exit", d.proc.returncode)
        d.note(f"{number.name} pidfile left", (d.dir / "supervisord.pid").exists())
        d.note(f"{number.name} socket left", (d.dir / "s.sock").exists())
        d.note(f"{number.name} log", d.log_lines("received", "stopped", "waiting", "exit"))
        (d.dir / "supervisord.log").unlink()
    d.start()
    d.wait_state("one", "RUNNING")
    for number in (signal.SIGUSR1, signal.SIGWINCH, signal.SIGCONT, signal.SIGPIPE, signal.SIGALRM):
        if number in (signal.SIGUSR1, signal.SIGALRM):
            continue
        d.proc.send_signal(number)
    d.call("supervisor.getState")
    d.note("log of others", [line for line in d.log_lines("received", "SIG")])
