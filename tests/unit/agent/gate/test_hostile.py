"""What must not be answered, what must be refused, and in what words."""
import base64
import os
import random
import re

import pytest

import gateproc
import sshsig
from gateproc import BOB, HOST, now_ms

EVERY = 7  # bits; all of them are tests/unit/wire's business


@pytest.fixture
def gate(bare):
    bare.old, bare.new = sshsig.Key.new(), sshsig.Key.new()
    bare.operators += [
        f'old@example.com valid-before="20200101Z" {bare.old.line}',
        f'new@example.com valid-after="20990101Z" {bare.new.line}']
    return bare.start()


def counted(gate, cause, *envelopes):
    """None is answered; the log counts each under cause."""
    gate.silent(*envelopes)
    total = 0
    while total < len(envelopes):
        line = gate.log()
        match = re.fullmatch(r"dropped (\d+) messages: (.*) (\d+)", line)
        assert match and match[2] == cause and match[1] == match[3], line
        total += int(match[1])
    assert total == len(envelopes)


def test_random_bytes(gate):
    random.seed(1)
    counted(gate, "layout", *(
        bytes(random.randrange(128, 256) for _ in range(size))
        for size in (1, 2, 300, 4000)))


def test_unsigned_json(gate):
    counted(gate, "layout", gate.payload(gate.request()))


def test_flipped_bits(gate):
    """Whatever the cause is called: no answer, no run, all counted."""
    envelope = sshsig.sign(gate.payload(gate.request("uptime")), gate.alice)
    mutants = []
    for bit in range(0, 8 * len(envelope), EVERY):
        mutant = bytearray(envelope)
        mutant[bit // 8] ^= 1 << bit % 8
        mutants.append(bytes(mutant))
    gate.silent(*mutants)
    assert not gate.launched()
    total = 0
    while total < len(mutants):
        total += int(re.match(r"dropped (\d+) messages: ", gate.log())[1])
    assert total == len(mutants)


def test_truncated(gate):
    envelope = sshsig.sign(gate.payload(gate.request("uptime")), gate.alice)
    gate.silent(*(envelope[:n] for n in range(1, len(envelope), EVERY)))
    assert not gate.launched()


def test_unknown_key(gate):
    counted(gate, "unknown-key", sshsig.sign(
        gate.payload(gate.request()), sshsig.Key.new()))


def test_the_hosts_own_key(gate):
    counted(gate, "unknown-key", sshsig.sign(
        gate.payload(gate.request()), gate.host))


@pytest.mark.parametrize("namespace", [sshsig.REPLY, sshsig.HELLO, "file"])
def test_other_namespace(gate, namespace):
    gate.silent(sshsig.sign(
        gate.payload(gate.request()), gate.alice, namespace=namespace))


def test_other_namespace_hidden(gate):
    payload = gate.payload(gate.request())
    honest, other = (base64.b64decode(gate.alice.sign(name, payload))
                     for name in (sshsig.REQUEST, sshsig.REPLY))
    counted(gate, "signature", sshsig.envelope(
        payload, base64.b64encode(honest[:-64] + other[-64:])))


def test_keys_out_of_time(gate):
    counted(gate, "validity", *(
        sshsig.sign(gate.payload(gate.request(operator=who)), key)
        for who, key in (("old@example.com", gate.old),
                         ("new@example.com", gate.new))))


def test_lines(gate):
    one, two = gate.request(), gate.request(signatures=2)
    counted(gate, "lines",
            sshsig.sign(gate.payload(one), gate.alice, gate.bob),
            sshsig.sign(gate.payload(two), gate.alice))


def test_same_key_twice(gate):
    counted(gate, "same-key", sshsig.sign(
        gate.payload(gate.request(signatures=2)), gate.alice, gate.alice))


def test_second_line_of_a_stranger(gate):
    counted(gate, "unknown-key", sshsig.sign(
        gate.payload(gate.request(signatures=2)), gate.alice,
        sshsig.Key.new()))


def test_other_operator(gate):
    both = gate.payload(gate.request(operator=BOB, signatures=2))
    counted(gate, "operator",
            sshsig.sign(gate.payload(gate.request(operator=BOB)), gate.alice),
            sshsig.sign(both, gate.alice, gate.bob))


def test_two_lines(gate):
    request = gate.request(signatures=2)
    gate.ask(request, gate.alice, gate.bob)
    assert gate.reply().content["status"] == "complete"


def test_other_fleet(gate):
    counted(gate, "fleet", sshsig.sign(
        gate.payload(gate.request(fleet="other-00000000")), gate.alice))


@pytest.mark.parametrize("match", [
    {}, {"all": False}, {"hosts": []}, {"node_facts": {}}, {"where": {}}])
def test_empty_match(gate, match):
    counted(gate, "match", sshsig.sign(
        gate.payload(gate.request(match=match)), gate.alice))


@pytest.mark.parametrize("match, answered", [
    ({"hosts": [HOST]}, True), ({"hosts": ["www02.example.com"]}, False),
    ({"groups": ["paris"]}, True), ({"groups": ["london"]}, False),
    ({"node_facts": {"hostname": "www*", "cpus": "*"}}, True),
    ({"where": {"fact": "cpus", "op": "ge", "value": 5}}, False)])
def test_match(gate, match, answered):
    """Not matched is no drop, and not logged."""
    request = gate.request(match=match)
    gate.ask(request)
    if answered:
        assert gate.reply().reply_to == request["reply_to"]
    gate.fence()
    counted(gate, "layout", b"x")


@pytest.mark.parametrize("change", [
    {"version": 2}, {"surprise": 1}, {"reply_to": "../x"},
    {"command": {"provider": "../mark"}}, {"issued": "now"}, {"expires": 1}])
def test_bad_members(gate, change):
    gate.silent(sshsig.sign(
        gate.payload(gate.request(**change)), gate.alice))


def test_not_json(gate):
    text = gate.payload(gate.request())
    counted(gate, "json", *(sshsig.sign(payload, gate.alice) for payload in (
        text + b" x", text[:-1], b"[]", b"1",
        text.replace(b'"version":1', b'"version":1,"version":1'))))


def test_expired(gate):
    now = now_ms()
    assert gate.refused(gate.request(
        issued=now - 5000, expires=now - 1000))[0] == "expired"
    counted(gate, "late", sshsig.sign(gate.payload(gate.request(
        issued=now - 660000, expires=now - 600000)), gate.alice))


def test_future(gate):
    now = now_ms()
    reason, reply = gate.refused(gate.request(
        issued=now + 90000, expires=now + 120000))
    assert reason == "clock"
    said = re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \((\d+)\)",
                     reply.content["detail"])
    assert abs(int(said[1]) - now) < 60000


