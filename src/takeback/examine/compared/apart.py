"""
A comparison in a sandboxed child (`takeback.media.sandbox`): both files are a stranger's, until they were read.

The payload is the original, then the suspect. Home go the comparison as JSON, and its mask as an attachment: no
picture. Importing this module loads OpenCV, since a child can load nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from takeback.examine.answers import packed
from takeback.examine.compared.compare import compare_images, compare_pixels
from takeback.examine.compared.comparison import Comparison
from takeback.media.limits import MediaLimits
from takeback.media.sandbox import Answer
from takeback.media.sandbox.wire import MAX_ATTACHMENT_BYTES
from takeback.media.warm_up import decode_every_format

WARM_UP_SIDE = 96
"""Pixels of the picture that is compared with itself before the first real one arrives."""


def comparison_handler(payload: bytes, options: Mapping[str, object]) -> Answer:
    """Compare the two files in `payload`; `original_bytes` of the options says where the first one ends."""
    rest = dict(options)
    end = rest.pop("original_bytes")
    if not isinstance(end, int) or not 0 <= end <= len(payload):
        raise ValueError("not a request")
    limits = MediaLimits.from_options(rest)
    found = compare_images(payload[:end], payload[end:], limits=limits)
    return Answer(found.as_json(), _packed(found))


def _packed(found: Comparison) -> bytes:
    """Return the mask as bits, deflated; nothing where there is none, or it is too intricate to be sent."""
    if found.mask is None or not found.changed:
        return b""
    bits = packed(found.mask)
    return bits if len(bits) <= MAX_ATTACHMENT_BYTES else b""


def warm_up() -> None:
    """Decode every format and compare a drawn picture with a part of itself, so that all is loaded that is needed."""
    cv2.setNumThreads(1)
    decode_every_format()
    rng = np.random.default_rng(0)
    squares = (
        rng.integers(0, 255, (12, 12, 3), dtype=np.uint8).repeat(WARM_UP_SIDE // 4, 0).repeat(WARM_UP_SIDE // 4, 1)
    )
    changed = squares.copy()
    changed[100:140, 100:140] = 255 - changed[100:140, 100:140]
    compare_pixels(squares, changed)
