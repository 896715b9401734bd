"""An upload is checked at the door, and remembered for the notice that may come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from takeback.audit.event import EventKind, Json
from takeback.bank import EntryState, ListKind
from takeback.cases import CaseState, CopyState, clocks_of, law_pack
from takeback.errors import InputError
from takeback.match import Match
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.copies import NewCopy
from takeback.store.sites import Site
from takeback.workflow.alert import passage_message
from takeback.workflow.flood import watch_for_floods
from takeback.workflow.gate import Gate
from takeback.workflow.list_case import ask_for_report, case_of_match
from takeback.workflow.order import copy_facts, likeness_facts, note
from takeback.workflow.originals import still_watched
from takeback.workflow.query import Query
from takeback.workflow.refused_upload import link_to_contest
from takeback.workflow.replica import Replica
from takeback.workflow.screen import Screening, screen_query
from takeback.workflow.sweep import likeness_of, refresh_deadline

MAX_ITEM_ID_CHARACTERS = 500
MAX_ACCOUNT_CHARACTERS = 200
REPORTS_TOLD_EVERY = timedelta(hours=1)
PASSAGES_TOLD_EVERY = timedelta(hours=6)
"""A picture that everybody posts would otherwise fill the log of a case that it resembles, and somebody's pager."""


class Action(StrEnum):
    """What the site is told to do with an upload."""

    ALLOW = "allow"
    REFUSE = "refuse"
    """A person decided about this picture; do not store it."""
    HOLD = "hold"
    """A valid notice about it is open; store it hidden."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What the site says of an upload: its own id for it, and where it will be."""

    site: Site
    item_id: str | None
    """None asks only; nothing is remembered."""
    url: str = ""
    account: str | None = None
    """The site's own id of the account that posts it; kept sealed while the site keeps the item."""

    @property
    def actor(self) -> str:
        """How the audit log names the site."""
        return f"site/{self.site.public_id}"


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer to an upload."""

    action: Action
    screening: Screening
    case_id: str | None
    """Public id of the case of the strongest match."""
    remembered: bool
    contest_code: str | None = field(default=None, repr=False)
    """The secret by which a refusal is contested (`takeback.workflow.refused_upload`); None where no case refused."""

    @property
    def must_be_reported(self) -> bool:
        """Whether it may show minors: the site preserves it and reports it, as its law asks."""
        return must_be_reported(self.screening)


def check_upload(
    store: Store,
    replica: Replica,
    query: Query,
    upload: Upload | None,
    *,
    gate: Gate | None = None,
    readable: bool = True,
    altered: Sequence[Match] = (),
    at: datetime,
) -> Checked:
    """
    Screen an upload, and remember it where the site names it and may keep it; what is not `readable` is not kept.

    One at a `gate` is nobody's item: it is refused, or passes and is told to its cases.

    `altered` are the originals of which it was found to be an altered copy: for the desk, where they still count.

    Screening and remembering are one transaction: a notice that arrives in the same moment either is
    seen here, or finds the item that was remembered here.
    """
    if upload is not None and upload.item_id is not None and not 0 < len(upload.item_id) <= MAX_ITEM_ID_CHARACTERS:
        raise InputError(
            f"An item's id has 1 to {MAX_ITEM_ID_CHARACTERS} characters.",
            advice="Send your own short id of the item.",
        )
    if upload is not None and upload.account is not None and not 0 < len(upload.account) <= MAX_ACCOUNT_CHARACTERS:
        raise InputError(
            f"An account has 1 to {MAX_ACCOUNT_CHARACTERS} characters.",
            advice="Send your own short id of the account, or leave it out.",
        )
    with store.write() as tx:
        # 1. Screen against exactly what is committed.
        replica.catch_up(tx)
        screening = screen_query(query, indexes=replica.entries, bank=tx.banks, at=at)
        # Of what an original says no count is kept, so a flood of altered copies puts nothing into quarantine.
        counted = screening.matches
        screening = replace(screening, matches=(*counted, *still_watched(tx, altered, at)))
        action = action_for(screening)
        # 2. Remember what the site keeps.
        named = upload is not None and upload.item_id is not None
        remembers = named and readable and action is not Action.REFUSE
        if upload is not None and remembers:
            _remember(tx, query, upload, at)
        # 3. Each case that it matches hears of it, and entries that match everything are doubted.
        watch_for_floods(tx, counted, query, at=at)
        cases = tell_cases(tx, screening.matches, action, upload, at, gate=gate)
        # 4. Whoever is refused learns where to contest it.
        code = _code(tx, screening, upload, gate, at) if action is Action.REFUSE else None
    case_id = next((case.public_id for case in cases if case is not None), None)
    return Checked(action, screening, case_id, remembers, code)


def _code(tx: Transaction, screening: Screening, upload: Upload | None, gate: Gate | None, at: datetime) -> str | None:
    """Return the code for contesting a refusal at a gate or a site; None for whoever only asks."""
    if gate is not None:
        return link_to_contest(tx, screening.matches, gate.actor, gate.site, at)
    if upload is None:
        return None
    return link_to_contest(tx, screening.matches, upload.actor, upload.site, at)


def action_for(screening: Screening) -> Action:
    """
    Return what the strongest matches ask for.

    Only what a person decided is refused, and only *identical* and *substantially the same*; a *possible* or
    *altered* copy passes and waits for a person (design §8.4). What may show minors, by an outside list of such
    pictures, is refused without anybody's look (design §10).
    """
    strong = [match for match in screening.matches if match.copy_class.holds]
    if any(match.entry.state is EntryState.GATED or _may_show_minors(match) for match in strong):
        return Action.REFUSE
    return Action.HOLD if any(not match.entry.is_capped for match in strong) else Action.ALLOW


def must_be_reported(screening: Screening) -> bool:
    """
    Whether an upload may show minors: by an outside list of such pictures, or by what a person decided of a notice that
    said so. The site preserves and reports it.
    """
    return any(_may_show_minors(match) or decided_of_minors(match) for match in screening.matches)


def decided_of_minors(match: Match) -> bool:
    """Whether a person decided about a picture of which a notice says that it shows someone under 18."""
    entry = match.entry
    return entry.under_18 and entry.state is EntryState.GATED and match.copy_class.holds


def _may_show_minors(match: Match) -> bool:
    return match.entry.of_list is ListKind.OF_MINORS and match.copy_class.holds


def _remember(tx: Transaction, query: Query, upload: Upload, at: datetime) -> None:
    assert upload.item_id is not None
    tx.items.remember(
        upload.site.id,
        upload.item_id,
        url=_address(tx, upload),
        known_by=query.kept(),
        key=(upload.site.key_id, tx.keyring.data_key(upload.site.key_id)),
        account=upload.account,
        at=at,
    )


def _address(tx: Transaction, upload: Upload) -> str:
    """Return the item's address as a link to it is spelled; as it was given where it is not below the site."""
    site = upload.site
    found = tx.sites.for_link(upload.url) if upload.url else None
    return tx.sites.address_of(site, upload.url) if found is not None and found.id == site.id else upload.url


