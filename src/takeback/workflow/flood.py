"""
An entry that suddenly matches many different uploads is put into quarantine, and shown.

A fingerprint can be made that lies near other people's pictures (Dolhansky and Canton Ferrer, "Adversarial collision
attacks on image hashing functions", 2020), or a picture be reported that everybody has. Copies of one picture are no
flood: those are equal, or so near that they could be confirmed without looking, and are not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.bank import Entry, EntryState
from takeback.errors import IllegalTransition
from takeback.match import Match
from takeback.store import Store, Transaction
from takeback.workflow.query import Query

FLOOD_UPLOADS = 20
"""Different uploads, none so near that it is plainly the same picture, after which an entry is doubted."""
FLOOD_WINDOW = timedelta(hours=24)
ACTOR = "takeback"


def watch_for_floods(tx: Transaction, matches: Sequence[Match], query: Query, *, at: datetime) -> None:
    """Count the upload for each entry that it matches from afar; the one too many puts the entry into quarantine."""
    file_digest = next((value for kind, value in query.digests if kind == "file"), None)
    if file_digest is None:
        return
    for match in matches:
        if match.blind or match.entry.quarantined_at is not None or _is_decided(match.entry):
            continue
        count = tx.sightings.add(match.entry.id, file_digest, at=at, since=at - FLOOD_WINDOW)
        if count > FLOOD_UPLOADS:
            tx.sightings.quarantine(match.entry.id, at)
            facts: dict[str, Json] = {"entry": match.entry.public_id, "uploads": count}
            tx.audit.append(EventKind.ENTRY_QUARANTINED, at=at, actor=ACTOR, facts=facts)


def _is_decided(entry: Entry) -> bool:
    """
    Whether a person looked at a copy and decided: such an entry is not doubted.

    Whoever wants a removed picture back could otherwise disarm its entry with enough different edits of it.
    """
    return entry.case_id is not None and entry.state is EntryState.GATED


def release_entry(store: Store, entry_id: str, *, actor: str, at: datetime) -> None:
    """Let an entry in quarantine match as before: a person looked at what it matched."""
    with store.write() as tx:
        entry = tx.banks.by_public_id(entry_id)
        if entry.quarantined_at is None:
            raise IllegalTransition("This entry is not in quarantine.")
        tx.sightings.quarantine(entry.id, None)
        tx.audit.append(EventKind.ENTRY_RELEASED, at=at, actor=actor, facts={"entry": entry.public_id})
