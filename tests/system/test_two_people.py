"""
A policy that wants two people: one is refused, one with two keys is refused,
two run. The request travels as a file; everything is asked as a person
would, with amiral, and what amiral cannot be made to say, by hand.
"""
import base64
import json
import os
import pty
import signal
import stat
import subprocess
import time

import pytest

import fleet as fleets
import sshsig
from conftest import HOSTS, add_mark, marks

HOST = HOSTS[0]
pytestmark = pytest.mark.anyone

ALICE, BOB, CAROL = (f"{name}@example.com" for name in ("alice", "bob", "carol"))
DAVE = "dave@other.org"
MARK = b"amiral-cosign-v1 "


@pytest.fixture(scope="module")
def fleet():
    """alice has two keys; dave may sign, and no section names him."""
    with fleets.Fleet([HOST], start=False) as one:
        agent = one[HOST]
        one.people = {ALICE: one.key_file}
        for name in (BOB, CAROL, DAVE, "alice-again"):
            one.people[name] = one.folder / name
            one.keygen("new", "-f", one.people[name], "-C", name)
        one.keys = {name: sshsig.Key.load(path)
                    for name, path in one.people.items()}
        agent.write_operators([
            f"{ALICE if name == 'alice-again' else name} {key.line}"
            for name, key in one.keys.items()])
        folder = agent.folder / "marks"
        folder.mkdir()
        folder.chmod(0o1777)
        agent.provider(
            "pair", f"#!/bin/sh\necho run >>{folder}/pair\n"
            "echo '{\"said\":\"done by two\"}'\n",
            args={"word": {"type": "string"}})
        agent.policies = []
        agent.allow("pair", operators="*@example.com",
                    extra=["signatures = 2", "args = word=[a-z]*"])
        one.start()
        yield one


@pytest.fixture(scope="module")
def agent(fleet):
    return fleet[HOST]


@pytest.fixture
def file(fleet):
    """A name that nobody has used."""
    path = fleet.folder / f"request-{os.urandom(4).hex()}"
    yield path
    if path.exists():
        path.unlink()


def as_(fleet, person, *words, key=None, **more):
    return fleet.amiral(*words, env={
        "AMIRAL_KEY": fleet.people[key or person], "AMIRAL_OPERATOR": person,
        **more})


def made(fleet, file, *words, by=ALICE):
    done = as_(fleet, by, "run", "pair", "-I", HOST, "--cosign", file, *words)
    assert done.returncode == 0, done
    return done


def signed(fleet, file, person, *words, **more):
    return as_(fleet, person, "run", "--cosign", file, "-y", *words, **more)


def contents(file):
    """The key's line, the lines of signatures, the payload's members."""
    head, envelope = file.read_bytes().split(b"\n", 1)
    lines, payload = sshsig.split(envelope)
    return head, lines, json.loads(payload)


def audited(agent):
    """What became of the runs of pair."""
    path = agent.folder / "audit.jsonl"
    return [line["event"] for line in agent.audit()
            if line["provider"] == "pair"] if path.exists() else []


# The policy.

def test_one_is_refused(fleet, agent):
    before = marks(agent, "pair")
    done = fleet.amiral("run", "pair", "-I", HOST)
    assert done.returncode == 2
    assert "signatures" in done.stdout
    assert "wants 2 of its operators to sign, 1 did" in done.stdout
    assert marks(agent, "pair") == before


def test_one_person_with_two_keys_is_refused(fleet, agent, file):
    """Her second key under another name here is hers on the host."""
    before = marks(agent, "pair")
    made(fleet, file)
    done = signed(fleet, file, BOB, key="alice-again")
    assert done.returncode == 2
    assert "wants 2 of its operators to sign, 1 did" in done.stdout
    assert marks(agent, "pair") == before


def test_one_key_twice_is_refused(fleet, agent, file):
    """By amiral, and by the host of what amiral does not make."""
    before = marks(agent, "pair")
    made(fleet, file)
    written = file.read_bytes()
    for name in (ALICE, BOB):
        done = signed(fleet, file, name, key=ALICE)
        assert done.returncode == 1
        assert "has signed it already" in done.stderr
    done = signed(fleet, file, ALICE, key="alice-again")
    assert done.returncode == 1 and "has signed it already" in done.stderr
    assert file.read_bytes() == written
    request = fleet.request("pair", signatures=2, match={"hosts": [HOST]})
    counted = agent.dropped()["same-key"]
    fleet.ask(request, fleet.signed(request, fleet.operator, fleet.operator))
    fleets.wait_for("the count",
                    lambda: agent.dropped()["same-key"] > counted)
    assert fleet.envelopes(request["reply_to"]) == []
    assert marks(agent, "pair") == before


