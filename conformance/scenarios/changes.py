"""What counts as a change: a configuration that differs in one thing, and what a reread says of it."""
FILE = """
[program:p]
command=/bin/sleep 1000
startsecs=0
environment=A="1"
stdout_logfile={dir}/p.log
[program:q]
command=/bin/sleep 1000
startsecs=0
numprocs=2
process_name=%(program_name)s%(process_num)d
[group:g]
programs=r
[program:r]
command=/bin/sleep 1000
startsecs=0
[fcgi-program:f]
command=/bin/sleep 1000
socket=unix://{dir}/f.sock
startsecs=0
[eventlistener:l]
command=/bin/cat
events=TICK_3600
startsecs=0
autorestart=false
"""
COMMAND = "[program:p]\ncommand=/bin/sleep 1000"


def added(line):
    return COMMAND, f"{COMMAND}\n{line}"


OPTIONS = ("user=root", "umask=022", "directory=/", "autorestart=true", "autorestart=unexpected", "autostart=false", "autostart=yes",
           "exitcodes=0,1", "exitcodes=0", "serverurl=http://x", "serverurl=AUTO", "startretries=9", "startretries=3", "stopsignal=INT",
           "stopsignal=15", "redirect_stderr=true", "stdout_syslog=true", "stdout_events_enabled=true",
           "stdout_capture_maxbytes=5", "stderr_logfile_maxbytes=5", "stdout_logfile_backups=5", "stderr_logfile=NONE",
           "killasgroup=true", "stopasgroup=true", "stopwaitsecs=3", "priority=3", "priority=999", "unknown_option=3")
CHANGES = {
    "command": (COMMAND, COMMAND + "1"),
    "environment": ('A="1"', 'A="2"'),
    "environment, quoted otherwise": ('A="1"', "A='1'"),
    "log": ("p.log", "p2.log"),
    "numprocs": ("numprocs=2", "numprocs=3"),
    "process_name": ("s%(process_num)d", "s-%(process_num)d"),
    "a program goes into a group": ("programs=r", "programs=r,p"),
    "a program is in two groups": ("[group:g]", "[group:a]\nprograms=p\n[group:g]"),
    "programs of many": ("programs=r", "programs=r,q"),
    "priority of a group": ("programs=r", "programs=r\npriority=3"),
    "a group is gone": ("[group:g]\nprograms=r\n", ""),
    "socket": ("f.sock", "f2.sock"),
    "events": ("TICK_3600", "TICK_60"),
    "buffer_size": ("TICK_3600", "TICK_3600\nbuffer_size=20"),
    "priority of a pool": ("TICK_3600", "TICK_3600\npriority=20"),
    "one more": ("[group:g]", "[program:new]\ncommand=/bin/true\n[group:g]"),
    "one less": ("[program:p]", "[nothing:p]"),
    "another name": ("[program:p]", "[program:P]"),
    "another kind": ("[program:p]\n", "[fcgi-program:p]\nsocket=tcp://localhost:1\n"),
    "environment of all": ("identifier=conform", "identifier=conform\nenvironment=Z=1"),
    "identifier": ("identifier=conform", "identifier=other"),
    "a comment": (COMMAND, COMMAND + " ; a comment"),
    **{option: added(option) for option in OPTIONS},
}


@scenario(conf=FILE)
def one_by_one(d):
    d.start()
    d.wait_state("p", "RUNNING")
    good = d.conf_path.read_text()
    for label, change in CHANGES.items():
        old, new = (d.fill(text) for text in change)
        assert old in good, label
        d.conf_path.write_text(good.replace(old, new))
        d.call("supervisor.reloadConfig", label=label)
        d.ctl("reread", label=f"ctl reread, {label}")
        d.conf_path.write_text(good)
        d.rpc("supervisor.reloadConfig")
    d.call("supervisor.getIdentification")


@scenario(conf=FILE)
def groups_go_and_come_back(d):
    d.start()
    names = ("p", "q:q0", "q:q1", "g:r", "f", "l")
    for name in names:
        d.wait_state(name, "RUNNING")
    # The Python release loses a signal that comes before the exec; a second later nothing is that young.
    d.until(lambda: d.rpc("supervisor.getProcessInfo", "l")[1]["now"] > d.rpc("supervisor.getProcessInfo", "l")[1]["start"] + 1)
    groups = ("p", "q", "g", "f", "l")
    for group in (*groups, "r", "P", ""):
        d.call("supervisor.addProcessGroup", group)
        d.call("supervisor.removeProcessGroup", group)
    for group in groups:
        d.call("supervisor.stopProcessGroup", group)
        d.call("supervisor.removeProcessGroup", group)
        for method in ("startProcess", "startProcessGroup", "getProcessInfo", "clearProcessLogs"):
            d.call(f"supervisor.{method}", group)
    d.call("supervisor.getAllProcessInfo")
    d.ctl("avail")
    d.ctl("status")
    d.ctl("reread")
    for group in reversed(groups):
        d.call("supervisor.addProcessGroup", group)
    for name in names:
        d.wait_state(name, "RUNNING")
    d.note("processes", [[p["group"], p["name"], p["statename"]] for p in d.rpc("supervisor.getAllProcessInfo")[1]])
