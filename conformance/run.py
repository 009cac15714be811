#!/usr/bin/env python3
"""Runs the conformance scenarios against the Python release and against our binaries, and judges the differences.

    conformance/run.py target/release              all scenarios
    conformance/run.py target/release rpc.signals  only the scenarios whose name contains this

A difference is right exactly when expected_differences.toml names it, with the quirk that it comes from
(COMPATIBILITY.md). So it is a ratchet: a difference that nobody expects fails, and an expected one that is no longer
there fails too, until its entry is taken out.

Some scenarios are ours, in conformance/scenarios; the others, and what runs them all, lie beside this repository, in
../shared/conformance. CONFORM_VENV names the virtual environment with the Python release, target/python otherwise.
"""
import os
import pathlib
import re
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
CONFORM = ROOT.parent / "shared/conformance/conform.py"
FOLDERS = (CONFORM.parent / "scenarios", HERE / "scenarios")

SCENARIO = re.compile(r"(?:ok  |FAIL) (?P<name>\S+): (?P<agree>\d+)/\d+ observations agree")
DIFFERENCE = re.compile(r"   differs: (?P<label>.*)")
SUMMARY = re.compile(r"\d+ passed, \d+ failed")


def expected_differences():
    """The entries of expected_differences.toml: (scenario, observation) to the whole entry."""
    entries = tomllib.loads((HERE / "expected_differences.toml").read_text()).get("difference", [])
    for entry in entries:
        missing = {"scenario", "observation", "quirk", "reason"} - entry.keys()
        if missing:
            sys.exit(f"expected_differences.toml: {entry} lacks {', '.join(sorted(missing))}")
    return {(entry["scenario"], entry["observation"]): entry for entry in entries}


def compare(candidate, part):
    """Runs the scenarios whose name contains `part`. Returns how many observations agree, the names of the scenarios
    and the differences: (scenario, observation) to the lines that show it."""
    agree, names, differences = 0, [], {}
    for folder in FOLDERS:
        found = compare_folder(candidate, part, folder)
        agree += found[0]
        names += found[1]
        differences.update(found[2])
    if not names:
        sys.exit(f"no scenario has {part!r} in its name")
    return agree, names, differences


def compare_folder(candidate, part, folder):
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.setdefault("CONFORM_VENV", str(ROOT / "target/python"))
    command = [sys.executable, str(CONFORM), "--scenarios", str(folder), "--candidate", str(candidate), "-k", part]
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    agree, names, differences, finished = 0, [], {}, False
    for line in run.stdout.splitlines():
        if found := SCENARIO.fullmatch(line):
            scenario, agree = found["name"], agree + int(found["agree"])
            names.append(scenario)
        elif found := DIFFERENCE.fullmatch(line):
            lines = differences.setdefault((scenario, found["label"]), [])
        elif SUMMARY.fullmatch(line):
            finished = True
        elif line.startswith("      "):
            lines.append(line)
    if not finished:
        sys.exit(f"{' '.join(command)} did not come to its end:\n{run.stdout}")
    return agree, names, differences


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    expected = expected_differences()
    agree, names, differences = compare(pathlib.Path(sys.argv[1]).resolve(), "".join(sys.argv[2:]))

    unexpected = {key: lines for key, lines in differences.items() if key not in expected}
    for (scenario, label), lines in unexpected.items():
        print(f"unexpected difference: {scenario}: {label}", *lines, sep="\n")
    vanished = [entry for key, entry in expected.items() if key[0] in names and key not in differences]
    for entry in vanished:
        print(f"no longer different, take it out of expected_differences.toml: {entry['scenario']}: {entry['observation']}")
    failed = len(unexpected) + len(vanished)
    print(f"{agree + len(differences) - len(unexpected)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
