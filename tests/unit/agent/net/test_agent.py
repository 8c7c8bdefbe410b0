"""amiral-net in its agent role, between a real Redis and our frames."""
import os
import re
import signal
import socket
import struct
import subprocess
import time
import uuid

import netproc
import pytest
import sshsig
from netproc import (ENVELOPE_MAX, HOST, N2G_REQUEST, N2G_TRUST, PATIENCE,
                     VIA_LIST, VIA_PUBSUB, VIA_STREAM, key)


def new_reply():
    return str(uuid.uuid4())


def request(agent):
    return agent.gate.expect(N2G_REQUEST)


def test_forwards_what_an_operator_signed(agent, db, operator):
    for number, channel in enumerate(["requests", f"requests:host:{HOST}"]):
        message = sshsig.sign(b'{"n":%d}' % number, operator)
        assert db("PUBLISH", key(channel), message) == 1
        assert request(agent) == message


def test_takes_ssh_keygens_signature(redis, db, key_file):
    payload = b'{"version":1}'
    line = sshsig.keygen_sign(key_file, payload)
    signer = sshsig.Key.load(key_file)
    with netproc.Agent(redis.url) as agent:
        agent.ready(signer.public)
        db("PUBLISH", key("requests"), sshsig.envelope(payload, line))
        assert request(agent) == sshsig.envelope(payload, line)


def test_two_lines_need_two_known_keys(agent, db, operator):
    second = sshsig.Key.new()
    both = sshsig.sign(b"{}", operator, second)
    db("PUBLISH", key("requests"), both)
    assert agent.log() == "dropped 1 messages: unknown-key 1"
    agent.keys(second.public, replace=0)
    # The gate's frames and Redis's bytes have no order of their own.
    agent.reply(1, VIA_PUBSUB, new_reply(), b"x")
    assert agent.stored() == (1, 1)
    db("PUBLISH", key("requests"), both)
    assert request(agent) == both


def test_counts_what_it_drops_and_says_so_in_one_line(agent, db, operator):
    good = sshsig.sign(b"{}", operator)
    bad = bytearray(good)
    bad[-1] ^= 1
    publish = [("PUBLISH", key("requests"), m) for m in [
        b"x", b"", b"junk\n\njunk", good[:100], bytes(bad), bytes(bad),
        sshsig.sign(b"{}", sshsig.Key.new()),
        sshsig.sign(b"{}", operator, namespace=sshsig.REPLY),
        good + b"x" * ENVELOPE_MAX, good]]
    db.pipeline(publish)
    assert request(agent) == good
    line = agent.log()
    assert line.startswith("dropped 9 messages: too-long 1, layout ")
    assert line.endswith(" signature 2, unknown-key 1")
    counts = [int(n) for n in re.findall(r" (\d+)(?:,|$)", line)]
    assert sum(counts) == 9


