"""Fingerprints from the sandboxed pool: what every process that holds a key asks instead of decoding."""

from __future__ import annotations

from takeback.errors import Overloaded
from takeback.fingerprint.record import Fingerprints
from takeback.media.limits import MediaLimits
from takeback.media.sandbox import DecoderPool

DECODER_HANDLER = "takeback.fingerprint.take:fingerprint_handler"
"""What runs in a decoder: bytes to fingerprints, with no key, file or network in reach."""


class PooledDecoder:
    """
    Asks a pool, and checks its answer like any outsider's.

    `tries` is how often a file is handed in while every decoder is busy or being replaced.
    """

    def __init__(self, pool: DecoderPool, limits: MediaLimits, *, tries: int = 1) -> None:
        self._pool = pool
        self._limits = limits
        self._tries = tries

    def fingerprints(self, data: bytes) -> Fingerprints:
        """Return the fingerprints of the picture in `data`; see `DecoderPool.run` for the errors."""
        for _ in range(self._tries - 1):
            try:
                return self._once(data)
            except Overloaded:
                continue
        return self._once(data)

    def _once(self, data: bytes) -> Fingerprints:
        return Fingerprints.from_json(self._pool.run(data, self._limits.as_options()), limits=self._limits)
