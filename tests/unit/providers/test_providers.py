"""The shipped C providers, run as programs: what goes in, what comes out.

Arguments: uptime, facts, in_profile, uptime.json, facts.json (paths).
"""

import calendar
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

UPTIME, FACTS, IN_PROFILE, UPTIME_JSON, FACTS_JSON = sys.argv[1:6]
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
FACTS_MAX = 16384 - 2048


def run(program, stdin=b"", before=(), **variables):
    return subprocess.run(
        [*before, program], input=stdin, capture_output=True, timeout=60,
        env={**ENVIRONMENT, **variables}, check=False)


def answer(program, stdin=b"", before=(), **variables):
    done = run(program, stdin, before, **variables)
    assert done.returncode == 0, done
    assert done.stdout.endswith(b"}\n") and done.stdout.count(b"\n") == 1
    return json.loads(done.stdout)


class Descriptions(unittest.TestCase):
    def check(self, path, name):
        with open(path, encoding="utf-8") as file:
            description = json.load(file)
        self.assertLessEqual(
            set(description),
            {"name", "description", "side_effects", "args", "summary"})
        self.assertEqual(description["name"], name)
        self.assertIs(description["side_effects"], False)
        return description

    def test_uptime(self):
        description = self.check(UPTIME_JSON, "uptime")
        self.assertEqual(description["args"]["averages"]["type"], "object")
        self.assertIn(description["summary"], answer(UPTIME))

    def test_facts(self):
        self.assertEqual(self.check(FACTS_JSON, "facts")["args"], {})


class Uptime(unittest.TestCase):
    SHORT = re.compile(
        r"^\d\d:\d\d:\d\d up (\d+ days?, )?(\d+:\d\d|\d+ min), "
        r"(1 user|(0|[2-9]|\d\d+) users), "
        r"load average: \d+\.\d\d, \d+\.\d\d, \d+\.\d\d$")

    def test_shape(self):
        for stdin in (b"", b"{}", b' {"averages": {"shortterm": true, '
                      b'"midterm": true, "longterm": true}}\n'):
            out = answer(UPTIME, stdin)
            self.assertEqual(list(out), ["time", "up", "since", "users",
                                         "load_averages", "short"])
            self.assertRegex(out["short"], self.SHORT)
            self.assertEqual(len(out["load_averages"]), 3)
            self.assertTrue(out["short"].startswith(
                f"{out['time']} up {out['up']}, {out['users']} user"))

    def test_short_has_the_same_averages(self):
        out = answer(UPTIME)
        shown = out["short"].split("load average: ")[1].split(", ")
        self.assertEqual(shown, [f"{a:.2f}" for a in out["load_averages"]])

    def test_since_is_the_time_of_boot(self):
        out = answer(UPTIME)
        with open("/proc/uptime", encoding="ascii") as file:
            up = float(file.read().split()[0])
        shown = calendar.timegm(time.strptime(out["since"],
                                              "%Y-%m-%dT%H:%M:%SZ"))
        self.assertAlmostEqual(shown, time.time() - up, delta=3)

    def test_time_is_local(self):
        out = answer(UPTIME, TZ="UTC0")
        clock = time.strptime(out["time"], "%H:%M:%S")
        now = time.gmtime()
        seconds = ((now.tm_hour - clock.tm_hour) * 3600 +
                   (now.tm_min - clock.tm_min) * 60 +
                   now.tm_sec - clock.tm_sec) % 86400
        self.assertLess(seconds, 60)
        self.assertNotEqual(out["time"][:2],
                            answer(UPTIME, TZ="ABC-5")["time"][:2])

    def test_some_averages(self):
        out = answer(UPTIME, b'{"averages": {"longterm": true, '
                     b'"midterm": false}}')
        self.assertEqual(len(out["load_averages"]), 1)
        self.assertRegex(out["short"], r"load average: \d+\.\d\d$")
        out = answer(UPTIME, b'{"averages": {}}')
        self.assertEqual(out["load_averages"], [])
        self.assertRegex(out["short"], r"users?$")

    def test_refusals(self):
        for stdin, what in (
                (b"[]", b"not a JSON object"),
                (b"{", b"not a JSON object"),
                (b"{} x", b"not a JSON object"),
                (b'{"a": 1, "a": 2}', b"not a JSON object"),
                (b'{"a\\u001b": 1}', b"argument a\\033 is not known"),
                (b'{"averages": true}', b"averages is not an object"),
                (b'{"averages": {"shortterm": 1}}', b"is not a boolean"),
                (b'{"averages": {"x": true}}', b"averages has a member"),
                (b" " * 65537, b"too long")):
            done = run(UPTIME, stdin)
            self.assertEqual(done.returncode, 2, stdin[:80])
            self.assertIn(what, done.stderr)
            self.assertEqual(done.stdout, b"")

    def test_every_cut_of_the_arguments(self):
        stdin = b'{"averages": {"shortterm": true}}'
        for length in range(1, len(stdin)):
            self.assertEqual(run(UPTIME, stdin[:length]).returncode, 2)

    def test_longest_arguments(self):
        answer(UPTIME, b"{}" + b" " * 65534)


