"""Curve25519 for the vectors, in plain Python: slow, not constant time, and
a second implementation of what amiral takes from libsodium. Never sign or
seal with it anything that matters."""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


# ---- Ed25519 (RFC 8032) ----

def point_add(a, b):
    x1, y1, x2, y2 = *a, *b
    k = D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P,
            (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P)


def point_mul(n, point):
    result = (0, 1)
    while n:
        if n & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        n >>= 1
    return result


def point_at(y, odd):
    """The point of that y; None where there is none."""
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != xx:
        return None
    return (x if x % 2 == odd else P - x, y)


def base_point():
    return point_at(4 * pow(5, P - 2, P) % P, 0)


def is_key(data):
    """A point of the prime-order group, and not the neutral one."""
    n = int.from_bytes(data, "little")
    y, odd = n % 2**255, n >> 255
    point = point_at(y, odd) if 1 < y < P else None
    return point is not None and point_mul(L, point) == (0, 1)


def point_bytes(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def clamp(scalar):
    n = int.from_bytes(scalar, "little")
    return n & ~7 & ~(1 << 255) | 1 << 254


def hash_mod_l(*parts):
    digest = hashlib.sha512(b"".join(parts)).digest()
    return int.from_bytes(digest, "little") % L


def ed25519_public(seed):
    scalar = clamp(hashlib.sha512(seed).digest()[:32])
    return point_bytes(point_mul(scalar, base_point()))


def ed25519_sign(seed, message):
    expanded = hashlib.sha512(seed).digest()
    scalar, public = clamp(expanded[:32]), ed25519_public(seed)
    nonce = hash_mod_l(expanded[32:], message)
    r = point_bytes(point_mul(nonce, base_point()))
    s = (nonce + hash_mod_l(r, public, message) * scalar) % L
    return r + s.to_bytes(32, "little")


# ---- X25519 (RFC 7748) ----

def x25519(scalar, u):
    n, u = clamp(scalar), int.from_bytes(u, "little") % 2**255
    x2, z2, x3, z3 = 1, 0, u, 1
    for bit in reversed(range(255)):
        if n >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b = (x2 + z2) % P, (x2 - z2) % P
        da, cb = (x3 - z3) * a % P, (x3 + z3) * b % P
        e = (a * a - b * b) % P
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = a * a * b * b % P, e * (a * a + 121665 * e) % P
        if n >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def x25519_public(scalar):
    return x25519(scalar, (9).to_bytes(32, "little"))


# ---- XSalsa20 and Poly1305, as in NaCl's secretbox ----

def salsa20_rounds(state):
    x = list(state)

    def quarter(a, b, c, d):
        for to, one, two, turn in ((b, a, d, 7), (c, b, a, 9),
                                   (d, c, b, 13), (a, d, c, 18)):
            v = (x[one] + x[two]) & 0xffffffff
            x[to] ^= (v << turn | v >> 32 - turn) & 0xffffffff

    for _ in range(10):
        for i in range(4):
            quarter(*((5 * i + 4 * k) % 16 for k in range(4)))
        for i in range(4):
            quarter(*(4 * i + (i + k) % 4 for k in range(4)))
    return x


def words(data):
    return [int.from_bytes(data[i:i + 4], "little")
            for i in range(0, len(data), 4)]


def salsa20_state(key, block):
    c, k, n = words(b"expand 32-byte k"), words(key), words(block)
    return [c[0], *k[:4], c[1], *n, c[2], *k[4:], c[3]]


def hsalsa20(key, block):
    x = salsa20_rounds(salsa20_state(key, block))
    return b"".join(x[i].to_bytes(4, "little")
                    for i in (0, 5, 10, 15, 6, 7, 8, 9))


def salsa20_stream(key, nonce, n):
    out = b""
    for counter in range((n + 63) // 64):
        state = salsa20_state(key, nonce + counter.to_bytes(8, "little"))
        out += b"".join((a + b & 0xffffffff).to_bytes(4, "little")
                        for a, b in zip(state, salsa20_rounds(state)))
    return out[:n]


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    total = 0
    for i in range(0, len(message), 16):
        piece = message[i:i + 16] + b"\1"
        total = (total + int.from_bytes(piece, "little")) * r % (2**130 - 5)
    total += int.from_bytes(key[16:], "little")
    return (total % 2**128).to_bytes(16, "little")


def box_seal(message, to, ephemeral):
    """crypto_box_seal() with a given ephemeral secret key."""
    sender = x25519_public(ephemeral)
    nonce = hashlib.blake2b(sender + to, digest_size=24).digest()
    shared = hsalsa20(x25519(ephemeral, to), bytes(16))
    stream = salsa20_stream(hsalsa20(shared, nonce[:16]), nonce[16:],
                            32 + len(message))
    cipher = bytes(a ^ b for a, b in zip(message, stream[32:]))
    return sender + poly1305(stream[:32], cipher) + cipher
