#!/usr/bin/python3
"""
Which rights a binary has is first of all what it links: its own imports,
the libraries that it needs, how it is hardened. Lints are functions of what
nm and readelf print. Usage: binaries.py BUILD_ROOT
"""
import pathlib
import re
import subprocess
import sys

import tap

RUN = r"v?fork|_Fork|clone3?|exec\w+|fexecve|posix_spawnp?|system|popen"
NAMES = r"get(pw|gr|addr|name|host)\w+|(open|scan)dir(64)?"
NOTHING = r"(?!)"  # the C library alone
OPEN = r"(__)?(f|fd|fre)?open(at)?(64)?(2|_2)?|creat(64)?|__open\w*_2"

# A binary: where it is built, what it may not import, and what it may need
# besides the C library ("" where any library goes).
PROGRAMS = {
    "amirald": (
        "privsep/executor/amirald",
        rf"json_\w+|redis\w+|crypto_\w+|sodium_\w+|connect|{NAMES}|realpath"
        r"|dlopen",
        NOTHING),
    "amirald-reader": (
        "privsep/reader/amirald-reader",
        rf"json_\w+|redis\w+|crypto_\w+|sodium_\w+|connect|kill|{RUN}",
        r"libcap|libseccomp"),
    "amirald-gate": (
        "agent/gate/amirald-gate",
        rf"redis\w+|socket|connect|accept4?|{OPEN}|{RUN}",
        r"libsodium|libjansson|libseccomp"),
    "amiral-net": (
        "agent/net/amiral-net",
        rf"json_\w+|crypto_sign(_ed25519)?(_detached|_final_create)?|{RUN}",
        r"libsodium|libhiredis|libseccomp"),
    "amiral": ("ctl/amiral", r"redis\w+", ""),
    "amiral-keygen": ("keys/keygen/amiral-keygen", r"redis\w+", ""),
}
C_LIBRARY = r"libc|libm|libpthread|ld-linux-x86-64|ld-linux-aarch64"


def symbols(nm):
    """Imported names of what nm -D --undefined-only printed."""
    return [line.split()[-1].split("@")[0] for line in nm.splitlines() if line]


def imports(name, nm):
    _, forbidden, _ = PROGRAMS[name]
    for symbol in symbols(nm):
        if re.fullmatch(forbidden, symbol):
            yield f"{name} imports {symbol}"


def needs(name, readelf):
    _, _, allowed = PROGRAMS[name]
    if not allowed:
        allowed = r"lib(?!hiredis)\w+"
    for library in re.findall(r"\(NEEDED\).*\[(.*)\]", readelf):
        if not re.fullmatch(rf"({allowed}|{C_LIBRARY})\.so\.[\d.]+", library):
            yield f"{name} needs {library}"


def hardened(name, readelf):
    """Position independent, read-only after relocation, no run-time path."""
    facts = {
        "PIE": r"FLAGS_1\).*\bPIE\b",
        "RELRO": r"^\s*GNU_RELRO",
        "BIND_NOW": r"FLAGS_1\).*\bNOW\b|FLAGS\).*BIND_NOW",
        "NX stack": r"^\s*GNU_STACK\s.*\sRW\s",
    }
    for fact, pattern in facts.items():
        if not re.search(pattern, readelf, re.MULTILINE):
            yield f"{name} lacks {fact}"
    if re.search(r"\((RPATH|RUNPATH)\)", readelf):
        yield f"{name} has a run-time path"


def protected(name, nm):
    """Stack protector and fortified calls are in use."""
    found = symbols(nm)
    if "__stack_chk_fail" not in found:
        yield f"{name} has no stack protector"
    if not any(s.endswith("_chk") for s in found):
        yield f"{name} has no fortified call"


def output(*words):
    return subprocess.run(words, capture_output=True, text=True,
                          check=True).stdout


def elf_files(folder):
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        if path.is_file() and path.read_bytes()[:4] == b"\x7fELF" \
                and "." not in path.name:
            yield path


def lints(root):
    for name, (place, _, _) in PROGRAMS.items():
        path = root / place
        if not path.exists():
            yield f"{name}: is built", [f"no {place} under {root}"]
            continue
        nm = output("nm", "-D", "--undefined-only", str(path))
        readelf = output("readelf", "-ldW", str(path))
        yield f"{name}: imports", list(imports(name, nm))
        yield f"{name}: libraries", list(needs(name, readelf))
        yield f"{name}: hardening", [*hardened(name, readelf),
                                     *protected(name, nm)]
    for path in elf_files(root / "providers"):
        readelf = output("readelf", "-ldW", str(path))
        yield f"provider {path.name}: hardening", \
            list(hardened(path.name, readelf))


if __name__ == "__main__":
    tap.run(list(lints(pathlib.Path(sys.argv[1]))))
