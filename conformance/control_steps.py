"""What a dialogue with supervisorctl is made of; control_client.py carries it out."""
import dataclasses
import re
import shlex
from typing import Callable


@dataclasses.dataclass
class Step:
    """Something that happens, in each world."""

    # The row of COMPATIBILITY.md by which our client prints something else here.
    row: str | None = dataclasses.field(default=None, kw_only=True)
    # The row by which the original client prints something else against our daemon.
    daemon_row: str | None = dataclasses.field(default=None, kw_only=True)

    # Where there is a row: what is printed instead has to contain this, and each of the two ends with this status; None:
    # with that of the original.
    says: str = dataclasses.field(default="", kw_only=True)
    status: int | None = dataclasses.field(default=None, kw_only=True)
    daemon_status: int | None = dataclasses.field(default=None, kw_only=True)

    is_help = stops_several = False


@dataclasses.dataclass
class Line(Step):
    """One command, as the words of a shell; `raw`: without `-c FILE` before them."""
    text: str
    raw: bool = False

    @property
    def words(self):
        return shlex.split(self.text)

    @property
    def stops_several(self):
        return self.words[:1] in (["stop"], ["restart"]) and any(word == "all" or "*" in word for word in self.words)

    @property
    def is_help(self):
        return self.words[:1] == ["help"] or self.text.strip('"').startswith("?")

    def __str__(self):
        return f"`{self.text}`"


@dataclasses.dataclass
class Script(Line):
    """Lines on standard input, which is no terminal."""
    lines: str = ""

    def __str__(self):
        return f"`{self.text}` < {self.lines!r}"


@dataclasses.dataclass
class Terminal(Line):
    """A terminal: what to wait for and what to type then, by turns."""
    turns: tuple = ()

    def __str__(self):
        return f"`{self.text}` at a terminal, typing {[typed for _, typed in self.turns]}"


@dataclasses.dataclass
class Follow(Line):
    """A command that runs until it is interrupted: what to wait for and what to do then, by turns."""
    turns: tuple = ()

    def __str__(self):
        return f"`{self.text}` until it is interrupted"


@dataclasses.dataclass
class Config(Step):
    """The file says this from now on."""
    text: str


@dataclasses.dataclass
class Daemon(Step):
    """start, stop, kill, wait for the end."""
    what: str


@dataclasses.dataclass
class Until(Step):
    """Waits."""
    what: str
    holds: Callable


def lines(text):
    """A step for each line; `line  # ROW` says by which row our client differs, `# daemon ROW` the original one; with
    `status NUMBER`, `daemon status NUMBER` and `says TEXT` behind it, as in Step."""
    steps = []
    for line in text.splitlines():
        if not line.strip():
            continue
        command, _, comment = line.partition("  # ")
        rows = {}
        for word in comment.split(", "):
            if found := re.fullmatch(r"(daemon )?status (\d+)", word):
                rows["daemon_status" if found[1] else "status"] = int(found[2])
            elif word.startswith("says "):
                rows["says"] = word.removeprefix("says ")
            elif word.startswith("daemon "):
                rows["daemon_row"] = word.removeprefix("daemon ")
            elif word:
                rows["row"] = word
        steps.append(Line(command.strip(), **rows))
    return steps


def state(process, wanted):
    """Until a process has a state."""
    return Until(f"{process} is {wanted}", lambda world: world.state(process) == [wanted])


def file_says(name, text):
    """Until a file of the folder contains this."""
    return Until(f"{name} says {text!r}", lambda world: text in read(world, name))


def read(world, name):
    path = world.folder / name
    return path.read_text(errors="replace") if path.exists() else ""


def touch(name):
    """A deed: makes a file."""
    return lambda world: (world.folder / name).touch()


def nothing(_world):
    """A deed: none."""
