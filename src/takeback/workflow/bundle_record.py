"""
What stands in an evidence bundle, file by file, in each of its versions.

    full      for the desk to give to a lawyer, the police or a court: everything but the picture and its fingerprints
    person    hers, opened by her receipt: what she was told; of her words only what is sealed, or which are filled in
    uploader  for the account that posted an item: what it was told of that item, and nothing of who gave notice

Before a decision hers says nothing of copies, as everywhere (design §8.4). Distances rebuild a fingerprint bit by bit,
and are in the full version alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from takeback.audit.event import EventKind, Json, canonical_moment
from takeback.bank import Thresholds
from takeback.cases import CaseState, CopyState, law_packs
from takeback.cases.sealed import SealedWords
from takeback.cases.statement import House
from takeback.store import Transaction
from takeback.store.attestations import Attested
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.hearings import Hearing
from takeback.store.messages import Message, Sender
from takeback.store.outbox import Delivery
from takeback.workflow.statements import stated_in

type Files = dict[str, bytes]
"""Contents by their names below `data/`."""

METHOD = {
    "pdq": "PDQ, 256 bits, of the canonical pixels at full resolution (ThreatExchange, hashing.pdf)",
    "distance": "bits that differ, of 256, in the nearest of eight orientations",
    "similarity": "cosine of two SSCD descriptors of 512 numbers (arXiv 2202.10261)",
    "inliers": "local features (ORB) that agree on one transform of the picture",
    "identical": "SHA-256 of the file, or of its canonical pixels, is equal",
}
"""What the figures of a copy are, for an expert."""

_CLOCKS = ("received_at", "valid_at", "deadline_at", "decided_at", "closed_at")
_TOLD = (CaseState.INCOMPLETE, CaseState.REFUSED, CaseState.WITHDRAWN)
"""States that say nothing of what was found."""
_SETTLED = (CopyState.REMOVED, CopyState.CONTESTED, CopyState.PUT_BACK)


class Version(StrEnum):
    """For whom a bundle is."""

    FULL = "full"
    PERSON = "person"
    UPLOADER = "uploader"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened, and the files that prove it."""

    at: str
    kind: str
    facts: Mapping[str, Json]
    proofs: tuple[str, ...]
    actor: str | None = None


def as_file(value: object) -> bytes:
    """Return `value` as the JSON that stands in a bundle."""
    return (json.dumps(value, ensure_ascii=False, indent=2, default=_moment) + "\n").encode()


def _moment(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} does not stand in a bundle")
    return canonical_moment(value)


def full_record(tx: Transaction, case: Case, house: House) -> Files:
    """Return the files of the full version."""
    copies = tx.copies.of_case(case.id)
    return {
        "case.json": as_file(_case(case)),
        **_notice(tx.cases.words(case), case),
        **_messages(tx.messages.of_case(case), with_hers=True),
        "decisions.json": as_file(_decisions(tx, case, copies)),
        "copies.json": as_file({"method": METHOD, "copies": [_copy(tx, case, copy) for copy in copies]}),
        "orders.json": as_file([_order(one, copy) for copy in copies for one in tx.outbox.of_copy(copy.id)]),
        **_statements(tx, [(case, copy) for copy in copies], house),
    }


def person_record(tx: Transaction, case: Case) -> Files:
    """Return the files of her version."""
    linked = [copy for copy in tx.copies.of_case(case.id) if copy.linked]
    links = [tx.cases.open_link(case, copy) for copy in linked]
    files = {
        "case.json": as_file(_her_case(case)),
        **_her_notice(tx.cases.words(case), case, links),
        **_messages(tx.messages.of_case(case), with_hers=False),
        "hearings.json": as_file([_her_hearing(tx, case, each) for each in tx.hearings.of_case(case.id)]),
    }
    if case.decided_at is None:
        return files
    orders = [_order(one, copy) for copy in linked for one in tx.outbox.of_copy(copy.id)]
    return {
        **files,
        "copies.json": as_file(_her_copies(tx, case)),
        "orders.json": as_file([{name: each[name] for name in each if name != "problem"} for each in orders]),
    }


def uploader_record(tx: Transaction, copies: Sequence[Copy], house: House) -> Files:
    """Return the files of the version for whoever posted one item, which are its `copies` in each case about it."""
    cases = [tx.cases.by_id(copy.case_id) for copy in copies]
    return {
        "item.json": as_file([_posted(copy) for copy in copies]),
        "orders.json": as_file([_order(one, copy) for copy in copies for one in tx.outbox.of_copy(copy.id)]),
        **_statements(tx, list(zip(cases, copies, strict=True)), house, with_cases=False),
    }


