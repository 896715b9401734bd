"""What a site stores at an address, fetched into memory."""

from __future__ import annotations

import asyncio
from datetime import datetime

from takeback.actions import signature
from takeback.actions.outgoing import OutgoingHttp, Response
from takeback.store import Store


async def fetched(
    store: Store, http: OutgoingHttp, site_id: int | None, url: str, *, max_bytes: int, at: datetime
) -> bytes:
    """
    Return the bytes at an address of a site, which is told by a signature that it is Takeback that looks.

    Raises `OutsideError` where the site does not answer, or refuses.
    """
    return (await answered(store, http, site_id, url, max_bytes=max_bytes, at=at)).body


async def answered(
    store: Store, http: OutgoingHttp, site_id: int | None, url: str, *, max_bytes: int, at: datetime
) -> Response:
    """Return what a site answers to such a look, headers too; raises what `fetched` does."""
    headers = await asyncio.to_thread(signed_look, store, site_id, url, at)
    response = await http.get(url, max_bytes, headers)
    response.require_success(now=at)
    return response


def signed_look(store: Store, site_id: int | None, url: str, at: datetime) -> dict[str, str]:
    """Return the headers by which a site knows that it is Takeback that looks at an address of it."""
    if site_id is None:
        return {}
    with store.read() as tx:
        site = tx.sites.by_id(site_id)
    return {signature.HEADER: signature.sign(site.secret, int(at.timestamp()), signature.fetch_body(url))}
