"""
Frames that no honest net or gate sends: types, sizes, states, descriptors.
Each one ends the sender and nothing else; the host answers the next request.
"""
import contextlib
import os
import signal
import time

import pytest

import fleet as fleets
import sshsig
from conftest import HOST, runs

EXECUTOR, GATE = 3, 4
LARGE = 131072 + 1

# The link, type, bytes, descriptors: what the receiver's rules forbid.
NET_FRAMES = {
    "gate: no such type": (GATE, 3, 0, 0),
    "gate: last type": (GATE, 255, 16, 0),
    "gate: empty request": (GATE, 0, 0, 0),
    "gate: request over an envelope": (GATE, 0, LARGE - 1, 0),
    "gate: request over a frame": (GATE, 0, LARGE, 0),
    "gate: short stored": (GATE, 1, 8, 0),
    "gate: long stored": (GATE, 1, 10, 0),
    "gate: empty list": (GATE, 2, 0, 0),
    "gate: list over a frame": (GATE, 2, LARGE, 0),
    "gate: descriptor with a list": (GATE, 2, 400, 1),
    "gate: descriptor with a request": (GATE, 0, 400, 1),
    "gate: three descriptors": (GATE, 1, 9, 3),
    "gate: sixteen descriptors": (GATE, 1, 9, 16),
    "amirald: no such type": (EXECUTOR, 1, 0, 0),
    "amirald: last type": (EXECUTOR, 255, 0, 0),
    "amirald: empty log": (EXECUTOR, 0, 0, 0),
    "amirald: long log": (EXECUTOR, 0, LARGE - 1, 0),
    "amirald: descriptor with a log": (EXECUTOR, 0, 20, 1),
}
# "ready " first: in the state of a gate that serves.
GATE_FRAMES = {
    "no such type": ("", 9, 0, 0),
    "last type": ("", 255, 0, 0),
    "no such type, serving": ("ready ", 9, 0, 0),
    "ready with a body": ("", 0, 1, 0),
    "ready with a descriptor": ("", 0, 0, 1),
    "ready twice": ("ready ", 0, 0, 0),
    "reloaded out of turn": ("", 1, 0, 0),
    "reloaded, nothing offered": ("ready ", 1, 0, 0),
    "reloaded with a body": ("ready ", 1, 1, 0),
    "long kept": ("", 2, LARGE - 1, 0),
    "kept with a descriptor": ("", 2, 5, 1),
    "launch without a name": ("ready ", 3, 12, 0),
    "launch of a long name": ("ready ", 3, 200, 0),
    "launch of nothing but zeros": ("ready ", 3, 20, 0),
    "launch with descriptors": ("ready ", 3, 20, 3),
    "launch before ready": ("", 3, 20, 0),
    "short kill": ("ready ", 4, 3, 0),
    "long kill": ("ready ", 4, 5, 0),
    "kill with a descriptor": ("ready ", 4, 4, 1),
    "empty log": ("", 5, 0, 0),
    "log with a descriptor": ("ready ", 5, 20, 1),
    "empty audit": ("ready ", 6, 0, 0),
    "audit over a line": ("ready ", 6, 4097, 0),
    "audit over a frame": ("ready ", 6, LARGE, 0),
    "audit with descriptors": ("ready ", 6, 20, 2),
    "list before ready": ("", 7, 400, 0),
    "empty list": ("ready ", 7, 0, 0),
    "list over a frame": ("ready ", 7, LARGE, 0),
    "list with a descriptor": ("ready ", 7, 400, 1),
    "revocations before ready": ("", 8, 51, 0),
    "empty revocations": ("ready ", 8, 0, 0),
    "revocations over a frame": ("ready ", 8, LARGE, 0),
    "revocations with a descriptor": ("ready ", 8, 51, 1),
    "sixteen descriptors": ("", 5, 20, 16),
}


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd")) if fleets.ROOT else 0


def expect_complaint(stage, words):
    fleets.wait_for(
        lambda: f"one of {words} in:\n{stage.agent.log()}",
        lambda: any(w in stage.agent.log() for w in words))


@pytest.mark.parametrize("name", NET_FRAMES)
def test_net_breaks_a_rule(stage, name):
    link, kind, size, fds = NET_FRAMES[name]
    before = runs(stage)
    stage.start("net", f"frame {link} {kind} {size} {fds} 1")
    expect_complaint(stage, ["broke a rule"])
    stage.recover()
    assert runs(stage) == before


@pytest.mark.parametrize("name", GATE_FRAMES)
def test_gate_breaks_a_rule(stage, name):
    state, kind, size, fds = GATE_FRAMES[name]
    before = runs(stage)
    stage.start("gate", f"{state}frame {EXECUTOR} {kind} {size} {fds} 1")
    expect_complaint(stage, ["broke a rule", "gate ended: it "])
    held = descriptors(stage.agent.process.pid)
    stage.recover()
    assert runs(stage) == before
    # What was passed along is not kept.
    assert descriptors(stage.agent.process.pid) <= held + 8


