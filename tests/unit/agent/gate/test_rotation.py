"""A rotation: the host key vouches for its successor in each hello."""
import json
import subprocess

import pytest

import sshsig
from gateproc import G2E_KEPT, G2E_RELOADED, G2N_HELLO


@pytest.fixture
def rotating(bare):
    """A gate that was handed a next key as well; not started."""
    path = bare.folder / "next"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                    str(path)], check=True)
    bare.next_key = path
    bare.after = sshsig.Key.load(path)
    return bare


def hello(gate):
    lines, payload = sshsig.split(gate.expect(("net", G2N_HELLO))[4:])
    return lines, payload, json.loads(payload)


def test_both_sign_the_hello(rotating):
    gate = rotating.start()
    lines, payload, content = hello(gate)
    assert lines == [key.sign(sshsig.HELLO, payload)
                     for key in (gate.host, gate.after)]
    assert content["signatures"] == 2 and content["serial"] == 1


def test_the_host_key_signs_replies(rotating):
    rotating.start().fence()


def test_one_signs_before_and_after(rotating):
    path, rotating.next_key = rotating.next_key, None
    gate = rotating.start()
    lines, payload, content = hello(gate)
    assert lines == [gate.host.sign(sshsig.HELLO, payload)]
    assert content["signatures"] == 1 and "serial" not in content
    gate.fence()
    gate.seen["net", G2N_HELLO].clear()
    gate.next_key = path
    assert gate.reload()[0] == G2E_RELOADED
    assert len(hello(gate)[0]) == 2
    gate.host_file, gate.host, gate.next_key = path, gate.after, None
    gate.seen["net", G2N_HELLO].clear()
    assert gate.reload()[0] == G2E_RELOADED
    lines, payload, _ = hello(gate)
    while len(lines) == 2:  # one that was under way
        lines, payload, _ = hello(gate)
    assert lines == [gate.host.sign(sshsig.HELLO, payload)]
    gate.fence()


@pytest.mark.parametrize("what", ["itself", "junk"])
def test_refuses(rotating, what):
    if what == "itself":
        rotating.next_key = rotating.host_file
    else:
        rotating.next_key = rotating.folder / "junk"
        rotating.next_key.write_text("junk")
    rotating.hand_over()
    assert rotating.expect(G2E_KEPT).startswith(b"host_key.new: ")
