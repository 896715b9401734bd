"""
How the original lies under the suspect, to a fraction of a pixel.

1. Local features of both propose an affine transform (`takeback.registration`). How many agree is the evidence that
   both are of one source: an a-contrario number of false alarms (Moisan, Moulon, Monasse, "Automatic homographic
   registration of a pair of images, with a contrario elimination of outliers", 2012).
2. Corners of the original, laid under the suspect, are followed into it and back again (Lucas, Kanade, 1981); those
   that come back refine the transform. What was changed, moved or drawn over is an outlier of this fit.
3. How far the followed corners lie off the transform is the flow that is left: a picture that was bent has much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from takeback.examine.compared.resampled import Source, at_identity
from takeback.registration import CONTRAST, MAX_FEATURES, Alignment, align, local_features, opencv
from takeback.registration.align import FITTED_TOLERANCE
from takeback.registration.transform import Matrix

MAX_SOURCE_NFA = 1e-3
"""Expected number of pairs of different sources that agree as well by chance, below which two are of one source."""

MIN_FEATURES = 24
"""Local features in either picture: with fewer, that they do not agree says nothing."""

FAINT = 0.01
"""Least contrast of features where those of the usual one do not agree."""

MAX_CORNERS = 700
ROUNDS = 3
SETTLED = 0.05
"""Pixels by which a round moves the corners of the suspect, below which no other round follows."""

BACK_AND_FORTH = 0.25
"""Pixels by which a corner that is followed and followed back may miss its place."""

_WINDOW = (21, 21)
_TUKEY = 4.685
"""Of the standard deviation: what lies beyond counts nothing (Beaton, Tukey, 1974)."""

type Plane = NDArray[np.uint8]
type Pixels = NDArray[np.uint8]
type Places = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """
    How a suspect lies on its original: `matrix` float64 [2, 3] takes x, y, 1 of the suspect to x, y of the original.

    `nfa` bounds how many pairs of different sources agree as well by chance. `followed` corners came back; `flow` is
    by how many pixels of the suspect nineteen of twenty of them lie off the transform at most.
    """

    matrix: Matrix = field(repr=False)
    nfa: float
    followed: int
    flow: float


@dataclass(frozen=True, slots=True)
class NoOverlay:
    """Nothing shows that both are of one source; `is_telling` where both have enough detail for that to mean it."""

    is_telling: bool
    nfa: float = 1.0


def overlay(original: Pixels, suspect: Pixels) -> Overlay | NoOverlay:
    """Return how `suspect` lies on `original`, both uint8 [height, width, 3], or that nothing shows it."""
    for contrast in (CONTRAST, FAINT):
        entry, query = (local_features(each, most=MAX_FEATURES, contrast=contrast) for each in (original, suspect))
        found = align(query, entry)
        nfa = 1.0 if found is None else source_nfa(found)
        # What is soft, or mostly sky, has faint features alone. Two tries are two tests.
        nfa = min(1.0, 2 * nfa)
        if found is not None and nfa <= MAX_SOURCE_NFA:
            break
    if found is None or nfa > MAX_SOURCE_NFA:
        return NoOverlay(min(len(query), len(entry)) >= MIN_FEATURES, nfa)
    matrix, followed, flow = _refined(grey(original), grey(suspect), found.matrix)
    return Overlay(matrix, nfa, followed, flow)


def source_nfa(found: Alignment) -> float:
    """
    Bound how many pairs of different sources have as many inliers of as many matches by chance.

    (n − 3) · C(n, k) · C(k, 3) · α^(k − 3): any three matches fit, and each other one agrees by chance with α, the
    part of the entry that its tolerance covers. Both mirror senses are tried.
    """
    n, k = found.matches, found.inliers
    if k < 4:
        return 1.0
    width, height = found.entry_size
    miss = FITTED_TOLERANCE * min(found.scale * max(found.query_size), max(found.entry_size))
    alpha = min(1.0, math.pi * miss**2 / (width * height))
    bits = math.log2(2 * max(1, n - 3) * math.comb(n, k) * math.comb(k, 3)) + (k - 3) * math.log2(alpha)
    return float(min(1.0, 2.0 ** max(bits, -1000)))


def grey(pixels: Pixels) -> Plane:
    """Return the luminance of RGB pixels."""
    return np.asarray(opencv().cvtColor(pixels, opencv().COLOR_RGB2GRAY), np.uint8)


def _refined(original: Plane, suspect: Plane, matrix: Matrix) -> tuple[Matrix, int, float]:
    """Return the transform after following corners, how many were followed, and the flow that is left."""
    height, width = suspect.shape
    source = Source(original, matrix)
    followed, flow, places = 0, 0.0, None
    for round_ in range(ROUNDS):
        below, inside = source.laid(matrix, (width, height))
        toned = _toned(below, suspect, inside)
        corners = _corners(toned, inside) if places is None else places
        if len(corners) < 8:
            break
        start, end = _followed(toned, suspect, corners, levels=1 if round_ else 3)
        if len(start) < 8:
            break
        moved = _fitted(start, end)
        apart = np.hypot(*(end - _applied(moved, start)).T)
        followed, flow = len(start), float(np.quantile(apart, 0.95))
        # What was at `start` is at `end` in the suspect: the transform leads from there.
        matrix, places = _composed(matrix, _inverted(moved)), _applied(moved, start)
        if _most_moved(moved, (width, height)) < SETTLED:
            break
    return matrix, followed, flow


def _toned(below: Plane, suspect: Plane, inside: Plane) -> Plane:
    """Return `below` in the suspect's tones: each level becomes the median of what lies on it, smoothed."""
    cv2 = opencv()
    step = max(1, int(math.sqrt(below.size / 60_000)))
    rows = [cv2.GaussianBlur(each, (0, 0), 2.0)[::step, ::step] for each in (below, suspect)]
    seen = inside[::step, ::step] > 0
    levels, values = rows[0][seen] >> 3, rows[1][seen]
    order = np.argsort(levels, kind="stable")
    levels, values = levels[order], values[order]
    edges = np.searchsorted(levels, np.arange(33))
    known = [(8 * i + 3.5, float(np.median(values[a:b]))) for i, (a, b) in enumerate(pairwise(edges)) if b - a > 20]
    if len(known) < 2:
        return below
    at, medians = (np.array(each) for each in zip(*known, strict=True))
    table = np.interp(np.arange(256), at, np.maximum.accumulate(medians))
    return np.asarray(cv2.LUT(below, np.rint(table).clip(0, 255).astype(np.uint8)), np.uint8)