def test_two_people_run(fleet, agent, file):
    before = marks(agent, "pair")
    done = made(fleet, file)
    assert f"amiral run --cosign {file}" in done.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = signed(fleet, file, BOB)
    assert done.returncode == 0, done
    assert "done by two" in done.stdout
    assert marks(agent, "pair") == before + 1
    line = [x for x in agent.audit() if x["event"] == "admitted"][-1]
    assert (line["operator"], line["fingerprint"]) == (
        ALICE, fleet.keys[ALICE].fingerprint)
    assert line["cosigners"] == [
        {"operator": BOB, "fingerprint": fleet.keys[BOB].fingerprint}]


def test_who_is_not_named_does_not_count(fleet, agent, file):
    before = marks(agent, "pair")
    made(fleet, file)
    done = signed(fleet, file, DAVE)
    assert done.returncode == 2 and "1 did" in done.stdout
    assert marks(agent, "pair") == before


def test_who_is_not_named_hears_of_no_section(fleet):
    request = fleet.request("pair", operator=DAVE, match={"hosts": [HOST]})
    fleet.ask(request, fleet.signed(request, fleet.keys[DAVE]))
    reply = fleet.replies(request)[0][1]  # again, if read from the log as well
    assert reply["reason"] == "denied"
    assert reply["detail"] == f"no policy lets {DAVE} use pair"


def test_three_people(fleet, agent, file):
    """More than are wanted do no harm; each but the last hands it on."""
    before = marks(agent, "pair")
    made(fleet, file, "--signatures", 3)
    done = signed(fleet, file, CAROL)
    assert done.returncode == 0 and "2 of 3 signatures" in done.stdout
    assert len(contents(file)[1]) == 2
    done = signed(fleet, file, CAROL)
    assert done.returncode == 1 and "has signed it already" in done.stderr
    assert marks(agent, "pair") == before
    done = signed(fleet, file, BOB)
    assert done.returncode == 0, done
    assert marks(agent, "pair") == before + 1


def test_four_people(fleet, agent, file):
    """As many as an envelope holds, one of them nobody's operator here."""
    before = marks(agent, "pair")
    made(fleet, file, "--signatures", 4)
    for person in (DAVE, CAROL):
        assert signed(fleet, file, person).returncode == 0
    assert marks(agent, "pair") == before
    assert signed(fleet, file, BOB).returncode == 0
    assert marks(agent, "pair") == before + 1
    request = fleet.request("pair", signatures=5, match={"hosts": [HOST]})
    fleet.ask(request, fleet.signed(request, *fleet.keys.values()), HOST)
    fleets.wait_for("the count", lambda: agent.dropped()["lines"] > 0)
    assert fleet.envelopes(request["reply_to"]) == []


def test_either_sends_and_both_read(fleet, agent, file):
    """The second time the same answer comes, and nothing runs."""
    before = marks(agent, "pair")
    made(fleet, file)
    done = signed(fleet, file, BOB, "--no-send", AMIRAL_REDIS="unix:///none")
    assert done.returncode == 0 and "has all 2 signatures" in done.stdout
    assert marks(agent, "pair") == before
    for person in (ALICE, BOB):
        done = signed(fleet, file, person)
        assert done.returncode == 0 and "done by two" in done.stdout
        assert marks(agent, "pair") == before + 1


def test_what_cannot_be_sent_stays_signed(fleet, agent, file):
    before = marks(agent, "pair")
    made(fleet, file)
    done = signed(fleet, file, BOB, AMIRAL_REDIS="unix:///none/redis.sock")
    assert done.returncode == 1 and len(contents(file)[1]) == 2
    assert signed(fleet, file, ALICE).returncode == 0
    assert marks(agent, "pair") == before + 1


def test_arguments_of_the_section(fleet, agent, file):
    """Both sign, and the section still does not take the argument."""
    before = marks(agent, "pair")
    made(fleet, file, "word=a/b")
    done = signed(fleet, file, BOB)
    assert done.returncode == 2
    assert "policy 'test 0' does not take this argument word" in done.stdout
    assert marks(agent, "pair") == before


