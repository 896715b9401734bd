"""
Local features on the calibration half: how many edited copies are found on their entry, and how well others lie there.

Every edit of 40 photographs is asked of the features of all photographs of the half. `python -m benchmarks features`.
Times are this thread's processor time, so that what else the machine does counts less.
"""

from __future__ import annotations

import statistics
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from benchmarks.edits import all_edits, as_upload
from benchmarks.photographs import Photograph, all_photographs, halves, missing
from takeback.index import LocalIndex
from takeback.registration import Alignment, LocalFeatures, align, local_features

NAME = "features"
PHOTOGRAPHS = 40
"""How many of the half are edited; all of it are entries."""
OTHER = 7
"""How far off in the list the picture of something else lies that an edit may use: it is no wrong entry then."""
EVERY = 8
"""Every eighth edited picture is aligned with every entry."""
INLIERS = (5, 6, 8)

type Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Query:
    """An edited photograph, by its row in the half, and what was found of it."""

    row: int
    edit: str
    features: LocalFeatures
    inliers: Mapping[int, int]
    milliseconds: Mapping[str, float]

    @property
    def right(self) -> int:
        """Inliers on its own entry."""
        return self.inliers.get(self.row, 0)

    @property
    def wrong(self) -> list[int]:
        """Inliers on each other candidate, but for what the edit used."""
        return [count for row, count in self.inliers.items() if self.is_wrong(row)]

    def is_wrong(self, row: int) -> bool:
        """Say whether nothing of that entry is in the picture."""
        return row not in (self.row, (self.row + OTHER) % PHOTOGRAPHS)


@dataclass(slots=True)
class Clock:
    """Milliseconds of this thread's processor time by step."""

    milliseconds: dict[str, float] = field(default_factory=dict)

    def time[T](self, step: str, work: Callable[[], T]) -> T:
        """Return what `work` does, and note how long it took."""
        start = time.thread_time()
        done = work()
        self.milliseconds[step] = 1e3 * (time.thread_time() - start)
        return done


def run() -> dict[str, object]:
    """Return recall by edit and number of inliers, the inliers of wrong entries, and the milliseconds of each step."""
    half, _ = halves(all_photographs())
    if missing() or len(half) < PHOTOGRAPHS:
        return {"skipped": f"photographs are not on this machine: {', '.join(missing())}"}
    entries = [local_features(each.pixels()) for each in half]
    index = LocalIndex(threads=1)
    for row, entry in enumerate(entries):
        index.add(row + 1, entry.codes)
    index.settle()
    queries = list(_queries(half[:PHOTOGRAPHS], entries, index))
    result: dict[str, object] = {
        "entries": len(entries),
        "codes": len(index),
        "index_bytes_a_code": index.nbytes / len(index),
        "queries": len(queries),
        "recall": _recall(queries),
        "recall_by_edit": _by_edit(queries),
        "wrong_candidates": _distribution(count for query in queries for count in query.wrong),
        "wrong_entries": _distribution(_edited_on_others(queries[::EVERY], entries)),
        "different_pairs": _distribution(_different_pairs(entries)),
        "milliseconds": _milliseconds(queries),
    }
    _print(result)
    return result


def _queries(photographs: Sequence[Photograph], entries: Sequence[LocalFeatures], index: LocalIndex) -> Iterator[Query]:
    pixels = cache(lambda row: photographs[row % len(photographs)].pixels())
    for row, photograph in enumerate(photographs):
        for edit in all_edits():
            rng = np.random.default_rng(zlib.crc32(f"{photograph.family}/{edit.name}".encode()))
            upload = simplejpeg.decode_jpeg(as_upload(edit.apply(pixels(row), rng, pixels(row + OTHER))))
            yield _asked(row, edit.name, upload, entries, index)


def _asked(row: int, edit: str, upload: Pixels, entries: Sequence[LocalFeatures], index: LocalIndex) -> Query:
    clock = Clock()
    features = clock.time("features", lambda: local_features(upload))
    keys = clock.time("candidates", lambda: index.candidates(features))
    found = clock.time("align", lambda: {key - 1: align(features, entries[key - 1]) for key in keys})
    inliers = {entry: _inliers(alignment) for entry, alignment in found.items()}
    return Query(row, edit, features, inliers, clock.milliseconds)


def _inliers(alignment: Alignment | None) -> int:
    return 0 if alignment is None else alignment.inliers


def _edited_on_others(queries: Sequence[Query], entries: Sequence[LocalFeatures]) -> Iterator[int]:
    for query in queries:
        for row, entry in enumerate(entries):
            if query.is_wrong(row):
                yield _inliers(align(query.features, entry))


def _different_pairs(entries: Sequence[LocalFeatures]) -> Iterator[int]:
    for row, entry in enumerate(entries):
        for other in entries[row + 1 :]:
            yield _inliers(align(entry, other))


def _recall(queries: Sequence[Query]) -> dict[str, float]:
    candidates = statistics.mean(query.row in query.inliers for query in queries)
    return {"among the candidates": candidates} | {
        f"{least} inliers": statistics.mean(query.right >= least for query in queries) for least in INLIERS
    }


def _by_edit(queries: Sequence[Query]) -> dict[str, str]:
    edits: dict[str, list[Query]] = defaultdict(list)
    for query in queries:
        edits[query.edit].append(query)
    return {edit: " ".join(f"{share:.3f}" for share in _recall(some).values()) for edit, some in edits.items()}


def _distribution(counts: Iterator[int]) -> dict[str, int]:
    """Return how many had each number of inliers; 0 is none, or fewer than an alignment needs."""
    return {str(count): many for count, many in sorted(Counter(counts).items())}


def _milliseconds(queries: Sequence[Query]) -> dict[str, dict[str, float]]:
    steps = {step: [query.milliseconds[step] for query in queries] for step in queries[0].milliseconds}
    steps["candidates and align"] = [a + b for a, b in zip(steps["candidates"], steps["align"], strict=True)]
    return {
        step: {
            "mean": statistics.mean(taken),
            "median": statistics.median(taken),
            "p99": float(np.percentile(taken, 99)),
        }
        for step, taken in steps.items()
    }


def _print(result: Mapping[str, object]) -> None:
    for name, value in result.items():
        if isinstance(value, dict):
            print(f"\n{name}")
            for row, figures in value.items():
                print(f"  {row:24} {figures}")
        else:
            print(f"{name}: {value}")


if __name__ == "__main__":
    run()
