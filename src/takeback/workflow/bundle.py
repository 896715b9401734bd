"""
An evidence bundle: everything of a case that a lawyer, the police or a court asks for, without the picture.

Who may have which version stands in docs/evidence.md. Each bundle is an event of the log, with who made it, which
version and why, before anybody gets it. Where someone under 18 may be shown, none is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.audit.keys import bundle_signer
from takeback.bundle.bag import Bag, Cover, bag
from takeback.bundle.summary import Summary, drawn_summary
from takeback.cases.statement import House
from takeback.config import Settings
from takeback.errors import BundleRefused, IllegalTransition, InputError, NotFound, TooManyBundles
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.sites import Site
from takeback.workflow.bundle_log import LogPart, log_part
from takeback.workflow.bundle_record import (
    Files,
    Version,
    full_record,
    person_record,
    timeline_file,
    timeline_of_case,
    timeline_of_side,
    uploader_record,
)
from takeback.workflow.bundle_summary import Made, read_me, summary_of_case, summary_of_item
from takeback.workflow.capture import captured_files
from takeback.workflow.order import THE_PERSON, note
from takeback.workflow.publish import bundle_key, service_name
from takeback.workflow.recusal import require_unbiased

MAX_WHY = 500
"""Characters of why a bundle is made."""
MAX_HERS = 10
"""Bundles that are made with one receipt in a day: each is an event for ever, and takes a second to make."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Maker:
    """What every bundle of this service says of it."""

    house: House
    name: str
    """The operator's for this service as a log; empty for its key's."""
    address: str

    @classmethod
    def of(cls, settings: Settings) -> Maker:
        """Return what the settings say."""
        return cls(House.of(settings), settings.log_name, settings.address)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle as it is handed over: a ZIP, and the SHA-256 that the log names it by."""

    content: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What one view of the store gave: the files, the page, and what the cover says."""

    version: Version
    cases: Sequence[Case]
    about: str
    files: Files
    summary: Summary
    log_key: str | None


def bundle_for_desk(store: Store, case_id: str, *, why: str, actor: str, maker: Maker, at: datetime) -> Bundle:
    """
    Make the full version of a case, for whoever may have it: her lawyer, the police, a court.

    It holds what she wrote, or the sealed file of it; so it is logged as an opening of her words too. `NotFound` for
    no case, `InputError` where `why` is empty or too long, `BundleRefused` where someone under 18 may be shown,
    `IllegalTransition` for whoever keeps out of the case, and once it is erased.
    """
    _require_why(why)
    with store.read() as tx:
        case = tx.cases.by_public_id(case_id)
        require_unbiased(tx, case, actor)
        gathered = _full(tx, store, case, maker, at)
    return _made(store, gathered, maker, actor=actor, why=why.strip(), at=at)


def bundle_for_person(store: Store, case: Case, *, maker: Maker, at: datetime) -> Bundle:
    """
    Make her version, which her receipt opens; raises what `bundle_for_desk` does.

    `TooManyBundles` above `MAX_HERS` in 24 hours; those that the desk makes are not counted.
    """
    with store.read() as tx:
        _require_few(tx, case, at)
        gathered = _person(tx, store, tx.cases.by_id(case.id), maker, at)
    return _made(store, gathered, maker, actor=THE_PERSON, why="", at=at)


def bundle_for_uploader(
    store: Store, case_id: str, copy_id: str, *, why: str, actor: str, maker: Maker, at: datetime
) -> Bundle:  # fmt: skip
    """Make the version for whoever posted a copy, at the desk; raises what `bundle_for_desk` does."""
    _require_why(why)
    with store.read() as tx:
        case, copy = tx.cases.by_public_id(case_id), tx.copies.by_public_id(copy_id)
        require_unbiased(tx, case, actor)
        if copy.case_id != case.id:
            raise NotFound("This case has no such copy.")
        gathered = _uploader(tx, store, [copy], maker, at)
    return _made(store, gathered, maker, actor=actor, why=why.strip(), at=at)


def bundle_for_item(store: Store, site: Site, item_id: str, *, actor: str, maker: Maker, at: datetime) -> Bundle:
    """Make the version for whoever posted an item, which their site asks for; `NotFound` where nothing was decided."""
    with store.read() as tx:
        gathered = _uploader(tx, store, tx.copies.of_item(site.id, item_id), maker, at)
    return _made(store, gathered, maker, actor=actor, why="", at=at)


