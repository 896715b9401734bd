"""
A list of a million records: how long until it is in and matching, with two workers that follow, killed in the middle.

`python -m benchmarks lists`; `LIST_RECORDS=100000` tries it with fewer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from tests.acceptance.lists import action, set_up, standing, stored, wait_for
from tests.acceptance.serving import Service, receiving
from tests.lists.stopncii import random_codes

NAME = "lists"
RECORDS = int(os.environ.get("LIST_RECORDS", "1000000"))
TARGET_SECONDS = 120.0
PATIENCE_SECONDS = 1_200.0
SAMPLE = 20
_SEED = 7
_IN_A_ROW = 8
_ASK_EVERY_SECONDS = 5.0
"""Each answer counts all records, and takes a core for a part of a second."""


def run() -> dict[str, object]:
    """Let a service fetch the list twice: undisturbed, and killed with -9 in the middle."""
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.lists.stopncii", str(RECORDS)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert keeper.stdout is not None
        url = keeper.stdout.readline().strip()
        _sample()
        return {"records": RECORDS, "target_seconds": TARGET_SECONDS, "whole": _fetched(url), "killed": _killed(url)}
    finally:
        keeper.kill()
        keeper.wait()


def _fetched(url: str) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder, receiving() as receiver:
        service = _started(Path(folder))
        service.add_site(receiver)
        began, began_at = time.monotonic(), datetime.now(UTC)
        set_up(service, url)
        _await_last(service)
        matching = time.monotonic() - began
        wait_for(service, "complete_at", PATIENCE_SECONDS)
        read = (datetime.fromisoformat(standing(service)["complete_at"]) - began_at).total_seconds()
        _await_matches(service)
        print(f"read in {read:.1f} s, matching in {matching:.1f} s", flush=True)
        service.stop()
        size = sum(path.stat().st_size for path in service.data.iterdir() if path.is_file())
    return {"read_seconds": round(read, 1), "matching_seconds": round(matching, 1), "megabytes": round(size / 1e6)}


def _killed(url: str) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder, receiving() as receiver:
        service = _started(Path(folder))
        service.add_site(receiver)
        set_up(service, url)
        while sum(standing(service)["records"].values()) < RECORDS // 2:
            time.sleep(_ASK_EVERY_SECONDS)
        at = sum(standing(service)["records"].values())
        service.kill()
        service.start()
        wait_for(service, "complete_at", PATIENCE_SECONDS, ask_every_seconds=_ASK_EVERY_SECONDS)
        _await_matches(service)
        service.stop()
        records, entries, prints = stored(service)
    print(f"killed at {at:,}: {records:,} records, {entries:,} entries, {prints:,} fingerprints", flush=True)
    return {"killed_at": at, "records": records, "entries": entries, "fingerprints": prints}


@cache
def _sample() -> list[str]:
    """Return some of the list, the last among them."""
    codes = random_codes(RECORDS, _SEED)
    return [*codes[:: RECORDS // SAMPLE], codes[-1]]


def _started(folder: Path) -> Service:
    service = Service(folder, "--workers", "2", "--allowed-private-host", "127.0.0.1")
    service.start()
    return service


def _await_last(service: Service) -> None:
    """Wait until the last of the list is held, whichever worker answers: so many answers in a row say so."""
    ends, held = time.monotonic() + PATIENCE_SECONDS, 0
    while held < _IN_A_ROW:
        held = held + 1 if action(service, _sample()[-1]) == "hold" else 0
        assert time.monotonic() < ends
        time.sleep(0 if held else 1.0)


def _await_matches(service: Service) -> None:
    """Wait until each of a sample, the last of the list among them, is held by whichever worker answers."""
    ends = time.monotonic() + PATIENCE_SECONDS
    for code in _sample() * 2:
        while action(service, code) != "hold":
            assert time.monotonic() < ends
            time.sleep(0.05)
