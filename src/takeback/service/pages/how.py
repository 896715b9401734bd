"""`/how`: the process in plain words, for a site's footer to lead to."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from takeback.service.auth import ServiceParts
from takeback.service.pages.answer import PageRoute, page, words_of
from takeback.service.pages.process import process_of

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/how")
def how(request: Request, parts: ServiceParts) -> Response:
    """Say how a picture is taken down here, and what the laws ask of the site."""
    words = words_of(request)
    settings = parts.settings
    process = process_of(words, settings)
    return page(words, "how.html", language_links="/how", process=process, has_figures=settings.publishes_figures)
