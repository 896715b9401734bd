"""A running service with a list: set up, followed to its end, killed in the middle, and asked what it matches."""

from __future__ import annotations

import time
from typing import Any

import httpx2
from tests.acceptance.serving import Service

from takeback.store import Keyring, MasterKey, Store
from takeback.store.database import sqlite_url

NAME = "STOPNCII"
CREDENTIALS = {"subscription_key": "subscription", "fetch_function_key": "fetch-key"}


def set_up(service: Service, url: str) -> None:
    """Have the service fetch the list at an address."""
    body = {"name": NAME, "kind": "stop_ncii", "credentials": {**CREDENTIALS, "base_url_override": url}}
    answer = httpx2.post(f"{service.url}/api/v1/exchanges", json=body, headers=service.headers("administrator"))
    assert answer.status_code == 201, answer.text


def standing(service: Service) -> dict[str, Any]:
    """Return how the list stands."""
    url = f"{service.url}/api/v1/exchanges/{NAME}"
    answer = httpx2.get(url, headers=service.headers("moderator"), timeout=30)
    found: dict[str, Any] = answer.json()
    return found


def wait_for(service: Service, what: str, patience_seconds: float, *, ask_every_seconds: float = 0.05) -> float:
    """Wait until something of the list is set; return how many seconds it took. Each question counts all records."""
    began = time.monotonic()
    with httpx2.Client(headers=service.headers("moderator"), timeout=30) as client:
        while time.monotonic() - began < patience_seconds:
            try:
                (found,) = client.get(f"{service.url}/api/v1/exchanges").json()
                if found[what]:
                    return time.monotonic() - began
            except httpx2.TransportError:
                pass
            time.sleep(ask_every_seconds)
    raise AssertionError(f"the list had no {what} in {patience_seconds:.0f} seconds")


def action(service: Service, code: str) -> str:
    """Return what the service says of an upload that has a fingerprint."""
    body = {"pictures": [{"pdq": code}]}
    answer = httpx2.post(f"{service.url}/api/v1/check", json=body, headers=service.headers("upload"), timeout=30)
    return str(answer.json()["action"])


def stored(service: Service) -> tuple[int, int, int]:
    """Return how many records, entries and fingerprints the stopped service has of the list."""
    master = MasterKey.read(service.folder / "master.key")
    store = Store.open(sqlite_url(service.data), Keyring(master, service.data / "keys.db"))
    with store.read() as tx:
        counts = [
            tx.connection.exec_driver_sql(f"select count(*) from {table} {where}").scalar_one()
            for table, where in (("exchange_record", ""), ("entry", ""), ("fingerprint", "where entry_id is not null"))
        ]
    store.close()
    records, entries, prints = (int(each) for each in counts)
    return records, entries, prints
