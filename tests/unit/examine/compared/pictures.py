"""Files of drawn pictures, and what is done to them before they are compared."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from tests.unit.registration.pictures import cornered

type Pixels = NDArray[np.uint8]

HEIGHT, WIDTH = 480, 600
PATCH = (320, 180, 70, 60)
"""Left, top, width, height of what `patched` changes."""


def png(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def jpeg(pixels: Pixels, quality: int = 75, **options: object) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", quality=quality, **options)
    return file.getvalue()


def opened(data: bytes) -> Pixels:
    return np.array(PIL.Image.open(io.BytesIO(data)).convert("RGB"))


def patched(pixels: Pixels, seed: int = 8) -> Pixels:
    """Replace one part by a part of another picture."""
    left, top, width, height = PATCH
    changed = pixels.copy()
    changed[top : top + height, left : left + width] = cornered(seed)[100 : 100 + height, 100 : 100 + width]
    return changed


def toned(pixels: Pixels) -> Pixels:
    """Make it lighter, warmer and less saturated, darker towards the corners."""
    values = (pixels / 255.0) ** 0.8 * (1.05, 1.0, 0.92)
    grey = values.mean(axis=2, keepdims=True)
    values = grey + 0.8 * (values - grey)
    y, x = np.mgrid[-1 : 1 : pixels.shape[0] * 1j, -1 : 1 : pixels.shape[1] * 1j]
    values = values * (1 - 0.1 * (x**2 + y**2))[..., np.newaxis]
    return np.asarray(np.rint(255 * values).clip(0, 255), np.uint8)


def scaled(pixels: Pixels, by: float, how: PIL.Image.Resampling = PIL.Image.Resampling.LANCZOS) -> Pixels:
    size = round(by * pixels.shape[1]), round(by * pixels.shape[0])
    return np.array(PIL.Image.fromarray(pixels).resize(size, how))


def on_screen(pixels: Pixels, left: int = 20, above: int = 64, below: int = 90) -> Pixels:
    """Show it in a dark frame."""
    height, width = pixels.shape[:2]
    screen = np.full((height + above + below, width + 2 * left, 3), 24, np.uint8)
    screen[above : above + height, left : left + width] = pixels
    screen[10:30, 10:200] = 220
    return screen
