"""
The learned descriptor: what quantising costs, how long a picture takes, and its index against FAISS, in one run.

`python -m benchmarks.embeddings 10000` tries it with a smaller index and writes nothing.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import cv2
import faiss
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from benchmarks.photographs import all_photographs
from takeback import _native
from takeback.fingerprint import CopyDescriptor, Descriptor
from takeback.fingerprint.sscd import DESCRIPTOR_VALUES, SQUARE_SIDE, chosen_model, square
from takeback.index import EmbeddingIndex

NAME = "embeddings"
SIZES = (10_000, 100_000, 1_000_000)
AT_LEAST = 0.6
PLANTED = (0.4, 0.5, 0.6, 0.75, 0.9)
"""Cosines to a query at which one descriptor each is hidden."""
QUERIES = 32
ROUNDS = 5
"""Each rival is timed in each of them, in turn."""
BATCH_ROUNDS = 2
ROUND_SECONDS = 1.0
BUILD_ROWS = 50_000
PHOTOGRAPHS = 80
MODELS = {"full": "", "distilled": "distilled"}

Row = dict[str, Any]
Floats = NDArray[np.float32]
Pairs = NDArray[np.int64]
"""[m, 2]: query, row of what is stored; sorted."""


class Rival(Protocol):
    """An index of descriptors whose row numbers are its keys, on one thread."""

    name: str

    def add(self, rows: Floats) -> None:
        """Add unit vectors [n, 512]."""

    def ask(self, queries: Floats) -> object:
        """Return, in the library's own form, what has a cosine of `AT_LEAST` or more to each."""

    def pairs(self, queries: Floats) -> Pairs:
        """Return the same as pairs."""

    def nbytes(self) -> int:
        """Bytes that the index holds."""


class Takeback:
    """`EmbeddingIndex`; quantising the queries is timed with it."""

    name = "Takeback"

    def __init__(self) -> None:
        self.index = EmbeddingIndex(threads=1)

    def add(self, rows: Floats) -> None:
        """Add unit vectors."""
        keys = np.arange(len(self.index), len(self.index) + len(rows), dtype=np.uint64)
        self.index.add(keys, quantised(rows))

    def ask(self, queries: Floats) -> Any:
        """Search."""
        return self.index.search(quantised(queries), AT_LEAST)

    def pairs(self, queries: Floats) -> Pairs:
        """Search, for pairs."""
        found = self.ask(queries)
        return _sorted(found.query, found.key.astype(np.int64))

    def nbytes(self) -> int:
        """Bytes that the index holds."""
        return self.index.nbytes


class Faiss:
    """`IndexFlatIP`, which compares float32, or `IndexScalarQuantizer` with 8 bits a value. Both compare every row."""

    def __init__(self, name: str, index: Any, row_bytes: int) -> None:
        self.name = name
        self.index = index
        self.row_bytes = row_bytes

    def add(self, rows: Floats) -> None:
        """Add unit vectors."""
        if not self.index.is_trained:
            self.index.train(rows)
        self.index.add(rows)

    def ask(self, queries: Floats) -> Any:
        """Search."""
        return self.index.range_search(queries, AT_LEAST)

    def pairs(self, queries: Floats) -> Pairs:
        """Search, for pairs."""
        limits, _, rows = self.ask(queries)
        return _sorted(np.repeat(np.arange(len(queries)), np.diff(limits.astype(np.int64))), rows)

    def nbytes(self) -> int:
        """Bytes that its vectors take."""
        return int(self.index.ntotal) * self.row_bytes


