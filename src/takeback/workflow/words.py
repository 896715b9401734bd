"""What people wrote, she and whoever contests: opened for someone at the desk, and logged each time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from takeback.audit.event import EventKind
from takeback.store import Store
from takeback.workflow.order import note
from takeback.workflow.recusal import require_unbiased


def open_words(store: Store, case_id: str, *, actor: str, at: datetime) -> Mapping[str, object]:
    """
    Return her words and contact, what was written since, and the grounds of each contest; log who opened them.

    Where they are sealed to the desk, `sealed` holds them, of each message too, for the key of one of its people.

    Nothing is left of either once they are erased. `NotFound` for no case,
    `IllegalTransition` for whoever keeps out of it.
    """
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_unbiased(tx, case, actor)
        words = dict(tx.cases.words(case))
        contests = tx.copies.contests(case.id)
        words["contests"] = [
            {"copy": copy, "grounds": tx.cases.open_grounds(case, sealed)} for copy, sealed in contests
        ]
        words["refused_uploads"] = [
            {"upload": upload.public_id, "grounds": tx.cases.open_grounds(case, sealed)}
            for upload, sealed in tx.refused_uploads.grounds(case.id)
        ]
        words["messages"] = [
            {"id": each.public_id, "at": each.at.isoformat(), "sender": each.sender.value, **each.body}
            for each in tx.messages.of_case(case)
        ]
        tx.messages.mark_opened(case, at)
        note(tx, EventKind.WORDS_OPENED, case, at=at, actor=actor)
    return words
