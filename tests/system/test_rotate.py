"""Host keys that are replaced: protocol section 7."""
import json
import os
import signal
import subprocess
import time

import pytest

import crash
import fleet as fleets
import sshsig
from conftest import HOSTS

HOST, OTHER = HOSTS[:2]
GOOD = "the new configuration is in force"


@pytest.fixture
def one(fresh):
    fleet = fresh(HOST, OTHER, start=False)
    fleet.start()
    assert ok(fleet) == [HOST, OTHER]
    return fleet, fleet[HOST]


def ok(fleet, *words):
    """The hosts whose answers count."""
    _, document = fleet.json("ping", "-a", "-y", *words)
    return sorted(row["hostname"] for row in document["hosts"]
                  if row["verdict"] == "ok")


def look(fleet):
    """A command that needs hellos."""
    done = fleet.amiral("inventory")
    assert done.returncode == 0, done
    return done


def rotate(fleet, agent, *words):
    return rotate_path(fleet, agent.key_file, *words)


def reload(fleet, agent):
    """SIGHUP; the hello that follows."""
    size = len(agent.log())
    agent.process.send_signal(signal.SIGHUP)
    fleets.wait_for(lambda: agent.log(), lambda: GOOD in agent.log()[size:])


def wait_signers(fleet, agent, *keys):
    """The lines of the newest hello, in their order."""
    def look():
        with fleet.redis.client() as client:
            hello = client("GET", fleet.key(f"host:{agent.name}"))
        lines, payload = sshsig.split(hello)
        return lines == [key.sign(sshsig.HELLO, payload) for key in keys]
    fleets.wait_for(f"a hello by {len(keys)} keys; {agent.log()}", look)


def lines(fleet, name=HOST):
    """The keys that known_hosts has for a host, in their order."""
    return [line.split(" ", 1)[1].rstrip()
            for line in fleet.known_hosts.read_text().splitlines()
            if line.startswith(name + " ")]


def next_key(agent):
    return sshsig.Key.load(str(agent.key_file) + ".new")


def test_a_rotation_from_end_to_end(one):
    """Old alone, both, new alone: at no time is an answer lost."""
    fleet, agent = one
    old = agent.key
    assert rotate(fleet, agent).returncode == 0
    new = next_key(agent)
    assert ok(fleet) == [HOST, OTHER] and lines(fleet) == [old.line]
    reload(fleet, agent)
    wait_signers(fleet, agent, old, new)
    done = look(fleet)
    assert old.fingerprint in done.stderr and new.fingerprint in done.stderr
    assert lines(fleet) == [old.line, new.line]
    assert ok(fleet) == [HOST, OTHER]
    assert lines(fleet) == [old.line, new.line]
    assert rotate(fleet, agent, "--finish").returncode == 0
    assert sshsig.Key.load(agent.key_file).public == new.public
    reload(fleet, agent)
    wait_signers(fleet, agent, new)
    assert ok(fleet) == [HOST, OTHER]
    look(fleet)
    assert lines(fleet) == [new.line]
    assert ok(fleet) == [HOST, OTHER]
    assert lines(fleet, OTHER) == [fleet[OTHER].key.line]


def test_commands_that_need_no_hello_look_now_and_then(one):
    """So that nobody who only pings misses the overlap."""
    fleet, agent = one
    rotate(fleet, agent)
    reload(fleet, agent)
    wait_signers(fleet, agent, agent.key, next_key(agent))
    assert ok(fleet) == [HOST, OTHER]
    assert lines(fleet) == [agent.key.line]  # it has just looked
    cache = fleet.home / ".cache" / "amiral" / fleet.name
    os.utime(cache, (1, 1))
    assert ok(fleet) == [HOST, OTHER]
    assert lines(fleet) == [agent.key.line, next_key(agent).line]
    assert time.time() - cache.stat().st_mtime < 300


def test_a_controller_that_was_away_is_told_loudly(one):
    fleet, agent = one
    rotate(fleet, agent)
    rotate(fleet, agent, "--finish")
    reload(fleet, agent)
    wait_signers(fleet, agent, sshsig.Key.load(agent.key_file))
    done = fleet.amiral("ping", "-a", "-y")
    assert done.returncode == 4 and "wrong key" in done.stdout
    assert lines(fleet) == [agent.key.line]


def announce(fleet, agent, *keys, ago=0):
    payload = fleet.payload({
        "version": 1, "fleet": fleet.name, "hostname": agent.name,
        "boot": "CQgHAAAAAAAAAAAAAAAAAA==",
        "at": int(time.time() * 1000) + 999 - int(ago * 1000),
        "trust": 0, "agent": "0", "signatures": len(keys), "facts": {},
        **({"serial": 1} if len(keys) == 2 else {})})
    with fleet.redis.client() as client:
        client("SET", fleet.key(f"host:{agent.name}"),
               sshsig.sign(payload, *keys, namespace=sshsig.HELLO))
    assert json.loads(payload)


