"""
The photographs that the copy benchmark and the calibration use: those beside the project, and those of Debian packages.

Places, things and animals. Each has a `family`: pictures of one family are variants of one picture (a light and a
dark one, two sizes) and are copies of each other, so one of each is used, and families never lie in both halves of a
split.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from takeback.media import decode_image

SHARED = Path(__file__).resolve().parents[2] / "shared" / "photos"
PACKAGES = (
    "mate-backgrounds",
    "lomiri-wallpapers-16.04",
    "plasma-workspace-wallpapers",
    "opencv-doc",
    "python3-skimage",
)
LONG_SIDE = 1280
"""Pixels: what a picture is reduced to before it is edited, as a phone does before it sends one."""
_VARIANTS = {"scenes/143"}
"""The same picture as another one (scenes/093) in other light: a copy of it, so one family with it."""

_WALLPAPERS = Path("/usr/share/backgrounds")
_PLASMA = Path("/usr/share/wallpapers")
_OPENCV = Path("/usr/share/doc/opencv-doc/examples")
_SKIMAGE = Path("/usr/lib/python3/dist-packages/skimage/data")

_MATE = [
    "abstract/Elephants",
    "nature/Aqua",
    "nature/Blinds",
    "nature/Dune",
    "nature/FreshFlower",
    "nature/Garden",
    "nature/GreenMeadow",
    "nature/LadyBird",
    "nature/RainDrops",
    "nature/Storm",
    "nature/TwoWings",
    "nature/Wood",
    "nature/YellowFlower",
    "desktop/GreenTraditional",
    "desktop/Stripes",
]
_OPENCV_NAMES = [
    "data/aero1",
    "data/aloeL",
    "data/apple",
    "data/baboon",
    "data/blox",
    "data/board",
    "data/box_in_scene",
    "data/building",
    "data/butterfly",
    "data/fruits",
    "data/graf1",
    "data/HappyFish",
    "data/home",
    "data/leuvenA",
    "data/licenseplate_motion",
    "data/orange",
    "data/rubberwhale1",
    "data/smarties",
    "data/squirrel_cls",
    "data/starry_night",
    "data/stuff",
    "alphamat/input_images/plant",
    "hfs/data/000",
]
_SKIMAGE_NAMES = [
    "brick",
    "cell",
    "chelsea",
    "coffee",
    "coins",
    "grass",
    "gravel",
    "hubble_deep_field",
    "ihc",
    "moon",
    "motorcycle_left",
    "retina",
    "rocket",
]

type Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Photograph:
    """One photograph: its family's name, and where it lies."""

    family: str
    path: Path

    def pixels(self, long_side: int = LONG_SIDE) -> Pixels:
        """Return it upright, uint8 [height, width, 3], at most `long_side` long."""
        return reduced(decode_image(self.path.read_bytes()).pixels, long_side)


def reduced(pixels: Pixels, long_side: int) -> Pixels:
    """Return `pixels` at most `long_side` long."""
    height, width = pixels.shape[:2]
    if max(height, width) <= long_side:
        return pixels
    scale = long_side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(PIL.Image.fromarray(pixels).resize(size, PIL.Image.Resampling.LANCZOS))


def all_photographs() -> list[Photograph]:
    """Return one photograph of each family that is here, by the names of the families."""
    every = [*_shared(), *_packages()]
    found = [Photograph(name, path) for name, path in every if path.is_file() and name not in _VARIANTS]
    return sorted(found, key=lambda each: each.family)


def missing() -> list[str]:
    """Say which sources are not on this machine."""
    folders = {
        "../shared/photos": SHARED,
        "mate-backgrounds": _WALLPAPERS / "mate",
        "lomiri-wallpapers-16.04": _WALLPAPERS / "Dragonfly_by_Bolly.jpg",
        "plasma-workspace-wallpapers": _PLASMA / "Autumn",
        "opencv-doc": _OPENCV / "data",
        "python3-skimage": _SKIMAGE,
    }
    return [name for name, path in folders.items() if not path.exists()]


def halves(photographs: Sequence[Photograph]) -> tuple[list[Photograph], list[Photograph]]:
    """Split by family, always the same way: one half to set thresholds by, the other to test them."""
    ranked = sorted(photographs, key=lambda each: hashlib.sha256(each.family.encode()).digest())
    return ranked[0::2], ranked[1::2]


def _shared() -> Iterator[tuple[str, Path]]:
    for folder in ("scenes", "camera"):
        for path in sorted((SHARED / folder).glob("*")):
            if path.suffix.lower() == ".jpg":
                yield f"{folder}/{path.stem}", path


def _packages() -> Iterator[tuple[str, Path]]:
    for path in sorted(_WALLPAPERS.glob("*_by_*.jpg")):
        yield f"lomiri/{path.stem}", path
    for name in _MATE:
        yield from _named("mate", _WALLPAPERS / "mate", name)
    for folder in sorted(_PLASMA.glob("*/contents/images")):
        sizes = sorted(folder.iterdir(), key=lambda path: path.stat().st_size)
        yield f"plasma/{folder.parents[1].name}", sizes[len(sizes) // 2]
    for name in _OPENCV_NAMES:
        yield from _named("opencv", _OPENCV, name)
    for name in _SKIMAGE_NAMES:
        yield from _named("skimage", _SKIMAGE, name)


def _named(source: str, folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    for suffix in (".jpg", ".png"):
        path = folder / f"{name}{suffix}"
        if path.is_file():
            yield f"{source}/{path.stem}", path
