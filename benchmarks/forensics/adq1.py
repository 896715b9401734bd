"""
A plain map of double quantisation, as Lin et al. 2009 describe it, to compare with: no bound, one threshold.

Of each frequency the period of the histogram by its Fourier transform; what share of its period an integer has is how
likely its block was saved twice; the product over frequencies against a uniform share.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.double_jpeg.frequencies import ORDER

_MOST = 60
LEAST_BLOCKS = 25
"""A part of the map is called found from this size."""


def posterior(values: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return how likely each block was saved once, float64 [rows, columns]; `values` int16 [rows, columns, 64]."""
    logarithm = np.zeros(values.shape[:2])
    for place in ORDER:
        magnitudes = np.clip(values[..., place], -_MOST, _MOST) + _MOST
        histogram = np.bincount(magnitudes.ravel(), minlength=2 * _MOST + 1).astype(np.float64)
        period = _period(histogram)
        if period > 1:
            share = np.array([_share(histogram, at, period) for at in range(len(histogram))])
            logarithm += np.log(np.maximum(share, 1e-3) * period)[magnitudes]
    return np.asarray(1 / (1 + np.exp(np.clip(logarithm, -50, 50))))


def _period(histogram: NDArray[np.float64]) -> int:
    """Return the period with the highest peak of the spectrum, 1 where none stands out."""
    powers = np.abs(np.fft.rfft(histogram - histogram.mean(), 1024))
    low = 1024 // 20
    peak = low + int(powers[low:].argmax())
    return round(1024 / peak) if powers[peak] > 3 * np.median(powers[low:]) else 1


def _share(histogram: NDArray[np.float64], at: int, period: int) -> float:
    start = at // period * period
    total = histogram[start : start + period].sum()
    return float(histogram[at] / total) if total else 1 / period
