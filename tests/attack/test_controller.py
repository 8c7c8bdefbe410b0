"""
An operator whose amiral-net is a stand-in: the same user, with an ssh-agent,
keys and a terminal, none of which it can reach.
"""
import contextlib
import os
import pty
import re
import signal
import subprocess

import pytest

import fleet as fleets
from conftest import HOST, HOSTILE, built, real_sandbox

SIGSYS = int(signal.SIGSYS)
pytestmark = [pytest.mark.anyone, real_sandbox]


@pytest.fixture
def desk(stage):
    """An ssh-agent with the operator's key in it, and a terminal."""
    path = stage.fleet.folder / "agent.sock"
    with fleets.ssh_agent(path, stage.fleet.key_file):
        yield path


def standins(program):
    """Process ids of those that run it."""
    found = []
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and \
                    os.readlink(f"/proc/{entry.name}/exe") == str(program):
                found.append(int(entry.name))
    return found


def run_amiral(stage, words, agent):
    """amiral on a terminal of its own, until its net has said it all."""
    stage.order("net", words)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", built("attack/amiral_with_standin"), "ping", "-a"],
        stdin=theirs, stdout=theirs, stderr=theirs,
        env=stage.fleet.environment(
            AMIRAL_STANDIN=stage.folder / f"{HOSTILE}net", SSH_AUTH_SOCK=agent,
            TERM="xterm", LC_SECRET="in the environment"))
    os.close(theirs)
    stage.fleet.processes.append(process)
    try:
        fleets.wait_for(lambda: f"the end; it said {stage.said('net')}",
                        lambda: "probed" in stage.said("net"), 60)
    finally:
        fleets.end(process)
        os.close(ours)
    program = (stage.folder / f"{HOSTILE}net").resolve()
    fleets.wait_for(lambda: f"the end of {standins(program)}",
                    lambda: not standins(program))
    lines = stage.said("net")
    return lines[:lines.index("probed")]


def test_reaches_nothing_of_the_operators(stage, desk):
    paths = [desk, stage.fleet.key_file, stage.fleet.known_hosts,
             stage.fleet.redis.socket, "/dev/tty", "/etc/passwd"]
    lines = run_amiral(stage, " ".join(["around", *map(str, paths)]), desk)
    assert [line for line in lines if line.startswith("env")] == []
    assert "leads 1" in lines
    # No terminal is its own: not ENOENT, nor anything that might be opened.
    assert "tty 6" in lines
    held = [line.split(" ", 2)[2] for line in lines if line.startswith("fd")]
    assert held[:3] == ["/dev/null"] * 3
    # The link, and what the stand-in itself opened.
    assert [h for h in held[3:] if not re.match(r"socket:|/proc|/$", h)] == []
    tried = [line for line in lines if re.match("open|connect", line)]
    assert len(tried) == 2 * len(paths)
    assert [t for t in tried if not t.endswith(f" killed {SIGSYS}")] == []


def test_every_forbidden_call_kills(stage, desk):
    lines = run_amiral(stage, "probe", desk)
    assert len(lines) >= 80
    assert [line for line in lines
            if not line.endswith(f" killed {SIGSYS}")] == []


LINK, KINDS = 3, 10  # LINK_FD_CTL, N2C_COUNT
UNASKED = {4, 6, 7, 8, 9}  # the others are news, or what ping waits for


@pytest.mark.parametrize("kind", range(KINDS + 1))
def test_answers_what_was_not_asked(stage, kind):
    """amiral says so and ends: never a crash, never a result."""
    size = {0: 0, 3: 5}.get(kind, 1)
    stage.order("net", f"frame {LINK} {kind} {size} 0 1")
    done = subprocess.run(
        [built("attack/amiral_with_standin"), "ping", "-a",
         "--ack-timeout", "100ms"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env=stage.fleet.environment(
            AMIRAL_STANDIN=stage.folder / f"{HOSTILE}net"),
        timeout=fleets.PATIENCE, check=False)
    assert done.returncode in (1, 3), done
    if kind in UNASKED:
        assert done.returncode == 1, done
        assert "it was not asked" in done.stderr, done
    assert "ok in" not in done.stdout
