"""The running service: how soon a decision stops an upload, how soon it starts and follows, its memory."""

from __future__ import annotations

import http.client
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import httpx2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tests.acceptance.serving import Receiver, Service, receiving
from tests.house import drawn

from takeback.bank import Opinion
from takeback.cases.notice import ReportedPicture
from takeback.fingerprint import PdqHash, pdq_hash
from takeback.store import Keyring, MasterKey, Store
from takeback.store.banks import NOTICES_BANK
from takeback.store.database import KEYS_NAME, sqlite_url
from takeback.workflow.register import add_entries, set_up

NAME = "service"
ENTRIES = 100_000
TRIALS = 200
FOLLOW_TRIALS = 30
FOLLOW_PATIENCE_SECONDS = 0.25
HMA_SECONDS = 27.0
"""HMA 1.1.7, from an image added to a bank to its first match, at its fastest settings (measured on two cores)."""
CLIENT = httpx2.Client(timeout=30)
"""One connection kept open, as a site has it."""


def run() -> dict[str, object]:
    """Fill a store, start the service on it, and measure."""
    with tempfile.TemporaryDirectory() as name, receiving() as receiver:
        folder = Path(name)
        _fill(folder, ENTRIES)
        options = ("--workers", "2", "--allowed-private-host", f"127.0.0.1:{receiver.port}")
        one_worker = _started(folder, *options[2:])
        two_workers = _started(folder, *options)
        followed = _followed(folder, *options)
        gate = _gate(folder, receiver, *options)
    results: dict[str, object] = {
        "entries": ENTRIES,
        "one_worker": one_worker,
        "two_workers": two_workers,
        "change_seen_by_every_worker": followed,
        "decision_to_stopped": gate,
    }
    _print(one_worker, two_workers, followed, gate)
    return results


def new_store(folder: Path, at: datetime) -> Store:
    """Make a store in `folder`, as the first start does, and its master key beside it."""
    data = folder / "data"
    data.mkdir()
    master = MasterKey.generate()
    master.write(folder / "master.key")
    store = Store.open(sqlite_url(data), Keyring(master, data / KEYS_NAME))
    set_up(store, at=at)
    return store