def test_every_flipped_bit_is_dropped(agent, db, operator):
    """All bits of the payload and of the first line, none comes through."""
    good = sshsig.sign(b'{"version":1}', operator)
    mutants = []
    for bit in range(0, 8 * len(good), 7):
        mutant = bytearray(good)
        mutant[bit // 8] ^= 1 << bit % 8
        mutants.append(bytes(mutant))
    # Below the rate at which reading stops.
    dropped = 0
    for start in range(0, len(mutants), 90):
        some = mutants[start:start + 90]
        db.pipeline([("PUBLISH", key("requests"), m) for m in some])
        until = dropped + len(some)
        while dropped < until:
            dropped += int(re.match(r"dropped (\d+) ", agent.log())[1])
    assert dropped == len(mutants)
    db("PUBLISH", key("requests"), good)
    assert request(agent) == good


def test_reads_the_log_then_what_came_live(redis, db, operator):
    logged = [sshsig.sign(b'{"n":%d}' % n, operator) for n in range(100)]
    for message in logged:
        db("XADD", key("log"), "*", "m", message)
    db("XADD", key("log"), "*", "other", "field")
    db("XADD", key("log"), "*", "m", "junk", "and", "more")
    with netproc.Agent(redis.url) as agent:
        agent.keys(operator.public)
        agent.gate.send(netproc.G2N_READY)
        live = sshsig.sign(b"{}", operator)
        until = time.monotonic() + PATIENCE
        while db("PUBLISH", key("requests"), live) == 0:
            assert time.monotonic() < until
        assert [request(agent) for _ in logged] == logged
        assert request(agent) == live
        lines = sorted([agent.log(), agent.log()])
        assert lines == ["connected to Redis, 102 requests in the log",
                         "dropped 2 messages: layout 2"]


def test_passes_the_operators_list_on(redis, db, operator):
    """What is kept comes before the log: it may revoke. Then what is live."""
    kept, live = (sshsig.sign(b'{"n":%d}' % n, operator,
                              namespace=sshsig.TRUST) for n in range(2))
    logged = sshsig.sign(b"{}", operator)
    db("SET", key("trust"), kept)
    db("XADD", key("log"), "*", "m", logged)
    with netproc.Agent(redis.url) as agent:
        agent.ready(operator.public)
        frames = [agent.gate.receive(), agent.gate.receive()]
        assert frames == [(N2G_TRUST, kept), (N2G_REQUEST, logged)]
        db("PUBLISH", key("trust"), live)
        assert agent.gate.expect(N2G_TRUST) == live


def test_drops_lists_that_nobody_known_signed(agent, db, operator):
    """A list is no request, and a request no list."""
    for channel, message in (
            ("trust", sshsig.sign(b"{}", sshsig.Key.new(),
                                  namespace=sshsig.TRUST)),
            ("trust", sshsig.sign(b"{}", operator)),
            ("requests", sshsig.sign(b"{}", operator,
                                     namespace=sshsig.TRUST)),
            ("trust", b"x" * ENVELOPE_MAX + b"x")):
        db("PUBLISH", key(channel), message)
    good = sshsig.sign(b"{}", operator, namespace=sshsig.TRUST)
    db("PUBLISH", key("trust"), good)
    assert agent.gate.expect(N2G_TRUST) == good


def test_an_endless_log_ends(redis, db, operator):
    db.pipeline([("XADD", key("log"), "*", "m", "x")] * 5000)
    with netproc.Agent(redis.url) as agent:
        agent.keys(operator.public)
        agent.gate.send(netproc.G2N_READY)
        assert "longer than 4096" in agent.log()
        live = sshsig.sign(b"{}", operator)
        db("PUBLISH", key("requests"), live)
        assert request(agent) == live


def test_stops_reading_for_a_gate_that_does_not(redis, db, operator):
    """Nothing is lost, little is held: the rest waits in Redis."""
    payload = b"x" * 60000
    messages = [sshsig.sign(b"%04d" % n + payload, operator)
                for n in range(200)]
    for message in messages[:100]:
        db("XADD", key("log"), "*", "m", message)
    with netproc.Agent(redis.url) as agent:
        agent.keys(operator.public)
        agent.gate.send(netproc.G2N_READY)
        until = time.monotonic() + PATIENCE
        while db("PUBLISH", key("requests"), messages[100]) == 0:
            assert time.monotonic() < until
        for message in messages[101:]:
            db("PUBLISH", key("requests"), message)
        assert [request(agent) for _ in messages] == messages
        if not netproc.SANITIZED:
            assert agent.peak() < 16384


def test_stores_by_stream(agent, db):
    reply_to = new_reply()
    name = key("reply:" + reply_to)
    db("XADD", name, "*", "m", "")
    agent.reply(7, VIA_STREAM, reply_to, b"envelope \0\r\n")
    assert agent.stored() == (7, 1)
    entries = db("XRANGE", name, "-", "+")
    assert [e[1] for e in entries] == [[b"m", b""],
                                       [b"m", b"envelope \0\r\n"]]


def test_says_gone_where_nobody_waits(agent, db):
    reply_to = new_reply()
    agent.reply(1 << 63, VIA_STREAM, reply_to, b"x")
    assert agent.stored() == (1 << 63, 0)
    assert db("EXISTS", key("reply:" + reply_to)) == 0


def test_stores_by_list_with_an_expiry(agent, db):
    reply_to = new_reply()
    name = key("reply:" + reply_to)
    expires = int(time.time() * 1000) + 50000
    for number in range(2):
        agent.reply(number, VIA_LIST, reply_to, b"%d" % number, expires)
        assert agent.stored() == (number, 1)
    assert db("LRANGE", name, 0, -1) == [b"0", b"1"]
    assert db("PEXPIRETIME", name) == expires


def test_stores_by_pubsub(agent, redis):
    reply_to = new_reply()
    name = key("reply:" + reply_to)
    with redis.client() as listener:
        listener("SUBSCRIBE", name)
        agent.reply(3, VIA_PUBSUB, reply_to, b"envelope")
        assert agent.stored() == (3, 1)
        assert listener.read() == [b"message", name.encode(), b"envelope"]


@pytest.mark.parametrize("via", [VIA_STREAM, VIA_LIST])
def test_a_key_of_another_type_is_gone(agent, db, via):
    """What one hostile writer does to a key must not end the connection."""
    reply_to = new_reply()
    db("SET", key("reply:" + reply_to), "x")
    agent.reply(5, via, reply_to, b"x", 1 << 44)
    assert agent.stored() == (5, 0)
    assert agent.log().startswith("Redis refuses a reply: WRONGTYPE")


def test_log_lines_are_bounded_and_counted(agent, db):
    reply_to = new_reply()
    db("SET", key("reply:" + reply_to), "x")
    for number in range(50):
        agent.reply(number, VIA_STREAM, reply_to, b"x")
        assert agent.stored() == (number, 0)
    agent.gate.close()
    assert agent.wait() == 1
    said, lines = 0, []
    while (frame := agent.executor.receive()) is not None:
        lines.append(frame[1][1:].decode())
    for line in lines:
        suppressed = re.match(r"suppressed (\d+) log lines", line)
        said += int(suppressed[1]) if suppressed else 1
    assert said == 50
    assert len(lines) <= 22  # at most two seconds' worth


def test_an_exhausted_stream_is_gone(agent, db):
    reply_to = new_reply()
    db("XADD", key("reply:" + reply_to), f"{(1 << 64) - 1}-{(1 << 64) - 1}",
       "m", "")
    agent.reply(5, VIA_STREAM, reply_to, b"x")
    assert agent.stored() == (5, 0)


@pytest.mark.parametrize("via", [VIA_STREAM, VIA_LIST])
def test_a_server_out_of_memory_ends_the_connection(agent, db, via):
    reply_to = new_reply()
    db("XADD", key("reply:" + reply_to), "*", "m", "")
    db("CONFIG", "SET", "maxmemory", "1")
    agent.reply(5, via, reply_to, b"x", 1 << 44)
    assert "OOM" in agent.log()
    assert agent.wait() == 1


def test_many_replies_keep_their_order(agent, db):
    reply_to = new_reply()
    name = key("reply:" + reply_to)
    db("XADD", name, "*", "m", "")
    body = b"x" * 2000
    for start in range(0, 3000, 100):
        for number in range(start, start + 100):
            agent.reply(number, VIA_STREAM, reply_to, b"%d" % number + body)
        for number in range(start, start + 100):
            assert agent.stored() == (number, 1)
    entries = db("XRANGE", name, "-", "+")
    assert [e[1][1] for e in entries[1:]] == [
        b"%d" % n + body for n in range(3000)]


def test_a_stopped_redis_pauses_the_gate(agent, redis, db):
    """Then output is bounded, and goes on where it stopped."""
    reply_to = new_reply()
    db("XADD", key("reply:" + reply_to), "*", "m", "")
    redis.process.send_signal(signal.SIGSTOP)
    body = b"x" * 60000
    sent = 0
    agent.gate.socket.settimeout(1)
    with pytest.raises(TimeoutError):
        while sent < 400:
            agent.reply(sent, VIA_STREAM, reply_to, body)
            sent += 1
    agent.gate.socket.settimeout(PATIENCE)
    assert 60 < sent < 400
    redis.process.send_signal(signal.SIGCONT)
    for number in range(sent):
        assert agent.stored() == (number, 1)


def test_stores_a_hello(agent, db):
    agent.gate.send(netproc.G2N_HELLO, struct.pack(">I", 30000) + b"hello")
    agent.reply(1, VIA_PUBSUB, new_reply(), b"x")
    assert agent.stored() == (1, 1)
    name = key("host:" + HOST)
    assert db("GET", name) == b"hello"
    assert 0 < db("PTTL", name) <= 30000


def test_a_flood_is_read_slowly(agent, db, operator):
    """100 a second, whatever comes; what is genuine gets through."""
    good = sshsig.sign(b"{}", operator)
    started = time.monotonic()
    db.pipeline([("PUBLISH", key("requests"), b"junk")] * 250)
    db("PUBLISH", key("requests"), good)
    assert request(agent) == good
    assert time.monotonic() - started >= 1.5
    dropped = 0
    while dropped < 250:
        dropped += int(re.match(r"dropped (\d+) ", agent.log())[1])
    assert dropped == 250


def test_ends_with_the_executor(agent):
    agent.executor.close()
    assert agent.wait() == 0


@pytest.mark.parametrize("url", ["unix:///nowhere", "redis"])
def test_ends_with_an_executor_that_goes_at_once(redis, url):
    with netproc.Agent(redis.url if url == "redis" else url) as one:
        one.executor.close()
        assert one.wait() == 0


def test_ends_before_a_config():
    executor, gate = netproc.Link(), netproc.Link()
    with netproc.Net("agent", executor, gate) as one:
        executor.close()
        assert one.wait() == 0


def test_ends_with_the_gate(agent):
    agent.gate.close()
    assert agent.wait() == 1


def test_ends_with_redis_and_says_so_once(agent, redis):
    redis.close()
    assert agent.log().startswith("connection to Redis at unix://")
    assert agent.wait() == 1
    assert agent.executor.receive() is None


def test_a_missing_redis_is_one_line(folder):
    with netproc.Agent(f"unix://{folder}/none") as agent:
        assert "is it running" in agent.log()
        assert agent.wait() == 1


@pytest.fixture
def port(db):
    """Redis listens on TCP too, where nobody else does."""
    for _ in range(20):
        with socket.create_server(("127.0.0.1", 0)) as free:
            number = free.getsockname()[1]
        try:
            db("CONFIG", "SET", "port", number)
            return number
        except RuntimeError:
            pass
    pytest.fail("no port is free")


def test_takes_tcp_and_a_name(port, operator):
    with netproc.Agent(f"redis://localhost:{port}/3") as agent:
        agent.ready(operator.public)


def test_says_what_redis_asks_for(folder, operator):
    server = netproc.Redis(folder, "--requirepass", "secret")
    try:
        with netproc.Agent(server.url) as agent:
            agent.keys(operator.public)
            agent.gate.send(netproc.G2N_READY)
            assert "NOAUTH" in agent.log()
            assert agent.wait() == 1
    finally:
        server.close()


def test_users(db, port, operator):
    db("ACL", "SETUSER", "agent", "on", ">secret", "~*", "&*", "+@all")
    url = f"redis://agent@127.0.0.1:{port}"
    with netproc.Agent(url, "secret") as agent:
        agent.ready(operator.public)
        assert b"user=agent" in db("CLIENT", "LIST")
    with netproc.Agent(url, "wrong") as agent:
        assert "WRONGPASS" in agent.log()
        assert agent.wait() == 1


def test_passwords(folder, operator):
    server = netproc.Redis(folder, "--requirepass", "secret")
    try:
        with netproc.Agent(server.url, "secret") as agent:
            agent.ready(operator.public)
        with netproc.Agent(server.url, "wrong") as agent:
            assert "WRONGPASS" in agent.log()
            assert agent.wait() == 1
    finally:
        server.close()


def inheritable(fd):
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False


@pytest.mark.skipif(os.geteuid() != 0, reason="not dumpable: root alone may look")
def test_holds_its_links_and_connections_only(agent):
    """Beside what this test itself was started with."""
    fds = {int(n) for n in os.listdir(f"/proc/{agent.process.pid}/fd")}
    own = fds - {fd for fd in range(5, 1024) if inheritable(fd)}
    assert {0, 1, 2, 3, 4} < own and len(own) == 7


def test_a_bad_url_is_one_line():
    with netproc.Agent("redis://user:secret@host") as agent:
        line = agent.log()
        assert "password file" in line and "secret" not in line
        assert agent.wait() == 1


def test_by_hand():
    done = subprocess.run([netproc.BINARY, "agent"], stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)
    assert done.returncode == 255
    assert b"never by hand" in done.stderr
    done = subprocess.run([netproc.BINARY], capture_output=True, check=False)
    assert done.returncode == 255
    assert b"usage" in done.stderr


def test_is_locked_in(agent):
    assert agent.status("NoNewPrivs") == "1"
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(agent.status(name), 16) == 0
    if not netproc.SANITIZED:
        assert agent.status("Seccomp") == "2"


@pytest.mark.skipif(os.geteuid() != 0 or not netproc.AS_AMIRALD,
                    reason="a user and a jail of its own need root")
def test_is_jailed(folder, operator):
    folder.chmod(0o755)
    jail = folder / "empty"
    jail.mkdir()
    server = netproc.Redis(folder, "--unixsocketperm", "777")
    try:
        with netproc.Agent(server.url, jail=jail) as agent:
            agent.ready(operator.public)
            assert os.readlink(f"/proc/{agent.process.pid}/root") == str(jail)
            assert agent.status("Uid").split() == ["65534"] * 4
            for name in ("CapPrm", "CapEff", "CapAmb", "CapBnd"):
                assert int(agent.status(name), 16) == 0
            good = sshsig.sign(b"{}", operator)
            with server.client() as client:
                client("PUBLISH", key("requests"), good)
            assert request(agent) == good
    finally:
        server.close()


def test_many_keys(redis, db, operator):
    """More than one frame of them; the last set replaces all."""
    with netproc.Agent(redis.url) as agent:
        other = [os.urandom(32) for _ in range(16383)]
        agent.keys()
        for start in range(0, len(other), 3900):
            agent.keys(*other[start:start + 3900], replace=0)
        agent.keys(operator.public, replace=0)
        agent.gate.send(netproc.G2N_READY)
        agent.log()
        good = sshsig.sign(b"{}", operator)
        db("PUBLISH", key("requests"), good)
        assert request(agent) == good
        agent.keys(other[0])
        agent.reply(1, VIA_PUBSUB, new_reply(), b"x")
        assert agent.stored() == (1, 1)
        db("PUBLISH", key("requests"), good)
        assert agent.log() == "dropped 1 messages: unknown-key 1"


@pytest.mark.parametrize("kind, body", [
    (netproc.G2N_READY, b""),  # once only
    (netproc.G2N_KEYS, b""),
    (netproc.G2N_KEYS, b"\2"),
    (netproc.G2N_KEYS, b"\0" + b"\0" * 32),
    (netproc.G2N_KEYS, b"\0\2" + b"\0" * 32),
    (netproc.G2N_REPLY, b"\0" * 54),
    (netproc.G2N_REPLY, b"\0" * 8 + b"\3" + b"\0" * 8
     + str(uuid.uuid4()).encode() + b"x"),
    (netproc.G2N_HELLO, b"\0" * 4),
    (9, b""),
])
def test_a_broken_gate_is_fatal(agent, kind, body):
    agent.gate.send(kind, body)
    assert agent.wait() == 255
