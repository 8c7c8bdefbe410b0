"""What a provider gets, and what becomes of one that does not behave."""
import json

import pytest

import fleet as fleets
from conftest import HOSTS, real_sandbox

HOST = HOSTS[0]


@pytest.fixture
def run(fresh):
    """Runs a script as a provider; the host's part of the document."""
    def run_script(script, row=(), words=()):
        fleet = fresh(HOST, start=False)
        fleet[HOST].provider("made", script, row=row)
        fleet.start()
        code, document = fleet.json("made", "-a", "-y", *words,
                                    "--timeout", "30s")
        host, = document["hosts"]
        return code, host, fleet[HOST]
    return run_script


def shell(text):
    return "#!/bin/sh\n" + text + "\n"


def python(text):
    return "#!/usr/bin/python3\nimport json, os, socket, sys\n" + text + "\n"


def test_arguments_come_on_standard_input(fresh):
    fleet = fresh(HOST, start=False)
    fleet[HOST].provider(
        "echoes", python("print(json.dumps({'got': json.load(sys.stdin)}))"),
        args={"text": {"type": "string", "required": True},
              "number": {"type": "integer"}})
    fleet.start()
    code, document = fleet.json("run", "echoes", "text=$(id); 'x' \u00e9",
                                "number:=7", "-a", "-y")
    assert code == 0
    assert document["hosts"][0]["output"]["got"] == {
        "text": "$(id); 'x' \u00e9", "number": 7}
    for words in (("number:=7",), ("text=x", "other=y"),
                  ("text=x", "number=seven")):
        code, document = fleet.json("run", "echoes", *words, "-a", "-y")
        assert code == 2
        assert document["hosts"][0]["reason"] == "bad-args"


def test_nothing_is_left_behind(run):
    """Neither by the same session nor by one of its own."""
    code, _, agent = run(shell(
        "sleep 86398 >/dev/null 2>&1 &\n"
        "setsid sleep 86398 >/dev/null 2>&1 &\necho '{}'"))
    assert code == 0
    fleets.wait_for("the end of what was left",
                    lambda: not fleets.running("86398"))
    assert agent.running()


def test_timeout(run):
    code, host, _ = run(shell("sleep 86397; echo '{}'"),
                        row=("timeout = 1",))
    assert code == 2 and host["verdict"] == "failed"
    fleets.wait_for("its end", lambda: not fleets.running("86397"))


def test_endless_output(run):
    """Cut at max_output; the agent stays small, the provider ends."""
    code, host, agent = run(shell("yes 2>/dev/null | head -c 50000000"),
                            row=("max_output = 65536",))
    assert host["verdict"] in ("ok", "failed") and code in (0, 2)
    if not fleets.SANITIZED:
        for pid in agent.wait_whole().values():
            assert fleets.resident(pid) < 32 * 1024 * 1024


def test_output_that_is_no_object(run):
    code, host, _ = run(shell("echo plain; echo other >&2; exit 3"))
    assert code == 2
    assert host["output"] == {"exit": 3, "stdout": "plain\n",
                              "stderr": "other\n"}


def test_killed_by_a_signal(run):
    code, host, _ = run(shell("kill -SEGV $$"))
    assert code == 2 and host["verdict"] == "failed"


def test_huge_number_in_the_result(run):
    """The result is a provider's text too: odd, never fatal."""
    for text in ('{"a": 1e999}', '{"a": 1, "a": 2}', "[" * 5000, '{"a":'):
        code, host, agent = run(shell(f"cat <<'E'\n{text}\nE"))
        assert host["verdict"] in ("ok", "failed"), (text, host, code)
        assert len(agent.wait_whole()) == 3


@real_sandbox
def test_no_network_without_leave(run):
    """Other sockets than local ones do not exist for it."""
    probe = python(
        "def made(*what):\n"
        "    try:\n"
        "        socket.socket(*what).close()\n"
        "        return 'made'\n"
        "    except OSError as problem:\n"
        "        return problem.strerror\n"
        "print(json.dumps({'inet': made(socket.AF_INET, socket.SOCK_STREAM),"
        " 'inet6': made(socket.AF_INET6, socket.SOCK_DGRAM),"
        " 'netlink': made(socket.AF_NETLINK, socket.SOCK_RAW),"
        " 'unix': made(socket.AF_UNIX, socket.SOCK_STREAM)}))")
    _, host, _ = run(probe)
    output = host["output"]
    assert output["unix"] == "made"
    for family in ("inet", "inet6", "netlink"):
        assert "not supported" in output[family], output
    _, host, _ = run(probe, row=("network = yes",))
    assert host["output"]["inet"] == "made"


@pytest.mark.skipif(not fleets.ROOT, reason="other users need root")
def test_runs_as_its_user(run):
    who = python("print(json.dumps({'ids': list(os.getresuid() + "
                 "os.getresgid()), 'groups': os.getgroups(), 'caps': "
                 "[l.split()[1] for l in open('/proc/self/status') "
                 "if l.startswith('Cap')]}))")
    _, host, _ = run(who, row=("run_as = 64110",))
    assert host["output"]["ids"] == [64110] * 6
    assert host["output"]["groups"] in ([], [64110])
    assert {int(c, 16) for c in host["output"]["caps"]} == {0}


def test_memory_limit(run):
    if fleets.SANITIZED:
        pytest.skip("a sanitizer lifts the limits of what it built")
    _, host, _ = run(python(
        "try:\n    size = len(bytearray(1 << 30))\n"
        "except MemoryError:\n    size = 0\n"
        "print(json.dumps({'size': size}))"), row=("memory = 128M",))
    assert host["output"]["size"] == 0


def test_results_come_back_whole(run):
    """A large object and odd text, byte for byte."""
    value = {"text": "\u00e9\U0001f600\t\"\\\n" * 500, "n": [1.5, -3, True]}
    script = "#!/bin/sh\ncat <<'E'\n" + json.dumps(value) + "\nE\n"
    _, host, _ = run(script)
    assert {k: host["output"][k] for k in value} == value
