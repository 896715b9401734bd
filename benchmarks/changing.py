"""What changes and keeps an index cost: additions, removals, who searches meanwhile, memory, snapshots, HMA's."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

from benchmarks.apart import apart, forget_peak, resident_bytes
from benchmarks.codes import random_codes
from benchmarks.rivals import filled
from takeback.index import HammingIndex

ADDED = 200_000
ADDED_AND_SOUGHT = 20_000
REMOVED = 10_000
PHASE_SECONDS = 4.0
AT_ONCE = 50_000
"""Codes in one call that are still added to the tail, and so merged."""
OPENED = 3
"""Processes that open the snapshot, one after the other."""
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - snapshots belong in memory, and it is a folder of ours in there
HMA_ADDS = 5

Row = dict[str, Any]


def _spread(seconds: list[float] | NDArray[np.float64]) -> Row:
    """Return mean, median, p99 and p99.9 in microseconds, and the longest in milliseconds."""
    taken = 1e6 * np.asarray(seconds)
    return {
        "count": len(taken),
        "mean_us": float(taken.mean()),
        "median_us": float(np.median(taken)),
        "p99_us": float(np.quantile(taken, 0.99)),
        "p999_us": float(np.quantile(taken, 0.999)),
        "worst_ms": float(taken.max()) / 1e3,
        "over_5_ms": int((taken > 5e3).sum()),
    }


def _each(work: Callable[[int], object], numbers: Iterable[int]) -> list[float]:
    """Return the seconds that `work` took for each of `numbers`."""
    taken = []
    for number in numbers:
        start = time.perf_counter()
        work(number)
        taken.append(time.perf_counter() - start)
    return taken


def machines_own_pauses(seconds: float = PHASE_SECONDS) -> Row:
    """Measure what the machine interrupts a process that does nothing: no pause below it is the index's."""
    gaps, last = [], time.perf_counter()
    until = last + seconds
    while last < until:
        now = time.perf_counter()
        gaps.append(now - last)
        last = now
    return _spread(gaps)


class Feed:
    """Codes that are added one at a time under keys that grow."""

    def __init__(self, first: int, count: int, *, seed: int) -> None:
        self.first = first
        self.codes = random_codes(count, seed=seed)
        self._keys = np.arange(first, first + count, dtype=np.uint64)

    def add(self, index: HammingIndex, number: int) -> None:
        """Add one."""
        index.add(self._keys[number : number + 1], self.codes[number : number + 1])

    def is_found(self, index: HammingIndex, number: int) -> bool:
        """Say whether the next search finds it, at distance 0."""
        found = index.search(self.codes[number : number + 1], 0)
        return self.first + number in found.key


def additions(entries: int) -> Row:
    """Add one code at a time: alone, then each followed by the search that has to find it."""
    index = filled(random_codes(entries, seed=1), threads=0)
    feed = Feed(entries, ADDED + ADDED_AND_SOUGHT, seed=11)
    alone = _each(lambda number: feed.add(index, number), range(ADDED))
    index.settle()
    sought = range(ADDED, ADDED + ADDED_AND_SOUGHT)
    seen = 0
    for number in sought:
        feed.add(index, number)
        seen += feed.is_found(index, number)
    return {
        "entries": entries,
        "alone": _spread(alone),
        "sought": len(sought),
        "seen_at_once": seen,
        "held": len(index) == entries + ADDED + ADDED_AND_SOUGHT,
        "machine": machines_own_pauses(),
    }


def searches_meanwhile(entries: int) -> Row:
    """
    Search while another thread adds.

    First without it; then while it adds a thousand a second to this index; then while it adds as fast as it can,
    once to another index (which costs the interpreter's lock and a core, and nothing else) and once to this one.
    """
    index = filled(random_codes(entries, seed=1), threads=1)
    other = filled(random_codes(entries, seed=1), threads=1)
    queries = random_codes(2_000, seed=12)
    asked = [queries[row : row + 1] for row in range(len(queries))]
    feed = Feed(entries, 4 * ADDED, seed=13)
    result: Row = {"entries": entries}
    phases = (
        ("alone", None, 0.0),
        ("adding_a_thousand_a_second", index, 1e-3),
        ("adding_elsewhere_flat_out", other, 0.0),
        ("adding_here_flat_out", index, 0.0),
    )
    for name, added_to, wait in phases:
        stop = threading.Event()
        added: list[float] = []
        thread = threading.Thread(target=_add_until, args=(added_to, feed, wait, stop, added))
        thread.start()
        taken, until = [], time.perf_counter() + PHASE_SECONDS
        while time.perf_counter() < until:
            taken += _each(lambda number: index.search(asked[number % len(asked)]), range(100))
        stop.set()
        thread.join()
        result[name] = _spread(taken) | {"additions": _spread(added) if added else None}
        index.settle()
        other.settle()
    return result


def _add_until(index: HammingIndex | None, feed: Feed, wait: float, stop: threading.Event, taken: list[float]) -> None:
    for number in range(len(feed.codes)):
        if index is None or stop.is_set():
            return
        if wait:
            time.sleep(wait)
        start = time.perf_counter()
        feed.add(index, number)
        taken.append(time.perf_counter() - start)


