"""
How many parts with other noise are found, how well they are outlined, and how often a clean picture has one.

Of each photograph of the test half: altered ones, of every kind and saved in every way by turns
(`benchmarks.forensics.noised`), and clean versions, the file as it is among them. The bound is set on the other half
(`python -m benchmarks.forensics.noise_level calibration`, which writes calibration.toml beside the module). Beside it
the baseline (`benchmarks.forensics.noise_map`) on the same files. Every file's row is kept in
`build/noise_level_*.jsonl`: started again, it goes on. `python -m benchmarks.forensics.noise_level test N` takes N
photographs only.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.forensics.counted import share
from benchmarks.forensics.files import saved
from benchmarks.forensics.noise_map import region
from benchmarks.forensics.noised import AFTER, CLEAN, KINDS, noised
from benchmarks.forensics.rows import grouped, kept_rows, of_altered, of_clean, of_test_half, overlap, write_calibration
from benchmarks.photographs import Photograph, all_photographs, halves
from takeback.examine.blind.noise_level.detector import BOUND, MARGIN, cells_or_reason
from takeback.examine.blind.noise_level.regions import regions_of
from takeback.examine.boxes import at_size
from takeback.examine.conformal import Bound
from takeback.examine.outcome import MAX_NFA
from takeback.examine.subject import Subject, read_subject
from takeback.media import MediaLimits

NAME = "noise_level"
USUAL_SIDE, LONG_SIDE = 640, 1280
"""Pixels at most, of most photographs and of every eighth; files as they are keep their size."""
CLEAN_EACH = {"calibration": 10, "test": 8}
ALTERED_EACH = {"calibration": 0, "test": 5}
FACTORS = (1.5, 2.0, 3.0)
"""Of the baseline."""
LEAST_OVERLAP = 0.5
"""Of what is found, at least, lies in what was altered: a finding elsewhere is none."""
LARGE = (4000, 3000)


@dataclass(frozen=True, slots=True)
class Row:
    """
    What was said of one file: of each region its strength, the logarithm of its chance, and its pixels' F1.

    `baseline` holds the F1 of what the map gives at each of `FACTORS`, -1 where it gives nothing.
    """

    photograph: str
    kind: str
    after: str
    ratio: float
    area: float
    pixels: int
    why_not: str
    regions: list[tuple[float, float, float]]
    baseline: list[float]
    seconds: float

    def strongest(self) -> float:
        """Return the largest strength of a region that chance does not explain."""
        return max((strength for strength, chance, _ in self.regions if chance <= math.log(MAX_NFA)), default=0.0)

    def counted(self, bound: Bound) -> list[float]:
        """Return the F1 of every region that is a finding."""
        return [
            f1
            for strength, chance, f1 in self.regions
            if chance <= math.log(MAX_NFA) and bound.nfa(strength / MARGIN) <= MAX_NFA
        ]


def rows_of(half: str, photographs: Sequence[Photograph]) -> list[Row]:
    """Return the rows of all files, those that are kept and the rest."""
    return kept_rows(f"noise_level_{half}", Row, photographs, lambda number: _rows(half, number, photographs))


def _rows(half: str, number: int, photographs: Sequence[Photograph]) -> Iterator[Row]:
    photograph = photographs[number]
    rng = np.random.default_rng((13, number))
    pixels = photograph.pixels(LONG_SIDE if number % 8 == 0 else USUAL_SIDE)
    for turn in range(ALTERED_EACH[half]):
        # 5 kinds and 4 ways of saving have no factor in common: each meets each.
        each = ALTERED_EACH[half] * number + turn
        kind, after = KINDS[each % len(KINDS)], list(AFTER)[each % len(AFTER)]
        other = photographs[(number + 1 + turn) % len(photographs)].pixels(LONG_SIDE)
        made = noised(pixels, other, kind, rng)
        data = saved(made.pixels, AFTER[after])
        yield _row(photograph.family, (kind, after, made.ratio), data, made.truth)
    yield _row(photograph.family, ("", "as it is", 0.0), photograph.path.read_bytes(), None)
    versions = list(CLEAN)
    for turn in range(CLEAN_EACH[half]):
        after = versions[(CLEAN_EACH[half] * number + turn) % len(versions)]
        yield _row(photograph.family, ("", after, 0.0), CLEAN[after](pixels, rng), None)


def _row(name: str, what: tuple[str, str, float], data: bytes, truth: np.ndarray | None) -> Row:
    subject = read_subject(data, MediaLimits())
    begun = time.process_time()
    cells, why_not = cells_or_reason(subject)
    regions = () if cells is None else regions_of(cells)
    seconds = time.process_time() - begun
    found = []
    for each in regions:
        assert cells is not None
        mask = at_size(each.mask, cells.side, subject.luminance.shape)
        found.append(
            (round(each.strength, 3), round(each.log_chance, 1), round(overlap(mask, truth, LEAST_OVERLAP), 3))
        )
    maps = [region(subject.luminance, factor) for factor in FACTORS]
    baseline = [round(overlap(each, truth, LEAST_OVERLAP), 3) if each.any() else -1.0 for each in maps]
    area = 0.0 if truth is None else float(truth.mean())
    key = why_not.key if why_not else ""
    return Row(name, *what, area, subject.luminance.size, key, found, baseline, seconds)


def run(most: int | None = None) -> dict[str, object]:
    """Look at every file of the test photographs, and count."""
    return of_test_half(most, lambda all_: {**summary(rows_of("test", all_), BOUND), "large": _large(all_)})


def calibrate(most: int | None = None) -> None:
    """Write what clean versions of the calibration photographs reach."""
    cv2.setNumThreads(1)
    photographs = halves(all_photographs())[0][:most]
    rows = [row for row in rows_of("calibration", photographs) if not row.why_not]
    strengths, used = [row.strongest() for row in rows], len({row.photograph for row in rows})
    write_calibration(NAME, "regions of clean pictures", strengths, used, digits=2)


def summary(rows: Sequence[Row], bound: Bound) -> dict[str, object]:
    """Return the share that is found, by kind, saving, ratio and area, and of clean files that with a finding."""
    altered, clean = [row for row in rows if row.kind], [row for row in rows if not row.kind]
    fine = [row for row in altered if row.after != "jpeg 80"]
    return {
        "altered": of_altered(altered, bound),
        "by_kind": grouped(fine, lambda row: row.kind, bound),
        "by_after": grouped(altered, lambda row: row.after, bound),
        "by_kind_png": grouped([row for row in fine if row.after == "png"], lambda row: row.kind, bound),
        "by_ratio": grouped([row for row in fine if row.kind == "other noise"], lambda row: str(row.ratio), bound),
        "by_area": grouped(fine, lambda row: "below 5 %" if row.area < 0.05 else "5 % and more", bound),
        "clean": of_clean(clean, bound),
        "clean_applicable": of_clean([row for row in clean if not row.why_not], bound),
        "clean_by_version": {
            name: of_clean([row for row in clean if row.after == name], bound) for name in {row.after for row in clean}
        },
        "baseline": {
            f"{factor} ×": {
                "altered": share(sum(row.baseline[at] > 0 for row in altered), len(altered)),
                "clean": share(sum(row.baseline[at] >= 0 for row in clean), len(clean)),
            }
            for at, factor in enumerate(FACTORS)
        },
        "seconds_per_megapixel": round(
            statistics.median(row.seconds / row.pixels * 1e6 for row in rows if not row.why_not), 2
        ),
        "seconds_longest": round(max(row.seconds for row in rows), 2),
    }


def _large(photographs: Sequence[Photograph]) -> dict[str, object]:
    """Return the seconds that a large picture takes, once it is decoded."""
    picture = np.asarray(cv2.resize(photographs[0].pixels(), LARGE, interpolation=cv2.INTER_CUBIC))
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 3, picture.shape).astype(np.float32)
    pixels = np.clip(picture + noise, 0, 255).astype(np.uint8)
    subject = Subject(b"", "png", pixels, np.ascontiguousarray(pixels[..., 1]))
    begun = time.process_time()
    cells, _ = cells_or_reason(subject)
    if cells is not None:
        regions_of(cells)
    return {"megapixels": LARGE[0] * LARGE[1] / 1e6, "seconds": round(time.process_time() - begun, 2)}


if __name__ == "__main__":
    number = int(sys.argv[2]) if len(sys.argv) > 2 else None
    if sys.argv[1:2] == ["calibration"]:
        calibrate(number)
    else:
        run(number)
