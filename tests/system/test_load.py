"""Ten thousand good requests at once, stops, traces: nobody blocks or dies."""
import os
import signal
import subprocess
import time

import pytest

import fleet as fleets
from conftest import HOSTS

HOST = HOSTS[0]
PINGS = 10000
MEMORY_MAX = 64 * 1024 * 1024


def test_ten_thousand_pings(fresh):
    fleet = fresh(HOST)
    agent = fleet[HOST]
    pids = agent.wait_whole()
    start = {name: fleets.resident(pid) for name, pid in pids.items()}
    channel = fleet.key("requests")
    request = fleet.request("ping", expires=int(time.time() * 1000) + 600000)
    commands = []
    for number in range(PINGS):
        request["issued"] += 1 if number % 4 == 0 else 0
        request["options"] = {"timeout": 1 + number % 4}
        commands.append(("PUBLISH", channel, fleet.signed(request)))
    with fleet.redis.client() as client:
        fleet.make_stream(client, request["reply_to"])
        client.pipeline(commands)
    done = fleet.amiral("ping", "-a", "--ack-timeout", "60s",
                        "--timeout", "60s")
    assert done.returncode == 0, (done, agent.log())
    assert agent.wait_whole() == pids
    if not fleets.SANITIZED:
        for name, pid in pids.items():
            assert fleets.resident(pid) < start[name] + MEMORY_MAX, name
    with fleet.redis.client() as client:
        answers = client("XLEN", fleet.key(f"reply:{request['reply_to']}"))
    assert answers > 1


@pytest.mark.parametrize("name", ["executor", "gate", "net"])
def test_stop_and_go(fresh, name):
    fleet = fresh(HOST)
    agent = fleet[HOST]
    pids = agent.wait_whole()
    for _ in range(3):
        os.kill(pids[name], signal.SIGSTOP)
        fleets.wait_for("the stop", lambda: fleets.stat(pids[name])[0] == "T")
        os.kill(pids[name], signal.SIGCONT)
        done = fleet.amiral("uptime", "-a", "--ack-timeout", "30s")
        assert done.returncode == 0, done
    assert agent.wait_whole() == pids


@pytest.mark.skipif(not fleets.ROOT, reason="tracing others needs root")
@pytest.mark.parametrize("name", ["executor", "gate", "net"])
def test_strace_attaches(fresh, name):
    """A tracer's stop restarts system calls: the filters allow for that."""
    fleet = fresh(HOST)
    agent = fleet[HOST]
    pids = agent.wait_whole()
    trace = fleet.folder / "trace"
    tracer = fleets.spawn(["strace", "-o", trace, "-p", pids[name]],
                          stderr=subprocess.PIPE)
    fleet.processes.append(tracer)
    fleets.wait_for("strace to attach", lambda: fleets.status(
        pids[name])["TracerPid"] == str(tracer.pid))
    assert fleet.amiral("uptime", "-a", "--ack-timeout", "30s").returncode == 0
    tracer.send_signal(signal.SIGINT)
    tracer.communicate(timeout=30)
    assert fleet.amiral("uptime", "-a", "--ack-timeout", "30s").returncode == 0
    assert agent.wait_whole() == pids
    assert trace.read_text().count("(") > 0