@pytest.mark.anyone
def test_net_forges_requests(stage):
    """Net is a shedder of load, no boundary: the gate judges again."""
    fleet = stage.fleet
    request = fleet.request("mark", match={"hosts": [HOST]})
    payload = fleet.payload(request)
    stranger = sshsig.Key.new()
    good = fleet.signed(request)
    for envelope in (
            fleet.signed(request, stranger),
            fleet.signed(request, stage.agent.key),
            sshsig.envelope(payload),
            payload,
            sshsig.sign(payload, fleet.operator, namespace=sshsig.REPLY),
            good[:-2] + b" }",
            good[:40] + bytes([good[40] ^ 1]) + good[41:]):
        stage.start("net", f"frame {GATE} 0 0 0 50", envelope)
        stage.wait_said("net", "sent 1")
        fleets.wait_for(
            lambda: f"50 drops: {stage.agent.log()[-2000:]}",
            lambda: sum(stage.agent.dropped().values()) >= 50)
        assert runs(stage) == 0
    stage.recover()
    assert runs(stage) == 0


@pytest.mark.anyone
def test_net_replays_over_the_link(stage):
    """A genuine request, a thousand times, straight into the gate."""
    fleet = stage.fleet
    before = runs(stage)
    request = fleet.request("mark", match={"hosts": [HOST]})
    # Issued before the gate starts it would be refused: give it a moment.
    now = request["issued"] + 1500
    request.update(issued=now, expires=now + 60000)
    stage.start("net", f"frame {GATE} 0 0 0 1000", fleet.signed(request))
    stage.wait_said("net", "sent 1")
    fleets.wait_for("the one run", lambda: runs(stage) > before)
    stage.recover()
    assert runs(stage) == before + 1


def forged_list(stage, signer):
    return sshsig.sign(sshsig.trust_list(
        stage.fleet.name, 1, int(time.time() * 1000),
        signers=[("mallory@example.com", signer)]), signer,
        namespace=sshsig.TRUST)


def is_believed(stage, key):
    """Whether who the forged list names may ask."""
    before = stage.agent.dropped()["unknown-key"]
    request = stage.fleet.request("ping", operator="mallory@example.com")
    stage.fleet.ask(request, stage.fleet.signed(request, key))
    fleets.wait_for(
        lambda: f"a drop:\n{stage.agent.log()[-2000:]}",
        lambda: stage.agent.dropped()["unknown-key"] > before)
    return stage.fleet.envelopes(request["reply_to"]) != []


@pytest.mark.anyone
def test_net_forges_a_list(stage):
    mallory = sshsig.Key.new()
    stage.start("net", f"frame {GATE} 2 0 0 20", forged_list(stage, mallory))
    stage.wait_said("net", "sent 1")
    fleets.wait_for(
        lambda: f"20 drops: {stage.agent.log()[-2000:]}",
        lambda: sum(stage.agent.dropped().values()) >= 20)
    stage.recover()
    assert not is_believed(stage, mallory)
    assert not (stage.agent.folder / "state" / "trust").exists()


# What: the name of what is kept, its frame's type, what the next gate says.
STORED = {
    "forged list": ("trust", 7, "not in force any more (unknown-key)"),
    "junk for a list": (
        "trust", 7, "not the operators' list that was kept there"),
    "junk for revocations": (
        "revoked", 8, "not a line with a fingerprint of its own"),
}


@pytest.mark.anyone
@pytest.mark.parametrize("what", STORED)
def test_gate_stores_what_nobody_signed(stage, what):
    """amirald keeps what it does not read; no gate that follows takes it."""
    name, kind, complaint = STORED[what]
    mallory = sshsig.Key.new()
    kept = stage.agent.folder / "state" / name
    stage.start("gate", f"ready frame {EXECUTOR} {kind} 0 0 1",
                forged_list(stage, mallory) if what == "forged list"
                else os.urandom(400))
    try:
        fleets.wait_for("what is kept", kept.exists)
        stage.honest("gate")
        for pid in stage.standins():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        expect_complaint(stage, [complaint])
    finally:
        kept.unlink(missing_ok=True)
    stage.recover()
    assert not is_believed(stage, mallory)


@pytest.mark.anyone
def test_gate_does_not_answer_a_reload(stage):
    """Its silence keeps no former table in force: the next gate is asked."""
    stage.start("gate", "ready silence")
    stage.wait_said("gate", "silent")
    stage.honest("gate")
    stage.agent.process.send_signal(signal.SIGHUP)
    expect_complaint(stage, ["does not answer to a new configuration"])
    stage.recover()
    fleets.wait_for(
        lambda: f"the new table:\n{stage.agent.log()[-2000:]}",
        lambda: "the new configuration is in force" in stage.agent.log())


@pytest.mark.anyone
def test_net_claims_what_was_stored(stage):
    """STORED for ids that the gate never gave."""
    stage.start("net", f"frame {GATE} 1 9 0 1000",
                b"\xff" * 8 + b"\x01")
    stage.wait_said("net", "sent 1")
    gate = stage.agent.pids()["gate"]
    stage.recover()
    assert stage.agent.pids()["gate"] == gate


@pytest.mark.anyone
@pytest.mark.parametrize("short", ["net", "gate"])
def test_silence(stage, short):
    """One that reads nothing and says nothing stops nobody else for good."""
    before = runs(stage)
    stage.start(short, "silence" if short == "net" else "ready silence")
    stage.wait_said(short, "silent")
    if short == "net":
        gate = stage.agent.pids()["gate"]
        stage.recover()
        assert stage.agent.pids()["gate"] == gate
    else:
        stage.recover()
    assert runs(stage) == before


@pytest.mark.anyone
def test_net_says_other_things_to_redis(stage):
    """Its connection is what it has: Redis's own rules bound it there."""
    stage.start("net", "redis")
    assert int(stage.wait_said("net", "wrote").split()[1]) > 0
    stage.recover()
