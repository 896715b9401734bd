"""
A site that is asked by a signed webhook.

The body says what to do; `Takeback-Signature` says that we ask (`signature`), `Takeback-Delivery` repeats the
body's `delivery`, for logs. Any 2xx means: done, or done before. An answer in JSON may name items that the
site no longer has, `{"gone": ["81"]}`; to a reconciliation it must.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from takeback.actions import signature
from takeback.actions.interface import Action, ActionKind, Can, Outcome
from takeback.actions.outgoing import OutgoingHttp, Response
from takeback.audit.event import Json, canonical_json, canonical_moment
from takeback.errors import BadSetting, DeliveryError

DELIVERY_HEADER = "Takeback-Delivery"

MIN_SECRET_BYTES = 16
"""Shortest secret: 128 bits, beyond guessing from a signature."""

_FORMAT = 1


class WebhookConnector:
    """
    Asks one site at `url`, signed with `secret`; `SiteConnector` says what it promises.

    `clock` gives the moment of signing. While a site changes its secret, `former_secret` signs too. Raises
    `BadSetting` on a secret of less than 16 bytes.
    """

    def __init__(
        self,
        url: str,
        secret: bytes,
        http: OutgoingHttp,
        *,
        clock: Callable[[], datetime],
        former_secret: bytes | None = None,
    ) -> None:
        if min(len(secret), len(former_secret or secret)) < MIN_SECRET_BYTES:
            raise BadSetting(f"A webhook's secret has at least {MIN_SECRET_BYTES} bytes.")
        self._url = url
        self._secret = secret
        self._former_secret = former_secret
        self._http = http
        self._clock = clock

    @property
    def can(self) -> Can:
        """All of it: how, is the site's own to write."""
        return Can()

    async def deliver(self, action: Action) -> Outcome:
        """See `SiteConnector.deliver`."""
        body = webhook_body(action)
        signed_at = int(self._clock().timestamp())
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            signature.HEADER: signature.sign(self._secret, signed_at, body, former_secret=self._former_secret),
            DELIVERY_HEADER: action.delivery_id,
        }
        response = await self._http.post(self._url, headers, body)
        response.require_success(now=self._clock())
        return Outcome(gone=_gone(response, action), status=response.status)


def webhook_body(action: Action) -> bytes:
    """Return the canonical JSON that a site receives for `action`."""
    body: dict[str, Json] = {
        "action": action.kind.value,
        "at": canonical_moment(action.at),
        "delivery": action.delivery_id,
        "format": _FORMAT,
    }
    if action.kind is ActionKind.RECONCILE:
        return canonical_json({**body, "items": action.asked})
    reason = dict(action.reason)
    body |= action.told
    return canonical_json({**body, "case": action.case_id, "item": action.item_id, "reason": reason, "url": action.url})


def _gone(response: Response, action: Action) -> tuple[str, ...]:
    """Return the items that the answer says are gone; raises `DeliveryError` where it says it badly."""
    # 1. Only JSON is read; what else a site says with 2xx ("ok") is its own.
    said = _json(response) if _is_json(response) else None
    gone = said.get("gone") if isinstance(said, dict) else None
    # 2. Silence is an answer, but not to a question.
    if gone is None and action.kind is not ActionKind.RECONCILE:
        return ()
    # 3. Only items that were asked about can be gone.
    if not isinstance(gone, list) or not all(isinstance(each, str) for each in gone):
        raise _unusable("does not name the items that are gone as a list of strings")
    if not set(gone) <= set(action.item_ids):
        raise _unusable("names items that it was not asked about")
    return tuple(dict.fromkeys(gone))


def _is_json(response: Response) -> bool:
    media_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
    return media_type == "application/json" and response.body != b""


def _json(response: Response) -> Any:
    try:
        return json.loads(response.body.decode(), object_pairs_hook=_members, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise _unusable("says that it is JSON and is not") from None


def _members(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name twice in one object")
    return members


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _unusable(what: str) -> DeliveryError:
    return DeliveryError(
        f"The site's answer to the webhook {what}.",
        advice='A site answers a webhook with 204, or with JSON such as {"gone": []}.',
    )
