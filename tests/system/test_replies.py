"""What the controller makes of answers that lie, are late or are missing."""
import json
import os
import shutil
import signal
import time
import uuid

import pytest

import fleet as fleets
import sshsig
from conftest import HOSTS
from proxy import DROP, Proxy

HOST, OTHER, THIRD = HOSTS
LONG = ("--ack-timeout", "30s")


class Liar:
    """Between controller and Redis: rewrites the answers it reads."""

    def __init__(self, fleet, rewrite):
        self.fleet, self.rewrite = fleet, rewrite
        self.proxy = Proxy(fleet.folder, fleet.redis.socket, self.change,
                           f"liar-{uuid.uuid4().hex[:8]}.sock")

    def change(self, reply, words):
        """Every bulk string that is an envelope goes through rewrite."""
        if isinstance(reply, list):
            values = [self.change(value, None) for value in reply]
            return [v for v in values if v is not DROP]
        if isinstance(reply, bytes) and b"\n\n" in reply:
            return self.rewrite(reply)
        return reply

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.close()

    def amiral(self, *words):
        return self.fleet.amiral("-R", self.proxy.url, *words)

    def json(self, *words):
        return self.fleet.json("-R", self.proxy.url, *words)


def content(envelope):
    return json.loads(sshsig.split(envelope)[1])


def is_reply(envelope, host):
    value = content(envelope)
    return value.get("hostname") == host and "in_reply_to" in value


def verdicts(document):
    return {h["hostname"]: h["verdict"] for h in document["hosts"]}


def resigned(fleet, host, key_of):
    """host's replies, signed with another enrolled host's key."""
    def rewrite(envelope):
        if not is_reply(envelope, host):
            return envelope
        payload = sshsig.split(envelope)[1]
        return sshsig.sign(payload, fleet[key_of].key,
                           namespace=sshsig.REPLY)
    return rewrite


def test_forged_with_another_hosts_key(fleet):
    with Liar(fleet, resigned(fleet, HOST, OTHER)) as liar:
        done = liar.amiral("uptime", "-a")
        code, document = liar.json("uptime", "-a")
    assert done.returncode == 4, done
    shown = done.stdout + done.stderr
    assert "wrong key" in shown.lower()
    for name in (HOST, OTHER):
        fingerprint = fleet.keygen("show", fleet[name].key_file).stdout
        assert fingerprint[fingerprint.index("SHA256:"):].split()[0] in shown
    assert code == 4
    assert verdicts(document) == {HOST: "no_answer", OTHER: "ok", THIRD: "ok"}
    assert document["stats"]["unverified"] >= 1


def test_forged_with_a_strangers_key(fleet):
    stranger = sshsig.Key.new()

    def rewrite(envelope):
        if not is_reply(envelope, HOST):
            return envelope
        return sshsig.sign(sshsig.split(envelope)[1], stranger,
                           namespace=sshsig.REPLY)

    with Liar(fleet, rewrite) as liar:
        code, document = liar.json("uptime", "-a")
    assert code == 4
    assert verdicts(document)[HOST] == "no_answer"


def test_changed_answer(fleet):
    """One character of a verified reply differs."""
    def rewrite(envelope):
        if not is_reply(envelope, HOST):
            return envelope
        lines, payload = sshsig.split(envelope)
        return sshsig.envelope(payload.replace(b'"version":1', b'"version":2'),
                               *lines)

    with Liar(fleet, rewrite) as liar:
        code, document = liar.json("ping", "-a")
    assert code == 4 and verdicts(document)[HOST] == "no_answer"


def test_answer_to_another_request(fleet):
    """Yesterday's verified answer is not today's."""
    old = fleet.ask(fleet.request("ping", match={"hosts": [HOST]}))
    envelope = fleet.replies(old)[-1][0]

    def rewrite(now):
        return envelope if is_reply(now, HOST) else now

    with Liar(fleet, rewrite) as liar:
        code, document = liar.json("ping", "-a")
    assert code == 4 and verdicts(document)[HOST] == "no_answer"


