"""
Transforms by which local features of the picture lie on other features of itself, upright and mirrored.

SIFT (Lowe, 2004) of the evened detail, so that smooth regions have features too; root descriptors (Arandjelović,
Zisserman, 2012), each matched with its nearest that lies elsewhere.
A match alone proposes a similarity by its places, sizes and angles; the one that most others agree with is fitted to
them, they are taken away, and what is left is asked again. As few as three are kept: what they propose is looked at
pixel by pixel, and only that counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.copy_move.plane import Frame, Matrix, Plane
from takeback.registration import opencv
from takeback.registration.codes import mirrored_descriptors

MAX_KEYPOINTS = 3000
"""Which bounds what matching costs; the strongest of each part of the picture."""
MAX_DETECTED = 9000
"""Of which they are chosen."""
PARTS = 8
"""Of each side: so that what is smooth keeps its points beside what is not."""
CONTRAST = 0.01
"""Least contrast of a feature: less than usual, for smooth regions."""
FINEST, COARSEST, EVENED = 0.7, 3.0, 6.0
"""Pixels (standard deviations): of the detail that is evened, and over how much around."""
LEAST_SPREAD = 0.3
"""Levels, squared: below it nothing but rounding would be made larger."""
LEVELS = 45.0
"""Of the evened detail to one of its standard deviations."""
BESIDE = 9
"""Pixels: a feature lies no farther from texture than half of that."""

LEAST_LIKENESS = 0.90
"""Cosine of two root descriptors that are matched."""
MAX_MATCHES = 500
"""The likest."""
MAX_FOUND = 10
"""Transforms that are proposed, upright and mirrored each."""
LEAST_AGREEING = 3
TOLERANCE = 3.0
"""Pixels by which a proposal may miss."""
TOLERATED = 0.04
"""The same of the way to the point that it was made by: its angle and size are not exact."""
MAX_RADIANS_APART = 0.25
MAX_OCTAVES_APART = 0.4
"""By how much angle and size of a match may differ from a proposal's."""
MAX_SCALE = 2.0
"""Times by which a copy is larger or smaller."""

type Points = NDArray[np.float64]
type Descriptors = NDArray[np.float32]
type Flags = NDArray[np.bool_]
type Rows = NDArray[np.int64]


def transforms(plane: Plane, least: float) -> list[tuple[Matrix, Frame]]:
    """
    Return transforms between features more than `least` pixels apart, the likeliest first.

    Each with the frame around the features that it leads from.
    """
    points, descriptors = _features(plane)
    if len(points) < 2 * LEAST_AGREEING:
        return []
    found: list[tuple[int, Matrix, Frame]] = []
    roots = _roots(descriptors)
    for mirrored in (False, True):
        other = _roots(mirrored_descriptors(descriptors)) if mirrored else roots
        source, target = _matches(points, other, roots, least)
        found += _proposals(points[source], points[target], plane.shape[1], mirrored=mirrored)
    found.sort(key=lambda each: -each[0])
    return [(matrix, frame) for _, matrix, frame in found]


def _features(plane: Plane) -> tuple[Points, NDArray[np.uint8]]:
    """Return x, y, size and angle float64 [n, 4], and descriptors uint8 [n, 128], of the strongest of each part."""
    sift = opencv().SIFT_create(MAX_DETECTED, contrastThreshold=CONTRAST)
    beside = opencv().dilate(plane.textured.astype(np.uint8), np.ones((BESIDE, BESIDE), np.uint8))
    found, descriptors = sift.detectAndCompute(_evened(plane), 255 * beside)
    if not found:
        return np.zeros((0, 4)), np.zeros((0, 128), np.uint8)
    points = np.array([(*p.pt, p.size, p.angle) for p in found], np.float64)
    # OpenCV promises no order.
    order = np.lexsort((*points.T, [-p.response for p in found]))
    height, width = plane.shape
    part = (PARTS * points[:, 0] / width).astype(int) + PARTS * (PARTS * points[:, 1] / height).astype(int)
    # How many stronger ones each has in its part: the first of every part come before the second of any.
    rank = np.zeros(len(points), int)
    for each in np.unique(part):
        own = order[part[order] == each]
        rank[own] = np.arange(len(own))
    kept = order[np.argsort(rank[order], kind="stable")][:MAX_KEYPOINTS]
    return points[kept], descriptors[kept].astype(np.uint8)


def _evened(plane: Plane) -> NDArray[np.uint8]:
    """Return the detail in measures of its spread around each place: what is smooth speaks as loudly as the rest."""
    cv2 = opencv()
    detail = cv2.GaussianBlur(plane.luminance, (0, 0), FINEST) - cv2.GaussianBlur(plane.luminance, (0, 0), COARSEST)
    spread = np.sqrt(cv2.GaussianBlur(np.square(detail), (0, 0), EVENED) + LEAST_SPREAD)
    return np.asarray(np.clip(np.rint(128 + LEVELS * detail / spread), 0, 255), np.uint8)


