"""
Who posts again what has to be removed: what the site is told of it, and what a person there did (Art. 23 DSA).

The site decides, never this service: it is told how often, and keeps a warning or a suspension here. In favour of the
account:

1. Occasions count, not pictures: what one case removed at once is one, and the first has no consequence.
2. Only what is removed now: nothing that is contested, nor what was shown again.
3. A suspension needs a warning before it, and an upload that was first checked after that warning.
4. It has an end. All of this is forgotten after a year.

Of notices nothing is kept by which two of them could be told to be of one person: see docs/reports.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from takeback.audit.event import EventKind, Json
from takeback.errors import IllegalTransition, InputError
from takeback.store import Store, Transaction
from takeback.store.accounts import Measure, NewMeasure, Removal, TakenMeasure
from takeback.store.copies import Copy
from takeback.store.seal import seal, unseal
from takeback.store.sites import Site
from takeback.workflow.poster import Poster

KEPT_FOR = timedelta(days=365)
LONGEST_SUSPENSION = timedelta(days=184)
REPEATED = 2
"""Occasions from which on uploads are repeated: never the first."""
CRITERIA = ("absolute_numbers", "relative_proportion", "gravity", "intention")
"""What Art. 23(3)(a) to (d) has weighed, in each case anew."""
MAX_WRITTEN_CHARACTERS = 2_000
MAX_NAME_CHARACTERS = 100
_PURPOSE = "account/measure"


class Advice(StrEnum):
    """What a person at the site may consider; they decide."""

    NONE = "none"
    WARNING = "warning"
    SUSPENSION = "suspension"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands within the last year."""

    occasions: int
    since: datetime | None
    """When its first upload was removed."""
    measures: tuple[TakenMeasure, ...]
    advice: Advice

    @property
    def warned_at(self) -> datetime | None:
        """When it was last warned, and the warning stands."""
        return max((each.at for each in self._standing if each.kind is Measure.WARNING), default=None)

    @property
    def heeded_from(self) -> datetime | None:
        """From when on what it posts says that it did not heed: the warning, or a suspension that was lifted since."""
        lifted = (each.lifted_at for each in self.measures if each.kind is Measure.SUSPENSION)
        return max((each for each in (self.warned_at, *lifted) if each is not None), default=None)

    @property
    def _standing(self) -> list[TakenMeasure]:
        return [each for each in self.measures if each.lifted_at is None]

    def suspended_until(self, at: datetime) -> datetime | None:
        """Until when it is suspended at a moment."""
        ends = [each.until_at for each in self._standing if each.until_at is not None and each.until_at > at]
        return max(ends, default=None)


@dataclass(frozen=True, slots=True)
class WantedMeasure:
    """A measure as a person at the site takes it."""

    kind: Measure
    until_at: datetime | None
    decided_by: str
    """The site's own id of the person who decided."""
    manifestly_illegal: bool
    """They found that the uploads were manifestly illegal: nothing less than that carries a measure (Art. 23(1))."""
    reason: str
    criteria: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WrittenMeasure:
    """A measure with what was written of it."""

    taken: TakenMeasure
    reason: str
    criteria: Mapping[str, str]
    lifted: str | None = None
    """Why it was taken back, where it was."""


def remember_removal(tx: Transaction, copy: Copy, poster: Poster, *, at: datetime) -> None:
    """Keep inside `tx` that an upload was removed, where the site told whose it is."""
    if poster.item is not None and poster.account is not None:
        keyed = tx.keyring.account_digest(poster.site.public_id, poster.account)
        tx.accounts.add_removal(keyed, copy, posted_at=poster.item.first_checked_at, at=at)


