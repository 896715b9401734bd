"""Pristine pictures made of photographs, and saved as people's software and platforms do."""

from __future__ import annotations

import io
from collections.abc import Iterator

import cv2
import numpy as np
import PIL.Image
import simplejpeg
from numpy.typing import NDArray

from benchmarks.photographs import Photograph
from takeback.media import decode_image

LONG_SIDE = 1024
"""Pixels of a pristine picture, at most."""
LARGE = 1000
"""Pixels of a photograph's longer side from which it is halved; of a smaller one three quarters are kept."""

QUALITIES = (50, 55, 60, 65, 70, 75, 80, 85, 90, 95)
ENCODERS = ("pillow", "pillow 4:4:4", "pillow progressive", "simplejpeg", "simplejpeg fast", "opencv")

type Pixels = NDArray[np.uint8]


def pristine(photograph: Photograph) -> Pixels:
    """Return a photograph scaled down, so that nothing is left of how it was saved; uint8 [height, width, 3]."""
    pixels = decode_image(photograph.path.read_bytes()).pixels
    longer = max(pixels.shape[:2])
    return scaled(pixels, min(0.5 if longer >= LARGE else 0.75, LONG_SIDE / longer))


def scaled(pixels: Pixels, scale: float) -> Pixels:
    """Return `pixels` at `scale`."""
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    return np.asarray(PIL.Image.fromarray(pixels).resize(size, PIL.Image.Resampling.LANCZOS))


def saved(pixels: Pixels, quality: int, encoder: str = "pillow") -> bytes:
    """Return a JPEG file."""
    pixels = np.ascontiguousarray(pixels)
    if encoder == "opencv":
        return bytes(cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1])
    if encoder.startswith("simplejpeg"):
        return simplejpeg.encode_jpeg(pixels, quality, "RGB", "420", fastdct=encoder.endswith("fast"))
    held = io.BytesIO()
    how = {"subsampling": 0} if encoder.endswith("4:4:4") else {}
    PIL.Image.fromarray(pixels).save(held, "JPEG", quality=quality, progressive=encoder.endswith("progressive"), **how)
    return held.getvalue()


def with_own_tables(pixels: Pixels, scale: float) -> bytes:
    """Return a JPEG file with tables that are not libjpeg's: steps that grow evenly with the frequency."""
    table = [1 + round(scale * (2 + place // 8 + place % 8)) for place in range(64)]
    held = io.BytesIO()
    PIL.Image.fromarray(pixels).save(held, "JPEG", qtables=[table, table])
    return held.getvalue()


def decoded(data: bytes, *, by_opencv: bool = False) -> Pixels:
    """Return the pixels of a JPEG file."""
    if by_opencv:
        return np.ascontiguousarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1])
    return simplejpeg.decode_jpeg(data, "RGB")


def clean_versions(pixels: Pixels, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """Yield what was done, and the file: saved once, twice and more often, scaled, cropped and lightened between."""

    def quality() -> int:
        return int(rng.choice(QUALITIES)) + int(rng.integers(-2, 3))

    def any_saved(of: Pixels) -> bytes:
        return saved(of, quality(), str(rng.choice(ENCODERS)))

    def again(data: bytes) -> Pixels:
        return decoded(data, by_opencv=bool(rng.integers(2)))

    for _ in range(2):
        yield "once", any_saved(pixels)
    for _ in range(4):
        yield "twice", any_saved(again(any_saved(pixels)))
    for _ in range(6):
        first = int(rng.integers(50, 91))
        yield (
            "twice, finer",
            saved(again(saved(pixels, first, str(rng.choice(ENCODERS)))), min(98, first + int(rng.integers(5, 31)))),
        )
    yield "twice, own tables", any_saved(again(with_own_tables(pixels, float(rng.uniform(0.5, 4)))))
    yield "own tables last", with_own_tables(again(any_saved(pixels)), float(rng.uniform(0.3, 3)))
    yield "three times", any_saved(again(any_saved(again(any_saved(pixels)))))
    yield "scaled between", any_saved(scaled(again(any_saved(pixels)), float(rng.uniform(0.5, 0.95))))
    left, top = (int(each) for each in rng.integers(0, 8, 2))
    yield "cropped between", any_saved(again(any_saved(pixels))[top:, left:])
    lighter = np.clip(again(any_saved(pixels)) * rng.uniform(0.85, 1.15), 0, 255).astype(np.uint8)
    yield "lightened between", any_saved(lighter)
    platform = saved(scaled(again(any_saved(pixels)), 0.7), 85)
    yield "platform, twice", saved(again(platform), int(rng.integers(85, 96)))
    yield "grey", _grey(pixels, quality(), quality())


def _grey(pixels: Pixels, first: int, second: int) -> bytes:
    data = io.BytesIO()
    PIL.Image.fromarray(pixels).convert("L").save(data, "JPEG", quality=first)
    again = io.BytesIO()
    PIL.Image.open(data).save(again, "JPEG", quality=second)
    return again.getvalue()
