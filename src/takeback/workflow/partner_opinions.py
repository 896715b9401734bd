"""
What partners say: fingerprints that they submit, and what they found of those that they were given.

A submission is an opinion of that partner. It goes into a bank of the partner's own as *disputed*, so that what it
matches is only possible, and hides, refuses and removes nothing, until a person of this Takeback decides on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.bank import Entry, EntryState, Opinion, Thresholds
from takeback.cases.notice import ReportedPicture
from takeback.errors import IllegalTransition, InputError, NotAllowed, RateLimited
from takeback.fingerprint import PdqHash
from takeback.store import Store, Transaction
from takeback.store.banks import BankRow, NewEntry
from takeback.store.partner_opinions import EntryFeedback, Feedback, Submission
from takeback.store.partners import Partner
from takeback.workflow.query import known_by_of_reported

MAX_SUBMITTED_A_DAY = 1_000
MAX_SAID_A_DAY = 10_000
MAX_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Said:
    """What a partner says of one fingerprint."""

    pdq: PdqHash
    value: Feedback


def submit(store: Store, partner_id: int, prints: Sequence[PdqHash], *, at: datetime) -> int:
    """
    Take fingerprints that a partner submits; return how many are new.

    `NotAllowed` where it may not, `RateLimited` where it is more than a day takes: nothing is taken then.
    """
    by_digits = {pdq.hex(): pdq for pdq in prints}
    keys = store.keyring.new_data_keys(len(by_digits))
    with store.write() as tx:
        partner = tx.partners.by_id(partner_id)
        if not partner.submits:
            raise NotAllowed("This partner may not submit fingerprints.", known=True, advice=_ASK)
        keyed = {tx.keyring.partner_digest(partner.id, f"submitted/{digits}"): pdq for digits, pdq in by_digits.items()}
        known = tx.partner_opinions.submitted(partner.id, list(keyed))
        new = {digest: pdq for digest, pdq in keyed.items() if digest not in known}
        _require_room(tx.partners.day(partner.id, at).submitted + len(new), MAX_SUBMITTED_A_DAY, "submits", at)
        spare = [key_id for key_id, _ in keys[len(new) :]]
        bank = _bank_of(tx, partner, at) if new else None
        for (digest, pdq), key in zip(new.items(), keys, strict=False):
            assert bank is not None
            entry = tx.banks.add_entry(bank.id, _submitted(partner, pdq), key, at)
            tx.partner_opinions.submit(partner.id, digest, entry.id, at)
        tx.partners.count(partner.id, at, submitted=len(new))
    store.keyring.destroy(spare, in_snapshots=False)
    return len(new)


def say(store: Store, partner_id: int, said: Sequence[Said], *, at: datetime) -> int:
    """Keep what a partner says of fingerprints that it was given; return of how many. Of any other nothing is kept."""
    with store.write() as tx:
        partner = tx.partners.by_id(partner_id)
        _require_room(tx.partners.day(partner.id, at).feedback + len(said), MAX_SAID_A_DAY, "says something", at)
        kept = 0
        for each in said:
            entries = tx.partner_records.entries_told(partner.id, each.pdq.code)
            for entry_id in entries:
                tx.partner_opinions.say(partner.id, entry_id, each.value, at)
            kept += bool(entries)
        tx.partners.count(partner.id, at, feedback=len(said))
    return kept


def decide_submission(store: Store, entry_id: str, *, accept: bool, actor: str, at: datetime) -> None:
    """
    Decide on a submitted fingerprint: from then on it counts as the operator's own, or it is erased.

    `NotFound` where there is none, `InputError` for an entry that no partner submitted.
    """
    key_id = None
    with store.write() as tx:
        entry = _undecided(tx, entry_id)
        if accept:
            tx.banks.accept(entry.id, actor)
        else:
            key_id = tx.banks.erase(entry.id)
        facts: dict[str, Json] = {"entry": entry.public_id, "accepted": accept}
        tx.audit.append(EventKind.SUBMISSION_DECIDED, at=at, actor=actor, facts=facts)
    if key_id is not None:
        store.keyring.destroy([key_id])


def submissions(store: Store) -> list[Submission]:
    """Return what partners submitted and nobody decided on, oldest first."""
    with store.read() as tx:
        return tx.partner_opinions.undecided(MAX_SHOWN)


def feedback(store: Store) -> list[EntryFeedback]:
    """Return how many partners say what of which entry, the latest word first."""
    with store.read() as tx:
        return tx.partner_opinions.feedback(MAX_SHOWN)


_ASK = "Ask who runs this Takeback to let you (`takeback partner add --submits`)."


def _require_room(count: int, most: int, does: str, at: datetime) -> None:
    if count > most:
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        raise RateLimited(
            f"A partner {does} {most:,} times a day at most.",
            retry_after_seconds=max(1, int((midnight - at).total_seconds())),
        )


def _bank_of(tx: Transaction, partner: Partner, at: datetime) -> BankRow:
    """Return the bank of what a partner submits, made with the first of it, and anew where it was removed."""
    for bank in tx.banks.all_banks():
        if bank.id == partner.bank_id:
            return bank
    taken = {bank.name for bank in tx.banks.all_banks()}
    name = f"partner-{partner.name}"
    bank = tx.banks.add_bank(name if name not in taken else f"partner-{partner.public_id}", Thresholds(), at)
    tx.partners.set_bank(partner.id, bank.id)
    return bank


def _submitted(partner: Partner, pdq: PdqHash) -> NewEntry:
    return NewEntry(
        source=f"partner/{partner.public_id}",
        opinion=Opinion.DISPUTED,
        state=EntryState.HOLDING,
        known_by=known_by_of_reported([ReportedPicture(pdq=pdq)]),
    )


def _undecided(tx: Transaction, entry_id: str) -> Entry:
    entry = tx.banks.by_public_id(entry_id)
    if not tx.partner_opinions.is_submitted(entry.id):
        raise InputError("No partner submitted this entry.", advice="`takeback partner submissions` lists them.")
    if entry.state is not EntryState.HOLDING:
        raise IllegalTransition("This submission was decided on already.")
    return entry
