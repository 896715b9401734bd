"""
Whether the budget that all tests of an examination share holds: how many unaltered files have any finding.

Files of the test photographs, to which nothing but that was done: as they are, saved as JPEG and PNG, once and again at
many qualities and by several programs, scaled, cropped, toned, turned, as platforms and cameras do. They are those of
`jpeg_grid.versions`, `resaved.clean_versions` and `developed.CLEAN`, which the tests were not set on (that is the other
half of the photographs). Each goes through every test. Beside it the seconds and the memory of a whole examination of a
picture of 12 megapixels, on one core. `python -m benchmarks.forensics.whole N` takes N
photographs only.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

import cv2
import numpy as np
import PIL.Image

from benchmarks.forensics.altered import ALTERED
from benchmarks.forensics.counted import share
from benchmarks.forensics.developed import CLEAN
from benchmarks.forensics.jpeg_grid import saved, versions
from benchmarks.forensics.mosaics import developed
from benchmarks.forensics.resaved import clean_versions, pristine
from benchmarks.forensics.rows import kept_rows, of_test_half
from benchmarks.photographs import Photograph
from takeback.examine import examine_image

NAME = "examined"
PHOTOGRAPHS = 56
"""Of the test half that are taken: of each there are 39 files, which takes two hours of one core."""
LARGE = (4000, 3000)
_SEED = 11
_RESAVED_EVERY = 2
"""Of these every second one is taken: one photograph has about two dozen of them."""
_DEVELOPED = 3
"""Files of each photograph that show a sensor's mosaic, most of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """An unaltered file of a photograph: what was done to it, and which tests have a finding."""

    photograph: str
    version: str
    found: list[str]


def run(most: int = PHOTOGRAPHS) -> dict[str, object]:
    """Examine clean files of the test photographs by every test, and time large ones."""

    def measured(photographs: Sequence[Photograph]) -> dict[str, object]:
        rows = kept_rows(f"{NAME}_test", Row, photographs, partial(_made, photographs))
        return {**_counted(rows), "large": _large(photographs)}

    return of_test_half(most, measured)


def _counted(rows: Sequence[Row]) -> dict[str, object]:
    clean = [row for row in rows if row.photograph not in ALTERED]
    by_test = Counter(test for row in clean for test in row.found)
    return {
        "any_finding": share(sum(bool(row.found) for row in clean), len(clean)),
        "found_rightly": sum(bool(row.found) for row in rows if row.photograph in ALTERED),
        "by_test": {name: share(n, len(clean)) for name, n in by_test.items()},
        "which": [f"{row.photograph}, {row.version}: {', '.join(row.found)}" for row in clean if row.found],
    }


def _made(photographs: Sequence[Photograph], number: int) -> Iterator[Row]:
    photograph = photographs[number]
    for name, data in _clean(photograph, number):
        found = {finding.test.value for finding in examine_image(data).findings}
        yield Row(photograph.family, name, sorted(found))


def _clean(photograph: Photograph, number: int) -> Iterator[tuple[str, bytes]]:
    yield from versions(photograph)
    rng = np.random.default_rng([_SEED, number])
    for at, each in enumerate(clean_versions(pristine(photograph), rng)):
        if at % _RESAVED_EVERY == number % _RESAVED_EVERY:
            yield each
    pixels = pristine(photograph)
    for turn in range(_DEVELOPED):
        name = list(CLEAN)[(_DEVELOPED * number + turn) % len(CLEAN)]
        yield f"developed, {name}", CLEAN[name](pixels, rng)


def _large(photographs: Sequence[Photograph]) -> dict[str, object]:
    """Return the seconds of a whole examination of large files, and the most memory that one took."""
    picture = PIL.Image.fromarray(photographs[0].pixels()).resize(LARGE, PIL.Image.Resampling.LANCZOS)
    pixels = np.asarray(picture)
    taken: dict[str, object] = {"megapixels": LARGE[0] * LARGE[1] / 1e6}
    with_mosaic = developed(pixels, "malvar", 0, 1.5, np.random.default_rng(_SEED))
    files = {"jpeg": saved(pixels, "JPEG", 92), "png": saved(pixels, "PNG"), "developed": saved(with_mosaic, "PNG")}
    megabytes = []
    for name, data in files.items():
        with NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            # By a process of its own, which holds nothing but the file.
            command = [sys.executable, "-m", "benchmarks.forensics.whole", "one", file.name]
            one = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        taken[f"{name}_seconds"] = one["seconds"]
        megabytes.append(one["megabytes"])
    taken["megabytes_of_memory"] = max(megabytes)
    return taken


def _one(path: Path) -> dict[str, float]:
    """Return the seconds of a whole examination of a file, and the most memory that this process took."""
    data = path.read_bytes()
    began = time.perf_counter()
    examine_image(data)
    seconds = time.perf_counter() - began
    # What getrusage says counts the memory of whoever started the process.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return {"seconds": round(seconds, 2), "megabytes": int(peak.split()[1]) // 1024}


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        cv2.setNumThreads(1)
        print(json.dumps(_one(Path(sys.argv[2]))))
    else:
        run(int(sys.argv[1]) if len(sys.argv) > 1 else PHOTOGRAPHS)
