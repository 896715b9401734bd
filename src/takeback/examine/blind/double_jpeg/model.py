"""
How often each integer comes, at one frequency of blocks that were saved once, or twice on the same grid.

Before any saving, a coefficient is taken to follow a generalised Gaussian distribution around 0. One saving rounds it
to a multiple of its step. Two round it to a multiple of the first step, pixels in between add a little noise, and it
is rounded to a multiple of the second: so some integers come too often and others hardly ever (Popescu, Farid,
"Statistical tools for digital forensics", 2004; Lin et al., "Fast, automatic and fine-grained tampered JPEG image
detection via DCT coefficient analysis", Pattern Recognition 42, 2009; Bianchi, Piva, "Image forgery localization via
block-grained analysis of JPEG artifacts", IEEE TIFS 7, 2012). Signs tell nothing, so all of it is of magnitudes.

Only neighbouring integers are held against each other, as many as the pattern takes to repeat: how often small ones
come compared with large ones is a matter of the picture.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

FIRST_STEPS: Final = np.arange(2, 81)
"""Steps of a first saving that are tried: rounding to whole pixels hides a step of 1, and 80 is quality 25 or so."""

MOST_SECOND: Final = 120
"""Largest step of the last saving at which something of an earlier one is looked for."""

_MIXED = 0.3
"""Share of blocks that may not have been saved twice, while the first step is looked for."""
_ODD = (0.03, 0.1)
"""Shares of coefficients that are as if saved once, in blocks saved twice: what clips, what decoders differ in."""
_NOISES = (0.4, 1.0, 2.0)
"""
Standard deviations of a coefficient after its pixels were rounded.