@pytest.fixture
def quiet(one):
    """The host itself is stopped: its old key speaks by hand."""
    fleet, agent = one
    agent.stop()
    return fleet, agent


def test_the_first_wins_and_the_second_is_an_alarm(quiet):
    fleet, agent = quiet
    first, second = sshsig.Key.new(), sshsig.Key.new()
    announce(fleet, agent, agent.key, first)
    look(fleet)
    assert lines(fleet) == [agent.key.line, first.line]
    announce(fleet, agent, agent.key, second)
    assert "ALARM" in look(fleet).stderr
    assert lines(fleet) == [agent.key.line, first.line]


def test_an_old_rotation_is_not_followed(quiet):
    """Redis repeats it to a controller that remembers nothing."""
    fleet, agent = quiet
    before = fleet.known_hosts.read_text()
    cache = fleet.home / ".cache" / "amiral" / fleet.name
    new = sshsig.Key.new()
    announce(fleet, agent, agent.key, new, ago=3600)
    for _ in range(2):
        cache.unlink(missing_ok=True)
        done = look(fleet)
        assert "ALARM" in done.stderr and new.fingerprint in done.stderr
        assert "set its clock" in done.stderr
        assert fleet.known_hosts.read_text() == before
    announce(fleet, agent, agent.key, new, ago=120)
    assert lines(fleet) == [agent.key.line]
    look(fleet)
    assert lines(fleet) == [agent.key.line, new.line]
    cache.unlink()
    announce(fleet, agent, new, ago=3600)
    assert "ALARM" in look(fleet).stderr
    assert lines(fleet) == [agent.key.line, new.line]


def test_hosts_go_on_saying_it(one):
    """Who was away for a day hears it from a fresh hello."""
    fleet, agent = one
    rotate(fleet, agent)
    reload(fleet, agent)
    old, new = agent.key, next_key(agent)
    wait_signers(fleet, agent, old, new)
    fleet.redis.restart()
    agent.wait_ready()
    fleet[OTHER].wait_ready()
    wait_signers(fleet, agent, old, new)
    (fleet.home / ".cache" / "amiral" / fleet.name).unlink()
    look(fleet)
    assert lines(fleet) == [old.line, new.line]


def test_other_names_of_the_host_stay(quiet):
    fleet, agent = quiet
    old, new = agent.key, sshsig.Key.new()
    fleet.known_hosts.write_text(f"alias,{HOST},other {old.line} mine\n")
    announce(fleet, agent, old, new)
    look(fleet)
    assert fleet.known_hosts.read_text() == (
        f"alias,{HOST},other {old.line} mine\n"
        f"alias,{HOST},other {new.line}\n")
    announce(fleet, agent, new)
    look(fleet)
    assert fleet.known_hosts.read_text() == (
        f"alias,{HOST},other {new.line}\n")


NOT_FOLLOWED = {
    "the new key first": lambda fleet, agent, new: (new, agent.key),
    "strangers": lambda fleet, agent, new: (sshsig.Key.new(), new),
    "another host's key": lambda fleet, agent, new: (agent.key,
                                                     fleet[OTHER].key),
    "by another host": lambda fleet, agent, new: (fleet[OTHER].key, new),
}


@pytest.mark.parametrize("name", NOT_FOLLOWED)
def test_what_is_no_rotation_changes_nothing(quiet, name):
    fleet, agent = quiet
    before = fleet.known_hosts.read_text()
    announce(fleet, agent, *NOT_FOLLOWED[name](
        fleet, agent, sshsig.Key.new()))
    look(fleet)
    assert fleet.known_hosts.read_text() == before


@pytest.mark.parametrize("which", ["old", "new"])
def test_a_revoked_key_cannot_rotate(quiet, which):
    fleet, agent = quiet
    new = sshsig.Key.new()
    key = agent.key if which == "old" else new
    with open(fleet.known_hosts, "a", encoding="ascii") as file:
        file.write(f"@revoked * {key.line}\n")
    before = fleet.known_hosts.read_text()
    announce(fleet, agent, agent.key, new)
    look(fleet)
    assert fleet.known_hosts.read_text() == before


def test_a_next_rotation_before_the_last_was_seen_to_end(quiet):
    """B vouches for C while A and B are known: A goes, then C comes."""
    fleet, agent = quiet
    b, c = sshsig.Key.new(), sshsig.Key.new()
    announce(fleet, agent, agent.key, b)
    look(fleet)
    for want in ([b.line], [b.line, c.line]):
        time.sleep(0.002)  # hellos have the time of their making
        announce(fleet, agent, b, c)
        look(fleet)
        assert lines(fleet) == want


def test_one_rotation_at_a_time(one):
    fleet, agent = one
    assert rotate(fleet, agent, "--finish").returncode == 1
    assert rotate(fleet, agent).returncode == 0
    done = rotate(fleet, agent)
    assert done.returncode == 1 and "under way" in done.stderr


