#!/usr/bin/env python3
"""Writes python.txt: what Python and Supervisor 4.3.0 make of a few thousand inputs.

Run with a Python 3.11 that has supervisor 4.3.0 installed (`pip install supervisor==4.3.0`):

    python crates/config/tests/goldens/generate.py > crates/config/tests/goldens/python.txt

and look at the difference before committing it. Nothing of it depends on the machine but that a user and a group
`root` exist, and `/tmp`. A line is `kind TAB input TAB outcome`; backslash and line feed are escaped as in C, other
control characters as `\\xNN`. An outcome begins with `=` (a value) or `!` (the text of an error). `{dir}` stands for a temporary
directory. The tests that read the file are in src/golden_tests.rs.

Where the product deviates on purpose (contract/quirks.md), the case is left out or the generator does what the
product is to do: `environment=` is read with POSIX quoting and expanded once (D1).
"""
import configparser
import fnmatch
import os
import posixpath
import random
import shlex
import shutil
import sys
import tempfile

from supervisor import datatypes, options

RANDOM = random.Random(20261122)
DIR = None


def escape(text):
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return "".join(c if " " <= c != "\x7f" else f"\\x{ord(c):02x}" for c in text)


def record(kind, text, outcome):
    line = "\t".join((kind, escape(text), escape(outcome)))
    if line not in SEEN:
        SEEN.add(line)
        print(line)


SEEN = set()


def outcome(function, *arguments):
    try:
        return "=" + function(*arguments)
    except (ValueError, OverflowError) as error:
        return "!" + str(error)


def mix(alphabet, count, length):
    """Random concatenations of pieces."""
    return ["".join(RANDOM.choice(alphabet) for _ in range(RANDOM.randint(1, length))) for _ in range(count)]


# -- words, numbers, names ---------------------------------------------------------------------------------------------
def shlex_cases():
    inputs = ["", " ", "a b", "a #b c", "a\\", "a\\\nb", "'a", '"a\\', "''", "a''b", '"\\$\\`\\"\\\\\\n"', "a\u00a0b", "\x0b\x0ca"]
    for text in inputs + mix(["a", "b ", " ", "'", '"', "\\", "#", "\n", "\t", "é", "=", ",", "$X"], 300, 10):
        record("shlex", text, outcome(lambda: "\n".join(repr(word) for word in shlex.split(text))))


def posix_pairs(text):
    """dict_of_key_value_pairs with the quoting rules of a POSIX shell."""
    lexer = shlex.shlex(text, posix=True)
    lexer.wordchars += "/.+-():"
    tokens = list(lexer)
    pairs = {}
    for i in range(0, len(tokens), 4):
        three = tokens[i:i + 3]
        if len(three) != 3 or three[1] != "=":
            raise ValueError("Unexpected end of key/value pairs in value '%s'" % text)
        pairs[three[0]] = three[2]
    return pairs


def environment_cases():
    inputs = [
        "A=1,B=2", "A = 1 , B = 2", "A=1,\nB=2", "A=1;B=2", "A=1,B=2,", "A=/x/y.z+w-v():q", 'A="x,y"', "A='x,y'", 'A="a=b"', 'A="a#b"',
        'A=""', 'A="x\'y"', "A=\"'q'\"", "A='\"q\"'", 'A="x\\"y"', 'A="a\\\\b"', 'A=a"b"', 'A="a"b', 'A="a""b"', "A='a\\'b'", "A=\\",
        "A=a b", "A=a#b", "A=~/x", "A=$HOME", "A=%x", "A=1,,B=2", "A=1 B=2", "A=1\nB=2", "A=a=b", "A=a@b", "A=a*b", "A={a}", "A", "A=",
        "A=,B=1", ",", "A=é", "A=éa", "A=×", "A=http://x/y?z=1", "", "A=1,A=2", '"A"="B"', 'A"="B', "A='#'#c\n,B=2", "#c\nA=1",
    ]
    for text in inputs + mix(["A", "B", "=", "=", ",", "1", "'", '"', "\\", "#", "\n", " ", "é", "ł", "/", "@"], 300, 12):
        record("environment", text, outcome(lambda: "\n".join(f"{k!r}={v!r}" for k, v in posix_pairs(text).items())))


