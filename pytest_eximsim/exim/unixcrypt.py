"""crypt(3) for crypteq: traditional DES, MD5 ($1$), SHA-256 ($5$) and SHA-512 ($6$). Python has had none since 3.13.

What is refused is what the C library of today's distributions refuses (libxcrypt; asked through the real Exim).
"""

from __future__ import annotations

import hashlib
import re

_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LONGEST_SECRET = 511
_BAD_SETTING = re.compile(r"[^!-~]|[!*:;\\]")
_ROUNDS = re.compile(r"\$[56]\$rounds=([^$]*)(\$?)")
_ROUNDS_GIVEN = re.compile(r"[1-9][0-9]{3,8}")

_OTHER_METHODS = frozenset(["2a", "2b", "2x", "2y", "3", "7", "gy", "md5", "sha1", "y"])


class UnknownMethod(Exception):
    """A method that is not here (bcrypt, yescrypt …); the text is its mark."""


def crypt(plain: str, setting: str) -> str | None:
    """The encrypted form with the salt of `setting`; None for a bad salt, or a secret that is too long. Raises UnknownMethod."""
    if len(plain) > _LONGEST_SECRET or _BAD_SETTING.search(setting):
        return None
    if setting.startswith("$"):
        method = setting[1:].partition("$")[0]
        if method in ("1", "5", "6") and setting.count("$") < 2:
            return None
        if method == "1":
            return _md5(plain.encode("latin-1"), setting.split("$")[2][:8])
        if method in ("5", "6"):
            return _sha(plain.encode("latin-1"), setting, method) if rounds(setting) else None
        if method in _OTHER_METHODS:
            raise UnknownMethod(f"${method}$")
        return None
    if len(setting) < 2 or setting[0] not in _ALPHABET or setting[1] not in _ALPHABET:
        return None
    return setting[:2] + _des_block(plain[:8], setting[:2], 25)


def crypt16(plain: str, setting: str) -> str | None:
    """Exim's crypt16: two blocks, of 20 and 5 rounds, for up to 16 characters."""
    if len(setting) < 2 or setting[0] not in _ALPHABET or setting[1] not in _ALPHABET:
        return None
    salt = setting[:2]
    return salt + _des_block(plain[:8], salt, 20) + _des_block(plain[8:16], salt, 5)


def rounds(setting: str) -> int:
    """How often a setting makes it go round, 0 where the number is refused."""
    found = _ROUNDS.match(setting)
    if found is None:
        return 5000 if setting[:3] in ("$5$", "$6$") else 1000 if setting.startswith("$1$") else 25
    return int(found[1]) if found[2] and _ROUNDS_GIVEN.fullmatch(found[1]) else 0


def _base64(number: int, length: int) -> str:
    """`length` digits, the lowest six bits first."""
    return "".join(_ALPHABET[number >> 6 * place & 63] for place in range(length))


# --- DES -----------------------------------------------------------------------------------------------------------------

_INITIAL = tuple(bit for start in (58, 60, 62, 64, 57, 59, 61, 63) for bit in range(start, start - 64, -8) if bit > 0)
_FINAL = tuple(_INITIAL.index(bit) + 1 for bit in range(1, 65))
_EXPANSION = tuple((4 * group + place - 1) % 32 + 1 for group in range(8) for place in range(6))
_PERMUTATION = (16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25)
_CHOICE_1 = (57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
             63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4)
_CHOICE_2 = (14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
             41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32)
_SHIFTS = (1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1)
#: Eight boxes of four rows of sixteen, as hexadecimal digits.
_BOXES = (
    "e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d",
    "f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9",
    "a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c",
    "7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e",
    "2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453",
    "c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d",
    "4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c",
    "d2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b",
)


def _permuted(value: int, width: int, table: tuple[int, ...]) -> int:
    found = 0
    for bit in table:
        found = found << 1 | value >> (width - bit) & 1
    return found


def _keys(key: int) -> list[int]:
    chosen = _permuted(key, 64, _CHOICE_1)
    left, right, found = chosen >> 28, chosen & 0xFFFFFFF, list[int]()
    for shift in _SHIFTS:
        left = (left << shift | left >> (28 - shift)) & 0xFFFFFFF
        right = (right << shift | right >> (28 - shift)) & 0xFFFFFFF
        found.append(_permuted(left << 28 | right, 56, _CHOICE_2))
    return found


