"""A notice arrives: check it against the law, start its clocks, find and hold what it is about."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from takeback.audit.event import EventKind, Json
from takeback.cases import CaseState, CopyState, LawPack, Notice, clocks_of, law_pack, missing_fields
from takeback.cases.notice import (
    MAX_FINGERPRINTS,
    MAX_LINKS,
    MAX_ORIGINALS,
    SEALED_FIELDS,
    has_words,
    is_valid,
    words_of,
)
from takeback.cases.receipt import ENDING_BYTES, RECEIPT_BYTES, ending_of, receipt_of
from takeback.cases.sealed import require_sealed
from takeback.errors import IllegalTransition, InputError
from takeback.store import Store, Transaction
from takeback.store.cases import Case, NewCase
from takeback.workflow.cap import Source, take_place
from takeback.workflow.desk_keys import sealed_for_the_desk
from takeback.workflow.forwarding import choose
from takeback.workflow.order import THE_PERSON, note
from takeback.workflow.originals import unjudged_originals
from takeback.workflow.query import Unjudged, query_of_reported
from takeback.workflow.replica import Replica
from takeback.workflow.reported import take_reported
from takeback.workflow.sweep import any_held, refresh_deadline


@dataclass(frozen=True, slots=True)
class Received:
    """What the person gets back."""

    case: Case
    receipt: str
    """Hers alone: it opens the case. Stored nowhere."""
    ending: str
    """Hers alone: it opens the case and ends it. Stored nowhere."""
    unjudged: tuple[Unjudged, ...]
    """What of it can never be compared, and why."""
    repeated: bool
    """The same request had been made before; nothing was made twice."""


def receive_notice(
    store: Store, replica: Replica, notice: Notice, *, default_laws: Sequence[str], request: str | None,
    source: Source | None = None, at: datetime,
) -> Received:  # fmt: skip
    """
    Take a notice in, whole or not at all.

    `request` is the caller's `Idempotency-Key`: the same one with the same notice later gives the same case
    and receipt. Raises `InputError` where a law is unknown or the notice asks for what may not be (a
    fingerprint of a picture of someone under 18), `IllegalTransition` where the key came with another
    notice, `DeskKeysChanged` where it is sealed to others than the desk. Of one `source` only so many may hide
    something before a person has looked. What came open is sealed to the desk, where
    the desk has keys. An incomplete notice is taken, its clock of receipt runs, and `Received.case.missing` says what
    it lacks.
    """
    # 1. What may not be taken at all.
    packs = _packs(notice, default_laws)
    check_bounds(notice)
    receipt, ending = _secrets(store, request)
    body = _body(notice)
    made = _made_before(store, request, body)
    if made is not None:
        return Received(made, receipt, ending, (), repeated=True)
    # 2. Keys first: they live apart from the database, and an unused one does no harm.
    keys = store.keyring.new_data_keys(1 + len(notice.pictures) + len(notice.originals))
    digest, ending_digest = store.keyring.receipt_digest(receipt), store.keyring.receipt_digest(ending)
    with store.write() as tx:
        if request is not None and (made := tx.cases.by_request(request, body)) is not None:
            return Received(made, receipt, ending, (), repeated=True)
        replica.catch_up(tx)
        notice = sealed_for_the_desk(tx, notice)
        # 3. The case, and both clocks from here.
        new = NewCase(
            laws=[pack.id for pack in packs],
            under_18=notice.under_18,
            received_at=at,
            missing=_missing(notice, packs),
            words=_kept(notice),
            sealed_to=_sealed_to(notice),
            receipt_digest=digest,
            ending_digest=ending_digest,
            request=request,
            body=body,
        )
        case = tx.cases.add(new, keys[0])
        note(tx, EventKind.NOTICE_RECEIVED, case, at=at, actor=THE_PERSON, facts=_notice_facts(notice, packs))
        choose(tx, case, notice.forward_to, at=at)
        # 4. Valid or not; if valid, what follows from it.
        case = _judge(tx, replica, case, notice, packs, keys[1:], source, at)
    unjudged = (*query_of_reported(notice.pictures).unjudged, *unjudged_originals(notice.originals))
    return Received(case, receipt, ending, unjudged, repeated=False)


def complete_notice(
    store: Store, replica: Replica, receipt: str, notice: Notice, *, default_laws: Sequence[str],
    source: Source | None = None, at: datetime,
) -> Case:  # fmt: skip
    """
    Take the notice again with what it lacked; its clock of receipt is the first one's.

    Once it was about someone under 18 it stays so, whatever the second one says.
    """
    packs = _packs(notice, default_laws)
    check_bounds(notice)
    keys = store.keyring.new_data_keys(len(notice.pictures) + len(notice.originals))
    digest = store.keyring.receipt_digest(receipt)
    with store.write() as tx:
        replica.catch_up(tx)
        case = tx.cases.by_receipt(digest)
        if case.state is not CaseState.INCOMPLETE:
            raise IllegalTransition(
                "This notice lacks nothing.", advice="Send another notice for other pictures or links."
            )
        if case.erased_at is not None:
            raise IllegalTransition("This notice waited too long, and is erased.", advice="Send it again.")
        notice = replace(notice, under_18=case.under_18 or notice.under_18)
        check_bounds(notice)
        notice = sealed_for_the_desk(tx, notice)
        case = tx.cases.reword(
            case,
            _kept(notice),
            _sealed_to(notice),
            missing=_missing(notice, packs),
            laws=[pack.id for pack in packs],
            under_18=notice.under_18,
        )
        note(tx, EventKind.NOTICE_RECEIVED, case, at=at, actor=THE_PERSON, facts=_notice_facts(notice, packs))
        choose(tx, case, notice.forward_to, at=at)
        return _judge(tx, replica, case, notice, packs, keys, source, at)


def _packs(notice: Notice, default_laws: Sequence[str]) -> list[LawPack]:
    return [law_pack(law) for law in dict.fromkeys(notice.laws or default_laws)]


def _made_before(store: Store, request: str | None, body: str) -> Case | None:
    if request is None:
        return None
    with store.read() as tx:
        return tx.cases.by_request(request, body)


def _body(notice: Notice) -> str:
    """Return the whole notice as text, by which a repeat is told from another notice; only its HMAC is stored."""
    pictures = [
        [
            None if picture.pdq is None else [picture.pdq.hex(), picture.pdq.quality],
            None if picture.file_digest is None else picture.file_digest.hex(),
            None if picture.pixel_digest is None else picture.pixel_digest.hex(),
        ]
        for picture in (*notice.pictures, *notice.originals)
    ]
    counts = [len(notice.pictures), len(notice.originals)]
    words = words_of(notice) if notice.sealed is None else [notice.sealed.digest.hex(), sorted(notice.sealed.given)]
    forward_to = [notice.forward_to] if notice.forward_to else []
    return json.dumps(
        [words, notice.laws, notice.links, notice.under_18, counts, pictures, *forward_to], sort_keys=True
    )


def check_bounds(notice: Notice) -> None:
    """Raise `InputError` where a notice holds more than it may, or what it may not."""
    if len(notice.links) > MAX_LINKS:
        raise InputError(
            f"This notice names {len(notice.links)} links; one notice takes {MAX_LINKS}.",
            advice="Send the rest in a second notice.",
        )
    if len(notice.pictures) > MAX_FINGERPRINTS:
        raise InputError(
            f"This notice names {len(notice.pictures)} pictures; one notice takes {MAX_FINGERPRINTS}.",
            advice="Send the rest in a second notice.",
        )
    if len(notice.originals) > MAX_ORIGINALS:
        raise InputError(
            f"This notice brings {len(notice.originals)} ordinary pictures; one notice takes {MAX_ORIGINALS}.",
            advice="Send the rest in a second notice.",
        )
    if notice.sealed is not None:
        if has_words(notice):
            raise InputError("What she says comes sealed or open, not both.", advice="Leave the open fields out.")
        require_sealed(notice.sealed, SEALED_FIELDS)
    if notice.under_18 and (notice.pictures or notice.originals):
        raise InputError(
            "A notice about someone under 18 is taken by link only.",
            advice="Send the links alone; nothing was stored. NCMEC Take It Down and IWF Report Remove help too.",
        )


def _secrets(store: Store, request: str | None) -> tuple[str, str]:
    """Return the receipt, and the number that ends the case."""
    if request is None:
        return receipt_of(secrets.token_bytes(RECEIPT_BYTES)), ending_of(secrets.token_bytes(ENDING_BYTES))
    # A repeated request must give the same ones, and they may be stored nowhere: so they are derived.
    made = [
        hmac.digest(store.keyring.keyed_receipt(f"{what}-of-request"), request.encode(), hashlib.sha256)
        for what in ("receipt", "ending")
    ]
    return receipt_of(made[0]), ending_of(made[1])


def _judge(
    tx: Transaction, replica: Replica, case: Case, notice: Notice, packs: Sequence[LawPack],
    keys: Sequence[tuple[str, bytes]], source: Source | None, at: datetime,
) -> Case:  # fmt: skip
    clocks = clocks_of(case.received_at, at, packs)
    if not is_valid(notice, packs):
        note(
            tx,
            EventKind.NOTICE_INCOMPLETE,
            case,
            at=at,
            actor=THE_PERSON,
            facts={"missing": list(case.missing)},
        )
        if case.state is CaseState.RECEIVED:
            case = tx.cases.move(case, CaseState.INCOMPLETE, deadline_at=clocks.from_receipt_at)
        return case
    note(tx, EventKind.NOTICE_VALID, case, at=at, actor=THE_PERSON, facts={"laws": list(case.laws)})
    case = take_place(tx, tx.cases.move(case, CaseState.VALID, valid_at=at), source, at=at)
    return _act_on_valid(tx, replica, case, notice, keys, deadline_at=clocks.deadline_at, at=at)


def _act_on_valid(
    tx: Transaction, replica: Replica, case: Case, notice: Notice, keys: Sequence[tuple[str, bytes]], *,
    deadline_at: datetime, at: datetime,
) -> Case:  # fmt: skip
    copies = take_reported(tx, replica, case, notice, keys, deadline_at=deadline_at, at=at)
    if any_held(copies):
        case = tx.cases.move(case, CaseState.HELD)
    else:
        case = tx.cases.move(case, CaseState.WATCHING)
        if case.capped_at is None:
            note(tx, EventKind.WATCHING_BEGAN, case, at=at, actor=THE_PERSON)
    refresh_deadline(tx, case)
    return tx.cases.by_id(case.id)


def links_elsewhere(store: Store, case: Case) -> list[str]:
    """Return the links of a case that are on no site of this operator."""
    with store.read() as tx:
        return [tx.cases.open_link(case, copy) for copy in tx.copies.of_case(case.id, [CopyState.ELSEWHERE])]


def is_only_elsewhere(store: Store, case: Case) -> bool:
    """Whether a case has nothing but links to sites of others: this operator can do nothing about it."""
    with store.read() as tx:
        copies = tx.copies.of_case(case.id)
        others = all(copy.state is CopyState.ELSEWHERE for copy in copies)
        return bool(copies) and others and not tx.banks.of_case(case.id)


def _missing(notice: Notice, packs: Sequence[LawPack]) -> list[dict[str, str]]:
    return [asdict(missing) for missing in missing_fields(notice, packs)]


def _kept(notice: Notice) -> Mapping[str, object]:
    """Return what is kept of what she says, under the case's own key: sealed to the desk, or open without its keys."""
    return words_of(notice) if notice.sealed is None else {"sealed": notice.sealed.as_json()}


def _sealed_to(notice: Notice) -> Sequence[str] | None:
    return None if notice.sealed is None else notice.sealed.desk_keys


def _notice_facts(notice: Notice, packs: Sequence[LawPack]) -> dict[str, Json]:
    """Return what the log says of a notice: how much it held, never what."""
    sealed: dict[str, Json] = {} if notice.sealed is None else {"words_sha256": notice.sealed.digest.hex()}
    return {
        **sealed,
        "laws": [pack.id for pack in packs],
        "links": len(notice.links),
        "pictures": len(notice.pictures),
        "originals": len(notice.originals),
        "under_18": notice.under_18,
    }
