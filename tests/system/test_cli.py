"""What a person or a script sees of amiral: output, JSON, exit status."""
import json
import subprocess

import jsonschema
import pytest

import fleet as fleets
from conftest import HOSTS

pytestmark = pytest.mark.anyone

COUNT = {"type": "integer", "minimum": 0}
STATS = ("matched", "ok", "failed", "refused", "no_answer", "unfinished",
         "unverified", "elapsed_ms")
SCHEMA = {
    "type": "object", "additionalProperties": False,
    "required": ["request", "hosts", "stats"],
    "properties": {
        "request": {
            "type": "object",
            "required": ["id", "provider", "match", "issued"],
            "properties": {
                "id": {"type": "string", "minLength": 1},
                "provider": {"type": "string"},
                "match": {"type": "object"},
                "issued": {"type": "integer"}}},
        "hosts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["hostname", "verdict"],
                "additionalProperties": False,
                "properties": {
                    "hostname": {"type": "string"},
                    "verdict": {"enum": ["ok", "failed", "refused",
                                         "no_answer", "unfinished"]},
                    "status": {"type": ["string", "null"]},
                    "output": {"type": ["object", "null"]},
                    "reason": {"type": ["string", "null"]},
                    "detail": {"type": ["string", "null"]},
                    "uuid": {"type": ["string", "null"]},
                    "acknowledged_ms": {"type": ["number", "null"]},
                    "completed_ms": {"type": ["number", "null"]}}}},
        "stats": {
            "type": "object", "required": list(STATS),
            "properties": {name: {"type": "number"} if name == "elapsed_ms"
                           else COUNT for name in STATS}}}}


@pytest.mark.parametrize("provider", ["ping", "uptime", "facts"])
def test_json_document(fleet, provider):
    words = ("run", "facts") if provider == "facts" else (provider,)
    code, document = fleet.json(*words, "-a")
    assert code == 0
    jsonschema.validate(document, SCHEMA)
    names = [host["hostname"] for host in document["hosts"]]
    assert names == sorted(HOSTS)
    assert document["request"]["provider"] == provider
    assert document["stats"]["ok"] == len(HOSTS)


def test_json_of_a_refusal(fleet):
    code, document = fleet.json("run", "shell", "command=true", "-a", "-y")
    if code == 1:
        pytest.skip("no description of shell here: the controller refuses")
    jsonschema.validate(document, SCHEMA)
    assert code == 2
    assert {h["reason"] for h in document["hosts"]} <= {
        "denied", "unknown-provider"}


def test_jsonl(fleet):
    done = fleet.amiral("ping", "-a", "--jsonl")
    assert done.returncode == 0, done
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["hostname"] for row in rows if "hostname" in row} == set(HOSTS)


def test_uptime_shows_each_host(fleet):
    done = fleet.amiral("uptime", "-F", "hostname=www*")
    assert done.returncode == 0, done
    lines = done.stdout.splitlines()
    assert "accepting acknowledgements for up to 2 seconds" in \
        done.stdout + done.stderr
    for name in HOSTS:
        shown = [line for line in lines if line.startswith(name)]
        assert len(shown) == (1 if name.startswith("www") else 0)
        assert all("load average" in line for line in shown)
    assert any(line.startswith("2 ok in ") for line in
               done.stdout.splitlines() + done.stderr.splitlines())


def test_find(fleet):
    done = fleet.amiral("find", "-I", "www*")
    assert done.returncode == 0, done
    assert done.stdout.split() == sorted(h for h in HOSTS if "www" in h)


def test_nothing_matches(fleet):
    done = fleet.amiral("ping", "-F", "hostname=nobody*")
    assert done.returncode == 5, done
    done = fleet.amiral("ping", "-I", "nobody.example.com")
    assert done.returncode in (1, 5), done


@pytest.mark.parametrize("words", [
    (), ("--bogus",), ("ping", "--bogus"), ("ping", "-F", "x"),
    ("run",), ("ping", "--ack-timeout", "soon"), ("ping", "-S", "(")])
