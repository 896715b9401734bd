"""
The index against its rivals: every stored code within 31 bits of a query, exactly, in one run.

`python -m benchmarks.lookup 100000` tries it with a smaller index and writes nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.apart import apart
from benchmarks.asking import BATCH, MATCH, RADII, clustered, compared, levels
from benchmarks.changing import changes, hma, memory, snapshot
from benchmarks.codes import photograph_codes, questions, random_codes, recombined
from benchmarks.rivals import nearer_is_strict
from takeback import _native

NAME = "lookup"
SIZES = (100_000, 1_000_000, 10_000_000)
EVERY_RADIUS_AT = 1_000_000
CLUSTERED = 100_000
HMA_SIZES = (100_000, 400_000)

Row = dict[str, Any]


def run(sizes: Sequence[int] = SIZES) -> dict[str, object]:
    """Measure everything for indexes of `sizes` codes; a few minutes a million, since rivals are slow to build."""
    if not nearer_is_strict():
        raise AssertionError("FAISS's range_search no longer leaves out what lies at its radius")
    usual = min(max(sizes), EVERY_RADIUS_AT)
    result: dict[str, Any] = {"level": _native.LEVEL, "sizes": list(sizes), "checks": [], "rows": [], "cold": []}
    real = _said("photographs", photograph_codes)
    result["photographs"] = "the photographs are not beside the project" if real is None else {"codes": len(real)}
    for size in sizes:
        radii = RADII if size == usual else (MATCH,)
        for name in ("random", *([] if real is None else ["photographs"])):
            elsewhere = random_codes(BATCH // 2, seed=2)
            stored = random_codes(size, seed=1) if name == "random" else recombined(real, size, seed=1)
            if name == "photographs":
                elsewhere = recombined(real, len(real) + BATCH // 2, seed=2)[len(real) :]
            asked = questions(stored, elsewhere, seed=4)
            for part, rows in _said(f"{name} {size:,}", compared, name, stored, asked, radii).items():
                result[part] += rows
    result["levels"] = _said("levels", levels, usual)
    result["clustered"] = _said("clustered", clustered, min(CLUSTERED, max(sizes)))
    result |= _said("changes", changes, usual)
    result["memory"] = [_said(f"memory {size:,}", apart, memory, size) for size in sizes]
    result["snapshot"] = _said("snapshot", snapshot, max(sizes))
    result["hma"] = [_said(f"hma {size:,}", apart, hma, size) for size in HMA_SIZES if size <= max(sizes)]
    result["targets"] = targets(result)
    _print(result)
    return result


def _said(what: str, work: Any, *arguments: object) -> Any:
    start = time.perf_counter()
    answer = work(*arguments)
    print(f"  {what}: {time.perf_counter() - start:.0f} s", flush=True)
    return answer


def targets(result: Row) -> list[Row]:
    """Say for each figure that was aimed at whether it was reached; those of a size that was not run are left out."""
    rows = [
        *_times(result, 1_000_000, "FAISS flat", "times_takeback", 60),
        *_times(result, 1_000_000, "FAISS MultiHash (HMA)", "times_takeback", 100),
        *_times(result, 10_000_000, "FAISS flat", "times_takeback", 250),
        *_times(result, 1_000_000, "FAISS flat", "batch_times_takeback", 60),
    ]
    added = result["additions"]["alone"]
    rows += [
        _target("one addition", added["mean_us"], "µs", 20),
        _target("longest addition", added["worst_ms"], "ms", 50),
        _target(
            "longest search while another thread adds",
            result["searches_meanwhile"]["adding_a_thousand_a_second"]["worst_ms"],
            "ms",
            50,
        ),
    ]
    for row in result["memory"]:
        rows.append(_target(f"memory, {row['entries']:,} entries", row["nbytes_per_entry"], "bytes an entry", 160))
    if result["snapshot"]["entries"] == max(SIZES):
        seconds = result["snapshot"]["open_and_first_s"]
        rows.append(_target("10,000,000 opened, first query included", seconds, "s", 1))
    exact = all(check["equals_flat"] and check["planted"] == check["planted_found"] for check in result["checks"])
    wrong = sum(not check["equals_flat"] for check in result["checks"])
    rows.append(
        {"what": "answers that differ from FAISS flat's", "figure": wrong, "unit": "", "target": 0, "met": exact}
    )
    return rows


def _times(result: Row, entries: int, index: str, column: str, least: float) -> list[Row]:
    batch = ", batch of 1,000 on two cores" if column.startswith("batch") else ", one query"
    found = [
        row
        for row in result["rows"]
        if (row["entries"], row["index"], row["radius"]) == (entries, index, MATCH) and column in row
    ]
    return [
        {
            "what": f"{entries:,} {row['codes']} codes{batch}, against {index}",
            "figure": row[column],
            "unit": "times as fast",
            "target": least,
            "met": row[column] >= least,
        }
        for row in found
    ]


def _target(what: str, figure: float, unit: str, most: float) -> Row:
    return {"what": what, "figure": figure, "unit": unit, "target": most, "met": figure <= most}


def _print(result: Row) -> None:
    head = ("codes", "entries", "radius", "index", "median µs", "p99 µs", "times", "batch µs", "times", "recall")
    print(("{:>12}{:>12}{:>7}  {:22}" + "{:>11}" * 6).format(*head))
    for row in result["rows"]:
        cells = [row[name] for name in ("codes", "entries", "radius", "index")]
        figures = [row[name] for name in ("median_us", "p99_us", "times_takeback", "batch_us")]
        figures += [row["batch_times_takeback"], row["recall"]]
        print("{:>12}{:>12,}{:>7}  {:22}".format(*cells) + "".join(f"{figure:>11.2f}" for figure in figures))
    for part in ("checks", "cold", "levels", "clustered", "memory", "hma"):
        print(part)
        for row in result[part]:
            print("   ", _short(row))
    for part in ("additions", "searches_meanwhile", "removals", "snapshot"):
        print(part)
        for name, value in result[part].items():
            print("   ", name, _short(value))
    for row in result["targets"]:
        met = "met" if row["met"] else "MISSED"
        print(f"{met:>7}  {row['what']}: {row['figure']:.4g} {row['unit']} (target {row['target']})")


def _short(value: Any) -> Any:
    """Return `value` with few digits."""
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    run([int(size) for size in sys.argv[1:]] or SIZES)
