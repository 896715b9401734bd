"""
Two pictures aligned: which features of one are in the other, and by what transform.

1. Features are matched one to one: each is the other's nearest, by their codes.
2. Every match alone says by its two places, sizes and angles what was done to the picture: a proposal.
3. The proposal that most other matches agree with is fitted to them, as a similarity and then as an affine transform.
4. What no edit does is refused. How many distinct features agree with what is left is the evidence.

After Lowe, "Distinctive image features from scale-invariant keypoints", 2004, section 7; nothing is drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.registration.features import MAX_FEATURES, LocalFeatures
from takeback.registration.transform import Box, Matrix, angle_of, clipped_box, is_an_edit, scale_of, visible_share

MATCH_RADIUS = 60
"""Bits by which two features that are matched may differ; from 52 to 70 the answers hardly change."""

MAX_PROPOSALS = 64
"""Matches, the nearest first, that each propose a transform."""

MAX_MATCHES = 400
"""Matches, the nearest first, that are asked whether they agree."""

MIN_INLIERS = 4
"""An affine transform goes through any three."""

TOLERANCE = 0.02
"""How far a proposal may miss a match, in parts of the longer side of whichever picture is the smaller in the other."""

FITTED_TOLERANCE = 0.7 * TOLERANCE

MAX_OCTAVES_APART = 0.6
MAX_RADIANS_APART = 0.35
"""By how much the size and angle of a match may differ from what a proposal says."""

SPOT = 1 / 200
"""Features nearer than this part of the longer side are one: SIFT finds a point several times."""

MIN_SPREAD = 0.02
"""How far apart inliers must lie in the entry, in parts of its longer side: their mean distance from their middle."""

FITS = 4
"""Times that the transform is fitted to what agrees with it, a similarity first: each time more of the picture does."""

type Floats = NDArray[np.float64]
type Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """
    How a picture, the query, lies on another, the entry.

    `inliers` is how many distinct features agree with the transform, of `matches` that were compared: the evidence.
    `matrix` float64 [2, 3] takes x, y, 1 in pixels of the query to x, y in pixels of the entry; `mirrored` says that
    it exchanges left and right. `query_size` and `entry_size` are width and height of both.
    """

    inliers: int
    matches: int
    mirrored: bool
    matrix: Matrix = field(repr=False)
    query_size: tuple[int, int]
    entry_size: tuple[int, int]

    @property
    def scale(self) -> float:
        """How many pixels of the entry one of the query is wide."""
        return scale_of(self.matrix)

    @property
    def angle(self) -> float:
        """By how many degrees, -180..180, the query is turned clockwise to lie on the entry, after any mirroring."""
        return angle_of(self.matrix)

    @property
    def box(self) -> Box | None:
        """Where in the query the entry's picture is: left, top, right, bottom in its pixels; None outside it."""
        return clipped_box(self.matrix, self.query_size, self.entry_size)

    def as_json(self) -> dict[str, float]:
        """Return the transform in numbers: `scale`, `angle`, `mirrored`, `share`, and the box in the query."""
        box = self.box or Box(0, 0, 0, 0)
        return {
            "scale": round(self.scale, 4),
            "angle": round(self.angle, 2),
            "mirrored": float(self.mirrored),
            "share": round(self.share, 3),
            "left": round(box.left, 1),
            "top": round(box.top, 1),
            "right": round(box.right, 1),
            "bottom": round(box.bottom, 1),
        }

    @property
    def share(self) -> float:
        """What part of the entry's area, 0..1, the query shows."""
        return visible_share(self.matrix, self.query_size, self.entry_size)


def align(query: LocalFeatures, entry: LocalFeatures) -> Alignment | None:
    """
    Return how `query` lies on `entry`, or None where fewer than `MIN_INLIERS` features agree on anything.

    Both mirror senses are tried where either has mirrored codes. Deterministic; the work is bounded by
    `MAX_MATCHES` × `MAX_PROPOSALS`. An alignment with few inliers says little: the caller has the threshold.
    """
    upright = _aligned(query, query.codes, entry, entry.codes, mirrored=False)
    if query.mirrored is not None:
        mirrored = _aligned(query, query.mirrored, entry, entry.codes, mirrored=True)
    elif entry.mirrored is not None:
        mirrored = _aligned(query, query.codes, entry, entry.mirrored, mirrored=True)
    else:
        mirrored = None
    found = [each for each in (upright, mirrored) if each is not None]
    return max(found, key=lambda each: each.inliers, default=None)


def _aligned(
    query: LocalFeatures,
    query_codes: NDArray[np.uint8],
    entry: LocalFeatures,
    entry_codes: NDArray[np.uint8],
    *,
    mirrored: bool,
) -> Alignment | None:
    """Return the alignment in one mirror sense; a mirrored query is that whose x are negative."""
    rows = _matches(query_codes, entry_codes)
    if len(rows) < MIN_INLIERS:
        return None
    source, target = query.points[rows[:, 0]].astype(np.float64), entry.points[rows[:, 1]].astype(np.float64)
    if mirrored:
        source[:, 0], source[:, 3] = -source[:, 0], 180 - source[:, 3]
    sides = max(query.width, query.height), max(entry.width, entry.height)
    matrix, inside = _best(source, target, sides)
    if matrix is None or not is_an_edit(matrix):
        return None
    inliers = _distinct(source[inside], target[inside], sides)
    if inliers < MIN_INLIERS or _spread(target[inside]) < MIN_SPREAD * sides[1]:
        return None
    if mirrored:
        matrix = matrix * (-1, 1, 1)
    return Alignment(inliers, len(rows), mirrored, matrix, (query.width, query.height), (entry.width, entry.height))


