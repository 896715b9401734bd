"""
Pictures with a camera's mosaic of which a part has another or none, and the clean ones beside them.

TRACE's recipe (Bammey, Nikoukhah, Gardella, Grompone von Gioi, Colom, Morel, WACV 2022): one scene developed in two
ways, or two scenes, and a mask. A part is a blob of 2 to 20 % of the area.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import PIL.Image
import PIL.ImageFilter

from benchmarks.forensics.files import Mask, Pixels, Rng, blob, of_a_platform, resized, saved
from benchmarks.forensics.mosaics import WAYS, developed

KINDS = ("shifted, one scene", "put in", "put in, scaled", "put in, no mosaic", "copied within", "filled in", "blurred")
AFTER: Mapping[str, tuple[int, int] | None] = {
    "png": None, "jpeg 98": (98, 0), "jpeg 98, 4:2:0": (98, 2), "jpeg 95, 4:2:0": (95, 2), "jpeg 90, 4:2:0": (90, 2),
}  # fmt: skip
"""How an altered picture is saved: as JPEG of a quality, and with fewer values of the colours."""
LEVELS = (0.7, 1.5, 3.0)
"""Of the noise of a sensor, in levels of middle grey."""
AREAS = (0.02, 0.2)
SCALES = (0.6, 0.8, 1.25, 1.6)


@dataclass(frozen=True, slots=True)
class Altered:
    """A picture uint8 [height, width, 3], the part of it bool [height, width], and how the mosaic of the part lies."""

    pixels: Pixels
    truth: Mask
    way: str
    place: int
    """By which place the part's mosaic is off; 0 of a part without any."""


def altered(pixels: Pixels, other: Pixels, kind: str, rng: Rng) -> Altered:
    """Return `pixels` developed, with one part changed as `kind` says; `other` is what a part is cut from."""
    way, place, level = str(rng.choice(list(WAYS))), int(rng.integers(4)), float(rng.choice(LEVELS))
    off = int(rng.integers(1, 4))
    host = developed(pixels, way, place, level, rng)
    part = part_of(pixels.shape[:2], rng)
    other_way = str(rng.choice(list(WAYS)))
    if kind == "shifted, one scene":
        return Altered(mixed(host, developed(pixels, way, place ^ off, level, rng), part), part, way, off)
    if kind == "put in":
        inner = developed(_fitted(other, pixels.shape[:2]), other_way, place ^ off, level, rng)
        return Altered(mixed(host, inner, part), part, way, off)
    if kind == "put in, scaled":
        inner = resized(developed(other, other_way, place, level, rng), float(rng.choice(SCALES)))
        return Altered(mixed(host, _fitted(inner, pixels.shape[:2]), part), part, way, 0)
    if kind == "put in, no mosaic":
        return Altered(mixed(host, _fitted(other, pixels.shape[:2]), part), part, way, 0)
    if kind == "copied within":
        down, across = (
            2 * int(rng.integers(10, side // 4)) + bit for side, bit in zip(host.shape[:2], divmod(off, 2), strict=True)
        )
        return Altered(mixed(host, np.roll(host, (down, across), (0, 1)), part), part, way, off)
    if kind == "filled in":
        return Altered(np.asarray(cv2.inpaint(host, part.astype(np.uint8), 5, cv2.INPAINT_TELEA)), part, way, 0)
    return Altered(mixed(host, np.asarray(cv2.GaussianBlur(host, (0, 0), 1.5)), part), part, way, 0)


def as_file(pixels: Pixels, after: str) -> bytes:
    """Return a file, saved as one of `AFTER` says."""
    how = AFTER[after]
    return saved(pixels, None) if how is None else saved(pixels, *how)


def mixed(host: Pixels, inner: Pixels, part: Mask) -> Pixels:
    """Lay `part` of `inner` into `host`, all [height, width], with an edge of a pixel or so."""
    alpha = cv2.GaussianBlur(part.astype(np.float32), (0, 0), 0.7)[..., np.newaxis]
    return np.rint(host + alpha * (inner.astype(np.float32) - host)).astype(np.uint8)


def _fitted(pixels: Pixels, shape: tuple[int, ...]) -> Pixels:
    """Return `pixels` continued by themselves, mirrored, where they are smaller than `shape`."""
    missing = [max(0, wanted - side) for wanted, side in zip(shape, pixels.shape, strict=False)]
    return np.pad(pixels, ((0, missing[0]), (0, missing[1]), (0, 0)), "symmetric")[: shape[0], : shape[1]]


def part_of(shape: tuple[int, ...], rng: Rng) -> Mask:
    """Return a blob of 2 to 20 % of a picture, bool of `shape`."""
    height, width = shape
    area = float(np.exp(rng.uniform(*np.log(AREAS))))
    radius = min(float(np.sqrt(area * height * width / np.pi)), 0.4 * min(height, width))
    return blob(shape, rng.uniform((radius, radius), (width - radius, height - radius)), radius, rng)


# ---- Clean pictures ------------------------------------------------------------------------------------------------


def _any(pixels: Pixels, rng: Rng) -> Pixels:
    return developed(pixels, str(rng.choice(list(WAYS))), int(rng.integers(4)), float(rng.choice(LEVELS)), rng)


def _out_of_focus(pixels: Pixels, rng: Rng) -> Pixels:
    """Blur all but a part, as a lens does, before the sensor sees it."""
    blurred = cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(2, 8)))
    return _any(mixed(np.asarray(blurred), pixels, part_of(pixels.shape[:2], rng)), rng)


