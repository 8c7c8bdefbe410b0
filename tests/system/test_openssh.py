"""
What amiral refuses and OpenSSH takes, as amiral-keys(5) lists it: each item
is shown to ssh-keygen and to amiral.
"""
import base64
import hashlib
import os
import pathlib
import re
import struct
import subprocess
import time

import pytest

import fleet as fleets
import sshsig
from sshsig import string
from test_sk import Token

pytestmark = pytest.mark.anyone
HOST, OTHER = "www01.example.com", "www02.example.com"
ENROLL = "amiral-enroll-v1"
MANUAL = pathlib.Path(__file__).parents[2] / "man/amiral-keys.5"
ORDER = 2**252 + 27742317777372353535851937790883648493
ITEMS = {}


def item(name):
    def register(function):
        assert name not in ITEMS
        ITEMS[name] = function
        return function
    return register


def run(*words, env=None, data=None):
    return subprocess.run([*map(str, words)], input=data, check=False,
                          capture_output=True, env=env)


def ssh_keygen(*words, data=None):
    """It takes it."""
    done = run("ssh-keygen", *words, data=data or b"")
    assert done.returncode == 0, (words, done)
    return done.stdout.decode(errors="replace")


class Bench:
    """A fleet of nobody, and a folder to write files to."""

    def __init__(self, fresh):
        self.fresh = fresh
        self.fleet = fresh(start=False)
        self.folder = self.fleet.folder / "bench"
        self.folder.mkdir(mode=0o755)
        self.key, self.other = sshsig.Key.new(), sshsig.Key.new()

    def write(self, name, data, mode=0o600):
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        path.chmod(mode)
        return path

    def amiral_refuses(self, says, *words, program="amiral-keygen"):
        done = run(fleets.program(program), *words,
                   env=self.fleet.environment())
        assert done.returncode == 1, (words, done)
        assert says in (done.stdout + done.stderr).decode(), done

    def secret(self, data, says, phrase=""):
        path = self.write("key", data)
        shown = ssh_keygen("-y", "-P", phrase, "-f", path)
        self.amiral_refuses(says, "show", path)
        return shown

    def public(self, data, says):
        path = self.write("key.pub", data)
        ssh_keygen("-l", "-f", path)
        self.amiral_refuses(says, "show", path)

    def amiral(self, text):
        """A public key that both take, and call the same."""
        path = self.write("key.pub", text)
        done = run(fleets.program("amiral-keygen"), "show", path,
                   env=self.fleet.environment())
        assert done.returncode == 0, done
        assert done.stdout.decode().endswith(ssh_keygen("-l", "-f", path))

    def known(self, text, says, host=HOST):
        path = self.write("known_hosts", text)
        assert f"Host {host} found" in ssh_keygen("-F", host, "-f", path)
        self.amiral_refuses(says, "hosts", "list", "-K", path,
                            program="amiral")

    def signers(self, text, says):
        """alice signs a request."""
        path = self.write("allowed_signers", text)
        signature = self.write("signature", sshsig.armor(
            self.key.sign(sshsig.REQUEST, b"m")))
        ssh_keygen("-Y", "verify", "-f", path, "-I", "alice", "-n",
                   sshsig.REQUEST, "-s", signature, data=b"m")
        self.write("amirald.conf", (
            f"[agent]\nfleet = {self.fleet.name}\nhostname = {HOST}\n"
            f"operators = {path}\n[redis]\nurl = {self.fleet.url}\n"))
        self.amiral_refuses(f"problem  {path}:", "check", "-d", self.folder)
        self.amiral_refuses(says, "check", "-d", self.folder)

    def certificate(self, says, *options, authority=None):
        """In a hello by hand; ssh-keygen -L shows what stands in it."""
        authority = authority or self.make_authority("ed25519")
        public = self.write("host_key.pub", self.key.line + "\n")
        ssh_keygen("-q", "-s", authority, "-I", "x", "-h", *options, public)
        shown = self.folder / "host_key-cert.pub"
        assert "host certificate" in ssh_keygen("-L", "-f", shown)
        ca = (authority.with_suffix(".pub")).read_text()
        self.fleet.known_hosts.write_text(
            f"@cert-authority * {ca}@cert-authority * {self.other.line}\n"
            f"{OTHER} {sshsig.Key.new().line}\n")
        payload = self.fleet.payload({
            "version": 1, "fleet": self.fleet.name, "hostname": HOST,
            "boot": "CQgHAAAAAAAAAAAAAAAAAA==", "at": int(time.time() * 1000),
            "trust": 0, "agent": "0", "signatures": 1, "facts": {},
            "certificate": shown.read_text().split()[1]})
        with self.fleet.redis.client() as client:
            client("SET", self.fleet.key(f"host:{HOST}"), sshsig.sign(
                payload, self.key, namespace=sshsig.HELLO))
        done = self.fleet.amiral("inventory")
        assert f"{HOST}: its certificate is refused: {says}" in done.stderr
        assert HOST not in done.stdout

    def make_authority(self, kind):
        path = self.folder / "ca"
        ssh_keygen("-q", "-t", kind, "-N", "", "-f", path)
        return path

    def announcement(self, change):
        """change(blob, payload) is what Redis and ssh-keygen get."""
        payload = self.fleet.payload({
            "version": 1, "fleet": self.fleet.name, "hostname": HOST,
            "address": "192.0.2.7", "issued": int(time.time() * 1000)})
        blob = base64.b64decode(self.key.sign(ENROLL, payload))
        line = change(blob, payload)
        assert sshsig.keygen_verify(line, payload, self.key.line, ENROLL)
        with self.fleet.redis.client() as client:
            client("SET", self.fleet.key(f"enroll:{self.key.fingerprint}"),
                   sshsig.envelope(payload, line))
        done = run(fleets.program("amiral-keygen"), "pending",
                   env=self.fleet.environment())
        assert b"1 more do not verify" in done.stderr and not done.stdout


