#!/usr/bin/python3
"""
SECURITY.md says what is, or this fails: every attack has its test or its
reason, the system call tables are the code's, files and tests that it names
exist, the size of the root part is the one that was linked. The functions
take texts, so that selftest.py can show that each fails.
Usage: proof.py SOURCE_ROOT [AMIRALD READER]; proof.py --tables SOURCE_ROOT
"""
import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import tap

ROWS = range(1, 83)
NOT = "SECURITY.md#"
ROUND = 100  # lines; the page says "about"
SANDBOX = ("privsep/sandbox_jail.c", "privsep/sandbox_provider.c")
JAILED = {"net", "gate"}  # allow-lists; the others say what is denied
PROBES = "tests/unit/privsep/test_sandbox.c"


def headings(page):
    return set(re.findall(r"^#+ +(.*\S)", page, re.MULTILINE))


def has_test(read, name):
    """A function of that name that is run: pytest finds test_, cmocka rows."""
    path, _, test = name.partition("::")
    text = read(f"tests/{path}")
    if text is None or not test:
        return False
    if path.endswith(".py"):
        return re.search(rf"^ *def {test}\(", text, re.MULTILINE) is not None
    return len(re.findall(rf"\b{test}\b", text)) >= 2


def rows_complete(rows, page, read):
    for number in ROWS:
        if not rows.get(number, ())[1:]:
            yield f"row {number}: neither a test nor a reason"
    for number, (_, *proofs) in rows.items():
        for proof in proofs:
            if proof.startswith(NOT):
                if proof[len(NOT):] not in headings(page):
                    yield f"row {number}: no heading {proof}"
            elif not has_test(read, proof):
                yield f"row {number}: no test {proof}"


def tables(sources):
    """{array: (policies, names)} of the filters' sources."""
    text = "\n".join(sources)
    arrays = {
        name: re.findall(r"\b(?:ANY|ONE|TWO|OF_SELF)\((\w+)", body)
        for name, body in re.findall(
            r"sandbox_rule (\w+)\[\] = \{(.*?)\n\};", text, re.DOTALL)}
    everywhere = re.search(r"#define EVERYWHERE(.*?[^\\])\n", text, re.DOTALL)
    found = {name: ([], sorted(set(calls))) for name, calls in arrays.items()}
    for policy, body in re.findall(
            r"sandbox_topic (\w+)_topics\[\] = \{(.*?)\};", text, re.DOTALL):
        if everywhere:
            body = body.replace("EVERYWHERE", everywhere[1])
        for name in found:
            if re.search(rf"\b{name}\b", body):
                found[name][0].append(policy)
    return found


def explained(sources):
    """Calls of the filters with a comment at their row: behind, or above."""
    row = r"\t(?:ANY|ONE|TWO|OF_SELF)\((\w+)"
    text = "\n".join(sources)
    return set(re.findall(rf"^{row}.*\),\s+/\*", text, re.MULTILINE)) | \
        set(re.findall(rf"^\t/\*.*\*/\n{row}", text, re.MULTILINE))


def lines_of(found):
    return [f"| `{name}` | {', '.join(policies)} | {', '.join(calls)} |"
            for name, (policies, calls) in found.items()]


def tables_agree(page, sources):
    written = re.findall(r"^\| `\w+` \| [a-z_, ]+ \| [a-z_0-9, ]+ \|$", page,
                         re.MULTILINE)
    actual = lines_of(tables(sources))
    if not actual:
        yield "no tables were found in the sources"
    for line in set(written) ^ set(actual):
        where = "only in SECURITY.md" if line in written else "missing"
        yield f"{where}: {line}"


def denials_are_probed(sources, probes):
    """Each call of a deny-list is made by a test, which is refused."""
    for policies, calls in tables(sources).values():
        for call in calls:
            if not JAILED & set(policies) and not re.search(
                    rf"\b(?:SYS_|DENIED\(){call}\b", probes):
                yield f"{PROBES} does not try {call}"


