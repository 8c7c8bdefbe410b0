"""
A thousand requests of every kind under strace: gate and net call nothing
that their filters do not list, amirald and providers nothing that is denied.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

import fleet as fleets
import proof
import sshsig
from conftest import HOST, as_root, built, real_sandbox

REQUESTS = 1000
FILTER = re.compile(r"seccomp\(SECCOMP_SET_MODE_FILTER|PR_SET_SECCOMP")


def filters():
    """The filters' own tables, by way of the lint that reads them."""
    info = built("../meson-info/meson-info.json")
    source = pathlib.Path(json.loads(
        info.read_text())["directories"]["source"])
    return proof.tables([(source / path).read_text()
                         for path in proof.SANDBOX])


def calls_of(policy):
    return {call for policies, calls in filters().values()
            if policy in policies for call in calls}


def ask_all(fleet):
    """A tenth each of ten kinds; those that have an answer are waited for."""
    stranger = sshsig.Key.new()
    asked = []

    def say(provider="ping", key=fleet.operator, wait=True, args=None,
            **members):
        request = fleet.request(provider, args, match={"hosts": [HOST]},
                                **members)
        with fleet.redis.client() as client:
            fleet.make_stream(client, request["reply_to"])
            fleet.publish(fleet.signed(request, key), HOST, client)
        if wait:
            asked.append(request)

    for number in range(REQUESTS // 10):
        say()
        say("facts")
        say("uptime")
        say("mark", args={"surprise": number})
        say("shell")
        say("uptime", key=stranger, wait=False)
        say(expires=1, wait=False)
        say("status", args={"request": "x"})
        late = int(time.time() * 1000) + 120000
        say(issued=late, expires=late + 60000)
        fleet.publish(os.urandom(300), HOST)
        if number % 10 == 9:
            for request in asked:
                fleet.replies(request)
            asked.clear()


def traced(folder, names):
    """{process: calls} of gate and net once locked in, the rest as others."""
    found = {"gate": set(), "net": set(), "others": set()}
    for path in folder.glob("trace.*"):
        lines = path.read_text(errors="replace").splitlines()
        kind = names.get(int(path.suffix[1:]))
        if kind is None:
            kind = next((short for line in lines for short, name in (
                ("gate", "/amirald-gate\""), ("net", "/amiral-net\""))
                if line.startswith("execve(") and name in line), "others")
            last = max((n for n, line in enumerate(lines)
                        if FILTER.search(line)), default=-1)
            if kind != "others":
                lines = lines[last + 1:] if last >= 0 else []
        found["others" if kind == "executor" else kind] |= {
            match[1] for match in (re.match(r"(\w+)\(", line)
                                   for line in lines) if match}
    return found


@as_root
@real_sandbox
def test_no_call_outside_the_lists(stage):
    fleet, agent = stage.fleet, stage.agent
    stage.start("net", "")
    agent.wait_ready()
    names = {pid: short for short, pid in agent.wait_whole().items()}
    tracer = fleets.spawn(
        ["strace", "-ff", "-qq", "-o", fleet.folder / "trace",
         *(word for pid in names for word in ("-p", str(pid)))],
        stderr=subprocess.PIPE)
    fleet.processes.append(tracer)
    for pid in names:
        fleets.wait_for("strace to attach", lambda p=pid: fleets.status(
            p)["TracerPid"] == str(tracer.pid))
    ask_all(fleet)
    # A reload, and a net and a gate that start under the tracer's eyes.
    os.kill(agent.process.pid, signal.SIGHUP)
    fleets.wait_for("the reload", lambda: "is in force" in agent.log())
    for short in ("net", "gate"):
        with fleet.redis.client() as client:
            client("DEL", fleet.key(f"host:{HOST}"))
        os.kill(agent.wait_whole()[short], signal.SIGKILL)
        agent.wait_ready()
        done = fleet.amiral("uptime", "-a", "--ack-timeout", "15s")
        assert done.returncode == 0, done
    tracer.send_signal(signal.SIGINT)
    tracer.communicate(timeout=30)
    found = traced(fleet.folder, names)
    for short in ("gate", "net"):
        assert {"read", "poll"} & found[short] and "recvmsg" in found[short]
        assert found[short] - calls_of(short) == set()
    assert {"execve", "wait4"} <= found["others"]
    assert found["others"] & calls_of("executor") == set()
