"""
What the sample site stores, and what Takeback's orders do to it.

In memory, as this site lives for minutes. A real site keeps the same three facts in its database: the item,
the last order of each case about it, and the deliveries it has obeyed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from threading import Lock
from typing import Any
from urllib.parse import urlsplit


class State(StrEnum):
    """What a visitor meets."""

    PENDING = "pending"
    """Stored, and not yet checked: for no one."""
    SHOWN = "shown"
    HELD = "held"
    """A notice is open: hidden, and the bytes are kept."""
    REMOVED = "removed"


@dataclass(slots=True)
class Item:
    """One picture of the gallery."""

    id: str
    title: str
    media_type: str
    data: bytes = field(repr=False)
    published: bool = False
    order: str = ""
    """The last order. Takeback orders no put-back while another case still hides the item."""
    reason: Mapping[str, Any] = field(default_factory=dict)
    """What came with it for whoever posted the picture."""
    owner: str = field(default_factory=secrets.token_urlsafe, repr=False)
    """What their browser keeps; this site has no accounts."""

    @property
    def state(self) -> State:
        """What follows from the last order."""
        if self.order == "remove":
            return State.REMOVED
        if self.order == "hold":
            return State.HELD
        return State.SHOWN if self.published else State.PENDING


class Gallery:
    """The items by their ids."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._ids = count(1)
        self._obeyed: set[str] = set()
        self._lock = Lock()

    def add(self, title: str, media_type: str, data: bytes) -> Item:
        """Store an upload that nobody sees yet."""
        with self._lock:
            item = Item(str(next(self._ids)), title, media_type, data)
            self._items[item.id] = item
            return item

    def drop(self, item: Item) -> None:
        """Delete an upload that was refused. Its id is not used again: no two items may go by one id."""
        with self._lock:
            del self._items[item.id]

    def find(self, item_id: str) -> Item | None:
        """Return one item, or None."""
        return self._items.get(item_id)

    def all(self) -> list[Item]:
        """Return every item, oldest first."""
        with self._lock:
            return list(self._items.values())

    def obey(self, order: Mapping[str, Any]) -> list[str]:
        """
        Do what an order asks, once; return the items it names that are not here.

        The signature has been verified: an order is Takeback's own words.
        """
        with self._lock:
            # 1. A question: which of these items does the site no longer have?
            if order["action"] == "reconcile":
                return [item_id for item_id in order["items"] if item_id not in self._items]
            # 2. A repeat: the answer to the first delivery was lost on its way.
            if order["delivery"] in self._obeyed:
                return []
            # 3. Hold, remove, put back: the last one counts, and `Item.state` says what follows. The bytes stay
            #    until the time to contest a removal is over, as a put-back has to bring them back.
            item = self._named(order)
            if item is not None:
                item.order, item.reason = order["action"], order.get("reason", {})
            self._obeyed.add(order["delivery"])
            return [] if item is not None or order["item"] is None else [order["item"]]

    def _named(self, order: Mapping[str, Any]) -> Item | None:
        """Return the item by its id; by its address, where a person linked to what Takeback was never asked about."""
        if order["item"] is not None:
            return self._items.get(order["item"])
        path = urlsplit(order["url"]).path
        return next((item for item in self._items.values() if path == f"/media/{item.id}"), None)