def datatype_cases():
    numbers = ["", "0", "1", " 7 ", "+5", "-5", "1_000", "_1", "1_", "1__0", "0x10", "1.5", "٣", "１２", "²", "1e3", "a", "- 1", "007",
               "1KB", "1kb", "1 MB", "2Gb", "1k", "1b", "1.5MB", "KB", "-1KB", "0o22", "022", "0O7", "08", "9", "0o", "0o_7", "0_7", "it's", "x" * 250]
    numbers += mix(["0", "1", "7", "8", "_", "-", "+", " ", "KB", "mb", "o", "x"], 150, 5)
    for text in numbers:
        record("integer", text, outcome(lambda: str(datatypes.integer(text))))
        record("byte_size", text, outcome(lambda: str(datatypes.byte_size(text))))
        record("octal", text, outcome(lambda: str(datatypes.octal_type(text))))
    words = ["", "yes", "TRUE", "On", "1", "no", "False", "OFF", "0", "y", "t", "2", " yes", "unexpected", "UNEXPECTED", "Sometimes", "always", "éÉ"]
    for text in words:
        record("boolean", text, outcome(lambda: str(datatypes.boolean(text))))
        record("autorestart", text, outcome(lambda: getattr(datatypes.auto_restart(text), "__name__", "False")))
    for text in ["", "0", "0,2", " 0 , 2 ", "255", "256", "-1", "a", "0,", ",", "1,a", "٣"]:
        record("exitcodes", text, outcome(lambda: ",".join(map(str, datatypes.list_of_exitcodes(text)))))
    for text in ["", "a", "a,b", " a , b ", "a,", ",", "a b"]:
        record("list_of_strings", text, outcome(lambda: "|".join(datatypes.list_of_strings(text))))
    names = [name[3:] for name in dir(datatypes.signal) if name.startswith("SIG") and not name.startswith("SIG_")]
    for text in names + [f"SIG{n}" for n in names] + [n.lower() for n in names] + ["NOSUCH", "SIG", " term ", "15.0", "", "sigSIGTERM", "ſigterm"]:
        record("signal", text, outcome(lambda: str(int(datatypes.signal_number(text)))))
    for number in [*range(1, 70), -1, 999]:  # 0 is not a signal to us
        record("signal", str(number), outcome(lambda: str(int(datatypes.signal_number(str(number))))))
    for text in ["critical", "ERROR", "warn", "Info", "debug", "trace", "blather", "warning", "20", "", "fatal"]:
        levels = {50: "critical", 40: "error", 30: "warn", 20: "info", 10: "debug", 5: "trace", 3: "blather"}
        record("loglevel", text, outcome(lambda: levels[datatypes.logging_level(text)]))
    for text in ["9001", ":9001", "*:9001", "127.0.0.1:9001", "LocalHost:80", "::1:80", "", "abc", "0", "70000", "-1", "host:", "host:abc", "host:0",
                 "host:65536", "host:65535", "host:-1", " 80", "a: 80", "*", "x:y:z", "é:1"]:
        record("inet_address", text, outcome(lambda: "%s|%d" % datatypes.inet_address(text)))
    for text in ["a", " a ", "a b", "a:b", "a/b", "a/b c", "a\tb", "é", "a'b:"]:  # an empty name is an error to us
        record("name", text, outcome(datatypes.process_or_group_name, text))
    for text in ["root", "0", "nosuchuser", "root:root", "0:0", "root:", ":root", "root:nosuchgroup", "-1", "99999999999", "root:0:0", ""]:
        record("owner", text, outcome(lambda: "%d|%d" % datatypes.colon_separated_user_group(text)))
        if ":" not in text:
            record("user", text, outcome(lambda: str(datatypes.name_to_uid(text))))
    for text in ["http://localhost:9001", "unix:///tmp/s", "a:b", "http:/x", "http:", "http://", "localhost", "", "/x", "1a:b", ":x", "a b:c", "http://?x",
                 "http://[::1", "http://[::1]:80", " http://x", "h\tttp://x", "unix://s", "x-y+z.1:a", "é:b", "http:#x"]:
        record("url", text, outcome(datatypes.url, text))


# -- text --------------------------------------------------------------------------------------------------------------
def text_cases():
    pieces = ["a", "'", '"', "\\", "\n", "\t", "\r", "\0", "\x7f", "é", "\u00a0", "\u00ad", "→", "\u200b", "\u2028", "\ufeff", "\ue000", "😀", "\U000e0001", "e\u0301", " ", "\u0378"]
    for text in pieces + mix(pieces, 80, 6):
        record("repr", text, "=" + repr(text))
    for path in ["", "/", "//", "///", "a", "a/", "/a", "a/b", "a//b", "/a/../b", "../a", "a/..", "./a", "//a/./b", "/..", "a/../../b"] + mix(["/", "a", "..", ".", "b"], 60, 7):
        record("dirname", path, "=" + posixpath.dirname(path))
        record("normpath", path, "=" + posixpath.normpath(path))
    for path in ["~", "~/", "~/a", "a~", "~root", "~root/a", "~nosuchuser/a", "", "~/a//b", "~~"]:
        record("expanduser", path, "=" + posixpath.expanduser(path))


