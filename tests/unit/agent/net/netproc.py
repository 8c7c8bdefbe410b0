"""amiral-net under test: its links as frames, its Redis real or hostile."""
import fcntl
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "lib"))

import resp  # noqa: E402  (the path comes first)

BINARY = os.environ["AMIRAL_NET"]
AS_AMIRALD = os.environ.get("AS_AMIRALD")  # a user and a jail of its own
SANITIZED = os.environ.get("AMIRAL_SANITIZED") == "yes"
FLEET = "test-0123abcd"
HOST = "www01.example.com"
ENVELOPE_MAX = 4 * 401 + 1 + 65536
# Seconds; what should come comes in a fraction of one.
PATIENCE = int(os.environ.get("AMIRAL_TEST_PATIENCE", 30))

# privsep/messages.h
E2N_CONFIG = 0
N2E_LOG = 0
G2N_KEYS, G2N_READY, G2N_REPLY, G2N_HELLO = range(4)
N2G_REQUEST, N2G_STORED, N2G_TRUST = range(3)
(C2N_CONFIG, C2N_PUBLISH, C2N_READ, C2N_HELLOS, C2N_GET, C2N_SET,
 C2N_LIST, C2N_NAMES) = range(8)
(N2C_CONNECTED, N2C_FAILED, N2C_PUBLISHED, N2C_ENTRIES, N2C_HELLOS,
 N2C_LOG, N2C_VALUE, N2C_SET, N2C_LIST, N2C_NAMES) = range(10)
KEY_ENROLL, KEY_TRUST = range(2)
VIA_STREAM, VIA_LIST, VIA_PUBSUB = range(3)


