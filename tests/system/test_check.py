"""amiral-keygen check: what can be wrong on a machine, and what to do then."""
import datetime
import os
import pwd
import re
import subprocess
import time

import pytest

import fleet as fleets
import sshsig
from conftest import as_root
from test_enroll import HOSTS, desk  # noqa: F401  (a fixture)

pytestmark = pytest.mark.anyone
HOST = HOSTS[0]


def day(offset):
    """As valid-before= and ssh-keygen -V have it."""
    then = datetime.datetime.now(datetime.timezone.utc) + \
        datetime.timedelta(days=offset)
    return then.strftime("%Y%m%d")


@pytest.fixture
def host(desk):  # noqa: F811
    """An enrolled host that is in order."""
    desk.enroll(HOST, desk.token())
    desk.good("accept", "--token")
    record, = (desk.config / "tokens").iterdir()
    record.unlink()
    desk.host = desk.directory(HOST)
    assert check(desk, status=0).count("problem") == 0
    return desk


def check(host, *extra, status=1, **options):
    done = host.run("check", "-d", host.host, *extra, **options)
    assert done.returncode == status, done
    return done.stdout


def problems(host):
    return [line for line in check(host).splitlines()
            if line.startswith("problem")]


def only(host, *words):
    """One problem, that names all of this."""
    line, = problems(host)
    for word in words:
        assert str(word) in line, line


def certify(host, when, names=HOST, options=("-h",), public=None):
    authority = host.folder / "ca"
    if not authority.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        authority], check=True)
    key = host.folder / "certified.pub"
    key.write_text((public or host.host_key(HOST).line) + "\n")
    subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "x", *options,
                    "-n", names, "-V", when, key], check=True)
    made = host.host / "host_key-cert.pub"
    made.write_text((host.folder / "certified-cert.pub").read_text())
    made.chmod(0o644)
    return made


def test_certificates(host):
    path = certify(host, f"-1d:{day(400)}")
    assert f"ok       {path}\n" in check(host, status=0)
    certify(host, f"{day(-20)}:{day(-1)}")
    only(host, path, "has expired, on 20", "ssh-keygen -s CA -h")
    certify(host, f"{day(-20)}:{day(29)}")
    only(host, path, "expires soon, on 20", "reload amirald")
    certify(host, f"{day(20)}:{day(400)}")
    only(host, path, "its time has not come yet")
    certify(host, "always:forever", names="www9.example.com")
    only(host, path, "it is for other names", f"-n {HOST}")
    certify(host, "always:forever", options=())
    only(host, path, "it is a user's")
    certify(host, "always:forever", public=sshsig.Key.new().line)
    only(host, path, "it is for another key")
    path.write_text("rubbish\n")
    only(host, path, "no Ed25519 certificate")
    certify(host, "always:forever")
    path.chmod(0o666)
    only(host, path, "run: chmod go-w")


def test_a_hosts_key_must_be_plain(host):
    """An agent has no ssh-agent to ask; an operator has."""
    path = host.host / "host_key"
    lock = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "a phrase", "-f"]
    subprocess.run([*lock, path], check=True)
    only(host, path, "encrypted", "ssh-keygen -p -N ''")
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "a phrase", "-N", "",
                    "-f", path], check=True)
    subprocess.run([*lock, host.config / "key"], check=True)
    assert "encrypted, to be used through ssh-agent" in check(host, status=0)


def test_a_damaged_key_is_one_wherever_it_stands(host):
    """Its path does not speak for it."""
    directory = host.folder / "ssh-agent"
    directory.mkdir(mode=0o755)
    conf, path = host.host / "amirald.conf", directory / "host_key"
    path.write_text((host.host / "host_key").read_text()[:300])
    path.chmod(0o600)
    conf.write_text(re.sub("(?m)^host_key *=.*$", f"host_key = {path}",
                           conf.read_text()))
    only(host, path, "damaged")


def test_operators(host):
    path = host.host / "allowed_signers"
    keys = [sshsig.Key.new().line for _ in range(5)]
    path.write_text(
        f"alice@example.com {keys[0]}\n"
        f'bob valid-before="{day(-1)}Z" {keys[1]}\n'
        f'carol valid-before="{day(20)}Z" {keys[2]}\n'
        f'dave valid-after="{day(20)}Z" {keys[3]}\n'
        f'eve namespaces="file" {keys[4]}\n')
    bob, carol, eve = problems(host)
    assert f"{path}: bob has expired, on 20" in bob
    assert f"{path}: carol expires soon, on 20" in carol
    assert "put a later valid-before=" in bob and "put a later" in carol
    assert f"{path}: eve (SHA256:" in eve
    assert f"ok       {path}: dave is not valid before 20" in check(host)
    path.write_text(f'bob valid-before="{day(-1)}Z" {keys[1]}\n'
                    f"@revoked {keys[1]}\n")
    assert problems_of(host, path) == []
    path.write_text("\n")
    only(host, path, "names nobody")


