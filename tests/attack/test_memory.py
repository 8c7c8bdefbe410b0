"""Which keys lie in whose memory: looked for as root, in all that is mapped."""
import os
import re
import signal

import pytest

import fleet as fleets
from conftest import HOST, as_root, real_sandbox

pytestmark = real_sandbox


def memory_of(pid):
    """Every readable byte of a process, region by region."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            start, end = (int(n, 16) for n in
                          re.match(r"([0-9a-f]+)-([0-9a-f]+)", line).groups())
            if "[v" in line:
                continue  # the kernel's own pages
            try:
                memory.seek(start)
                yield memory.read(end - start)
            except (OSError, OverflowError):
                continue


def holds(pid, secret):
    return any(secret in region for region in memory_of(pid))


@pytest.fixture(scope="module")
def pids():
    """A host that has answered: keys were used, replies were signed."""
    with fleets.Fleet([HOST]) as fleet:
        done = fleet.amiral("uptime", "-a")
        assert done.returncode == 0, done
        yield fleet, fleet[HOST].wait_whole()


@as_root
def test_search_finds_what_is_there(pids):
    """The host key's seed is in the gate, or the next test means nothing."""
    fleet, processes = pids
    assert holds(processes["gate"], fleet[HOST].key.seed)
    assert holds(processes["net"], fleet.operator.public)


@as_root
@pytest.mark.parametrize("name", ["net", "executor"])
def test_no_secret_key_elsewhere(pids, name):
    fleet, processes = pids
    for key in (fleet[HOST].key, fleet.operator):
        assert not holds(processes[name], key.seed)
        assert not holds(processes[name], key.secret[:32])
        assert not holds(processes[name], key.secret[32:] + key.seed)


@as_root
def test_the_operators_secret_is_on_no_host(pids):
    fleet, processes = pids
    for pid in processes.values():
        assert not holds(pid, fleet.operator.seed)


@as_root
def test_no_secret_key_in_the_controllers_net(pids):
    """While amiral, which has just signed, waits for an answer."""
    fleet, processes = pids
    with fleet.redis.client() as client:
        before = client("XLEN", fleet.key("log"))
    os.kill(processes["gate"], signal.SIGSTOP)
    try:
        amiral = fleet.start_amiral("ping", "-a", "--ack-timeout", "60s")
        with fleet.redis.client() as client:
            fleets.wait_for("the request", lambda: client(
                "XLEN", fleet.key("log")) > before)
        net = fleets.children(amiral.pid)["amiral-net"]
        # It has sent what the operator signed, and was told no more.
        assert holds(net, fleet.name.encode())
        assert not holds(net, fleet.operator.seed)
    finally:
        os.kill(processes["gate"], signal.SIGCONT)
        fleets.end(amiral)


@as_root
def test_no_core_file(pids):
    """Neither may: by its limit, and not dumpable, so its /proc is root's."""
    fleet, processes = pids
    for name in ("net", "gate"):
        with open(f"/proc/{processes[name]}/limits", encoding="ascii") as file:
            row = next(line for line in file if "core file" in line)
        assert row.split()[4:6] == ["0", "0"]
        assert os.stat(f"/proc/{processes[name]}/environ").st_uid == 0
