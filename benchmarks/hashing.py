"""
PDQ in one run, on one thread: of decoded pixels against the package `pdqhash`, of JPEG files against HMA's route.

`python -m benchmarks.hashing` prints the tables. Each level of the kernel is timed in a process of its own.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pdqhash
import PIL.Image
import simplejpeg
from numpy.typing import NDArray

from takeback import _native
from takeback.fingerprint import Route, pdq_hash, pdq_of_file, pdq_orientations

NAME = "hashing"
PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "photos"
LEVELS = ("portable", "neon", "avx2", "avx512")
ROUNDS = 7
SCENE_STEP = 29
"""Every 29th scene (7) is timed as it is, 512 × 512, and enlarged to one of these, in turn."""
ENLARGED_TO = (2.5e6, 4e6, 8e6, 12e6)
LARGE = (2.0, 13.0)
"""Megapixels between which a picture counts as large: the targets are for these."""

type Pixels = NDArray[np.uint8]
type Row = dict[str, float]


def run() -> dict[str, object]:
    """Time every pair alternately, on the same data; medians of 7 rounds in milliseconds."""
    if not PHOTOS.is_dir():
        return {"skipped": "the photographs are not beside the project (../shared/photos)"}
    rows = [_pixels_row(pixels) for pixels in _pictures()]
    files = [_file_row(path.read_bytes()) for path in _cameras()]
    result: dict[str, object] = {
        "level": _native.LEVEL,
        "exact": _exactness(),
        "pixels_small": _summary([row for row in rows if row["megapixels"] < 0.3]),
        "pixels_large": _summary([row for row in rows if LARGE[0] <= row["megapixels"] <= LARGE[1]]),
        "levels": _levels([row["pdqhash_ms"] for row in rows], [row["megapixels"] for row in rows]),
        "jpeg_files": _summary(files),
        "jpeg_files_large": _summary([row for row in files if LARGE[0] <= row["megapixels"] <= LARGE[1]]),
        "luminance_route": _luminance_distances(),
        "pixels_rows": _compact(rows),
        "jpeg_rows": _compact(files),
    }
    _print(result, rows, files)
    return result


# ---- Decoded pixels ---------------------------------------------------------------------------------------------


def _pixels_row(pixels: Pixels) -> Row:
    taken = _timed(
        {
            "ours_ms": lambda: pdq_hash(pixels),
            "eight_ms": lambda: pdq_orientations(pixels),
            "pdqhash_ms": lambda: pdqhash.compute(pixels),
            "pdqhash_dihedral_ms": lambda: pdqhash.compute_dihedral(pixels),
        }
    )
    return {
        "megapixels": pixels.shape[0] * pixels.shape[1] / 1e6,
        **taken,
        "ratio": taken["pdqhash_ms"] / taken["ours_ms"],
        "eight_to_one": taken["eight_ms"] / taken["ours_ms"],
    }


def _pictures() -> Iterator[Pixels]:
    for path in _cameras():
        yield _opened(path)
    for number, path in enumerate(_scenes()[::SCENE_STEP]):
        scene = PIL.Image.fromarray(_opened(path))
        yield np.array(scene)
        pixels = ENLARGED_TO[number % len(ENLARGED_TO)]
        size = round((pixels * 4 / 3) ** 0.5), round((pixels * 3 / 4) ** 0.5)
        yield np.array(scene.resize(size, PIL.Image.Resampling.BICUBIC))


def _exactness() -> dict[str, int]:
    """Compare code and quality with `pdqhash` on every photograph."""
    bits, qualities, pictures = 0, 0, 0
    for path in (*_cameras(), *_scenes()):
        pixels = _opened(path)
        ours, (theirs, quality) = pdq_hash(pixels), pdqhash.compute(pixels)
        bits = max(bits, int(np.count_nonzero(np.unpackbits(ours.array()) != theirs)))
        qualities = max(qualities, abs(ours.quality - quality))
        pictures += 1
    return {"pictures": pictures, "bits_apart_at_most": bits, "qualities_apart_at_most": qualities}


def _levels(pdqhash_ms: Sequence[float], megapixels: Sequence[float]) -> dict[str, Row]:
    """
    Time each level that this machine has on the large pictures, in a process of its own.

    Alone there, with the picture still in the cache: compare levels with each other, and take the ratio to
    the rival from `pixels_large`, where both are called in turn.
    """
    found: dict[str, Row] = {}
    for level in LEVELS:
        command = [sys.executable, "-c", "from benchmarks.hashing import time_level; time_level()"]
        env = {**os.environ, "TAKEBACK_KERNEL": level}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            continue
        ours = json.loads(done.stdout)
        large = [number for number, size in enumerate(megapixels) if LARGE[0] <= size <= LARGE[1]]
        found[level] = {
            "median_ours_ms": statistics.median(ours[number] for number in large),
            "median_ratio": statistics.median(pdqhash_ms[number] / ours[number] for number in large),
        }
    return found


def time_level() -> None:
    """Print the milliseconds for each picture at the level that this process uses."""
    print(json.dumps([_timed({"ours": lambda pixels=pixels: pdq_hash(pixels)})["ours"] for pixels in _pictures()]))


# ---- JPEG files -------------------------------------------------------------------------------------------------


def _file_row(data: bytes) -> Row:
    taken = _timed(
        {
            "ours_ms": lambda: pdq_of_file(data),
            "exact_ms": lambda: pdq_of_file(data, exact=True),
            "decode_ms": lambda: simplejpeg.decode_jpeg(data, "GRAY"),
            "hma_ms": lambda: hma_route(data),
        }
    )
    with PIL.Image.open(io.BytesIO(data)) as picture:
        megapixels = picture.width * picture.height / 1e6
    return {
        "megapixels": megapixels,
        **taken,
        "ratio": taken["hma_ms"] / taken["ours_ms"],
        "to_decoding": taken["ours_ms"] / taken["decode_ms"],
    }


def hma_route(data: bytes) -> tuple[str, int]:
    """Hash a file as HMA does (`threatexchange`, signal type pdq): Pillow's array, the package, hexadecimal text."""
    with PIL.Image.open(io.BytesIO(data)) as picture:
        pixels = np.asarray(picture.convert("RGB") if picture.mode == "LA" else picture)
    if pixels.ndim == 2:
        pixels = np.concatenate([pixels[..., np.newaxis]] * 3, axis=2)
    bits, quality = pdqhash.compute(pixels)
    return np.packbits(bits.astype(np.uint8)).tobytes().hex(), quality


