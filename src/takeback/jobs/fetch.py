"""What a site stores at an address, fetched into memory."""

from __future__ import annotations

import asyncio

from takeback.actions import signature
from takeback.actions.outgoing import OutgoingHttp
from takeback.assembly import Parts


async def fetched(parts: Parts, http: OutgoingHttp, site_id: int | None, url: str) -> bytes:
    """
    Return the bytes at an address of a site, which is told by a signature that it is Takeback that looks.

    Raises `OutsideError` where the site does not answer, or refuses.
    """
    headers = await asyncio.to_thread(signed_look, parts, site_id, url)
    response = await http.get(url, parts.settings.max_upload_bytes, headers)
    response.require_success(now=parts.now())
    return response.body


def signed_look(parts: Parts, site_id: int | None, url: str) -> dict[str, str]:
    """Return the headers by which a site knows that it is Takeback that looks at an address of it."""
    if site_id is None:
        return {}
    with parts.store.read() as tx:
        site = tx.sites.by_id(site_id)
    signed_at = int(parts.now().timestamp())
    return {signature.HEADER: signature.sign(site.secret, signed_at, signature.fetch_body(url))}
