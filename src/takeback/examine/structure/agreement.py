"""
Whether a small picture shows what the large one does: a thumbnail or a preview against the picture it is of.

A camera makes both from the same shot, but not alike: it adds bars where the shapes differ or cuts the sides off,
sharpens, and brightens. So they are aligned, the tones of the one are put to those of the other, and what still
differs is measured against the range of the picture's own neighbouring pixels. The old trick to look for: a program
changes the picture and leaves the small one (Kee and Farid, "Digital Image Authentication from Thumbnails", 2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.outcome import Box
from takeback.registration import opencv

SIDE: Final = 160
"""Pixels of the long side at which both are compared: a thumbnail's (EXIF: 160 × 120)."""

MIN_SIDE: Final = 48
"""Pixels of the small picture's short side; below, too little of a picture is there."""

MAX_SHAPES: Final = 4.0
"""By how much one may be wider than the other for its height: what a panorama is beside its thumbnail."""

MIN_CONTRAST: Final = 8.0
"""Grey levels (standard deviation); below, nothing can be aligned."""

SAME: Final = 0.90
"""Correlation from which two pictures are aligned well enough to be compared place by place."""

ALIGNED: Final = 0.40
"""Share of the windows with any detail that are alike, from which two pictures are aligned however the rest differs."""

OTHER: Final = 0.10
"""Share up to which, wherever the one is laid on the other, they show different things."""

UNLIKE: Final = 0.80
"""Correlation that is not reached then, nowhere."""

CHANGED: Final = 15.0
"""
Grey levels by which a window differs, in the mean. Of 95 thumbnails that cameras and programs made none comes over 1,
of 990 that a script made with what cameras do to one, none over 10 (benchmarks/file_structure.py). It was set on those
files, so they are no proof of how often it is passed on others.
"""

_WINDOW: Final = 9
_EDGE: Final = 4
_TONES: Final = 24
_BLUR: Final = 1.0
_COARSE: Final = 5.0
_ALIKE: Final = 0.9
_DETAIL: Final = 4.0
_MIN_WINDOWS: Final = 0.05

type Grey = NDArray[np.float32]


