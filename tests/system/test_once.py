"""At most once, and the same word again: replays, reply_to, restarts."""
import os
import signal
import time

import pytest

import fleet as fleets
from conftest import HOSTS, add_mark, marks

HOST = HOSTS[0]


@pytest.fixture
def one(fresh):
    """A host with mark; the fleet and its agent."""
    fleet = fresh(HOST, start=False)
    add_mark(fleet[HOST])
    fleet.start()
    return fleet, fleet[HOST]


def fence(fleet):
    """Everything published so far has been looked at."""
    fleet.replies(fleet.ask(fleet.request("ping")))


def forget_answers(fleet, request):
    with fleet.redis.client() as client:
        client("DEL", fleet.key(f"reply:{request['reply_to']}"))
        fleet.make_stream(client, request["reply_to"])


def test_replayed_a_hundred_times(one):
    fleet, agent = one
    request = fleet.request("mark")
    envelope = fleet.signed(request)
    fleet.ask(request, envelope)
    first = [e for e, _ in fleet.replies(request)]
    for _ in range(100):
        fleet.publish(envelope)
    fence(fleet)
    assert marks(agent) == 1
    assert set(fleet.envelopes(request["reply_to"])) == set(first)


def test_remembered_replies_are_identical(one):
    """Asked again after the answers are gone: the same bytes."""
    fleet, agent = one
    request = fleet.request("mark")
    envelope = fleet.signed(request)
    fleet.ask(request, envelope)
    first = [e for e, _ in fleet.replies(request)]
    forget_answers(fleet, request)

    def again():
        # At most once in 10 s: ask until it speaks.
        fleet.publish(envelope)
        return fleet.envelopes(request["reply_to"])

    fleets.wait_for("the answers once more", again)
    fence(fleet)
    second = fleet.envelopes(request["reply_to"])
    assert set(second) <= set(first) and first[-1] in second
    assert marks(agent) == 1


def test_same_reply_to_is_another_request(one):
    fleet, agent = one
    first = fleet.request("mark")
    second = dict(first, issued=first["issued"] + 1)
    fleet.ask(first)
    fleet.replies(first)
    fleet.publish(fleet.signed(second))
    found = [r for _, r in fleet.replies(second, final=2)
             if r["status"] == "complete"]
    assert {r["request"] for r in found} == {
        fleet.digest(first), fleet.digest(second)}
    assert marks(agent) == 2


def test_refused_stays_refused(one):
    """Also once a policy would allow it."""
    fleet, agent = one
    add_mark(agent, "later")
    policies, agent.policies = agent.policies, agent.policies[:-3]
    agent.write_conf()
    request = fleet.request("later")
    envelope = fleet.signed(request)
    fleet.ask(request, envelope)
    (word, reply), = fleet.replies(request)
    assert reply["status"] == "noop"
    agent.policies = policies
    agent.write_conf()
    agent.process.send_signal(signal.SIGHUP)
    fleets.wait_for("the reload", lambda: "is in force" in agent.log())
    other = fleet.ask(fleet.request("later"))
    assert fleet.replies(other)[-1][1]["status"] == "complete"
    forget_answers(fleet, request)

    def again():
        fleet.publish(envelope)
        return fleet.envelopes(request["reply_to"])

    assert set(fleets.wait_for("the same word", again)) == {word}
    assert marks(agent, "later") == 1


@pytest.mark.parametrize("ahead_ms", [0, 25000])
@pytest.mark.parametrize("victim", ["executor", "gate"])
def test_replay_after_a_crash(one, victim, ahead_ms):
    """
    kill -9 and back: what ran does not run again, also where the operator's
    clock is ahead and the restart comes before the time of issue.
    """
    fleet, agent = one
    issued = int(time.time() * 1000) + ahead_ms
    request = fleet.request("mark", issued=issued, expires=issued + 60000)
    envelope = fleet.signed(request)
    fleet.ask(request, envelope)
    fleet.replies(request)
    pids = agent.wait_whole()
    os.kill(pids[victim], signal.SIGKILL)
    if victim == "executor":
        agent.process.wait()
        fleets.wait_for("its children to end", lambda: not any(
            fleets.alive(p) for p in pids.values()))
        agent.start()
        agent.wait_whole()
    else:
        agent.wait_whole(but=pids)
    fleet.publish(envelope)
    fence(fleet)
    assert marks(agent) == 1
