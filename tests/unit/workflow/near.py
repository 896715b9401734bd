"""Fingerprints a stated number of bits away from one."""

from __future__ import annotations

import numpy as np

from takeback.fingerprint import PdqHash


def bits_away(pdq: PdqHash, bits: int, seed: int = 0) -> PdqHash:
    """Return another code, an even number of `bits` away, with as many ones."""
    code = np.unpackbits(pdq.array())
    rng = np.random.default_rng(seed)
    ones, zeros = np.flatnonzero(code), np.flatnonzero(code == 0)
    for places in (ones, zeros):
        code[rng.choice(places, bits // 2, replace=False)] ^= 1
    return PdqHash(np.packbits(code).tobytes(), 100)
