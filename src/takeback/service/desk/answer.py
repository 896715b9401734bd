"""The desk's pages as they go out: rendered, under headers of their own, and errors as pages that lose nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from takeback.errors import InputError, TakebackError
from takeback.service.body import StrictRoute, media_type, was_read
from takeback.service.desk.door import SignInNeeded
from takeback.service.pages.answer import FORM_TYPE, PAGE_HEADERS
from takeback.service.pages.words import Words
from takeback.service.problem import status_of

log = logging.getLogger("takeback.service")

SIGN_IN = "/desk/sign-in"
_MAX_FIELDS = 2_000
"""A decision names as many copies as a page shows."""

DESK_HEADERS = {
    **PAGE_HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cache-Control": "no-store",
    # With `no-referrer` a browser hides also from us which page sent a form (Fetch, section 3.2).
    "Referrer-Policy": "same-origin",
}
"""On every page of the desk; no other site may frame one, whatever `embedded_on` says."""

_environment = Environment(
    loader=PackageLoader("takeback.service.desk", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

type Form = Mapping[str, Sequence[str]]
"""Fields by name, each with all its values."""


@cache
def words() -> Words:
    """Return what the desk's pages say."""
    file = resources.files(__package__) / "words" / "en.json"
    return Words("en", json.loads(file.read_text("utf-8")))


def desk_page(template: str, *, status: HTTPStatus = HTTPStatus.OK, **values: object) -> HTMLResponse:
    """Return a page of the desk."""
    text = _environment.get_template(template).render(t=words(), here=values.pop("here", None), **values)
    return HTMLResponse(text, status, {**DESK_HEADERS, "Content-Language": words().code})


def go_to(path: str) -> RedirectResponse:
    """Return the answer to a form that did what it asked: the page that shows it."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER, DESK_HEADERS)


async def form_of(request: Request) -> Form:
    """Return the fields of a form that a page sent; `InputError` for anything else."""
    if media_type(request) != FORM_TYPE:
        raise InputError("This address takes the page's own form.", advice="Open the page and fill the form in.")
    try:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as problem:
        raise InputError("The form could not be read.", advice="Open the page and fill the form in.") from problem
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def first(form: Form, name: str) -> str:
    """Return the first value of a field; empty where it was not sent."""
    return next(iter(form.get(name, ())), "")


SentForm = Annotated[Form, Depends(form_of)]


class DeskRoute(StrictRoute):
    """A route that answers an error with a page of the desk."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Lead whoever is not signed in to where they sign in, and hold what they wrote."""
        handle = super().get_route_handler()

        async def in_words(request: Request) -> Response:
            try:
                return await handle(request)
            except SignInNeeded:
                if request.method == "GET":
                    return go_to(SIGN_IN)
                return desk_page("expired.html", status=HTTPStatus.UNAUTHORIZED, written=await _written(request))
            except TakebackError as problem:
                return await _problem_page(request, problem)

        return in_words


async def _problem_page(request: Request, problem: TakebackError) -> Response:
    status = status_of(problem)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error(problem.message, extra={"code": problem.code})
    return desk_page("problem.html", status=status, problem=problem, written=await _written(request))


async def _written(request: Request) -> Sequence[str]:
    """Return what a person typed into a form that was not taken, so that it is not lost."""
    if request.method == "GET" or not was_read(request):
        return ()
    try:
        form = await form_of(request)
    except TakebackError:
        return ()
    return [text for name in ("reason", "summary", "text") for text in form.get(name, ()) if text.strip()]
