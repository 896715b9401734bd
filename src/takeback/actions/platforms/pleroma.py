"""
Pleroma and Akkoma, by their admin API, with a token that may moderate.

The visibility of a post can be changed, to what followers alone see: that is all the hold there is. A deletion is for
good, here and on the servers that take it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from takeback.actions.interface import Action, ActionKind, Can, Outcome
from takeback.actions.outgoing import OutgoingHttp
from takeback.actions.platforms.api import Access, PlatformApi, member, path_below

CAN = Can(
    put_back=False,
    most_asked=50,
    limits=(
        "A hold is weak: followers still see the post, other servers keep it, and the picture's own address is served.",
        "A removal deletes the post: it cannot be put back, only posted anew.",
        "What was held is shown again unlisted, also what only followers saw before.",
        "The file is deleted with the post only where the instance cleans up attachments.",
    ),
)

_ID = re.compile(r"[0-9A-Za-z]{1,40}")
_HIDDEN, _SHOWN = "private", "unlisted"
_NARROWER = ("direct", "list")
"""What fewer people see than followers: to hide it would show it to more."""


class PleromaConnector:
    """Asks one instance; `SiteConnector` says what it promises."""

    def __init__(self, access: Access, http: OutgoingHttp, *, clock: Callable[[], datetime]) -> None:
        self._access = access
        self._api = PlatformApi("Pleroma", access, {"Authorization": f"Bearer {access.token}"}, http, clock)

    @property
    def can(self) -> Can:
        """See `CAN`."""
        return CAN

    async def deliver(self, action: Action) -> Outcome:
        """See `SiteConnector.deliver`."""
        if action.kind is ActionKind.RECONCILE:
            return Outcome(gone=tuple([name for name in action.asked if await self._is_gone(name)]))
        number = self._post(action)
        visibility = await self._visibility(number)
        if visibility is None:
            if action.kind is ActionKind.PUT_BACK:
                raise self._api.never("Pleroma has this post no more: what it deletes can only be posted anew.")
            return Outcome(gone=(action.named,))
        if action.kind is ActionKind.PUT_BACK:
            if visibility == _HIDDEN:
                await self._set(number, _SHOWN)
            return Outcome()
        if visibility not in (_HIDDEN, *_NARROWER):
            await self._set(number, _HIDDEN)
        if action.kind is ActionKind.REMOVE:
            await self._do("DELETE", number)
            return Outcome(gone=(action.named,))
        return Outcome()

    async def _is_gone(self, name: str) -> bool:
        own = name.removeprefix("notice/")
        return _ID.fullmatch(own) is not None and await self._visibility(own) is None

    async def _visibility(self, number: str) -> str | None:
        """Return who sees a post, as an administrator is told; None where there is none."""
        answer = await self._api.ask("GET", f"/api/v1/pleroma/admin/statuses/{number}")
        if answer.is_missing:
            if member(answer.said, "error") is None and not _says_not_found(answer.said):
                # Not its own word: a proxy before it may say so of everything.
                raise self._api.unusable()
            return None
        visibility = member(answer.said, "visibility")
        if not isinstance(visibility, str) or member(answer.said, "id") != number:
            raise self._api.unusable()
        return visibility

    async def _set(self, number: str, visibility: str) -> None:
        await self._do("PUT", number, {"visibility": visibility})

    async def _do(self, method: str, number: str, body: Mapping[str, object] | None = None) -> None:
        """Have something done about a post that was there just now: where it is not, asking again says what is so."""
        path = f"/api/v1/pleroma/admin/statuses/{number}"
        if (await self._api.ask(method, path, body=body, reads=False)).is_missing:
            raise self._api.unusable()

    def _post(self, action: Action) -> str:
        """Return the id of a post: of `/notice/ID` or `/@user/posts/ID`, or the site's own."""
        own = (action.item_id or "").removeprefix("notice/")
        if _ID.fullmatch(own):
            return own
        path = path_below(self._access.base_url, action.url) or ()
        is_post = (len(path) == 2 and path[0] == "notice") or (len(path) == 3 and path[1] == "posts")
        if is_post and _ID.fullmatch(path[-1]):
            return path[-1]
        raise self._api.never("This is no post that can be named to Pleroma (/notice/ID): look at it there.")


def _says_not_found(said: Any) -> bool:
    """Whether this is the bare word of older versions, which write it in two ways."""
    return isinstance(said, str) and said.lower() == "not found"
