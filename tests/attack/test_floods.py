"""
What a taken-over net or gate can cost: its own CPU time is its own affair,
that of the others is bounded, and so is their memory.
"""
import time

import pytest

import fleet as fleets
import sshsig
from conftest import HOST, cpu_seconds, real_sandbox

pytestmark = real_sandbox

EXECUTOR, GATE = 3, 4
SECONDS = 2
SHARE = 1.0  # CPUs that the gate and amirald may use, together
EXECUTOR_SHARE = 0.25
GROWTH = 16 << 20


def unverifiable(stage):
    """What costs most: a signature that is looked at and is none."""
    request = stage.fleet.request("mark", match={"hosts": [HOST]})
    envelope = stage.fleet.signed(request)
    return envelope[:-2] + b" }"


def stranger(stage):
    request = stage.fleet.request("mark", match={"hosts": [HOST]})
    return stage.fleet.signed(request, sshsig.Key.new())


def log_line(_):
    return b"\x00" + b"x" * 200


def genuine(stage):
    """One that every operator may send, again and again."""
    return stage.fleet.signed(stage.fleet.request("ping"))


FLOODS = {
    "net: bad signatures": ("net", GATE, 0, unverifiable),
    "net: a stranger": ("net", GATE, 0, stranger),
    "net: replays": ("net", GATE, 0, genuine),
    "net: junk": ("net", GATE, 0, lambda _: b"x" * 400),
    "net: large junk": ("net", GATE, 0, lambda _: b"x" * 60000),
    "net: stored": ("net", GATE, 1, lambda _: b"\xff" * 9),
    "net: log": ("net", EXECUTOR, 0, log_line),
    "gate: log": ("gate", EXECUTOR, 5, log_line),
    "gate: kill": ("gate", EXECUTOR, 4, lambda _: b"\xff" * 4),
    "gate: kept": ("gate", EXECUTOR, 2, lambda _: b"x" * 100),
    "gate: audit": ("gate", EXECUTOR, 6, lambda _: b"{}" * 100),
}


@pytest.mark.parametrize("name", FLOODS)
def test_flood(stage, name):
    short, link, kind, payload = FLOODS[name]
    words = f"flood {link} {kind} 0 {SECONDS}"
    stage.start(short, ("ready " if short == "gate" else "") + words,
                payload(stage))
    stage.wait_said(short, "flooding")
    pids = stage.agent.pids()
    # A hostile gate has no net to speak of: it never gives it keys.
    others = [pids[n] for n in ("executor", "gate") if n != short]
    before = {pid: cpu_seconds(pid) for pid in others}
    memory = {pid: fleets.resident(pid) for pid in others}
    start = time.monotonic()
    sent = int(stage.wait_said(short, "sent").split()[1])
    wall = time.monotonic() - start
    used = {pid: cpu_seconds(pid) - before[pid] for pid in others}
    assert sent > 100
    assert sum(used.values()) <= SHARE * wall
    assert used[pids["executor"]] <= EXECUTOR_SHARE * wall
    for pid in others:
        assert fleets.resident(pid) <= memory[pid] + GROWTH
    assert len(stage.agent.log()) < 200000
    stage.recover()