def _corners(below: Plane, inside: Plane) -> Places:
    """Return places of corners of `below`, all over it."""
    cv2 = opencv()
    near = max(5, int(math.sqrt(below.size) / 50))
    mask = cv2.erode(inside, np.ones((13, 13), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    corners: Any = cv2.goodFeaturesToTrack(below, MAX_CORNERS, 0.003, near, mask=mask, blockSize=5)
    # OpenCV's places have the middle of the first pixel at 0, 0.
    return np.zeros((0, 2)) if corners is None else corners[:, 0].astype(np.float64) + 0.5


def _followed(below: Plane, suspect: Plane, corners: Places, *, levels: int) -> tuple[Places, Places]:
    """Return which of `corners` lead into the suspect and back, and where in it they are."""
    cv2 = opencv()
    how = {"winSize": _WINDOW, "maxLevel": levels, "criteria": (3, 20, 0.01)}
    start = (corners - 0.5).astype(np.float32)[:, np.newaxis]
    there, found, _ = cv2.calcOpticalFlowPyrLK(below, suspect, start, None, **how)
    back, again, _ = cv2.calcOpticalFlowPyrLK(suspect, below, there, None, **how)
    apart = np.hypot(*(back - start)[:, 0].T)
    kept = (found[:, 0] > 0) & (again[:, 0] > 0) & (apart < BACK_AND_FORTH)
    return corners[kept], there[kept, 0].astype(np.float64) + 0.5


def _fitted(start: Places, end: Places) -> Matrix:
    """Return the affine transform from `start` to `end` that most places agree with."""
    cv2 = opencv()
    first, inside = cv2.estimateAffine2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=1.0, maxIters=1000)
    matrix = at_identity() if first is None else np.asarray(first, np.float64)
    design = np.column_stack([start, np.ones(len(start))])
    weights = np.ones(len(start)) if inside is None else inside[:, 0].astype(np.float64)
    for _ in range(8):
        apart = np.hypot(*(end - design @ matrix.T).T)
        spread = max(0.01, 1.4826 * float(np.median(apart[weights > 0])) if (weights > 0).any() else 1.0)
        weights = np.clip(1 - (apart / (_TUKEY * spread)) ** 2, 0, None) ** 2
        if np.count_nonzero(weights) < 6:
            break
        root = np.sqrt(weights)[:, np.newaxis]
        matrix = np.linalg.lstsq(design * root, end * root)[0].T
    return matrix


def _applied(matrix: Matrix, places: Places) -> Places:
    return np.asarray(places @ matrix[:, :2].T + matrix[:, 2])


def _composed(second: Matrix, first: Matrix) -> Matrix:
    return np.column_stack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])


def _inverted(matrix: Matrix) -> Matrix:
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def _most_moved(matrix: Matrix, size: tuple[int, int]) -> float:
    corners = np.array([[0, 0], [size[0], 0], [0, size[1]], size], np.float64)
    return float(np.hypot(*(_applied(matrix, corners) - corners).T).max())
