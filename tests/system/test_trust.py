"""Operators' lists, pushed to running agents: protocol section 7."""
import json
import os
import signal
import stat
import subprocess
import time

import pytest

import crash
import fleet as fleets
import sshsig
from conftest import HOSTS, add_mark, marks

HOST = HOSTS[0]
CAROL = "carol@example.com"


@pytest.fixture
def one(fresh):
    """A host whose own file lets a key sign lists."""
    fleet = fresh(HOST, start=False)
    agent = fleet[HOST]
    fleet.trusty, fleet.carol = sshsig.Key.new(), sshsig.Key.new()
    agent.write_operators([
        f"{fleets.OPERATOR} {fleet.operator.line}",
        f'trusty namespaces="amiral-trust-v1" {fleet.trusty.line}'])
    add_mark(agent)
    agent.policies[1] = "operators = *"
    agent.write_conf()
    fleet.start()
    return fleet, agent


def make(fleet, serial, issued=None, signer=None, **what):
    issued = int(time.time() * 1000) if issued is None else issued
    return sshsig.sign(
        sshsig.trust_list(fleet.name, serial, issued, **what),
        signer or fleet.trusty, namespace=sshsig.TRUST)


def push(fleet, envelope):
    with fleet.redis.client() as client:
        client("SET", fleet.key("trust"), envelope)
        client("PUBLISH", fleet.key("trust"), envelope)


def wait_serial(fleet, serial, host=HOST):
    """As the hello tells it."""
    def look():
        with fleet.redis.client() as client:
            hello = client("GET", fleet.key(f"host:{host}"))
        return hello and json.loads(sshsig.split(hello)[1])["trust"] == serial
    fleets.wait_for(
        lambda: f"serial {serial}; the log: {fleet[host].log()}", look)


def wait_dropped(agent, cause, count=1):
    fleets.wait_for(lambda: f"{cause} in the log: {agent.log()}",
                    lambda: agent.dropped()[cause] >= count)


def ask_as_carol(fleet, provider="mark"):
    request = fleet.request(provider, operator=CAROL)
    return fleet.ask(request, fleet.signed(request, fleet.carol))


def test_a_push_adds_an_operator(one):
    fleet, agent = one
    ask_as_carol(fleet)
    wait_dropped(agent, "unknown-key")
    push(fleet, make(fleet, 5, signers=[(CAROL, fleet.carol)]))
    wait_serial(fleet, 5)
    request = ask_as_carol(fleet)
    assert fleet.replies(request)[-1][1]["status"] == "complete"
    assert marks(agent) == 1
    status, document = fleet.json("ping", "-a", "-y")
    assert status == 0
    assert document["hosts"][0]["output"]["trust"] == 5


def test_a_push_revokes_a_running_agents_operator(one):
    """Counted, not answered, nothing run: at once and after every start."""
    fleet, agent = one
    request = fleet.ask(fleet.request("mark"))
    assert fleet.replies(request)[-1][1]["status"] == "complete"
    push(fleet, make(fleet, 1, signers=[(CAROL, fleet.carol)],
                     revoked=[fleet.operator]))
    wait_serial(fleet, 1)
    request = fleet.ask(fleet.request("mark"))
    wait_dropped(agent, "revoked")
    assert fleet.envelopes(request["reply_to"]) == []
    with fleet.redis.client() as client:  # nobody says it again
        client("DEL", fleet.key("trust"))
    agent.stop()
    agent.start()
    agent.wait_ready()
    wait_serial(fleet, 1)
    request = fleet.ask(fleet.request("mark"))
    wait_dropped(agent, "revoked", 2)
    fleet.replies(ask_as_carol(fleet))
    assert fleet.envelopes(request["reply_to"]) == []
    assert marks(agent) == 2


def test_a_host_that_was_away_learns_before_it_obeys(one):
    fleet, agent = one
    agent.stop()
    push(fleet, make(fleet, 1, signers=[(CAROL, fleet.carol)],
                     revoked=[fleet.operator]))
    agent.start()
    agent.wait_ready()
    wait_serial(fleet, 1)
    fleet.ask(fleet.request("mark"))
    wait_dropped(agent, "revoked")
    assert marks(agent) == 0


