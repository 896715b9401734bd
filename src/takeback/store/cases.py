"""Cases: state, clocks, and her words under a seal."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, or_, select, update

from takeback.bank import EntryState
from takeback.cases import CaseState, move_case
from takeback.errors import IllegalTransition, NotFound
from takeback.store.copies import Copy
from takeback.store.keyring import Keyring
from takeback.store.seal import seal, unseal
from takeback.store.tables import case, entry, message

_PURPOSE = "case/notice"
_GROUNDS = "copy/grounds"
_LINK = "copy/url"
_ENDING = [
    state.value
    for state in (
        CaseState.INCOMPLETE, CaseState.REMOVED, CaseState.REFUSED, CaseState.PUT_BACK, CaseState.WITHDRAWN
    )
]  # fmt: skip
"""States of cases that nobody has to act on before their words are erased."""
_UNDECIDED = (CaseState.VALID, CaseState.WATCHING, CaseState.HELD)


@dataclass(frozen=True, slots=True)
class Case:
    """One case as it stands; her words and who she is are apart, sealed."""

    id: int
    public_id: str
    state: CaseState
    laws: tuple[str, ...]
    under_18: bool
    received_at: datetime
    valid_at: datetime | None
    decided_at: datetime | None
    closed_at: datetime | None
    deadline_at: datetime | None
    erase_at: datetime | None
    """When all that is hers is to be erased; None where she did not ask for it, or it is done."""
    erased_at: datetime | None
    missing: tuple[Mapping[str, str], ...]
    finding: Mapping[str, str] | None
    sealed_to: tuple[str, ...] | None
    """The desk's keys that open her words; None where this service opens them, or nothing is left of them."""
    key_id: str
    capped_at: datetime | None = None
    """
    Since when it may hide nothing before a person has looked: its source has all the places it may have, or its list
    may not hold.
    """
    list_id: int | None = None
    """The bank of the outside list that began it; None where a notice did."""
    own_bank_id: int | None = None
    """The operator's own bank of which somebody contests an entry, and that began it; None where a notice did."""

    @property
    def has_notice(self) -> bool:
        """Whether somebody gave notice, who is heard before anything is shown or posted again."""
        return self.list_id is None and self.own_bank_id is None


@dataclass(frozen=True, slots=True)
class NewCase:
    """What a case begins with."""

    laws: Sequence[str]
    under_18: bool
    received_at: datetime
    missing: Sequence[Mapping[str, str]]
    words: Mapping[str, object]
    """What she wrote and who she is; sealed under the case's own data key."""
    receipt_digest: bytes
    """`Keyring.receipt_digest` of her receipt."""
    ending_digest: bytes
    """The same of the number that ends the case."""
    request: str | None
    """The caller's `Idempotency-Key`."""
    body: str = ""
    """What the request asked for, by which a repeat is told from another notice under the same key."""
    sealed_to: Sequence[str] | None = None
    """The desk's keys that `words` are sealed to, where they are."""
    list_id: int | None = None
    own_bank_id: int | None = None
    capped_at: datetime | None = None


