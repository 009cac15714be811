"""Where output goes: files, none, both channels in one, devices, captures, and reading it back."""
import os
import signal


@scenario(conf="""
[program:both]
command=/bin/sh -c "echo out; echo err >&2; exec sleep 1000"
startsecs=0
redirect_stderr=true
stdout_logfile={dir}/both.log
[program:apart]
command=/bin/sh -c "echo out; echo err >&2; exec sleep 1000"
startsecs=0
stdout_logfile={dir}/apart.out
stderr_logfile={dir}/apart.err
[program:none]
command=/bin/sh -c "echo out; echo err >&2; exec sleep 1000"
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
[program:noneerr]
command=/bin/sh -c "echo out; echo err >&2; exec sleep 1000"
startsecs=0
stdout_logfile={dir}/noneerr.out
stderr_logfile=none
[program:shared]
command=/bin/sh -c "echo out; sleep 0.3; echo err >&2; exec sleep 1000"
startsecs=0
stdout_logfile={dir}/shared.log
stderr_logfile={dir}/shared.log
""")
def destinations(d):
    d.start()
    for name in ("both.log", "apart.err", "noneerr.out"):
        d.until(lambda: "err" in (d.text(name) or "") or name == "noneerr.out" and "out" in (d.text(name) or ""))
    d.until(lambda: "err" in (d.text("shared.log") or ""))
    d.note("files", sorted(p.name for p in d.dir.iterdir() if "log" in p.name or p.suffix in (".out", ".err")))
    for name in ("both.log", "apart.out", "apart.err", "noneerr.out", "shared.log"):
        d.note(name, d.text(name))
    for name in ("both", "apart", "none", "noneerr", "shared"):
        for channel in ("Stdout", "Stderr"):
            d.call(f"supervisor.readProcess{channel}Log", name, 0, 0)
            d.call(f"supervisor.tailProcess{channel}Log", name, 0, 100)
        info = d.rpc("supervisor.getProcessInfo", name)[1]
        d.note(f"{name} paths", [info["logfile"], info["stdout_logfile"], info["stderr_logfile"]])
        d.call("supervisor.clearProcessLogs", name)
    d.call("supervisor.clearAllProcessLogs")
    d.note("after clearing", [d.text("both.log"), d.text("apart.out"), d.text("apart.err")])


@scenario(conf="""
[program:null]
command=/bin/sh -c "echo out; echo err >&2; exec sleep 1000"
startsecs=0
stdout_logfile=/dev/null
stderr_logfile=/dev/null
stdout_logfile_maxbytes=0
stderr_logfile_maxbytes=0
""")
def devices(d):
    """To clear these logs makes 4.3.0 remove the device, if it may."""
    d.start()
    d.wait_state("null", "RUNNING")
    for channel in ("Stdout", "Stderr"):
        d.call(f"supervisor.readProcess{channel}Log", "null", 0, 0)
        d.call(f"supervisor.tailProcess{channel}Log", "null", 0, 100)
    d.ctl("tail", "null")