def run(sizes: Sequence[int] = SIZES) -> dict[str, object]:
    """Measure everything, for indexes of `sizes` descriptors; about five minutes and 5 GB for a million."""
    faiss.omp_set_num_threads(1)
    cv2.setNumThreads(1)
    result: Row = {"level": _native.LEVEL, "at_least": AT_LEAST, "square": _squares(), "models": [], "rows": []}
    photographs = all_photographs()
    chosen = photographs[:: max(1, len(photographs) // PHOTOGRAPHS)][:PHOTOGRAPHS]
    squares = np.stack([square(each.pixels()) for each in chosen]) if chosen else np.zeros((0, 1, 1, 3), np.uint8)
    result["photographs"] = len(chosen)
    for name, setting in MODELS.items():
        result["models"].append(_said(f"model {name}", _model, name, setting, squares))
    for size in sizes:
        result["rows"] += _said(f"{size:,}", compared, size)
    _print(result)
    return result


def quantised(rows: Floats) -> NDArray[np.int8]:
    """Return unit vectors [n, 512] as `Descriptor.from_floats` quantises each."""
    furthest = np.abs(rows).max(axis=1, keepdims=True)
    return np.rint(rows * (127 / furthest)).astype(np.int8)


def compared(size: int) -> list[Row]:
    """Fill every index with `size` descriptors, compare what they find, and time them in turn."""
    queries, planted = _planted(size)
    rivals: list[Rival] = [
        Takeback(),
        Faiss("FAISS IndexFlatIP", faiss.IndexFlatIP(DESCRIPTOR_VALUES), 4 * DESCRIPTOR_VALUES),
        Faiss("FAISS IndexScalarQuantizer, 8 bits", _scalar_quantizer(), DESCRIPTOR_VALUES),
    ]
    build = dict.fromkeys((rival.name for rival in rivals), 0.0)
    for first in range(0, size, BUILD_ROWS):
        rows = _stored(size, first, planted)
        for rival in rivals:
            start = time.perf_counter()
            rival.add(rows)
            build[rival.name] += time.perf_counter() - start
    truth = {tuple(pair) for pair in rivals[1].pairs(queries).tolist()}
    singles, batches = _timed(rivals, queries)
    return [
        {
            "entries": size,
            "index": rival.name,
            **singles[rival.name],
            **{f"batch_{name}": value / len(queries) for name, value in batches[rival.name].items() if "ms" in name},
            "bytes_per_entry": rival.nbytes() / size,
            "build_s": build[rival.name],
            **_agreement(rival, queries, truth, set(planted)),
        }
        for rival in rivals
    ]


def _agreement(rival: Rival, queries: Floats, truth: set[tuple[int, ...]], planted: set[int]) -> Row:
    """Compare with float32: pairs that only one finds lie within the error of quantising from the bound."""
    found = {tuple(pair) for pair in rival.pairs(queries).tolist()}
    # Those hidden at the bound itself fall on either side of it.
    due = {
        (row // len(PLANTED), at) for row, at in enumerate(sorted(planted)) if PLANTED[row % len(PLANTED)] > AT_LEAST
    }
    return {
        "pairs": len(found),
        "unlike_float32": len(found ^ truth),
        "planted": len(due),
        "planted_found": len(due & found),
    }


def _timed(rivals: Sequence[Rival], queries: Floats) -> tuple[dict[str, Row], dict[str, Row]]:
    singles: dict[str, list[tuple[float, float]]] = {rival.name: [] for rival in rivals}
    batches: dict[str, list[tuple[float, float]]] = {rival.name: [] for rival in rivals}
    for number in range(ROUNDS):
        for rival in rivals:
            until = time.perf_counter() + ROUND_SECONDS
            for query in queries:
                singles[rival.name].append(_took(rival.ask, query[np.newaxis]))
                if time.perf_counter() > until:
                    break
            if number < BATCH_ROUNDS:
                batches[rival.name].append(_took(rival.ask, queries))
    return _medians(singles), _medians(batches)


def _took(ask: Callable[[Floats], object], queries: Floats) -> tuple[float, float]:
    """Return milliseconds by the clock, and of processor time: others may be using this machine too."""
    start, start_cpu = time.perf_counter(), time.process_time()
    ask(queries)
    return 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - start_cpu)


def _medians(taken: dict[str, list[tuple[float, float]]]) -> dict[str, Row]:
    wall, cpu = (
        {name: statistics.median(each[at] for each in times) for name, times in taken.items()} for at in (0, 1)
    )
    ours = cpu["Takeback"]
    return {
        name: {"median_ms": wall[name], "cpu_ms": cpu[name], "times_takeback": cpu[name] / ours, "timed": len(times)}
        for name, times in taken.items()
    }


def _scalar_quantizer() -> Any:
    kind = faiss.ScalarQuantizer.QT_8bit
    return faiss.IndexScalarQuantizer(DESCRIPTOR_VALUES, kind, faiss.METRIC_INNER_PRODUCT)


def _planted(size: int) -> tuple[Floats, dict[int, Floats]]:
    """Return queries, and by the row where it is hidden, a descriptor at each cosine of `PLANTED` to each."""
    rng = np.random.default_rng(1)
    queries = _unit(rng.normal(size=(QUERIES, DESCRIPTOR_VALUES)))
    places = np.sort(rng.choice(size, QUERIES * len(PLANTED), replace=False)).tolist()
    hidden = {}
    for number, place in enumerate(places):
        query, cosine = queries[number // len(PLANTED)], PLANTED[number % len(PLANTED)]
        other = rng.normal(size=DESCRIPTOR_VALUES)
        other -= (other @ query) * query
        hidden[place] = _unit(cosine * query + np.sqrt(1 - cosine**2) * other / np.linalg.norm(other))
    return queries, hidden


def _stored(size: int, first: int, planted: dict[int, Floats]) -> Floats:
    rows = _unit(np.random.default_rng((2, first)).standard_normal((min(BUILD_ROWS, size - first), DESCRIPTOR_VALUES)))
    for place, row in planted.items():
        if first <= place < first + len(rows):
            rows[place - first] = row
    return rows


def _unit(rows: NDArray[np.float64]) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def _sorted(query: NDArray[np.int64], row: NDArray[np.int64]) -> Pairs:
    return np.column_stack([query, row])[np.lexsort((row, query))]


def _squares() -> Row:
    """Time the square of 1600 × 1200 pixels, against OpenCV's and Pillow's; processor milliseconds."""
    picture = np.random.default_rng(1).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    size = (SQUARE_SIDE, SQUARE_SIDE)
    ways: dict[str, Callable[[], object]] = {
        "Takeback": lambda: square(picture),
        "OpenCV INTER_AREA": lambda: cv2.resize(picture, size, interpolation=cv2.INTER_AREA),
        "Pillow BOX": lambda: np.asarray(PIL.Image.fromarray(picture).resize(size, PIL.Image.Resampling.BOX)),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(15):
        for name, way in ways.items():
            start = time.process_time()
            way()
            taken[name].append(1000 * (time.process_time() - start))
    return {name: statistics.median(times) for name, times in taken.items()}


def _model(name: str, setting: str, squares: NDArray[np.uint8]) -> Row:
    """Time one model, and say what quantising does to the cosines of photographs."""
    path = chosen_model(setting)
    if path is None:
        return {"model": name, "skipped": "the extra copies is not installed"}
    start = time.perf_counter()
    descriptor = CopyDescriptor(path)
    load_s = time.perf_counter() - start
    taken, floats = [], []
    for each in squares:
        start = time.process_time()
        floats.append(descriptor.embed_many(each[np.newaxis])[0])
        taken.append(1000 * (time.process_time() - start))
    if not floats:
        return {"model": name, "id": descriptor.model_id, "load_s": load_s}
    exact = np.stack(floats)
    stored = np.stack([Descriptor.from_floats(descriptor.model_id, each).floats() for each in exact])
    above = np.triu_indices(len(exact), 1)
    error = np.abs(exact @ exact.T - stored @ stored.T)[above]
    return {
        "model": name,
        "id": descriptor.model_id,
        "load_s": load_s,
        "cpu_ms": statistics.median(taken),
        "quantising_error_mean": float(error.mean()),
        "quantising_error_max": float(error.max()),
        "highest_cosine_of_different_photographs": float((exact @ exact.T)[above].max()),
    }


def _said(what: str, work: Any, *arguments: object) -> Any:
    start = time.perf_counter()
    answer = work(*arguments)
    print(f"  {what}: {time.perf_counter() - start:.0f} s", flush=True)
    return answer


def _print(result: Row) -> None:
    for name, milliseconds in result["square"].items():
        print(f"square {name}: {milliseconds:.2f} ms")
    for row in result["models"]:
        print(row)
    head = ("entries", "index", "cpu ms", "wall ms", "times", "batch cpu", "bytes", "unlike", "planted")
    print("{:>10}  {:36}{:>9}{:>9}{:>7}{:>11}{:>8}{:>8}{:>9}".format(*head))
    for row in result["rows"]:
        print(
            f"{row['entries']:>10,}  {row['index']:36}{row['cpu_ms']:>9.3f}{row['median_ms']:>9.3f}"
            f"{row['times_takeback']:>7.1f}{row['batch_cpu_ms']:>11.3f}{row['bytes_per_entry']:>8.0f}"
            f"{row['unlike_float32']:>8}{row['planted_found']:>5}/{row['planted']}"
        )


if __name__ == "__main__":
    run([int(size) for size in sys.argv[1:]] or SIZES)
