"""`/api/v1/transparency`: what was done with notices, in numbers, where the operator publishes them."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response

from takeback.assembly import Parts
from takeback.errors import NotFound
from takeback.service.auth import ServiceParts
from takeback.service.prints import Strict
from takeback.workflow.transparency import HEADINGS, Report, as_csv, as_told, public_reports, rows_of

router = APIRouter(prefix="/api/v1", tags=["transparency"])

CSV_TYPE = "text/csv; charset=utf-8"


class TransparencyOut(Strict):
    """The numbers of each half-year that is over, the latest first."""

    half_years: list[Mapping[str, object]]


@router.get("/transparency")
def read_transparency(parts: ServiceParts) -> TransparencyOut:
    """Return what was done with notices; 404 where the operator publishes no numbers."""
    return TransparencyOut(half_years=[dict(as_told(report)) for report in published(parts)])


@router.get("/transparency.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def read_transparency_csv(parts: ServiceParts) -> Response:
    """Return the same as a table (RFC 4180): from, to, figure, division, part, number."""
    rows = [row for report in published(parts) for row in rows_of(as_told(report))]
    return Response(as_csv([HEADINGS, *rows]), media_type=CSV_TYPE)


def published(parts: Parts) -> list[Report]:
    """Return what the operator publishes; `NotFound` where that is nothing."""
    if not parts.settings.publishes_figures:
        raise NotFound("This operator publishes no numbers.", advice="Ask the operator.")
    return public_reports(parts.store, at=parts.now())