def tell_cases(
    tx: Transaction,
    matches: Sequence[Match],
    action: Action,
    upload: Upload | None,
    at: datetime,
    *,
    gate: Gate | None = None,
) -> list[Case | None]:
    """Tell the case of each match of an upload; return them, None for an entry of no case."""
    return [_tell_case(tx, match, action, upload, gate, at) for match in matches]


def _tell_case(
    tx: Transaction, match: Match, action: Action, upload: Upload | None, gate: Gate | None, at: datetime
) -> Case | None:
    # A list's entry becomes a case only where there is a copy, or where somebody is to look, or to report.
    refused_of_minors = action is Action.REFUSE and _may_show_minors(match)
    opens = gate is not None or (upload is not None and (upload.item_id is not None or refused_of_minors))
    if match.entry.case_id is None and not opens:
        return None
    case = case_of_match(tx, match.entry, at=at)
    if case is None:
        return None
    if gate is not None:
        _tell_of_passage(tx, case, match, action, gate, at)
        return case
    if upload is None:
        return case
    if action is Action.REFUSE:
        _ask_for_report(tx, match, case, at)
        note(tx, EventKind.UPLOAD_REFUSED, case, at=at, actor=upload.actor, facts=_match_facts(match))
    elif upload.item_id is not None:
        _add_copy(tx, case, match, action, upload, upload.actor, at)
    return case


