"""
How well each pixel follows from those around it, on the places where a sensor sees green and where it does not.

A sensor sees one colour at each pixel; green on every second one, as on the black squares of a chessboard (Bayer, US
patent 3,971,065, 1976), and what it does not see is worked out from the pixels beside. So a pixel of the one kind
follows from its neighbours otherwise than one of the other. The weights by which it does are fitted to the picture
itself (Popescu, Farid, "Exposing digital forgeries in color filter array interpolated images", IEEE TSP 53, 2005;
Bammey, Grompone von Gioi, Morel, "Reliable demosaicing detection for image forensics", EUSIPCO 2019): whichever way a
camera works its colours out, they are learnt.

Neighbours that are mirror images of each other weigh alike, as they do in the mosaic; so the blocks of a JPEG, its
fewer values of colours, and pictures that were enlarged to twice their size, which are the same mirrored, favour
neither kind. The weights by which a tile is judged are fitted to other tiles: nothing but the mosaic speaks for a
picture's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.subject import luminance_of
from takeback.registration import opencv

BLOCK: Final = 8
"""Pixels: the side of what is judged at once."""
TILE: Final = 64
"""Pixels: the side of the tiles, like those of a chessboard, of which the ones are judged by what fits the others."""
DARK, LIGHT = 3, 250
"""Levels of any colour: pixels up to the one and from the other are clipped, or nearly."""

_PLANES = 3
_KINDS = 2
_STRIP = 2 * TILE
_MARGIN = 8
_AROUND = 9
"""Pixels each way of the square in which errors are held against what is usual there."""
_AROUND_UNREST = 7
_CALM = 4.0
"""Levels, squared, added to a place's own unrest: below it noise is all that there is."""
_LEAST = 0.05
"""Levels, squared, added to errors: what rounding to whole levels leaves."""
_TAILS = 1.5
"""(ν + 1) / 2 of Student's distribution with ν = 2: an edge that no weights fit says little."""

type Pixels = NDArray[np.uint8]
type Values = NDArray[np.float32]
type Mask = NDArray[np.bool_]


def _mean(*steps: tuple[int, int]) -> Values:
    """Return a filter [5, 5]: the mean of the pixels that lie by `steps`, down and across, beside one, mirrored."""
    kernel = np.zeros((5, 5), np.float32)
    for down, across in steps:
        kernel[[2 + down, 2 - down, 2 + down, 2 - down], [2 + across, 2 + across, 2 - across, 2 - across]] = 1
    return kernel / kernel.sum()


_NEAREST = _mean((0, 1), (1, 0))
_BESIDE = [_mean(each) - _NEAREST for each in ((1, 1), (0, 2), (2, 0), (2, 2), (1, 2), (2, 1))]
"""Filters: how far the means of neighbours that weigh alike are from that of the four nearest."""
_TARGET = _mean((0, 0)) - _NEAREST


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """
    What fits each kind of pixel, of each colour and for each half of the tiles.

    `of` float32 [colour, half, kind, 5, 5] are filters of the error that is left, `spread` float32 [colour, half, kind]
    how large it is, beside the unrest of its place.
    """

    of: Values = field(repr=False)
    spread: Values = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """
    What blocks of 8 × 8 pixels say, float32 [rows, columns]; what is over at the right and below is in none.

    `own` is how much better a block fits the mosaic where the picture's lies than one pixel aside, a logarithm: below 0
    it fits better aside. `seen` is the share of its pixels that say something, `unrest` its mean, in levels, and
    `colours` [rows, columns, 3] that of its colours.
    """

    own: Values = field(repr=False)
    seen: Values = field(repr=False)
    unrest: Values = field(repr=False)
    colours: Values = field(repr=False)


