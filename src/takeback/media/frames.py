"""The frames of an animation that differ, and no more of them than we can afford to hold."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_GRID: Final = 32
_SAME_FRAME: Final = 2.0
"""Mean difference (0 … 255, all channels of a 32 × 32 grid) up to which two frames show the same."""


class DistinctFrames:
    """
    The most different frames of those that were offered, in the order in which they came.

    At most `max_frames` and `max_pixels` in all are held. A frame like one that is held is dropped;
    when there are too many, of the two most alike the later goes. So a picture that flashes by once is
    kept before the hundredth step of a slow fade, and the first frame always stays.
    """

    def __init__(self, *, max_frames: int, max_pixels: int) -> None:
        self._max_frames = max_frames
        self._max_pixels = max_pixels
        self._frames: list[NDArray[np.uint8]] = []
        self._samples: list[NDArray[np.int16]] = []
        # Row i holds the differences of frame i from the frames before it.
        self._apart: list[list[float]] = []

    def offer(self, pixels: NDArray[np.uint8]) -> None:
        """Look at the next frame, uint8 [height, width, 3], which the caller will not change any more."""
        sample = _sample(pixels)
        apart = [float(np.abs(sample - held).mean()) for held in self._samples]
        if min(apart, default=np.inf) <= _SAME_FRAME:
            return
        self._frames.append(pixels)
        self._samples.append(sample)
        self._apart.append(apart)
        while len(self._frames) > 1 and self._holds_too_much():
            self._drop(self._most_alike())

    def kept(self) -> list[NDArray[np.uint8]]:
        """Return the frames that are held, in order."""
        return list(self._frames)

    def _holds_too_much(self) -> bool:
        held_pixels = sum(frame.shape[0] * frame.shape[1] for frame in self._frames)
        return len(self._frames) > self._max_frames or held_pixels > self._max_pixels

    def _most_alike(self) -> int:
        return min(range(1, len(self._apart)), key=lambda frame: min(self._apart[frame]))

    def _drop(self, frame: int) -> None:
        for rows in (self._frames, self._samples, self._apart):
            del rows[frame]
        for later in self._apart[frame:]:
            del later[frame]


def _sample(pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
    height, width, _ = pixels.shape
    middles = np.arange(_GRID) * 2 + 1
    rows, columns = middles * height // (2 * _GRID), middles * width // (2 * _GRID)
    return pixels[np.ix_(rows, columns)].astype(np.int16)
