"""Pages as they go out: rendered, and with headers that let a browser do no more than they need."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from starlette.exceptions import HTTPException

from takeback.errors import InputError, TakebackError, TooMany
from takeback.service.body import StrictRoute, media_type, was_read
from takeback.service.crowd import AnyVisitor, Visitor
from takeback.service.pages.rendering import rendered
from takeback.service.pages.words import Words, languages, words_for
from takeback.service.parts import parts_of
from takeback.service.problem import status_of
from takeback.service.work import puzzle

log = logging.getLogger("takeback.service")

FORM_TYPE = "application/x-www-form-urlencoded"
_MAX_FIELDS = 100

_NOT_CARRIED = ("work", "step")
"""What a page that holds a form leaves out: work counts once, and going back does nothing a second time."""

FRAMING = "frame-ancestors 'none'"
"""What `PAGE_HEADERS` says of frames, beside X-Frame-Options."""

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src data:; media-src blob:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; "
        f"{FRAMING}; "
        "require-trusted-types-for 'script'; trusted-types takeback-worker"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), browsing-topics=()",
    "X-Frame-Options": "DENY",
}
"""On every page, beside those of every answer (`takeback.service.app`)."""

FORGET = {"Clear-Site-Data": '"cache"'}
"""
On pages with a receipt or a case. Not `cookies` or `storage`: the pages keep none, and it would reach the whole domain,
and log her out of the site whose subdomain this is.
"""


def page(
    words: Words,
    template: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    forget: bool = False,
    language_links: str = "",
    **values: object,
) -> HTMLResponse:
    """Return a page. `language_links` is its own address, where it may be asked for in another language."""
    text = rendered(
        template,
        words=words,
        t=words,
        languages=[(code, each("language")) for code, each in languages().items()],
        language_links=language_links,
        **values,
    )
    headers = {**PAGE_HEADERS, "Content-Language": words.code, **(FORGET if forget else {})}
    return HTMLResponse(text, status, headers)


def as_data(value: object) -> Markup:
    """Return `value` as JSON that can stand inside a `script` element."""
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028")
    return Markup(text)  # noqa: S704 - no "<" is left in it


async def form_of(request: Request) -> Mapping[str, str]:
    """Return the fields of a form that a page sent; `InputError` for anything else. The first of a name counts."""
    if media_type(request) != FORM_TYPE:
        raise InputError("This address takes the page's own form.", advice="Open the page and fill the form in.")
    try:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as problem:
        raise InputError("The form could not be read.", advice="Open the page and fill the form in.") from problem
    return dict(reversed(pairs))


def words_of(request: Request, form: Mapping[str, str] | None = None) -> Words:
    """Return the language of a request: as it was chosen, else as the browser asks."""
    asked = (form or {}).get("language") or request.query_params.get("language")
    return words_for(asked, request.headers.get("accept-language", ""))


SentForm = Annotated[Mapping[str, str], Depends(form_of)]
"""The fields of the form that a page sent."""


def page_visitor(visitor: AnyVisitor, sent: SentForm) -> Visitor:
    """Return who sent a form: what was worked for it comes in its field `work`."""
    return replace(visitor, work=sent.get("work", ""))


PageVisitor = Annotated[Visitor, Depends(page_visitor)]


class PageRoute(StrictRoute):
    """A route that answers an error with a page."""

    may_be_framed = True
    """Whether the sites that the operator names may show it in a frame."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Show what is wrong in words; nothing of what was sent is in them."""
        handle = super().get_route_handler()

        async def as_page(request: Request) -> Response:
            answer = await in_words(request)
            settings = parts_of(request).settings
            if self.may_be_framed:
                framed_by(answer, settings.embedded_on)
            if settings.onion_address:
                # Tor Browser offers to go there, where no exit and no certificate is in between.
                answer.headers["Onion-Location"] = settings.onion_address + request.url.path
            return answer

        async def in_words(request: Request) -> Response:
            try:
                return await handle(request)
            except TooMany as problem:
                return await _busy_page(request, problem)
            except TakebackError as problem:
                status = status_of(problem)
                if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    log.error(problem.message, extra={"code": problem.code})
                return await _problem_page(request, status, problem)
            except (HTTPException, RequestValidationError):
                raise
            except Exception:
                log.exception("unexpected error")
                return await _problem_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, None)

        return as_page


def framed_by(answer: Response, origins: Sequence[str]) -> None:
    """Let pages of `origins`, and no others, show this page in a frame; where there are none it stays as it is."""
    if origins:
        policy = answer.headers["Content-Security-Policy"]
        answer.headers["Content-Security-Policy"] = policy.replace(FRAMING, f"frame-ancestors {' '.join(origins)}")
        # It can name no origin. Every browser that runs the form's script reads the policy.
        del answer.headers["X-Frame-Options"]


async def _problem_page(request: Request, status: HTTPStatus, problem: TakebackError | None) -> Response:
    """Say what is wrong in her language, and hold what was sent, so that she goes back to it and loses nothing."""
    sent = await _sent_with(request)
    words = words_of(request, sent)
    return page(
        words,
        "problem.html",
        status=status,
        forget=bool(sent),
        path=request.url.path,
        sent={name: value for name, value in sent.items() if name not in _NOT_CARRIED},
        told=words("problem.codes.error") if problem is None else told_of(words, problem),
        problem=problem,
    )


def told_of(words: Words, problem: TakebackError) -> str:
    """Return the sentence for an error, or for the nearest kind above it that has one; empty where there is none."""
    told = words.under("problem.codes")
    above = [kind.code for kind in type(problem).__mro__ if issubclass(kind, TakebackError) and kind != TakebackError]
    return next((str(told[code]) for code in above if code in told), "")


async def _sent_with(request: Request) -> Mapping[str, str]:
    """Return the fields that came with a request; none where its body was not read whole, or is no form."""
    if not was_read(request):
        return {}
    try:
        return await form_of(request)
    except TakebackError:
        return {}


async def _busy_page(request: Request, problem: TooMany) -> Response:
    """Ask for a little work, which the page's script does, and hold what was sent until then."""
    sent = await form_of(request)
    return page(
        words_of(request, sent),
        "busy.html",
        status=status_of(problem),
        path=request.url.path,
        sent={name: value for name, value in sent.items() if name != "work"},
        puzzle=puzzle(problem.challenge),
    )
