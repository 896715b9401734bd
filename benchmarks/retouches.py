"""
Pairs of an original and a suspect, made by script: what was changed is known to the pixel, and so is that nothing was.

A change is a patch of another photograph with soft edges, a copy of another part of the same one, a part filled in from
around it (`cv2.inpaint`), an object covered by its surroundings, a local warp, or a label. What people do to a picture
before they publish it again comes after, and moves the truth with the pixels. A pixel counts as changed where the edit
moved it by more than `VISIBLE` levels, gaps of a few pixels closed: a wall that was filled in with wall is none.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
from numpy.typing import NDArray

VISIBLE = 4
"""Levels of 255, the mean of a small neighbourhood: what differs less was not changed in any sense that counts."""
LEAST_SIDE = 24
"""Pixels of the suspect: the least width and height of a change (and its area is their square at least)."""
LARGEST = 0.35
"""Of the shorter side of the original: the largest change."""
CLOSED = 7
"""Pixels: gaps that are closed in what differs."""
TRIES = 40
_FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
_WORDS = ("SALE", "NEW", "www.example", "for you", "2026", "LIVE", "click here", "No. 7")
_RESAMPLING = (PIL.Image.Resampling.LANCZOS, PIL.Image.Resampling.BICUBIC, PIL.Image.Resampling.BOX)

type Pixels = NDArray[np.uint8]
type Mask = NDArray[np.bool_]
type Plane = NDArray[np.float32]
type Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture under way, and which of its pixels were changed, bool [height, width]."""

    pixels: Pixels
    truth: Mask


@dataclass(frozen=True, slots=True)
class Suspect:
    """A file to compare, and which of its pixels were changed: none of a clean one."""

    change: str
    after: str
    data: bytes
    truth: Mask


type Step = Callable[[Shown, Rng], Shown]


def made(original: Pixels, other: Pixels, change: str, after: str, rng: Rng) -> Suspect | None:
    """
    Return a suspect of `original` with one `change` (of `CHANGES`; "" for none) and what came `after` (of `AFTER`).

    `other` is what patches are cut from. None where no change of the least size came out in `TRIES` draws.
    """
    if not change:
        return _finished(Shown(original, np.zeros(original.shape[:2], np.bool_)), change, after, rng)
    for _ in range(TRIES):
        changed = _changed(original, other, change, rng)
        suspect = _finished(Shown(changed, _differing(original, changed)), change, after, rng)
        if _is_large_enough(suspect.truth):
            return suspect
    return None


def _finished(shown: Shown, change: str, after: str, rng: Rng) -> Suspect:
    steps, save = AFTER[after]
    for step in steps:
        shown = step(shown, rng)
    return Suspect(change, after, save(shown.pixels, rng), shown.truth)


def _differing(before: Pixels, after: Pixels) -> Mask:
    apart = np.abs(after.astype(np.float32) - before).max(axis=2)
    seen = (cv2.GaussianBlur(apart, (0, 0), 1.0) > VISIBLE).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (CLOSED, CLOSED))
    return np.asarray(cv2.morphologyEx(seen, cv2.MORPH_CLOSE, kernel) > 0)


