"""Pictures of every awkward shape, hashed and resampled: what each level of the kernel must answer alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.fingerprint import nearest_512, pdq_orientations

SHAPES = (
    *((5, 5), (5, 300), (7, 3000), (3000, 7), (37, 12), (63, 200), (64, 64), (64, 65), (65, 64), (127, 128)),
    *((128, 127), (129, 129), (129, 641), (191, 193), (255, 257), (300, 200), (512, 512), (777, 1000), (1283, 1049)),
    # Windows of more than 64 rows, whose weights take more than one digit, and of more than 127.
    *((8193, 65), (20_000, 70), (70, 20_000)),
)


def smooth(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """Slow waves: few coefficients lie near the median, so that the quick plane is what answers."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = rng.uniform(2, 30, (5, 2))
    plane = 128 + sum(24 * np.sin(x * wave[0] / width + y * wave[1] / height) for wave in waves)
    noisy = plane[..., np.newaxis] + rng.integers(0, 8, (height, width, 3))
    pixels: NDArray[np.uint8] = np.clip(noisy, 0, 255).astype(np.uint8)
    return pixels


def pictures() -> Iterator[NDArray[np.uint8]]:
    """Yield each shape smooth and as noise, in colour and grey, and views of them whose rows lie apart."""
    for seed, (height, width) in enumerate(SHAPES):
        waves = smooth(height, width, seed)
        noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        yield from (waves, noise, np.ascontiguousarray(waves[..., 1]), np.ascontiguousarray(noise[..., 2]))
        yield from (noise[::-1], waves[::2], waves[height // 7 :, width // 5 : width - width // 9])
    yield np.full((300, 211, 3), 255, np.uint8)
    yield np.full((20_000, 70), 255, np.uint8)


def answers() -> list[str]:
    """Return code and quality of every picture in every orientation, also by nearest neighbours; and other sizes."""
    found = []
    for picture in pictures():
        for pixels in (picture, nearest_512(picture)):
            found += [f"{each.hex()} {each.quality}" for each in pdq_orientations(pixels).values()]
        found += [digest for side in (96, 250) for digest in resampled(picture, side)]
    return found


def resampled(picture: NDArray[np.uint8], side: int) -> Iterator[str]:
    """Yield digests of the picture and its luminance squashed to a square."""
    for work in (_native.resample, _native.resample_luminance):
        yield hashlib.sha256(work(picture, side, side)).hexdigest()


def main() -> None:
    """Print the level and the answers, for another process to compare."""
    print(json.dumps({"level": _native.LEVEL, "answers": answers()}))  # noqa: T201 - stdout is the answer
