"""How long a search takes: one at a time, by the thousand, from cold caches, at other radii and instructions."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.apart import apart
from benchmarks.codes import Codes, Questions, clustered_codes, flipped, questions, random_codes
from benchmarks.rivals import FaissFlat, FaissMultiHash, Rival, Takeback, Usearch

MATCH = 31
"""Bits: the radius of PDQ."""
RADII = (15, 31, 40, 64)
"""Bits; beyond 47 Takeback compares every code, as FAISS's flat index does."""
SCANNED = 48
"""Bits: the smallest radius at which it does."""
BATCH = 1_000
ROUNDS = 5
"""Each rival is timed in each of them, in turn."""
PER_ROUND, ROUND_SECONDS = 200, 0.5
"""Queries in a round, fewer where they would take longer."""
BATCH_ROUNDS = 3
MULTIHASH_UP_TO, USEARCH_UP_TO = 1_000_000, 100_000
"""Codes: MultiHash takes a kilobyte for each, and usearch's graph of a million takes ten minutes to build."""
LEVELS = ("portable", "neon", "avx2", "avx512")
SWEPT_BYTES = 256 << 20
"""More than any cache holds; touched before each cold query."""
COLD_QUERIES = 60

Row = dict[str, Any]


def speeds(rivals: Sequence[Rival], asked: Questions, radius: int, *, batches: bool = True) -> list[Row]:
    """Time `rivals`, the first of which is Takeback, in turn; medians in microseconds a query."""
    queries = asked.rows()
    singles: dict[str, list[float]] = {rival.name: [] for rival in rivals}
    batch: dict[str, list[float]] = {rival.name: [] for rival in rivals}
    for number in range(ROUNDS):
        for rival in rivals:
            part = queries[number * PER_ROUND % len(queries) :][:PER_ROUND]
            singles[rival.name] += _timed(lambda query, rival=rival: rival.ask(query, radius), part)
    for _ in range(BATCH_ROUNDS if batches else 0):
        for rival in rivals:
            batch[rival.name] += _timed(lambda all_, rival=rival: rival.ask_batch(all_, radius), [asked.codes])
    rows = [_row(rival.name, singles[rival.name]) for rival in rivals]
    for row in rows:
        row["times_takeback"] = row["median_us"] / rows[0]["median_us"]
        if batches:
            row["batch_us"] = statistics.median(batch[row["index"]]) / len(queries)
    for row in rows if batches else ():
        row["batch_times_takeback"] = row["batch_us"] / rows[0]["batch_us"]
    return rows


def _timed(ask: Callable[[Codes], object], queries: Sequence[Codes]) -> list[float]:
    """Return microseconds for each of `queries`, or for as many as half a second allows."""
    taken: list[float] = []
    until = time.perf_counter() + ROUND_SECONDS
    for query in queries:
        start = time.perf_counter()
        ask(query)
        end = time.perf_counter()
        taken.append(1e6 * (end - start))
        if end > until:
            break
    return taken


def _row(name: str, taken: list[float]) -> Row:
    ordered = sorted(taken)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return {"index": name, "median_us": statistics.median(ordered), "p99_us": p99, "timed": len(ordered)}


def compared(name: str, stored: Codes, asked: Questions, radii: Sequence[int]) -> Row:
    """Build every index that fits this size, check what they answer, and time them at `radii`."""
    kinds: list[Callable[[Codes], Rival]] = [Takeback, FaissFlat]
    kinds += [FaissMultiHash] if len(stored) <= MULTIHASH_UP_TO else []
    kinds += [Usearch] if len(stored) <= USEARCH_UP_TO else []
    rivals, building = [], {}
    for kind in kinds:
        start = time.perf_counter()
        rivals.append(kind(stored))
        # Takeback is built twice.
        building[rivals[-1].name] = (time.perf_counter() - start) / (2 if kind is Takeback else 1)
    about = {"codes": name, "entries": len(stored)}
    checks, rows = [], []
    for radius in radii:
        # MultiHash is exact up to 31 as HMA sets it, and usearch nowhere: neither is asked beyond.
        present = rivals if radius == MATCH else rivals[:2]
        check, recalls = _checked(present, asked, radius)
        checks.append({**about, "radius": radius, **check})
        for row in speeds(present, asked, radius):
            more = {"recall": recalls[row["index"]], "build_s": building[row["index"]]}
            rows.append({**about, "radius": radius, **row, **more})
    return {"checks": checks, "rows": rows, "cold": [{**about, **row} for row in _cold(rivals[:2], asked)]}


