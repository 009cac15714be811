"""What the pages show, works: each configuration passes `supervisord --check`, each command line has the options and
actions of our programs and is a line that the shell reads.

A block that cannot be checked says why, in a comment before it: `<!-- not checked: WHY -->`. The binaries are those of
the folder SUPERVISOR_BIN, target/debug unless set.
"""

import os
import re
import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path

import pages

BINARIES = Path(os.environ.get("SUPERVISOR_BIN", pages.ROOT / "target/debug")).resolve()

# What a page leaves away for brevity, so that the rest of the file can be judged.
PROGRAM = "[program:x]\ncommand=/bin/cat\n"
SUPERVISORD = "[supervisord]\nlogfile=%(here)s/s.log\npidfile=%(here)s/s.pid\n"

# Values that only the reader's machine can have, and what stands for them here.
ELSEWHERE = [
    (re.compile(r"^(\s*(?:user|chown|socket_owner)\s*=\s*)[\w.:-]+", re.M), r"\g<1>root"),
    (re.compile(r"^(\s*directory\s*=\s*)\S+", re.M), r"\g<1>/"),
    (re.compile(r"^(\s*\w*logfile\s*=\s*|\s*childlogdir\s*=\s*|\s*pidfile\s*=\s*)/[^;\n]*/", re.M), r"\g<1>/tmp/"),
    (re.compile(r"^(\s*childlogdir\s*=\s*)/\S+", re.M), r"\g<1>/tmp"),
    (re.compile(r"%\(ENV_(\w+)\)"), r"%(ENV_HOME)"),
]

# Words that are no command line of ours: what they are called in the usage of the page.
ACTIONS_OF_OTHERS = re.compile(r"^[A-Z…<\[]")


def run(*words, cwd=None, text=None):
    """Status and all that was said."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, text=True, input=text,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def all_blocks(*languages):
    return [block for page in pages.pages() for block in pages.blocks(page) if block.language in languages]


class Configurations(unittest.TestCase):
    def test_each_passes_the_check(self):
        refused = []
        for block in all_blocks("ini"):
            if block.reason:
                continue
            text = block.text if re.search(r"^\[", block.text, re.M) else PROGRAM + block.text
            text = text if "[supervisord]" in text else SUPERVISORD + text
            for pattern, replacement in ELSEWHERE:
                text = pattern.sub(replacement, text)
            with tempfile.TemporaryDirectory(prefix="supervisor-docs-") as folder:
                path = Path(folder, "supervisord.conf")
                path.write_text(text)
                status, said = run(BINARIES / "supervisord", "-c", path, "--check", cwd=folder)
            if status != 0 or "unknown" in said:
                refused.append(f"{block.page}:{block.line}:\n{said}")
        self.assertEqual(refused, [], "\n".join(refused))


class Commands(unittest.TestCase):
    """Lines of `sh` blocks. What starts programs or needs root is run by the tests that the pages' sections name."""

    @classmethod
    def setUpClass(cls):
        cls.switches = {}
        for program in ("supervisord", "supervisorctl"):
            status, usage = run(BINARIES / program, "-h")
            assert status == 0, usage
            cls.switches[program] = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", usage)) | {"-h", "--help"}
        _, listed = run(BINARIES / "supervisorctl", "help")
        described = pages.first_cells(pages.ROOT / "docs/supervisorctl.md")
        cls.actions = set(re.findall(r"[\w-]+", listed)) | {cell.split(" ")[0] for cell in described}

    def command_lines(self):
        """Each call of our programs in a block: where, the program, its words."""
        for block in all_blocks("sh"):
            if block.reason:
                continue
            text = re.sub(r"^\$ ", "", block.text.replace("\\\n", " "), flags=re.M)
            for line in text.split("\n"):
                for part in re.split(r"\s(?:&&|\|\|?|;)\s|\$\(", line):
                    try:
                        words = shlex.split(part, comments=True)
                    except ValueError:
                        continue
                    while words and (words[0] in ("sudo", "exec", "nice") or re.match(r"[A-Z_]+=", words[0])):
                        words = words[1:]
                    program = os.path.basename(words[0]) if words else ""
                    if program in self.switches:
                        yield f"{block.page}:{block.line}", program, words[1:]

    def test_options_and_actions_are_known(self):
        wrong, seen = [], 0
        for place, program, words in self.command_lines():
            seen += 1
            is_value = False
            action = None
            for word in words:
                if word == "--":
                    break  # a command that is wrapped
                if is_value:
                    is_value = False
                elif action is None and word.startswith("-"):
                    switch = word.split("=")[0]
                    if switch not in self.switches[program] and switch[:2] not in self.switches[program]:
                        wrong.append(f"{place}: {program} has no {switch}")
                    is_value = "=" not in word and switch in ("-c", "-s", "-u", "-p", "-r", "-l", "-e", "-j", "-i",
                                                              "--configuration", "--serverurl", "--format", "--tls-ca")
                elif action is None:
                    action = word
                    if program == "supervisorctl" and not ACTIONS_OF_OTHERS.match(word) and word not in self.actions:
                        wrong.append(f"{place}: supervisorctl has no action {word}")
        self.assertEqual(wrong, [])
        self.assertGreater(seen, 20)

    def test_the_shell_can_read_them(self):
        unread = []
        for block in all_blocks("sh"):
            if block.reason or re.search(r"^\$ ", block.text, flags=re.M):
                continue  # a session, with what is printed between the commands
            status, said = run("bash", "-n", text=block.text)
            if status != 0:
                unread.append(f"{block.page}:{block.line}: {said}")
        self.assertEqual(unread, [])


if __name__ == "__main__":
    unittest.main()
