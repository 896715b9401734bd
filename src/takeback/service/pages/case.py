"""`/case`: what the receipt opens. Plain forms that carry the receipt along: no session, no cookie."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from takeback.assembly import Parts
from takeback.cases import law_pack
from takeback.errors import NotFound
from takeback.service.auth import ServiceParts
from takeback.service.pages.answer import PageRoute, PageVisitor, SentForm, page, words_of
from takeback.service.pages.authorities import complaints, search_engines
from takeback.service.pages.letters import letters
from takeback.service.pages.words import Words
from takeback.service.standing import standing_of
from takeback.store.cases import Case
from takeback.workflow.erasure import ask_for_erasure, cancel_erasure
from takeback.workflow.intake import is_only_elsewhere, links_elsewhere
from takeback.workflow.order import THE_PERSON
from takeback.workflow.originals import renew_originals
from takeback.workflow.withdraw import case_of_receipt, withdraw

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/case")
def ask(request: Request) -> Response:
    """Ask for the receipt."""
    return page(words_of(request), "case.html", language_links="/case", standing=None, problem="", typed="")


@router.post("/case")
async def show(request: Request, parts: ServiceParts, visitor: PageVisitor, sent: SentForm) -> Response:
    """Show how the case stands, after doing what was asked for: renew the search for originals, or end it."""
    words = words_of(request, sent)
    try:
        with visitor.crowd.trying_a_receipt(visitor):
            standing = await run_in_threadpool(_act, words, parts, sent, request.url.hostname or "")
    except NotFound:
        return page(
            words,
            "case.html",
            status=HTTPStatus.NOT_FOUND,
            forget=True,
            standing=None,
            problem=words("case.unknown"),
            typed=sent.get("receipt", ""),
        )
    return page(words, "case.html", forget=True, standing=standing)


def _act(words: Words, parts: Parts, sent: Mapping[str, str], site: str) -> dict[str, object]:
    receipt, at = sent.get("receipt", ""), parts.now()
    match sent.get("step"):
        case "end" if sent.get("sure") == "yes":
            found = withdraw(parts.store, parts.journal, receipt, at=at)
        case "erase" if sent.get("sure") == "yes":
            found = ask_for_erasure(parts.store, parts.journal, receipt, at=at)
        case "keep":
            found = cancel_erasure(parts.store, receipt, at=at)
        case "renew":
            found = renew_originals(parts.store, receipt, actor=THE_PERSON, at=at)
        case _:
            found = case_of_receipt(parts.store, receipt)
    return _shown(words, parts, found, receipt, site)


def _shown(words: Words, parts: Parts, found: Case, receipt: str, site: str) -> dict[str, object]:
    standing = standing_of(parts, found)
    packs = {law: law_pack(law) for law in found.laws}
    due_at, number = standing.due_from_receipt_at, found.public_id[:8]
    # Only laws under which the notice is complete: under another the site had no duty.
    complete = {law: pack for law, pack in packs.items() if law not in {each.law for each in standing.missing}}
    moments = [("received", found.received_at), ("due", due_at), ("decided", found.decided_at)]
    until, erased_at = standing.originals_until, standing.erased_at
    return {
        "receipt": receipt,
        "number": words("case.number", number=number),
        "state": standing.state,
        "only_elsewhere": is_only_elsewhere(parts.store, found),
        "moments": [(label, words.moment(moment)) for label, moment in moments if moment is not None],
        "missing": [
            words(
                "case.missing_line",
                field=words(f"fields.{each.field}"),
                law=packs[each.law].name,
                section=each.section,
            )
            for each in standing.missing
        ],
        "letters": letters(words, links_elsewhere(parts.store, found), list(packs.values())),
        "complaints": complaints(
            words, complete, site=site, number=number, received_at=found.received_at, due_at=due_at
        ),
        "search_engines": search_engines(),
        "originals": "" if until is None else words("case.originals", moment=words.moment(until)),
        "erasing": _erasing(words, found, parts.now()),
        "erased": "" if erased_at is None else words("case.erased", moment=words.moment(erased_at)),
    }


def _erasing(words: Words, found: Case, now: datetime) -> str:
    if found.erase_at is None:
        return ""
    if found.erase_at <= now:
        return words("case.erasing_waits")
    return words("case.erasing", moment=words.moment(found.erase_at))
