"""
How many parts copied within a picture are found, how well they are outlined, and how often a clean picture has one.

Of each photograph of the test half: forged ones, of every kind and with everything that comes after by turns
(`benchmarks.forensics.cloned`), and clean versions. The bound is set on the other half
(`python -m benchmarks.forensics.copy_move calibration`, which writes calibration.toml beside the module). Beside it the
baseline (`benchmarks.forensics.plain_sift`) on the same files. Every file's row is kept in `build/copy_move_*.jsonl`:
started again, it goes on. `python -m benchmarks.forensics.copy_move test N` takes N photographs only.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.forensics.altered import ALTERED
from benchmarks.forensics.cloned import AFTER, CLEAN, KINDS, cloned
from benchmarks.forensics.counted import share
from benchmarks.forensics.plain_sift import inliers
from benchmarks.forensics.rows import kept_rows, of_test_half, overlap, write_calibration
from benchmarks.photographs import Photograph, all_photographs, halves
from takeback.examine.blind.copy_move.copied import BOUND, plane_or_reason
from takeback.examine.blind.copy_move.pairs import search
from takeback.examine.conformal import Bound
from takeback.examine.outcome import MAX_NFA
from takeback.examine.subject import read_subject
from takeback.media import MediaLimits

NAME = "copy_move"
USUAL_SIDE = 512
LONG_SIDE = 1024
"""Pixels of every twentieth photograph, at most, and of the others: most that there are have 512."""
CLEAN_EACH = {"calibration": 5, "test": 7}
FORGED_EACH = {"calibration": 0, "test": 2}
BASELINES = (4, 8, 20)
"""Inliers from which the baseline counts a picture as forged."""
LEAST_OVERLAP = 0.1
"""Of what is found, at least, lies in what was copied: a finding elsewhere is none."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was said of one file: of each pair its strength, the picture's own NFA, and the F1 of its pixels."""

    photograph: str
    kind: str
    after: str
    area: float
    pixels: int
    why_not: str
    pairs: list[tuple[float, float, float]]
    baseline: int
    """Inliers, -1 where it was not asked."""
    seconds: float

    def strongest(self) -> float:
        """Return the largest strength that the picture itself does not explain."""
        return max((strength for strength, nfa, _ in self.pairs if nfa <= MAX_NFA), default=0.0)

    def counted(self, bound: Bound) -> list[float]:
        """Return the F1 of every pair that is a finding."""
        return [f1 for strength, nfa, f1 in self.pairs if max(nfa, bound.nfa(strength)) <= MAX_NFA]


def rows_of(half: str, photographs: Sequence[Photograph]) -> list[Row]:
    """Return the rows of all files, those that are kept and the rest."""
    return kept_rows(f"copy_move_{half}", Row, photographs, lambda number: _rows(half, number, photographs[number]))


def _rows(half: str, number: int, photograph: Photograph) -> Iterator[Row]:
    rng = np.random.default_rng((7, number))
    pixels = photograph.pixels(LONG_SIDE if number % 20 == 0 else USUAL_SIDE)
    afters, versions = list(AFTER), list(CLEAN)
    for turn in range(FORGED_EACH[half]):
        # 5 kinds and 6 of what comes after have no factor in common: each meets each.
        each = FORGED_EACH[half] * number + turn
        kind, after = KINDS[each % len(KINDS)], afters[each % len(afters)]
        made = cloned(pixels, kind, rng)
        if made is not None:
            yield _row(photograph.family, kind, after, AFTER[after](made.pixels), made.truth, asks=True)
    for turn in range(CLEAN_EACH[half]):
        after = versions[(CLEAN_EACH[half] * number + turn) % len(versions)]
        yield _row(photograph.family, "", after, CLEAN[after](pixels, rng), None, asks=half == "test" and turn < 1)


