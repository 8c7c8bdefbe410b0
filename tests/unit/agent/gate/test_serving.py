"""From the files to answers: start, built-in providers, runs, reload."""
import base64
import hashlib
import json
import os
import signal
import socket
import struct

import pytest

import gateproc
import sshsig
from gateproc import BOB, FLEET, HOST, encoded


def test_ready_after_the_facts(bare):
    bare.hand_over()
    job = bare.job("facts")
    assert not bare.seen[gateproc.G2E_READY]
    job.start()
    assert job.arguments() == b"{}"
    job.write(b'{"cpus": 4}')
    job.end()
    assert bare.expect(gateproc.G2E_READY) == b""


def test_ready_without_facts(bare):
    bare.hand_over()
    bare.job("facts").end(2, gateproc.NOT_STARTED)
    assert bare.expect(gateproc.G2E_READY) == b""
    assert "facts" in bare.log()


def test_large_facts(bare):
    """What does not fit an answer is left out, and still less fits a hello."""
    bare.facts = {"huge": "x" * 40000, "large": "y" * 20000, "small": 1}
    bare.start()
    assert "huge" in bare.log()
    assert "large" in bare.log()
    hello = bare.expect(("net", gateproc.G2N_HELLO))
    facts = json.loads(sshsig.split(hello[4:])[1])["facts"]
    assert set(facts) == {"small", "hostname", "fleet", "groups",
                          "facts_left_out"}
    bare.ask(bare.request("facts"))
    output = bare.reply().content["output"]
    assert set(output) == set(facts) - {"facts_left_out"} | {"large", "exit"}


def test_too_large_facts(bare):
    bare.hand_over()
    job = bare.job("facts").start()
    feed(bare, job, b'{"a":"' + b"x" * 65536 + b'"}{"b":1}')
    job.end()
    assert bare.expect(gateproc.G2E_READY) == b""
    bare.connect()
    bare.ask(bare.request("facts"))
    assert set(bare.reply().content["output"]) == {
        "hostname", "fleet", "groups", "exit"}


def test_what_net_gets_first(gate):
    keys = gate.expect(("net", gateproc.G2N_KEYS))
    assert keys == b"\1" + b"".join(
        b"\0" + key.public for key in (gate.alice, gate.bob))
    assert gate.expect(("net", gateproc.G2N_READY)) == b""
    hello = gate.expect(("net", gateproc.G2N_HELLO))
    assert struct.unpack(">I", hello[:4]) == (180000,)
    (line,), payload = sshsig.split(hello[4:])
    assert sshsig.keygen_verify(line, payload, gate.host.line, sshsig.HELLO)
    content = json.loads(payload)
    assert content["fleet"] == FLEET and content["hostname"] == HOST
    assert content["facts"] == {
        "cpus": 4, "hostname": HOST, "fleet": FLEET,
        "groups": ["web", "paris"]}


def test_ping_as_ssh_keygen_sees_it(gate):
    request = gate.request()
    payload = gate.payload(request)
    key_file = gate.folder / "alice"
    os.system(f"ssh-keygen -q -t ed25519 -N '' -f {key_file}")
    gate.operators.append(
        f"carol@example.com {sshsig.Key.load(key_file).line}")
    assert gate.reload()[0] == gateproc.G2E_RELOADED
    request["operator"] = "carol@example.com"
    payload = gate.payload(request)
    gate.deliver(sshsig.envelope(
        payload, sshsig.keygen_sign(key_file, payload)))
    reply = gate.reply()
    (line,), signed = sshsig.split(reply.envelope)
    assert sshsig.keygen_verify(line, signed, gate.host.line)
    content = reply.content
    assert content["status"] == "complete" and content["ended"] == "exit"
    assert content["request"] == gate.digest(payload)
    assert content["in_reply_to"] == request["reply_to"] == reply.reply_to
    assert content["hostname"] == HOST and content["seq"] == 0
    assert len(base64.b64decode(content["boot"])) == 16
    output = content["output"]
    assert output["exit"] == 0 and output["trust"] == 0
    assert abs(output["time"] - gateproc.now_ms()) < 60000
    assert output["fingerprint"] == "SHA256:" + encoded(
        hashlib.sha256(gate.host.blob).digest()).rstrip("=")


def test_facts_from_the_cache(gate):
    gate.ask(gate.request("facts"))
    assert gate.reply().content["output"] == {
        "cpus": 4, "hostname": HOST, "fleet": FLEET,
        "groups": ["web", "paris"], "exit": 0}


