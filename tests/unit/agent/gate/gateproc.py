"""amirald-gate under test: the test plays amirald and amiral-net."""
import base64
import collections
import fcntl
import hashlib
import json
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "lib"))

import sshsig  # noqa: E402  (the path comes first)

BINARY = os.environ["AMIRAL_GATE"]
FLEET = "test-0123abcd"
HOST = "www01.example.com"
ALICE, BOB = "alice@example.com", "bob@example.com"
# Seconds; what should come comes in a fraction of one.
PATIENCE = int(os.environ.get("AMIRAL_TEST_PATIENCE", 30))

# privsep/messages.h
(E2G_FILE, E2G_COMMIT, E2G_NET, E2G_STARTED, E2G_EXITED,
 E2G_ISSUED, E2G_NOTES) = range(7)
(G2E_READY, G2E_RELOADED, G2E_KEPT, G2E_LAUNCH, G2E_KILL, G2E_LOG,
 G2E_AUDIT, G2E_TRUST, G2E_REVOKED) = range(9)
G2N_KEYS, G2N_READY, G2N_REPLY, G2N_HELLO = range(4)
N2G_REQUEST, N2G_STORED, N2G_TRUST = range(3)
(CONF, HOST_KEY, OPERATORS, DESCRIPTION, TRUST, CERTIFICATE,
 NEXT_KEY, REVOKED) = range(8)
ENDED, TIMEOUT, KILLED, NOT_STARTED = range(4)

CONFIGURATION = f"""[agent]
fleet = {FLEET}
hostname = {HOST}
groups = web, paris
[policy alice may run everything that is described]
operators = {ALICE}
providers = *
[provider small]
max_output = 1024
"""
DESCRIPTIONS = {name: {"name": name, "description": "made by a test"}
                for name in ("uptime", "run", "small")}
DESCRIPTIONS["run"]["args"] = {
    "word": {"type": "string", "enum": ["a", "b"]},
    "path": {"type": "path"}}


def text(data):
    data = data.encode()
    return struct.pack(">I", len(data)) + data


def now_ms():
    return int(time.time() * 1000)


def encoded(data):
    return base64.b64encode(data).decode()


Reply = collections.namedtuple(
    "Reply", "number via expires reply_to envelope content")


class Job:
    """A provider that the gate launched; the test is the provider."""

    def __init__(self, gate, body):
        self.gate, self.body = gate, body
        self.number, self.timeout_ms, self.args_size, self.issued = \
            struct.unpack(">IIIQ", body[:20])
        self.provider = body[20:].decode()
        self.ends = []

    def start(self):
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][1], pipes[1][0], pipes[2][0]]
        self.ends = [pipes[0][0], pipes[1][1], pipes[2][1]]
        self.gate.to_gate(E2G_STARTED, struct.pack(">I", self.number), theirs)
        for fd in theirs:
            os.close(fd)
        return self

    def arguments(self):
        """What came on stdin, up to its end."""
        with os.fdopen(self.ends[0], "rb") as file:
            self.ends[0] = None
            return file.read()

    def write(self, data, stream=1):
        os.write(self.ends[stream], data)

    def close(self):
        for fd in filter(None, self.ends):
            os.close(fd)
        self.ends = []

    def end(self, code=0, how=ENDED, keep_open=False):
        """code: the exit status; for signals, minus the signal."""
        status = -code if code < 0 else code << 8
        if how == NOT_STARTED:
            status = code
        if not keep_open:
            self.close()
        self.gate.to_gate(E2G_EXITED, struct.pack(
            ">IBIQQQQ", self.number, how, status, 5000, 2000, 1000, 640))


