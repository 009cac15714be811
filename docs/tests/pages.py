"""The pages of this repository as data: links, headings, code blocks, tables."""

import re
from pathlib import Path
from typing import Iterator, NamedTuple

ROOT = Path(__file__).resolve().parents[2]

# A block that cannot be checked says why in a comment before it, which no reader sees.
REASON = re.compile(r"<!-- not checked: (.+?) -->")


class Block(NamedTuple):
    """A block of code: where it begins, its language, its text, and why it cannot be checked."""

    page: str
    line: int
    language: str
    text: str
    reason: str


def pages() -> list[Path]:
    """All that people read here, sorted by path."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/**/*.md")]
    return sorted(path for path in found if "run" not in path.relative_to(ROOT).parts)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    lines = path.read_text().split("\n")
    start, reason = None, ""
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            if start is None:
                start = number
            else:
                language = lines[start - 1].removeprefix("```").strip()
                yield Block(name(path), start, language, "\n".join(lines[start : number - 1]) + "\n", reason)
                start, reason = None, ""
        elif start is None and line.strip():
            said = REASON.fullmatch(line.strip())
            reason = said.group(1) if said else ""


def prose(path: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)


def anchors(path: Path) -> set[str]:
    """What the headings of a page can be linked as; the second of two equal ones has a number."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+)$", prose(path), flags=re.M):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        plain = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        anchor, count = plain, 0
        while anchor in found:
            count += 1
            anchor = f"{plain}-{count}"
        found.add(anchor)
    return found


def links(path: Path) -> list[str]:
    """Where the links of a page lead, within this repository."""
    text = re.sub(r"`[^`\n]*`", "", prose(path))
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def first_cells(path: Path) -> list[str]:
    """The pieces of code in the first column of each table of a page."""
    rows = [line for line in prose(path).split("\n") if line.startswith("| ")]
    return [piece for row in rows for piece in re.findall(r"`([^`]+)`", row.split(" | ")[0])]
