"""Every bit of a good request, flipped: nothing runs, each one counts."""
import pytest

import fleet as fleets
from conftest import add_mark, marks

PARTS = 5


@pytest.fixture(scope="module")
def fleet():
    """Several hosts share the work: what cannot be verified is throttled."""
    names = [f"bit{n}.example.com" for n in range(PARTS)]
    with fleets.Fleet(names, start=False) as many:
        for agent in many.agents.values():
            add_mark(agent)
        many.start()
        yield many


def flipped(envelope, part):
    for bit in range(part, 8 * len(envelope), PARTS):
        mutant = bytearray(envelope)
        mutant[bit // 8] ^= 1 << bit % 8
        yield bytes(mutant)


def test_every_bit(fleet):
    request = fleet.request("mark")
    envelope = fleet.signed(request)
    sent = {}
    with fleet.redis.client() as client:
        fleet.make_stream(client, request["reply_to"])
        for part, name in enumerate(fleet.agents):
            channel = fleet.key(f"requests:host:{name}")
            mutants = list(flipped(envelope, part))
            client.pipeline([("PUBLISH", channel, m) for m in mutants])
            sent[name] = len(mutants)
    assert sum(sent.values()) == 8 * len(envelope)
    for name, agent in fleet.agents.items():
        fleets.wait_for(
            lambda a=agent: f"{sent} counted by {a.name}: {a.dropped()}",
            lambda a=agent, n=sent[name]: sum(a.dropped().values()) >= n,
            patience=120)
        assert sum(agent.dropped().values()) == sent[name]
    assert fleet.envelopes(request["reply_to"]) == []
    # The request itself, which nobody has seen yet, runs everywhere once.
    fleet.publish(envelope)
    fleet.replies(request, final=PARTS)
    assert [marks(a) for a in fleet.agents.values()] == [1] * PARTS
