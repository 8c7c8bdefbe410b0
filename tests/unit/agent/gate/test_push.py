"""Operators' lists that are pushed: judged, in force, kept, taken up again."""
import base64

import pytest

import gateproc
import sshsig
from gateproc import (FLEET, G2E_KEPT, G2E_RELOADED, G2E_REVOKED, G2E_TRUST,
                      G2N_HELLO, G2N_KEYS, now_ms)

CAROL = "carol@example.com"


@pytest.fixture
def parts(bare):
    """A gate whose own file lets one key sign lists; not started."""
    bare.trusty, bare.carol = sshsig.Key.new(), sshsig.Key.new()
    bare.operators.append(
        f'trusty namespaces="amiral-trust-v1" {bare.trusty.line}')
    return bare


@pytest.fixture
def gate(parts):
    return parts.start()


def make(gate, serial, fleet=FLEET, signer=None, issued=None, **what):
    payload = sshsig.trust_list(
        fleet, serial, now_ms() if issued is None else issued, **what)
    return sshsig.sign(payload, signer or gate.trusty,
                       namespace=sshsig.TRUST)


def carols(gate):
    return gate.request(operator=CAROL)


def answered(gate, request, key):
    gate.ask(request, key)
    return gate.reply().content["status"] == "complete"


def lines(*keys):
    return b"".join(key.fingerprint.encode() + b"\n" for key in keys)


def serial_of_bob(gate):
    """Where alice is revoked."""
    gate.ask(gate.request(operator=gateproc.BOB), gate.bob)
    return gate.reply().content["output"]["trust"]


def serial(gate):
    return gate.fence().content["output"]["trust"]


def counted(gate, cause):
    line = gate.log()
    while not line.startswith("dropped "):
        line = gate.log()
    return line == f"dropped 1 messages: {cause} 1"


def test_adds_an_operator(gate):
    gate.silent(sshsig.sign(gate.payload(carols(gate)), gate.carol))
    assert counted(gate, "unknown-key")
    assert serial(gate) == 0
    pushed = make(gate, 7, signers=[(CAROL, gate.carol)])
    gate.push(pushed)
    assert gate.expect(G2E_TRUST) == pushed
    assert answered(gate, carols(gate), gate.carol)
    assert serial(gate) == 7
    assert "list 7 by trusty is in force: 1 keys" in gate.log()


def test_tells_net_and_the_fleet(gate):
    gate.fence()
    for seen in (G2N_KEYS, G2N_HELLO):
        gate.seen["net", seen].clear()
    gate.push(make(gate, 9, signers=[(CAROL, gate.carol)]))
    keys = gate.expect(("net", G2N_KEYS))
    assert keys[0] == 1 and b"\0" + gate.carol.public in keys
    hello = gate.expect(("net", G2N_HELLO))
    assert b'"trust":9,' in hello


def test_revokes_an_operator_at_once(gate):
    assert answered(gate, gate.request(), gate.alice)
    request = gate.request()
    gate.push(make(gate, 1, signers=[(CAROL, gate.carol)],
                   revoked=[gate.alice]))
    gate.ask(request)
    gate.ask(carols(gate), gate.carol)
    reply = gate.reply()
    assert reply.reply_to != request["reply_to"]
    assert counted(gate, "revoked")


def test_revokes_whom_it_adds(gate):
    gate.push(make(gate, 1, signers=[(CAROL, gate.carol)],
                   revoked=[gate.carol]))
    gate.silent(sshsig.sign(gate.payload(carols(gate)), gate.carol))
    assert counted(gate, "revoked")


