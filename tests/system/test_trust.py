"""Operators' lists, pushed to running agents: protocol section 7."""
import base64
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


@pytest.fixture
def desk(fresh):
    """An operator, Redis, and a host that is away."""
    fleet = fresh(HOST, start=False)
    fleet.carol, fleet.other = sshsig.Key.new(), sshsig.Key.new()
    fleet.config = fleet.home / ".config" / "amiral"
    fleet.copy = fleet.config / f"trust-{fleet.name}"
    return fleet


def hold(fleet, envelope):
    with fleet.redis.client() as client:
        client("SET", fleet.key("trust"), envelope)
    return envelope


def bad(done, *says):
    assert done.returncode == 1, done
    for words in says:
        assert words in done.stderr, done
    return done


def let_sign(fleet, *lines):
    """The operator's own word on who signs lists."""
    fleet.config.mkdir(parents=True, exist_ok=True)
    path = fleet.config / "allowed_signers"
    path.write_text("".join(line + "\n" for line in lines))
    path.chmod(0o644)


MAY_SIGN = 'namespaces="amiral-trust-v1"'
BOTH = 'namespaces="amiral-request-v1,amiral-trust-v1"'


def test_a_colleagues_list_is_not_lost(desk):
    """Push refuses to go over it; pull needs the colleague's key by name."""
    hold(desk, make(desk, 5, signer=desk.other,
                    signers=[(CAROL, desk.carol)]))
    for verb in ("push", "pull"):
        done = bad(keygen_trust(desk, verb), desk.other.fingerprint,
                   "may be anybody's", "not Redis")
        assert "--signer SHA256" not in done.stderr  # no stranger's key
    bad(keygen_trust(desk, "pull", "--signer", desk.carol.fingerprint),
        desk.other.fingerprint, desk.carol.fingerprint)
    assert not desk.copy.exists()
    done = keygen_trust(desk, "pull", "--signer", desk.other.fingerprint)
    assert desk.carol.line in good(done)
    assert "is believed for this once, since you name it" in done.stderr
    assert "pushed list 6" in good(keygen_trust(desk, "push", "--wait", "1ms"))


def test_a_colleague_whom_the_own_file_names(desk):
    let_sign(desk, f"bob {MAY_SIGN} {desk.other.line}")
    hold(desk, make(desk, 5, signer=desk.other))
    bad(keygen_trust(desk, "push"), "list 5", "trust pull")
    done = keygen_trust(desk, "pull")
    assert "list 6" in good(done) and done.stderr == ""


@pytest.mark.parametrize("line, says", [
    ("bob {}", "may be anybody's"),  # good for requests alone
    (f'bob {MAY_SIGN},valid-before="20200101Z" {{}}', "is over"),
    ("@revoked {}", "revoked here"), ("nonsense", "allowed_signers:1")])
def test_a_colleague_whom_the_own_file_does_not_let(desk, line, says):
    let_sign(desk, line.format(desk.other.line))
    hold(desk, make(desk, 5, signer=desk.other))
    bad(keygen_trust(desk, "pull"), says)
    done = keygen_trust(desk, "pull", "--signer", desk.other.fingerprint)
    if "revoked" in says or ":1" in says:
        bad(done, says)
    assert desk.copy.exists() == (done.returncode == 0)


def test_a_revoked_colleague_is_not_pulled(desk):
    """Not even by name."""
    good(keygen_trust(desk, "revoke", desk.other.fingerprint))
    before = desk.copy.read_bytes()
    hold(desk, make(desk, 5, signer=desk.other))
    for more in ([], ["--signer", desk.other.fingerprint]):
        bad(keygen_trust(desk, "pull", *more), "revoked here")
    bad(keygen_trust(desk, "push"), "that key is revoked here")
    assert desk.copy.read_bytes() == before


