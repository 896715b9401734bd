"""
Pixelfed, by its moderation call, with the token of an administrator.

*mark-private* takes a post from everyone but the followers of its author; the picture's own address goes on being
served. That is all the hold there is. *delete* deletes post and file, for good.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urljoin

from takeback.actions.interface import Action, ActionKind, Can, Outcome
from takeback.actions.outgoing import OutgoingHttp
from takeback.actions.platforms.api import Access, Answer, PlatformApi, member, path_below
from takeback.errors import DeliveryError

CAN = Can(
    put_back=False,
    reconcile=False,
    limits=(
        "A hold is weak: followers still see the post, and the picture's own address is still served. Decide soon.",
        "A removal deletes post and file: it cannot be put back, only posted anew.",
        "What was held is shown again by its address alone (unlisted), also what only followers saw before.",
        "Posts of the instance's own administrators cannot be moderated by its API.",
    ),
)

_NUMBER = re.compile(r"[1-9][0-9]{0,20}")
_UNKNOWN = "Cannot find status"
_PROTECTED = "Cannot moderate admin accounts"
_LOGIN = ("login",)


class PixelfedConnector:
    """Asks one instance; `SiteConnector` says what it promises."""

    def __init__(self, access: Access, http: OutgoingHttp, *, clock: Callable[[], datetime]) -> None:
        self._access = access
        self._api = PlatformApi("Pixelfed", access, {"Authorization": f"Bearer {access.token}"}, http, clock)

    @property
    def can(self) -> Can:
        """See `CAN`."""
        return CAN

    async def deliver(self, action: Action) -> Outcome:
        """See `SiteConnector.deliver`."""
        if action.kind is ActionKind.RECONCILE:
            raise self._api.never("Pixelfed does not say of a post that is not shown whether it is gone.")
        number = self._number(action)
        if action.kind is ActionKind.PUT_BACK:
            if not await self._moderate(number, "mark-unlisted"):
                raise self._api.never("Pixelfed has this post no more: what it deletes can only be posted anew.")
            return Outcome()
        is_there = await self._moderate(number, "mark-private")
        if action.kind is ActionKind.REMOVE and is_there:
            await self._moderate(number, "delete")
        is_gone = action.kind is ActionKind.REMOVE or not is_there
        return Outcome(gone=(action.named,) if is_gone else ())

    async def _moderate(self, number: str, what: str) -> bool:
        """Have something done about a post; False where there is none."""
        place = f"/api/admin/moderate/post/{number}"
        answer = await self._api.ask("POST", place, body={"action": what}, also=(302, 400))
        error = member(answer.said, "error")
        if answer.status < 300:
            # The post as it is now; nothing after a deletion, or where the post is in no cache.
            if error is not None or member(answer.said, "id") not in (None, number):
                raise self._api.unusable()
            return True
        if answer.status == 302:
            raise self._led_away(answer)
        if error == _UNKNOWN:
            return False
        if error == _PROTECTED:
            raise self._api.never("Pixelfed lets nobody moderate an administrator's post: hide it there.")
        if answer.is_missing:
            # The call itself is not there: an older version, or another program.
            raise self._api.never("There is no moderation call of Pixelfed at this address: it may be too old.")
        raise self._api.never(f"Pixelfed refused the request (HTTP status {answer.status}).")

    def _led_away(self, answer: Answer) -> DeliveryError:
        """Say what a redirect means: to whom it does not know, an instance shows the page where people sign in."""
        if (
            path_below(self._access.api_url, urljoin(self._access.api_url, answer.headers.get("location", "")))
            == _LOGIN
        ):
            return self._api.refused_token("it asks to sign in")
        return self._api.moved(answer.status)

    def _number(self, action: Action) -> str:
        """Return the id of a post: of `/p/user/1` or `/i/web/post/1`, or the site's own."""
        own = (action.item_id or "").removeprefix("post/")
        if _NUMBER.fullmatch(own):
            return own
        path = path_below(self._access.base_url, action.url) or ()
        is_post = (len(path) == 3 and path[0] == "p") or (len(path) == 4 and path[:3] == ("i", "web", "post"))
        if is_post and _NUMBER.fullmatch(path[-1]):
            return path[-1]
        raise self._api.never("This is no post that can be named to Pixelfed (/p/user/123): look at it there.")
