"""`/api/v1/put-backs/{delivery}/bytes`: a site fetches what it could not keep, for a put-back that it was ordered."""

from __future__ import annotations

import threading
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from takeback.actions import signature
from takeback.service.auth import ServiceParts
from takeback.workflow.quarantine_give import give_bytes

router = APIRouter(prefix="/api/v1/put-backs", tags=["items"])

_MAX_HEADER = 1_000
_BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}
_ONE_AT_A_TIME = threading.Lock()
"""Each lies whole in memory until it has opened to its last byte."""


@router.get("/{delivery_id}/bytes", response_class=Response, responses=_BYTES)
def get_bytes(
    delivery_id: str,
    parts: ServiceParts,
    signed: Annotated[
        str,
        Header(
            alias=signature.HEADER,
            max_length=_MAX_HEADER,
            description="Over `GET` and this path, by the secret of the site's webhook.",
        ),
    ] = "",
) -> Response:
    """Give the site the bytes of a put-back, as it sent them before the removal; no key opens this."""
    with _ONE_AT_A_TIME:
        given = give_bytes(parts.store, parts.quarantine, delivery_id, signed, at=parts.now())
    headers = {"Content-Disposition": "attachment"}
    return Response(given.body, media_type="application/octet-stream", headers=headers)
