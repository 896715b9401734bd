"""
How many changes `compare_images` finds with the original at hand, how well it outlines them, and how often it is wrong.

Of every photograph, pairs with one change and what came after, and clean pairs with the same that comes after
(`benchmarks.retouches`). The bound of clean pairs is set on the one half of the photographs
(`python -m benchmarks.compared calibration`, which writes `calibration.toml` beside the code), everything here is
measured on the other. `python -m benchmarks.compared test N` takes N photographs only.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks import plain_ssim
from benchmarks.edits import as_upload
from benchmarks.photographs import Photograph, all_photographs, halves, missing
from benchmarks.retouches import AFTER, CHANGES, Suspect, made
from takeback.examine import Comparison, compare_images
from takeback.media import decode_image

NAME = "compared"
LEAST_PHOTOGRAPHS = 100
LONG_SIDE = 1640
"""Pixels of every eighth original, at most: two megapixels, by which the time is measured."""
USUAL_SIDE = 900
"""Pixels of the others, at most."""
TWO_MEGAPIXELS = 1_500_000, 2_500_000
"""Pixels of a suspect whose time counts as that of two megapixels; screenshots of such originals have three or more."""
ORIGINAL_QUALITY = 92
CHANGED_EACH = 3
"""Changed pairs of each photograph; clean ones are one for each of `AFTER`."""
WORKERS = 1
CALIBRATION = Path(__file__).parents[1] / "src" / "takeback" / "examine" / "compared" / "calibration.toml"
KEPT = 60
"""Strengths of clean pairs that the calibration keeps: the largest."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said of one pair, against what was done."""

    change: str
    after: str
    same_source: bool | None
    changed: bool | None
    nfa: float
    strongest: float
    """Strength of the strongest region."""
    f1: float
    is_found: bool
    pixels: int
    seconds: float
    plain_changed: tuple[bool, ...]
    """Whether the plain map calls it changed at each of its thresholds; of a changed pair, on the change."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was changed."""
        return not self.change


def run(most: int | None = None) -> dict[str, object]:
    """Compare every pair of the test photographs, and count."""
    photographs = halves(all_photographs())[1][:most]
    if most is None and len(photographs) < LEAST_PHOTOGRAPHS:
        return {"skipped": f"there are {len(photographs)} photographs; missing: {', '.join(missing())}"}
    outcomes = outcomes_of(photographs, seed=2)
    result: dict[str, object] = {"photographs": len(photographs), "missing_sources": missing(), **summary(outcomes)}
    print(json.dumps(result, indent=1))
    return result


def calibrate(most: int | None = None) -> None:
    """Write what clean pairs of the calibration photographs reach."""
    photographs = halves(all_photographs())[0][:most]
    write_calibration(outcomes_of(photographs, seed=1, changed_each=0), len(photographs))


def write_calibration(outcomes: Sequence[Outcome], photographs: int) -> None:
    """Write the strengths of the strongest regions of clean pairs, the largest alone."""
    clean = [each.strongest for each in outcomes if each.same_source]
    strongest = sorted(clean, reverse=True)[:KEPT]
    lines = [
        "# Strengths of the strongest regions of clean pairs (python -m benchmarks.compared calibration).",
        "",
        f"made_on = {datetime.now(UTC).date().isoformat()}",
        'origin = "the calibration half of the photographs of benchmarks/photographs.py: places, things, animals"',
        f"photographs = {photographs}",
        f"clean = {len(clean)}",
        f"strongest = [{', '.join(f'{each:.2f}' for each in strongest)}]",
    ]
    CALIBRATION.write_text("\n".join(lines) + "\n", "utf-8")


def outcomes_of(photographs: Sequence[Photograph], seed: int, changed_each: int = CHANGED_EACH) -> list[Outcome]:
    """Return what is said of all pairs of these photographs."""
    jobs = [(photographs, row, seed, changed_each) for row in range(len(photographs))]
    found: list[Outcome] = []
    # As the children have it that compare files: else NumPy's threads wait for each other, which counts as time.
    one_thread = patch.dict(os.environ, OPENBLAS_NUM_THREADS="1")
    with one_thread, ProcessPoolExecutor(WORKERS, get_context("spawn")) as workers:
        for row, outcomes in enumerate(workers.map(_outcomes, jobs)):
            found += outcomes
            print(f"{row + 1} of {len(photographs)}", end="\r", file=sys.stderr, flush=True)
    return found


def _outcomes(job: tuple[Sequence[Photograph], int, int, int]) -> list[Outcome]:
    photographs, row, seed, changed_each = job
    original = as_upload(photographs[row].pixels(side_of(row)), ORIGINAL_QUALITY)
    return [outcome(original, suspect) for suspect in suspects_of(photographs, row, seed, original, changed_each)]


def side_of(row: int) -> int:
    """Return how long the original of a photograph is at most."""
    return USUAL_SIDE if row % 8 else LONG_SIDE


