#!/usr/bin/python3
"""
Each lint has to fail where it should: every row breaks one rule in a tree
that is otherwise clean. Usage: selftest.py
"""
import shutil

import binaries
import proof
import sources
import tap

HEAD = "/* What it is for. */\n"
CLEAN = {
    "base/log.h": HEAD,
    "wire/json.h": HEAD + '#include "base/log.h"\n',
    "wire/verify/layout.h": HEAD,
    "keys/secret.h": HEAD + '#include "wire/verify/layout.h"\n',
    "ctl/main.c": HEAD + '#include "keys/secret.h"\n\nint\nmain(void)\n{\n'
                         "\treturn 0;\n}\n",
    "man/x.8": ".Dd January 1, 2026\n.Dt X 8\n.Os\n.Sh NAME\n.Nm x\n"
               ".Nd does nothing\n.Sh DESCRIPTION\nNothing.\n",
}
LONG = HEAD + "\nint\nf(void)\n{\n" + "\tg();\n" * 61 + "}\n"
AT_THE_WALL = LONG.replace("\tg();\n", "", 1)
BROKEN = [
    (sources.floors, {"base/x.c": HEAD + '#include "wire/json.h"\n'}),
    (sources.floors, {"wire/verify/x.c": HEAD + '#include "wire/json.h"\n'}),
    (sources.floors,
     {"privsep/executor/x.c": HEAD + '#include "wire/json.h"\n'}),
    (sources.floors, {"agent/net/x.c": HEAD + '#include "keys/secret.h"\n'}),
    (sources.floors, {"nowhere/x.c": HEAD}),
    (sources.rooted, {"base/x.c": HEAD + '#include "log.h"\n'}),
    (sources.cycles, {"base/a.h": HEAD + '#include "base/b.h"\n',
                      "base/b.h": HEAD + '#include "base/a.h"\n'}),
    (sources.length, {"base/x.c": LONG}),
    (sources.first_comment, {"base/x.c": "int x;\n"}),
    (sources.first_comment, {"base/x.c": "/**/\n"}),
    (sources.notes, {"base/x.c": HEAD + "/* TO" "DO: more */\n"}),
    (sources.whitespace, {"base/x.c": HEAD + "int x; \n"}),
    (sources.whitespace, {"base/x.c": HEAD + "int x;"}),
    (sources.man_pages, {"man/x.8": ".Dd January 1, 2026\n.Dt X 8\n.Os\n"
                                    ".Sh NAME\n.Nm x\n.Nd y\n.Bogus\n"}),
    (sources.formatted, {"base/x.c": HEAD + "int   x;\n"}),
]
NM = "                 U read@GLIBC_2.2.5\n                 U __stack_chk_fail\n" \
     "                 U __memcpy_chk@GLIBC_2.3.4\n"
ELF = """  GNU_STACK      0x000000 0x0000000000000000 0x0 0x0 RW  0x10
  GNU_RELRO      0x002dd0 0x0000000000003dd0 0x3dd0 0x230 0x230 R   0x1
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
 0x000000006ffffffb (FLAGS_1)            Flags: NOW PIE
"""
IMPORTS = {
    "amirald": "json_loadb redisCommand crypto_sign_open sodium_init connect "
               "getpwnam getgrouplist getaddrinfo gethostname opendir "
               "scandir64 realpath dlopen",
    "amirald-reader": "json_loadb redisCommand crypto_sign_open sodium_init "
                      "connect kill fork vfork execve posix_spawn",
    "amirald-gate": "redisReaderGetReply socket connect open open64 openat "
                    "fopen fopen64 __open64_2 fork vfork execve fexecve "
                    "posix_spawn system",
    "amiral-net": "json_loadb crypto_sign_detached fork vfork execvp "
                  "crypto_sign_ed25519_detached posix_spawn",
    "amiral": "redisCommand",
    "amiral-keygen": "redisCommand",
}
NEEDS = [("amirald", "libjansson.so.4"), ("amirald", "libsodium.so.23"),
         ("amirald", "libseccomp.so.2"), ("amirald", "libcap.so.2"),
         ("amirald-reader", "libjansson.so.4"),
         ("amirald-gate", "libhiredis.so.0.14"),
         ("amirald-gate", "libcap.so.2"), ("amiral-net", "libjansson.so.4"),
         ("amiral", "libhiredis.so.0"), ("amiral-keygen", "libhiredis.so.0")]
SOFT = [("PIE", " PIE", ""), ("RELRO", "GNU_RELRO", "GNU_OTHER"),
        ("BIND_NOW", "NOW ", ""), ("NX stack", " RW ", " RWE "),
        ("run-time path", "(NEEDED)", "(RUNPATH)")]


def verdict(name, found, wanted):
    return name, [] if bool(found) == wanted else [f"said {found}"]


