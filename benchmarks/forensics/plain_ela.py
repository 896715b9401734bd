"""
Error level analysis with a threshold: the baseline, as tools for the eye use it.

The picture is saved once more and what that changes is shown (Krawetz, "A picture's worth", 2007); what changes more
than the rest is said to be from elsewhere. Here a block of 8 × 8 pixels stands out from so many standard deviations
above the mean on, and as many of them as `LEAST_BLOCKS` that touch each other, but not half of the picture, are a
finding.
"""

from __future__ import annotations

import io

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

QUALITY = 90
THRESHOLDS = (2, 3, 4)
"""Standard deviations."""
LEAST_BLOCKS = 9

type Pixels = NDArray[np.uint8]


def levels(pixels: Pixels) -> NDArray[np.float32]:
    """Return the mean change of each block of `pixels` uint8 [height, width, 3], float32 [rows, columns]."""
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY)
    with PIL.Image.open(file) as again:
        apart = np.abs(np.asarray(again, np.float32) - pixels).mean(axis=2)
    rows, columns = (side // 8 for side in apart.shape)
    return np.asarray(apart[: 8 * rows, : 8 * columns].reshape(rows, 8, columns, 8).mean(axis=(1, 3)), np.float32)


def outstanding(of: NDArray[np.float32], threshold: float) -> NDArray[np.bool_]:
    """Return the pixels of what stands out by `threshold`, of whole blocks, bool [8 * rows, 8 * columns]."""
    high = (of > of.mean() + threshold * of.std()).astype(np.uint8)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(high, connectivity=4)
    areas = statistics[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    kept = ((areas >= LEAST_BLOCKS) & (areas <= of.size / 2))[labels]
    return np.kron(kept, np.ones((8, 8), np.bool_))