def fnmatch_cases():
    fixed = [("*.conf", "a.conf"), ("[!a]", "b"), ("[]a]", "]"), ("[!]a]", "]"), ("[a-]", "-"), ("[", "["), ("[a", "[a"), ("[c-a]", "b"), ("**", "ab"), ("?", "é"), ("[a-cx-z]", "y")]
    patterns = mix(["a", "b", "*", "?", "[", "]", "!", "-", "c", "[a-c]", "[!b]"], 150, 5)
    for pattern, name in fixed + [(pattern, name) for pattern in patterns for name in mix(["a", "b", "c", "]", "-", "["], 3, 4)]:
        record("fnmatch", f"{pattern}\n{name}", "=" + str(fnmatch.fnmatchcase(name, pattern)))


# -- expansion ---------------------------------------------------------------------------------------------------------
class Mapping(dict):
    """Refuses to be printed as a whole."""

    def __str__(self):
        raise ValueError("a name in parentheses is required")

    __repr__ = __str__


Mapping.__name__ = "dict"  # for error texts


def format_cases():
    mapping = {"here": "/etc", "process_num": 10, "neg": -7, "zero": 0, "program_name": "abc", "ENV_X": "it's", "one": "é"}
    inputs = ["plain", "100%%", "%(here)s", "%(nosuch)s", "50%", "%(here)", "%(here", "%(here)Y", "12345678901 %Y", "%d", "%(here)d", "%(here)x", "%(here)*d",
              "%(process_num)*d", "% (here)s", "%(here)s % d", "%(a(b))s", "%()s", "%(one)c", "%(here)c", "%(process_num)c", "%(neg)c", "%(here)f", "%(here)%",
              "%(here)% %s", "%5%", "%(here)ls", "%(here)hs", "%(here).", "%(here)10", "%(here)é", "%(process_num)5.3d", "%(process_num)#o"]
    for name in ("process_num", "neg", "zero"):
        for flags in ("", "-", "+", " ", "0", "#", "+0", "-0", "#0", "+#"):
            for width in ("", "1", "6", "12", "6.0", ".3", "8.4", "."):
                for conversion in "diouxXeEfFgGsrac":
                    if conversion == "c" and mapping[name] < 0:
                        continue
                    if RANDOM.random() < 0.25:
                        inputs.append(f"%({name}){flags}{width}{conversion}")
    for conversion in "sra":
        inputs += [f"%({name}){flags}{conversion}" for name in ("program_name", "ENV_X", "one") for flags in ("", "10", "-10", ".1", "010", "#", "5.2")]
    inputs += mix(["%", "%%", "(", ")", "here", "%(here)", "s", "d", "0", "5", ".", "#", "-", " ", "é", "*", "l", "%(process_num)", "Y"], 300, 7)
    for text in inputs:
        record("expand", text, outcome(options.expand, text, Mapping(mapping), "sect.opt"))


# -- the dialect -------------------------------------------------------------------------------------------------------
INI = [
    "[a]\nx=1\n", "[a]\nx=a;b ;c #d\n", "[a]\nx=a ;b\n", "[a]\nx=;y\n", "[a]\nx= ;y\n", "[a]\nx=1\n  2\n\n ; c\n\t3\n\n[b]\ny=2", "[a]\nx=1\n [b]\n y=2\n",
    "[a]\n  x=1\n  y=2\n   z=3\n", "[a]\nx=\n  1\n", "[program:a]b]\n", "[program:e]junk\nx=1\n", "[ a ]\n", "[a]\nKey Word : 1=2\nb=c:d\n", "[a]\r\nx=1\ry=2\n z\r\n",
    "[a]\nx=1\n[b]\nz=1\n[a]\nx=2\n", "[a]\nx=1\n[DEFAULT]\nx=0\ny=0\n[b]\n", "\nhello=1\n", "\ufeff[a]\n", "[a]\nfoo\nx=1\nREM it's\n", "[a]\n=v\n  w\n", "[a]\n:\n",
    "[a]\nx=1\nbad\n  more\n", "[]\n", "[a]\n[]=1\n", "[a]\n\x1cx=1\x1f\n", "[a]\nx=1\u00a0;c\n", "; only\n# comments\n", "", "[a]\nx\n=1\n", "[a]\nÉ=1\né=2\n", "[a]\nx==1\n", "[a]\nx=1 \n\n\n",
    "[a]\nx=1\n  # c\n  2\n", "[a]\n ;c\n x=1\n  ;c\n  2\n", "[DEFAULT]\nx=1\n", "[a]\nx=1\n[]]\ny=2\n",
]


def ini_outcome(text):
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    parser = options.UnhosedConfigParser()
    try:
        parser.read_file(lines, source="f.conf")
    except configparser.Error as error:
        return "!" + str(error)
    found = []
    for section in parser.sections():
        found.append(f"[{section!r}]")
        found += [f"{key!r}={parser.get(section, key)!r}" for key in parser.options(section)]
    return "=" + "\n".join(found)