def _checked(rivals: Sequence[Rival], asked: Questions, radius: int) -> tuple[Row, dict[str, float]]:
    """Compare all answers with those of FAISS's flat index; say which share of its pairs each rival finds."""
    truth = rivals[1].pairs(asked.codes, radius)
    known = {tuple(pair) for pair in truth.tolist()}
    found = {rival.name: {tuple(pair) for pair in rival.pairs(asked.codes, radius).tolist()} for rival in rivals}
    recalls = {name: len(pairs & known) / max(1, len(known)) for name, pairs in found.items()}
    ours = rivals[0].pairs(asked.codes, radius)
    seen = {(query, row) for query, row, _ in ours.tolist()}
    bits = np.arange(len(asked.planted)) % (MATCH + 1)
    due = [(2 * at, int(row)) for at, row in enumerate(asked.planted) if bits[at] <= radius]
    check = {
        "queries": len(asked.codes),
        "planted": len(due),
        "planted_found": sum(pair in seen for pair in due),
        "pairs": len(truth),
        "equals_flat": bool(np.array_equal(ours, truth)),
    }
    return check, recalls


def _cold(rivals: Sequence[Rival], asked: Questions) -> list[Row]:
    """Time queries each of which finds the processor's caches full of something else."""
    other = np.ones(SWEPT_BYTES, np.uint8)
    taken: dict[str, list[float]] = {rival.name: [] for rival in rivals}
    for query in asked.rows()[:COLD_QUERIES]:
        for rival in rivals:
            other[::64] += 1  # a byte of each cache line
            taken[rival.name] += _timed(lambda code, rival=rival: rival.ask(code, MATCH), [query])
    return [_row(name, times) for name, times in taken.items()]


def clustered(entries: int) -> list[Row]:
    """Time the worst: every stored code within the radius of every other, asked from among them and from beside."""
    stored = clustered_codes(entries, seed=3)
    rng = np.random.default_rng(5)
    centre = random_codes(1, seed=3)
    rivals: list[Rival] = [Takeback(stored, batches=False), FaissFlat(stored), FaissMultiHash(stored)]
    among = Questions(stored[rng.integers(0, entries, 100)], np.zeros(0, np.int64))
    # 47 bits from the centre is at least 32 from each: nothing is found, and yet much looks near.
    beside = Questions(flipped(np.tile(centre, (100, 1)), np.full(100, MATCH + 16), rng), np.zeros(0, np.int64))
    rows: list[Row] = []
    for name, asked in (("among", among), ("beside", beside)):
        found = [rival.pairs(asked.codes[:10], MATCH) for rival in rivals[:2]]
        about = {
            "asked": name,
            "entries": entries,
            "hits": len(found[1]) / 10,
            "equals_flat": np.array_equal(*found),
        }
        rows += [{**about, **row} for row in speeds(rivals, asked, MATCH, batches=False)]
        if name == "among":  # from beside, the larger radius would find more
            scan = speeds(rivals[:1], asked, SCANNED, batches=False)[0]
            rows.append({**about, **scan, "index": "Takeback, every code", "times_takeback": None})
    return rows


def levels(entries: int) -> list[Row]:
    """Time each set of instructions that this processor has, beside FAISS's flat index."""
    return [{"level": level, "entries": entries, **apart(_level, entries, level=level)} for level in _levels_here()]


def _levels_here() -> list[str]:
    command = [sys.executable, "-c", "import takeback._native"]
    here = []
    for level in LEVELS:
        environment = os.environ | {"TAKEBACK_KERNEL": level}
        if subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0:
            here.append(level)
    return here


def _level(entries: int) -> Row:
    stored = random_codes(entries, seed=1)
    asked = questions(stored, random_codes(BATCH // 2, seed=2), seed=4)
    rivals: list[Rival] = [Takeback(stored), FaissFlat(stored)]
    result: Row = {}
    for radius in (MATCH, 64):
        ours, flat = speeds(rivals, asked, radius, batches=radius == MATCH)
        result[f"radius_{radius}"] = {"takeback": ours, "flat": flat}
    return result