class CaseStore:
    """Reads and writes cases; every change of state passes `move_case`."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring
        self._keys_of_links: dict[str, bytes] = {}

    def add(self, new: NewCase, key: tuple[str, bytes]) -> Case:
        """Add a case in state `received` under a data key of its own (id, key)."""
        key_id, secret = key
        public_id = secrets.token_hex(16)
        self._connection.execute(
            insert(case).values(
                public_id=public_id,
                state=CaseState.RECEIVED.value,
                laws=list(new.laws),
                under_18=new.under_18,
                received_at=new.received_at,
                missing=list(new.missing),
                key_id=key_id,
                sealed_notice=seal(secret, json.dumps(new.words).encode(), _PURPOSE),
                sealed_to=None if new.sealed_to is None else list(new.sealed_to),
                receipt_digest=new.receipt_digest,
                ending_digest=new.ending_digest,
                list_id=new.list_id,
                own_bank_id=new.own_bank_id,
                capped_at=new.capped_at,
                request_digest=None if new.request is None else self._keyring.keyed_receipt(new.request),
                request_body=None if new.request is None else _body_mac(new.request, new.body),
            )
        )
        return self.by_public_id(public_id)

    def words(self, found: Case) -> Mapping[str, object]:
        """Open what she wrote; every caller logs it as an event."""
        sealed = self._connection.execute(select(case.c.sealed_notice).where(case.c.id == found.id)).scalar_one()
        if sealed is None:
            return {}
        words: Mapping[str, object] = json.loads(unseal(self._keyring.data_key(found.key_id), sealed, _PURPOSE))
        return words

    def seal_grounds(self, found: Case, grounds: str) -> bytes:
        """Seal the grounds of a contest under the case's data key; where that is erased, under the house's."""
        return seal(self._grounds_key(found), grounds.encode(), _GROUNDS)

    def open_grounds(self, found: Case, sealed: bytes) -> str:
        """Open the grounds of a contest."""
        return unseal(self._grounds_key(found), sealed, _GROUNDS).decode()

    def _grounds_key(self, found: Case) -> bytes:
        if found.erased_at is None:
            return self._keyring.data_key(found.key_id)
        # Hers is gone; what the other side writes afterwards is not hers.
        return self._keyring.keyed_receipt(f"grounds-after-erasure/{found.public_id}")

    def seal_link(self, found: Case, url: str) -> bytes:
        """Seal a link to another site under the case's data key."""
        return seal(self._key_of_links(found), url.encode(), _LINK)

    def open_link(self, found: Case, copy: Copy) -> str:
        """Return the link of a copy, opened where it is sealed."""
        if copy.sealed_url is None:
            return copy.url
        return unseal(self._key_of_links(found), copy.sealed_url, _LINK).decode()

    def _key_of_links(self, found: Case) -> bytes:
        """Return the case's data key, read once for all links of a transaction."""
        if found.key_id not in self._keys_of_links:
            self._keys_of_links[found.key_id] = self._keyring.data_key(found.key_id)
        return self._keys_of_links[found.key_id]

    def reword(
        self,
        found: Case,
        words: Mapping[str, object],
        sealed_to: Sequence[str] | None,
        *,
        missing: Sequence[Mapping[str, str]],
        laws: Sequence[str],
        under_18: bool,
    ) -> Case:
        """Replace what the notice said when she sends it again with what was missing."""
        self._set(found.id, missing=list(missing), laws=list(laws), under_18=under_18)
        return self.keep_words(found, words, sealed_to)

    def keep_words(self, found: Case, words: Mapping[str, object], sealed_to: Sequence[str] | None) -> Case:
        """Put other words in place of a case's, or the same sealed otherwise."""
        sealed = seal(self._keyring.data_key(found.key_id), json.dumps(words).encode(), _PURPOSE)
        self._set(found.id, sealed_notice=sealed, sealed_to=None if sealed_to is None else list(sealed_to))
        return self.by_id(found.id)

    def kept_open(self) -> list[int]:
        """Return the cases of which words, or a message of hers, are kept open, by number."""
        open_message = select(message.c.case_id).where(message.c.sender == "person", message.c.sealed_to.is_(None))
        open_words = case.c.sealed_to.is_(None) & case.c.sealed_notice.is_not(None)
        query = select(case.c.id).where(open_words | case.c.id.in_(open_message)).order_by(case.c.id)
        return [row.id for row in self._connection.execute(query)]

    def with_words(self) -> list[Case]:
        """Return the cases of which words are kept, oldest first."""
        rows = self._connection.execute(select(case).where(case.c.sealed_notice.is_not(None)).order_by(case.c.id))
        return [_found(row) for row in rows]

    def move(self, found: Case, after: CaseState, **columns: object) -> Case:
        """
        Change the state of a case, and other columns with it.

        Compare-and-set: `IllegalTransition` where `after` may not follow, or another process moved it.
        """
        move_case(found.state, after)
        columns |= _left_by(found, after)
        done = self._connection.execute(
            update(case)
            .where(case.c.id == found.id, case.c.state == found.state.value)
            .values(state=after.value, **columns)
        )
        if done.rowcount != 1:
            raise IllegalTransition("Someone else changed this case in the same moment.")
        return self.by_id(found.id)

    def set_under_18(self, found: Case) -> None:
        """Let a case be about what may show someone under 18, for good."""
        self._set(found.id, under_18=True)

    def close(self, found: Case, at: datetime) -> None:
        """Set when a case ended whose state says already how."""
        self._set(found.id, closed_at=at)

    def place(self, found: Case, digest: bytes, capped_at: datetime | None) -> Case:
        """Keep from which source a case came, by `Keyring.source_digest`, and whether it may hide something."""
        self._set(found.id, source_digest=digest, capped_at=capped_at)
        return self.by_id(found.id)

    def places_taken(self, digest: bytes) -> int:
        """Return how many cases of one source may hide something, or are withdrawn and may still."""
        query = select(func.count()).where(case.c.source_digest == digest, case.c.capped_at.is_(None))
        return int(self._connection.execute(query).scalar_one())

    def uncap(self, found: Case, *, keeps_place: bool) -> Case:
        """Let a case hide something; it takes a place of its source, or has none any more."""
        self._set(found.id, capped_at=None, **({} if keeps_place else {"source_digest": None}))
        return self.by_id(found.id)

    def capped(self) -> list[tuple[Case, bytes]]:
        """Return the cases that their source's cap holds back, each with its source, the oldest first."""
        capped = (case.c.capped_at.is_not(None), case.c.source_digest.is_not(None))
        query = select(case).where(*capped).order_by(case.c.capped_at, case.c.id)
        return [(_found(row), row.source_digest) for row in self._connection.execute(query)]

    def forget_sources(self, before: datetime) -> int:
        """Erase from which source cases came that were valid before a moment and are not capped; return how many."""
        done = self._connection.execute(
            update(case)
            .where(case.c.source_digest.is_not(None), case.c.capped_at.is_(None), case.c.valid_at <= before)
            .values(source_digest=None)
        )
        return done.rowcount

    def set_deadline(self, case_id: int, deadline_at: datetime | None) -> None:
        """Set the moment by which the next open thing of the case is due."""
        self._set(case_id, deadline_at=deadline_at)

    def set_erasure(self, found: Case, erase_at: datetime | None) -> Case:
        """Set when all that is hers is to be erased, or that it is not."""
        self._set(found.id, erase_at=erase_at)
        return self.by_id(found.id)

    def due_for_erasure(self, at: datetime) -> list[Case]:
        """Return the cases that were to be erased by `at`."""
        rows = self._connection.execute(select(case).where(case.c.erase_at <= at).order_by(case.c.id))
        return [_found(row) for row in rows]

    def erase(self, found: Case, at: datetime, *, laws: Sequence[str] = ()) -> None:
        """
        Erase what she wrote and who she is; its data key is to be destroyed after the commit.

        Of the case's laws only `laws` stay, where they are given: what it lacked under the others is erased too.
        """
        self._set(
            found.id,
            laws=list(laws or found.laws),
            sealed_notice=None,
            sealed_to=None,
            missing=[],
            request_body=None,
            recovery_digest=None,
            source_digest=None,
            capped_at=None,
            erase_at=None,
            erased_at=at,
        )

    def ended_before(self, undecided_at: datetime, decided_at: datetime, *, limit: int | None = None) -> list[Case]:
        """
        Return the cases with words that ended, by their own or their decision's moment, before one of these.

        Those that ended first are at the top, at most `limit` (all).
        """
        ended = func.coalesce(case.c.closed_at, case.c.decided_at, case.c.received_at)
        last = or_(
            case.c.decided_at.is_(None) & (ended <= undecided_at),
            case.c.decided_at.is_not(None) & (ended <= decided_at),
        )
        query = select(case).where(case.c.erased_at.is_(None), case.c.state.in_(_ENDING), last)
        return [_found(row) for row in self._connection.execute(query.order_by(ended, case.c.id).limit(limit))]

    def erased_before(self, at: datetime, *, limit: int | None = None) -> list[Case]:
        """Return the cases whose words were erased by a moment and that match nothing, the first at the top."""
        matching = select(entry.c.id).where(entry.c.case_id == case.c.id, entry.c.state != EntryState.WITHDRAWN.value)
        query = select(case).where(case.c.erased_at <= at, ~matching.exists()).order_by(case.c.erased_at, case.c.id)
        return [_found(row) for row in self._connection.execute(query.limit(limit))]

    def erased_key_ids(self) -> list[str]:
        """Return the data keys of erased cases: whichever still exist are to be destroyed."""
        rows = self._connection.execute(select(case.c.key_id).where(case.c.erased_at.is_not(None)))
        return [row.key_id for row in rows]

    def by_id(self, case_id: int) -> Case:
        """Return one case; `NotFound` where there is none."""
        return _found(self._connection.execute(select(case).where(case.c.id == case_id)).first())

    def by_public_id(self, public_id: str) -> Case:
        """Return one case; `NotFound` where there is none."""
        return _found(self._connection.execute(select(case).where(case.c.public_id == public_id)).first())

    def by_receipt(self, digest: bytes) -> Case:
        """
        Return the case that a receipt opens, or the number that ends it, by `Keyring.receipt_digest`.

        `NotFound` where it opens none.
        """
        query = select(case).where(or_(case.c.receipt_digest == digest, case.c.ending_digest == digest))
        row = self._connection.execute(query).first()
        if row is None:
            raise NotFound("No case belongs to this receipt.", advice="Check each word of the receipt.")
        return _found(row)

    def ends(self, found: Case, digest: bytes) -> bool:
        """Whether what opened a case also ends it. The receipts of earlier releases, which came alone, do."""
        query = select(case.c.ending_digest).where(case.c.id == found.id)
        ending: bytes | None = self._connection.execute(query).scalar_one()
        return ending is None or ending == digest

    def set_recovery(self, found: Case, digest: bytes) -> None:
        """
        Let a case be recovered by `Keyring.recovery_digest`.

        That it recovers another case already is told to nobody: it would say that a guess was right.
        """
        self._set(found.id, recovery_digest=digest)

    def by_recovery(self, digest: bytes) -> Case:
        """
        Return the case that a name and a phrase recover, of several the first; `NotFound` where they recover none.

        The first, so that whoever guesses a phrase and chooses it too takes nothing from its owner.
        """
        query = select(case).where(case.c.recovery_digest == digest).order_by(case.c.id)
        row = self._connection.execute(query).first()
        if row is None:
            raise NotFound("No case belongs to this name and phrase.", advice="Check how you wrote both.")
        return _found(row)

    def renew_secrets(self, found: Case, receipt_digest: bytes, ending_digest: bytes) -> Case:
        """Give a case another receipt and another number; the former ones open nothing any more."""
        # The request that made it would derive the former ones: repeated, it is told that they are gone.
        self._set(found.id, receipt_digest=receipt_digest, ending_digest=ending_digest, request_body=None)
        return self.by_id(found.id)

    def has_number(self, found: Case) -> bool:
        """Whether a case has a number that ends it; else its receipt does, as in earlier releases."""
        query = select(case.c.ending_digest).where(case.c.id == found.id)
        return self._connection.execute(query).scalar_one() is not None

    def by_request(self, request: str, body: str) -> Case | None:
        """
        Return the case that this request made before, if it was made.

        `IllegalTransition` where the same key came with another notice: it is a mistake, and answering it
        with the first case would lose the second.
        """
        keyed = self._keyring.keyed_receipt(request)
        row = self._connection.execute(select(case).where(case.c.request_digest == keyed)).first()
        if row is None:
            return None
        if row.request_body is None:
            raise IllegalTransition(
                "This request made a case, whose receipt is another by now, or of which nothing is left.",
                advice="Send the notice with a key of its own.",
            )
        if not hmac.compare_digest(row.request_body, _body_mac(request, body)):
            raise IllegalTransition(
                "This request key was used for another notice.", advice="Send this notice with a key of its own."
            )
        return _found(row)

    def queue(self, *, states: Sequence[CaseState] = (), after_id: int = 0, limit: int = 100) -> list[Case]:
        """Return cases: the capped ones, those due first, and last those with no deadline."""
        query = select(case).where(case.c.id > after_id)
        if states:
            query = query.where(case.c.state.in_([state.value for state in states]))
        rows = self._connection.execute(query.order_by(*by_need()).limit(limit))
        return [_found(row) for row in rows]

    def count_by_state(self) -> Mapping[CaseState, int]:
        """Return how many cases stand in each state."""
        rows = self._connection.execute(select(case.c.state, func.count()).group_by(case.c.state))
        return {CaseState(row[0]): int(row[1]) for row in rows}

    def overdue(self, at: datetime) -> int:
        """Return how many cases have something open that was due before `at`."""
        query = select(func.count()).where(case.c.deadline_at < at)
        return int(self._connection.execute(query).scalar_one())

    def _set(self, case_id: int, **columns: object) -> None:
        self._connection.execute(update(case).where(case.c.id == case_id).values(**columns))


