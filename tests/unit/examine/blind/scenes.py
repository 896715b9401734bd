"""Pictures that a script draws, with detail as a photograph has it, and how they are saved."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from takeback.examine.subject import Subject, read_subject
from takeback.media import MediaLimits

type Pixels = NDArray[np.uint8]


def scene(height: int, width: int, seed: int) -> Pixels:
    """Return clouds of every size in three colours, far from black and white, uint8 [height, width, 3]."""
    rng = np.random.default_rng(seed)
    down, across = np.meshgrid(np.fft.fftfreq(height), np.fft.rfftfreq(width), indexing="ij")
    falloff = 1 / np.maximum(np.hypot(down, across), 1 / max(height, width)) ** 1.2
    planes = []
    for _ in range(3):
        waves = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(height, width))) * falloff, s=(height, width))
        planes.append(128 + 24 * (waves - waves.mean()) / waves.std())
    return np.clip(np.rint(np.stack(planes, axis=-1)), 24, 231).astype(np.uint8)


def as_file(pixels: Pixels, kind: str, quality: int = 0) -> bytes:
    """Return `pixels` as a file; a JPEG has libjpeg's tables."""
    into = io.BytesIO()
    PIL.Image.fromarray(pixels).save(into, kind, **({"quality": quality} if kind == "JPEG" else {}))
    return into.getvalue()


def resaved(pixels: Pixels, quality: int) -> Pixels:
    """Return what is left of `pixels` in a JPEG."""
    with PIL.Image.open(io.BytesIO(as_file(pixels, "JPEG", quality))) as picture:
        return np.asarray(picture.convert("RGB"))


def subject(pixels: Pixels, kind: str = "PNG", quality: int = 0) -> Subject:
    """Return a file of `pixels` as the tests of an examination read it."""
    return read_subject(as_file(pixels, kind, quality), MediaLimits())
