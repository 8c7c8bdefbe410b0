"""
A host whose amiral-net or amirald-gate is a stand-in that holds the real
link and the real sandbox and then does what an order says.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE.parent / "lint")]

import fleet as fleets  # noqa: E402  (the path comes first)
import spread  # noqa: E402

HOST = "www01.example.com"
BACK = 15  # seconds: the longest back-off, 10, and some
OUT_SIZE = 65536
NAMES = {"net": "amiral-net", "gate": "amirald-gate"}
HOSTILE = "hostile_"  # what /proc calls them; the honest have other names

def pytest_collection_modifyitems(items):
    spread.group(items, pytest.mark)


as_root = pytest.mark.skipif(
    not fleets.ROOT, reason="users and jails of their own need root")
real_sandbox = pytest.mark.skipif(
    fleets.SANITIZED, reason="sanitizers need the sandbox off, and room")


def built(name):
    """A test program: those are not installed."""
    root = os.environ.get("AMIRAL_BUILD")
    if not root:
        pytest.skip("AMIRAL_BUILD: name the build directory of the stand-ins")
    return pathlib.Path(root) / "tests" / name


class Stage:
    """One host, and what its two children are."""

    def __init__(self, fleet):
        self.fleet, self.agent = fleet, fleet[HOST]
        self.folder = fleet.folder / "libexec"
        self.folder.mkdir(0o755)
        for short in NAMES:
            shutil.copy(built(f"attack/{HOSTILE}{short}"), self.folder)
            self.honest(short)
        self.agent.amirald = [built("unit/privsep/amirald_under_test"),
                              self.file("gate", ""), self.file("net", ""),
                              fleets.program("amirald-reader")]

    def file(self, short, suffix):
        return self.folder / (HOSTILE + short + suffix)

    def order(self, short, words, payload=b""):
        """What the next ones do; nothing of it is said yet."""
        out = self.file(short, ".out")
        out.unlink(missing_ok=True)
        out.write_bytes(bytes(OUT_SIZE))
        out.chmod(0o666)
        order = self.file(short, ".new")
        order.write_bytes(b"%s\n%s\n%s" % (
            bytes(fleets.program(NAMES[short])), words.encode(), payload))
        order.chmod(0o644)
        order.rename(self.file(short, ".do"))

    def honest(self, short):
        self.order(short, "")

    def start(self, short, words, payload=b""):
        """A new amirald with one child that obeys."""
        self.agent.stop()
        self.agent.log_file.unlink(missing_ok=True)
        for other in NAMES:
            self.honest(other)
        self.order(short, words, payload)
        self.agent.start()
        return self

    def said(self, short):
        return self.file(short, ".out").read_bytes() \
            .partition(b"\0")[0].decode().splitlines()

    def wait_said(self, short, word, patience=fleets.PATIENCE):
        """The line that begins so."""
        return fleets.wait_for(
            lambda: f"{short} to say {word}; it said {self.said(short)}; "
                    f"log:\n{self.agent.log()[-3000:]}",
            lambda: self.agent.running() and next(
                (line for line in self.said(short)
                 if line.startswith(word)), None), patience)

    def standins(self):
        """Process ids of children that have not become the honest one."""
        return [pid for name, pid in
                fleets.children(self.agent.process.pid).items()
                if name.startswith(HOSTILE)]

    def recover(self):
        """The attacker goes; the host answers the next request."""
        process = self.agent.process
        for short in NAMES:
            self.honest(short)

        def back():
            for pid in self.standins():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with self.fleet.redis.client() as client:
                return self.agent.running() and len(
                    self.agent.pids()) == 3 and not self.standins() \
                    and client("EXISTS", self.fleet.key(f"host:{HOST}"))

        fleets.wait_for("the honest processes", back, BACK + fleets.PATIENCE)
        # What runs before its time has the next gate refuse up to then.
        fleets.wait_for("an answer", lambda: self.fleet.amiral(
            "ping", "-a", "--ack-timeout", f"{BACK}s").returncode == 0)
        assert self.agent.process is process and process.poll() is None


@pytest.fixture(scope="module")
def stage():
    """Shared by a module: each test starts its own amirald."""
    with fleets.Fleet([HOST], start=False) as fleet:
        marks = fleet.folder / "marks"
        marks.mkdir()
        marks.chmod(0o1777)
        agent = fleet[HOST]
        agent.provider("mark", f"#!/bin/sh\necho run >>{marks}/mark\n"
                               "echo '{}'\n")
        agent.provider("brief", "#!/bin/sh\nexec sleep 600\n",
                       row=["timeout = 1"])
        # Described and executable, but no policy names it.
        for name in ("unnamed", "unnamed.json"):
            shutil.copy(agent.folder / "providers" / name.replace(
                "unnamed", "mark"), agent.folder / "providers" / name)
        yield Stage(fleet)


def runs(stage_):
    """How often the provider with side effects ran."""
    path = stage_.fleet.folder / "marks" / "mark"
    return len(path.read_text().splitlines()) if path.exists() else 0


def cpu_seconds(pid):
    """Of one process, user and system."""
    fields = fleets.stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