def test_an_old_list_is_an_alarm(one):
    """A broker that goes back in time, live and at the next start."""
    fleet, agent = one
    old = make(fleet, 1, signers=[(CAROL, fleet.carol)])
    push(fleet, old)
    wait_serial(fleet, 1)
    push(fleet, make(fleet, 2, revoked=[fleet.carol]))
    wait_serial(fleet, 2)
    push(fleet, old)
    wait_dropped(agent, "stale-list")
    agent.stop()
    agent.start()
    agent.wait_ready()
    wait_dropped(agent, "stale-list", 2)
    wait_serial(fleet, 2)
    ask_as_carol(fleet)
    wait_dropped(agent, "unknown-key")


def test_what_is_not_the_fleets_word_changes_nothing(one):
    fleet, agent = one
    now = int(time.time() * 1000)
    push(fleet, make(fleet, 9, signer=fleet.carol))
    wait_dropped(agent, "unknown-key")
    push(fleet, make(fleet, 9, signer=fleet.operator))
    wait_dropped(agent, "unknown-key", 2)
    push(fleet, make(fleet, 9, issued=1))
    wait_dropped(agent, "expired-list")
    push(fleet, sshsig.sign(sshsig.trust_list("rome-0123abcd", 9, now),
                            fleet.trusty, namespace=sshsig.TRUST))
    wait_dropped(agent, "fleet")
    request = fleet.ask(fleet.request("ping"))
    assert fleet.replies(request)[-1][1]["output"]["trust"] == 0
    assert not (agent.folder / "state" / "trust").exists()


def test_the_list_is_kept_as_it_came(one):
    fleet, agent = one
    pushed = make(fleet, 3)
    push(fleet, pushed)
    wait_serial(fleet, 3)
    path = agent.folder / "state" / "trust"
    fleets.wait_for("the file", path.exists)
    assert path.read_bytes() == pushed
    info = path.stat()
    assert stat.S_IMODE(info.st_mode) == 0o600
    assert info.st_uid == os.geteuid()


def test_a_damaged_list_is_not_passed_over(one):
    fleet, agent = one
    push(fleet, make(fleet, 3, revoked=[fleet.carol]))
    wait_serial(fleet, 3)
    path = agent.folder / "state" / "trust"
    fleets.wait_for("the file", path.exists)
    agent.stop()
    path.write_bytes(path.read_bytes()[:-1])
    agent.start()
    fleets.wait_for("the reason", lambda: f"{path}: not the operators' list"
                    in agent.log())


def test_an_own_revocation_needs_one_reload(one):
    """A line @revoked beside the operator's own; ssh-keygen reads it."""
    fleet, agent = one
    request = fleet.ask(fleet.request("mark"))
    assert fleet.replies(request)[-1][1]["status"] == "complete"
    agent.write_operators([
        f"{fleets.OPERATOR} {fleet.operator.line}",
        f"{CAROL} {fleet.carol.line}",
        f"@revoked {fleet.operator.line}"])
    size = len(agent.log())
    agent.process.send_signal(signal.SIGHUP)
    fleets.wait_for("the reload", lambda: "the new configuration is in force"
                    in agent.log()[size:])
    request = fleet.ask(fleet.request("mark"))
    wait_dropped(agent, "revoked")
    fleet.replies(ask_as_carol(fleet))
    assert fleet.envelopes(request["reply_to"]) == []
    assert marks(agent) == 2


def still_revoked(agent, fleet, count):
    """Counted, and no word of it."""
    request = fleet.ask(fleet.request("mark"))
    wait_dropped(agent, "revoked", count)
    fleet.replies(ask_as_carol(fleet))
    assert fleet.envelopes(request["reply_to"]) == []


def test_a_later_list_takes_no_revocation_back(one):
    """In force at once, and at every start after, though no list says it."""
    fleet, agent = one
    push(fleet, make(fleet, 1, revoked=[fleet.operator]))
    wait_serial(fleet, 1)
    push(fleet, make(fleet, 2, signers=[(CAROL, fleet.carol)]))
    wait_serial(fleet, 2)
    still_revoked(agent, fleet, 1)
    path = agent.folder / "state" / "revoked"
    assert path.read_text() == f"{fleet.operator.fingerprint}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    agent.stop()
    agent.start()
    agent.wait_ready()
    wait_serial(fleet, 2)
    still_revoked(agent, fleet, 2)
    agent.stop()  # the way back, by root on this host
    path.unlink()
    agent.start()
    agent.wait_ready()
    request = fleet.ask(fleet.request("mark"))
    assert fleet.replies(request)[-1][1]["status"] == "complete"