def _matches(query_codes: NDArray[np.uint8], entry_codes: NDArray[np.uint8]) -> Rows:
    """Return rows of query and entry that are each other's nearest, int64 [m, 2], the nearest first."""
    index = _native.HammingIndex(1)
    index.add(np.arange(len(entry_codes), dtype=np.uint64), np.ascontiguousarray(entry_codes))
    query, key, distance = index.search(np.ascontiguousarray(query_codes), MATCH_RADIUS)
    entry = key.astype(np.int64)
    # Neighbours are ordered by query, distance and key. Of equal distances the lower row is the nearer, both ways.
    nearest = np.diff(query, prepend=-1) > 0
    rank = distance * np.int64(MAX_FEATURES) + query
    least = np.full(len(entry_codes), np.iinfo(np.int64).max)
    np.minimum.at(least, entry, rank)
    kept = np.flatnonzero(nearest & (least[entry] == rank))
    kept = kept[np.argsort(rank[kept])][:MAX_MATCHES]
    return np.stack([query[kept], entry[kept]], axis=1)


def _best(source: Floats, target: Floats, sides: tuple[int, int]) -> tuple[Matrix | None, NDArray[np.bool_]]:
    """Return the transform that most matches agree with, and which do, bool [m]."""
    agree = _agreement(source, target, sides)
    inside = agree[int(agree.sum(axis=1).argmax())]
    best: Matrix | None = None
    for fit in range(FITS):
        if np.count_nonzero(inside) < MIN_INLIERS:
            break
        matrix = _similarity(source[inside], target[inside]) if fit == 0 else _affine(source[inside], target[inside])
        if matrix is None:
            break
        closer = _misses(matrix, source, target) < _tolerance(scale_of(matrix), sides, FITTED_TOLERANCE)
        if np.count_nonzero(closer) < MIN_INLIERS:
            break
        best, inside = matrix, closer
    return best, inside


def _agreement(source: Floats, target: Floats, sides: tuple[int, int]) -> NDArray[np.bool_]:
    """Say for each proposal which matches agree with it, bool [p, m]."""
    octaves = np.log2(target[:, 2] / source[:, 2])
    turn = np.deg2rad(target[:, 3] - source[:, 3])
    places, images = source[:, 0] + 1j * source[:, 1], target[:, 0] + 1j * target[:, 1]
    first = slice(MAX_PROPOSALS)
    by = (2 ** octaves[first] * np.exp(1j * turn[first]))[:, np.newaxis]
    misses = np.abs(by * (places - places[first, np.newaxis]) - (images - images[first, np.newaxis]))
    near = misses < _tolerance(2 ** octaves[first], sides, TOLERANCE)[:, np.newaxis]
    apart = np.abs((turn - turn[first, np.newaxis] + np.pi) % (2 * np.pi) - np.pi)
    alike = np.abs(octaves - octaves[first, np.newaxis]) < MAX_OCTAVES_APART
    return np.asarray(near & alike & (apart < MAX_RADIANS_APART))


def _tolerance[T: (float, Floats)](scale: T, sides: tuple[int, int], share: float) -> T:
    """Return in pixels of the entry how far a match may lie off under a transform of this scale."""
    return share * np.minimum(scale * sides[0], sides[1])  # type: ignore[no-any-return]


def _similarity(source: Floats, target: Floats) -> Matrix | None:
    """Return the similarity of least squares, or None where the points are one."""
    places, images = source[:, 0] + 1j * source[:, 1], target[:, 0] + 1j * target[:, 1]
    middle, image = places.mean(), images.mean()
    spread = float((np.abs(places - middle) ** 2).sum())
    if spread == 0:
        return None
    by = ((images - image) * (places - middle).conj()).sum() / spread
    shift = image - by * middle
    return np.array([[by.real, -by.imag, shift.real], [by.imag, by.real, shift.imag]])


def _affine(source: Floats, target: Floats) -> Matrix | None:
    """Return the affine transform of least squares, or the similarity where the points lie on a line."""
    middle = source[:, :2].mean(axis=0)
    offsets = source[:, :2] - middle
    _, lengths, _ = np.linalg.svd(offsets, full_matrices=False)
    if lengths[-1] < 0.05 * lengths[0]:
        return _similarity(source, target)
    linear = np.linalg.lstsq(offsets, target[:, :2] - target[:, :2].mean(axis=0))[0].T
    return np.column_stack([linear, target[:, :2].mean(axis=0) - linear @ middle])


def _misses(matrix: Matrix, source: Floats, target: Floats) -> Floats:
    apart = source[:, :2] @ matrix[:, :2].T + matrix[:, 2] - target[:, :2]
    return np.hypot(apart[:, 0], apart[:, 1])


def _distinct(source: Floats, target: Floats, sides: tuple[int, int]) -> int:
    """Count inliers that are apart from each other in both pictures."""
    cells = (np.rint(points[:, :2] / (side * SPOT)) for points, side in zip((source, target), sides, strict=True))
    return min(len(np.unique(each, axis=0)) for each in cells)


def _spread(points: Floats) -> float:
    apart = points[:, :2] - points[:, :2].mean(axis=0)
    return float(np.hypot(apart[:, 0], apart[:, 1]).mean())
