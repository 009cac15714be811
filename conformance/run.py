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
    """Runs the scenarios whose name contains `part`. Returns scenario to how many observations agree, and the
    differences: (scenario, observation) to the lines that show it."""
    agree, differences = {}, {}
    for folder in FOLDERS:
        found = compare_folder(candidate, part, folder)
        agree.update(found[0])
        differences.update(found[1])
    if not agree:
        sys.exit(f"no scenario has {part!r} in its name")
    return agree, differences


def compare_folder(candidate, part, folder):
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.setdefault("CONFORM_VENV", str(ROOT / "target/python"))
    command = [sys.executable, str(CONFORM), "--scenarios", str(folder), "--candidate", str(candidate), "-k", part]
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    agree, differences, finished = {}, {}, False
    for line in run.stdout.splitlines():
        if found := SCENARIO.fullmatch(line):
            scenario = found["name"]
            agree[scenario] = int(found["agree"])
        elif found := DIFFERENCE.fullmatch(line):
            lines = differences.setdefault((scenario, found["label"]), [])
        elif SUMMARY.fullmatch(line):
            finished = True
        elif line.startswith("      "):
            lines.append(line)
    if not finished:
        sys.exit(f"{' '.join(command)} did not come to its end:\n{run.stdout}")
    return agree, differences


def judge(expected, agree, differences):
    """The differences that nobody expects, and the expected ones that are not there."""
    unexpected = {key: lines for key, lines in differences.items() if key not in expected}
    vanished = {key: entry for key, entry in expected.items() if key[0] in agree and key not in differences}
    return unexpected, vanished


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    candidate, expected = pathlib.Path(sys.argv[1]).resolve(), expected_differences()
    agree, differences = compare(candidate, "".join(sys.argv[2:]))
    for scenario in sorted({key[0] for found in judge(expected, agree, differences) for key in found}):
        # Scenarios run four at a time and give the Python release its seconds: on a busy machine one may come too late.
        print(f"{scenario} is a surprise, and is run once more, by itself")
        differences = {key: lines for key, lines in differences.items() if key[0] != scenario}
        again = compare(candidate, scenario)
        agree[scenario] = again[0][scenario]
        differences.update({key: lines for key, lines in again[1].items() if key[0] == scenario})

    unexpected, vanished = judge(expected, agree, differences)
    for (scenario, label), lines in unexpected.items():
        print(f"unexpected difference: {scenario}: {label}", *lines, sep="\n")
    for scenario, label in vanished:
        print(f"no longer different, take it out of expected_differences.toml: {scenario}: {label}")
    failed = len(unexpected) + len(vanished)
    print(f"{sum(agree.values()) + len(differences) - len(unexpected)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
