"""
A fleet on this machine: a private Redis on a Unix socket, agents with
configurations and keys of their own, an operator. Used by the system tests
and the bench. Programs come from the prefix that AMIRAL_PREFIX names.

Waiting is for events with a bound, never for a time. What is started here
is ended by its process id; should this process die, the kernel ends them.
"""
import base64
import collections
import contextlib
import hashlib
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

import resp
import sshsig

ROOT = os.geteuid() == 0
PATIENCE = float(os.environ.get("AMIRAL_PATIENCE", "30"))
SANITIZED = os.environ.get("AMIRAL_SANITIZED") == "1"
NET_USER, GATE_USER = 64101, 64102
OPERATOR = "alice@example.com"
# A sanitizer's shadow is larger than any limit: no limits for what it built.
WHOLE = [line for name in ("facts", "uptime") for line in (
    f"[provider {name}]", "daemon = yes", "network = yes")
         if SANITIZED]


def prefix():
    value = os.environ.get("AMIRAL_PREFIX")
    if not value:
        raise SystemExit("AMIRAL_PREFIX: name an installed amiral")
    return pathlib.Path(value)


def program(name):
    for folder in ("bin", "sbin", "libexec/amiral"):
        path = prefix() / folder / name
        if path.exists():
            return path
    raise FileNotFoundError(f"no {name} under {prefix()}")


def wait_for(what, probe, patience=PATIENCE):
    """What probe() answers, once that is true. what may be a function."""
    end = time.monotonic() + patience
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            what = what() if callable(what) else what
            raise TimeoutError(f"{what}: not within {patience:g} s")
        time.sleep(0.01)


def outlive(token_record):
    """Waits until a token, made to end at once, has ended by the clock."""
    ends = json.loads(token_record.read_text())["expires"]
    wait_for("the clock", lambda: time.time() * 1000 >= ends + 1)


def work_directory(name="f"):
    """A directory that the agents' own users can enter."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}."))
    path.chmod(0o755)
    return path


def spawn(words, **options):
    """A process that the kernel ends with this one."""
    return subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", "--", *map(str, words)],
        stdin=subprocess.DEVNULL, **options)


def end(process, patience=PATIENCE):
    """Asks, waits, insists."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def listens(path):
    """Whether somebody takes a connection: the file is there before."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@contextlib.contextmanager
def ssh_agent(path, key_file):
    """One that holds the key, and listens on path."""
    agent = spawn(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    try:
        wait_for("ssh-agent", lambda: listens(path))
        subprocess.run(["ssh-add", "-q", str(key_file)], check=True,
                       env={**os.environ, "SSH_AUTH_SOCK": str(path)},
                       stdin=subprocess.DEVNULL)
        yield
    finally:
        end(agent)
        path.unlink(missing_ok=True)


def alive(pid):
    try:
        return stat(pid)[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def stat(pid):
    """The fields of /proc/PID/stat from the state on."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return text.rpartition(")")[2].split()


def status(pid):
    """/proc/PID/status as a dict."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {key: value.strip() for key, _, value in
            (line.partition(":") for line in text.splitlines())}


def children(pid):
    """Living children: name to process id."""
    found = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            fields = stat(entry.name)
            if int(fields[1]) == pid and fields[0] != "Z":
                name = pathlib.Path(entry.path, "comm").read_text().strip()
                found[name] = int(entry.name)
    return found


def running(mark):
    """Processes other than this one whose command line has the mark."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                words = pathlib.Path(entry.path, "cmdline").read_bytes()
                if str(mark).encode() in words:
                    found.append(int(entry.name))
    return found


def resident(pid):
    """Bytes of physical memory."""
    return int(status(pid)["VmRSS"].split()[0]) * 1024


