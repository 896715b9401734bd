"""What the HTTP door is given: the parts of one worker process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request

from takeback.config import Settings
from takeback.store import Store
from takeback.store.journal import Journal
from takeback.workflow.picture import Decoder
from takeback.workflow.replica import Replica


def utc_now() -> datetime:
    """Return the present moment; the only clock of the HTTP door."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one worker process; `now` is an argument so that tests can hold time."""

    settings: Settings
    store: Store
    replica: Replica
    journal: Journal
    decoder: Decoder
    now: Callable[[], datetime] = utc_now


def parts_of(request: Request) -> Parts:
    """Return the parts that the application was made with."""
    parts: Parts = request.app.state.parts
    return parts
