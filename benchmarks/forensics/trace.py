"""
TRACE's recipe: one scene developed in two ways and mixed by a mask, so that nothing but the traces tells the part.

Six kinds of difference (Bammey, Nikoukhah, Gardella, Grompone von Gioi, Colom, Morel, "Non-semantic evaluation of image
forensics tools: methodology and database", WACV 2022): the noise, the place of the mosaic, the way in which colours are
worked out, where the blocks of a JPEG lie, its quality, and all of them. Each file is a PNG that goes through a whole
examination; what is counted is which test finds the part, and how well all findings outline it. Beside them the first
development alone, which is clean. `python -m benchmarks.forensics.trace N` takes N photographs only.
"""

from __future__ import annotations

import math
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from benchmarks.forensics.altered import ALTERED
from benchmarks.forensics.counted import share
from benchmarks.forensics.developed import mixed, part_of
from benchmarks.forensics.files import Mask, Pixels, Rng, opened, saved
from benchmarks.forensics.mosaics import WAYS, developed
from benchmarks.forensics.resaved import pristine
from benchmarks.forensics.rows import kept_rows, of_test_half
from benchmarks.photographs import Photograph
from takeback.examine import examine_image

NAME = "trace"
PHOTOGRAPHS = 100
"""Of the test half that are taken."""
LEAST_SIDE = 200
LEVELS = (1.0, 2.0, 4.0)
"""Of noise in middle grey."""
QUALITIES = (75, 80, 85, 90, 95)
LEAST_OVERLAP = 0.5
"""Of a finding's pixels, that have to be of the part."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a scene is developed: the mosaic, how colours are worked out of it, the noise, and how it was saved once."""

    demosaicing: str
    place: int
    level: float
    quality: int | None = None
    down: int = 0
    across: int = 0
    """Pixels by which the blocks of the JPEG lie aside."""

    def of(self, pixels: Pixels, seed: int) -> Pixels:
        """Return `pixels` as they were developed and saved."""
        found = developed(pixels, self.demosaicing, self.place, self.level, np.random.default_rng(seed))
        if self.quality is None:
            return found
        framed = np.pad(found, ((self.down, 0), (self.across, 0), (0, 0)), "edge")
        return opened(saved(framed, self.quality))[self.down :, self.across :]


def _any(rng: Rng) -> Way:
    return Way(str(rng.choice(list(WAYS))), int(rng.integers(4)), float(rng.choice(LEVELS)))


def _other[T](values: Sequence[T], than: T, rng: Rng) -> T:
    return [each for each in values if each != than][int(rng.integers(len(values) - 1))]


def _saved(way: Way, rng: Rng) -> Way:
    return replace(way, quality=int(rng.choice(QUALITIES)))


def _noise(way: Way, rng: Rng) -> tuple[Way, Way]:
    return way, replace(way, level=_other(LEVELS, way.level, rng))


def _place(way: Way, rng: Rng) -> tuple[Way, Way]:
    return way, replace(way, place=_other(range(4), way.place, rng))


def _demosaicing(way: Way, rng: Rng) -> tuple[Way, Way]:
    return way, replace(way, demosaicing=_other(list(WAYS), way.demosaicing, rng))


def _grid(way: Way, rng: Rng) -> tuple[Way, Way]:
    down, across = divmod(int(rng.integers(1, 64)), 8)
    first = _saved(way, rng)
    return first, replace(first, down=down, across=across)


def _quality(way: Way, rng: Rng) -> tuple[Way, Way]:
    first = _saved(way, rng)
    return first, replace(first, quality=_other(QUALITIES, first.quality or 0, rng))


def _all(way: Way, rng: Rng) -> tuple[Way, Way]:
    first, second = _grid(way, rng)
    second = replace(second, quality=_other(QUALITIES, first.quality or 0, rng), place=int(rng.integers(4)))
    return first, replace(second, level=_other(LEVELS, way.level, rng))


KINDS: Mapping[str, Callable[[Way, Rng], tuple[Way, Way]]] = {
    "noise": _noise,
    "place of the mosaic": _place,
    "way of demosaicing": _demosaicing,
    "place of JPEG blocks": _grid,
    "JPEG quality": _quality,
    "all of them": _all,
}


