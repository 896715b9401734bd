"""The pictures of the simulation: drawn by a script, and copies of them as people post them on."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from tests.house import Pixels, drawn


def original(number: int) -> Pixels:
    return drawn(10_000 + number)


def as_posted(number: int, copy: int) -> bytes:
    """Return the JPEG of one copy: saved again, made smaller or larger, a little darker or lighter; 0 is the first."""
    rng = np.random.default_rng((number, copy))
    picture = Image.fromarray(original(number))
    if copy:
        by = rng.uniform(0.7, 1.3)
        picture = picture.resize((round(picture.width * by), round(picture.height * by)), Image.Resampling.BICUBIC)
        light = rng.uniform(0.92, 1.08)
        picture = picture.point(lambda value: min(255, round(value * light)))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=int(rng.integers(60, 93)))
    return buffer.getvalue()
