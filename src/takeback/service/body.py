"""Request bodies: bounded while they arrive, strict JSON, and uploads that stay in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from takeback.errors import InputError, MediaTooLarge
from takeback.service.prints import MAX_ADDRESS_CHARACTERS

MAX_JSON_BYTES = 1024 * 1024
"""A notice with 200 links and 32 pictures takes less than 100 KiB."""
FORM_TYPE = "multipart/form-data"
JSON_TYPE = "application/json"
FORM_OVERHEAD_BYTES = 64 * 1024
"""Multipart boundaries and the small fields beside the file."""
_FIELDS = ("file", "item_id", "url", "account")


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What `POST /api/v1/check` takes as a form."""

    data: bytes
    item_id: str | None
    url: str
    account: str | None


class StrictRoute(APIRoute):
    """A route whose body is JSON, and nothing else: bounded while it arrives, UTF-8, and without NaN."""

    takes_form = False

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Read the body before the framework does, so that each fault has its own answer."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            if not (self.takes_form and media_type(request) == FORM_TYPE):
                await _read_body(request)
            return await handle(request)

        return strict


class FormRoute(StrictRoute):
    """A strict route that reads a form itself (`read_upload`)."""

    takes_form = True


def media_type(request: Request) -> str:
    """Return the type of the body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def was_read(request: Request) -> bool:
    """Whether the whole body was read, within its bounds; where it was not, nobody may read it again without them."""
    return hasattr(request, "_body")


async def _read_body(request: Request) -> None:
    body = b"".join([chunk async for chunk in bounded(request, MAX_JSON_BYTES)])
    # Where Starlette keeps what it has read: the framework reads neither again.
    request._body = body
    if media_type(request) == JSON_TYPE:
        request._json = _as_json(body)


async def read_json(request: Request) -> Any:
    """Read a body as JSON, whatever its type is said to be; `InputError` where it is none, or too long."""
    return _as_json(b"".join([chunk async for chunk in bounded(request, MAX_JSON_BYTES)]))


def _as_json(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError as problem:
        raise InputError("The body is not UTF-8.", advice="Send JSON in UTF-8.") from problem
    except RecursionError as problem:
        raise InputError("The body is nested too deep.", advice="Send the form that /docs describes.") from problem
    except ValueError as problem:
        # Not JSON, or an integer of more digits than Python reads (`sys.get_int_max_str_digits`).
        raise InputError("The body is not JSON.", advice="Send the form that /docs describes.") from problem


def _refuse_constant(name: str) -> NoReturn:
    raise InputError(f"The body holds {name}, which is not JSON.", advice="Leave the field out, or send a number.")


async def bounded(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    """Yield the body, and stop reading with `MediaTooLarge` once it is larger than `max_bytes`."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    seen = 0
    try:
        async for chunk in request.stream():
            seen += len(chunk)
            if seen > max_bytes:
                raise _too_large(max_bytes)
            yield chunk
    except ClientDisconnect as problem:
        raise InputError("The connection ended before the body did.") from problem


@asynccontextmanager
async def read_form(
    request: Request, max_file_bytes: int, *, max_fields: int, max_files: int = 1
) -> AsyncIterator[FormData]:
    """
    Read one multipart form with at most `max_files` files, for a `with` block; `InputError` where it is none.

    The picture stays in memory: a parser that spools to disk would leave it in a temporary file.
    """
    max_bytes = max_files * max_file_bytes + FORM_OVERHEAD_BYTES
    parser = _InMemoryParser(request.headers, bounded(request, max_bytes), max_bytes, max_files, max_fields)
    try:
        form = await parser.parse()
    except MultiPartException as problem:
        raise InputError(
            "The form cannot be read as multipart/form-data.", advice="Send one file, and few small fields beside it."
        ) from problem
    try:
        for value in form.values():
            if isinstance(value, UploadFile) and (value.size or 0) > max_file_bytes:
                raise _too_large(max_file_bytes)
        yield form
    finally:
        await form.close()


async def read_upload(request: Request, max_file_bytes: int) -> UploadForm:
    """Read one multipart form with a `file`, and optionally `item_id`, `url` and `account`."""
    async with read_form(request, max_file_bytes, max_fields=len(_FIELDS)) as form:
        names = [name for name, _ in form.multi_items()]
        if sorted(names) != sorted(set(names)) or not set(names) <= set(_FIELDS) or "file" not in names:
            raise InputError(
                "The form needs one field `file`, and may have `item_id`, `url` and `account`, each once.",
                advice="Name the file's field `file`.",
            )
        upload = form["file"]
        if not isinstance(upload, UploadFile):
            raise InputError("The field `file` holds no file.", advice="Send the file's bytes, with a file name.")
        data = await upload.read()
        item_id, url, account = form.get("item_id"), form.get("url", ""), form.get("account")
        if isinstance(item_id, UploadFile) or isinstance(url, UploadFile) or isinstance(account, UploadFile):
            raise InputError("`item_id`, `url` and `account` are text, not files.")
        if len(url) > MAX_ADDRESS_CHARACTERS:
            raise InputError(
                f"The field `url` has more than {MAX_ADDRESS_CHARACTERS} characters.", advice="Send a shorter address."
            )
        return UploadForm(data, item_id, url, account)


async def read_files(request: Request, max_file_bytes: int, names: Sequence[str]) -> list[bytes]:
    """Read one multipart form that has a file under each of `names`, and nothing else; return them in that order."""
    asked = " and ".join(f"`{name}`" for name in names)
    async with read_form(request, max_file_bytes, max_fields=len(names), max_files=len(names)) as form:
        files = [value for value in form.values() if isinstance(value, UploadFile)]
        if sorted(name for name, _ in form.multi_items()) != sorted(names) or len(files) != len(names):
            raise InputError(f"The form needs one file as {asked}, and nothing else.", advice="Name its fields so.")
        return [await value.read() for name in names if isinstance(value := form[name], UploadFile)]


class _InMemoryParser(MultiPartParser):
    """Starlette's parser with a spool that is never written to disk."""

    def __init__(
        self, headers: Headers, stream: AsyncIterator[bytes], max_bytes: int, max_files: int, max_fields: int
    ) -> None:
        super().__init__(headers, stream, max_files=max_files, max_fields=max_fields, max_part_size=FORM_OVERHEAD_BYTES)  # type: ignore[arg-type]
        self.spool_max_size = max_bytes + 1


def _too_large(max_bytes: int) -> MediaTooLarge:
    return MediaTooLarge(
        f"The body is larger than {max_bytes} bytes.",
        advice="Send a smaller copy, or raise `max_upload_bytes` in the settings.",
    )
