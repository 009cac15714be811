"""Groups that come, go and change while the daemon runs: reloadConfig, add, remove, update, and what listeners hear."""
LISTENER = """
[eventlistener:dump]
command={py} {dir}/dump.py {dir}/events.txt
events=PROCESS_GROUP,SUPERVISOR_STATE_CHANGE,PROCESS_STATE_STOPPED
startsecs=0
"""
DUMP = """
import sys
out = open(sys.argv[1], 'a', buffering=1)
while True:
    sys.stdout.write('READY\\n'); sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        break
    headers = dict(x.split(':', 1) for x in line.split())
    data = sys.stdin.read(int(headers['len']))
    out.write(headers['eventname'] + ' | ' + data.replace('\\n', '\\\\n') + '\\n')
    sys.stdout.write('RESULT 2\\nOK'); sys.stdout.flush()
"""
BASE = LISTENER + """
[program:keep]
command=/bin/sleep 1000
startsecs=0
[program:change]
command=/bin/sleep 1000
startsecs=0
[program:gone]
command=/bin/sleep 1000
startsecs=0
[program:many]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)02d
numprocs=2
startsecs=0
"""


def begin(d):
    d.write("dump.py", DUMP)
    d.start()
    d.wait_state("keep", "RUNNING")
    d.wait_state("dump", "RUNNING")


def rewrite(d, *changes):
    text = d.conf_path.read_text()
    for old, new in changes:
        assert d.fill(old) in text, old
        text = text.replace(d.fill(old), d.fill(new))
    d.conf_path.write_text(text)


CHANGES = (
    ("[program:change]\ncommand=/bin/sleep 1000", "[program:change]\ncommand=/bin/sleep 2000"),
    ("[program:gone]\ncommand=/bin/sleep 1000\nstartsecs=0\n", ""),
    ("numprocs=2", "numprocs=3"),
)


@scenario(conf=BASE)
def reread_and_update_by_rpc(d):
    begin(d)
    d.call("supervisor.reloadConfig", label="nothing changed")
    rewrite(d, *CHANGES)
    d.add_conf("[program:new]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    d.call("supervisor.reloadConfig", label="everything changed")
    d.call("supervisor.reloadConfig", label="and once more")
    d.call("supervisor.removeProcessGroup", "gone")
    d.call("supervisor.stopProcessGroup", "gone")
    d.call("supervisor.removeProcessGroup", "gone")
    d.call("supervisor.removeProcessGroup", "gone")
    d.call("supervisor.addProcessGroup", "gone")
    d.call("supervisor.addProcessGroup", "keep")
    d.call("supervisor.addProcessGroup", "new")
    d.wait_state("new", "RUNNING")
    d.call("supervisor.stopProcessGroup", "many")
    d.call("supervisor.removeProcessGroup", "many")
    d.call("supervisor.addProcessGroup", "many")
    d.wait_state("many:many_02", "RUNNING")
    d.note("processes", [[p["group"], p["name"], p["statename"]] for p in d.rpc("supervisor.getAllProcessInfo")[1]])
    d.call("supervisor.reloadConfig", label="change is left")
    d.until(lambda: "groupname:new" in (d.text("events.txt") or ""))
    d.note("events", [line for line in (d.text("events.txt") or "").splitlines() if "GROUP" in line])
    d.note("log", d.log_lines("removed", "added", "update", "reread"))


@scenario(conf=BASE)
def update_by_the_client(d):
    begin(d)
    d.ctl("update")
    rewrite(d, *CHANGES)
    d.ctl("reread")
    d.ctl("avail")
    d.ctl("update", "nosuch")
    d.ctl("update", "change")
    d.ctl("update", "gone", "many")
    d.add_conf("[program:new]\ncommand=/bin/sleep 1000\nstartsecs=0\n")
    d.ctl("update", "all")
    d.ctl("add", "keep", "nosuch")
    d.ctl("remove", "keep")
    d.ctl("stop", "keep")
    d.ctl("remove", "keep", "nosuch")
    d.ctl("add", "keep")
    d.wait_state("keep", "RUNNING")
    d.note("processes", [[p["group"], p["name"], p["statename"]] for p in d.rpc("supervisor.getAllProcessInfo")[1]])


@scenario(conf=BASE)
def broken_configuration(d):
    begin(d)
    good = d.conf_path.read_text()
    for label, bad in (("no command", "[program:bad]\nstartsecs=1\n"), ("bad number", "[program:bad]\ncommand=x\nstartsecs=two\n"),
                       ("bad numprocs", "[program:bad]\ncommand=x\nnumprocs=2\n"),
                       ("bad group", "[group:g]\nprograms=nosuch\n"), ("bad event", "[eventlistener:e]\ncommand=x\nevents=NOPE\n"),
                       ("bad expansion", "[program:bad]\ncommand=%(nosuch)s\n")):
        d.conf_path.write_text(good + bad)
        d.call("supervisor.reloadConfig", label=label)
        d.ctl("reread", label=f"ctl reread, {label}")
    d.conf_path.write_text(good)
    d.call("supervisor.reloadConfig", label="good again")
    d.call("supervisor.getState")


@scenario(conf=BASE)
def groups_of_programs(d):
    d.add_conf("""
[program:x]
command=/bin/sleep 1000
startsecs=0
[program:y]
command=/bin/sleep 1000
startsecs=0
priority=5
[group:g]
programs=x,y
priority=1
[program:z]
command=/bin/sleep 1000
startsecs=0
process_name=%(group_name)s-%(program_name)s-%(process_num)d
numprocs=2
numprocs_start=7
[group:h]
programs=z
""")
    begin(d)
    d.wait_state("h:h-z-8", "RUNNING")
    d.note("processes", [[p["group"], p["name"], p["statename"]] for p in d.rpc("supervisor.getAllProcessInfo")[1]])
    d.call("supervisor.getProcessInfo", "x", label="a member by its own name")
    d.call("supervisor.stopProcessGroup", "g")
    d.call("supervisor.startProcessGroup", "g")
    d.call("supervisor.stopProcess", "h:*")
    d.call("supervisor.startProcess", "h:*", False)
    d.call("supervisor.startProcess", "h:", False)
    d.call("supervisor.startProcess", "h:h-z-7", False)
    d.ctl("status", "g:*")
    in_any_order(d.ctl("restart", "g:x", "h:*"))
    in_any_order(d.ctl("stop", "g:*", "nosuch:*", "keep"))
    d.ctl("start", "g:nosuch", "g:x")
    d.note("config", sorted((c["group"], c["name"], c["group_prio"], c["process_prio"], c["inuse"]) for c in
                            d.rpc("supervisor.getAllConfigInfo")[1]))


def in_any_order(printed):
    """Processes that are stopped together end in the order that the kernel likes."""
    printed["out"] = sorted(printed["out"].splitlines())