def test_who_left_before_it_is_sent(fresh):
    """The second one's key was good when he signed: it has to be still."""
    one = fresh(HOST, start=False)
    agent, keys = one[HOST], {ALICE: one.operator}
    add_mark(agent, "pair")
    agent.policies = []
    agent.allow("pair", operators="*@example.com", extra=["signatures = 2"])
    for name in (BOB, CAROL):
        one.keygen("new", "-f", one.folder / name, "-C", name)
        keys[name] = sshsig.Key.load(one.folder / name)
    lines = [f"{name} {key.line}" for name, key in keys.items()]
    agent.write_operators(lines)
    one.start()
    requests = [one.request("pair", signatures=2, operator=ALICE)
                for _ in range(3)]
    by_two = [one.signed(x, keys[ALICE], keys[y])
              for x, y in zip(requests, (BOB, BOB, CAROL))]
    one.ask(requests[0], by_two[0])
    assert one.replies(requests[0])[-1][1]["status"] == "complete"
    lines[1] = f'{BOB} valid-before="20200101Z" {keys[BOB].line}'
    agent.write_operators(lines)
    agent.process.send_signal(signal.SIGHUP)
    fleets.wait_for("the reload", lambda: "is in force" in agent.log())
    for request, envelope in zip(requests[1:], by_two[1:]):
        one.ask(request, envelope)
    assert one.replies(requests[2])[-1][1]["status"] == "complete"
    fleets.wait_for(lambda: f"the count: {agent.log()}",
                    lambda: agent.dropped()["validity"] > 0)
    assert one.envelopes(requests[1]["reply_to"]) == []
    assert marks(agent, "pair") == 2


def test_the_second_one_changes_his_mind(fresh):
    """What runs is the first one's to cancel, and he is told so."""
    one = fresh(HOST, start=False)
    agent = one[HOST]
    one.keygen("new", "-f", one.folder / BOB, "-C", BOB)
    agent.write_operators([
        f"{ALICE} {one.operator.line}",
        f"{BOB} {sshsig.Key.load(one.folder / BOB).line}"])
    gate = agent.folder / "gate"
    os.mkfifo(gate)
    gate.chmod(0o644)
    agent.provider("pair", f"#!/bin/sh\nread x <{gate}\necho '{{}}'\n")
    agent.policies = []
    agent.allow("pair", operators="*@example.com", extra=["signatures = 2"])
    one.start()
    file = one.folder / "request"
    one.people = {ALICE: one.key_file, BOB: one.folder / BOB}
    made(one, file)
    process = one.start_amiral(
        "run", "--cosign", file, "-y",
        env={"AMIRAL_KEY": one.people[BOB], "AMIRAL_OPERATOR": BOB})
    fleets.wait_for("the job", lambda: "admitted" in audited(agent))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=fleets.PATIENCE)
    assert process.returncode == 3 and "did not finish" in out
    assert (f"{HOST} does not cancel: that is another operator's request"
            in err), err
    assert "ended" not in audited(agent)
    gate.write_text("on\n")
    fleets.wait_for("its end", lambda: "ended" in audited(agent))


# What the second one sees.

def on_terminal(fleet, file, answer):
    """amiral run --cosign on a terminal: exit status, and what stood there."""
    env = fleet.environment(AMIRAL_KEY=fleet.people[BOB], AMIRAL_OPERATOR=BOB)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
            [fleets.program("amiral"), "run", "--cosign", str(file)],
            stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs, env=env,
            start_new_session=True) as process:
        os.close(theirs)
        os.write(ours, answer)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        status = process.wait(fleets.PATIENCE)
    os.close(ours)
    return status, seen.decode()


def test_is_asked(fleet, agent, file):
    before = marks(agent, "pair")
    made(fleet, file, "word=abc\x1b[2Jd\u202e", "--timeout", 7)
    status, seen = on_terminal(fleet, file, b"n\n")
    assert status == 1 and "nothing was signed or sent" in seen
    for text in ("has 1 of 2 signatures and asks:", f"operator   {ALICE}",
                 f"signed     with {fleet.operator.fingerprint}",
                 "provider   pair", r'argument   word "abc\\u001B[2Jd\\u202E"',
                 f"hosts      {HOST}", "timeout    7 s", " UTC, in 17",
                 f"fleet      {fleet.name}",
                 f"Sign it as {BOB} and send it? (y/n)"):
        assert text in seen, seen
    assert "\x1b" not in seen and "\u202e" not in seen
    assert len(contents(file)[1]) == 1
    assert marks(agent, "pair") == before
    file.unlink()
    made(fleet, file)
    status, seen = on_terminal(fleet, file, b"y\n")
    assert status == 0, seen
    assert marks(agent, "pair") == before + 1


