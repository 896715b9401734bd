"""What was measured of each file, kept so that a run that is broken off goes on; and the bounds that follow."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.forensics.counted import share
from benchmarks.photographs import Photograph, all_photographs, halves, missing
from takeback.examine.conformal import Bound

ROOT = Path(__file__).parents[2]
BLIND = ROOT / "src" / "takeback" / "examine" / "blind"
KEPT = 60
"""Strengths of clean files that a calibration keeps: the largest."""


class OfPhotograph(Protocol):
    """A row of a file made of a photograph: a dataclass that JSON can hold."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def photograph(self) -> str:
        """The photograph's family."""


def kept_rows[R: OfPhotograph](
    name: str, of: type[R], photographs: Sequence[Photograph], make: Callable[[int], Iterable[R]]
) -> list[R]:
    """
    Return the rows of all photographs: those that are kept in `build/NAME.jsonl`, and the rest, made by their number.

    Processes share the work: with `PART=1/2` and `PART=2/2` in their environment each makes the rows of every second
    photograph, into a file of its own, and ends: a part is no result. A run without `PART` takes up what all made.
    """
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    part, _, parts = os.environ.get("PART", "").partition("/")
    own = folder / (f"{name}.{part}-of-{parts}.jsonl" if part else f"{name}.jsonl")
    kept = {own, folder / f"{name}.jsonl", *folder.glob(f"{name}.*-of-*.jsonl")}
    lines = [line for path in sorted(kept) if path.exists() for line in path.read_text().splitlines()]
    rows = [of(**json.loads(line)) for line in lines]
    done = {row.photograph for row in rows}
    names = {each.family for each in photographs}
    for number, photograph in enumerate(photographs):
        if photograph.family not in done and (not part or number % int(parts) == int(part) - 1):
            new = list(make(number))
            with own.open("a") as file:
                file.writelines(json.dumps(asdict(row)) + "\n" for row in new)
            rows += new
        print(f"{number + 1} of {len(photographs)}", end="\r", file=sys.stderr, flush=True)
    if part:
        sys.exit(0)
    return [row for row in rows if row.photograph in names]


def of_test_half(most: int | None, measure: Callable[[Sequence[Photograph]], dict[str, object]]) -> dict[str, object]:
    """Return, and print, what `measure` says of the photographs by which nothing is set, `most` of them."""
    photographs = halves(all_photographs())[1][:most]
    if len(photographs) < (most or 1):
        return {"skipped": f"there are {len(photographs)} photographs; missing: {', '.join(missing())}"}
    cv2.setNumThreads(1)
    result = {"photographs": len(photographs), "missing_sources": missing(), **measure(photographs)}
    print(json.dumps(result, indent=1))
    return result


def overlap(found: NDArray[np.bool_], truth: NDArray[np.bool_] | None, least: float) -> float:
    """Return the F1 of the pixels; 0 where less than the share `least` of what is found is true."""
    if truth is None:
        return 0.0
    both = np.count_nonzero(found & truth)
    if both < least * np.count_nonzero(found):
        return 0.0
    return float(2 * both / (np.count_nonzero(found) + np.count_nonzero(truth)))


def write_calibration(test: str, what: str, strengths: Sequence[float], photographs: int, *, digits: int = 1) -> None:
    """Write what clean files reach beside the module of a blind `test`: how many there are, and the strongest."""
    strongest = sorted((each for each in strengths if each > 0), reverse=True)[:KEPT]
    lines = [
        f"# Strengths of the strongest {what} (python -m benchmarks.forensics.{test} calibration).",
        "",
        f"made_on = {datetime.now(UTC).date().isoformat()}",
        'origin = "the calibration half of the photographs of benchmarks/photographs.py: places, things, animals"',
        f"photographs = {photographs}",
        f"clean = {len(strengths)}",
        f"strongest = [{', '.join(f'{each:.{digits}f}' for each in strongest)}]",
    ]
    (BLIND / test / "calibration.toml").write_text("\n".join(lines) + "\n", "utf-8")


# ---- What rows come to ----------------------------------------------------------------------------------------------


class Judged(OfPhotograph, Protocol):
    """A row of a file that a blind test judged, or said why it could not."""

    @property
    def after(self) -> str:
        """How the file was made, or saved."""

    @property
    def why_not(self) -> str:
        """Why it could not be judged; empty where it was."""

    def counted(self, bound: Bound) -> list[float]:
        """Return the F1 of each region that is a finding by `bound`: 0 of what does not lie on the part."""


def of_altered(rows: Sequence[Judged], bound: Bound) -> dict[str, object]:
    """Return how many parts are found, how many files could not be judged, and the mean F1 of what is found."""
    best = [max(row.counted(bound), default=0.0) for row in rows]
    f1 = [each for each in best if each > 0]
    return {
        **share(len(f1), len(rows)),
        "not_applicable": sum(bool(row.why_not) for row in rows),
        "elsewhere": sum(bool(row.counted(bound)) and not each for row, each in zip(rows, best, strict=True)),
        "f1": round(statistics.mean(f1), 3) if f1 else None,
    }


def of_clean(rows: Sequence[Judged], bound: Bound) -> dict[str, object]:
    """Return how many clean files have a finding, and which."""
    wrong = [row for row in rows if row.counted(bound)]
    return {
        **share(len(wrong), len(rows)),
        "not_applicable": sum(bool(row.why_not) for row in rows),
        "which": sorted(f"{row.photograph}, {row.after}" for row in wrong),
    }


def grouped[R: Judged](rows: Sequence[R], by: Callable[[R], str], bound: Bound) -> dict[str, object]:
    """Return what altered files come to, by groups."""
    groups: dict[str, list[R]] = defaultdict(list)
    for row in rows:
        groups[by(row)].append(row)
    return {name: of_altered(group, bound) for name, group in sorted(groups.items())}
