"""
Mastodon, by its API, as a moderator: it has no call that hides or deletes one post.

So an order files a report of the category *legal* with the post, and then fails, for good and with what is left to do:
a moderator deletes the post in that report, and the order, tried again, sees that it is gone. No account is silenced
or marked instead: that would hide what nobody reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from takeback.actions.interface import Action, ActionKind, Can, Outcome
from takeback.actions.outgoing import OutgoingHttp
from takeback.actions.platforms.api import Access, PlatformApi, member, path_below

CAN = Can(
    hold=False,
    lift=False,
    put_back=False,
    reconcile=False,
    limits=(
        "Mastodon has no call that hides or deletes one post: each order files a report there, and fails until a "
        "moderator has deleted the post in it.",
        "A post that only followers see is not shown to the token; it has to be looked for there.",
        "The picture stays in the caches of other servers until they take the deletion.",
    ),
)

_NUMBER = re.compile(r"[1-9][0-9]{0,20}")
_ACCOUNT = re.compile(r"@[^/]+")
_MOST_REPORTS = 100


class MastodonConnector:
    """Asks one server; `SiteConnector` says what it promises."""

    def __init__(self, access: Access, http: OutgoingHttp, *, clock: Callable[[], datetime]) -> None:
        self._access = access
        self._api = PlatformApi("Mastodon", access, {"Authorization": f"Bearer {access.token}"}, http, clock)
        self._anybody = PlatformApi("Mastodon", access, {}, http, clock)

    @property
    def can(self) -> Can:
        """See `CAN`."""
        return CAN

    async def deliver(self, action: Action) -> Outcome:
        """See `SiteConnector.deliver`."""
        if action.kind is ActionKind.RECONCILE:
            raise self._api.never("Mastodon does not say of a post that is not shown whether it is gone.")
        number = self._number(action)
        answer = await self._api.ask("GET", f"/api/v1/statuses/{number}")
        if answer.is_missing:
            return await self._missing(action, number)
        author = member(answer.said, "account", "id")
        if not isinstance(author, str) or member(answer.said, "id") != number:
            raise self._api.unusable()
        if action.kind is ActionKind.PUT_BACK:
            return Outcome()
        report = await self._report_on(number) or await self._file(number, author)
        raise self._api.never(
            f"Mastodon cannot be told to hide or delete one post. Report {report} was filed there: a moderator has to "
            f"delete the post in it (/admin/reports/{report}); then try this again."
        )

    async def _missing(self, action: Action, number: str) -> Outcome:
        """
        Say what it means that a post is not shown.

        Who may see it never changes, so one that was shown is gone, or its author has blocked the token's account:
        then whoever does not sign in still sees it.
        """
        if action.kind is ActionKind.PUT_BACK:
            raise self._api.never("Mastodon shows this post no more: what is deleted there can only be posted anew.")
        if await self._report_on(number) is None:
            raise self._api.never(
                "Mastodon shows no such post to the token: it is deleted, or only followers see it. Look for it there."
            )
        if await self._is_shown_to_anybody(number):
            raise self._api.never(
                "Mastodon shows this post to everybody but the token, whose account the author has blocked: delete it "
                "there as another moderator, or settle the copy."
            )
        return Outcome(gone=(action.named,))

    async def _is_shown_to_anybody(self, number: str) -> bool:
        # A server may show nothing to whom it does not know.
        answer = await self._anybody.ask("GET", f"/api/v1/statuses/{number}", also=(401, 403, 422))
        return answer.status == 200 and member(answer.said, "id") == number

    async def _file(self, number: str, author: str) -> str:
        """Report a post as a legal matter; to servers that do not know that category, as another one."""
        body: dict[str, Any] = {"account_id": author, "status_ids": [number], "comment": _comment(number)}
        # A category that it does not know breaks a server before 4.2 (mastodon/mastodon, pull request 25833).
        answer = await self._api.ask("POST", "/api/v1/reports", body={**body, "category": "legal"}, also=(422, 500))
        if answer.status in (422, 500):
            answer = await self._api.ask("POST", "/api/v1/reports", body={**body, "category": "other"})
        report = member(answer.said, "id")
        if not isinstance(report, str) or not _NUMBER.fullmatch(report):
            raise self._api.unusable()
        return report

    async def _report_on(self, number: str) -> str | None:
        """Return the report that was filed about a post before, open or closed; None where there is none."""
        me = member((await self._api.ask("GET", "/api/v1/accounts/verify_credentials")).said, "id")
        if not isinstance(me, str) or not _NUMBER.fullmatch(me):
            raise self._api.unusable()
        states: tuple[dict[str, str | int], ...] = ({}, {"resolved": "true"})
        for state in states:
            query = {"account_id": me, "limit": _MOST_REPORTS, **state}
            reports = (await self._api.ask("GET", "/api/v1/admin/reports", query=query)).said
            if not isinstance(reports, list):
                raise self._api.unusable()
            for each in reports:
                found = member(each, "id")
                if member(each, "comment") == _comment(number) and isinstance(found, str) and _NUMBER.fullmatch(found):
                    return found
        return None

    def _number(self, action: Action) -> str:
        """Return the id of a post: of `/@user/1`, `/users/user/statuses/1`, `/web/statuses/1`, or the site's own."""
        own = (action.item_id or "").removeprefix("status/")
        if _NUMBER.fullmatch(own):
            return own
        path = path_below(self._access.base_url, action.url) or ()
        path = path[1:] if path[:1] in (("web",), ("deck",)) else path
        by_account = len(path) == 2 and (_ACCOUNT.fullmatch(path[0]) or path[0] == "statuses")
        by_user = len(path) == 4 and (path[0], path[2]) == ("users", "statuses")
        if (by_account or by_user) and _NUMBER.fullmatch(path[-1]):
            return path[-1]
        raise self._api.never("This is no post that can be named to Mastodon (/@user/123): look at it there.")


def _comment(number: str) -> str:
    return f"Takeback: a notice is about post {number}. Delete it, or read how it was decided there."
