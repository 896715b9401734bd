"""
Whether the budget that all tests of an examination share holds: how many unaltered files have any finding.

Files of the test photographs, to which nothing but that was done: as they are, saved as JPEG and PNG, once and again at
many qualities and by several programs, scaled, cropped, toned, turned, as platforms do. They are those of
`jpeg_grid.versions` and of `resaved.clean_versions`, which the tests were not set on (that is the other half of the
photographs). Each goes through every test. Beside it the seconds and the memory of a whole examination of a picture of
12 megapixels in the sandboxed child, on one core. `python -m benchmarks.forensics.whole N` takes N photographs only.
"""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import PIL.Image

from benchmarks.forensics.altered import ALTERED
from benchmarks.forensics.counted import share
from benchmarks.forensics.jpeg_grid import saved, versions
from benchmarks.forensics.resaved import clean_versions, pristine
from benchmarks.photographs import Photograph, all_photographs, halves, missing
from takeback.examine import examine_image
from takeback.examine.at_need import AtNeed
from takeback.media import MediaLimits

NAME = "examined"
LEAST_PHOTOGRAPHS = 100
LARGE = (4000, 3000)
_SEED = 11
_RESAVED_EVERY = 2
"""Of these every second one is taken: one photograph has about two dozen of them."""


def run(most: int | None = None) -> dict[str, object]:
    """Examine clean files of the test photographs by every test, and time a large one."""
    photographs = halves(all_photographs())[1][:most]
    if most is None and len(photographs) < LEAST_PHOTOGRAPHS:
        return {"skipped": f"there are {len(photographs)} photographs; missing: {', '.join(missing())}"}
    cv2.setNumThreads(1)
    return {"photographs": len(photographs), **_counted(photographs), "large": _large(photographs)}


def _counted(photographs: Sequence[Photograph]) -> dict[str, object]:
    by_test: Counter[str] = Counter()
    with_any = files = rightly = 0
    for number, photograph in enumerate(photographs):
        for name, data in _clean(photograph, number):
            found = {finding.test.value for finding in examine_image(data).findings}
            if photograph.family in ALTERED:
                rightly += bool(found)
                continue
            files, with_any = files + 1, with_any + bool(found)
            by_test.update(found)
            if found:
                print(f"wrong: {photograph.family}, {name}: {', '.join(sorted(found))}", file=sys.stderr, flush=True)
        if number % 10 == 9:
            print(f"{number + 1} of {len(photographs)}: {with_any} of {files}", file=sys.stderr, flush=True)
    return {
        "any_finding": share(with_any, files),
        "found_rightly": rightly,
        "by_test": {name: share(n, files) for name, n in by_test.items()},
    }


def _clean(photograph: Photograph, number: int) -> Iterator[tuple[str, bytes]]:
    yield from versions(photograph)
    rng = np.random.default_rng([_SEED, number])
    for at, each in enumerate(clean_versions(pristine(photograph), rng)):
        if at % _RESAVED_EVERY == number % _RESAVED_EVERY:
            yield each


def _large(photographs: Sequence[Photograph]) -> dict[str, object]:
    """Return the seconds of a large JPEG and PNG, its child's start left out, and the most memory that a child took."""
    picture = PIL.Image.fromarray(photographs[0].pixels()).resize(LARGE, PIL.Image.Resampling.LANCZOS)
    pixels = np.asarray(picture)
    taken: dict[str, object] = {"megapixels": LARGE[0] * LARGE[1] / 1e6}
    for name, data in (("jpeg", saved(pixels, "JPEG", 92)), ("png", saved(pixels, "PNG"))):
        began: list[float] = []
        AtNeed(MediaLimits()).examine(data, lambda _, at=began: at.append(time.perf_counter()))  # type: ignore[misc]
        taken[f"{name}_seconds_of_tests"] = round(began[-1] - began[0], 2)
    taken["child_megabytes"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return taken


if __name__ == "__main__":
    print(run(int(sys.argv[1]) if len(sys.argv) > 1 else None))