@pytest.fixture
def bench(fresh):
    return Bench(fresh)


def key_file(key, public=None, comment=b"", more_padding=0):
    """openssh-key-v1, with what may be wrong in it."""
    public = public or key.public
    inner = (bytes(8) + string(b"ssh-ed25519") + string(public)
             + string(key.seed + public) + string(comment))
    inner += bytes(range(1, 1 + -len(inner) % 8 + more_padding))
    data = base64.b64encode(
        b"openssh-key-v1\0" + string(b"none") + string(b"none") + string(b"")
        + struct.pack(">I", 1)
        + string(string(b"ssh-ed25519") + string(public)) + string(inner))
    rows = [data[i:i + 70] for i in range(0, len(data), 70)]
    return (b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + b"\n".join(rows)
            + b"\n-----END OPENSSH PRIVATE KEY-----\n")


def made(bench, *words):
    path = bench.folder / "made"
    path.unlink(missing_ok=True)
    ssh_keygen("-q", *words, "-f", path)
    return path.read_bytes(), (path.with_suffix(".pub")).read_bytes()


# Secret keys and where they lie.

@item("secret keys of other types")
def _(bench):
    for kind in ("rsa", "ecdsa"):
        bench.secret(made(bench, "-t", kind, "-N", "")[0],
                     "not a valid Ed25519 key")


@item("encrypted secret keys")
def _(bench):
    bench.secret(made(bench, "-t", "ed25519", "-N", "phrase")[0],
                 "ssh-agent", phrase="phrase")


@item("a public half that is another key's")
def _(bench):
    shown = bench.secret(key_file(bench.key, public=bench.other.public),
                         "damaged")
    assert bench.other.line in shown


@item("comments that are not plain text, or long")
def _(bench):
    for comment in (b"a\x1b[1mb", b"a\nb", b"\xff", b"x" * 256):
        bench.secret(key_file(bench.key, comment=comment), "comment")


@item("secret keys of over 8192 bytes")
def _(bench):
    bench.secret(key_file(bench.key, comment=b"x" * 9000), "too big")


@item("other ways to write a secret key")
def _(bench):
    good = key_file(bench.key)
    for data in (good + b"more\n", good.replace(b"\n", b"\n ", 1),
                 key_file(bench.key, more_padding=8)):
        bench.secret(data, "damaged")


@item("secret keys behind a symbolic link, or with a second name")
def _(bench):
    path = bench.write("key", key_file(bench.key))
    link, second = path.with_name("link"), path.with_name("second")
    link.symlink_to(path)
    ssh_keygen("-y", "-P", "", "-f", link)
    bench.amiral_refuses("symbolic link", "show", link)
    os.link(path, second)
    ssh_keygen("-y", "-P", "", "-f", path)
    bench.amiral_refuses("2 hard links", "show", path)


@item("files in directories that others can write to")
def _(bench):
    path = bench.write("key", key_file(bench.key))
    bench.folder.chmod(0o777)
    ssh_keygen("-y", "-P", "", "-f", path)
    bench.amiral_refuses("writable by others", "show", path)


