"""
PDQ in plain NumPy: slow, readable, and the kernel's judge in the tests.

Every step is float32 in the order of facebook/ThreatExchange `pdq/cpp` (`downscaling.cpp`,
`pdqhashing.cpp`, `torben.cpp`), so that even its rounding is the same: equal to the package `pdqhash` on
every picture tried, regular drawings whose coefficients tie included.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.fingerprint.pdq import PdqHash

Floats = NDArray[np.float32]

PLANE_SIDE = 64
BLOCK_SIDE = 16
MIN_SIDE = 5
"""Pixels; the reference's `MIN_HASHABLE_DIM`."""


def reference_hash(pixels: NDArray[np.uint8]) -> PdqHash:
    """Return the PDQ fingerprint of `pixels`, uint8 [height, width, 3] or [height, width]."""
    # 1. Too small to have one.
    if min(pixels.shape[:2]) < MIN_SIDE:
        return PdqHash(bytes(32), 0)
    # 2. Luminance, 64 × 64.
    plane = luminance(pixels)
    if plane.shape != (PLANE_SIDE, PLANE_SIDE):
        plane = decimate(blur(plane))
    # 3. How much detail there is.
    quality = detail(plane)
    # 4. Its lowest frequencies, without the mean.
    block = cosine_block(plane)
    # 5. Which of them lie above the lower median.
    return PdqHash(code_of(block), quality)


def luminance(pixels: NDArray[np.uint8]) -> Floats:
    """Return 0.299 R + 0.587 G + 0.114 B, summed in float64 and rounded once (as `pdqhash` does)."""
    if pixels.ndim == 2:
        return pixels.astype(np.float32)
    red, green, blue = (pixels[..., channel].astype(np.float64) for channel in range(3))
    return (red * 0.299 + green * 0.587 + blue * 0.114).astype(np.float32)


def blur(plane: Floats) -> Floats:
    """Box filter along rows, then along columns, twice: a tent about one sixty-fourth of the side wide."""
    for _ in range(2):
        plane = _box(_box(plane.T).T)
    return plane


def decimate(plane: Floats) -> Floats:
    """Keep the sample in the middle of each cell of a 64 × 64 grid."""
    rows, columns = (((np.arange(PLANE_SIDE) + 0.5) * side / PLANE_SIDE).astype(int) for side in plane.shape)
    return plane[np.ix_(rows, columns)]


def detail(plane: Floats) -> int:
    """Return 0..100: the sum of steps between neighbours, in whole hundredths of white, over 90."""
    steps = [plane[:-1] - plane[1:], plane[:, :-1] - plane[:, 1:]]
    total = sum(int(np.abs((step * np.float32(100) / np.float32(255)).astype(int)).sum()) for step in steps)
    return min(100, total // 90)


def cosine_block(plane: Floats) -> Floats:
    """Return frequencies 1..16 of both directions, float32 [16, 16]; each sum runs in index order."""
    basis = _cosines()
    half = np.zeros((BLOCK_SIDE, PLANE_SIDE), np.float32)
    for k in range(PLANE_SIDE):
        half += np.outer(basis[:, k], plane[k])
    block = np.zeros((BLOCK_SIDE, BLOCK_SIDE), np.float32)
    for k in range(PLANE_SIDE):
        block += np.outer(half[:, k], basis[:, k])
    return block


def code_of(block: Floats) -> bytes:
    """Return the 32 bytes of the code, bit 255 first; bit 16 i + j is coefficient (i, j)."""
    lower_median = np.sort(block, axis=None)[block.size // 2 - 1]
    return np.packbits((block > lower_median).ravel()[::-1]).tobytes()


def _box(samples: Floats) -> Floats:
    """
    Average along the first axis over a window of 1/128 of it, smaller at both ends.

    By one running sum, as the reference does: first add what enters the window, then subtract what
    leaves it. Both are laid into one array of steps, so that `accumulate` rounds where it rounds.
    """
    side = len(samples)
    window = (side + 127) // 128
    ahead = (window + 2) // 2 - 1
    steps = np.zeros((2 * (side + ahead), *samples.shape[1:]), np.float32)
    steps[0 : 2 * side : 2] = samples
    steps[2 * window + 1 :: 2] = -samples[: side + ahead - window]
    sums = np.add.accumulate(steps, axis=0, dtype=np.float32)[2 * ahead + 1 :: 2]
    middle = np.arange(side)
    first = np.maximum(middle + ahead + 1 - window, 0)
    last = np.minimum(middle + ahead, side - 1)
    sizes = (last - first + 1).astype(np.float32)
    return (sums / sizes[:, np.newaxis]).astype(np.float32)


def _cosines() -> Floats:
    """Return sqrt(2/64) cos(π/128 · (i + 1)(2 j + 1)), float32 [16, 64]."""
    i = np.arange(BLOCK_SIDE)[:, np.newaxis]
    j = np.arange(PLANE_SIDE)[np.newaxis, :]
    scale = np.float64(np.float32(np.sqrt(2 / PLANE_SIDE)))
    return (scale * np.cos(np.pi / 2 / PLANE_SIDE * ((i + 1) * (2 * j + 1)))).astype(np.float32)
