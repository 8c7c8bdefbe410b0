"""
A thousand requests of every kind under strace, then all else that happens to
a host and a controller: gate and net call nothing that their filters do not
list, amirald and providers nothing that is denied; and what the filters list
somebody calls, or its row says why it stays.
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

pytestmark = [as_root, real_sandbox]
REQUESTS = 1000
FLOOD = 2000
LARGE = "#!/bin/sh\nhead -c 300000 /dev/zero | tr '\\0' x\n"
FILTER = re.compile(r"seccomp\(SECCOMP_SET_MODE_FILTER|PR_SET_SECCOMP")


def sources():
    info = built("../meson-info/meson-info.json")
    source = pathlib.Path(json.loads(
        info.read_text())["directories"]["source"])
    return [(source / path).read_text() for path in proof.SANDBOX]


def calls_of(policy):
    """The filters' own tables, by way of the lint that reads them."""
    return {call for policies, calls in proof.tables(sources()).values()
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


def traced(folder, names, prefix="trace"):
    """{process: calls} of gate and net once locked in, the rest as others."""
    found = {"gate": set(), "net": set(), "others": set()}
    for path in folder.glob(f"{prefix}.*"):
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


def readers(folder):
    """What each amirald-reader did as such, line by line."""
    for path in folder.glob("trace.*"):
        lines = path.read_text(errors="replace").splitlines()
        for number, line in enumerate(lines):
            if line.startswith("execve(") and "/amirald-reader\"" in line:
                yield lines[number + 1:]


def strace(fleet, prefix, *words):
    return ["strace", "-ff", "-qq", "-o", fleet.folder / prefix, *words]


def attach(fleet, pids):
    tracer = fleets.spawn(
        strace(fleet, "trace", *(word for pid in pids
                                 for word in ("-p", str(pid)))),
        stderr=subprocess.PIPE)
    fleet.processes.append(tracer)
    for pid in pids:
        fleets.wait_for("strace to attach", lambda p=pid: fleets.status(
            p)["TracerPid"] == str(tracer.pid))
    return tracer


def start_anew(fleet, agent, short):
    """A net and a gate that start under the tracer's eyes."""
    with fleet.redis.client() as client:
        client("DEL", fleet.key(f"host:{HOST}"))
    os.kill(agent.wait_whole()[short], signal.SIGKILL)
    agent.wait_ready()
    done = fleet.amiral("uptime", "-a", "--ack-timeout", "15s")
    assert done.returncode == 0, done


def push_list(fleet, agent, signer):
    envelope = sshsig.sign(
        sshsig.trust_list(fleet.name, 1, int(time.time() * 1000)), signer,
        namespace=sshsig.TRUST)
    with fleet.redis.client() as client:
        client("SET", fleet.key("trust"), envelope)
        client("PUBLISH", fleet.key("trust"), envelope)
    fleets.wait_for("the list", lambda: "operators' list 1 " in agent.log())


def flood(fleet, agent):
    """What nobody signed, faster than net reads it."""
    channel = fleet.key(f"requests:host:{HOST}")
    with fleet.redis.client() as client:
        client.pipeline([("PUBLISH", channel, os.urandom(300))] * FLOOD)
    fleets.wait_for("the counts", lambda: agent.dropped()["layout"] > 100)


def ask_as_controller(fleet, *words):
    """amiral, with its amiral-net, under a tracer of its own."""
    done = subprocess.run(
        [str(word) for word in strace(fleet, "asked",
                                      fleets.program("amiral"), *words)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        check=False, env=fleet.environment())
    assert done.returncode == 0, done


@pytest.fixture(scope="module")
def calls(stage):
    """What happened to a host and a controller, as calls of each process."""
    fleet, agent = stage.fleet, stage.agent
    signer = sshsig.Key.new()
    agent.write_operators([
        f"{fleets.OPERATOR} {fleet.operator.line}",
        f'signer namespaces="amiral-trust-v1" {signer.line}'])
    agent.provider("large", LARGE)
    stage.start("net", "")
    agent.wait_ready()
    names = {pid: short for short, pid in agent.wait_whole().items()}
    tracer = attach(fleet, names)
    ask_all(fleet)
    os.kill(agent.process.pid, signal.SIGHUP)
    fleets.wait_for("the reload", lambda: "is in force" in agent.log())
    for short in ("net", "gate"):
        start_anew(fleet, agent, short)
    push_list(fleet, agent, signer)
    ask_as_controller(fleet, "large", "-a", "-y", "--ack-timeout", "15s")
    ask_as_controller(fleet, "uptime", "-a", "--ack-timeout", "15s")
    flood(fleet, agent)
    fleets.end(agent.process)
    tracer.communicate(timeout=30)
    found = traced(fleet.folder, names)
    found["net as controller"] = traced(fleet.folder, {}, "asked")["net"]
    found["readers"] = list(readers(fleet.folder))
    return found


def test_no_call_outside_the_lists(calls):
    for name, policy in (("gate", "gate"), ("net", "net"),
                         ("net as controller", "net")):
        assert {"read", "poll"} & calls[name] and "recvmsg" in calls[name]
        assert calls[name] - calls_of(policy) == set(), name
    assert {"execve", "wait4"} <= calls["others"]
    assert calls["others"] & calls_of("executor") == set()


def test_every_entry_is_used_or_explained(calls):
    used = {"gate": calls["gate"],
            "net": calls["net"] | calls["net as controller"]}
    explained = proof.explained(sources())
    assert "mmap2" in explained and "read" not in explained
    idle = {(policy, call) for policy, made in used.items()
            for call in calls_of(policy) - made}
    assert sorted(" ".join(row) for row in idle
                  if row[1] not in explained) == []


def test_the_reader_gives_up_what_it_has_first(calls):
    """Nobody may look into it, then it has nothing, then it reads."""
    assert calls["readers"]
    for lines in calls["readers"]:
        at = [next(n for n, line in enumerate(lines) if re.match(step, line))
              for step in (
                  r"prctl\(PR_SET_DUMPABLE, SUID_DUMP_DISABLE",
                  r"capset\(.*effective=0, permitted=0, inheritable=0\}",
                  r"openat\(.*\"amirald\.conf\"")]
        assert at == sorted(at)
