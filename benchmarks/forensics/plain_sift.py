"""The baseline: what ordinary tools do to find copied parts, SIFT matched with itself and RANSAC."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

LONG_SIDE = 1024
RATIO = 0.6
"""Of the distances to the nearest feature elsewhere and to the one after (Amerini et al., 2011: g2NN's first step)."""
LEAST_APART = 0.04
REPROJECTION = 3.0


def inliers(luminance: NDArray[np.uint8]) -> int:
    """Return how many features the best transform of the picture on itself agrees with, upright."""
    height, width = luminance.shape
    if max(height, width) > LONG_SIDE:
        by = LONG_SIDE / max(height, width)
        luminance = cv2.resize(luminance, (round(by * width), round(by * height)), interpolation=cv2.INTER_AREA)
    points, descriptors = cv2.SIFT_create(4000).detectAndCompute(luminance, None)
    if len(points) < 4:
        return 0
    places = np.array([p.pt for p in points], np.float32)
    apart = LEAST_APART * max(luminance.shape)
    squares = np.square(descriptors).sum(axis=1)
    distance = squares[:, np.newaxis] + squares - 2 * descriptors @ descriptors.T
    x, y = places.T
    distance[np.square(x[:, np.newaxis] - x) + np.square(y[:, np.newaxis] - y) < apart**2] = np.inf
    nearest = distance.argmin(axis=1)
    rows = np.arange(len(points))
    first = distance[rows, nearest]
    distance[rows, nearest] = np.inf
    good = first < RATIO**2 * distance.min(axis=1)
    if good.sum() < 4:
        return 0
    cv2.setRNGSeed(1)
    _, inside = cv2.estimateAffine2D(places[good], places[nearest[good]], ransacReprojThreshold=REPROJECTION)
    return 0 if inside is None else int(inside.sum())
