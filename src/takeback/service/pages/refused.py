"""`/refused`: why an upload was refused at a gate, and where to object; a gate leads here whoever sent it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from takeback.config import Settings
from takeback.service.auth import ServiceParts
from takeback.service.pages.answer import PageRoute, page, words_of
from takeback.service.pages.process import reached_at
from takeback.service.pages.rendering import rendered
from takeback.service.pages.words import Words

PATH = "/refused"

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get(PATH)
def refused(request: Request, parts: ServiceParts) -> Response:
    """Say why; nothing of who sent what is known here."""
    return page(words_of(request), "refused.html", language_links=PATH, contact=reached_at(parts.settings.contact))


def refusal_page(words: Words, settings: Settings, *, is_decided: bool, contest: str = "") -> str:
    """
    Return the same as a page that stands alone, for a gate to send in place of the platform's answer.

    `contest` is where this refusal is contested, empty where it has no link.
    """
    return rendered(
        "refusal.html",
        words=words,
        t=words,
        why=refusal_text(words, is_decided=is_decided),
        is_decided=is_decided,
        contact=reached_at(settings.contact),
        contest=contest,
        more=more_at(settings) if is_decided else "",
    )


def refusal_text(words: Words, *, is_decided: bool) -> str:
    """Return why an upload was refused: a person decided about it (`is_decided`), or it could not be checked."""
    return words("refused.why" if is_decided else "refused.unchecked")


def contest_at(settings: Settings, code: str | None) -> str:
    """Return where a refusal is contested, empty where it has no code, or where people do not reach this service."""
    return f"{settings.public_address}/contest#{code}" if code and settings.public_address else ""


def more_at(settings: Settings) -> str:
    """Return where `/refused` is, empty where people do not reach this service."""
    return f"{settings.public_address}{PATH}" if settings.public_address else ""
