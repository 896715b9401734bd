"""`/.well-known/`: where a notice goes, for other programs, and where a hole is reported (RFC 8615, RFC 9116)."""

from __future__ import annotations

from datetime import UTC, timedelta

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from takeback.cases import LawPack, law_pack
from takeback.errors import NotFound
from takeback.service.auth import ServiceParts
from takeback.service.pages.words import languages
from takeback.service.prints import Strict

router = APIRouter(prefix="/.well-known", tags=["well-known"])

SECURITY_TXT_HOLDS = timedelta(days=30)
"""How long what security.txt says may be kept (RFC 9116, § 2.5.5: less than a year)."""


class PlacesOut(Strict):
    """Where a notice goes, as references that are resolved against this document's own address (RFC 3986, § 5)."""

    page: str = "/"
    api: str = "/api/v1/notices"
    case: str = "/case"
    process: str = "/how"
    log: str = "/api/v1/log/checkpoint"
    log_keys: str = "/api/v1/log/keys"
    witness: str = "/api/v1/witness"


class LawOut(Strict):
    """A law that a notice is tried under: what it asks for, and how soon the site acts."""

    id: str
    name: str
    citation: str
    removal_within_hours: float
    covers_substantially_same: bool
    fields: dict[str, str]
    """Field of a notice and section of the law."""


class TakebackOut(Strict):
    """What a program needs to know before it sends a notice here."""

    notices: PlacesOut
    languages: list[str]
    laws: list[LawOut]
    descriptor_model: str | None
    """The model whose descriptors are compared here; null where only fingerprints are."""
    contact: list[str]
    """Where people and authorities reach the operator."""


@router.get("/takeback.json")
def takeback_json(parts: ServiceParts) -> TakebackOut:
    """Say where a notice goes, and what it is tried under."""
    return TakebackOut(
        notices=PlacesOut(),
        languages=list(languages()),
        laws=[_law(law_pack(law)) for law in parts.settings.laws],
        descriptor_model=None if parts.describer is None else parts.describer.model_id,
        contact=list(parts.settings.contact),
    )


@router.get("/security.txt", response_class=PlainTextResponse)
def security_txt(parts: ServiceParts) -> PlainTextResponse:
    """Say where a hole is reported; 404 where the operator names nobody."""
    contacts = parts.settings.security_contact
    if not contacts:
        raise NotFound("This operator names nobody for reports of holes.", advice="Use the contact of its site.")
    expires_at = (parts.now() + SECURITY_TXT_HOLDS).astimezone(UTC).replace(microsecond=0)
    lines = [*(f"Contact: {contact}" for contact in contacts), f"Expires: {expires_at.isoformat()}"]
    return PlainTextResponse("\n".join(lines) + "\n")


def _law(pack: LawPack) -> LawOut:
    return LawOut(
        id=pack.id,
        name=pack.name,
        citation=pack.citation,
        removal_within_hours=pack.removal_within / timedelta(hours=1),
        covers_substantially_same=pack.covers_substantially_same,
        fields=dict(pack.fields),
    )
