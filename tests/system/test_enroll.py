"""From nothing to a fleet, and what a hostile broker can do about it."""
import base64
import collections
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import crash
import fleet as fleets
import proxy as proxies
import sshsig

pytestmark = pytest.mark.anyone
ENROLL, TRUST = "amiral-enroll-v1", "amiral-trust-v1"
HOSTS = ("www01.example.com", "www02.example.com", "db01.example.com")


has_strace = pytest.mark.skipif(
    shutil.which("strace") is None or fleets.SANITIZED,
    reason="needs strace, and no sanitizer under it")


class Desk:
    """An operator with nothing but a Redis, a key and a fleet's name."""

    def __init__(self):
        self.folder = fleets.work_directory()
        self.home = self.folder / "home"
        self.config = self.home / ".config/amiral"
        self.known_hosts = self.config / "known_hosts"
        self.hosts, self.processes = {}, []
        self.home.mkdir()
        self.redis = fleets.Redis(self.folder)
        self.good("new", "-C", "alice@example.com")
        self.key = sshsig.Key.load(self.config / "key")
        self.fleet = self.good("fleet", "paris").strip()
        self.settle(f"unix://{self.redis.socket}")

    def settle(self, url):
        (self.config / "amiral.conf").write_text(
            f"[amiral]\nredis = {url}\nfleet = {self.fleet}\n")

    def close(self):
        for process in self.processes:
            fleets.end(process)
        for host in self.hosts.values():
            fleets.end(host)
        self.redis.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.home),
                "NO_COLOR": "1", **{k: v for k, v in os.environ.items()
                                    if k.endswith("SAN_OPTIONS")}}

    def run(self, *words, program="amiral-keygen", stdin="", before=(),
            **more):
        return subprocess.run(
            [*before, fleets.program(program), *map(str, words)],
            input=stdin, capture_output=True, text=True, check=False,
            timeout=60, env={**self.environment, **more})

    def good(self, *words, **options):
        done = self.run(*words, **options)
        assert done.returncode == 0, (words, done)
        return done.stdout

    def bad(self, *words, says, **options):
        done = self.run(*words, **options)
        assert done.returncode == 1, (words, done)
        assert says in done.stderr, (words, done)
        return done

    def token(self, *words):
        return self.good("token", *words)

    def directory(self, name):
        return self.folder / "hosts" / name / "etc"

    def state(self, name):
        return self.folder / "hosts" / name / "state"

    def enroll_words(self, name):
        """One line, but that a test's hosts share a machine."""
        folder = self.directory(name).parent
        folder.mkdir(parents=True, exist_ok=True)
        self.state(name).mkdir(exist_ok=True)
        sets = {"state_dir": self.state(name), "facts_dir": folder,
                "users": f"{fleets.NET_USER}, {fleets.GATE_USER}",
                "providers": fleets.prefix() / "libexec/amiral",
                "audit": folder / "audit.jsonl"}
        return ["enroll", "--hostname", name, "-d", self.directory(name),
                *(f"--set={k}={v}" for k, v in sets.items())]

    def enroll(self, name, token, **options):
        return self.good(*self.enroll_words(name), stdin=token, **options)

    def enroll_fails(self, name, token, says):
        done = self.bad(*self.enroll_words(name), stdin=token, says=says)
        assert not self.directory(name).exists()
        assert not any(self.state(name).iterdir())
        return done

    def host_key(self, name):
        return sshsig.Key.load(self.directory(name) / "host_key")

    def start(self, name):
        with open(self.directory(name).parent / "log", "wb") as log:
            self.hosts[name] = fleets.spawn(
                [fleets.program("amirald"), "-f",
                 self.directory(name) / "amirald.conf"],
                stdout=log, stderr=log)

    def watch(self):
        log = self.folder / "watch.log"
        with open(log, "ab") as file:
            self.processes.append(fleets.spawn(
                [fleets.program("amiral-keygen"), "accept", "--watch"],
                stdout=file, stderr=file, env=self.environment))
        return log

    def known(self):
        return self.known_hosts.read_text() if self.known_hosts.exists() \
            else ""

    def redis_key(self, name):
        return f"amiral:{self.fleet}:{name}"

    def announcements(self):
        """Redis's own copies."""
        with self.redis.client() as client:
            return {key: client("GET", key) for key in
                    client("KEYS", self.redis_key("enroll:*"))}

    def announce(self, key, name, **members):
        """By hand, as anybody could who reaches Redis."""
        payload = json.dumps({
            "version": 1, "fleet": self.fleet, "hostname": name,
            "address": "192.0.2.7", "issued": int(time.time() * 1000),
            **members}).encode()
        with self.redis.client() as client:
            client("SET", self.redis_key(f"enroll:{fingerprint(key)}"),
                   sshsig.sign(payload, key, namespace=ENROLL))
        return fingerprint(key)

    def vouch(self, key, name, token, secret=None, **members):
        """An announcement that a token's MAC is for, or seems to be."""
        issued = int(time.time() * 1000)
        said = {"fleet": self.fleet, "hostname": name, "issued": issued,
                **members}
        blob = b"amiral-enroll-v1" + b"".join(
            len(part).to_bytes(4, "big") + part for part in (
                said["fleet"].encode(), token["id"],
                said["hostname"].encode(), key.blob)) + \
            said["issued"].to_bytes(8, "big")
        mac = hashlib.blake2b(blob, digest_size=32,
                              key=secret or token["secret"]).digest()
        return self.announce(
            key, name, token_id=base64.b64encode(token["id"]).decode(),
            mac=base64.b64encode(mac).decode(), **members,
            **({} if "issued" in members else {"issued": issued}))

    def push_list(self, key, serial, fleet=None, expires=3600, revoked=(),
                  until=0, also=(), first=()):
        """
        until: of the key itself; also: keys that sign it too; first: keys
        that stand in it before the signer's, without an end.
        """
        now = int(time.time() * 1000)
        payload = json.dumps({
            "version": 1, "fleet": fleet or self.fleet, "serial": serial,
            "issued": now - 7200000, "expires": now + expires * 1000,
            "signers": [{"principal": "alice@example.com", "key": k.line,
                         "valid_after": 0,
                         "valid_before": until if k is key else 0}
                        for k in (*first, key)],
            "revoked": [fingerprint(k) for k in revoked]}).encode()
        envelope = sshsig.sign(payload, key, *also, namespace=TRUST)
        with self.redis.client() as client:
            client("SET", self.redis_key("trust"), envelope)
        return envelope

    @contextlib.contextmanager
    def broker(self, change):
        """The operator's and new hosts' Redis is a hostile one meanwhile."""
        with proxies.Proxy(self.folder, self.redis.socket, change) as between:
            self.settle(between.url)
            try:
                yield between
            finally:
                self.settle(f"unix://{self.redis.socket}")
        os.unlink(between.path)

    @contextlib.contextmanager
    def unchanged(self):
        """Known hosts, records of tokens, lists: nothing is written."""
        before = files_of(self.home)
        yield
        assert files_of(self.home) == before