def run(gate, provider="uptime", args=None, **members):
    request = gate.request(provider, args, **members)
    gate.ask(request)
    start = gate.reply().content
    assert start["status"] == "start" and start["seq"] == 0
    return request, gate.job(provider).start()


def test_run(gate):
    request, job = run(gate, "run", {"word": "a", "path": "/a/b"})
    assert json.loads(job.arguments()) == {"word": "a", "path": "/a/b"}
    job.write(b'{"up": "4 days", "load": 0.10}\n')
    job.end()
    content = gate.reply().content
    assert content["output"] == {"up": "4 days", "load": 0.1, "exit": 0}
    assert content["usage"] == {
        "wall_ms": 5, "user_ms": 2, "system_ms": 1, "max_rss_kib": 640}
    assert "chunks" not in content and "truncated" not in content
    assert content["request"] == gate.digest(gate.payload(request))
    admitted, ended = gate.audit(), gate.audit()
    assert admitted["event"] == "admitted" and ended["event"] == "ended"
    assert ended["outcome"] == "exit"
    for line in admitted, ended:
        assert line["operator"] == gateproc.ALICE
        assert line["provider"] == "run"
        assert line["request"] == content["request"]
        assert line["args"] == encoded(hashlib.sha256(
            b'{"word":"a","path":"/a/b"}').digest())
        assert line["fingerprint"] == "SHA256:" + encoded(
            hashlib.sha256(gate.alice.blob).digest()).rstrip("=")


def test_exit_status_is_the_gates_word(gate):
    _, job = run(gate)
    job.write(b'{"exit": 0}')
    job.write(b"went wrong\n", 2)
    job.end(7)
    piece, final = gate.reply().content, gate.reply().content
    assert (piece["stream"], piece["data"]) == ("stderr", "went wrong\n")
    assert final["output"] == {"exit": 7} and final["seq"] == 2
    assert final["chunks"]["stderr"] == {
        "count": 1,
        "sha256": encoded(hashlib.sha256(b"went wrong\n").digest())}


@pytest.mark.parametrize("how, ended", [
    (gateproc.ENDED, "signal"), (gateproc.TIMEOUT, "timeout"),
    (gateproc.KILLED, "cancelled")])
def test_ended_by_a_signal(gate, how, ended):
    _, job = run(gate)
    job.end(-signal.SIGKILL, how)
    content = gate.reply().content
    assert content["ended"] == ended
    assert content["signal"] == signal.SIGKILL
    assert content["output"] == {"exit": 128 + signal.SIGKILL}


def test_not_started(gate):
    gate.ask(gate.request("uptime"))
    assert gate.reply().content["status"] == "start"
    gate.job("uptime").end(12, gateproc.NOT_STARTED)
    content = gate.reply().content
    assert content["ended"] == "exit" and content["output"]["exit"] == 127
    assert "Cannot allocate memory" in content["output"]["error"]
    assert "usage" not in content


def pieces(gate, stream="stdout"):
    """The pieces of a stream, joined, and the final reply."""
    data, count, final = b"", 0, None
    while final is None:
        content = gate.reply().content
        if content["status"] == "complete":
            final = content
        elif content["stream"] == stream:
            count += 1
            data += content["data"].encode() if "data" in content \
                else base64.b64decode(content["data64"])
    chunks = final["chunks"][stream]
    assert chunks["count"] == count
    assert chunks["sha256"] == encoded(hashlib.sha256(data).digest())
    return data, final


def test_text_output(gate):
    _, job = run(gate)
    job.write("grüße\n".encode() * 3)
    job.write(b"a warning\n", 2)
    job.end()
    assert gate.reply().content["data"] == "grüße\n" * 3
    assert gate.reply().content["data"] == "a warning\n"
    assert gate.reply().content["output"] == {"exit": 0}


def test_bytes_output(gate):
    _, job = run(gate)
    job.write(bytes(range(256)))
    job.end()
    data, final = pieces(gate)
    assert data == bytes(range(256)) and final["output"] == {"exit": 0}


def feed(gate, job, data):
    """Writes more than a pipe holds, and stores pieces meanwhile."""
    for at in range(0, len(data), 4096):
        job.write(data[at:at + 4096])


@pytest.mark.parametrize("size", [32768, 32769, 65536, 65537, 300000])
def test_large_text(gate, size):
    _, job = run(gate)
    wanted = (b"0123456789abcde\n" * 20000)[:size]
    feed(gate, job, wanted)
    job.end()
    data, final = pieces(gate)
    assert data == wanted and "truncated" not in final


