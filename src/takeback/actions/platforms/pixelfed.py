"""
Pixelfed, by its moderation call, with the token of an administrator.

*mark-private* takes a post from everyone but the followers of its author; the picture's own address goes on being
served. That is all the hold there is. *delete* deletes post and file, for good.

The call sets whom a post is shown to, whatever that was: what its author archived, and what was sent to one person, it
would show to followers. So it is asked first who sees the post; of these two Pixelfed says the same as of one that is
gone (`StatusService::get` of pixelfed/pixelfed, app/Services/StatusService.php), and they are left to a person.
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
        "What the author archived, or sent to one person alone, is not held: that would show it to more people.",
    ),
)

_NUMBER = re.compile(r"[1-9][0-9]{0,20}")
_UNKNOWN = "Cannot find status"
_PROTECTED = "Cannot moderate admin accounts"
_LOGIN = ("login",)
_CONFIRM = ("i", "verify-email")
_HIDDEN, _SHOWN = "private", ("public", "unlisted")


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
        visibility = await self._visibility(number)
        if action.kind is ActionKind.PUT_BACK:
            await self._show(number, visibility)
            return Outcome()
        # Also where it is hidden already: of a post that only followers see, nothing but this is said.
        if visibility is not None and not await self._moderate(number, "mark-private"):
            return Outcome(gone=(action.named,))
        if action.kind is ActionKind.REMOVE:
            await self._moderate(number, "delete")
            return Outcome(gone=(action.named,))
        if visibility is None:
            raise self._api.never(
                "Pixelfed shows no such post: it is deleted, its author archived it, or it was sent to one person "
                "alone. A hold would show it to more people. Look at it there; a removal deletes it."
            )
        return Outcome()

    async def _show(self, number: str, visibility: str | None) -> None:
        if visibility == _HIDDEN and await self._moderate(number, "mark-unlisted"):
            return
        if visibility not in _SHOWN:
            raise self._api.never(
                "Pixelfed shows no such post: what it deletes can only be posted anew, and what its author archived is "
                "theirs to show."
            )

    async def _visibility(self, number: str) -> str | None:
        """Return who sees a post, None where it is not one that all or followers see; the token reads, and may."""
        answer = await self._api.ask("GET", f"/api/v1/statuses/{number}", also=(302, 400, 403))
        if answer.status == 302:
            raise self._led_away(answer)
        if answer.status == 403:
            # Followers alone see it, or the token may not read: then neither this.
            await self._api.ask("GET", "/api/v1/accounts/verify_credentials")
            return _HIDDEN
        if answer.is_missing or answer.status == 400:
            return None
        visibility = member(answer.said, "visibility")
        if not isinstance(visibility, str) or member(answer.said, "id") != number:
            raise self._api.unusable()
        return visibility if visibility in (_HIDDEN, *_SHOWN) else None

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
            # The call itself is not there, or is kept from whoever asks.
            raise self._api.never(
                "Pixelfed shows the token no moderation call: it is no administrator's, or the instance is too old, or "
                "it keeps the addresses of clouds away (PF_BOUNCER_BAN_CLOUD_SIGNUPS)."
            )
        raise self._api.never(f"Pixelfed refused the request (HTTP status {answer.status}).")

    def _led_away(self, answer: Answer) -> DeliveryError:
        """Say what a redirect means: to whom it does not know, an instance shows the page where people sign in."""
        there = path_below(self._access.api_url, urljoin(self._access.api_url, answer.headers.get("location", "")))
        if there == _LOGIN:
            return self._api.refused_token("it asks to sign in")
        if there == _CONFIRM:
            return self._api.never(
                "Pixelfed wants the mail address of the token's account confirmed first: do that there, then try again."
            )
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
