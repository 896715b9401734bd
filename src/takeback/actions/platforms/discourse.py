"""
Discourse, by its API, with the key of one moderator.

A post that staff delete is shown to nobody but staff, and can be recovered as it was. That is the hold, the removal and
the way back. Discourse can also *hide* a post, as flags do: but whoever wrote it shows it again by an edit, so it is no
hold.

No call deletes a first post alone, for anybody (`can_delete_post?`, lib/guardian/post_guardian.rb of
discourse/discourse): it goes, and comes back, with its topic.
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
    most_asked=50,
    limits=(
        "The picture's own address below /uploads is still served to whoever has it; Discourse deletes the file only "
        "where no post has it any more, and has no call for that.",
        "Of the first post of a topic, the whole topic is hidden with it.",
        "Former versions of a post are kept with it, for staff.",
    ),
)

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


class DiscourseConnector:
    """Asks one forum; `SiteConnector` says what it promises."""

    def __init__(self, access: Access, http: OutgoingHttp, *, clock: Callable[[], datetime]) -> None:
        self._access = access
        self._api = PlatformApi("Discourse", access, {"Api-Key": access.token}, http, clock)
        self._me: int | None = None

    @property
    def can(self) -> Can:
        """See `CAN`."""
        return CAN

    async def deliver(self, action: Action) -> Outcome:
        """See `SiteConnector.deliver`."""
        if action.kind is ActionKind.RECONCILE:
            return Outcome(gone=tuple([name for name in action.asked if await self._is_gone(name)]))
        post = await self._find(action)
        if post is None:
            if action.kind is ActionKind.PUT_BACK:
                raise self._api.never("Discourse has this post no more: it was deleted for good there.")
            return Outcome(gone=(action.named,))
        is_hidden = post["deleted_at"] is not None
        if action.kind is ActionKind.PUT_BACK and is_hidden:
            await self._recover(post)
        elif action.kind is not ActionKind.PUT_BACK and not is_hidden:
            await (self._delete_topic(post) if _is_first(post) else self._do("DELETE", f"/posts/{post['id']}.json"))
        return Outcome()

    async def _do(self, method: str, path: str, body: Mapping[str, object] | None = None) -> None:
        """Have something done about a post that was there just now: where it is not, asking again says what is so."""
        if (await self._api.ask(method, path, body=body, reads=False)).is_missing:
            raise self._api.unusable()

    async def _delete_topic(self, post: Mapping[str, Any]) -> None:
        """Have a topic deleted; to whom it may not, and of what cannot be, Discourse says 422."""
        answer = await self._api.ask("DELETE", f"/t/{post['topic_id']}.json", also=(422,), reads=False)
        if answer.status == 422:
            await self._staff()
            raise self._api.never(
                "Discourse deletes this topic for nobody (HTTP status 422): it describes a category, is one of the "
                "forum's own pages such as its terms, or is deleted already. Look at it there."
            )
        if answer.is_missing:
            raise self._api.unusable()

    async def _recover(self, post: Mapping[str, Any]) -> None:
        if member(post, "deleted_by", "id") != await self._staff():
            raise self._api.never(
                "Somebody else deleted this post, for reasons of their own: recover it there, if it is to be shown."
            )
        place = f"/t/{post['topic_id']}" if _is_first(post) else f"/posts/{post['id']}"
        await self._do("PUT", f"{place}/recover.json", {})

    async def _is_gone(self, name: str) -> bool:
        """Whether a post is gone for good; one that can be recovered is not, nor what could not be asked about."""
        number = _number_of(name)
        return number is not None and await self._post(f"/posts/{number}.json", {"id": number}) is None

    async def _find(self, action: Action) -> Mapping[str, Any] | None:
        number = None if action.item_id is None else _number_of(action.item_id)
        if number is not None:
            return await self._post(f"/posts/{number}.json", {"id": number})
        path = path_below(self._access.base_url, action.url) or ()
        if len(path) == 2 and path[0] == "p" and _NUMBER.fullmatch(path[1]):
            return await self._post(f"/posts/{path[1]}.json", {"id": int(path[1])})
        place = _place_of(path)
        if place is None:
            raise self._api.never(
                "This is no post that can be named to Discourse (/t/slug/12/3, /p/123): look at it there."
            )
        topic, place_in_topic = place
        asked = {"topic_id": topic, "post_number": place_in_topic}
        post = await self._post(f"/posts/by_number/{topic}/{place_in_topic}.json", asked)
        if post is None:
            # A post that was moved to another topic leaves its number behind.
            raise self._api.never(
                "Discourse has no post at this place: it was moved to another topic, or deleted for good. Look for it."
            )
        return post

    async def _post(self, path: str, asked: Mapping[str, int]) -> Mapping[str, Any] | None:
        """Return a post, one that staff deleted too; None where there is none, as far as a moderator sees."""
        answer = await self._api.ask("GET", path)
        if answer.is_missing:
            await self._staff()
            return None
        said = answer.said
        if not isinstance(said, dict) or "deleted_at" not in said:
            raise self._api.unusable()
        if not all(isinstance(said.get(name), int) for name in ("id", "topic_id", "post_number")):
            raise self._api.unusable()
        if any(said.get(name) != value for name, value in asked.items()):
            raise self._api.never("Discourse answered about another post than it was asked: look where this is now.")
        return said

    async def _staff(self) -> int:
        """Return whose key it is; `DeliveryError` where no moderator's: to others, what was deleted looks gone."""
        if self._me is None:
            user = member((await self._api.ask("GET", "/session/current.json")).said, "current_user")
            if not isinstance(member(user, "id"), int):
                raise self._api.unusable()
            if member(user, "moderator") is not True and member(user, "admin") is not True:
                raise self._api.refused_token("it is no moderator's")
            self._me = user["id"]
        return self._me


def _is_first(post: Mapping[str, Any]) -> bool:
    return bool(post["post_number"] == 1)


def _number_of(item_id: str) -> int | None:
    number = item_id.removeprefix("post/")
    return int(number) if _NUMBER.fullmatch(number) else None


def _place_of(path: tuple[str, ...]) -> tuple[int, int] | None:
    """Return topic and number of a post in `/t/slug/12/3`, `/t/slug/12`, `/t/12/3` or `/t/12`; else the first."""
    if not 2 <= len(path) <= 4 or path[0] != "t":
        return None
    numbers = path[1:] if _NUMBER.fullmatch(path[1]) else path[2:]
    if not 1 <= len(numbers) <= 2 or not all(_NUMBER.fullmatch(each) for each in numbers):
        return None
    return int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else 1