def test_over_max_ttl(gate):
    now = now_ms()
    reason, reply = gate.refused(gate.request(
        issued=now, expires=now + 3600001))
    assert reason == "denied" and "max_ttl" in reply.content["detail"]
    assert gate.refused(gate.request("nothing", issued=now,
                                     expires=now + 3600000))[0] == \
        "unknown-provider"


def test_issued_before_the_start(gate):
    now = now_ms()
    assert gate.refused(gate.request(
        issued=now - 60000, expires=now + 60000))[0] == "no-journal"


def test_policy(gate):
    assert gate.refused(gate.request(
        "uptime", operator=BOB, match={"hosts": ["nobody"]}
    ) | {"match": {"all": True}, "command": {"provider": "run"}},
        gate.bob)[0] == "denied"
    line = gate.audit()
    assert (line["event"], line["outcome"]) == ("refused", "denied")
    assert line["operator"] == BOB


@pytest.mark.parametrize("args, name", [
    ({"bogus": "secret"}, "bogus"), ({"word": "c"}, "word"),
    ({"word": 1}, "word"), ({"path": "a/b"}, "path"),
    ({"path": "/a/../b"}, "path")])
def test_arguments(gate, args, name):
    reason, reply = gate.refused(gate.request("run", args))
    assert reason == "bad-args"
    assert f"argument {name} " in reply.content["detail"]
    assert "secret" not in reply.content["detail"]


def test_argument_name_is_no_way_in(gate):
    """A name of any length and content fits an answer."""
    for name in ("\u00e9" * 300, "\u202e\n", "x" * 60000):
        reason, reply = gate.refused(gate.request("run", {name: 1}))
        assert reason == "bad-args"
        assert len(reply.content["detail"]) < 200


@pytest.mark.parametrize("args", [
    {}, {"digest": "x"}, {"digest": base64.b64encode(b"x" * 31).decode()},
    {"digest": 1}])
def test_arguments_of_status(gate, args):
    assert gate.refused(gate.request("status", args))[0] == "bad-args"


def test_cancel_for_years(gate):
    digest = base64.b64encode(os.urandom(32)).decode()
    assert gate.refused(gate.request("cancel", {
        "digest": digest, "expires": now_ms() + 90000000}))[0] == "bad-args"


def test_bad_seal(gate):
    zero = base64.b64encode(bytes(32)).decode()
    reason, reply = gate.refused(gate.request(seal_to=zero))
    assert reason == "bad-seal"
    assert "sealed" not in reply.content


def test_sealed(gate):
    """start and noop are plain, all else is closed."""
    key = base64.b64encode(bytes([9]) + bytes(31)).decode()
    request = gate.request("uptime", seal_to=key)
    gate.ask(request)
    assert gate.reply().content["status"] == "start"
    job = gate.job("uptime").start()
    job.write(b"text that must not be seen")
    job.end(1)
    for seq in 1, 2:
        reply = gate.reply()
        assert set(reply.content) == {
            "version", "in_reply_to", "hostname", "seq", "sealed"}
        assert reply.content["seq"] == seq
        assert b"seen" not in base64.b64decode(reply.content["sealed"])


def test_replayed(gate):
    """The same bytes once more at once, then not for ten seconds."""
    request = gate.request("uptime")
    envelope = gate.ask(request)
    start = gate.reply()
    job = gate.job("uptime").start()
    job.end()
    final = gate.reply()
    for _ in range(10):
        gate.deliver(envelope)
    again = [gate.reply(), gate.reply()]
    assert [r.envelope for r in again] == [start.envelope, final.envelope]
    gate.fence()
    assert not gate.launched()


def test_refusal_is_final(gate):
    request = gate.request("later")
    envelope = gate.ask(request)
    word = gate.reply()
    assert word.content["reason"] == "unknown-provider"
    gate.descriptions["later"] = {"name": "later", "description": ""}
    assert gate.reload()[0] == gateproc.G2E_RELOADED
    gate.deliver(envelope)
    assert gate.reply().envelope == word.envelope
    gate.ask(gate.request("later"))
    assert gate.reply().content["status"] == "start"
    gate.job("later").start().end()
    assert gate.reply().content["status"] == "complete"


def test_other_lines_same_payload(gate):
    """Identity is the payload: signed anew, it is still the same request."""
    request = gate.request("uptime")
    payload = gate.payload(request)
    gate.ask(request)
    assert gate.reply().content["status"] == "start"
    gate.deliver(sshsig.sign(payload, gate.alice))
    assert gate.reply().content["status"] == "start"
    gate.fence()
    gate.job("uptime").start().end()
    assert gate.reply().content["status"] == "complete"
    assert not gate.launched()
