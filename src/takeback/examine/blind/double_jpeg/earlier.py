"""
With which steps a file was saved before, if it was: what its histograms say, beside those of the same picture that
was saved once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.double_jpeg.blocks import Blocks
from takeback.examine.blind.double_jpeg.frequencies import ORDER
from takeback.examine.blind.double_jpeg.model import FIRST_STEPS, MOST_SECOND, searched
from takeback.examine.libjpeg import luminance_steps

LEAST_STRENGTH = 60.0
"""Natural logarithm: by how much likelier the histograms have to be after two savings. Measured (benchmarks)."""
LEAST_EACH = 0.01
"""The same for each block of a large picture: no distribution fits a picture quite."""
TIMES_REFERENCE = 5.0
"""By how much it has to exceed what the same picture reaches that was saved once."""
OWN_TABLES = 1.6
"""From how many times the strength of libjpeg's best table steps of their own are believed."""
LEAST_QUALITY = 20
"""Of libjpeg, from which an earlier saving is looked for: below it, what is nearly flat looks as if saved so."""
_LEAST_OWN = 150.0
_LEAST_OWN_EACH = 0.25
_LEAST_FREQUENCY = 15.0
_MOST_TIMES = 4
"""No table has a step among these frequencies that is so many times larger than their median: it was mistaken."""


@dataclass(frozen=True, slots=True, eq=False)
class Earlier:
    """
    The saving before the last: its `steps` int64 [15] at `ORDER` and `mean_step`, 0 where they cannot be seen.

    `quality` is libjpeg's, None for tables of another kind. `strength`: by how much likelier two savings are than one
    (natural logarithm), in the mean of what blocks say.
    """

    steps: NDArray[np.int64] = field(repr=False)
    mean_step: int
    quality: int | None
    strength: float


def earlier_saving(blocks: Blocks, once: Blocks) -> Earlier | None:
    """Return how the picture of `blocks` was saved before, None where nothing shows it; `once` is `saved_once`."""
    found, usual = _evidence(blocks), _evidence(once)
    count = blocks.classes.size
    by_quality, usual_by_quality = _by_quality(found), _by_quality(usual)
    quality = LEAST_QUALITY + int(by_quality[LEAST_QUALITY:].argmax())
    strength = float(by_quality[quality])
    own, usual_own = (float(np.maximum(each, 0).max(axis=1).sum()) for each in (found, usual))
    least_own = max(_LEAST_OWN, _LEAST_OWN_EACH * count, TIMES_REFERENCE * usual_own)
    if own > least_own and own > OWN_TABLES * strength:
        best = found.max(axis=1)
        steps = np.where(best > np.maximum(_LEAST_FREQUENCY, best.max() / 100), FIRST_STEPS[found.argmax(axis=1)], 0)
        seen = steps[steps > 0]
        most = _MOST_TIMES * np.median(seen) if len(seen) else 0
        return Earlier(np.where(steps <= most, steps, 0), 0, None, own)
    if strength > max(
        LEAST_STRENGTH, LEAST_EACH * count, TIMES_REFERENCE * float(usual_by_quality[LEAST_QUALITY:].max())
    ):
        table = luminance_steps()[quality]
        return Earlier(table[list(ORDER)], int(table[0]), quality, strength)
    return None


def _evidence(blocks: Blocks) -> NDArray[np.float64]:
    """Return the logarithm of how much likelier each first step is than none, float64 [15, first steps]."""
    found = np.zeros((len(ORDER), len(FIRST_STEPS)))
    for frequency, second in enumerate(blocks.steps):
        if second > MOST_SECOND:
            continue
        counts = blocks.counts(frequency)
        often, ratios = searched(int(second))
        prior = (counts @ often).argmax(axis=2)
        each = np.take_along_axis(counts @ ratios, prior[..., None], axis=2)[..., 0]
        found[frequency] = each.sum(axis=1, dtype=np.float64) * (second != FIRST_STEPS)
    return found


def _by_quality(evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the evidence for the steps of each quality of libjpeg, float64 [101]."""
    places = luminance_steps()[:, list(ORDER)] - FIRST_STEPS[0]
    seen = (places >= 0) & (places < len(FIRST_STEPS))
    each = evidence[np.arange(len(ORDER)), np.clip(places, 0, len(FIRST_STEPS) - 1)]
    return np.asarray(np.where(seen, each, 0).sum(axis=1))
