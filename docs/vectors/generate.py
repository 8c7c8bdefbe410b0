#!/usr/bin/python3
"""Writes the test vectors of protocol version 1 beside itself.

Signs with `ssh-keygen -Y sign` and the keys in keys/, which everybody has:
never trust them. The one security key is made up here (curve.py). Every
byte is determined, so a second run changes nothing; with --check it writes
nothing and fails where it would have.

Each vector is a file with the bytes of one envelope; manifest.json says of
each: kind; stage "wire" (judged from the bytes alone, and for replies with
the pair to open seals) or "receiver" (passes "wire", then refused by a
receiver as described under "receiver" in the manifest); expect: the name of
the status, "ok" for valid ones; and for valid ones the digest. A token is a file with its line; the manifest says of each what
stands in it, or what is wrong with it.
"""
import base64
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

import curve

HERE = os.path.dirname(os.path.realpath(__file__))
KEYS = os.path.join(HERE, "keys")
NOW = 1763800000500
SEAL_SECRET = hashlib.sha256(b"amiral vectors: seal").digest()
SEAL_PUBLIC = curve.x25519_public(SEAL_SECRET)
EPHEMERAL = hashlib.sha256(b"amiral vectors: ephemeral").digest()
SK_SEED = hashlib.sha256(b"amiral vectors: security key").digest()
ED25519, SK_ED25519 = b"ssh-ed25519", b"sk-ssh-ed25519@openssh.com"

KINDS = ("request", "reply", "hello", "enroll", "trust")
FOLDERS = (*KINDS, "token")

vectors, tokens, files = [], [], {}


def b64(data):
    return base64.b64encode(data).decode()


def text(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


# ---- signatures ----

def namespace(kind):
    return f"amiral-{kind}-v1"


def run_ssh_keygen(key, name, payload):
    """The armored signature of payload, as ssh-keygen prints it."""
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, key)
        shutil.copy(os.path.join(KEYS, key), path)
        os.chmod(path, 0o600)
        done = subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-n", name, "-f", path],
            input=payload, capture_output=True, check=True)
    return done.stdout.decode()


def blob_of(key, kind, payload, name=None):
    lines = run_ssh_keygen(key, name or namespace(kind), payload).split("\n")
    return base64.b64decode("".join(lines[1:lines.index(
        "-----END SSH SIGNATURE-----")]))


def string(data):
    return struct.pack(">I", len(data)) + data


def signed_data(kind, payload, name=None, reserved=b"", hash_name="sha512"):
    digest = hashlib.new(hash_name, payload).digest()
    return (b"SSHSIG" + string((name or namespace(kind)).encode()) +
            string(reserved) + string(hash_name.encode()) + string(digest))


def raw_blob(key, kind, signature, *, magic=b"SSHSIG", version=1, name=None,
             reserved=b"", hash_name="sha512"):
    """A blob with parts of our own choice, for what ssh-keygen never writes."""
    return (magic + struct.pack(">I", version) + string(key) +
            string((name or namespace(kind)).encode()) + string(reserved) +
            string(hash_name.encode()) + string(signature))


def sk_blob(kind, payload, *, flags=1, application=b"ssh:", shown=None):
    """shown: the flags that the blob claims, where they are not the signed."""
    public = curve.ed25519_public(SK_SEED)
    extra = struct.pack(">BI", flags, 7)
    message = (hashlib.sha256(application).digest() + extra +
               hashlib.sha256(signed_data(kind, payload)).digest())
    signature = curve.ed25519_sign(SK_SEED, message)
    if shown is not None:
        extra = struct.pack(">BI", shown, 7)
    return raw_blob(string(SK_ED25519) + string(public) + string(application),
                    kind, string(SK_ED25519) + string(signature) + extra)


def envelope(blobs, payload):
    lines = [b64(blob) if isinstance(blob, bytes) else blob for blob in blobs]
    return "".join(line + "\n" for line in lines).encode() + b"\n" + payload


# ---- files ----

def write(kind, name, data, expect, stage="wire", **more):
    path = f"{kind}/{name}.envelope"
    files[path] = data
    vectors.append({"file": path, "kind": kind, "stage": stage,
                    "expect": expect, **more})


