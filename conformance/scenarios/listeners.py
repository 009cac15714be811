"""What listeners of all kinds hear, in which words and order, and what the main log says of those that misbehave."""
import re

HEAD = """
import os, sys, time
out = open(sys.argv[1], 'a', buffering=1)
def say(text):
    os.write(1, text.encode())
def event():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    headers = dict(x.split(':', 1) for x in line.split())
    data = sys.stdin.read(int(headers['len']))
    out.write(line.strip() + ' | ' + data.replace('\\n', '\\\\n') + '\\n')
    return headers, data
"""
GOOD = HEAD + """
while True:
    say('READY\\n')
    event()
    say('RESULT 2\\nOK')
"""


def heard(d, name="events.txt", *kinds):
    """Events without what differs from run to run."""
    lines = []
    for line in (d.text(name) or "").splitlines():
        line = re.sub(r"\b(serial|poolserial|len|pid):\d+", r"\1:N", line)
        if not kinds or any(f"eventname:{kind}" in line for kind in kinds):
            lines.append(line)
    return lines


def about(d, *names):
    """Lines of the main log about these, without what the Python objects are called."""
    return [line for line in d.log_lines(*names) if "at 0x" not in line and "Dispatcher" not in line]


def listener(name, script, events, more=""):
    return (f"\n[eventlistener:{name}]\ncommand={{py}} {{dir}}/{script} {{dir}}/{name}.txt\nevents={events}\nstartsecs=0\n"
            f"autorestart=true\n{more}")


@scenario(conf=listener("all", "good.py", "PROCESS_STATE") + """
[program:fatal]
command=/bin/sh -c "exit 2"
startsecs=30
startretries=2
autostart=false
[program:expected]
command=/bin/sh -c "sleep 1.2; exit 2"
startsecs=0
exitcodes=2
autorestart=false
autostart=false
[program:killed]
command=/bin/sleep 1000
startsecs=0
autorestart=true
autostart=false
[program:slow]
command=/bin/sleep 1000
startsecs=1
autostart=false
[program:nothere]
command=/no/such/thing
startretries=1
startsecs=30
autostart=false
[group:team]
programs=slow
""")
def a_life_in_events(d):
    import os
    d.write("good.py", GOOD)
    d.start()
    d.wait_state("all", "RUNNING")
    d.rpc("supervisor.startProcess", "fatal", False)
    d.wait_state("fatal", "FATAL", timeout=15)
    d.rpc("supervisor.startProcess", "expected")
    d.wait_state("expected", "EXITED")
    d.rpc("supervisor.startProcess", "killed")
    import time
    time.sleep(1.2)
    os.kill(d.rpc("supervisor.getProcessInfo", "killed")[1]["pid"], 9)
    d.until(lambda: (d.text("all.txt") or "").count("processname:killed") >= 5)
    d.rpc("supervisor.startProcess", "team:slow")
    d.rpc("supervisor.stopProcess", "team:slow")
    d.rpc("supervisor.startProcess", "nothere", False)
    d.until(lambda: "PROCESS_STATE_STOPPED" in (d.text("all.txt") or ""))
    for name in ("fatal", "expected", "killed", "slow", "nothere"):
        d.note(name, [line for line in heard(d, "all.txt") if f"processname:{name} " in line])


@scenario(conf=listener("moody", "moody.py", "REMOTE_COMMUNICATION", "buffer_size=50\n"))
def answers_of_all_kinds(d):
    d.write("moody.py", HEAD + """
while True:
    say('READY\\n')
    headers, data = event()
    answer = data.split('\\n', 1)[1]
    if answer == 'fail' and not os.path.exists(sys.argv[1] + '.failed'):
        open(sys.argv[1] + '.failed', 'w').close()
        say('RESULT 4\\nFAIL')
    elif answer == 'die' and not os.path.exists(sys.argv[1] + '.died'):
        open(sys.argv[1] + '.died', 'w').close()
        sys.exit(3)
    elif answer == 'split':
        for part in ('RES', 'ULT', ' 2', '\\n', 'O', 'K'):
            say(part)
            time.sleep(0.05)
    elif answer == 'together':
        say('RESULT 2\\nOKREADY\\n')
        event()
        say('RESULT 2\\nOK')
    else:
        say('RESULT 2\\nOK')
""")
    d.start()
    d.wait_state("moody", "RUNNING")
    for data in ("one", "fail", "two", "die", "three", "split", "four", "together", "five", "last"):
        d.rpc("supervisor.sendRemoteCommEvent", "kind", data)
    d.until(lambda: "last" in (d.text("moody.txt") or ""), 15)
    d.note("heard", heard(d, "moody.txt"))
    d.note("log", about(d, "moody"))


def breaks_the_protocol(d, name, script):
    d.write("bad.py", HEAD + script)
    d.start()
    d.wait_state(name, "RUNNING")
    d.rpc("supervisor.sendRemoteCommEvent", "kind", "first")
    d.rpc("supervisor.sendRemoteCommEvent", "kind", "second")
    d.until(lambda: "-> UNKNOWN" in d.log() or "done" in (d.text(f"{name}.txt") or ""))
    d.note("heard", heard(d, f"{name}.txt"))
    d.note("log", about(d, name))
    d.note("state", d.state(name))


