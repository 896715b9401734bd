"""
What the suspect would be if nothing had been changed: the original, treated as the suspect was.

1. Of transforms that are as likely, and of ways to scale, those are taken under which most is alike: whole pixels
   where it was only cut, the whole frame where it was only scaled.
2. Its tones: for each colour a curve, a part of the other two, and a gain that changes slowly over the picture.
3. Its sharpness: the small filter that leads from one to the other with the least error.
4. Where the suspect is a JPEG file, its own quantisation tables and sampling, on its own grid.

All are fitted so that what differs much counts nothing: a change must not be explained away.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from takeback.examine.compared.file import JpegTables
from takeback.examine.compared.resampled import Filter, Laid, resampled
from takeback.media.orientation import turn_upright
from takeback.registration import opencv
from takeback.registration.transform import Matrix

SAMPLES = 8_000
TONE_SAMPLES = 4_000
"""Pixels by which sharpness and tones are fitted."""

TELLING_PART = 0.3
"""Of the picture: what has most detail, by which transforms and filters are chosen."""

ALIKE_PART = 0.6
"""Of the picture: by how well the most alike part of it fits, transforms and filters are chosen."""

TRIAL_SIDE = 640
"""Pixels: sides of the part of the suspect by which transforms and fits are chosen, at most."""

GRID = 16
"""Pixels: the largest block of a JPEG file with halved colours; its parts begin at multiples of it."""

EXACT = 0.3
"""Levels by which the most alike part differs, below which nothing is fitted any more."""

SIMPLER = 0.97
"""What another transform must leave of the error of a simpler one, at most."""

SNAP = 0.75
"""Pixels of the suspect by which its corners may move, for a simpler transform to be tried."""

MIN_GAIN = 0.97
"""What a fit must leave of the error, at most, to be used: one that gains less only adds noise."""

MOST_LEVELS = 8
"""Levels beyond which a pixel was changed, and says nothing of how the rest was saved."""

_OTHER_FILTERS = (Filter.LANCZOS, Filter.BOX, Filter.AREA, Filter.LINEAR)

_KNOTS = np.array([0.0, 5, 13, 26, 46, 74, 110, 152, 202, 255])
"""Levels between which a curve is straight: closer in the dark, where a power of the level bends most."""
_SMOOTH = 0.0002
_LEAST_SPREADS = (8.0, 4.0, 2.0, 1.5, 1.0, 1.0, 1.0)
"""Levels: the spread of errors that each round of a fit believes in, at least; a small one at once would freeze it."""
_BLACK, _WHITE = 3, 252
"""Levels from which a colour may have been cut off, noise included."""
_TAPS = 5

type Pixels = NDArray[np.uint8]
type Floats = NDArray[np.float32]
type Mask = NDArray[np.bool_]
type Samples = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """
    The suspect as it would be: `pixels` uint8 [height, width, 3], where `inside` bool says that the original reaches.

    `matrix` is the transform that was taken, `filter` by what it was scaled; `toned` by how many levels the suspect's
    tones are others, in the median.
    """

    pixels: Pixels = field(repr=False)
    inside: Mask = field(repr=False)
    matrix: Matrix
    filter: Filter
    toned: float


def predicted(original: Pixels, suspect: Pixels, matrix: Matrix, tables: JpegTables | None) -> Prediction:
    """Return what `suspect` would be if it were `original` under `matrix`, and nothing else."""
    size = suspect.shape[1], suspect.shape[0]
    trial = _trial(original, suspect, matrix, tables)
    chosen, how = _most_alike(original, trial, matrix, size)
    laid = resampled(original, chosen, size, how)
    inside = laid.inside > 0
    values = laid.pixels.astype(np.float32)
    apart = trial.apart(values)
    if apart > EXACT:
        values, apart = _better(trial, values, _toned(values, suspect, inside), apart)
    toned = _moved(laid.pixels, values, inside)
    if apart > EXACT:
        values, apart = _better(trial, values, _sharpened(values, trial), apart)
    pixels = np.where(inside[..., np.newaxis], _rounded(values), suspect)
    if tables is not None:
        again = saved_again(pixels, tables)
        # The original itself, or its very pixels in another file, was not saved once more than the original.
        pixels = pixels if _unlike(pixels, suspect) < _unlike(again, suspect) else again
    return Prediction(pixels, inside, chosen, how, toned)


def _moved(before: Pixels, after: Floats, inside: Mask) -> float:
    """Return by how many levels a colour plane moved, in the median; of the plane that moved most."""
    seen = inside[::4, ::4]
    if not seen.any():
        return 0.0
    apart = np.abs(after[::4, ::4][seen] - before[::4, ::4][seen])
    return float(np.median(apart, axis=0).max())


def _unlike(one: Pixels, other: Pixels) -> float:
    """Return by how many levels two pictures differ in the mean, in which no pixel counts more than `MOST_LEVELS`."""
    apart = _apart_of(np.ascontiguousarray(one[::2, ::2]), np.ascontiguousarray(other[::2, ::2]))
    return float(np.minimum(apart, MOST_LEVELS).mean())


def _better(trial: Trial, values: Floats, fitted: Floats | None, apart: float) -> tuple[Floats, float]:
    """Return `fitted` where it leaves less of what is apart, saving again included; else `values`."""
    if fitted is None:
        return values, apart
    left = trial.apart(fitted)
    return (fitted, left) if left < MIN_GAIN * apart else (values, apart)


def _rounded(values: Floats) -> Pixels:
    return np.rint(values).clip(0, 255).astype(np.uint8)


# ---- 1. The transform -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """
    A part of the suspect by which transforms and fits are tried: its middle, on the grid of its file.

    Each is tried as it will be used: saved again where the suspect was saved.
    """

    part: tuple[slice, slice]
    suspect: Pixels = field(repr=False)
    telling: Mask = field(repr=False)
    """Where the suspect has detail: the rest looks the same under any transform."""
    tables: JpegTables | None

    def saved(self, values: Floats) -> Pixels:
        """Return this part of the whole `values`, saved again."""
        pixels = _rounded(values[self.part])
        return pixels if self.tables is None else saved_again(pixels, self.tables)

    def apart(self, values: Floats) -> float:
        """Return by how many levels the most alike part of it differs."""
        apart = _apart_of(self.saved(values), self.suspect).max(axis=2).ravel()
        return _mean_of_the_least(apart)

    def unlike(self, laid: Laid) -> float:
        """Return the same of this part alone, laid under it, after the tones of both were brought together."""
        pixels = laid.pixels if self.tables is None else saved_again(laid.pixels, self.tables)
        seen = (laid.inside > 0) & self.telling
        below, above = pixels[..., 1][seen], self.suspect[..., 1][seen]
        if len(below) < 100:
            return float("inf")
        counts = np.bincount(below, minlength=256)
        means = np.bincount(below, weights=above, minlength=256) / np.maximum(counts, 1)
        return _mean_of_the_least(np.abs(means.astype(np.float32)[below] - above))


def _apart_of(one: Pixels, other: Pixels) -> Pixels:
    return np.asarray(opencv().absdiff(one, other), np.uint8)


def _mean_of_the_least(apart: NDArray[np.generic]) -> float:
    count = max(1, int(ALIKE_PART * len(apart)))
    return float(np.partition(apart, count - 1)[:count].mean())


def _trial(original: Pixels, suspect: Pixels, matrix: Matrix, tables: JpegTables | None) -> Trial:
    height, width = suspect.shape[:2]
    if tables is not None and tables.orientation != 1:
        return Trial((slice(0, height), slice(0, width)), suspect, _telling(suspect), tables)
    corners = np.array([[0, 0], [original.shape[1], 0], [0, original.shape[0]], original.shape[1::-1]], np.float64)
    seen = (corners - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    (left, top), (right, bottom) = seen.min(axis=0).clip(0, (width, height)), seen.max(axis=0).clip(0, (width, height))
    rows, columns = _middle(top, bottom, height), _middle(left, right, width)
    part = np.ascontiguousarray(suspect[rows, columns])
    return Trial((rows, columns), part, _telling(part), tables)


def _telling(pixels: Pixels) -> Mask:
    """Return which pixels have most of the detail around them."""
    cv2 = opencv()
    detail = np.abs(cv2.Laplacian(cv2.GaussianBlur(pixels[..., 1], (0, 0), 1.0).astype(np.float32), cv2.CV_32F))
    return np.asarray(detail >= max(0.5, float(np.quantile(detail[::2, ::2], 1 - TELLING_PART))))


def _middle(start: float, end: float, side: int) -> slice:
    """Return the middle of a span, from a multiple of the largest block that JPEG has."""
    first = int(max(start, (start + end - TRIAL_SIDE) / 2)) // GRID * GRID
    return slice(first, min(side, first + TRIAL_SIDE, max(first + GRID, int(end))))


def _most_alike(original: Pixels, trial: Trial, matrix: Matrix, size: tuple[int, int]) -> tuple[Matrix, Filter]:
    def unlike(each: Matrix, how: Filter) -> float:
        rows, columns = trial.part
        if how is Filter.AREA:
            # It needs the edges of the whole, which the part does not have.
            laid = resampled(original, each, size, how)
            return trial.unlike(Laid(np.ascontiguousarray(laid.pixels[trial.part]), laid.inside[trial.part]))
        moved = each.copy()
        moved[:, 2] += each[:, :2] @ (columns.start, rows.start)
        return trial.unlike(resampled(original, moved, trial.suspect.shape[1::-1], how))

    transforms = _simpler(matrix, size, (original.shape[1], original.shape[0]))
    tried = [(each, Filter.BICUBIC) for each in transforms]
    # How it was scaled shows only where a transform is exact, as the simplest two may be.
    tried += [(each, how) for each in transforms[:2] if not _keeps_its_size(each) for how in _OTHER_FILTERS]
    best, chosen = float("inf"), tried[0]
    for each, how in tried:
        error = unlike(each, how)
        # A simpler one is left only for one that is clearly better.
        if error < SIMPLER * best:
            best, chosen = error, (each, how)
        if error < EXACT / 2:
            break
    return chosen


def _keeps_its_size(matrix: Matrix) -> bool:
    return bool(np.allclose(np.abs(np.linalg.svd(matrix[:, :2], compute_uv=False)), 1, atol=1e-9))


def _simpler(matrix: Matrix, size: tuple[int, int], of: tuple[int, int]) -> list[Matrix]:
    """Return simpler transforms that are hardly another, the simplest first, and `matrix` itself."""
    turned = np.abs(matrix[0, 1]) > np.abs(matrix[0, 0])
    kept = np.array([[0, 1], [1, 0]]) if turned else np.eye(2)
    straight = _about_the_middle(matrix, matrix[:, :2] * kept, size)
    scales = np.abs(straight[:, :2]).sum(axis=1)
    even = _about_the_middle(straight, straight[:, :2] * (scales.mean() / scales)[:, np.newaxis], size)
    spans = size[::-1] if turned else size
    cut, shown = straight.copy(), straight.copy()
    for axis, (span, side) in enumerate(zip(spans, of, strict=True)):
        at = int(np.argmax(kept[axis]))
        by, start = straight[axis, at], straight[axis, 2]
        # 1. Whole pixels of the original were cut out, then scaled to the suspect.
        first, last = round(start), round(start + by * span)
        cut[axis, at], cut[axis, 2] = (last - first) / span, first
        # 2. The whole original was scaled to whole pixels, and lies somewhere in the suspect.
        first, last = round(-start / by), round((side - start) / by)
        if first != last:
            shown[axis, at], shown[axis, 2] = side / (last - first), -first * side / (last - first)
    near = [each for each in (cut, shown, even, straight) if _apart(each, matrix, size) < SNAP]
    return [*near, matrix]


def _about_the_middle(matrix: Matrix, linear: NDArray[np.float64], size: tuple[int, int]) -> Matrix:
    """Return the transform with another linear part that takes the middle of the suspect to the same place."""
    middle = np.array(size) / 2
    return np.column_stack([linear, matrix[:, 2] + (matrix[:, :2] - linear) @ middle])


def _apart(one: Matrix, other: Matrix, size: tuple[int, int]) -> float:
    """Return by how many pixels of the suspect the corners lie apart under two transforms."""
    corners = np.array([[0, 0, 1], [size[0], 0, 1], [0, size[1], 1], [*size, 1]], np.float64)
    scale = np.sqrt(abs(np.linalg.det(other[:, :2])))
    return float(np.hypot(*((one - other) @ corners.T)).max() / max(scale, 1e-9))


# ---- 2. Tones -------------------------------------------------------------------------------------------------------


def _toned(values: Floats, suspect: Pixels, inside: Mask) -> Floats | None:
    """Return `values` in the suspect's tones; None where too little is seen to tell."""
    cv2 = opencv()
    soft, target = cv2.GaussianBlur(values, (0, 0), 0.8), cv2.GaussianBlur(suspect, (0, 0), 0.8)
    room = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) > 0
    if np.count_nonzero(room) < 1000:
        return None
    detail = np.abs(cv2.Laplacian(_luminance(soft), cv2.CV_32F))
    # An edge says little of tones where it does not lie exactly.
    room &= detail <= np.quantile(detail[::4, ::4][room[::4, ::4]], 0.7)
    rows, columns = _sample_of_colours(room, _rounded(soft), TONE_SAMPLES)
    colours, aims = soft[rows, columns], target[rows, columns].astype(np.float64)
    slow = _slow(2 * columns / inside.shape[1] - 1, 2 * rows / inside.shape[0] - 1)
    design, toned = _tone_design(colours), np.empty_like(values)
    penalty = _tone_penalty(design.shape[1], len(design))
    slow_penalty = np.zeros((len(penalty), slow.shape[1]))
    for channel in range(3):
        fit = _robust(design, aims[:, channel], penalty)
        for _ in range(2):
            # The gain is of what the curves say, which is known from the fit before.
            both = np.hstack([design, slow * (design @ fit)[:, np.newaxis]])
            found = _robust(both, aims[:, channel], np.hstack([penalty, slow_penalty]))
            fit, by = found[: design.shape[1]], found[design.shape[1] :]
        toned[..., channel] = _with_tones(values, fit, by)
    # Cut off here, as whoever made the copy did, before anything else was done to it.
    return np.clip(toned, 0, 255, out=toned)


