"""
Hardware keys: sk-ssh-ed25519@openssh.com, made in software as a token would
(OpenSSH's PROTOCOL.u2f), by hand and through an agent.
"""
import base64
import contextlib
import hashlib
import os
import socket
import struct
import threading

import pytest

import fleet as fleets
import sshsig
from conftest import HOSTS

HOST = HOSTS[0]
TYPE = b"sk-ssh-ed25519@openssh.com"
TOUCHED, VERIFIED = 1, 4


class Token(sshsig.Key):
    """Signs with these flags, as the finger on it says."""

    flags, application, counter = TOUCHED, b"ssh:", 7

    @property
    def blob(self):
        return (sshsig.string(TYPE) + sshsig.string(self.public)
                + sshsig.string(self.application))

    @property
    def line(self):
        return f"{TYPE.decode()} {base64.b64encode(self.blob).decode()}"

    def signature(self, signed):
        """The inner signature, in its wire form."""
        extra = bytes([self.flags]) + struct.pack(">I", self.counter)
        raw = self.raw_sign(hashlib.sha256(self.application).digest() + extra
                            + hashlib.sha256(signed).digest())
        return sshsig.string(TYPE) + sshsig.string(raw) + extra

    def sign(self, namespace, payload):
        name = sshsig.string(namespace.encode()) + sshsig.string(b"")
        signed = (b"SSHSIG" + name + sshsig.string(b"sha512")
                  + sshsig.string(hashlib.sha512(payload).digest()))
        blob = (b"SSHSIG" + struct.pack(">I", 1) + sshsig.string(self.blob)
                + name + sshsig.string(b"sha512")
                + sshsig.string(self.signature(signed)))
        return base64.b64encode(blob)


class SshAgent:
    """Messages 11 to 14 on a Unix socket, for one key."""

    def __init__(self, folder, key):
        self.key, self.path = key, str(folder / "agent.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with contextlib.suppress(OSError, struct.error):
                    while True:
                        self.answer(connection)

    def answer(self, connection):
        size, = struct.unpack(">I", connection.recv(4, socket.MSG_WAITALL))
        body = connection.recv(size, socket.MSG_WAITALL)
        if body[0] == 11:
            reply = (b"\x0c" + struct.pack(">I", 1)
                     + sshsig.string(self.key.blob)
                     + sshsig.string(fleets.OPERATOR.encode()))
        else:
            words = sshsig.Strings(body[1:])
            assert body[0] == 13 and words.string() == self.key.blob
            reply = b"\x0e" + sshsig.string(
                self.key.signature(words.string()))
        connection.sendall(sshsig.string(reply))

    def close(self):
        self.listener.close()


@pytest.fixture
def one(fresh):
    """A host whose operator has a token, and nothing else."""
    fleet = fresh(HOST, start=False)
    fleet.token = Token(os.urandom(32))
    fleet[HOST].write_operators([f"{fleets.OPERATOR} {fleet.token.line}"])
    fleet.start()
    return fleet, fleet[HOST]


def ask(fleet, key):
    """A starting agent may read it twice: from the log, and live."""
    request = fleet.request("ping")
    return fleet.ask(request, fleet.signed(request, key))


@pytest.mark.parametrize("flags", [TOUCHED, TOUCHED | VERIFIED])
def test_a_touched_token_is_believed(one, flags):
    fleet, _ = one
    fleet.token.flags = flags
    request = ask(fleet, fleet.token)
    assert fleet.replies(request)[-1][1]["status"] == "complete"


@pytest.mark.parametrize("flags", [0, VERIFIED, 0xfe])
def test_an_untouched_one_is_not(one, flags):
    fleet, agent = one
    fleet.token.flags = flags
    request = ask(fleet, fleet.token)
    fleets.wait_for("the count", lambda: sum(agent.dropped().values()))
    assert fleet.envelopes(request["reply_to"]) == []


def test_its_secret_as_a_plain_key_is_not(one):
    """One point, two types: only the listed one may ask."""
    fleet, agent = one
    request = ask(fleet, sshsig.Key(fleet.token.seed))
    fleets.wait_for("the count", lambda: agent.dropped()["unknown-key"])
    assert fleet.envelopes(request["reply_to"]) == []


def test_another_application_is_not(one):
    fleet, agent = one
    fleet.token.application = b"web:"
    request = ask(fleet, fleet.token)
    fleets.wait_for("the count", lambda: sum(agent.dropped().values()))
    assert fleet.envelopes(request["reply_to"]) == []


def test_amiral_asks_through_the_agent(one):
    fleet, _ = one
    with contextlib.closing(SshAgent(fleet.folder, fleet.token)) as agent:
        environment = {"SSH_AUTH_SOCK": agent.path, "AMIRAL_KEY": "agent:"}
        status, document = fleet.json("ping", "-a", "-y", env=environment)
        assert status == 0
        assert document["hosts"][0]["verdict"] == "ok"
        fleet.token.flags = 0
        done = fleet.amiral("ping", "-a", "-y", env=environment)
        assert done.returncode == 1  # what it signed does not verify
