"""
How many edited copies are found, and how often another picture is called one: 44 edits of every test photograph.

Columns: HMA's hash (PDQ of the whole, 31 bits); SSCD in one view at the threshold that its authors recommend; and
Takeback at the three levels of what a person gives, notice first and upload first. `python -m benchmarks.copies N`
takes N photographs only. Thresholds are the product's; they were set on the other half of the photographs, with other
edits (`benchmarks/calibration.py`).
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.copy_pairs import OTHER_STEP, Pairs, Sample, notice_first, samples, upload_first
from benchmarks.edits import all_edits
from benchmarks.photographs import all_photographs, halves, missing
from takeback.bank import Thresholds
from takeback.cases.notice import Level
from takeback.workflow.sweep import SOMEWHAT_LIKE

NAME = "copies"
LEAST_PHOTOGRAPHS = 100
SSCD_RECOMMENDED = 0.75
"""Cosine at which SSCD's authors expect 90 % precision (facebookresearch/sscd-copy-detection, README)."""
BOOTSTRAPS = 2_000

type Floats = NDArray[np.float32]
type Bools = NDArray[np.bool_]


def run(most: int | None = None) -> dict[str, object]:
    """Take every picture once, compare all with all, and count."""
    photographs = halves(all_photographs())[1][:most]
    if most is None and len(photographs) < LEAST_PHOTOGRAPHS:
        return {"skipped": f"there are {len(photographs)} photographs; missing: {', '.join(missing())}"}
    taken = samples(photographs)
    pairs = notice_first(taken, Level.FEATURES)
    items = fetched(upload_first(taken, Level.FEATURES), pairs.facts)
    result: dict[str, object] = {
        "photographs": len(taken),
        "edits": len(pairs.facts),
        "missing_sources": missing(),
        "thresholds": {name: getattr(Thresholds(), name) for name in Thresholds.__slots__},
        "columns": _columns(pairs, items),
        "seconds": _seconds(taken),
    }
    _print(result)
    return result


def fetched(kept: Floats, facts: Floats) -> Floats:
    """
    Return what is found of stored items where she gave local features: `kept` facts, and those of the item itself.

    Items that are somewhat like her picture are fetched, and then compared as an upload is; here by their local
    features alone.
    """
    distance, similarity, _ = np.moveaxis(kept, -1, 0)
    suspected = (distance <= SOMEWHAT_LIKE.bits) | (similarity >= SOMEWHAT_LIKE.similarity)
    result = kept.copy()
    result[..., 2] = np.where(suspected, facts[..., 2], kept[..., 2])
    return result


def _columns(pairs: Pairs, items: Floats) -> dict[str, object]:
    found: dict[str, tuple[Bools, Bools]] = {
        "hma": (pairs.hma <= 31, pairs.hma <= 31),
        "sscd": (pairs.sscd >= SSCD_RECOMMENDED, pairs.sscd >= SSCD_RECOMMENDED),
    }
    for way, facts in (("notice_first", pairs.facts), ("upload_first", items)):
        for level in Level:
            found[f"{way}_{level.value}"] = classes(facts, level, Thresholds())
    return {name: _column(any_class, same) for name, (any_class, same) in found.items()}


def classes(facts: Floats, level: Level, thresholds: Thresholds) -> tuple[Bools, Bools]:
    """Return for each pair whether it is of any class at `level`, and whether it is *substantially the same*."""
    distance, similarity, inliers = np.moveaxis(facts, -1, 0)
    possible, same = distance <= thresholds.possible_bits, distance <= thresholds.same_bits
    if level is not Level.FINGERPRINT:
        possible |= similarity >= thresholds.possible_similarity
        same |= similarity >= thresholds.same_similarity
    if level is Level.FEATURES:
        possible |= inliers >= thresholds.possible_inliers
        same |= inliers >= thresholds.same_inliers
    return possible | same, same


def _column(any_class: Bools, same: Bools) -> dict[str, object]:
    """Recall by edit, its mean with an interval by bootstrap over photographs, and what was wrong."""
    right = np.diagonal(any_class, axis1=1, axis2=2)
    wrong = different_pairs(any_class.shape[1])
    by_edit = {edit.name: round(float(found.mean()), 4) for edit, found in zip(all_edits(), right, strict=True)}
    low, high = _interval(right)
    return {
        "recall": round(float(right.mean()), 4),
        "interval_95": [low, high],
        "substantially_same": round(float(np.diagonal(same, axis1=1, axis2=2).mean()), 4),
        "lowest_edit": min(by_edit, key=by_edit.__getitem__),
        "by_edit": by_edit,
        "different_pairs": int(wrong.sum()) * len(any_class),
        "false_same": int((same & wrong).sum()),
        "false_possible": int((any_class & ~same & wrong).sum()),
    }


def different_pairs(count: int) -> Bools:
    """Return which of [photographs, entries] are of different pictures: neither itself nor the other that was used."""
    wrong = np.ones((count, count), np.bool_)
    rows = np.arange(count)
    wrong[rows, rows] = wrong[rows, (rows + OTHER_STEP) % count] = False
    return wrong


def _interval(right: Bools) -> tuple[float, float]:
    rng = np.random.default_rng(4)
    of_photographs = right.mean(axis=0)
    drawn = rng.integers(0, len(of_photographs), (BOOTSTRAPS, len(of_photographs)))
    low, high = np.quantile(of_photographs[drawn].mean(axis=1), (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)


def _seconds(taken: Sequence[Sample]) -> Mapping[str, float]:
    """Return the median milliseconds of each step for one upload, in the process that decodes, one core."""
    steps = [upload.seconds for sample in taken for upload in sample.uploads.values()]
    return {f"{step}_ms": round(1e3 * statistics.median(each[step] for each in steps), 2) for step in steps[0]}


def _print(result: dict[str, object]) -> None:
    columns: dict[str, dict[str, object]] = result["columns"]  # type: ignore[assignment]
    print(f"{'':<24}" + "".join(f"{name[:17]:>18}" for name in columns))
    by_edit = [column["by_edit"] for column in columns.values()]
    for edit in all_edits():
        print(f"{edit.name:<24}" + "".join(f"{each[edit.name]:>18.2f}" for each in by_edit))  # type: ignore[index]
    for row in ("recall", "interval_95", "substantially_same", "false_same", "false_possible", "different_pairs"):
        print(f"{row:<24}" + "".join(f"{column[row]!s:>18}" for column in columns.values()))
    print(result["seconds"])


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else None)
