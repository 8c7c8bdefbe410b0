"""amiral-net in its controller role, between a real Redis and our frames."""
import struct
import time
import uuid

import netproc
import pytest
import resp
from netproc import ENVELOPE_MAX, key, text, texts


PRINT = "SHA256:" + "A/+z" * 10 + "019"


def new_reply():
    return str(uuid.uuid4())


def test_publishes_to_everyone(controller, redis, db):
    reply_to = new_reply()
    expires = int(time.time() * 1000) + 60000
    with redis.client() as listener:
        listener("SUBSCRIBE", key("requests"))
        controller.publish(reply_to, b"envelope", expires=expires)
        assert controller.published() == (1, "")
        assert listener.read()[2] == b"envelope"
    name = key("reply:" + reply_to)
    assert db("PEXPIRETIME", name) == expires
    assert [e[1] for e in db("XRANGE", name, "-", "+")] == [[b"m", b""]]
    assert [e[1] for e in db("XRANGE", key("log"), "-", "+")] == [
        [b"m", b"envelope"]]


def test_publishes_to_named_hosts_only(controller, redis):
    names = ["a.example", "b.example"]
    with redis.client() as listener:
        for channel in ["requests", *("requests:host:" + n for n in names)]:
            listener("SUBSCRIBE", key(channel))
        controller.publish(new_reply(), b"envelope", names)
        assert controller.published() == (1, "")
        got = [listener.read()[1].decode() for _ in names]
        assert got == [key("requests:host:" + n) for n in names]
        controller.publish(new_reply(), b"cancel")
        assert listener.read()[1].decode() == key("requests")


def test_trims_the_log(controller, db):
    old = int(time.time() * 1000) - 100000
    db("XADD", key("log"), f"{old}-0", "m", "old")
    db("XADD", key("log"), f"{old + 2}-0", "m", "alive")
    controller.publish(new_reply(), b"new", oldest=old + 1)
    assert controller.published() == (1, "")
    assert [e[1][1] for e in db("XRANGE", key("log"), "-", "+")] == [
        b"alive", b"new"]
    db.pipeline([("XADD", key("log"), "*", "m", "x")] * 1200)
    controller.publish(new_reply(), b"newest")
    assert controller.published() == (1, "")
    assert db("XLEN", key("log")) == 1000


def test_says_what_redis_refuses(controller, db):
    db("SET", key("log"), "x")
    controller.publish(new_reply(), b"envelope")
    taken, error = controller.published()
    assert taken == 0 and error.startswith("WRONGTYPE")
    db("CONFIG", "SET", "maxmemory", "1")
    controller.publish(new_reply(), b"envelope")
    taken, error = controller.published()
    assert taken == 0 and error.startswith("OOM")
    db("CONFIG", "SET", "maxmemory", "0")
    db("DEL", key("log"))
    controller.publish(new_reply(), b"envelope")
    assert controller.published() == (1, "")


def test_reads_replies_as_they_come(controller, db):
    reply_to = new_reply()
    controller.publish(reply_to, b"envelope")
    assert controller.published() == (1, "")
    controller.read(reply_to)
    name = key("reply:" + reply_to)
    for number in range(3):
        position = db("XADD", name, "*", "m", b"%d" % number)
        assert controller.entries() == (position, [b"%d" % number])


def test_reads_from_a_position(controller, db):
    reply_to = new_reply()
    name = key("reply:" + reply_to)
    ids = [db("XADD", name, "*", "m", b"%d" % n) for n in range(10)]
    controller.read(reply_to, ids[4].decode())
    assert controller.entries() == (
        ids[-1], [b"%d" % n for n in range(5, 10)])


def test_a_page_that_does_not_fit_one_frame(controller, db):
    reply_to = new_reply()
    name = key("reply:" + reply_to)
    envelopes = [b"%03d" % n + b"x" * (n * 600) for n in range(110)]
    for envelope in envelopes:
        last = db("XADD", name, "*", "m", envelope)
    controller.read(reply_to)
    got = []
    while len(got) < len(envelopes):
        position, some = controller.entries()
        got += some
    assert got == envelopes
    assert position == last


def test_the_longest_envelope_and_one_more(controller, db):
    reply_to = new_reply()
    name = key("reply:" + reply_to)
    db("XADD", name, "*", "m", b"x" * ENVELOPE_MAX)
    db("XADD", name, "*", "m", b"x" * (ENVELOPE_MAX + 1))
    last = db("XADD", name, "*", "m", b"x")
    controller.read(reply_to)
    log = controller.link.expect(netproc.N2C_LOG)
    assert log[1:] == b"dropped a reply of %d bytes" % (ENVELOPE_MAX + 1)
    assert controller.entries() == (last, [b"x" * ENVELOPE_MAX, b"x"])


