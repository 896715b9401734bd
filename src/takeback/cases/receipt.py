"""
The receipt: seven words that the person alone has, and that open her case.

Seven of the 2,048 English words of BIP 39 (Bitcoin Improvement Proposal 39, package `mnemonic`): 77 bits that can be
read out, written down and remembered. No two of the words begin with the same four letters. A receipt is looked up by
what Argon2id makes of it (RFC 9106), so that whoever has the data and every key still pays for each guess.
"""

from __future__ import annotations

import re
from functools import cache

from argon2.low_level import Type, hash_secret_raw
from mnemonic import Mnemonic

RECEIPT_WORDS = 7
_BITS_OF_A_WORD = 11
RECEIPT_BYTES = 10
"""Random bytes that a receipt is made of; three bits of them are left over."""

_PASSES, _MEMORY_KIB = 2, 19_456
"""The least that OWASP's Password Storage Cheat Sheet recommends for Argon2id."""

_APART = re.compile(r"[\s,.;\-–—·]+")


def receipt_of(secret: bytes) -> str:
    """Return the receipt that `secret` stands for, in words; `ValueError` for less than `RECEIPT_BYTES`."""
    if len(secret) < RECEIPT_BYTES:
        raise ValueError(f"A receipt is made of {RECEIPT_BYTES} bytes.")
    number = int.from_bytes(secret[:RECEIPT_BYTES])
    words = _words()
    return " ".join(words[number >> (place * _BITS_OF_A_WORD) & len(words) - 1] for place in range(RECEIPT_WORDS))


def as_written(text: str) -> str:
    """Return a receipt in the form that is looked up, however she typed it: capitals, commas, line ends."""
    return " ".join(part for part in _APART.split(text.lower()) if part)


def stretched(receipt: str, salt: bytes) -> bytes:
    """
    Return 32 bytes that a receipt stands for, however it is written: 25 ms and 19 MiB of work for each.

    `salt` is this installation's, at least 8 bytes: a receipt is looked up by it, so it cannot have one of its own.
    """
    return hash_secret_raw(
        as_written(receipt).encode(),
        salt,
        time_cost=_PASSES,
        memory_cost=_MEMORY_KIB,
        parallelism=1,
        hash_len=32,
        type=Type.ID,
    )


@cache
def _words() -> tuple[str, ...]:
    return tuple(Mnemonic("english").wordlist)