def token_of(line):
    """What a token says, by amiral-keys(5)."""
    text = line.strip().removeprefix("amiral-token-1-")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    fields, at = [], 0
    for _ in range(2):
        size = int.from_bytes(data[at:at + 4], "big")
        fields.append(data[at + 4:at + 4 + size].decode())
        at += 4 + size
    return {"fleet": fields[0], "url": fields[1], "id": data[at:at + 8],
            "secret": data[at + 8:at + 40]}


def files_of(folder):
    return {p: (p.read_bytes(), p.stat().st_ino, p.stat().st_mtime_ns)
            for p in folder.rglob("*") if p.is_file()}


def fingerprint(key):
    digest = base64.b64encode(hashlib.sha256(key.blob).digest())
    return "SHA256:" + digest.decode().rstrip("=")


@pytest.fixture
def desk():
    one = Desk()
    yield one
    one.close()


def test_from_nothing(desk):
    """One token line, one enroll line a host, and the fleet answers."""
    log = desk.watch()
    token = desk.token("--uses", 3, "--host", "*.example.com")
    assert re.fullmatch(r"amiral-token-1-[A-Za-z0-9_-]+\n", token)
    for name in HOSTS:
        desk.enroll(name, token)
    for name in HOSTS:
        desk.start(name)
    fleets.wait_for(lambda: f"three hosts: {log.read_text()}",
                    lambda: desk.known().count("\n") == 3)
    with desk.redis.client() as client:
        for name in HOSTS:
            fleets.wait_for(
                lambda: desk.directory(name).with_name("log").read_text(),
                lambda: client("EXISTS", desk.redis_key(f"host:{name}")))
    done = desk.run("ping", "-a", program="amiral")
    assert done.returncode == 0, done
    for name in HOSTS:
        assert name in done.stdout
        assert f"accepted {name} {fingerprint(desk.host_key(name))}" \
            in log.read_text()
    assert desk.announcements() == {}
    done = desk.run("check", "-d", desk.directory(HOSTS[0]))
    assert "host_key" in done.stdout and "known_hosts: 3 hosts" in done.stdout
    assert done.stdout.count("problem") == 1  # the token is used up
    check_openssh(desk)


def check_openssh(desk):
    """ssh-keygen reads each file that enrolling wrote."""
    directory = desk.directory(HOSTS[0])
    listed = subprocess.run(["ssh-keygen", "-l", "-f", desk.known_hosts],
                            capture_output=True, text=True, check=True)
    for name in HOSTS:
        assert fingerprint(desk.host_key(name)) in listed.stdout
    assert fingerprint(desk.host_key(HOSTS[0])) in subprocess.run(
        ["ssh-keygen", "-l", "-f", directory / "host_key"],
        capture_output=True, text=True, check=True).stdout
    message = b"any"
    line = desk.key.sign("amiral-trust-v1", message)
    (desk.folder / "any.sig").write_bytes(sshsig.armor(line))
    subprocess.run(
        ["ssh-keygen", "-Y", "verify", "-f", directory / "allowed_signers",
         "-I", "alice@example.com", "-n", "amiral-trust-v1",
         "-s", desk.folder / "any.sig"], input=message, check=True,
        capture_output=True)


def test_files_of_a_host(desk):
    token = desk.token()
    desk.enroll(HOSTS[0], token)
    directory = desk.directory(HOSTS[0])
    assert (directory / "host_key").stat().st_mode & 0o777 == 0o600
    line = (directory / "allowed_signers").read_text().splitlines()[1]
    assert line == ('alice@example.com namespaces="amiral-request-v1,'
                    f'amiral-trust-v1" {desk.key.line}')
    before = {p.name: p.read_bytes() for p in directory.iterdir()}
    desk.enroll(HOSTS[0], token)  # cut short, and run again
    assert {p.name: p.read_bytes() for p in directory.iterdir()} == before
    (directory / "amirald.conf").write_text("[agent]\n")
    desk.bad(*desk.enroll_words(HOSTS[0]), stdin=token,
             says="never overwritten")
    assert (directory / "amirald.conf").read_text() == "[agent]\n"


def test_a_colleague_comes_and_goes_with_the_list(desk):
    """The host's own file pins the signer; the others are the list's."""
    name, bob = HOSTS[0], desk.folder / "bob"
    desk.good("new", "-f", bob, "-C", "bob@example.com")
    desk.token()
    desk.good("trust", "add", "bob@example.com", f"{bob}.pub")
    desk.good("trust", "push")
    desk.enroll(name, desk.token())
    assert "bob" not in (desk.directory(name) / "allowed_signers").read_text()
    desk.good("accept", "--token")
    desk.start(name)
    with desk.redis.client() as client:
        fleets.wait_for("a hello", lambda: client(
            "EXISTS", desk.redis_key(f"host:{name}")))
    ping = ["ping", "-a", "-k", bob, "--ack-timeout", "1s"]
    assert desk.run(*ping, program="amiral").returncode == 0
    desk.good("trust", "remove", "bob@example.com")
    assert "1 of 1 hosts have it" in desk.good("trust", "push")
    assert desk.run(*ping, program="amiral").returncode == 3
    assert desk.run("ping", "-a", program="amiral").returncode == 0


# The list that a host enrolls by is the oldest one that its agent takes.

def test_redis_offers_a_new_agent_an_older_list(desk):
    name = HOSTS[0]
    old = desk.push_list(desk.key, 4)
    seen = desk.push_list(desk.key, 5)
    desk.state(name).parent.mkdir(parents=True)
    words = desk.enroll_words(name)
    desk.state(name).rmdir()  # made as amirald would
    desk.good(*words, stdin=desk.token())
    kept = desk.state(name) / "trust"
    assert kept.read_bytes() == seen
    assert kept.stat().st_mode & 0o777 == 0o600
    assert desk.state(name).stat().st_mode & 0o777 == 0o700
    assert kept.stat().st_uid == os.geteuid()
    desk.good("accept", "--token")
    with desk.redis.client() as client:
        client("SET", desk.redis_key("trust"), old)
        desk.start(name)
        log = desk.directory(name).with_name("log")
        fleets.wait_for(log.read_text, lambda: "stale-list" in log.read_text())
        fleets.wait_for("a hello", lambda: client(
            "EXISTS", desk.redis_key(f"host:{name}")))
        hello = sshsig.split(client("GET", desk.redis_key(f"host:{name}")))[1]
    assert json.loads(hello)["trust"] == 5
    done = desk.run("ping", "-a", "--json", program="amiral")
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["hosts"][0]["output"]["trust"] == 5
    assert kept.read_bytes() == seen


