"""
HMA's interface over HTTP, one request at a time, against the parts that HMA answers the same with.

HMA itself needs a PostgreSQL and gunicorn, and is not run here. What it does inside one request is: `PDQIndex` of the
package threatexchange is asked in this process, without HTTP, database or JSON, and `PdqSignal` hashes the same file.
So the figures say how a whole request of ours compares with that part of one of HMA's.
"""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from tests.acceptance.serving import Service
from tests.house import drawn

from benchmarks.codes import Codes
from benchmarks.service import new_store
from takeback.bank import Opinion, Thresholds
from takeback.cases.notice import ReportedPicture
from takeback.fingerprint import PdqHash
from takeback.workflow.register import add_bank, add_entries

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the order of a hash's words, long ago
    from threatexchange.signal_type.pdq.pdq_index import PDQIndex
    from threatexchange.signal_type.pdq.signal import PdqSignal

NAME = "hma"
ENTRIES = 20_000
ROUNDS, LOOKS, HASHES = 5, 200, 3
SIZES = {"1600 px": (1600, 1280), "12 MP": (4000, 3000)}
HMA_RAW_LOOKUPS_PER_SECOND = 146.0
"""HMA 1.1.7 itself, one gunicorn worker and one entry, measured once on two cores."""


def run() -> dict[str, object]:
    """Fill a store, serve HMA's interface on it, and ask both in turn."""
    codes = _codes(ENTRIES)
    hashes = [code.tobytes().hex() for code in codes]
    theirs: PDQIndex[int] = PDQIndex([(text, number) for number, text in enumerate(hashes)])
    files = {name: _jpeg(size) for name, size in SIZES.items()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _fill(folder, codes)
        service = Service(folder, "--hma", f"unix:{folder / 'hma.sock'}")
        service.start()
        try:
            gate = _Gate(folder / "hma.sock")
            gate.wait()
            looks = _in_turn(
                LOOKS, lambda number: gate.raw_lookup(hashes[number]), lambda number: theirs.query(hashes[number])
            )
            hashed = {
                size: _in_turn(
                    HASHES, lambda _, data=data: gate.hash(data), lambda _, data=data: PdqSignal.hash_from_bytes(data)
                )
                for size, data in files.items()
            }
        finally:
            service.stop()
    result: dict[str, object] = {
        "entries": ENTRIES,
        "raw_lookup": {**looks, "per_second": 1.0 / looks["request_seconds"]},
        "hma_raw_lookups_per_second": HMA_RAW_LOOKUPS_PER_SECOND,
        "hash": hashed,
    }
    print(json.dumps(result, indent=1))
    return result


class _Gate:
    """One kept connection over the Unix socket."""

    def __init__(self, path: Path) -> None:
        self._connection = http.client.HTTPConnection("localhost")
        self._path = path

    def wait(self) -> None:
        """Connect as soon as it answers."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                self._connect()
                if self._ask("GET", "/status", b"", {}) == b"I-AM-ALIVE":
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the gate does not answer")

    def raw_lookup(self, pdq: str) -> None:
        """Look one fingerprint up that is there."""
        answer = self._ask("GET", f"/m/raw_lookup?signal_type=pdq&include_distance=true&signal={pdq}", b"", {})
        assert json.loads(answer)["matches"][0]["distance"] == "0"

    def hash(self, data: bytes) -> None:
        """Have one file hashed, over a new connection: the last may have been idle for too long."""
        self._connect()
        body = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n' + data + b"\r\n--x--\r\n"
        answer = self._ask("POST", "/h/hash", body, {"Content-Type": "multipart/form-data; boundary=x"})
        assert len(json.loads(answer)["pdq"]) == 64

    def _connect(self) -> None:
        self._connection.close()
        self._connection.sock = socket.socket(socket.AF_UNIX)
        self._connection.sock.connect(str(self._path))

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        self._connection.request(method, path, body, headers)
        return self._connection.getresponse().read()


def _in_turn(
    count: int, ours: Callable[[int], object], theirs: Callable[[int], object]
) -> dict[str, float]:  # fmt: skip
    """Time both in each of `ROUNDS`; medians in seconds, and how many times longer theirs is."""
    times: tuple[list[float], list[float]] = ([], [])
    for round_ in range(ROUNDS):
        for kept, asked in zip(times, (ours, theirs), strict=True):
            for number in range(round_ * count, (round_ + 1) * count):
                began = time.perf_counter()
                asked(number)
                kept.append(time.perf_counter() - began)
    request, part = (statistics.median(each) for each in times)
    return {"request_seconds": request, "their_part_seconds": part, "times": part / request}


def _codes(count: int) -> Codes:
    """Return codes with exactly 128 ones each, as photographs have."""
    ones = np.zeros((count, 256), np.uint8)
    ones[:, :128] = 1
    return np.packbits(np.random.default_rng(1).permuted(ones, axis=1), axis=1)


def _fill(folder: Path, codes: Codes) -> None:
    at = datetime.now(UTC)
    store = new_store(folder, at)
    add_bank(store, "KNOWN", Thresholds(), actor="bench", at=at)
    pictures = [ReportedPicture(pdq=PdqHash(code.tobytes(), 100)) for code in codes]
    for first in range(0, len(pictures), 1_000):
        add_entries(
            store, "KNOWN", pictures[first : first + 1_000], opinion=Opinion.POSITIVE, source="bench", expires_at=None,
            actor="bench", at=at,
        )  # fmt: skip
    # As the interface itself gives them: a number that is given at the first look is a write, which waits for the disk.
    with store.write() as tx:
        tx.hma_contents.number_all(range(1, len(codes) + 1))
    store.close()


def _jpeg(size: tuple[int, int]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(drawn(7)).resize(size).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