def test_a_pipe_says_yes(fleet, file):
    made(fleet, file)
    done = as_(fleet, BOB, "run", "--cosign", file)
    assert done.returncode == 1
    assert "no terminal to ask on: say -y" in done.stderr
    assert "provider   pair" in done.stderr
    assert len(contents(file)[1]) == 1


# The file.

def rewritten(file, change, *keys):
    """The file with another payload, signed by keys."""
    head, _, request = contents(file)
    request.update(change)
    payload = json.dumps(request, separators=(",", ":")).encode()
    file.write_bytes(head + b"\n" + sshsig.sign(payload, *keys))


@pytest.mark.parametrize("change, complaint", [
    ({"fleet": "other-00000000"}, "is for the fleet other-00000000, not for"),
    ({"issued": 1763800000000, "expires": 1763800060000}, "expired "),
    ({"issued": 4000000000000, "expires": 4000000060000}, "begins in "),
    ({"signatures": 1}, "asks for one signature"),
    ({"surprise": 1}, "hosts would refuse what it asks (schema)"),
    ({"version": 2}, "hosts would refuse what it asks"),
    ({"reply_via": "list"}, "in a way that amiral does not read"),
    ({"seal_to": base64.b64encode(bytes(32)).decode()}, "its key does not open"),
])
def test_other_payloads(fleet, file, change, complaint):
    made(fleet, file)
    rewritten(file, change, fleet.operator)
    written = file.read_bytes()
    done = signed(fleet, file, BOB)
    assert done.returncode == 1 and complaint in done.stderr, done
    assert file.read_bytes() == written


def test_more_signatures_than_it_asks_for(fleet, file):
    made(fleet, file)
    rewritten(file, {}, *(fleet.keys[x] for x in (ALICE, BOB, CAROL)))
    done = signed(fleet, file, BOB)
    assert done.returncode == 1 and "more signatures" in done.stderr


@pytest.mark.parametrize("change, complaint", [
    (lambda d: d.replace(b'"pair"', b'"fair"'), "signatures do not hold"),
    (lambda d: d[:-1], "signatures do not hold"),
    (lambda d: d + b" ", "signatures do not hold"),
    (lambda d: d[:17] + b"A" * 43 + b"=" + d[61:], "its key does not open"),
    (lambda d: d[:17] + b"A" * 44 + d[61:], "is no request file"),
    (lambda d: d[1:], "is no request file"),
    (lambda d: b"", "is no request file"),
    (lambda d: MARK, "is no request file"),
    (lambda d: d[:62], "is no request file"),
    (lambda d: d[:63], "signatures do not hold"),
    (lambda d: d + b"x" * 200000, "too big"),
])
def test_other_bytes(fleet, file, change, complaint):
    made(fleet, file)
    file.write_bytes(change(file.read_bytes()))
    done = signed(fleet, file, BOB)
    assert done.returncode == 1 and complaint in done.stderr, done


def test_readable_by_others(fleet, file):
    made(fleet, file)
    file.chmod(0o644)
    done = signed(fleet, file, BOB)
    assert done.returncode == 1 and "chmod" in done.stderr


@pytest.mark.parametrize("name, make, complaint", [
    ("symbolic link", lambda here, there: here.symlink_to(there), ""),
    ("pipe", lambda here, there: os.mkfifo(here, 0o600), "regular file"),
    ("directory", lambda here, there: here.mkdir(0o700), "regular file"),
    ("hard link", lambda here, there: os.link(there, here), "hard links"),
])
def test_is_no_file_of_its_own(fleet, file, name, make, complaint):
    """What the second one looks at cannot be exchanged by the first."""
    made(fleet, file)
    written = file.read_bytes()
    other = file.with_name(f"{file.name}-{name.replace(' ', '-')}")
    make(other, file)
    done = signed(fleet, other, BOB)
    assert done.returncode == 1, done
    assert other.name in done.stderr and complaint in done.stderr
    assert file.read_bytes() == written


