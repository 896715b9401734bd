"""
Who may ask: a partner, whose key is in both headers that StopNCII's clients send.

StopNCII gives its clients a key for each function (`x-functions-key`) and one for all (`Ocp-Apim-Subscription-Key`).
Here each of them is a key of role partner, and both are of the same partner: best the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from takeback.errors import NotAllowed
from takeback.service.parts import parts_of
from takeback.store.access import KeyRole

HEADERS = ("x-functions-key", "Ocp-Apim-Subscription-Key")
_ADVICE = "Send the partner's key (`takeback partner add` shows it) in both headers."


@dataclass(frozen=True, slots=True)
class Fetcher:
    """The partner that asks."""

    partner_id: int


def _fetcher(request: Request) -> Fetcher:
    texts = [request.headers.get(name, "").strip() for name in HEADERS]
    if not all(texts):
        raise NotAllowed(f"This address needs a key in {' and in '.join(HEADERS)}.", advice=_ADVICE)
    with parts_of(request).store.read() as tx:
        keys = [tx.access.find(text) for text in texts]
    if any(key is None or key.role is not KeyRole.PARTNER for key in keys):
        raise NotAllowed("One of these keys is unknown or revoked, or no partner's.", advice=_ADVICE)
    partners = {key.partner_id for key in keys if key is not None}
    if len(partners) != 1 or None in partners:
        raise NotAllowed("These keys are of two partners.", advice=_ADVICE)
    (partner_id,) = partners
    assert partner_id is not None
    return Fetcher(partner_id)


APartner = Annotated[Fetcher, Depends(_fetcher)]
