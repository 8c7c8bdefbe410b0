"""
Published by hand, none of these runs anything. What cannot be verified is
counted by cause and not answered; what is genuine but wrong for a host that
it matches is answered NOOP. The agent goes on.
"""
import base64
import json
import os
import time

import pytest

import fleet as fleets
import sshsig
from conftest import HOSTS, add_mark, marks

HOST = HOSTS[0]


@pytest.fixture(scope="module")
def fleet():
    """Four keys on the one host: two good ones, one early, one expired."""
    with fleets.Fleet([HOST], start=False) as one:
        agent = one[HOST]
        one.second, one.expired, one.early = (
            sshsig.Key.new() for _ in range(3))
        agent.write_operators([
            f"{fleets.OPERATOR} {one.operator.line}",
            f"bob@example.com {one.second.line}",
            f'old@example.com valid-before="20200101Z" {one.expired.line}',
            f'new@example.com valid-after="20990101Z" {one.early.line}'])
        add_mark(agent)
        one.start()
        yield one


@pytest.fixture(scope="module")
def agent(fleet):
    return fleet[HOST]


@pytest.fixture(autouse=True)
def nothing_ran(fleet, agent):
    """Whatever a test publishes: no provider ran, a good request does."""
    before, pids = marks(agent), agent.wait_whole()
    yield
    request = fleet.ask(fleet.request("mark", match={"hosts": [HOST]}))
    assert fleet.replies(request)[-1][1]["status"] == "complete"
    assert marks(agent) == before + 1
    assert agent.wait_whole() == pids


def mark(fleet_, **members):
    members.setdefault("match", {"hosts": [HOST]})
    return fleet_.request("mark", **members)


def silent(fleet, agent, status, envelopes, request=None):
    """Publishes on the host's channel; each is counted as status."""
    before = agent.dropped()[status]
    with fleet.redis.client() as client:
        if request:
            fleet.make_stream(client, request["reply_to"])
        for envelope in envelopes:
            fleet.publish(envelope, HOST, client)
    fleets.wait_for(
        lambda: f"{len(envelopes)} as {status}; {agent.dropped()}",
        lambda: agent.dropped()[status] >= before + len(envelopes))
    assert agent.dropped()[status] == before + len(envelopes)
    if request:
        assert fleet.envelopes(request["reply_to"]) == []


def refused(fleet, reason, request, envelope=None):
    fleet.ask(request, envelope)
    (_, reply), = fleet.replies(request)
    assert reply["status"] == "noop" and reply["reason"] == reason
    assert "uuid" not in reply
    return reply


def test_random_bytes(fleet, agent):
    silent(fleet, agent, "layout",
           [bytes([0x80 | b for b in os.urandom(n)])
            for n in (1, 2, 255, 4096, 65536)])


def test_far_too_long(fleet, agent):
    silent(fleet, agent, "too-long", [b"x" * 200000])


def test_unsigned_json(fleet, agent):
    request = mark(fleet)
    silent(fleet, agent, "layout", [fleet.payload(request)], request)


def test_empty_signature(fleet, agent):
    request = mark(fleet)
    silent(fleet, agent, "lines", [b"\n" + fleet.payload(request)], request)


def test_unknown_key(fleet, agent):
    request = mark(fleet)
    stranger = sshsig.Key.new()
    silent(fleet, agent, "unknown-key", [fleet.signed(request, stranger)],
           request)


def test_a_hosts_key_is_no_operators(fleet, agent):
    request = mark(fleet)
    silent(fleet, agent, "unknown-key", [fleet.signed(request, agent.key)],
           request)


@pytest.mark.parametrize("namespace", [
    sshsig.REPLY, sshsig.HELLO, "amiral-request-v2", "file", ""])
def test_other_namespace(fleet, agent, namespace):
    request = mark(fleet)
    payload = fleet.payload(request)
    line = fleet.operator.sign(namespace, payload)
    before = sum(agent.dropped().values())
    fleet.ask(request, sshsig.envelope(payload, line), HOST)
    fleets.wait_for("the count", lambda: sum(
        agent.dropped().values()) == before + 1)
    assert fleet.envelopes(request["reply_to"]) == []


def test_other_namespace_hidden(fleet, agent):
    """A signature for a reply in a blob that says request."""
    request = mark(fleet)
    payload = fleet.payload(request)
    silent(fleet, agent, "signature",
           [sshsig.envelope(payload, disguise(fleet.operator, payload))],
           request)


def disguise(key, payload):
    honest = base64.b64decode(key.sign(sshsig.REQUEST, payload))
    other = base64.b64decode(key.sign(sshsig.REPLY, payload))
    return base64.b64encode(honest[:-64] + other[-64:])


def test_more_lines_than_it_says(fleet, agent):
    request = mark(fleet, signatures=1)
    silent(fleet, agent, "lines",
           [fleet.signed(request, fleet.operator, fleet.second)], request)


def test_fewer_lines_than_it_says(fleet, agent):
    request = mark(fleet, signatures=2)
    silent(fleet, agent, "lines", [fleet.signed(request)], request)


def test_one_key_twice(fleet, agent):
    request = mark(fleet, signatures=2)
    silent(fleet, agent, "same-key",
           [fleet.signed(request, fleet.operator, fleet.operator)], request)


