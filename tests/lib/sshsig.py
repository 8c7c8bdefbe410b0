"""
SSHSIG envelopes written a second time, from OpenSSH's PROTOCOL.sshsig and
the protocol page, so that the C code is not its own judge. Ed25519 comes
from the libsodium that amiral needs anyway.
"""
import base64
import ctypes
import hashlib
import json
import os
import struct
import subprocess
import tempfile

REQUEST = "amiral-request-v1"
REPLY = "amiral-reply-v1"
HELLO = "amiral-hello-v1"
TRUST = "amiral-trust-v1"

_sodium = ctypes.CDLL("libsodium.so.23")
if _sodium.sodium_init() < 0:
    raise RuntimeError("libsodium does not start")


def string(data):
    """An RFC 4251 string."""
    return struct.pack(">I", len(data)) + data


class Strings:
    """Reads RFC 4251 strings one after the other."""

    def __init__(self, data):
        self.data = data

    def u32(self):
        value, = struct.unpack(">I", self.data[:4])
        self.data = self.data[4:]
        return value

    def string(self):
        size = self.u32()
        value, self.data = self.data[:size], self.data[size:]
        return value


class Key:
    """An Ed25519 pair."""

    def __init__(self, seed, comment=""):
        public = ctypes.create_string_buffer(32)
        secret = ctypes.create_string_buffer(64)
        _sodium.crypto_sign_ed25519_seed_keypair(public, secret, seed)
        self.seed, self.public, self.secret = seed, public.raw, secret.raw
        self.comment = comment

    @classmethod
    def new(cls, comment=""):
        return cls(os.urandom(32), comment)

    @classmethod
    def load(cls, path):
        """From an unencrypted openssh-key-v1 file."""
        with open(path, encoding="ascii") as file:
            lines = [line.strip() for line in file]
        data = base64.b64decode("".join(lines[1:-1]))
        magic = b"openssh-key-v1\0"
        assert data.startswith(magic)
        outer = Strings(data[len(magic):])
        assert outer.string() == b"none" and outer.string() == b"none"
        outer.string()
        assert outer.u32() == 1
        outer.string()
        inner = Strings(outer.string())
        assert inner.u32() == inner.u32()
        assert inner.string() == b"ssh-ed25519"
        inner.string()
        secret = inner.string()
        return cls(secret[:32], inner.string().decode())

    @property
    def blob(self):
        return string(b"ssh-ed25519") + string(self.public)

    @property
    def line(self):
        """As in a .pub file, without the comment."""
        return "ssh-ed25519 " + base64.b64encode(self.blob).decode()

    @property
    def fingerprint(self):
        """As ssh-keygen -l shows it."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    def raw_sign(self, data):
        signature = ctypes.create_string_buffer(64)
        _sodium.crypto_sign_ed25519_detached(
            signature, None, data, ctypes.c_ulonglong(len(data)), self.secret)
        return signature.raw

    def sign(self, namespace, payload):
        """One line of an envelope, without its newline."""
        name = namespace.encode()
        digest = hashlib.sha512(payload).digest()
        signed = (b"SSHSIG" + string(name) + string(b"") + string(b"sha512")
                  + string(digest))
        signature = string(b"ssh-ed25519") + string(self.raw_sign(signed))
        blob = (b"SSHSIG" + struct.pack(">I", 1) + string(self.blob)
                + string(name) + string(b"") + string(b"sha512")
                + string(signature))
        return base64.b64encode(blob)


def trust_list(fleet, serial, issued, signers=(), revoked=(), life=3600000):
    """A payload of protocol section 7; signers are (principal, key)."""
    return json.dumps({
        "version": 1, "fleet": fleet, "serial": serial, "issued": issued,
        "expires": issued + life,
        "signers": [{"principal": name, "key": key.line, "valid_after": 0,
                     "valid_before": 0} for name, key in signers],
        "revoked": [key.fingerprint for key in revoked]},
        separators=(",", ":")).encode()


def envelope(payload, *lines):
    return b"".join(line + b"\n" for line in lines) + b"\n" + payload


def sign(payload, *keys, namespace=REQUEST):
    return envelope(payload, *(key.sign(namespace, payload) for key in keys))


def split(data):
    """The lines and the payload of an envelope."""
    head, payload = data.split(b"\n\n", 1)
    return head.split(b"\n"), payload


def armor(line):
    """A line of an envelope as ssh-keygen writes and reads it."""
    rows = [line[i:i + 70] for i in range(0, len(line), 70)]
    return (b"-----BEGIN SSH SIGNATURE-----\n" + b"\n".join(rows)
            + b"\n-----END SSH SIGNATURE-----\n")


def keygen_sign(key_file, payload, namespace=REQUEST):
    """A line made by ssh-keygen -Y sign."""
    done = subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key_file),
         "-n", namespace],
        input=payload, capture_output=True, check=True)
    return b"".join(done.stdout.split(b"\n")[1:-2])


def keygen_verify(line, payload, public_line, namespace=REPLY):
    """What ssh-keygen -Y verify says of a line: True or False."""
    with tempfile.TemporaryDirectory() as folder:
        signers, signature = folder + "/signers", folder + "/signature"
        with open(signers, "w", encoding="ascii") as file:
            file.write(f"someone {public_line}\n")
        with open(signature, "wb") as file:
            file.write(armor(line))
        done = subprocess.run(
            ["ssh-keygen", "-q", "-Y", "verify", "-f", signers,
             "-I", "someone", "-n", namespace, "-s", signature],
            input=payload, capture_output=True, check=False)
    return done.returncode == 0
