"""amiral-net against servers that mean harm: it ends, soon and small."""
import socket
import time

import netproc
import pytest
import resp
from netproc import G2N_READY, N2C_FAILED

SMALL = 12288  # KiB of resident memory
OK = b"+OK\r\n"


def confirm(*channels):
    return b"".join(resp.encode([b"subscribe", c, n])
                    for n, c in enumerate(channels, 1))


def serving(log=b"*-1\r\n", live=b""):
    """Answers as Redis does, but for the log or after the subscription."""

    def script(*words):
        name = words[0].upper()
        if name == b"SUBSCRIBE":
            return confirm(*words[1:]) + live
        return {b"GET": b"$-1\r\n", b"XREAD": log,
                b"PING": b"+PONG\r\n"}.get(name, OK)

    return script


ATTACKS = {
    "an array of a thousand million": b"*1000000000\r\n",
    "an array of 4097": b"*4097\r\n",
    "a string of 2 GB": b"$2000000000\r\n" + b"x" * 100000,
    "a string of 1 MiB and a byte": b"$1048577\r\n",
    "a negative length": b"$-2\r\n",
    "a length over 64 bits": b"$99999999999999999999999\r\n",
    "nesting": b"*1\r\n" * 6,
    "an endless line": b"+" + b"x" * 100000,
    "endless digits": b"$" + b"0" * 100000,
    "no type": b"?\r\n",
    "RESP3": b"%1\r\n",
    "HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a string that is longer": b"$1\r\nxx\r\n",
    "a reply of 9 MB": b"*9\r\n" + b"$1048576\r\n%b\r\n" % bytes(1048576) * 9,
    "a thousand arrays each": b"*4096\r\n" + b"*4096\r\n" * 4096,
    "a status": OK,
    "an integer": b":1\r\n",
    "a string": b"$1\r\nx\r\n",
    "an empty array": b"*0\r\n",
    "an array of nil": b"*1\r\n$-1\r\n",
    "a stream without entries": b"*1\r\n*1\r\n$1\r\nx\r\n",
    "a stream of nil": b"*1\r\n*2\r\n$1\r\nx\r\n*-1\r\n",
    "entries that are strings": b"*1\r\n*2\r\n$1\r\nx\r\n*1\r\n$1\r\nx\r\n",
    "an entry without an id": resp.encode([[b"k", [[None, [b"m", b"x"]]]]]),
    "an id that is none": resp.encode([[b"k", [[b"x", [b"m", b"x"]]]]]),
    "an id without an end": resp.encode(
        [[b"k", [[b"1" * 100 + b"-1", [b"m", b"x"]]]]]),
    "an error": b"-ERR \x1b[2J no\r\n",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_log_of_an_agent(evil, operator, attack):
    server = evil(serving(log=ATTACKS[attack]))
    with netproc.Agent(server.url) as agent:
        started = time.monotonic()
        agent.keys(operator.public)
        agent.gate.send(G2N_READY)
        line = agent.log()
        assert line.startswith("connection to Redis at "), line
        assert "\x1b" not in line
        assert netproc.SANITIZED or agent_small(agent)
        assert agent.wait() == 1
        assert time.monotonic() - started < 3


def agent_small(agent):
    """Where it is not gone yet."""
    try:
        return agent.peak() < SMALL
    except (KeyError, FileNotFoundError, ProcessLookupError):
        return True


PUSHES = {
    "two elements": [b"message", b"x"],
    "an integer": [b"message", b"x", 1],
    "nil": [b"message", b"x", None],
    "an array": [b"message", b"x", [b"y"]],
    "no name": [None, b"x", b"y"],
    "nothing": [],
    "another push": [b"smessage", b"x", b"y"],
    "an error": resp.Error(b"ERR no"),
    "a string": b"x",
    "an integer alone": 3,
    "nil alone": None,
}


@pytest.mark.parametrize("push", PUSHES)
def test_subscription_of_an_agent(evil, operator, push):
    server = evil(serving(live=resp.encode(PUSHES[push])))
    with netproc.Agent(server.url) as agent:
        agent.ready(operator.public)
        assert agent.log().startswith("connection to Redis at ")
        assert agent.wait() == 1


def test_an_answer_to_nothing(evil):
    server = evil(lambda *words: OK * 2)
    with netproc.Controller(server.url, "password") as controller:
        controller.connected()
        assert controller.link.expect(N2C_FAILED)
        assert controller.wait() == 1


@pytest.mark.parametrize("attack", ATTACKS)
def test_replies_of_a_controller(evil, attack):
    server = evil(serving(log=ATTACKS[attack]))
    with netproc.Controller(server.url) as controller:
        controller.connected()
        controller.read("51665ac9-bab5-4995-aa80-09bc79cfb2bd")
        assert controller.link.expect(N2C_FAILED)
        assert controller.wait() == 1


@pytest.mark.parametrize("answer", [
    b":1\r\n", b"$-1\r\n", b"*0\r\n", b"*2\r\n$1\r\nx\r\n$1\r\nx\r\n", OK,
    b"*1\r\n*0\r\n", b"-ERR no\r\n"])
def test_hellos_of_a_controller(evil, answer):
    """An array of one is expected; what it holds may be no hello."""
    server = evil(lambda *words: answer)
    with netproc.Controller(server.url) as controller:
        controller.connected()
        controller.link.send(netproc.C2N_HELLOS, netproc.text("a"))
        if answer == b"*1\r\n*0\r\n":
            assert controller.link.expect(netproc.N2C_HELLOS) == (
                b"\1" + netproc.text(""))
        else:
            assert controller.link.expect(N2C_FAILED)


def drip(*_):
    yield b"*3\r\n$1000000\r\n"
    while True:
        time.sleep(0.3)
        yield b"a"


def test_silence_and_drip_have_deadlines(evil, folder, operator):
    """
    Both at once, since each takes its 15 seconds; and meanwhile a server to
    whose OK nobody has asked anything but whether it is there.
    """
    other, third = folder / "silent", folder / "wrong"
    other.mkdir()
    third.mkdir()
    wrong = netproc.Evil(third, lambda *words: OK)
    dripping = evil(drip)
    silent = netproc.Evil(other, lambda *words: None)
    try:
        with netproc.Agent(dripping.url) as one, \
                netproc.Agent(silent.url) as two, \
                netproc.Controller(wrong.url) as three:
            three.connected()
            started = time.monotonic()
            for agent in (one, two):
                agent.keys(operator.public)
                agent.gate.send(G2N_READY)
            for agent in (one, two):
                assert "no whole answer in time" in agent.log()
                assert agent.wait() == 1
            assert 10 < time.monotonic() - started < 20
            why = three.link.expect(N2C_FAILED)
            assert b"asking whether Redis is there: not the answer" in why
    finally:
        silent.close()
        wrong.close()


def test_a_server_that_never_accepts(folder, operator):
    """A full backlog: connecting has its own deadline."""
    path = f"{folder}/full.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(path)
            started = time.monotonic()
            with netproc.Agent("unix://" + path) as agent:
                assert "timed out" in agent.log()
                assert agent.wait() == 1
                assert time.monotonic() - started < 8