def test_is_never_overwritten(fleet, file):
    file.write_text("mine")
    done = as_(fleet, ALICE, "run", "pair", "-I", HOST, "--cosign", file)
    assert done.returncode == 1 and "is there already" in done.stderr
    assert file.read_text() == "mine"


def test_time_for_a_second_person(fleet, file):
    now = time.time() * 1000
    made(fleet, file)
    assert contents(file)[2]["expires"] > now + 29 * 60000
    file.unlink()
    made(fleet, file, "--ttl", "50m")
    assert contents(file)[2]["expires"] > now + 49 * 60000


@pytest.mark.parametrize("words, complaint", [
    (["ping", "--cosign", "x"], "--cosign belongs to run"),
    (["run", "pair", "-a", "--signatures", "2"], "belongs to --cosign"),
    (["run", "pair", "-a", "--no-send"], "belongs to --cosign"),
    (["run", "pair", "-a", "--cosign", "x", "--signatures", "1"],
     "no number from 2 to 4"),
    (["run", "pair", "-a", "--cosign", "x", "--signatures", "5"],
     "no number from 2 to 4"),
    (["run", "--cosign", "x", "-I", HOST], "leave targets"),
    (["run", "--cosign", "x", "--timeout", "3"], "leave targets"),
    (["run", "--cosign", "/nowhere/x"], "/nowhere"),
])
def test_usage(fleet, words, complaint):
    done = fleet.amiral(*words)
    assert done.returncode == 1 and complaint in done.stderr, done


# What the administrator is told.

def may(agent, *words):
    return subprocess.run(
        [*agent.amirald, "-f", agent.conf, "-t", *words], text=True,
        capture_output=True, check=False, stdin=subprocess.DEVNULL)


def test_the_administrator_asks(agent):
    done = may(agent)
    assert done.returncode == 0, done
    for text in ("  arguments  only these:\n    argument word is [a-z]*\n",
                 "  signed     by 2 of its operators\n"):
        assert text in done.stdout
    done = may(agent, "--may", ALICE, "pair", "word=abc")
    assert done.returncode == 0
    assert done.stdout == ("yes: [policy test 0]\n"
                           "  signed     by 2 of its operators\n")
    done = may(agent, "--may", ALICE, "pair", "word=a/b")
    assert done.returncode == 1
    assert done.stdout == "no: [policy test 0] does not take word=a/b\n"
    done = may(agent, "--may", ALICE, "pair", "force=yes")
    assert done.returncode == 1
    done = may(agent, "--may", DAVE, "pair")
    assert done.returncode == 1
    assert done.stdout == "no: no policy section names both\n"
    done = may(agent, "--may", ALICE, "pair", "word")
    assert done.returncode == 1 and "KEY=VALUE" in done.stderr


def test_the_administrator_sees_every_demand(fleet, agent):
    conf = fleet.folder / "every.conf"
    conf.write_text(agent.conf.read_text() + "\n".join([
        "[policy every key]", "operators = a*, b", "providers = pair",
        "args = name=x|y*, word=z", "facts = os.name=debian|ubuntu",
        "hours = 08:00-18:00, 22:30-02:00", "max_hosts = 5",
        "signatures = 3", "jobs = any"]) + "\n")
    conf.chmod(0o644)
    demands = """\
  if fact    os.name is debian or ubuntu
  hours      08:00-18:00, 22:30-02:00 UTC
  hosts      by name, at most 5
  signed     by 3 of its operators
  jobs       also other operators'
"""
    words = [*agent.amirald, "-f", conf, "-t"]
    done = subprocess.run(words, text=True, capture_output=True, check=False)
    assert f"""\
[policy every key]
  operators  a*, b
  providers  pair
  arguments  only these:
    argument name is x or y*
    argument word is z
{demands}""" in done.stdout, done
    words += ["--may", "alice", "pair", "name=yes", "word=z"]
    done = subprocess.run(words, text=True, capture_output=True, check=False)
    assert done.stdout == f"yes: [policy every key]\n{demands}", done
    conf.write_text(conf.read_text().replace("08:00-18:00", "8-18"))
    done = subprocess.run(words, text=True, capture_output=True, check=False)
    assert done.returncode == 1 and "hours: '8-18' is no span" in done.stderr
