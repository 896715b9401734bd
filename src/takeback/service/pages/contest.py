"""
`/contest`: what the link of an order, or of a refused upload, opens: why, and the form by which it is contested.

The secret stands behind the # of the link, which no browser sends: the address is the same for everyone, and no log has
it. A script takes it from there; without one it is pasted into the form. No account, no session, no cookie.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from takeback.assembly import Parts
from takeback.cases import CopyState
from takeback.cases.reasons import Contest, Decided
from takeback.cases.statement import House, element_text, statement_of
from takeback.errors import NotFound
from takeback.service.auth import ServiceParts
from takeback.service.pages.answer import PageRoute, PageVisitor, SentForm, page, words_of
from takeback.service.pages.words import Words
from takeback.workflow.contest import Contestable, contest_by_link, contestable
from takeback.workflow.grounds import MAX_GROUNDS_CHARACTERS
from takeback.workflow.refused_upload import ContestableUpload, contest_upload, contestable_upload


class AloneRoute(PageRoute):
    """A page that no other site shows in a frame."""

    may_be_framed = False


router = APIRouter(include_in_schema=False, route_class=AloneRoute)


@router.get("/contest")
def ask(request: Request) -> Response:
    """Ask for the code of the link."""
    return _ask_page(words_of(request))


@router.post("/contest")
async def show(request: Request, parts: ServiceParts, visitor: PageVisitor, sent: SentForm) -> Response:
    """Show the statement of reasons, after taking the grounds of a contest."""
    words = words_of(request, sent)
    if not sent.get("code", "").strip():
        return _ask_page(words)
    try:
        with visitor.crowd.trying_a_code(visitor):
            found = await run_in_threadpool(_act, parts, sent)
    except NotFound:
        return _ask_page(words, problem=words("contest.unknown"))
    if isinstance(found, ContestableUpload):
        shown = _shown_upload(words, parts, found, sent)
    else:
        shown = _shown(words, parts, found, sent)
    return page(words, "contest.html", forget=True, found=shown)


def _act(parts: Parts, sent: Mapping[str, str]) -> Contestable | ContestableUpload:
    """Do what was asked for with what the code opens: a copy, or a refused upload."""
    house, code, at = House.of(parts.settings), sent["code"], parts.now()
    laws = parts.settings.laws
    contests, grounds = sent.get("step") == "contest", sent.get("grounds", "")
    try:
        if contests:
            return contest_by_link(parts.store, code, grounds, house.contest_for, at=at)
        return contestable(parts.store, code, house.contest_for, at=at)
    except NotFound:
        if contests:
            return contest_upload(parts.store, code, grounds, laws, house.contest_for, at=at)
        return contestable_upload(parts.store, code, laws, house.contest_for, at=at)


def _ask_page(words: Words, *, problem: str = "") -> Response:
    return page(
        words,
        "contest.html",
        status=HTTPStatus.NOT_FOUND if problem else HTTPStatus.OK,
        forget=bool(problem),
        language_links="" if problem else "/contest",
        found=None,
        problem=problem,
    )


def _shown(words: Words, parts: Parts, found: Contestable, sent: Mapping[str, str]) -> dict[str, object]:
    copy, reasons = found.copy, found.reasons
    # The link is open: what it says of itself is left out.
    statement = statement_of(reasons, House.of(parts.settings))
    contested_at, is_held = copy.contested_at, copy.state is CopyState.HELD
    return {
        "code": sent["code"],
        "title": statement.title(words.code),
        "parts": statement.parts(words.code),
        "url": copy.url,
        "refused": "",
        "ask": words("contest.grounds_held" if is_held else "contest.grounds"),
        "send": words("contest.send_held" if is_held else "contest.send"),
        "takes_grounds": found.takes_grounds,
        "received": "" if contested_at is None else words("contest.received", moment=words.moment(contested_at)),
        "waiting": words("contest.waiting") if reasons.contest is Contest.WAITING else "",
        "answer": _answer(words, copy.answer, "contest.put_back", "contest.upheld"),
        "over": _over(words, found),
        **_sent(words, sent),
    }


def _shown_upload(words: Words, parts: Parts, found: ContestableUpload, sent: Mapping[str, str]) -> dict[str, object]:
    upload, reasons = found.upload, found.reasons
    statement, day = statement_of(reasons, House.of(parts.settings)), words.day(upload.at)
    named, contested_at = found.site != "", upload.contested_at
    waits = contested_at is not None and reasons.contest is Contest.WAITING
    return {
        "code": sent["code"],
        "title": statement.title(words.code),
        "parts": statement.parts(words.code),
        "url": "",
        "refused": words("contest.refused_at", site=found.site, day=day)
        if named
        else words("contest.refused_on", day=day),
        "ask": words("contest.upload.grounds"),
        "send": words("contest.send"),
        "takes_grounds": found.takes_grounds,
        "received": words("contest.upload.received", moment=words.moment(contested_at))
        if waits and contested_at
        else "",
        "waiting": words("contest.upload.waiting") if waits else "",
        "answer": _answer(words, upload.answer, "contest.upload.let", "contest.upload.upheld"),
        "over": _over_upload(words, found),
        **_sent(words, sent),
    }


def _sent(words: Words, sent: Mapping[str, str]) -> dict[str, object]:
    """Return what is said of what was sent just now, and what of it goes back into the form after an error."""
    return {
        "said": words("contest.said") if sent.get("step") == "contest" else "",
        "grounds": sent.get("grounds", "") if sent.get("step") == "change" else "",
        "most": MAX_GROUNDS_CHARACTERS,
    }


def _answer(words: Words, answer: Mapping[str, object] | None, agreed: str, upheld: str) -> dict[str, object] | None:
    """Return the answer of the second person, of a contest that has one, with the text `agreed` or `upheld`."""
    if answer is None:
        return None
    elements = answer.get("elements")
    return {
        "decided": words(agreed if answer["put_back"] else upheld),
        "reason": answer["reason"],
        "elements": [element_text(words.code, str(each)) for each in elements] if isinstance(elements, list) else [],
    }


def _over(words: Words, found: Contestable) -> str:
    """Return since when it is too late, where it is."""
    ended = found.copy.state is CopyState.REMOVED and found.copy.answer is None and not found.takes_grounds
    until = found.until_at
    return words("contest.over", moment=words.moment(until)) if ended and until is not None else ""


def _over_upload(words: Words, found: ContestableUpload) -> str:
    is_open = found.reasons.decision is Decided.UPLOAD_REFUSED and found.reasons.contest is Contest.OPEN
    return words("contest.over", moment=words.moment(found.until_at)) if is_open and not found.takes_grounds else ""