class InProfile(unittest.TestCase):
    """As nobody, under the filter, with 256 MiB."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="amiral-test-")
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        os.chmod(cls.directory, 0o755)
        cls.programs = {}
        # nobody may not be able to reach the build directory
        for path in (UPTIME, FACTS, IN_PROFILE):
            cls.programs[path] = shutil.copy(path, cls.directory)

    def inside(self, profile, program, **variables):
        return answer(self.programs[program],
                      before=(self.programs[IN_PROFILE], profile),
                      **variables)

    def test_uptime(self):
        out = self.inside("service", UPTIME)
        self.assertRegex(out["short"], Uptime.SHORT)

    def test_facts(self):
        free = answer(FACTS)
        for profile in ("service", "network"):
            out = self.inside(profile, FACTS)
            self.assertEqual(list(out), list(free))
            # without a socket they come from /proc
            self.assertEqual(sorted(out["network"]["addresses"]),
                             sorted(free["network"]["addresses"]))

    def test_facts_of_an_executable(self):
        facts_d = os.path.join(self.directory, "facts.d")
        os.mkdir(facts_d, 0o755)
        path = os.path.join(facts_d, "who")
        with open(path, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\necho me=$(id -u)\n")
        os.chmod(path, 0o755)
        out = self.inside("service", FACTS, AMIRAL_FACTS_DIR=facts_d)
        self.assertEqual(out["me"],
                         str(65534 if os.geteuid() == 0 else os.geteuid()))


class Facts(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="amiral-test-")
        os.chmod(self.directory, 0o755)
        os.umask(0o022)

    def tearDown(self):
        shutil.rmtree(self.directory)

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def facts(self):
        """The facts and what was said about them."""
        done = run(FACTS, AMIRAL_FACTS_DIR=self.directory)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLessEqual(len(done.stdout), FACTS_MAX + 1)
        return json.loads(done.stdout), done.stderr.decode()

    def refused(self, name, what):
        out, said = self.facts()
        self.assertIn(f"facts: warning: {name}: ", said)
        self.assertIn(what, said)
        return out

    def test_built_in(self):
        out = answer(FACTS)
        uname = os.uname()
        self.assertEqual(out["kernel"], {
            "name": uname.sysname, "release": uname.release,
            "version": uname.version})
        self.assertEqual(out["arch"], uname.machine)
        self.assertTrue(out["fqdn"].startswith(uname.nodename.lower()))
        self.assertGreaterEqual(out["cpus"], 1)
        self.assertGreater(out["memory"]["total_kib"],
                           out["memory"]["available_kib"])
        with open("/proc/uptime", encoding="ascii") as file:
            up = float(file.read().split()[0])
        self.assertAlmostEqual(out["uptime_s"], up, delta=3)
        self.assertRegex(out["agent"]["version"], r"^\d+\.\d+\.\d+$")
        self.assertLessEqual({"interfaces", "addresses"},
                             set(out["network"]))
        for reserved in ("hostname", "fleet", "groups"):
            self.assertNotIn(reserved, out)

    def test_os_release(self):
        try:
            with open("/etc/os-release", encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            self.skipTest("no os-release here")
        out = answer(FACTS)["os"]
        self.assertIn(f"ID={out['id']}", text.replace('"', ""))
        self.assertIn(f"PRETTY_NAME={out['pretty']}", text.replace('"', ""))

    def test_arguments_are_refused(self):
        done = run(FACTS, b'{"x": 1}')
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, b"")

    def test_no_directory(self):
        done = run(FACTS, AMIRAL_FACTS_DIR=self.directory + "/absent")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, b"")

    def test_files(self):
        self.write("a.json", '{"role": "web", "n": 4, "deep": {"x": [1.5]}}')
        self.write("b.conf", "# comment\n\n rack = r 7 \nempty=\n")
        self.write("c.txt", "url=a=b\r\nlast=1")
        self.write("d.txt~", "left=over")
        self.write(".hidden.json", "{")
        self.write("e.sh.dpkg-old", "#!/bin/sh\necho left=over\n", 0o755)
        out, said = self.facts()
        self.assertEqual(said, "")
        self.assertEqual(out["role"], "web")
        self.assertEqual(out["n"], 4)
        self.assertEqual(out["deep"], {"x": [1.5]})
        self.assertEqual(out["rack"], "r 7")
        self.assertEqual(out["empty"], "")
        self.assertEqual(out["url"], "a=b")
        self.assertEqual(out["last"], "1")
        self.assertNotIn("left", out)

    def test_later_files_win(self):
        self.write("20.json", '{"role": "db"}')
        self.write("10.txt", "role=web")
        self.assertEqual(self.facts()[0]["role"], "db")

    def test_reserved_and_built_in_names(self):
        self.write("a.json", '{"hostname": "x", "fleet": "x", "groups": [], '
                   '"arch": "x", "os": {}, "fine": 1}')
        out, said = self.facts()
        self.assertEqual(said.count("only amirald.conf defines it"), 3)
        self.assertEqual(said.count("it is built in"), 2)
        self.assertEqual(out["arch"], os.uname().machine)
        self.assertEqual(out["fine"], 1)
        for name in ("hostname", "fleet", "groups"):
            self.assertNotIn(name, out)

    def test_bad_content(self):
        for name, text, what in (
                ("a.json", "{", "line 1"),
                ("a.json", "[]", "no JSON object"),
                ("a.json", '{"a": 1, "a": 2}', "line 1"),
                ("a.json", '{"a": 99999999999999999999}', "line 1"),
                ("a.json", b'{"a": "\xff"}', "line 1"),
                ("a.json", '{"a": "\\u0000"}', "line 1"),
                ("a.json", b'{"a": 1}\0', "NUL"),
                ("a.json", '{"a b": 1}', "'a b' dropped"),
                ("a.json", '{"a.b": 1}', "'a.b' dropped"),
                ("a.json", '{"": 1}', "'' dropped"),
                ("a.json", '{"%s": 1}' % ("a" * 65), "dropped"),
                ("a.json", '{"a": %s}' % ("[" * 9 + "]" * 9), "too deep"),
                ("a.txt", "no pair", "line 1: not name=value"),
                ("a.txt", "a=1\n=2", "line 2: not name=value"),
                ("a.txt", b"a=\xff", "line 1"),
                ("a.txt", b"a=\0", "NUL"),
                ("a.txt", "x" * 65537, "File too large")):
            with self.subTest(text=text[:20]):
                self.write("z.json", '{"fine": 1}')
                path = self.write(name, text)
                out = self.refused(name, what)
                self.assertEqual(out["fine"], 1)
                self.assertNotIn("a", out)
                os.unlink(path)

    def test_deepest_and_longest_that_fit(self):
        self.write("a.json", '{"a": %s, "%s": 1}' %
                   ("[" * 8 + "]" * 8, "b" * 64))
        out, said = self.facts()
        self.assertEqual(said, "")
        self.assertEqual(out["b" * 64], 1)

    def test_every_cut_of_a_file(self):
        text = '{"a": {"b": [1, "x"]}}'
        for length in range(len(text)):
            self.write("a.json", text[:length])
            out, said = self.facts()
            self.assertNotIn("a", out)
            self.assertIn("a.json: skipped: line 1", said)

    def test_files_not_to_be_believed(self):
        path = self.write("a.json", '{"a": 1}')
        for mode in (0o664, 0o646):
            os.chmod(path, mode)
            self.assertNotIn("a", self.refused("a.json", "chmod go-w"))
        os.chmod(path, 0o644)
        self.assertEqual(self.facts()[0]["a"], 1)
        os.rename(path, path + ".bak")
        os.symlink(path + ".bak", path)
        self.assertNotIn("a", self.refused("a.json", "symbolic links"))
        os.unlink(path)
        os.mkfifo(path)
        self.refused("a.json", "not a regular file")
        os.unlink(path)
        os.mkdir(path)
        self.refused("a.json", "not a regular file")
        os.rmdir(path)
        self.write("plain", "a=1")
        self.assertNotIn("a", self.refused("plain", "neither executable"))

    def test_directory_not_to_be_believed(self):
        self.write("a.json", '{"a": 1}')
        os.chmod(self.directory, 0o775)
        self.assertNotIn("a", self.refused(self.directory, "chmod go-w"))

    def test_owners(self):
        if os.geteuid() != 0:
            self.skipTest("only root can give a file away")
        path = self.write("a.json", '{"a": 1}')
        os.chown(path, 12345, -1)
        self.assertNotIn("a", self.refused("a.json", "chown root"))
        os.chown(self.directory, 12345, -1)
        self.assertEqual(self.facts()[0]["a"], 1)

    def test_executables(self):
        self.write("pairs", "#!/bin/sh\necho a=1; echo b=2\n", 0o755)
        self.write("object.sh", "#!/bin/sh\necho ' {\"c\": [3]}'\n", 0o755)
        self.write("environment", "#!/bin/sh\n"
                   "echo variables=$(env | sort | tr '\\n' ' ')\n"
                   "echo stdin=$(cat)\n"
                   "echo fds=$(ls /proc/self/fd | wc -l)\n", 0o755)
        done = run(FACTS, AMIRAL_FACTS_DIR=self.directory, SECRET="x",
                   LD_PRELOAD="")
        self.assertEqual(done.stderr, b"")
        out = json.loads(done.stdout)
        self.assertEqual((out["a"], out["b"], out["c"]), ("1", "2", [3]))
        self.assertNotIn("SECRET", out["variables"])
        self.assertNotIn("LD_PRELOAD", out["variables"])
        self.assertIn("LANG=C.UTF-8", out["variables"])
        self.assertEqual(out["stdin"], "")
        self.assertEqual(out["fds"], "4")  # 0, 1, 2 and ls's own

    def test_executables_that_fail(self):
        for text, what in (
                ("#!/bin/sh\necho a=1; exit 1\n", "skipped: failed"),
                ("#!/bin/sh\necho a=1; kill -9 $$\n", "skipped: failed"),
                ("#!/nonexistent\n", "skipped: cannot be run"),
                ("#!/bin/sh\nexec cat /dev/zero\n", "skipped: prints too much"),
                ("#!/bin/sh\necho nothing\n", "line 1")):
            with self.subTest(text=text):
                path = self.write("program", text, 0o755)
                self.assertNotIn("a", self.refused("program", what))
                os.unlink(path)

    def test_descendants_are_not_waited_for(self):
        mark = os.path.join(self.directory, "mark")
        self.write("program", "#!/bin/sh\n"
                   f"(sleep 300 & echo $! >{mark}) \necho a=1\n", 0o755)
        start = time.monotonic()
        out, _ = self.facts()
        self.assertLess(time.monotonic() - start, 8)
        self.assertEqual(out["a"], "1")
        with open(mark, encoding="ascii") as file:
            pid = int(file.read())
        self.assertTrue(ends(pid))

    def test_time_is_bounded(self):
        self.write("program", "#!/bin/sh\necho a=1; exec sleep 300\n", 0o755)
        self.write("z.json", '{"fine": 1}')
        start = time.monotonic()
        out = self.refused("program", "takes too long")
        self.assertLess(time.monotonic() - start, 20)
        self.assertNotIn("a", out)
        self.assertEqual(out["fine"], 1)

    def test_size_is_bounded(self):
        self.write("a.json", json.dumps({f"n{i}": "x" * 1000
                                         for i in range(20)}))
        self.write("b.json", '{"small": 1}')
        out, said = self.facts()
        kept = sum(1 for name in out if name.startswith("n") and
                   name[1:].isdigit())
        self.assertEqual(said.count("dropped: more than 14336 bytes"),
                         20 - kept)
        self.assertGreaterEqual(kept, 10)
        self.assertEqual(out["small"], 1)

    def test_size_at_the_bound(self):
        with_one = len(run(FACTS, AMIRAL_FACTS_DIR=self.directory).stdout)
        # figures that change in length between two runs: leave them room
        room = FACTS_MAX - (with_one - 1) - len(',"a":""')
        self.write("a.json", json.dumps({"a": "x" * (room - 16)}))
        self.assertIn("a", self.facts()[0])
        self.write("a.json", json.dumps({"a": "x" * (room + 16)}))
        self.assertNotIn("a", self.refused("a.json", "dropped"))

    def test_number_of_files_is_bounded(self):
        for i in range(256):
            self.write(f"{i:03}.txt", f"f{i}=1")
        out, said = self.facts()
        self.assertEqual(said, "")
        self.assertEqual(sum(1 for f in out if re.match(r"f\d+$", f)), 256)
        self.write("256.txt", "f256=1")
        out, said = self.facts()
        self.assertIn("more than 256 files", said)


def ends(pid):
    """True once the process is gone (or dead and not reaped yet)."""
    for _ in range(500):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
