#!/usr/bin/env python3
"""Makes the wheel `supervisor-rs` from binaries that are there: the same input gives the same bytes.

    packaging/wheel.py VERSION BIN_DIR TAG OUT

VERSION is that of the binaries, BIN_DIR holds the four of them, TAG is what they run on, such as
`manylinux_2_17_x86_64.musllinux_1_1_x86_64` for the static ones, OUT is the folder that the wheel goes to. Its path is
printed. Nothing is built here, so that the wheel has the very bytes of the other artefacts.
"""

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("supervisord", "supervisorctl", "pidproxy", "echo_supervisord_conf")
DISTRIBUTION = "supervisor_rs"
TIME = (2020, 1, 1, 0, 0, 0)
METADATA = """\
Metadata-Version: 2.4
Name: supervisor-rs
Version: {version}
Summary: Supervisor, the process control system, as a drop-in without Python
License-Expression: MIT OR Apache-2.0
License-File: LICENSE-APACHE
License-File: LICENSE-MIT
Requires-Python: >=3.8
Provides-Extra: library
Requires-Dist: supervisor>=4.2; extra == "library"
Classifier: Development Status :: 4 - Beta
Classifier: Environment :: No Input/Output (Daemon)
Classifier: Intended Audience :: System Administrators
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Rust
Classifier: Topic :: System :: Boot
Classifier: Topic :: System :: Systems Administration
Description-Content-Type: text/markdown

"""
WHEEL = "Wheel-Version: 1.0\nGenerator: packaging/wheel.py\nRoot-Is-Purelib: false\n"


def files(version: str, binaries: Path, tag: str) -> list[tuple[str, bytes, int]]:
    """Path in the wheel, content and mode of each file, RECORD excepted."""
    info = f"{DISTRIBUTION}-{version}.dist-info"
    scripts = f"{DISTRIBUTION}-{version}.data/scripts"
    found = [(f"{scripts}/{command}", (binaries / command).read_bytes(), 0o755) for command in COMMANDS]
    library = "supervisor_listener.py"
    found.append((library, (ROOT / "python" / library).read_bytes(), 0o644))
    for name in ("LICENSE-APACHE", "LICENSE-MIT"):
        found.append((f"{info}/licenses/{name}", (ROOT / name).read_bytes(), 0o644))
    metadata = METADATA.format(version=version).encode() + (ROOT / "README.md").read_bytes()
    found.append((f"{info}/METADATA", metadata, 0o644))
    tags = "".join(f"Tag: py3-none-{platform}\n" for platform in tag.split("."))
    found.append((f"{info}/WHEEL", (WHEEL + tags).encode(), 0o644))
    return found


def record(content: list[tuple[str, bytes, int]], path: str) -> bytes:
    """What installers compare with; of itself it says nothing."""
    lines = []
    for name, data, _ in content:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}\n")
    return ("".join(lines) + f"{path},,\n").encode()


def make(version: str, binaries: Path, tag: str, out: Path) -> Path:
    """Writes the wheel and tells its path."""
    content = files(version, binaries, tag)
    path = f"{DISTRIBUTION}-{version}.dist-info/RECORD"
    content.append((path, record(content, path), 0o644))
    out.mkdir(parents=True, exist_ok=True)
    wheel = out / f"{DISTRIBUTION}-{version}-py3-none-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data, mode in content:
            entry = zipfile.ZipInfo(name, TIME)
            entry.create_system = 3
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, compresslevel=9)
    return wheel


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    print(make(sys.argv[1], Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])))