@pytest.mark.parametrize("mark", ["", "@revoked "])
def test_a_disowned_signers_revocations_stay(one, mark):
    """Whom he added goes with him; at a reload, and at every start."""
    fleet, agent = one
    push(fleet, make(fleet, 1, signers=[(CAROL, fleet.carol)],
                     revoked=[fleet.operator]))
    wait_serial(fleet, 1)
    agent.write_operators([
        f"{fleets.OPERATOR} {fleet.operator.line}",
        f"# {fleet.trusty.line}" if not mark
        else f"{mark}{fleet.trusty.line}"])
    size = len(agent.log())
    agent.process.send_signal(signal.SIGHUP)
    fleets.wait_for("the reload", lambda: "the new configuration is in force"
                    in agent.log()[size:])
    for n in (1, 2):
        requests = fleet.ask(fleet.request("mark")), ask_as_carol(fleet)
        wait_dropped(agent, "revoked", n)
        wait_dropped(agent, "unknown-key", n)
        for request in requests:
            assert fleet.envelopes(request["reply_to"]) == []
        agent.stop()
        agent.start()
        agent.wait_ready()
    assert "its revocations stay" in agent.log()
    assert marks(agent) == 0


def test_a_revoked_operator_is_told_nothing(one):
    """The tool names the silence; the host does not break it."""
    fleet, _ = one
    push(fleet, make(fleet, 1, revoked=[fleet.operator]))
    wait_serial(fleet, 1)
    status, document = fleet.json("ping", "-a", "-y")
    assert status == 3
    assert document["hosts"][0]["verdict"] == "no_answer"


# The operator's side: amiral-keygen trust.


@pytest.fixture
def two(fresh):
    """Two hosts that let the operator sign lists."""
    fleet = fresh(*HOSTS[:2], start=False)
    for agent in fleet.agents.values():
        add_mark(agent)
        agent.write_operators([
            f'{fleets.OPERATOR} namespaces="amiral-request-v1,amiral-trust-v1"'
            f" {fleet.operator.line}"])
        agent.policies[1] = "operators = *"
        agent.write_conf()
    fleet.carol = sshsig.Key.new()
    fleet.start()
    return fleet


