"""
Reading what a sandboxed child says, which has read a stranger's file: nothing is believed but its form.

Each function returns what it was given as what it has to be, and raises `ValueError` or `TypeError` for anything else.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def listed(told: Any, most: int) -> Sequence[Any]:
    """Return a list of at most `most`."""
    if not isinstance(told, list) or len(told) > most:
        raise ValueError("not a list")
    return told


def whole(told: Any, least: int, most: int) -> int:
    """Return a whole number within its bounds."""
    if type(told) is not int or not least <= told <= most:
        raise ValueError("not a whole number within its bounds")
    return told


def number(told: Any, least: float, most: float) -> float:
    """Return a finite number within its bounds."""
    if type(told) not in (int, float) or not math.isfinite(told) or not least <= told <= most:
        raise ValueError("not a number within its bounds")
    return float(told)


def maybe(told: Any) -> bool | None:
    """Return yes, no, or None."""
    if told is not None and type(told) is not bool:
        raise ValueError("neither yes nor no")
    return told


def text(told: Any, most: int) -> str:
    """Return a text of at most `most` characters that can be printed on one line."""
    if not isinstance(told, str) or not 0 < len(told) <= most or not told.isprintable():
        raise ValueError("not a text")
    return told


def box(told: Any, width: int, height: int) -> tuple[int, int, int, int]:
    """Return left, top, width and height within a picture of `width` × `height`."""
    left, top, across, down = listed(told, 4)
    return whole(left, 0, width), whole(top, 0, height), whole(across, 0, width + 1), whole(down, 0, height + 1)


def packed(mask: NDArray[np.bool_]) -> bytes:
    """Return a mask bool [height, width] as deflated bits, for `mask_of`."""
    return zlib.compress(np.packbits(mask, axis=1).tobytes(), 6)


def mask_of(told: bytes, width: int, height: int) -> NDArray[np.bool_]:
    """Return what was `packed`, bool [height, width]; `zlib.error` where it is damaged."""
    row = (width + 7) // 8
    data = zlib.decompressobj().decompress(told, row * height + 1)
    if len(data) != row * height:
        raise ValueError("not a mask")
    return np.unpackbits(np.frombuffer(data, np.uint8).reshape(height, row), axis=1)[:, :width].astype(np.bool_)
