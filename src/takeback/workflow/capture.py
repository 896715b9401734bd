"""
Pages of a site as a case found them, for evidence: the words, and of each picture its digest, size and address.

Only pages of the operator's own sites are fetched, as links are: a notice must not send this service to any address
that somebody writes. They are sealed under the case's key, go into the full version of a bundle alone, and are erased
with the case.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from takeback.audit.event import EventKind, Json, canonical_moment
from takeback.bundle.page import MAX_RUN, Page, Seen
from takeback.cases import CopyState
from takeback.errors import BundleRefused, IllegalTransition, InputError, NotFound
from takeback.store import Store, Transaction
from takeback.store.captures import Capture
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.workflow.bundle_record import Files, as_file
from takeback.workflow.order import note
from takeback.workflow.recusal import require_unbiased

MAX_CAPTURES = 100
"""Of one case: 2 MB each at most."""
RETRY_AFTER = (timedelta(seconds=10), timedelta(minutes=5), timedelta(hours=1))
_SECRET_HEADERS = frozenset({"set-cookie", "set-cookie2", "takeback-signature", "authorization"})
"""Of an answer or a request: they open something."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered: status, headers, and what was sent for it."""

    url: str
    status: int
    asked: Mapping[str, str]
    answered: Mapping[str, str]
    body: bytes

    @property
    def is_page(self) -> bool:
        """Whether it says that it is HTML, or does not say what it is and begins like it."""
        kind = self.answered.get("content-type", "")
        begins = self.body[:512].lstrip()[:1] == b"<"
        return kind.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml") or (not kind and begins)

    @property
    def encoding(self) -> str | None:
        """The encoding that its headers name."""
        _, found, rest = self.answered.get("content-type", "").partition("charset=")
        return rest.partition(";")[0].strip(" \"'")[:40] or None if found else None


def ask_for_captures(store: Store, case_id: str, copies: Collection[str], *, actor: str, at: datetime) -> int:
    """
    Have the pages of copies kept, by their public ids, or of all that are on a site here; return how many.

    `NotFound` for no case or copy, `BundleRefused` where someone under 18 may be shown, `IllegalTransition` for whoever
    keeps out of the case and once it is erased, `InputError` where it has no page, or too many are kept already.
    """
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_unbiased(tx, case, actor)
        _require_may_be(case)
        chosen = [copy for copy in tx.copies.of_case(case.id) if _has_page(copy)]
        if unknown := set(copies) - {copy.public_id for copy in chosen}:
            raise NotFound(f"This case has no copy {sorted(unknown)[0]} with a page on a site here.")
        chosen = [copy for copy in chosen if not copies or copy.public_id in copies]
        if not chosen:
            raise InputError("No copy of this case has a page on a site here.", advice="Capture it by other means.")
        if tx.captures.count(case.id) + len(chosen) > MAX_CAPTURES:
            raise InputError(f"At most {MAX_CAPTURES} pages are kept of one case.", advice="Name fewer copies.")
        return sum(tx.captures.ask(case.id, copy.id, by=actor, at=at) for copy in chosen)


def due_captures(store: Store, *, at: datetime, limit: int) -> list[tuple[Capture, Copy]]:
    """Return what is to be fetched now."""
    with store.read() as tx:
        return [(each, tx.copies.by_id(each.copy_id)) for each in tx.captures.due(at, limit)]


def read_page(fetched: Fetched) -> Page:
    """Return what was fetched as a page: of a bare picture, one that shows nothing but it."""
    if fetched.is_page:
        return Page(fetched.body, fetched.url, fetched.encoding)
    return Page(b"<img src='#picture'>", fetched.url)


def keep_capture(
    store: Store, found: Capture, fetched: Fetched, page: Page, seen: Mapping[str, Seen], *, at: datetime
) -> None:
    """Keep a page with what stood at each of its addresses, and log it; nothing once the case is erased."""
    content = _content(fetched, page, seen, at)
    with store.write() as tx:
        case = tx.cases.by_id(found.case_id)
        if case.erased_at is not None or case.under_18:
            tx.captures.erase(case.id)
            return
        tx.captures.keep(found, case, content, at)
        copy = tx.copies.by_id(found.copy_id)
        digest = sha256(str(content["page"]).encode()).hexdigest()
        facts: dict[str, Json] = {"copy": copy.public_id, "pictures": len(seen), "kept_sha256": digest}
        note(tx, EventKind.PAGE_CAPTURED, case, at=at, actor=found.asked_by, facts=facts)


def fail_capture(store: Store, found: Capture, problem: str, *, permanent: bool, at: datetime) -> None:
    """Try a page again later, or leave it with the reason."""
    again = not permanent and found.attempts < len(RETRY_AFTER)
    with store.write() as tx:
        tx.captures.fail(found, problem, at + RETRY_AFTER[found.attempts] if again else None)


def captured_files(tx: Transaction, case: Case) -> Files:
    """Return the files of the pages that were kept, for the full version of a bundle."""
    files: Files = {}
    copies = {copy.id: copy.public_id for copy in tx.copies.of_case(case.id)}
    kept = [each for each in tx.captures.of_case(case.id) if each.captured_at is not None]
    for number, each in enumerate(kept, start=1):
        content = dict(tx.captures.open(each, case))
        name = f"captures/{number:03}"
        files[f"{name}/page.html"] = str(content.pop("page")).encode()
        about = {"copy": copies.get(each.copy_id), "asked_by": each.asked_by, "asked_at": each.asked_at}
        files[f"{name}/capture.json"] = as_file({**about, **content})
    return files


def _content(fetched: Fetched, page: Page, seen: Mapping[str, Seen], at: datetime) -> dict[str, object]:
    body = sha256(fetched.body).hexdigest()
    told = [
        ("Kept by", "Takeback, without the pictures"),
        ("Address", fetched.url),
        ("Fetched at", canonical_moment(at)),
        ("Answered with", f"HTTP status {fetched.status}"),
        ("What came", f"{len(fetched.body):,} bytes, SHA-256 {body}"),
    ]
    return {
        "page": page.text(seen, told),
        "url": fetched.url,
        "captured_at": canonical_moment(at),
        "status": fetched.status,
        "request_headers": _shown(fetched.asked),
        "response_headers": _shown(fetched.answered),
        "sha256": body,
        "bytes": len(fetched.body),
        "pictures": [{"address": address, **asdict(what)} for address, what in seen.items()],
    }


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers as they are kept: what opens something is named and not shown."""
    return {
        name: "(not kept)" if name.lower() in _SECRET_HEADERS else value[:MAX_RUN] for name, value in headers.items()
    }


def _has_page(copy: Copy) -> bool:
    return copy.site_id is not None and bool(copy.url) and copy.state is not CopyState.ELSEWHERE


def _require_may_be(case: Case) -> None:
    if case.under_18:
        raise BundleRefused("Someone under 18 may be shown: no page of this case is fetched or kept.")
    if case.erased_at is not None:
        raise IllegalTransition("All that was hers is erased: nothing more is kept of this case.")