def ini_cases():
    pieces = ["[a]\n", "[b]\n", "[DEFAULT]\n", "x=1\n", "y : 2\n", "x=3 ;c\n", "  more\n", "\n", "   \n", ";c\n", "  # c\n", "bad\n", " z=4\n", "=5\n", "\tx\t=\t6\n", "k=a#b;c ;d #e\n",
              "    [c]\n", "X=7\r\n", "é=8\u00a0#\n", "last=9"]
    for text in INI + mix(pieces, 500, 14):
        # A line that begins with [ and has no ] is an error to us.
        record("ini", text, ini_outcome(text))


# -- command lines -----------------------------------------------------------------------------------------------------
class Stop(Exception):
    pass


def quiet(cls):
    made = cls()

    def usage(message):
        raise Stop(str(message))

    def exit_with(status):
        raise SystemExit(status)
    made.usage, made.exit = usage, exit_with
    made.help = lambda dummy: exit_with("help")
    return made


def command_line(cls, words):
    made = cls.__new__(cls)
    # The handlers are bound when the object is made, so they are replaced in the class.
    for name, value in (("usage", raise_stop), ("help", raise_help), ("version", raise_version), ("process_config", lambda self: None), ("default_configfile", lambda self: None)):
        setattr(made, name, value.__get__(made))
    made.__init__()
    try:
        options.Options.realize(made, list(words), doc="", progname="p")
    except Stop as error:
        return "!" + str(error)
    except SystemExit as what:
        return "=" + str(what)
    if cls is options.ClientOptions and not made.args:
        made.interactive = 1  # as its own realize() does last
    given = {name: getattr(made, name) for name, _ in made.names_list if getattr(made, name) is not None}
    if cls is options.ClientOptions:
        given["arguments"] = made.args
    return "=" + "\n".join(f"{name}={given[name]!r}" for name in sorted(given))


def raise_stop(self, message):
    raise Stop(str(message))


def raise_help(self, dummy):
    raise SystemExit("help")


def raise_version(self, dummy):
    raise SystemExit("version")


def command_line_cases():
    lines = [
        [], ["-n"], ["--nodaemon"], ["--no"], ["-nst"], ["-c", "x"], ["-cx"], ["--configuration=x"], ["--conf", "x"], ["-n", "-n"], ["-n", "--nodaemon"], ["-c", "a", "-c", "b"], ["x"],
        ["-n", "x", "it's"], ["-z", "a", "x"], ["-b"], ["-nb"], ["--bogus"], ["--bogus=1"], ["--log", "x"], ["--log=x"], ["--=x"], ["--"], ["--", "-n"], ["-"], ["-l"], ["-nl"], ["--logfile_max"],
        ["--nodaemon="], ["--nod=1"], ["-a", "x"], ["-a", "5"], ["--minp=x"], ["-e", "loud"], ["-e", "DEBUG"], ["-m", "9"], ["-m", "077"], ["-d", "/no/such"], ["-d", "/tmp"], ["-l", "/no/such/x"],
        ["-l", "/tmp/x"], ["-l", "syslog"], ["-y", "1k"], ["-y", "1KB"], ["-i", ""], ["-i", "", "-i", "x"], ["-z1", "-zx"], ["-h"], ["-?"], ["--help"], ["--he"], ["-v"], ["--version"], ["--v"],
        ["-v", "-h"], ["-z", "bad", "-h"], ["-h", "-z", "bad"], ["-u", "nosuchuser"], ["-q", "/tmp"], ["-k"], ["-j", "x.pid"], ["--minprocs=6"], ["--profile_options=Calls,callers"], ["-:"], ["-n:"],
        ["--l", "x"], ["--logl", "x"], ["--logl", "warn"], ["-s", "--silent"], ["--st"], ["--s"], ["--strip"], ["-é"],
    ]
    words = ["-n", "-c", "x", "-l", "/tmp/l", "--logfile", "-z", "3", "--min", "--minfds", "7", "-t", "-k", "--user=root", "-nk", "-z5", "--", "-i", "-e", "warn", "--loglevel=bad"]
    lines += [[RANDOM.choice(words) for _ in range(RANDOM.randint(1, 5))] for _ in range(200)]
    for line in lines:
        record("supervisord", "\n".join(line), command_line(options.ServerOptions, line))
    words = ["-i", "--inter", "-c", "x", "-s", "http://h:1", "unix:///s", "nourl", "--serverurl=a:b", "-u", "me", "--user=you", "-p", "pw", "--pass", "-r", "h", "--history_file=h", "--hist", "-h", "--h",
             "-?", "-v", "--version", "status", "tail", "-f", "--", "-", "-iu", "-ux", "--username", ""]
    for line in [[], ["-i"], ["--help"]] + [[RANDOM.choice(words) for _ in range(RANDOM.randint(1, 5))] for _ in range(300)]:
        if line != [""]:  # written as no word at all
            record("supervisorctl", "\n".join(line), command_line(options.ClientOptions, line))


