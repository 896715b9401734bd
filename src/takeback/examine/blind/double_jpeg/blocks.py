"""The blocks of a picture as they are compared: magnitudes at a few frequencies, and which blocks are alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.double_jpeg.frequencies import ORDER, transformed
from takeback.examine.blind.double_jpeg.model import kept
from takeback.examine.blind.transform import SIDE

CLASSES: Final = 12
"""Blocks are held against others with as much detail: six equal parts, and whether it runs in both directions."""

_PARTS = CLASSES // 2
_LEAST_ACTIVITY = 0.5
"""Levels, the mean magnitude of the coefficients around a block: below it there is nothing to be seen."""
_BOTH_WAYS = [place for place, each in enumerate(ORDER) if each // 8 and each % 8]

type Steps = NDArray[np.int64]


_FEW = 0.001
"""Of the pixels: so many may be darker, or lighter, than the end of a colour."""
FINE_STEP: Final = 4
"""Up to this step in the median, a block in which nothing runs both ways has no texture: it is smooth, or drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """
    `magnitudes` int16 [rows, columns, 15] of the coefficients at `ORDER`, and the `steps` int64 [15] they count.

    `means` int16 [rows, columns] of the blocks, eight times over, and their step. `classes` int8 [rows, columns]: 0..11
    for blocks that are alike, `CLASSES` where there is nothing to be seen.
    """

    magnitudes: NDArray[np.int16] = field(repr=False)
    steps: Steps
    means: NDArray[np.int16] = field(repr=False)
    mean_step: int
    classes: NDArray[np.int8] = field(repr=False)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """
        The blocks that something can be said of, bool [rows, columns].

        What is rounded away in blocks that are smooth or drawn is alike from block to block, and where the last saving
        was fine it shows: it is no noise.
        """
        return self.classes < (_PARTS if np.median(self.steps) <= FINE_STEP else CLASSES)

    def counts(self, frequency: int) -> NDArray[np.float32]:
        """Return how often each magnitude comes in each class, float32 [12, magnitudes], at `ORDER[frequency]`."""
        size = kept(int(self.steps[frequency])) + 2
        capped = np.minimum(self.magnitudes[..., frequency], size - 1).astype(np.int64)
        places = self.classes.astype(np.int64) * size + capped
        found = np.bincount(places.ravel(), minlength=(CLASSES + 1) * size)
        return found.reshape(CLASSES + 1, size)[:CLASSES].astype(np.float32)


def blocks_of(values: NDArray[np.int16], steps: NDArray[np.uint16]) -> Blocks:
    """Take the blocks of a file, int16 [rows, columns, 64], and its quantisation steps [64], in natural order."""
    order = list(ORDER)
    magnitudes = values[..., order]
    # The lowest int16 has no magnitude in it.
    np.abs(np.maximum(magnitudes, -32767, out=magnitudes), out=magnitudes)
    return _classed(magnitudes, steps[order].astype(np.int64), values[..., 0], int(steps[0]))


def saved_once(luminance: NDArray[np.uint8], steps: NDArray[np.uint16]) -> Blocks:
    """
    Return blocks of the same picture that were saved once, whatever was done before: those of another grid.

    Four pixels further each way, quantised with the file's own steps (Fridrich, Goljan, Hogea, "Steganalysis of JPEG
    images: breaking the F5 algorithm", 2002). `luminance` uint8 [height, width], `steps` [64].
    """
    own = steps[list(ORDER)].astype(np.int64)
    counted = transformed(luminance[SIDE // 2 :, SIDE // 2 :])
    counted /= own.astype(np.float32)
    np.abs(np.rint(counted, out=counted), out=counted)
    return _classed(counted.astype(np.int16), own, np.zeros(counted.shape[:2], np.int16), int(steps[0]))


def _classed(magnitudes: NDArray[np.int16], steps: Steps, means: NDArray[np.int16], mean_step: int) -> Blocks:
    levels = np.einsum("rcf,f->rc", magnitudes, steps.astype(np.float32) / len(ORDER))
    activity = around(levels, 3) / 9
    seen = activity > _LEAST_ACTIVITY
    bounds = np.quantile(activity[seen], np.arange(1, _PARTS) / _PARTS) if seen.any() else np.zeros(_PARTS - 1)
    one_way = ~magnitudes[..., _BOTH_WAYS].any(axis=2)
    classes = np.searchsorted(bounds, activity) + _PARTS * one_way
    return Blocks(magnitudes, steps, means, mean_step, np.where(seen, classes, CLASSES).astype(np.int8))


def around(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return sums of `values` float32 [rows, columns] over squares of `size` (odd) blocks around each."""
    half = size // 2
    found = np.pad(values.astype(np.float64), half)
    for axis in (0, 1):
        sums = np.cumsum(found, axis=axis)
        sums = np.concatenate([np.zeros_like(np.take(sums, [0], axis=axis)), sums], axis=axis)
        length = values.shape[axis]
        found = np.take(sums, np.arange(size, size + length), axis=axis) - np.take(sums, np.arange(length), axis=axis)
    return found.astype(np.float32)


def unclipped(pixels: NDArray[np.uint8], shape: tuple[int, ...], margin: int) -> NDArray[np.bool_]:
    """
    Say of which blocks no pixel is near the ends of any colour, bool of `shape`; not of blocks that are cut.

    Where pixels were clipped, what the first saving left is gone; the last one moves them by a few levels again. Where
    the picture was darkened or lightened in between, the ends are not black and white but what they became.
    """
    low, high = _ends(pixels)
    height, width = pixels.shape[0] // SIDE, pixels.shape[1] // SIDE
    whole = pixels[: height * SIDE, : width * SIDE].reshape(height, SIDE, width, SIDE, 3)
    found = np.zeros(shape, np.bool_)
    darkest, lightest = whole.min(axis=(1, 3)), whole.max(axis=(1, 3))
    found[:height, :width] = ((darkest > low + margin) & (lightest < high - margin)).all(axis=2)
    return found


def _ends(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the darkest and the lightest level of each colour that more than a few pixels have, int64 [2, 3]."""
    thinned = pixels[:: 1 + pixels.shape[0] // 2000, :: 1 + pixels.shape[1] // 2000]
    shares = [np.cumsum(np.bincount(thinned[..., each].ravel(), minlength=256)) for each in range(3)]
    return np.array([[np.searchsorted(each, part * each[-1]) for each in shares] for part in (_FEW, 1 - _FEW)])
