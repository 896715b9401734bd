"""What a site stores at an address, fetched with the parts of this process."""

from __future__ import annotations

from takeback.actions.outgoing import OutgoingHttp
from takeback.assembly import Parts
from takeback.workflow import fetch


async def fetched(parts: Parts, http: OutgoingHttp, site_id: int | None, url: str) -> bytes:
    """Return the bytes at an address of a site; raises what `takeback.workflow.fetch.fetched` does."""
    max_bytes = parts.settings.max_upload_bytes
    return await fetch.fetched(parts.store, http, site_id, url, max_bytes=max_bytes, at=parts.now())