# -- whole configurations ----------------------------------------------------------------------------------------------
def flag(value):
    return "true" if value else "false"


def optional(value):
    return "-" if value is None else repr(value)


def number(value):
    return "-" if value is None else str(value)


def logfile(value):
    return "none" if value in (None, "") else "auto" if value is datatypes.Automatic else repr(value)


def dump_channel(config, name):
    value = lambda key: getattr(config, f"{name}_{key}")
    return (f"  {name} {logfile(value('logfile'))} {value('logfile_maxbytes')} {value('logfile_backups')} {value('capture_maxbytes')} "
            f"{flag(value('events_enabled'))} {flag(value('syslog'))}")


def dump_process(config):
    restart = {datatypes.RestartUnconditionally: "always", datatypes.RestartWhenExitUnexpected: "unexpected", False: "never"}[config.autorestart]
    yield f" process {config.name!r} {config.command!r} {optional(config.directory)} {number(config.umask)} {number(config.uid)} {config.priority}"
    yield f"  {flag(config.autostart)} {restart} {config.startsecs} {config.startretries} {config.exitcodes} {int(config.stopsignal)} {config.stopwaitsecs}"
    yield f"  {flag(config.stopasgroup)} {flag(config.killasgroup)} {flag(config.redirect_stderr)} {optional(config.serverurl)}"
    yield dump_channel(config, "stdout")
    yield dump_channel(config, "stderr")
    yield "  " + " ".join(f"{key!r}={value!r}" for key, value in config.environment.items())


def dump(made):
    yield f"logfile {made.logfile!r} {made.logfile_maxbytes} {made.logfile_backups} {made.loglevel}"
    yield f"pidfile {made.pidfile!r} {made.identifier!r} {flag(made.nodaemon)} {flag(made.silent)} {made.minfds} {made.minprocs} {made.umask}"
    yield f"user {number(made.uid)} {optional(made.directory)} {made.childlogdir!r} {flag(made.nocleanup)} {flag(made.strip_ansi)}"
    for config in made.server_configs:
        owner = config.get("chown", (-1, -1))
        where = f"{config['file']!r} {config['chmod']} {owner[0]} {owner[1]}" if "file" in config else f"{config['host']!r} {config['port']}"
        yield f"server {config['section']!r} {where} {optional(config['username'])} {optional(config['password'])}"
    yield f"url {optional(made.serverurl)}"
    for name, _, extras in made.rpcinterface_factories:
        yield f"rpcinterface {name!r} " + " ".join(f"{key!r}={value!r}" for key, value in extras.items())
    for group in made.process_group_configs:
        kind = {options.ProcessGroupConfig: "programs", options.FastCGIGroupConfig: "fcgi", options.EventListenerPoolConfig: "listeners"}[type(group)]
        yield f"group {kind} {group.name!r} {group.priority}"
        if kind == "listeners":
            from supervisor.events import getEventNameByType
            yield f" pool {group.buffer_size} " + " ".join(sorted(getEventNameByType(event) for event in group.pool_events))
        if kind == "fcgi":
            socket = group.socket_config
            yield f" socket {socket.url!r} {number(socket.backlog)}" + (f" {socket.mode} {socket.owner}" if hasattr(socket, "path") and socket.path else "")
        for config in group.process_configs:
            yield from dump_process(config)
    for text in made.parse_warnings:
        yield f"WARN {text}"
    for text in made.parse_infos:
        yield f"INFO {text}"


def once(self, option, *arguments, **keywords):
    """getdefault as the next release has it: `environment` is not expanded here."""
    if option == "environment":
        keywords["do_expand"] = False
    return ORIGINAL_GETDEFAULT(self, option, *arguments, **keywords)


ORIGINAL_GETDEFAULT = options.UnhosedConfigParser.getdefault


def load_outcome(path):
    made = quiet(options.ServerOptions)
    try:
        made.realize(["-c", path], doc="", progname="p")
    except Stop as error:
        return "!" + str(error)
    return "=" + "\n".join(dump(made))


HEAD = "[supervisord]\nlogfile={dir}/l.log\npidfile={dir}/p.pid\nchildlogdir={dir}\n"
PROGRAM = HEAD + "[program:x]\ncommand=/bin/true\n"
RPC = "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"