# Each alone: what one of them gives back, 4.3.0 gives to all.
@scenario(conf=listener("unready", "bad.py", "REMOTE_COMMUNICATION"))
def ready_in_two_pieces(d):
    breaks_the_protocol(d, "unready", "say('READ')\ntime.sleep(0.3)\nsay('Y\\n')\nevent()\nsay('RESULT 2\\nOK')\n"
                        "say('READY\\n')\nevent()\nsay('RESULT 2\\nOK')\nout.write('done\\n')\ntime.sleep(1000)\n")


@scenario(conf=listener("rubbish", "bad.py", "REMOTE_COMMUNICATION"))
def no_ready(d):
    breaks_the_protocol(d, "rubbish", "say('hello\\n')\ntime.sleep(1000)\n")


@scenario(conf=listener("wordy", "bad.py", "REMOTE_COMMUNICATION"))
def no_result(d):
    breaks_the_protocol(d, "wordy", "say('READY\\n')\nevent()\nsay('WHATEVER\\n')\ntime.sleep(1000)\n")


@scenario(conf=listener("logs", "good.py", "PROCESS_LOG", "buffer_size=100\n") + """
[program:talk]
command={py} -u {dir}/talk.py
startsecs=0
stdout_events_enabled=true
stderr_events_enabled=true
autostart=false
[program:merged]
command={py} -u {dir}/talk.py
startsecs=0
redirect_stderr=true
stdout_events_enabled=true
autostart=false
[program:nolog]
command={py} -u {dir}/talk.py
startsecs=0
stdout_logfile=NONE
stdout_events_enabled=true
autostart=false
[program:silent]
command={py} -u {dir}/talk.py
startsecs=0
autostart=false
""")
def output_in_events(d):
    d.write("good.py", GOOD)
    d.write("talk.py", "import os, time\nfor fd, text in ((1, 'out\\n'), (2, 'err\\n'), (1, 'no end'), (2, 'ümlaut\\n')):\n"
            "    os.write(fd, text.encode())\n    time.sleep(0.3)\ntime.sleep(1000)\n")
    d.start()
    d.wait_state("logs", "RUNNING")
    for name in ("talk", "merged", "nolog", "silent"):
        d.rpc("supervisor.startProcess", name)
    d.until(lambda: "umlaut" in (d.text("logs.txt") or "") or (d.text("logs.txt") or "").count("mlaut") >= 2)
    for name in ("talk", "merged", "nolog", "silent"):
        d.note(name, [line for line in heard(d, "logs.txt") if f"processname:{name} " in line])


@scenario(conf=listener("talks", "good.py", "PROCESS_COMMUNICATION", "buffer_size=100\n") + """
[program:captured]
command={py} -u {dir}/captured.py
startsecs=0
stdout_capture_maxbytes=1KB
stderr_capture_maxbytes=1KB
stdout_logfile={dir}/captured.out
stderr_logfile={dir}/captured.err
autostart=false
""")
def captures(d):
    d.write("good.py", GOOD)
    d.write("captured.py", """
import os, time
B, E = '<!--XSUPERVISOR:BEGIN-->', '<!--XSUPERVISOR:END-->'
def w(fd, text):
    os.write(fd, text.encode())
    time.sleep(0.25)
w(1, 'before\\n')
w(1, B + 'inside' + E)
w(1, 'between\\n' + B + 'two' + E + 'after\\n')
w(1, B[:5])
w(1, B[5:] + 'split' + E[:7])
w(1, E[7:] + 'tail\\n')
w(2, B + 'a text of more than twenty bytes' + E + 'err\\n')
w(1, B + E + 'empty\\n')
w(1, E + 'an end without a beginning\\n')
w(1, B + 'never ended\\n')
time.sleep(1000)
""")
    d.start()
    d.wait_state("talks", "RUNNING")
    d.rpc("supervisor.startProcess", "captured")
    d.until(lambda: "without" in (d.text("captured.out") or ""), 15)
    d.until(lambda: len(heard(d, "talks.txt")) >= 5)
    d.note("heard", heard(d, "talks.txt"))
    d.note("stdout", d.text("captured.out"))


@scenario(conf=listener("first", "good.py", "REMOTE_COMMUNICATION,TICK_3600", "priority=5\n") +
          listener("second", "good.py", "EVENT", "priority=1\nbuffer_size=200\n") +
          listener("none", "good.py", "PROCESS_GROUP_REMOVED") + """
[program:p]
command=/bin/sleep 1000
startsecs=0
""")
def several_pools_and_a_shutdown(d):
    d.write("good.py", GOOD)
    d.start()
    d.wait_state("p", "RUNNING")
    for name in ("first", "second", "none"):
        d.wait_state(name, "RUNNING")
    for data in ("a", "b", "ä\nc"):
        d.call("supervisor.sendRemoteCommEvent", "kind of it", data)
    d.until(lambda: (d.text("first.txt") or "").count("REMOTE") >= 3 and (d.text("second.txt") or "").count("REMOTE") >= 3)
    d.call("supervisor.stopProcess", "p")
    d.until(lambda: "PROCESS_STATE_STOPPED" in (d.text("second.txt") or ""))
    d.note("first", heard(d, "first.txt"))
    d.note("second", heard(d, "second.txt", "REMOTE", "PROCESS_STATE_STOP"))
    d.note("none", heard(d, "none.txt"))
    d.ctl("status")
    d.stop()
    d.note("stopped", sorted(line for line in d.log_lines("stopped:")))
