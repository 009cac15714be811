#!/usr/bin/env python3
"""Random changes of real configuration files, read by Supervisor 4.3.0 and by us: the same acceptance, the same values?

    cargo build --release -p supervisor-config --example dump_config
    target/python/bin/python conformance/differential_config.py target/release/examples/dump_config \\
        ../shared/real-configs/files [--count 10000] [--seed 1]

Run it with a Python that has supervisor 4.3.0. Python reads in this process, ours reads file after file in one child.
What is compared is every value of every section (crates/config/tests/goldens/generate.py prints Python's,
crates/config/tests/goldens/dump.rs ours) and the text of the error. Where we differ on purpose (COMPATIBILITY.md), a
function below knows; everything else that differs is printed with the file that shows it. Exit status: 0 when nothing
differs that should not, 1 otherwise.
"""
import argparse
import collections
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import warnings

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "crates/config/tests/goldens"))
import generate  # noqa: E402
from supervisor import options  # noqa: E402

ENVIRONMENT = {"HOME": "/tmp", "PATH": "/bin:/usr/bin", "GOLDEN": "golden", "DJANGO_SETTINGS_MODULE": "a.b", "PORT": "80"}

SPICE = [
    "", " ", "\t", "\n", "\n\n", " ;c", ";c", " #c", "#c", "=", ":", "%", "%%", "%(here)s", "%(program_name)s", "%(process_num)02d", "%(ENV_GOLDEN)s", "%(ENV_NONE)s", "%(group_name)s", "[", "]",
    "'", '"', "\\", ",", "\u00e9", "\u00a0", "0", "-1", "10", "1KB", "5MB", "true", "false", "none", "AUTO", "TERM", "\n[program:x]\n", "\n[DEFAULT]\n", "\n[group:g]\nprograms=x\n", "\n  more\n",
    "\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)d\n", "\nenvironment=A=1,B=\"2 3\"\n", "\nautorestart=unexpected\n", "\nstopsignal=HUP\n", "\nuser=root\n", "\r\n", "\x0c",
]


def change(chosen, lines_of_others, dice):
    """A copy with one to four changes."""
    lines = chosen.splitlines(keepends=True) or [""]
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(lines))
        kind = dice.randrange(8)
        if kind == 0:
            del lines[at]
            lines = lines or [""]
        elif kind == 1:
            lines.insert(at, lines[dice.randrange(len(lines))])
        elif kind == 2:
            lines.insert(at, dice.choice(lines_of_others))
        elif kind == 3:
            lines[at] = " " * dice.randint(1, 4) + lines[at]
        elif kind == 4 and "=" in lines[at]:
            other = dice.choice(lines_of_others)
            lines[at] = lines[at].split("=")[0] + "=" + (other.split("=", 1)[1] if "=" in other else other)
        else:
            line = lines[at]
            column = dice.randrange(len(line) + 1)
            lines[at] = line[:column] + dice.choice(SPICE) + line[column + dice.randint(0, 2):]
    return "".join(lines)


# -- differences that are meant: theirs, ours and the text, to the quirk or None --------------------------------------
def reason(theirs, ours, text):
    if theirs.startswith("?"):
        # Python died of an exception; that we refuse the file in our own words is all that can be asked.
        return "traceback" if ours.startswith("!") else None
    if ours.startswith("!Source contains parsing errors") and re.search(r"\]: '\s*\[", ours):
        return "F43"
    if "Invalid name: " in ours and not theirs.startswith("!Invalid name"):
        return "F44"
    if "is not a valid signal" in ours and re.search(r"stopsignal", text):
        return "F49"
    if "a name in parentheses is required" in ours:
        return "a directive without a name prints the whole mapping"
    if theirs.startswith("!Unknown event type") and ours.startswith("!Unknown event type"):
        return "of several unknown events Python names any: they are a set"
    if re.search(r"\[eventlistener:(\s|[^\]]*\s\])", text):
        return "blanks around the name of a pool"
    if ours.startswith("![group:") and theirs.startswith("![") and "names unknown program" in ours:
        return "F23"
    if "is used by both" in ours:
        return "F42"
    if "fcgi-program" in text and "no socket is set" in ours or "[fcgi-program:" in text and "[group:" in text:
        return "F16"
    return None


