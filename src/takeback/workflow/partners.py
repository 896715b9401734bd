"""
Partners: small sites that hold no list of anyone's, and ask this Takeback whether a picture matches.

A partner may use no bank until an administrator says which: to match against (`match`), or to be given the fingerprints
of (`share`, for clients of StopNCII's interface). What people reported is never shared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.errors import IllegalTransition, InputError
from takeback.store import Store, Transaction
from takeback.store.access import KeyRole
from takeback.store.banks import ORIGINALS_BANK, BankRow
from takeback.store.partners import Partner, PartnerDay, Use, day_of
from takeback.workflow.register import make_key

ACTOR = "takeback"
PER_MINUTE = 60
PER_DAY = 5_000
"""Questions that a partner may ask unless it is told otherwise: uploads of a small site."""
MAX_PER_MINUTE = 6_000
MAX_PER_DAY = 1_000_000
TOLD_EVERY = timedelta(hours=1)
"""How often the log is told of one partner, however much it asks."""
DAYS_KEPT = timedelta(days=400)
"""How long the numbers of a day are kept: a year, and a month to compare it with."""
NEAR_FOR = timedelta(hours=24)
"""How long it is kept around which entries a partner asked."""
MAX_SHOWN_DAYS = 31
MAX_KEYS = 5
_ERASED_AT_ONCE = 500
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")


@dataclass(frozen=True, slots=True)
class Standing:
    """A partner as an administrator sees it."""

    partner: Partner
    match: tuple[str, ...]
    share: tuple[str, ...]
    keys: tuple[str, ...]
    """The ids of its keys."""
    listed: int
    """Fingerprints that it was given, and was not told to be gone."""
    days: tuple[PartnerDay, ...]


@dataclass(frozen=True, slots=True)
class NewPartner:
    """A partner with its key, shown once."""

    standing: Standing
    key: str


def add_partner(
    store: Store, name: str, *, match: Sequence[str], share: Sequence[str], per_minute: int = PER_MINUTE,
    per_day: int = PER_DAY, submits: bool = False, actor: str, at: datetime,
) -> NewPartner:  # fmt: skip
    """Add a partner, which may match against the banks in `match` and is given what is in `share`; make its key."""
    if not _NAME.fullmatch(name):
        raise InputError("A partner's name has 1 to 60 letters, digits, dots, lines and dashes.")
    if not (1 <= per_minute <= MAX_PER_MINUTE and 1 <= per_day <= MAX_PER_DAY):
        raise InputError(
            f"A partner asks 1 to {MAX_PER_MINUTE:,} times a minute, and 1 to {MAX_PER_DAY:,} times a day."
        )
    with store.write() as tx:
        partner = tx.partners.add(name, per_minute=per_minute, per_day=per_day, submits=submits, at=at)
        _set_banks(tx, partner, match, share)
        facts: dict[str, Json] = {"partner": partner.public_id, "submits": submits, **_bank_facts(tx, match, share)}
        tx.audit.append(EventKind.PARTNER_ADDED, at=at, actor=actor, facts=facts)
        key = make_key(tx, KeyRole.PARTNER, name=name, partner_id=partner.id, actor=actor, at=at)
        return NewPartner(_standing(tx, partner), key)


def set_partner_banks(
    store: Store, partner_id: str, *, match: Sequence[str], share: Sequence[str], actor: str, at: datetime
) -> Standing:
    """Let a partner use these banks and no other, from its next question on; what is listed no more, it is told."""
    with store.write() as tx:
        partner = tx.partners.by_public_id(partner_id)
        _set_banks(tx, partner, match, share)
        facts: dict[str, Json] = {"partner": partner.public_id, **_bank_facts(tx, match, share)}
        tx.audit.append(EventKind.PARTNER_CHANGED, at=at, actor=actor, facts=facts)
        return _standing(tx, partner)


def new_partner_key(store: Store, partner_id: str, *, actor: str, at: datetime) -> str:
    """Make another key of a partner and return its text: the former ones stay good until they are revoked."""
    with store.write() as tx:
        partner = tx.partners.by_public_id(partner_id)
        if len(tx.access.of_partner(partner.id)) >= MAX_KEYS:
            raise InputError(f"A partner has at most {MAX_KEYS} keys.", advice="Revoke one: `takeback key revoke`.")
        return make_key(tx, KeyRole.PARTNER, name=partner.name, partner_id=partner.id, actor=actor, at=at)


def release_partner(store: Store, partner_id: str, *, actor: str, at: datetime) -> Standing:
    """Answer a stopped partner again: a person found out why its questions lay so close together."""
    with store.write() as tx:
        partner = tx.partners.by_public_id(partner_id)
        if not partner.is_stopped_at(at):
            raise IllegalTransition("This partner is not stopped.", advice="Its questions are answered as before.")
        tx.partners.stop(partner.id, None)
        tx.audit.append(EventKind.PARTNER_RELEASED, at=at, actor=actor, facts={"partner": partner.public_id})
        return _standing(tx, tx.partners.by_id(partner.id))


def remove_partner(store: Store, partner_id: str, *, actor: str, at: datetime) -> None:
    """
    Let a partner be gone: its keys are revoked at once, and what it was told is forgotten.

    What it submitted and nobody decided on is erased; what a person decided on stays in its bank.
    """
    with store.write() as tx:
        partner = tx.partners.by_public_id(partner_id)
        for key in tx.access.of_partner(partner.id):
            tx.access.revoke(key.public_id, at)
            tx.audit.append(EventKind.KEY_REVOKED, at=at, actor=actor, facts={"key": key.public_id})
        gone = [tx.banks.erase(each) for each in tx.partner_opinions.undecided_of(partner.id)]
        tx.partner_opinions.drop_of(partner.id)
        tx.partners.remove(partner.id, at)
        tx.audit.append(EventKind.PARTNER_REMOVED, at=at, actor=actor, facts={"partner": partner.public_id})
    store.keyring.destroy(gone)
    while True:
        with store.write() as tx:
            key_ids = tx.partner_records.drop_of(partner.id, _ERASED_AT_ONCE)
        if not key_ids:
            return
        store.keyring.destroy(key_ids, in_snapshots=False)


def partners(store: Store) -> list[Standing]:
    """Return every partner as it stands."""
    with store.read() as tx:
        return [_standing(tx, each) for each in tx.partners.all()]


def partner_of(store: Store, partner_id: str) -> Standing:
    """Return one partner as it stands; `NotFound` where there is none."""
    with store.read() as tx:
        return _standing(tx, tx.partners.by_public_id(partner_id))


def tell_of_partners(store: Store, *, at: datetime) -> int:
    """
    Write into the log how much each partner did, once an hour at most, and forget what is old; return of how many.

    Numbers of a day, as they stand: never what was asked.
    """
    with store.write() as tx:
        days = tx.partners.untold(at - TOLD_EVERY)
        for day in days:
            facts: dict[str, Json] = {"partner": tx.partners.public_id(day.partner_id), "day": day.day, **day.counts()}
            tx.audit.append(EventKind.PARTNER_ASKED, at=at, actor=ACTOR, facts=facts)
            tx.partners.told(day, at)
        tx.partners.drop_days(day_of(at - DAYS_KEPT))
        tx.partners.drop_near(at - NEAR_FOR)
    return len(days)


def _standing(tx: Transaction, partner: Partner) -> Standing:
    return Standing(
        partner,
        tuple(tx.partners.banks(partner.id, Use.MATCH)),
        tuple(tx.partners.banks(partner.id, Use.SHARE)),
        tuple(key.public_id for key in tx.access.of_partner(partner.id)),
        tx.partner_records.counted(partner.id),
        tuple(tx.partners.days(partner.id, MAX_SHOWN_DAYS)),
    )


def _set_banks(tx: Transaction, partner: Partner, match: Sequence[str], share: Sequence[str]) -> None:
    tx.partners.set_banks(partner.id, Use.MATCH, [_matched(tx, name).id for name in match])
    tx.partners.set_banks(partner.id, Use.SHARE, [_listed(tx, name).id for name in share])


def _matched(tx: Transaction, name: str) -> BankRow:
    bank = tx.banks.bank_by_name(name)
    if bank.name == ORIGINALS_BANK:
        raise InputError(f"No partner matches against the bank {bank.name}: ordinary pictures are in it.")
    exchange = tx.exchanges.of_bank(bank.id)
    if exchange is not None and exchange.of_minors:
        raise InputError(
            f"No partner matches against the list {bank.name}: it is of what may show minors, for its own members.",
            advice="A partner that is to use it becomes a member there.",
        )
    return bank


def _listed(tx: Transaction, name: str) -> BankRow:
    bank = tx.banks.bank_by_name(name)
    if bank.is_kept_by_cases:
        raise InputError(
            f"The bank {bank.name} is never given to anyone: its fingerprints are of what people reported.",
            advice="A partner may match against it instead, and is told nothing but class and action.",
        )
    if tx.exchanges.of_bank(bank.id) is not None:
        raise InputError(
            f"The bank {bank.name} is an outside list, which is not yours to give.",
            advice="Whoever wants it asks its keeper.",
        )
    return bank


def _bank_facts(tx: Transaction, match: Sequence[str], share: Sequence[str]) -> dict[str, Json]:
    return {
        use: [tx.banks.bank_by_name(name).public_id for name in dict.fromkeys(names)]
        for use, names in (("match", match), ("share", share))
    }