def test_pull_loses_no_revocation(desk):
    """Made here and not pushed: kept, and whom it means is not added."""
    theirs, mine = sshsig.Key.new(), sshsig.Key.new()
    for key in (mine, desk.carol):
        good(keygen_trust(desk, "revoke", key.fingerprint))
    hold(desk, make(desk, 5, signer=desk.operator, revoked=[theirs],
                    signers=[(CAROL, desk.carol), ("dave", desk.other)]))
    done = keygen_trust(desk, "pull")
    listed = good(done)
    assert "2 keys were revoked here" in done.stderr
    for key in (theirs, mine, desk.carol):
        assert f"# revoked {key.fingerprint}" in listed
    assert desk.other.line in listed and desk.carol.line not in listed
    assert "pushed list 6: 1 keys may ask, 3 are revoked" in good(
        keygen_trust(desk, "push", "--wait", "1ms"))


class Fake:
    """A fingerprint of nobody."""

    def __init__(self, number):
        self.fingerprint = "SHA256:" + base64.b64encode(
            number.to_bytes(32, "big")).decode()[:-1]


@pytest.mark.parametrize("issued", [None, 1])
def test_revocations_that_do_not_fit_are_not_pulled(desk, issued):
    """Not those of an expired list either."""
    good(keygen_trust(desk, "revoke", desk.carol.fingerprint))
    before = desk.copy.read_bytes()
    hold(desk, make(desk, 5, issued, signer=desk.operator,
                    revoked=[Fake(n) for n in range(1024)]))
    bad(keygen_trust(desk, "pull"), "1024 keys are revoked")
    assert desk.copy.read_bytes() == before
    hold(desk, make(desk, 5, issued, signer=desk.operator,
                    revoked=[Fake(n) for n in range(1023)]))
    assert good(keygen_trust(desk, "pull")).count("# revoked") == 1024


def test_a_list_that_grows_too_long_is_not_pulled(desk):
    """Theirs fits, and ours: both together do not, and are not shown."""
    good(keygen_trust(desk, "revoke", desk.carol.fingerprint))
    now = int(time.time() * 1000)
    desk.copy.write_bytes(sshsig.trust_list(
        desk.name, 1, now, revoked=[Fake(n) for n in range(1000, 1024)]))
    before = desk.copy.read_bytes()
    signers = [(f"{n}@{'x' * 60}", sshsig.Key.new()) for n in range(60)]
    theirs = {"signers": signers, "revoked": [Fake(n) for n in range(1000)]}
    size = len(sshsig.trust_list(desk.name, 5, now, **theirs))
    assert 65536 - 1000 < size < 65536
    hold(desk, make(desk, 5, now, signer=desk.operator, **theirs))
    done = bad(keygen_trust(desk, "pull"), "the list is over 64 KiB")
    assert done.stdout == "" and desk.copy.read_bytes() == before


def test_an_expired_list_gives_its_revocations_alone(desk):
    """And its number; who may ask is what was written here."""
    good(keygen_trust(desk, "add", CAROL, desk.carol.line))
    hold(desk, make(desk, 5, issued=1, signer=desk.operator,
                    signers=[("dave", desk.other)], revoked=[Fake(7)]))
    done = keygen_trust(desk, "pull")
    listed = good(done)
    assert "list 5 has expired" in done.stderr
    assert "pushed as list 6" in listed and Fake(7).fingerprint in listed
    assert desk.carol.line in listed and desk.other.line not in listed


def test_the_last_serials(desk):
    last = 2 ** 63 - 1
    for serial in (last, last - 1):
        hold(desk, make(desk, serial, signer=desk.operator))
        bad(keygen_trust(desk, "pull"), f"Redis has list {serial}",
            "no list can follow")
        assert not desk.copy.exists()
    hold(desk, make(desk, last - 2, signer=desk.operator))
    good(keygen_trust(desk, "pull"))
    assert f"pushed list {last - 1}" in good(
        keygen_trust(desk, "push", "--wait", "1ms"))
    bad(keygen_trust(desk, "push"), "no list can follow")