def repeat_of(tx: Transaction, copy: Copy, *, at: datetime) -> dict[str, Json] | None:
    """Return what the order to remove a copy says of its account; None where that is not known."""
    account = None if copy.site_id is None else tx.accounts.of_item(copy)
    if copy.site_id is None or account is None:
        return None
    standing = _standing(tx, copy.site_id, account, at)
    return {
        "occasions": standing.occasions,
        "since": _moment(standing.since),
        "warned_at": _moment(standing.warned_at),
        "suspended_until": _moment(standing.suspended_until(at)),
        "advice": standing.advice.value,
    }


def standing_of(store: Store, site: Site, account: str, *, at: datetime) -> tuple[Standing, list[WrittenMeasure]]:
    """Return how an account of a site stands, and what was written of each measure."""
    keyed = store.keyring.account_digest(site.public_id, account)
    with store.read() as tx:
        standing = _standing(tx, site.id, keyed, at)
        return standing, [_opened(tx, site, each) for each in standing.measures]


def take_measure(store: Store, site: Site, account: str, wanted: WantedMeasure, *, at: datetime) -> TakenMeasure:
    """
    Keep what a person at a site does about an account.

    `InputError` where it says too little or has no end, `IllegalTransition` where it comes too early: on the first
    occasion, or a suspension without a warning that was not heeded.
    """
    _check(wanted, at)
    keyed = store.keyring.account_digest(site.public_id, account)
    written = json.dumps({"reason": wanted.reason, "criteria": dict(wanted.criteria)})
    with store.write() as tx:
        standing = _standing(tx, site.id, keyed, at)
        _check_order(standing, wanted.kind)
        sealed = seal(tx.keyring.data_key(site.key_id), written.encode(), _PURPOSE)
        new = NewMeasure(wanted.kind, at, wanted.until_at, wanted.decided_by, sealed)
        taken = tx.accounts.add_measure(site.id, keyed, new)
        kind = EventKind.ACCOUNT_WARNED if wanted.kind is Measure.WARNING else EventKind.ACCOUNT_SUSPENDED
        facts: dict[str, Json] = {
            "measure": taken.public_id, "occasions": standing.occasions, "until": _moment(wanted.until_at),
        }  # fmt: skip
        tx.audit.append(kind, at=at, actor=f"site/{site.public_id}", facts=facts)
        tx.tallies.add("measures", wanted.kind.value, at=at)
        return taken


def measures_of_site(store: Store, site: Site, *, at: datetime) -> list[WrittenMeasure]:
    """Return what people of a site did about accounts within the last year; about which, only the site can say."""
    with store.read() as tx:
        return [_opened(tx, site, each) for each in tx.accounts.measures_of_site(site.id, since=at - KEPT_FOR)]


def lift_measure(
    store: Store, site: Site, measure_id: str, *, decided_by: str, reason: str, at: datetime
) -> WrittenMeasure:
    """
    Take a warning or a suspension back, as a person at the site who found that it was wrong, or is enough.

    `NotFound` where the site took no such measure, `InputError` where it is not said who and why, `IllegalTransition`
    where it is lifted already, or over.
    """
    _check_words(decided_by, [reason])
    with store.write() as tx:
        found = tx.accounts.measure(site.id, measure_id)
        if found.lifted_at is not None or (found.until_at is not None and found.until_at <= at):
            raise IllegalTransition("This measure is lifted already, or over.", advice="Look how the account stands.")
        before = _opened(tx, site, found)
        written = json.dumps({"reason": before.reason, "criteria": dict(before.criteria), "lifted": reason})
        sealed = seal(tx.keyring.data_key(site.key_id), written.encode(), _PURPOSE)
        lifted = tx.accounts.lift(found, by=decided_by, sealed=sealed, at=at)
        facts: dict[str, Json] = {"measure": found.public_id, "kind": found.kind.value}
        tx.audit.append(EventKind.MEASURE_LIFTED, at=at, actor=f"site/{site.public_id}", facts=facts)
        return _opened(tx, site, lifted)


