"""What comes before what: programs that start by themselves or by a client, and AUTO logs of groups that come back."""
THREE = """
[program:b]
command=/bin/sleep 1000
startsecs=0
[program:a]
command=/bin/sleep 1000
startsecs=0
[program:z]
command=/bin/sleep 1000
startsecs=0
process_name=%(program_name)s%(process_num)d
numprocs=2
priority=1
[program:by_hand]
command=/bin/sleep 1000
startsecs=0
autostart=false
process_name=%(program_name)s%(process_num)d
numprocs=2
"""
LISTENER = """
[eventlistener:dump]
command={py} {dir}/dump.py {dir}/events.txt
events=PROCESS_STATE_STARTING,PROCESS_STATE_RUNNING,PROCESS_GROUP
buffer_size=100
startsecs=0
"""
DUMP = """
import sys
out = open(sys.argv[1], 'a', buffering=1)
while True:
    sys.stdout.write('READY\\n'); sys.stdout.flush()
    headers = dict(x.split(':', 1) for x in sys.stdin.readline().split())
    data = sys.stdin.read(int(headers['len']))
    out.write(headers['eventname'] + ' ' + data.split(' ')[0].strip() + '\\n')
    sys.stdout.write('RESULT 2\\nOK'); sys.stdout.flush()
"""


@scenario(conf=THREE + LISTENER)
def all_are_starting_before_one_is_running(d):
    d.write("dump.py", DUMP)
    d.start()
    d.until(lambda: "RUNNING processname:b" in (d.text("events.txt") or ""))
    d.note("events", (d.text("events.txt") or "").splitlines())
    d.note("log", [line.split(",")[0] for line in d.log_lines("spawned", "success")])
    d.rpc("supervisor.startProcessGroup", "by_hand")
    d.until(lambda: "RUNNING processname:by_hand1" in (d.text("events.txt") or ""))
    d.note("by hand", [line for line in (d.text("events.txt") or "").splitlines() if "hand" in line and "GROUP" not in line])
    d.note("log by hand", [line.split(",")[0] for line in d.log_lines("by_hand")])


@scenario(conf="""
[program:many]
command=/bin/sleep 1000
startsecs=0
process_name=%(program_name)s%(process_num)02d
numprocs=40
""")
def so_it_is_with_many(d):
    d.start()
    d.until(lambda: d.log().count("success: many") >= 40, 20)
    d.note("log", [line.split(",")[0] for line in d.log_lines("spawned", "success")])


@scenario(conf="""
[program:missing_program]
command={dir}/nobody_may_run_this
startretries=0
startsecs=30
[program:missing_folder]
command=/bin/sleep 1000
directory={dir}/nosuch
startretries=0
startsecs=30
[program:not_a_program]
command={dir}/text
startretries=0
startsecs=30
""")
def the_main_log_of_programs_that_cannot_be_executed(d):
    d.write("nobody_may_run_this", "#!/no/such/interpreter\n")
    d.write("text", "just text\n")
    d.start()
    for name in ("missing_program", "missing_folder", "not_a_program"):
        d.wait_state(name, "FATAL")
        d.until(lambda: "gave up: " + name in d.log())
        d.note(name, [line for line in d.log_lines(name)])
        d.call("supervisor.readProcessStderrLog", name, 0, 0)


@scenario(conf="""
[program:auto]
command=/bin/sh -c "echo hello; exec sleep 1000"
startsecs=0
""")
def auto_logs_of_a_group_that_comes_back(d):
    def logs():
        return sorted(p.name for p in d.dir.iterdir() if p.name.startswith("auto-stdout"))

    def text():
        return d.rpc("supervisor.readProcessStdoutLog", "auto", 0, 0)[1]
    d.start()
    d.until(lambda: "hello" in text())
    for reread in (False, True):
        before = logs()
        d.rpc("supervisor.stopProcess", "auto")
        d.call("supervisor.removeProcessGroup", "auto")
        path = d.rpc("supervisor.getAllConfigInfo")[1][0]["stdout_logfile"]
        d.note("path of what was removed", path if path == "auto" else "a path")
        if reread:
            d.call("supervisor.reloadConfig")
        d.call("supervisor.addProcessGroup", "auto")
        d.until(lambda: text().count("hello") == (1 if reread else 2))
        d.note("text", text())
        d.note("more logs than before", len(logs()) - len(before))


SERVERS = """
[supervisord]
logfile={dir}/supervisord.log
pidfile={dir}/supervisord.pid
childlogdir={dir}
identifier=conform
directory=/usr
umask=077
[unix_http_server]
file={dir}/s.sock
[inet_http_server]
port=127.0.0.1:{port}
username=user
password=password
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{dir}/s.sock
[fcgi-program:f]
command=/bin/sleep 1000
socket=unix://{dir}/f.sock
autostart=false
[include]
files={dir}/included.conf {dir}/nosuch/*.conf
"""


@scenario(conf=SERVERS)
def a_start_in_the_foreground(d):
    d.write("included.conf", "[program:included]\ncommand=/bin/sleep 1000\nautostart=false\n")
    d.start()
    d.until(lambda: "started with pid" in d.log())
    d.note("log", d.log_lines(""))
    d.note("modes", [oct((d.dir / name).stat().st_mode & 0o777) for name in ("supervisord.log", "supervisord.pid", "s.sock")])


@scenario(conf=SERVERS)
def a_start_in_the_background(d):
    import os
    import signal
    d.write("included.conf", "")
    d.note("command", d.run_daemon("-c", str(d.conf_path)))
    d.until(lambda: d.rpc("supervisor.getState")[0] == "ok", 15)
    pid = d.rpc("supervisor.getPID")[1]
    try:
        d.until(lambda: "started with pid" in d.log())
        d.note("log", d.log_lines(""))
        d.note("folder", os.readlink(f"/proc/{pid}/cwd"))
        d.note("descriptors", [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)])
        d.note("modes", [oct((d.dir / name).stat().st_mode & 0o777) for name in ("supervisord.log", "supervisord.pid", "s.sock")])
        d.note("a second one", d.run_daemon("-c", str(d.conf_path)))
        d.ctl("shutdown")
        d.until(lambda: not os.path.exists(f"/proc/{pid}"), 15)
        d.note("left behind", [(d.dir / name).exists() for name in ("supervisord.pid", "s.sock")])
    finally:
        if os.path.exists(f"/proc/{pid}"):
            os.kill(pid, signal.SIGKILL)
