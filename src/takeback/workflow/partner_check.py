"""
A partner asks whether a picture matches.

It is told class and action, and nothing that leads to an entry, a case, a bank or a distance. Of what is asked nothing
is kept but numbers. Whoever asks again and again closely around one entry could follow the edge at which answers
change, and so rebuild its fingerprint bit by bit: then nothing more is answered for a day, and somebody is told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from takeback.audit.event import EventKind, Json
from takeback.bank import EntryState, Opinion, Thresholds
from takeback.errors import InputError, LowQuality, RateLimited
from takeback.match import CopyClass, Match, settle_opinions
from takeback.store import Store, Transaction
from takeback.store.partners import Partner, Use
from takeback.workflow.alert import partner_message
from takeback.workflow.partners import ACTOR, NEAR_FOR
from takeback.workflow.query import Query, Unjudged
from takeback.workflow.replica import Replica
from takeback.workflow.screen import every_match
from takeback.workflow.upload import Action, decided_of_minors

NEAR_QUESTIONS = 32
"""
Questions of one partner within a day, not plainly about the same picture, that may lie around one entry.

A fingerprint has 256 bits, and each costs a question or more at the edge: an eighth of them says next to nothing. Edits
of one picture that a site is sent in a day are fewer, and copies that were only saved again are not counted.
"""
EDGE_BITS = 8
"""From so far inside the distance of *substantially the same* on, a question is counted, however a bank is set."""
STOPPED_FOR = timedelta(hours=24)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class PartnerAnswer:
    """What a partner is told: the class of what a person decided on, None where nothing was found, and what to do."""

    copy_class: CopyClass | None
    unjudged: tuple[Unjudged, ...] = ()
    must_be_reported: bool = False
    """Whether it may show someone under 18: the partner preserves it and reports it, as its law asks."""

    @property
    def action(self) -> Action:
        """Whether the picture is to be refused."""
        return Action.ALLOW if self.copy_class is None else Action.REFUSE


def answer_partner(
    store: Store, replica: Replica, partner_id: int, query: Query, *, alert_routes: Sequence[str] = (), at: datetime
) -> PartnerAnswer:
    """
    Say whether a picture matches what a person decided on, in the banks that a partner may match against.

    Raises `RateLimited` beyond what it may ask, and while it is stopped; `LowQuality` where nothing of the picture can
    be compared.
    """
    if not query.digests and not query.is_searched:
        raise _nothing_to_compare(query)
    with store.write() as tx:
        partner = tx.partners.by_id(partner_id)
        refused = _refusal(tx, partner, at)
        if refused is None:
            replica.catch_up(tx)
            banks = frozenset(tx.partners.banks(partner.id, Use.MATCH))
            matches = every_match(query, indexes=replica.entries, bank=tx.banks, at=at)
            refused = _guard(tx, partner, _near(matches, banks), alert_routes, at)
        if refused is None:
            found = _told(matches, banks)
            tx.partners.count_minute(partner.id)
            tx.partners.count(partner.id, at, asked=1, matched=int(bool(found)))
        else:
            tx.partners.count(partner.id, at, refused=1)
    # The numbers of a refusal are kept too, so it is raised after the commit.
    if refused is not None:
        raise refused
    if not found:
        return PartnerAnswer(None, query.unjudged)
    return PartnerAnswer(found[0].copy_class, must_be_reported=any(decided_of_minors(match) for match in found))


def _nothing_to_compare(query: Query) -> InputError:
    if query.unjudged:
        return LowQuality(query.unjudged[0].why)
    return InputError("There is nothing to compare.", advice="Send `pdq`, `file_sha256` or `pixels_sha256`.")


def _refusal(tx: Transaction, partner: Partner, at: datetime) -> RateLimited | None:
    """Return why a partner is not answered now; None where it is."""
    # 1. Stopped.
    if partner.is_stopped_at(at):
        assert partner.stopped_until is not None
        return _limited("No more questions of this partner are answered today.", partner.stopped_until - at)
    # 2. The day.
    if tx.partners.day(partner.id, at).asked >= partner.per_day:
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return _limited(f"This partner may ask {partner.per_day:,} times a day.", midnight - at)
    # 3. The minute. A clock that was set back begins another one.
    began = partner.minute_at
    if began is None or not timedelta() <= at - began < _MINUTE:
        tx.partners.begin_minute(partner.id, at)
    elif partner.minute_asked >= partner.per_minute:
        return _limited(f"This partner may ask {partner.per_minute:,} times a minute.", began + _MINUTE - at)
    return None


def _limited(message: str, wait: timedelta) -> RateLimited:
    return RateLimited(message, retry_after_seconds=max(1, ceil(wait.total_seconds())))


def _told(matches: Sequence[Match], banks: Collection[str]) -> list[Match]:
    """Return what a partner is told of, the strongest first; *possible* is never told, nor what is undecided."""
    return [
        match
        for match in settle_opinions(matches)
        if match.entry.bank in banks and match.entry.state is EntryState.GATED and match.copy_class.holds
    ]


def _near(matches: Sequence[Match], banks: Collection[str]) -> list[str]:
    """
    Return the entries by whose edge a question lies: a bit more or less might have changed the answer.

    Where something is never to match beside, the edge is wherever the one is as near as the other.
    """
    compared = [match for match in matches if match.entry.state is EntryState.GATED and match.distance is not None]
    found = [each for each in compared if each.entry.bank in banks and each.entry.opinion is Opinion.POSITIVE]
    silencing = [each for each in compared if each.entry.opinion is Opinion.NEGATIVE]
    if not found:
        return []
    return [
        match.entry.public_id
        for match in (*found, *silencing)
        if silencing or (match.distance or 0) > _plain_bits(match.entry.thresholds)
    ]


def _plain_bits(thresholds: Thresholds) -> int:
    """Return up to which distance a picture is plainly the same, as when it was saved again: far from the edge."""
    return max(0, min(thresholds.blind_bits, thresholds.same_bits - EDGE_BITS))


def _guard(
    tx: Transaction, partner: Partner, near: Sequence[str], alert_routes: Sequence[str], at: datetime
) -> RateLimited | None:
    """Count what lies around each entry; the one question too many stops the partner."""
    for entry_id in near:
        keyed = tx.keyring.partner_digest(partner.id, f"near/{entry_id}")
        if tx.partners.count_near(partner.id, keyed, at=at, since=at - NEAR_FOR) > NEAR_QUESTIONS:
            tx.partners.stop(partner.id, at + STOPPED_FOR)
            facts: dict[str, Json] = {"partner": partner.public_id, "until": (at + STOPPED_FOR).isoformat()}
            tx.audit.append(EventKind.PARTNER_STOPPED, at=at, actor=ACTOR, facts=facts)
            tx.alerts.put(alert_routes, partner_message(partner.name), at)
            return _limited("No more questions of this partner are answered today.", STOPPED_FOR)
    return None