def test_a_controller_that_does_not_read_loses_nothing(controller, db):
    """12 MB wait where they are: in Redis."""
    reply_to = new_reply()
    name = key("reply:" + reply_to)
    envelopes = [b"%03d" % n + b"x" * 60000 for n in range(300)]
    controller.read(reply_to)
    for envelope in envelopes:
        db("XADD", name, "*", "m", envelope)
    db("XADD", name, "*", "m", "")
    got = []
    while len(got) < len(envelopes):
        got += controller.entries()[1]
    assert got == envelopes
    if not netproc.SANITIZED:
        assert controller.peak() < 40000
    controller.publish(new_reply(), b"still here")
    assert controller.published() == (1, "")


def hellos(controller):
    got = []
    while True:
        body = controller.link.expect(netproc.N2C_HELLOS)
        got += texts(body[1:])
        if body[0]:
            return got


@pytest.mark.parametrize("count", [1, 63, 64, 65, 512])
def test_fetches_hellos(controller, db, count):
    names = [f"h{n}.example" for n in range(count)]
    want = [b"%d" % n + b"x" * 15000 if n % 3 else b"" for n in range(count)]
    for name, hello in zip(names, want):
        if hello:
            db("SET", key("host:" + name), hello)
    for _ in range(2):
        controller.link.send(
            netproc.C2N_HELLOS, b"".join(text(n) for n in names))
    assert hellos(controller) == want
    assert hellos(controller) == want


def test_what_is_no_hello_is_none(controller, db):
    db("SET", key("host:a"), b"x" * 100000)
    db("RPUSH", key("host:b"), "list")
    db("SET", key("host:c"), "hello")
    controller.link.send(netproc.C2N_HELLOS, text("a") + text("b") + text("c"))
    assert hellos(controller) == [b"", b"", b"hello"]


def test_hellos_while_a_read_blocks(controller, db):
    controller.read(new_reply())
    db("SET", key("host:a"), "hello")
    controller.link.send(netproc.C2N_HELLOS, text("a"))
    assert hellos(controller) == [b"hello"]


def names(controller):
    """Those of one answer, of however many frames."""
    found = []
    while True:
        body = controller.link.expect(netproc.N2C_NAMES)
        found += [name.decode() for name in texts(body[1:])]
        if body[0]:
            return found


def test_names_the_hosts_that_have_a_hello(controller, db):
    """More than a frame of them; nothing else, whatever it is called."""
    want = [f"h{n}." + "x" * 60 + ".example" for n in range(3000)]
    db.pipeline([("SET", key("host:" + name), "hello") for name in want])
    for other in ("host:", "host:WWW", "host:a/b", "host:a\0b", "hosts:a"):
        db("SET", key(other), "x")
    db("SET", "amiral:other-01234567:host:a", "x")
    for _ in range(2):
        controller.link.send(netproc.C2N_NAMES)
        assert sorted(set(names(controller))) == sorted(want)


def test_names_of_nobody(controller):
    controller.link.send(netproc.C2N_NAMES)
    assert names(controller) == []


SCANS = {
    "an error": b"-ERR no\r\n",
    "one element": b"*1\r\n$1\r\n0\r\n",
    "a number": b"*2\r\n:0\r\n*0\r\n",
    "no keys": b"*2\r\n$1\r\n0\r\n$-1\r\n",
    "a long cursor": b"*2\r\n$30\r\n" + b"1" * 30 + b"\r\n*0\r\n",
}


@pytest.mark.parametrize("scan", SCANS)
def test_a_scan_that_is_none_ends_it(evil, scan):
    server = evil(lambda *words: SCANS[scan] if words[0] == b"SCAN"
                  else b"+OK\r\n")
    with netproc.Controller(server.url) as controller:
        controller.connected()
        controller.link.send(netproc.C2N_NAMES)
        assert b"listing the hosts" in controller.link.expect(
            netproc.N2C_FAILED)


def test_a_scan_without_an_end_ends(evil):
    """Each page has the same name; the list is bounded all the same."""
    page = resp.encode([b"7", [key("host:a").encode()] * 4000])
    server = evil(lambda *words: page if words[0] == b"SCAN" else b"+OK\r\n")
    with netproc.Controller(server.url) as controller:
        controller.connected()
        controller.link.send(netproc.C2N_NAMES)
        assert len(names(controller)) == 65536


