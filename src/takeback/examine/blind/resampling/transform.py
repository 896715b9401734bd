"""Which scaling or turning beats at a frequency, as far as that can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass

MOST_OFF = 0.02
"""Cycles a pixel, by which a beat is off that of scaling alone or turning alone, at most, to be told as such."""
LEAST_APART, LEAST_APART_OF_WHOLE = 0.006, 0.002
"""Cycles a pixel, by which it is less off one than off the other: a window of 128 pixels tells no less apart."""


@dataclass(frozen=True, slots=True)
class Transform:
    """
    What beats like this: turned by `degrees`, or else scaled to `up` or `down`, in percent; what is not so is None.

    A spectrum is the same for several transforms: up and down are told apart by nothing in it.
    """

    degrees: float | None = None
    up: float | None = None
    down: float | None = None


def transform_of(down: float, across: float, apart: float = LEAST_APART) -> Transform:
    """
    Return what beats at a frequency, in cycles a pixel, up to a half each way.

    A picture that is scaled to s and turned by w beats at (cos w, sin w) / s, less whole cycles (Popescu, Farid,
    "Exposing digital forgeries by detecting traces of resampling", IEEE TSP 2005). `apart` is by how much a beat has to
    be nearer to that of the one than to that of the other.
    """
    down, across = abs(down), abs(across)
    turned = [(1 - across, down), (1 - down, across)]
    along, aside = min(turned, key=lambda each: abs(math.hypot(*each) - 1))
    off_turned, off_scaled = abs(math.hypot(along, aside) - 1), min(down, across)
    if min(off_turned, off_scaled) > MOST_OFF or abs(off_turned - off_scaled) < apart:
        return Transform()
    if off_turned < off_scaled:
        return Transform(degrees=math.degrees(math.atan2(aside, along)))
    beat = max(down, across)
    return Transform(up=100 / (1 - beat), down=100 / (1 + beat))
