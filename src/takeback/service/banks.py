"""`/api/v1/banks`: what is looked for beside the notices. Fingerprints go in, and never come out."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, AwareDatetime, Field, StrictFloat, StrictInt

from takeback.bank import Opinion, Thresholds
from takeback.service.auth import Administrator, Moderator, ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.prints import PictureIn, Strict
from takeback.store.banks import BankRow
from takeback.workflow.flood import release_entry
from takeback.workflow.register import add_bank, add_entries, remove_entry, set_thresholds

router = APIRouter(prefix="/api/v1/banks", tags=["banks"], route_class=StrictRoute)

MAX_ENTRIES = 1_000


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC this is before the first or after the last year of the calendar") from None


class ThresholdsIn(Strict):
    """Thresholds: Hamming distances of 256 bits, cosines, and local features that agree."""

    same_bits: StrictInt = Thresholds().same_bits
    possible_bits: StrictInt = Thresholds().possible_bits
    blind_bits: StrictInt = Thresholds().blind_bits
    same_similarity: StrictFloat = Thresholds().same_similarity
    possible_similarity: StrictFloat = Thresholds().possible_similarity
    same_inliers: StrictInt = Thresholds().same_inliers
    possible_inliers: StrictInt = Thresholds().possible_inliers

    def thresholds(self) -> Thresholds:
        """Return them in the program's own terms."""
        return Thresholds(**{each.name: getattr(self, each.name) for each in fields(Thresholds)})


class BankIn(ThresholdsIn):
    """A new bank, with its thresholds."""

    name: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")


class BankOut(BankIn):
    """A bank and how many entries it has."""

    id: str
    entries: int
    enabled_ratio: float
    """0: the bank is off, and nothing matches it; between, a chance for clients of HMA's alone."""


class EntriesIn(Strict):
    """Pictures to look for, or (opinion `negative`) never to match."""

    pictures: list[PictureIn] = Field(min_length=1, max_length=MAX_ENTRIES)
    opinion: Opinion = Opinion.POSITIVE
    source: str = Field(min_length=1, max_length=100)
    expires_at: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = None


class EntriesOut(Strict):
    """The new entries' ids."""

    entries: list[str]


class QuarantinedOut(Strict):
    """An entry in quarantine: its matches are only *possible*."""

    entry: str
    bank: str
    source: str
    since: datetime


@router.get("")
def list_banks(_caller: Moderator, parts: ServiceParts) -> list[BankOut]:
    """List the banks with their thresholds."""
    with parts.store.read() as tx:
        return [_bank(bank) for bank in tx.banks.all_banks()]


@router.post("", status_code=201)
def new_bank(body: BankIn, caller: Administrator, parts: ServiceParts) -> BankOut:
    """Make a bank."""
    return _bank(add_bank(parts.store, body.name, body.thresholds(), actor=caller.actor, at=parts.now()))


@router.put("/{name}/thresholds")
def set_bank_thresholds(name: str, body: ThresholdsIn, caller: Administrator, parts: ServiceParts) -> BankOut:
    """Give a bank other thresholds; a default stands for each that is left out."""
    return _bank(set_thresholds(parts.store, name, body.thresholds(), actor=caller.actor, at=parts.now()))


@router.post("/{name}/entries", status_code=201)
def new_entries(name: str, body: EntriesIn, caller: Administrator, parts: ServiceParts) -> EntriesOut:
    """Put pictures into a bank; what the operator enters counts as decided."""
    entries = add_entries(
        parts.store,
        name,
        [picture.reported() for picture in body.pictures],
        opinion=body.opinion,
        source=body.source,
        expires_at=body.expires_at,
        actor=caller.actor,
        at=parts.now(),
    )
    return EntriesOut(entries=[entry.public_id for entry in entries])


@router.delete("/entries/{entry_id}", status_code=204)
def drop_entry(entry_id: str, caller: Administrator, parts: ServiceParts) -> None:
    """Erase an entry that the operator put in."""
    remove_entry(parts.store, entry_id, actor=caller.actor, at=parts.now())


@router.post("/entries/{entry_id}/release", status_code=204)
def release(entry_id: str, caller: Moderator, parts: ServiceParts) -> None:
    """Let an entry in quarantine match as before; the log names who did."""
    release_entry(parts.store, entry_id, actor=caller.actor, at=parts.now())


@router.get("/quarantine")
def quarantine(_caller: Moderator, parts: ServiceParts) -> list[QuarantinedOut]:
    """List the entries that suddenly matched many different uploads, and wait for a person."""
    with parts.store.read() as tx:
        return [
            QuarantinedOut(entry=entry.public_id, bank=entry.bank, source=entry.source, since=entry.quarantined_at)
            for entry in tx.banks.in_quarantine()
            if entry.quarantined_at is not None
        ]


def _bank(bank: BankRow) -> BankOut:
    return BankOut(
        id=bank.public_id,
        name=bank.name,
        entries=bank.entries,
        enabled_ratio=bank.enabled_ratio,
        **asdict(bank.thresholds),
    )