def removals(entries: int) -> Row:
    """Remove one key at a time, then a thousand at once, then a tenth of all; nothing removed is found."""
    codes = random_codes(entries, seed=1)
    index = filled(codes, threads=0)
    keys = np.random.default_rng(6).permutation(entries).astype(np.uint64)
    single = _each(lambda number: index.remove(keys[number : number + 1]), range(REMOVED))
    removed = REMOVED
    seconds = {}
    for name, count in (("thousand", 1_000), ("tenth", entries // 10)):
        start = time.perf_counter()
        index.remove(keys[removed : removed + count])
        seconds[f"{name}_ms"] = 1e3 * (time.perf_counter() - start)
        removed += count
    gone = keys[np.linspace(0, removed - 1, 1_000).astype(int)]
    found = sum(len(index.search(codes[int(key)][np.newaxis], 0)) for key in gone)
    held = int(index.contains(keys[:removed]).sum())
    return {"entries": entries, "single": _spread(single), **seconds, "found_after": found + held}


def memory(entries: int) -> Row:
    """Measure bytes a code when nothing is under way, and at most while a merge of all of them is."""
    codes = random_codes(entries, seed=1)
    more = random_codes(entries // 8, seed=14)
    keys = np.arange(entries + len(more), dtype=np.uint64)
    before = resident_bytes()
    index = HammingIndex()
    start = time.perf_counter()
    index.add(keys[:entries], codes)
    build = time.perf_counter() - start
    resident = resident_bytes() - before
    nbytes = index.nbytes
    forget_peak()
    for first in range(0, len(more), AT_ONCE):
        last = min(first + AT_ONCE, len(more))
        index.add(keys[entries + first : entries + last], more[first:last])
    index.settle()
    return {
        "entries": entries,
        "build_s": build,
        "nbytes_per_entry": nbytes / entries,
        "resident_per_entry": resident / entries,
        "peak_per_entry_while_merged": (resident_bytes("VmHWM") - before) / (entries + len(more)),
        "nbytes_per_entry_after": index.nbytes / len(index),
    }


def snapshot(entries: int) -> Row:
    """Save to memory that processes share, then open it in new ones and ask one query."""
    with TemporaryDirectory(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None) as folder:
        path = str(Path(folder) / "index.snapshot")
        saved = apart(save, entries, path)
        opened = [apart(open_and_ask, entries, path) for _ in range(OPENED)]
    medians = {name: statistics.median(row[name] for row in opened) for name in opened[0]}
    return {
        "entries": entries,
        **saved,
        **medians,
        "worst_open_and_first_s": max(r["open_and_first_s"] for r in opened),
    }


def save(entries: int, path: str) -> Row:
    """Build an index and save it."""
    codes = random_codes(entries, seed=1)
    start = time.perf_counter()
    index = filled(codes, threads=0)
    build = time.perf_counter() - start
    start = time.perf_counter()
    index.save(path, seq=7)
    return {"build_s": build, "save_s": time.perf_counter() - start, "file_bytes": Path(path).stat().st_size}


def open_and_ask(entries: int, path: str) -> Row:
    """Open a snapshot of `entries` codes, ask for one that is there, then for a thousand more."""
    queries = random_codes(1_000, seed=1)  # the first of those stored
    before = resident_bytes()
    start = time.perf_counter()
    index = HammingIndex.open(path)
    opened = time.perf_counter()
    found = index.search(queries[:1])
    first = time.perf_counter()
    if len(index) != entries or 0 not in found.key or index.seq != 7:
        raise AssertionError("the snapshot does not hold what was saved")
    resident = resident_bytes() - before
    later = _each(lambda number: index.search(queries[number : number + 1]), range(1, len(queries)))
    return {
        "open_s": opened - start,
        "open_and_first_s": first - start,
        "median_us": 1e6 * statistics.median(later),
        "resident_per_entry": resident / entries,
    }


def hma(entries: int) -> Row:
    """Measure HMA's own index (`PDQIndex` of the package threatexchange): memory, one addition, one query."""
    pairs = [(code.hex(), number) for number, code in enumerate(map(bytes, random_codes(entries, seed=1)))]
    more = [bytes(code).hex() for code in random_codes(HMA_ADDS, seed=15)]
    faiss.omp_set_num_threads(1)
    before = resident_bytes()
    start = time.perf_counter()
    index: PDQIndex[int] = PDQIndex(pairs)
    build = time.perf_counter() - start
    resident = resident_bytes() - before
    adds = _each(lambda number: index.add(more[number], entries + number), range(HMA_ADDS))
    queries = _each(lambda number: index.query(pairs[number][0]), range(100))
    return {
        "entries": entries,
        "build_s": build,
        "resident_per_entry": resident / entries,
        "add_ms": 1e3 * statistics.median(adds),
        "query_us": 1e6 * statistics.median(queries),
    }


def changes(entries: int) -> Row:
    """Run what is above for an index of `entries`, each in a process of its own."""
    parts = (additions, searches_meanwhile, removals)
    return {part.__name__: apart(part, entries) for part in parts}