def _full(tx: Transaction, store: Store, case: Case, maker: Maker, at: datetime) -> _Gathered:
    _require_may_be(case)
    copies = tx.copies.of_case(case.id)
    abouts = [case.public_id, *(copy.public_id for copy in copies)]
    log = log_part(tx, store, maker.name, [one for about in abouts for one in tx.attestations.about(about)])
    timeline = timeline_of_case(tx, case, log.by_event)
    summary = summary_of_case(case, copies, timeline, _page(Version.FULL, store, maker, log, at))
    files = {
        **full_record(tx, case, maker.house),
        **captured_files(tx, case),
        **log.files,
        "timeline.json": timeline_file(timeline),
    }
    return _Gathered(Version.FULL, [case], case.public_id, files, summary, log.key)


def _person(tx: Transaction, store: Store, case: Case, maker: Maker, at: datetime) -> _Gathered:
    _require_may_be(case)
    attested = tx.attestations.about(case.public_id)
    log = log_part(tx, store, maker.name, attested)
    timeline = timeline_of_side(attested, log.by_event)
    known = tx.copies.of_case(case.id) if case.decided_at is not None else []
    summary = summary_of_case(case, known, timeline, _page(Version.PERSON, store, maker, log, at))
    files = {**person_record(tx, case), **log.files, "timeline.json": timeline_file(timeline)}
    return _Gathered(Version.PERSON, [case], case.public_id, files, summary, log.key)


def _uploader(tx: Transaction, store: Store, copies: Sequence[Copy], maker: Maker, at: datetime) -> _Gathered:
    attested = [one for copy in copies for one in tx.attestations.about(copy.public_id)]
    if not attested:
        raise NotFound("Nothing was decided about this item.")
    cases = [tx.cases.by_id(copy.case_id) for copy in copies]
    for case in cases:
        _require_may_be(case)
    log = log_part(tx, store, maker.name, attested)
    timeline = timeline_of_side(attested, log.by_event)
    summary = summary_of_item(copies, timeline, _page(Version.UPLOADER, store, maker, log, at))
    files = {**uploader_record(tx, copies, maker.house), **log.files, "timeline.json": timeline_file(timeline)}
    return _Gathered(Version.UPLOADER, cases, copies[0].public_id, files, summary, log.key)


def _page(version: Version, store: Store, maker: Maker, log: LogPart, at: datetime) -> Made:
    return Made(version, service_name(store, maker.name), at, len(log.by_event), log.waiting)


def _made(store: Store, gathered: _Gathered, maker: Maker, *, actor: str, why: str, at: datetime) -> Bundle:
    """Sign the bundle, and log it before it leaves: where that cannot be written, nobody gets one."""
    made = _signed(store, gathered, maker, at)
    facts: dict[str, Json] = {"version": gathered.version.value, "why": why, "sha256": made.digest.hex()}
    with store.write() as tx:
        for case in gathered.cases:
            if gathered.version is Version.PERSON:
                _require_few(tx, case, at)  # others of hers may have been made meanwhile
            if gathered.version is Version.FULL:
                note(tx, EventKind.WORDS_OPENED, case, at=at, actor=actor)
            note(tx, EventKind.BUNDLE_MADE, case, at=at, actor=actor, facts=facts)
    return Bundle(made.zipped(at), made.digest)


def _signed(store: Store, gathered: _Gathered, maker: Maker, at: datetime) -> Bag:
    files = {**gathered.files, "summary.pdf": drawn_summary(gathered.summary)}
    text = read_me(
        gathered.version,
        gathered.about,
        list(files),
        keys_at=f"{maker.address}/api/v1/log/keys",
        bundle_key=str(bundle_key(store, maker.name)),
        log_key=gathered.log_key,
    )
    signer = bundle_signer(store.keyring.log_key, service_name(store, maker.name))
    return bag(files, Cover(gathered.version.value, gathered.about, at, text), signer)


def _require_why(why: str) -> None:
    if not 0 < len(why.strip()) <= MAX_WHY:
        raise InputError(
            f"Why a bundle is made is said in 1 to {MAX_WHY} characters.",
            advice="Say who asked for it and on what ground, without a name.",
        )


def _require_few(tx: Transaction, case: Case, at: datetime) -> None:
    made = tx.audit.count_of(case.public_id, EventKind.BUNDLE_MADE, actor=THE_PERSON, since=at - _DAY)
    if made >= MAX_HERS:
        raise TooManyBundles(f"At most {MAX_HERS} evidence bundles are made with one receipt in 24 hours.")


def _require_may_be(case: Case) -> None:
    if case.under_18:
        raise BundleRefused("Someone under 18 may be shown: no evidence bundle is made of this case.")
    if case.erased_at is not None:
        raise IllegalTransition("All that was hers is erased: there is nothing left to put into a bundle.")
