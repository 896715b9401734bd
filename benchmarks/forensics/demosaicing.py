"""
How often a part with another mosaic, or with none, is found, and how often a clean picture has such a part.

Of each photograph of the test half: altered files, by all kinds and savings in turn (`benchmarks.forensics.developed`),
and clean ones, among them the photograph as it was published. The bound is set on the other half
(`python -m benchmarks.forensics.demosaicing calibration`, which writes calibration.toml beside the module). Beside it
the baseline (`benchmarks.forensics.plain_mosaic`) on the same files. `python -m benchmarks.forensics.demosaicing test
N` takes N photographs only.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from benchmarks.forensics.counted import share
from benchmarks.forensics.developed import AFTER, CLEAN, KINDS, Altered, altered, as_file
from benchmarks.forensics.files import Mask
from benchmarks.forensics.plain_mosaic import LIMITS, odd_share
from benchmarks.forensics.resaved import pristine
from benchmarks.forensics.rows import grouped, kept_rows, of_altered, of_clean, of_test_half, overlap, write_calibration
from benchmarks.photographs import Photograph, all_photographs, halves
from takeback.examine.blind.demosaicing.detector import BOUND, MARGIN, votes_or_reason
from takeback.examine.blind.demosaicing.prediction import BLOCK
from takeback.examine.blind.demosaicing.regions import regions_of
from takeback.examine.boxes import at_size
from takeback.examine.conformal import Bound
from takeback.examine.outcome import MAX_NFA
from takeback.examine.subject import read_subject
from takeback.media import MediaLimits

NAME = "demosaicing"
LEAST_SIDE = 200
CLEAN_EACH = {"calibration": 7, "test": 6}
ALTERED_EACH = {"calibration": 0, "test": 6}
PUBLISHED = "as published"
LEAST_OVERLAP = 0.5
"""Of what is found, that has to be of the part."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was said of one file. `regions`: of each its strength, its log_chance, and the F1 of its pixels."""

    photograph: str
    kind: str
    """What was done to a part; of a clean file empty."""
    after: str
    way: str
    """How the picture was developed; of a clean file empty."""
    place: int
    area: float
    pixels: int
    why_not: str
    own: float
    regions: list[list[float]]
    baseline: float
    seconds: float

    def counted(self, bound: Bound) -> list[float]:
        """Return the F1 of each region that counts, by `bound`."""
        return [
            f1
            for strength, log_chance, f1 in self.regions
            if max(np.exp(log_chance), bound.nfa(strength / MARGIN)) <= MAX_NFA
        ]

    @property
    def strongest(self) -> float:
        """The strength of its strongest region."""
        return max((strength for strength, _, _ in self.regions), default=0.0)


def run(most: int | None = None) -> dict[str, object]:
    """Look at every file of the test photographs, and count."""
    return of_test_half(most, lambda photographs: summary(_rows("test", photographs), BOUND))


def calibrate(most: int | None = None) -> None:
    """Write what clean files of the calibration photographs reach."""
    photographs = halves(all_photographs())[0][:most]
    rows = [row for row in _rows("calibration", photographs) if not row.why_not]
    seen = len({row.photograph for row in rows})
    write_calibration(NAME, "regions of clean files that show a mosaic", [row.strongest for row in rows], seen)