def test_large_object(gate):
    """Over 32 KiB as the gate writes it: text. Laid out wider: an object."""
    _, job = run(gate)
    feed(gate, job, json.dumps({"a": list(range(6000))}).encode())
    job.end()
    content = gate.reply().content
    assert content["output"]["a"] == list(range(6000))
    _, job = run(gate)
    wanted = json.dumps({"a": "x" * 33000}).encode()
    feed(gate, job, wanted)
    job.end()
    data, final = pieces(gate)
    assert data == wanted and final["output"] == {"exit": 0}


def test_too_deep_an_object_is_text(gate):
    for depth, is_object in ((15, True), (16, False)):
        _, job = run(gate)
        job.write(b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1))
        job.end()
        content = gate.reply().content
        assert (content["status"] == "complete") == is_object, depth
        if not is_object:
            assert gate.reply().content["output"] == {"exit": 0}


def test_truncated(gate):
    _, job = run(gate, "small")
    job.write(b"x" * 1000)
    job.write(b"y" * 1000, 2)
    job.end()
    content = [gate.reply().content for _ in range(3)]
    assert sum(len(c["data"]) for c in content[:2]) == 1024
    assert content[2]["truncated"] is True


def test_a_grandchild_keeps_the_pipe(gate):
    _, job = run(gate)
    job.write(b'{"done": true}')
    job.end(keep_open=True)
    assert gate.reply().content["output"] == {"done": True, "exit": 0}
    job.close()


def test_arguments_nobody_reads(gate):
    """More than a pipe holds, to a provider that ends without reading."""
    gate.descriptions["run"]["args"]["much"] = {"type": "string"}
    assert gate.reload()[0] == gateproc.G2E_RELOADED
    _, job = run(gate, "run", {"much": "x" * 60000})
    job.end()
    assert gate.reply().content["output"] == {"exit": 0}
    _, job = run(gate, "run", {"much": "y" * 60000})
    assert json.loads(job.arguments()) == {"much": "y" * 60000}
    job.end()
    assert gate.reply().content["output"] == {"exit": 0}


def test_live_output(gate):
    _, job = run(gate, options={"stream": True})
    for word in "one\n", "two\n":
        job.write(word.encode())
        assert gate.reply().content["data"] == word
    job.end()
    assert gate.reply().content["chunks"]["stdout"]["count"] == 2


def test_live_object_waits(gate):
    _, job = run(gate, options={"stream": True})
    job.write(b'  {"a":')
    job.write(b"note\n", 2)
    assert gate.reply().content["data"] == "note\n"
    job.write(b"1}")
    job.end()
    assert gate.reply().content["output"] == {"a": 1, "exit": 0}


def test_timeout_is_the_smaller_one(gate):
    gate.conf += "[provider run]\ntimeout = 20\n"
    assert gate.reload()[0] == gateproc.G2E_RELOADED
    for provider, asked, effective in (
            ("uptime", 0, 60000), ("uptime", 5, 5000),
            ("uptime", 600, 60000), ("run", 0, 20000), ("run", 21, 20000)):
        _, job = run(gate, provider, options={"timeout": asked})
        assert job.timeout_ms == effective
        job.end()
        assert gate.reply().content["status"] == "complete"


def test_reply_ways(gate):
    for number, via in enumerate(("stream", "list", "pubsub")):
        request = gate.request(reply_via=via, options={"timeout": 30})
        gate.ask(request)
        reply = gate.reply()
        assert reply.via == number
        assert reply.expires == request["expires"] + 30000 + 600000


def about(gate, provider, request, *keys, expires=None, **members):
    args = {"digest": gate.digest(gate.payload(request))}
    if provider == "cancel":
        args["expires"] = expires or request["expires"]
    asking = gate.request(provider, args, **members)
    gate.ask(asking, *keys)
    reply = gate.reply()
    assert reply.reply_to == asking["reply_to"]
    return reply.content


def test_status_of_a_run(gate):
    later = gate.request()
    assert about(gate, "status", later)["output"] == {
        "state": "not-seen", "exit": 0}
    request, job = run(gate)
    assert about(gate, "status", request)["output"]["state"] == "running"
    job.write(b'{"a": 1}')
    job.end()
    final = gate.reply()
    output = about(gate, "status", request)["output"]
    assert output["state"] == "complete"
    assert output["reply"].encode() == final.envelope
    refused = gate.request("nothing")
    assert gate.refused(refused)[0] == "unknown-provider"
    assert about(gate, "status", refused)["output"]["state"] == "refused"


