"""`POST /api/v1/check`: an upload at the door, as a file or as fingerprints."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool

from takeback.assembly import Parts
from takeback.errors import InputError, NotAllowed
from takeback.service.auth import Caller, ServiceParts, Uploader
from takeback.service.body import FORM_TYPE, JSON_TYPE, FormRoute, media_type, read_upload
from takeback.service.prints import MAX_ADDRESS_CHARACTERS, PictureIn, Strict, UnjudgedOut
from takeback.store.access import KeyRole
from takeback.workflow.check import check_file
from takeback.workflow.query import query_of_reported
from takeback.workflow.sweep import likeness_of
from takeback.workflow.upload import MAX_ACCOUNT_CHARACTERS, Action, Checked, Upload, check_upload

router = APIRouter(prefix="/api/v1", tags=["check"], route_class=FormRoute)


MAX_PICTURES = 16
"""Pictures of one upload: as many frames as are fingerprinted of an animation (`max_frames`)."""
_ITEM_ID_CHARACTERS_READ = 1_000
"""Above the workflow's own limit, so that its sentence is what the site reads."""


class MatchOut(Strict):
    """One match, told to moderators only: distances rebuild a fingerprint bit by bit."""

    copy_class: str = Field(serialization_alias="class")
    entry: str
    fact: str
    distance: int | None
    view: str | None
    """How the upload was looked at to match: `whole`, `stripped`, `region`, …"""
    orientation: str | None
    similarity: float | None
    inliers: int | None
    place: dict[str, float] | None
    """The transform from the upload's pixels to the entry's picture."""
    changed: list[list[int]] | None
    """Of an altered copy the parts that were replaced: x, y, width, height in its pixels."""


class CheckOut(Strict):
    """The answer to an upload."""

    action: Action
    copy_class: str = Field(serialization_alias="class")
    """`identical`, `substantially_same`, `possible`, `altered_copy`, `none`; `unjudged`: it could not be compared."""
    case: str | None
    remembered: bool
    preserve_and_report: bool
    """An outside list says that it may show minors: keep it where nobody sees it, and report it as your law asks."""
    unjudged: list[UnjudgedOut]
    contest_url: str | None = None
    """Of a refusal, where whoever sent the upload reads why, and contests it; whoever has the link can."""
    matches: list[MatchOut] | None = None
    """For moderators."""


class FingerprintsIn(Strict):
    """An upload whose fingerprints the site computed itself; one picture for each frame."""

    pictures: list[PictureIn] = Field(max_length=MAX_PICTURES)
    item_id: str | None = Field(None, max_length=_ITEM_ID_CHARACTERS_READ)
    url: str = Field("", max_length=MAX_ADDRESS_CHARACTERS)
    account: str | None = Field(None, max_length=_ITEM_ID_CHARACTERS_READ)
    """The site's own id of the account that posts it; kept sealed while the site keeps the item."""


_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "item_id": {"type": "string", "maxLength": 500},
        "url": {"type": "string", "maxLength": MAX_ADDRESS_CHARACTERS},
        "account": {"type": "string", "maxLength": MAX_ACCOUNT_CHARACTERS},
    },
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _FORM},
            "application/json": {"schema": FingerprintsIn.model_json_schema()},
        },
    }
}


@router.post("/check", response_model=CheckOut, response_model_exclude_none=False, openapi_extra=_BODY)
async def check(request: Request, caller: Uploader, parts: ServiceParts) -> CheckOut:
    """
    Say what to do with an upload: `allow`, `hold` (store it hidden) or `refuse`.

    With a site's key and an `item_id` the item is remembered by fingerprint, never by picture, so that a
    notice that comes later finds it.
    """
    kind = media_type(request)
    if kind == FORM_TYPE:
        form = await read_upload(request, parts.settings.max_upload_bytes)
        upload = _upload(caller, form.item_id, form.url, form.account)
        return await run_in_threadpool(_check_file, parts, caller, form.data, upload)
    if kind == JSON_TYPE:
        try:
            body = FingerprintsIn.model_validate(await request.json())
        except ValidationError as problem:
            where = ".".join(str(part) for part in problem.errors()[0]["loc"])
            raise InputError(f"The field {where or 'body'} does not have the form that it needs.") from problem
        except ValueError as problem:
            raise InputError("The body is not JSON.") from problem
        upload = _upload(caller, body.item_id, body.url, body.account)
        return await run_in_threadpool(_check_prints, parts, caller, body, upload)
    raise InputError("This address takes multipart/form-data or application/json.", advice="Set the Content-Type.")


def _upload(caller: Caller, item_id: str | None, url: str, account: str | None) -> Upload | None:
    if caller.site is not None:
        return Upload(caller.site, item_id or None, url, account or None)
    if (item_id or account) and caller.key.role is not KeyRole.UPLOAD:
        raise NotAllowed("Only a site's own key can say which item this is, or whose.", known=True)
    return None


def _check_file(parts: Parts, caller: Caller, data: bytes, upload: Upload | None) -> CheckOut:
    checked = check_file(parts.store, parts.replica, parts.decoder, parts.describer, data, upload, at=parts.now())
    return check_out(checked, detail=caller.sees_detail, address=parts.settings.address)


def _check_prints(parts: Parts, caller: Caller, body: FingerprintsIn, upload: Upload | None) -> CheckOut:
    if not body.pictures:
        raise InputError("There is nothing to compare.", advice="Send at least one picture in `pictures`.")
    query = query_of_reported([picture.reported() for picture in body.pictures])
    checked = check_upload(parts.store, parts.replica, query, upload, at=parts.now())
    return check_out(checked, detail=caller.sees_detail, address=parts.settings.address)


def check_out(checked: Checked, *, detail: bool, address: str) -> CheckOut:
    """Return the answer as it goes out; `address` is where browsers reach this service."""
    strongest = checked.screening.strongest
    unjudged = [UnjudgedOut(code=one.code, why=one.why) for one in checked.screening.unjudged]
    matches = [
        MatchOut(
            copy_class=match.copy_class.value,
            entry=match.entry.public_id,
            **asdict(likeness_of(match.fact, match.evidence)),
        )
        for match in checked.screening.matches
    ]
    no_match = "unjudged" if unjudged else "none"
    return CheckOut(
        action=checked.action,
        copy_class=no_match if strongest is None else strongest.copy_class.value,
        case=checked.case_id,
        remembered=checked.remembered,
        preserve_and_report=checked.must_be_reported,
        unjudged=unjudged,
        contest_url=f"{address}/contest#{checked.contest_code}" if checked.contest_code else None,
        matches=matches if detail else None,
    )