def enroll_over(desk, kept, name=HOSTS[0], mode=0o600):
    """Where there is a list already; what the command says and leaves."""
    words = desk.enroll_words(name)
    path = desk.state(name) / "trust"
    path.write_bytes(kept)
    path.chmod(mode)
    done = desk.run(*words, stdin=desk.token())
    return done, path.read_bytes()


@pytest.mark.parametrize("kept, says", [
    ("newer", "this host has list 6 already, and Redis hands out 5"),
    ("same serial", "another list with serial 5"),
    ("fleet", "no operators' list of the fleet"),
    ("bit", "no operators' list of the fleet"),
    ("open to others", "run: chmod 600"),
    ("junk", "no operators' list of the fleet")])
def test_a_list_that_is_kept_is_not_overwritten(desk, kept, says):
    envelope = {
        "newer": lambda: desk.push_list(desk.key, 6),
        "same serial": lambda: desk.push_list(desk.key, 5, expires=7200),
        "fleet": lambda: desk.push_list(desk.key, 4, fleet="rome-01234567"),
        "bit": lambda: desk.push_list(desk.key, 4).replace(
            b'"serial": 4', b'"serial": 3'),
        "open to others": lambda: desk.push_list(desk.key, 4),
        "junk": lambda: b"junk"}[kept]()
    desk.push_list(desk.key, 5)
    done, left = enroll_over(
        desk, envelope, mode=0o644 if kept == "open to others" else 0o600)
    assert done.returncode == 1 and says in done.stderr, done
    assert "nothing is written" in done.stderr
    assert left == envelope
    assert not desk.directory(HOSTS[0]).exists()


def test_what_nobody_has_judged_is_not_gone_over(desk):
    """A link to nowhere looks like no list, until one is written there."""
    words, path = desk.enroll_words(HOSTS[0]), desk.state(HOSTS[0]) / "trust"
    path.symlink_to("nowhere")
    desk.bad(*words, stdin=desk.token(), says="nothing is written")
    assert os.readlink(path) == "nowhere"
    assert not desk.directory(HOSTS[0]).exists()
    assert desk.announcements() == {}


def test_a_list_of_an_enrollment_that_was_cut_short(desk):
    """Replaced by a newer one, until there is an agent to do that."""
    lists = [desk.push_list(desk.key, n) for n in (3, 4, 5)]
    done, left = enroll_over(desk, lists[0])
    assert done.returncode == 0 and left == lists[2], done
    done, left = enroll_over(desk, lists[1])
    assert done.returncode == 0 and left == lists[1], done


@pytest.mark.parametrize("words, says", [
    (["--hostname", "WWW01.example.com"], "say --hostname NAME"),
    (["--hostname", "www01.example.com\nmax_ttl = 60"],
     "say --hostname NAME"),
    (["--hostname", ".".join(["w" * 60] * 5)], "say --hostname NAME"),
    (["www02.example.com"], "usage: amiral-keygen enroll"),
    (["--set=x=y"] * 12, "usage: amiral-keygen enroll"),
    (["--set=state_dir=/nowhere/amiral"], "make the one above it"),
    (["--password-file", "{folder}/password"], "is open to others")])
def test_words_that_enroll_nobody(desk, words, says):
    """Nothing is written, and nothing announced that would not be there."""
    password = desk.folder / "password"
    password.write_text("sesame\n")
    password.chmod(0o644)
    words = [word.format(folder=desk.folder) for word in words]
    name = words[0].partition("/")[0]  # a setting that is there already
    kept = [word for word in desk.enroll_words(HOSTS[0])
            if not str(word).startswith(f"{name}/")]
    desk.bad(*kept, *words, stdin=desk.token(), says=says)
    assert not desk.directory(HOSTS[0]).exists()
    assert not any(desk.state(HOSTS[0]).iterdir())
    assert desk.announcements() == {}


def test_a_password_is_for_the_address_beside_it(desk):
    """The token's may be anybody's: it is not told amirald's password."""
    password = desk.folder / "password"
    password.write_text("sesame\n")
    password.chmod(0o600)
    asked = set()

    def change(reply, words):
        asked.update(words[:1] if words else [])
        return reply
    with proxies.Proxy(desk.folder, desk.redis.socket, change) as between:
        token = desk.token("--host-redis", between.url)
        done = desk.run(*desk.enroll_words(HOSTS[0]), "--redis",
                        "redis://agent@192.0.2.1", "--password-file",
                        password, stdin=token)
    assert b"GET" in asked and b"AUTH" not in asked, done
    assert done.returncode == 0, done


def test_ssh_host_key(desk):
    key = desk.folder / "ssh_host_ed25519_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key],
                   check=True)
    done = desk.run(*desk.enroll_words(HOSTS[0]), f"--ssh-host-key={key}",
                    stdin=desk.token())
    assert done.returncode == 0 and "ssh" in done.stderr, done
    assert not (desk.directory(HOSTS[0]) / "host_key").exists()
    desk.good("accept", "--token")
    assert sshsig.Key.load(key).line in desk.known()


# With dist/redis-acl.conf in force.

DIST = pathlib.Path(__file__).parents[2] / "dist/redis-acl.conf"
AGENT, CONTROLLER = "amiral-agent", "amiral-controller"