class Redis:
    """A private redis-server; its log and socket are in folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.socket = self.folder / "redis.sock"
        self.process = None
        self.start()

    def start(self):
        with open(self.folder / "redis.log", "ab") as log:
            self.process = spawn(
                ["redis-server", "--port", "0", "--unixsocket", self.socket,
                 "--unixsocketperm", "777", "--save", "", "--appendonly",
                 "no", "--dir", self.folder, "--daemonize", "no"],
                stdout=log, stderr=log)
        wait_for("redis-server", self.answers)

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.folder / "redis.log").read_text())
        try:
            with self.client() as client:
                return client("PING") == b"PONG"
        except OSError:
            return False

    def client(self):
        return resp.Client(self.socket)

    def stop(self):
        end(self.process)

    def restart(self):
        self.stop()
        self.start()


class Agent:
    """One host: its files, its process."""

    def __init__(self, fleet, name, redis_url, groups=("test",), facts=None,
                 host_key=None):
        self.fleet, self.name = fleet, name
        self.folder = fleet.folder / "hosts" / name
        self.conf = self.folder / "amirald.conf"
        self.log_file = self.folder / "log"
        self.process, self.amirald = None, [program("amirald")]
        self.redis_url, self.groups = redis_url, groups
        self.policies, self.providers = [], []
        for folder in ("", "facts.d", "providers", "state"):
            (self.folder / folder).mkdir(parents=True)
        self.key_file = self.folder / "host_key"
        if host_key is None:
            fleet.keygen("new", "-f", self.key_file, "-C", name)
        else:
            host_key(self.key_file)
        self.key = sshsig.Key.load(self.key_file)
        self.write_operators()
        self.write_facts(facts or {})
        self.write_conf()

    def write_operators(self, lines=None):
        if lines is None:
            lines = [f'{OPERATOR} namespaces="amiral-request-v1" '
                     + self.fleet.operator.line]
        path = self.folder / "allowed_signers"
        path.write_text("".join(line + "\n" for line in lines))
        path.chmod(0o644)

    def write_facts(self, facts):
        path = self.folder / "facts.d" / "test.json"
        path.write_text(json.dumps(facts))
        path.chmod(0o644)

    def write_conf(self, **more):
        agent = {
            "fleet": self.fleet.name, "hostname": self.name,
            "groups": ", ".join(self.groups), "host_key": self.key_file,
            "operators": self.folder / "allowed_signers",
            "facts_dir": self.folder / "facts.d",
            "providers": f"{prefix() / 'libexec/amiral'}, "
                         f"{self.folder / 'providers'}",
            "state_dir": self.folder / "state",
            "users": f"{NET_USER}, {GATE_USER}",
            "audit": self.folder / "audit.jsonl", **more}
        rows = ["[agent]", *(f"{k} = {v}" for k, v in agent.items()),
                "[redis]", f"url = {self.redis_url}", *WHOLE,
                *self.providers, *self.policies]
        self.conf.write_text("\n".join(rows) + "\n")
        self.conf.chmod(0o644)

    def allow(self, *names, operators=OPERATOR, extra=()):
        """A policy section more; in force from the next start or reload."""
        self.policies += [
            f"[policy test {len(self.policies)}]", f"operators = {operators}",
            f"providers = {', '.join(names)}", *extra]
        self.write_conf()

    def provider(self, name, script, side_effects=True, args=None, row=()):
        """An executable of this host's own, with its description."""
        path = self.folder / "providers" / name
        path.write_text(script)
        path.chmod(0o755)
        description = path.with_name(name + ".json")
        description.write_text(json.dumps({
            "name": name, "description": "made by a test",
            "side_effects": side_effects, "args": args or {}}))
        description.chmod(0o644)
        if row:
            self.providers += [f"[provider {name}]", *row]
        self.allow(name)

    def start(self):
        with contextlib.suppress(OSError), self.fleet.redis.client() as client:
            client("DEL", self.fleet.key(f"host:{self.name}"))
        with open(self.log_file, "ab") as log:
            self.process = spawn(
                [*self.amirald, "-d", "-f", self.conf],
                stdout=log, stderr=log)

    def wait_ready(self):
        key = f"amiral:{self.fleet.name}:host:{self.name}"
        with self.fleet.redis.client() as client:
            wait_for(lambda: f"hello of {self.name}; its log:\n{self.log()}",
                     lambda: self.running() and client("EXISTS", key))

    def running(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended: {self.log()}")
        return True

    def stop(self):
        """Ends it; nothing of it may be left."""
        if self.process is None:
            return
        pids = list(self.pids().values()) if self.process.poll() is None else []
        end(self.process)
        wait_for(f"{self.name}'s processes to end: {pids}",
                 lambda: not any(map(alive, pids)))
        self.process = None

    def log(self):
        return self.log_file.read_text(errors="replace") \
            if self.log_file.exists() else ""

    def pids(self):
        """executor, gate and net, as far as they run."""
        found = children(self.process.pid)
        names = {"amirald-gate": "gate", "amiral-net": "net"}
        return {"executor": self.process.pid,
                **{short: found[long] for long, short in names.items()
                   if long in found}}

    def wait_whole(self, but=None):
        """All three processes, none of them those of but."""
        old = set((but or {}).values()) - {self.process.pid}
        return wait_for(
            f"three processes of {self.name}",
            lambda: (lambda p: p if len(p) == 3
                     and not old & set(p.values()) else None)(self.pids()))

    def dropped(self):
        """How often each status stands in the log's counts."""
        counts = collections.Counter()
        for row in re.findall(r"dropped \d+ messages?: (.*)", self.log()):
            for name, n in re.findall(r"([a-z][a-z0-9-]*) (\d+)", row):
                counts[name] += int(n)
        return counts

    def audit(self):
        path = self.folder / "audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]


class Fleet:
    """Redis, an operator, agents, and the ways to ask them."""

    def __init__(self, names=(), start=True, **options):
        program("amirald")
        self.folder = work_directory()
        self.name = f"test-{secrets.token_hex(4)}"
        self.agents, self.processes = {}, []
        self.redis = None
        try:
            self.home = self.folder / "home"
            self.home.mkdir()
            self.key_file = self.folder / "operator"
            self.keygen("new", "-f", self.key_file, "-C", OPERATOR)
            self.operator = sshsig.Key.load(self.key_file)
            self.known_hosts = self.folder / "known_hosts"
            self.known_hosts.touch(0o644)
            self.redis = Redis(self.folder)
            for name in names:
                self.add(name, **options)
            if start:
                self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __getitem__(self, name):
        return self.agents[name]

    @property
    def url(self):
        return f"unix://{self.redis.socket}"

    def add(self, name, redis_url=None, known=True, **options):
        agent = Agent(self, name, redis_url or self.url, **options)
        self.agents[name] = agent
        if known:
            with open(self.known_hosts, "a", encoding="ascii") as file:
                file.write(f"{name} {agent.key.line}\n")
        return agent

    def start(self):
        for agent in self.agents.values():
            if agent.process is None:
                agent.start()
        for agent in self.agents.values():
            agent.wait_ready()

    def close(self):
        """Ends everything, and only then complains."""
        complaints = []
        for thing in [*self.agents.values(), self.redis]:
            try:
                if thing is not None:
                    thing.stop()
            except Exception as problem:  # the others must end too
                complaints.append(problem)
        for process in self.processes:
            end(process)
        if "AMIRAL_KEEP" not in os.environ:
            shutil.rmtree(self.folder, ignore_errors=True)
        if complaints:
            raise complaints[0]

    # The operator's side.

    def keygen(self, *words):
        return subprocess.run(
            [program("amiral-keygen"), *map(str, words)], check=True,
            capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def environment(self, **more):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home),
               "LANG": "C.UTF-8", "NO_COLOR": "1",
               "AMIRAL_REDIS": self.url, "AMIRAL_KEY": str(self.key_file),
               "AMIRAL_KNOWN_HOSTS": str(self.known_hosts),
               "AMIRAL_FLEET": self.name, "AMIRAL_OPERATOR": OPERATOR}
        env.update({k: v for k, v in os.environ.items()
                    if k.endswith("SAN_OPTIONS")})
        env.update({k: str(v) for k, v in more.items()})
        return env

    def start_amiral(self, *words, env=None):
        """amiral, running: for tests that look on."""
        process = subprocess.Popen(
            [program("amiral"), *map(str, words)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment(**(env or {})))
        self.processes.append(process)
        return process

    def amiral(self, *words, env=None, timeout=120):
        """amiral to its end: returncode, stdout, stderr."""
        return subprocess.run(
            [program("amiral"), *map(str, words)], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=timeout, check=False,
            env=self.environment(**(env or {})))

    def json(self, *words, **options):
        """The document of amiral -j, with the exit status as .returncode."""
        done = self.amiral(*words, "-j", **options)
        try:
            document = json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"not JSON: {done}") from None
        return done.returncode, document

    # By hand: as ssh-keygen and redis-cli would.

    def key(self, name):
        return f"amiral:{self.name}:{name}"

    def request(self, provider="ping", args=None, **members):
        """A payload's members; None leaves one out."""
        now = int(time.time() * 1000)
        request = {
            "version": 1, "fleet": self.name, "reply_to": str(uuid.uuid4()),
            "operator": OPERATOR, "signatures": 1, "issued": now,
            "expires": now + 60000, "match": {"all": True},
            "command": {"provider": provider, "args": args or {}}}
        request.update(members)
        return {k: v for k, v in request.items() if v is not None}

    @staticmethod
    def payload(request):
        return json.dumps(request, separators=(",", ":")).encode()

    def signed(self, request, *keys):
        return sshsig.sign(self.payload(request), *(keys or [self.operator]))

    def make_stream(self, client, reply_to):
        client("XADD", self.key(f"reply:{reply_to}"), "*", "m", "")

    def publish(self, envelope, host=None, client=None):
        channel = f"requests:host:{host}" if host else "requests"
        with contextlib.ExitStack() as stack:
            client = client or stack.enter_context(self.redis.client())
            return client("PUBLISH", self.key(channel), envelope)

    def ask(self, request, envelope=None, host=None):
        """As a controller does: stream, log, channel. replies() waits."""
        envelope = envelope or self.signed(request)
        with self.redis.client() as client:
            self.make_stream(client, request["reply_to"])
            client("XADD", self.key("log"), "MAXLEN", 1000, "*", "m", envelope)
            self.publish(envelope, host, client)
        return request

    def envelopes(self, reply_to, client=None):
        """What stands in a reply stream, in its order."""
        with contextlib.ExitStack() as stack:
            client = client or stack.enter_context(self.redis.client())
            entries = client("XRANGE", self.key(f"reply:{reply_to}"), "-", "+")
        return [fields[1] for _, fields in entries if fields[1]]

    def replies(self, request, final=1):
        """Waits for that many final replies: (envelope, parsed) of all."""
        def look():
            found = [(e, json.loads(sshsig.split(e)[1]))
                     for e in self.envelopes(request["reply_to"])]
            done = [r for _, r in found if r["status"] in ("noop", "complete")]
            return found if len(done) >= final else None
        return wait_for(lambda: f"{final} final replies to {request}", look)

    def digest(self, request):
        """A request's identity, as replies carry it."""
        return base64.b64encode(
            hashlib.sha256(self.payload(request)).digest()).decode()
