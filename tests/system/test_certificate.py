"""Hosts that no line of known_hosts names, known by a certificate."""
import subprocess

import pytest

import fleet as fleets
import sshsig
from conftest import HOSTS

KNOWN, HOST, OTHER = HOSTS
ALWAYS = "always:forever"


class Authority:
    """An Ed25519 pair that ssh-keygen made, and signs with."""

    def __init__(self, folder, name="ca"):
        self.file = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        str(self.file)], check=True)
        self.key = sshsig.Key.load(self.file)

    def certify(self, agent, names=None, when=ALWAYS, host=True):
        """host_key-cert.pub, where the agent looks for it."""
        subprocess.run(
            ["ssh-keygen", "-q", "-s", str(self.file), "-I", agent.name,
             *(["-h"] if host else []), "-n", names or agent.name, "-V", when,
             str(agent.key_file) + ".pub"], check=True)
        agent.key_file.with_name("host_key-cert.pub").chmod(0o644)


@pytest.fixture
def made(fresh):
    """One host with a line, two without; nothing is started."""
    fleet = fresh(KNOWN, start=False)
    for name in (HOST, OTHER):
        fleet.add(name, known=False)
    fleet.authority = Authority(fleet.folder)
    return fleet


def trust(fleet, authority, patterns="*.example.com", marker="cert-authority"):
    with open(fleet.known_hosts, "a", encoding="ascii") as file:
        file.write(f"@{marker} {patterns} {authority.key.line}\n")


def answered(fleet):
    _, document = fleet.json("ping", "-a", "-y")
    return sorted(row["hostname"] for row in document["hosts"]
                  if row["verdict"] == "ok")


def test_answers_without_a_line(made):
    made.authority.certify(made[HOST])
    trust(made, made.authority)
    made.start()
    before = made.known_hosts.read_text()
    status, document = made.json("ping", "-a", "-y")
    names = [row["hostname"] for row in document["hosts"]]
    assert names == sorted([KNOWN, HOST])
    # The third one answers, and nobody vouches for it; nobody waits either.
    fleets.wait_for("an answer of the third one", lambda: status == 4 or
                    made.json("ping", "-a", "-y")[0] == 4)
    made[OTHER].stop()
    status, document = made.json("ping", "-a", "-y")
    assert status == 0
    assert made.known_hosts.read_text() == before
    done = made.amiral("inventory", HOST)
    assert done.returncode == 0 and made[HOST].key.fingerprint in done.stdout
    status, document = made.json("uptime", "-I", HOST)
    assert status == 0 and len(document["hosts"]) == 1


