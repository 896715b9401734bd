"""
Which even beats a window of the maps holds.

Interpolation by a factor, and turning, beats at one frequency across and at the same one, turned by a right angle, down
(the rows of the inverse transform, less whole cycles: Popescu, Farid, IEEE TSP 2005): both have to stand out, so that a
fence or a fabric, which repeats one way, does not count. Where nothing beats, each is exponential beside the mean of
those around it, and the lesser of both exceeds t with a chance of exp(-2 t).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.resampling.prediction import Beats, Values
from takeback.registration import opencv

SIDE: Final = 128
"""Pixels of a window's side; they lie half of it apart."""
LEAST_FREQUENCY: Final = 0.085
"""Cycles a pixel, below which photographs beat by themselves: that of a scaling to 109 %, or a turn by 5 degrees."""
BLOCK_SIDE: Final = 8
"""Pixels of a JPEG block, which beats at all multiples of an eighth."""
BACKGROUND: Final = 11
"""Frequencies each way, of which the mean is what a frequency is held against."""
MOST: Final = 3.0
"""What one window counts at most in the sum of all: one that beats strongly is not all of the picture."""
MOST_STRONG: Final = 50.0
"""The same where it is known that all of it beats, and only at which frequency is not."""
_HALF = SIDE // 2 + 1
_CUT = 3.0
_KEPT_OF_CUT = 1 - float(np.exp(-_CUT))
"""Mean of an exponential variable that is cut at `_CUT`."""


@dataclass(frozen=True, slots=True)
class Peak:
    """
    The strongest beat of a window: the window's place, the frequency's in the spectrum, and how strong the lesser is.

    The frequency `down`, `across` is the map across' and its twin the map down's, or where `swapped` the other way.
    """

    top: int
    left: int
    down: int
    across: int
    swapped: bool
    height: float


@dataclass(slots=True, eq=False)
class Survey:
    """
    All windows: the peak of each, and what each shows, in sum, float64 [2, SIDE/2+1, SIDE/2+1].

    `total` counts each up to `MOST`, and `strong` up to `MOST_STRONG`.
    """

    total: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, _HALF, _HALF)), repr=False)
    strong: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, _HALF, _HALF)), repr=False)
    peaks: list[Peak] = field(default_factory=list)


def surveyed(beats: Beats) -> Survey:
    """Look at all windows of the maps."""
    survey = Survey()
    for top, left in windows(beats.across.shape):
        box = slice(top, top + SIDE), slice(left, left + SIDE)
        twins = twins_of(heights_of(beats.across[box]), heights_of(beats.down[box]))
        survey.total += np.minimum(twins, np.float32(MOST))
        survey.strong += np.minimum(twins, np.float32(MOST_STRONG))
        swapped, down, across = np.unravel_index(int((twins * looked_at()).argmax()), twins.shape)
        height = float(twins[swapped, down, across])
        survey.peaks.append(Peak(top, left, int(down), int(across), bool(swapped), height))
    return survey


def windows(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Yield the top and the left of all windows."""
    for top in range(0, shape[0] - SIDE + 1, SIDE // 2):
        for left in range(0, shape[1] - SIDE + 1, SIDE // 2):
            yield top, left


def twins_of(across: Values, down: Values) -> Values:
    """
    Return the lesser of each frequency and of its twin, float32 [2, SIDE/2+1, SIDE/2+1].

    `across` and `down` are the heights of both maps. The first has the frequency from the map across and its twin from
    the map down, the second the other way. 0 cycles a pixel to a half, down and across.
    """
    turned = -np.arange(_HALF)
    return np.stack(
        [
            np.minimum(across[:_HALF], down[turned, :_HALF].T),
            np.minimum(down[:_HALF], across[turned, :_HALF].T),
        ]
    )


def heights_of(window: NDArray[np.int8] | Values) -> Values:
    """Return the spectrum of `window` [SIDE, SIDE] beside the mean around it, float32 [SIDE, SIDE/2+1]."""
    cv2, around = opencv(), (BACKGROUND, BACKGROUND)
    values = window.astype(np.float32)
    waves = cv2.dft((values - values.mean()) * taper(), flags=cv2.DFT_COMPLEX_OUTPUT)[:, :_HALF]
    power = np.square(waves[..., 0]) + np.square(waves[..., 1])
    rough = cv2.blur(power, around)
    mean = cv2.blur(np.minimum(power, np.float32(_CUT) * rough), around) / np.float32(_KEPT_OF_CUT)
    return np.asarray(power / np.maximum(mean, np.float32(1e-6)), np.float32)


@cache
def looked_at() -> NDArray[np.bool_]:
    """Return which places of the twins are looked at: not the slowest, and none that JPEG blocks beat at."""
    steps = np.arange(_HALF)
    fast = np.hypot(steps[:, np.newaxis], steps) >= LEAST_FREQUENCY * SIDE
    each = SIDE // BLOCK_SIDE
    # The taper spreads a beat to the places beside it.
    near = np.minimum(steps % each, -steps % each) <= 1
    # The last row and column are their own mirror images: their twins are not independent.
    inner = steps < SIDE // 2
    looked = fast & ~(near[:, np.newaxis] & near) & inner[:, np.newaxis] & inner
    # Each pair once: the first row, turned, is the first column.
    looked[1:, 0] = False
    return np.asarray(looked)


@cache
def taper() -> Values:
    """Return the weights of a window's pixels, float32 [SIDE, SIDE]."""
    wave = np.hanning(SIDE + 1)[:SIDE].astype(np.float32)
    return np.outer(wave, wave) / np.float32(np.square(wave).sum())