def text(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack(">I", len(data)) + data


def texts(data):
    """The strings that a body consists of."""
    found = []
    while data:
        size, = struct.unpack(">I", data[:4])
        found.append(data[4:4 + size])
        data = data[4 + size:]
    return found


def key(name):
    return f"amiral:{FLEET}:{name}"


class Link:
    """Our end of a link."""

    def __init__(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket = ours
        self.theirs = fcntl.fcntl(theirs, fcntl.F_DUPFD_CLOEXEC, 100)
        theirs.close()
        ours.settimeout(PATIENCE)

    def started(self):
        os.close(self.theirs)

    def send(self, kind, body=b"", fds=()):
        socket.send_fds(self.socket, [bytes([kind]) + body], fds)

    def receive(self):
        """Type and body; None at the end of file."""
        try:
            frame = self.socket.recv(1 << 18)
        except ConnectionResetError:
            return None
        return (frame[0], frame[1:]) if frame else None

    def expect(self, kind):
        """The body of the next frame, which must be of this kind."""
        frame = self.receive()
        assert frame is not None, "end of file"
        assert frame[0] == kind, frame
        return frame[1]

    def waiting(self, seconds=0.0):
        """True if a frame is there, or comes."""
        return bool(select.select([self.socket], [], [], seconds)[0])

    def close(self):
        self.socket.close()


class Net:
    """The process."""

    def __init__(self, role, *links, wrapper=()):
        self.links = links

        def place():
            for fd, link in enumerate(links, 3):
                os.dup2(link.theirs, fd, inheritable=True)

        self.process = subprocess.Popen(
            [*wrapper, BINARY, role], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            close_fds=False, preexec_fn=place)
        for link in links:
            link.started()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        for link in self.links:
            link.close()

    def status(self, name):
        """A line of /proc/PID/status."""
        for line in pathlib.Path(
                f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return line.split(":")[1].strip()
        raise KeyError(name)

    def peak(self):
        """The largest resident size so far, in KiB."""
        return int(self.status("VmHWM").split()[0])

    def wait(self, seconds=PATIENCE):
        return self.process.wait(seconds)


class Agent(Net):
    """In the agent role, CONFIG sent."""

    def __init__(self, url, password="", jail=None):
        self.executor, self.gate = Link(), Link()
        super().__init__("agent", self.executor, self.gate,
                         wrapper=[AS_AMIRALD] if jail else [])
        fd = os.open(jail or "/", os.O_PATH | os.O_DIRECTORY)
        self.executor.send(
            E2N_CONFIG, bytes([bool(jail)]) + text(url) + text(password) + text(FLEET)
            + text(HOST), [fd])
        os.close(fd)

    def keys(self, *public, replace=1):
        self.gate.send(G2N_KEYS, bytes([replace]) + b"".join(
            b"\0" + one for one in public))

    def ready(self, *public):
        self.keys(*public)
        self.gate.send(G2N_READY)
        line = self.log()
        assert "requests in the log" in line, line
        return line

    def log(self):
        """The next line."""
        body = self.executor.expect(N2E_LOG)
        return body[1:].decode()

    def reply(self, number, via, reply_to, envelope, expires=0):
        self.gate.send(G2N_REPLY, struct.pack(">QBQ", number, via, expires)
                       + reply_to.encode() + envelope)

    def stored(self):
        return struct.unpack(">QB", self.gate.expect(N2G_STORED))


class Controller(Net):
    """In the controller role, CONFIG sent."""

    def __init__(self, url, password=""):
        self.link = Link()
        super().__init__("controller", self.link)
        self.link.send(C2N_CONFIG, text(url) + text(password) + text(FLEET))

    def connected(self):
        assert self.link.expect(N2C_CONNECTED) == b""

    def publish(self, reply_to, envelope, hosts=(), expires=None, oldest=0):
        if expires is None:
            expires = int(time.time() * 1000) + 60000
        self.link.send(
            C2N_PUBLISH, struct.pack(">QQ", expires, oldest)
            + reply_to.encode() + bytes([len(hosts)])
            + b"".join(text(h) for h in hosts) + envelope)

    def published(self):
        body = self.link.expect(N2C_PUBLISHED)
        return body[0], body[1:].decode()

    def read(self, reply_to, position="0-0"):
        self.link.send(C2N_READ, reply_to.encode() + text(position))

    def get(self, kind, name=""):
        self.link.send(C2N_GET, bytes([kind]) + text(name))
        body = self.link.expect(N2C_VALUE)
        return body[1:] if body[0] else None

    def set(self, kind, value, name="", expiry=0):
        self.link.send(C2N_SET, bytes([kind]) + text(name)
                       + struct.pack(">I", expiry) + value)
        body = self.link.expect(N2C_SET)
        return body[0], body[1:].decode()

    def list(self):
        """The values, and how the list ended: 1 whole, 2 cut."""
        self.link.send(C2N_LIST, bytes([KEY_ENROLL]))
        values = []
        while True:
            body = self.link.expect(N2C_LIST)
            values += texts(body[1:])
            if body[0]:
                return values, body[0]

    def entries(self):
        position, *envelopes = texts(self.link.expect(N2C_ENTRIES))
        return position, envelopes


class Redis:
    """A server of its own on a Unix socket."""

    def __init__(self, folder, *options):
        self.path = str(folder / "redis.sock")
        self.url = "unix://" + self.path
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.path,
             "--save", "", "--dir", str(folder), *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE
        while not self.up():
            assert time.monotonic() < until, "redis-server does not start"
            time.sleep(0.01)

    def up(self):
        try:
            with resp.Client(self.path) as client:
                client.socket.sendall(resp.command("PING"))
                return isinstance(client.read(), bytes)
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    def client(self):
        return resp.Client(self.path, PATIENCE)

    def close(self):
        self.process.kill()
        self.process.wait()


class Evil:
    """
    A server that answers each command with what script() returns: bytes, or
    None for silence. A generator's pieces are sent as they come.
    """

    def __init__(self, folder, script):
        self.path = str(folder / "evil.sock")
        self.url = "unix://" + self.path
        self.script = script
        self.ending = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.threads = []
        self.spawn(self.accept)

    def spawn(self, function, *args):
        thread = threading.Thread(target=function, args=args)
        self.threads.append(thread)
        thread.start()

    def accept(self):
        while not self.ending.is_set():
            if select.select([self.listener], [], [], 0.05)[0]:
                self.spawn(self.serve, self.listener.accept()[0])

    def commands(self, connection):
        data = bytearray()
        while not self.ending.is_set():
            try:
                words, used = resp.parse(data)
                del data[:used]
                yield words
            except resp.Incomplete:
                if select.select([connection], [], [], 0.05)[0]:
                    more = connection.recv(1 << 16)
                    if not more:
                        return
                    data += more

    def serve(self, connection):
        connection.settimeout(0.2)
        try:
            for words in self.commands(connection):
                answer = self.script(*words)
                pieces = [answer] if isinstance(answer, bytes) else answer
                for piece in pieces or ():
                    if self.ending.is_set():
                        break
                    self.push(connection, piece)
        except OSError:
            pass
        connection.close()

    def push(self, connection, piece):
        """All of it, unless the test ends."""
        view = memoryview(piece)
        while view and not self.ending.is_set():
            try:
                view = view[connection.send(view):]
            except TimeoutError:
                pass

    def close(self):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        self.listener.close()