def test_a_replaced_stream_fails(controller, db):
    reply_to = new_reply()
    db("SET", key("reply:" + reply_to), "x")
    controller.read(reply_to)
    assert b"WRONGTYPE" in controller.link.expect(netproc.N2C_FAILED)
    assert controller.wait() == 1


def test_a_lost_connection_fails(controller, redis):
    redis.close()
    assert controller.link.expect(netproc.N2C_FAILED).startswith(
        b"connection to Redis at unix://")
    assert controller.link.receive() is None
    assert controller.wait() == 1


def test_no_redis_fails(folder):
    with netproc.Controller(f"unix://{folder}/none") as controller:
        why = controller.link.expect(netproc.N2C_FAILED)
        assert b"is it running" in why
        assert controller.wait() == 1


def test_a_bad_url_fails():
    with netproc.Controller("localhost:6379") as controller:
        why = controller.link.expect(netproc.N2C_FAILED)
        assert b"write redis://" in why
        assert controller.wait() == 1


def test_a_wrong_password_fails(folder):
    server = netproc.Redis(folder, "--requirepass", "secret")
    try:
        with netproc.Controller(server.url, "wrong") as controller:
            controller.connected()
            assert b"WRONGPASS" in controller.link.expect(netproc.N2C_FAILED)
        with netproc.Controller(server.url, "secret") as controller:
            controller.connected()
            controller.publish(new_reply(), b"envelope")
            assert controller.published() == (1, "")
    finally:
        server.close()


def test_ends_with_amiral(controller):
    controller.link.close()
    assert controller.wait() == 0


@pytest.mark.parametrize("url", ["unix:///nowhere", "redis"])
def test_ends_with_an_amiral_that_goes_at_once(redis, url):
    with netproc.Controller(redis.url if url == "redis" else url) as one:
        one.link.close()
        assert one.wait() == 0


def test_is_locked_in(controller):
    assert controller.status("NoNewPrivs") == "1"
    assert int(controller.status("CapEff"), 16) == 0
    if not netproc.SANITIZED:
        assert controller.status("Seccomp") == "2"


@pytest.mark.parametrize("kind, body", [
    (netproc.C2N_GET, bytes([2]) + text("")),
    (netproc.C2N_GET, bytes([1]) + text("x")),
    (netproc.C2N_GET, bytes([1]) + text("") + b"x"),
    (netproc.C2N_GET, bytes([0]) + text("")),
    (netproc.C2N_GET, bytes([0]) + text(PRINT[:-1] + "*")),
    (netproc.C2N_GET, bytes([0]) + text("MD5:...." + PRINT[8:])),
    (netproc.C2N_SET, bytes([1]) + text("x") + bytes(4)),
    (netproc.C2N_SET, bytes([0]) + text(PRINT[:-1]) + bytes(4)),
    (netproc.C2N_LIST, bytes([1])),
    (netproc.C2N_CONFIG, text("unix:///x") + text("") + text("f-00000000")),
    (netproc.C2N_READ, b"x" * 36 + text("0-0")),
    (netproc.C2N_READ, str(uuid.uuid4()).encode() + text("0")),
    (netproc.C2N_READ, str(uuid.uuid4()).encode() + text("0-0\r\nQ")),
    (netproc.C2N_HELLOS, text("a b")),
    (netproc.C2N_HELLOS, text("a") + b"\0\0\0\2a"),
    (netproc.C2N_PUBLISH, struct.pack(">QQ", 1, 1)
     + str(uuid.uuid4()).encode() + b"\1" + text("../x") + b"x"),
    (netproc.C2N_PUBLISH, struct.pack(">QQ", 1, 1)
     + str(uuid.uuid4()).encode() + b"\0"),
    (9, b""),
])
def test_a_broken_controller_is_fatal(controller, kind, body):
    controller.link.send(kind, body)
    assert controller.wait() == 255