def test_cancel_of_a_run(gate):
    request, job = run(gate)
    output = about(gate, "cancel", request)["output"]
    assert output == {"state": "running", "cancelled": True, "exit": 0}
    assert struct.unpack(">I", gate.expect(gateproc.G2E_KILL)) == (job.number,)
    job.end(-signal.SIGKILL, gateproc.KILLED)
    content = gate.reply().content
    assert content["ended"] == "cancelled"
    assert content["cancelled_by"] == gateproc.ALICE
    output = about(gate, "cancel", request)["output"]
    assert output == {"state": "complete", "cancelled": False, "exit": 0}


def test_cancel_comes_first(gate):
    request = gate.request("uptime")
    output = about(gate, "cancel", request)["output"]
    assert output == {"state": "not-seen", "cancelled": True, "exit": 0}
    assert gate.refused(request)[0] == "cancelled"


def test_others_requests(gate):
    request, job = run(gate)
    for provider in "status", "cancel":
        content = about(gate, provider, request, gate.bob, operator=BOB)
        assert content["reason"] == "denied"
    # Nor can bob cancel one that the host has not seen.
    later = gate.request("uptime")
    assert about(gate, "cancel", later, gate.bob, operator=BOB)[
        "output"]["state"] == "not-seen"
    gate.ask(later)
    assert gate.reply().content["status"] == "start"
    gate.job("uptime").start().end()
    assert gate.reply().content["status"] == "complete"
    job.end()
    assert gate.reply().content["status"] == "complete"


def test_others_requests_by_policy(bare):
    """bob may look at alice's requests and end them, also before they come."""
    bare.conf += (f"[policy bob looks after jobs]\noperators = {BOB}\n"
                  "providers = status, cancel\njobs = any\n")
    gate = bare.start()
    request, job = run(gate)
    content = about(gate, "status", request, gate.bob, operator=BOB)
    assert content["output"]["state"] == "running"
    content = about(gate, "cancel", request, gate.bob, operator=BOB)
    assert content["output"]["cancelled"] is True
    assert struct.unpack(">I", gate.expect(gateproc.G2E_KILL)) == (job.number,)
    job.end(-signal.SIGKILL, gateproc.KILLED)
    assert gate.reply().content["cancelled_by"] == BOB
    later = gate.request("uptime")
    assert about(gate, "cancel", later, gate.bob, operator=BOB)[
        "output"] == {"state": "not-seen", "cancelled": True, "exit": 0}
    assert gate.refused(later)[0] == "cancelled"


def test_two_people(bare):
    """Both are in the audit line; who signs with two keys is one."""
    bare.conf += ("[policy two]\noperators = *\nproviders = pair\n"
                  "signatures = 2\n")
    bare.conf = bare.conf.replace("providers = *\n", "providers = run\n")
    bare.descriptions["pair"] = {"name": "pair", "description": "", "args": {}}
    second = sshsig.Key.new()
    bare.operators.append(f"{gateproc.ALICE} {second.line}")
    gate = bare.start()
    reason, reply = gate.refused(gate.request("pair"))
    assert reason == "signatures"
    assert reply.content["detail"] == (
        "policy 'two' wants 2 of its operators to sign, 1 did")
    request = gate.request("pair", signatures=2)
    assert gate.refused(request, gate.alice, second)[0] == "signatures"
    request = gate.request("pair", signatures=2)
    gate.silent(sshsig.sign(gate.payload(request), gate.alice, gate.alice),
                sshsig.sign(gate.payload(request), gate.bob, gate.alice),
                sshsig.sign(gate.payload(request), gate.alice))
    gate.ask(request, gate.alice, gate.bob)
    assert gate.reply().content["status"] == "start"
    gate.job("pair").start().end()
    assert gate.reply().content["status"] == "complete"
    lines = [json.loads(body) for body in gate.seen[gateproc.G2E_AUDIT]]
    line, = (x for x in lines if x["event"] == "admitted")
    assert line["operator"] == gateproc.ALICE
    assert line["cosigners"] == [
        {"operator": BOB, "fingerprint": gate.bob.fingerprint}]


def test_a_quarter_of_the_slots(gate):
    jobs = [run(gate)[1] for _ in range(16)]
    assert gate.refused(gate.request("uptime"))[0] == "busy"
    gate.fence()
    jobs.pop().end()
    assert gate.reply().content["status"] == "complete"
    jobs.append(run(gate)[1])
    for job in jobs:
        job.end()
        assert gate.reply().content["status"] == "complete"


def test_replies_wait_for_net(gate):
    """Not reported as stored: a fresh net gets them again, in order."""
    request, job = run(gate)
    job.end()
    final = gate.reply(stored=False)
    gate.connect()
    again = gate.reply()
    assert again == final
    gate.fence()  # now the gate knows that it is stored
    gate.connect()
    gate.fence()