def _luminance_distances() -> dict[str, float]:
    """Compare the luminance route with the pixels' on every photograph that has such a plane."""
    bits, qualities, without = [], [], 0
    for path in (*_cameras(), *_scenes()):
        data = path.read_bytes()
        quick, exact = pdq_of_file(data), pdq_of_file(data, exact=True)
        if quick.route is Route.LUMINANCE:
            bits.append(quick.upright.distance(exact.upright))
            qualities.append(abs(quick.upright.quality - exact.upright.quality))
        else:
            without += 1
    return {
        "pictures": len(bits),
        "decoded_in_full": without,
        "mean_bits_apart": statistics.mean(bits),
        "bits_apart_at_most": max(bits),
        "qualities_apart_at_most": max(qualities),
    }


# ---- Together ---------------------------------------------------------------------------------------------------


def _cameras() -> list[Path]:
    return sorted(path for path in (PHOTOS / "camera").iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))


def _scenes() -> list[Path]:
    return sorted((PHOTOS / "scenes").iterdir())


def _opened(path: Path) -> Pixels:
    with PIL.Image.open(path) as picture:
        return np.array(picture.convert("RGB"))


def _timed(calls: Mapping[str, Callable[[], object]]) -> Row:
    """Return the median milliseconds of each call, all of them called in turn in each round."""
    taken: dict[str, list[float]] = {call: [] for call in calls}
    for _ in range(ROUNDS):
        for call, work in calls.items():
            start = time.perf_counter()
            work()
            taken[call].append(1e3 * (time.perf_counter() - start))
    return {call: statistics.median(times) for call, times in taken.items()}


def _summary(rows: Sequence[Row]) -> dict[str, float]:
    """Return the median of each column, and the least and the overall ratio, which one slow picture moves."""
    rival = "pdqhash_ms" if "pdqhash_ms" in rows[0] else "hma_ms"
    return {
        "pictures": len(rows),
        **{f"median_{column}": statistics.median(row[column] for row in rows) for column in rows[0]},
        "least_ratio": min(row["ratio"] for row in rows),
        "ratio_of_sums": sum(row[rival] for row in rows) / sum(row["ours_ms"] for row in rows),
    }


def _compact(rows: Sequence[Row]) -> dict[str, object]:
    """Return the rows as text, one a line, by size: a table that a reader of the JSON can read."""
    ordered = sorted(rows, key=lambda row: row["megapixels"])
    return {
        "columns": " ".join(rows[0]),
        "rows": [" ".join(f"{value:.4g}" for value in row.values()) for row in ordered],
    }


def _print(result: Mapping[str, Any], rows: Sequence[Row], files: Sequence[Row]) -> None:
    for title, table in (("decoded pixels", rows), ("JPEG files", files)):
        print(f"\n{title}")
        print(" ".join(f"{column:>19}" for column in table[0]))
        for row in sorted(table, key=lambda row: row["megapixels"]):
            print(" ".join(f"{value:19.3f}" for value in row.values()))
    for name, value in result.items():
        if not name.endswith("_rows"):
            print(f"\n{name}\n  {json.dumps(value)}")


if __name__ == "__main__":
    run()
