"""
Lemmy, by its API 3 (0.19) or 4 (1.0), as an administrator of the instance.

Two calls take something away there. *Remove* hides a post or comment, is told to other instances, and can be undone;
the picture's own address goes on being served. *Purge* deletes row and picture here, is told to others as one more
remove, and cannot be undone. So a hold is a remove, and a removal is a remove, then a purge: if the first fails,
nothing is deleted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from takeback.actions.interface import Action, ActionKind, Can, Outcome
from takeback.actions.outgoing import OutgoingHttp
from takeback.actions.platforms.api import (
    SAID_HELD,
    SAID_REMOVED,
    SAID_SHOWN,
    Access,
    Answer,
    PlatformApi,
    member,
    path_below,
)

CAN = Can(
    put_back=False,
    most_asked=50,
    limits=(
        "A removal purges the post with its picture: it cannot be put back, only posted anew.",
        "While a post is only held, its picture's own address is still served.",
        "A picture in the text of a comment or post stays at its own address also after the removal.",
        "Other instances hear of the hold and the removal; whether they obey, and what they cached, is theirs.",
    ),
)

_NAME = "Lemmy"
_NUMBER = r"[1-9][0-9]{0,17}"
_ITEM = re.compile(rf"(post|comment)/({_NUMBER})")
_PICTURE = re.compile(r"[A-Za-z0-9_-]{1,200}\.[A-Za-z0-9]{1,5}")
_REFUSED = frozenset({"incorrect_login", "not_logged_in", "not_an_admin", "not_a_mod_or_admin", "site_ban"})
_ABOVE = frozenset({"not_higher_admin", "not_higher_mod"})
_UNKNOWN = frozenset({"not_found", "couldnt_find_post", "couldnt_find_comment", "couldnt_find_object"})
"""What the versions say of what they do not have, mostly with status 400."""
_SLOWER = "rate_limit_error"
_MAX_FOUND = 50


@dataclass(frozen=True, slots=True)
class _Item:
    kind: str
    """`post` or `comment`."""
    number: int


class LemmyConnector:
    """Asks one instance; `SiteConnector` says what it promises."""

    def __init__(self, access: Access, http: OutgoingHttp, *, clock: Callable[[], datetime]) -> None:
        self._access = access
        self._api = PlatformApi(_NAME, access, {"Authorization": f"Bearer {access.token}"}, http, clock)
        self._root: str | None = None

    @property
    def can(self) -> Can:
        """See `CAN`."""
        return CAN

    async def deliver(self, action: Action) -> Outcome:
        """See `SiteConnector.deliver`."""
        if action.kind is ActionKind.RECONCILE:
            return Outcome(gone=tuple([name for name in action.asked if await self._is_gone(name)]))
        items = await self._items(action.item_id, action.url)
        if action.kind is ActionKind.PUT_BACK:
            await self._show(items)
            return Outcome()
        for item in items:
            await self._hide(item, action.kind)
        if action.kind is ActionKind.REMOVE:
            for item in items:
                await self._purge(item)
        is_gone = action.kind is ActionKind.REMOVE or not items
        return Outcome(gone=(action.named,) if is_gone else ())

    async def _is_gone(self, name: str) -> bool:
        """Whether Lemmy has an item no more; what it could not be asked about stays."""
        return _ITEM.fullmatch(name) is not None and not await self._items(name, None)

    async def _hide(self, item: _Item, kind: ActionKind) -> None:
        found = await self._read(item)
        if found is None or found["removed"] is True:
            return
        if kind is ActionKind.HOLD:
            await self._remove(item, found, True, SAID_HELD)
        elif not _is_withdrawn(item, found):
            await self._remove(item, found, True, SAID_REMOVED)

    async def _show(self, items: list[_Item]) -> None:
        if not items:
            raise self._api.never("Lemmy has it no more: a purge cannot be undone, so it can only be posted anew.")
        for item in items:
            found = await self._read(item)
            if found is not None and found["removed"] is True:
                await self._remove(item, found, False, SAID_SHOWN)

    async def _remove(self, item: _Item, found: Mapping[str, Any], removed: bool, reason: str) -> None:
        if _is_withdrawn(item, found):
            raise self._api.never(
                "Its author deleted this comment: Lemmy shows it to nobody now, and lets nobody else hide it or show "
                "it again. A removal deletes it for good."
            )
        body = {f"{item.kind}_id": item.number, "removed": removed, "reason": reason}
        await self._ask("POST", f"/{item.kind}/remove", body=body)

    async def _purge(self, item: _Item) -> None:
        body = {f"{item.kind}_id": item.number, "reason": SAID_REMOVED}
        await self._ask("POST", f"/admin/purge/{item.kind}", body=body)

    async def _read(self, item: _Item) -> dict[str, Any] | None:
        """Return a post or comment as Lemmy has it, None where it does not."""
        answer = await self._ask("GET", f"/{item.kind}", query={"id": item.number})
        if answer is None:
            return None
        found = member(answer.said, f"{item.kind}_view", item.kind)
        if not isinstance(found, dict) or not isinstance(found.get("removed"), bool):
            raise self._api.unusable()
        if found.get("id") != item.number:
            raise self._api.never("Lemmy answered about another item than it was asked: look where this one is now.")
        return found

    async def _items(self, item_id: str | None, url: str | None) -> list[_Item]:
        """Return what an id or an address stands for, of what is there still; several posts can show one picture."""
        path = path_below(self._access.base_url, url)
        name = item_id if item_id is not None else "/".join(path or ())
        if match := _ITEM.fullmatch(name):
            item = _Item(match[1], int(match[2]))
            return [] if await self._read(item) is None else [item]
        if path is not None and len(path) == 3 and path[:2] == ("pictrs", "image") and _PICTURE.fullmatch(path[2]):
            return await self._posts_of_picture(path[2])
        raise self._api.never(
            "This is no item of Lemmy that can be named to it (/post/1, /comment/2, /pictrs/image/NAME). Look at it."
        )

    async def _posts_of_picture(self, picture: str) -> list[_Item]:
        url = f"{self._access.base_url.rstrip('/')}/pictrs/image/{picture}"
        query: dict[str, str | int] = {"q": url, "type_": "Url", "listing_type": "All", "limit": _MAX_FOUND}
        answer = await self._ask("GET", "/search", query=query) if await self._version() == "/api/v3" else None
        posts = member(answer.said, "posts") if answer is not None else []
        if not isinstance(posts, list):
            raise self._api.unusable()
        shown = [member(each, "post") for each in posts]
        numbers = [each["id"] for each in shown if isinstance(each, dict) and each.get("url") == url]
        if not all(isinstance(number, int) for number in numbers):
            raise self._api.unusable()
        if not numbers:
            # It may stand in a text, or be nobody's: of neither does the API say anything.
            raise self._api.never(
                "Lemmy names no post that shows this picture: look for it there, and delete it with pict-rs."
            )
        return [_Item("post", number) for number in numbers]

    async def _version(self) -> str:
        """Return where the API of this instance lies; `DeliveryError` where the token is no administrator's."""
        # Others are not shown what was removed, which would then look as if it were gone.
        if self._root is None:
            if await self._told("GET", "/api/v3/admin/registration_application/count", probing=True) is not None:
                self._root = "/api/v3"
                return self._root
            account = await self._told("GET", "/api/v4/account", probing=True)
            if account is None:
                raise self._api.never("There is no API of Lemmy at this address: add the site anew with the right one.")
            if member(account.said, "local_user_view", "local_user", "admin") is not True:
                raise self._api.refused_token("it is no administrator's")
            self._root = "/api/v4"
        return self._root

    async def _ask(
        self, method: str, path: str, *, query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Answer | None:  # fmt: skip
        return await self._told(method, await self._version() + path, query=query, body=body)

    async def _told(
        self, method: str, path: str, *, query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None, probing: bool = False,
    ) -> Answer | None:  # fmt: skip
        """Return the answer, None where Lemmy says that it has no such thing: by a name, whatever the status."""
        answer = await self._api.ask(method, path, query=query, body=body, also=(400, 401, 403))
        error = member(answer.said, "error")
        if answer.status < 300:
            if error is not None or not isinstance(answer.said, dict):
                raise self._api.unusable()
            return answer
        if error in _UNKNOWN or (probing and answer.is_missing):
            return None
        if error == _SLOWER:
            raise self._api.slower(answer.status, answer.headers)
        if error in _ABOVE:
            raise self._api.never(
                "An administrator posted this, whose account is older than the token's: Lemmy lets nobody younger hide "
                "or delete it. Do it there, as one whose account is older."
            )
        if answer.status in (401, 403) or error in _REFUSED:
            raise self._api.refused_token(str(error) if error in _REFUSED else f"HTTP status {answer.status}")
        if answer.is_missing:
            # Not Lemmy's own word: a proxy before it may say so of everything.
            raise self._api.unusable()
        raise self._api.never(f"Lemmy refused the request (HTTP status {answer.status}).")


def _is_withdrawn(item: _Item, found: Mapping[str, Any]) -> bool:
    """Whether this is a comment that its author deleted: to remove or restore it is an error (issue 4731)."""
    return item.kind == "comment" and found.get("deleted") is True
