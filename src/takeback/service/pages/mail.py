"""
`/mail`: where a mail leads. Mail scanners follow links, so opening one does nothing; a button does.

Nothing here says of what the news would be, nor whether a link is one of ours before its button is pressed.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from takeback.assembly import Parts
from takeback.errors import NotFound
from takeback.service.auth import ServiceParts
from takeback.service.pages.answer import PageRoute, PageVisitor, SentForm, page, words_of
from takeback.service.pages.words import Words
from takeback.workflow.news import confirm_news, refuse_news, stop_news_by_mail

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_STEPS = ("confirm", "refuse", "stop")

Token = Annotated[str, Path(max_length=100)]


@router.get("/mail/stop/{token}")
def ask_to_stop(request: Request, token: Token) -> Response:
    """Show the button that stops the mail."""
    return _asking(words_of(request), token, is_stop=True)


@router.get("/mail/{token}")
def ask_to_confirm(request: Request, token: Token) -> Response:
    """Show the buttons that say whether the address is right."""
    return _asking(words_of(request), token, is_stop=False)


@router.post("/mail")
async def answer(request: Request, parts: ServiceParts, visitor: PageVisitor, sent: SentForm) -> Response:
    """Do what the button says, once."""
    words = words_of(request, sent)
    if sent.get("step") not in _STEPS:
        # Back from an error.
        return _asking(words, sent.get("token", ""), is_stop=sent.get("what") == "stop")
    try:
        with visitor.crowd.trying_a_receipt(visitor):
            done = await run_in_threadpool(_act, parts, sent)
    except NotFound:
        return _told(words, problem=words("mail.too_old"), status=HTTPStatus.NOT_FOUND)
    return _told(words, said=words(f"mail.said_{done}"))


def _act(parts: Parts, sent: Mapping[str, str]) -> str:
    step, token, at = sent["step"], sent.get("token", ""), parts.now()
    if step == "confirm":
        confirm_news(parts.store, token, at=at)
    elif step == "refuse":
        refuse_news(parts.store, parts.journal, token, at=at)
    else:
        stop_news_by_mail(parts.store, parts.journal, token, at=at)
    return step


def _asking(words: Words, token: str, *, is_stop: bool) -> Response:
    return page(words, "mail.html", forget=True, token=token, is_stop=is_stop, said="", problem="")


def _told(words: Words, *, said: str = "", problem: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
    return page(words, "mail.html", status=status, forget=True, said=said, problem=problem)
