"""`/status` and what else says that the gate is there."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse

from takeback.assembly import Parts
from takeback.errors import TakebackError
from takeback.gates.hma.door import Hasher

router = APIRouter(tags=["status"])

_TYPE = "text/html; charset=utf-8"
"""HMA's; the text is plain."""


@router.get("/", include_in_schema=False)
def home() -> RedirectResponse:
    """Lead to the state: there is no page of HMA's here."""
    return RedirectResponse("/status", 302)


@router.get("/status")
def status(request: Request) -> PlainTextResponse:
    """Say whether pictures can be looked up: a balancer's question."""
    return _state(request, "I-AM-ALIVE")


@router.get("/readyz")
def ready(request: Request) -> PlainTextResponse:
    """The same, in the words of newer versions."""
    return _state(request, "READY")


@router.get("/status/live")
def alive() -> PlainTextResponse:
    """Say that the process answers."""
    return _text("I-AM-ALIVE")


@router.get("/livez")
def live() -> PlainTextResponse:
    """The same, in the words of newer versions."""
    return _text("OK")


@router.get("/site-map")
def site_map(request: Request, _visitor: Hasher) -> JSONResponse:
    """List the paths of the interface."""
    return JSONResponse(sorted(["/", *request.app.openapi()["paths"]]))


def _state(request: Request, well: str) -> PlainTextResponse:
    """
    Follow the store and say how that went.

    A look follows it in its own transaction, so the indexes are behind only where the store cannot be read.
    """
    parts: Parts = request.app.state.parts
    try:
        parts.replica.follow(parts.store)
    except TakebackError:
        return _text("INDEX-STALE", 503)
    return _text(well)


def _text(text: str, status: int = 200) -> PlainTextResponse:
    return PlainTextResponse(text, status, media_type=_TYPE)