@pytest.fixture
def guarded(desk):
    """The same Redis on a port too, each role with its user's rights."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = DIST.read_text().replace("FLEET", desk.fleet)
    conf = desk.folder / "redis.conf"
    desk.redis.stop()
    conf.write_text(
        text.replace("PASSWORD", "sesame") + f"port {port}\n"
        f"bind 127.0.0.1\nsave ''\ndir {desk.folder}\n"
        "user admin on >sesame +@all ~* &*\n")
    desk.processes.append(fleets.spawn(["redis-server", conf],
                                       stdout=subprocess.DEVNULL))
    password = desk.folder / "password"
    password.write_text("sesame\n")
    password.chmod(0o600)
    (desk.config / "amiral.conf").write_text(
        f"[amiral]\nredis = redis://{CONTROLLER}@127.0.0.1:{port}\n"
        f"fleet = {desk.fleet}\npassword_file = {password}\n")

    def call(user, *words):
        return subprocess.run(
            ["redis-cli", "-p", str(port), "--no-auth-warning",
             *(["--user", user, "--pass", "sesame"] if user else []),
             *map(str, words)], capture_output=True, text=True,
            check=False).stdout.strip()

    fleets.wait_for("redis-server", lambda: call("", "PING") == "PONG")
    desk.call, desk.port, desk.password = call, port, password
    return desk


def test_acl_lets_each_role_do_its_work(guarded):
    desk, name = guarded, HOSTS[0]
    token = desk.token()
    desk.good(*desk.enroll_words(name), "--redis",
              f"redis://{AGENT}@127.0.0.1:{desk.port}",
              "--password-file", desk.password, stdin=token)
    desk.good("accept", "--token")
    desk.start(name)
    log = desk.directory(name).with_name("log")
    fleets.wait_for(lambda: log.read_text(), lambda: desk.call(
        "admin", "EXISTS", desk.redis_key(f"host:{name}")) == "1")
    for words in (["ping", "-a"], ["ping", "-I", name], ["inventory"],
                  ["facts", "-a"]):
        done = desk.run(*words, program="amiral")
        assert done.returncode == 0, (words, done, log.read_text())
        assert name in done.stdout or words[0] == "facts"
    assert desk.call("admin", "ACL", "LOG") == ""


@pytest.mark.parametrize("user, words", [
    ("", "GET {}enroll:x"), ("", "SET {}trust x"), ("", "SET {}host:a x"),
    ("", "PUBLISH {}requests x"), ("", "SUBSCRIBE {}requests"),
    ("", "KEYS *"), ("", "XADD {}log * m x"), ("", "CONFIG GET *"),
    ("", "SET amiral:other-00000000:enroll:x y"),
    (AGENT, "PUBLISH {}requests x"), (AGENT, "PUBLISH {}trust x"),
    (AGENT, "SET {}trust x"), (AGENT, "XADD {}log * m x"),
    (AGENT, "GET {}host:a"), (AGENT, "SET {}enroll:x y"),
    (AGENT, "XREAD STREAMS {}reply:x 0"), (AGENT, "DEL {}log"),
    (AGENT, "SUBSCRIBE {}reply:x"), (AGENT, "FLUSHALL"),
    (CONTROLLER, "SET {}host:a x"), (CONTROLLER, "FLUSHALL"),
    (CONTROLLER, "CONFIG GET *"), (CONTROLLER, "SET other x")])
def test_acl_denies_the_rest(guarded, user, words):
    words = words.format(f"amiral:{guarded.fleet}:").split()
    assert guarded.call(user, *words).startswith("NOPERM")


# What makes a token bad, on the host's side.

def test_bad_tokens(desk):
    token = desk.token().strip()
    for bad in (token[:-1], token + "A", token[:40] + "x" + token[41:],
                "", "amiral-token-1-", token.replace("token-1", "token-2")):
        desk.enroll_fails(HOSTS[0], bad + "\n", "token")
    before = set((desk.config / "tokens").iterdir())
    late = desk.token("--ttl", "1ms")
    record, = set((desk.config / "tokens").iterdir()) - before
    fleets.outlive(record)
    desk.enroll_fails(HOSTS[0], late, "has expired")
    assert desk.announcements() == {}


# A hostile broker, on the host's side.

def substitute(verb, value):
    """Answers a command with something else."""
    def change(reply, words):
        return value if words and words[0] == verb else reply
    return change


def test_broker_answers_in_the_operators_place(desk):
    mallory = sshsig.Key.new()
    desk.token()
    theirs = desk.push_list(mallory, 9)
    mine = desk.push_list(desk.key, 1)
    with desk.broker(substitute(b"GET", theirs)):
        with desk.redis.client() as client:
            client("SET", desk.redis_key("trust"), mine)
        with desk.unchanged():  # the operator sees it too
            desk.bad("token", says=fingerprint(mallory))
    token = desk.token()
    with desk.redis.client() as client:
        client("SET", desk.redis_key("trust"), theirs)
    desk.enroll_fails(HOSTS[0], token, fingerprint(mallory))


def test_broker_hands_out_an_old_list(desk):
    old = desk.push_list(desk.key, 4)
    desk.push_list(desk.key, 5)
    token = desk.token()
    with desk.redis.client() as client:
        client("SET", desk.redis_key("trust"), old)
    desk.enroll_fails(HOSTS[0], token, "serial 4, the token knows of 5")


def test_an_old_list_is_not_pinned(desk):
    """What was pushed from the operator's side is the least there is."""
    desk.token()
    with desk.redis.client() as client:
        first = client("GET", desk.redis_key("trust"))
        desk.good("trust", "push")
        desk.token()
        client("SET", desk.redis_key("trust"), first)
        with desk.unchanged():
            desk.bad("token", says="serial 1, and 2 was pushed from here")
            client("DEL", desk.redis_key("trust"))
            desk.bad("token", says="has lost the operators' list")


@pytest.mark.parametrize("kind, says", [
    ("none", "no list of operators"), ("junk", "does not verify"),
    ("expired", "has expired"), ("fleet", "another-00000000"),
    ("bit", "does not verify"), ("request", "does not verify"),
    ("two signers", "does not verify"), ("suicide", "revokes its own signer"),
    ("late signer", "its own signer, whose time is over"),
    ("late second", "its own signer, whose time is over")])
def test_broker_hands_out_no_good_list(desk, kind, says):
    token = desk.token()
    with desk.redis.client() as client:
        name = desk.redis_key("trust")
        good = bytearray(client("GET", name))
        if kind == "none":
            client("DEL", name)
        elif kind == "junk":
            client("SET", name, b"junk")
        elif kind == "bit":
            good[-5] ^= 1
            client("SET", name, bytes(good))
        elif kind == "request":
            _, payload = sshsig.split(bytes(good))
            client("SET", name, sshsig.sign(payload, desk.key))
    if kind == "expired":
        desk.push_list(desk.key, 7, expires=-1)
    if kind == "two signers":
        desk.push_list(desk.key, 7, also=[sshsig.Key.new()])
    if kind == "suicide":
        desk.push_list(desk.key, 7, revoked=[desk.key])
    if kind == "late signer":
        desk.push_list(desk.key, 7, until=1)
    if kind == "late second":
        desk.push_list(desk.key, 7, until=1, first=[sshsig.Key.new()])
    if kind == "fleet":
        desk.push_list(desk.key, 7, fleet="another-00000000")
    desk.enroll_fails(HOSTS[0], token, says)
    assert desk.announcements() == {}


def silent(*verbs):
    """Drops the answers to these."""
    def change(reply, words):
        return proxies.DROP if words and words[0] in verbs else reply
    return change


