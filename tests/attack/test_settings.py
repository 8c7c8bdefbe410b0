"""What amirald refuses to load, and says that it keeps, before it serves."""
import os
import signal
import subprocess

import pytest

import fleet as fleets
from conftest import HOST, as_root, real_sandbox

pytestmark = real_sandbox

OWN = "cap_kill, cap_setgid, cap_setuid, cap_setpcap, cap_sys_chroot"


@pytest.fixture(scope="module")
def agent():
    with fleets.Fleet([HOST], start=False) as fleet:
        yield fleet[HOST]


def check(agent_, row=(), **settings):
    agent_.providers = ["[provider facts]", *row] if row else []
    agent_.write_conf(**settings)
    return subprocess.run(
        [fleets.program("amirald"), "-t", "-f", agent_.conf],
        capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL)


@as_root
@pytest.mark.parametrize("users, run_as", [
    ("daemon, 64102", "1"), ("1, 64102", "daemon"),
    ("64101, daemon", "1"), ("64101, 1", "daemon"),
    ("64101, 64102", "64101"), ("64101, 64102", "64102")])
def test_users_of_ours_run_no_provider(agent, users, run_as):
    """As a name or as a number: the uid is what counts."""
    done = check(agent, [f"run_as = {run_as}"], users=users)
    assert done.returncode == 1
    # Written alike it is seen on its line, otherwise once both are found.
    assert "is a user of amirald's own" in done.stderr \
        or "is the user of the gate or of net" in done.stderr, done


@as_root
@pytest.mark.parametrize("users", ["daemon, 1", "64101, 64101"])
def test_gate_and_net_are_two(agent, users):
    done = check(agent, users=users)
    assert done.returncode == 1
    assert "two users" in done.stderr or "same user" in done.stderr, done


@as_root
@pytest.mark.parametrize("row, kept", [
    ([], OWN), (["profile = strict"], OWN), (["run_as = daemon"], OWN),
    (["run_as = root", "capabilities = CAP_CHOWN"], "cap_chown, " + OWN),
    (["run_as = root"], "all of root's"),
    (["daemon = yes", "profile = none", "network = yes"], "all of root's")])
def test_says_what_it_keeps(agent, row, kept):
    done = check(agent, row)
    assert done.returncode == 0, done
    line, = (line for line in done.stdout.splitlines() if " keeps " in line
             and "amirald" in line)
    assert line.split("keeps ")[1] == kept


@as_root
def test_runs_with_what_the_strict_unit_leaves():
    """no_new_privs and five capabilities, as in dist/amirald-strict.conf."""
    with fleets.Fleet([HOST], start=False) as fleet:
        agent = fleet[HOST]
        agent.amirald = [
            "setpriv", "--no-new-privs", "--bounding-set", "-all"
            + "".join(",+" + name.removeprefix("cap_")
                      for name in OWN.split(", ")), *agent.amirald]
        fleet.start()
        pids = agent.wait_whole()
        done = fleet.amiral("uptime", "-a")
        assert done.returncode == 0, done
        facts = fleets.status(pids["executor"])
        assert facts["NoNewPrivs"] == "1"
        assert bin(int(facts["CapBnd"], 16)).count("1") == 5
        os.kill(pids["net"], signal.SIGKILL)
        agent.wait_whole(but={"net": pids["net"]})
        agent.wait_ready()
        assert "in force" not in agent.log()
