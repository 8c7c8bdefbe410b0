"""A host certificate: in the hello, or the set is refused with the reason."""
import base64
import json
import subprocess

import pytest

import sshsig
from gateproc import G2E_KEPT, G2N_HELLO, HOST


def certify(gate, *more, key=None, names=HOST):
    """The line that ssh-keygen makes; the authority is made with it."""
    authority = gate.folder / "ca"
    if not authority.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        str(authority)], check=True)
    public = gate.folder / "certified.pub"
    public.write_text((key or gate.host).line + "\n")
    subprocess.run(["ssh-keygen", "-q", "-s", str(authority), "-I", "test",
                    "-n", names, *more, str(public)], check=True)
    return (gate.folder / "certified-cert.pub").read_text()


def test_travels_in_the_hello(bare):
    bare.certificate = certify(bare, "-h")
    bare.start()
    _, payload = sshsig.split(bare.expect(("net", G2N_HELLO))[4:])
    hello = json.loads(payload)
    assert hello["certificate"] == bare.certificate.split()[1]
    assert base64.b64decode(hello["certificate"])


def test_large_facts_make_room(bare):
    bare.certificate = certify(bare, "-h")
    bare.facts = {f"f{n}": "x" * 1000 for n in range(30)}
    bare.start()
    _, payload = sshsig.split(bare.expect(("net", G2N_HELLO))[4:])
    assert "certificate" in json.loads(payload)
    assert len(payload) <= 16384


REFUSED = {
    "a user's": lambda gate: certify(gate),
    "another key": lambda gate: certify(gate, "-h", key=sshsig.Key.new()),
    "no Ed25519 certificate": lambda gate: gate.host.line + "\n",
    "has not signed": lambda gate: flipped(certify(gate, "-h")),
}


def flipped(line):
    words = line.split()
    blob = bytearray(base64.b64decode(words[1]))
    blob[-1] ^= 1
    return f"{words[0]} {base64.b64encode(blob).decode()}\n"


@pytest.mark.parametrize("why", REFUSED)
def test_refuses(bare, why):
    bare.certificate = REFUSED[why](bare)
    bare.hand_over()
    reason = bare.expect(G2E_KEPT).decode()
    assert reason.startswith("host_key-cert.pub: ") and why in reason


@pytest.mark.parametrize("how, why", [
    (["-V", "20200101000000Z:20210101000000Z"], "expired"),
    (["-V", "20900101000000Z:20910101000000Z"], "not come yet"),
    ([], "other names"),
])
def test_warns(bare, how, why):
    bare.certificate = certify(
        bare, "-h", *how, names=HOST if how else "other.example.com")
    bare.start()
    assert why in bare.log()