def by_need() -> tuple[ColumnElement[Any], ...]:
    """Return in which order cases wait: what is not hidden yet for want of a person, then what is due first."""
    return (
        case.c.capped_at.is_(None), case.c.capped_at, case.c.deadline_at.is_(None), case.c.deadline_at, case.c.id,
    )  # fmt: skip


def _left_by(found: Case, after: CaseState) -> dict[str, object]:
    """
    Return what goes with a change of state: whoever decides frees the place.

    A withdrawal puts nothing back, so a case that could hide something keeps its place, until its source is erased:
    else one source could hide any number of pictures by withdrawing, and from a place that is free only where nothing
    was hidden anybody could read whether there was something.
    """
    stays = after in _UNDECIDED or (after is CaseState.WITHDRAWN and found.capped_at is None)
    return {} if stays else {"source_digest": None, "capped_at": None}


def _body_mac(request: str, body: str) -> bytes:
    """
    Return what a repeat is told by: under the request's own key, which is kept nowhere.

    Under one of ours, whoever has the data and the keys could try out what she wrote.
    """
    return hmac.digest(request.encode(), body.encode(), sha256)


def _found(row: Row[tuple[object, ...]] | None) -> Case:
    if row is None:
        raise NotFound("There is no such case.")
    return Case(
        row.id, row.public_id, CaseState(row.state), tuple(row.laws), row.under_18, row.received_at, row.valid_at,
        row.decided_at, row.closed_at, row.deadline_at, row.erase_at, row.erased_at, tuple(row.missing), row.finding,
        None if row.sealed_to is None else tuple(row.sealed_to), row.key_id, row.capped_at,
        row.list_id,
        row.own_bank_id,
    )  # fmt: skip
