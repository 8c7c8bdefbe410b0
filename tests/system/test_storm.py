"""Redis restarts under a fleet: hosts come back, and not all at once."""
import math
import time

import pytest

import fleet as fleets

HOSTS = [f"www{n:02}.example.com" for n in range(8)]
TRIES = 5  # of each host, while Redis is away
LOW, MAX = 0.05, 10  # seconds: privsep/executor/backoff.h
APART = 0.1


@pytest.mark.anyone
def test_redis_restarts():
    with fleets.Fleet(HOSTS) as fleet:
        def tries():
            return [agent.log().count("net ended") for agent in
                    fleet.agents.values()]

        before, start = tries(), time.monotonic()
        fleet.redis.stop()
        fleets.wait_for(f"{TRIES} tries", lambda: min(
            now - then for now, then in zip(tries(), before)) >= TRIES)
        away = time.monotonic() - start
        most = max(now - then for now, then in zip(tries(), before))
        # The shortest waits that there are, one after the other.
        assert most <= math.log2(away / LOW + 1) + 2
        fleet.redis.start()
        start, back = time.monotonic(), {}

        def all_back():
            with fleet.redis.client() as client:
                for name in HOSTS:
                    if name not in back and client(
                            "EXISTS", fleet.key(f"host:{name}")):
                        back[name] = time.monotonic() - start
            return len(back) == len(HOSTS)

        fleets.wait_for(lambda: f"all hosts, not {back}", all_back,
                        MAX + fleets.PATIENCE)
        assert max(back.values()) - min(back.values()) > APART
        done = fleet.amiral("ping", "-a", "--ack-timeout", "30s")
        assert done.returncode == 0, done
