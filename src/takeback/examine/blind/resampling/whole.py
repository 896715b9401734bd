"""The beat that all of a picture has: that of a scaling or a turn of the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.resampling.spectra import LEAST_FREQUENCY, SIDE, Survey, looked_at

LEAST_WINDOWS: Final = 16
OVERLAPPING: Final = 4.0
"""Windows share half of their pixels each way: so many of them say as much as one that shares none."""
LEAST_STRENGTH: Final = 36.0
"""
Of a beat, to be told: one and a half times what photographs that were not scaled reach (236 files of 79), but
for one that beats all over, as only a scaled one does.
"""
LEAST_TIMES: Final = 5.2
"""The mean beside what is around it, which is enough by itself, of 6: a small picture has few windows."""
ALIKE: Final = 0.8
"""Share of the strongest, from which another beat may be the one of which that is an overtone."""
_NEAR, _FAR = 1, 4
"""Places of a spectrum: up to the one a beat spreads, up to the other lies what it is held against."""


@dataclass(frozen=True, slots=True)
class Whole:
    """
    The strongest beat of all of the picture, `down` and `across` in cycles a pixel.

    `mean` is what all windows have of it, and `around` what they have beside it: a half of each by chance.
    """

    down: float
    across: float
    mean: float
    around: float
    windows: int

    @property
    def strength(self) -> float:
        """How rare it is by chance, a natural logarithm: Chernoff's bound on the mean of exponential variables."""
        return self.windows / OVERLAPPING * (self.times - 1 - math.log(self.times)) if self.times > 1 else 0.0

    @property
    def times(self) -> float:
        """Return how many times what is around it the mean of all windows is; at most twice `MOST`."""
        return self.mean / max(self.around, 0.5)

    @property
    def is_told(self) -> bool:
        """Say whether photographs that were not scaled hardly have as much."""
        # What beats most just below what is looked at is the picture's own.
        is_fast = math.hypot(self.down, self.across) >= LEAST_FREQUENCY
        return is_fast and (self.strength >= LEAST_STRENGTH or self.times >= LEAST_TIMES)


def whole_of(survey: Survey) -> Whole | None:
    """Return the strongest beat of all windows; None where there are too few of them."""
    count = len(survey.peaks)
    if count < LEAST_WINDOWS:
        return None
    means = survey.total / count
    around = np.stack([_around(each) for each in means])
    times = means / np.maximum(around, 0.5) * looked_at()
    # Where all windows beat as much as they count, so do their overtones: the strongest is the one itself.
    place = int((survey.strong * (times >= ALIKE * times.max())).argmax())
    which, down, across = (int(each) for each in np.unravel_index(place, means.shape))
    held = float(means[which, down, across]), float(around[which, down, across])
    return Whole(*_finer(survey.strong[which], down, across), *held, count)


def _finer(strong: NDArray[np.float64], down: int, across: int) -> tuple[float, float]:
    """Return the middle of what beats most strongly at a place or next to it, in cycles a pixel."""
    beside = [(y, x) for y in range(down - 1, down + 2) for x in range(across - 1, across + 2) if y >= 0 and x >= 0]
    top = max(beside, key=lambda place: strong[abs(place[0]), abs(place[1])])
    rows, columns = (np.arange(-1, 2) + each for each in top)
    # Beyond its edges the spectrum is its own mirror image.
    weights = strong[np.ix_(*(np.minimum(np.abs(each), SIDE - each) for each in (rows, columns)))]
    weights = weights - weights.min()
    total = max(float(weights.sum()), 1e-9)
    return float(rows @ weights.sum(axis=1)) / total / SIDE, float(columns @ weights.sum(axis=0)) / total / SIDE


def _around(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the upper quartile of what lies around each place of a spectrum but not next to it, float64 alike."""
    padded = np.pad(means, _FAR, mode="reflect")
    shifts = [
        (down, across)
        for down in range(-_FAR, _FAR + 1)
        for across in range(-_FAR, _FAR + 1)
        if max(abs(down), abs(across)) > _NEAR
    ]
    rows, columns = means.shape
    beside = [padded[_FAR + y : _FAR + y + rows, _FAR + x : _FAR + x + columns] for y, x in shifts]
    return np.asarray(np.percentile(np.stack(beside), 75, axis=0))
