"""RESP2, both ways: what the tests, the bench and the proxy need of Redis."""
import socket


class Incomplete(Exception):
    """More bytes are needed."""


class Status(bytes):
    """A simple string."""


class Error(bytes):
    """An error reply."""


def _line(data, at):
    end = data.find(b"\r\n", at)
    if end < 0:
        raise Incomplete
    return bytes(data[at:end]), end + 2


def parse(data, at=0):
    """One value from data[at:]: the value and where the next one starts."""
    line, at = _line(data, at)
    kind, rest = line[:1], line[1:]
    if kind == b"+":
        return Status(rest), at
    if kind == b"-":
        return Error(rest), at
    if kind == b":":
        return int(rest), at
    if kind == b"$":
        size = int(rest)
        if size < 0:
            return None, at
        if len(data) < at + size + 2:
            raise Incomplete
        return bytes(data[at:at + size]), at + size + 2
    if kind == b"*":
        count = int(rest)
        if count < 0:
            return None, at
        values = []
        for _ in range(count):
            value, at = parse(data, at)
            values.append(value)
        return values, at
    raise ValueError(f"not RESP: {line[:40]!r}")


def encode(value):
    """The bytes of a value, as a server writes them."""
    if isinstance(value, Status):
        return b"+" + value + b"\r\n"
    if isinstance(value, Error):
        return b"-" + value + b"\r\n"
    if isinstance(value, int):
        return b":%d\r\n" % value
    if value is None:
        return b"$-1\r\n"
    if isinstance(value, bytes):
        return b"$%d\r\n%s\r\n" % (len(value), value)
    return b"*%d\r\n" % len(value) + b"".join(encode(v) for v in value)


def command(*words):
    """The bytes of a command, as a client writes them."""
    return encode([w if isinstance(w, bytes) else str(w).encode()
                   for w in words])


class Client:
    """A blocking connection over a Unix socket."""

    def __init__(self, path, timeout=30):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.data = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def read(self):
        """The next reply or push."""
        while True:
            try:
                value, used = parse(self.data)
                del self.data[:used]
                return value
            except Incomplete:
                more = self.socket.recv(1 << 20)
                if not more:
                    raise EOFError("Redis closed the connection") from None
                self.data += more

    def __call__(self, *words):
        """One command; an error reply raises."""
        self.socket.sendall(command(*words))
        value = self.read()
        if isinstance(value, Error):
            raise RuntimeError(value.decode())
        return value

    def pipeline(self, commands, chunk=500):
        """Many commands; their replies. Writes chunk of them at a time."""
        replies = []
        for start in range(0, len(commands), chunk):
            some = commands[start:start + chunk]
            self.socket.sendall(b"".join(command(*c) for c in some))
            replies += [self.read() for _ in some]
        return replies
