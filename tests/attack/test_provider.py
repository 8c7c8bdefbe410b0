"""A provider that turns on its parent."""
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