def _row(name: str, kind: str, after: str, data: bytes, truth: np.ndarray | None, *, asks: bool) -> Row:
    begun = time.process_time()
    subject = read_subject(data, MediaLimits())
    plane, why_not = plane_or_reason(subject.luminance)
    pairs = () if plane is None else search(plane).pairs
    seconds = time.process_time() - begun
    found = []
    for pair in pairs:
        places = pair.mask | pair.copy
        f1 = overlap(places, None if truth is None else _at_size(truth, places.shape), LEAST_OVERLAP)
        found.append((float(pair.strength), float(pair.nfa), f1))
    area = 0.0 if truth is None else float(truth.mean() / 2)
    baseline = inliers(subject.luminance) if asks else -1
    key = why_not.key if why_not else ""
    return Row(name, kind, after, area, subject.luminance.size, key, found, baseline, seconds)


def _at_size(truth: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(cv2.resize(truth.astype(np.uint8), shape[::-1], interpolation=cv2.INTER_NEAREST) > 0)


def run(most: int | None = None) -> dict[str, object]:
    """Look at every file of the test photographs, and count."""
    return of_test_half(most, lambda photographs: summary(rows_of("test", photographs), BOUND))


def calibrate(most: int | None = None) -> None:
    """Write what clean versions of the calibration photographs reach."""
    photographs = [each for each in halves(all_photographs())[0][:most] if each.family not in ALTERED]
    rows = [row for row in rows_of("calibration", photographs) if not row.why_not]
    strengths, used = [row.strongest() for row in rows], len({row.photograph for row in rows})
    write_calibration(NAME, "pairs of clean pictures", strengths, used)


def summary(rows: Sequence[Row], bound: Bound) -> dict[str, object]:
    """Return the share that is found, by kind and by what came after, and of clean files that with a finding."""
    forged, unforged = [row for row in rows if row.kind], [row for row in rows if not row.kind]
    clean = [row for row in unforged if row.photograph not in ALTERED]
    return {
        "forged": _forged(forged, bound),
        "forged_applicable": _forged([row for row in forged if not row.why_not], bound),
        "by_kind": {name: _forged(group, bound) for name, group in _grouped(forged, "kind")},
        "by_after": {name: _forged(group, bound) for name, group in _grouped(forged, "after")},
        "by_area": {
            name: _forged([row for row in forged if low <= row.area < high], bound)
            for name, low, high in (("below 5 %", 0, 0.05), ("5 % and more", 0.05, 1))
        },
        "clean": _clean(clean, bound),
        "published_with_copies": _clean([row for row in unforged if row.photograph in ALTERED], bound),
        "clean_applicable": _clean([row for row in clean if not row.why_not], bound),
        "clean_by_version": {name: _clean(group, bound) for name, group in _grouped(clean, "after")},
        "baseline": {f"{least} inliers": _baseline(rows, least) for least in BASELINES},
        "seconds_per_megapixel": round(
            statistics.median(row.seconds / row.pixels * 1e6 for row in rows if not row.why_not), 2
        ),
        "seconds_longest": round(max(row.seconds for row in rows), 2),
    }


def _forged(rows: Sequence[Row], bound: Bound) -> dict[str, object]:
    best = [max(row.counted(bound), default=0.0) for row in rows]
    f1 = [each for each in best if each > 0]
    return {**share(sum(each > 0 for each in best), len(rows)), "f1": round(statistics.mean(f1), 3) if f1 else None}


def _clean(rows: Sequence[Row], bound: Bound) -> dict[str, object]:
    wrong = [row for row in rows if row.counted(bound)]
    return {
        **share(len(wrong), len(rows)),
        "not_applicable": sum(bool(row.why_not) for row in rows),
        "which": sorted({row.photograph for row in wrong}),
    }


def _baseline(rows: Sequence[Row], least: int) -> dict[str, object]:
    asked = [row for row in rows if row.baseline >= 0]
    return {
        name: share(sum(row.baseline >= least for row in part), len(part))
        for name, part in (("forged", [r for r in asked if r.kind]), ("clean", [r for r in asked if not r.kind]))
    }


def _grouped(rows: Iterable[Row], by: str) -> list[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, by)].append(row)
    return sorted(groups.items())


if __name__ == "__main__":
    number = int(sys.argv[2]) if len(sys.argv) > 2 else None
    if sys.argv[1:2] == ["calibration"]:
        calibrate(number)
    else:
        run(number)