def summary(rows: Sequence[Row], bound: Bound) -> dict[str, object]:
    """Return the share that is found, by kind, saving and way, and of clean files that with a finding."""
    parts, clean = [row for row in rows if row.kind], [row for row in rows if not row.kind]
    fine = [row for row in parts if row.after in {"png", "jpeg 98", "jpeg 98, 4:2:0"}]
    without = {"no mosaic, png", "0.7x, png", "2x, png", "platform"}
    seconds = [row.seconds / row.pixels * 1e6 for row in rows]
    return {
        "altered": of_altered(parts, bound),
        "by_kind": grouped(parts, lambda row: row.kind, bound),
        "by_kind_fine": grouped(fine, lambda row: row.kind, bound),
        "by_after": grouped(parts, lambda row: row.after, bound),
        "by_way_fine": grouped(fine, lambda row: row.way, bound),
        "by_place_fine": grouped(fine, lambda row: str(row.place), bound),
        "by_area_fine": grouped(fine, lambda row: "below 5 %" if row.area < 0.05 else "5 % and more", bound),
        "clean": of_clean(clean, bound),
        "clean_judged": of_clean([row for row in clean if not row.why_not], bound),
        "clean_by_version": {
            name: of_clean([row for row in clean if row.after == name], bound)
            for name in sorted({row.after for row in clean})
        },
        "said_to_show_a_mosaic": {
            "developed": share(*_shown([row for row in clean if row.after not in without | {PUBLISHED}])),
            "without": share(*_shown([row for row in clean if row.after in without])),
            "cameras' files as published": share(
                *_shown([row for row in clean if row.after == PUBLISHED and row.photograph.startswith("camera/")])
            ),
            "others as published": share(
                *_shown([row for row in clean if row.after == PUBLISHED and not row.photograph.startswith("camera/")])
            ),
        },
        "baseline": {
            f"{limit:g}": {
                "altered": share(sum(row.baseline >= limit for row in parts), len(parts)),
                "clean": share(sum(row.baseline >= limit for row in clean), len(clean)),
            }
            for limit in LIMITS
        },
        "seconds_per_megapixel": round(statistics.median(seconds), 2),
        "seconds_longest": round(max(row.seconds for row in rows), 2),
    }


def _rows(half: str, photographs: Sequence[Photograph]) -> list[Row]:
    cv2.setNumThreads(1)
    return kept_rows(f"{NAME}_{half}", Row, photographs, partial(_made, half, photographs))


def _made(half: str, photographs: Sequence[Photograph], number: int) -> Iterator[Row]:
    photograph = photographs[number]
    rng = np.random.default_rng((17, number, len(half)))
    pixels, other = pristine(photograph), pristine(photographs[(number + 1) % len(photographs)])
    if min(pixels.shape[:2]) < LEAST_SIDE:
        return
    for turn in range(ALTERED_EACH[half]):
        # 7 kinds and 5 savings: each meets each.
        each = ALTERED_EACH[half] * number + turn
        after = list(AFTER)[each % len(AFTER)]
        made = altered(pixels, other, KINDS[each % len(KINDS)], rng)
        yield _row(photograph.family, KINDS[each % len(KINDS)], after, as_file(made.pixels, after), made)
    versions = list(CLEAN)
    for turn in range(CLEAN_EACH[half]):
        version = versions[(CLEAN_EACH[half] * number + turn) % len(versions)]
        yield _row(photograph.family, "", version, CLEAN[version](pixels, rng), None)
    yield _row(photograph.family, "", PUBLISHED, photograph.path.read_bytes(), None)


def _row(name: str, kind: str, after: str, data: bytes, made: Altered | None) -> Row:
    subject = read_subject(data, MediaLimits())
    begun = time.process_time()
    votes, why_not = votes_or_reason(subject)
    regions = [] if votes is None else regions_of(votes)
    seconds = time.process_time() - begun
    truth: Mask | None = None if made is None else made.truth
    shape = subject.luminance.shape
    measured = [
        [
            round(each.strength, 2),
            round(each.log_chance, 2),
            overlap(at_size(each.outline, BLOCK, shape), truth, LEAST_OVERLAP),
        ]
        for each in regions
    ]
    return Row(
        name, kind, after, made.way if made else "", made.place if made else 0,
        float(made.truth.mean()) if made else 0.0, subject.luminance.size, why_not.key if why_not else "",
        round(votes.own, 3) if votes else 0.0, measured, odd_share(subject.pixels), round(seconds, 3),
    )  # fmt: skip


def _shown(rows: Sequence[Row]) -> tuple[int, int]:
    return sum(not row.why_not for row in rows), len(rows)


if __name__ == "__main__":
    number = int(sys.argv[2]) if len(sys.argv) > 2 else None
    if sys.argv[1:2] == ["calibration"]:
        calibrate(number)
    else:
        run(number)