def load_texts():
    yield from ("", "[a]\n", "[supervisord]\n" * 2, HEAD, "hello=1\n" + HEAD, HEAD + "bad\n", PROGRAM, HEAD + RPC + PROGRAM.replace(HEAD, ""))
    for option, values in {
        "minfds": ["5", "x", "%(here)s", "%(ENV_GOLDEN_NUMBER)s"], "minprocs": ["1_0", ""], "directory": ["/tmp", "/no/such", ""], "user": ["root", "0", "nosuchuser", "4294967295", ""],
        "umask": ["022", "9", "0o77"], "logfile": ["/no/such/x", "syslog", "SYSLOG", "none", "auto", "~/x", "{dir}/../y", "%(here)s/z", ""], "logfile_maxbytes": ["1MB", "1XB", "0"],
        "logfile_backups": ["3", "x"], "loglevel": ["blather", "loud"], "pidfile": ["/no/such/x", "a.pid"], "identifier": ["", "x y", "%(ENV_GOLDEN)s"], "nodaemon": ["yes", "maybe"],
        "silent": ["1", "2"], "childlogdir": ["/no/such", "/tmp"], "nocleanup": ["on", ""], "strip_ansi": ["TRUE", "t"],
        "environment": ["A=1", "A", "A=%(here)s", "A=%(host_node_name)s", "A='%%'", "A='", "A=%(nosuch)s", "A=\"x\\\"y\"", "B=%(ENV_GOLDEN)s"], "nosuch": ["%(nosuch)s"],
    }.items():
        for value in values:
            yield PROGRAM.replace("[program", f"{option}={value}\n[program") + "environment=Z=%(ENV_GOLDEN)s\n"
    for option, values in {
        "command": ["", "a b %(nosuch)s", "%(program_name)s %(group_name)s %(process_num)d %(numprocs)d", "50% off", "%(ENV_GOLDEN)s %(ENV_NOSUCH)s", "%(program_name)q", "%(here)d", "100%%", "%(ENV_OWN)s"],
        "process_name": ["%(program_name)s_%(process_num)02d", "a b", "a:b", "%(nosuch)s", "%(here", "x%%y", "%(ENV_OWN)s"], "priority": ["1", "x", "-3", "%(here)s", "%(program_name)s"],
        "autostart": ["off", "maybe"], "autorestart": ["true", "false", "Unexpected", "sometimes"], "startsecs": ["0", "-1", "abc"], "startretries": ["0", "x"],
        "stopsignal": ["INT", "sigusr1", "9", "NOSUCH", "99", "%(nosuch)s"], "stopwaitsecs": ["0", "1.5"], "stopasgroup": ["true"], "killasgroup": ["true", "false"], "exitcodes": ["", "0,1", "256", "a"],
        "user": ["root", "nosuchuser", "4294967295"], "redirect_stderr": ["true", "x"], "stdout_logfile": ["NONE", "off", "auto", "/no/such/x", "{dir}/x.log", "syslog", "%(program_name)s.log", "%%%%x", "%%x", "%(nosuch)s", "~/x", ""],
        "stderr_logfile": ["none", "SYSLOG", "{dir}/%(process_num)d.log"], "stdout_logfile_maxbytes": ["0", "1GB", "x"], "stderr_logfile_maxbytes": ["0", "5XB"], "stdout_logfile_backups": ["0", "x"],
        "stderr_logfile_backups": ["2"], "stdout_capture_maxbytes": ["1KB", "x"], "stderr_capture_maxbytes": ["1KB", "x"], "stdout_events_enabled": ["true", "x"], "stderr_events_enabled": ["true", "x"],
        "stdout_syslog": ["true", "x"], "stderr_syslog": ["true", "x"], "environment": ["A=1,B='%(process_num)d'", "A", "A=%(nosuch)s", "A='%%x'", "OWN=1", "A=$X y"], "directory": ["/no/such", "%(ENV_OWN)s", ""],
        "umask": ["022", "9"], "serverurl": ["AUTO", " auto ", "http://x", ""], "numprocs": ["2", "0", "-1", "x"], "numprocs_start": ["3", "x"], "nosuch": ["%(nosuch)s"],
    }.items():
        for value in values:
            yield PROGRAM + f"{option}={value}\n"
            yield PROGRAM + f"numprocs=3\nprocess_name=p%(process_num)d\nnumprocs_start=9\n{option}={value}\n"
    yield PROGRAM + "stopasgroup=true\nkillasgroup=false\n"
    yield PROGRAM + "environment=OWN=1\ncommand=a %(ENV_OWN)s\nstdout_logfile=%(ENV_OWN)s.log\n"
    yield PROGRAM + "redirect_stderr=true\nstderr_logfile={dir}/x\n"
    yield PROGRAM + "stdout_logfile_maxbytes=0\nnumprocs=2\nprocess_name=%(process_num)d\n"
    yield PROGRAM + "numprocs=2\n"
    yield HEAD + "[program:x]\n"
    yield HEAD + "[program:x]\nnumprocs=0\n"
    for name in ("a b", "a:b", "a/b", " a ", "é"):
        yield HEAD + f"[program:{name}]\ncommand=x\n"
        yield HEAD + f"[fcgi-program:{name}]\ncommand=x\nsocket=tcp://a:1\n"
        yield HEAD + f"[group:{name}]\n"
        if name != " a ":  # the pool would keep the blanks
            yield HEAD + f"[eventlistener:{name}]\ncommand=x\nevents=TICK_5\n"
    yield HEAD + "[DEFAULT]\npriority=7\nautostart=false\nstray=%\n[program:x]\ncommand=a\n[program:y]\ncommand=b\npriority=3\n"
    yield HEAD + "[program:x]\ncommand=a\n[program:x]\nautostart=false\ncommand=b\n"
    yield HEAD + "".join(f"[program:p{n}]\ncommand=x\npriority={n % 3}\n" for n in range(9, 0, -1))
    yield from group_texts()
    yield from listener_texts()
    yield from fcgi_texts()
    yield from server_texts()
    yield from include_texts()


