"""A site is asked by a signed webhook, and its answer is read strictly."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from takeback.actions.interface import Action, ActionKind, Outcome, SiteConnector
from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.actions.signature import verify
from takeback.actions.webhook import WebhookConnector, webhook_body
from takeback.errors import BadSetting, DeliveryError, NotAllowed

if TYPE_CHECKING:
    from tests.unit.actions.conftest import Serve

SECRET = b"a secret of one site"
NOW = datetime(2026, 11, 22, 9, 45, tzinfo=UTC)
DECIDED_AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
REMOVE = Action(
    delivery_id="d-1",
    kind=ActionKind.REMOVE,
    item_id="post/81",
    case_id="c-1",
    at=DECIDED_AT,
    url="https://forum.example/81",
    reason={"law": "us-take-it-down", "text": "Höchste Zeit"},
)
RECONCILE = Action("d-2", ActionKind.RECONCILE, None, None, DECIDED_AT, asked=("81", "82", "83"))


def _answer(body: bytes, media_type: str = "application/json", status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _deliver(
    serve: Serve, answer: bytes, action: Action, former_secret: bytes | None = None
) -> tuple[Outcome, bytes, dict[str, str]]:
    async def run() -> tuple[Outcome, bytes]:
        async with serve(answer) as site:
            http = OutgoingHttp([site.name], timeouts=Timeouts(30, 30, 60))
            connector: SiteConnector = WebhookConnector(
                site.url, SECRET, http, clock=lambda: NOW, former_secret=former_secret
            )
            return await connector.deliver(action), site.requests[0]

    outcome, request = asyncio.run(run())
    head, _, body = request.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    return outcome, body, headers


def _failed(serve: Serve, answer: bytes, action: Action) -> DeliveryError:
    with pytest.raises(DeliveryError) as failure:
        _deliver(serve, answer, action)
    return failure.value


def test_a_site_receives_what_to_do_signed_at_the_moment_of_sending(serve: Serve) -> None:
    outcome, body, headers = _deliver(serve, b"HTTP/1.1 204 No Content\r\n\r\n", REMOVE)

    assert outcome == Outcome(gone=(), status=204)
    assert json.loads(body) == {
        "action": "remove",
        "at": "2026-11-22T09:30:00.000000Z",
        "case": "c-1",
        "delivery": "d-1",
        "format": 1,
        "item": "post/81",
        "reason": {"law": "us-take-it-down", "text": "Höchste Zeit"},
        "url": "https://forum.example/81",
    }
    assert headers["Takeback-Delivery"] == "d-1"
    assert headers["Content-Type"] == "application/json"
    verify(SECRET, headers["Takeback-Signature"], body, now=int(NOW.timestamp()), window_seconds=0)


def test_a_site_that_is_changing_its_secret_may_use_either(serve: Serve) -> None:
    _, body, headers = _deliver(serve, _answer(b"{}"), REMOVE, former_secret=b"the secret it had")

    for secret in (SECRET, b"the secret it had"):
        verify(secret, headers["Takeback-Signature"], body, now=int(NOW.timestamp()))
    with pytest.raises(NotAllowed):
        verify(b"one that it never had", headers["Takeback-Signature"], body, now=int(NOW.timestamp()))


def test_a_repeat_has_the_same_body() -> None:
    assert webhook_body(REMOVE) == webhook_body(REMOVE)
    assert b" " not in webhook_body(RECONCILE)


def test_a_reconciliation_names_the_items_and_no_case() -> None:
    assert json.loads(webhook_body(RECONCILE)) == {
        "action": "reconcile",
        "at": "2026-11-22T09:30:00.000000Z",
        "delivery": "d-2",
        "format": 1,
        "items": ["81", "82", "83"],
    }


@pytest.mark.parametrize(
    ("body", "gone"),
    [
        (b'{"gone":[]}', ()),
        (b'{"gone":["82"]}', ("82",)),
        (b'{"gone":["83","81","83"],"more":1}', ("83", "81")),
    ],
)
def test_a_site_says_which_items_are_gone(serve: Serve, body: bytes, gone: tuple[str, ...]) -> None:
    outcome, _, _ = _deliver(serve, _answer(body, "application/json; charset=utf-8"), RECONCILE)

    assert outcome.gone == gone


def test_a_removal_may_find_its_item_gone(serve: Serve) -> None:
    outcome, _, _ = _deliver(serve, _answer(b'{"gone":["post/81"]}'), REMOVE)

    assert outcome.gone == ("post/81",)


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"true", b'{"ok":true}', b"[1]"])
def test_any_success_is_an_answer_to_a_removal(serve: Serve, body: bytes) -> None:
    outcome, _, _ = _deliver(serve, _answer(body), REMOVE)

    assert outcome == Outcome(gone=(), status=200)


def test_a_success_in_plain_text_is_not_read(serve: Serve) -> None:
    outcome, _, _ = _deliver(serve, _answer(b'{"gone": broken', "text/plain"), REMOVE)

    assert outcome.gone == ()


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[]", b'{"gone":null}'])
def test_silence_is_no_answer_to_a_reconciliation(serve: Serve, body: bytes) -> None:
    error = _failed(serve, _answer(body), RECONCILE)

    assert "does not name the items that are gone" in error.message
    assert not error.permanent


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "is not"),
        (b"\xff\xfe", "is not"),
        (b'{"gone":[],"gone":["81"]}', "is not"),
        (b'{"gone":[NaN]}', "is not"),
        (b"[" * 30_000, "is not"),
        (b'{"gone":' + b"9" * 5_000 + b"}", "is not"),
        (b'{"gone":"81"}', "list of strings"),
        (b'{"gone":[81]}', "list of strings"),
        (b'{"gone":""}', "list of strings"),
        (b'{"gone":{}}', "list of strings"),
        (b'{"gone":{"81":true}}', "list of strings"),
        (b'{"gone":["84"]}', "not asked about"),
        (b'{"gone":["81","post/81 "]}', "not asked about"),
    ],
)
@pytest.mark.parametrize("action", [REMOVE, RECONCILE], ids=["remove", "reconcile"])
def test_an_answer_that_is_said_badly_is_not_guessed_at(
    serve: Serve, body: bytes, message: str, action: Action
) -> None:
    error = _failed(serve, _answer(body), action)

    assert message in error.message
    assert not error.permanent


@pytest.mark.parametrize(("status", "permanent"), [("500 X", False), ("410 Gone", True)])
def test_a_refusal_is_a_failed_delivery(serve: Serve, status: str, permanent: bool) -> None:
    error = _failed(serve, _answer(b"", status=status), REMOVE)

    assert error.permanent is permanent


def test_a_site_may_ask_for_time(serve: Serve) -> None:
    error = _failed(serve, b"HTTP/1.1 429 X\r\nRetry-After: Sun, 22 Nov 2026 09:46:00 GMT\r\n\r\n", REMOVE)

    assert error.retry_after_seconds == 60


@pytest.mark.parametrize("secrets", [{"secret": b"short"}, {"former_secret": b"short"}, {"secret": b""}])
def test_a_short_secret_is_a_bad_setting(secrets: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"secret": SECRET, "http": OutgoingHttp(), "clock": lambda: NOW} | secrets
    with pytest.raises(BadSetting, match="16 bytes"):
        WebhookConnector("https://forum.example/hook", **arguments)
