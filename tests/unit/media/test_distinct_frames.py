"""The frames that are kept are those that a plain search would keep."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from takeback.media.frames import DistinctFrames

Pixels = NDArray[np.uint8]


def plainly_kept(frames: list[Pixels], most: int) -> list[Pixels]:
    """Keep each frame unlike those kept; over `most`, drop the later of the two most alike. Nothing remembered."""

    def apart(one: Pixels, other: Pixels) -> float:
        return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean())

    kept: list[Pixels] = []
    for frame in frames:
        if any(apart(frame, held) <= 2 for held in kept):
            continue
        kept.append(frame)
        if len(kept) > most:
            pairs = [(apart(kept[i], kept[j]), i) for i in range(len(kept)) for j in range(i)]
            least = min(difference for difference, _ in pairs)
            del kept[min(later for difference, later in pairs if difference == least)]
    return kept


@pytest.mark.parametrize("seed", range(6))
def test_the_most_different_frames_stay(seed: int) -> None:
    chance = np.random.default_rng(seed)
    # 32 × 32, so that the grid on which frames are compared is every pixel. Blends of five pictures, so that
    # what is alike to one frame may be far from another.
    pictures = chance.integers(0, 256, (5, 32, 32, 3))
    blends = chance.dirichlet([0.3] * 5, size=150)
    frames = [np.tensordot(blend, pictures, axes=1).astype(np.uint8) for blend in blends]
    distinct = DistinctFrames(max_frames=7, max_pixels=10**9)
    for frame in frames:
        distinct.offer(frame)
    kept, wanted = distinct.kept(), plainly_kept(frames, 7)
    assert len(kept) == 7
    assert all(np.array_equal(one, other) for one, other in zip(kept, wanted, strict=True))


def test_tall_and_tiny_frames_are_compared_too() -> None:
    distinct = DistinctFrames(max_frames=4, max_pixels=10**9)
    for shape in ((1, 1, 3), (500, 1, 3), (1, 500, 3)):
        for level in (0, 200):
            distinct.offer(np.full(shape, level, np.uint8))
    assert len(distinct.kept()) == 2