REFUSED = {
    "unknown-key": lambda gate: make(gate, 8, signer=sshsig.Key.new()),
    "a requester": ("unknown-key",
                    lambda gate: make(gate, 8, signer=gate.alice)),
    "whom a list added": ("unknown-key",
                          lambda gate: make(gate, 8, signer=gate.carol)),
    "fleet": lambda gate: make(gate, 8, fleet="rome-0123abcd"),
    "stale-list": lambda gate: make(gate, 6),
    "the same serial": ("stale-list",
                        lambda gate: make(gate, 7, revoked=[gate.alice])),
    "expired-list": lambda gate: make(gate, 8, issued=1),
    "two lines": ("lines", lambda gate: sshsig.sign(
        sshsig.trust_list(FLEET, 8, now_ms()), gate.trusty, gate.alice,
        namespace=sshsig.TRUST)),
    "namespace": lambda gate: sshsig.sign(
        sshsig.trust_list(FLEET, 8, now_ms()), gate.trusty),
    "signature": lambda gate: make(gate, 8)[:-1] + b" ",
    "schema": lambda gate: sshsig.sign(
        b"{}", gate.trusty, namespace=sshsig.TRUST),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(gate, name):
    row = REFUSED[name]
    cause, what = row if isinstance(row, tuple) else (name, row)
    gate.push(make(gate, 7, signers=[(CAROL, gate.carol)]))
    gate.expect(G2E_TRUST)
    gate.push(what(gate))
    assert counted(gate, cause)
    assert serial(gate) == 7
    assert not gate.seen[G2E_TRUST]


def test_says_nothing_to_the_same_again(gate):
    pushed = make(gate, 7)
    for _ in range(3):
        gate.push(pushed)
    assert serial(gate) == 7
    assert len(gate.seen[G2E_TRUST]) == 1


def test_a_start_takes_up_what_was_kept(parts):
    parts.kept = make(parts, 7, signers=[(CAROL, parts.carol)],
                      revoked=[parts.bob])
    gate = parts.start()
    assert answered(gate, carols(gate), gate.carol)
    gate.silent(sshsig.sign(
        gate.payload(gate.request(operator=gateproc.BOB)), gate.bob))
    assert counted(gate, "revoked")
    gate.push(make(gate, 6))
    assert counted(gate, "stale-list")


def test_an_expired_list_still_revokes(parts):
    parts.kept = make(parts, 7, issued=1, signers=[(CAROL, parts.carol)],
                      revoked=[parts.bob])
    gate = parts.start()
    gate.silent(sshsig.sign(gate.payload(carols(gate)), gate.carol))
    assert counted(gate, "validity")
    gate.silent(sshsig.sign(
        gate.payload(gate.request(operator=gateproc.BOB)), gate.bob))
    assert counted(gate, "revoked")
    assert serial(gate) == 7


@pytest.mark.parametrize("line", ["", "@revoked {}"])
def test_a_list_that_the_own_file_bears_no_more(parts, line):
    parts.kept = make(parts, 7, revoked=[parts.alice])
    parts.operators[-1] = line.format(parts.trusty.line)
    gate = parts.start()
    assert serial_of_bob(gate) == 0
    log = gate.log()
    assert "state/trust: not in force any more" in log
    assert "its revocations stay" in log
    gate.ask(gate.request())
    assert counted(gate, "revoked")


def test_a_later_list_takes_no_revocation_back(gate):
    """And the next gate knows it, from what amirald was given to keep."""
    gate.push(make(gate, 1, revoked=[gate.alice]))
    assert gate.expect(G2E_REVOKED) == lines(gate.alice)
    gate.expect(G2E_TRUST)
    gate.push(make(gate, 2, revoked=[gate.carol]))
    assert gate.expect(G2E_REVOKED) == lines(gate.alice, gate.carol)
    gate.expect(G2E_TRUST)
    gate.ask(gate.request())
    assert counted(gate, "revoked")
    assert gate.reload()[0] == G2E_RELOADED
    gate.ask(gate.request())
    assert counted(gate, "revoked")


def test_a_start_knows_whom_former_lists_revoked(parts):
    parts.revoked, parts.kept = lines(parts.alice), make(parts, 7)
    gate = parts.start()
    gate.ask(gate.request())
    assert counted(gate, "revoked")
    gate.push(make(gate, 8, revoked=[gate.carol]))
    assert gate.expect(G2E_REVOKED) == lines(gate.alice, gate.carol)


def test_revocations_have_a_bound(parts):
    """A list with one too many is in force all the same, which is said."""
    full = [sshsig.Key.new() for _ in range(16)]
    parts.revoked = lines(*full) + b"".join(
        b"SHA256:" + base64.b64encode(n.to_bytes(32, "big"))[:-1] + b"\n"
        for n in range(2048 - len(full)))
    gate = parts.start()
    gate.push(make(gate, 1, revoked=[gate.alice]))
    kept = gate.expect(G2E_REVOKED)
    assert len(kept) == 2048 * 51 and lines(gate.alice) not in kept
    gate.expect(G2E_TRUST)
    assert "list 1 by trusty is in force" in gate.log()
    assert "more than 2048 keys are revoked here" in gate.log()
    for _ in ("at once", "after a reload"):
        gate.ask(gate.request())
        assert counted(gate, "revoked")
        assert gate.reload()[0] == G2E_RELOADED
    assert serial_of_bob(gate) == 1
    gate.push(make(gate, 2, revoked=full))
    assert serial_of_bob(gate) == 2
    assert answered(gate, gate.request(), gate.alice)


@pytest.mark.parametrize("text", [
    b"", b"junk\n", b"SHA256:" + b"A" * 43, b"SHA256:" + b"A" * 44 + b"\n"])
def test_revocations_that_cannot_be_read(parts, text):
    parts.revoked = text
    parts.hand_over()
    assert parts.expect(G2E_KEPT).startswith(b"state/revoked:1: ")


@pytest.mark.parametrize("kept", [b"", b"junk", b"x" * 100000])
def test_what_is_no_list_is_not_passed_over(parts, kept):
    """It may have held a revocation."""
    parts.kept = kept
    parts.hand_over()
    assert parts.expect(G2E_KEPT).startswith(b"state/trust: ")


def test_a_reload_forgets_nothing(gate):
    """amirald may have opened an older file when the list came."""
    gate.kept = make(gate, 1)
    gate.push(make(gate, 7, revoked=[gate.alice]))
    gate.expect(G2E_TRUST)
    assert gate.reload()[0] == G2E_RELOADED
    gate.ask(gate.request(operator=gateproc.BOB), gate.bob)
    assert gate.reply().content["output"]["trust"] == 7
    gate.ask(gate.request())
    assert counted(gate, "revoked")


def test_own_revocation_beats_a_list(gate):
    gate.push(make(gate, 7, signers=[(CAROL, gate.carol)]))
    assert answered(gate, carols(gate), gate.carol)
    gate.operators.append(f"@revoked {gate.carol.line}")
    assert gate.reload()[0] == G2E_RELOADED
    gate.silent(sshsig.sign(gate.payload(carols(gate)), gate.carol))
    assert counted(gate, "revoked")



def test_a_long_list(gate):
    keys = [sshsig.Key.new() for _ in range(200)]
    pushed = make(gate, 2, signers=[(f"o{n}@example.com", key)
                                    for n, key in enumerate(keys)])
    gate.push(pushed)
    assert gate.expect(G2E_TRUST) == pushed
    request = gate.request(operator="o199@example.com")
    assert answered(gate, request, keys[199])