def clean_rows():
    style = "LLVM"
    for name, lint in sources.LINTS:
        tree = {**CLEAN, "base/x.c": AT_THE_WALL}
        found = list(lint(tree)) if lint is not sources.formatted \
            else list(lint({"base/log.h": HEAD}, style))
        yield verdict(f"passes: {name}", found, False)
    for name in binaries.PROGRAMS:
        found = [*binaries.imports(name, NM), *binaries.needs(name, ELF),
                 *binaries.hardened(name, ELF), *binaries.protected(name, NM)]
        yield verdict(f"passes: {name}", found, False)


def broken_rows():
    for number, (lint, files) in enumerate(BROKEN):
        style = ("LLVM",) if lint is sources.formatted else ()
        found = list(lint({**CLEAN, **files}, *style)) if not style \
            else list(lint(files, *style))
        yield verdict(f"fails: {lint.__name__} {number}", found, True)
    for name, names in IMPORTS.items():
        for symbol in names.split():
            nm = NM + f"                 U {symbol}@GLIBC_2.2.5\n"
            yield verdict(f"fails: {name} with {symbol}",
                          list(binaries.imports(name, nm)), True)
    for name, library in NEEDS:
        elf = ELF + f" 0x1 (NEEDED)  Shared library: [{library}]\n"
        yield verdict(f"fails: {name} with {library}",
                      list(binaries.needs(name, elf)), True)
    for fact, old, new in SOFT:
        yield verdict(f"fails: without {fact}", list(
            binaries.hardened("x", ELF.replace(old, new))), True)
    for symbol in ("__stack_chk_fail", "__memcpy_chk"):
        yield verdict(f"fails: without {symbol}", list(
            binaries.protected("x", NM.replace(symbol, "other"))), True)


PAGE = """# Security
### A reason
| `some` | net | poll, read |
| base | about 100 |
| privsep | about 0 |
| privsep/executor | about 0 |
| in all | about 100 |
| amirald-reader | about 100 |
`base/log.c` `system/test_x.py::test_x`
"""
FILTER = """static const struct sandbox_rule some[] = { ANY(read), ANY(poll),
\n};
static const struct sandbox_topic net_topics[] = { ALLOWED(some), };
"""
DENY = FILTER.replace("read", "bpf").replace("poll", "iopl").replace(
    "net", "service").replace("some", "bad")
FILES = {"base/log.c": "int x;\n", "tests/system/test_x.py":
         "def test_x():\n", "tests/unit/test_c.c": "test_c test_c"}
ROWS = {n: ("row", "system/test_x.py::test_x") for n in proof.ROWS}
LINES = {"privsep/executor": 0, "privsep": 0, "base": 100, "in all": 100,
         "amirald-reader": 100}
UNIT = "# exposure at most 10\n[Service]\nExecStart=/bin/true\n"
PROOF = [
    (True, proof.rows_complete, ROWS, PAGE, FILES.get),
    (True, proof.rows_complete, {**ROWS, 1: (
        "row", "SECURITY.md#A reason", "unit/test_c.c::test_c")},
     PAGE, FILES.get),
    (False, proof.rows_complete, {**ROWS, 1: ("row",)}, PAGE, FILES.get),
    (False, proof.rows_complete, {n: ROWS[n] for n in range(1, 76)}, PAGE,
     FILES.get),
    (False, proof.rows_complete, {**ROWS, 1: ("row", "SECURITY.md#None")},
     PAGE, FILES.get),
    (False, proof.rows_complete, {**ROWS, 1: ("row", "no/file.py::test_x")},
     PAGE, FILES.get),
    (False, proof.rows_complete, {**ROWS, 1: (
        "row", "system/test_x.py::test_y")}, PAGE, FILES.get),
    (True, proof.tables_agree, PAGE, [FILTER]),
    (False, proof.tables_agree, PAGE.replace("poll, ", ""), [FILTER]),
    (False, proof.tables_agree, PAGE, [FILTER.replace("poll", "open")]),
    (False, proof.tables_agree, PAGE, [""]),
    (True, proof.denials_are_probed, [DENY, FILTER], "DENIED(bpf), SYS_iopl;"),
    (False, proof.denials_are_probed, [DENY], "SYS_iopl, SYS_bpf_other"),
    (True, proof.names_exist, PAGE, FILES.get),
    (False, proof.names_exist, PAGE.replace("log", "dog"), FILES.get),
    (False, proof.names_exist, PAGE.replace("::test_x", "::test_y"),
     FILES.get),
    (True, proof.size_is_said, PAGE, LINES),
    (False, proof.size_is_said, PAGE, {**LINES, "base": 300}),
    (False, proof.size_is_said, PAGE.replace("in all", "all"), LINES),
    (False, proof.unit_is_tight, UNIT.replace("exposure", "x")),
]
if shutil.which("systemd-analyze"):
    PROOF += [(True, proof.unit_is_tight, UNIT),
              (False, proof.unit_is_tight, UNIT.replace("10", "1"))]


def proof_rows():
    for number, (good, lint, *words) in enumerate(PROOF):
        yield verdict(f"{'passes' if good else 'fails'}: {lint.__name__} "
                      f"{number}", list(lint(*words)), not good)


if __name__ == "__main__":
    tap.run([*clean_rows(), *broken_rows(), *proof_rows()])
