"""Redis gone and back, processes killed, a Redis that means harm."""
import os
import signal

import pytest

import fleet as fleets
from conftest import HOSTS
from proxy import Hostile

HOST = HOSTS[0]
BACK = 15  # seconds: the longest back-off, 10, and some


def answered(fleet):
    done = fleet.amiral("ping", "-a", "--ack-timeout", f"{BACK}s")
    return done.returncode == 0 and HOST in done.stdout


def test_redis_restarted(fresh):
    fleet = fresh(HOST)
    before = fleet[HOST].wait_whole()
    fleet.redis.restart()
    fleet[HOST].wait_ready()
    assert answered(fleet)
    after = fleet[HOST].wait_whole()
    assert after["gate"] == before["gate"]
    assert after["executor"] == before["executor"]
    assert after["net"] != before["net"]


def test_redis_away_for_a_while(fresh):
    """What is asked while a host is cut off reaches it by the log."""
    fleet = fresh(HOST)
    net = fleet[HOST].wait_whole()["net"]
    os.kill(net, signal.SIGKILL)
    assert answered(fleet)


@pytest.mark.parametrize("victim", ["net", "gate"])
def test_killed_and_back(fresh, victim):
    fleet = fresh(HOST)
    agent = fleet[HOST]
    for _ in range(2):
        before = agent.wait_whole()
        os.kill(before[victim], signal.SIGKILL)
        fleets.wait_for(f"{victim} to be replaced", lambda: agent.pids().get(
            victim, before[victim]) != before[victim], patience=BACK)
        assert answered(fleet)
        after = agent.wait_whole()
        assert after["executor"] == before["executor"]
        if victim == "net":
            assert after["gate"] == before["gate"]
        else:
            assert after["net"] != before["net"]


def test_jobs_of_a_killed_gate_end(fresh):
    fleet = fresh(HOST, start=False)
    agent = fleet[HOST]
    mark = agent.folder / "sleeper"
    agent.provider("sleeper", f"#!/bin/sh\nexec sh -c 'sleep 600; : {mark}'\n")
    fleet.start()
    request = fleet.ask(fleet.request("sleeper"))
    fleets.wait_for("the job", lambda: fleets.running(mark))
    assert fleet.envelopes(request["reply_to"])
    before = agent.wait_whole()
    os.kill(before["gate"], signal.SIGKILL)
    fleets.wait_for("the job's end", lambda: not fleets.running(mark))
    agent.wait_whole(but=before)
    assert answered(fleet)


HOSTILE = {
    "huge array": (b"*1000000000\r\n", b""),
    "huge array of nothing": (b"*1000000000\r\n", b"*0\r\n" * 65536),
    "2 GB bulk": (b"$2000000000\r\n", b"x" * (1 << 20)),
    "2 GB bulk, announced alone": (b"$2000000000\r\n", b""),
    "deep nesting": (b"*1\r\n" * 100000, b""),
    "endless line": (b"+", b"x" * (1 << 20)),
    "not RESP": (b"HTTP/1.0 400 Bad Request\r\n\r\n", b""),
    "wrong shapes": (b":1\r\n$-1\r\n*-1\r\n*0\r\n*1\r\n:5\r\n" * 50, b""),
    "nothing at all": (b"", b""),
    "errors": (b"-ERR no\r\n" * 50, b""),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_redis(fresh, kind):
    """Two connections (one net) meet it; the agent outlives it, small."""
    answer, endless = HOSTILE[kind]
    fleet = fresh(start=False)
    with Hostile(fleet.folder, fleet.redis.socket, answer, 2, endless) as bad:
        agent = fleet.add("evil.example.com", redis_url=bad.url)
        agent.start()
        peak = 0

        def recovered():
            nonlocal peak
            assert agent.running()
            for pid in agent.pids().values():
                try:
                    text = fleets.status(pid)
                    peak = max(peak, int(text["VmHWM"].split()[0]))
                except (OSError, KeyError):
                    continue
            with fleet.redis.client() as client:
                return client("EXISTS", fleet.key("host:evil.example.com"))

        fleets.wait_for("the agent behind it", recovered, patience=60)
        assert bad.served > 2
        if not fleets.SANITIZED:
            assert peak < 256 * 1024
        done = fleet.amiral("ping", "-I", "evil.example.com",
                            "--ack-timeout", f"{BACK}s")
        assert done.returncode == 0, done
        agent.stop()


def test_hostile_redis_against_the_controller(fresh):
    """The controller ends with 1 and one line, whatever Redis says."""
    fleet = fresh(HOST)
    for kind in ("huge array", "2 GB bulk", "not RESP", "deep nesting"):
        answer, endless = HOSTILE[kind]
        with Hostile(fleet.folder, fleet.redis.socket, answer, 99,
                     endless) as bad:
            done = fleet.amiral("ping", "-a", "-R", bad.url, timeout=60)
        os.unlink(bad.path)
        assert done.returncode != 0, (kind, done)
        assert done.returncode in (1, 3), (kind, done)
        assert "ASan" not in done.stderr