def test_five_lines(fleet, agent):
    request = mark(fleet, signatures=5)
    keys = [fleet.operator, *(sshsig.Key.new() for _ in range(4))]
    before = sum(agent.dropped().values())
    fleet.ask(request, fleet.signed(request, *keys), HOST)
    fleets.wait_for("the count", lambda: sum(
        agent.dropped().values()) == before + 1)


def test_names_another_operator(fleet, agent):
    request = mark(fleet, operator="bob@example.com")
    silent(fleet, agent, "operator", [fleet.signed(request)], request)


def test_other_fleet(fleet, agent):
    request = mark(fleet, fleet="other-00000000")
    silent(fleet, agent, "fleet", [fleet.signed(request)], request)


@pytest.mark.parametrize("match", [
    {}, {"all": False}, {"hosts": []}, {"groups": []}, {"node_facts": {}},
    {"node_facts": {"hostname": []}}, {"where": {}}, {"where": {"and": []}},
    {"all": True, "hosts": []}])
def test_empty_match(fleet, agent, match):
    request = mark(fleet, match=match)
    silent(fleet, agent, "match", [fleet.signed(request)], request)


@pytest.mark.parametrize("change", [
    {"version": 2}, {"surprise": 1}, {"reply_to": "../x"},
    {"reply_via": "carrier pigeon"}, {"command": {"provider": "../mark"}},
    {"command": {}}, {"issued": "now"}, {"match": None},
    {"options": {"surprise": 1}}, {"expires": 1}])
def test_bad_members(fleet, agent, change):
    request = mark(fleet, **change)
    before = agent.dropped()
    fleet.publish(fleet.signed(request), HOST)
    after = fleets.wait_for("the count", lambda: (
        lambda d: d if sum(d.values()) == sum(before.values()) + 1
        else None)(agent.dropped()))
    assert set(after - before) <= {"schema", "range", "json"}


def test_real_numbers_and_duplicates(fleet, agent):
    text = fleet.payload(mark(fleet))
    payloads = [text.replace(b'"version":1', b'"version":1.0'),
                text.replace(b'"version":1', b'"version":1,"version":1'),
                text + b" x", text[:-1], b"[]", b"1",
                text.replace(b"{", b"{" + b'"x":' + b"[" * 20, 1)]
    silent(fleet, agent, "json", [
        sshsig.sign(p, fleet.operator) for p in payloads[1:]])
    before = sum(agent.dropped().values())
    fleet.publish(sshsig.sign(payloads[0], fleet.operator), HOST)
    fleets.wait_for("the count", lambda: sum(
        agent.dropped().values()) == before + 1)


def test_not_for_this_host(fleet, agent):
    """Delivered to a host that it does not name: silence."""
    request = mark(fleet, match={"hosts": ["db09.example.com"]})
    before = marks(agent)
    fleet.ask(request, host=HOST)
    fence = fleet.ask(fleet.request("ping", match={"hosts": [HOST]}),
                      host=HOST)
    fleet.replies(fence)
    assert fleet.envelopes(request["reply_to"]) == []
    assert marks(agent) == before


def test_expired(fleet):
    now = int(time.time() * 1000)
    request = mark(fleet, issued=now - 5000, expires=now - 1000)
    refused(fleet, "expired", request)


def test_from_the_future(fleet):
    now = int(time.time() * 1000)
    request = mark(fleet, issued=now + 120000, expires=now + 180000)
    reply = refused(fleet, "clock", request)
    assert abs(reply["at"] - now) < 60000


def test_lives_too_long(fleet, agent):
    """Over max_ttl (an hour) and over the protocol's day."""
    now = int(time.time() * 1000)
    day = 24 * 3600 * 1000
    request = mark(fleet, issued=now, expires=now + day + 1)
    silent(fleet, agent, "range", [fleet.signed(request)], request)
    request = mark(fleet, issued=now, expires=now + day)
    fleet.ask(request)
    (_, reply), = fleet.replies(request)
    assert reply["status"] == "noop"


def test_provider_that_no_policy_names(fleet):
    refused(fleet, "denied", fleet.request("shell", match={"hosts": [HOST]}))


def test_operator_without_policy(fleet):
    """bob may ping, by the built-in section, and no more."""
    request = mark(fleet, operator="bob@example.com")
    refused(fleet, "denied", request, fleet.signed(request, fleet.second))
    request = fleet.request("ping", operator="bob@example.com",
                            match={"hosts": [HOST]})
    fleet.ask(request, fleet.signed(request, fleet.second))
    assert fleet.replies(request)[-1][1]["status"] == "complete"


def test_key_out_of_time(fleet, agent):
    for key, principal in ((fleet.expired, "old@example.com"),
                           (fleet.early, "new@example.com")):
        request = mark(fleet, operator=principal)
        silent(fleet, agent, "validity", [fleet.signed(request, key)],
               request)


def test_replies_do_not_quote(fleet):
    """What a request brings is not echoed back in a refusal."""
    secret = "do-not-say-" + os.urandom(4).hex()
    request = fleet.request("mark", {"surprise": secret},
                            match={"hosts": [HOST]})
    reply = refused(fleet, "bad-args", request)
    assert secret not in json.dumps(reply)
