"""
Pictures with a part that was scaled or turned, and clean ones that are hard: all scaled, or full of what repeats.

A part is a square of another photograph, laid in without a seam's softening. Clean ones are what people and platforms
do to a whole picture, and things that repeat by themselves: fences, fabrics, tiles, screens, drawings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import PIL.Image
import PIL.ImageDraw

from benchmarks.forensics.files import Mask, Pixels, Rng, opened, saved

SCALES = (1.1, 1.2, 1.4, 1.7, 2.0, 0.9, 0.8, 0.7)
DEGREES = (2, 5, 10, 20, 30)
SIDES = (96, 128, 192, 256)
"""Pixels of a part, in turn."""
SAVED: Mapping[str, int | None] = {"PNG": None, "JPEG 98": 98, "JPEG 95": 95, "JPEG 90": 90}
"""How a picture with such a part is saved."""
FINE = (90, 92, 95, 97, 98)
"""Qualities of clean files."""
KINDS: tuple[tuple[float, float], ...] = (*((scale, 0.0) for scale in SCALES), *((1.0, float(by)) for by in DEGREES))
"""By how much a part is scaled and by how many degrees turned, in turn."""
_KERNELS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
_WHOLE_KERNELS = (*_KERNELS, cv2.INTER_AREA)
WHOLE = (0.5, 0.6, 0.75, 0.85, 0.9, 1.1, 1.2, 4 / 3, 1.5, 1.8, 2.0)
"""By which all of a picture is scaled."""


@dataclass(frozen=True, slots=True)
class Spliced:
    """A picture uint8 [height, width, 3] with a part of another, and that part, bool [height, width]."""

    pixels: Pixels
    truth: Mask


def spliced(host: Pixels, other: Pixels, kind: tuple[float, float], side: int, rng: Rng) -> Spliced | None:
    """Lay a part of `other`, scaled and turned as `kind` says, into `host`; None where it does not fit."""
    height, width = host.shape[:2]
    if min(height, width) < side + 64:
        return None
    scale, degrees = kind
    # The whole square has to come from within the other picture.
    reach = side / scale * (abs(np.cos(np.radians(degrees))) + abs(np.sin(np.radians(degrees)))) / 2 + 4
    if min(other.shape[:2]) < 2 * reach + 2:
        return None
    middle = [float(rng.uniform(reach, length - reach)) for length in other.shape[1::-1]]
    matrix = cv2.getRotationMatrix2D(middle, degrees, scale)
    matrix[:, 2] += np.array([side / 2, side / 2]) - middle
    part = np.asarray(cv2.warpAffine(other, matrix, (side, side), flags=int(rng.choice(_KERNELS))), np.uint8)
    top, left = int(rng.integers(0, height - side + 1)), int(rng.integers(0, width - side + 1))
    pixels, truth = host.copy(), np.zeros((height, width), np.bool_)
    pixels[top : top + side, left : left + side] = part
    truth[top : top + side, left : left + side] = True
    return Spliced(pixels, truth)


def _any(rng: Rng) -> float:
    return float(rng.choice(WHOLE)) * float(rng.choice((1.0, rng.uniform(0.97, 1.03))))


def _scaled(pixels: Pixels, scale: float, rng: Rng) -> Pixels:
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=int(rng.choice(_WHOLE_KERNELS))), np.uint8)


def _turned(pixels: Pixels, rng: Rng) -> Pixels:
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(1, 30)), 1.5)
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_CUBIC), np.uint8)


def _repeating(pixels: Pixels, rng: Rng) -> Pixels:
    """Return a photograph a part of which is something that repeats, seen at an angle, with its grain."""
    height, width = pixels.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    angle, period = float(rng.uniform(0, np.pi)), float(rng.uniform(2.2, 16))
    along = np.cos(angle) * columns + np.sin(angle) * rows
    across = np.cos(angle) * rows - np.sin(angle) * columns
    bend = 1 + float(rng.uniform(0, 2e-4)) * across
    sharp = float(rng.uniform(1, 6))
    waves = np.tanh(sharp * np.sin(2 * np.pi * along * bend / period))
    if rng.integers(2):
        # A mesh, a fabric, tiles: the same both ways, or nearly.
        other = period * float(rng.choice((1.0, 1.0, rng.uniform(0.5, 2))))
        waves = np.maximum(waves, np.tanh(sharp * np.sin(2 * np.pi * across * bend / other)))
    seen = np.asarray(cv2.GaussianBlur(waves, (0, 0), float(rng.uniform(0.4, 0.9))), np.float32)
    side = int(rng.integers(96, max(97, min(height, width) // 2)))
    top, left = int(rng.integers(0, height - side + 1)), int(rng.integers(0, width - side + 1))
    part = slice(top, top + side), slice(left, left + side)
    made = pixels.astype(np.float32)
    grain = rng.normal(0, float(rng.uniform(0.5, 3)), (side, side, 1))
    made[part] = 0.4 * made[part] + 70 + float(rng.uniform(8, 50)) * seen[part][..., np.newaxis] + grain
    return np.clip(np.rint(made), 0, 255).astype(np.uint8)


def _screen(pixels: Pixels, rng: Rng) -> Pixels:
    """Return a drawn window with text and lines, and a part of the photograph in it, scaled by every second."""
    height, width = pixels.shape[:2]
    picture = PIL.Image.new("RGB", (width, height), (246, 246, 248))
    draw = PIL.ImageDraw.Draw(picture)
    for row in range(24, height, 14):
        letters = "".join(rng.choice(list("abcdefghij klmnopqrs tuvwxyz"), size=int(rng.integers(20, 80))))
        draw.text((12, row), letters, fill=(40, 40, 48))
    draw.rectangle((0, 0, width, 18), fill=(60, 90, 150))
    shown = _scaled(pixels, _any(rng), rng) if rng.integers(2) else pixels
    inner = PIL.Image.fromarray(shown[: 2 * height // 3, : 2 * width // 3])
    picture.paste(inner, (width // 4, height // 5))
    return np.asarray(picture)


def _file(pixels: Pixels, rng: Rng) -> bytes:
    return saved(pixels, int(rng.choice(FINE)) if rng.integers(2) else None)


def _before(pixels: Pixels, rng: Rng) -> Pixels:
    """Return what an earlier saving left of a picture."""
    return opened(saved(pixels, int(rng.integers(60, 98))))


def as_a_whole(pixels: Pixels, scale: float, rng: Rng) -> bytes:
    """Return a file of all of a picture, scaled."""
    return _file(_scaled(pixels, scale, rng), rng)


CLEAN: Mapping[str, Callable[[Pixels, Rng], bytes]] = {
    "PNG": lambda pixels, rng: saved(pixels, None),
    "repeating": lambda pixels, rng: _file(_repeating(pixels, rng), rng),
    "JPEG, cropped, PNG": lambda pixels, rng: saved(_before(pixels, rng)[3:, 5:], None),
    "JPEG, scaled": lambda pixels, rng: _file(_scaled(_before(pixels, rng), _any(rng), rng), rng),
    "JPEG": lambda pixels, rng: saved(pixels, int(rng.choice(FINE))),
    "scaled, repeating, scaled": lambda pixels, rng: _file(
        _scaled(_repeating(_scaled(pixels, _any(rng), rng), rng), _any(rng), rng), rng
    ),
    "turned": lambda pixels, rng: _file(_turned(pixels, rng), rng),
    "JPEG, cropped, JPEG": lambda pixels, rng: saved(_before(pixels, rng)[3:, 5:], int(rng.choice(FINE))),
    "screenshot": lambda pixels, rng: _file(_screen(pixels, rng), rng),
    "scaled twice": lambda pixels, rng: _file(_scaled(_scaled(pixels, _any(rng), rng), _any(rng), rng), rng),
    "screenshot, scaled": lambda pixels, rng: _file(_scaled(_screen(pixels, rng), _any(rng), rng), rng),
}
"""What is done to a picture that is not changed, or that shows something that repeats."""
AS_IT_WAS = ("PNG", "JPEG", "JPEG, cropped, PNG", "JPEG, cropped, JPEG")
"""Versions that are not scaled."""
