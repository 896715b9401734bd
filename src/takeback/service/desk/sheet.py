"""The page of a case as it stands, with what was sent and not taken still in its forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Response
from markupsafe import Markup

from takeback.actions.platforms.known import can_of
from takeback.assembly import Parts
from takeback.cases import CaseState, CopyState, law_pack, law_packs
from takeback.cases.statement import element_text
from takeback.errors import TakebackError
from takeback.service.desk.answer import Form, desk_page, words
from takeback.service.desk.clock import time_left
from takeback.service.desk.clusters import CopyLine, clusters_in
from takeback.service.desk.coop import coop_lines
from takeback.service.desk.door import Here
from takeback.service.desk.outside import outside_of
from takeback.service.desk.timeline import name_of, timeline
from takeback.service.pages.answer import as_data
from takeback.service.pages.words import DEFAULT
from takeback.service.problem import status_of
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.outbox import DeliveryState
from takeback.store.refused_uploads import RefusedUpload
from takeback.workflow.bank_case import own_bank_of
from takeback.workflow.budget import budget_of
from takeback.workflow.cap import would_be_held
from takeback.workflow.list_case import instance_of, list_of
from takeback.workflow.list_standing import precision_of
from takeback.workflow.put_back import entries_of
from takeback.workflow.reasons import complete_laws
from takeback.workflow.second_person import deciders_left, is_untold, turns_of, why_not_decide
from takeback.workflow.standing import standing_of

_DECIDABLE = (CaseState.HELD, CaseState.WATCHING)
_WORDS = ("statement", "signature", "role", "authority", "name", "email", "phone")
"""What a notice says in her words, in the order in which it is read."""
_SETTLED = (CaseState.REMOVED, CaseState.CONTESTED, CaseState.WITHDRAWN)


def sheet(
    parts: Parts,
    here: Here,
    case_id: str,
    *,
    problem: TakebackError | None = None,
    sent: Form | None = None,
    opened: Mapping[str, object] | None = None,
) -> Response:
    """Return the page of a case; of one that this person keeps out of only that, and who else may decide it."""
    status = HTTPStatus.OK if problem is None else status_of(problem)
    with parts.store.read() as tx:
        case = tx.cases.by_public_id(case_id)
        values = _shared(parts, tx, here, case)
        if here.member.actor in tx.recusals.of_case(case.id):
            return desk_page("recused.html", status=status, here=here, problem=problem, **values)
        values |= _read(parts, tx, here, case)
    kept = {name: list(each) for name, each in (sent or {}).items()}
    return desk_page(
        "case.html",
        status=status,
        here=here,
        problem=problem,
        sent=kept,
        opened=opened,
        written=[] if _form_of(kept) in _forms(values) else _written(kept),
        told=[] if opened is None else list(_told(opened)),
        sealed=None if opened is None else _sealed(opened),
        **values,
    )


def _shared(parts: Parts, tx: Transaction, here: Here, case: Case) -> dict[str, Any]:
    """Return what of a case everybody at the desk may see."""
    left = deciders_left(tx, case)
    return {
        "case": case,
        "short": case.public_id[:8],
        "list_name": (list_name := list_of(tx, case)),
        "instance_name": (instance_name := instance_of(tx, case)),
        "precision": precision_of(tx, list_name) if list_name and not instance_name else None,
        "bank_name": own_bank_of(tx, case),
        "left": time_left(words(), case.deadline_at, parts.now()),
        "laws": _law_names(case.laws),
        "deciders": [each.name for each in left if each.id != here.member.id],
        "outside": outside_of(parts.settings, case),
    }


def _read(parts: Parts, tx: Transaction, here: Here, case: Case) -> dict[str, Any]:
    now, said = parts.now(), words()
    clusters = clusters_in(parts, tx, here, case, tx.copies.of_case(case.id))
    lines = [line for cluster in clusters for line in cluster.lines]
    names = {member.actor: member.name for member in tx.desk_people.all()}
    held = [line for line in lines if _is_held(case, line.copy)]
    return {
        "events": timeline(said, tx.audit.of_case(case.public_id), names),
        "messages": tx.messages.of_case(case),
        "hearings": tx.hearings.of_case(case.id),
        "captures": tx.captures.of_case(case.id),
        "coop": coop_lines(tx, case, names),
        "turns": turns_of(tx, case, here.member, now),
        **_contested(tx, case, [line.copy for line in lines]),
        "why_not": why_not_decide(tx, case, here.member.actor),
        "law_names": _law_names,
        "clocks": _clocks(case),
        "clusters": clusters,
        "lines": lines,
        "budget": budget_of(tx, here.member, parts.settings.looks_per_day, now),
        "decided_by": "" if case.finding is None else name_of(said, case.finding.get("actor", ""), names),
        "choice": _choice(case, lines),
        "cannot": _cannot(tx, lines),
        "decides": here.decides,
        "elements": _elements(case),
        "counts": {"blind": sum(line.copy.blind for line in held), "all": len(held)},
        "seen": standing_of(tx, case),
        "reads": here.reads,
        "failed": DeliveryState.FAILED,
    }


def _contested(tx: Transaction, case: Case, copies: Sequence[Copy]) -> dict[str, Any]:
    """Return what of a case is contested, of which kind, whether she was told, and refused uploads with their place."""
    contested = [copy for copy in copies if copy.state is CopyState.CONTESTED]
    uploads = tx.refused_uploads.contested(case.id)
    return {
        "untold": is_untold(case, contested, uploads),
        "contest_of": "_both" if contested and uploads else "_uploads" if uploads else "",
        "is_contested": bool(uploads) or any(copy.contested_at is not None for copy in copies),
        "entries": [_entry(tx, each.id, each.public_id, each.source) for each in entries_of(tx, case)]
        if case.own_bank_id is not None
        else [],
        "uploads": [
            (upload, _place(tx, upload)) for upload in tx.refused_uploads.of_case(case.id) if upload.contested_at
        ],
    }


def _entry(tx: Transaction, entry_id: int, public_id: str, source: str) -> dict[str, object]:
    """Return what there is to be said of an entry of an own bank: not what it shows, but who put it in, and when."""
    who = tx.banks.added_by(entry_id)
    names = {member.actor: member.name for member in tx.desk_people.all()}
    return {
        "id": public_id,
        "at": tx.banks.added_at(entry_id),
        "who": "" if who is None else name_of(words(), who, names),
        "source": source,
    }


def _place(tx: Transaction, upload: RefusedUpload) -> str:
    return name_of(words(), upload.place, {}) if upload.site_id is None else tx.sites.by_id(upload.site_id).name


def _is_held(case: Case, copy: Copy) -> bool:
    """Whether a removal can cover a copy unnamed: of a capped case it holds first what it would have held."""
    waits = case.capped_at is not None and copy.state is CopyState.POSSIBLE and would_be_held(copy)
    return waits or copy.state is CopyState.HELD


def _form_of(kept: Mapping[str, Sequence[str]]) -> str:
    """Return which form of the page was sent: each carries its name, and that of the decision what it is of."""
    return "decide" if kept.get("of") else next(iter(kept.get("form", ())), "")


def _forms(values: Mapping[str, Any]) -> set[str]:
    """Return the forms that the page has: where one is gone meanwhile, what was written in it is shown apart."""
    forms = {turn.step.value for turn in values["turns"] if turn.why_not is None and values["reads"]}
    decides = values["choice"] and values["decides"] and values["why_not"] is None
    return forms | ({"decide"} if decides else set()) | ({"message"} if values["decides"] else set())


def _written(kept: Mapping[str, Sequence[str]]) -> list[str]:
    return [text for name in ("reason", "summary", "text") for text in kept.get(name, ()) if text.strip()]


def _law_names(laws: Sequence[str]) -> str:
    """Return the whole names of laws; one that is known here no more keeps its id."""
    return ", ".join(law_packs()[law].name if law in law_packs() else law for law in laws)


def _elements(case: Case) -> list[tuple[str, str, str]]:
    """Return each element that may not be met, what that means, and in which sections of the case's laws it stands."""
    found: dict[str, list[str]] = {}
    for law in complete_laws(case) or case.laws:
        for element, section in law_pack(law).elements.items():
            found.setdefault(element, []).append(f"{law_pack(law).name}, {section}")
    return [(element, element_text(DEFAULT, element), "; ".join(at)) for element, at in found.items()]