@item("several keys in a public key file")
def _(bench):
    bench.public(f"{bench.key.line}\n{bench.other.line}\n", "neither")


@item("other ways to write a public key")
def _(bench):
    line = bench.key.line
    for text in (f"restrict {line}\n", f"# mine\n{line}\n", f"\n{line}\n",
                 f" {line}\n", line.replace(" ", "  ") + "\n",
                 line.replace(" ", "\t") + "\n", f"{line} c\r\n",
                 f"{line}\n\n", f"{line} \33[2J\n"):
        bench.public(text, "neither")


@item("public keys of other types")
def _(bench):
    bench.public(made(bench, "-t", "ecdsa", "-N", "")[1], "neither")


@item("hardware keys for another application")
def _(bench):
    token = Token(os.urandom(32))
    bench.amiral(token.line + "\n")
    token.application = b"ssh:web"
    bench.public(token.line + "\n", "neither")


# known_hosts

@item("hashed names")
def _(bench):
    path = bench.write("known_hosts", f"{HOST} {bench.key.line}\n")
    ssh_keygen("-q", "-H", "-f", path)
    bench.known(path.read_text(), "hashed host name")


@item("names with a port")
def _(bench):
    name = f"[{HOST}]:2222"
    bench.known(f"{name} {bench.key.line}\n", "no port here", name)


@item("names in upper case, and what else no host is called here")
def _(bench):
    for name in (HOST.upper(), "my_host", "::1", f"{HOST}."):
        bench.known(f"{name} {bench.key.line}\n", "is not a host name", name)


@item("patterns of hosts without a marker")
def _(bench):
    for name in ("*", "www0?.example.com", f"*.example.com,!{OTHER}"):
        bench.known(f"{name} {bench.key.line}\n", "is a pattern")


@item("exceptions from a pattern")
def _(bench):
    for marker in ("@revoked", "@cert-authority"):
        bench.known(f"{HOST} {bench.key.line}\n"
                    f"{marker} *.example.com,!{OTHER} {bench.other.line}\n",
                    f":2: !{OTHER} is an exception")


@item("one host key on two lines")
def _(bench):
    for name in (HOST, OTHER):
        bench.known(f"{HOST} {bench.key.line}\n{name} {bench.key.line}\n",
                    ":2: the key of line 1 again")


@item("lines of known_hosts that cannot be read")
def _(bench):
    for line in ("rubbish", f"@other {OTHER} {bench.other.line}",
                 f"{OTHER} {bench.other.line[:-8]}", "\0"):
        bench.known(f"{HOST} {bench.key.line}\n{line}\n", "known_hosts:2: ")


@item("carriage returns")
def _(bench):
    bench.known(f"{HOST} {bench.key.line}\r\n", "carriage return")
    bench.signers(f"alice {bench.key.line}\r\n", "carriage return")


@item("keys that are revoked for another name alone")
def _(bench):
    text = f"@revoked {OTHER} {bench.key.line}\n{HOST} {bench.key.line}\n"
    path = bench.write("known_hosts", text)
    assert f"Host {HOST} found" in ssh_keygen("-F", HOST, "-f", path)
    fleet = bench.fresh(HOST)
    key = fleet[HOST].key.line
    fleet.known_hosts.write_text(
        f"@revoked {OTHER} {key}\n{HOST} {key}\n"
        f"silent.example.com {bench.other.line}\n")
    done = fleet.amiral("ping", "-a", "-y")
    assert done.returncode == 4 and "revoked key" in done.stdout


# allowed_signers

@item("patterns, lists and quotes in place of a principal")
def _(bench):
    for name in ("al*", "alice,bob", "a*,!bob", '"alice"'):
        bench.signers(f"{name} {bench.key.line}\n", "one plain principal")


@item("one operator's key on two lines")
def _(bench):
    bench.signers(f"alice {bench.key.line}\nbob {bench.key.line}\n",
                  "list each key once")


@item("times without Z")
def _(bench):
    bench.signers(f'alice valid-after="20200101" {bench.key.line}\n',
                  "write YYYYMMDD[HHMM[SS]]Z")