def test_broker_drops(desk):
    """Either side says what it has not seen, and how long it waited."""
    desk.enroll(HOSTS[2], desk.token())
    announced = desk.announcements()
    drops = {"list": b"GET", "announcement": b"SET", "names": b"SCAN",
             "values": b"GETRANGE", "watch": b"SCAN"}
    with contextlib.ExitStack() as stack:
        between = {what: stack.enter_context(proxies.Proxy(
            desk.folder, desk.redis.socket, silent(verb), f"{what}.sock"))
            for what, verb in drops.items()}

        tokens = {what: desk.token("--host-redis", between[what].url)
                  for what in ("list", "announcement")}
        records = {p: p.read_bytes()
                   for p in (desk.config / "tokens").iterdir()}

        def begin(what, *words, token=None):
            stdin = subprocess.PIPE if token else subprocess.DEVNULL
            process = subprocess.Popen(
                [fleets.program("amiral-keygen"), *map(str, words)],
                stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, env={**desk.environment,
                                "AMIRAL_REDIS": between[what].url})
            desk.processes.append(process)
            if token:
                process.stdin.write(token)
                process.stdin.close()
            return process

        running = {
            what: begin(what, *desk.enroll_words(name), token=tokens[what])
            for what, name in (("list", HOSTS[0]), ("announcement", HOSTS[1]))}
        running |= {what: begin(what, "accept", "--token")
                    for what in ("names", "values")}
        watch = begin("watch", "accept", "--watch")
        said = {what: process.stderr.read() for what, process in
                running.items() if process.wait(60) == 1}
        lines = [watch.stderr.readline() for _ in range(2)]
        assert desk.known() == ""
        assert {p: p.read_bytes() for p in records} == records
        assert announced.items() <= desk.announcements().items()
        between["watch"].change = lambda reply, words: reply
        assert watch.stdout.readline().startswith("accepted ")
    waited = "Redis has kept silent for 8 s: "
    assert f"{waited}the operators' list was not seen; nothing is written" \
        in said["list"]
    assert not desk.directory(HOSTS[0]).exists()
    assert not any(desk.state(HOSTS[0]).iterdir())
    assert f"{waited}whether it has the announcement is not known; the " \
        "files are written" in said["announcement"]
    for text in (said["names"], said["values"], lines[1]):
        assert f"{waited}what is announced was not seen, so nobody is " \
            "accepted" in text


# A hostile broker, on the operator's side.


@pytest.mark.parametrize("members", [
    {}, {"token_id": base64.b64encode(bytes(8)).decode(),
         "mac": base64.b64encode(bytes(32)).decode()}])
def test_somebody_else_answers_first(desk, members):
    """In the host's name, before it comes: without the token's secret."""
    token, mallory = desk.token(), sshsig.Key.new()
    desk.announce(mallory, HOSTS[0], **members)
    done = desk.run("accept", "--token")
    assert "accepted" not in done.stdout and desk.known() == ""
    if members:
        assert done.returncode == 1 and "no good record" in done.stderr
    desk.enroll(HOSTS[0], token)
    done = desk.run("accept", "--token")
    assert f"accepted {HOSTS[0]} {fingerprint(desk.host_key(HOSTS[0]))}" \
        in done.stdout
    assert desk.known() == f"{HOSTS[0]} {desk.host_key(HOSTS[0]).line}\n"


def resigned(envelope, key, **members):
    """The payload by another key, changed."""
    _, payload = sshsig.split(envelope)
    payload = json.dumps({**json.loads(payload), **members}).encode()
    return sshsig.sign(payload, key, namespace=ENROLL)


@pytest.mark.parametrize("members", [
    {}, {"hostname": "www09.example.com"}, {"issued": 1763800000123}])
def test_broker_swaps_the_key(desk, members):
    """Or the name, or the time: the MAC is over all of them."""
    desk.enroll(HOSTS[0], desk.token())
    mallory = sshsig.Key.new()
    genuine, = desk.announcements().values()
    swapped = resigned(genuine, mallory, **members)
    with desk.broker(substitute(b"GETRANGE", swapped)), desk.unchanged():
        done = desk.bad("accept", "--token", says="the MAC does not fit")
    assert fingerprint(mallory) in done.stderr
    assert desk.known() == ""
    desk.good("accept", "--token")  # the genuine one is still good
    assert desk.host_key(HOSTS[0]).line in desk.known()


def test_broker_hides_what_is_announced(desk):
    """Nothing to be seen is no success: somebody waits for a host."""
    desk.enroll(HOSTS[0], desk.token())
    says = "nothing is announced by a token to unix://"
    with desk.broker(substitute(b"SCAN", [b"0", []])), desk.unchanged():
        done = desk.bad("accept", "--token", says=says)
        assert "Redis hides it" in done.stderr and desk.fleet in done.stderr
    desk.good("accept", "--token")
    desk.announce(sshsig.Key.new(), HOSTS[1])  # by nobody's token
    with desk.unchanged():
        desk.bad("accept", "--token", says=says)


def test_broker_replays(desk):
    desk.enroll(HOSTS[0], desk.token("--uses", 2))
    (name, genuine), = desk.announcements().items()
    desk.good("accept", "--token")
    desk.good("hosts", "remove", HOSTS[0], program="amiral")
    assert desk.known() == ""
    with desk.redis.client() as client:
        client("SET", name, genuine)
    with desk.unchanged():
        desk.bad("accept", "--token", says="accepted before")
    assert desk.known() == ""


def test_token_is_for_its_names_and_uses(desk):
    token = desk.token("--host", "www*")
    desk.enroll("db01.example.com", token)
    with desk.unchanged():
        desk.bad("accept", "--token", says="not for this name")
    desk.good("reject", "--all")
    desk.enroll(HOSTS[0], token)
    desk.enroll(HOSTS[1], token)
    done = desk.bad("accept", "--token", says="used up")
    assert len(re.findall("^accepted", done.stdout, re.M)) == 1
    assert desk.known().count("\n") == 1
    record, = (desk.config / "tokens").iterdir()
    assert record.stat().st_mode & 0o777 == 0o600


def test_token_of_nobody(desk):
    desk.enroll(HOSTS[0], desk.token())
    record, = (desk.config / "tokens").iterdir()
    record.unlink()
    with desk.unchanged():
        desk.bad("accept", "--token", says="no good record")
    assert desk.known() == ""


def test_token_does_not_change_a_known_host(desk):
    old = sshsig.Key.new()
    desk.known_hosts.write_text(f"{HOSTS[0]} {old.line}\n")
    desk.enroll(HOSTS[0], desk.token())
    with desk.unchanged():
        done = desk.bad("accept", "--token", says="WARNING: A KNOWN HOST")
    assert fingerprint(old) in done.stderr
    assert fingerprint(desk.host_key(HOSTS[0])) in done.stderr
    assert desk.known() == f"{HOSTS[0]} {old.line}\n"


@contextlib.contextmanager
def watched(desk):
    """accept --watch under strace: its log, and its opens by last name."""
    log, trace = desk.folder / "watch.log", desk.folder / "trace"
    with open(log, "ab") as file:
        strace = fleets.spawn(
            ["strace", "-qq", "-e", "trace=open,openat,openat2", "-o", trace,
             fleets.program("amiral-keygen"), "accept", "--watch"],
            stdout=file, stderr=file, env=desk.environment)

    def opens():
        return collections.Counter(
            os.path.basename(name) for name in
            re.findall(r'"([^"]*)"', trace.read_text()))
    try:
        yield log, opens
    finally:
        for pid in fleets.children(strace.pid).values():
            os.kill(pid, signal.SIGTERM)
        strace.wait(fleets.PATIENCE)


