"""
What the person alone has: a receipt, seven words that open her case, and sixteen digits that also end it.

Two, since whoever finds the words, or is given them to help her, must not be able to end what protects her. The words
are of the 2,048 English ones of BIP 39 (Bitcoin Improvement Proposal 39, package `mnemonic`): 77 bits that can be read
out, written down and remembered, and no two begin with the same four letters. The digits are 53 bits, and the same in
every language. Both are looked up by what Argon2id makes of them (RFC 9106), so that whoever has the data and every key
still pays for each guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from unicodedata import decimal, normalize

from argon2.low_level import Type, hash_secret_raw
from mnemonic import Mnemonic

from takeback.errors import WeakPhrase

RECEIPT_WORDS = 7
_BITS_OF_A_WORD = 11
RECEIPT_BYTES = 10
"""Random bytes that a receipt is made of; three bits of them are left over."""
ENDING_DIGITS = 16
ENDING_BYTES = 16
"""Random bytes that the number is made of: so many that no number is more likely than another."""
_GROUP = 4


@dataclass(frozen=True, slots=True)
class Work:
    """What Argon2id does for one guess, on one lane. What was stored under other work is not found."""

    passes: int
    memory_kib: int


RECEIPT_WORK = Work(2, 19_456)
"""The least that OWASP's Password Storage Cheat Sheet recommends for Argon2id."""

RECOVERY_WORK = Work(3, 65_536)
"""RFC 9106 section 4, the second recommended option, on one lane."""
LEAST_PHRASE = 12
_LEAST_DIFFERENT = 6

_APART = re.compile(r"[\s,.;\-–—·]+")


def receipt_of(secret: bytes) -> str:
    """Return the receipt that `secret` stands for, in words; `ValueError` for less than `RECEIPT_BYTES`."""
    if len(secret) < RECEIPT_BYTES:
        raise ValueError(f"A receipt is made of {RECEIPT_BYTES} bytes.")
    number = int.from_bytes(secret[:RECEIPT_BYTES])
    words = _words()
    return " ".join(words[number >> (place * _BITS_OF_A_WORD) & len(words) - 1] for place in range(RECEIPT_WORDS))


def ending_of(secret: bytes) -> str:
    """Return the number that ends a case, in groups of four digits; `ValueError` for less than `ENDING_BYTES`."""
    if len(secret) < ENDING_BYTES:
        raise ValueError(f"The number that ends a case is made of {ENDING_BYTES} bytes.")
    digits = f"{int.from_bytes(secret[:ENDING_BYTES]) % 10**ENDING_DIGITS:0{ENDING_DIGITS}d}"
    return " ".join(digits[start : start + _GROUP] for start in range(0, ENDING_DIGITS, _GROUP))


def as_written(text: str) -> str:
    """
    Return words or digits in the form that is looked up, however she typed them.

    Words in small letters with one space between; digits without any, and Arabic or Persian ones as ours.
    """
    parts = [part for part in _APART.split(text.lower()) if part]
    if all(part.isdecimal() for part in parts):
        return "".join(str(decimal(digit)) for part in parts for digit in part)
    return " ".join(parts)


def is_number(text: str) -> bool:
    """Whether this is written as the number that ends a case, and not as the words that open it."""
    digits = as_written(text)
    return digits.isdecimal() and len(digits) == ENDING_DIGITS


def stretched(receipt: str, salt: bytes, work: Work = RECEIPT_WORK) -> bytes:
    """
    Return 32 bytes that a receipt stands for, however it is written: 25 ms and 19 MiB of work for each.

    `salt` is this installation's, at least 8 bytes: a receipt is looked up by it, so it cannot have one of its own.
    """
    return _argon2id(as_written(receipt), salt, work)


def require_recovery(name: str, phrase: str) -> None:
    """Raise `WeakPhrase` where a phrase is too easy to guess to open a case."""
    text = _plain(phrase)
    if len(text) < LEAST_PHRASE or len(set(text)) < _LEAST_DIFFERENT or not _plain(name) or text == _plain(name):
        raise WeakPhrase(f"The phrase needs {LEAST_PHRASE} characters or more, and a name beside it that is another.")


def stretched_recovery(name: str, phrase: str, salt: bytes, work: Work = RECOVERY_WORK) -> bytes:
    """
    Return 32 bytes that a name and a phrase of her own stand for, however they are written: 64 MiB of work for each.

    She chose them, so that they are easier to guess than a receipt, and each guess costs more (RFC 9106 section 4).
    """
    return _argon2id(f"{_plain(name)}\0{_plain(phrase)}", salt, work)


def _argon2id(secret: str, salt: bytes, work: Work) -> bytes:
    return hash_secret_raw(
        secret.encode(),
        salt,
        time_cost=work.passes,
        memory_cost=work.memory_kib,
        parallelism=1,
        hash_len=32,
        type=Type.ID,
    )


def _plain(text: str) -> str:
    return " ".join(normalize("NFKC", text).casefold().split())


@cache
def _words() -> tuple[str, ...]:
    return tuple(Mnemonic("english").wordlist)
