"""
Pictures in which a part has other noise than the rest, and the clean ones beside them.

Noise is a sensor's: of the light's own (Poisson) and of the circuits (Gauss), in linear light, and then bent as cameras
do (gamma); this is how TRACE makes its pictures (Bammey, Nikoukhah, Gardella, Grompone von Gioi, Colom, Morel, WACV
2022), from two developments of one photograph and a mask. A part is a blob of 2 to 20 % of the area.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFilter
from numpy.typing import NDArray

from benchmarks.forensics.files import Mask, Pixels, Rng, blob, of_a_platform, opened, resized, saved

KINDS = ("other noise", "blurred", "denoised", "filled in", "put in")
AFTER: Mapping[str, int | None] = {"png": None, "jpeg 95": 95, "jpeg 90": 90, "jpeg 80": 80}
"""How an altered picture is saved."""
RATIOS = (1.5, 2.0, 3.0, 4.0)
"""Times the noise of one part is that of the other."""
LEVELS = (1.5, 2.5, 4.0)
"""Of the weaker noise, where a picture is of middle grey; the noise of a picture that was smoothed in a part."""
AREAS = (0.02, 0.2)
GAMMA = 2.2


@dataclass(frozen=True, slots=True)
class Noised:
    """A picture uint8 [height, width, 3], the part of it bool [height, width], and how many times the noise differs."""

    pixels: Pixels
    truth: Mask
    ratio: float


def noisy(pixels: Pixels, level: float, rng: Rng, grain: float = 0.0) -> Pixels:
    """Return `pixels` with noise of so many levels in middle grey, blurred by `grain` pixels as demosaicing does."""
    light = (pixels.astype(np.float32) / 255) ** GAMMA
    noise = rng.normal(size=light.shape).astype(np.float32)
    if grain:
        noise = cv2.GaussianBlur(noise, (0, 0), grain)
        noise /= noise.std()
    grey = 0.2
    slope = 255 / GAMMA * grey ** (1 / GAMMA - 1)
    spread = np.sqrt((light + 0.02) / (grey + 0.02)) * (level / slope)
    return _rounded(np.clip(light + spread * noise, 0, 1) ** (1 / GAMMA) * 255)


def noised(pixels: Pixels, other: Pixels, kind: str, rng: Rng) -> Noised:
    """Return `pixels` with one part changed as `kind` says; `other` is what a part that is put in is cut from."""
    level = float(rng.choice(LEVELS))
    ratio = float(rng.choice(RATIOS)) if kind in {"other noise", "put in"} else 0.0
    part = _part(pixels.shape[:2], rng)
    if ratio:
        levels = (level, level * ratio) if rng.integers(2) else (level * ratio, level)
        inner = pixels if kind == "other noise" else _fitted(other, pixels.shape[:2])
        return Noised(_laid(noisy(pixels, levels[0], rng), noisy(inner, levels[1], rng), part), part, ratio)
    host = noisy(pixels, level, rng)
    if kind == "filled in":
        return Noised(np.asarray(cv2.inpaint(host, part.astype(np.uint8), 5, cv2.INPAINT_TELEA)), part, ratio)
    smooth = cv2.GaussianBlur(host, (0, 0), 1.2)
    if kind == "denoised":
        smooth = cv2.fastNlMeansDenoisingColored(host, None, 2 * level, 2 * level, 5, 11)
    return Noised(_laid(host, np.asarray(smooth), part), part, ratio)


def _laid(host: Pixels, inner: Pixels, part: Mask) -> Pixels:
    alpha = cv2.GaussianBlur(part.astype(np.float32), (0, 0), 0.7)[..., np.newaxis]
    return _rounded(host + alpha * (inner.astype(np.float32) - host))


def _fitted(pixels: Pixels, shape: tuple[int, ...]) -> Pixels:
    scale = max(1.0, shape[0] / pixels.shape[0], shape[1] / pixels.shape[1])
    size = max(shape[1], round(scale * pixels.shape[1])), max(shape[0], round(scale * pixels.shape[0]))
    resized = pixels if scale == 1 else cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(resized)[: shape[0], : shape[1]]


def _part(shape: tuple[int, ...], rng: Rng) -> Mask:
    height, width = shape
    area = float(np.exp(rng.uniform(*np.log(AREAS))))
    radius = min(float(np.sqrt(area * height * width / np.pi)), 0.4 * min(height, width))
    return blob(shape, rng.uniform((radius, radius), (width - radius, height - radius)), radius, rng)


def _rounded(values: NDArray[np.floating]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


# ---- Clean pictures ------------------------------------------------------------------------------------------------


def _out_of_focus(pixels: Pixels, rng: Rng) -> Pixels:
    """Blur all but a part, as a lens does, before the sensor's noise comes to all."""
    blurred = cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(2, 8)))
    return noisy(_laid(np.asarray(blurred), pixels, _part(pixels.shape[:2], rng)), float(rng.uniform(1, 5)), rng)