def test_usage(fleet, words):
    done = fleet.amiral(*words)
    assert done.returncode == 1, done
    assert done.stderr


@pytest.mark.parametrize("env, word", [
    ({"AMIRAL_KEY": "/nonexistent"}, "/nonexistent"),
    ({"AMIRAL_KNOWN_HOSTS": "/nonexistent"}, "/nonexistent"),
    ({"AMIRAL_REDIS": "unix:///nonexistent"}, "nonexistent"),
    ({"AMIRAL_FLEET": ""}, "fleet")])
def test_local_trouble(fleet, env, word):
    done = fleet.amiral("ping", "-a", env=env)
    assert done.returncode == 1, done
    assert word in done.stderr


def test_key_that_others_can_read(fleet):
    copy = fleet.folder / "open_key"
    copy.write_bytes(fleet.key_file.read_bytes())
    copy.chmod(0o644)
    done = fleet.amiral("ping", "-a", env={"AMIRAL_KEY": copy})
    assert done.returncode == 1
    assert str(copy) in done.stderr


@pytest.mark.parametrize("descriptors", range(4, 8))
def test_too_few_descriptors(fleet, descriptors):
    """Whatever is refused first: a status of the table, and a word."""
    done = subprocess.run(
        ["prlimit", f"--nofile={descriptors}", fleets.program("amiral"),
         "ping", "-a"], env=fleet.environment(), capture_output=True,
        text=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done
    assert done.returncode == 0 or done.stderr


def test_version_and_help(fleet):
    assert fleet.amiral("--help").returncode == 0
    assert "0.1.0" in fleet.amiral("--version").stdout


def test_failed_provider(fresh):
    fleet = fresh(HOSTS[0], start=False)
    fleet[HOSTS[0]].provider("fails", "#!/bin/sh\necho '{}'\nexit 7\n",
                             side_effects=False)
    fleet.start()
    code, document = fleet.json("fails", "-a", "-y")
    assert code == 2
    jsonschema.validate(document, SCHEMA)
    host, = document["hosts"]
    assert host["verdict"] == "failed" and host["output"]["exit"] == 7


def test_quiet_still_tells_what_is_cut(fresh):
    """The result stands alone on stdout; that it is no whole one does not
    get lost."""
    fleet = fresh(HOSTS[0], start=False)
    fleet[HOSTS[0]].provider(
        "talks", "#!/bin/sh\nyes | head -c 5000\n", side_effects=False,
        row=["max_output = 1024"])
    fleet.start()
    done = fleet.amiral("talks", "-a", "-y", "-q")
    assert "output incomplete" not in done.stdout
    assert "output incomplete" in done.stderr and HOSTS[0] in done.stderr
    assert done.stdout.startswith(HOSTS[0])


def test_environment_of_a_provider(fresh, monkeypatch):
    """Only what the interface page names, whatever the agent was given."""
    for name in ("LD_PRELOAD", "IFS", "TZ", "SECRET"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.delenv("LD_PRELOAD")
    fleet = fresh(HOSTS[0], start=False)
    fleet[HOSTS[0]].provider(
        "environment", "#!/usr/bin/python3\nimport json, os\n"
        "print(json.dumps({'env': dict(os.environ), 'fds': "
        "sorted(os.listdir('/proc/self/fd')), 'cwd': os.getcwd(), "
        "'ids': os.getresuid()}))\n", side_effects=False)
    fleet.start()
    code, document = fleet.json("environment", "-a", "-y")
    assert code == 0, document
    output = document["hosts"][0]["output"]
    env = output["env"]
    env.pop("LC_CTYPE", None)  # python's own
    assert set(env) == {"PATH", "LANG", "AMIRAL_FACTS_DIR"}
    assert env["PATH"] == "/usr/sbin:/usr/bin:/sbin:/bin"
    assert len(output["fds"]) <= 4  # the fourth is the listing itself
    assert output["cwd"] == "/"
    if fleets.ROOT:
        assert 0 not in output["ids"]
