"""What a person reports, taken in: links are held, pictures looked for, and what the sites store already is found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from takeback.audit.event import EventKind
from takeback.bank import EntryState, Opinion
from takeback.cases import CopyState, Notice
from takeback.cases.link import as_link
from takeback.cases.notice import ReportedPicture
from takeback.store import Store, Transaction
from takeback.store.banks import NOTICES_BANK, NewEntry
from takeback.store.cases import Case
from takeback.store.copies import Copy, NewCopy
from takeback.workflow.order import HOLD, THE_PERSON, copy_facts, note, order
from takeback.workflow.originals import watch_originals
from takeback.workflow.query import known_by_of_reported, query_of_reported
from takeback.workflow.replica import Replica
from takeback.workflow.sweep import Sought, hold_copies, suspect_others

NOTICE_SOURCE = "notice"


def take_reported(
    tx: Transaction, replica: Replica, case: Case, notice: Notice, keys: Sequence[tuple[str, bytes]], *,
    deadline_at: datetime, at: datetime,
) -> list[Copy]:  # fmt: skip
    """
    Act on what `notice` names of pictures and links; return the copies that came of it.

    `keys` are as many data keys as it has pictures and originals. `replica` was caught up before the transaction
    changed anything.
    """
    # 1. Each link of this operator's sites is held at once, unless the case is capped; each has its own state.
    gone = {copy.url: copy for copy in tx.copies.of_case(case.id, [CopyState.GONE]) if copy.linked}
    known = {tx.cases.open_link(case, copy) for copy in tx.copies.of_case(case.id) if copy.linked} - gone.keys()
    links = _distinct(tx, notice.links, known)
    copies = [_take_link(tx, case, link, gone, deadline_at=deadline_at, at=at) for link in links]
    # 2. What is looked for from now on: it can hold, not refuse, until a person has decided.
    bank = tx.banks.bank_by_name(NOTICES_BANK)
    sought, is_forwarded = [], bool(tx.forwardings.of_case(case.id))
    for picture, key in zip(notice.pictures, keys[: len(notice.pictures)], strict=True):
        entry = tx.banks.add_entry(bank.id, entry_of([picture], case.id), key, at)
        sought.append(Sought(query_of_reported([picture]), entry.id))
        if is_forwarded:
            tx.forwardings.keep_digests(entry.id, key[1], query_of_reported([picture]).digests)
    # 3. Ordinary pictures: only altered copies of them matter, and only to the desk.
    watch_originals(tx, replica, case, notice.originals, keys[len(notice.pictures) :], actor=THE_PERSON, at=at)
    # 4. What the sites store already.
    copies += hold_copies(tx, replica, case, sought, bank.thresholds, deadline_at=deadline_at, at=at)
    suspect_others(tx, replica, case, sought, at=at)
    return copies


def seal_links(store: Store) -> int:
    """Seal the links to other sites that an earlier release kept in clear; return how many."""
    with store.read() as tx:
        waiting = tx.copies.links_in_clear()
    for copy in waiting:
        with store.write() as tx:
            case = tx.cases.by_id(copy.case_id)
            tx.copies.set(copy.id, url="", sealed_url=tx.cases.seal_link(case, copy.url))
    return len(waiting)


def entry_of(pictures: Sequence[ReportedPicture], case_id: int) -> NewEntry:
    """Return the entry that one reported picture, or the frames of one animation, becomes."""
    return NewEntry(
        source=NOTICE_SOURCE,
        opinion=Opinion.POSITIVE,
        state=EntryState.HOLDING,
        case_id=case_id,
        known_by=known_by_of_reported(pictures),
    )


def _distinct(tx: Transaction, links: Sequence[str], known: Collection[str]) -> list[str]:
    """Return each link once, however it was spelled, and none that is `known`."""
    spelled: dict[str, str] = {}
    for link in map(as_link, links):
        site = tx.sites.for_link(link)
        spelled.setdefault(link if site is None else tx.sites.address_of(site, link), link)
    return [link for place, link in spelled.items() if place not in known]


def _take_link(
    tx: Transaction, case: Case, url: str, gone: Mapping[str, Copy], *, deadline_at: datetime, at: datetime
) -> Copy:
    site = tx.sites.for_link(url)
    if site is None:
        problem = "This link is not on a site of this operator; it was not fetched."
        return tx.copies.add(
            NewCopy(
                case.id,
                CopyState.ELSEWHERE,
                "",
                sealed_url=tx.cases.seal_link(case, url),
                found_at=at,
                deadline_at=deadline_at,
                linked=True,
                problem=problem,
            )
        )
    # In the site's own words from here on: that is how it named the item, and what is fetched.
    url = tx.sites.address_of(site, url)
    item = tx.items.find_by_url(site.id, url)
    held = case.capped_at is None
    new = NewCopy(
        case.id,
        CopyState.HELD if held else CopyState.POSSIBLE,
        url,
        found_at=at,
        deadline_at=deadline_at,
        linked=True,
        site_id=site.id,
        site_item_id=None if item is None else item.site_item_id,
        # Nobody looks at a picture that may show a child, and nothing is computed from it (design §8.7).
        fetch_at=None if case.under_18 else at,
    )
    if url in gone:
        # The site had it no more, and has it again.
        copy = tx.copies.set(tx.copies.reopen(gone[url], new).id, fetch_at=new.fetch_at, fetch_attempts=0)
    else:
        copy = tx.copies.add(new)
    note(
        tx, EventKind.COPY_HELD if held else EventKind.COPY_FOUND, case, at=at, actor=THE_PERSON, facts=copy_facts(copy)
    )  # fmt: skip
    if held:
        order(tx, HOLD, case, copy, why="A notice about this picture is being examined.", at=at)
    return copy