def signed(kind, name, payload, expect, keys=("alice",), stage="wire", **more):
    if isinstance(payload, dict):
        payload = text(payload)
    if expect == "ok":
        more["digest"] = b64(hashlib.sha256(payload).digest())
    blobs = [blob_of(key, kind, payload) for key in keys]
    write(kind, name, envelope(blobs, payload), expect, stage, **more)


def changed(payload, path, value):
    """A copy with another value at a dotted path; None deletes the member."""
    copy = json.loads(json.dumps(payload))
    *parents, last = path.split(".")
    place = copy
    for parent in parents:
        place = place[parent]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return copy


def members(kind, base, key, required, wrong):
    """One file for each required member left out, one for each wrong value."""
    for path in required:
        signed(kind, f"missing-{path}", changed(base, path, None), "schema",
               (key,))
    for path, label, value, expect in wrong:
        signed(kind, f"{path}-{label}", changed(base, path, value), expect,
               (key,))


def syntax(kind, base, key):
    """What is not strict JSON, whatever the kind."""
    good = text(base)
    rows = {
        "duplicate": good[:-1] + b',"version":1}',
        "duplicate-escaped": good[:-1] + b',"\\u0076ersion":1}',
        "nul": good[:-1] + b',"x":"\\u0000"}',
        "nul-raw": good.replace(b'"version":1', b'"version":1\0'),
        "invalid-utf8": good[:-1] + b',"x":"\xff"}',
        "byte-order-mark": b"\xef\xbb\xbf" + good,
        "trailing": good + b"{}",
        "cut": good[:-1],
        "array": b"[" + good + b"]",
        "integer-over-int64": good[:-1] + b',"x":9223372036854775808}',
        "real": good.replace(b'"version":1', b'"version":1.0'),
        "depth-17": good[:-1] + b',"x":' + b"[" * 16 + b"]" * 16 + b"}",
    }
    for name, payload in rows.items():
        signed(kind, f"json-{name}", payload, "json", (key,))
    unknown = good[:-1] + b',"x":' + b"[" * 15 + b"]" * 15 + b"}"
    signed(kind, "unknown-member-depth-16", unknown, "schema", (key,))


# ---- envelopes ----

def flipped(data, at, bit=0):
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]


