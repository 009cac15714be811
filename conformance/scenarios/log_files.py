"""Log files at their edges: the smallest bounds, files of earlier runs, files that are gone, escape sequences in pieces."""
import re


def program(maxbytes, backups):
    return (f"\n[program:w]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={{dir}}/w.log\nstdout_logfile_maxbytes={maxbytes}\n"
            f"stdout_logfile_backups={backups}\n")


def sizes(d):
    return {path.name: path.stat().st_size for path in sorted(d.dir.iterdir()) if path.name.startswith("w.log")}


def fill(d):
    """Fourteen lines of forty bytes, and the files after each. Output is in its file before it is in the main log."""
    d.start()
    d.wait_state("w", "RUNNING")
    for number in range(14):
        d.rpc("supervisor.sendProcessStdin", "w", f"{number:02d}{'x' * 37}\n")
        d.until(lambda: f"{number:02d}xxx" in d.log())
        d.note(f"line {number}", sizes(d))
    d.note("newest", d.text("w.log"))
    d.call("supervisor.clearProcessLogs", "w")
    d.note("cleared", sizes(d))


@scenario(conf=program(100, 2))
def two_backups(d):
    fill(d)


@scenario(conf=program(100, 0))
def no_backup(d):
    fill(d)


@scenario(conf=program(100, -1))
def fewer_backups_than_none(d):
    fill(d)


@scenario(conf=program(1, 1))
def a_bound_of_one_byte(d):
    fill(d)


@scenario(conf=program(40, 12))
def exactly_a_line(d):
    fill(d)


@scenario(conf=program(39, 1))
def files_of_earlier_runs(d):
    for name, text in (("w.log", "old" * 30), ("w.log.1", "older"), ("w.log.7", "far")):
        d.write(name, text)
    fill(d)


CHUNKS = [b"\x1b[31mred\x1b[0m\n", b"\x1b[1;32;40mgreen\x1b[m end\n", b"\x1b]0;title\x07x\n", b"a\x1b", b"[31mb\n", b"c\x1b[3", b"1md\n",
          b"\x1b[2Jclear\x1b[10;5Hposition\x1b[K\n", b"no \x1bX sequence\n", b"\x1b[?25l\x1b[?25hcursor\n", b"\x1b[1Gcolumn\n",
          b"\x1b[5nthe rest of it\n", b"\x1b[", b"m\n", b"\x1b\x1b[31mtwice\n", b"\x1b(Bcharset\n", b"\xff\x1b[31mbytes\x1b[0m\n"]


@scenario(conf="""
[supervisord]
logfile={dir}/supervisord.log
pidfile={dir}/supervisord.pid
childlogdir={dir}
strip_ansi=true
[unix_http_server]
file={dir}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:a]
command={py} -u {dir}/a.py
startsecs=0
stdout_logfile={dir}/a.log
stderr_logfile={dir}/a.err
""")
def escape_sequences_in_pieces(d):
    d.write("a.py", "import os, sys, time\n" f"for number, chunk in enumerate({CHUNKS!r}):\n" +
            "    while not os.path.exists(f'{os.path.dirname(__file__)}/go{number}'):\n        time.sleep(0.05)\n"
            "    os.write(1, chunk)\n    os.write(2, b'%d;' % number)\ntime.sleep(1000)\n")
    d.start()
    d.wait_state("a", "RUNNING")
    for number in range(len(CHUNKS)):
        (d.dir / f"go{number}").touch()
        d.until(lambda: f"{number};" in (d.text("a.err") or ""))
    d.until(lambda: b"bytes" in (d.dir / "a.log").read_bytes())
    d.note("log", repr((d.dir / "a.log").read_bytes()))


@scenario(conf="""
[program:auto]
command=/bin/cat
startsecs=0
""")
def what_is_cleaned_away(d):
    for name in ("x-stdout---conform-abc.log", "x-stdout---conform-abc.log.1", "x-stdout---conform-abc.log.12345",
                 "x---conform-y.log.2.gz", "---conform-z.log", "x---conform-.log", "x---other-y.log", "x---conform-y.logfoo",
                 "x---conformity-y.log", "x-stdout---conform-a b.log", "auto-stdout---conform-old.txt"):
        d.write(name, "old")
    (d.dir / "d---conform-folder.log").mkdir()
    (d.dir / "l---conform-link.log").symlink_to("/etc/passwd")

    def files():
        return sorted(re.sub(r"-\w{8}\.log", "-RANDOM.log", path.name) for path in d.dir.iterdir())
    d.start()
    d.note("left", files())
    d.note("log", [line for line in d.log_lines("clean", "clear")])
    d.stop()
    d.note("left at the end", files())
    d.start("-k")
    d.note("kept", len([name for name in files() if name.startswith("auto-stdout---conform-RANDOM")]))


@scenario(conf="""
[program:cat]
command=/bin/cat
startsecs=0
stdout_logfile={dir}/cat.log
[program:never]
command=/bin/cat
autostart=false
stdout_logfile={dir}/never.log
""")
def files_that_are_gone(d):
    d.start()
    d.wait_state("cat", "RUNNING")
    d.call("supervisor.sendProcessStdin", "cat", "one\n")
    d.until(lambda: "one" in (d.text("cat.log") or ""))
    (d.dir / "cat.log").unlink()
    for name in ("cat", "never"):
        for offset, length in ((0, 0), (-1, 5), (0, -1), (10, 10), (3, 7), (-3, 0)):
            d.call("supervisor.readProcessStdoutLog", name, offset, length)
            d.call("supervisor.tailProcessStdoutLog", name, offset, length)
        d.ctl("tail", name)
        d.ctl("tail", name, "stderr")
    d.call("supervisor.clearProcessLogs", "cat")
    d.call("supervisor.sendProcessStdin", "cat", "two\n")
    d.until(lambda: "two" in (d.text("cat.log") or ""))
    d.note("text", d.text("cat.log"))
    (d.dir / "cat.log").unlink()
    (d.dir / "cat.log").mkdir()
    d.call("supervisor.readProcessStdoutLog", "cat", 0, 0, label="of a folder")
    d.call("supervisor.tailProcessStdoutLog", "cat", 0, 10, label="end of a folder")
    d.call("supervisor.clearProcessLogs", "cat", label="clear a folder")
    d.ctl("clear", "cat", label="ctl clear a folder")
    (d.dir / "supervisord.log").unlink()
    d.call("supervisor.readLog", 0, 0)
    d.call("supervisor.readLog", -5, 5)
    d.call("supervisor.clearLog")
    d.ctl("maintail")


@scenario
def a_main_log_that_is_cleared(d):
    d.start()
    for _ in range(2):
        d.call("supervisor.clearLog")
        d.call("supervisor.readLog", 0, 0)
    d.note("file", d.text("supervisord.log"))
    d.note("shown", (d.text("stdout.txt") or "").count("INFO reopening log file\n"))
