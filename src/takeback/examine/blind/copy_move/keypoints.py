"""
Transforms by which local features of the picture lie on other features of itself, upright and mirrored.

SIFT (Lowe, 2004), root descriptors (Arandjelović, Zisserman, 2012), each matched with its nearest that lies elsewhere.
A match alone proposes a similarity by its places, sizes and angles; the one that most others agree with is fitted to
them, they are taken away, and what is left is asked again. As few as three are kept: what they propose is looked at
pixel by pixel, and only that counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.copy_move.plane import Plane
from takeback.registration import opencv
from takeback.registration.codes import mirrored_descriptors

MAX_KEYPOINTS = 2000
"""Which bounds what matching costs; the strongest of each part of the picture."""
PARTS = 8
"""Of each side: so that what is smooth keeps its points beside what is not."""
CONTRAST = 0.01
"""Least contrast of a feature: less than usual, for smooth regions."""

LEAST_LIKENESS = 0.90
"""Cosine of two root descriptors that are matched."""
NEAREST = 16
"""Of each feature, among which those that lie elsewhere are taken."""
MAX_MATCHES = 800
MAX_FOUND = 10
"""Transforms that are proposed, upright and mirrored each."""
LEAST_AGREEING = 3
TOLERANCE = 3.0
"""Pixels by which a proposal may miss, and 2 % of the way to the point that it was made by."""
MAX_SCALE = 2.0
"""Times by which a copy is larger or smaller."""

type Points = NDArray[np.float64]
type Descriptors = NDArray[np.float32]
type Matrix = NDArray[np.float64]
type Flags = NDArray[np.bool_]
type Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""


def transforms(plane: Plane, least: float) -> list[tuple[Matrix, Box]]:
    """Return transforms float64 [2, 3], and the box of what they lie on, between features more than `least` pixels apart, the likeliest first."""
    points, descriptors = _features(plane)
    if len(points) < 2 * LEAST_AGREEING:
        return []
    found: list[tuple[int, Matrix, Box]] = []
    roots = _roots(descriptors)
    for mirrored in (False, True):
        other = _roots(mirrored_descriptors(descriptors)) if mirrored else roots
        source, target = _matches(points, other, roots, least)
        found += _proposals(points[source], points[target], plane.shape[1], mirrored=mirrored)
    found.sort(key=lambda each: -each[0])
    return [(matrix, box) for _, matrix, box in found]


def _features(plane: Plane) -> tuple[Points, NDArray[np.uint8]]:
    """Return x, y, size and angle float64 [n, 4], and descriptors uint8 [n, 128], of the strongest of each part."""
    picture = np.clip(np.rint(plane.luminance), 0, 255).astype(np.uint8)
    found, descriptors = opencv().SIFT_create(2 * MAX_KEYPOINTS, contrastThreshold=CONTRAST).detectAndCompute(picture, None)
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


def _roots(descriptors: NDArray[np.uint8]) -> Descriptors:
    weights = descriptors.astype(np.float32)
    return np.asarray(np.sqrt(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1)), np.float32)


def _matches(
    points: Points, queries: Descriptors, roots: Descriptors, least: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows of points and of their nearest elsewhere, the two nearest of each, the likest first."""
    sources, targets, likeness = [], [], []
    near = min(NEAREST, len(points))
    for start in range(0, len(points), 500):
        rows = np.arange(start, min(start + 500, len(points)))
        like = queries[rows] @ roots.T
        nearest = np.argpartition(-like, near - 1, axis=1)[:, :near]
        value = np.take_along_axis(like, nearest, axis=1)
        ways = points[nearest, :2] - points[rows, np.newaxis, :2]
        value[np.square(ways).sum(axis=2) < least**2] = 0
        # The two likest that are left: of three copies, each is to find both others.
        for _ in range(2):
            best = value.argmax(axis=1)[:, np.newaxis]
            found = np.take_along_axis(value, best, axis=1)[:, 0]
            good = found > LEAST_LIKENESS
            sources.append(rows[good])
            targets.append(np.take_along_axis(nearest, best, axis=1)[good, 0])
            likeness.append(found[good])
            np.put_along_axis(value, best, 0, axis=1)
    order = np.argsort(-np.concatenate(likeness), kind="stable")[:MAX_MATCHES]
    return np.concatenate(sources)[order], np.concatenate(targets)[order]


def _proposals(source: Points, target: Points, width: int, *, mirrored: bool) -> list[tuple[int, Matrix, Box]]:
    left_of, top_of = source[:, 0], source[:, 1]
    if mirrored:
        source = source.copy()
        source[:, 0], source[:, 3] = width - 1 - source[:, 0], 180 - source[:, 3]
    turn = np.deg2rad(target[:, 3] - source[:, 3])
    scale = target[:, 2] / source[:, 2]
    usable = (scale < MAX_SCALE) & (scale > 1 / MAX_SCALE)
    source, target, turn, scale = source[usable], target[usable], turn[usable], scale[usable]
    left_of, top_of = left_of[usable], top_of[usable]
    found: list[tuple[int, Matrix, Box]] = []
    by = scale * np.exp(1j * turn)
    places, images = source[:, 0] + 1j * source[:, 1], target[:, 0] + 1j * target[:, 1]
    way = places - places[:, np.newaxis]
    misses = np.abs(by[:, np.newaxis] * way - (images - images[:, np.newaxis]))
    agree = misses < TOLERANCE + 0.04 * np.abs(way)
    apart = np.abs((turn - turn[:, np.newaxis] + np.pi) % (2 * np.pi) - np.pi)
    agree &= (apart < 0.25) & (np.abs(np.log2(scale / scale[:, np.newaxis])) < 0.4)
    left = np.ones(len(source), np.bool_)
    while left.any() and len(found) < MAX_FOUND:
        votes = (agree & left).sum(axis=1) * left
        best = int(votes.argmax())
        if votes[best] < LEAST_AGREEING:
            break
        inside = agree[best] & left
        matrix = _fitted(source, target, inside)
        left &= ~inside
        if matrix is None:
            continue
        if mirrored:
            matrix = matrix @ np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]])
        x, y = left_of[inside], top_of[inside]
        found.append((int(inside.sum()), matrix, (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)))
    return found


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
