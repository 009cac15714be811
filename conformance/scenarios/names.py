"""Every method with every odd name, and with every wrong number of arguments."""
CONF = """
[program:cat]
command=/bin/cat
startsecs=0
[program:off]
command=/bin/sleep 1000
autostart=false
startsecs=0
[program:m]
command=/bin/sleep 1000
process_name=%(program_name)s%(process_num)d
numprocs=2
startsecs=0
"""
METHODS = """addProcessGroup clearAllProcessLogs clearLog clearProcessLog clearProcessLogs getAPIVersion getAllConfigInfo
getAllProcessInfo getIdentification getPID getProcessInfo getState getVersion readLog readMainLog readProcessLog
readProcessStderrLog readProcessStdoutLog reloadConfig removeProcessGroup sendProcessStdin sendRemoteCommEvent
signalAllProcesses signalProcess signalProcessGroup startAllProcesses startProcess startProcessGroup stopAllProcesses
stopProcess stopProcessGroup tailProcessLog tailProcessStderrLog tailProcessStdoutLog""".split()
NAMES = ("", ":", "::", "cat:", ":cat", "cat:cat", "cat:cat:cat", "m", "m:", "m:*", "m:m0", "*", "*:*", "é", "cat ", " cat", "CAT",
         "m:*:x", "cat\n", "all")


def running(d):
    d.start()
    for name in ("cat", "m:m0", "m:m1"):
        d.wait_state(name, "RUNNING")


@scenario(conf=CONF)
def numbers_of_arguments(d):
    running(d)
    for method in METHODS:
        for count in (1, 2, 3, 4, 5):
            # The right number, and numbers where there is none: that is for other scenarios.
            if not method.startswith(("read", "tail")) and (method, count) != ("sendRemoteCommEvent", 2):
                d.call(f"supervisor.{method}", *["zz"] * count, label=f"{method} with {count}")
        d.note(f"help of {method}", d.rpc("system.methodHelp", f"supervisor.{method}")[0])
    for method in ("listMethods", "methodHelp", "methodSignature"):
        for count in (0, 1, 2):
            d.call(f"system.{method}", *["zz"] * count, label=f"{method} with {count}")


@scenario(conf=CONF)
def odd_names(d):
    running(d)
    for name in NAMES:
        for method in ("getProcessInfo", "startProcess", "clearProcessLogs", "startProcessGroup", "addProcessGroup", "removeProcessGroup"):
            d.call(f"supervisor.{method}", name)
        d.call("supervisor.signalProcess", name, "CONT")
        d.call("supervisor.signalProcessGroup", name, "CONT")
        d.call("supervisor.sendProcessStdin", name, "")
        d.call("supervisor.tailProcessStdoutLog", name, 0, 5)
        d.call("supervisor.readProcessStderrLog", name, 0, 5)
    for name in ("", ":", "*", "cat:cat:cat", "m:*:x", "nosuch:*"):
        d.call("supervisor.stopProcess", name)
        d.call("supervisor.stopProcessGroup", name)


@scenario(conf=CONF)
def names_of_signals(d):
    running(d)
    for name in ("CONT", "cont", "SIGCONT", "sigcont", " CONT ", "SIG CONT", "SIGSIGCONT", "18", " 18 ", "+18", "0x12", "18.0", "RTMIN+1", "CLD",
                 "SIGCHLD", "WINCH", "URG", "é", "SIG", "-18", 18, 28, 999, -1):
        d.call("supervisor.signalProcess", "cat", name)
    for arguments in (("m", 18), ("m", "nosuch"), ("off", "CONT"), ("nosuch", "CONT")):
        d.call("supervisor.signalProcessGroup", *arguments)
    for arguments in (("off", "nosuch"), ("nosuch", "nosuch"), ("off:*", "nosuch"), ("m:*", "CONT"), ("off", "CONT")):
        d.call("supervisor.signalProcess", *arguments)
    d.call("supervisor.signalAllProcesses", 18)
    d.note("log", [line for line in d.log_lines(" sig ", strip_debug=False) if "RPC" not in line])
