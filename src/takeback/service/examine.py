"""`POST /api/v1/examine` and `/compare`: a picture by itself, or against its original; nothing is kept of either."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from takeback.errors import InputError
from takeback.examine.at_need import AtNeed
from takeback.examine.compared.comparison import ChangeKind
from takeback.examine.outcome import Test
from takeback.service.auth import Moderator, ServiceParts
from takeback.service.body import FORM_TYPE, FormRoute, media_type, read_files
from takeback.service.prints import Strict
from takeback.workflow.compare import compare_files
from takeback.workflow.examine import examine_file

router = APIRouter(prefix="/api/v1", tags=["examine"], route_class=FormRoute)

type Box = tuple[int, int, int, int]


class FindingOut(Strict):
    """What an unaltered picture hardly has."""

    test: Test
    nfa: float | None
    """How many as striking are expected on an unaltered picture, by this test; null where that is decided."""
    boxes: list[Box]
    text: str
    sentence: str
    values: dict[str, str | int | float]


class FactOut(Strict):
    """What else was seen."""

    test: Test
    text: str
    sentence: str
    values: dict[str, str | int | float]


class WhyNotOut(Strict):
    """A test that could not be applied, and why."""

    test: Test
    why: str
    sentence: str
    values: dict[str, str | int | float]


class TestOut(Strict):
    """The figures of one test."""

    test: Test
    statistic: float
    counted: float
    nfa: float
    applicable: bool


class ExaminationOut(Strict):
    """What a picture gives away of what was done to it."""

    findings: list[FindingOut]
    not_applicable: list[WhyNotOut]
    facts: list[FactOut]
    tests: list[TestOut]
    false_alarms: float
    """How many findings an unaltered picture is expected to have at most, by all tests together."""
    max_nfa: float
    width: int
    height: int
    format: str
    sha256: str


class ChangeOut(Strict):
    """A part of a suspect that is not what the original makes it."""

    kind: ChangeKind
    box: Box
    area: int
    nfa: float
    reason: str


class ComparisonOut(Strict):
    """What a suspect is to an original."""

    same_source: bool | None
    changed: bool | None
    boxes: list[Box]
    nfa: float
    unjudged: str | None
    changes: list[ChangeOut]
    compared: Box | None
    compared_share: float
    changed_share: float
    width: int
    height: int
    mirrored: bool
    scale: float | None
    angle: float | None
    flow: float | None
    source_nfa: float = Field(description="How many pairs of different pictures agree as well by chance.")


def _files(*names: str) -> dict[str, Any]:
    fields = {name: {"type": "string", "format": "binary"} for name in names}
    form = {"type": "object", "required": list(names), "properties": fields, "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}}}


@router.post("/examine", response_model=ExaminationOut, openapi_extra=_files("file"))
async def examine(request: Request, caller: Moderator, parts: ServiceParts) -> dict[str, object]:
    """Say what a picture gives away of what was done to it, how rarely others have as much, and what cannot be told."""
    (data,) = await _read(request, parts.settings.max_upload_bytes, ("file",))
    examiner: AtNeed = request.app.state.examiner
    return (await run_in_threadpool(examine_file, examiner, data)).as_json()


@router.post("/compare", response_model=ComparisonOut, openapi_extra=_files("original", "suspect"))
async def compare(request: Request, caller: Moderator, parts: ServiceParts) -> dict[str, object]:
    """Say what of a picture was changed, by the original that its owner holds."""
    original, suspect = await _read(request, parts.settings.max_upload_bytes, ("original", "suspect"))
    examiner: AtNeed = request.app.state.examiner
    return (await run_in_threadpool(compare_files, examiner, original, suspect)).as_json()


async def _read(request: Request, max_bytes: int, names: Sequence[str]) -> list[bytes]:
    if media_type(request) != FORM_TYPE:
        raise InputError("This address takes multipart/form-data.", advice="Send the files as a form.")
    return await read_files(request, max_bytes, names)