def _slow(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what a gain that changes slowly over the picture is made of; x and y are -1..1."""
    return np.column_stack([x, y, x * x, x * y, y * y])


def _tone_design(colours: Floats) -> NDArray[np.float64]:
    """Return a column for each knot of the curves of all three colours, the sum of which is what a colour becomes."""
    columns = [np.interp(colours[:, channel], _KNOTS, hat) for channel in range(3) for hat in np.eye(len(_KNOTS))]
    return np.stack(columns, axis=1)


def _tone_penalty(columns: int, count: int) -> NDArray[np.float64]:
    """Return rows that ask for smooth curves: how much they bend at each knot."""
    rows = []
    for start in range(0, columns, len(_KNOTS)):
        for knot in range(1, len(_KNOTS) - 1):
            before, after = np.diff(_KNOTS[knot - 1 : knot + 2])
            row = np.zeros(columns)
            row[start + knot - 1 : start + knot + 2] = (after, -before - after, before)
            rows.append(row * 2 / (before + after))
    return np.asarray(np.array(rows) * np.sqrt(_SMOOTH * count), np.float64)


def _with_tones(values: Floats, fit: NDArray[np.float64], by: NDArray[np.float64]) -> Floats:
    """Return one channel of `values` in other tones: curves of all three, and a slow gain."""
    height, width = values.shape[:2]
    curves = fit.reshape(3, len(_KNOTS))
    steps = _rounded(values)
    toned = np.zeros((height, width), np.float32)
    for channel, curve in enumerate(curves):
        table = np.interp(np.arange(256), _KNOTS, curve).astype(np.float32)
        toned += opencv().LUT(np.ascontiguousarray(steps[..., channel]), table)
    x = np.linspace(-1, 1, width, dtype=np.float32)[np.newaxis]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, np.newaxis]
    a, b, c, d, e = (np.float32(each) for each in by)
    return np.asarray(toned * (1 + (a + c * x + d * y) * x + (b + e * y) * y), np.float32)


def _robust(
    design: NDArray[np.float64], aim: NDArray[np.float64], penalty: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """
    Return the fit of least squares in which what lies far off counts nothing.

    What is aimed at and is black or white may be beyond: a fit that says so is right.
    """
    weights, fit = np.ones(len(aim)), np.zeros(design.shape[1])
    ridge = 1e-6 * len(aim) * np.eye(design.shape[1])
    extra = ridge if penalty is None else ridge + penalty.T @ penalty
    black, white, target = aim < _BLACK, aim > _WHITE, aim
    for round_, least in enumerate(_LEAST_SPREADS):
        weighted = design * weights[:, np.newaxis]
        fit = np.linalg.solve(weighted.T @ design + extra, weighted.T @ target)
        found = design @ fit
        target = np.where(black & (found < aim) | white & (found > aim), found, aim)
        apart = np.abs(target - found)
        spread = max(least, 1.4826 * float(np.median(apart)))
        if round_ < 4:
            weights = 1 / np.maximum(1, apart / (1.345 * spread))
        else:
            weights = np.clip(1 - (apart / (4.685 * spread)) ** 2, 0, None) ** 2
    return fit


def _sample(mask: Mask, most: int) -> Samples:
    """Return places in `mask`, evenly among them: rows and columns."""
    places = np.flatnonzero(mask)
    if len(places) > most:
        # Steps that no column of a picture repeats with.
        places = places[np.linspace(0, len(places) - 1, most).astype(np.int64)]
    rows, columns = np.unravel_index(places, mask.shape)
    return rows.astype(np.int64), columns.astype(np.int64)


def _sample_of_colours(mask: Mask, pixels: Pixels, most: int) -> Samples:
    """Return places in `mask` in which rare colours are less rare: a cell of colours counts by the root of its size."""
    rows, columns = _sample(mask, 8 * most)
    cells = (pixels[rows, columns] >> 5).astype(np.int64) @ (64, 8, 1)
    weights = np.cumsum(np.bincount(cells, minlength=512)[cells] ** -0.5)
    chosen = np.unique(np.searchsorted(weights, np.linspace(0, weights[-1], most, endpoint=False)))
    return rows[chosen], columns[chosen]


# ---- 3. Sharpness ---------------------------------------------------------------------------------------------------


def _sharpened(values: Floats, trial: Trial) -> Floats | None:
    """Return `values` under the small filter that makes them most like the suspect; None where there is no detail."""
    cv2 = opencv()
    half = _TAPS // 2
    below, above = (_luminance(each.astype(np.float32)) for each in (trial.saved(values), trial.suspect))
    detail = np.abs(cv2.Laplacian(cv2.GaussianBlur(below, (0, 0), 0.8), cv2.CV_32F))
    room = detail >= max(1.0, float(np.median(detail)))
    room[: half + 1], room[-half - 1 :], room[:, : half + 1], room[:, -half - 1 :] = False, False, False, False
    rows, columns = _sample(room, SAMPLES)
    if len(rows) < 1000:
        return None
    shifts = [(dy, dx) for dy in range(-half, half + 1) for dx in range(-half, half + 1)]
    design = np.column_stack([below[rows + dy, columns + dx] for dy, dx in shifts]).astype(np.float64)
    kernel = _robust(design, above[rows, columns].astype(np.float64)).reshape(_TAPS, _TAPS).astype(np.float32)
    return np.asarray(cv2.filter2D(values, -1, kernel, borderType=cv2.BORDER_REFLECT), np.float32)


def _luminance(values: Floats) -> Floats:
    return np.asarray(opencv().cvtColor(values, opencv().COLOR_RGB2GRAY), np.float32)


# ---- 4. Saved again -------------------------------------------------------------------------------------------------


def saved_again(pixels: Pixels, tables: JpegTables) -> Pixels:
    """Return `pixels` after they were saved as the file was whose `tables` these are, and opened."""
    stored = turn_upright(pixels, tables.undone)
    picture = PIL.Image.fromarray(stored)
    if tables.is_grey:
        picture = picture.convert("L")
    file = io.BytesIO()
    picture.save(file, "JPEG", qtables=[list(each) for each in tables.quantisation], subsampling=tables.sampling)
    opened = np.array(PIL.Image.open(file).convert("RGB"))
    return turn_upright(opened, tables.orientation)