def timeline_of_case(tx: Transaction, case: Case, proofs: Mapping[int, Sequence[str]]) -> list[TimelineEntry]:
    """
    Return what the audit log says of a case; `proofs` are files by the index of the event.

    Earlier bundles are left out: who asked for one, a court or the police, is not for whoever gets the next.
    """
    return [
        TimelineEntry(
            canonical_moment(entry.at), entry.kind, entry.facts or {}, tuple(proofs.get(entry.index, ())), entry.actor
        )
        for entry in tx.audit.of_case(case.public_id)
        if entry.kind != EventKind.BUNDLE_MADE
    ]


def timeline_of_side(attested: Sequence[Attested], proofs: Mapping[int, Sequence[str]]) -> list[TimelineEntry]:
    """Return what was attested to one side, which is all that it is told."""
    return [
        TimelineEntry(
            canonical_moment(one.what.at), one.what.kind.value, one.what.facts, tuple(proofs.get(one.event_index, ()))
        )
        for one in attested
        if one.what is not None
    ]


def timeline_file(entries: Sequence[TimelineEntry]) -> bytes:
    """Return the timeline; an actor is named where it is known."""
    return as_file([{name: value for name, value in asdict(each).items() if value is not None} for each in entries])


def _case(case: Case) -> dict[str, object]:
    moments = {name: getattr(case, name) for name in _CLOCKS}
    packs = law_packs()
    laws = [{"id": law, "name": packs[law].name, "citation": packs[law].citation} for law in case.laws if law in packs]
    missing = [dict(each) for each in case.missing]
    return {"case": case.public_id, "state": case.state.value, "laws": laws, "missing": missing, **moments}


def _her_case(case: Case) -> dict[str, object]:
    """Return what she may know of it: not the deadline, which there is only where something was found."""
    state = case.state.value if case.decided_at or case.state in _TOLD else "open"
    told = {name: value for name, value in _case(case).items() if name != "deadline_at"}
    return {**told, "state": state}


def _notice(words: Mapping[str, object], case: Case) -> Files:
    """Return her words: open, or as the age file that came, with the digest of what is inside."""
    laws = list(case.laws)
    sealed = words.get("sealed")
    if not isinstance(sealed, Mapping):
        return {"notice.json": as_file({"laws": laws, "words": words})}
    return {"notice.json": as_file({"laws": laws, "sealed": _seal(sealed)}), "notice.age": _age(sealed)}


def _her_notice(words: Mapping[str, object], case: Case, links: Sequence[str]) -> Files:
    """Return her notice without her words: whoever has the receipt beside her need not read them."""
    said: dict[str, object] = {"laws": list(case.laws), "links": list(links)}
    sealed = words.get("sealed")
    if isinstance(sealed, Mapping):
        return {"notice.json": as_file({**said, "sealed": _seal(sealed)}), "notice.age": _age(sealed)}
    return {"notice.json": as_file({**said, "fields": sorted(name for name, value in words.items() if value)})}


def _seal(sealed: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in sealed.items() if name != "age"}


def _age(sealed: Mapping[str, object]) -> bytes:
    return SealedWords.from_json(sealed).age


def _messages(messages: Sequence[Message], *, with_hers: bool) -> Files:
    files: Files = {}
    for number, each in enumerate(messages, start=1):
        said: dict[str, object] = {"at": canonical_moment(each.at), "sender": each.sender.value}
        sealed = each.body.get("sealed")
        if isinstance(sealed, Mapping):
            said["sealed"] = _seal(sealed)
            files[f"messages/{number:03}.age"] = _age(sealed)
        elif with_hers or each.sender is Sender.DESK:
            said["text"] = each.body["text"]
        files[f"messages/{number:03}.json"] = as_file(said)
    return files


def _decisions(tx: Transaction, case: Case, copies: Sequence[Copy]) -> dict[str, object]:
    return {
        "finding": case.finding,
        "hearings": [_hearing(tx, case, each) for each in tx.hearings.of_case(case.id)],
        "copies": [
            {"copy": copy.public_id, "by": copy.decided_by, "how": copy.decided_how, "answer": copy.answer}
            for copy in copies
            if copy.decided_at is not None or copy.answer is not None
        ],
        "contests": [
            {"copy": copy, "grounds": tx.cases.open_grounds(case, sealed)}
            for copy, sealed in tx.copies.contests(case.id)
        ],
        "refused_uploads": _contested_uploads(tx, case),
        "recused": tx.recusals.of_case(case.id),
    }


