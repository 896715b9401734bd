"""
A suspect against the original that its owner holds: what was kept, and what was changed.

1. Both are laid on each other (`overlay`).
2. What the suspect would be, had nothing been changed, is made from the original (`predicted`).
3. What differs from that by more than this pair differs anywhere is a region (`residual`, `regions`).
4. A region counts if of unchanged copies hardly one has one as strong (`bound`).
"""

from __future__ import annotations

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from takeback.examine.boxes import box_of
from takeback.examine.compared.bound import BOUND, MAX_NFA
from takeback.examine.compared.comparison import Change, Comparison
from takeback.examine.compared.file import JpegTables, tables_of
from takeback.examine.compared.kinds import kind_of
from takeback.examine.compared.overlay import NoOverlay, Overlay, grey, overlay
from takeback.examine.compared.predicted import Prediction, predicted
from takeback.examine.compared.regions import Region, regions
from takeback.examine.compared.residual import residual
from takeback.media import MediaLimits, decode_image
from takeback.registration import opencv
from takeback.registration.transform import angle_of, scale_of

MAX_PIXELS = 4_000_000
"""Of a suspect: a larger one is reduced to that before it is compared, which bounds time and memory."""

MAX_CHANGED = 0.5
"""Of the part that is seen: beyond it, what is usual for the pair is not known, and nothing is said to be judged."""

MAX_USUAL = 10.0
"""Levels by which the suspect may differ from its prediction in the median: what was saved badly stays far below."""

MARGIN = 8
"""Pixels along the edge of the original, where that is not the suspect's own, that are not compared: a JPEG block."""

NO_SOURCE = "The two pictures do not have enough detail in common to tell whether one was made from the other."
TOO_MUCH = "More than half of what both show differs, so that what is usual for this pair cannot be told."

type Pixels = NDArray[np.uint8]


def compare_images(original: bytes, suspect: bytes, *, limits: MediaLimits = MediaLimits()) -> Comparison:
    """
    Say whether the file `suspect` shows the picture in the file `original`, and what of it was changed.

    Bears what is done to a picture before it is published again: cut, turned by right angles or mirrored, scaled,
    other tones, saved again, a screenshot of it. Raises `UnreadableMedia` and `MediaTooLarge` as `decode_image` does,
    and `BadSetting` without OpenCV. Deterministic, on one thread.
    """
    opencv()
    pixels = decode_image(suspect, limits=limits).pixels
    return compare_pixels(decode_image(original, limits=limits).pixels, pixels, tables_of(suspect, limits))


def compare_pixels(original: Pixels, suspect: Pixels, tables: JpegTables | None = None) -> Comparison:
    """Do the same for decoded pictures, uint8 [height, width, 3]; `tables` are how the suspect was saved."""
    height, width = suspect.shape[:2]
    by = max(1.0, (height * width / MAX_PIXELS) ** 0.5)
    if by > 1:
        size = round(width / by), round(height / by)
        suspect, tables = np.asarray(PIL.Image.fromarray(suspect).resize(size, PIL.Image.Resampling.BICUBIC)), None
    laid = overlay(original, suspect)
    if isinstance(laid, NoOverlay):
        telling = laid.is_telling
        return Comparison(
            width, height, False if telling else None, laid.nfa, None, 1.0, None if telling else NO_SOURCE
        )  # fmt: skip
    prediction = predicted(original, suspect, laid.matrix, tables)
    inside = comparable(prediction.inside)
    apart = residual(suspect, prediction.pixels, inside)
    found = regions(apart, inside, suspect, prediction.pixels, toned=prediction.toned)
    return _told(suspect, laid, prediction, found, (width, height))


def comparable(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where the original reaches with some pixels to spare: what is beside it was saved in the same blocks."""
    kernel = np.ones((2 * MARGIN + 1,) * 2, np.uint8)
    return np.asarray(opencv().erode(inside.astype(np.uint8), kernel) > 0)


def _told(
    suspect: Pixels, laid: Overlay, prediction: Prediction, found: list[Region], size: tuple[int, int]
) -> Comparison:
    counted = [region for region in found if _nfa(region) <= MAX_NFA]
    mask = np.zeros(prediction.inside.shape, np.bool_)
    for region in counted:
        mask[region.part] |= region.mask
    seen = max(1, int(np.count_nonzero(prediction.inside)))
    share = np.count_nonzero(mask) / seen
    by = size[0] / suspect.shape[1], size[1] / suspect.shape[0]
    planes = grey(suspect), grey(prediction.pixels)
    usual = _usual(planes, prediction.inside)
    changes = tuple(_change(region, planes, by) for region in counted)
    nfa = min((_nfa(region) for region in found), default=1.0)
    matrix = prediction.matrix
    mirrored = bool(np.linalg.det(matrix[:, :2]) < 0)
    return Comparison(
        width=size[0],
        height=size[1],
        same_source=True,
        source_nfa=laid.nfa,
        changed=bool(changes),
        nfa=nfa,
        unjudged=TOO_MUCH if share > MAX_CHANGED or usual > MAX_USUAL else None,
        changes=changes,
        compared=_box(prediction.inside, by),
        compared_share=seen / prediction.inside.size,
        changed_share=share,
        mirrored=mirrored,
        scale=float(by[0] / scale_of(matrix)),
        angle=float(-angle_of(matrix * (-1, 1, 1) if mirrored else matrix)),
        flow=laid.flow * by[0],
        strongest=max((region.strength for region in found), default=0.0),
        mask=_at_size(mask, size),
    )


def _usual(planes: tuple[Pixels, Pixels], inside: NDArray[np.bool_]) -> float:
    apart = opencv().absdiff(*planes)[inside]
    return float(np.median(apart)) if len(apart) else 0.0


def _change(region: Region, planes: tuple[Pixels, Pixels], by: tuple[float, float]) -> Change:
    kind, reason = kind_of(region, *planes)
    left, top = round(region.left * by[0]), round(region.top * by[1])
    width, height = max(1, round(region.width * by[0])), max(1, round(region.height * by[1]))
    return Change(kind, left, top, width, height, round(region.area * by[0] * by[1]), _nfa(region), reason)


def _nfa(region: Region) -> float:
    """Return the larger of what this pair's noise and what other pairs say: neither alone is relied on."""
    return min(1.0, max(region.chance, BOUND.nfa(region.strength)))


def _box(mask: NDArray[np.bool_], by: tuple[float, float]) -> tuple[int, int, int, int] | None:
    box = box_of(mask)
    if box is None:
        return None
    left, top = round(box[0] * by[0]), round(box[1] * by[1])
    return left, top, round((box[0] + box[2]) * by[0]) - left, round((box[1] + box[3]) * by[1]) - top


def _at_size(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    if mask.shape == size[::-1]:
        return mask
    cv2 = opencv()
    return np.asarray(cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0)
