#!/usr/bin/python3
"""amiral-keygen beside ssh-keygen. Argument: the program."""
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))


def ssh_keygen(*arguments):
    run = subprocess.run(["ssh-keygen", *arguments], capture_output=True,
                         text=True, check=True, stdin=subprocess.DEVNULL)
    return run.stdout


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Keygen(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="amiral-keygen-")
        self.addCleanup(directory.cleanup)
        self.home = directory.name

    def run_keygen(self, *arguments, **options):
        environment = {"HOME": self.home, "PATH": os.environ["PATH"]}
        environment.update(options.pop("env", {}))
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.run([PROGRAM, *arguments], env=environment,
                              stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL, **options)

    def path(self, name):
        return os.path.join(self.home, name)

    def good(self, *arguments, **options):
        run = self.run_keygen(*arguments, **options)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout

    def bad(self, *arguments, says, **options):
        run = self.run_keygen(*arguments, **options)
        self.assertEqual(run.returncode, 1)
        self.assertIn(says, run.stderr)
        if options.get("stdout") is None:
            self.assertEqual(run.stdout, "")
        return run.stderr

    def test_new_is_an_openssh_pair(self):
        key = self.path("k")
        for comment in ["alice@example.com", "two words", "", "café"]:
            shown = self.good("new", "-f", key, "-C", comment)
            self.assertEqual(shown, ssh_keygen("-l", "-f", key + ".pub"))
            if comment:  # else ssh-keygen shows the path
                self.assertEqual(shown, ssh_keygen("-l", "-f", key))
            self.assertEqual(read(key + ".pub").decode(),
                             ssh_keygen("-y", "-f", key))
            self.assertEqual((mode(key), mode(key + ".pub")), (0o600, 0o644))
            os.remove(key)
            os.remove(key + ".pub")
        self.assertEqual(os.listdir(self.home), [])

    def test_modes_whatever_the_umask(self):
        for umask in (0, 0o077, 0o277):
            key = self.path("k%o" % umask)
            self.good("new", "-f", key, preexec_fn=lambda: os.umask(umask))
            self.assertEqual((mode(key), mode(key + ".pub")), (0o600, 0o644))

    def test_default_place_and_comment(self):
        shown = self.good("new")
        key = self.path(".config/amiral/key")
        self.assertEqual(mode(os.path.dirname(key)), 0o700)
        self.assertEqual(shown, ssh_keygen("-l", "-f", key))
        self.assertRegex(shown, r"^256 SHA256:\S{43} \S+@\S+ \(ED25519\)\n$")
        self.assertEqual(self.good("show"), self.good("show", key))

    def test_default_place_in_an_open_directory(self):
        os.makedirs(self.path(".config"))
        os.chmod(self.path(".config"), 0o777)
        self.bad("new", says=".config")

    def test_never_overwrites(self):
        key = self.path("k")
        self.good("new", "-f", key)
        before = read(key), read(key + ".pub")
        self.bad("new", "-f", key, says=key + ": exists")
        os.rename(key, key + ".away")
        self.bad("new", "-f", key, says=key + ".pub: exists")
        self.assertFalse(os.path.lexists(key))
        self.assertEqual((read(key + ".away"), read(key + ".pub")), before)

    def test_never_through_a_link(self):
        target = self.path("target")
        for name in ("k", "k.pub"):
            os.symlink(target, self.path(name))
            self.bad("new", "-f", self.path("k"), says=name + ": exists")
            self.assertFalse(os.path.lexists(target))
            os.remove(self.path(name))

    def test_each_key_is_new(self):
        shown = {self.good("new", "-f", self.path(str(i)), "-C", "x")
                 for i in range(8)}
        self.assertEqual(len(shown), 8)

    def test_new_refuses(self):
        self.bad("new", "-f", self.path("no/k"), says=self.path("no"))
        self.bad("new", "-f", self.path("k"), "-C", "a\nb", says="-C")
        self.bad("new", "-f", self.path("k"), "-C", "x" * 256, says="-C")
        self.bad("new", "-f", "/" + "x" * 5000, says="too long")
        self.bad("new", "argument", says="usage: amiral-keygen new")
        self.bad("new", "-x", says="usage: amiral-keygen new")
        self.bad("new", "-f", says="usage: amiral-keygen new")
        self.bad("new", env={"HOME": ""}, says="HOME")
        self.bad("new", env={"HOME": "relative"}, says="HOME")
        self.assertEqual(os.listdir(self.home), [])

    def test_show_as_ssh_keygen(self):
        key = self.path("theirs")
        for comment in ["", "bob@example.com", "more words"]:
            ssh_keygen("-q", "-t", "ed25519", "-N", "", "-C", comment,
                       "-f", key)
            wanted = (read(key + ".pub").decode() +
                      ssh_keygen("-l", "-f", key + ".pub"))
            self.assertEqual(self.good("show", key).replace(" \n", "\n"),
                             wanted.replace(" \n", "\n"))
            self.assertEqual(self.good("show", key + ".pub"),
                             self.good("show", key))
            os.remove(key)
            os.remove(key + ".pub")

    def test_show_a_security_key(self):
        blob = ("AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIIqI4910CfGV/VLb"
                "LTy6XXLKZwm/HZQSG/N0iAG0D29cAAAABHNzaDo=")
        line = "sk-ssh-ed25519@openssh.com %s token\n" % blob
        with open(self.path("sk.pub"), "w") as file:
            file.write(line)
        self.assertEqual(self.good("show", self.path("sk.pub")),
                         line + ssh_keygen("-l", "-f", self.path("sk.pub")))

    def test_show_refuses(self):
        key = self.path("k")
        ssh_keygen("-q", "-t", "ed25519", "-N", "phrase", "-f", key)
        self.bad("show", key, says="ssh-agent")
        self.good("show", key + ".pub")
        os.chmod(key, 0o640)
        self.assertIn("chmod", self.bad("show", key, says=key + ": "))
        ssh_keygen("-q", "-t", "rsa", "-N", "", "-f", self.path("r"))
        for name in ("r", "r.pub"):
            self.bad("show", self.path(name), says="amiral-keygen new")
        self.bad("show", self.path("absent"), says=self.path("absent"))
        self.bad("show", says=self.path(".config"))
        self.bad("show", key, key, says="usage: amiral-keygen show")

    def test_show_refuses_odd_public_files(self):
        self.good("new", "-f", self.path("k"), "-C", "c")
        line = read(self.path("k.pub"))
        odd = self.path("odd.pub")
        for text in [b"", b"\n", b"ssh-ed25519", b"ssh-ed25519 \n",
                     line + line, line + b"\n", b" " + line, line[:60],
                     line.replace(b"ssh", b"sch"), line.replace(b" c", b" \0"),
                     line.replace(b" c", b" \x1b[2J"), line[:-1] + b"\r\n"]:
            with open(odd, "wb") as file:
                file.write(text)
            self.bad("show", odd, says=odd)

    def test_show_escapes(self):
        self.good("new", "-f", self.path("k"), "-C", "a\u202eb")
        self.assertNotIn("\u202e", self.good("show", self.path("k")))

    def test_fleet(self):
        names = {self.good("fleet", "paris-1") for _ in range(20)}
        self.assertEqual(len(names), 20)
        for name in names:
            self.assertRegex(name, r"^paris-1-[0-9a-f]{8}\n$")
        self.assertTrue(re.fullmatch("x{64}-.{8}\n",
                                     self.good("fleet", "x" * 64)))
        for name in ["", "x" * 65, "Paris", "a b", "a.b", "é", "a\n"]:
            self.bad("fleet", name, says="lower-case")
        self.bad("fleet", says="usage: amiral-keygen fleet")
        self.bad("fleet", "a", "b", says="usage: amiral-keygen fleet")

    def test_help(self):
        for word in ("--help", "-h"):
            text = self.good(word)
            for command in ("new", "show", "fleet"):
                self.assertIn(command, text)
                self.assertIn("usage: amiral-keygen " + command,
                              self.good(command, word))
        self.assertRegex(self.good("--version"), r"^amiral-keygen \d")
        self.bad(says="--help")
        self.bad("nothing", says="--help")

    def test_full_output(self):
        with open("/dev/full", "w") as full:
            self.bad("fleet", "x", stdout=full, says="standard output")

    def test_leaves_no_core(self):
        if shutil.which("strace") is None:
            self.skipTest("no strace here")
        run = subprocess.run(
            ["strace", "-e", "trace=prctl,prlimit64,setrlimit",
             PROGRAM, "fleet", "x"], capture_output=True, text=True,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        self.assertRegex(run.stderr, r"RLIMIT_CORE, \{rlim_cur=0, rlim_max=0")
        self.assertIn("PR_SET_DUMPABLE, SUID_DUMP_DISABLE", run.stderr)


if __name__ == "__main__":
    unittest.main()
