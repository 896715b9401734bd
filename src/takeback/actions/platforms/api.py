"""
How a platform's API is asked, and what its answers mean for an order.

All that a platform says is a stranger's word: of an answer only the members that are asked for are read, each by its
type; nothing else of it is kept or logged, since it may name people. The token goes to the platform's own address
alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from takeback.actions.outgoing import OutgoingHttp, Response
from takeback.actions.retry import retry_after_seconds
from takeback.errors import DeliveryError

MAX_ANSWER_BYTES = 1024 * 1024
"""Most bytes of one answer: a post with its text, its author and what they are of."""

SAID_HELD = "Hidden while a notice is examined."
SAID_REMOVED = "Removed after a notice."
SAID_SHOWN = "Shown again: the notice did not stand."
"""What stands in a platform's own log, which may be public: nothing of what the notice says."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where one platform is, and how it is spoken to."""

    base_url: str
    """Every item is below it: what the addresses of notices begin with."""
    api_url: str
    """Below it the API lies; the one place where the token goes."""
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an API said: `said` its JSON, None where it said nothing; `status` is 2xx, 404, 410 or one of `also`."""

    status: int
    said: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_missing(self) -> bool:
        """Whether the API knows no such thing."""
        return self.status in (404, 410)


class PlatformApi:
    """Asks one platform; `name` is what people call it, `headers` carry the token."""

    def __init__(
        self,
        name: str,
        access: Access,
        headers: Mapping[str, str],
        http: OutgoingHttp,
        clock: Callable[[], datetime],
    ) -> None:
        self.name = name
        self._root = access.api_url.rstrip("/")
        self._headers = {"Accept": "application/json", **headers}
        self._http = http
        self._clock = clock

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
        also: tuple[int, ...] = (),
        reads: bool = True,
    ) -> Answer:
        """
        Ask for `path` with `query`, or with `body` as JSON.

        Any status but 2xx, 404, 410 and those in `also` is a `DeliveryError` that says what to do. What is said with
        these is JSON, unless nothing of it is read (`reads` false).
        """
        url = self._root + path + (f"?{urlencode(query)}" if query else "")
        headers = dict(self._headers)
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        response = await self._http.ask(method, url, headers, data, max_bytes=MAX_ANSWER_BYTES)
        if response.status not in (404, 410, *also):
            self.judge(response)
        said = self._json(response) if reads or response.status in also else None
        return Answer(response.status, said, response.headers)

    def judge(self, response: Response) -> None:
        """Raise `DeliveryError` unless the status is 2xx."""
        if response.status in (401, 403):
            raise self.refused_token(f"HTTP status {response.status}")
        if 300 <= response.status < 400:
            raise self.moved(response.status)
        if 400 <= response.status < 500 and response.status not in (408, 425, 429):
            raise self.never(f"{self.name} refused the request (HTTP status {response.status}).")
        if response.status == 429:
            raise self.slower(response.status, response.headers)
        response.require_success(now=self._clock())

    def refused_token(self, why: str) -> DeliveryError:
        """Return the error for a token that is wrong, has ended, or lacks a right."""
        return self.never(
            f"{self.name} does not accept the token ({why}): make one with the rights that docs/platforms names, give "
            "it with `takeback site token`, and try again."
        )

    def moved(self, status: int) -> DeliveryError:
        """Return the error for a redirect, which is never followed."""
        return self.never(
            f"{self.name} answers at another address now (HTTP status {status}): look where the item is, or add the "
            "site anew with that address."
        )

    def slower(self, status: int, headers: Mapping[str, str]) -> DeliveryError:
        """Return the error for a platform that wants to be asked later."""
        now = self._clock()
        wait_seconds = retry_after_seconds(headers.get("retry-after", ""), now=now)
        if wait_seconds is None:
            wait_seconds = _until(headers.get("x-ratelimit-reset", ""), now)
        return DeliveryError(
            f"{self.name} wants to be asked less often (HTTP status {status}).", retry_after_seconds=wait_seconds
        )

    def never(self, message: str) -> DeliveryError:
        """Return an error that no second asking mends."""
        return DeliveryError(message, permanent=True, advice="Read the page of the platform in docs/platforms.")

    def unusable(self) -> DeliveryError:
        """Return the error for an answer that is not what this API says; it may be a page of a proxy before it."""
        return DeliveryError(f"{self.name} answered with something that its API does not say.")

    def _json(self, response: Response) -> Any:
        if not response.body:
            return None
        try:
            return json.loads(response.body)
        except (ValueError, RecursionError):
            if 200 <= response.status < 300:
                raise self.unusable() from None
            return None


def member(said: Any, *names: str) -> Any:
    """Return what stands under `names`, one in the other; None where it does not."""
    for name in names:
        said = said.get(name) if isinstance(said, dict) else None
    return said


def _until(moment: str, now: datetime) -> float | None:
    """Return the seconds until a moment in ISO 8601, as Mastodon writes it; None where it is none."""
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return None if at.tzinfo is None else max(0.0, (at - now).total_seconds())


def path_below(base_url: str, url: str | None) -> tuple[str, ...] | None:
    """Return the segments of an address after those of the base, decoded; None where it lies elsewhere."""
    if url is None:
        return None
    base, link = urlsplit(base_url), urlsplit(url)
    own = _segments(base.path)
    found = _segments(link.path)
    same = (base.hostname, base.port) == (link.hostname, link.port)
    return found[len(own) :] if same and found[: len(own)] == own else None


def _segments(path: str) -> tuple[str, ...]:
    return tuple(unquote(part) for part in path.split("/") if part)
