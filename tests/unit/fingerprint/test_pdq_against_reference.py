"""The kernel against its readable twin, on pictures drawn by chance: noise, and drawings that tie."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from takeback.fingerprint import pdq_hash
from takeback.fingerprint.reference import reference_hash

KINDS = ("noise", "two tones", "stripes", "ramp", "blocks", "flat", "blobs", "fifths")


@st.composite
def pictures(draw: st.DrawFn) -> NDArray[np.uint8]:
    height, width = draw(st.integers(1, 300)), draw(st.integers(1, 200))
    channels = draw(st.sampled_from((1, 3)))
    seed = draw(st.integers(0, 2**32 - 1))
    return picture(draw(st.sampled_from(KINDS)), height, width, channels, seed)


def picture(kind: str, height: int, width: int, channels: int, seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    shape = (height, width) if channels == 1 else (height, width, channels)
    y, x = np.mgrid[:height, :width]
    if kind == "noise":
        return rng.integers(0, 256, shape, dtype=np.uint8)
    if kind == "two tones":
        return rng.integers(0, 2, shape, dtype=np.uint8) * np.uint8(255)
    if kind == "blocks":
        pixels = np.full(shape, rng.integers(256), np.uint8)
        pixels[: height // 2 + 1, width // 3 :] = rng.integers(256, size=channels if channels == 3 else None)
        return pixels
    if kind == "stripes":
        plane = (x // rng.integers(1, 20)) % 2 * 255
    elif kind == "ramp":
        plane = x * rng.integers(0, 4) + y
    elif kind == "fifths":  # every step is a whole number of hundredths of white, where quality is cut
        plane = rng.integers(0, 6, (5, 4))[y // 70, x // 70] * 51
    elif kind == "flat":
        plane = np.full((height, width), rng.integers(256))
    else:
        waves = rng.uniform(0.01, 0.2, (4, 2))
        plane = 128 + sum(31 * np.sin(x * wave[0] + y * wave[1]) for wave in waves)
    grey = plane.astype(np.int64).astype(np.uint8)
    return grey if channels == 1 else np.repeat(grey[..., np.newaxis], 3, axis=2)


@settings(deadline=None, max_examples=300)
@given(pictures())
@example(picture("noise", 64, 64, 3, 1))
@example(picture("noise", 64, 65, 3, 1))
@example(picture("noise", 5, 5, 1, 1))
@example(picture("noise", 4, 300, 3, 1))
@example(picture("two tones", 300, 200, 3, 2))
@example(picture("stripes", 256, 128, 1, 3))
@example(picture("fifths", 131, 150, 3, 18))
def test_kernel_and_readable_twin_agree_on_hash_and_quality(pixels: NDArray[np.uint8]) -> None:
    assert pdq_hash(pixels) == reference_hash(pixels)
