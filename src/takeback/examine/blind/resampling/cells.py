"""How strongly each cell of a picture beats at one frequency, beside those around it that say what is usual there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.resampling.prediction import CELL, LEVELS, Beats, Map, Values
from takeback.examine.blind.resampling.spectra import SIDE, Peak, taper
from takeback.registration import opencv

SMOOTHED: Final = 5
"""Cells each way that are taken together: 80 pixels, over which a beat stands out."""
_STEPS = (-6, -2, 2, 6)
_BESIDE = np.array([(0, 0), *((y, x) for y in _STEPS for x in _STEPS if max(abs(y), abs(x)) > 2)]) / np.float64(SIDE)
"""Cycles a pixel from a frequency to itself and to those it is held against: beyond what a window's taper reaches."""
_FINER = np.arange(-3, 4) / (4 * SIDE)
"""Cycles a pixel, by which a window's frequency is moved to find where it beats most."""
_ROWS = 32
"""Of cells that are worked out at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Beating:
    """
    What cells have of a frequency, `down` and `across` in cycles a pixel, and of its twin.

    `power` float32 [2, 1 + others, rows, columns] is that of `SMOOTHED` cells around each, taken together in phase: of
    the frequency, then of the others beside it; first for the frequency itself, then for its twin.
    """

    down: float
    across: float
    power: Values = field(repr=False)

    def heights(self) -> Values:
        """Return how many times the power of the others each cell has, float32 [rows, columns], of both the lesser."""
        return np.asarray((self.power[:, 0] / (self.power[:, 1:].mean(axis=1) + np.float32(1e-3))).min(axis=0))

    def over(self, mask: NDArray[np.bool_]) -> float:
        """Return the same over all cells of `mask`, bool [rows, columns]; but of both the larger."""
        power = self.power[:, :, mask].sum(axis=2, dtype=np.float64)
        return float((power[:, 0] / np.maximum(power[:, 1:].mean(axis=1), 1e-9)).max())


def beating_of(beats: Beats, peak: Peak) -> Beating:
    """Return what all cells have of the frequency of `peak`."""
    first, second = (beats.down, beats.across) if peak.swapped else (beats.across, beats.down)
    down, across = _finer(first, second, peak)
    return Beating(down, across, np.stack([_power(first, down, across), _power(second, -across, down)]))


def _finer(first: Map, second: Map, peak: Peak) -> tuple[float, float]:
    """Return the frequency near that of `peak` at which the lesser of both beats most in its window."""
    box = slice(peak.top, peak.top + SIDE), slice(peak.left, peak.left + SIDE)
    down, across = peak.down / SIDE + _FINER, peak.across / SIDE + _FINER
    one = _spectrum(first[box], down, across)
    # The twin of (down, across) is (-across, down): its places are those of the first, turned.
    other = _spectrum(second[box], -across, down).T
    y, x = np.unravel_index(int(np.minimum(one, other).argmax()), one.shape)
    return float(down[y]), float(across[x])


def _spectrum(window: Map, down: NDArray[np.float64], across: NDArray[np.float64]) -> NDArray[np.float64]:
    values = (window - window.mean(dtype=np.float64)) * taper()
    places = np.arange(SIDE)
    rows, columns = (np.exp(-2j * np.pi * np.outer(each, places)) for each in (down, across))
    return np.asarray(np.abs(rows @ values @ columns.T) ** 2)


def _power(beats: Map, down: float, across: float) -> Values:
    """Return the power of each frequency around each cell, float32 [1 + others, rows, columns]."""
    rows, columns = beats.shape[0] // CELL, beats.shape[1] // CELL
    waves = np.empty((rows, columns, len(_BESIDE)), np.complex64)
    for top in range(0, rows, _ROWS):
        last = min(rows, top + _ROWS)
        part = beats[top * CELL : last * CELL, : columns * CELL].astype(np.float32) / np.float32(LEVELS)
        waves[top:last] = _waves(part, top * CELL, _BESIDE + np.array((down, across)))
    total = opencv().boxFilter(waves.view(np.float32), -1, (SMOOTHED, SMOOTHED), normalize=False, borderType=0)
    return np.ascontiguousarray(np.moveaxis(np.square(np.abs(total.view(np.complex64))), 2, 0))


def _waves(part: Values, top: int, frequencies: NDArray[np.float64]) -> NDArray[np.complex64]:
    """Return the sums over each cell of `part` at each of `frequencies`, in the phase of the whole picture."""
    rows, columns = part.shape[0] // CELL, part.shape[1] // CELL
    down, across = -2j * np.pi * frequencies.T[:, np.newaxis]
    inside = np.arange(CELL)[:, np.newaxis]
    along = part.reshape(rows, CELL, columns, CELL) @ np.exp(inside * across).astype(np.complex64)
    waves = np.einsum("ryck,yk->rck", along, np.exp(inside * down).astype(np.complex64))
    begins = np.exp((top + CELL * np.arange(rows))[:, np.newaxis] * down)[:, np.newaxis]
    return np.asarray(waves * begins * np.exp(CELL * np.arange(columns)[:, np.newaxis] * across), np.complex64)