def group_texts():
    two = HEAD + "[program:x]\ncommand=a %(group_name)s\n[program:y]\ncommand=b\npriority=3\n"
    for text in ("programs=x,y\n", "programs=y, x\npriority=5\n", "priority=1\n", "programs=\n", "programs=nosuch\n", "programs=x\npriority=abc\n", "programs=%(nosuch)s\n", "programs=%(ENV_GOLDEN)s\n",
                 "programs=%(program_name)s\n", "programs=x,x\n"):
        yield two + "[group:g]\n" + text
    yield two + "[group:g]\nprograms=x\n[group:h]\nprograms=x,y\npriority=1\n"
    yield HEAD + "[group:g]\nprograms=x\n[program:x]\n"
    yield HEAD + "[program:x]\ncommand=a\n[fcgi-program:x]\ncommand=b\nsocket=tcp://a:1\n[group:g]\nprograms=x\n"
    yield HEAD + "[eventlistener:x]\ncommand=a\nevents=TICK_5\n[group:g]\nprograms=x\n"


def listener_texts():
    for text in ("", "events=\n", "events=NOSUCH\n", "events=tick_5,PROCESS_STATE\n", "events=TICK_5,TICK_5,tick_5\n", "events=TICK_5,\n", "events=EVENT\nredirect_stderr=true\n", "events=EVENT\nbuffer_size=0\n",
                 "events=EVENT\nbuffer_size=x\n", "events=EVENT\nbuffer_size=-5\n", "events=EVENT\nbuffer_size=100\n", "events=EVENT\npriority=5\n", "events=EVENT\npriority=x\n", "events=EVENT\nresult_handler=no.such:thing\n",
                 "events=EVENT\nresult_handler=supervisor.dispatchers:default_handler\n", "events=EVENT\nresult_handler=nonsense\n", "events=EVENT\nstdout_capture_maxbytes=5\nstderr_capture_maxbytes=6\n",
                 "events=EVENT\nnumprocs=2\nprocess_name=%(process_num)d\n", "events=EVENT\nresult_handler=supervisor.dispatchers : default_handler\n", "events=%(host_node_name)s\n", "events=EVENT\nautostart=x\n"):
        yield HEAD + "[eventlistener:l]\ncommand=/bin/cat\n" + text


def fcgi_texts():
    for text in ("", "socket=\n", "socket=bogus\n", "socket=tcp://a:80\n", "socket=tcp://A.B:80\nsocket_backlog=7\n", "socket=tcp://a:0\n", "socket=tcp://a:70000\n", "socket=tcp://a:x\n", "socket=tcp://a b:80\n",
                 "socket=unix:///tmp/../tmp/x.sock\n", "socket=unix://x.sock\n", "socket=unix:///tmp/%(program_name)s.sock\n", "socket=unix:///tmp/%(host_node_name)s\n", "socket=unix:///tmp/x\nsocket_mode=0770\n",
                 "socket=unix:///tmp/x\nsocket_mode=9\n", "socket=unix:///tmp/x\nsocket_owner=root:root\n", "socket=unix:///tmp/x\nsocket_owner=nosuch\n", "socket=tcp://localhost:1\nsocket_owner=root\n",
                 "socket=tcp://localhost:1\nsocket_mode=0700\n", "socket=tcp://a:80\nsocket_backlog=0\n", "socket=tcp://a:80\nsocket_backlog=x\n", "socket=tcp://a:80\nsocket_backlog=65536\n", "socket=tcp://a:80\nuser=nosuch\n",
                 "socket=tcp://a:80\npriority=x\n", "socket=tcp://a:80\npriority=4\nnumprocs=2\nprocess_name=%(process_num)d\n", "socket=unix://\n", "socket=tcp://a:80\nstartsecs=x\n"):
        yield HEAD + "[fcgi-program:f]\ncommand=/bin/cat\n" + text