def _roots(descriptors: NDArray[np.uint8]) -> Descriptors:
    weights = descriptors.astype(np.float32)
    return np.asarray(np.sqrt(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1)), np.float32)


def _matches(points: Points, queries: Descriptors, roots: Descriptors, least: float) -> tuple[Rows, Rows]:
    """Return rows of points and of their nearest elsewhere, the two nearest of each, the likest first."""
    sources, targets, likeness = [], [], []
    x, y = (points[:, axis].astype(np.float32) for axis in (0, 1))
    near = np.square(x[:, np.newaxis] - x) + np.square(y[:, np.newaxis] - y) < least**2
    like = np.where(near, np.float32(0), queries @ roots.T)
    rows = np.arange(len(points))
    # The two likest that lie apart: of three copies, each is to find both others.
    for _ in range(2):
        best = like.argmax(axis=1)
        found = like[rows, best]
        good = found > LEAST_LIKENESS
        sources.append(rows[good])
        targets.append(best[good])
        likeness.append(found[good])
        like[near[best]] = 0
    order = np.argsort(-np.concatenate(likeness), kind="stable")[:MAX_MATCHES]
    return np.concatenate(sources)[order], np.concatenate(targets)[order]


def _proposals(source: Points, target: Points, width: int, *, mirrored: bool) -> list[tuple[int, Matrix, Frame]]:
    """Return transforms, how many matches agree with each, and the frame around them; they share none."""
    if mirrored:
        source = np.stack([width - 1 - source[:, 0], source[:, 1], source[:, 2], 180 - source[:, 3]], axis=1)
    usable = np.abs(np.log(target[:, 2] / source[:, 2])) < np.log(MAX_SCALE)
    source, target = source[usable], target[usable]
    agree = _agreement(source, target)
    found: list[tuple[int, Matrix, Frame]] = []
    left = np.ones(len(source), np.bool_)
    while left.any() and len(found) < MAX_FOUND:
        votes = (agree & left).sum(axis=1) * left
        best = int(votes.argmax())
        if votes[best] < LEAST_AGREEING:
            break
        inside = agree[best] & left
        matrix = _fitted(source, target, inside)
        left &= ~inside
        if matrix is not None:
            places = source[inside, :2]
            if mirrored:
                matrix = matrix @ np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]])
                places = places * (-1, 1) + (width - 1, 0)
            (x0, y0), (x1, y1) = places.min(axis=0), places.max(axis=0)
            found.append((int(inside.sum()), matrix, (int(x0), int(y0), int(x1) + 1, int(y1) + 1)))
    return found


def _agreement(source: Points, target: Points) -> Flags:
    """Say for the transform that each match proposes which matches agree with it, bool [n, n]."""
    turn, octaves = np.deg2rad(target[:, 3] - source[:, 3]), np.log2(target[:, 2] / source[:, 2])
    places, images = source[:, 0] + 1j * source[:, 1], target[:, 0] + 1j * target[:, 1]
    by = (2**octaves * np.exp(1j * turn))[:, np.newaxis]
    way = places - places[:, np.newaxis]
    misses = np.abs(by * way - (images - images[:, np.newaxis]))
    near = misses < TOLERANCE + TOLERATED * np.abs(way)
    apart = np.abs((turn - turn[:, np.newaxis] + np.pi) % (2 * np.pi) - np.pi)
    alike = np.abs(octaves - octaves[:, np.newaxis]) < MAX_OCTAVES_APART
    return np.asarray(near & (apart < MAX_RADIANS_APART) & alike)


def _fitted(source: Points, target: Points, inside: Flags) -> Matrix | None:
    """Return the similarity of least squares of what is `inside`, of distinct points; None of fewer than three."""
    for _ in range(3):
        if len(np.unique(np.rint(source[inside, :2] / 2), axis=0)) < LEAST_AGREEING:
            return None
        places, images = (each[inside, 0] + 1j * each[inside, 1] for each in (source, target))
        middle, image = places.mean(), images.mean()
        spread = float((np.abs(places - middle) ** 2).sum())
        if spread < 4:
            return None
        by = ((images - image) * (places - middle).conj()).sum() / spread
        shift = image - by * middle
        matrix = np.array([[by.real, -by.imag, shift.real], [by.imag, by.real, shift.imag]])
        misses = np.abs(by * (source[:, 0] + 1j * source[:, 1]) + shift - (target[:, 0] + 1j * target[:, 1]))
        closer = inside & (misses < TOLERANCE)
        if closer.sum() < LEAST_AGREEING:
            return matrix
        inside = closer
    return matrix
