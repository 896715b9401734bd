"""Files and parts that the benchmarks of the blind tests make alike."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
from numpy.typing import NDArray

type Pixels = NDArray[np.uint8]
type Mask = NDArray[np.bool_]
type Rng = np.random.Generator


def saved(pixels: Pixels, quality: int | None, subsampling: int = 2) -> bytes:
    """Return a file: JPEG of a `quality`, or PNG."""
    file = io.BytesIO()
    if quality is None:
        PIL.Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    else:
        PIL.Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()


def opened(data: bytes) -> Pixels:
    """Return the pixels of a file."""
    return np.array(PIL.Image.open(io.BytesIO(data)).convert("RGB"))


def resized(pixels: Pixels, scale: float) -> Pixels:
    """Return `pixels` scaled."""
    size = max(1, round(scale * pixels.shape[1])), max(1, round(scale * pixels.shape[0]))
    return np.array(PIL.Image.fromarray(pixels).resize(size, PIL.Image.Resampling.LANCZOS))


def of_a_platform(pixels: Pixels, quality: int, rng: Rng) -> bytes:
    """Reduce to what a messenger sends, save, and save again with `quality`."""
    scale = min(1.0, float(rng.uniform(0.6, 0.95)), 1600 / max(pixels.shape[:2]))
    return saved(opened(saved(resized(pixels, scale), 85)), quality)


def blob(shape: tuple[int, ...], at: NDArray[np.float64], radius: float, rng: Rng) -> Mask:
    """Return a circle around `at` (x, y) whose radius wavers, bool [height, width]."""
    height, width = shape
    down, across = np.mgrid[:height, :width]
    angle = np.arctan2(down - at[1], across - at[0])
    outline = np.ones_like(angle)
    for wave in range(2, 6):
        outline += rng.uniform(0, 0.25 / wave) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    return np.asarray(np.hypot(across - at[0], down - at[1]) < radius * outline)
