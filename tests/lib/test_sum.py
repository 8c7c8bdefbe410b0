#!/usr/bin/python3
"""What sum.py has to notice. TAP, run by meson beside the lints."""
import os
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.realpath(__file__)),
                             os.pardir, "lint"))

import sum as sums  # noqa: E402  (the path comes first)
import tap  # noqa: E402

PASS = '<testcase name="a"/>'
FAIL = '<testcase name="b"><failure message="x"/></testcase>'
ERROR = '<testcase name="c"><error message="x"/></testcase>'
SKIP = '<testcase name="d"><skipped message="why"/></testcase>'

# name, exit status, cases (None: no file), passed, failed, skipped
ROWS = [
    ("all good", 0, PASS + PASS, 2, 0, 0),
    ("a failure", 1, PASS + FAIL, 1, 1, 0),
    ("an error", 1, PASS + ERROR, 1, 1, 0),
    ("a failure that the status hides", 0, FAIL, 0, 1, 0),
    ("a skip", 0, PASS + SKIP, 1, 0, 1),
    ("a status that no test explains", 1, PASS, 1, 1, 0),
    ("nothing ran", 0, " ", 0, 1, 0),
    ("no file", 0, None, 0, 1, 0),
    ("half a file", 0, "<testcase", 0, 1, 0),
]

# The same for the lines that a script prints.
LINES = [
    ("lines: all good", 0, "ok - a\nok - b: 5 s\n", 2, 0, 0),
    ("lines: a failure", 1, "ok - a\nnot ok - b\n  why\n", 1, 1, 0),
    ("lines: a failure that the status hides", 0, "not ok - b\n", 0, 1, 0),
    ("lines: a skip", 0, "ok - a\nskip - b: why\n", 1, 0, 1),
    ("lines: nothing but skips", 77, "skip - b: why\n", 0, 0, 1),
    ("lines: a skip and a crash", 1, "skip - b: why\n", 0, 1, 1),
    ("lines: a status that no line explains", 1, "ok - a\n", 1, 1, 0),
    ("lines: a status of skips without any", 77, "ok - a\n", 1, 1, 0),
    ("lines: none", 0, "", 0, 1, 0),
    ("lines: no file", 0, None, 0, 1, 0),
]


def document(cases):
    return cases and f"<testsuites><testsuite>{cases}</testsuite></testsuites>"


def check(status, text, expected, name="junit.xml"):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        *counts, _ = sums.step("step", status, path)
    return [] if counts == expected else [f"counted {counts}"]


if __name__ == "__main__":
    tap.run([
        *((name, check(status, document(cases), expected))
          for name, status, cases, *expected in ROWS),
        *((name, check(status, text, expected, "step.lines"))
          for name, status, text, *expected in LINES),
        ("a build that failed", [] if sums.step("b", 1, "-")[1] == 1
         else ["not counted"]),
        ("a build that is good", [] if sums.step("b", 0, "-")[0] == 1
         else ["not counted"])])
