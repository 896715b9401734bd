"""A picture as HMA's clients send it: in a form, in a field named as its content type, or by its address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from fastapi import Request
from starlette.datastructures import UploadFile

from takeback.actions.destination import Destination
from takeback.actions.outgoing import OutgoingHttp, Response
from takeback.assembly import Parts
from takeback.errors import DeliveryError, InputError
from takeback.gates.hma.problem import Refused
from takeback.gates.hma.types import PHOTO, VIDEO, read_types, require_content_type
from takeback.service.body import MAX_JSON_BYTES, bounded, read_form

_FIELDS = 6
"""Small fields beside the file: metadata, note, content_id, content_uri, and two more."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture, and the small fields beside it."""

    data: bytes = field(repr=False)
    fields: Mapping[str, str] = field(default_factory=dict)


async def sent_by_form(request: Request, parts: Parts, types: str | None) -> Sent:
    """Read one file out of a form; the picture stays in memory. Its field says the content type."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise InputError("A file is missing.", advice="Send one as multipart/form-data, in a field named photo.")
    async with read_form(request, parts.settings.max_upload_bytes, max_fields=_FIELDS) as form:
        files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
        if len(files) != 1:
            raise InputError("A form holds one file here.", advice="Send one file, in a field named photo.")
        (name, upload) = files[0]
        require_content_type(name)
        read_types(types)
        data = await upload.read()
        return Sent(data, {name: value for name, value in form.multi_items() if isinstance(value, str)})


async def sent_by_address(request: Request, url: str, content_type: str | None, types: str | None) -> Sent:
    """Fetch a picture from a host that the operator named; nothing else is ever fetched."""
    parts: Parts = request.app.state.parts
    http: OutgoingHttp = request.app.state.outgoing
    _require_named(parts, url)
    if content_type:
        require_content_type(content_type)
    read_types(types)
    response = await http.get(url, parts.settings.max_upload_bytes)
    response.require_success(now=parts.now())
    if not content_type:
        require_content_type(_content_type(response))
    return Sent(response.body)


async def json_object(request: Request) -> dict[str, Any]:
    """Read a JSON object, bounded while it arrives; `InputError` where the body is none."""
    return read_object("The body", b"".join([chunk async for chunk in bounded(request, MAX_JSON_BYTES)]))


def read_object(what: str, text: str | bytes) -> dict[str, Any]:
    """Read a JSON object that can be written again as it is: without NaN, without halves of characters."""

    def refuse(name: str) -> NoReturn:
        raise ValueError(name)

    try:
        found = json.loads(text, parse_constant=refuse)
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as problem:
        raise InputError(f"{what} is not JSON.", advice="Send an object of the fields that are asked for.") from problem
    if not isinstance(found, dict):
        raise InputError(f"{what} is no JSON object.", advice="Send an object of the fields that are asked for.")
    return found


def _require_named(parts: Parts, url: str) -> None:
    hosts = parts.settings.hma_fetch_hosts
    if not hosts:
        raise Refused(
            "Nothing is fetched here, missing role: no host is named from which it may be.",
            advice="Send the file itself, or name your hosts in `hma_fetch_hosts`.",
        )
    try:
        host = Destination.parse(url).host
    except DeliveryError as problem:
        raise InputError("`url` is no address of a picture.", advice=problem.advice) from problem
    if host not in {each.lower() for each in hosts}:
        raise InputError("`url` leads to a host that is not named.", advice="Name it in `hma_fetch_hosts`.")


def _content_type(response: Response) -> str:
    told = response.headers.get("content-type", "").lower()
    for start, name in (("image", PHOTO), ("video", VIDEO)):
        if told.startswith(start):
            return name
    raise InputError(
        "What `url` leads to does not say that it is a picture.", advice="Say so: `content_type=photo` in the query."
    )
