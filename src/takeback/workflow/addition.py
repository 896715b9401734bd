"""More of the same: links and pictures that she found after she sent the notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from takeback.audit.event import EventKind, Json
from takeback.cases import CaseState, Notice, clocks_of, law_pack
from takeback.cases.link import names_a_place
from takeback.cases.notice import MAX_FINGERPRINTS, MAX_LINKS, MAX_ORIGINALS
from takeback.errors import IllegalTransition, InputError
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.workflow.intake import check_bounds
from takeback.workflow.order import THE_PERSON, note
from takeback.workflow.originals import SOURCE as ORIGINAL
from takeback.workflow.originals import unjudged_originals
from takeback.workflow.query import Unjudged, query_of_reported
from takeback.workflow.replica import Replica
from takeback.workflow.reported import take_reported
from takeback.workflow.sweep import settle_case

EXTENDABLE = (CaseState.WATCHING, CaseState.HELD, CaseState.REMOVED, CaseState.CONTESTED)


@dataclass(frozen=True, slots=True)
class Added:
    """A case with what was added, and what of that can never be compared."""

    case: Case
    unjudged: tuple[Unjudged, ...]


def add_to_notice(store: Store, replica: Replica, receipt: str, more: Notice, *, at: datetime) -> Added:
    """
    Take links, pictures and originals into a case that there is; of `more` nothing else counts.

    What is added has a clock of its own, from now. `NotFound` for a receipt of no case, `IllegalTransition` where the
    case is incomplete or at its end, `InputError` for nothing, too much in all, or a picture of someone under 18.
    """
    if not (more.links or more.pictures or more.originals):
        raise InputError("Nothing was added.", advice="Name a link, or choose a picture.")
    if words := [link for link in more.links if not names_a_place(link)]:
        raise InputError(f"These are no links: {len(words)}.", advice="Name the address of the page or of the picture.")
    digest = store.keyring.receipt_digest(receipt)
    with store.read() as tx:
        _require_room(tx, tx.cases.by_receipt(digest), more)
    keys = store.keyring.new_data_keys(len(more.pictures) + len(more.originals))
    with store.write() as tx:
        replica.catch_up(tx)
        case = tx.cases.by_receipt(digest)
        more = replace(more, under_18=case.under_18)
        check_bounds(more)
        _require_room(tx, case, more)
        due_at = clocks_of(at, at, [law_pack(law) for law in case.laws]).deadline_at
        copies = take_reported(tx, replica, case, more, keys, deadline_at=due_at, at=at)
        note(tx, EventKind.NOTICE_EXTENDED, case, at=at, actor=THE_PERSON, facts=_facts(more))
        settle_case(tx, case, copies)
        case = tx.cases.by_id(case.id)
    return Added(case, (*query_of_reported(more.pictures).unjudged, *unjudged_originals(more.originals)))


def _require_room(tx: Transaction, case: Case, more: Notice) -> None:
    if case.state not in EXTENDABLE or case.erased_at is not None:
        raise IllegalTransition(
            "Nothing can be added to this case any more, or it is not complete yet.", advice="Send another notice."
        )
    entries = tx.banks.of_case(case.id)
    originals = sum(entry.source == ORIGINAL for entry in entries)
    links = sum(copy.linked for copy in tx.copies.of_case(case.id))
    counts = (
        ("links", links + len(more.links), MAX_LINKS),
        ("pictures", len(entries) - originals + len(more.pictures), MAX_FINGERPRINTS),
        ("ordinary pictures", originals + len(more.originals), MAX_ORIGINALS),
    )
    for what, count, most in counts:
        if count > most:
            raise InputError(
                f"This would make {count} {what} in one case; it takes {most}.",
                advice="Send the rest in another notice.",
            )


def _facts(more: Notice) -> dict[str, Json]:
    counted: Sequence[tuple[str, Sequence[object]]] = (
        ("links", more.links),
        ("pictures", more.pictures),
        ("originals", more.originals),
    )
    return {name: len(values) for name, values in counted}
