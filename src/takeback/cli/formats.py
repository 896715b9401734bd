"""What a decoder can read on this machine, asked of a real one: for `takeback doctor`."""

from __future__ import annotations

import numpy as np

from takeback.fingerprint import pdq_hash
from takeback.media.sandbox import Answer
from takeback.media.warm_up import decode_every_format

_SIDE = 64


def formats_handler(_payload: bytes, _options: dict[str, object]) -> Answer:
    """Run in a decoder: decode one tiny file of each format, hash one drawn picture, and say what worked."""
    ramp = np.arange(_SIDE * _SIDE, dtype=np.uint32).reshape(_SIDE, _SIDE) % 251
    hashed = pdq_hash(ramp.astype(np.uint8))
    return Answer({"formats": list(decode_every_format()), "hashed": len(hashed.code)})