def test_start_of_another_request(fleet):
    """START is never sealed: an old one must not acknowledge a new request."""
    old = fleet.ask(fleet.request("uptime", match={"hosts": [HOST]}))
    start = next(e for e, r in fleet.replies(old) if r["status"] == "start")

    def rewrite(now):
        return start if is_reply(now, HOST) else now

    with Liar(fleet, rewrite) as liar:
        code, document = liar.json("uptime", "-a")
    assert code == 4 and verdicts(document)[HOST] == "no_answer"


def test_request_passed_off_as_reply(fleet):
    def rewrite(envelope):
        if not is_reply(envelope, HOST):
            return envelope
        return sshsig.sign(sshsig.split(envelope)[1], fleet[HOST].key,
                           namespace=sshsig.REQUEST)

    with Liar(fleet, rewrite) as liar:
        code, document = liar.json("ping", "-a")
    assert code == 4 and verdicts(document)[HOST] == "no_answer"


def test_unknown_host(fresh):
    """A known host that is stopped makes room for the stranger's answer."""
    fleet = fresh(HOST, OTHER, start=False)
    fleet.add("stranger.example.com", known=False)
    fleet.start()
    pid = fleet[OTHER].wait_whole()["gate"]
    os.kill(pid, signal.SIGSTOP)
    done = fleet.amiral("ping", "-a")
    assert done.returncode == 4, done
    shown = done.stdout + done.stderr
    assert "unknown host" in shown.lower()
    assert "stranger.example.com" in shown
    code, document = fleet.json("ping", "-a")
    os.kill(pid, signal.SIGCONT)
    assert code == 4
    assert verdicts(document) == {HOST: "ok", OTHER: "no_answer"}


def test_output_cannot_forge_a_host(fresh):
    """Newlines, escapes and reordering come out as text."""
    nasty = "ok\nwww02.example.com: up\r\x1b[2K\x1b]0;x\x07\u202e\u2028\x7f"
    fleet = fresh(HOST, start=False)
    agent = fleet[HOST]
    output = json.dumps({"text": nasty}, ensure_ascii=True)
    agent.provider("nasty", f"#!/bin/sh\ncat <<'E'\n{output}\nE\n",
                   side_effects=False)
    fleet.start()
    for words in ((), ("-v",), ("-b",), ("-L",)):
        done = fleet.amiral("nasty", "-a", "-y", *words)
        if done.returncode == 1 and words:
            continue  # an option that this version does not have
        assert done.returncode == 0, done
        shown = done.stdout + done.stderr
        assert not any(line.lstrip().startswith(OTHER)
                       for line in shown.splitlines())
        assert not set(shown) & set("\r\x1b\x07\x7f\u202e\u2028")
    code, document = fleet.json("nasty", "-a", "-y")
    assert code == 0
    assert document["hosts"][0]["output"]["text"] == nasty


def test_raw_json_is_clean(fresh):
    """The document itself cannot move a cursor either."""
    fleet = fresh(HOST, start=False)
    fleet[HOST].provider(
        "nasty", "#!/bin/sh\nprintf '{\"t\":\"\\302\\233 \\177 \\342\\200\\256\"}'\n",
        side_effects=False)
    fleet.start()
    done = fleet.amiral("nasty", "-a", "-y", "-j")
    assert done.returncode == 0, done
    assert not set(done.stdout) & set("\x9b\x7f\u202e")
    assert json.loads(done.stdout)["hosts"][0]["output"]["t"] == \
        "\x9b \x7f \u202e"


@pytest.fixture(scope="module")
def seven():
    """Five web servers, two others, told apart by name and by a fact."""
    with fleets.Fleet(start=False) as fleet:
        for n in range(1, 6):
            fleet.add(f"www{n:02}.example.com", facts={"role": "web"})
        for n in range(1, 3):
            fleet.add(f"db{n:02}.example.com", facts={"role": "db"})
        fleet.start()
        yield fleet


