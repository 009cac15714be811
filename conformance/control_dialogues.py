"""Dialogues with supervisorctl: every command, right and wrong, with a daemon, without one, and in a terminal.

The order of the sections is that of contract/ctl.md. `lines` says how a line names the row by which it differs.
"""
from control_steps import Config, Daemon, Follow, Line, Script, Terminal, Until, file_says, lines, nothing, state, touch

PROGRAMS = r"""
[program:cat]
command=/bin/cat
startsecs=0
[program:sleepy]
command=/bin/sleep 1000
autostart=false
startsecs=0
priority=10
[program:missing]
command=/no/such/program
autostart=false
startretries=0
[program:folder]
command=/usr
autostart=false
startretries=0
[program:quick]
command=/bin/sh -c "sleep 0.5; exit 1"
autostart=false
startsecs=30
startretries=0
[program:talker]
command=/bin/sh -c "echo one; echo two; echo problem >&2; while [ ! -e {dir}/go ]; do sleep 0.05; done; echo three; exec sleep 1000"
startsecs=0
[program:mute]
command=/bin/sleep 1000
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
[program:a_name_that_is_longer_than_the_column]
command=/bin/sleep 1000
startsecs=0
[group:pair]
programs=w
[program:w]
command=/bin/sleep 1000
process_name=%(program_name)s%(process_num)d
numprocs=2
startsecs=0
"""

NAMES = ["cat", "talker", "mute", "pair:w0", "pair:w1"]
STARTED = [Config(PROGRAMS), Daemon("start"), *(state(name, "RUNNING") for name in NAMES), file_says("output", "w1")]

COMMANDS = ["add cat", "avail", "clear cat", "fg cat", "maintail", "maintail -f", "pid", "pid cat", "reload", "remove cat",
            "reread", "restart cat", "shutdown", "signal HUP cat", "start cat", "start all", "status", "status cat",
            "stop cat", "stop all", "tail cat", "tail -f cat", "update", "update cat", "version"]

# A program that takes its time to stop, so that a shutdown lasts.
DEAF = r"""
[program:deaf]
command=/bin/sh -c "trap '' TERM; echo ready; while [ ! -e {dir}/go ]; do sleep 0.05; done"
startsecs=0
stopwaitsecs=60
"""


def listed(commands, **rows):
    return [Line(command, **rows) for command in commands]