0.29 for luminance, 0.35 by way of RGB, and what integer transforms add; more where the picture is smooth, and what is
rounded away is alike from pixel to pixel.
"""

_SCALES = np.geomspace(0.4, 300, 18)
_SHAPES = (0.6, 1.0, 1.7)
_MOST = 200
"""Levels: larger coefficients are counted as one."""
_LEAST_KEPT = 6
"""Integers that are told apart at least, however coarse the step is."""
_LONGEST = 6
"""Integers of the longest pattern that is used."""
_FINE = 8
"""Points for each level at which distributions are summed."""

type Table = NDArray[np.float32]
type Values = NDArray[np.float64]


def kept(second: int) -> int:
    """Return the largest magnitude that is told apart; all that are larger count as one more."""
    return max(_LEAST_KEPT, _MOST // second)


@lru_cache(128)
def single(second: int) -> Table:
    """Return how often each magnitude comes after one saving with step `second`, float32 [magnitudes, priors]."""
    edges: Values = second * _halves(kept(second) + 1)
    return _with_rest(np.diff(_below(edges), axis=0, prepend=0))


def double(first: int, second: int, noise: float) -> Table:
    """Return how often each magnitude comes after a saving with step `first` and one with `second`, as `single`."""
    most = kept(second)
    count = int((most + 1) * second / first) + 2
    bounds: Values = first * _halves(count)
    masses = np.diff(_below(bounds), axis=0, prepend=0)
    edges: Values = second * _halves(most + 1)
    places: Values = np.arange(count, dtype=np.float64) * first
    passed = _normal(np.subtract.outer(edges, places) / noise) - _normal(np.subtract.outer(-edges, places) / noise)
    return _with_rest(np.diff(passed, axis=0, prepend=0) @ masses)


@lru_cache(32)
def searched(second: int) -> tuple[Table, Table]:
    """
    Return for each of `FIRST_STEPS` what the search needs, float32 [first steps, magnitudes, priors] each.

    First the logarithms of how often each magnitude comes where most blocks were saved twice, then those of how much
    more often than where none was.
    """
    once = single(second)
    mixed = [(1 - _MIXED) * double(int(first), second, _NOISES[0]) + _MIXED * once for first in FIRST_STEPS]
    ratios = [_ratios(int(first), second, each) for first, each in zip(FIRST_STEPS, mixed, strict=True)]
    return np.log(np.stack(mixed)), np.stack(ratios)


@lru_cache(64)
def fitted(first: int, second: int) -> tuple[Table, Table]:
    """
    Return the same for one first step, float32 [magnitudes, priors], and priors of noise and odd coefficients too.

    Which of them fits best is asked of the file itself.
    """
    once = single(second)
    twice = [double(first, second, noise) for noise in _NOISES]
    mixed = np.concatenate([(1 - odd) * each + odd * once for each in twice for odd in _ODD], axis=1)
    return np.log(mixed), _ratios(first, second, mixed)


def _ratios(first: int, second: int, often: Table) -> Table:
    """Return logarithms of how much more often each magnitude of its group comes than after one saving."""
    starts = _groups(first, second)
    ratios = np.tile(1 / _within(single(second), starts), often.shape[1] // single(second).shape[1])
    return np.asarray(np.log(_within(often, starts) * ratios), np.float32)


def _groups(first: int, second: int) -> NDArray[np.int64]:
    """Return where groups of magnitudes begin: 0 by itself, as many as the pattern takes to repeat, all the rest."""
    ratio = first / second
    if ratio > 1.5:
        wide = math.ceil(ratio)
    else:
        wide = math.ceil((first if ratio < 1 else second) / max(1, abs(first - second)))
    wide = min(max(wide, 2), _LONGEST)
    last = kept(second) + 1
    return np.concatenate([[0], np.arange(1, max(2, last - wide + 1), wide), [last]]).astype(np.int64)


def _within(table: Table, starts: NDArray[np.int64]) -> Table:
    sizes = np.diff(starts, append=len(table))
    return np.asarray(table / np.repeat(np.add.reduceat(table, starts, axis=0), sizes, axis=0), np.float32)


def _halves(count: int) -> Values:
    """Return 0.5, 1.5, … as many as `count`."""
    return np.arange(count, dtype=np.float64) + 0.5


def _with_rest(masses: Values) -> Table:
    masses = np.maximum(masses, 1e-9)
    rest = np.maximum(1 - masses.sum(axis=0, keepdims=True), 1e-9)
    return np.concatenate([masses, rest]).astype(np.float32)


@lru_cache(64)
def means(first: int, second: int) -> Table:
    """
    Return logarithms of how much likelier a mean is after two savings than after one, float32 [integers, priors].

    Means lie everywhere, evenly over the few levels of a step: no prior is needed but for noise and odd blocks, as in
    `fitted`. After as many integers as are returned it begins again.
    """
    period = first // math.gcd(first, second)
    edges: Values = second * (np.arange(period + 1, dtype=np.float64) - 0.5)
    places: Values = np.arange(-2, period * second // first + 3, dtype=np.float64) * first
    found = []
    for noise in _NOISES:
        often = np.diff(-_normal(np.subtract.outer(edges, places) / noise), axis=0).sum(axis=1) * -first / second
        found += [np.log(np.maximum((1 - odd) * often + odd, 1e-9)) for odd in _ODD]
    return np.stack(found, axis=1).astype(np.float32)


@lru_cache(1)
def _sums() -> Values:
    """Return the distributions' sums at each point, float64 [points, priors]."""
    points = (np.arange(2048 * _FINE) + 0.5) / _FINE
    sums = [np.cumsum(np.exp(-((points / scale) ** shape))) for shape in _SHAPES for scale in _SCALES]
    return np.stack([np.concatenate([[0], each / each[-1]]) for each in sums], axis=1)


def _below(edges: Values) -> Values:
    """Return how often a magnitude lies below each of `edges`, halves of levels, float64 [edges, priors]."""
    sums = _sums()
    return np.asarray(sums[np.minimum(np.rint(edges * _FINE).astype(np.int64), len(sums) - 1)])


_AT = np.linspace(-6, 6, 2401)
_VALUES = np.array([0.5 * math.erfc(-each / math.sqrt(2)) for each in _AT])


def _normal(values: Values) -> Values:
    """Return the normal distribution's sums; NumPy has none."""
    return np.asarray(np.interp(values, _AT, _VALUES))