def keygen_trust(fleet, *words, env=None):
    return subprocess.run(
        [fleets.program("amiral-keygen"), "trust", *map(str, words)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False, env=fleet.environment(**(env or {})))


def good(done):
    assert done.returncode == 0, done
    return done.stdout


def test_add_and_push(two):
    """From a public line to an answer; ssh-keygen reads what list prints."""
    good(keygen_trust(two, "add", CAROL, two.carol.line,
                      "--valid-before", "20990101Z"))
    listed = good(keygen_trust(two, "list"))
    assert f'{CAROL} valid-before="20990101000000Z" {two.carol.line}' in listed
    path = two.folder / "listed"
    path.write_text(listed)
    payload = b"x"
    (two.folder / "sig").write_bytes(
        sshsig.armor(two.carol.sign(sshsig.REQUEST, payload)))
    done = subprocess.run(
        ["ssh-keygen", "-Y", "verify", "-f", path, "-I", CAROL, "-n",
         sshsig.REQUEST, "-s", two.folder / "sig"], input=payload,
        capture_output=True, check=False)
    assert done.returncode == 0, done
    out = good(keygen_trust(two, "push"))
    assert "pushed list 1: 1 keys may ask, 0 are revoked" in out
    assert "2 of 2 hosts have it" in out
    request = two.request("mark", operator=CAROL)
    two.ask(request, two.signed(request, two.carol))
    two.replies(request, final=2)


def test_revoke_and_push(two):
    good(keygen_trust(two, "add", CAROL, two.carol.line))
    good(keygen_trust(two, "push"))
    good(keygen_trust(two, "revoke", CAROL))
    assert f"# revoked {two.carol.fingerprint}" in good(
        keygen_trust(two, "list"))
    done = keygen_trust(two, "add", CAROL, two.carol.line)
    assert done.returncode == 1 and "is revoked" in done.stderr
    assert "pushed list 2: 0 keys may ask, 1 are revoked" in good(
        keygen_trust(two, "push"))
    request = two.request("mark", operator=CAROL)
    two.ask(request, two.signed(request, two.carol))
    for agent in two.agents.values():
        wait_dropped(agent, "unknown-key")  # no line has it any more
        assert marks(agent) == 0


def test_a_push_names_whom_it_has_not_reached(two):
    two[HOSTS[1]].stop()
    out = good(keygen_trust(two, "push", "--wait", "2s"))
    assert f"not there yet: {HOSTS[1]}" in out
    assert "1 of 2 hosts have it" in out


def test_hosts_that_do_not_let_the_key_sign_lists(one):
    """Pushed, counted there as nobody's word, and named here."""
    fleet, agent = one
    out = good(keygen_trust(fleet, "push", "--wait", "1s"))
    assert "0 of 1 hosts have it" in out
    wait_dropped(agent, "unknown-key")


def test_a_colleagues_list_is_not_lost(two):
    """Push refuses to go over it; pull needs the colleague's key by name."""
    other = sshsig.Key.new()
    theirs = make(two, 5, signer=other, signers=[(CAROL, two.carol)])
    with two.redis.client() as client:
        client("SET", two.key("trust"), theirs)
    done = keygen_trust(two, "push")
    assert done.returncode == 1 and "list 5" in done.stderr
    done = keygen_trust(two, "pull")
    assert done.returncode == 1 and other.fingerprint in done.stderr
    good(keygen_trust(two, "pull", "--signer", other.fingerprint))
    assert two.carol.line in good(keygen_trust(two, "list"))
    assert "pushed list 6" in good(keygen_trust(two, "push"))


def test_a_broker_that_went_back_in_time(two):
    good(keygen_trust(two, "push"))
    with two.redis.client() as client:
        old = client("GET", two.key("trust"))
        good(keygen_trust(two, "push"))
        client("SET", two.key("trust"), old)
    done = keygen_trust(two, "pull")
    assert done.returncode == 1 and "back in time" in done.stderr


WRONG = {
    "no such verb": ["frobnicate"],
    "too few words": ["add", CAROL],
    "too many words": ["list", "x"],
    "no principal": ["add", "a,b", "KEY"],
    "no key": ["add", CAROL, "ssh-ed25519 AAAA"],
    "no file": ["add", CAROL, "/nonexistent.pub"],
    "no time": ["add", CAROL, "KEY", "--valid-before", "tomorrow"],
    "times": ["add", CAROL, "KEY", "--valid-before", "20200101Z",
              "--valid-after", "20200101Z"],
    "nobody": ["remove", "dave@example.com"],
    "no fingerprint": ["revoke", "SHA256:x"],
    "no ttl": ["push", "--ttl", "0"],
}


@pytest.mark.parametrize("case", WRONG)
def test_refuses_and_changes_nothing(fresh, case):
    fleet = fresh(start=False)
    good(keygen_trust(fleet, "add", "eve@example.com", fleet.operator.line))
    before = good(keygen_trust(fleet, "list"))
    line = sshsig.Key.new().line
    done = keygen_trust(fleet, *(line if w == "KEY" else w
                                 for w in WRONG[case]))
    assert done.returncode == 1 and done.stderr
    assert good(keygen_trust(fleet, "list")) == before


def test_remove_by_principal_and_by_fingerprint(fresh):
    fleet = fresh(start=False)
    a, b, c = (sshsig.Key.new() for _ in range(3))
    for name, key in (("a", a), ("a", b), ("c", c)):
        path = fleet.folder / "key.pub"
        path.write_text(key.line + " a comment\n")
        path.chmod(0o644)
        good(keygen_trust(fleet, "add", name, path))
    good(keygen_trust(fleet, "remove", c.fingerprint))
    listed = good(keygen_trust(fleet, "list"))
    assert a.line in listed and b.line in listed and c.line not in listed
    good(keygen_trust(fleet, "remove", "a"))
    assert len(good(keygen_trust(fleet, "list")).splitlines()) == 1


@crash.needs_strace
def test_add_killed_anywhere(fresh):
    """The list is the old one or the new one, and both were seen."""
    fleet = fresh(start=False)
    good(keygen_trust(fleet, "add", "eve@example.com", fleet.operator.line))
    path = fleet.home / ".config" / "amiral" / f"trust-{fleet.name}"
    old = path.read_bytes()
    words = [fleets.program("amiral-keygen"), "trust", "add", CAROL,
             sshsig.Key.new().line]
    seen = set()
    for _ in crash.everywhere(words, fleet.environment(), fleet.folder,
                              lambda: path.write_bytes(old)):
        seen.add(len(json.loads(path.read_bytes())["signers"]))
    assert seen == {1, 2}