def wait_for_fact(fleet, fact, value):
    """Every hello carries the fact: facts come a moment after the start."""
    def all_have():
        with fleet.redis.client() as client:
            hellos = [client("GET", fleet.key(f"host:{name}"))
                      for name in fleet.agents]
        facts = [content(h)["facts"] for h in hellos if h]
        return sum(f.get(fact) == value for f in facts)
    return fleets.wait_for(f"{fact}={value}", all_have)


@pytest.mark.parametrize("filter_", ["hostname=www*", "role=web"])
def test_returns_with_the_fifth_answer(seven, filter_):
    wait_for_fact(seven, "role", "web")
    start = time.monotonic()
    code, document = seven.json("uptime", "-F", filter_, *LONG)
    elapsed = time.monotonic() - start
    assert code == 0, document
    assert document["stats"]["matched"] == document["stats"]["ok"] == 5
    assert elapsed < 20  # of the 30 s that it may wait for a sixth


@pytest.mark.parametrize("filter_", ["hostname=www*", "role=web"])
def test_names_the_one_that_is_stopped(seven, filter_):
    wait_for_fact(seven, "role", "web")
    victim = seven["www03.example.com"]
    pids = list(victim.wait_whole().values())
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        done = seven.amiral("uptime", "-F", filter_)
        code, document = seven.json("uptime", "-F", filter_)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    assert done.returncode == 3, done
    assert "www03.example.com" in done.stdout + done.stderr
    assert code == 3
    assert verdicts(document) == {
        f"www{n:02}.example.com": "no_answer" if n == 3 else "ok"
        for n in range(1, 6)}


@pytest.mark.parametrize("count", [0, 1, 1000000, -1])
def test_lies_about_the_count(fleet, count):
    """PUBLISH's integer is used for nothing."""
    class Miscounts(Liar):
        def change(self, reply, words):
            if isinstance(reply, list):
                return [count if isinstance(v, int) else self.change(v, None)
                        for v in reply]
            return count if isinstance(reply, int) and words \
                and words[0].upper() == b"PUBLISH" else reply

    with Miscounts(fleet, lambda e: e) as liar:
        code, document = liar.json("ping", "-a", *LONG)
    assert code == 0
    assert document["stats"]["ok"] == len(HOSTS)


def test_drops_one_hosts_answers(fleet):
    with Liar(fleet, lambda e: DROP if is_reply(e, HOST) else e) as liar:
        code, document = liar.json("ping", "-a")
    assert code == 3
    assert verdicts(document)[HOST] == "no_answer"


def test_hides_one_hosts_hello(fleet):
    """A known host without a hello is expected all the same."""
    def rewrite(envelope):
        value = content(envelope)
        hidden = value.get("hostname") == HOST
        return DROP if hidden else envelope

    class Hides(Liar):
        def change(self, reply, words):
            if isinstance(reply, bytes) and b"\n\n" in reply:
                return None if self.rewrite(reply) is DROP else reply
            if isinstance(reply, list):
                return [self.change(v, None) for v in reply]
            return reply

    # Nor one that is remembered from an earlier command.
    shutil.rmtree(fleet.home / ".cache", ignore_errors=True)
    with Hides(fleet, rewrite) as liar:
        for words in (("-a",), ("-F", "hostname=www*"), ("-F", "role=x")):
            code, document = liar.json("ping", *words)
            assert code == 3, (words, document)
            assert verdicts(document)[HOST] == "no_answer"


def test_keeps_a_request_from_one_host(fresh):
    """Redis delivers to all but one: silence is named, never 0."""
    fleet = fresh(HOST, start=False)

    def change(reply, words):
        if isinstance(reply, list) and reply and reply[0] == b"message":
            return DROP
        return reply

    with Proxy(fleet.folder, fleet.redis.socket, change) as proxy:
        fleet.add(OTHER, redis_url=proxy.url)
        fleet.start()
        code, document = fleet.json("ping", "-a")
        assert code == 3
        assert verdicts(document) == {HOST: "ok", OTHER: "no_answer"}
        fleet[OTHER].stop()