@has_strace
def test_a_flood_of_forged_announcements(desk):
    """No file is read for one of them, and the genuine one gets in."""
    line = desk.token("--uses", 2)
    token = token_of(line)
    forged = 300
    for i in range(forged):
        desk.vouch(sshsig.Key.new(), f"www{i}.example.com", token,
                   secret=bytes(32))
    with watched(desk) as (log, opens):
        fleets.wait_for(lambda: log.read_text(),
                        lambda: "MAC" in log.read_text())
        for name in HOSTS[:2]:
            desk.enroll(name, line)
            fleets.wait_for(lambda: log.read_text(),
                            lambda: f"accepted {name}" in log.read_text())
        counts = opens()
    said = log.read_text()
    assert said.count("does not fit") <= 20
    assert f"{forged - 20} announcements more are refused" in said
    for name in ("known_hosts", token["id"].hex()):
        # only root's strace may read the names in a process with secrets
        assert (0 < counts[name] or not fleets.ROOT) and counts[name] < 30
    assert desk.known().count("\n") == 2


def test_a_flood_by_a_tokens_holder_waits(desk):
    """What has a good MAC is judged by the files: so many at a time."""
    token = token_of(desk.token("--uses", 100))
    names = [f"www{i:02}.example.com" for i in range(70)]
    for name in names:
        desk.vouch(sshsig.Key.new(), name, token)
    log = desk.watch()
    fleets.wait_for(lambda: log.read_text(), lambda: len(re.findall(
        "^accepted", log.read_text(), re.M)) == len(names))
    assert "6 announcements wait: 64 are taken at a time" in log.read_text()
    assert desk.known().count("\n") == len(names)


@pytest.mark.parametrize("members, says", [
    ({"secret": bytes(32)}, "the MAC does not fit"),
    ({"fleet": "other-00000000"}, None),
    ({}, "accepted")])
def test_a_token_made_by_hand(desk, members, says):
    """As amiral-keys(5) and protocol section 7 say, by other code."""
    key = sshsig.Key.new()
    desk.vouch(key, HOSTS[0], token_of(desk.token()), **members)
    done = desk.run("accept", "--token")
    assert (says or "") in done.stdout + done.stderr
    assert desk.known() == (
        f"{HOSTS[0]} {key.line}\n" if says == "accepted" else "")


# By eye.

def test_accept_by_fingerprint(desk):
    key, other = sshsig.Key.new(), sshsig.Key.new()
    print_ = desk.announce(key, HOSTS[0], address="192.0.2.9")
    desk.announce(other, HOSTS[0])
    desk.announce(sshsig.Key.new(), HOSTS[1], fleet="other-00000000")
    done = desk.run("pending")
    assert f"{HOSTS[0]} {print_} announced" in done.stdout
    assert "192.0.2.9" in done.stdout
    assert done.stdout.count("\n") == 2 and "1 more do not" in done.stderr
    desk.bad("accept", HOSTS[0], says="2 keys announce themselves")
    desk.good("reject", fingerprint(other))
    desk.bad("accept", HOSTS[0], says="without a terminal")
    desk.bad("accept", "--all", says="needs a terminal")
    desk.bad("accept", HOSTS[0], fingerprint(other), says="nothing like that")
    assert desk.known() == ""
    desk.good("accept", HOSTS[0], print_)
    assert desk.known() == f"{HOSTS[0]} {key.line}\n"


def test_pending_takes_the_fingerprint_from_the_envelope(desk):
    key = sshsig.Key.new()
    desk.announce(key, HOSTS[0])
    (name, envelope), = desk.announcements().items()
    elsewhere = desk.redis_key("enroll:SHA256:" + "A" * 43)
    with desk.redis.client() as client:
        client("SET", elsewhere, envelope)
        client("DEL", name)
    shown = desk.good("pending")
    assert fingerprint(key) in shown and "A" * 43 not in shown


def test_a_known_host_with_another_key(desk):
    old, new = sshsig.Key.new(), sshsig.Key.new()
    desk.known_hosts.write_text(f"# mine\n{HOSTS[0]} {old.line} c\n")
    print_ = desk.announce(new, HOSTS[0])
    done = desk.run("pending")
    assert "KNOWN WITH ANOTHER KEY" in done.stdout
    assert "WARNING: A KNOWN HOST ANNOUNCES ANOTHER KEY" in done.stderr
    assert on_terminal(desk, "yes", "accept", "--all") == 1
    assert desk.known() == f"# mine\n{HOSTS[0]} {old.line} c\n"
    done = desk.run("accept", HOSTS[0], print_)
    assert done.returncode == 0 and fingerprint(old) in done.stderr
    assert desk.known() == f"# mine\n{HOSTS[0]} {new.line}\n"


def test_two_keys_for_one_name(desk):
    """--all takes neither, whichever announced itself first."""
    keys = [sshsig.Key.new() for _ in range(3)]
    for key, name in zip(keys, [HOSTS[0], HOSTS[0], HOSTS[1]]):
        desk.announce(key, name)
    done = desk.run("pending")
    assert done.stderr.count("WARNING: TWO KEYS ANNOUNCE THEMSELVES") == 2
    for key in keys[:2]:
        assert f"accept {HOSTS[0]} {fingerprint(key)}" in done.stderr
    shown = []
    assert on_terminal(desk, "yes", "accept", "--all", shown=shown) == 1
    shown = b"".join(shown).decode()
    assert shown.count("WARNING: TWO KEYS ANNOUNCE THEMSELVES") == 2
    assert shown.count("is not accepted: another key announces itself") == 2
    assert desk.known() == f"{HOSTS[1]} {keys[2].line}\n"
    desk.good("accept", HOSTS[0], fingerprint(keys[1]))
    assert desk.known().endswith(f"{HOSTS[0]} {keys[1].line}\n")


def on_terminal(desk, answer, *words, shown=None):
    """A person types the answer when asked; the exit status."""
    pieces = [] if shown is None else shown
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [fleets.program("amiral-keygen"), *words], stdin=theirs,
        stdout=subprocess.DEVNULL, stderr=theirs, env=desk.environment)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):
        while b"fingerprint" not in shown.split(b"?")[-1] and \
                not shown.rstrip().endswith(b"(yes)"):
            pieces.append(os.read(ours, 4096))
            shown += pieces[-1]
        os.write(ours, answer.encode() + b"\n")
        while True:
            pieces.append(os.read(ours, 4096))
    os.close(ours)
    return process.wait(30)


def test_accept_on_a_terminal(desk):
    key, mallory = sshsig.Key.new(), sshsig.Key.new()
    desk.announce(key, HOSTS[0])
    assert on_terminal(desk, "no", "accept", HOSTS[0]) == 1
    assert on_terminal(
        desk, fingerprint(mallory), "accept", HOSTS[0]) == 1
    assert desk.known() == ""
    assert on_terminal(desk, fingerprint(key), "accept", HOSTS[0]) == 0
    assert desk.known() == f"{HOSTS[0]} {key.line}\n"
    desk.announce(mallory, HOSTS[1])
    assert on_terminal(desk, "yes", "accept", "--all") == 0
    assert mallory.line in desk.known()


