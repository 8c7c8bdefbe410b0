"""SIGHUP: a good set comes into force, a broken one leaves the old one."""
import os
import shutil
import signal
import subprocess

import pytest

import fleet as fleets
import sshsig
from conftest import HOSTS, add_mark

HOST = HOSTS[0]
GOOD = "the new configuration is in force"
KEPT = "the former configuration stays in force"


@pytest.fixture
def one(fresh):
    fleet = fresh(HOST, start=False)
    add_mark(fleet[HOST])
    fleet.start()
    return fleet, fleet[HOST]


def reload(agent, word):
    """SIGHUP, and the log line that tells what came of it."""
    size = len(agent.log())
    agent.process.send_signal(signal.SIGHUP)
    return fleets.wait_for(
        lambda: f"{word} in the log: {agent.log()}", lambda: [
            line for line in agent.log()[size:].splitlines() if word in line])


def ask(fleet, provider, *keys, **members):
    request = fleet.request(provider, **members)
    fleet.ask(request, fleet.signed(request, *keys))
    return fleet.replies(request)[-1][1]["status"]


BROKEN = {
    "conf": ("amirald.conf", "[agent]\nbogus = 1\n", "amirald.conf:2"),
    "operators": ("allowed_signers", "not a line\n", "allowed_signers:1"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_file_keeps_the_old_set(one, kind):
    fleet, agent = one
    name, text, where = BROKEN[kind]
    pids = agent.wait_whole()
    path = agent.folder / name
    good = path.read_text()
    path.write_text(text)
    reload(agent, KEPT)
    assert where in agent.log()
    assert ask(fleet, "mark") == "complete"
    assert agent.wait_whole() == pids
    path.write_text(good)
    reload(agent, GOOD)
    assert ask(fleet, "mark") == "complete"


def append(path, text):
    with open(path, "a", encoding="ascii") as file:
        file.write(text)


EDITED = {
    "operators, appended to": (
        "allowed_signers", lambda path: append(path, "not a line\n"),
        "allowed_signers:2"),
    "operators, cut": (
        "allowed_signers", lambda path: os.truncate(path, 10),
        "allowed_signers:1"),
    "conf, emptied": (
        "amirald.conf", lambda path: os.truncate(path, 0),
        "has no 'fleet'"),
    "conf, cut": (
        "amirald.conf", lambda path: os.truncate(path, 10), "amirald.conf:2"),
    "description, cut": (
        "providers/mark.json", lambda path: os.truncate(path, 5), "mark.json"),
}


@pytest.mark.parametrize("kind", EDITED)
def test_an_edit_in_place_waits_for_the_reload(one, kind):
    """A gate that starts anew gets what was loaded, not what is there now."""
    fleet, agent = one
    name, edit, where = EDITED[kind]
    path = agent.folder / name
    inode = path.stat().st_ino
    before = agent.wait_whole()
    edit(path)
    assert path.stat().st_ino == inode
    os.kill(before["gate"], signal.SIGKILL)
    after = agent.wait_whole(but=before)
    assert ask(fleet, "ping") == "complete"
    assert ask(fleet, "mark") == "complete"
    size = len(agent.log())
    reload(agent, KEPT)
    assert where in agent.log()[size:]
    assert agent.wait_whole() == after


def test_new_operator(one):
    """Unknown before the reload, known after it; the removed one is not."""
    fleet, agent = one
    new = sshsig.Key.new()
    request = fleet.request("ping", operator="carol@example.com")
    before = agent.dropped()["unknown-key"]
    fleet.publish(fleet.signed(request, new))
    fleets.wait_for("the count", lambda: agent.dropped()["unknown-key"]
                    == before + 1)
    agent.write_operators([f"carol@example.com {new.line}"])
    reload(agent, GOOD)
    assert ask(fleet, "ping", new, operator="carol@example.com") == "complete"
    before = agent.dropped()["unknown-key"]
    fleet.publish(fleet.signed(fleet.request("ping")))
    fleets.wait_for("the count", lambda: agent.dropped()["unknown-key"]
                    == before + 1)


def test_new_policy(one):
    fleet, agent = one
    agent.policies.clear()
    agent.write_conf()
    reload(agent, GOOD)
    assert ask(fleet, "mark") == "noop"


def test_a_group_writable_file_is_not_believed(one):
    fleet, agent = one
    path = agent.folder / "allowed_signers"
    path.chmod(0o664)
    reload(agent, KEPT)
    assert str(path) in agent.log()
    assert ask(fleet, "mark") == "complete"


def test_a_check_says_more_with_d(one):
    """As a daemon that reads the same does."""
    agent = one[1]
    shutil.rmtree(agent.folder / "providers")
    told = {words: subprocess.run(
        [*agent.amirald, "-f", agent.conf, "-t", *words], text=True,
        capture_output=True, check=False, stdin=subprocess.DEVNULL)
        for words in ((), ("-d",))}
    assert [done.returncode for done in told.values()] == [0, 0]
    assert told[()].stderr == ""
    assert "amirald: debug: " in told["-d",].stderr
    assert "no such directory of providers" in told["-d",].stderr
