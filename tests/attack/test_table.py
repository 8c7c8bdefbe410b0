"""
What a taken-over gate can start: names of the table, within its bounds.
"""
import os
import signal

import pytest

import fleet as fleets
from conftest import runs

JOBS_MAX = 64
BURST = A_SECOND = 200
ENOENT = 2
DESCRIPTORS = 1024  # what a service has unless somebody raised it
NEVER = ["nothing", "unnamed", "sh", "ping", "status", "cancel",
         "amirald-gate", "amiral-net", "amirald", "uptim", "uptimes",
         "mark.json"]
# No name of a provider at all: saying one is the end.
NO_NAMES = ["../mark", "/bin/sh", "mark/", "MARK", "-c", ".", "mark;sh",
            "a" * 65]


@pytest.mark.anyone
def test_only_names_of_the_table(stage):
    names = [name for name in NEVER if "." not in name]
    before = runs(stage)
    stage.start("gate", "ready launch " + " ".join(names))
    stage.wait_said("gate", "launched")
    assert stage.said("gate")[:len(names)] == [
        f"{name} refused {ENOENT}" for name in names]
    stage.recover()
    assert runs(stage) == before


@pytest.mark.anyone
@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_ends_the_gate(stage, name):
    before = runs(stage)
    stage.start("gate", f"ready launch {name}")
    fleets.wait_for("amirald to end it", lambda: (
        "it asked for what is no provider's name" in stage.agent.log()
        or "gate broke a rule" in stage.agent.log()))
    assert not any(" started " in line for line in stage.said("gate"))
    stage.recover()
    assert runs(stage) == before


@pytest.mark.anyone
def test_no_more_jobs_than_the_bound_nor_longer(stage):
    """Asked for 49 days each; the row says one second."""
    stage.start("gate", "ready many brief 150")
    words = stage.wait_said("gate", "started").split()
    assert int(words[1]) == JOBS_MAX
    assert int(words[3]) == 150 - JOBS_MAX
    words = stage.wait_said("gate", "timed out").split()
    assert int(words[2]) == JOBS_MAX
    assert int(words[4]) < 10_000_000
    stage.recover()


@pytest.mark.anyone
def test_launches_have_a_rate(stage):
    seconds = 3
    stage.start("gate", f"ready rate mark {seconds}")
    words = stage.wait_said("gate", "started").split()
    assert 0 < int(words[1]) <= BURST + A_SECOND * (seconds + 1)
    assert runs(stage) <= int(words[1])
    stage.recover()


def test_pipes_are_not_hoarded(stage):
    """Those of jobs that it does not take leave amirald descriptors enough."""
    amirald = stage.agent.amirald
    stage.agent.amirald = ["prlimit", f"--nofile={DESCRIPTORS}", *amirald]
    try:
        stage.start("gate", "ready hoard mark 480")
        stage.wait_said("gate", "hoarded")
        held = len(os.listdir(f"/proc/{stage.agent.process.pid}/fd"))
        # Net ends, as whenever Redis closes the connection: it needs four.
        for name, pid in fleets.children(stage.agent.process.pid).items():
            if "net" in name:
                os.kill(pid, signal.SIGKILL)
        stage.recover()
        assert held < DESCRIPTORS / 2
    finally:
        stage.agent.amirald = amirald


@pytest.mark.anyone
def test_no_job_outlives_the_gate(stage):
    """Its jobs end with it, and their number is free again."""
    stage.start("gate", "ready many brief 20")
    stage.wait_said("gate", "started")
    stage.recover()
    fleets.wait_for("the jobs to be gone", lambda: set(
        fleets.children(stage.agent.process.pid)) == {
            "amirald-gate", "amiral-net"})