DIALOGUES = {
    "status": STARTED + lines("""
        status
        status all
        status cat
        status cat cat
        status pair:*
        status pair:
        status pair
        status pair:w0 cat sleepy
        status nosuch
        status nosuch:*
        status pair:nosuch
        status nosuch cat
        status sleepy nosuch
        status all nosuch
        status cat:cat
        status :
        status "pair:* cat"
    """),
    "start and stop": STARTED + lines("""
        start
        start nosuch
        start nosuch:*
        start nosuch:
        start pair:nosuch
        start cat
        start cat:*
        start missing
        start folder
        start quick
        start missing cat nosuch
        start sleepy sleepy
        start pair:*
        stop
        stop nosuch
        stop nosuch:*
        stop quick
        stop sleepy
        stop sleepy
        stop sleepy:*
        stop pair:w0
        stop pair:*
        stop pair:*
        start pair:w1
        start pair:*
        stop cat nosuch mute
        start mute cat
        stop cat:cat
        start cat:cat
        stop quick:* missing
        restart
        restart cat
        restart sleepy
        restart nosuch
        restart nosuch:*
        restart missing
        restart pair:*
        restart pair:w0 cat
        stop cat sleepy mute talker a_name_that_is_longer_than_the_column
        stop all
        stop all
        start all nosuch
        start nosuch all
    """),
    "signal and pid": STARTED + lines("""
        signal
        signal HUP
        signal CONT cat
        signal SIGCONT cat
        signal cont cat
        signal 18 cat
        signal NOSUCH cat
        signal NOSUCH all
        signal NOSUCH pair:*
        signal 999 cat
        signal -1 cat
        signal CONT sleepy
        signal CONT nosuch
        signal CONT nosuch:*
        signal CONT pair:*
        signal CONT sleepy:*
        signal CONT cat nosuch pair:w0
        signal CONT sleepy cat
        signal 0 cat  # F49, daemon F49, status 1, daemon status 1, says cat: ERROR (bad signal name)
        pid
        pid all
        pid cat
        pid cat sleepy
        pid sleepy cat
        pid nosuch
        pid cat nosuch
        pid pair:*
        pid all cat
        pid cat:cat
    """),
    "tail and clear": STARTED + lines("""
        tail
        tail a b c d
        tail -5
        tail -x talker
        tail -5x talker
        tail --5 talker
        tail - talker
        tail talker foo
        tail talker
        tail talker STDERR
        tail talker stdout
        tail talker stderr
        tail -4 talker
        tail -4 talker stderr
        tail -0 talker
        tail -100000 talker
        tail nosuch
        tail nosuch stderr
        tail pair:*
        tail mute
        tail mute stderr
        tail cat
        tail sleepy
        tail talker cat
        tail talker -f
        tail -f
        tail -f nosuch  # N103, status 1, says Cannot read, status code
        tail -f mute  # N103, status 1, says Cannot read, status code
        tail -f pair:*  # N103, status 1, says Cannot read, status code
        tail -f talker foo
        tail -f -5 talker
        maintail -1
        maintail foo
        maintail -x
        maintail a b
        maintail -f x
        maintail -1 -f
        clear
        clear nosuch
        clear pair:*  # F20, says pair:*: ERROR (no such process)
        clear talker
        tail talker
        tail talker stderr
        clear talker cat nosuch
        clear mute
        clear sleepy
        clear pair:w0
        clear all nosuch
    """),
    "tail follows": STARTED + [
        Follow("tail -f talker", turns=(("two\n", touch("go")), ("three\n", nothing))),
        Follow("tail -f talker stderr", turns=(("problem\n", nothing),)),
        Follow("tail -f cat", turns=(("<==", nothing),)),
    ],
    "fg": STARTED + lines("""
        fg
        fg cat talker
        fg nosuch
        fg sleepy
        fg pair:*
    """),
    "avail, reread, add, remove, update": [
        Config(PROGRAMS + "[eventlistener:el]\ncommand=/bin/sleep 1000\nevents=TICK_3600\nautostart=false\n"),
        Daemon("start"), *(state(name, "RUNNING") for name in NAMES),
        *lines("""
            avail
            avail x
            reread
            reread x
            update
            update all
            update nosuch
            update cat nosuch
        """),
        Config(PROGRAMS.replace("priority=10", "priority=20").replace("[program:quick]", "[program:brisk]")
               + "[program:new]\ncommand=/bin/sleep 1000\nstartsecs=0\n"),
        *lines("""
            reread
            avail
            add
            add nosuch
            add cat
            add new
            add new nosuch cat
            remove
            remove nosuch
            remove cat
            remove new
            stop new
            remove new nosuch cat
            update sleepy nosuch
            update
            status
            update
        """),
        Config("[program:x]\ncommand=/bin/cat\nnumprocs=many\n"),
        *lines("""
            reread
            update  # F20, says ERROR: CANT_REREAD: invalid literal for int()
            avail
        """),
        Config("[program:x\n"),
        Line("reread", row="F43", daemon_row="F43", status=2, daemon_status=1, says="Source contains parsing errors: "),
    ],
    "version, open, help": STARTED + lines("""
        version  # D8, daemon D8
        version x
        open
        open nosuch
        open ftp://127.0.0.1/
        open http://127.0.0.1:{port}
        open unix://{dir}/s.sock
        open unix://{dir}/nosuch.sock
        open unix://{dir}/s.sock more
        help
        help add
        help avail
        help clear
        help exit
        help fg
        help maintail
        help open
        help pid
        help quit
        help reload
        help remove
        help reread
        help restart
        help shutdown
        help signal
        help start
        help status
        help stop
        help tail
        help update
        help version
        help help
        help nosuch
        help start stop
        "?"
        "? pid"
        ?pid
        nosuch
        nosuch with words
        !ls
        status;
        STATUS
        stat
        start-all
        exit
        quit
        exit now
        EOF
        "   status   cat   "
    """),
    "shutdown and reload": STARTED + lines("""
        shutdown x
        reload x
        reload
    """) + [*(state(name, "RUNNING") for name in NAMES), *lines("""
        status cat
        shutdown
    """), Daemon("wait for the end"), *listed(["shutdown"])],
    "the daemon is stopping": [
        Config(DEAF), Daemon("start"), state("deaf", "RUNNING"), Line("tail deaf"), Line("shutdown"),
        *listed([command.replace("cat", "deaf") for command in COMMANDS if "-f" not in command]),
        Until("it may end", lambda world: touch("go")(world) is None), Daemon("wait for the end"),
    ],
    "nobody there": [Config(PROGRAMS), *listed(COMMANDS)],
    "a socket that nobody answers": [
        Config("[inet_http_server]\nport=127.0.0.1:{port}\n"), Daemon("start"), Daemon("kill"), *listed(COMMANDS),
    ],
    "nobody there over TCP": [
        Config("[supervisorctl]\nserverurl=http://127.0.0.1:{port}\n"), *listed(COMMANDS),
    ],
    "wrong password": [
        Config("[unix_http_server]\nusername=user\npassword=right\n[supervisorctl]\nusername=user\npassword=wrong\n" + DEAF),
        Daemon("start"), *listed([command.replace("cat", "deaf") for command in COMMANDS]),
        *lines("""
            -u user -p right status
            -u user -p right pid nosuch
            -u nobody -p right pid
            -p right pid
        """),
    ],
    "no namespace": [
        Config("[inet_http_server]\nport=127.0.0.1:{port}\n"), Daemon("start"), Line("status"),
    ],
    "options": STARTED + [
        Line("-c {dir}/supervisord.conf pid", raw=True), Line("--configuration {dir}/supervisord.conf status cat", raw=True),
        Line("-c {dir}/nosuch.conf status", raw=True), Line("-c", raw=True), Line("-x", raw=True), Line("--nosuch", raw=True),
        Line("-s unix://{dir}/s.sock pid", raw=True), Line("--serverurl=unix://{dir}/s.sock pid", raw=True),
        Line("--se unix://{dir}/s.sock status cat", raw=True), Line("-s nonsense status", raw=False),
        *(Line(option, row="N29", says="\nOptions win over the configuration file:\n") for option in ("-h", "--help")),
        Line("-s http://127.0.0.1:{port} status"), Line("-s ftp://x status"), Line("-i=1"),
        Line("--interactive=x status"), Line("-u"), Line("-p"), Line("-r"), Line("--se"), Line("-s"), Line("-c {dir} pid", raw=True),
    ],
    "configurations": [
        Config(PROGRAMS), Daemon("start"), state("cat", "RUNNING"),
        Config("[supervisorctl]\nserverurl=nonsense\n"), Line("status cat"),
        Config("[supervisorctl]\nserverurl=http://\n"), Line("status cat"),
        Config("[supervisorctl]\nprompt=what\n"), Script("", lines="pid\nexit\n"),
        Config("[supervisorctl]\nserverurl=unix:///{dir}/s.sock\n"), Line("pid"),
        Config("[supervisorctl]\nserverurl=unix://{dir}/./s.sock/\n"), Line("pid"),
        Config("[supervisorctl]\nusername=%(ENV_NOSUCH)s\n"), Line("pid"),
        Config("[supervisorctl]\nserverurl\n"), Line("pid", row="F20", status=2, says="Error: Source contains parsing errors: "),
    ],
    "a shell without a terminal": STARTED + [
        Script("", lines=""),
        Script("", lines="\n\nexit\n"),
        Script("", lines="start sleepy\nnonsense\nstop sleepy\n!ls\nhelp\nquit\npid\n"),
        Script("", lines="status cat\nstatus nosuch\n"),
        Script("", lines="open unix://{dir}/nosuch.sock\nopen unix://{dir}/s.sock\n"),
        Script("", lines="shutdown\nn\nstatus cat\nreload\nno\npid\n"),
        Script("", lines="tail talker\ntail -3 talker\nclear talker\ntail talker\n"),
        Script("", lines="tail -f nosuch\npid\n"),
        Script("-i status cat", lines="pid\n"),
        Script("", lines="exit now\npid\n"),
        Script("", lines="reload\ny\nexit\n"),
    ],
    "a shell at a terminal": STARTED + [
        Terminal("", turns=(("supervisor> ", "status cat\r"), ("supervisor> ", "exit\r"))),
        Terminal("", turns=(("supervisor> ", "pid nosuch\r"), ("supervisor> ", "quit\r")),
                 row="N102", says="status shows all names"),
        Terminal("", turns=(("supervisor> ", "\x04"),)),
        Terminal("", turns=(("supervisor> ", "\x03"),)),
        Terminal("", turns=(("supervisor> ", "shutdown\r"), ("y/N? ", "n\r"), ("supervisor> ", "pid sleepy\r"),
                            ("supervisor> ", "exit\r"))),
        Terminal("", turns=(("supervisor> ", "tail -f talker\r"), ("two", "\x03"), ("supervisor> ", "exit\r"))),
        Terminal("", turns=(("supervisor> ", "shutdown\r"), ("y/N? ", "yes\r"), ("supervisor> ", "exit\r"))),
    ],
    "a shell and a password": [
        Config("[unix_http_server]\nusername=user\npassword=right\n" + DEAF), Daemon("start"),
        Terminal("", turns=(("Username:", "user\r"), ("Password:", "wrong\r"), ("Username:", "user\r"),
                            ("Password:", "right\r"), ("supervisor> ", "pid nosuch\r"), ("supervisor> ", "exit\r")),
                 row="N102", says="Username or password is wrong"),
        Terminal("-i pid nosuch", turns=(("Username:", "user\r"), ("Password:", "right\r")), row="N102",
                 says="status shows all names"),
        # Python's client falls over its own prompt for a password.
        Script("", lines="exit\n", row="F20", says="error: the input ended before the server's username and password"),
    ],
}
