"""Drawn pictures with corners, what is done to them, and where a point of the original then lies."""

from __future__ import annotations

import numpy as np
import PIL.Image
import PIL.ImageDraw
from numpy.typing import NDArray
from tests.house import drawn

type Pixels = NDArray[np.uint8]

WIDTH, HEIGHT = 600, 480


def cornered(seed: int) -> Pixels:
    """Draw soft blobs with bars, discs and triangles over them, uint8 [480, 600, 3], different for each seed."""
    rng = np.random.default_rng(seed)
    picture = PIL.Image.fromarray(drawn(seed)).resize((WIDTH, HEIGHT), PIL.Image.Resampling.BICUBIC)
    draw = PIL.ImageDraw.Draw(picture)
    for _ in range(90):
        x, y = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)
        spread = rng.uniform(10, 40)
        corners = [(x + dx, y + dy) for dx, dy in rng.uniform(-spread, spread, (3, 2))]
        draw.polygon(corners, fill=tuple(int(value) for value in rng.integers(0, 256, 3)))
    return np.asarray(picture)


def cropped(pixels: Pixels, left: int, top: int, right: int, bottom: int) -> Pixels:
    return np.ascontiguousarray(pixels[top:bottom, left:right])


def scaled(pixels: Pixels, factor: float) -> Pixels:
    height, width = pixels.shape[:2]
    size = round(width * factor), round(height * factor)
    return np.asarray(PIL.Image.fromarray(pixels).resize(size, PIL.Image.Resampling.LANCZOS))


def turned(pixels: Pixels, degrees: float) -> Pixels:
    """Turn counter-clockwise about the middle; the size stays, the corners are lost."""
    return np.asarray(PIL.Image.fromarray(pixels).rotate(degrees, PIL.Image.Resampling.BICUBIC))


def mirrored(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[:, ::-1])


def pasted(pixels: Pixels, ground: Pixels, left: int, top: int) -> Pixels:
    sheet = ground.copy()
    sheet[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return sheet
