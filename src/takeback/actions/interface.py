"""What a site is asked to do, and what every way of asking it promises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from takeback.audit.event import Json, canonical_json, canonical_moment

MAX_ASKED = 1_000
"""Most items that one reconciliation asks about, so that its body stays below about 100 kB."""

_DELIVERY_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class ActionKind(StrEnum):
    """What is asked: hide it, delete it, show it again, say which items are gone."""

    HOLD = "hold"
    REMOVE = "remove"
    PUT_BACK = "put_back"
    RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True)
class Action:
    """
    One thing asked of a site.

    `delivery_id` (letters, digits, `-`, `_`; at most 128) stays the same over all attempts, so that a site
    recognises a repeat. Hold, removal and put-back name one item by the site's own `item_id`, or by its
    `url` alone where a notice linked to what was never checked here, and the case;
    a reconciliation has neither and names the items in `asked`. `at` is when it was decided, `url` where
    the item was seen, `reason` what the site may pass on to the uploader. `ValueError` where the parts do
    not fit the kind.
    """

    delivery_id: str
    kind: ActionKind
    item_id: str | None
    case_id: str | None
    at: datetime
    url: str | None = None
    reason: Mapping[str, Json] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    told: Mapping[str, Json] = field(default_factory=dict)
    """Further members of the order: of a put-back, where the bytes are that the site could not keep."""

    def __post_init__(self) -> None:
        if not _DELIVERY_ID.fullmatch(self.delivery_id):
            raise ValueError("a delivery id has 1 to 128 letters, digits, - or _")
        if self.kind is ActionKind.RECONCILE:
            if self.item_id is not None or not 1 <= len(self.asked) <= MAX_ASKED:
                raise ValueError(f"a reconciliation asks about 1 to {MAX_ASKED} items, and names none beside")
        elif not (self.item_id or self.url) or self.asked:
            raise ValueError("a hold, a removal and a put-back are of one item, named by its id or its address")
        # Fails here, where the action is made, and not in a job that retries it for days.
        canonical_moment(self.at)
        canonical_json({**self.reason, **self.told})

    @property
    def named(self) -> str:
        """The name of the one item: its id, or its address where it has none. Empty for a reconciliation."""
        return self.item_id or self.url or ""

    @property
    def item_ids(self) -> tuple[str, ...]:
        """Every item that the action names."""
        return self.asked if self.item_id is None else (self.item_id,)


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    A site did what it was asked; `status` is its HTTP status if any.

    `gone` are the items that it no longer has, by the names by which they were asked about: the id, or the address
    of an item that has none.
    """

    gone: tuple[str, ...] = ()
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Can:
    """
    What can be asked of a site, so that nobody learns too late what cannot.

    `limits` are whole sentences for whoever runs the site and whoever decides: what the calls do not reach.
    """

    hold: bool = True
    """It hides an item, reversibly."""
    lift: bool = True
    """What is only held can be shown again."""
    put_back: bool = True
    """What was removed can be shown again."""
    reconcile: bool = True
    """It says which items are gone."""
    most_asked: int = MAX_ASKED
    """About how many items one reconciliation may ask."""
    limits: tuple[str, ...] = ()


class SiteConnector(Protocol):
    """
    One way to reach one site.

    A delivery may be repeated: the site may have acted although no answer came. So a connector passes the
    `delivery_id` on, and asks for nothing that a second asking would undo.
    """

    @property
    def can(self) -> Can:
        """What this site can be asked for; anything else is refused for good, with the reason."""

    async def deliver(self, action: Action) -> Outcome:
        """
        Ask the site for `action` and return once it has agreed.

        Raises `DeliveryError`: `permanent` where asking again cannot help, else with the wait that the
        site asked for, if any, in `retry_after_seconds`.
        """
