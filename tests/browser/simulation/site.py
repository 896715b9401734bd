"""A site that obeys: it hides, removes and shows its pictures as it is told, and is sometimes down."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.house import Clock

from takeback.actions import signature
from takeback.errors import NotAllowed


class Shown(StrEnum):
    """How an item stands on the site."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    REMOVED = "removed"


_OBEYED = {"hold": Shown.HIDDEN, "remove": Shown.REMOVED, "put_back": Shown.SHOWN}


@dataclass(slots=True)
class Item:
    """A picture on the site; its bytes are kept apart while it is not shown."""

    name: str
    data: bytes
    shown: Shown
    posted_at: datetime
    orders: list[tuple[datetime, str]] = field(default_factory=list)
    contest_link: str = ""
    was_shown_again: bool = False

    @property
    def hidden_at(self) -> datetime | None:
        """When it was first hidden."""
        if self.shown is Shown.HIDDEN and not self.orders:
            return self.posted_at
        return next((at for at, action in self.orders if action in ("hold", "remove")), None)


class SimulatedSite:
    """Stores items and takes signed orders; `outages` are when it answers nothing but 503."""

    def __init__(self, clock: Clock, outages: Sequence[tuple[datetime, datetime]] = ()) -> None:
        self.clock, self.outages = clock, outages
        self.items: dict[str, Item] = {}
        self.secret = b""
        self.turned_away = 0
        self._obeyed: set[str] = set()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if site.is_down:
                    site.turned_away += 1
                    self._answer(503, b"")
                elif not site.is_signed(self.headers.get(signature.HEADER, ""), body):
                    self._answer(403, b"")
                else:
                    self._answer(200, json.dumps(site.obey(json.loads(body))).encode())

            def do_GET(self) -> None:
                address = f"{site.url}{self.path}"
                item = site.items.get(urlsplit(self.path).path.rpartition("/")[2])
                told = self.headers.get(signature.HEADER, "")
                ours = bool(told) and site.is_signed(told, signature.fetch_body(address))
                if site.is_down:
                    self._answer(503, b"")
                elif item is None or (item.shown is not Shown.SHOWN and not ours):
                    self._answer(404, b"")
                else:
                    self._answer(200, item.data, "image/jpeg")

            def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def is_down(self) -> bool:
        return any(begins <= self.clock.at < ends for begins, ends in self.outages)

    def is_signed(self, header: str, body: bytes) -> bool:
        """Whether a request is Takeback's own, by the simulated clock."""
        try:
            signature.verify(self.secret, header, body, now=int(self.clock.at.timestamp()))
        except NotAllowed:
            return False
        return True

    def address(self, name: str) -> str:
        return f"{self.url}/pictures/{name}"

    def post(self, name: str, data: bytes, *, hidden: bool) -> None:
        """Store an upload, as the answer to its check asked."""
        self.items[name] = Item(name, data, Shown.HIDDEN if hidden else Shown.SHOWN, self.clock.at)

    def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        if order["action"] == "reconcile":
            return {"gone": [name for name in order["items"] if name not in self.items]}
        item = self.items[order["item"]]
        reason = order.get("reason") or {}
        item.contest_link = reason.get("contest_url") or item.contest_link
        if order["delivery"] not in self._obeyed:
            self._obeyed.add(order["delivery"])
            item.orders.append((self.clock.at, order["action"]))
            item.shown = _OBEYED[order["action"]]
            item.was_shown_again |= order["action"] == "put_back"
        return {}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