def _clocks(case: Case) -> list[tuple[str, object]]:
    """Return each moment of a case by its name; what comes only sometimes is left out where it does not."""
    always = ("received_at", "valid_at", "deadline_at")
    sometimes = ("decided_at", "closed_at", "erase_at", "erased_at")
    moments = [(name, getattr(case, name)) for name in (*always, *sometimes)]
    return [(name, moment) for name, moment in moments if name in always or moment is not None]


def _choice(case: Case, lines: Sequence[CopyLine]) -> str:
    """Say what is to be chosen: about the `case`, about `copies` that are left, or nothing."""
    if case.state in _DECIDABLE:
        return "case"
    return "copies" if case.state in _SETTLED and any(line.is_open for line in lines) else ""


def _cannot(tx: Transaction, lines: Sequence[CopyLine]) -> dict[str, list[str]]:
    """Return which of the sites with open copies cannot put back what was removed, and which hide nothing before."""
    ids = dict.fromkeys(line.copy.site_id for line in lines if line.is_open and line.copy.site_id is not None)
    sites = [tx.sites.by_id(site_id) for site_id in ids]
    return {
        "put_back": [site.name for site in sites if not can_of(site.platform).put_back],
        "hold": [site.name for site in sites if not can_of(site.platform).hold],
    }


def _told(opened: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return what she wrote, by the names of the fields, where it is not sealed; and the grounds of contests."""
    contact = opened.get("contact")
    fields = {**opened, **(contact if isinstance(contact, Mapping) else {})}
    told = [(name, str(fields[name])) for name in _WORDS if fields.get(name)]
    contests = opened.get("contests")
    for each in contests if isinstance(contests, list) else []:
        told.append(("grounds", str(each["grounds"])))
    uploads = opened.get("refused_uploads")
    for each in uploads if isinstance(uploads, list) else []:
        told.append(("upload_grounds", str(each["grounds"])))
    return told


def _sealed(opened: Mapping[str, object]) -> Markup | None:
    """Return what is sealed of what she wrote, for the page to open with somebody's own key; None where nothing is."""
    messages: Any = opened.get("messages", [])
    sealed = {
        "words": opened.get("sealed"),
        "messages": {each["id"]: each["sealed"] for each in messages if "sealed" in each},
        "labels": {name: words()(f"words.{name}") for name in _WORDS},
    }
    return as_data(sealed) if sealed["words"] or sealed["messages"] else None