@dataclass(frozen=True, slots=True)
class Row:
    """What was said of one file: which tests found the part, which something else, and how well it is outlined."""

    photograph: str
    kind: str
    """Of a clean file: clean, and what its part would have been."""
    found: list[str]
    elsewhere: list[str]
    f1: float
    mcc: float


def run(most: int = PHOTOGRAPHS) -> dict[str, object]:
    """Examine a file of each kind of the test photographs, and count."""
    return of_test_half(most, lambda photographs: summary(_rows(photographs)))


def _rows(photographs: Sequence[Photograph]) -> list[Row]:
    rows = kept_rows(f"{NAME}_test", Row, photographs, partial(_made, photographs))
    return [row for row in rows if row.photograph not in ALTERED]


def summary(rows: Sequence[Row]) -> dict[str, object]:
    """Return by kind how often the part is found, by which tests, and how well it is outlined."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.kind].append(row)
    clean = [row for row in rows if row.kind.startswith("clean")]
    return {
        "by_kind": {kind: _group(groups[kind]) for kind in KINDS},
        "altered": _group([row for row in rows if row.kind in KINDS]),
        "clean": {
            **share(sum(bool(row.elsewhere) for row in clean), len(clean)),
            "which": [f"{row.photograph}: {', '.join(row.elsewhere)}" for row in clean if row.elsewhere],
        },
    }


def _group(rows: Sequence[Row]) -> dict[str, object]:
    found = [row for row in rows if row.found]
    return {
        **share(len(found), len(rows)),
        "by_test": dict(Counter(test for row in found for test in row.found).most_common()),
        "only_elsewhere": sum(bool(row.elsewhere) and not row.found for row in rows),
        "f1_of_found": round(statistics.mean(row.f1 for row in found), 3) if found else None,
        "mcc": round(statistics.mean(row.mcc for row in rows), 3) if rows else None,
    }


def _made(photographs: Sequence[Photograph], number: int) -> Iterator[Row]:
    pixels = pristine(photographs[number])
    if min(pixels.shape[:2]) < LEAST_SIDE:
        return
    for at, (kind, ways) in enumerate(KINDS.items()):
        rng = np.random.default_rng((41, number, at))
        part = part_of(pixels.shape[:2], rng)
        first, second = (way.of(pixels, int(rng.integers(1 << 30))) for way in ways(_any(rng), rng))
        yield _row(photographs[number].family, kind, mixed(first, second, part), part)
        if at % 3 == number % 3:
            yield _row(photographs[number].family, f"clean, {kind}", first, None)


def _row(name: str, kind: str, pixels: Pixels, part: Mask | None) -> Row:
    shape = pixels.shape[:2]
    part = np.zeros(shape, np.bool_) if part is None else part
    called = np.zeros(shape, np.bool_)
    found: set[str] = set()
    elsewhere: set[str] = set()
    for finding in examine_image(saved(pixels, None)).findings:
        mask = np.ones(shape, np.bool_) if finding.mask is None else finding.mask
        lies = np.count_nonzero(mask & part) >= LEAST_OVERLAP * np.count_nonzero(mask)
        (found if lies else elsewhere).add(finding.test.value)
        called |= mask
    return Row(name, kind, sorted(found), sorted(elsewhere), *_outlined(called, part))


def _outlined(called: Mask, part: Mask) -> tuple[float, float]:
    """Return F1 and Matthews' correlation of the pixels; 0 where one of the masks is empty."""
    hit, wrong = np.count_nonzero(called & part), np.count_nonzero(called & ~part)
    missed = np.count_nonzero(part) - hit
    rest = part.size - hit - wrong - missed
    root = math.sqrt(float(hit + wrong)) * math.sqrt(float(hit + missed))
    root *= math.sqrt(float(rest + wrong)) * math.sqrt(float(rest + missed))
    f1 = 2 * hit / (2 * hit + wrong + missed) if hit else 0.0
    return round(f1, 3), round((float(hit) * rest - float(wrong) * missed) / root, 3) if root else 0.0


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else PHOTOGRAPHS)
