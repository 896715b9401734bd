"""Snapshots of a real service: shared by its processes, sealed for the next, and nobody's left behind."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import psutil
import pytest
from tests.acceptance.serving import Receiver, Service, receiving, serving

from takeback.runtime import default_parent, is_in_memory

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_in_memory(default_parent()), reason="this machine has no shared memory"),
]


def _code(seed: int) -> bytes:
    ones = np.zeros(256, np.uint8)
    ones[np.random.default_rng(seed).permutation(256)[:128]] = 1
    return np.packbits(ones).tobytes()


def _notice(service: Service, code: bytes) -> str:
    body = {
        "pictures": [{"pdq": code.hex()}],
        **{"role": "me", "statement": "Mine.", "signature": "A", "contact": {"mailbox": True}},
        **{"intimate": True, "not_consensual": True, "good_faith": True},
    }
    answer = httpx2.post(f"{service.url}/api/v1/notices", json=body, headers={"Idempotency-Key": secrets.token_hex(9)})
    assert answer.status_code == 201, answer.text
    ending: str = answer.json()["ending"]
    return ending


def _action(service: Service, code: bytes) -> str:
    body = {"pictures": [{"pdq": code.hex()}]}
    answer = httpx2.post(f"{service.url}/api/v1/check", json=body, headers=service.headers("upload"))
    assert answer.status_code == 200, answer.text
    action: str = answer.json()["action"]
    return action


def _folder(service: Service) -> Path:
    """Return the folder of this run, by the lock that the supervisor holds in it."""
    files = (Path(f"/proc/{service.pid}/fd/{file}").readlink() for file in os.listdir(f"/proc/{service.pid}/fd"))
    return next(path.parent for path in files if path.name == "run.lock")


def _sharing(service: Service) -> int:
    """Return how many processes have the snapshots mapped."""
    tree = psutil.Process(service.pid).children(recursive=True)
    return sum("/entry.snapshot" in Path(f"/proc/{process.pid}/maps").read_text() for process in tree)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def test_every_process_shares_the_snapshots_and_each_change_is_seen_by_all_at_once(
    tmp_path: Path, receiver: Receiver
) -> None:
    with serving(tmp_path, "--workers", "2", "--allowed-private-host", f"127.0.0.1:{receiver.port}") as service:
        service.add_site(receiver)
        assert _sharing(service) == 3  # two workers and the jobs
        assert _folder(service).parent == default_parent()
        for seed in range(20):
            ending = _notice(service, _code(seed))
            # A new connection each time, so that now one worker answers, now the other.
            assert [_action(service, _code(seed)) for _ in range(6)] == ["hold"] * 6
            gone = httpx2.post(f"{service.url}/api/v1/notices/withdrawal", json={"ending": ending})
            assert gone.status_code == 200, gone.text
            assert [_action(service, _code(seed)) for _ in range(6)] == ["allow"] * 6


def test_a_killed_run_leaves_nothing_to_the_next_which_starts_from_the_sealed_snapshots(
    tmp_path: Path, receiver: Receiver
) -> None:
    service = Service(tmp_path, "--allowed-private-host", f"127.0.0.1:{receiver.port}")
    service.start()
    service.add_site(receiver)
    _notice(service, _code(1))
    folder = _folder(service)
    service.kill()
    assert (folder / "entry.snapshot").exists()
    assert sorted(path.name for path in service.data.glob("*.sealed")) == ["entry.sealed", "item.sealed"]
    service.start()
    assert not folder.exists()
    assert _action(service, _code(1)) == "hold"
    newer = _folder(service)
    assert service.stop() == 0
    assert not newer.exists()


def test_a_run_directory_on_disk_holds_no_snapshot_and_the_service_works(tmp_path: Path, receiver: Receiver) -> None:
    run = tmp_path / "run"
    if is_in_memory(tmp_path):
        pytest.skip("temporary files are in memory here")
    options = ("--runtime-dir", str(run), "--allowed-private-host", f"127.0.0.1:{receiver.port}")
    with serving(tmp_path, *options) as service:
        service.add_site(receiver)
        _notice(service, _code(1))
        assert _action(service, _code(1)) == "hold"
        assert not list(run.glob("*.snapshot*"))
    assert "each process holds the indexes for itself" in (tmp_path / "service.log").read_text()