def forget_old_accounts(store: Store, *, at: datetime) -> int:
    """Forget what is older than a year; return how much."""
    before = at - KEPT_FOR
    with store.read() as tx:
        if not tx.accounts.has_expired(before):
            return 0
    with store.write() as tx:
        return tx.accounts.expire(before)


def _standing(tx: Transaction, site_id: int, account: bytes, at: datetime) -> Standing:
    since = at - KEPT_FOR
    removals = tx.accounts.removals(site_id, account, since=since)
    measures = tuple(tx.accounts.measures(site_id, account, since=since))
    standing = Standing(
        _occasions(removals), min((each.removed_at for each in removals), default=None), measures, Advice.NONE
    )
    return Standing(standing.occasions, standing.since, measures, _advice(standing, removals, at))


def _advice(standing: Standing, removals: Sequence[Removal], at: datetime) -> Advice:
    # 1. Never on the first occasion, and nothing more while it is suspended.
    if standing.occasions < REPEATED or standing.suspended_until(at) is not None:
        return Advice.NONE
    # 2. First a warning.
    if standing.warned_at is None:
        return Advice.WARNING
    # 3. Then only what was posted after it: what was there before says nothing of whether it was heeded, and what a
    #    suspension was lifted for carries no other.
    since = standing.heeded_from
    after = [each for each in removals if each.posted_at is not None and since is not None and each.posted_at > since]
    return Advice.SUSPENSION if after else Advice.NONE


def _occasions(removals: Sequence[Removal]) -> int:
    return len({each.case_id for each in removals})


def _check(wanted: WantedMeasure, at: datetime) -> None:
    if not wanted.manifestly_illegal:
        raise InputError(
            "A measure needs the finding that the uploads were manifestly illegal.",
            advice="Without it an upload is removed, and nothing follows for the account.",
        )
    missing = [name for name in CRITERIA if not wanted.criteria.get(name, "").strip()]
    if missing or set(wanted.criteria) != set(CRITERIA):
        raise InputError(
            f"A measure weighs each of these: {', '.join(CRITERIA)}.",
            advice="Write a sentence for each; of the intention also that it cannot be told.",
        )
    _check_words(wanted.decided_by, [wanted.reason, *wanted.criteria.values()])
    _check_end(wanted, at)


def _check_words(decided_by: str, texts: Sequence[str]) -> None:
    if not texts[0].strip() or max(map(len, texts)) > MAX_WRITTEN_CHARACTERS:
        raise InputError(f"A measure has a reason, of at most {MAX_WRITTEN_CHARACTERS:,} characters.")
    if not 0 < len(decided_by.strip()) <= MAX_NAME_CHARACTERS:
        raise InputError("A measure names who decided it.", advice="Send the id that this person has at your site.")


def _check_end(wanted: WantedMeasure, at: datetime) -> None:
    if wanted.kind is Measure.WARNING:
        if wanted.until_at is not None:
            raise InputError("A warning has no end.", advice="Leave `until` out.")
    elif wanted.until_at is None or not at < wanted.until_at <= at + LONGEST_SUSPENSION:
        raise InputError(
            f"A suspension ends, within {LONGEST_SUSPENSION.days} days.", advice="Send the moment in `until`."
        )


def _check_order(standing: Standing, kind: Measure) -> None:
    if standing.occasions < REPEATED:
        raise IllegalTransition(
            "Nothing of this account was removed more than once.", advice="The first time has no consequence."
        )
    if kind is Measure.SUSPENSION and standing.advice is not Advice.SUSPENSION:
        raise IllegalTransition(
            "An account is suspended only for what it posted after a warning.",
            advice="Warn it first; or it is suspended already.",
        )


def _opened(tx: Transaction, site: Site, taken: TakenMeasure) -> WrittenMeasure:
    written = json.loads(unseal(tx.keyring.data_key(site.key_id), taken.sealed, _PURPOSE))
    return WrittenMeasure(taken, written["reason"], written["criteria"], written.get("lifted"))


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