# Changes to known_hosts.

def test_revoke_and_remove(desk):
    keys = [sshsig.Key.new() for _ in HOSTS]
    lines = [f"{n} {k.line} was here" for n, k in zip(HOSTS, keys)]
    desk.known_hosts.write_text("\n".join(["# kept", *lines]) + "\n")
    desk.good("revoke", HOSTS[0])
    desk.good("hosts", "revoke", fingerprint(keys[1]), program="amiral")
    assert desk.known() == "\n".join([
        "# kept", "@revoked " + lines[0], "@revoked " + lines[1],
        lines[2]]) + "\n"
    desk.good("revoke", HOSTS[0])
    assert desk.known().count("@revoked") == 2
    desk.bad("revoke", "nobody.example.com", says="no line of")
    desk.announce(keys[0], HOSTS[0])
    desk.bad("accept", fingerprint(keys[0]), says="revoked")
    desk.bad("hosts", "remove", HOSTS[0], program="amiral", says="no line")
    desk.good("hosts", "remove", HOSTS[2], program="amiral")
    assert lines[2] not in desk.known()


def test_a_revoked_hosts_answer(fresh):
    one = fresh(HOSTS[0], HOSTS[1])
    done = one.amiral("ping", "-a")
    assert done.returncode == 0, done
    assert one.amiral("hosts", "revoke", HOSTS[0]).returncode == 0
    one[HOSTS[1]].stop()  # so that somebody is waited for
    done = one.amiral("ping", "-a")
    assert done.returncode == 4 and "revoked" in done.stdout + done.stderr, \
        done


def test_import(desk):
    keys = [sshsig.Key.new() for _ in range(4)]
    desk.known_hosts.write_text(f"{HOSTS[0]} {keys[0].line}\n")
    source = desk.folder / "ssh_known_hosts"
    source.write_text("\n".join([
        "# of ssh", f"{HOSTS[0]} {keys[0].line}",
        f"10.0.0.1,{HOSTS[1]} {keys[1].line} comment",
        f"[odd.example.com]:2222 {keys[2].line}",
        f"|1|aaaa=|bbbb= {keys[2].line}", "@revoked * " + keys[2].line,
        "rsa.example.com ssh-rsa AAAA", "short"]) + "\n")
    done = desk.good("hosts", "import", source, program="amiral")
    assert done == ("1 imported, 1 known already, 1 of other key types "
                    "skipped, 4 hashed or without a plain host name "
                    "skipped\n")
    assert desk.known() == (f"{HOSTS[0]} {keys[0].line}\n"
                            f"{HOSTS[1]} {keys[1].line}\n")
    before = desk.known()
    scanned = (f"{HOSTS[1]} {keys[3].line}\n{HOSTS[2]} {keys[0].line}\n")
    desk.bad("hosts", "import", "-", program="amiral", stdin=scanned,
             says="is NOT imported")
    assert desk.known() == before


def test_check_finds_what_is_wrong(desk):
    desk.enroll(HOSTS[0], desk.token())
    directory = desk.directory(HOSTS[0])
    assert desk.run("check", "-d", directory).returncode == 0
    (directory / "host_key").chmod(0o644)
    done = desk.run("check", "-d", directory)
    assert done.returncode == 1 and "run: chmod 600" in done.stdout
    (directory / "host_key").chmod(0o600)
    signers = directory / "allowed_signers"
    signers.write_text(
        f'bob@example.com valid-before="20250101Z" {desk.key.line}\n')
    done = desk.run("check", "-d", directory)
    assert done.returncode == 1 and "has expired" in done.stdout
    desk.known_hosts.write_text("* ssh-ed25519 AAAA\n")
    done = desk.run("check", "-d", directory)
    assert "known_hosts:1:" in done.stdout


# kill -9 at every system call.

def calls_of(desk, *words, **options):
    """The system calls of a command that ends well: name to how many."""
    trace = desk.folder / "trace"
    desk.good(*words, before=["strace", "-qq", "-o", trace], **options)
    return collections.Counter(
        re.findall(r"^([a-z]\w*)\(", trace.read_text(), re.M))


def kills(calls):
    """Each call of each name, which is how strace counts."""
    calls.pop("exit_group")
    return [(name, n + 1) for name, count in sorted(calls.items())
            for n in range(count)]


def kill_at(desk, name, n, *words, **options):
    """The command, killed as its nth call of that name begins."""
    done = desk.run(*words, before=[
        "strace", "-qq", "-o", os.devnull, "-e", f"trace={name}",
        "-e", f"inject={name}:signal=KILL:when={n}"], **options)
    return done.returncode == -signal.SIGKILL


@has_strace
def test_new_killed_anywhere(desk):
    """The pair is there, or the secret alone, or nothing; each whole."""
    path = desk.folder / "victim"
    public = path.with_suffix(".pub")
    calls = calls_of(desk, "new", "-f", path)
    killed = 0
    for name, n in kills(calls):
        path.unlink(missing_ok=True)
        public.unlink(missing_ok=True)
        killed += kill_at(desk, name, n, "new", "-f", path)
        if path.exists():
            key = sshsig.Key.load(path)
            assert path.stat().st_mode & 0o777 == 0o600
            desk.good("show", path)
        if public.exists():
            assert public.read_text().startswith(key.line)
    assert killed > 100


@has_strace
def test_accept_killed_anywhere(desk):
    """Old or new; and both were seen."""
    key = sshsig.Key.new()
    old = f"{HOSTS[1]} {sshsig.Key.new().line}\n"
    new = old + f"{HOSTS[0]} {key.line}\n"
    words = ["accept", HOSTS[0], desk.announce(key, HOSTS[0])]
    seen = collections.Counter()
    for name, n in kills(calls_of(desk, *words)):
        desk.announce(key, HOSTS[0])
        desk.known_hosts.write_text(old)
        if kill_at(desk, name, n, *words):
            assert desk.known() in (old, new), (name, n)
            seen[desk.known()] += 1
    assert seen[old] > 100 and seen[new] > 5


@has_strace
def test_accept_by_token_killed_anywhere(desk):
    """The record and known_hosts are whole; a use counts before a host."""
    token, name = desk.token(), HOSTS[0]
    desk.enroll(name, token)
    (redis_name, announcement), = desk.announcements().items()
    record, = (desk.config / "tokens").iterdir()
    unused, line = record.read_bytes(), f"{name} {desk.host_key(name).line}\n"
    seen = collections.Counter()
    words = ["accept", "--token"]
    for call, n in kills(calls_of(desk, *words)):
        record.write_bytes(unused)
        desk.known_hosts.unlink()
        desk.known_hosts.touch()
        with desk.redis.client() as client:
            client("SET", redis_name, announcement)
        if kill_at(desk, call, n, *words):
            used = len(json.loads(record.read_bytes())["used"])
            assert desk.known() in ("", line), (call, n)
            assert (used, desk.known()) != (0, line), (call, n)
            seen[used, desk.known()] += 1
    assert {(0, ""), (1, ""), (1, line)} == set(seen)


