"""SIGHUP, reload and SIGUSR2 with everything that they renew, and configurations that are refused meanwhile."""
import re
import signal

CONF = """
[supervisord]
logfile={dir}/supervisord.log
pidfile={dir}/supervisord.pid
childlogdir={dir}
loglevel=info
identifier=conform
environment=X="1"
[unix_http_server]
file={dir}/s.sock
[supervisorctl]
serverurl=unix://{dir}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:p]
command=/bin/sh -c "trap 'exit 0' TERM; echo $X $Y; while :; do sleep 0.05; done"
startsecs=0
[program:q]
command=/bin/sh -c "exit 3"
startsecs=100
startretries=1
"""


def output(d, server=None):
    return d.rpc("supervisor.readProcessStdoutLog", "p", 0, 0, url=server)[1]


def up(d, times):
    """The Python release loses a signal that reaches a program before its exec, so what it says is waited for."""
    d.until(lambda: d.log().count("started with pid") >= times, 15)
    d.until(lambda: "\n" in output(d), 15)
    d.wait_state("q", "FATAL", timeout=15)


def auto_logs(d):
    return {path.name for path in d.dir.iterdir() if "---" in path.name}


@scenario(conf=CONF)
def everything_begins_anew(d):
    d.start()
    up(d, 1)
    before = auto_logs(d)
    d.proc.send_signal(signal.SIGHUP)
    up(d, 2)
    d.note("log", d.log_lines(""))
    d.note("AUTO logs that stay", len(before & auto_logs(d)))
    d.note("the same daemon", d.rpc("supervisor.getPID")[1] == d.proc.pid)


@scenario(conf=CONF)
def paths_and_names_change(d):
    d.start()
    up(d, 1)
    text = d.conf_path.read_text()
    for old, new in (("supervisord.log", "other.log"), ("supervisord.pid", "other.pid"), ('X="1"', 'Y="2"'), ("[program:q]", "[program:r]"),
                     ("identifier=conform", "identifier=second"), ("loglevel=info", "loglevel=warn"), ("s.sock", "t.sock")):
        text = text.replace(old, new)
    d.conf_path.write_text(text)
    d.proc.send_signal(signal.SIGHUP)
    server = f"unix://{d.dir}/t.sock"
    d.until(lambda: "\n" in output(d, server), 15)
    d.note("output", output(d, server))
    d.until(lambda: d.rpc("supervisor.getProcessInfo", "r", url=server)[1]["statename"] == "FATAL", 15)
    d.note("identifier", d.rpc("supervisor.getIdentification", url=server))
    d.note("end of the old log", d.log_lines("")[-3:])
    d.note("new log", [re.sub(r"^\S+ \S+ ", "", line) for line in (d.text("other.log") or "").splitlines()])
    d.note("old ones left", [(d.dir / name).exists() for name in ("supervisord.pid", "s.sock", "supervisord.log")])
    d.stop()
    d.note("exit", d.proc.returncode)
    d.note("new ones left", [(d.dir / name).exists() for name in ("other.pid", "t.sock", "other.log")])


@scenario(conf=CONF)
def logs_are_reopened(d):
    d.start()
    up(d, 1)
    auto = next(path for path in d.dir.iterdir() if path.name.startswith("p-stdout"))
    auto.rename(d.dir / "moved")
    (d.dir / "supervisord.log").rename(d.dir / "main.moved")
    d.proc.send_signal(signal.SIGUSR2)
    d.until(lambda: auto.exists() and (d.dir / "supervisord.log").exists())
    d.call("supervisor.stopProcess", "p")
    d.note("new main log", [line for line in d.log_lines("") if "waiting" not in line])
    d.note("old main log", [re.sub(r"^\S+ \S+ ", "", line) for line in d.text("main.moved").splitlines()][-2:])
    d.call("supervisor.readProcessStdoutLog", "p", 0, 0, label="new output")
    d.note("old output", d.text("moved"))


@scenario(conf=CONF)
def what_cannot_be_read_is_refused(d):
    d.start()
    up(d, 1)
    good = d.conf_path.read_text()
    for label, text in (("no command", good + "[program:x]\n"), ("no option", good + "nonsense\n"), ("no file", None)):
        if text is None:
            d.conf_path.unlink()
        else:
            d.conf_path.write_text(text)
        d.call("supervisor.reloadConfig", label=label)
        d.conf_path.write_text(good)
    d.call("supervisor.getState")
    d.call("supervisor.reloadConfig", label="good again")