@scenario(conf="""
[program:cat]
command=/bin/cat
startsecs=0
stdout_logfile={dir}/cat.log
""")
def offsets_and_lengths(d):
    d.start()
    d.wait_state("cat", "RUNNING")
    d.call("supervisor.sendProcessStdin", "cat", "0123456789\nabcdefghij\n")
    d.until(lambda: "j\n" in (d.text("cat.log") or ""))
    for offset, length in ((0, 0), (0, 5), (5, 0), (5, 5), (-5, 0), (-5, 5), (-100, 0), (0, 100), (100, 0), (100, 5),
                           (0, -1), (22, 0), (21, 1), (-22, 0), (-23, 0), (1, -5)):
        d.call("supervisor.readProcessStdoutLog", "cat", offset, length)
        d.call("supervisor.tailProcessStdoutLog", "cat", offset, length)
    for offset, length in ((0, 10), (0, -1), (-10, 5), (-1, 1)):
        d.call("supervisor.readLog", offset, length, label=f"main log {offset} {length} kind") if offset > 0 else \
            d.note(f"main log {offset} {length}", d.rpc("supervisor.readLog", offset, length)[0])
    for name in ("nobody", "cat:nobody", "", ":", "cat:*", "*"):
        d.call("supervisor.readProcessStdoutLog", name, 0, 0)
        d.call("supervisor.tailProcessStderrLog", name, 0, 0)
        d.call("supervisor.clearProcessLogs", name)
    (d.dir / "cat.log").unlink()
    d.call("supervisor.readProcessStdoutLog", "cat", 0, 0)
    d.call("supervisor.tailProcessStdoutLog", "cat", 0, 10)
    d.call("supervisor.clearProcessLogs", "cat")
    (d.dir / "supervisord.log").unlink()
    d.call("supervisor.readLog", 0, 0)
    d.call("supervisor.clearLog")


@scenario(conf="""
[program:bytes]
command={py} -c "import os,time; os.write(1, bytes([0xff,0xfe,0x41,0x0a,0xc3,0xa9,0x0a,0xe2,0x82,0xac])); time.sleep(1000)"
startsecs=0
stdout_logfile={dir}/bytes.log
[program:long]
command={py} -c "import sys,time; sys.stdout.write('x'*300000+'END'); sys.stdout.flush(); time.sleep(1000)"
startsecs=0
stdout_logfile={dir}/long.log
""")
def any_bytes(d):
    d.start()
    d.until(lambda: (d.dir / "bytes.log").stat().st_size == 10)
    d.until(lambda: (d.dir / "long.log").stat().st_size == 300003)
    d.note("file", (d.dir / "bytes.log").read_bytes().hex())
    d.note("tail of the long one", d.rpc("supervisor.tailProcessStdoutLog", "long", 0, 10))
    d.note("length of the long one", len(d.rpc("supervisor.readProcessStdoutLog", "long", 0, 0)[1]))
    d.note("last of the long one", d.rpc("supervisor.readProcessStdoutLog", "long", -5, 0))


@scenario(conf="""
[program:reopen]
command=/bin/sh -c "while :; do echo line; sleep 0.05; done"
startsecs=0
stdout_logfile={dir}/reopen.log
""")
def moved_and_reopened(d):
    d.start()
    d.until(lambda: "line" in (d.text("reopen.log") or ""))
    (d.dir / "reopen.log").rename(d.dir / "moved.log")
    d.until(lambda: (d.text("moved.log") or "").count("line") > 3)
    d.note("not reopened by itself", (d.dir / "reopen.log").exists())
    d.proc.send_signal(signal.SIGUSR2)
    d.until(lambda: "line" in (d.text("reopen.log") or ""))
    d.note("after USR2", (d.dir / "reopen.log").exists())
    d.note("log", d.log_lines("reopen", "SIGUSR2"))
    d.note("main log moved too", os.path.exists(d.dir / "supervisord.log"))


@scenario(conf="""
[supervisord]
logfile={dir}/supervisord.log
logfile_maxbytes=2KB
logfile_backups=3
loglevel=info
pidfile={dir}/supervisord.pid
childlogdir={dir}
identifier=conform
[unix_http_server]
file={dir}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{dir}/s.sock
[program:one]
command=/bin/sleep 1000
startsecs=0
""")
def main_log_rotates(d):
    d.start()
    for _ in range(25):
        d.rpc("supervisor.stopProcess", "one")
        d.rpc("supervisor.startProcess", "one")
    d.note("files", sorted(p.name for p in d.dir.iterdir() if p.name.startswith("supervisord.log")))
    d.note("none much larger", all(p.stat().st_size < 2048 + 200 for p in d.dir.iterdir() if
                                   p.name.startswith("supervisord.log")))