def test_a_push_warns_of_hosts_that_are_ahead(one):
    """Redis has lost a list, or hides it; a hello tells of it."""
    fleet, _ = one
    push(fleet, make(fleet, 9, revoked=[fleet.carol]))
    wait_serial(fleet, 9)
    with fleet.redis.client() as client:
        client("DEL", fleet.key("trust"))
    done = keygen_trust(fleet, "push")
    assert f"1 hosts will not take list 1: {HOST} has list 9" in done.stderr
    assert "0 of 1 hosts have it" in good(done)


def test_a_thief_is_revoked_all_the_same(fresh):
    """
    He signs lists by a stolen key: his have a serial of his choice and fill
    the room for revocations. He is revoked here, so they are not taken over.
    """
    fleet, thief = fresh(HOST, start=False), sshsig.Key.new()
    fleet[HOST].write_operators([
        f"{fleets.OPERATOR} {BOTH} {fleet.operator.line}",
        f"bob {MAY_SIGN} {thief.line}"])
    fleet.start()
    for serial in (8, 9):
        push(fleet, make(fleet, serial, signer=thief, revoked=[
            Fake(serial << 16 | n) for n in range(1024)]))
        wait_serial(fleet, serial)
    good(keygen_trust(fleet, "revoke", thief.fingerprint))
    bad(keygen_trust(fleet, "pull"), "revoked here")
    bad(keygen_trust(fleet, "push"), "revoked here", "--serial")
    bad(keygen_trust(fleet, "push", "--serial", "9"), "Redis has list 9")
    done = keygen_trust(fleet, "push", "--serial", "10")
    assert "1 of 1 hosts have it" in good(done)
    assert f"goes over list 9 by {thief.fingerprint}" in done.stderr
    push(fleet, make(fleet, 11, signer=thief))
    wait_dropped(fleet[HOST], "revoked")
    assert "more than 2048 keys are revoked here" in fleet[HOST].log()
    bad(keygen_trust(fleet, "push", "--serial", "10"), "next one is 11")
    fleet[HOST].stop()
    fleet[HOST].start()
    wait_dropped(fleet[HOST], "revoked", 2)
    wait_serial(fleet, 10)


@crash.needs_strace
def test_push_killed_anywhere(desk):
    """The copy is whole, and no number is used twice."""
    good(keygen_trust(desk, "add", CAROL, desk.carol.line))
    old = desk.copy.read_bytes()
    words = [fleets.program("amiral-keygen"), "trust", "push", "--wait", "1ms"]

    def before():
        desk.copy.write_bytes(old)
        with desk.redis.client() as client:
            client("DEL", desk.key("trust"))

    seen = set()
    for _ in crash.everywhere(words, desk.environment(), desk.folder, before):
        with desk.redis.client() as client:
            there = client("GET", desk.key("trust"))
        seen.add((json.loads(desk.copy.read_bytes())["serial"],
                  there and json.loads(sshsig.split(there)[1])["serial"]))
    assert seen == {(1, None), (2, None), (2, 1)}


@crash.needs_strace
def test_pull_killed_anywhere(desk):
    """The copy is the old one or the new one, with both's revocations."""
    good(keygen_trust(desk, "revoke", desk.carol.fingerprint))
    old = desk.copy.read_bytes()
    hold(desk, make(desk, 5, signer=desk.operator, revoked=[Fake(1)]))
    words = [fleets.program("amiral-keygen"), "trust", "pull"]
    seen = set()
    for _ in crash.everywhere(words, desk.environment(), desk.folder,
                              lambda: desk.copy.write_bytes(old)):
        copy = json.loads(desk.copy.read_bytes())
        seen.add((copy["serial"], len(copy["revoked"])))
    assert seen == {(1, 1), (6, 2)}


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
    "no serial": ["push", "--serial", "0"],
    "too high a serial": ["push", "--serial", str(2 ** 63 - 1)],
    "no number": ["push", "--serial", "10x"],
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