@item("operators by certificate")
def _(bench):
    public = bench.write("user.pub", bench.key.line + "\n")
    secret = bench.write("user", key_file(bench.key))
    authority = bench.make_authority("ed25519")
    ca = authority.with_suffix(".pub").read_text().rsplit(" ", 1)[0]
    ssh_keygen("-q", "-s", authority, "-I", "x", "-n", "alice", public)
    message = bench.write("m", "m")
    ssh_keygen("-q", "-Y", "sign", "-n", sshsig.REQUEST, "-f",
               public.with_name("user-cert.pub"), message)
    path = bench.write("allowed_signers", f"alice cert-authority {ca}\n")
    ssh_keygen("-Y", "verify", "-f", path, "-I", "alice", "-n",
               sshsig.REQUEST, "-s", message.with_suffix(".sig"), data=b"m")
    bench.signers(f"bob cert-authority {ca}\nalice {bench.key.line}\n",
                  "cert-authority")
    assert secret.exists()


@item("namespaces that are patterns, or are called like amiral's")
def _(bench):
    for names, says in (("amiral-*", "plain names"),
                        ("amiral-requst-v1,amiral-request-v1",
                         "no namespace amiral-requst-v1")):
        bench.signers(f'alice namespaces="{names}" {bench.key.line}\n', says)


@item("lines of allowed_signers that cannot be read")
def _(bench):
    bench.signers(f"rubbish\nalice {bench.key.line}\n", ":1: ")


@item("lists by a key without namespaces=")
def _(bench):
    """A line without is good for any purpose there, for requests here."""
    fleet = bench.fresh(start=False)
    agent = fleet[list(fleet.agents)[0]]
    payload = sshsig.trust_list(fleet.name, 7, int(time.time() * 1000))
    line = fleet.operator.sign(sshsig.TRUST, payload)
    assert sshsig.keygen_verify(line, payload, fleet.operator.line,
                                sshsig.TRUST)
    agent.write_operators([f"{fleets.OPERATOR} {fleet.operator.line}"])
    fleet.start()
    with fleet.redis.client() as client:
        client("PUBLISH", fleet.key("trust"), sshsig.envelope(payload, line))
    fleets.wait_for(agent.log, lambda: sum(agent.dropped().values()))


# Certificates

@item("certificates without names")
def _(bench):
    bench.certificate("it is no Ed25519 certificate with names")


@item("certificates for patterns of names")
def _(bench):
    bench.certificate("it is for other names", "-n", "*.example.com")


@item("authorities of other types")
def _(bench):
    for kind in ("rsa", "ecdsa"):
        for path in bench.folder.glob("ca*"):
            path.unlink()
        bench.certificate("it is no Ed25519 certificate with names, by an "
                          "Ed25519 authority", "-n", HOST,
                          authority=bench.make_authority(kind))


# Signatures: these lie at fixed offsets, see the protocol.

VERSION, PREFIX = 6, 6 + 4 + 4 + 51


def strings_of(blob):
    """namespace, reserved, hash, signature: behind the public key."""
    words = sshsig.Strings(blob[PREFIX:])
    return [words.string() for _ in range(4)]


@item("signatures of version 0")
def _(bench):
    bench.announcement(lambda blob, _: base64.b64encode(
        blob[:VERSION] + bytes(4) + blob[VERSION + 4:]))


def rebuilt(blob, namespace, reserved):
    words = (namespace, reserved, *strings_of(blob)[2:])
    return base64.b64encode(blob[:PREFIX] + b"".join(map(string, words)))


@item("signatures over SHA-256")
def _(bench):
    def change(_, payload):
        name = string(ENROLL.encode()) + string(b"") + string(b"sha256")
        signed = b"SSHSIG" + name + string(hashlib.sha256(payload).digest())
        return base64.b64encode(
            b"SSHSIG" + struct.pack(">I", 1) + string(bench.key.blob) + name
            + string(string(b"ssh-ed25519")
                     + string(bench.key.raw_sign(signed))))
    bench.announcement(change)


@item("signatures with something in the reserved field")
def _(bench):
    bench.announcement(lambda blob, _: rebuilt(blob, ENROLL.encode(), b"x"))


@item("namespaces with a NUL behind them")
def _(bench):
    bench.announcement(
        lambda blob, _: rebuilt(blob, ENROLL.encode() + b"\0", b""))


@item("signatures whose S is not reduced")
def _(bench):
    def change(blob, _):
        s = int.from_bytes(blob[-32:], "little") + ORDER
        return base64.b64encode(blob[:-32] + s.to_bytes(32, "little"))
    bench.announcement(change)


