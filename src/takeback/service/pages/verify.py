"""`/verify`: checks proofs in the browser. The files stay on the device; the page, once open, asks nobody."""

from __future__ import annotations

import base64

from fastapi import APIRouter, Request, Response

from takeback.errors import NotFound
from takeback.service.auth import ServiceParts
from takeback.service.pages.answer import PageRoute, as_data, page, words_of
from takeback.store import Store
from takeback.workflow.publish import log_key
from takeback.workflow.witnessing import witness_keys

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/verify")
def verify(request: Request, parts: ServiceParts) -> Response:
    """Show the page, which knows the keys of this service's log and of its witnesses."""
    words = words_of(request)
    witnesses = [str(each) for each in witness_keys(parts.store)]
    data = {"key": _key(parts.store), "witnesses": witnesses, "words": words.under("verify")}
    return page(words, "verify.html", language_links="/verify", page_data=as_data(data))


def _key(store: Store) -> str:
    """Return the public key in base64; empty before the log has begun."""
    try:
        return base64.b64encode(log_key(store).public).decode()
    except NotFound:
        return ""
