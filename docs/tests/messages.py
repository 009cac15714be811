"""What supervisord says when something is wrong, collected from its source: the CRIT and ERRO lines of the main log and
the refusals of a start. A message is the text of a literal, with `…` for what is filled in."""

import re
from pathlib import Path

import pages

CRATES = pages.ROOT / "crates"

LITERAL = r'"((?:[^"\\]|\\.|\\\n)*)"'

# A level that is logged with its words at hand. What stands between are a closure's bar, a brace and variables.
LOGGED = re.compile(r"LogLevel::(?:Critical|Error),\s*(?:\|\| ?\{?\s*)?(?:let [^;]*;\s*)*format(?:_args)?!\(\s*" + LITERAL)
LEVEL = re.compile(r"LogLevel::(?:Critical|Error)\b")

# Levels whose words stand elsewhere: the file, how many of its levels, and the words that are said.
WORDS_ELSEWHERE = [
    ("core/src/lifecycle.rs", 1, ["unknown problem {doing} {} ({pid}):{error}"]),
    ("supervisord/src/supervision/main_log.rs", 2, ["{dropped} bytes of this log were lost before this line"]),
    ("supervisord/src/supervision/os_host.rs", 1,
     ["what {pool} said of event {serial} is not judged: the control plane is behind"]),
    # The levels in their order; the words of a foreground start without a user.
    ("supervisord/src/boot.rs", 3, ["Supervisor is running as root.  Privileges were not dropped because no user is "
                                    "specified in the config file.",
                                    "[{section}] listens on {door}, where other machines can reach it"]),
    # The line of a request that was answered with 500; the page shows one.
    ("supervisord/src/control/access_log.rs", 1, []),
    ("supervisord/src/control/listener.rs", 1, ["turns clients away: the last file descriptors are for programs",
                                                "cannot accept a connection: {error}"]),
    # What the core does with lines of others, levels of plug-ins.
    ("core/src/log_level.rs", None, []),
    ("config/src/datatypes/choices.rs", None, []),
    ("supervisord/src/control/extensions/facade.rs", None, []),
    ("supervisord/src/control/namespaces/twiddler.rs", None, []),
    ("supervisord/src/control/log_levels.rs", None, []),
    ("supervisord/src/supervision/syslog.rs", None, []),
]

# Files whose sentences end a start, or a server.
REFUSALS = ["supervisord/src/server_trouble.rs", "sys/src/socket_error.rs", "sys/src/credentials.rs",
            "sys/src/refusal.rs", "supervisord/src/plugin_check.rs", "supervisord/src/rpc_interfaces.rs"]

# What such sentences are put together from, and what is said when all is well.
PARTS = ["Set uid to user … succeeded", "[…] in … line …: …", " by the process with pid …", "([…] in …, line …)"]

# Whatever makes an error, and the literal that is in it; between them stand closures and calls.
REFUSED = re.compile(r"\b(?:BootError|ConfigError::new|UsageError|Err|refuse|bad_format|ok_or_else|map_err|error)\("
                     r'[^;"]{0,160}?' + LITERAL)


def code(path: Path) -> str:
    """A source file without its comments and its tests."""
    text = re.split(r"^#\[cfg\(test\)\]\nmod tests", path.read_text(), flags=re.M)[0]
    text = re.sub(r"^\s*#\[expect\(.*?\)\]$", "", text, flags=re.M | re.S)
    return re.sub(r"^\s*//.*$", "", text, flags=re.M)


def sources(*crates: str) -> list[tuple[str, str]]:
    """Path below crates/ and code of each file that is not a test."""
    found = []
    for crate in crates:
        for path in sorted((CRATES / crate / "src").rglob("*.rs")):
            if "test" not in path.name and "fuzzing" not in path.parts:
                found.append((str(path.relative_to(CRATES)), code(path)))
    return found


def text_of(literal: str) -> str:
    """What is printed, with `…` for each value."""
    text = re.sub(r"\\\n\s*", "", literal)
    text = re.sub(r"\{[\w.:?#]*\}", "…", text.replace("{{", "\0").replace("}}", "\1"))
    text = text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t").replace("\\\\", "\\")
    return text.replace("\0", "{").replace("\1", "}")


def log_lines() -> list[tuple[str, str]]:
    """Each CRIT and ERRO line with its file. Fails on a level whose words nobody knows."""
    found, elsewhere = [], {file: (count, words) for file, count, words in WORDS_ELSEWHERE}
    for file, text in sources("core", "supervisord", "sys", "config"):
        known = [literal for literal in LOGGED.findall(text) if len(re.findall("[A-Za-z]", text_of(literal))) > 10]
        found += [(file, text_of(literal)) for literal in known]
        rest = len(LEVEL.findall(text)) - len(known)
        count, words = elsewhere.get(file, (0, []))
        if count is not None and rest != count:
            raise AssertionError(f"{file}: the words of {rest} levels stand elsewhere, {count} are known: {known}")
        found += [(file, text_of(literal)) for literal in words]
    return found


def is_sentence(text: str) -> bool:
    return " " in text and len(re.findall(r"[A-Za-z]", text)) > 10 and text not in PARTS


def refusals() -> list[tuple[str, str]]:
    """Each sentence that ends a start, with its file; what only a check says is told with its remedy there."""
    found = []
    for file, text in sources("supervisord", "config", "sys"):
        if file in REFUSALS:
            literals = re.findall(r"(?<!expect\()" + LITERAL, text)
        elif file == "supervisord/src/boot.rs" or file.startswith("config/src/"):
            if any(part in file for part in ("lints/", "explain", "effective", "extension", "secrets")):
                continue
            literals = REFUSED.findall(text)
        else:
            continue
        found += [(file, text_of(literal)) for literal in literals if is_sentence(text_of(literal))]
    return found


def matches(entry: str, message: str) -> bool:
    """Whether a message has the words of an entry, in which `…` stands for anything."""
    pattern = ".*?".join(re.escape(piece) for piece in entry.split("…"))
    return re.search(pattern, message, flags=re.S) is not None