def problems_of(host, path):
    return [line for line in check(host, status=0).splitlines()
            if line.startswith("problem") and str(path) in line]


@pytest.mark.parametrize("name, says", [
    ("host_key", "run amiral-keygen enroll"),
    ("allowed_signers", "it names who may ask")])
def test_what_is_named_must_be_there(host, name, says):
    (host.host / name).unlink()
    only(host, host.host / name, "is not there", says)


def test_what_is_named_elsewhere(host):
    conf = host.config / "amiral.conf"
    before = conf.read_text()
    missing, password = host.folder / "missing", host.folder / "password"
    conf.write_text(f"{before}known_hosts = {missing}\n")
    only(host, missing, "is not there", "correct amiral.conf")
    conf.write_text(f"{before}key = {missing}\n")
    only(host, missing, "is not there")
    conf.write_text(f"{before}key = agent:\npassword_file = {password}\n")
    only(host, password, "is not there")
    password.write_text("x\n")
    password.chmod(0o644)
    only(host, password, "run: chmod 600")
    conf.write_text(before + "colour = red\n")
    only(host, conf, "unknown key 'colour'")


def test_dangling_links_are_seen(host):
    path = host.config / "key"
    path.unlink()
    path.symlink_to("nowhere")
    only(host, path, "symbolic link")


def test_many_known_hosts(host):
    """More than the megabyte that other files may have."""
    line = host.known().split()[-1]
    other = sshsig.Key.new().line + " " + "x" * 2000
    host.known_hosts.write_text(f"{HOST} ssh-ed25519 {line}\n"
                                f"{HOSTS[1]} {other}\n" + "#\n" * 600000)
    assert "known_hosts: 2 hosts" in check(host, status=0)
    host.known_hosts.write_text("* ssh-ed25519 AAAA\n")
    only(host, "known_hosts:1:", "copy the host's public key")


def test_the_list_in_force(host):
    path = host.folder / "hosts" / HOST / "state" / "trust"

    def keep(age=0, **options):
        payload = sshsig.trust_list(
            host.fleet, 7, int(time.time() * 1000) - age, **options)
        path.write_bytes(sshsig.sign(payload, host.key,
                                     namespace=sshsig.TRUST))
        path.chmod(0o600)

    keep(life=86400000 * 100)
    assert f"ok       {path}\n" in check(host, status=0)
    keep(life=86400000 * 10)
    only(host, path, "the operators' list expires soon", "trust push")
    keep(life=1, age=2)
    only(host, path, "the operators' list has expired", "trust push")
    path.write_bytes(b"rubbish")
    only(host, path, "no operators' list", "remove it")
    path.chmod(0o644)
    only(host, path, "run: chmod 600")


def test_revocations_that_are_kept(host):
    path = host.folder / "hosts" / HOST / "state" / "revoked"
    path.write_text("")
    path.chmod(0o600)
    assert f"ok       {path}\n" in check(host, status=0)
    path.chmod(0o604)
    only(host, path, "run: chmod 600")


def test_a_rotation(host):
    assert host.run("rotate", "-f", host.host / "host_key").returncode == 0
    path = host.host / "host_key.new"
    assert f"ok       {path}\n" in check(host, status=0)
    path.chmod(0o640)
    only(host, path, "run: chmod 600")


def test_tokens(host):
    token = host.config / "tokens"
    host.good("token", "--ttl", "1ms")
    record, = token.iterdir()
    fleets.outlive(record)
    only(host, record, "the token has expired, on 20", f"run: rm {record}")
    record.chmod(0o644)
    only(host, record, "run: chmod 600")
    record.write_text("{}")
    record.chmod(0o600)
    only(host, record, "no token's record")


@as_root
def test_as_somebody_else(host):
    """What this user may not read is a problem, with root's remedy."""
    nobody = pwd.getpwnam("nobody")
    words = [fleets.program("amiral-keygen"), "check", "-d", host.host]

    def look():
        done = subprocess.run(
            words, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[],
            env={"HOME": "/nonexistent", "PATH": os.environ["PATH"]},
            capture_output=True, text=True, check=False)
        assert done.returncode == 1, done
        return done.stdout
    said = look()
    assert f"{host.host}/host_key: this user may not read it; run " \
        "amiral-keygen check as root" in said
    assert "give this user access" not in said
    host.host.chmod(0o700)
    assert f"{host.host}/amirald.conf: this user may not read it" in look()


def test_owners(host):
    if not fleets.ROOT:
        pytest.skip("only root can give a file away")
    path = host.host / "host_key"
    os.chown(path, 12345, -1)
    only(host, path, "belongs to uid 12345")


def test_an_empty_machine(desk, tmp_path):  # noqa: F811
    done = desk.run("check", "-d", tmp_path, HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (
        0, "nothing of amiral's is here\n")
