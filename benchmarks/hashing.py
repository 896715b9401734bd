"""PDQ of decoded photographs: Takeback's kernel against the package `pdqhash`, in one run, on one thread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pdqhash
import PIL.Image
from numpy.typing import NDArray

from takeback.fingerprint import pdq_hash, pdq_orientations

NAME = "hashing"
PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "photos"
CAMERA_STEP, SCENE_STEP = 3, 29
"""Every third camera file (14) and every 29th scene (7)."""
ENLARGED_TO = (4e6, 8e6, 12e6)
"""Pixels; each scene is also enlarged to one of these, in turn."""
ROUNDS = 5


def run() -> dict[str, object]:
    """Time both on the same pixels, alternately; medians of 5 rounds in milliseconds, decoding left out."""
    if not PHOTOS.is_dir():
        return {"skipped": "the photographs are not beside the project (../shared/photos)"}
    rows = [_compared(pixels) for pixels in _pictures()]
    large = [row for row in rows if row["megapixels"] >= 4]
    result: dict[str, object] = {
        "pictures": len(rows),
        "bits_apart_at_most": max(row["bits_apart"] for row in rows),
        "qualities_apart_at_most": max(row["quality_apart"] for row in rows),
        "all": _summary(rows),
        "four_megapixels_and_more": _summary(large),
        "rows": rows,
    }
    _print_table(rows, result)
    return result


def _pictures() -> Iterator[NDArray[np.uint8]]:
    for path in sorted((PHOTOS / "camera").iterdir())[::CAMERA_STEP]:
        with PIL.Image.open(path) as picture:
            yield np.array(picture.convert("RGB"))
    for number, path in enumerate(sorted((PHOTOS / "scenes").iterdir())[::SCENE_STEP]):
        with PIL.Image.open(path) as picture:
            scene = picture.convert("RGB")
        yield np.array(scene)
        pixels = ENLARGED_TO[number % len(ENLARGED_TO)]
        size = round((pixels * 4 / 3) ** 0.5), round((pixels * 3 / 4) ** 0.5)
        yield np.array(scene.resize(size, PIL.Image.Resampling.BICUBIC))


def _compared(pixels: NDArray[np.uint8]) -> dict[str, float]:
    calls: dict[str, Callable[[], object]] = {
        "ours_ms": lambda: pdq_hash(pixels),
        "pdqhash_ms": lambda: pdqhash.compute(pixels),
        "ours_eight_ms": lambda: pdq_orientations(pixels),
        "pdqhash_eight_ms": lambda: pdqhash.compute_dihedral(pixels),
    }
    taken: dict[str, list[float]] = {call: [] for call in calls}
    for _ in range(ROUNDS):
        for call, work in calls.items():
            start = time.perf_counter()
            work()
            taken[call].append(1e3 * (time.perf_counter() - start))
    ours, (bits, quality) = pdq_hash(pixels), pdqhash.compute(pixels)
    row: dict[str, float] = {call: statistics.median(times) for call, times in taken.items()}
    row["megapixels"] = pixels.shape[0] * pixels.shape[1] / 1e6
    row["ratio"] = row["pdqhash_ms"] / row["ours_ms"]
    row["bits_apart"] = int(np.count_nonzero(np.unpackbits(ours.array()) != bits))
    row["quality_apart"] = abs(ours.quality - quality)
    return row


def _summary(rows: list[dict[str, float]]) -> dict[str, float]:
    columns = ("megapixels", "ours_ms", "pdqhash_ms", "ratio", "ours_eight_ms", "pdqhash_eight_ms")
    summary = {f"median_{column}": statistics.median(row[column] for row in rows) for column in columns}
    summary["ratio_of_sums"] = sum(row["pdqhash_ms"] for row in rows) / sum(row["ours_ms"] for row in rows)
    return summary


def _print_table(rows: list[dict[str, float]], result: dict[str, object]) -> None:
    columns = ("megapixels", "ours_ms", "pdqhash_ms", "ratio", "ours_eight_ms", "pdqhash_eight_ms", "bits_apart")
    print(" ".join(f"{column:>16}" for column in columns))
    for row in sorted(rows, key=lambda row: row["megapixels"]):
        print(" ".join(f"{row[column]:16.2f}" for column in columns))
    for name in ("all", "four_megapixels_and_more"):
        print(name, result[name])


if __name__ == "__main__":
    run()