def envelope_signatures(kind, payload, key, other):
    good = blob_of(key, kind, payload)
    s = int.from_bytes(good[-32:], "little") + curve.L
    rows = {
        "bit-off-signature-r": (flipped(good, len(good) - 64), "signature"),
        "bit-off-signature-s": (flipped(good, len(good) - 32), "signature"),
        "bit-off-key": (flipped(good, 33),
                        "signature" if curve.is_key(flipped(good, 33)[33:65])
                        else "key"),
        "malleable-s": (good[:-32] + s.to_bytes(32, "little"), "signature"),
        "swapped-key": (good[:33] + blob_of(other, kind, payload)[33:65] +
                        good[65:], "signature"),
        "neutral-key": (good[:33] + (1).to_bytes(32, "little") + good[65:],
                        "key"),
        "bit-off-magic": (flipped(good, 0), "blob"),
        "bit-off-type": (flipped(good, 20), "blob"),
        "byte-short": (good[:-1], "blob"),
        "byte-long": (good + b"\0", "blob"),
        "namespace-unknown": (blob_of(key, kind, payload, "file"), "namespace"),
    }
    for name, (blob, expect) in rows.items():
        write(kind, name, envelope([blob], payload), expect)
    bit = flipped(payload, len(payload) // 2)
    write(kind, "bit-off-payload", envelope([good], bit), "signature")
    write(kind, "payload-newline-behind",
          envelope([good], payload + b"\n"), "signature")


def envelope_other_kinds(kind, payload, key):
    for other in KINDS:
        if other != kind:
            blob = blob_of(key, other, payload)
            write(kind, f"namespace-{other}", envelope([blob], payload),
                  "namespace")


def envelope_fields(payload):
    """Fields of the blob that ssh-keygen always writes in one way."""
    kind, good = "request", blob_of("alice", "request", payload)
    key, signature = good[14:65], good[-83:]
    rows = {
        "version-0": (raw_blob(key, kind, signature, version=0), "blob"),
        "version-2": (raw_blob(key, kind, signature, version=2), "blob"),
        "reserved": (raw_blob(key, kind, signature, reserved=b"x"), "blob"),
        "hash-sha256": (raw_blob(key, kind, signature, hash_name="sha256"),
                        "blob"),
        "namespace-nul": (raw_blob(key, kind, signature,
                                   name="amiral-request-v1\0"), "namespace"),
        "namespace-v2": (raw_blob(key, kind, signature,
                                  name="amiral-request-v2"), "namespace"),
        "key-rsa": (raw_blob(string(b"ssh-rsa") + string(b"\1\0\1") +
                             string(b"\0" + b"\xff" * 16), kind, signature),
                    "blob"),
        "key-certificate": (raw_blob(
            string(b"ssh-ed25519-cert-v01@openssh.com") + key[15:], kind,
            signature), "blob"),
        "signature-type": (raw_blob(key, kind, string(b"ssh-rsa") +
                                    signature[15:]), "blob"),
        "sk-untouched": (sk_blob(kind, payload, flags=0), "blob"),
        "sk-touch-added": (sk_blob(kind, payload, flags=0, shown=1),
                           "signature"),
        "sk-application": (sk_blob(kind, payload, application=b"web:"), "blob"),
    }
    for name, (blob, expect) in rows.items():
        write(kind, f"blob-{name}", envelope([blob], payload), expect)


def envelope_lines(payload):
    kind = "request"
    blobs = {key: blob_of(key, kind, payload)
             for key in ("alice", "bob", "www01", "www02", "trust")}
    alice, line = blobs["alice"], b64(blobs["alice"])
    armored = run_ssh_keygen("alice", namespace(kind), payload)
    rows = {
        "none": (b"\n" + payload, "lines"),
        "five": (envelope(list(blobs.values()), payload), "lines"),
        "one-key-twice": (envelope([alice, alice], payload), "same-key"),
        "second-bad": (envelope([alice, flipped(blobs["bob"], 186)], payload),
                       "signature"),
        "no-empty-line": (f"{line}\n".encode() + payload, "layout"),
        "no-payload": (f"{line}\n\n".encode(), "layout"),
        "payload-too-long": (envelope([alice], payload.ljust(65537)),
                             "too-long"),
        "empty": (b"", "layout"),
        "return-newline": (f"{line}\r\n\n".encode() + payload, "base64"),
        "space-behind": (envelope([line + " "], payload), "base64"),
        "unpadded": (envelope([line.rstrip("=")], payload), "base64"),
        "spare-bits": (envelope([line[:-2] + "B="], payload), "base64"),
        "url-alphabet": (envelope([line[:8] + "-_" + line[10:]], payload),
                         "base64"),
        "armored": (armored.encode() + b"\n" + payload, "lines"),
    }
    for name, (data, expect) in rows.items():
        write(kind, f"lines-{name}", data, expect)


# ---- the kinds ----

REQUEST = {
    "version": 1, "fleet": "paris-3f9c21aa",
    "reply_to": "51665ac9-bab5-4995-aa80-09bc79cfb2bd",
    "operator": "alice@example.com", "signatures": 1,
    "issued": 1763800000123, "expires": 1763800060123,
    "match": {"all": False, "node_facts": {"hostname": "www*"},
              "hosts": ["www01.example.com", "www02.example.com"],
              "groups": ["web"],
              "where": {"and": [
                  {"fact": "cpus", "op": "ge", "value": 4},
                  {"not": {"fact": "os.name", "op": "eq",
                           "value": "openbsd"}}]}},
    "command": {"provider": "uptime", "args": {"averages": {
        "shortterm": True, "midterm": True, "longterm": True}}},
    "reply_via": "stream", "seal_to": b64(SEAL_PUBLIC),
    "options": {"timeout": 30, "stream": False, "max_hosts": 2,
                "on_behalf_of": "carol"},
}
LEAST = {name: REQUEST[name] for name in (
    "version", "fleet", "reply_to", "operator", "signatures", "issued",
    "expires")} | {"match": {"all": True}, "command": {"provider": "ping"}}

REQUEST_WRONG = [
    ("version", "two", 2, "range"),
    ("fleet", "without-digits", "paris", "range"),
    ("reply_to", "upper-case", "51665AC9-BAB5-4995-AA80-09BC79CFB2BD",
     "range"),
    ("reply_to", "uuid-version-1", "51665ac9-bab5-1995-aa80-09bc79cfb2bd",
     "range"),
    ("operator", "space", "alice example", "range"),
    ("signatures", "zero", 0, "range"),
    ("signatures", "five", 5, "range"),
    ("issued", "zero", 0, "range"),
    ("issued", "text", "1763800000123", "schema"),
    ("expires", "not-after-issued", 1763800000123, "range"),
    ("expires", "over-a-day", 1763886400124, "range"),
    ("match", "empty", {}, "match"),
    ("match", "only-all-false", {"all": False}, "match"),
    ("match", "empty-list", {"all": True, "hosts": []}, "match"),
    ("match", "unknown-key", {"all": True, "any": True}, "match"),
    ("match.node_facts", "empty", {}, "match"),
    ("match.where", "empty-and", {"and": []}, "match"),
    ("match.where", "unknown-op",
     {"fact": "cpus", "op": "like", "value": 4}, "match"),
    ("match.where", "text-order",
     {"fact": "cpus", "op": "ge", "value": "4"}, "match"),
    ("command.provider", "path", "../sh", "range"),
    ("command.args", "list", [], "schema"),
    ("command.shell", "unknown", True, "schema"),
    ("reply_via", "unknown", "mail", "range"),
    ("seal_to", "short", b64(SEAL_PUBLIC[:31]), "base64"),
    ("seal_to", "text", "none", "range"),
    ("options.timeout", "over-a-day", 86401, "range"),
    ("options.stream", "number", 1, "schema"),
    ("options.max_hosts", "below-names", 1, "range"),
    ("options.on_behalf_of", "newline", "carol\nroot", "range"),
    ("options.nice", "unknown", 1, "schema"),
]

RECEIVER_REQUESTS = [
    # name, changes, keys, expect
    ("other-fleet", {"fleet": "paris-00000000"}, ("alice",), "fleet"),
    ("other-operator", {"operator": "bob@example.com"}, ("alice",),
     "operator"),
    ("unknown-key", {}, ("www01",), "unknown-key"),
    ("dropped-line", {"signatures": 2}, ("alice",), "lines"),
    ("added-line", {}, ("alice", "bob"), "lines"),
    ("expired", {"issued": NOW - 120000, "expires": NOW - 60000}, ("alice",),
     "expired"),
    ("from-the-future", {"issued": NOW + 60000, "expires": NOW + 120000},
     ("alice",), "clock"),
    ("low-order-seal", {"seal_to": b64(bytes(32))}, ("alice",), "bad-seal"),
    ("not-matched", {"match": {"hosts": ["db01.example.com"]}}, ("alice",),
     "not-matched"),
]


def requests():
    signed("request", "valid-full", REQUEST, "ok")
    signed("request", "valid-least", LEAST, "ok")
    two = changed(LEAST, "signatures", 2)
    signed("request", "valid-two-lines", two, "ok", ("alice", "bob"))
    payload = text(LEAST)
    write("request", "valid-security-key",
          envelope([sk_blob("request", payload)], payload), "ok",
          digest=b64(hashlib.sha256(payload).digest()))
    members("request", REQUEST, "alice", [
        "version", "fleet", "reply_to", "operator", "signatures", "issued",
        "expires", "match", "command", "command.provider"], REQUEST_WRONG)
    signed("request", "options.max_hosts-without-list",
           LEAST | {"options": {"max_hosts": 4}}, "range")
    syntax("request", LEAST, "alice")
    envelope_signatures("request", payload, "alice", "bob")
    envelope_other_kinds("request", payload, "alice")
    envelope_fields(payload)
    envelope_lines(payload)
    for name, changes, keys, expect in RECEIVER_REQUESTS:
        signed("request", f"receiver-{name}", LEAST | changes, expect, keys,
               "receiver")


def reply_base(status, seq, **more):
    return {
        "version": 1, "in_reply_to": REQUEST["reply_to"],
        "request": b64(hashlib.sha256(text(REQUEST)).digest()),
        "hostname": "www01.example.com",
        "boot": b64(bytes(range(16))), "status": status, "seq": seq,
        "at": 1763800001456, **more}


UUID = "5b4197bd-a537-4cc7-972f-d08ea5760feb"
DIGEST = b64(hashlib.sha256(b"output").digest())
START = reply_base("start", 0, uuid=UUID)
NOOP = reply_base("noop", 0, reason="denied", detail="no policy allows it")
OUTPUT = reply_base("output", 1, uuid=UUID, stream="stdout", data="one\ntwo\n")
OUTPUT64 = reply_base("output", 1, uuid=UUID, stream="stderr", data64="/wAB")
COMPLETE = reply_base(
    "complete", 2, uuid=UUID, ended="exit",
    output={"exit": 0, "time": "23:17:20", "up": "4 days, 1:45", "users": 6,
            "load_averages": [0.06, 0.1, 0.13]})
COMPLETE_FULL = COMPLETE | {
    "ended": "cancelled", "signal": 15, "cancelled_by": "alice@example.com",
    "truncated": True, "output_lost": True,
    "chunks": {"stdout": {"count": 2, "sha256": DIGEST},
               "stderr": {"count": 0, "sha256": DIGEST}},
    "usage": {"wall_ms": 41, "user_ms": 3, "system_ms": 2,
              "max_rss_kib": 2048}}

REPLY_WRONG = [
    ("version", "two", 2, "range"),
    ("in_reply_to", "cut", REQUEST["reply_to"][:-1], "range"),
    ("request", "short", b64(bytes(31)), "base64"),
    ("uuid", "text", "x" * 36, "range"),
    ("hostname", "upper-case", "WWW01.example.com", "range"),
    ("boot", "long", b64(bytes(17)), "base64"),
    ("status", "unknown", "done", "range"),
    ("seq", "negative", -1, "range"),
    ("at", "negative", -1, "range"),
    ("ended", "unknown", "ok", "range"),
    ("output", "text", "done", "schema"),
    ("signal", "zero", 0, "range"),
    ("cancelled_by", "space", "alice example", "range"),
    ("truncated", "number", 1, "schema"),
    ("output_lost", "null-text", "no", "schema"),
    ("chunks.stdout", "without-count", {"sha256": DIGEST}, "schema"),
    ("chunks.stderr.sha256", "short", b64(bytes(31)), "base64"),
    ("usage.wall_ms", "negative", -1, "range"),
    ("reason", "beside-output", "denied", "schema"),
]


def sealed_payload(inner, **outer):
    inner_text = inner if isinstance(inner, bytes) else text(inner)
    inner = COMPLETE if isinstance(inner, bytes) else inner
    return {"version": 1, "in_reply_to": inner["in_reply_to"],
            "hostname": inner["hostname"], "seq": inner["seq"],
            "sealed": b64(curve.box_seal(inner_text, SEAL_PUBLIC, EPHEMERAL)),
            **outer}


def sealed_replies():
    """Opened with the pair; plain ones above are opened without."""
    def one(name, payload, expect, **more):
        signed("reply", f"sealed-{name}", payload, expect, ("www01",),
               open_with="seal", **more)

    good = sealed_payload(COMPLETE)
    box = base64.b64decode(good["sealed"])
    one("valid-complete", good, "ok", status="complete")
    one("valid-output", sealed_payload(OUTPUT), "ok", status="output")
    one("valid-plain-start", START, "ok", status="start")
    one("valid-plain-noop", NOOP, "ok", status="noop")
    one("plain-complete", COMPLETE, "seal")
    one("plain-output", OUTPUT, "seal")
    one("start", sealed_payload(START), "seal")
    one("bit-off", good | {"sealed": b64(flipped(box, 60))}, "seal")
    one("bit-off-sender", good | {"sealed": b64(flipped(box, 1))}, "seal")
    one("byte-short", good | {"sealed": b64(box[:-1])}, "seal")
    one("byte-long", good | {"sealed": b64(box + b"\0")}, "seal")
    one("cut-base64", good | {"sealed": good["sealed"][:-1]}, "base64")
    one("for-another-pair", good | {"sealed": b64(curve.box_seal(
        text(COMPLETE), curve.x25519_public(EPHEMERAL), EPHEMERAL))}, "seal")
    one("other-in_reply_to", sealed_payload(
        COMPLETE, in_reply_to="51665ac9-bab5-4995-aa80-09bc79cfb2be"), "seal")
    one("other-hostname", sealed_payload(
        COMPLETE, hostname="www02.example.com"), "seal")
    one("other-seq", sealed_payload(COMPLETE, seq=3), "seal")
    one("unknown-member", good | {"status": "complete"}, "schema")
    one("inner-unknown-member", sealed_payload(COMPLETE | {"x": 1}), "schema")
    one("inner-not-json", sealed_payload(b"{"), "json")
    for member in good:
        if member != "sealed":
            one(f"missing-{member}", changed(good, member, None), "schema")
    signed("reply", "plain-sealed-without-pair", good, "seal", ("www01",))


def replies():
    for name, payload in (("start", START), ("noop", NOOP),
                          ("output", OUTPUT), ("output-base64", OUTPUT64),
                          ("complete", COMPLETE),
                          ("complete-full", COMPLETE_FULL)):
        signed("reply", f"valid-{name}", payload, "ok", ("www01",),
               status=payload["status"])
    members("reply", COMPLETE_FULL, "www01", [
        "version", "in_reply_to", "request", "uuid", "hostname", "boot",
        "status", "seq", "at", "ended", "output"], REPLY_WRONG)
    for name, payload in (("noop-missing-reason",
                           changed(NOOP, "reason", None)),
                          ("noop-missing-detail",
                           changed(NOOP, "detail", None)),
                          ("noop-with-uuid", NOOP | {"uuid": UUID}),
                          ("start-with-output", START | {"output": {}}),
                          ("output-missing-data",
                           changed(OUTPUT, "data", None)),
                          ("output-with-both", OUTPUT | {"data64": ""}),
                          ("output-missing-stream",
                           changed(OUTPUT, "stream", None))):
        signed("reply", name, payload, "schema", ("www01",))
    signed("reply", "noop-reason-unknown", NOOP | {"reason": "because"},
           "range", ("www01",))
    signed("reply", "output-stream-unknown", OUTPUT | {"stream": "stdin"},
           "range", ("www01",))
    signed("reply", "output-base64-wrong", OUTPUT64 | {"data64": "/wA"},
           "base64", ("www01",))
    syntax("reply", START, "www01")
    envelope_signatures("reply", text(START), "www01", "www02")
    envelope_other_kinds("reply", text(START), "www01")
    sealed_replies()
    signed("reply", "receiver-other-host", START, "host", ("www02",),
           "receiver")
    signed("reply", "receiver-operator-key", START, "host", ("alice",),
           "receiver")
    signed("reply", "receiver-other-request", START | {
        "request": b64(bytes(32))}, "unbound", ("www01",), "receiver")


HELLO = {
    "version": 1, "fleet": "paris-3f9c21aa", "hostname": "www01.example.com",
    "boot": b64(bytes(range(16))), "at": 1763800000456, "trust": 7,
    "agent": "amiral 0.1.0", "signatures": 1,
    "facts": {"os": {"name": "debian"}, "cpus": 4, "load": 0.06},
    "certificate": b64(bytes(40))}

HELLO_WRONG = [
    ("version", "zero", 0, "range"),
    ("fleet", "upper-case", "Paris-3f9c21aa", "range"),
    ("hostname", "final-dot", "www01.example.com.", "range"),
    ("boot", "long", b64(bytes(17)), "base64"),
    ("at", "text", "now", "schema"),
    ("trust", "negative", -1, "range"),
    ("agent", "escape", "amiral \x1b[1m", "range"),
    ("signatures", "three", 3, "range"),
    ("signatures", "two-without-serial", 2, "range"),
    ("serial", "without-second-line", 1, "range"),
    ("facts", "list", [], "schema"),
    ("certificate", "spare-bits", b64(bytes(40))[:-2] + "B=", "base64"),
]


def hellos():
    signed("hello", "valid", HELLO, "ok", ("www01",))
    rotation = HELLO | {"signatures": 2, "serial": 3}
    signed("hello", "valid-rotation", rotation, "ok", ("www01", "www02"))
    members("hello", HELLO, "www01", [
        "version", "fleet", "hostname", "boot", "at", "trust", "agent",
        "signatures", "facts"], HELLO_WRONG)
    syntax("hello", HELLO, "www01")
    envelope_signatures("hello", text(HELLO), "www01", "www02")
    envelope_other_kinds("hello", text(HELLO), "www01")
    signed("hello", "too-long", text(HELLO).ljust(16385), "too-long",
           ("www01",))
    signed("hello", "receiver-dropped-line", rotation, "lines", ("www01",),
           "receiver")
    signed("hello", "receiver-other-host", HELLO, "host", ("www02",),
           "receiver")


def public_line(key):
    with open(os.path.join(KEYS, key + ".pub"), encoding="ascii") as file:
        return " ".join(file.read().split()[:2])


def fingerprint(key):
    blob = base64.b64decode(public_line(key).split()[1])
    return "SHA256:" + b64(hashlib.sha256(blob).digest()).rstrip("=")


def others():
    """Enrollment and trust list: here for their envelopes."""
    enroll = {"version": 1, "fleet": "paris-3f9c21aa",
              "hostname": "www02.example.com", "address": "192.0.2.7",
              "issued": 1763800000123}
    trust = {"version": 1, "fleet": "paris-3f9c21aa", "serial": 8,
             "issued": 1763800000123, "expires": 1764404800123,
             "signers": [{"principal": "bob@example.com",
                          "key": public_line("bob"), "valid_after": 0,
                          "valid_before": 1764404800123}],
             "revoked": [fingerprint("www02")]}
    announcements(enroll)
    for kind, payload, key, other in (("enroll", enroll, "www02", "www01"),
                                      ("trust", trust, "trust", "alice")):
        signed(kind, "valid", payload, "ok", (key,))
        envelope_signatures(kind, text(payload), key, other)
        envelope_other_kinds(kind, text(payload), key)


# ---- tokens: lines of text, and the MAC that one lets a host make ----

TOKEN = {"fleet": b"paris-3f9c21aa", "url": b"redis://redis.example.com:6379",
         "id": bytes(range(8)),
         "secret": hashlib.sha256(b"amiral vectors: token").digest(),
         "expires": struct.pack(">Q", 1763803600123),
         "signer": base64.b64decode(fingerprint("trust")[7:] + "="),
         "serial": struct.pack(">Q", 8)}
TEXTS = ("fleet", "url")  # with their length in front; the rest is fixed


def token_bytes(**fields):
    return b"".join(string(value) if name in TEXTS else value
                    for name, value in (TOKEN | fields).items())


def token_line(data, check=None, prefix="amiral-token-1-"):
    """check: what the checksum is over, where it is not the data."""
    data += hashlib.blake2b(data if check is None else check,
                            digest_size=32).digest()[:4]
    return prefix + base64.urlsafe_b64encode(data).decode().rstrip("=")


def token(name, line, expect, **members):
    path = f"token/{name}.token"
    files[path] = line.encode() + b"\n"
    tokens.append({"file": path, "expect": expect, **members})


def token_members(**fields):
    value = TOKEN | fields
    return {"fleet": value["fleet"].decode(), "url": value["url"].decode(),
            "id": b64(value["id"]), "secret": b64(value["secret"]),
            "expires": int.from_bytes(value["expires"], "big"),
            "signer": "SHA256:" + b64(value["signer"]).rstrip("="),
            "serial": int.from_bytes(value["serial"], "big")}


TOKEN_WRONG = [
    ("fleet", "upper-case", b"Paris-3f9c21aa"), ("fleet", "empty", b""),
    ("fleet", "nul", b"paris-3f9c21aa\0"),
    ("fleet", "long", b"f" * 65 + b"-3f9c21aa"),
    ("url", "empty", b""), ("url", "long", b"u" * 1024),
    ("url", "nul", b"redis://a\0b"),
    ("id", "short", bytes(7)), ("id", "long", bytes(9)),
    ("secret", "short", bytes(31)), ("secret", "long", bytes(33)),
    ("expires", "negative", b"\xff" * 8), ("expires", "short", bytes(7)),
    ("signer", "short", bytes(31)), ("signer", "long", bytes(33)),
    ("serial", "negative", b"\xff" * 8), ("serial", "long", bytes(9)),
]


def token_lines():
    """What is wrong: the start, damage that the checksum shows, content."""
    longest = {"fleet": b"f" * 64 + b"-3f9c21aa", "url": b"u" * 1023,
               "expires": b"\x7f" + b"\xff" * 7, "serial": bytes(8)}
    data = token_bytes()
    token("valid", token_line(data), "ok", **token_members())
    token("valid-longest", token_line(token_bytes(**longest)), "ok",
          **token_members(**longest))
    for field, label, value in TOKEN_WRONG:
        token(f"{field}-{label}", token_line(token_bytes(**{field: value})),
              "content")
    for field, value in TOKEN.items():
        token(f"bit-off-{field}", token_line(
            token_bytes(**{field: flipped(value, len(value) - 1)}),
            check=data), "damaged")
    line = token_line(data)
    for name, changed_line in {
            "bit-off-check": token_line(data, check=b""),
            "byte-short": line[:-1], "byte-long": line + "A",
            "padded": line + "=", "blank-behind": line + " ",
            "blank-inside": line[:40] + " " + line[40:],
            "standard-base64": line[:40] + "+" + line[41:],
            "empty": "amiral-token-1-"}.items():
        token(name, changed_line, "damaged")
    token("version-2", token_line(data, prefix="amiral-token-2-"), "start")
    token("no-prefix", token_line(data, prefix=""), "start")


def announcement_mac(payload, key, secret):
    blob = base64.b64decode(public_line(key).split()[1])
    return hashlib.blake2b(b"amiral-enroll-v1" + b"".join(map(string, (
        payload["fleet"].encode(), base64.b64decode(payload["token_id"]),
        payload["hostname"].encode(), blob))) + struct.pack(
            ">Q", payload["issued"]), digest_size=32, key=secret).digest()


def announcements(payload):
    """With a token's MAC, and one with each thing changed that it is over."""
    good = payload | {"token_id": b64(TOKEN["id"])}
    mac = announcement_mac(good, "www02", TOKEN["secret"])

    def one(name, expect, key="www02", mac=mac, **more):
        signed("enroll", name, good | {"mac": b64(mac)} | more,
               "ok" if expect == "ok" else expect, (key,),
               "wire" if expect == "ok" else "receiver",
               token="token/valid.token")

    one("valid-token", "ok")
    one("receiver-mac-key", "mac", key="www01")
    one("receiver-mac-fleet", "mac", fleet="lyon-3f9c21aa")
    one("receiver-mac-hostname", "mac", hostname="www03.example.com")
    one("receiver-mac-issued", "mac", issued=good["issued"] + 1)
    one("receiver-mac-token_id", "mac", token_id=b64(bytes(8)))
    one("receiver-mac-bit-off", "mac", mac=flipped(mac, 31))
    one("receiver-mac-other-secret", "mac", mac=announcement_mac(
        good, "www02", bytes(32)))


def manifest():
    return {
        "about": "amiral protocol version 1; keys/ holds TEST KEYS that "
                 "everybody has: never trust them",
        "seal": {"public": b64(SEAL_PUBLIC), "secret": b64(SEAL_SECRET)},
        "receiver": {
            "now": NOW, "fleet": "paris-3f9c21aa",
            "request": b64(hashlib.sha256(text(REQUEST)).digest()),
            "hostname": "www01.example.com", "groups": ["web"],
            "operators": {"alice@example.com": public_line("alice"),
                          "bob@example.com": public_line("bob")},
            "hosts": {"www01.example.com": public_line("www01"),
                      "www02.example.com": public_line("www02")},
            "trust": {"trust@example.com": public_line("trust")}},
        "vectors": vectors, "tokens": tokens}


def stale(directory):
    """Paths below directory that are not as they would be written."""
    found = {os.path.join(kind, name): b"" for kind in FOLDERS
             for name in os.listdir(os.path.join(directory, kind))}
    for path in files:
        try:
            with open(os.path.join(directory, path), "rb") as file:
                found[path] = file.read()
        except FileNotFoundError:
            found[path] = None
    return [path for path, data in found.items() if files.get(path) != data]


def replace(directory):
    for kind in FOLDERS:
        shutil.rmtree(os.path.join(directory, kind), ignore_errors=True)
        os.makedirs(os.path.join(directory, kind))
    for path, data in files.items():
        with open(os.path.join(directory, path), "wb") as file:
            file.write(data)


def main():
    requests()
    replies()
    hellos()
    others()
    token_lines()
    files["manifest.json"] = (json.dumps(manifest(), indent=1) + "\n").encode()
    if sys.argv[1:] == ["--check"]:
        sys.exit("\n".join(stale(HERE)) or None)
    replace(HERE)


if __name__ == "__main__":
    main()
