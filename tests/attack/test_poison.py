"""
A request that crashes the gate does it once: the next gate knows its digest
and does not parse it, however often it comes.
"""
import os
import shutil

import pytest

import fleet as fleets
from conftest import HOST, built

WORD = "poison-for-the-gate"  # what the bug in poison_parser.c is about


@pytest.fixture
def poisonable():
    """A host whose gate is the real one with a bug in a parser."""
    with fleets.Fleet([HOST], start=False) as fleet:
        folder = fleet.folder / "libexec"
        folder.mkdir(0o755)
        gate = shutil.copy(built("attack/poison_gate"), folder / "amirald-gate")
        fleet[HOST].amirald = [built("unit/privsep/amirald_under_test"),
                               gate, fleets.program("amiral-net"),
                               fleets.program("amirald-reader")]
        fleet.start()
        yield fleet


def crashes(agent):
    return agent.log().count("gate ended: signal ")


def answered(fleet):
    return fleet.replies(fleet.ask(fleet.request("uptime")))[-1][1]


def poison(fleet):
    """Published, and in the log that each new net reads from its start."""
    return fleet.ask(fleet.request("uptime", options={
        "on_behalf_of": WORD}))


@pytest.mark.anyone
def test_not_parsed_twice(poisonable):
    fleet, agent = poisonable, poisonable[HOST]
    assert answered(fleet)["status"] == "complete"
    before = agent.wait_whole()
    request = poison(fleet)
    after = agent.wait_whole(but=before)
    # The log still has it: net hands it over again, and nothing happens.
    fleets.wait_for(lambda: f"a refusal:\n{agent.log()}",
                    lambda: agent.dropped()["poisoned"] >= 1)
    assert answered(fleet)["status"] in ("complete", "noop")
    for _ in range(20):
        fleet.publish(fleet.signed(request))
    fleets.wait_for(lambda: f"every refusal:\n{agent.log()}",
                    lambda: agent.dropped()["poisoned"] >= 21)
    fleets.wait_for("an answer", lambda: answered(fleet)["status"]
                    == "complete")
    assert agent.wait_whole() == after
    assert crashes(agent) == 1
    assert fleet.envelopes(request["reply_to"]) == []
    # One line says which it was.
    assert agent.log().count(f"request {fleet.digest(request)} was in hand") \
        == 1
    # Later gates know it too, though these end without anything in hand.
    os.kill(after["gate"], 9)
    last = agent.wait_whole(but=after)
    fleets.wait_for(lambda: f"another refusal:\n{agent.log()}",
                    lambda: agent.dropped()["poisoned"] >= 22)
    fleets.wait_for("an answer", lambda: answered(fleet)["status"]
                    == "complete")
    assert agent.wait_whole() == last
    assert agent.log().count("was in hand") == 1


@pytest.mark.anyone
def test_each_crashes_once(poisonable):
    """Two at once: the second is not mistaken for the first."""
    fleet, agent = poisonable, poisonable[HOST]
    for _ in range(2):
        poison(fleet)
    fleets.wait_for(lambda: f"both:\n{agent.log()}",
                    lambda: crashes(agent) == 2
                    and agent.dropped()["poisoned"] >= 2)
    fleets.wait_for("an answer", lambda: answered(fleet)["status"]
                    == "complete")
    assert crashes(agent) == 2