def _of_a_phone(pixels: Pixels, rng: Rng) -> Pixels:
    """Return what a phone makes of noise: smoothed a little where nothing stands out, and sharpened."""
    smooth = cv2.bilateralFilter(_any(pixels, rng), 5, float(rng.uniform(5, 20)), 1.5)
    return np.asarray(cv2.addWeighted(smooth, 1.5, cv2.GaussianBlur(smooth, (0, 0), 1.2), -0.5, 0))


def _toned(pixels: Pixels, rng: Rng) -> Pixels:
    lab = cv2.cvtColor(_any(pixels, rng), cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(float(rng.uniform(1.5, 4)), (8, 8)).apply(lab[..., 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def _dark_corners(pixels: Pixels, rng: Rng) -> Pixels:
    """Return a picture that a lens darkens towards its corners, and a program lightens again."""
    height, width = pixels.shape[:2]
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    fall = (1 - float(rng.uniform(0.2, 0.4)) * (down**2 + across**2) / 2)[..., np.newaxis]
    dark = _any(np.rint(pixels * fall).astype(np.uint8), rng)
    return np.clip(np.rint(dark / fall), 0, 255).astype(np.uint8)


def _sharpened(pixels: Pixels, rng: Rng) -> Pixels:
    return np.array(PIL.Image.fromarray(_any(pixels, rng)).filter(PIL.ImageFilter.UnsharpMask(1.5, 80)))


def _cropped(pixels: Pixels, rng: Rng) -> Pixels:
    return _any(pixels, rng)[int(rng.integers(1, 20)) :, int(rng.integers(1, 20)) :]


CLEAN: Mapping[str, Callable[[Pixels, Rng], bytes]] = {
    "png": lambda pixels, rng: saved(_any(pixels, rng), None),
    "jpeg 98": lambda pixels, rng: saved(_any(pixels, rng), 98, 0),
    "out of focus, png": lambda pixels, rng: saved(_out_of_focus(pixels, rng), None),
    "jpeg 98, 4:2:0": lambda pixels, rng: saved(_any(pixels, rng), 98),
    "phone, png": lambda pixels, rng: saved(_of_a_phone(pixels, rng), None),
    "jpeg 95, 4:2:0": lambda pixels, rng: saved(_any(pixels, rng), 95),
    "toned, png": lambda pixels, rng: saved(_toned(pixels, rng), None),
    "out of focus, jpeg 97": lambda pixels, rng: saved(_out_of_focus(pixels, rng), 97),
    "dark corners, png": lambda pixels, rng: saved(_dark_corners(pixels, rng), None),
    "jpeg 90, 4:2:0": lambda pixels, rng: saved(_any(pixels, rng), 90),
    "sharpened, png": lambda pixels, rng: saved(_sharpened(pixels, rng), None),
    "phone, jpeg 96": lambda pixels, rng: saved(_of_a_phone(pixels, rng), 96),
    "cropped, png": lambda pixels, rng: saved(_cropped(pixels, rng), None),
    "sharpened, jpeg 96": lambda pixels, rng: saved(_sharpened(pixels, rng), 96),
    "toned, jpeg 97": lambda pixels, rng: saved(_toned(pixels, rng), 97),
    "no mosaic, png": lambda pixels, rng: saved(pixels, None),
    "0.7x, png": lambda pixels, rng: saved(resized(_any(pixels, rng), 0.7), None),
    "2x, png": lambda pixels, rng: saved(resized(_any(pixels, rng), 2), None),
    "platform": lambda pixels, rng: of_a_platform(_any(pixels, rng), 90, rng),
}
"""Versions of a clean picture."""