def test_a_net_that_breaks_the_rules(gate):
    gate.net.send(bytes([9]) + b"junk")
    assert "broke a rule" in gate.log()
    gate.connect()
    gate.fence()


@pytest.mark.skipif(os.geteuid() != 0, reason="not dumpable: root alone may look")
def test_descriptors_from_net(gate):
    """They close, whatever becomes of the frame."""
    gate.fence()
    folder = f"/proc/{gate.process.pid}/fd"
    before = sorted(os.listdir(folder))
    with open("/dev/null", "rb") as file:
        socket.send_fds(gate.net, [bytes([gateproc.N2G_REQUEST]) + b"x"],
                        [file.fileno()])
    assert "broke a rule" in gate.log()
    gate.connect()
    gate.fence()
    assert sorted(os.listdir(folder)) == before


def test_reload_brings_keys(gate):
    gate.expect(("net", gateproc.G2N_KEYS))
    gate.operators.pop()
    assert gate.reload() == (gateproc.G2E_RELOADED, b"")
    assert gate.expect(("net", gateproc.G2N_KEYS)) == \
        b"\1\0" + gate.alice.public
    gate.silent(sshsig.sign(
        gate.payload(gate.request(operator=BOB)), gate.bob))


BROKEN = {
    "conf": ("conf", "[agent]\nbogus = 1\n", "amirald.conf:2: "),
    "operators": ("operators", ["not a line"], "allowed_signers:1: "),
    "description": ("descriptions", {"uptime": "{"}, "uptime.json: "),
    "description of another": (
        "descriptions", {"uptime": {"name": "x", "description": ""}},
        "uptime.json: "),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_reload_of_a_broken_file(gate, kind):
    name, value, where = BROKEN[kind]
    good = getattr(gate, name)
    setattr(gate, name, value)
    answer, why = gate.reload()
    assert answer == gateproc.G2E_KEPT
    assert why.decode().startswith(where), why
    gate.fence()
    setattr(gate, name, good)
    assert gate.reload()[0] == gateproc.G2E_RELOADED
    gate.fence()


def test_reload_of_a_broken_key(gate):
    gate.host_file.write_text("no key")
    answer, why = gate.reload()
    assert answer == gateproc.G2E_KEPT and why.startswith(b"host_key")
    gate.fence()


@pytest.mark.parametrize("kind", BROKEN)
def test_first_set_is_broken(bare, kind):
    name, value, where = BROKEN[kind]
    setattr(bare, name, value)
    bare.hand_over()
    assert bare.expect(gateproc.G2E_KEPT).decode().startswith(where)
    assert bare.process.wait(gateproc.PATIENCE) == 1


def test_ends_with_amirald(gate):
    gate.executor.close()
    assert gate.process.wait(gateproc.PATIENCE) == 0


def test_amirald_breaks_a_rule(gate):
    gate.to_gate(gateproc.E2G_EXITED, b"short")
    assert gate.process.wait(gateproc.PATIENCE) == 255


def test_locked_in(gate):
    with open(f"/proc/{gate.process.pid}/status", encoding="ascii") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file
                      if ":\t" in line)
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    if os.environ.get("AMIRAL_SANDBOX") != "off":
        assert status["Seccomp"] == "2"


def test_thousands_of_pings(gate):
    """A net that is always some answers behind: every one comes, once."""
    count, behind, answered = 5000, 50, set()
    now = gateproc.now_ms()
    request = gate.request(issued=now, expires=now + 600000)
    for number in range(1, count + 1):
        request["options"] = {"timeout": number}
        gate.ask(request)
        if number > behind:
            answered.add(gate.reply().content["request"])
    while len(answered) < count:
        answered.add(gate.reply().content["request"])
    assert not gate.seen["net", gateproc.G2N_REPLY]


def test_more_than_the_outbox_holds(gate):
    """
    Net's word that answers are stored comes behind requests that must wait
    for it: it is heard, and they are answered.
    """
    bound, more, answered = 4096, 100, set()
    now = gateproc.now_ms()
    request = gate.request(issued=now, expires=now + 600000)
    unstored = []
    for number in range(1, bound + more + 1):
        request["options"] = {"timeout": number}
        gate.ask(request)
        if number <= bound:
            unstored.append(gate.reply(stored=False))
    for reply in unstored:
        gate.stored(reply)
    for reply in [*unstored, *(gate.reply() for _ in range(more))]:
        answered.add(reply.content["request"])
    assert len(answered) == bound + more
    gate.fence()