class Relation(StrEnum):
    """How the small picture stands to the large one."""

    SAME = "same"
    TURNED = "turned"
    """The same, but one of them is turned or mirrored."""
    MORE = "more"
    """The large one is a part of what the small one shows."""
    CHANGED = "changed"
    """The same but for a part."""
    OTHER = "other"
    UNCLEAR = "unclear"
    """Too small, too flat, or neither alike nor different enough."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """`correlation` where they fit best, by how much the window that differs most does, and its place."""

    relation: Relation
    correlation: float = 0.0
    difference: float = 0.0
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class _Laid:
    """
    The small picture and the large one, float32 and of one size; `place` is where that lies in the large one.

    `texture` is how much the large one's pixels differ within each pixel of these (standard deviation).
    """

    small: Grey
    large: Grey
    texture: Grey
    place: tuple[float, float, float, float]
    correlation: float

    @property
    def is_aligned(self) -> bool:
        """Whether the one lies where the other does, so that what differs is no matter of how it was laid."""
        return self.correlation >= SAME or _alike(self.small, self.large) >= ALIGNED


def compare_small(small: NDArray[np.uint8], large: NDArray[np.uint8]) -> Agreement:
    """Compare a thumbnail or preview with its picture, both uint8 [height, width], luminance as stored."""
    if min(small.shape) < MIN_SIDE or min(large.shape) < MIN_SIDE:
        return Agreement(Relation.UNCLEAR)
    reduced = _reduced(small, SIDE)
    shapes = [each.shape[1] / each.shape[0] for each in (small, large)]
    if min(reduced.shape) < MIN_SIDE / 2 or max(shapes) > MAX_SHAPES * min(shapes):
        return Agreement(Relation.UNCLEAR)
    if reduced.std() < MIN_CONTRAST or large[::4, ::4].std() < MIN_CONTRAST:
        return Agreement(Relation.UNCLEAR)
    # 1. As cameras make them.
    finer = _reduced(large, 8 * SIDE)
    laid = _best(reduced, finer)
    if laid.is_aligned:
        return _judged(laid, large.shape[1] / finer.shape[1])
    # 2. As programs leave them: turned, or cut out of it.
    larger = _reduced(finer, 4 * SIDE)
    turned = max((_best(reduced, each) for each in _turned(larger)), key=lambda each: each.correlation)
    if turned.is_aligned:
        return Agreement(Relation.TURNED, turned.correlation)
    within = _within(reduced, larger)
    if within >= SAME:
        return Agreement(Relation.MORE, within)
    # 3. Nowhere.
    best = max(laid.correlation, turned.correlation, within)
    alike = max(_alike(each.small, each.large) for each in (laid, turned))
    # Of fine patterns alone a camera may make other ones.
    is_coarse = min(opencv().GaussianBlur(_reduced(each, SIDE), (0, 0), _COARSE).std() for each in (reduced, finer))
    is_other = alike <= OTHER and best < UNLIKE and is_coarse >= MIN_CONTRAST
    return Agreement(Relation.OTHER if is_other else Relation.UNCLEAR, best)


def _best(small: Grey, large: Grey) -> _Laid:
    """Lay the one on the other in each way in which cameras fit a shape into another, and align the best."""
    height, width = small.shape
    rows, columns = large.shape
    ratio, wanted = columns / rows, width / height
    whole = (0.0, 0.0, float(columns), float(rows))
    # 1. The whole on the whole.
    tried = [(small, whole)]
    if abs(np.log(ratio / wanted)) > 0.01:
        # 2. The large one between bars, or cut to the shape of a part of the small one.
        across, down = min(width, height * ratio), min(height, width / ratio)
        left, top = round((width - across) / 2), round((height - down) / 2)
        tried.append((small[top : height - top, left : width - left], whole))
        # 3. The small one cut out of the middle of the large one.
        across, down = min(columns, rows * wanted), min(rows, columns / wanted)
        tried.append((small, ((columns - across) / 2, (rows - down) / 2, across, down)))
    return max((_laid(part, large, place) for part, place in tried), key=lambda laid: laid.correlation)


def _laid(small: Grey, large: Grey, place: tuple[float, float, float, float]) -> _Laid:
    cv2 = opencv()
    left, top, across, down = place
    part = large[round(top) : round(top + down), round(left) : round(left + across)]
    size = (small.shape[1], small.shape[0])
    if min(size) < 8 or min(part.shape) < 8:
        return _Laid(small, np.zeros_like(small), np.zeros_like(small), place, 0.0)
    plain = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    squares = cv2.resize(part * part, size, interpolation=cv2.INTER_AREA)
    texture = np.asarray(np.sqrt(np.maximum(squares - plain * plain, 0)), np.float32)
    fitted = _blurred(np.asarray(plain, np.float32))
    small = _blurred(small)
    first = _correlation(small, fitted)
    if first < 0.5:
        return _Laid(small, fitted, texture, place, first)
    moved = _aligned(small, fitted)
    second = _correlation(small, moved)
    best, correlation = (moved, second) if second > first else (fitted, first)
    return _Laid(small, best, texture, place, correlation)


def _aligned(small: Grey, fitted: Grey) -> Grey:
    """Return `fitted` moved and scaled a little, so that it lies on `small` as well as it can (Evangelidis 2008)."""
    cv2 = opencv()
    warp, mask = np.eye(2, 3, dtype=np.float32), np.ones(small.shape, np.uint8)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)
    try:
        _, found = cv2.findTransformECC(small, fitted, warp, cv2.MOTION_AFFINE, stop, mask, 3)
    except cv2.error:
        return fitted
    turned = np.asarray(found, np.float32)
    if abs(turned[:, :2] - np.eye(2)).max() > 0.06 or abs(turned[:, 2]).max() > 0.06 * max(small.shape):
        return fitted
    size = (small.shape[1], small.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(fitted, turned, size, None, flags, cv2.BORDER_REPLICATE), np.float32)


def _judged(laid: _Laid, scale: float) -> Agreement:
    difference = _difference(laid)
    strongest = float(difference.max())
    if strongest < CHANGED:
        return Agreement(Relation.SAME, laid.correlation, strongest)
    return Agreement(Relation.CHANGED, laid.correlation, strongest, _box(difference, laid, scale))


def _difference(laid: _Laid) -> Grey:
    """Return by how many grey levels the window around each pixel differs, in the mean, after the tones are fitted."""
    cv2 = opencv()
    small, toned = laid.small, _toned(laid.large, laid.small)
    kernel = np.ones((5, 5), np.uint8)
    over = small - cv2.dilate(toned, kernel)
    under = cv2.erode(toned, kernel) - small
    # A camera that takes every twentieth pixel shows any of those that lie between.
    texture = cv2.dilate(laid.texture, kernel)
    apart = np.maximum(np.maximum(over, under) - texture, 0)
    apart[:_EDGE], apart[-_EDGE:], apart[:, :_EDGE], apart[:, -_EDGE:] = 0, 0, 0, 0
    return np.asarray(cv2.blur(apart, (_WINDOW, _WINDOW), borderType=cv2.BORDER_CONSTANT), np.float32)


def _toned(large: Grey, small: Grey) -> Grey:
    """Put the tones of the one to those of the other: the median of each of `_TONES` steps, never falling."""
    edges = np.quantile(large, np.linspace(0, 1, _TONES + 1))
    steps = np.clip(np.searchsorted(edges, large.ravel(), side="right") - 1, 0, _TONES - 1)
    known = [step for step in range(_TONES) if (steps == step).sum() >= 10]
    given = np.array([np.median(large.ravel()[steps == step]) for step in known])
    wanted = np.maximum.accumulate([np.median(small.ravel()[steps == step]) for step in known])
    # Beyond the outermost steps tones go on as they were.
    given = np.concatenate(([given[0] - 100], given, [given[-1] + 100]))
    wanted = np.concatenate(([wanted[0] - 100], wanted, [wanted[-1] + 100]))
    return np.interp(large, given, wanted).astype(np.float32)


def _box(difference: Grey, laid: _Laid, scale: float) -> Box:
    """Return the box around what differs, in pixels of the large picture."""
    _, labels = opencv().connectedComponents((difference >= CHANGED / 2).astype(np.uint8))
    rows, columns = np.nonzero(labels == labels[np.unravel_index(difference.argmax(), difference.shape)])
    left, top, across, down = (each * scale for each in laid.place)
    wide, high = across / difference.shape[1], down / difference.shape[0]
    first = (left + columns.min() * wide, top + rows.min() * high)
    last = (left + (columns.max() + 1) * wide, top + (rows.max() + 1) * high)
    return round(first[0]), round(first[1]), round(last[0] - first[0]), round(last[1] - first[1])


def _within(small: Grey, large: Grey) -> float:
    """Return how well the large picture fits a part of the small one, at any size from a half on."""
    cv2 = opencv()
    height, width = small.shape
    most = min(width / large.shape[1], height / large.shape[0])
    picture, best = _blurred(small), 0.0
    for scale in np.geomspace(1, 1 / 2, 15) * most:
        size = (round(large.shape[1] * scale), round(large.shape[0] * scale))
        if min(size) < 24:
            break
        part = _blurred(cv2.resize(large, size, interpolation=cv2.INTER_AREA).astype(np.float32))
        best = max(best, float(cv2.matchTemplate(picture, part, cv2.TM_CCOEFF_NORMED).max()))
    return best


def _turned(picture: Grey) -> list[Grey]:
    """Return a picture in the seven other ways of turning and mirroring it."""
    ways = [np.rot90(each, turns) for each in (picture, picture[:, ::-1]) for turns in range(4)]
    return [np.ascontiguousarray(each) for each in ways[1:]]


def _reduced(picture: NDArray[np.uint8] | Grey, side: int) -> Grey:
    cv2 = opencv()
    scale = min(1.0, side / max(picture.shape))
    size = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)


def _blurred(picture: Grey) -> Grey:
    return np.asarray(opencv().GaussianBlur(picture, (0, 0), _BLUR), np.float32)


def _alike(small: Grey, large: Grey) -> float:
    """Return the share of the windows with any detail in which the two are alike; 1 where hardly any has."""
    cv2 = opencv()
    size = (_WINDOW, _WINDOW)
    first, second = small - cv2.blur(small, size), large - cv2.blur(large, size)
    products = [cv2.blur(each, size) for each in (first * second, first * first, second * second)]
    detailed = np.maximum(products[1], products[2]) > _DETAIL**2
    if detailed.mean() < _MIN_WINDOWS:
        return 1.0 if _correlation(small, large) >= SAME else OTHER * 2
    # A running sum leaves a little less than nothing where there is nothing.
    alike = products[0] >= _ALIKE * np.sqrt(np.maximum(products[1] * products[2], 0))
    return float(alike[detailed].mean())


def _correlation(one: Grey, other: Grey) -> float:
    first, second = one - one.mean(), other - other.mean()
    size = float(np.sqrt((first * first).sum() * (second * second).sum()))
    return float((first * second).sum()) / size if size > 0 else 0.0
