"""
StopNCII's list on a loopback port, in the form that the package `threatexchange` reads.

    python -m tests.lists.stopncii 1000000     as many records, each a fingerprint drawn at random, until it is ended
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from tests.lists.serving import Quiet, answering

KEYS = {"x-functions-key": "fetch-key", "Ocp-Apim-Subscription-Key": "subscription"}


def random_code(rng: random.Random) -> str:
    """Return the hexadecimal code of a picture that nobody has: half of its bits are set, as of every photograph."""
    bits = [1] * 128 + [0] * 128
    rng.shuffle(bits)
    return f"{int(''.join(map(str, bits)), 2):064x}"


def random_codes(count: int, seed: int) -> list[str]:
    """Return as many at once, a million in some seconds."""
    rng = np.random.default_rng(seed)
    found: list[str] = []
    while len(found) < count:
        order = rng.random((min(count - len(found), 10_000), 256), dtype=np.float32).argpartition(128, axis=1)
        bits = np.zeros(order.shape, np.uint8)
        np.put_along_axis(bits, order[:, :128], 1, axis=1)
        found += [row.tobytes().hex() for row in np.packbits(bits, axis=1)]
    return found


def record_of(code: str, at: int, *, status: str = "Active", cases: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a record as the list has it."""
    return {
        "lastModtimestamp": at,
        "hashValue": code,
        "hashStatus": status,
        "caseNumbers": {str(uuid.uuid4()): status} if cases is None else cases,
        "signalType": "ImagePDQ",
        "CSPFeedbacks": [{"source": "Other", "feedbackValue": "Undefined", "tags": []}],
    }


@dataclass
class Keeper:
    """The list, and how it is to behave: what it does wrong, it does once for each thing that is asked of it."""

    records: list[Any] = field(default_factory=list)
    """In the order of their last change."""
    faults: list[str] = field(default_factory=list)
    """What goes wrong with the next answers: `500`, `429`, `cut`, `slow`, `token`, `drop`, `401`, `410`."""
    rotten: set[int] = field(default_factory=set)
    """Numbers of records after which a page is always cut off."""
    asked: list[dict[str, str]] = field(default_factory=list)
    told: list[tuple[str, Any]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def put(self, *records: Any) -> None:
        self.records += records

    def change(self, code: str, **changed: Any) -> None:
        """Change a record, which so becomes the newest."""
        found = next(each for each in self.records if isinstance(each, dict) and each.get("hashValue") == code)
        newest = max(each["lastModtimestamp"] for each in self.records if isinstance(each, dict))
        self.records.remove(found)
        self.records.append({**found, "lastModtimestamp": newest + 1, **changed})

    def page(self, query: dict[str, str]) -> bytes:
        """Return the answer to one question."""
        start, size = int(query["startTimestamp"]), int(query["pageSize"])
        first = int(query["nextPageToken"].partition("-")[2]) if "nextPageToken" in query else 0
        matching = [n for n, each in enumerate(self.records) if self._moment(n) >= start]
        some = matching[first : first + size]
        more = first + size < len(matching)
        last = self._moment(some[-1]) if some else start
        body = {
            "count": len(some),
            "nextSetTimestamp": last + (0 if more else 1),
            "nextPageToken": f"page-{first + size}" if more else None,
            "hasMoreRecords": more,
            "hashRecords": [self.records[n] for n in some],
        }
        text = json.dumps(body).encode()
        if self.rotten & set(some):
            good = some.index(min(self.rotten & set(some)))
            upto = json.dumps([self.records[n] for n in some[:good]]).encode()
            text = (
                b'{"count": 1, "hashRecords": ' + upto[:-1] + (b", " if good else b"") + b'{"lastModtimestamp": 1, "ha'
            )
        return text

    def _moment(self, number: int) -> int:
        each = self.records[number]
        return int(each.get("lastModtimestamp", 10)) if isinstance(each, dict) else 10


class _Handler(Quiet):
    protocol_version = "HTTP/1.1"
    keeper: Keeper

    def do_GET(self) -> None:
        keeper = self.keeper
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        keeper.asked.append(query)
        if any(self.headers.get(name) != value for name, value in KEYS.items()):
            self._answer(401, b"{}")
            return
        fault = keeper.faults.pop(0) if keeper.faults else ""
        if fault.isdecimal():
            self._answer(int(fault), b'{"message": "no"}', retry_after="1")
            return
        body = keeper.page(query)
        if fault == "token":
            body = json.dumps({**json.loads(body), "hasMoreRecords": True, "nextPageToken": "page-0"}).encode()
        if fault == "cut":
            body = body[: len(body) * 2 // 3]
        self._answer(200, body, fault=fault)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.keeper.told.append((self.path.rpartition("/")[2], body))
        self._answer(200, b"{}")

    def _answer(self, status: int, body: bytes, *, retry_after: str = "", fault: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        if fault == "drop":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        for start in range(0, len(body), 1 + len(body) // 4) if fault == "slow" else ():
            self.wfile.write(body[start : start + 1 + len(body) // 4])
            self.wfile.flush()
            time.sleep(0.05)
        if fault != "slow":
            self.wfile.write(body)


@contextmanager
def keeping(keeper: Keeper) -> Iterator[Keeper]:
    """Answer on a loopback port as long as the block lasts."""
    with answering(type("Handler", (_Handler,), {"keeper": keeper})) as keeper.port:
        yield keeper


class _Made:
    """A long list whose pages are written before anybody asks for them, so that its keeper costs next to nothing."""

    def __init__(self, count: int, size: int = 800, seed: int = 7) -> None:
        self.size = size
        codes = random_codes(count, seed)
        self.pages = []
        for first in range(0, count, size):
            some = range(first, min(first + size, count))
            more = first + size < count
            records = [record_of(codes[number], 10 + number // 100) for number in some]
            body = {
                "count": len(records), "nextSetTimestamp": 10 + some[-1] // 100 + (not more),
                "nextPageToken": f"page-{first + size}" if more else None, "hasMoreRecords": more,
                "hashRecords": records,
            }  # fmt: skip
            self.pages.append(json.dumps(body).encode())


class MadeKeeper(Keeper):
    """A keeper of a list that was made once; it is asked for pages of the size that they have."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.made = _Made(count)

    def page(self, query: dict[str, str]) -> bytes:
        """Return the page that was made; after the last, one without records."""
        start = int(query["startTimestamp"])
        first = int(query["nextPageToken"].partition("-")[2]) if "nextPageToken" in query else 0
        if start > 10 and "nextPageToken" not in query:
            end = {"count": 0, "nextSetTimestamp": start, "hasMoreRecords": False, "hashRecords": []}
            return json.dumps({**end, "nextPageToken": None}).encode()
        return self.made.pages[first // self.made.size]


def main(count: int) -> None:
    """Keep a long list until the process is ended."""
    keeper = MadeKeeper(count)
    with keeping(keeper):
        print(keeper.url, flush=True)  # noqa: T201 (what starts it reads it)
        threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