def _salted_round(half: int, key: int, salt: int) -> int:
    """The round function; salt bit n exchanges bits n and n+24 of the expanded half."""
    expanded = _permuted(half, 32, _EXPANSION)
    high, low = expanded >> 24, expanded & 0xFFFFFF
    swap = (high ^ low) & salt
    mixed = ((high ^ swap) << 24 | (low ^ swap)) ^ key
    found = 0
    for number, box in enumerate(_BOXES):
        six = mixed >> (42 - 6 * number) & 63
        row, column = (six >> 4 & 2) | (six & 1), six >> 1 & 15
        found = found << 4 | int(box[16 * row + column], 16)
    return _permuted(found, 32, _PERMUTATION)


def _des_block(plain: str, salt_text: str, rounds: int) -> str:
    key = 0
    for char in plain.ljust(8, "\0"):
        key = key << 8 | (ord(char) << 1) & 0xFF
    bits = _ALPHABET.index(salt_text[0]) | _ALPHABET.index(salt_text[1]) << 6
    salt = sum(1 << (23 - number) for number in range(12) if bits >> number & 1)
    keys, block = _keys(key), 0
    for _ in range(rounds):
        block = _permuted(block, 64, _INITIAL)
        left, right = block >> 32, block & 0xFFFFFFFF
        for subkey in keys:
            left, right = right, left ^ _salted_round(right, subkey, salt)
        block = _permuted(right << 32 | left, 64, _FINAL)
    return "".join(_ALPHABET[(block << 2) >> shift & 63] for shift in range(60, -1, -6))


# --- MD5 and SHA ---------------------------------------------------------------------------------------------------------


def _md5(plain: bytes, salt_text: str) -> str:
    salt = salt_text.encode("latin-1")
    inner = hashlib.md5(plain + salt + plain).digest()
    text = plain + b"$1$" + salt + (inner * (len(plain) // 16 + 1))[:len(plain)]
    length = len(plain)
    while length:
        text += b"\0" if length & 1 else plain[:1]
        length >>= 1
    digest = hashlib.md5(text).digest()
    for number in range(1000):
        text = plain if number & 1 else digest
        text += salt if number % 3 else b""
        text += plain if number % 7 else b""
        text += digest if number & 1 else plain
        digest = hashlib.md5(text).digest()
    found = "".join(_base64(digest[a] << 16 | digest[a + 6] << 8 | digest[5 if a == 4 else a + 12], 4) for a in range(5))
    return f"$1${salt_text}${found}{_base64(digest[11], 2)}"


def _sha(plain: bytes, setting: str, method: str) -> str:
    """Drepper's SHA-crypt."""
    name, size = ("sha256", 32) if method == "5" else ("sha512", 64)
    written = _ROUNDS.match(setting)
    rest, shown = (setting[written.end():], written[0][3:]) if written else (setting[3:], "")
    salt_text = rest.partition("$")[0][:16]
    salt = salt_text.encode("latin-1")
    inner = hashlib.new(name, plain + salt + plain).digest()
    text = plain + salt + (inner * (len(plain) // size + 1))[:len(plain)]
    length = len(plain)
    while length:
        text += inner if length & 1 else plain
        length >>= 1
    digest = hashlib.new(name, text).digest()
    repeated = hashlib.new(name, plain * len(plain)).digest()
    word = (repeated * (len(plain) // size + 1))[:len(plain)]
    salted = hashlib.new(name, salt * (16 + digest[0])).digest()
    salt = (salted * (len(salt) // size + 1))[:len(salt)]
    for number in range(rounds(setting)):
        text = (word if number & 1 else digest) + (salt if number % 3 else b"") + (word if number % 7 else b"")
        digest = hashlib.new(name, text + (digest if number & 1 else word)).digest()
    return f"${method}${shown}{salt_text}${_sha_text(digest, method)}"


def _sha_text(digest: bytes, method: str) -> str:
    third, last = (10, 2) if method == "5" else (21, 1)
    step = 21 if method == "5" else 22
    found, first = "", (0, third, 2 * third)
    for _ in range(third):
        a, b, c = first
        found += _base64(digest[a] << 16 | digest[b] << 8 | digest[c], 4)
        first = ((a + step) % (3 * third), (b + step) % (3 * third), (c + step) % (3 * third))
    if last == 2:
        return found + _base64(digest[31] << 8 | digest[30], 3)
    return found + _base64(digest[63], 2)