def _tell_of_passage(tx: Transaction, case: Case, match: Match, action: Action, gate: Gate, at: datetime) -> None:
    """Tell a case what came to a gate: each refusal, and once in a while that something passed which may be a copy."""
    if action is Action.REFUSE:
        _ask_for_report(tx, match, case, at)
    kind = EventKind.UPLOAD_REFUSED if action is Action.REFUSE else EventKind.UPLOAD_PASSED
    if kind is EventKind.UPLOAD_PASSED:
        told_at = tx.audit.last_at(case.public_id, kind, until=at)
        if told_at is not None and at - told_at < PASSAGES_TOLD_EVERY:
            return
    facts: dict[str, Json] = {**_match_facts(match), "gate": gate.protocol, "space": gate.space.value}
    note(tx, kind, case, at=at, actor=gate.actor, facts=facts)
    if kind is EventKind.UPLOAD_PASSED:
        tx.alerts.put(gate.alert_routes, passage_message(case.public_id, gate.name), at)


def _ask_for_report(tx: Transaction, match: Match, case: Case, at: datetime) -> None:
    """Have a refused upload that may show minors reported: each once, and a flood of the same picture once an hour."""
    if not _may_show_minors(match):
        return
    told_at = tx.audit.last_at(case.public_id, EventKind.UPLOAD_REFUSED, until=at)
    if told_at is None or at - told_at >= REPORTS_TOLD_EVERY:
        ask_for_report(tx, match.entry, case, at=at)


def _add_copy(
    tx: Transaction, case: Case, match: Match, action: Action, upload: Upload, actor: str, at: datetime
) -> None:
    """Make the upload a copy of the case, with a clock of its own; a repeated check makes no second."""
    known = [copy for copy in tx.copies.of_item(upload.site.id, upload.item_id or "") if copy.case_id == case.id]
    if any(copy.state is not CopyState.GONE for copy in known):
        return
    held = action is Action.HOLD and match.copy_class.holds and case.capped_at is None
    packs = [law_pack(law) for law in case.laws]
    new = NewCopy(
        case.id,
        CopyState.HELD if held else CopyState.POSSIBLE,
        _address(tx, upload),
        found_at=at,
        deadline_at=clocks_of(at, at, packs).deadline_at,
        site_id=upload.site.id,
        site_item_id=upload.item_id,
        copy_class=match.copy_class,
        likeness=likeness_of(match.fact, match.evidence),
        blind=match.copy_class.holds and match.blind,
        entry_id=match.entry.id,
    )
    copy = tx.copies.reopen(known[0], new) if known else tx.copies.add(new)
    if held and not case.under_18:
        # No order tells the site, which hides it by this answer: the link is in the statement that it asks for.
        tx.copies.let_contest(copy)
    note(tx, EventKind.UPLOAD_HELD if held else EventKind.COPY_FOUND, case, at=at, actor=actor, facts=copy_facts(copy))
    if held and case.state is CaseState.WATCHING:
        case = tx.cases.move(case, CaseState.HELD)
    refresh_deadline(tx, case)


def _match_facts(match: Match) -> dict[str, Json]:
    facts = likeness_facts(likeness_of(match.fact, match.evidence))
    return {"class": match.copy_class.value, **facts, "entry": match.entry.public_id}