def blocks_of(pixels: Pixels, weights: Weights, every: int = 1) -> Blocks:
    """Return what the blocks of `pixels` uint8 [height, width, 3] say; only those of each `every`th strip do."""
    rows, columns = (side // BLOCK for side in pixels.shape[:2])
    own, seen, unrest = (np.zeros((rows, columns), np.float32) for _ in range(3))
    colours = np.zeros((rows, columns, _PLANES), np.float32)
    for strip in _strips(pixels, every):
        part = slice(strip.top // BLOCK, min(rows, (strip.top + _STRIP) // BLOCK))

        def summed(values: NDArray[np.generic], strip: _Strip = strip, count: int = part.stop - part.start) -> Values:
            kept = values[strip.inner][: count * BLOCK, : columns * BLOCK].astype(np.float32)
            return np.asarray(kept.reshape(count, BLOCK, columns, BLOCK).sum(axis=(1, 3)))

        own[part], seen[part], unrest[part] = (
            summed(each) for each in (_own(strip, weights), strip.says, strip.unrest)
        )
        colours[part] = np.stack([summed(plane) for plane in strip.planes], axis=-1)
    size = np.float32(BLOCK**2)
    seen /= size
    unrest /= size
    colours /= size
    return Blocks(own, seen, unrest, colours)


def fitted(pixels: Pixels, every: int = 1) -> Weights | None:
    """Return the weights that fit each `every`th strip of `pixels` best; None where too little says anything."""
    of, spread = [], []
    for plane in range(_PLANES):
        samples = [_samples(strip, plane) for strip in _strips(pixels, every)]
        every_beside, every_target, every_weight, places = (np.concatenate(each) for each in zip(*samples, strict=True))
        for place in range(2 * _KINDS):
            beside, target, weight = (each[places == place] for each in (every_beside, every_target, every_weight))
            weighted = (beside * weight[:, np.newaxis]).astype(np.float64)
            squares = weighted.T @ beside
            size = float(np.trace(squares))
            if size <= 0:
                return None
            solved = np.linalg.solve(squares + 1e-6 * size * np.eye(len(_BESIDE)), weighted.T @ target)
            errors = np.square(target - beside @ solved.astype(np.float32)) + np.float32(_LEAST)
            of.append(_TARGET - np.tensordot(solved, _BESIDE, axes=1))
            spread.append(np.exp(float(np.log(errors * weight).mean()) / 2))
    shape = (_PLANES, 2, _KINDS)
    return Weights(
        np.asarray(np.reshape(of, (*shape, 5, 5)), np.float32), np.asarray(np.reshape(spread, shape), np.float32)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Strip:
    """
    Some rows from `top` on, with those above and below: `inner` says which are its own.

    `planes` are its colours, float32 [height, width] each; `unrest` in levels, and which pixels say something; which
    lie in the second half of the tiles, and which are of the second kind.
    """

    top: int
    inner: slice
    planes: list[Values]
    unrest: Values
    says: Mask
    second: Mask
    odd: Mask


def _strips(pixels: Pixels, every: int) -> Iterator[_Strip]:
    cv2 = opencv()
    for top in range(0, len(pixels), _STRIP * every):
        first = max(0, top - _MARGIN)
        part = pixels[first : top + _STRIP + _MARGIN]
        inner = slice(top - first, min(top - first + _STRIP, len(part)))
        change = np.abs(cv2.Laplacian(luminance_of(part), cv2.CV_32F))
        around = (_AROUND_UNREST, _AROUND_UNREST)
        flat = cv2.blur((change == 0).astype(np.float32), around) > 0.5
        whole = (part.min(axis=-1) > DARK) & (part.max(axis=-1) < LIGHT)
        rows, columns = first + np.arange(part.shape[0])[:, np.newaxis], np.arange(part.shape[1])
        planes = [np.ascontiguousarray(part[..., plane]).astype(np.float32) for plane in range(_PLANES)]
        tiles, kinds = (rows // TILE + columns // TILE) % 2 == 1, (rows + columns) % 2 == 1
        unrest = np.asarray(cv2.blur(change, around), np.float32)
        yield _Strip(top, inner, planes, unrest, whole & ~flat, tiles, kinds)


def _samples(strip: _Strip, plane: int) -> tuple[Values, Values, Values, NDArray[np.intp]]:
    """Return what weights are fitted by: neighbours, target, how much each pixel counts, for which half and kind."""
    says = strip.says[strip.inner]
    beside, target = (
        [_filtered(strip.planes[plane], each)[strip.inner][says] for each in kernels]
        for kernels in (_BESIDE, [_TARGET])
    )
    weight = np.asarray(1 / (np.square(strip.unrest[strip.inner][says]) + np.float32(_CALM)), np.float32)
    # What is judged in one half is fitted to the other.
    places = (_KINDS * ~strip.second[strip.inner] + strip.odd[strip.inner])[says]
    return np.stack(beside, axis=-1), target[0], weight, places.astype(np.intp)


def _own(strip: _Strip, weights: Weights) -> Values:
    """Return how much better each pixel fits as one of its own kind than of the other, float32 [height, width]."""
    cv2 = opencv()
    total = np.zeros_like(strip.planes[0])
    for plane, values in enumerate(strip.planes):
        spread = weights.spread[plane]
        kernels = weights.of[plane] / spread[..., np.newaxis, np.newaxis]
        # Each half has weights of its own: how unlikely a pixel is as one of the first kind, and of the second.
        first, second = (
            np.square(np.where(strip.second, _filtered(values, kernels[1, kind]), _filtered(values, kernels[0, kind])))
            for kind in range(_KINDS)
        )
        usual = cv2.blur(first + second, (_AROUND, _AROUND)) + np.float32(2 * _LEAST)
        apart = np.float32(_TAILS) * (cv2.log(1 + second / usual) - cv2.log(1 + first / usual))
        apart += np.where(strip.second, *np.log(spread[::-1, 1] / spread[::-1, 0]))
        total += np.where(strip.odd, -apart, apart)
    return np.asarray(total * strip.says, np.float32)


def _filtered(values: Values, kernel: Values) -> Values:
    cv2 = opencv()
    return np.asarray(cv2.filter2D(values, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)
