"""`/desk/cases/{id}/copies/{id}/look`: a small grey preview, blurred, and once clearer while a key is held down."""

from __future__ import annotations

import asyncio
import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from takeback.actions.outgoing import OutgoingHttp
from takeback.assembly import Parts
from takeback.cases.look import Found, LookReason
from takeback.errors import (
    IllegalTransition,
    InputError,
    NotAllowed,
    NotFound,
    OutsideError,
    Overloaded,
    UnreadableMedia,
)
from takeback.media.preview import Preview
from takeback.service.auth import ServiceParts
from takeback.service.desk.answer import DeskRoute, Form, SentForm, desk_page, first, go_to
from takeback.service.desk.door import Here, Sender, require_token
from takeback.service.desk.sheet import sheet
from takeback.service.pages.answer import FORGET, as_data
from takeback.store.copies import Copy
from takeback.store.looks import Look
from takeback.workflow.budget import budget_of
from takeback.workflow.fetch import fetched
from takeback.workflow.look import Asked, begin_look, clear_look, copy_to_look_at, look_to_clear, note_finding

router = APIRouter(include_in_schema=False, route_class=DeskRoute)

CLEAR_SECONDS = 5
"""How long a look may show the picture clearer, in as many times as it takes."""
_NOT_DONE = (InputError, IllegalTransition, NotAllowed, NotFound, OutsideError, Overloaded)


def http_of(request: Request) -> OutgoingHttp:
    """Return the one door for outgoing requests."""
    http: OutgoingHttp = request.app.state.outgoing
    return http


Outgoing = Annotated[OutgoingHttp, Depends(http_of)]


@router.post("/desk/cases/{case_id}/copies/{copy_id}/look")
async def send_look(
    case_id: str, copy_id: str, here: Sender, form: SentForm, parts: ServiceParts, http: Outgoing
) -> Response:
    """Look at a copy: it is fetched, the look is written down, and then a blurred preview is shown."""
    per_day = parts.settings.looks_per_day
    try:
        require_token(here, first(form, "token"))
        asked = Asked(case_id, copy_id, _reason(form), again=first(form, "again") == "yes")
        copy = await asyncio.to_thread(
            copy_to_look_at, parts.store, asked, here.signed_in, per_day=per_day, at=parts.now()
        )
        preview = await _preview(parts, http, copy, blurred=True)
        begun = await asyncio.to_thread(begin_look, parts.store, asked, here.signed_in, per_day=per_day, at=parts.now())
    except _NOT_DONE as problem:
        return await asyncio.to_thread(sheet, parts, here, case_id, problem=problem)
    return await asyncio.to_thread(_look_page, parts, here, case_id, copy, begun.look, preview, token=begun.token)


@router.post("/desk/cases/{case_id}/looks/{look_id}/clear")
async def send_clear(
    case_id: str, look_id: str, here: Sender, form: SentForm, parts: ServiceParts, http: Outgoing
) -> Response:
    """See the picture of a look clearer, once: that is written down, and then it is there for whoever holds a key."""
    once = first(form, "once")
    try:
        require_token(here, first(form, "token"))
        copy = await asyncio.to_thread(
            look_to_clear, parts.store, case_id, look_id, once, here.signed_in, at=parts.now()
        )
        clear = await _preview(parts, http, copy, blurred=False)
        look = await asyncio.to_thread(clear_look, parts.store, case_id, look_id, once, here.signed_in, at=parts.now())
    except _NOT_DONE as problem:
        return await asyncio.to_thread(sheet, parts, here, case_id, problem=problem)
    return await asyncio.to_thread(_look_page, parts, here, case_id, copy, look, clear.blurred(), clear=clear)


@router.post("/desk/cases/{case_id}/looks/{look_id}/found")
def send_found(case_id: str, look_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Write down what was found by looking."""
    try:
        require_token(here, first(form, "token"))
        if first(form, "found") not in list(Found):
            raise InputError("Nothing was chosen.", advice="Choose what you found.")
        found = Found(first(form, "found"))
        note_finding(parts.store, case_id, look_id, found, here.signed_in, at=parts.now())
    except _NOT_DONE as problem:
        return sheet(parts, here, case_id, problem=problem)
    return go_to(f"/desk/cases/{case_id}#copies")


def _reason(form: Form) -> LookReason:
    if first(form, "reason") not in list(LookReason):
        raise InputError("No reason was chosen.", advice="Choose why you look.")
    return LookReason(first(form, "reason"))


async def _preview(parts: Parts, http: OutgoingHttp, copy: Copy, *, blurred: bool) -> Preview:
    """Fetch a copy from its site into memory, and have it made small; raises what both do, without its address."""
    max_bytes = parts.settings.max_upload_bytes
    data = await fetched(parts.store, http, copy.site_id, copy.url, max_bytes=max_bytes, at=parts.now())
    try:
        return await asyncio.to_thread(parts.decoder.preview, data, blurred=blurred)
    except UnreadableMedia as problem:
        raise InputError(
            "What its site has at this address is no picture that can be shown here.",
            advice="It may be the page on which the picture stands: look how it stands at its site.",
        ) from problem


def _look_page(
    parts: Parts, here: Here, case_id: str, copy: Copy, look: Look, blurred: Preview, *, token: str = "",
    clear: Preview | None = None,
) -> Response:  # fmt: skip
    with parts.store.read() as tx:
        budget = budget_of(tx, here.member, parts.settings.looks_per_day, parts.now())
    answer = desk_page(
        "look.html",
        here=here,
        case_id=case_id,
        short=copy.public_id[:8],
        look=look,
        found=list(Found),
        once=token,
        blurred=_as_address(blurred),
        clear=None if clear is None else as_data(_as_address(clear)),
        seconds=CLEAR_SECONDS,
        budget=budget,
    )
    answer.headers.update(FORGET)
    return answer


def _as_address(preview: Preview) -> str:
    return f"data:image/png;base64,{base64.b64encode(preview.as_png()).decode()}"