class Gate:
    """The process, with a set of files, an executor and a net."""

    def __init__(self, folder):
        self.folder = folder
        self.host, self.alice, self.bob = (sshsig.Key.new() for _ in range(3))
        self.host_file = folder / "host_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        str(self.host_file)], check=True)
        self.host = sshsig.Key.load(self.host_file)
        self.operators = [f"{ALICE} {self.alice.line}",
                          f"{BOB} {self.bob.line}"]
        self.conf = CONFIGURATION
        self.descriptions = dict(DESCRIPTIONS)
        self.facts = {"cpus": 4}
        self.certificate = self.next_key = None
        self.revoked = None  # by former lists, as amirald hands it back
        self.kept = None  # the operators' list, as amirald hands it back
        self.seen = collections.defaultdict(list)  # frames not yet asked for
        self.net = None
        self.executor, theirs = self.pair()
        self.process = subprocess.Popen(
            [BINARY], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, close_fds=False,
            preexec_fn=lambda: os.dup2(theirs, 3, inheritable=True))
        os.close(theirs)

    @staticmethod
    def pair():
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        high = fcntl.fcntl(theirs, fcntl.F_DUPFD_CLOEXEC, 100)
        theirs.close()
        return ours, high

    def close(self):
        self.executor.close()
        if self.net:
            self.net.close()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            self.errors = self.process.stderr.read().decode()
            self.process.stderr.close()

    # As amirald.

    def to_gate(self, kind, body=b"", fds=()):
        socket.send_fds(self.executor, [bytes([kind]) + body], fds)

    def file(self, kind, name, data):
        """Hands over a file of these bytes, or a path's."""
        if isinstance(data, pathlib.Path):
            data = data.read_bytes()
        with tempfile.TemporaryFile(dir=self.folder) as file:
            file.write(data if isinstance(data, bytes) else data.encode())
            file.flush()
            self.to_gate(E2G_FILE, bytes([kind]) + name.encode(),
                         [file.fileno()])

    def commit(self, hostname="machine.example.com"):
        fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        self.to_gate(E2G_COMMIT, b"\0" + text(hostname), [fd])
        os.close(fd)

    def hand_over(self):
        self.file(CONF, "amirald.conf", self.conf)
        self.file(HOST_KEY, "host_key", self.host_file)
        self.file(OPERATORS, "allowed_signers",
                  "".join(line + "\n" for line in self.operators))
        for name, value in self.descriptions.items():
            self.file(DESCRIPTION, name, value if isinstance(value, str)
                      else json.dumps(value))
        if self.revoked is not None:
            self.file(REVOKED, "state/revoked", self.revoked)
        if self.kept is not None:
            self.file(TRUST, "state/trust", self.kept)
        if self.next_key is not None:
            self.file(NEXT_KEY, "host_key.new", self.next_key)
        if self.certificate is not None:
            self.file(CERTIFICATE, "host_key-cert.pub", self.certificate)
        self.commit()

    def answer_facts(self, facts=None):
        job = self.job("facts").start()
        job.write(json.dumps(facts or self.facts).encode())
        job.end()

    def start(self):
        """Up to READY, with a net."""
        self.hand_over()
        self.answer_facts()
        self.expect(G2E_READY)
        self.connect()
        return self

    def connect(self):
        """A fresh net."""
        if self.net:
            self.net.close()
        self.net, theirs = self.pair()
        self.to_gate(E2G_NET, b"", [theirs])
        os.close(theirs)

    def reload(self):
        """The answer to a new set: a body of RELOADED, or of KEPT."""
        self.hand_over()
        while True:
            for kind in (G2E_RELOADED, G2E_KEPT):
                if self.seen[kind]:
                    return kind, self.seen[kind].pop(0)
            self.pump(time.monotonic() + PATIENCE)

    def job(self, provider):
        """The next launch; facts may come at any time and wait."""
        held = []
        job = Job(self, self.expect(G2E_LAUNCH))
        while job.provider != provider:
            assert job.provider == "facts", job.provider
            held.append(job.body)
            job = Job(self, self.expect(G2E_LAUNCH))
        self.seen[G2E_LAUNCH] += held
        return job

    def launched(self):
        """Names of the providers whose launch nobody has looked at."""
        names = [Job(self, body).provider for body in self.seen[G2E_LAUNCH]]
        return [name for name in names if name != "facts"]

    def log(self):
        body = self.expect(G2E_LOG)
        return body[1:].decode()

    def audit(self):
        return json.loads(self.expect(G2E_AUDIT))

    # Both links.

    def pump(self, until):
        """Takes in one frame, or complains."""
        links = [link for link in (self.executor, self.net) if link]
        ready, _, _ = select.select(links, [], [], until - time.monotonic())
        assert ready, f"nothing came; so far {dict(self.seen)}"
        for link in ready:
            frame = link.recv(1 << 18)
            if not frame and link is self.net:
                self.net = None
                continue
            assert frame, f"the gate ended: {self.process.poll()}"
            kind = frame[0] if link is self.executor else ("net", frame[0])
            self.seen[kind].append(frame[1:])

    def expect(self, kind):
        """The body of the next frame of that kind; others are kept."""
        until = time.monotonic() + PATIENCE
        while not self.seen[kind]:
            self.pump(until)
        return self.seen[kind].pop(0)

    # As net.

    def request(self, provider="ping", args=None, **members):
        now = now_ms()
        command = {"provider": provider}
        if args is not None:
            command["args"] = args
        return {"version": 1, "fleet": FLEET, "reply_to": str(uuid.uuid4()),
                "operator": ALICE, "signatures": 1, "issued": now,
                "expires": now + 60000, "match": {"all": True},
                "command": command, **members}

    @staticmethod
    def payload(request):
        return json.dumps(request, separators=(",", ":")).encode()

    @staticmethod
    def digest(payload):
        return encoded(hashlib.sha256(payload).digest())

    def deliver(self, envelope):
        self.net.send(bytes([N2G_REQUEST]) + envelope)

    def ask(self, request, *keys):
        """Signs and delivers; the envelope."""
        envelope = sshsig.sign(self.payload(request), *(keys or [self.alice]))
        self.deliver(envelope)
        return envelope

    def push(self, envelope):
        """An operators' list; this link keeps its order with requests."""
        self.net.send(bytes([N2G_TRUST]) + envelope)

    def stored(self, reply, how=1):
        self.net.send(bytes([N2G_STORED])
                      + struct.pack(">QB", reply.number, how))

    def reply(self, stored=True):
        """The next reply, verified; reported as stored."""
        body = self.expect(("net", G2N_REPLY))
        number, via, expires = struct.unpack(">QBQ", body[:17])
        envelope = body[53:]
        (line,), payload = sshsig.split(envelope)
        assert line == self.host.sign(sshsig.REPLY, payload)
        reply = Reply(number, via, expires, body[17:53].decode(), envelope,
                      json.loads(payload))
        if stored:
            self.stored(reply)
        return reply

    def fence(self):
        """A ping's answer: everything before it has been looked at."""
        request = self.request()
        self.ask(request)
        reply = self.reply()
        assert reply.reply_to == request["reply_to"], reply
        return reply

    def silent(self, *envelopes):
        """None of these is answered."""
        for envelope in envelopes:
            self.deliver(envelope)
        self.fence()

    def refused(self, request, *keys):
        """The NOOP's reason and the whole reply."""
        self.ask(request, *keys)
        reply = self.reply()
        assert reply.content["status"] == "noop"
        assert reply.reply_to == request["reply_to"]
        return reply.content["reason"], reply