def _is_large_enough(truth: Mask) -> bool:
    if np.count_nonzero(truth) < LEAST_SIDE**2:
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats(truth.astype(np.uint8))
    largest = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())]
    width, height, area = (int(largest[i]) for i in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    return width >= LEAST_SIDE and height >= LEAST_SIDE and area >= 0.5 * LEAST_SIDE**2


# ---- Changes ------------------------------------------------------------------------------------------------------


def _changed(original: Pixels, other: Pixels, change: str, rng: Rng) -> Pixels:
    height, width = original.shape[:2]
    most = LARGEST * min(height, width)
    size = float(np.exp(rng.uniform(np.log(36), np.log(max(37, most)))))
    x, y = (rng.uniform(0.6 * size, max(0.6 * size + 1, side - 0.6 * size)) for side in (width, height))
    return CHANGES[change](original, other, (float(x), float(y)), size, rng)


def _blob(shape: tuple[int, ...], at: tuple[float, float], size: float, rng: Rng) -> Plane:
    """Return a soft-edged shape, 0..1: an ellipse whose radius waves."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    angle, stretch = rng.uniform(0, np.pi), rng.uniform(0.7, 1.4)
    dx, dy = x - np.float32(at[0]), y - np.float32(at[1])
    across = (np.cos(angle) * dx + np.sin(angle) * dy) * stretch
    along = (-np.sin(angle) * dx + np.cos(angle) * dy) / stretch
    turned = np.arctan2(along, across)
    radius = size / 2 * (1 + sum(rng.uniform(-0.12, 0.12) * np.sin(k * turned + rng.uniform(0, 6)) for k in (2, 3, 4)))
    hard = (np.hypot(across, along) < radius).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(hard, (0, 0), rng.uniform(0.7, 2.5)), np.float32)


def _laid(below: Pixels, above: Pixels, alpha: Plane) -> Pixels:
    mixed = below * (1 - alpha[..., np.newaxis]) + above * alpha[..., np.newaxis]
    return np.rint(mixed).clip(0, 255).astype(np.uint8)


def _pasted(original: Pixels, other: Pixels, at: tuple[float, float], size: float, rng: Rng) -> Pixels:
    height, width = original.shape[:2]
    sheet = cv2.resize(other, (width, height), interpolation=cv2.INTER_AREA)
    return _laid(original, np.asarray(sheet, np.uint8), _blob(original.shape, at, size, rng))


def _copied(original: Pixels, other: Pixels, at: tuple[float, float], size: float, rng: Rng) -> Pixels:
    height, width = original.shape[:2]
    by = [
        int(rng.uniform(0.8 * size, max(0.8 * size + 1, side / 2))) * int(rng.choice([-1, 1]))
        for side in (width, height)
    ]
    moved = np.roll(original, (by[1], by[0]), axis=(0, 1))
    return _laid(original, moved, _blob(original.shape, at, size, rng))


def _inpainted(original: Pixels, other: Pixels, at: tuple[float, float], size: float, rng: Rng) -> Pixels:
    hole = (_blob(original.shape, at, size, rng) > 0.5).astype(np.uint8)
    method = cv2.INPAINT_TELEA if rng.random() < 0.5 else cv2.INPAINT_NS
    left, top = (max(0, int(v - size)) for v in at)
    part = slice(top, int(at[1] + size)), slice(left, int(at[0] + size))
    filled = original.copy()
    filled[part] = cv2.inpaint(np.ascontiguousarray(original[part]), np.ascontiguousarray(hole[part]), 3, method)
    return filled


def _removed(original: Pixels, other: Pixels, at: tuple[float, float], size: float, rng: Rng) -> Pixels:
    """Cover a part by what lies beside it, blended in (Pérez, Gangnet, Blake, "Poisson image editing", 2003)."""
    angle = rng.uniform(0, 2 * np.pi)
    by = round(1.1 * size * np.cos(angle)), round(1.1 * size * np.sin(angle))
    source = np.roll(original, (by[1], by[0]), axis=(0, 1))
    hole = (_blob(original.shape, at, size, rng) > 0.5).astype(np.uint8) * 255
    hole[:2], hole[-2:], hole[:, :2], hole[:, -2:] = 0, 0, 0, 0
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    if not len(rows):
        return original
    middle = (int(columns[0] + columns[-1] + 1) // 2, int(rows[0] + rows[-1] + 1) // 2)
    return np.asarray(cv2.seamlessClone(source, original, hole, middle, cv2.NORMAL_CLONE), np.uint8)


def _reshaped(original: Pixels, other: Pixels, at: tuple[float, float], size: float, rng: Rng) -> Pixels:
    """Push what lies around a point aside, or bloat it, as retouching programs' liquify does."""
    height, width = original.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    dx, dy = x - np.float32(at[0]), y - np.float32(at[1])
    weight = np.clip(1 - (dx**2 + dy**2) / np.float32(size) ** 2, 0, 1) ** 2
    strength = rng.uniform(0.08, 0.2) * size
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        x, y = x + weight * np.float32(strength * np.cos(angle)), y + weight * np.float32(strength * np.sin(angle))
    else:
        swollen = np.float32(rng.choice([-1, 1]) * rng.uniform(0.25, 0.5))
        x, y = x + weight * swollen * dx, y + weight * swollen * dy
    warped = cv2.remap(
        original, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    return np.where((weight > 0)[..., np.newaxis], warped, original).astype(np.uint8)


def _labelled(original: Pixels, other: Pixels, at: tuple[float, float], size: float, rng: Rng) -> Pixels:
    """Lay a label over it: words on a plate, or a round sign."""
    picture = PIL.Image.fromarray(original)
    pen = PIL.ImageDraw.Draw(picture)
    ink, plate = (tuple(int(v) for v in rng.integers(0, 256, 3)) for _ in range(2))
    box = (at[0] - size / 2, at[1] - size / 4, at[0] + size / 2, at[1] + size / 4)
    if rng.random() < 0.4:
        box = (at[0] - size / 2, at[1] - size / 2, at[0] + size / 2, at[1] + size / 2)
        pen.ellipse(box, fill=plate, outline=ink, width=max(2, int(size / 12)))
    else:
        pen.rounded_rectangle(box, radius=size / 12, fill=plate)
    font = PIL.ImageFont.truetype(_FONT, max(9, int(size / 6)))
    pen.text((at[0], at[1]), str(rng.choice(_WORDS)), fill=ink, font=font, anchor="mm")
    return np.array(picture)


CHANGES: dict[str, Callable[[Pixels, Pixels, tuple[float, float], float, Rng], Pixels]] = {
    "pasted": _pasted,
    "copied": _copied,
    "inpainted": _inpainted,
    "removed": _removed,
    "reshaped": _reshaped,
    "labelled": _labelled,
}


# ---- What comes after ----------------------------------------------------------------------------------------------


def _cropped(shown: Shown, rng: Rng) -> Shown:
    height, width = shown.truth.shape
    left, right, top, bottom = (round(float(rng.uniform(0.01, 0.16)) * side) for side in (width, width, height, height))
    part = slice(top, height - bottom), slice(left, width - right)
    return Shown(np.ascontiguousarray(shown.pixels[part]), np.ascontiguousarray(shown.truth[part]))


def _scaled(shown: Shown, scale: float, rng: Rng) -> Shown:
    height, width = shown.truth.shape
    size = round(scale * width), round(scale * height)
    how = int(rng.integers(0, 5))
    if how < 3:
        pixels = np.array(PIL.Image.fromarray(shown.pixels).resize(size, _RESAMPLING[how]))
    else:
        pixels = np.asarray(cv2.resize(shown.pixels, size, interpolation=(cv2.INTER_AREA, cv2.INTER_LINEAR)[how - 3]))
    truth = cv2.resize(shown.truth.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return Shown(pixels, np.asarray(truth > 0.5))


def _smaller(shown: Shown, rng: Rng) -> Shown:
    return _scaled(shown, 0.7, rng)


def _toned(shown: Shown, rng: Rng) -> Shown:
    """Change lightness, contrast, warmth and saturation, as a phone's filter does; a third also darkens the corners."""
    values = shown.pixels.astype(np.float32) / 255
    values = values ** float(np.exp(rng.uniform(-0.35, 0.35)))
    values = 0.5 + (values - 0.5) * rng.uniform(0.8, 1.2) + rng.uniform(-0.06, 0.06)
    values = values * (1 + rng.uniform(-0.08, 0.08, 3))
    grey = values.mean(axis=2, keepdims=True)
    values = grey + (values - grey) * rng.uniform(0.6, 1.4)
    if rng.random() < 1 / 3:
        height, width = shown.truth.shape
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        values = values * (1 - rng.uniform(0.1, 0.3) * (x**2 + y**2) / 2)[..., np.newaxis]
    return Shown(np.rint(255 * values).clip(0, 255).astype(np.uint8), shown.truth)


def _saved_75(shown: Shown, rng: Rng) -> Shown:
    return Shown(_opened(_as_jpeg(shown.pixels, 75)), shown.truth)


def _saved_90(shown: Shown, rng: Rng) -> Shown:
    return Shown(_opened(_as_jpeg(shown.pixels, 90)), shown.truth)


def _mirrored(shown: Shown, rng: Rng) -> Shown:
    return Shown(np.ascontiguousarray(shown.pixels[:, ::-1]), np.ascontiguousarray(shown.truth[:, ::-1]))


def _on_screen(shown: Shown, rng: Rng) -> Shown:
    """Show it on a screen: at another size, bars and words above and below it, margins beside it."""
    shown = _scaled(shown, float(rng.uniform(0.65, 1.2)), rng)
    height, width = shown.truth.shape
    above, below = (round(float(rng.uniform(0.08, 0.3)) * height) for _ in range(2))
    beside = round(float(rng.choice([0, 0.02, 0.06])) * width)
    ground, ink = ((245, 245, 247), (20, 20, 20)) if rng.random() < 0.5 else ((18, 18, 20), (230, 230, 230))
    screen = PIL.Image.new("RGB", (width + 2 * beside, height + above + below), ground)
    screen.paste(PIL.Image.fromarray(shown.pixels), (beside, above))
    pen, font = PIL.ImageDraw.Draw(screen), PIL.ImageFont.truetype(_FONT, max(9, above // 4))
    pen.text((beside + 8, above // 3), "12:40   example", fill=ink, font=font)
    for row in range(3):
        pen.ellipse((10 + 40 * row, above + height + 8, 30 + 40 * row, above + height + 28), outline=ink, width=2)
    truth = np.zeros(np.array(screen).shape[:2], np.bool_)
    truth[above : above + height, beside : beside + width] = shown.truth
    return Shown(np.array(screen), truth)


def _opened(data: bytes) -> Pixels:
    return np.array(PIL.Image.open(io.BytesIO(data)).convert("RGB"))


def _as_jpeg(pixels: Pixels, quality: int, subsampling: int = 2) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()


def _as_png(pixels: Pixels, rng: Rng) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _as_good_jpeg(pixels: Pixels, rng: Rng) -> bytes:
    return _as_jpeg(pixels, int(rng.integers(88, 96)), int(rng.choice([0, 2])))


def _as_q75(pixels: Pixels, rng: Rng) -> bytes:
    return _as_jpeg(pixels, 75)


def _as_either(pixels: Pixels, rng: Rng) -> bytes:
    return (_as_png if rng.random() < 0.5 else _as_good_jpeg)(pixels, rng)


AFTER: dict[str, tuple[Sequence[Step], Callable[[Pixels, Rng], bytes]]] = {
    "nothing": ((), _as_png),
    "crop": ((_cropped,), _as_good_jpeg),
    "0.7x": ((_smaller,), _as_good_jpeg),
    "tone": ((_toned,), _as_good_jpeg),
    "q75": ((), _as_q75),
    "screenshot": ((_on_screen,), _as_either),
    "crop, 0.7x, tone, q75": ((_cropped, _smaller, _toned), _as_q75),
    "q90, screenshot, q75": ((_saved_90, _on_screen), _as_q75),
    "q75, 0.7x, q75": ((_saved_75, _smaller), _as_q75),
    "mirror, crop, q75": ((_mirrored, _cropped), _as_q75),
}
