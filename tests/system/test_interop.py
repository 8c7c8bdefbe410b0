"""Others' programs on the wire: ssh-keygen, ssh-agent, redis-cli."""
import json
import pathlib
import shutil
import subprocess

import pytest

import fleet as fleets
import sshsig

pytestmark = pytest.mark.anyone
CONTROLLER = pathlib.Path(__file__).parent.parent / "interop/controller.sh"


def redis_cli(fleet, *words, stdin=None):
    done = subprocess.run(
        ["redis-cli", "-s", str(fleet.redis.socket), *words],
        input=stdin, capture_output=True, check=True)
    return done.stdout


def test_ssh_keygen_signs_and_verifies(fleet):
    """A request signed by ssh-keygen runs; ssh-keygen accepts its reply."""
    host = "www01.example.com"
    request = fleet.request("uptime", match={"hosts": [host]})
    payload = fleet.payload(request)
    line = sshsig.keygen_sign(fleet.key_file, payload)
    stream = fleet.key(f"reply:{request['reply_to']}")
    redis_cli(fleet, "XADD", stream, "*", "m", "")
    redis_cli(fleet, "-x", "PUBLISH", fleet.key("requests"),
              stdin=sshsig.envelope(payload, line))
    replies = fleet.replies(request)
    assert replies[-1][1]["status"] == "complete"
    assert replies[-1][1]["hostname"] == host
    assert replies[-1][1]["output"]["exit"] == 0
    for envelope, reply in replies:
        lines, content = sshsig.split(envelope)
        assert reply["request"] == fleet.digest(request)
        assert sshsig.keygen_verify(lines[0], content, fleet[host].key.line)
        assert not sshsig.keygen_verify(
            lines[0], content, fleet["www02.example.com"].key.line)
        assert not sshsig.keygen_verify(
            lines[0], content + b" ", fleet[host].key.line)


def test_hello_verifies(fleet):
    with fleet.redis.client() as client:
        hello = client("GET", fleet.key("host:www01.example.com"))
    lines, payload = sshsig.split(hello)
    assert sshsig.keygen_verify(
        lines[0], payload, fleet["www01.example.com"].key.line, sshsig.HELLO)
    assert json.loads(payload)["hostname"] == "www01.example.com"


@pytest.fixture
def ssh_agent(tmp_path, fleet):
    """An ssh-agent that holds the operator's key."""
    path = fleet.folder / "agent.sock"
    with fleets.ssh_agent(path, fleet.key_file):
        yield {"SSH_AUTH_SOCK": str(path)}


def test_key_in_ssh_agent(fleet, ssh_agent):
    done = fleet.amiral("-k", "agent:", "ping", "-a", env=ssh_agent)
    assert done.returncode == 0, done


def test_key_in_ssh_agent_by_fingerprint(fleet, ssh_agent):
    shown = subprocess.run(["ssh-keygen", "-l", "-f", f"{fleet.key_file}.pub"],
                           capture_output=True, text=True, check=True)
    fingerprint = shown.stdout.split()[1]
    done = fleet.amiral("-k", f"agent:{fingerprint}", "ping", "-a",
                        env=ssh_agent)
    assert done.returncode == 0, done


def ssh_keygen(path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                    fleets.OPERATOR, "-f", str(path)], check=True,
                   stdin=subprocess.DEVNULL)


def test_keys_made_by_ssh_keygen(fresh):
    """As the operator's key and as a host's."""
    fleet = fresh(start=False, host_key=ssh_keygen)
    key_file = fleet.folder / "other"
    ssh_keygen(key_file)
    agent = fleet["www01.example.com"]
    other = sshsig.Key.load(key_file)
    agent.write_operators([f"{fleets.OPERATOR} {other.line}"])
    fleet.start()
    done = fleet.amiral("-k", key_file, "ping", "-a")
    assert done.returncode == 0, done
    assert "www01.example.com" in done.stdout


def test_amiral_keygen_shows_what_ssh_keygen_shows(fleet):
    shown = fleet.keygen("show", fleet.key_file).stdout
    theirs = subprocess.run(
        ["ssh-keygen", "-l", "-f", f"{fleet.key_file}.pub"],
        capture_output=True, text=True, check=True).stdout
    assert theirs.split()[1] in shown
    public = subprocess.run(["ssh-keygen", "-y", "-f", str(fleet.key_file)],
                            capture_output=True, text=True, check=True).stdout
    assert public.split()[1] in shown


@pytest.mark.skipif(not CONTROLLER.exists(), reason="no controller.sh")
def test_controller_in_shell(fleet):
    """Reads the environment that amiral reads."""
    assert shutil.which("redis-cli")
    done = subprocess.run(
        [str(CONTROLLER)], env=fleet.environment(), capture_output=True,
        text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert done.returncode == 0, done
    for name in fleet.agents:
        assert name in done.stdout
