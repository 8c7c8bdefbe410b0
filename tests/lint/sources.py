#!/usr/bin/python3
"""
What the compiler cannot refuse: floors, cycles, length, first comments.
Every lint is a function of a tree, {path: text}, so that selftest.py can
show that it fails where it should. Usage: sources.py SOURCE_ROOT
"""
import pathlib
import posixpath
import re
import subprocess
import sys

import tap

FUNCTION_LINES_MAX = 60

# A folder, and those that its files may include; the longest prefix counts.
LIBRARIES = {"base", "wire", "wire/verify", "keys", "privsep"}
FLOORS = {
    "base": {"base"},
    "wire/verify": {"base", "wire/verify"},
    "wire": {"base", "wire", "wire/verify"},
    "keys": {"base", "wire", "wire/verify", "keys"},
    "keys/keygen": LIBRARIES | {"ctl", "keys/keygen"},
    "privsep": {"base", "wire/verify", "privsep"},
    "privsep/reader": {"base", "privsep", "privsep/reader"},
    "privsep/executor": {"base", "privsep", "privsep/executor"},
    "agent/net": {"base", "wire/verify", "privsep", "agent/net"},
    "agent/gate": LIBRARIES | {"agent/gate"},
    "ctl": LIBRARIES | {"ctl"},
    "providers": {"base", "wire", "wire/verify", "providers"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
NOTE = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def product(path):
    """C that is installed: neither a test nor a fuzz target."""
    return path.endswith((".c", ".h")) \
        and not path.startswith(("tests/", "fuzz/"))


def folder(path):
    """The row of FLOORS that a path belongs to, or None."""
    name = posixpath.dirname(path)
    while name and name not in FLOORS:
        name = posixpath.dirname(name)
    return name or None


def includes(tree, path):
    return [name for name in INCLUDE.findall(tree[path]) if name != "config.h"]


def floors(tree):
    for path in filter(product, tree):
        home = folder(path)
        if home is None:
            yield f"{path}: stands on no floor: give its folder a row"
            continue
        for name in includes(tree, path):
            if folder(name) not in FLOORS[home]:
                yield f"{path}: {home} may not include {name}"


def rooted(tree):
    for path in filter(product, tree):
        for name in includes(tree, path):
            if name not in tree:
                yield f'{path}: "{name}" is no path from the root'


def cycles(tree):
    done, open_paths = set(), []

    def visit(path):
        if path in open_paths:
            ring = open_paths[open_paths.index(path):] + [path]
            yield "cycle: " + " > ".join(ring)
        elif path not in done and path in tree:
            open_paths.append(path)
            for name in includes(tree, path):
                yield from visit(name)
            open_paths.pop()
            done.add(path)

    for path in sorted(filter(product, tree)):
        yield from visit(path)


def length(tree):
    for path in filter(product, tree):
        start, name = None, ""
        for number, line in enumerate(tree[path].splitlines(), 1):
            if re.match(r"[A-Za-z_]\w*\(", line):
                name = line.split("(")[0]
            if line == "{":
                start = number
            elif line == "}" and start:
                if number - start - 1 > FUNCTION_LINES_MAX:
                    yield (f"{path}:{start}: {name}() has "
                           f"{number - start - 1} lines")
                start = None


def first_comment(tree):
    for path in filter(product, tree):
        # A module's header speaks for its .c too.
        spoken_for = path.endswith(".c") and path[:-1] + "h" in tree
        if not spoken_for and not re.match(r"/\*[\s*]+[^\s*/]", tree[path]):
            yield f"{path}: its first line does not say what it is for"


def notes(tree):
    for path, text in tree.items():
        for number, line in enumerate(text.splitlines(), 1):
            if NOTE.search(line):
                yield f"{path}:{number}: {line.strip()}"


def whitespace(tree):
    for path, text in tree.items():
        if text and not text.endswith("\n"):
            yield f"{path}: no newline at its end"
        for number, line in enumerate(text.splitlines(), 1):
            if line != line.rstrip():
                yield f"{path}:{number}: white space at the end"


def man_pages(tree, check=None):
    """Manual pages pass mandoc's lint up to its warnings."""
    for path, text in tree.items():
        if re.fullmatch(r"man/.*\.[1-9]", path):
            done = subprocess.run(
                ["mandoc", "-T", "lint", "-W", "warning,stop"],
                input=text, capture_output=True, text=True, check=False)
            if done.returncode:
                yield f"{path}: " + " | ".join(done.stdout.splitlines())


def formatted(tree, style="file"):
    """clang-format would change nothing."""
    for path, text in tree.items():
        if path.endswith((".c", ".h")):
            done = subprocess.run(
                ["clang-format", f"--style={style}",
                 f"--assume-filename={path}"],
                input=text, capture_output=True, text=True, check=True)
            if done.stdout != text:
                lines = zip(text.splitlines(), done.stdout.splitlines())
                number = next((n for n, (a, b) in enumerate(lines, 1)
                               if a != b), 0)
                yield f"{path}:{number}: clang-format -i {path}"


LINTS = [
    ("no file includes from a floor that it may not use", floors),
    ("every include is a path from the root", rooted),
    ("no include cycle", cycles),
    (f"no function over {FUNCTION_LINES_MAX} lines", length),
    ("every file's first comment says what it is for", first_comment),
    ("no notes to self", notes),
    ("no trailing white space", whitespace),
    ("manual pages pass mandoc", man_pages),
    ("clang-format", formatted),
]
TEXT = (".c", ".h", ".py", ".sh", ".build", ".md", ".conf", ".service",
        ".1", ".5", ".7", ".8", ".json", ".txt")
NAMES = {"check", "demo", "run", "fleet", "packages"}
DATA = re.compile(r"(^|/)(\.git|__pycache__|build[^/]*|vectors|data|corpus|"
                  r"JSONTestSuite|wycheproof)/")


def read_tree(root):
    """Every text of the tree, without build directories and test data."""
    tree = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if DATA.search(name) or path.is_symlink() or not path.is_file():
            continue
        if name.endswith(TEXT) or path.name in NAMES:
            tree[name] = path.read_text(encoding="utf-8", errors="replace")
    return tree


def main():
    root = pathlib.Path(sys.argv[1])
    tree = read_tree(root)
    style = f"file:{root / '.clang-format'}"
    tap.run([(name, list(formatted(tree, style) if lint is formatted
                         else lint(tree))) for name, lint in LINTS])


if __name__ == "__main__":
    main()