def server_texts():
    for text in ("", "port=9001\n", "port=*:9001\n", "port=LocalHost:9001\n", "port=abc\n", "port=a:0\n", "port=a:70000\n", "port=a:\n", "username=a\n", "port=1\npassword=b\n", "port=1\nusername=a\npassword=b\n",
                 "port=1\nusername=\npassword=\n", "port=%(here)s\n", "port=%(ENV_GOLDEN_NUMBER)s\n"):
        yield HEAD + "[inet_http_server]\n" + text
    for text in ("", "file={dir}/../s.sock\n", "file=%(here)s/s\n", "file=~/s\n", "file=/s\nchmod=0777\n", "file=/s\nchmod=9\n", "file=/s\nchown=root\n", "file=/s\nchown=root:root\n", "file=/s\nchown=nosuch\n",
                 "file=/s\nusername=a\n", "file=/s\nusername=a\npassword=%%\n", "file=/s\npassword=%\n", "file=%(host_node_name)s\n", "file=/s\nchmod=%(here)s\n"):
        yield HEAD + "[unix_http_server]\n" + text
    yield HEAD + "[unix_http_server:b]\nfile=/b\n[inet_http_server:a]\nport=1\n[unix_http_serverx]\nfile=/c\n[inet_http_server]\nport=h:2\n"
    yield HEAD + "[inet_http_server:a]\nport=1\n[inet_http_server]\nport=h:2\n"
    for text in ("", "supervisor.rpcinterface_factory=nosuch.module:thing\n", "supervisor.rpcinterface_factory=%(here)s\n", "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\nOther = %(ENV_GOLDEN)s\nx=\n",
                 "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\nx=%(here)s\n", "supervisor.rpcinterface_factory=supervisor.rpcinterface:nosuch\n"):
        yield HEAD + "[rpcinterface:x]\n" + text + "[program:bad]\n"
        yield HEAD + "[DEFAULT]\ndef=1\n[rpcinterface:x:y]\n" + text


def include_texts():
    files = "[include]\nfiles="
    for value in ("", "a.inc", "{dir}/a.inc {dir}/b.inc", "*.inc", "nosuch.inc *.none", "%(here)s/b.inc", "%(ENV_GOLDEN)s.inc", "%(nosuch)s", "sub/*.inc", "bad.inc", "[ab].inc", "\n a.inc\n b.inc", "nohead.inc", "a.inc a.inc"):
        yield PROGRAM + "stdout_logfile=%(here)s/x.log\n" + files + value + "\n"
    yield HEAD + "[include]\nfile=x\n"
    yield "[include]\nfiles=main.inc\n"
    yield HEAD + "[inet_http_server]\nport=%(here)s\n[include]\nfiles=\n"
    yield HEAD + "[program:x]\ncommand=%%(here)s\n[include]\nfiles=\n"
    yield HEAD + "[program:x]\ncommand=a\nstartsecs=q\n[include]\nfiles=sub/over.inc\n"
    yield HEAD + "[DEFAULT]\ndirectory=%(here)s\n[program:x]\ncommand=a\n[include]\nfiles=a.inc sub/c.inc\n"


FILES = {
    "a.inc": "[program:a]\ncommand=/bin/a %(here)s\n", "b.inc": "[program:b]\ncommand=/bin/b\n[supervisord]\nidentifier=from_b\n[include]\nfiles=sub/c.inc\n", "main.inc": "[supervisord]\nlogfile={dir}/m.log\n",
    "golden.inc": "[program:g]\ncommand=g\n", "bad.inc": "[program:z]\nbad line\n", "nohead.inc": "x=1\n", "sub/c.inc": "[program:c]\ncommand=/bin/c %(here)s\n", "sub/over.inc": "[program:x]\nstartsecs=r\n[program:n]\ncommand=%(no)s\n",
}


def load_cases():
    options.dict_of_key_value_pairs = posix_pairs
    options.UnhosedConfigParser.getdefault = once
    os.environ.clear()
    os.environ.update({"HOME": DIR, "GOLDEN": "golden", "GOLDEN_NUMBER": "42"})
    os.chdir(DIR)
    for name, text in FILES.items():
        path = os.path.join(DIR, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text.replace("{dir}", DIR))
        record("file", name, "=" + text)
    main = os.path.join(DIR, "main.conf")
    for text in load_texts():
        with open(main, "w", encoding="utf-8") as file:
            file.write(text.replace("{dir}", DIR))
        node = options.platform.node()
        record("load", text, load_outcome(main).replace(DIR, "{dir}").replace(f"'{node}'", "'{node}'").replace(f"type {node.upper()} in", "type {NODE} in").replace(f"tmp/{node}", "tmp/{node}"))


def main():
    global DIR
    DIR = os.path.realpath(tempfile.mkdtemp(prefix="goldens-"))
    os.environ["HOME"] = "/home/golden"
    try:
        for cases in (shlex_cases, environment_cases, datatype_cases, text_cases, fnmatch_cases, format_cases, ini_cases, command_line_cases, load_cases):
            cases()
    finally:
        os.chdir("/")
        shutil.rmtree(DIR)


if __name__ == "__main__":
    main()
