"""In the foreground, as containers start it: main log and programs on standard output, devices as logs, quiet ones."""
import re

REST = """
[unix_http_server]
file={dir}/s.sock
chmod=0700
username=dummy
password=dummy
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{dir}/s.sock
username=dummy
password=dummy
[program:web]
command=/bin/sh -c "trap 'echo web bye; exit 0' TERM; echo web out; while [ ! -e {dir}/go ]; do sleep 0.05; done; echo web err >&2; while :; do sleep 0.05; done"
stdout_logfile=/dev/stdout
stdout_logfile_maxbytes=0
stderr_logfile=/dev/stderr
stderr_logfile_maxbytes=0
startsecs=0
[program:job]
command=/bin/sh -c "echo job out; exec sleep 1000"
stdout_logfile=/dev/fd/1
stdout_logfile_maxbytes=0
redirect_stderr=true
startsecs=0
autostart=false
[program:quiet]
command=/bin/sleep 1000
stdout_logfile=/dev/null
stderr_logfile=/dev/null
startsecs=0
autostart=false
"""


def in_a_container(d):
    def ask(method, *arguments):
        return d.rpc(f"supervisor.{method}", *arguments, user="dummy", password="dummy")

    def shown():
        return d.text("stdout.txt") or ""
    d.start(wait=False)
    d.until(lambda: ask("getState")[0] == "ok", 15)
    d.until(lambda: "web out" in shown() and ask("getProcessInfo", "web")[1]["statename"] == "RUNNING")
    (d.dir / "go").touch()
    d.until(lambda: "web err" in shown())
    d.note("job", ask("startProcess", "job"))
    d.until(lambda: "job out" in shown())
    d.note("quiet", ask("startProcess", "quiet"))
    for name in ("web", "job", "quiet"):
        info = ask("getProcessInfo", name)[1]
        d.note(f"logs of {name}", [info["stdout_logfile"], info["stderr_logfile"]])
    d.note("log of quiet", ask("readProcessStdoutLog", "quiet", 0, 0))
    d.note("end of quiet", ask("tailProcessStdoutLog", "quiet", 0, 100))
    d.note("main log can be read", ask("readLog", 0, 0)[0])
    d.ctl("stop", "web")
    d.until(lambda: "web bye" in shown())
    d.ctl("shutdown")
    d.note("exit", d.proc.wait(20))
    # Whether quiet or job has ended before the next is asked to is not the same everywhere, nor who tells first.
    d.note("shown", sorted({re.sub(r"^\d{4}-\S+ \S+ ", "", line) for line in shown().splitlines() if "waiting" not in line}))
    d.note("log", sorted({line for line in d.log_lines("") if "waiting" not in line}))


HEAD = "[supervisord]\nnodaemon=true\npidfile={dir}/p.pid\nchildlogdir={dir}\nuser=root\n"


@scenario(conf=HEAD + "logfile=/dev/null\nlogfile_maxbytes=0\n" + REST)
def no_main_log(d):
    in_a_container(d)


@scenario(conf=HEAD + "logfile=/dev/stdout\nlogfile_maxbytes=0\n" + REST)
def main_log_on_standard_output(d):
    in_a_container(d)


@scenario(conf=HEAD + "logfile=/dev/fd/1\nlogfile_maxbytes=0\nsilent=true\n" + REST)
def silent_and_yet_on_standard_output(d):
    in_a_container(d)


@scenario(conf=HEAD + "logfile={dir}/supervisord.log\nlogfile_maxbytes=0\nlogfile_backups=0\nsilent=true\nloglevel=warn\n" + REST)
def silent_with_warnings(d):
    in_a_container(d)


@scenario(conf=HEAD + "logfile={dir}/supervisord.log\nloglevel=error\n" + REST)
def errors_alone(d):
    in_a_container(d)
