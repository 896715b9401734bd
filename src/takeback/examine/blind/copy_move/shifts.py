"""
Shifts, upright and mirrored, by which much of the picture's detail lies on itself.

The autocorrelation of the whitened picture has a peak at the way between a region and its copy, however smooth both
are: it sums the little that each place says over all of the region (the cepstrum of an echo; Bogert, Healy, Tukey,
"The quefrency alanysis of time series for echoes", 1963). Its height is in standard deviations of what noise has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.copy_move.plane import Matrix, Plane, around
from takeback.registration import opencv

CLIPPED = 2.5
"""Of the detail over its spread around: an edge counts no more than that."""

LINE = 4.0
"""Times what the spectrum has around it, at most: the lines of JPEG's blocks and other grids are cut off there."""

LEAST_PEAK = 4.5
"""Standard deviations: lower peaks are noise."""

MAX_PEAKS = 10

type Values = NDArray[np.float32]


def shifts(plane: Plane, least: float) -> list[Matrix]:
    """Return transforms float64 [2, 3] between places more than `least` pixels apart, the likeliest first."""
    cv2 = opencv()
    height, width = plane.shape
    size = cv2.getOptimalDFTSize(2 * height), cv2.getOptimalDFTSize(2 * width)
    white = _even(plane)
    spectrum = _transformed(white, size)
    power = np.square(spectrum).sum(axis=2)
    gain = _whitening(power)
    found: list[tuple[float, Matrix]] = []
    for mirrored in (False, True):
        if mirrored:
            product = cv2.mulSpectrums(spectrum, _transformed(white[:, ::-1], size), 0, conjB=True)
            product *= gain[..., np.newaxis]
        else:
            product = np.dstack([power * gain, np.zeros_like(power)])
        raw = cv2.idft(product, flags=cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT)
        raw -= cv2.blur(raw, (15, 15))
        if not mirrored:
            _erase_near_zero(raw, least)
        raw /= _spread(raw)
        for peak, x, y in _highest(raw):
            dx, dy = (v - side if v >= side / 2 else v for v, side in ((x, size[1]), (y, size[0])))
            # Along its edges a picture is like itself mirrored: what overlaps no more than that is none.
            if width - abs(dx) < 2 * least or height - abs(dy) < least:
                continue
            if mirrored:
                # Of the mirrored picture, x is width - 1 - x: shifted by dx, a place and its own add to width - 1 + dx.
                found.append((peak, np.array([[-1.0, 0, width - 1 + dx], [0, 1, -dy]])))
            elif dy > 0 or (dy == 0 and dx > 0):
                found.append((peak, np.array([[1.0, 0, dx], [0, 1, dy]])))
    found.sort(key=lambda each: -each[0])
    return [matrix for _, matrix in found[:MAX_PEAKS]]


def _even(plane: Plane) -> Values:
    """Return the detail in measures of its spread around each place, 0 where there is none."""
    spread = np.sqrt(around(np.square(plane.detail)) + 1)
    return np.asarray(np.clip(plane.detail / spread, -CLIPPED, CLIPPED) * plane.textured, np.float32)


def _whitening(power: Values) -> Values:
    """Return by what each frequency is multiplied, so that all have the same weight and none stands out."""
    cv2 = opencv()
    usual = cv2.blur(power, (9, 9), borderType=cv2.BORDER_REFLECT) + np.float32(1e-6 * power.mean() + 1e-12)
    lines = np.minimum(1, LINE * usual / (power + np.float32(1e-12)))
    return np.asarray(lines / cv2.blur(usual, (31, 31), borderType=cv2.BORDER_REFLECT), np.float32)


def _spread(values: Values) -> float:
    part = values[::3, ::3]
    return float(1.4826 * np.median(np.abs(part))) + 1e-12


def _transformed(values: Values, size: tuple[int, int]) -> Values:
    cv2 = opencv()
    padded = np.zeros(size, np.float32)
    padded[: values.shape[0], : values.shape[1]] = values
    return np.asarray(cv2.dft(padded, flags=cv2.DFT_COMPLEX_OUTPUT, nonzeroRows=values.shape[0]))


def _erase_near_zero(peaks: Values, least: float) -> None:
    n = int(np.ceil(least))
    for rows in (slice(0, n), slice(-n, None)):
        for columns in (slice(0, n), slice(-n, None)):
            peaks[rows, columns] = 0


def _highest(peaks: Values) -> list[tuple[float, int, int]]:
    cv2 = opencv()
    top = (peaks >= LEAST_PEAK) & (peaks >= cv2.dilate(peaks, np.ones((5, 5), np.uint8)))
    rows, columns = np.nonzero(top)
    order = np.argsort(-peaks[rows, columns])[: 2 * MAX_PEAKS + 2]
    return [(float(peaks[rows[i], columns[i]]), int(columns[i]), int(rows[i])) for i in order]
