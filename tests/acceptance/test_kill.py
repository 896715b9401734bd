"""`kill -9` at random moments: what was acknowledged is there, once, delivered, and the log verifies."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from tests.acceptance.serving import Receiver, Service, receiving

from takeback.audit.log import verify_log
from takeback.store import Keyring, MasterKey, Store
from takeback.store.database import sqlite_url

ROUNDS = 300
KILLS = 8
PATIENCE_SECONDS = 120.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def _code(rng: random.Random) -> str:
    ones = np.zeros(256, np.uint8)
    ones[rng.sample(range(256), 128)] = 1
    return np.packbits(ones).tobytes().hex()


class Caller:
    """Sends until it is acknowledged, as a careful client does: the same request, the same key."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.repeats = 0

    def post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> httpx2.Response:
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            try:
                answer = httpx2.post(self.service.url + path, json=body, headers=headers, timeout=10)
            except httpx2.TransportError:
                answer = None
            if answer is not None and answer.status_code < 500:
                return answer
            self.repeats += 1
            time.sleep(0.05)
        raise AssertionError(f"{path} was never acknowledged")

    def round(self, number: int) -> dict[str, str]:
        """Check an upload, send a notice about it, and decide it; return what was acknowledged."""
        code = _code(random.Random(number))
        item = {"pictures": [{"pdq": code}], "item_id": str(number), "url": f"https://x.example/{number}"}
        checked = self.post("/api/v1/check", item, self.service.headers("upload"))
        assert checked.status_code == 200, checked.text
        notice = {
            "pictures": [{"pdq": code}],
            **{"role": "me", "statement": "Mine.", "signature": "A", "contact": {"mailbox": True}},
            **{"intimate": True, "not_consensual": True, "good_faith": True},
        }
        received = self.post("/api/v1/notices", notice, {"Idempotency-Key": f"round-{number:012}"})
        assert received.status_code == 201, received.text
        case = received.json()["case"]
        decision = {"outcome": "removed", "appears_covered": True, "reason": "Covered.", "confirm": "all"}
        decided = self.post(f"/api/v1/cases/{case}/decision", decision, self.service.headers("moderator"))
        # A decision that was made but not acknowledged answers "it is decided" when it is repeated.
        assert decided.status_code in (200, 409), decided.text
        return {"case": case, "receipt": received.json()["receipt"], "item": str(number)}


def test_nothing_acknowledged_is_lost_or_doubled_when_the_service_is_killed(tmp_path: Path) -> None:
    with receiving() as receiver:
        service = Service(tmp_path, "--allowed-private-host", f"127.0.0.1:{receiver.port}")
        service.start()
        service.add_site(receiver)
        caller = Caller(service)
        done = threading.Event()
        killer = threading.Thread(target=_kill_at_random, args=(service, done))
        killer.start()
        try:
            with ThreadPoolExecutor(4) as pool:
                rounds = list(pool.map(caller.round, range(ROUNDS)))
        finally:
            done.set()
            killer.join()
        _await_delivery(receiver, rounds)
        _assert_standing(service, rounds)
        assert service.stop() == 0
    assert caller.repeats > 0, "no request met a dead service: the test killed too little"
    _assert_orders(receiver, rounds)
    _assert_store(service, rounds)


def _kill_at_random(service: Service, done: threading.Event) -> None:
    rng = random.Random(secrets.randbits(32))
    for _ in range(KILLS):
        if done.wait(rng.uniform(0.2, 2.0)):
            return
        service.kill()
        service.start()


def _await_delivery(receiver: Receiver, rounds: list[dict[str, str]]) -> None:
    wanted = {(action, one["item"]) for one in rounds for action in ("hold", "remove")}
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        if wanted <= {(body["action"], body["item"]) for _, body in list(receiver.orders)}:
            return
        time.sleep(0.1)
    raise AssertionError("not every order was delivered")


def _assert_standing(service: Service, rounds: list[dict[str, str]]) -> None:
    for one in rounds[:: len(rounds) // 20]:
        body = {"receipt": one["receipt"]}
        standing = httpx2.post(f"{service.url}/api/v1/notices/standing", json=body).json()
        assert (standing["case"], standing["state"]) == (one["case"], "removed")


def _assert_orders(receiver: Receiver, rounds: list[dict[str, str]]) -> None:
    """Each order came at least once, and a repeat is recognisable: same delivery, same body."""
    by_delivery: dict[str, list[dict[str, Any]]] = {}
    for delivery, body in receiver.orders:
        by_delivery.setdefault(delivery, []).append(body)
    for bodies in by_delivery.values():
        assert all(body == bodies[0] for body in bodies)
    distinct = Counter((bodies[0]["action"], bodies[0]["item"]) for bodies in by_delivery.values())
    assert distinct == Counter({(action, one["item"]): 1 for one in rounds for action in ("hold", "remove")})


def _assert_store(service: Service, rounds: list[dict[str, str]]) -> None:
    master = MasterKey.read(service.folder / "master.key")
    store = Store.open(sqlite_url(service.data), Keyring(master, service.data / "keys.db"))
    with store.read() as tx:
        assert {state.value: count for state, count in tx.cases.count_by_state().items()} == {"removed": len(rounds)}
        assert {state.value: count for state, count in tx.copies.count_by_state().items()} == {"removed": len(rounds)}
        assert tx.items.count() == len(rounds)
        assert len({one["case"] for one in rounds}) == len(rounds)
        kinds = Counter(entry.kind for entry in tx.audit.entries())
        assert verify_log(tx.audit.entries(), tx.audit.head(), store.keyring.log_key) > 8 * len(rounds)
        # The sequence has no gap, and a replica that follows it ends where one that loads does.
        assert [change.seq for change in tx.changes.since(0)] == list(range(1, tx.changes.last() + 1))
    assert kinds["notice_received"] == kinds["decided_removed"] == len(rounds)
    store.close()