@has_strace
def test_enroll_killed_anywhere(desk):
    """What is there is whole, and the same line again completes it."""
    token, name = desk.token(), HOSTS[0]
    words, directory = desk.enroll_words(name), desk.directory(name)
    calls = calls_of(desk, *words, stdin=token)

    def found():
        return {p.name: len(p.read_bytes()) for folder in
                (directory, desk.state(name)) for p in folder.glob("[!.]*")}

    whole, partly = found(), collections.Counter()
    assert set(whole) == {"trust", "host_key", "allowed_signers",
                          "amirald.conf"}
    for call, n in kills(calls):
        for folder in (directory, desk.state(name)):
            shutil.rmtree(folder, ignore_errors=True)
        kill_at(desk, call, n, *words, stdin=token)
        left = found()
        assert left.items() <= whole.items(), (call, n, left)
        partly[len(left)] += 1
        if 0 < len(left) < 4:
            desk.enroll(name, token)
            assert set(found()) == set(whole)
    assert all(partly[n] > 3 for n in range(5)), partly


@has_strace
def test_enroll_over_an_older_list_killed_anywhere(desk):
    """The old list or the new one; both were seen."""
    old, new = (desk.push_list(desk.key, n) for n in (1, 2))
    token, name = desk.token(), HOSTS[0]
    words, path = desk.enroll_words(name), desk.state(name) / "trust"

    def before():
        shutil.rmtree(desk.directory(name), ignore_errors=True)
        path.write_bytes(old)
        path.chmod(0o600)

    before()
    seen = collections.Counter()
    for call, n in kills(calls_of(desk, *words, stdin=token)):
        if call in crash.CHANGES:
            before()
            kill_at(desk, call, n, *words, stdin=token)
            seen[path.read_bytes()] += 1
    assert set(seen) == {old, new} and min(seen.values()) > 5


# Many at once.

def test_each_writer_waits_for_the_lock(desk):
    """One that holds it too long is named; nothing is written meanwhile."""
    keys = [sshsig.Key.new() for _ in range(3)]
    desk.known_hosts.write_text(f"{HOSTS[0]} {keys[0].line}\n")
    desk.enroll(HOSTS[1], desk.token())
    print_ = desk.announce(keys[2], HOSTS[2])
    source = desk.folder / "source"
    source.write_text(f"db.example.com {keys[1].line}\n")
    writers = [("amiral", "hosts", "remove", HOSTS[0]),
               ("amiral", "hosts", "import", source),
               ("amiral-keygen", "revoke", HOSTS[0]),
               ("amiral-keygen", "accept", "--token"),
               ("amiral-keygen", "accept", HOSTS[2], print_)]
    before = desk.known()
    lock = os.open(desk.config, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    running = [subprocess.Popen(
        [fleets.program(program), *map(str, words)], text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, env=desk.environment)
        for program, *words in writers]
    for process, words in zip(running, writers):
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1, (words, said)
        assert "another amiral or amiral-keygen is changing it" in said
        assert "try again" in said
    assert desk.known() == before
    os.close(lock)
    for program, *words in writers[1:]:
        desk.good(*words, program=program)
    assert desk.known().count("\n") == 4


def test_writers_at_once_lose_nothing(desk):
    """accept --watch, by eye, remove, revoke and import: all of it is there."""
    names = [f"www{i:02}.example.com" for i in range(24)]
    keys = dict(zip(names, (sshsig.Key.new() for _ in names)))
    stays, goes, revoked, seen, vouched = (names[i::5] for i in range(5))
    desk.known_hosts.write_text("# kept\n" + "".join(
        f"{name} {keys[name].line}\n" for name in stays + goes + revoked))
    token = token_of(desk.token("--uses", len(names)))
    for name in vouched:
        desk.vouch(keys[name], name, token)
    log = desk.watch()
    running = [subprocess.Popen(
        [fleets.program("amiral-keygen" if words[0] != "hosts" else "amiral"),
         *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        env=desk.environment) for words in [
            *(["hosts", "remove", name] for name in goes),
            *(["revoke", name] for name in revoked),
            *(["accept", name, desk.announce(keys[name], name)]
              for name in seen)]]
    assert [process.wait(60) for process in running] == [0] * len(running)
    fleets.wait_for(lambda: log.read_text(), lambda: all(
        f"accepted {name}" in log.read_text() for name in vouched))
    lines = desk.known().splitlines()
    assert lines[0] == "# kept" and sorted(lines[1:]) == sorted(
        [f"{name} {keys[name].line}" for name in stays + seen + vouched] +
        [f"@revoked {name} {keys[name].line}" for name in revoked])


def test_an_expired_token_lets_nobody_in(desk):
    """By the operator's own record, whatever the announcement says."""
    desk.enroll(HOSTS[0], desk.token())
    record, = (desk.config / "tokens").iterdir()
    said = json.loads(record.read_text())
    record.write_text(json.dumps(
        {**said, "expires": int(time.time() * 1000) - 1}))
    desk.bad("accept", "--token", says="the token has expired: make another")
    assert desk.known() == ""
    record.write_text(json.dumps(said))
    desk.good("accept", "--token")


def test_a_token_of_another_fleet_lets_nobody_in(desk):
    """Its holder knows the secret, and signs for this fleet with it."""
    desk.enroll(HOSTS[0], desk.token())
    record, = (desk.config / "tokens").iterdir()
    said = json.loads(record.read_text())
    record.write_text(json.dumps({**said, "fleet": "other-00000000"}))
    desk.bad("accept", "--token", says="the token is for another fleet")
    assert desk.known() == ""
    record.write_text(json.dumps(said))
    desk.good("accept", "--token")


def test_more_announcements_than_are_looked_at(desk):
    """Rubbish that fills Redis is told from what reject can take out."""
    rubbish = desk.redis_key("enroll:SHA256:")
    with desk.redis.client() as client:
        for i in range(4200):
            client("SET", f"{rubbish}{i:043}", "rubbish")
    done = desk.run("pending")
    assert "Redis is full of them" in done.stderr
    assert "4096 more do not verify" in done.stderr
    done = desk.bad("reject", "--all", says="nothing like that is pending")
    assert f"redis-cli --scan --pattern '{desk.redis_key('enroll:*')}'" \
        in done.stderr
    log = desk.watch()
    fleets.wait_for(lambda: log.read_text(), lambda: "redis-cli --scan"
                    in log.read_text())
