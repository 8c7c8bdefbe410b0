"""A provider that turns on its parent, or on the host."""
import contextlib
import os

import pytest

import fleet as fleets
from conftest import HOST, as_root


@as_root
@pytest.mark.parametrize("number", ["KILL", "STOP", "HUP"])
def test_provider_cannot_signal_amirald(number):
    """Another user: refused, and the answer is an ordinary one."""
    with fleets.Fleet([HOST], start=False) as fleet:
        agent = fleet[HOST]
        agent.provider("traitor", "#!/bin/sh\n"
                       f"kill -{number} $PPID && exit 0\nexit 3\n")
        fleet.start()
        pids = agent.wait_whole()
        request = fleet.ask(fleet.request("traitor", match={"hosts": [HOST]}))
        reply = fleet.replies(request)[-1][1]
        assert reply["status"] == "complete"
        assert reply["output"]["exit"] == 3
        assert agent.wait_whole() == pids
        assert fleets.stat(pids["executor"])[0] in "SR"


BOMB_USER, BOMB_MAX = 64103, 512  # privsep/executor/jobs.c: PROVIDER_NPROC
# It fills each freed place at once. It is nice, for the tests beside it.
BOMB = """#!/usr/bin/python3
import os
os.nice(19)
while True:
    try:
        if os.fork() == 0:
            os.setsid()
    except OSError:
        pass
"""


def processes_of(uid):
    found = []
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == uid:
                found.append(int(entry.name))
    return found


@as_root
def test_fork_bomb():
    """Bounded in number and in time; the host answers all the while."""
    with fleets.Fleet([HOST], start=False) as fleet:
        agent = fleet[HOST]
        agent.provider("bomb", BOMB, row=[f"run_as = {BOMB_USER}",
                                          "timeout = 1"])
        fleet.start()
        pids = agent.wait_whole()
        request = fleet.ask(fleet.request("bomb", match={"hosts": [HOST]}))
        fleets.wait_for("the bomb", lambda: len(processes_of(BOMB_USER)) > 50)
        most = len(processes_of(BOMB_USER))
        for provider in ("ping", "uptime"):
            done = fleet.amiral(provider, "-a", "--ack-timeout", "30s")
            assert done.returncode == 0, done
            most = max(most, len(processes_of(BOMB_USER)))
        reply = fleet.replies(request)[-1][1]
        assert reply["ended"] == "timeout"
        fleets.wait_for(
            lambda: f"the end of {len(processes_of(BOMB_USER))} processes",
            lambda: not processes_of(BOMB_USER))
        assert most <= BOMB_MAX
        assert agent.wait_whole() == pids
