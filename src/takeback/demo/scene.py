"""What the steps of the story share: the doors they knock at, and what they look at there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Protocol

from takeback.demo.client import Client
from takeback.demo.photos import Edit
from takeback.demo.record import CopyRow, Step, Story
from takeback.demo.stage import Stage
from takeback.errors import OutsideError
from takeback.fingerprint import MATCH_RADIUS

SHOWN, HELD, REMOVED, NOT_THERE = 200, 451, 410, 404
"""What the site answers for a picture."""
PUBLISHED, HIDDEN, REFUSED = 303, 202, 403
"""What it answers to an upload."""
_POLL_SECONDS = 0.02


class Listener(Protocol):
    """Who is told as it happens."""

    def begun(self, name: str) -> None:
        """Hear that a step has begun."""

    def done(self, step: Step) -> None:
        """Hear how it went."""

    def copies(self, rows: Sequence[CopyRow]) -> None:
        """Hear how the copies stand."""


@dataclass(slots=True)
class Scene:
    """Everything that one step leaves for the next; `doors` closes every client at the end."""

    stage: Stage
    listener: Listener
    patience_seconds: float
    photos: Mapping[str, bytes]
    story: Story
    doors: ExitStack
    site: Client = field(init=False)
    administrator: Client = field(init=False)
    desk: Client = field(init=False)
    person: Client = field(init=False)
    items: dict[str, str] = field(default_factory=dict)
    """Item id by the title under which it was uploaded."""
    cookies: dict[str, str] = field(default_factory=dict)
    """What the browser of whoever uploaded it keeps, by the same title."""
    notice: Mapping[str, object] = field(default_factory=dict)
    notice_at: float = 0.0
    case_id: str = ""
    receipt: str = ""
    ending: str = ""

    def open_doors(self) -> None:
        """Make a client for everyone who takes part, once the service has its address."""
        service, keys = self.stage.service_address, self.stage.keys
        self.administrator = self._client(service, keys["administrator"])
        self.desk = self._client(service, keys["moderator"])
        self.person = self._client(service)
        self.site = self._client(self.stage.site_address)

    def upload(self, title: str, data: bytes, *, expected: int) -> None:
        """Upload through the site's form."""
        answer = self.site.post_form("/upload", {"title": title}, data)
        if answer.status != expected:
            raise OutsideError(f"The site answered the upload “{title}” with HTTP {answer.status} and not {expected}.")
        if "location" in answer.headers:
            self.items[title] = answer.headers["location"].removeprefix("/item/")
            self.cookies[title] = answer.headers.get("set-cookie", "").partition(";")[0]

    def status(self, title: str) -> int:
        """Return what the site answers to someone who wants to see a picture."""
        return self.site.get(f"/media/{self.items[title]}").status

    def reasons(self, title: str) -> str:
        """Return the page that tells whoever uploaded a picture why it is hidden."""
        path = f"/item/{self.items[title]}/reasons"
        require(self.site.get(path).status == NOT_THERE, "Anyone may read the reasons of somebody's picture.")
        return unescape(self.site.get(path, cookie=self.cookies[title]).expect(SHOWN).body.decode())

    def report_address(self, title: str) -> str:
        """Return the address for reports that the site shows on a picture's page."""
        page = self.site.get(f"/item/{self.items[title]}").expect(SHOWN).body.decode()
        return page.partition("<code>")[2].partition("</code>")[0]

    def case(self) -> dict[str, Any]:
        """Return the case as the desk sees it."""
        case: dict[str, Any] = self.desk.get(f"/api/v1/cases/{self.case_id}").expect(200).json()
        return case

    def with_receipt(self, what: str) -> dict[str, Any]:
        """Return what the service answers to her receipt: `standing`, or to the number that ends it: `withdrawal`."""
        body = {"ending": self.ending} if what == "withdrawal" else {"receipt": self.receipt}
        standing: dict[str, Any] = self.person.post_json(f"/api/v1/notices/{what}", body).expect(200).json()
        return standing

    def look_at_case(self, since: float) -> None:
        """Note which copies stand in the case by now, and as what."""
        known = {copy["item_id"]: copy for copy in self.case()["copies"]}
        now = time.monotonic()
        for row in self.story.copies:
            copy = known.get(row.item_id)
            # A linked copy has no class until what it shows was looked at.
            if row.found_seconds is None and copy is not None and copy["class"] is not None:
                row.copy_class, row.distance, row.turned = copy["class"], copy["distance"], copy["orientation"]
                row.found_seconds = now - since
        self.listener.copies(self.story.copies)

    def look_at_held(self, since: float) -> None:
        """Note which copies the site hides by now."""
        for row in self.story.copies:
            if row.held_seconds is None and self.status(row.name) == HELD:
                row.held_seconds = time.monotonic() - since
        self.listener.copies(self.story.copies)

    def look_at_removed(self, since: float) -> None:
        """Note which copies the site has removed by now."""
        for row in self.story.copies:
            if row.removed_seconds is None and self.status(row.name) == REMOVED:
                row.removed_seconds = time.monotonic() - since
        self.listener.copies(self.story.copies)

    def rounds(self, failure: str) -> Iterator[None]:
        """Yield for each look, until patience ends: then raise `OutsideError` with `failure`."""
        ends = time.monotonic() + self.patience_seconds
        while time.monotonic() < ends:
            yield
            time.sleep(_POLL_SECONDS)
        raise OutsideError(f"After {self.patience_seconds:.0f} s {failure}.")

    def _client(self, address: str, key: str = "") -> Client:
        return self.doors.enter_context(closing(Client(address, key=key)))


def check_row(edit: Edit, row: CopyRow) -> None:
    """Raise `OutsideError` unless a copy was found as what it is."""
    turned = None if edit.turned is None else edit.turned.value
    require(
        (row.copy_class, row.turned) == (edit.copy_class.value, turned) and (row.distance or 0) <= MATCH_RADIUS,
        f"The copy “{edit.name}” was found as {row.copy_class}, {row.turned}, at a distance of {row.distance}.",
    )


def require(condition: bool, otherwise: str) -> None:
    """Raise `OutsideError` with `otherwise` unless `condition` holds."""
    if not condition:
        raise OutsideError(otherwise)