def names_exist(page, read):
    """`path` and `path::test` in back quotes."""
    for name in re.findall(r"`([\w./-]+/[\w./-]+(?:::\w+)?)`", page):
        path, _, test = name.partition("::")
        if path.startswith("/") or path.startswith("proc"):
            continue
        if test and not has_test(read, name.removeprefix("tests/")):
            yield f"SECURITY.md names the test {name}"
        elif not test and read(path) is None:
            yield f"SECURITY.md names the file {path}"


def code_lines(text):
    """Neither blank nor comment alone."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text,
                  flags=re.DOTALL)
    return sum(1 for line in text.splitlines() if line.strip())


def sizes(units, reader_units, read):
    """Lines by row of the page; units: what amirald is made of."""
    found = {"privsep/executor": 0, "privsep": 0, "base": 0}
    for unit in units:
        folder = unit.rpartition("/")[0]
        found[folder] += code_lines(read(unit))
    found["in all"] = sum(found.values())
    found["amirald-reader"] = sum(code_lines(read(u)) for u in reader_units)
    return found


def size_is_said(page, found):
    for name, lines in found.items():
        said = re.search(rf"^\| {name} \| about ([\d,]+) \|", page,
                         re.MULTILINE)
        if not said:
            yield f"SECURITY.md does not give the lines of {name}: {lines}"
        elif abs(int(said[1].replace(",", "")) - lines) > ROUND:
            yield f"{name}: {said[1]} lines in SECURITY.md, {lines} in fact"


def units_of(program):
    """Source files, from the debug information of what was linked."""
    done = subprocess.run(
        ["readelf", "--debug-dump=info", "--dwarf-depth=1", program],
        capture_output=True, text=True, check=True)
    names = re.findall(r"DW_AT_name .*?: (?:\(.*?\): )?(\S+\.c)\s", done.stdout)
    return sorted({name for path in names for name in re.findall(
        r"((?:privsep/executor|privsep/reader|privsep|base)/\w+\.c)$", path)})


def unit_is_tight(*texts):
    """What systemd says of a unit and its drop-ins: the last names the most."""
    limit = re.search(r"^# exposure at most ([\d.]+)$", texts[-1],
                      re.MULTILINE)
    if not limit:
        yield "no exposure is named"
        return
    with tempfile.TemporaryDirectory() as folder:
        unit = pathlib.Path(folder) / "amirald.service"
        unit.write_text("\n".join(texts), encoding="ascii")
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager",
             f"--threshold={round(float(limit[1]) * 10)}", str(unit)],
            capture_output=True, text=True, check=False)
    if done.returncode:
        yield (done.stdout or done.stderr).splitlines()[-1]


def load_rows(root):
    spec = importlib.util.spec_from_file_location(
        "rows", root / "tests/attack/rows.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ROWS


def main():
    root = pathlib.Path(sys.argv[-1 if sys.argv[1] == "--tables" else 1])

    def read(path):
        file = root / path
        return file.read_text(encoding="utf-8") if file.is_file() \
            else "" if file.is_dir() else None

    sources = [read(path) for path in SANDBOX]
    if sys.argv[1] == "--tables":
        print("\n".join(lines_of(tables(sources))))
        return
    page = read("SECURITY.md")
    lints = [
        ("every attack has a test or a reason",
         list(rows_complete(load_rows(root), page, read))),
        ("the system call tables are the code's",
         list(tables_agree(page, sources))),
        ("what is denied is tried", list(denials_are_probed(
            sources, read(PROBES)))),
        ("files and tests that are named exist",
         list(names_exist(page, read)))]
    service = [read("dist/amirald.service"), read("dist/amirald-strict.conf")]
    for name, texts in (("as it is", service[:1]), ("strict", service)):
        found = shutil.which("systemd-analyze")
        lints.append((
            f"the service's exposure, {name}"
            + ("" if found else " # SKIP there is no systemd-analyze"),
            list(unit_is_tight(*texts)) if found else []))
    units = [units_of(program) for program in sys.argv[2:]]
    if all(units) and units:
        lints.append(("the size of the root part is said",
                      list(size_is_said(page, sizes(*units, read)))))
    tap.run(lints)


if __name__ == "__main__":
    main()
