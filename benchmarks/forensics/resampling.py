"""
How many parts that were scaled or turned are found, and how often a clean picture has one.

Of each photograph of the test half: altered ones, by all scales, turns, sides and savings in turn
(`benchmarks.forensics.interpolated`), clean versions, the file as it is among them, and one that was scaled as a whole.
Every second photograph is cut from the middle of the file, as large as it is, the others are reduced to the same size.
The bound is set on the other half (`python -m benchmarks.forensics.resampling calibration`, which writes
calibration.toml beside the module). Beside it the baseline (`benchmarks.forensics.plain_map`) on the same files. Every
file's row is kept in `build/resampling_*.jsonl`: started again, it goes on. `python -m benchmarks.forensics.resampling
test N` takes N photographs only.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import PIL.Image

from benchmarks.forensics.counted import share
from benchmarks.forensics.files import Mask, Pixels, saved
from benchmarks.forensics.interpolated import AS_IT_WAS, CLEAN, KINDS, SAVED, SIDES, WHOLE, as_a_whole, spliced
from benchmarks.forensics.plain_map import highest_peak
from benchmarks.forensics.rows import grouped, kept_rows, of_altered, of_clean, of_test_half, overlap, write_calibration
from benchmarks.photographs import Photograph, all_photographs, halves
from takeback.examine.blind.resampling.detector import BOUND, MARGIN, seen_in
from takeback.examine.blind.resampling.prediction import CELL
from takeback.examine.blind.resampling.transform import LEAST_APART_OF_WHOLE, transform_of
from takeback.examine.boxes import at_size
from takeback.examine.conformal import Bound
from takeback.examine.outcome import MAX_NFA
from takeback.examine.sentences import Sentence
from takeback.examine.subject import read_subject
from takeback.media import MediaLimits

NAME = "resampling"
LONG_SIDE = 640
"""Pixels of a picture, at most, but for files as they are."""
CLEAN_EACH = {"calibration": 8, "test": 5}
ALTERED_EACH = {"calibration": 0, "test": 6}
BASELINES = (30, 60, 120)
"""Peaks from which the baseline counts a picture as changed."""
MOST_OF_BASELINE = 500_000
"""Pixels of a file that the baseline looks at: it is slow."""
LEAST_OVERLAP = 0.5
"""Of what is found, at least, lies in what was altered: a finding elsewhere is none."""
NEAR = 1.5
"""Percent, by which the factor that is told may be off."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    What was said of one file.

    `kind` says by how much its part was scaled or turned, of a clean file it is empty; `scale` by how much all of it
    was: 1 of what was not scaled, 0 where that is not known. `regions` has of each its strength, its pixels' F1, and
    what it was judged by; `whole` is the strength of the beat of all of the picture, `is_fact` whether it is told, and
    `told` the factors it may come from.
    """

    photograph: str
    kind: str
    after: str
    side: int
    scale: float
    pixels: int
    why_not: str
    regions: list[list[float]]
    whole: float
    is_fact: bool
    told: list[float]
    baseline: float
    seconds: float

    def strongest(self) -> float:
        """Return the strength of the strongest region."""
        return max((each[0] for each in self.regions), default=0.0)

    def counted(self, bound: Bound) -> list[float]:
        """Return the F1 of every region that is a finding."""
        return [each[1] for each in self.regions if bound.nfa(each[0] / MARGIN) <= MAX_NFA]


def rows_of(half: str, photographs: Sequence[Photograph]) -> list[Row]:
    """Return the rows of all files, those that are kept and the rest."""
    return kept_rows(f"{NAME}_{half}", Row, photographs, lambda number: _rows(half, number, photographs))


def cut(photograph: Photograph) -> Pixels:
    """Return the middle of a photograph at its own size, at most `LONG_SIDE` each way."""
    pixels = photograph.pixels(sys.maxsize)
    top, left = (max(0, length - LONG_SIDE) // 2 for length in pixels.shape[:2])
    return np.ascontiguousarray(pixels[top : top + LONG_SIDE, left : left + LONG_SIDE])


@lru_cache(maxsize=16)
def _reduced(photograph: Photograph) -> Pixels:
    return photograph.pixels(LONG_SIDE)


def _long_side(photograph: Photograph) -> int:
    with PIL.Image.open(photograph.path) as picture:
        return max(picture.size)


def _rows(half: str, number: int, photographs: Sequence[Photograph]) -> Iterator[Row]:
    photograph, rng = photographs[number], np.random.default_rng((13, number))
    pixels = _reduced(photograph) if number % 2 else cut(photograph)
    known = 1.0 if number % 2 == 0 or _long_side(photograph) <= LONG_SIDE else 0.0
    for turn in range(ALTERED_EACH[half]):
        # 13 kinds and 4 savings have no factor in common: each meets each; sides go on with each round of savings.
        each = ALTERED_EACH[half] * number + turn
        kind, after = KINDS[each % len(KINDS)], list(SAVED)[each % len(SAVED)]
        side = SIDES[each // len(SAVED) % len(SIDES)]
        made = spliced(pixels, _reduced(photographs[(number + 1 + turn) % len(photographs)]), kind, side, rng)
        if made is not None:
            name = f"turned by {kind[1]:g}" if kind[1] else f"scaled to {kind[0]:g}"
            yield _row(photograph.family, (name, after, side), saved(made.pixels, SAVED[after]), made.truth)
    # Every third: files as they are have up to 14 megapixels.
    if number % 3 == 0:
        yield _row(photograph.family, ("", "as it is", 0), photograph.path.read_bytes(), None, 1.0)
    scale = WHOLE[number % len(WHOLE)]
    yield _row(photograph.family, ("", "scaled", 0), as_a_whole(pixels, scale, rng), None, scale)
    for turn in range(CLEAN_EACH[half]):
        after = list(CLEAN)[(CLEAN_EACH[half] * number + turn) % len(CLEAN)]
        was = known if after in AS_IT_WAS else 0.0
        yield _row(photograph.family, ("", after, 0), CLEAN[after](pixels, rng), None, was)


def _row(name: str, what: tuple[str, str, int], data: bytes, truth: Mask | None, scale: float = 0.0) -> Row:
    subject = read_subject(data, MediaLimits())
    begun = time.process_time()
    seen = seen_in(subject)
    seconds = time.process_time() - begun
    baseline = round(highest_peak(subject.luminance), 1) if subject.luminance.size < MOST_OF_BASELINE else -1.0
    size = subject.luminance.size
    if isinstance(seen, Sentence):
        return Row(name, *what, scale, size, seen.key, [], 0.0, False, [], baseline, seconds)
    regions = []
    for each in seen.regions:
        mask = at_size(each.mask, CELL, subject.luminance.shape)
        judged = (each.strength, overlap(mask, truth, LEAST_OVERLAP), each.height, each.inner, each.rest, each.lines)
        regions.append([round(float(value), 3) for value in judged])
    whole, is_fact, told = 0.0, False, []
    if seen.whole is not None:
        whole, is_fact = round(seen.whole.strength, 1), seen.whole.is_told
        found = transform_of(seen.whole.down, seen.whole.across, LEAST_APART_OF_WHOLE)
        told = [] if found.up is None or found.down is None else [round(found.up, 1), round(found.down, 1)]
    return Row(name, *what, scale, size, "", regions, whole, is_fact, told, baseline, seconds)


def run(most: int | None = None) -> dict[str, object]:
    """Look at every file of the test photographs, and count."""
    return of_test_half(most, lambda photographs: summary(rows_of("test", photographs), BOUND))


def calibrate(most: int | None = None) -> None:
    """Write what clean versions of the calibration photographs reach."""
    cv2.setNumThreads(1)
    rows = rows_of("calibration", halves(all_photographs())[0][:most])
    clean = [row for row in rows if not row.kind and not row.why_not]
    strengths, used = [row.strongest() for row in clean], len({row.photograph for row in clean})
    write_calibration(NAME, "regions of clean files", strengths, used)


def summary(rows: Sequence[Row], bound: Bound) -> dict[str, object]:
    """Return the share that is found, by kind, saving and side, and of clean files that with a finding."""
    altered, clean = [row for row in rows if row.kind], [row for row in rows if not row.kind]
    fine = [row for row in altered if row.after == "PNG" and row.side > min(SIDES)]
    return {
        "altered": of_altered(altered, bound),
        "by_way": grouped(altered, lambda row: f"{_way(row)}, {row.after}", bound),
        "by_way_128_and_more": grouped(
            [row for row in altered if row.side > min(SIDES)], lambda row: f"{_way(row)}, {row.after}", bound
        ),
        "by_kind_png_128_and_more": grouped(fine, lambda row: row.kind, bound),
        "by_side_png": grouped(
            [row for row in altered if row.after == "PNG"], lambda row: f"{_way(row)}, {row.side}", bound
        ),
        "clean": of_clean(clean, bound),
        "clean_applicable": of_clean([row for row in clean if not row.why_not], bound),
        "clean_by_version": {
            name: of_clean([row for row in clean if row.after == name], bound)
            for name in sorted({row.after for row in clean})
        },
        "whole": _whole(clean),
        "baseline": {
            str(least): {
                "altered": share(sum(row.baseline >= least for row in altered), len(altered)),
                "clean": share(sum(row.baseline >= least for row in clean), sum(row.baseline >= 0 for row in clean)),
            }
            for least in BASELINES
        },
        "seconds_per_megapixel": round(
            statistics.median(row.seconds / row.pixels * 1e6 for row in rows if not row.why_not), 2
        ),
        "seconds_longest": max((round(row.seconds, 2), row.pixels) for row in rows),
    }


def _way(row: Row) -> str:
    if row.kind.startswith("turned"):
        return "turned"
    return "enlarged" if float(row.kind.split()[-1]) > 1 else "reduced"


def _whole(clean: Sequence[Row]) -> dict[str, object]:
    """Return how often a picture that was scaled as a whole is said to be, and one that was not."""
    judged = [row for row in clean if not row.why_not]
    scaled = [row for row in judged if row.scale not in {0.0, 1.0}]
    was_not = [row for row in judged if row.scale == 1.0]
    cameras = [row for row in was_not if row.photograph.startswith("camera/")]
    wrong = [row for row in was_not if row.is_fact]
    said = [row for row in scaled if row.is_fact]
    with_factor = [row for row in said if row.told]
    right = [row for row in with_factor if any(abs(each - 100 * row.scale) <= NEAR for each in row.told)]
    by_scale = defaultdict(list)
    for row in scaled:
        by_scale[f"{row.scale:.2f}"].append(row.is_fact)
    return {
        "scaled": share(len(said), len(scaled)),
        "scaled_by": {name: [sum(each), len(each)] for name, each in sorted(by_scale.items())},
        "told_factor": share(len(right), len(with_factor)),
        "not_scaled": share(len(wrong), len(was_not)),
        "not_scaled_by_cameras": share(sum(row.is_fact for row in cameras), len(cameras)),
        "which": sorted(f"{row.photograph}, {row.after}, {row.whole}" for row in wrong),
    }


if __name__ == "__main__":
    number = int(sys.argv[2]) if len(sys.argv) > 2 else None
    if sys.argv[1:2] == ["calibration"]:
        calibrate(number)
    else:
        run(number)
