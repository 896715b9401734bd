"""
The desk with ten thousand open cases: how long a page of its queue takes, and a decision.

From the request to the last byte of the answer.

`python -m benchmarks.desk 1000` tries it with fewer and writes nothing.
"""

from __future__ import annotations

import re
import secrets
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert
from starlette.testclient import TestClient

from takeback.assembly import Parts
from takeback.config import Settings
from takeback.service.app import create_app
from takeback.store import Keyring, MasterKey, Store
from takeback.store import tables as t
from takeback.store.database import sqlite_url
from takeback.store.desk_people import DeskRole
from takeback.store.journal import Journal
from takeback.workflow.desk_people import begin_session, invite
from takeback.workflow.register import set_up
from takeback.workflow.replica import Replica

NAME = "desk"
CASES = 10_000
COPIES = 4
"""Of each case; every tenth has a hundred."""
ROUNDS = 40
TARGET_MILLISECONDS = 200.0
DECISION_TARGET_MILLISECONDS = 100.0
ORIGIN = "https://desk.example"
AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
PAGES = {"first": "/desk", "last": "/desk?page=200", "held alone": "/desk?state=held"}


def run(cases: int = CASES) -> dict[str, object]:
    """Fill a store, sign someone in, and ask for pages in turn."""
    with TemporaryDirectory() as folder:
        data = Path(folder)
        store = Store.open(sqlite_url(data), Keyring(MasterKey.generate(), data / "keys.db"))
        set_up(store, at=AT)
        _fill(store, cases)
        times = _times(store, data)
        store.close()
    rows = [
        {
            "page": name,
            "median_ms": round(statistics.median(each), 1),
            "p95_ms": round(sorted(each)[-(len(each) // 20 or 1)], 1),
        }
        for name, each in times.items()
    ]
    for row in rows:
        print(f"{row['page']:>12}: median {row['median_ms']} ms, 95 % within {row['p95_ms']} ms", flush=True)
    return {
        "cases": cases,
        "rounds": ROUNDS,
        "target_ms": TARGET_MILLISECONDS,
        "decision_target_ms": DECISION_TARGET_MILLISECONDS,
        "rows": rows,
    }


def _times(store: Store, data: Path) -> dict[str, list[float]]:
    settings = Settings(data=data, desk_origin=ORIGIN, notices_per_hour=0)
    journal = Journal(data / "withdrawals.journal", store.keyring.journal_key)
    # The queue decodes nothing, so there is no decoder.
    parts = Parts(settings, store, Replica.load(store), journal, None, lambda: AT)  # type: ignore[arg-type]
    member = invite(store, "Ada", DeskRole.MODERATOR, actor="benchmark", at=AT).member
    with store.write() as tx:
        secret = begin_session(tx, member, at=AT)
    times: dict[str, list[float]] = {name: [] for name in PAGES}
    client = TestClient(create_app(parts), base_url=ORIGIN, cookies={"__Host-desk": secret})
    for _ in range(ROUNDS):
        for name, path in PAGES.items():
            start = time.perf_counter()
            answer = client.get(path, follow_redirects=False)
            times[name].append(1_000 * (time.perf_counter() - start))
            assert answer.status_code == 200, answer.text
    times["decision"] = [_decided(client, store, 4 * number + 1) for number in range(ROUNDS) if (4 * number + 1) % 3]
    return times


def _decided(client: TestClient, store: Store, number: int) -> float:
    """Decide a held case as its page's form does; return the milliseconds of that request."""
    with store.read() as tx:
        path = f"/desk/cases/{tx.cases.by_id(number).public_id}"
    page = client.get(path).text
    form = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[-1] for name in ("token", "seen")}
    sent = {**form, "of": "case", "outcome": "remove", "covered": "yes", "confirm": "all", "reason": "Covered."}
    start = time.perf_counter()
    answer = client.post(f"{path}/decision", data=sent, headers={"Origin": ORIGIN}, follow_redirects=False)
    taken = 1_000 * (time.perf_counter() - start)
    assert answer.status_code == 303, answer.text
    return taken


def _fill(store: Store, cases: int) -> None:
    """Write cases that are held, watching or contested, with copies of every class, and messages."""
    for first in range(0, cases, 1_000):
        numbers = range(first + 1, min(first + 1_000, cases) + 1)
        with store.write() as tx:
            tx.connection.execute(insert(t.case), [_case(number) for number in numbers])
            copies = [_copy(n, i) for n in numbers for i in range(100 if n % 10 == 0 else COPIES)]
            tx.connection.execute(insert(t.copy), copies)
            tx.connection.execute(insert(t.message), [_message(number) for number in numbers if number % 3 == 0])


def _case(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "public_id": secrets.token_hex(16),
        "state": ("held", "held", "watching", "contested")[number % 4],
        "laws": ["us-take-it-down", "eu-dsa-16"],
        "under_18": False,
        "received_at": AT - timedelta(minutes=number),
        "deadline_at": None if number % 4 == 2 else AT + timedelta(minutes=7 * number % 2_880 - 60),
        "missing": [],
        "key_id": "none",
        "sealed_notice": secrets.token_bytes(3_000),
        "receipt_digest": secrets.token_bytes(32),
    }


def _copy(case: int, number: int) -> dict[str, Any]:
    return {
        "public_id": secrets.token_hex(16),
        "case_id": case,
        "url": f"https://forum.example/{case}/{number}",
        "linked": False,
        "state": "held",
        "copy_class": ("identical", "substantially_same", "possible", "altered_copy")[number % 4],
        "distance": 8,
        "blind": True,
        "found_at": AT,
    }


def _message(case: int) -> dict[str, Any]:
    return {"public_id": secrets.token_hex(16), "case_id": case, "at": AT, "sender": "person", "sealed": b"sealed"}


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else CASES)
