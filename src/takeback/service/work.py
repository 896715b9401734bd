"""
A little work instead of a CAPTCHA: a second of a phone's time, asked for only where much came in.

The puzzle is hashcash's: for each part a number such that SHA-256 of `challenge:part:number` begins with so many zero
bits. Sixteen small parts take nearly the same time in each try, where one large one would take four times as long now
and then. A challenge is signed, holds for ten minutes, and counts once; nothing is kept of those that are not used.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
from collections.abc import Callable
from hashlib import sha256
from itertools import count

WORK_HEADER = "Takeback-Work"
"""Header in which a program sends the answer; a form of the pages has the field `work`."""

PARTS = 16
BITS = 13
"""Zero bits of each part: 131,000 hashes in all."""

VALID_SECONDS = 600
_RANDOM_BYTES, _MAC_BYTES = 8, 10
_MAX_NUMBER_DIGITS = 9


class WorkDesk:
    """
    Gives out challenges and takes answers. `clock` gives seconds that only grow, the same in every process.

    Workers of one service have one `key`, so that each takes what another asked for; that a challenge counts once is
    known to each alone.
    """

    def __init__(self, key: bytes, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key = key
        self._lock = threading.Lock()
        self._used: dict[str, float] = {}

    def challenge(self) -> str:
        """Return a challenge, 30 characters of base64url."""
        body = int(self._clock() + VALID_SECONDS).to_bytes(4) + secrets.token_bytes(_RANDOM_BYTES)
        return base64.urlsafe_b64encode(body + self._mac(body)).decode().rstrip("=")

    def accepts(self, answer: str) -> bool:
        """Whether `answer` (`challenge.number-number-…`) is the work that was asked for, and new."""
        challenge, _, numbers = answer.partition(".")
        now = self._clock()
        if not self._is_ours(challenge, now) or not is_solved(challenge, numbers.split("-")):
            return False
        with self._lock:
            self._used = {each: until for each, until in self._used.items() if until > now}
            if challenge in self._used:
                return False
            self._used[challenge] = now + VALID_SECONDS
        return True

    def _is_ours(self, challenge: str, now: float) -> bool:
        try:
            raw = base64.urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4))
        except ValueError:
            return False
        body, mac = raw[: 4 + _RANDOM_BYTES], raw[4 + _RANDOM_BYTES :]
        return hmac.compare_digest(mac, self._mac(body)) and int.from_bytes(body[:4]) >= now

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, sha256)[:_MAC_BYTES]


def puzzle(challenge: str) -> dict[str, object]:
    """Return what is to be solved, in plain values."""
    return {"challenge": challenge, "parts": PARTS, "bits": BITS}


def is_solved(challenge: str, numbers: list[str]) -> bool:
    """Whether each part's number solves it."""
    return len(numbers) == PARTS and all(
        number.isascii() and number.isdigit() and len(number) <= _MAX_NUMBER_DIGITS and _solves(challenge, part, number)
        for part, number in enumerate(numbers)
    )


def solve(challenge: str, parts: int = PARTS, bits: int = BITS) -> str:
    """Return an answer that `WorkDesk.accepts`: what the page's script does, for other programs."""
    numbers = (next(n for n in map(str, count()) if _solves(challenge, part, n, bits)) for part in range(parts))
    return f"{challenge}.{'-'.join(numbers)}"


def _solves(challenge: str, part: int, number: str, bits: int = BITS) -> bool:
    found = sha256(f"{challenge}:{part}:{number}".encode()).digest()
    return int.from_bytes(found[:4]) >> (32 - bits) == 0