def without_our_warnings(outcome):
    """Our warnings that upstream does not have: K19, F42."""
    lines = outcome.split("\n")
    return "\n".join(line for line in lines if not re.match(r"WARN (Extra file|Group name|For \[fcgi-program.*no socket)", line))


def of_python(path):
    try:
        outcome = generate.load_outcome(path)
        # Ours is absolute; nothing that is done with it tells the difference.
        outcome = re.sub(r"(?m)^(user \S+ \S+) '(.+?)/?'( \w+ \w+)$", lambda m: f"{m[1]} {os.path.abspath(m[2])!r}{m[3]}", outcome)
        text = pathlib.Path(path).read_text(encoding="utf-8", errors="surrogateescape")
        if re.search(r"(?m)^\s*stderr_logfile\s*[=:]\s*([;#].*)?$", text):  # F48
            outcome = re.sub(r"\nWARN For \[[^\]]*\], redirect_stderr=true but stderr_logfile[^\n]*", "", outcome)
        return outcome
    except (Exception, SystemExit) as error:  # an uncaught exception is what their users see, too
        return f"?{type(error).__name__}: {error}"


def made_acceptable(text, path):
    """A file as its author's machine would take it: what this machine lacks is replaced until Python accepts it."""
    for _ in range(60):
        pathlib.Path(path).write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
        error = of_python(path)
        if error.startswith("="):
            return text
        if match := re.search(r"as part of the path (\S+) does not exist|^!(\S+) is not an existing directory", error):
            missing = match[1] or match[2]
            text = text.replace(os.path.dirname(missing) if match[1] else missing, "/tmp")
        elif match := re.search(r"Invalid user name (\S+)", error):
            text = re.sub(rf"(?m)^(\s*user\s*[=:]\s*){re.escape(match[1])}", r"\1root", text)
        elif match := re.search(r"Invalid sockchown value (\S+)", error):
            text = text.replace(match[1], "root")
        elif match := re.search(r"contains names \('ENV_(\w+)'\)", error):
            os.environ[match[1]] = "1"
        elif match := re.search(r"!(\S+) cannot be resolved within", error):
            text = "".join(line for line in text.splitlines(keepends=True) if match[1] not in line)
        else:
            return None
    return None


class Ours:
    """Our reader, in the environment and the working directory of this process."""

    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", errors="surrogateescape")

    def read(self, path):
        self.child.stdin.write(path + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise SystemExit(f"our reader died of {path}")
        return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), line[:-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("files", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    options.dict_of_key_value_pairs = generate.posix_pairs  # D1
    options.UnhosedConfigParser.getdefault = generate.once  # D1
    program = os.path.abspath(arguments.program)
    texts = [path.read_text(encoding="utf-8", errors="surrogateescape") for path in sorted(arguments.files.glob("*.conf"))]
    # A piece for conf.d gets a main section, else all its changes end in the same error.
    texts = [text if "[supervisord]" in text else text + "\n[supervisord]\n" for text in texts]
    dice = random.Random(arguments.seed)
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    tally = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="differential-") as folder:
        os.chdir(folder)
        path = os.path.join(folder, "main.conf")
        texts = [text for text in (made_acceptable(text, path) for text in texts) if text]
        every_line = [line for text in texts for line in text.splitlines(keepends=True)]
        print(f"{len(texts)} files to change", flush=True)
        ours = Ours(program)
        for number in range(arguments.count):
            text = change(dice.choice(texts), every_line, dice)
            pathlib.Path(path).write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
            expected, found = of_python(path), ours.read(path)
            if expected == without_our_warnings(found):
                tally["refused by both" if found.startswith("!") else "accepted by both"] += 1
                continue
            why = reason(expected, found, text)
            tally[why or "unexpected"] += 1
            if not why:
                shown = zip(expected.split("\n"), without_our_warnings(found).split("\n"))
                first = next(((a, b) for a, b in shown if a != b), (expected[-300:], found[-300:]))
                pathlib.Path(tempfile.gettempdir(), f"differs-{arguments.seed}-{number}.conf").write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
                print(f"{number}: theirs {first[0][:400]!r}\n    ours   {first[1][:400]!r}", flush=True)
    print(", ".join(f"{count} {what}" for what, count in tally.most_common()))
    return 1 if tally["unexpected"] else 0


if __name__ == "__main__":
    sys.exit(main())
