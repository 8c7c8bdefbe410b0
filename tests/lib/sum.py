#!/usr/bin/python3
"""
Counts what ./check ran. Usage: sum.py STEPS, whose rows are a step's name,
exit status and results: a junit file (.xml), lines of "ok - NAME", "not ok -
NAME", "skip - NAME: WHY" among others (.lines), or "-": the step itself is
the one result. A step that failed without any test saying so counts as a
failure of its own.
"""
import re
import sys
import xml.etree.ElementTree


SKIPPED = 77  # the exit status of a script that could do nothing


def reason(case, skip):
    """Why: pytest's message, or what a TAP plan said."""
    said = (case.findtext("system-out") or "").partition("# SKIP ")[2]
    return skip.get("message") or skip.text or said.strip() or "no reason"


def count_lines(path):
    """(passed, failed, skipped, lines) of lines as a script prints them."""
    counts = {"ok": 0, "not ok": 0, "skip": 0}
    lines = []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if found := re.match(r"(ok|not ok|skip) - (.*)", line):
                counts[found[1]] += 1
                if found[1] != "ok":
                    lines.append({"skip": "skipped", "not ok": "failed"}
                                 [found[1]] + ": " + found[2].strip())
    return *counts.values(), lines


def count_junit(path):
    """The same of a junit file."""
    passed = failed = skipped = 0
    lines = []
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname', '')} {case.get('name', '')}".strip()
        # An error in a fixture's end stands beside a pass: one case, one verdict.
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            lines.append(f"failed: {name}")
        elif (skip := case.find("skipped")) is not None:
            skipped += 1
            lines.append(f"skipped: {name}: {reason(case, skip)}")
        else:
            passed += 1
    return passed, failed, skipped, lines


def step(name, status, path):
    if path == "-":
        return (1, 0, 0, []) if status == 0 else (0, 1, 0, [f"failed: {name}"])
    try:
        count = count_lines if path.endswith(".lines") else count_junit
        passed, failed, skipped, lines = count(path)
    except (OSError, xml.etree.ElementTree.ParseError) as problem:
        return 0, 1, 0, [f"failed: {name}: no results: {problem}"]
    if status not in (0, SKIPPED if skipped else 0) and failed == 0:
        failed, lines = 1, lines + [f"failed: {name}: exit status {status}"]
    if passed + failed + skipped == 0:
        failed, lines = 1, [f"failed: {name}: ran no test"]
    return passed, failed, skipped, [f"{name}: {line}" for line in lines]


def main():
    totals = [0, 0, 0]
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    for name, status, path in rows:
        *counts, lines = step(name, int(status), path)
        totals = [a + b for a, b in zip(totals, counts)]
        for line in lines:
            print(line)
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
