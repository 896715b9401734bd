"""`/c/bank/NAME/content` and `/signal`: what is in a bank. Fingerprints go in, and never come out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from takeback.assembly import Parts
from takeback.cases.notice import Level, ReportedPicture
from takeback.errors import InputError
from takeback.gates.hma.banks import bank_of, bank_out
from takeback.gates.hma.door import ACTOR, Curator, Matcher, Visitor
from takeback.gates.hma.hashing import signals_of
from takeback.gates.hma.media import Sent, json_object, read_object, sent_by_address, sent_by_form
from takeback.gates.hma.problem import Refused
from takeback.gates.hma.types import PDQ, read_flag, read_pdq, require_signal_type
from takeback.service.auth import ServiceParts
from takeback.store.banks import BankRow
from takeback.store.hma_contents import Told
from takeback.workflow.contents import (
    Content,
    add_content,
    content_of,
    remove_content,
    rest_content,
    write_note,
)
from takeback.workflow.picture import reported_of

router = APIRouter(prefix="/c/bank/{name}", tags=["content"])

_METADATA = frozenset({"content_id", "content_uri", "json"})
_MAX_METADATA_CHARACTERS = 10_000


@router.post("/content")
async def new_content(
    name: str, request: Request, visitor: Curator, parts: ServiceParts, url: str | None = None,
    content_type: str | None = None, types: str | None = None, metadata: str | None = None,
) -> JSONResponse:  # fmt: skip
    """Put a picture into a bank: a file as a form, in the field `photo`, or one at an address. It counts as decided."""
    bank = await run_in_threadpool(_fillable, parts, name)
    in_address = {} if metadata is None else {"metadata": read_object("`metadata`", metadata)}
    if url:
        told = _told({**in_address, **await _beside(request)})
        sent = await sent_by_address(request, url, content_type, types)
    else:
        sent = await sent_by_form(request, parts, types)
        told = _told({**in_address, **_of_form(sent.fields)})
    return await run_in_threadpool(_add_file, parts, visitor, bank, sent, told)


def _add_file(parts: Parts, visitor: Visitor, bank: BankRow, sent: Sent, told: Told) -> JSONResponse:
    looked = parts.decoder.looked_at(sent.data)
    frames = reported_of(looked, Level.DESCRIPTOR, parts.describer)
    content = _add(parts, visitor, bank, frames, told)
    signals = {name: value for name, value in signals_of(looked.prints).items() if value}
    return JSONResponse({"id": content.number, "signals": signals})


@router.post("/signal")
async def new_signal(name: str, request: Request, visitor: Curator, parts: ServiceParts) -> JSONResponse:
    """Put a fingerprint into a bank."""
    bank = await run_in_threadpool(_fillable, parts, name)
    given = await json_object(request)
    told = _told({"note": given.pop("note", None)})
    if not given:
        raise InputError("No signal is given.", advice="Send pdq.")
    for each in given:
        require_signal_type(each)
    pdq = read_pdq(given[PDQ])
    content = await run_in_threadpool(_add, parts, visitor, bank, [ReportedPicture(pdq=pdq)], told)
    return JSONResponse({"id": content.number, "signals": {PDQ: pdq.hex()}})


@router.get("/content/{number:int}")
def show_content(
    name: str, number: int, _visitor: Matcher, parts: ServiceParts, include_signals: str | None = None,
    include_metadata: str = "true",
) -> JSONResponse:  # fmt: skip
    """Show what is told of content. `include_signals` is taken, and no fingerprint is shown."""
    read_flag("include_signals", include_signals)
    bank = bank_of(parts, name)
    content = content_of(parts.store, bank.name, number)
    told = {"metadata": content.told.metadata, "note": content.told.note}
    if not read_flag("include_metadata", include_metadata):
        del told["metadata"]
    return JSONResponse({**_content_out(content, bank), **{key: value for key, value in told.items() if value}})


@router.put("/content/{number:int}")
async def change_content(
    name: str, number: int, request: Request, visitor: Curator, parts: ServiceParts
) -> JSONResponse:  # fmt: skip
    """Switch content off, on, or off until a moment; write another note to it."""
    return await run_in_threadpool(_change, parts, visitor, name, number, await json_object(request))


def _change(parts: Parts, visitor: Visitor, name: str, number: int, given: Mapping[str, Any]) -> JSONResponse:
    bank = bank_of(parts, name)
    content = content_of(parts.store, bank.name, number)
    if "disable_until_ts" in given:
        _require_own(content)
        until = _whole("disable_until_ts", given["disable_until_ts"])
        content = rest_content(parts.store, bank.name, number, until, actor=visitor.actor, at=parts.now())
    if "note" in given:
        content = write_note(parts.store, bank.name, number, _note(given["note"]))
    beside = {"user_metadata": content.told.metadata, "note": content.told.note, "collab_metadata": {}}
    return JSONResponse({**_content_out(content, bank), **beside})


@router.delete("/content/{number:int}")
def drop_content(name: str, number: int, visitor: Curator, parts: ServiceParts) -> JSONResponse:
    """Erase content from this bank, and from no other."""
    bank = _fillable(parts, name)
    gone = remove_content(parts.store, bank.name, number, actor=visitor.actor, at=parts.now())
    return JSONResponse({"deleted": int(gone)})


def _add(
    parts: Parts, visitor: Visitor, bank: BankRow, frames: Sequence[ReportedPicture], told: Told
) -> Content:  # fmt: skip
    return add_content(parts.store, bank.name, frames, told, source=ACTOR, actor=visitor.actor, at=parts.now())


def _content_out(content: Content, bank: BankRow) -> dict[str, Any]:
    return {
        "id": content.number,
        "disable_until_ts": content.disabled_until,
        "original_media_uri": content.told.original_uri,
        "bank": bank_out(bank),
    }


def _fillable(parts: Parts, name: str) -> BankRow:
    bank = bank_of(parts, name)
    if bank.is_kept_by_cases:
        raise Refused(f"The bank {bank.name} is filled by notices.", advice="Choose a bank of your own.")
    return bank


def _require_own(content: Content) -> None:
    if content.entry.case_id is not None:
        raise Refused("This belongs to a case.", advice="The desk decides on it.")


async def _beside(request: Request) -> dict[str, Any]:
    """Return the JSON beside an address, where there is some."""
    is_json = request.headers.get("content-type", "").lower().startswith("application/json")
    return await json_object(request) if is_json else {}


def _of_form(fields: Mapping[str, str]) -> dict[str, Any]:
    """
    Return what a form says beside its file, in either manner that is in use.

    HMA takes `metadata` whole; Coop sends `content_id` and `content_uri` as fields, and in `metadata` what belongs
    under `json`.
    """
    metadata = read_object("`metadata`", fields["metadata"]) if "metadata" in fields else {}
    if metadata.keys() - _METADATA - {"collab"}:
        metadata = {"json": metadata}
    metadata |= {key: fields[key] for key in ("content_id", "content_uri") if key in fields}
    return {"note": fields.get("note"), **({"metadata": metadata} if metadata else {})}


def _told(beside: Mapping[str, Any]) -> Told:
    metadata = beside.get("metadata")
    if metadata is None:
        return Told(note=_note(beside.get("note")))
    if not isinstance(metadata, dict):
        raise InputError("`metadata` is a JSON object.")
    metadata = {key: value for key, value in metadata.items() if key != "collab"}
    unknown = metadata.keys() - _METADATA
    if unknown:
        raise InputError("`metadata` has content_id, content_uri and json, and nothing else.")
    if not isinstance(metadata.get("json", {}), dict):
        raise InputError("`json` in `metadata` is a JSON object.")
    if not all(isinstance(metadata.get(key, ""), str) for key in ("content_id", "content_uri")):
        raise InputError("`content_id` and `content_uri` in `metadata` are text.")
    if len(json.dumps(metadata)) > _MAX_METADATA_CHARACTERS:
        raise InputError(f"`metadata` has at most {_MAX_METADATA_CHARACTERS} characters.")
    return Told(_note(beside.get("note")), metadata or None)


def _note(note: object) -> str | None:
    if note is not None and not isinstance(note, str):
        raise InputError("A note is text.")
    return note or None


def _whole(name: str, value: object) -> int:
    try:
        if isinstance(value, str | int) and not isinstance(value, bool):
            return int(value)
    except ValueError:
        pass
    raise InputError(f"`{name}` is a whole number.")
