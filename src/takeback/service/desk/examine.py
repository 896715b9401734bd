"""`/desk/examine`: a file that somebody brings, by itself and against its original; neither is kept, or shown clear."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

import takeback
from takeback.assembly import Parts
from takeback.bundle.examined import Examined, summary_of
from takeback.bundle.summary import Map, Summary
from takeback.errors import InputError, Overloaded, TakebackError
from takeback.examine.at_need import AtNeed
from takeback.examine.compared.comparison import Comparison
from takeback.examine.shown import Shown
from takeback.service.auth import ServiceParts
from takeback.service.body import FORM_TYPE, media_type, read_form
from takeback.service.desk.answer import DeskRoute, desk_page
from takeback.service.desk.door import Here, Sender, Signed, require_form
from takeback.service.problem import status_of
from takeback.workflow.compare import compare_files
from takeback.workflow.desk_people import READERS, require_role
from takeback.workflow.examine import examine_file


class FilesRoute(DeskRoute):
    """A page of the desk that takes files, and reads its form itself."""

    takes_form = True


router = APIRouter(include_in_schema=False, route_class=FilesRoute)

PATH = "/desk/examine"


@dataclass(frozen=True, slots=True)
class _Brought:
    """What somebody brings: a file, its name, and the original where there is one."""

    token: str
    name: str
    suspect: bytes
    original: bytes
    shown: Shown


@router.get(PATH)
def examine_page(here: Signed) -> Response:
    """Show where a file is brought."""
    require_role(here.member, *READERS)
    return _page(here)


@router.post(PATH)
async def send_files(request: Request, here: Sender, parts: ServiceParts) -> Response:
    """Examine a file, and compare it with its original where that is brought too."""
    try:
        brought = await _read(request, parts.settings.max_upload_bytes)
        require_form(here, brought.token, *READERS)
        return await run_in_threadpool(_examined, request.app.state.examiner, parts, here, brought)
    except (InputError, Overloaded) as problem:
        return _page(here, problem=problem)


def _examined(examiner: AtNeed, parts: Parts, here: Here, brought: _Brought) -> Response:
    compared = compare_files(examiner, brought.original, brought.suspect) if brought.original else None
    found = examine_file(examiner, brought.suspect, shown=brought.shown)
    examined = Examined(found, brought.name, len(brought.suspect), parts.now(), takeback.__version__)
    return _page(here, summary=summary_of(examined), compared=compared)


def _page(
    here: Here, *, problem: TakebackError | None = None, summary: Summary | None = None,
    compared: Comparison | None = None,
) -> Response:  # fmt: skip
    return desk_page(
        "examine.html",
        status=HTTPStatus.OK if problem is None else status_of(problem),
        here=here,
        problem=problem,
        summary=summary,
        # Of numbers alone, and of a picture that was made anew of values.
        map=None if summary is None or summary.map is None else Markup(summary.map.as_svg()),  # noqa: S704
        compared=compared,
        changes=None if compared is None or not compared.changes else Markup(_map_of(compared).as_svg()),  # noqa: S704
    )


def _map_of(compared: Comparison) -> Map:
    return Map(
        compared.width, compared.height, [(each.left, each.top, each.width, each.height) for each in compared.changes]
    )


async def _read(request: Request, max_bytes: int) -> _Brought:
    if media_type(request) != FORM_TYPE:
        raise InputError("This address takes the page's own form.", advice="Open the page and choose a file.")
    async with read_form(request, max_bytes, max_fields=3, max_files=2) as form:
        suspect = await _file(form, "suspect")
        if suspect is None:
            raise InputError("No file was chosen.", advice="Choose the picture that is to be examined.")
        original = await _file(form, "original")
        # A picture is looked at where that is counted, and not here.
        shown = Shown.BLURRED if form.get("shown") == Shown.BLURRED.value else Shown.LEFT_OUT
        name, data = suspect
        return _Brought(str(form.get("token", "")), name, data, original[1] if original else b"", shown)


async def _file(form: FormData, name: str) -> tuple[str, bytes] | None:
    """Return name and bytes of a file; None where none was chosen."""
    value = form.get(name)
    if not isinstance(value, UploadFile):
        return None
    data = await value.read()
    return (value.filename or "", data) if data else None
