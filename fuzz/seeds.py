#!/usr/bin/python3
"""
The hand-made part of the corpora, from docs/vectors, ssh-keygen and what
stands below, as DIR/TARGET/seed-NAME. Keys of other types are new each time.
Usage: seeds.py DIR
"""
import base64
import hashlib
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

sys.path.insert(
    0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/lib"))

import sshsig  # noqa: E402  (the path comes first)

TOP = pathlib.Path(__file__).resolve().parent.parent
VECTORS = TOP / "docs/vectors"
MANIFEST = json.loads((VECTORS / "manifest.json").read_text())
HEADER = bytes(16)
DIRECTIONS = 9


def payload(path):
    return (VECTORS / path).read_bytes().partition(b"\n\n")[2]


def vectors(kind, words=""):
    """Vectors whose name has one of the words, and every valid one."""
    for vector in MANIFEST["vectors"]:
        path = pathlib.Path(vector["file"])
        if path.parent.name == kind and (
                vector["expect"] == "ok" or
                any(w in path.stem for w in words.split())):
            yield path.stem, vector["file"]


def seeds_envelope():
    for kind in ("request", "reply", "hello", "enroll", "trust"):
        words = ("lines- blob- swapped neutral malleable bit-off"
                 if kind == "request" else "namespace-request")
        for name, path in vectors(kind, words):
            data = (VECTORS / path).read_bytes()
            if len(data) < 4096:
                yield f"{kind}-{name}", data


def payloads(kind, words):
    for name, path in vectors(kind, words):
        data = payload(path)
        if len(data) < 4096:
            yield name, data


def seeds_request():
    yield from payloads("request", "json- match options. missing-command seal")


def seeds_hello():
    yield from payloads("hello", "json- serial rotation certificate")


def seeds_reply():
    start = json.loads(payload("reply/valid-start.envelope"))
    outer = {k: start[k] for k in ("version", "in_reply_to", "hostname",
                                   "seq")}
    for name, data in payloads("reply", "sealed output chunks noop usage"):
        yield name, (b"\1" if name.startswith("sealed") else b"\0") + data
        if name.startswith("valid"):
            outer["seq"] = json.loads(data)["seq"]
            yield f"to-seal-{name}", (b"\3" + json.dumps(outer).encode() +
                                      b"\n" + data)


def seeds_verify():
    for name, path in vectors("reply", "receiver sealed-other namespace-h"):
        data = (VECTORS / path).read_bytes()
        if len(data) < 4096:
            yield name, (b"\1" if name.startswith("sealed") else b"\0") + data


def signed_lists():
    for name, path in vectors("trust", "bit-off-signature-r namespace-r"):
        yield name, (VECTORS / path).read_bytes()


def seeds_operators():
    for name, data in signed_lists():
        for how in (0, 1, 2, 4, 7, 8, 9, 16, 17, 32, 33, 48, 49):
            yield f"{name}-{how}", struct.pack(">Bi3B", how, 0, 4, 1, 0) + data
        for at in (-90000, 700000):
            yield f"{name}-at{at}", struct.pack(">Bi3B", 0, at, 4, 1, 0) + data
        for serial in (0, 255):
            yield f"{name}-by{serial}", (
                struct.pack(">Bi3B", 0, 0, 4, serial, 1) + data)
        yield f"{name}-by-alice", struct.pack(">Bi3B", 16, 0, 0, 1, 4) + data


def seeds_trust():
    yield from payloads("trust", "")
    root = json.loads(payload("trust/valid.envelope"))
    row, revoked = root["signers"][0], root["revoked"][0]
    for name, change in {
            "same-key": {"signers": [row, row]},
            "signers-many": {"signers": [row] * 257},
            "revoked-many": {"revoked": [revoked] * 1025},
            "revoked-twice": {"revoked": [revoked] * 2},
            "none": {"signers": [], "revoked": []}}.items():
        yield name, json.dumps({**root, **change}).encode()


def seeds_memory():
    for number, kind in ((0, "request"), (1, "reply"), (2, "reply"),
                         (3, "hello"), (4, "enroll"), (5, "trust")):
        for name, data in payloads(kind, "sealed rotation certificate"):
            yield f"{kind}-{number}-{name}", bytes([number]) + data
    stores = (f"@revoked * {BOB}\n@cert-authority * {ALICE}\n"
              f"www01,www02 {ALICE[:-4]}AAAA\n")
    yield "known-hosts", b"\6" + stores.encode()
    yield "known-hosts-two", f"\6a,b {ALICE}\n@revoked * {BOB}\n".encode()
    yield "allowed-signers", f"\7a {ALICE}\n@revoked {BOB}\n".encode()
    for name, data in signed_lists():
        yield f"operators-{name}", b"\x08" + data
    yield "match", b'\x09{"hosts":["www01.example.com"],"groups":["web"]}'
    yield "signer", b"\x0b{}"


def seeds_reply_build():
    def head(status, rest=b""):
        return struct.pack(">BiiBB", status, 7, 0, 1, 2) + rest
    yield "start", head(0)
    yield "noop", head(1, b"\3\5hello")
    yield "noop-not-utf8", head(1, b"\3\2\xff\xfe")
    yield "output", head(2, b"\1text\n")
    yield "output-bytes", head(2, b"\0a\0b\xff")
    yield "output-escaped", head(2, b"\1" + bytes(range(1, 32)) * 3)
    yield "output-quoted", head(2, b'\1"a\\b"' + b"x" * 30)
    yield "output-most", head(2, b"\1" + b"x" * 32768)
    yield "output-long", head(2, b"\1" + b"x" * 32769)
    for has in (0, 8 + 2, 16 + 3, 32, 64, 96, 120):
        body = bytes([has])
        body += b"\0\1\7\0\2\x08" if has & 32 else b""
        body += bytes(range(16)) if has & 64 else b""
        yield f"complete-{has}", head(3, body + b'{"exit":0,"a":[1.5]}')
    yield "signalled", head(3, b"\1\x08" + b"{}")
    yield "cancelled", head(3, b"\3{}")
    yield "no-object", head(3, b"\0[1]")
    yield "deep", head(3, b"\0" + b'{"a":' * 20 + b"1" + b"}" * 20)
    yield "long", head(3, b'\0{"a":"' + b"x" * 32765 + b'"}')


def seeds_signer():
    """u8 where, answers, kind, damage; then what is signed."""
    for where in range(6):
        for answers in range(5):
            raw = b"\0\0\0\1\5\n" if 3 in (where, answers - 1) else b""
            yield f"{where}-{answers}", (
                bytes([where, answers, where % 5, 9]) + raw + b"{}")
    for damage in range(5, 120, 23):
        yield f"damage-{damage}", bytes([0, 1, 0, damage]) + b"{}"
    for where in (128, 129, 130):
        yield f"named-{where}", bytes([where, 0, 1, 0]) + b"{}"
    yield "pair-of-one", bytes([4, 0, 2, 2]) + b"{}"
    for place in range(3):
        yield f"nowhere-{place}", bytes([6, 0, 0, place])
    yield "empty", bytes([0, 0, 0, 0])
    yield "empty-ours", bytes([4, 0, 0, 1])
    blob = base64.b64decode(HARDWARE.split()[1])
    body = b"\x0c" + struct.pack(">I", 1) + string(blob) + string(b"x" * 9)
    touched = (string(b"sk-ssh-ed25519@openssh.com") + string(bytes(64)) +
               b"\1\0\0\0\7")
    for answers, name in ((0, "hardware"), (3, "hardware-refused")):
        yield name, bytes([3, answers, 0, 0]) + string(body) + b"\n{}"
    answer = string(b"\x0e" + string(touched))
    yield "hardware-unsigned", bytes([0, 4, 0, 0]) + answer + b"\n{}"
    yield "cut", bytes([3, 0, 0, 0]) + string(body)[:40] + b"\n{}"
    for name, secret, _ in KEYS:
        if name not in ("rsa",):
            yield f"file-{name}", bytes([5, 0, 0, 0]) + secret


def seeds_admit():
    for name, path in vectors("request", "receiver"):
        yield name, HEADER + (VECTORS / path).read_bytes()
    least = (VECTORS / "request/valid-least.envelope").read_bytes()
    for name, header in {
            "late": struct.pack(">iii4x", 100000, 0, 0),
            "very-late": struct.pack(">iii4x", 700000, 0, 0),
            "early": struct.pack(">iii4x", -100000, 0, 0),
            "restarted": struct.pack(">iii4x", 0, 3700000, 0),
            "floor": struct.pack(">iii4x", 0, 0, 100000),
            "twice": struct.pack(">iii4B", 0, 0, 0, 1, 0, 0, 0),
            "cancelled": struct.pack(">iii4B", 0, 0, 0, 2, 0, 0, 0),
            "no-room": struct.pack(">iii4B", 0, 0, 0, 8, 0, 0, 0),
            "reserve": struct.pack(">iii4B", 0, 0, 0, 16, 0, 0, 0),
            "busy": struct.pack(">iii4B", 0, 0, 0, 0, 16, 50, 0),
            "cancelled-by-any": struct.pack(
                ">iii4B", 0, 0, 0, 34, 0, 0, 0)}.items():
        yield name, header + least
    yield from seeds_policy()


def seeds_policy():
    """One request for each rule of the policy of targets/admit.c."""
    alice, bob, second = (sshsig.Key.load(VECTORS / "keys" / name)
                          for name in ("alice", "bob", "www01"))
    night = 15 * 3600000  # from 08:26 to 23:26
    here = {"hosts": ["www01.example.com"]}
    for name, keys, words, more, hours in (
            ("args", [bob], {"word": "abc", "count": 2, "flag": True,
                             "where": "/srv/x"}, {}, 0),
            ("args-slash", [bob], {"word": "a", "where": "/srv/x/y"}, {}, 0),
            ("args-other", [bob], {"word": "a", "deep": {}}, {}, 0),
            ("args-set", [bob], {"word": "xyz"}, {}, 0),
            ("hosts", [bob], {"word": "zzz"}, {"match": here}, night),
            ("hours", [bob], {"word": "z", "flag": False}, {"match": here}, 0),
            ("hosts-none", [bob], {"word": "z", "flag": False}, {}, night),
            ("one", [bob], {"word": "zzz"}, {}, 0),
            ("two", [bob, alice], {"word": "zzz"}, {}, 0),
            ("two-keys", [alice, second], {"word": "zzz"}, {}, 0),
            ("three", [bob, second, alice], {"word": "zzz"}, {}, 0)):
        yield "policy-" + name, struct.pack(">iii4x", hours, 0, 0) + \
            sshsig.sign(json.dumps(request_of(
                "run", words, keys, bob, hours, more)).encode(), *keys)
    digest = {"digest": base64.b64encode(bytes(range(32))).decode()}
    yield "policy-jobs", HEADER + sshsig.sign(json.dumps(request_of(
        "status", digest, [alice], bob, 0, {})).encode(), alice)


def seeds_cosign():
    """Request files of alice's, with the pair that docs/vectors seal with."""
    alice, bob, second = (sshsig.Key.load(VECTORS / "keys" / name)
                          for name in ("alice", "bob", "www01"))
    seal = MANIFEST["seal"]
    for name, keys, more in (
            ("one", [alice], {}), ("two", [alice, bob], {}),
            ("three", [alice, bob, second], {"signatures": 3}),
            ("more", [alice, bob, second], {}),
            ("single", [alice], {"signatures": 1}),
            ("list", [alice], {"reply_via": "list"}),
            ("plain", [alice], {"seal_to": None}),
            ("hosts", [alice], {"match": {"hosts": ["www01.example.com"]}}),
            ("options", [alice], {"options": {
                "timeout": 5, "on_behalf_of": "bob at #ops"}})):
        request = request_of("run", {"a\u001b\u202e\\": ["x\n", 1]}, keys,
                             bob, 0, {"signatures": 2,
                                      "seal_to": seal["public"], **more})
        payload = json.dumps({k: v for k, v in request.items()
                              if v is not None}).encode()
        yield name, (f"amiral-cosign-v1 {seal['secret']}\n".encode()
                     + sshsig.sign(payload, *keys))


def request_of(provider, args, keys, bob, later, more):
    issued = 1763800000123 + later
    return {"version": 1, "fleet": "paris-3f9c21aa",
            "reply_to": "51665ac9-bab5-4995-aa80-09bc79cfb2bd",
            "operator": ("bob" if keys[0] is bob else "alice")
            + "@example.com", "signatures": len(keys), "issued": issued,
            "expires": issued + 60000, "match": {"all": True},
            "command": {"provider": provider, "args": args}, **more}


def key_files():
    """Files and public lines, as ssh-keygen writes them."""
    with tempfile.TemporaryDirectory() as directory:
        for name, words in {
                "ed25519": ["-t", "ed25519"],
                "encrypted": ["-t", "ed25519", "-N", "secret"],
                "comment": ["-t", "ed25519", "-C", "f\u00fcr alle"],
                "rsa": ["-t", "rsa", "-b", "1024"],
                "ecdsa": ["-t", "ecdsa"]}.items():
            path = pathlib.Path(directory) / name
            words = words if "-N" in words else [*words, "-N", ""]
            words = words if "-C" in words else [*words, "-C", "test key"]
            subprocess.run(["ssh-keygen", "-q", *words, "-f", path],
                           check=True)
            yield (name, path.read_bytes(),
                   path.with_suffix(".pub").read_bytes())


KEYS = list(key_files())
ALICE = (VECTORS / "keys/alice.pub").read_text().rsplit(" ", 1)[0].strip()
BOB = (VECTORS / "keys/bob.pub").read_text().rsplit(" ", 1)[0].strip()
HOSTS = [(VECTORS / f"keys/{name}.pub").read_text().rsplit(" ", 1)[0].strip()
         for name in ("www01", "www02")]
RSA = [line for name, _, line in KEYS if name == "rsa"][0].decode().strip()
HARDWARE = "sk-ssh-ed25519@openssh.com " + base64.b64encode(
    b"".join(struct.pack(">I", len(part)) + part for part in (
        b"sk-ssh-ed25519@openssh.com",
        base64.b64decode(ALICE.split()[1])[-32:], b"ssh:"))).decode()


def seeds_secret_key():
    for name, secret, public in KEYS:
        if name not in ("rsa",):
            yield name, secret
    yield "alice", (VECTORS / "keys/alice").read_bytes()
    yield "public", KEYS[0][2]


def seeds_public_key():
    for name, _, public in KEYS:
        yield name, public
    yield "alice", ALICE.encode()
    yield "hardware", HARDWARE.encode() + b" token"
    yield "blob", base64.b64decode(ALICE.split()[1])
    yield "hardware-blob", base64.b64decode(HARDWARE.split()[1])


def texts(rows):
    for name, text in rows.items():
        yield name, text.encode()


def seeds_known_hosts():
    yield from texts({
        "two": f"www01.example.com {ALICE}\nwww02.example.com {BOB} x\n",
        "names": f"# all\n\nb,a,c {ALICE}\na {BOB}",
        "revoked": f"@revoked *.example.com {ALICE}\nwww01 {ALICE}\n",
        "authority": f"@cert-authority * {ALICE}\n",
        "authority-some": f"www01 {BOB}\n@cert-authority *.x,w* {ALICE}\n",
        "authority-revoked": f"@revoked * {ALICE}\n"
                             f"@cert-authority * {ALICE}\na {BOB}\n",
        "other-type": f"www01 {RSA}\nwww01 {ALICE}\n",
        "hashed": f"|1|abc|def {ALICE}\n",
        "port": f"[www01]:22 {ALICE}\n", "pattern": f"www* {ALICE}\n",
        "twice": f"a {ALICE}\nb {ALICE}\n", "marker": f"@other a {ALICE}\n",
        "cut": "a ssh-ed25519\n", "bad-key": f"a {ALICE[:-4]}\n",
        "hardware": f"a {HARDWARE}\n", "return": f"a {ALICE}\r\n"})


def fingerprint(line):
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def seeds_known_hosts_edit():
    """A byte for the change, whom it is about, a text; A to E are keys."""
    text = (f"# all\n\nb,a,c {ALICE}  x\n\ta {BOB}\n@revoked d {RSA}\n"
            f"@cert-authority * {HOSTS[0]}\n www {HOSTS[1]}")
    for change, name in enumerate(("remove", "revoke", "revoke-key", "add",
                                   "succeed", "drop")):
        rows = {"a": "a", "fingerprint": fingerprint(ALICE), "none": "z",
                "authority": fingerprint(HOSTS[0])} if change < 2 else \
            {letter: letter for letter in "ABCDE"}
        for row, which in rows.items():
            yield f"{name}-{row}", bytes([change]) + (
                f"{which}\n{text}\n").encode()
        yield f"{name}-empty", bytes([change]) + b"a\n"
    yield "drop-names", bytes([5]) + (
        f"A\na,b,c {BOB}\nc,d {HOSTS[0]} x").encode()


def seeds_allowed_signers():
    yield from texts({
        "plain": f"alice@example.com {ALICE}\nbob {BOB} comment\n",
        "times": 'a valid-after="20251101Z",valid-before="20251201120000Z" '
                 f"{ALICE}\n",
        "namespaces": f'a namespaces="amiral-trust-v1,git" {ALICE}\n'
                      f'b NAMESPACES="amiral-request-v1" {BOB}\n',
        "revoked": f"@revoked {ALICE} x\na {ALICE}\nb {BOB}\n",
        "revoked-other": f"@revoked {RSA}\nb {BOB}\n",
        "revoked-bad": f"@revoked ssh-ed25519 AAAA\n",
        "marker": f"@other {ALICE}\n",
        "minutes": f'a valid-after="202402291201Z" {ALICE}\n',
        "no-zone": f'a valid-after="20251101" {ALICE}\n',
        "authority": f"a cert-authority {ALICE}\n",
        "unknown": f'a other="x" {ALICE}\n',
        "empty": f'a valid-after="20260101Z",valid-before="20250101Z" '
                 f"{ALICE}\n",
        "twice": f"a {ALICE}\nb {ALICE}\n", "list": f"a,b {ALICE}\n",
        "quoted": f'"a b" {ALICE}\n', "other-type": f"a {RSA}\n",
        "hardware": f"a {HARDWARE}\n",
        "option-twice": f'a namespaces="x",namespaces="y" {ALICE}\n'})


def seeds_revocations():
    lines = [b"SHA256:" + base64.b64encode(bytes([n % 256, n // 256] * 16))
             .rstrip(b"=") + b"\n" for n in range(2050)]
    for n in (0, 1, 2, 2048, 2049):
        yield f"lines-{n}", b"".join(lines[1:n + 1])
    yield "twice", lines[1] * 2
    yield "cut", (lines[1] + lines[2])[:-1]
    yield "joins", b"SHA256:" + b"A" * 43 + b"\n" + lines[1]
    yield "not-canonical", lines[1][:-2] + b"B\n"
    yield "other", b"MD5:" + lines[1][7:]


def seeds_user_files():
    record = {"version": 1, "fleet": "paris-3f9c21aa", "host": "www*",
              "secret": base64.b64encode(bytes(range(32))).decode(),
              "expires": 1763800000000, "uses": 2, "used": []}
    used = [base64.b64encode(bytes([n] * 32)).decode() for n in range(3)]
    for name, more in (("fresh", {}), ("used", {"used": used}),
                       ("no-uses", {"uses": 0}), ("fleet", {"fleet": "x y"}),
                       ("version", {"version": 2}), ("used-short", {"used": ["AA=="]}),
                       ("secret-short", {"secret": "A" * 44}),
                       ("used-number", {"used": [1]}), ("glob", {"host": "["})):
        yield f"record-{name}", b"\0" + json.dumps({**record, **more}).encode()
    yield "record-no-json", b"\0{"
    yield "record-empty", b"\0"
    for name, data in seeds_known_hosts():
        yield f"hosts-{name}", b"\1" + data
    for name in (b"", b"www*", b"\xff", b"["):
        yield f"new-{name.hex()}", b"\2" + name


def string(data):
    return struct.pack(">I", len(data)) + data


def seeds_ssh_agent():
    blob = base64.b64decode(ALICE.split()[1])
    other = base64.b64decode(RSA.split()[1])
    hardware = base64.b64decode(HARDWARE.split()[1])
    plain = string(b"ssh-ed25519") + string(bytes(64))
    touched = (string(b"sk-ssh-ed25519@openssh.com") + string(bytes(64)) +
               b"\1\0\0\0\7")
    keys = b"".join(string(b) + string(b"comment")
                    for b in (blob, other, hardware))
    yield "list", b"\0" + string(b"\x0c" + struct.pack(">I", 3) + keys)
    yield "none", b"\0" + string(b"\x0c" + struct.pack(">I", 0))
    yield "refused", b"\0" + string(b"\5")
    yield "signed", b"\1" + string(b"\x0e" + string(plain))
    yield "touched", b"\2" + string(b"\x0e" + string(touched))
    yield "sign-refused", b"\1" + string(b"\5")
    yield "announced", b"\0" + string(b"\x0c" + struct.pack(">I", 1 << 31))


def frame(kind, size, fds=0):
    return struct.pack(">BBHB", 0, kind, size, fds)


def seeds_link():
    for i in range(DIRECTIONS):
        yield f"small-{i}", bytes([i]) + frame(0, 20) + frame(1, 60)
        yield f"we-send-{i}", bytes([i, 4, 0, 0, 0, 5, 4, 1, 0, 9, 5, 5])
    yield "config", bytes([0]) + frame(0, 40, 1) + frame(0, 40, 1)
    yield "gate", (bytes([2]) + frame(0, 30, 1) + frame(1, 30, 1) +
                   bytes([1, 2]) + frame(2, 0, 1) + frame(3, 4, 3) +
                   frame(4, 41))
    yield "too-many-fds", bytes([2]) + frame(0, 30, 4)
    yield "fds-unasked", bytes([5]) + frame(0, 30, 1)
    yield "paused", (bytes([5, 2, 1]) + frame(0, 30) * 20 + bytes([2, 0]) +
                     bytes([3]))
    yield "empty", bytes([5]) + frame(0, 30) + frame(255, 0)
    yield "largest", bytes([5]) + struct.pack(">BBHB", 0, 0, 0x0104, 128 + 69)
    replies = bytes([4, 2, 255, 255]) * 45
    yield "fills", bytes([5]) + replies + bytes([5]) * 100
    yield "fills-left", bytes([5]) + replies + bytes([3])
    yield "fills-fds", (bytes([3]) + bytes([4, 0, 15, 255]) * 80 +
                        bytes([5]) * 100)
    yield "fills-broken", bytes([5]) + replies + frame(0, 0)
    yield "state-without", bytes([3]) + frame(0, 0) + bytes([1, 2]) + \
        frame(0, 0)
    yield "leaves", bytes([7]) + frame(0, 0) + bytes([3])


def seeds_resp():
    entry = b"*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nm\r\n$4\r\nbody\r\n"
    yield "xread", (b"\0*1\r\n*2\r\n$5\r\nreply\r\n*2\r\n" + entry * 2)
    for name, text in {
            "push": b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n",
            "status": b"+OK\r\n+PONG\r\n", "error": b"-ERR no\r\n",
            "integer": b":12\r\n:-1\r\n:0\r\n", "nil": b"$-1\r\n*-1\r\n",
            "empty": b"*0\r\n$0\r\n\r\n", "deep": b"*1\r\n" * 6 + b":1\r\n",
            "long-array": b"*4096\r\n", "longer": b"*4097\r\n",
            "huge": b"*214748348\r\n", "bulk": b"$1048577\r\n",
            "zero": b":01\r\n", "plus": b":+1\r\n", "resp3": b"%1\r\n"
            }.items():
        yield name, b"\2" + text


MATCHES = {
    "all": {"all": True}, "all-false": {"all": False}, "none": {},
    "hosts": {"hosts": ["www01.example.com", "db1"]},
    "hosts-empty": {"hosts": []}, "groups": {"groups": ["web", "db"]},
    "node-facts": {"node_facts": {"hostname": "www*", "os.name": ["deb*",
                                                                  "x"]}},
    "where": {"where": {"and": [
        {"fact": "cpus", "op": "ge", "value": 4},
        {"or": [{"fact": "os.name", "op": "glob", "value": "d[a-f]*"},
                {"not": {"fact": "none", "op": "eq", "value": "x"}}]},
        {"not": {"not": {"fact": "disks", "op": "ne", "value": "sdc"}}}]}},
    "exists": {"where": {"fact": "a.b", "op": "exists", "value": False}},
    "boolean": {"where": {"fact": "virtual", "op": "eq", "value": True}},
    "load": {"where": {"fact": "load", "op": "lt", "value": 1}},
    "text": {"where": {"fact": "load", "op": "eq", "value": "0.25"}},
    "own": {"where": {"fact": "groups", "op": "eq", "value": "web"}},
    "below": {"where": {"fact": "fleet.x", "op": "exists"}}}
FACTS = {"cpus": 8, "os": {"name": "debian"}, "load": 0.25, "virtual": True,
         "disks": ["sda", "sdb", 3], "a.b": "c", "none": None, "empty": [],
         "a": {"b": {"c": 1}}, "groups": ["x"]}


def seeds_match():
    for name, match in MATCHES.items():
        yield name, (json.dumps(match).encode() + b"\0" +
                     json.dumps(FACTS).encode())


def seeds_select():
    yield from texts({
        "plain": "os.name=debian", "tree":
        "(cpus >= 4 and not os.name = 'open*') or role or or = 3",
        "ne": "a != \"x y\" and b < 10 and c <= 1 and d > 2 and e==f",
        "deep": "not " * 9 + "a=b", "deeper": "(" * 70 + "a",
        "quote": "a='b", "number": "a < x", "keyword": "order and android",
        "chain": "a or b or c or d and e and f", "open": "(a", "not": "not"})


def seeds_conf():
    yield "dist", (TOP / "dist/amirald.conf").read_bytes()
    head = "[agent]\nfleet = paris-3f9c21aa\n"
    yield from texts({
        "least": head, "agent": head + "hostname = www01.example.com\n"
        "groups = web, db\nhost_key = /etc/k\noperators = /etc/o\n"
        "providers = /a, /b\nstate_dir = /s\nusers = a, b\n"
        "audit = syslog\nmax_ttl = 600\nfacts_dir = /f\n[redis]\n"
        "url = rediss://u@h:6380/1\npassword_file = /etc/p\n",
        "rows": head + "[provider run]\nrun_as = root\ntimeout = 5\n"
        "max_output = 64K\nmemory = 1G\nprofile = strict\nnetwork = yes\n"
        "capabilities = CAP_NET_ADMIN\n[provider d]\ndaemon = yes\n"
        "network = yes\n",
        "policy": head + "[policy p q]\noperators = *@x, b\n"
        "providers = r*, [a-c]?\n[policy built-in]\n",
        "conditions": head + "[policy x]\noperators = a\nproviders = b\n"
        "args = name=nginx|php-*, action = re*\n"
        "facts = os.name=debian, hostname=www*\nsignatures = 2\n"
        "hours = 08:00-18:00, 22:00-02:00\nmax_hosts = 5\njobs = any\n",
        "bad-args": head + "[policy x]\noperators = a\nproviders = b\n"
        "args = name=a|, name=b\n",
        "bad-hours": head + "[policy x]\noperators = a\nproviders = b\n"
        "hours = 24:00-08:00\n", "repeats": head + "fleet = x\n",
        "continued": head + "hostname = a\n  b\n",
        "comment": head + "hostname = a # b\n", "before": "a = b\n",
        "bad-daemon": head + "[provider d]\ndaemon = yes\n",
        "section": "[agent\n", "title": "[agent x]\n", "return": "[agent]\r\n"})


ROWS = {"word": {"type": "string", "required": True, "pattern": "[a-z]*"},
        "count": {"type": "integer", "enum": [1, 2, 3]},
        "deep": {"type": "object"}, "flag": {"type": "boolean",
                                             "description": "x"},
        "where": {"type": "path", "pattern": "/etc/*"},
        "key": {"type": "string", "secret": True}}


def descriptions():
    whole = {"name": "run", "description": "runs", "side_effects": False,
             "summary": "short", "args": ROWS}
    yield "whole", whole
    yield "least", {"name": "run", "description": ""}
    yield "other", {"name": "other", "description": ""}
    yield "unknown", {"name": "run", "description": "", "x": 1}
    for name, row in {"type": {"type": "real"}, "empty": {
            "type": "string", "enum": []}, "pattern": {
            "type": "integer", "pattern": "*"}, "glob": {
            "type": "string", "pattern": "["}, "enum": {
            "type": "boolean", "enum": [1]}}.items():
        yield f"row-{name}", {"name": "run", "description": "",
                              "args": {"a": row}}


def seeds_description():
    args = {"word": "abc", "count": 2, "deep": {"a": 1}, "flag": True,
            "where": "/etc/hosts"}
    for name, description in descriptions():
        yield name, (json.dumps(description).encode() + b"\0" +
                     json.dumps(args).encode())
    whole = json.dumps(next(descriptions())[1]).encode() + b"\0"
    for name, args in {"missing": {}, "path": {"word": "a",
                                               "where": "/etc/../x"},
                       "choice": {"word": "a", "count": 4},
                       "unknown": {"word": "a", "\u001b[2J": 1}}.items():
        yield f"args-{name}", whole + json.dumps(args).encode()


def seeds_arguments():
    words = ("word=abc\ncount:=2\ndeep:={\"a\":1}\nflag:=true\n"
             "where=/etc/hosts").encode()
    for name, description in descriptions():
        yield name, json.dumps(description).encode() + b"\0" + words
    whole = json.dumps(next(descriptions())[1]).encode() + b"\0"
    for name, text in {"none": "", "twice": "word=a\nword=b", "no": "word",
                       "json": "count:=x", "choice": "word=a\ncount:=9",
                       "type": "word:=1", "secret": "word=a\nkey=b",
                       "path": "word=a\nwhere=x", "empty": "=a\n:=b"
                       }.items():
        yield f"words-{name}", whole + text.encode()


def seeds_escape():
    yield from ((name, b"\x20" + text.encode()) for name, text in {
        "plain": "hello", "backslash": "a\\b\\033", "clear": "\x1b[2J",
        "lines": "one\ntwo\r\n\tthree", "reorder": "a\u202eb\u2066c",
        "zero-width": "a\u200bb\ufeff", "tags": "\U000e0041",
        "private": "\ue000\U000f0000", "none": "\ufffe\ufdd0",
        "letters": "\u00e9\u4e2d\U0001f600",
        "json": '{"a":{"b":"x\\u001b","list":[1,2.5,"y"]},"exit":0,'
                '"list":["a\\tb",true]}'}.items())
    yield "bytes", b"\5a\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x80"


class Table:
    """What privsep/table.h says, little-endian as the machines of today."""

    def __init__(self):
        self.data = bytearray(struct.pack("<200x"))

    def put(self, data):
        piece = struct.pack("<II", len(self.data), len(data))
        self.data += data + bytes(-len(data) % 8)
        return piece

    def ids(self, uid, *groups):
        return struct.pack("<II", uid, uid) + self.put(
            struct.pack(f"<{len(groups)}I", *groups)) + bytes(16)

    def row(self, name, number, daemon):
        return (self.put(name + b"\0") + self.put(b"/opt/" + name + b"\0") +
                self.ids(number, number, 7) +
                struct.pack("<QIII4x", 4096, 60, number, daemon))

    def make(self, filters, *names):
        rows = b"".join(self.row(name, number % 6, number == 0)
                        for number, name in enumerate(names))
        program = struct.pack("<HBBI", 6, 0, 0, 0x7fff0000) * filters
        self.data[48:200] = (
            bytes(8) + self.ids(65502) + self.ids(65501, 1, 2) +
            self.put(b"\1\0\0\0\1h") + self.put(b"AMIRAL_FACTS_DIR=/f\0") +
            self.put(b"/var/lib/amiral\0") + self.put(b"") +
            b"".join(self.put(program) for _ in range(5)) + self.put(rows))
        return bytes(self.data)


def seeds_table():
    for filters in (0, 1, 4):
        yield f"empty-{filters}", Table().make(filters)
        yield f"rows-{filters}", Table().make(
            filters, b"facts", b"uptime", b"service", b"facts", b"x", b"y")
    yield "long", Table().make(4097, b"facts")


def seeds_targets():
    yield from ((name, text.encode()) for name, text in {
        "hosts": "\0Hweb[01-03],db1\nHwww*", "facts":
        "\0Fos.name=deb*\nFos.name=x\nFcpus>=4", "select":
        "\0Scpus >= 4 or not x=y\nGweb", "nodeset":
        "\0Nweb[01-20,25].x,db[1-2][a]\nN[1-3", "nobody": "\0Hzz*",
        "unknown": "\0Hzz", "words": "\1-I\nweb01\n--fact\na=b\nrun\nx=y",
        "words-more": "\1-a\n--timeout\n5m\n--json\n-qv\nping",
        "words-equals": "\1--display=failed\n--ttl=1h\nuptime\n--\n-x",
        "conflict": "\1-a\n-I\nweb01\nping", "empty": "\0"}.items())


def seeds_glob():
    yield from ((name, text.encode()) for name, text in {
        "star": "\0a*b*c\0aXbYbZc", "path": "\1a/*/c\0a/b/c",
        "slash": "\1*\0a/b", "set": "\0[a-c]?[!x-z]\0bqw",
        "bracket": "\0[]-a]\0]", "escaped": "\0\\*[\\]]\0*]",
        "open": "\0[a\0a", "lone": "\0a\\\0a", "many":
        "\0*a*a*a*a*b\0" + "a" * 40, "empty": "\0\0"}.items())


def main():
    out = pathlib.Path(sys.argv[1])
    for name, make in sorted(globals().items()):
        if not name.startswith("seeds_"):
            continue
        folder = out / name[len("seeds_"):]
        folder.mkdir(parents=True, exist_ok=True)
        for seed, data in make():
            (folder / f"seed-{seed}").write_bytes(data)


if __name__ == "__main__":
    main()