REFUSED = {
    "expired": ({"when": "20200101000000Z:20210101000000Z"}, "expired"),
    "early": ({"when": "20900101000000Z:20910101000000Z"}, "not come yet"),
    "names": ({"names": "www9.example.com"}, "other names"),
    "pattern": ({"names": "*.example.com"}, "other names"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(made, name):
    options, why = REFUSED[name]
    made.authority.certify(made[HOST], **options)
    trust(made, made.authority)
    made.start()
    done = made.amiral("ping", "-a", "-y")
    assert f"{HOST}: its certificate is refused: " in done.stderr
    assert why in done.stderr
    assert answered(made) == [KNOWN]


def test_refuses_another_authority(made):
    Authority(made.folder, "ca2").certify(made[HOST])
    trust(made, made.authority)
    made.start()
    assert "no @cert-authority line" in made.amiral("ping", "-a", "-y").stderr
    assert answered(made) == [KNOWN]


def test_refuses_other_names_of_the_authority(made):
    made.authority.certify(made[HOST])
    trust(made, made.authority, "*.example.org")
    made.start()
    assert "no @cert-authority line" in made.amiral("ping", "-a", "-y").stderr
    assert answered(made) == [KNOWN]


def test_refuses_a_users_certificate(made):
    """The agent does not even start with one; a hello by hand has one."""
    made.authority.certify(made[HOST], host=False)
    made.agents.pop(OTHER)
    trust(made, made.authority)
    agent = made.agents.pop(HOST)
    made.start()
    agent.start()
    fleets.wait_for("the reason", lambda: "a user's, not a host's"
                    in agent.log())
    agent.stop()
    announce(made, agent)
    done = made.amiral("ping", "-a", "-y")
    assert "a user's, not a host's" in done.stderr
    assert answered(made) == [KNOWN]


def announce(fleet, agent, key=None):
    """A hello with the certificate that lies beside the agent's key."""
    certificate = agent.key_file.with_name("host_key-cert.pub").read_text()
    payload = fleet.payload({
        "version": 1, "fleet": fleet.name, "hostname": agent.name,
        "boot": "CQgHAAAAAAAAAAAAAAAAAA==", "at": 1763800001456, "trust": 0,
        "agent": "0", "signatures": 1, "facts": {},
        "certificate": certificate.split()[1]})
    with fleet.redis.client() as client:
        client("SET", fleet.key(f"host:{agent.name}"), sshsig.sign(
            payload, key or agent.key, namespace=sshsig.HELLO))


def test_a_stolen_certificate_is_for_another_key(made):
    made.authority.certify(made[HOST])
    trust(made, made.authority)
    made.agents.pop(OTHER)
    agent = made.agents.pop(HOST)
    made.start()
    announce(made, agent, sshsig.Key.new())
    done = made.amiral("ping", "-a", "-y")
    assert "it is for another key" in done.stderr


@pytest.mark.parametrize("whose", ["authority", "host"])
def test_revocation_wins(made, whose):
    made.authority.certify(made[HOST])
    trust(made, made.authority)
    made.start()
    assert answered(made) == sorted([KNOWN, HOST])
    key = made.authority.key if whose == "authority" else made[HOST].key
    with open(made.known_hosts, "a", encoding="ascii") as file:
        file.write(f"@revoked * {key.line}\n")
    assert "is revoked" in made.amiral("ping", "-a", "-y").stderr
    assert answered(made) == [KNOWN]


def keygen(fleet, *words):
    return subprocess.run(
        [fleets.program("amiral-keygen"), *map(str, words)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, env=fleet.environment())


def certificate_of(agent):
    return agent.key_file.with_name("host_key-cert.pub")


WORDS = {
    "line": lambda agent: agent.key.line + " a comment",
    "file": lambda agent: f"{agent.key_file}.pub",
    "certificate": certificate_of,
    "certificate's line": lambda agent: certificate_of(agent).read_text(),
    "fingerprint": lambda agent: agent.key.fingerprint,
    "name": lambda agent: agent.name,
}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("command", ["amiral", "amiral-keygen"])
def test_revokes_a_host_without_a_line(made, word, command):
    """And its answers show as revoked."""
    made.authority.certify(made[HOST])
    trust(made, made.authority)
    made.agents.pop(OTHER)
    made.start()
    said = WORDS[word](made[HOST])
    remembered = word in ("fingerprint", "name")
    run = (lambda: made.amiral("hosts", "revoke", said)) \
        if command == "amiral" else (lambda: keygen(made, "revoke", said))
    before = made.known_hosts.read_text()
    if remembered:
        done = run()
        assert done.returncode == 1 and "give the key itself" in done.stderr
        assert made.known_hosts.read_text() == before
        assert made.amiral("inventory").returncode == 0
    assert run().returncode == 0
    after = f"{before}@revoked * {made[HOST].key.line}\n"
    assert made.known_hosts.read_text() == after
    assert run().returncode == 0  # once is enough
    assert made.known_hosts.read_text() == after
    made[KNOWN].stop()  # so that somebody is waited for
    done = made.amiral("ping", "-a", "-y")
    assert done.returncode == 4, done
    assert "is revoked" in done.stderr and "revoked key" in done.stdout


@pytest.mark.parametrize("word", ["line", "file", "fingerprint"])
def test_revokes_an_authority(made, word):
    """Every certificate by it is worth nothing, whatever line is left."""
    for name in (HOST, OTHER):
        made.authority.certify(made[name])
    trust(made, made.authority)
    made.start()
    assert answered(made) == sorted([KNOWN, HOST, OTHER])
    key = made.authority.key
    said = {"line": key.line, "file": f"{made.authority.file}.pub",
            "fingerprint": key.fingerprint}[word]
    assert keygen(made, "revoke", said).returncode == 0
    text = made.known_hosts.read_text()
    assert text.endswith(f"@revoked * {key.line}\n")
    done = made.amiral("ping", "-a", "-y")
    assert done.stderr.count("is revoked") == 2
    assert answered(made) == [KNOWN]
    made.known_hosts.write_text("".join(
        line for line in text.splitlines(True) if "authority" not in line))
    trust(made, made.authority)  # somebody puts it back
    assert answered(made) == [KNOWN]


@pytest.mark.parametrize("said, says", [
    ("nobody.example.com", "no line of"),
    ("ssh-ed25519 AAAA", "copy it whole"),
    ("/nowhere/key.pub", "cannot find it"),
    ("SHA256:" + "A" * 43, "no line of"),
    ("SHA256:A/" + "A" * 41, "no line of")])
def test_revokes_nothing_unknown(made, said, says):
    before = made.known_hosts.read_text()
    done = keygen(made, "revoke", said)
    assert done.returncode == 1 and says in done.stderr
    assert made.known_hosts.read_text() == before


def test_a_line_beats_a_certificate(made):
    """A known host with another key is a wrong key, whoever certified it."""
    made.authority.certify(made[HOST])
    trust(made, made.authority)
    with open(made.known_hosts, "a", encoding="ascii") as file:
        file.write(f"{HOST} {sshsig.Key.new().line}\n")
    made.start()
    status, document = made.json("ping", "-a", "-y")
    assert status == 4
    assert answered(made) == [KNOWN]
    assert "wrong key" in made.amiral("ping", "-a", "-y").stdout


def rotate(fleet, agent, *words):
    done = keygen(fleet, "rotate", "-f", agent.key_file, *words)
    assert done.returncode == 0, done


def hello_keys(fleet, agent):
    """How many keys have signed the newest hello."""
    with fleet.redis.client() as client:
        return len(sshsig.split(client("GET", fleet.key(
            f"host:{agent.name}")))[0])


def restart(agent):
    agent.stop()
    agent.start()
    agent.wait_ready()


@pytest.fixture
def rotating(made):
    """A certified host whose hellos are signed by two keys."""
    made.authority.certify(made[HOST])
    trust(made, made.authority)
    made.agents.pop(OTHER)
    made.start()
    assert answered(made) == sorted([KNOWN, HOST])
    rotate(made, made[HOST])
    restart(made[HOST])
    fleets.wait_for("a hello by two keys",
                    lambda: hello_keys(made, made[HOST]) == 2)
    return made


def test_a_certified_host_rotates(rotating):
    """Its old key's certificate is good until the new one's takes over."""
    made, agent = rotating, rotating[HOST]
    before = made.known_hosts.read_text()
    assert answered(made) == sorted([KNOWN, HOST])
    new = agent.key_file.with_name("host_key.new.pub")
    subprocess.run(["ssh-keygen", "-q", "-s", str(made.authority.file), "-I",
                    HOST, "-h", "-n", HOST, str(new)], check=True)
    rotate(made, agent, "--finish")
    restart(agent)
    fleets.wait_for("a hello by one key",
                    lambda: hello_keys(made, agent) == 1)
    assert answered(made) == sorted([KNOWN, HOST])
    assert made.known_hosts.read_text() == before


@pytest.mark.parametrize("which", ["host_key", "host_key.new"])
def test_a_revoked_key_in_a_certified_rotation(rotating, which):
    key = sshsig.Key.load(rotating[HOST].key_file.with_name(which))
    with open(rotating.known_hosts, "a", encoding="ascii") as file:
        file.write(f"@revoked * {key.line}\n")
    assert "is revoked" in rotating.amiral("ping", "-a", "-y").stderr
    assert answered(rotating) == [KNOWN]


def test_revokes_both_keys_of_a_certified_rotation(rotating):
    """The next one may have its certificate already."""
    agent, before = rotating[HOST], rotating.known_hosts.read_text()
    new = sshsig.Key.load(agent.key_file.with_name("host_key.new"))
    assert rotating.amiral("inventory").returncode == 0
    assert keygen(rotating, "revoke", HOST).returncode == 0
    assert rotating.known_hosts.read_text() == (
        f"{before}@revoked * {agent.key.line}\n@revoked * {new.line}\n")


RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ=="


@pytest.mark.parametrize("line", [
    lambda: f"@revoked {HOST} {sshsig.Key.new().line}",
    lambda: f"{HOST} {RSA}"])
def test_revokes_the_key_that_a_name_has(made, line):
    """A former key, or one that no host here has, does not stand for it."""
    made.authority.certify(made[HOST])
    trust(made, made.authority)
    with open(made.known_hosts, "a", encoding="ascii") as file:
        file.write(line() + "\n")
    made.agents.pop(OTHER)
    made.start()
    assert answered(made) == sorted([KNOWN, HOST])
    assert keygen(made, "revoke", HOST).returncode == 0
    assert made.known_hosts.read_text().endswith(
        f"\n@revoked * {made[HOST].key.line}\n")
    assert answered(made) == [KNOWN]
