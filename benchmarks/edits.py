"""
What people do to a picture before they publish it again: the edits of the copy benchmark.

Each is a function of the pixels, uint8 [height, width, 3], a random generator and a picture of something else (for
collages and pastes); what it returns is saved as JPEG. How much of each, where and in what colour is drawn anew for
every picture. Nothing here is used to set a threshold, `calibration.py` has edits of its own; but the view that takes
stripes off was made with `stripes` too, beside grids, dots and scribbles, on the calibration's photographs.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
from numpy.typing import NDArray

type Pixels = NDArray[np.uint8]
type Edit = Callable[[Pixels, np.random.Generator, Pixels], Pixels]
type Colour = tuple[int, int, int]

JPEG_QUALITY = 80
"""Of the upload that every edit ends in, unless it is about that."""

_FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
_WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "saw",
    "that",
    "this",
    "one",
    "was",
    "taken",
    "near",
    "the",
    "old",
    "bridge",
    "on",
    "sunday",
    "and",
    "says",
    "hello",
    "to",
    "you",
    "all",
]


@dataclass(frozen=True, slots=True)
class NamedEdit:
    """An edit with its name, its group, and what it does in a few words."""

    name: str
    group: str
    text: str
    apply: Edit


def all_edits() -> tuple[NamedEdit, ...]:
    """Return every edit, group by group."""
    return tuple(_EDITS)


def as_upload(pixels: Pixels, quality: int = JPEG_QUALITY) -> bytes:
    """Return the JPEG file that is uploaded."""
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return file.getvalue()


_EDITS: list[NamedEdit] = []


def _edit(name: str, group: str, text: str) -> Callable[[Edit], Edit]:
    def register(function: Edit) -> Edit:
        _EDITS.append(NamedEdit(name, group, text, function))
        return function

    return register


# ---- Saved again ------------------------------------------------------------------------------------------------


@_edit("jpeg 15", "saved again", "JPEG at quality 15")
def _jpeg(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return _opened(as_upload(pixels, 15))


@_edit("a third", "saved again", "reduced to a third of the side")
def _third(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return _resized(pixels, pixels.shape[1] // 3, pixels.shape[0] // 3)


@_edit("palette", "saved again", "32 colours, as in a GIF")
def _palette(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return np.asarray(PIL.Image.fromarray(pixels).quantize(32).convert("RGB"))


@_edit("webp 20", "saved again", "WebP at quality 20")
def _webp(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "WEBP", quality=20)
    return _opened(file.getvalue())


# ---- Light and colour -------------------------------------------------------------------------------------------


@_edit("grey", "light and colour", "without colour")
def _grey(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return np.asarray(PIL.Image.fromarray(pixels).convert("L").convert("RGB"))


@_edit("gamma", "light and colour", "much lighter or darker")
def _gamma(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    power = rng.choice([0.5, 0.6, 1.7, 2.0])
    return _clipped(255 * (pixels / 255.0) ** power)


@_edit("filter", "light and colour", "a social network's filter: warm, faded, dark corners")
def _filter(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    corners = 1 - rng.uniform(0.25, 0.45) * (x**2 + y**2)
    tint = rng.uniform([1.0, 0.85, 0.65], [1.25, 1.05, 0.9])
    return _clipped(30 + (pixels * tint * 0.85) * corners[..., None])


@_edit("blur", "light and colour", "out of focus")
def _blur(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return _uint8(cv2.GaussianBlur(pixels, (0, 0), max(pixels.shape[:2]) * rng.uniform(0.004, 0.007)))


@_edit("noise", "light and colour", "grain")
def _noise(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return _clipped(pixels + rng.normal(0, 25, pixels.shape))


@_edit("sharpened", "light and colour", "sharpened until it rings")
def _sharpened(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    soft = cv2.GaussianBlur(pixels, (0, 0), 2).astype(np.float64)
    return _clipped(pixels + rng.uniform(1.5, 3.0) * (pixels - soft))


# ---- Turned -----------------------------------------------------------------------------------------------------


@_edit("mirrored", "turned", "left and right exchanged")
def _mirrored(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[:, ::-1])


@_edit("turned 90", "turned", "by a right angle, either way")
def _turned_90(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return np.ascontiguousarray(np.rot90(pixels, int(rng.choice([1, 3]))))


@_edit("turned 3", "turned", "by 2 to 4 degrees, the corners cut off")
def _turned_3(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    angle = rng.uniform(2, 4) * rng.choice([-1, 1])
    return _cropped(_turned(pixels, angle, (0, 0, 0)), 0.06, 0.06, 0.06, 0.06)


@_edit("turned 10", "turned", "by 8 to 12 degrees on black or white")
def _turned_10(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return _turned(pixels, rng.uniform(8, 12) * rng.choice([-1, 1]), _plain(rng))


@_edit("turned 25", "turned", "by 20 to 30 degrees on black or white")
def _turned_25(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return _turned(pixels, rng.uniform(20, 30) * rng.choice([-1, 1]), _plain(rng))


# ---- Stretched --------------------------------------------------------------------------------------------------


@_edit("stretched", "stretched", "a third wider, or narrower")
def _stretched(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    factor = rng.choice([0.75, 1.35])
    return _resized(pixels, int(pixels.shape[1] * factor), pixels.shape[0])


@_edit("perspective", "stretched", "seen from the side")
def _perspective(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + (rng.uniform(0, 0.12, (4, 2)) * [[1, 1], [-1, 1], [-1, -1], [1, -1]]) * [width, height]
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return _uint8(cv2.warpPerspective(pixels, matrix, (width, height), borderValue=_plain(rng)))


# ---- Cropped ----------------------------------------------------------------------------------------------------


@_edit("crop 5", "cropped", "3 to 7 % off each side, as much everywhere")
def _crop_5(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    amount = rng.uniform(0.03, 0.07)
    return _cropped(pixels, amount, amount, amount, amount)


@_edit("crop 10", "cropped", "7 to 13 % off each side")
def _crop_10(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return _cropped(pixels, *rng.uniform(0.07, 0.13, 4))


@_edit("crop 25", "cropped", "25 % off each side: a quarter of the area is left")
def _crop_25(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return _cropped(pixels, 0.25, 0.25, 0.25, 0.25)


@_edit("crop one side", "cropped", "20 to 35 % off one side")
def _crop_side(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    sides = np.zeros(4)
    sides[rng.integers(4)] = rng.uniform(0.2, 0.35)
    return _cropped(pixels, *sides)


@_edit("crop corner", "cropped", "a corner with a third of the area")
def _crop_corner(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    rest = 0.42
    left, top = float(rng.choice([0, rest])), float(rng.choice([0, rest]))
    return _cropped(pixels, left, top, rest - left, rest - top)


@_edit("crop square", "cropped", "the middle square, or the middle three quarters of one")
def _crop_square(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    if abs(height - width) < 0.15 * max(height, width):
        return _cropped(pixels, 0.125, 0, 0.125, 0)
    off = (max(height, width) - min(height, width)) / 2 / max(height, width)
    return _cropped(pixels, off, 0, off, 0) if width > height else _cropped(pixels, 0, off, 0, off)


# ---- Framed -----------------------------------------------------------------------------------------------------


@_edit("letterbox", "framed", "black bars above and below, or beside")
def _letterbox(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    amount = rng.uniform(0.1, 0.25)
    sides = (0.0, amount, 0.0, amount) if rng.random() < 0.5 else (amount, 0.0, amount, 0.0)
    return _framed(pixels, sides, (0, 0, 0))


@_edit("frame", "framed", "a frame of one colour")
def _frame(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    amount = rng.uniform(0.04, 0.1)
    return _framed(pixels, (amount,) * 4, _any_colour(rng))


@_edit("padding", "framed", "padded to a square or more, in one colour")
def _padding(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return _framed(pixels, tuple(rng.uniform(0.1, 0.4, 4)), _any_colour(rng))


@_edit("gradient", "framed", "padded with a gradient")
def _gradient(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    left, top, right, bottom = (rng.uniform(0.15, 0.3, 4) * (width, height, width, height)).astype(int)
    ends = np.array([_any_colour(rng), _any_colour(rng)], np.float64)
    slope = np.linspace(0, 1, height + top + bottom)[:, None, None]
    ground = np.repeat(ends[0] * (1 - slope) + ends[1] * slope, width + left + right, axis=1)
    return _pasted(_clipped(ground), pixels, left, top)


@_edit("story", "framed", "on a tall ground of its own blurred pixels")
def _story(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    width, height = 720, 1280
    ground = cv2.GaussianBlur(_resized(pixels, width, height), (0, 0), 40)
    scale = min(width / pixels.shape[1], 0.8 * height / pixels.shape[0])
    small = _resized(pixels, int(pixels.shape[1] * scale), int(pixels.shape[0] * scale))
    return _pasted(_uint8(ground), small, (width - small.shape[1]) // 2, (height - small.shape[0]) // 2)


# ---- Written and drawn on ---------------------------------------------------------------------------------------


@_edit("caption", "written on", "a white bar with text above, or below, as in a meme")
def _caption(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    amount = rng.uniform(0.15, 0.28)
    above = rng.random() < 0.6
    bar = int(pixels.shape[0] * amount)
    framed = _framed(pixels, (0.0, amount, 0.0, 0.0) if above else (0.0, 0.0, 0.0, amount), (255, 255, 255))
    top = 0 if above else framed.shape[0] - bar
    return _written(framed, _sentence(rng, 9), (int(bar * 0.2), top + int(bar * 0.15)), bar // 4, (0, 0, 0))


@_edit("text over", "written on", "large text over the picture")
def _text(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    height = pixels.shape[0]
    once = _written(pixels, _sentence(rng, 5).upper(), (10, int(height * 0.04)), height // 9, (255, 255, 255))
    return _written(once, _sentence(rng, 4).upper(), (10, int(height * 0.82)), height // 9, (255, 255, 255))


@_edit("watermark", "written on", "a slanted text, repeated all over")
def _watermark(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    side = int(1.5 * max(height, width))
    sheet = PIL.Image.new("L", (side, side))
    draw = PIL.ImageDraw.Draw(sheet)
    size = height // 14
    for row in range(0, side, size * 3):
        draw.text((row % (size * 5) - size * 5, row), "  example.org  " * 12, fill=255, font=_font(size))
    slanted = np.asarray(sheet.rotate(30).crop((side // 6, side // 6, side // 6 + width, side // 6 + height)))
    return _clipped(pixels + (255.0 - pixels) * (slanted[..., None] / 255.0) * rng.uniform(0.35, 0.6))


@_edit("stickers", "written on", "discs and faces over a quarter of it")
def _stickers(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    picture = PIL.Image.fromarray(pixels)
    draw = PIL.ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(2, 5))):
        r = min(height, width) * rng.uniform(0.1, 0.2)
        x, y = rng.uniform(r, width - r), rng.uniform(r, height - r)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 205, 60), outline=(120, 80, 0), width=3)
        for side in (-1, 1):
            draw.ellipse((x + side * r * 0.4 - r / 8, y - r / 3, x + side * r * 0.4 + r / 8, y), fill=(60, 40, 0))
        draw.arc((x - r / 2, y - r / 4, x + r / 2, y + r / 2), 20, 160, fill=(60, 40, 0), width=max(2, int(r / 10)))
    return np.asarray(picture)


@_edit("bar", "written on", "a black bar through the middle")
def _bar(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    height = pixels.shape[0]
    thick, top = int(height * rng.uniform(0.15, 0.25)), int(height * rng.uniform(0.3, 0.5))
    barred = pixels.copy()
    barred[top : top + thick] = 0
    return barred


@_edit("stripes", "written on", "heavy stripes over all of it")
def _stripes(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    period = max(height, width) / rng.uniform(9, 14)
    angle = rng.uniform(0, np.pi)
    over = ((x * np.cos(angle) + y * np.sin(angle)) % period) < period * rng.uniform(0.3, 0.4)
    striped = pixels.copy()
    striped[over] = _any_colour(rng)
    return striped


# ---- In something else ------------------------------------------------------------------------------------------


@_edit("phone screenshot", "in something else", "a phone's screen: bars, buttons, the picture at full width")
def _phone(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    width, height = 720, 1480
    dark = rng.random() < 0.5
    ground, ink = ((18, 18, 20), (230, 230, 230)) if dark else ((250, 250, 250), (30, 30, 30))
    screen = np.full((height, width, 3), ground, np.uint8)
    small = _resized(pixels, width, min(int(pixels.shape[0] * width / pixels.shape[1]), 1080))
    top = int(rng.uniform(150, 260))
    screen = _pasted(screen, small, 0, top)
    screen = _written(screen, "12:41", (40, 16), 30, ink)
    screen = _written(screen, _sentence(rng, 3), (110, 90), 28, ink)
    end = min(top + small.shape[0] + 20, height - 120)
    for number in range(4):
        screen[end : end + 40, 30 + number * 70 : 70 + number * 70] = _any_colour(rng)
    for line in range(max(0, (height - end - 150) // 50)):
        screen = _written(screen, _sentence(rng, 7), (30, end + 70 + line * 50), 24, ink)
    return screen


@_edit("page screenshot", "in something else", "a page on a desktop: the picture is a part of it")
def _page(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    width, height = 1366, 768
    screen = np.full((height, width, 3), 255, np.uint8)
    screen[:70] = _any_colour(rng)
    screen[70:, :220] = (242, 243, 245)
    scale = min(700 / pixels.shape[1], 480 / pixels.shape[0])
    small = _resized(pixels, int(pixels.shape[1] * scale), int(pixels.shape[0] * scale))
    x, y = int(rng.uniform(260, 1340 - small.shape[1])), int(rng.uniform(130, 748 - small.shape[0]))
    screen = _written(screen, _sentence(rng, 8), (260, 88), 26, (20, 20, 20))
    for row in range(16):
        screen = _written(screen, _sentence(rng, 2), (24, 90 + 40 * row), 18, (60, 60, 120))
        screen = _written(screen, _sentence(rng, 16), (260, 130 + 38 * row), 17, (40, 40, 40))
    return _pasted(screen, small, x, y)


@_edit("chat", "in something else", "a small picture between the bubbles of a chat")
def _chat(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    width, height = 720, 1280
    screen = PIL.Image.new("RGB", (width, height), (229, 221, 213))
    draw = PIL.ImageDraw.Draw(screen)
    draw.rectangle((0, 0, width, 110), fill=(7, 94, 84))
    for row in range(9):
        left = 30 if rng.random() < 0.5 else 250
        draw.rounded_rectangle((left, 140 + row * 125, left + 430, 240 + row * 125), 18, fill=(255, 255, 255))
        draw.text((left + 20, 165 + row * 125), _sentence(rng, 5), fill=(20, 20, 20), font=_font(24))
    scale = min(460 / pixels.shape[1], 560 / pixels.shape[0])
    small = _resized(pixels, int(pixels.shape[1] * scale), int(pixels.shape[0] * scale))
    top = int(rng.uniform(150, 1200 - small.shape[0]))
    draw.rounded_rectangle((222, top - 8, 238 + small.shape[1], top + small.shape[0] + 8), 18, fill=(220, 248, 198))
    return _pasted(np.asarray(screen), small, 230, top)


@_edit("photo of a screen", "in something else", "slanted, lit unevenly, with the screen's lines")
def _screen(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    lined = pixels.astype(np.float64)
    lined[::3] *= 0.82
    framed = _framed(_clipped(lined), (0.04, 0.05, 0.04, 0.05), (20, 20, 22))
    framed = _framed(framed, tuple(rng.uniform(0.05, 0.15, 4)), (96, 88, 80))
    seen = _perspective(_turned(framed, rng.uniform(-4, 4), (96, 88, 80)), rng, other)
    height, width = seen.shape[:2]
    light = np.linspace(rng.uniform(0.75, 1), rng.uniform(0.75, 1.1), width)[None, :, None]
    return _clipped(cv2.GaussianBlur(seen, (0, 0), 1.2) * light + rng.normal(0, 6, (height, width, 3)))


@_edit("collage of two", "in something else", "beside or above another picture")
def _two(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    side = 640
    pair = [_resized(pixels, side, side), _resized(_to_shape(other, 1.0), side, side)]
    if rng.random() < 0.5:
        pair.reverse()
    return np.ascontiguousarray(np.concatenate(pair, axis=int(rng.integers(2))))


@_edit("collage of four", "in something else", "one of four, with white gaps")
def _four(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    side, gap = 480, 12
    sheet = np.full((2 * side + 3 * gap, 2 * side + 3 * gap, 3), 255, np.uint8)
    place = int(rng.integers(4))
    parts = [_resized(_cropped(other, *corner), side, side) for corner in _CORNERS]
    parts[place] = _resized(pixels, side, side)
    for number, part in enumerate(parts):
        sheet = _pasted(sheet, part, gap + (number % 2) * (side + gap), gap + (number // 2) * (side + gap))
    return sheet


@_edit("pasted on another", "in something else", "at half to two thirds of the side, on another picture")
def _on_another(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    height, width = other.shape[:2]
    scale = rng.uniform(0.5, 0.66) * min(width / pixels.shape[1], height / pixels.shape[0])
    small = _resized(pixels, max(60, int(pixels.shape[1] * scale)), max(60, int(pixels.shape[0] * scale)))
    x, y = rng.uniform(0, width - small.shape[1]), rng.uniform(0, height - small.shape[0])
    return _pasted(other, small, int(x), int(y))


# ---- More than one ----------------------------------------------------------------------------------------------


@_edit("mirrored, cropped", "more than one", "mirrored, 5 to 10 % off each side, JPEG 30")
def _mirrored_cropped(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return _opened(as_upload(_cropped(_mirrored(pixels, rng, other), *rng.uniform(0.05, 0.1, 4)), 30))


@_edit("screenshot of a meme", "more than one", "captioned, then a phone's screen of it")
def _meme_screenshot(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return _phone(_caption(pixels, rng, other), rng, other)


@_edit("framed, filtered", "more than one", "a filter, a frame, a third of the size")
def _framed_filtered(pixels: Pixels, rng: np.random.Generator, other: Pixels) -> Pixels:
    return _third(_frame(_filter(pixels, rng, other), rng, other), rng, other)


# ---- What they are made with --------------------------------------------------------------------------------------

_CORNERS = ((0.0, 0.0, 0.5, 0.5), (0.5, 0.0, 0.0, 0.5), (0.0, 0.5, 0.5, 0.0), (0.5, 0.5, 0.0, 0.0))


def _uint8(pixels: object) -> Pixels:
    return np.ascontiguousarray(np.asarray(pixels, np.uint8))


def _clipped(values: NDArray[np.float64]) -> Pixels:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def _opened(data: bytes) -> Pixels:
    return np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGB"))


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    size = max(1, width), max(1, height)
    smaller = size[0] * size[1] < pixels.shape[0] * pixels.shape[1]
    return _uint8(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC))


def _to_shape(pixels: Pixels, ratio: float) -> Pixels:
    """Cut the middle with that ratio of width to height out of it."""
    height, width = pixels.shape[:2]
    off_x, off_y = max(0.0, 1 - ratio * height / width) / 2, max(0.0, 1 - width / ratio / height) / 2
    return _cropped(pixels, off_x, off_y, off_x, off_y)


def _cropped(pixels: Pixels, left: float, top: float, right: float, bottom: float) -> Pixels:
    height, width = pixels.shape[:2]
    rows = slice(round(top * height), height - round(bottom * height))
    return np.ascontiguousarray(pixels[rows, round(left * width) : width - round(right * width)])


def _turned(pixels: Pixels, degrees: float, ground: Colour) -> Pixels:
    picture = PIL.Image.fromarray(pixels)
    return np.asarray(picture.rotate(degrees, PIL.Image.Resampling.BICUBIC, fillcolor=ground))


def _framed(pixels: Pixels, sides: tuple[float, ...], colour: Colour) -> Pixels:
    """Add left, top, right and bottom, each a share of the picture's own side."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = (round(sides[0] * width), round(sides[1] * height), round(sides[2] * width),
                                round(sides[3] * height))  # fmt: skip
    return _uint8(cv2.copyMakeBorder(pixels, top, bottom, left, right, cv2.BORDER_CONSTANT, value=colour))


def _pasted(ground: Pixels, pixels: Pixels, x: int, y: int) -> Pixels:
    sheet = ground.copy()
    height, width = sheet.shape[:2]
    part = pixels[: height - y, : width - x]
    sheet[y : y + part.shape[0], x : x + part.shape[1]] = part
    return sheet


def _plain(rng: np.random.Generator) -> Colour:
    return (0, 0, 0) if rng.random() < 0.5 else (255, 255, 255)


def _any_colour(rng: np.random.Generator) -> Colour:
    red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
    return red, green, blue


def _sentence(rng: np.random.Generator, words: int) -> str:
    return " ".join(rng.choice(_WORDS, words))


@cache
def _font(size: int) -> PIL.ImageFont.FreeTypeFont | PIL.ImageFont.ImageFont:
    if _FONT.is_file():
        return PIL.ImageFont.truetype(str(_FONT), max(8, size))
    return PIL.ImageFont.load_default(max(8, size))


def _written(pixels: Pixels, text: str, at: tuple[int, int], size: int, ink: Colour) -> Pixels:
    picture = PIL.Image.fromarray(pixels)
    PIL.ImageDraw.Draw(picture).text(at, text, fill=ink, font=_font(size))
    return np.array(picture)
