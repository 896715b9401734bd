"""
How long `POST /api/v1/check` takes for a JPEG of 1600 pixels: the service on one core, the client on another.

In the same run, on the same core and files: what HMA does of a picture, in a loop without its server (Pillow and
`pdqhash`). HMA 1.1.7 itself answered in 82 ms, measured apart, in another run.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import httpx2
import numpy as np
import pdqhash
import PIL.Image
from tests.acceptance.serving import Service, receiving

from benchmarks.edits import as_upload
from benchmarks.photographs import Photograph, all_photographs, halves, reduced
from benchmarks.service import new_store, take_keys
from takeback.bank import Opinion, Thresholds
from takeback.cases.notice import Level, ReportedPicture
from takeback.fingerprint import CopyDescriptor
from takeback.fingerprint.sscd import default_model
from takeback.fingerprint.take import look_at
from takeback.media import MediaLimits
from takeback.workflow.picture import reported_of
from takeback.workflow.register import add_bank, add_entries

NAME = "checking"
LONG_SIDE = 1600
KNOWN, ASKED, ROUNDS = 60, 20, 5
BANK = "known"


def run() -> dict[str, object]:
    """Time each kind of answer, with entries of descriptors alone and with local features besides."""
    cores = sorted(os.sched_getaffinity(0))
    photographs = [each for each in halves(all_photographs())[0] if _is_large(each)]
    if len(photographs) < KNOWN + ASKED or len(cores) < 2:
        return {"skipped": f"{len(photographs)} large photographs and {len(cores)} cores are here"}
    known, asked = photographs[:KNOWN], photographs[KNOWN : KNOWN + ASKED]
    result: dict[str, object] = {"files": ASKED, "rounds": ROUNDS, "known": KNOWN}
    for level in (Level.DESCRIPTOR, Level.FEATURES):
        result[level.value] = _served(known, asked, level, cores)
    os.sched_setaffinity(0, {cores[0]})
    result["hma_route_ms"] = _median([as_upload(_pixels(each), 85) for each in asked], _hma)
    os.sched_setaffinity(0, set(cores))
    print(result)
    return result


def _is_large(photograph: Photograph) -> bool:
    with PIL.Image.open(photograph.path) as picture:
        return min(picture.size) >= 400


def _pixels(photograph: Photograph) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return it 1600 pixels long, enlarged where it is smaller."""
    pixels = reduced(photograph.pixels(LONG_SIDE), LONG_SIDE)
    scale = LONG_SIDE / max(pixels.shape[:2])
    size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    return np.asarray(PIL.Image.fromarray(pixels).resize(size, PIL.Image.Resampling.BICUBIC))


def _served(
    known: Sequence[Photograph], asked: Sequence[Photograph], level: Level, cores: Sequence[int]
) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name, receiving() as receiver:
        folder = Path(name)
        originals = [as_upload(_pixels(each), 92) for each in known]
        _fill(folder, originals, level)
        os.sched_setaffinity(0, {cores[0]})
        service = Service(folder)
        service.start()
        os.sched_setaffinity(0, {cores[1]})
        try:
            take_keys(service)
            service.add_site(receiver)
            client = httpx2.Client(timeout=60)
            again = [as_upload(_pixels(each), 70) for each in known[:ASKED]]
            nothing = [as_upload(_pixels(each), 85) for each in asked]
            return {
                "digest_ms": _median(originals[:ASKED], lambda data: _check(client, service, data, "refuse")),
                "pdq_ms": _median(again, lambda data: _check(client, service, data, "refuse")),
                "nothing_ms": _median(nothing, lambda data: _check(client, service, data, "allow")),
            }
        finally:
            service.stop()
            os.sched_setaffinity(0, set(cores))


def _fill(folder: Path, originals: Sequence[bytes], level: Level) -> None:
    at = datetime.now(UTC)
    store = new_store(folder, at)
    add_bank(store, BANK, Thresholds(), actor="bench", at=at)
    add_entries(
        store, BANK, _reported(originals, level), opinion=Opinion.POSITIVE, source="bench", expires_at=None,
        actor="bench", at=at,
    )  # fmt: skip
    store.close()


def _reported(originals: Sequence[bytes], level: Level) -> list[ReportedPicture]:
    model = default_model()
    assert model is not None
    describer = CopyDescriptor(model)
    return [reported_of(look_at(data, MediaLimits()), level, describer)[0] for data in originals]


def _median(files: Sequence[bytes], work: Callable[[bytes], None]) -> float:
    for data in files[:3]:
        work(data)
    taken = []
    for _ in range(ROUNDS):
        for data in files:
            began = time.perf_counter()
            work(data)
            taken.append(1e3 * (time.perf_counter() - began))
    return round(statistics.median(taken), 2)


_uploads = iter(range(1_000_000))


def _check(client: httpx2.Client, service: Service, data: bytes, action: str) -> None:
    form = {"item_id": str(next(_uploads))}
    url, headers = f"{service.url}/api/v1/check", service.headers("upload")
    answer = client.post(url, headers=headers, files={"file": ("a.jpg", data)}, data=form)
    answer.raise_for_status()
    assert answer.json()["action"] == action, answer.json()


def _hma(data: bytes) -> None:
    pdqhash.compute(np.asarray(PIL.Image.open(BytesIO(data)).convert("RGB")))


if __name__ == "__main__":
    run()
