"""
The baseline: counting green pixels that lie between their neighbours, block by block, with one threshold.

What was interpolated lies between what it was worked out from more often than what a sensor saw (Choi, Choi, Lee, "CFA
pattern identification of digital cameras using intermediate value counting", MM&Sec 2011). A block of 32 pixels votes
for the one half of the pixels or the other; the largest share of blocks of a window that vote against the picture is
what counts.
"""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.forensics.files import Pixels

BLOCK = 32
WINDOW = 3
"""Blocks each way."""
LIMITS = (0.7, 0.85, 1.0)
"""Shares of a window's blocks that vote otherwise, from which a picture counts as changed."""


def odd_share(pixels: Pixels) -> float:
    """Return the largest share of a window's blocks that vote otherwise than most of the picture."""
    green = pixels[..., 1].astype(np.int16)
    rows, columns = (side // BLOCK for side in green.shape)
    if min(rows, columns) < WINDOW:
        return 0.0
    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.uint8)
    low, high = (run(pixels[..., 1], cross) for run in (cv2.erode, cv2.dilate))
    between = ((green > low) & (green < high))[: rows * BLOCK, : columns * BLOCK]
    kinds = (np.arange(between.shape[0])[:, np.newaxis] + np.arange(between.shape[1])) % 2
    counts = [
        (between & (kinds == kind)).reshape(rows, BLOCK, columns, BLOCK).sum(axis=(1, 3)) for kind in (0, 1)
    ]  # fmt: skip
    votes = counts[0] > counts[1]
    odd = votes != (votes.mean() > 0.5)
    shares = cv2.blur(odd.astype(np.float32), (WINDOW, WINDOW))[1:-1, 1:-1]
    return round(float(shares.max()), 3)