def _fill(folder: Path, entries: int) -> None:
    """Put `entries` random fingerprints into a new store."""
    at = datetime.now(UTC)
    store = new_store(folder, at)
    rng = np.random.default_rng(1)
    for _ in range(entries // 1_000):
        # Each row has exactly 128 ones, as PDQ has.
        ones = np.zeros((1_000, 256), np.uint8)
        ones[:, :128] = 1
        codes = np.packbits(rng.permuted(ones, axis=1), axis=1)
        pictures = [
            ReportedPicture(pdq=PdqHash(code.tobytes(), 100), file_digest=secrets.token_bytes(32)) for code in codes
        ]
        add_entries(
            store, NOTICES_BANK, pictures, opinion=Opinion.POSITIVE, source="bench", expires_at=None, actor="b", at=at
        )
    store.close()


def _started(folder: Path, *options: str) -> dict[str, float]:
    """
    Start once without snapshots and three times from them.

    Return the time until ready, the median from snapshots, and the memory of the whole tree.
    """
    ready, pss = [], []
    for path in (folder / "data").glob("*.sealed"):
        path.unlink()
    for _ in range(4):
        service = Service(folder, *options)
        service.start()
        ready.append(service.ready_seconds)
        time.sleep(2)  # every process has loaded
        pss.append(sum(service.pss_bytes().values()) / 1e6)
        service.stop()
    return {
        "ready_without_snapshots_seconds": ready[0],
        "ready_seconds": statistics.median(ready[1:]),
        "pss_mb": max(pss),
    }


def _followed(folder: Path, *options: str) -> dict[str, float]:
    """For each trial: a notice, and from its answer on how long any worker says that it lacks a change."""
    service = Service(folder, *options)
    service.start()
    try:
        take_keys(service)
        lags = [_lag(service, trial) for trial in range(FOLLOW_TRIALS)]
    finally:
        service.stop()
    return {"trials": FOLLOW_TRIALS, "median_seconds": statistics.median(lags), "max_seconds": max(lags)}


def _lag(service: Service, trial: int) -> float:
    """Ask over new connections, so that now one worker answers, now the other, until long after the last lag."""
    _notice(service, pdq_hash(drawn(50_000 + trial)).hex())
    began = time.perf_counter()
    last = 0.0
    while (now := time.perf_counter() - began) < last + FOLLOW_PATIENCE_SECONDS:
        connection = http.client.HTTPConnection("127.0.0.1", service.port)
        connection.request("GET", "/metrics", headers=service.headers("administrator"))
        text = connection.getresponse().read().decode()
        connection.close()
        behind = next(line for line in text.splitlines() if line.startswith("takeback_replica_behind"))
        if float(behind.split()[-1]) > 0:
            last = now
    return last


def _gate(folder: Path, receiver: Receiver, *options: str) -> dict[str, float]:
    """For each trial: a notice, its decision, and from the decision's answer on uploads until one is stopped."""
    service = Service(folder, *options)
    service.start()
    try:
        take_keys(service)
        service.add_site(receiver)
        seconds, uploads = [], 0
        for trial in range(TRIALS):
            picture = drawn(10_000 + trial)
            data = _jpeg(picture)
            # What is stored already makes the case held: only a held one can be decided.
            _check(service, data, item_id=str(trial))
            case = _notice(service, pdq_hash(picture).hex())
            _decide(service, case)
            began = time.perf_counter()
            while True:
                uploads += 1
                if _check(service, data) == "refuse":
                    break
            seconds.append(time.perf_counter() - began)
    finally:
        service.stop()
    ordered = sorted(seconds)
    return {
        "trials": TRIALS,
        "uploads": uploads,
        "median_seconds": statistics.median(ordered),
        "p99_seconds": ordered[int(0.99 * TRIALS) - 1],
        "max_seconds": ordered[-1],
        "times_hma": HMA_SECONDS / ordered[int(0.99 * TRIALS) - 1],
    }


def take_keys(service: Service) -> None:
    """Make keys in the filled store: it was set up before the service first started."""
    for role in ("administrator", "moderator"):
        command = [*(sys.executable, "-m", "takeback", "key", "new", role, "--json", "--data", str(service.data))]
        command += ["--master-key-file", str(service.folder / "master.key")]
        made = subprocess.run(command, capture_output=True, text=True, check=True)
        service.keys[role] = json.loads(made.stdout)["key"]


def _notice(service: Service, pdq: str) -> str:
    body = {
        "pictures": [{"pdq": pdq}],
        **{"role": "me", "statement": "Mine.", "signature": "A", "contact": {"mailbox": True}},
        **{"intimate": True, "not_consensual": True, "good_faith": True},
    }
    answer = CLIENT.post(f"{service.url}/api/v1/notices", json=body)
    answer.raise_for_status()
    case: str = answer.json()["case"]
    return case


def _decide(service: Service, case: str) -> None:
    body = {"outcome": "removed", "appears_covered": True, "reason": "Covered.", "confirm": "all"}
    url = f"{service.url}/api/v1/cases/{case}/decision"
    CLIENT.post(url, headers=service.headers("moderator"), json=body).raise_for_status()


def _check(service: Service, data: bytes, *, item_id: str = "") -> str:
    files, form = {"file": ("a.jpg", data)}, {"item_id": item_id}
    headers = service.headers("upload")
    answer = CLIENT.post(f"{service.url}/api/v1/check", headers=headers, files=files, data=form)
    answer.raise_for_status()
    action: str = answer.json()["action"]
    return action


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _print(one: dict[str, float], two: dict[str, float], followed: dict[str, float], gate: dict[str, float]) -> None:
    print(f"{ENTRIES:,} entries")
    for name, row in (("1 worker ", one), ("2 workers", two)):
        print(
            f"  {name}  ready in {row['ready_seconds']:.2f} s, without snapshots "
            f"{row['ready_without_snapshots_seconds']:.2f} s   {row['pss_mb']:.0f} MB PSS, whole tree"
        )
    print(
        f"  a change is seen by every idle worker: median {followed['median_seconds'] * 1e3:.0f} ms, "
        f"max {followed['max_seconds'] * 1e3:.0f} ms"
    )
    print(
        f"  decision to stopped upload, {gate['trials']:.0f} trials: median {gate['median_seconds'] * 1e3:.0f} ms, "
        f"p99 {gate['p99_seconds'] * 1e3:.0f} ms, max {gate['max_seconds'] * 1e3:.0f} ms "
        f"(HMA {HMA_SECONDS:.0f} s: {gate['times_hma']:.0f} times)"
    )
