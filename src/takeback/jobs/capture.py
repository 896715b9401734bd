"""Keep pages for evidence: fetched from the site into memory, each picture measured, and forgotten."""

from __future__ import annotations

import asyncio
import logging
from hashlib import sha256
from itertools import islice

from takeback.actions.outgoing import USER_AGENT, OutgoingHttp
from takeback.assembly import Parts
from takeback.bundle.page import MAX_PAGE_BYTES, MAX_PICTURES, Page, Seen
from takeback.errors import InputError, OutsideError, Overloaded
from takeback.store.captures import Capture
from takeback.store.copies import Copy
from takeback.workflow.capture import Fetched, due_captures, fail_capture, keep_capture, read_page
from takeback.workflow.fetch import signed_look

MAX_CAPTURE_BYTES = 200 * 1024 * 1024
"""Of all pictures of one page."""
MAX_CAPTURE_SECONDS = 300.0

_ELSEWHERE = "on another host than the sites here: not fetched"
_TOO_MANY = "not fetched: the page has more"
_UNEXPECTED = "The page could not be kept because of an unexpected error here."

log = logging.getLogger("takeback.jobs")


class CaptureJob:
    """Keeps one page a step."""

    def __init__(self, parts: Parts, http: OutgoingHttp) -> None:
        self._parts = parts
        self._http = http

    async def step(self) -> None:
        """Keep the page that waited longest; what fails is tried again, and in the end left with the reason."""
        due = await asyncio.to_thread(due_captures, self._parts.store, at=self._parts.now(), limit=1)
        for capture, copy in due:
            try:
                async with asyncio.timeout(MAX_CAPTURE_SECONDS):
                    await self._keep(capture, copy)
            except OutsideError as problem:
                await self._fail(capture, problem.message, permanent=problem.permanent)
            except TimeoutError:
                await self._fail(capture, "The page and its pictures took too long to fetch.", permanent=False)
            except Exception:
                log.exception("a page could not be kept for an unexpected reason")
                await self._fail(capture, _UNEXPECTED, permanent=True)

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    async def _keep(self, capture: Capture, copy: Copy) -> None:
        parts = self._parts
        fetched = await self._fetched(copy.site_id, copy.url, max(MAX_PAGE_BYTES, parts.settings.max_upload_bytes))
        if fetched.is_page and len(fetched.body) > MAX_PAGE_BYTES:
            raise OutsideError(f"The page has more than {MAX_PAGE_BYTES:,} bytes.", permanent=True)
        page = await asyncio.to_thread(read_page, fetched)
        if fetched.is_page:
            seen = await self._seen(page)
        else:
            seen = dict.fromkeys(page.addresses, await asyncio.to_thread(self._measured, fetched.body))
        await asyncio.to_thread(keep_capture, parts.store, capture, fetched, page, seen, at=parts.now())

    async def _seen(self, page: Page) -> dict[str, Seen]:
        """Return what stood at each address of a page, or why it was not fetched."""
        seen = {address: Seen(problem=_TOO_MANY) for address in page.addresses}
        left = MAX_CAPTURE_BYTES
        for address in islice(page.addresses, MAX_PICTURES):
            if left <= 0:
                break
            seen[address] = await self._look(address, left)
            left -= seen[address].size
        return seen

    async def _look(self, address: str, most_bytes: int) -> Seen:
        site_id = await asyncio.to_thread(self._site_of, address)
        if site_id is None:
            return Seen(problem=_ELSEWHERE)
        try:
            fetched = await self._fetched(site_id, address, min(most_bytes, self._parts.settings.max_upload_bytes))
        except OutsideError as problem:
            return Seen(problem=problem.message)
        return await asyncio.to_thread(self._measured, fetched.body)

    async def _fetched(self, site_id: int | None, url: str, max_bytes: int) -> Fetched:
        headers = await asyncio.to_thread(signed_look, self._parts.store, site_id, url, self._parts.now())
        response = await self._http.get(url, max_bytes, headers)
        response.require_success(now=self._parts.now())
        asked = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": USER_AGENT, **headers}
        return Fetched(url, response.status, asked, response.headers, response.body)

    def _site_of(self, address: str) -> int | None:
        with self._parts.store.read() as tx:
            site = tx.sites.for_link(address)
        return None if site is None else site.id

    def _measured(self, data: bytes) -> Seen:
        """Return digest, bytes and pixels; the last only of what a decoder reads."""
        try:
            prints = self._parts.decoder.fingerprints(data)
            pixels = (prints.width, prints.height)
        except (InputError, Overloaded):
            pixels = None
        return Seen(sha256(data).hexdigest(), len(data), pixels)

    async def _fail(self, capture: Capture, problem: str, *, permanent: bool) -> None:
        at = self._parts.now()
        await asyncio.to_thread(fail_capture, self._parts.store, capture, problem, permanent=permanent, at=at)
