"""
Pictures with a part copied within them, and the clean ones beside them.

A part is a blob with a rounded outline, 2 to 15 % of the area, its edge soft over 1 to 2 pixels; it is laid elsewhere
shifted, turned by up to 30 degrees, scaled by 0.8 to 1.25, mirrored, or several of that. Where it is taken from has
some texture: what is flat cannot be told from any other flat place by anyone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.forensics.files import Mask, Pixels, Rng, blob, of_a_platform, resized, saved

KINDS = ("shifted", "turned", "scaled", "mirrored", "turned and scaled")
AREAS = (0.02, 0.15)
LEAST_DETAIL = 2.0
"""Levels: the median difference between neighbours 2 pixels apart, smoothed, of where a part is taken from."""
TRIES = 60


@dataclass(frozen=True, slots=True)
class Cloned:
    """A picture uint8 [height, width, 3], and both places of what was copied in it, bool [height, width]."""

    pixels: Pixels
    truth: Mask


def cloned(pixels: Pixels, kind: str, rng: Rng) -> Cloned | None:
    """Copy a part of `pixels` as `kind` says; None where no part of it has any texture, or it fits nowhere."""
    height, width = pixels.shape[:2]
    detail = _detail(pixels)
    for _ in range(TRIES):
        area = float(np.exp(rng.uniform(*np.log(AREAS))))
        radius = np.sqrt(area * height * width / np.pi)
        if 2 * radius > 0.95 * min(height, width):
            continue
        source, target = (rng.uniform((radius, radius), (width - radius, height - radius)) for _ in range(2))
        linear = _linear(kind, rng)
        grown = max(1.0, float(np.sqrt(abs(np.linalg.det(linear)))))
        part = _softened(blob(pixels.shape[:2], source, radius, rng), rng)
        if np.hypot(*(target - source)) < radius * (1 + grown) or np.median(detail[part > 0.5]) < LEAST_DETAIL:
            continue
        whole = kind == "shifted"
        shift = target - linear @ source
        matrix = np.column_stack([linear, np.rint(shift) if whole else shift])
        how = cv2.INTER_NEAREST if whole else cv2.INTER_CUBIC
        moved = cv2.warpAffine(pixels, matrix, (width, height), flags=how, borderMode=cv2.BORDER_REFLECT)
        alpha = cv2.warpAffine(part, matrix, (width, height), flags=cv2.INTER_LINEAR)
        laid = pixels + alpha[..., np.newaxis] * (moved.astype(np.float32) - pixels)
        return Cloned(np.clip(np.rint(laid), 0, 255).astype(np.uint8), (part > 0.5) | (alpha > 0.5))
    return None


def _linear(kind: str, rng: Rng) -> NDArray[np.float64]:
    linear = np.eye(2)
    if "turned" in kind:
        angle = np.deg2rad(rng.uniform(3, 30) * rng.choice([-1, 1]))
        linear = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if "scaled" in kind:
        linear = linear * np.exp(rng.uniform(np.log(0.8), np.log(1.25)))
    if "mirrored" in kind:
        linear = linear @ np.diag([-1.0, 1.0])
    return linear


def _detail(pixels: Pixels) -> NDArray[np.float32]:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    apart = np.abs(grey - np.roll(grey, 2, axis=1)) + np.abs(grey - np.roll(grey, 2, axis=0))
    return np.asarray(cv2.GaussianBlur(apart / 2, (0, 0), 4), np.float32)


def _softened(part: Mask, rng: Rng) -> NDArray[np.float32]:
    """Return how much of each pixel, 0..1, belongs to a part."""
    return np.asarray(cv2.GaussianBlur(part.astype(np.float32), (0, 0), float(rng.uniform(0.5, 1.0))), np.float32)


# ---- What comes after ----------------------------------------------------------------------------------------------


def _cut(pixels: Pixels, rng: Rng) -> Pixels:
    height, width = pixels.shape[:2]
    left, right, top, bottom = (round(float(rng.uniform(0.01, 0.2)) * side) for side in (width, width, height, height))
    return np.ascontiguousarray(pixels[top : height - bottom, left : width - right])


AFTER: Mapping[str, Callable[[Pixels], bytes]] = {
    "png": lambda pixels: saved(pixels, None),
    "jpeg 95": lambda pixels: saved(pixels, 95),
    "jpeg 90": lambda pixels: saved(pixels, 90),
    "jpeg 80": lambda pixels: saved(pixels, 80),
    "jpeg 70": lambda pixels: saved(pixels, 70),
    "0.7x": lambda pixels: saved(resized(pixels, 0.7), 85),
}
"""What is done to a forged picture."""

CLEAN: Mapping[str, Callable[[Pixels, Rng], bytes]] = {
    "png": lambda pixels, rng: saved(pixels, None),
    "jpeg 95": lambda pixels, rng: saved(pixels, 95, 0),
    "jpeg 90": lambda pixels, rng: saved(pixels, 90),
    "jpeg 80": lambda pixels, rng: saved(pixels, 80),
    "jpeg 70": lambda pixels, rng: saved(pixels, 70),
    "jpeg 60": lambda pixels, rng: saved(pixels, 60),
    "0.7x": lambda pixels, rng: saved(resized(pixels, 0.7), 85),
    "1.3x": lambda pixels, rng: saved(resized(pixels, 1.3), 90),
    "cut": lambda pixels, rng: saved(_cut(pixels, rng), 90),
    "platform": lambda pixels, rng: of_a_platform(pixels, 75, rng),
}
"""Versions of a clean picture."""