@item("blanks in base64")
def _(bench):
    for blank in (b" ", b"\t"):
        def change(blob, _, blank=blank):
            line = base64.b64encode(blob)
            return line[:8] + blank + line[8:]
        bench.announcement(change)


@item("hardware keys' signatures without a touch")
def _(bench):
    fleet = bench.fresh(HOST, start=False)
    token = Token(os.urandom(32))
    token.flags = 0
    request = fleet.request("ping")
    payload = fleet.payload(request)
    assert sshsig.keygen_verify(token.sign(sshsig.REQUEST, payload), payload,
                                token.line, sshsig.REQUEST)
    agent = fleet[HOST]
    agent.write_operators([f"{fleets.OPERATOR} {token.line}"])
    fleet.start()
    fleet.ask(request, fleet.signed(request, token))
    fleets.wait_for(agent.log, lambda: sum(agent.dropped().values()))
    assert fleet.envelopes(request["reply_to"]) == []


@pytest.mark.parametrize("name", ITEMS)
def test_amiral_is_stricter(bench, name):
    ITEMS[name](bench)


def test_the_manual_lists_each():
    """Neither more nor less than is shown here."""
    text = MANUAL.read_text()
    part = text[text.index(".Sh STRICTER THAN OPENSSH"):]
    part = part[:part.index(".Sh", 1)]
    assert re.findall(r"^\.It (.*)$", part, re.M) == list(ITEMS)


def amiral(bench, *words, program="amiral-keygen"):
    done = run(fleets.program(program), *words, env=bench.fleet.environment())
    assert done.returncode == 0, (words, done)
    return done.stdout.decode()


def listed(path):
    """What ssh-keygen -l says of a file of several keys."""
    return re.findall(r"SHA256:\S+", ssh_keygen("-l", "-f", path))


def test_known_hosts_of_both(bench):
    """As amiral changes it ssh-keygen reads it, and the other way round."""
    path, key, other = bench.fleet.known_hosts, bench.key, bench.other
    scanned = bench.write("scanned", f"{HOST} {key.line}\n")
    path.write_text("# mine\n")
    amiral(bench, "hosts", "import", scanned, program="amiral")
    assert listed(path) == [key.fingerprint]
    assert ssh_keygen("-F", HOST, "-f", path).endswith(
        f"line 2 \n{HOST} {key.line}\n")
    amiral(bench, "revoke", other.line)
    assert listed(path) == [key.fingerprint]
    assert ssh_keygen("-F", OTHER, "-f", path).endswith(
        f"found: line 3 REVOKED\n@revoked * {other.line}\n")
    amiral(bench, "revoke", HOST)
    assert "found: line 2 REVOKED" in ssh_keygen("-F", HOST, "-f", path)
    path.write_text(f"{OTHER} {sshsig.Key.new().line}\n{HOST} {key.line}\n")
    ssh_keygen("-R", OTHER, "-f", path)
    assert amiral(bench, "hosts", "list", program="amiral").split() == [
        HOST, key.fingerprint]


def test_a_rotations_files(bench):
    path = bench.folder / "host_key"
    amiral(bench, "new", "-f", path, "-C", "c")
    amiral(bench, "rotate", "-f", path)
    for _ in range(2):
        new = bench.folder / "host_key.new"
        if not new.exists():
            new = path
        line = ssh_keygen("-y", "-P", "", "-f", new)
        assert line == new.with_name(new.name + ".pub").read_text()
        shown = amiral(bench, "show", new)
        assert shown == line + ssh_keygen("-l", "-f", new)
        if new != path:
            amiral(bench, "rotate", "-f", path, "--finish")
    assert not (bench.folder / "host_key.new.pub").exists()


def test_ssh_keygens_files(bench):
    """Public lines, secret files and certificates, as it writes them."""
    path = bench.folder / "k"
    ssh_keygen("-q", "-t", "ed25519", "-N", "", "-C", "a comment", "-f", path)
    for name in (path, f"{path}.pub"):
        assert amiral(bench, "show", name) == (
            ssh_keygen("-y", "-P", "", "-f", path) +
            ssh_keygen("-l", "-f", path))
    authority = bench.make_authority("ed25519")
    ssh_keygen("-q", "-s", authority, "-I", "x", "-h", "-n", HOST,
               f"{path}.pub")
    amiral(bench, "revoke", f"{path}-cert.pub")
    found = ssh_keygen("-F", HOST, "-f", bench.fleet.known_hosts)
    assert "REVOKED\n@revoked * " + sshsig.Key.load(path).line in found
