"""
`/contest`: what the link of an order opens. Whoever posted a picture reads why it is hidden, and contests it.

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
from takeback.cases.reasons import Contest
from takeback.cases.statement import House, element_text, statement_of
from takeback.errors import NotFound
from takeback.service.auth import ServiceParts
from takeback.service.pages.answer import PageRoute, PageVisitor, SentForm, page, words_of
from takeback.service.pages.words import Words
from takeback.workflow.contest import MAX_GROUNDS_CHARACTERS, Contestable, contest_by_link, contestable


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
    return page(words, "contest.html", forget=True, found=_shown(words, parts, found, sent))


def _act(parts: Parts, sent: Mapping[str, str]) -> Contestable:
    house, code, at = House.of(parts.settings), sent["code"], parts.now()
    if sent.get("step") == "contest":
        return contest_by_link(parts.store, code, sent.get("grounds", ""), house.contest_for, at=at)
    return contestable(parts.store, code, house.contest_for, at=at)


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
        "is_held": is_held,
        "takes_grounds": found.takes_grounds,
        "said": words("contest.said") if sent.get("step") == "contest" else "",
        "received": "" if contested_at is None else words("contest.received", moment=words.moment(contested_at)),
        "waiting": words("contest.waiting") if reasons.contest is Contest.WAITING else "",
        "answer": _answer(words, found),
        "over": _over(words, found),
        "grounds": sent.get("grounds", "") if sent.get("step") == "change" else "",
        "most": MAX_GROUNDS_CHARACTERS,
    }


def _answer(words: Words, found: Contestable) -> dict[str, object] | None:
    """Return the answer of the second person, of a contest that has one."""
    answer = found.copy.answer
    if answer is None:
        return None
    elements = answer.get("elements")
    return {
        "decided": words("contest.put_back" if answer["put_back"] else "contest.upheld"),
        "reason": answer["reason"],
        "elements": [element_text(words.code, str(each)) for each in elements] if isinstance(elements, list) else [],
    }


def _over(words: Words, found: Contestable) -> str:
    """Return since when it is too late, where it is."""
    ended = found.copy.state is CopyState.REMOVED and found.copy.answer is None and not found.takes_grounds
    until = found.until_at
    return words("contest.over", moment=words.moment(until)) if ended and until is not None else ""