def test_gets_and_sets(controller, redis, db):
    name = key("enroll:" + PRINT)
    assert controller.get(netproc.KEY_TRUST) is None
    with redis.client() as listener:
        listener("SUBSCRIBE", key("trust"))
        assert controller.set(netproc.KEY_TRUST, b"list") == (1, "")
        assert listener.read()[2] == b"list"
    assert db("GET", key("trust")) == b"list"
    assert db("PTTL", key("trust")) == -1
    assert controller.get(netproc.KEY_TRUST) == b"list"
    assert controller.set(
        netproc.KEY_ENROLL, b"a", PRINT, 60000) == (1, "")
    assert 0 < db("PTTL", name) <= 60000
    assert controller.get(netproc.KEY_ENROLL, PRINT) == b"a"
    assert controller.set(netproc.KEY_ENROLL, b"", PRINT) == (1, "")
    assert db("EXISTS", name) == 0
    db("SET", key("trust"), b"x" * 66561)
    assert controller.get(netproc.KEY_TRUST) == b""
    db("SET", key("trust"), b"x" * 66560)
    assert controller.get(netproc.KEY_TRUST) == b"x" * 66560


def test_says_what_is_not_taken(controller, db):
    db("CONFIG", "SET", "maxmemory", "1")
    taken, error = controller.set(netproc.KEY_TRUST, b"list")
    assert taken == 0 and error.startswith("OOM")
    db("CONFIG", "SET", "maxmemory", "0")
    assert controller.set(netproc.KEY_TRUST, b"list") == (1, "")


# Commands are answered in their order: what stands in the place of an answer
# that is missing, the next PONG for one, is not taken for it.

def instead(verb, answer):
    """A server that gives that answer, and to other commands good ones."""
    good = {b"EXEC": b"*0\r\n", b"MULTI": b"+OK\r\n", b"SET": b"+OK\r\n",
            b"PUBLISH": b":1\r\n", b"DEL": b":1\r\n", b"SCAN": resp.encode(
                [b"0", [announcement(1).encode()]])}

    def script(*words):
        if words[0] == verb:
            return answer
        if script.queued and words[0] != b"EXEC":
            return b"+QUEUED\r\n"
        script.queued |= words[0] == b"MULTI"
        return good[words[0]]
    script.queued = False
    return script


PONG, NUMBER, NIL = b"+PONG\r\n", b":1\r\n", b"$-1\r\n"


@pytest.mark.parametrize("verb, answer", [
    *((verb, PONG) for verb in (
        b"SET", b"PUBLISH", b"DEL", b"GET", b"GETRANGE", b"SCAN", b"MULTI",
        b"XADD", b"EXEC")),
    (b"SET", NUMBER), (b"SET", NIL), (b"PUBLISH", b"+OK\r\n"),
    (b"DEL", b"+OK\r\n"), (b"GETRANGE", NUMBER), (b"GETRANGE", NIL),
    (b"MULTI", b"+QUEUED\r\n"), (b"XADD", b"+OK\r\n"), (b"EXEC", NIL)])
def test_another_commands_answer_is_none(evil, verb, answer):
    server = evil(instead(verb, answer))
    sets = {b"SET": b"x", b"PUBLISH": b"x", b"DEL": b""}
    with netproc.Controller(server.url) as controller:
        controller.connected()
        if verb in sets:
            controller.link.send(netproc.C2N_SET, bytes([netproc.KEY_TRUST])
                                 + text("") + bytes(4) + sets[verb])
        elif verb == b"GET":
            controller.link.send(
                netproc.C2N_GET, bytes([netproc.KEY_TRUST]) + text(""))
        elif verb in (b"SCAN", b"GETRANGE"):
            controller.link.send(
                netproc.C2N_LIST, bytes([netproc.KEY_ENROLL]))
        else:
            controller.publish(new_reply(), b"envelope")
        why = controller.link.expect(netproc.N2C_FAILED)
        assert b"not the answer that Redis gives" in why
        assert controller.link.receive() is None
        assert controller.wait() == 1


def announcement(number):
    return key("enroll:SHA256:" + f"{number:043d}")


def test_lists_announcements(controller, db):
    assert controller.list() == ([], 1)
    db.pipeline([("SET", announcement(n), b"%d" % n) for n in range(3000)]
                + [("SET", f"other:{n}", "x") for n in range(3000)])
    values, end = controller.list()
    assert end == 1
    assert sorted(set(map(int, values))) == list(range(3000))
    db.pipeline([("SET", announcement(n), b"%d" % n)
                 for n in range(3000, 5000)])
    values, end = controller.list()
    assert end == 2 and len(values) == 4096


def test_lists_nothing_odd(controller, db):
    db("SET", key("enroll:x"), "x")
    db("SET", announcement(1), b"")
    db("SET", announcement(2), b"y" * 100000)
    db("SET", announcement(3), b"good")
    db("RPUSH", announcement(4), "list")
    values, end = controller.list()
    assert end == 1 and sorted(values) == [b"good", b"y" * 4096]
