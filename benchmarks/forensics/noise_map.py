"""
The baseline: a map of noise as sherloq-type tools show it, with a threshold.

Mahdian, Saic, "Using noise inconsistencies for blind image forensics" (Image and Vision Computing 27, 2009): the
diagonal details of a wavelet, by blocks, as the median absolute value over 0.6745 (Donoho, Johnstone, 1994); blocks
that lie together and differ from the picture's median by more than a threshold are a region. The paper joins blocks of
like noise; a threshold on the map is what a person does who looks at it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

BLOCK = 8
"""Details on a side: 16 pixels."""
LEAST_BLOCKS = 9
LEAST_NOISE = 0.2
"""Levels: below it a block counts as one of this noise."""


def region(luminance: NDArray[np.uint8], factor: float) -> NDArray[np.bool_]:
    """Return the largest region whose noise is `factor` times the median, or a part of it, bool [height, width]."""
    height, width = (side // (2 * BLOCK) * BLOCK for side in luminance.shape)
    plane = luminance[: 2 * height, : 2 * width].astype(np.float32)
    details = (plane[::2, ::2] - plane[1::2, ::2] - plane[::2, 1::2] + plane[1::2, 1::2]) / 2
    blocks = np.abs(details).reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    noise = np.maximum(np.median(blocks, axis=(1, 3)) / 0.6745, LEAST_NOISE)
    over = np.log(noise / np.median(noise))
    largest = np.zeros(over.shape, np.bool_)
    for away in (over > np.log(factor), over < -np.log(factor)):
        _, labels, stats, _ = cv2.connectedComponentsWithStats(away.astype(np.uint8), connectivity=4)
        if len(stats) > 1:
            best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
            area = int(stats[best, cv2.CC_STAT_AREA])
            if LEAST_BLOCKS <= area <= over.size / 2 and area > np.count_nonzero(largest):
                largest = labels == best
    found = np.zeros(luminance.shape, np.bool_)
    found[: 2 * height, : 2 * width] = np.kron(largest, np.ones((2 * BLOCK, 2 * BLOCK), np.bool_))
    return found