def test_a_certificate_must_not_be_left_behind(one):
    fleet, agent = one
    agent.key_file.with_name("host_key-cert.pub").write_text("x")
    rotate(fleet, agent)
    done = rotate(fleet, agent, "--finish")
    assert done.returncode == 1 and "certificate" in done.stderr
    assert sshsig.Key.load(agent.key_file).public == agent.key.public


@crash.needs_strace
@pytest.mark.parametrize("words", [[], ["--finish"]])
def test_killed_anywhere(fresh, words):
    """The host key is whole, its successor too, and the step can be done."""
    fleet = fresh(start=False)
    path = fleet.folder / "host_key"
    names = ["", ".pub", ".new", ".new.pub"]
    fleet.keygen("new", "-f", path)
    rotate_path(fleet, path)
    files = {name: path.with_name(path.name + name).read_bytes()
             for name in names}
    old, new = sshsig.Key.load(path), sshsig.Key.load(f"{path}.new")
    count = 4 if words else 2

    def before():
        for name in names:
            path.with_name(path.name + name).unlink(missing_ok=True)
        for name in names[:count]:
            file = path.with_name(path.name + name)
            file.write_bytes(files[name])
            file.chmod(0o644 if name.endswith("pub") else 0o600)

    command = [fleets.program("amiral-keygen"), "rotate", "-f", path, *words]
    for _ in crash.everywhere(
            command, fleet.environment(), fleet.folder, before):
        assert sshsig.Key.load(path).public in (old.public, new.public)
        after = path.with_name("host_key.new")
        if after.exists():
            sshsig.Key.load(after)
        rotate_path(fleet, path, *words)  # which may have been done
        key = sshsig.Key.load(path if words else after)
        line = path.with_name(
            path.name + (".pub" if words else ".new.pub")).read_text()
        assert line.startswith(key.line)


@pytest.fixture
def half(fresh):
    """A rotation that was cut short: a public half, nobody's."""
    fleet = fresh(start=False)
    path = fleet.folder / "host_key"
    fleet.keygen("new", "-f", path)
    left = path.with_name("host_key.new.pub")
    left.write_text(sshsig.Key.new().line + " half\n")
    return fleet, path, left


def state_of(path):
    return {p.name: p.read_bytes()
            for p in path.parent.glob(path.name + "*")}


def test_half_a_rotation_is_none(half):
    """The .pub stays that of the key beside it."""
    fleet, path, left = half
    before = state_of(path)
    done = rotate_path(fleet, path, "--finish")
    assert done.returncode == 1 and "cut short" in done.stderr
    assert state_of(path) == before
    assert rotate_path(fleet, path).returncode == 0
    assert left.read_bytes() != before[left.name]
    new = sshsig.Key.load(f"{path}.new")
    assert rotate_path(fleet, path, "--finish").returncode == 0
    assert set(state_of(path)) == {"host_key", "host_key.pub"}
    assert sshsig.Key.load(path).public == new.public
    assert path.with_name("host_key.pub").read_text().startswith(new.line)


@crash.needs_strace
def test_half_a_rotation_killed_anywhere(half):
    fleet, path, _ = half
    before = state_of(path)
    command = [fleets.program("amiral-keygen"), "rotate", "-f", path,
               "--finish"]
    for _ in crash.everywhere(command, fleet.environment(), fleet.folder,
                              lambda: None, ends=1):
        assert state_of(path) == before


@pytest.mark.parametrize("gone", [["host_key.new"],
                                  ["host_key.new", "host_key.new-cert.pub"]])
def test_the_rest_of_a_finish(half, gone):
    """Cut short behind the secret, or the certificate: both go on."""
    fleet, path, _ = half
    assert rotate_path(fleet, path).returncode == 0
    certify(fleet, path.with_name("host_key.new.pub"))
    certificate = path.with_name("host_key.new-cert.pub").read_text()
    new = sshsig.Key.load(f"{path}.new")
    for name in gone:
        to = name.replace(".new", "")
        path.with_name(name).rename(path.with_name(to))
    assert rotate_path(fleet, path, "--finish").returncode == 0
    assert set(state_of(path)) == {
        "host_key", "host_key.pub", "host_key-cert.pub"}
    assert path.with_name("host_key.pub").read_text().startswith(new.line)
    assert path.with_name("host_key-cert.pub").read_text() == certificate


def test_a_certificate_for_another_key(half):
    fleet, path, left = half
    certify(fleet, left)
    assert rotate_path(fleet, path).returncode == 0
    before = state_of(path)
    done = rotate_path(fleet, path, "--finish")
    assert done.returncode == 1 and "no host certificate for" in done.stderr
    assert state_of(path) == before


def certify(fleet, public):
    authority = fleet.folder / "ca"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                    authority], check=True)
    subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "x", "-h",
                    "-n", HOST, public], check=True)


def rotate_path(fleet, path, *words):
    return subprocess.run(
        [fleets.program("amiral-keygen"), "rotate", "-f", path, *words],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, env=fleet.environment())