def _contested_uploads(tx: Transaction, case: Case) -> list[dict[str, object]]:
    grounds = {upload.id: tx.cases.open_grounds(case, sealed) for upload, sealed in tx.refused_uploads.grounds(case.id)}
    return [
        {
            "upload": upload.public_id,
            "place": upload.place,
            "refused_at": upload.at,
            "contested_at": upload.contested_at,
            "grounds": grounds.get(upload.id),
            "answer": upload.answer,
        }
        for upload in tx.refused_uploads.of_case(case.id)
        if upload.contested_at is not None
    ]


def _hearing(tx: Transaction, case: Case, each: Hearing) -> dict[str, object]:
    return {**_her_hearing(tx, case, each), "opened_by": each.opened_by}


def _her_hearing(tx: Transaction, case: Case, each: Hearing) -> dict[str, object]:
    summary = None if each.sealed_summary is None else tx.cases.open_grounds(case, each.sealed_summary)
    return {
        "about": each.about.value,
        "opened_at": each.opened_at,
        "until_at": each.until_at,
        "summary": summary,
        "reason": each.reason,
        "elements": list(each.elements),
        "answered_at": each.answered_at,
        "agrees": each.agrees,
        "upheld": each.is_upheld,
    }


def _copy(tx: Transaction, case: Case, copy: Copy) -> dict[str, object]:
    entry = None if copy.entry_id is None else tx.banks.by_id(copy.entry_id)
    thresholds: Thresholds | None = None if entry is None else entry.thresholds
    return {
        **_posted(copy),
        "url": tx.cases.open_link(case, copy),
        "linked": copy.linked,
        **asdict(copy.likeness),
        "blind": copy.blind,
        "bank": None if entry is None else entry.bank,
        "thresholds": None if thresholds is None else asdict(thresholds),
        "deadline_at": copy.deadline_at,
        "problem": copy.problem,
    }


def _posted(copy: Copy) -> dict[str, object]:
    return {
        "copy": copy.public_id,
        "item_id": copy.site_item_id,
        "url": copy.url,
        "state": copy.state.value,
        "class": None if copy.copy_class is None else copy.copy_class.value,
        "found_at": copy.found_at,
        "decided_at": copy.decided_at,
        "contested_at": copy.contested_at,
    }


def _her_copies(tx: Transaction, case: Case) -> dict[str, object]:
    """Return what became of her links, and of the others how many and in which state: where they are is the site's."""
    copies = tx.copies.of_case(case.id)
    settled = [copy for copy in copies if copy.state in _SETTLED]
    return {
        "links": [{**_posted(copy), "url": tx.cases.open_link(case, copy)} for copy in copies if copy.linked],
        "others": [
            {"copy": copy.public_id, "state": copy.state.value, "decided_at": copy.decided_at}
            for copy in settled
            if not copy.linked
        ],
    }


def _order(one: Delivery, copy: Copy) -> dict[str, object]:
    return {
        "copy": copy.public_id,
        "delivery": one.public_id,
        "kind": one.kind,
        "state": one.state.value,
        "attempts": one.attempts,
        "created_at": one.created_at,
        "delivered_at": one.delivered_at,
        "problem": one.problem,
    }


def _statements(
    tx: Transaction, pairs: Sequence[tuple[Case, Copy]], house: House, *, with_cases: bool = True
) -> Files:  # fmt: skip
    files: Files = {}
    for number, (case, copy) in enumerate(pairs, start=1):
        stated = stated_in(tx, case, copy, house, None)
        if stated is None:
            continue
        about: dict[str, object] = {"case": case.public_id} if with_cases else {}
        statement = stated.statement
        name = f"statements/{number:03}"
        files[f"{name}.json"] = as_file({**about, "copy": copy.public_id, **statement.as_json(house.languages)})
        files |= dict(_texts(name, {language: statement.text(language) for language in house.languages}))
    return files


def _texts(name: str, texts: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    for language, text in texts.items():
        yield f"{name}-{language}.txt", f"{text}\n".encode()
