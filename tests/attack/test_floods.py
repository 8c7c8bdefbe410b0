"""
What a taken-over net or gate can cost: its own CPU time is its own affair,
that of the others is bounded, and so is their memory.
"""
import contextlib
import os
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
# agent/gate/throttle.h: saved up, and what a bad message counts for.
GATE_BURST, BAD_BURST, BAD_RATE = 6, 1200, 100
IN_SOCKET = 400  # messages that the kernel holds between net and gate
# privsep/executor/cpu_watch.h: saved up, and the time between two looks.
NET_BURST, NET_LOOK = 10, 1
HALF = 0.5
MARGIN = 2  # seconds of a processor, for what is measured late


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
    "gate: list": ("gate", EXECUTOR, 7, lambda _: b"x"),
    "gate: revocations": ("gate", EXECUTOR, 8, lambda _: b"x"),
}
KEPT = ("gate: list", "gate: revocations")


def forget_what_is_kept(stage):
    """As the administrator does: no gate starts with it."""
    assert stage.agent.running()
    stage.agent.stop()
    stage.honest("gate")
    for name in ("trust", "revoked"):
        (stage.agent.folder / "state" / name).unlink(missing_ok=True)
    stage.agent.start()


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
    if name in KEPT:
        forget_what_is_kept(stage)
    stage.recover()


@pytest.mark.parametrize("name, cause", [
    ("net: bad signatures", "signature"), ("net: a stranger", "unknown-key"),
    ("net: junk", "layout")])
def test_unverifiable_messages_are_read_slowly(stage, name, cause):
    """What was saved up, then a hundred a second; and all are counted."""
    seconds = 4
    stage.start("net", f"flood {GATE} 0 0 {seconds}", FLOODS[name][3](stage))
    stage.wait_said("net", "flooding")
    gate = stage.agent.pids()["gate"]
    before, start = cpu_seconds(gate), time.monotonic()
    sent = int(stage.wait_said("net", "sent").split()[1])
    wall = time.monotonic() - start
    assert BAD_BURST <= sent <= BAD_BURST + BAD_RATE * (wall + 1) + IN_SOCKET
    assert cpu_seconds(gate) - before <= GATE_BURST / 2 + HALF * wall
    fleets.wait_for(
        lambda: f"{sent} to be counted, not {stage.agent.dropped()}",
        lambda: stage.agent.dropped()[cause] >= sent)
    assert stage.agent.dropped() == {cause: sent}
    stage.recover()


def test_net_has_half_a_processor_of_the_gate(stage):
    """Good messages, which cost more than bad ones, without an end."""
    seconds = 20
    stage.start("net", f"flood {GATE} 0 0 {seconds}", genuine(stage))
    stage.wait_said("net", "flooding")
    pids = stage.agent.pids()
    before, start = cpu_seconds(pids["gate"]), time.monotonic()
    stage.wait_said("net", "sent")
    wall = time.monotonic() - start
    used = cpu_seconds(pids["gate"]) - before
    assert used <= GATE_BURST + HALF * wall + MARGIN
    assert stage.agent.pids()["gate"] == pids["gate"]
    stage.recover()


def nets_seconds(stage):
    """Of all nets so far: those that run, those that amirald has reaped."""
    fields = fleets.stat(stage.agent.process.pid)
    ended = int(fields[13]) + int(fields[14])
    now = 0
    for pid in stage.standins():
        with contextlib.suppress(OSError):  # it has ended just now
            now += cpu_seconds(pid)
    return ended / os.sysconf("SC_CLK_TCK") + now


def test_net_has_half_a_processor(stage):
    """It computes and says nothing: amirald ends it, and lets it wait."""
    stage.start("net", "spin 600")
    stage.wait_said("net", "spinning")
    first, = stage.standins()
    before, start = nets_seconds(stage), time.monotonic()

    def another():
        return [pid for pid in stage.standins() if pid != first]

    # On a machine that is busy otherwise it never gets more than a half.
    def over():
        wall = time.monotonic() - start
        return another() or (
            wall > 30 and fleets.alive(first)
            and nets_seconds(stage) - before < HALF * wall)

    fleets.wait_for(f"the end of {first}", over, 120)
    used, wall = nets_seconds(stage) - before, time.monotonic() - start
    assert used <= NET_BURST + NET_LOOK + HALF * wall + MARGIN
    if another():
        assert "net ended: it used more than half a processor" \
            in stage.agent.log()
        assert used <= 0.8 * wall
    assert stage.agent.pids()["gate"]
    stage.recover()