def _of_a_phone(pixels: Pixels, rng: Rng) -> Pixels:
    """Return what a phone makes of much noise: smoothed where nothing stands out, and sharpened."""
    host = noisy(pixels, float(rng.uniform(3, 10)), rng, 0.6)
    smooth = cv2.bilateralFilter(host, 7, float(rng.uniform(15, 45)), 3)
    sharp = cv2.addWeighted(smooth, 1.6, cv2.GaussianBlur(smooth, (0, 0), 1.2), -0.6, 0)
    return np.asarray(sharp)


def _denoised(pixels: Pixels, rng: Rng) -> Pixels:
    level = float(rng.uniform(2, 6))
    return np.asarray(cv2.fastNlMeansDenoisingColored(noisy(pixels, level, rng), None, 1.5 * level, level, 5, 11))


def _toned(pixels: Pixels, rng: Rng) -> Pixels:
    """Return `pixels` with the contrast of each place evened out, as pictures of a high dynamic range have it."""
    lab = cv2.cvtColor(noisy(pixels, float(rng.uniform(0.5, 3)), rng), cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(float(rng.uniform(1.5, 4)), (8, 8)).apply(lab[..., 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def _gamma(pixels: Pixels, rng: Rng) -> Pixels:
    return _rounded(255 * (pixels / 255.0) ** float(rng.uniform(0.6, 1.6)))


def _screenshot(pixels: Pixels, rng: Rng) -> Pixels:
    """Show the picture on a drawn page."""
    height, width = pixels.shape[:2]
    page = PIL.Image.new("RGB", (width + 60, height + 160), (248, 248, 250))
    page.paste(PIL.Image.fromarray(pixels), (30, 80))
    drawn = PIL.ImageDraw.Draw(page)
    drawn.rectangle((0, 0, width + 60, 50), fill=tuple(int(each) for each in rng.integers(20, 230, 3)))
    for at in range(4):
        drawn.text((40, height + 90 + 15 * at), "a line of text below the picture " * 2, fill=(30, 30, 30))
    return np.array(page)


def _drawing(pixels: Pixels, rng: Rng) -> Pixels:
    """Return few even colours, with slopes between some."""
    few = cv2.medianBlur(cv2.medianBlur(pixels, 5) // 32 * 32, 7)
    slope = np.linspace(0, float(rng.uniform(10, 60)), few.shape[1])[np.newaxis, :, np.newaxis]
    return _rounded(np.clip(few * 0.8 + slope, 0, 255))


def _sharpened(pixels: Pixels) -> Pixels:
    return np.array(PIL.Image.fromarray(pixels).filter(PIL.ImageFilter.UnsharpMask(1.5, 80)))


CLEAN: Mapping[str, Callable[[Pixels, Rng], bytes]] = {
    "png": lambda pixels, rng: saved(pixels, None),
    "noise, png": lambda pixels, rng: saved(noisy(pixels, float(rng.uniform(1, 10)), rng), None),
    "jpeg 95": lambda pixels, rng: saved(pixels, 95, 0),
    "noise, jpeg 92": lambda pixels, rng: saved(noisy(pixels, float(rng.uniform(1, 10)), rng), 92),
    "jpeg 90": lambda pixels, rng: saved(pixels, 90),
    "grain, jpeg 90": lambda pixels, rng: saved(noisy(pixels, float(rng.uniform(1, 10)), rng, 0.6), 90),
    "jpeg 80": lambda pixels, rng: saved(pixels, 80),
    "out of focus, png": lambda pixels, rng: saved(_out_of_focus(pixels, rng), None),
    "0.7x, png": lambda pixels, rng: saved(resized(pixels, 0.7), None),
    "out of focus, jpeg 93": lambda pixels, rng: saved(_out_of_focus(pixels, rng), 93),
    "0.7x, jpeg 90": lambda pixels, rng: saved(resized(pixels, 0.7), 90),
    "phone": lambda pixels, rng: saved(_of_a_phone(pixels, rng), int(rng.integers(85, 98))),
    "1.3x, png": lambda pixels, rng: saved(resized(pixels, 1.3), None),
    "denoised, png": lambda pixels, rng: saved(_denoised(pixels, rng), None),
    "jpeg 85, cut, png": lambda pixels, rng: saved(opened(saved(pixels, 85))[5:, 3:], None),
    "toned, jpeg 95": lambda pixels, rng: saved(_toned(pixels, rng), 95),
    "jpeg 75, jpeg 92": lambda pixels, rng: saved(opened(saved(pixels, 75)), 92),
    "sharpened, png": lambda pixels, rng: saved(_sharpened(pixels), None),
    "gamma, png": lambda pixels, rng: saved(_gamma(pixels, rng), None),
    "screenshot, png": lambda pixels, rng: saved(_screenshot(pixels, rng), None),
    "drawing, png": lambda pixels, rng: saved(_drawing(pixels, rng), None),
    "platform": lambda pixels, rng: of_a_platform(pixels, 85, rng),
}
"""Versions of a clean picture."""