def suspects_of(
    photographs: Sequence[Photograph], row: int, seed: int, original: bytes, changed_each: int = CHANGED_EACH
) -> Iterator[Suspect]:
    """Yield the suspects that are made of one photograph: changed ones, then clean ones."""
    rng = np.random.default_rng((seed, row))
    pixels = decode_image(original).pixels
    other = photographs[(row + 1) % len(photographs)].pixels(side_of(row))
    kinds = list(product(CHANGES, AFTER))
    for turn in range(changed_each):
        # Every kind of change meets everything that comes after: 7 has no factor in common with 60.
        change, after = kinds[(7 * (row * changed_each + turn)) % len(kinds)]
        suspect = made(pixels, other, change, after, rng)
        if suspect is not None:
            yield suspect
    for after in AFTER:
        clean = made(pixels, other, "", after, rng)
        assert clean is not None
        yield clean


def outcome(original: bytes, suspect: Suspect) -> Outcome:
    """Compare one pair."""
    begun = time.process_time()
    found = compare_images(original, suspect.data)
    seconds = time.process_time() - begun
    f1, is_found = agreement(found, suspect.truth)
    similar = plain_ssim.similarity(decode_image(original).pixels, decode_image(suspect.data).pixels)
    looked_at = suspect.truth if suspect.change else np.ones_like(suspect.truth)
    plain = tuple(bool((plain_ssim.unlike(similar, each) & looked_at).any()) for each in plain_ssim.THRESHOLDS)
    return Outcome(
        suspect.change, suspect.after, found.same_source, found.changed, found.nfa, found.strongest, f1, is_found,
        suspect.truth.size, seconds, plain,
    )  # fmt: skip


def agreement(found: Comparison, truth: NDArray[np.bool_]) -> tuple[float, bool]:
    """Return the F1 of the pixels that are called changed, and whether any of them was."""
    mask = np.zeros_like(truth) if found.mask is None else found.mask
    both = int(np.count_nonzero(mask & truth))
    total = int(np.count_nonzero(mask)) + int(np.count_nonzero(truth))
    return (2 * both / total if total else 1.0), bool(found.changed and both)


def summary(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """Return the share of changed pairs that are found, their mean F1, and the share of clean ones called changed."""
    changed, clean = [o for o in outcomes if not o.is_clean], [o for o in outcomes if o.is_clean]
    of_two = [o.seconds for o in outcomes if TWO_MEGAPIXELS[0] <= o.pixels <= TWO_MEGAPIXELS[1]]
    larger = [o.seconds for o in outcomes if o.pixels > TWO_MEGAPIXELS[1]]
    return {
        "changed": _changed(changed),
        "by_change": _grouped(changed, "change"),
        "by_after": _grouped(changed, "after"),
        "clean": _clean(clean),
        "plain_map": _plain(changed, clean),
        "clean_by_after": {name: _clean([o for o in clean if o.after == name]) for name in AFTER},
        "seconds": round(statistics.median(o.seconds for o in outcomes), 3),
        "seconds_2_mp": _median(of_two),
        "pairs_2_mp": len(of_two),
        "seconds_larger": _median(larger),
        "pairs_larger": len(larger),
    }


def _median(seconds: Sequence[float]) -> float | None:
    return round(statistics.median(seconds), 3) if seconds else None


def _changed(outcomes: Sequence[Outcome]) -> dict[str, object]:
    n, found = len(outcomes), sum(o.is_found for o in outcomes)
    return {
        "pairs": n,
        "found": round(found / n, 4) if n else None,
        "interval_95": _interval(found, n),
        "f1": round(statistics.mean(o.f1 for o in outcomes), 4) if n else None,
        "not_registered": sum(not o.same_source for o in outcomes),
    }


def _clean(outcomes: Sequence[Outcome]) -> dict[str, object]:
    n, wrong = len(outcomes), sum(bool(o.changed) for o in outcomes)
    return {
        "pairs": n,
        "called_changed": wrong,
        "share": round(wrong / n, 4) if n else None,
        "interval_95": _interval(wrong, n),
        "not_registered": sum(not o.same_source for o in outcomes),
    }


def _plain(changed: Sequence[Outcome], clean: Sequence[Outcome]) -> dict[str, object]:
    """Return for each threshold of the plain map which shares of changed and of clean pairs it calls changed."""
    return {
        str(threshold): {
            "found": round(statistics.mean(o.plain_changed[at] for o in changed), 4) if changed else None,
            "clean_called_changed": round(statistics.mean(o.plain_changed[at] for o in clean), 4) if clean else None,
        }
        for at, threshold in enumerate(plain_ssim.THRESHOLDS)
    }


def _grouped(outcomes: Sequence[Outcome], by: str) -> dict[str, object]:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for each in outcomes:
        groups[getattr(each, by)].append(each)
    return {name: _changed(group) for name, group in groups.items()}


def _interval(k: int, n: int) -> list[float] | None:
    """Return Wilson's interval of a share, 95 %."""
    if not n:
        return None
    z, share = 1.96, k / n
    middle, half = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return [
        round(max(0.0, (middle - half) / (1 + z * z / n)), 4),
        round(min(1.0, (middle + half) / (1 + z * z / n)), 4),
    ]


if __name__ == "__main__":
    number = int(sys.argv[2]) if len(sys.argv) > 2 else None
    if sys.argv[1:2] == ["calibration"]:
        calibrate(number)
    else:
        run(number)
