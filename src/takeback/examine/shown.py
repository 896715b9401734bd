"""
How much of the picture a report shows.

What a decoder sends for it is plain values of a size that is known beforehand, and no file: whoever makes the report
parses nothing of a stranger's. No parser is loaded here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

BLURRED_SIDE: Final = 16
"""Values on the long side of what is blurred: light, dark and colours, and no faces."""
SHOWN_SIDE: Final = 960
"""Pixels on the long side of what is shown: less than three megabytes."""


class Shown(StrEnum):
    """What a report shows of the picture."""

    LEFT_OUT = "left-out"
    BLURRED = "blurred"
    SHOWN = "shown"


def reduced_size(width: int, height: int, side: int) -> tuple[int, int]:
    """Return width and height of a picture whose long side is at most `side`."""
    by = min(1.0, side / max(width, height))
    return max(1, round(width * by)), max(1, round(height * by))
