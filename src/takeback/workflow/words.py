"""What a person wrote and how to reach her: opened for someone at the desk, and logged each time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from takeback.audit.event import EventKind
from takeback.store import Store
from takeback.workflow.order import note


def open_words(store: Store, case_id: str, *, actor: str, at: datetime) -> Mapping[str, object]:
    """Return her words and contact, and log who opened them; empty once they are erased. `NotFound` for no case."""
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        words = tx.cases.words(case)
        note(tx, EventKind.WORDS_OPENED, case, at=at, actor=actor)
    return words
