"""
Mastodon's own calls, and what its answers come to.

The shapes are those of Mastodon's documentation (`Status`, `Report`, `Admin::Report`) and source (mastodon/mastodon):
`api/v1/reports_controller.rb`, `api/v1/admin/reports_controller.rb` (without `resolved` only open reports are listed),
and `{"error": ...}`; a post that is not shown to a token is 404, as one that is gone: also a public one whose author
blocked the token's account, though whoever does not sign in sees it (`app/policies/status_policy.rb`, `show?`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.actions.platforms.server import HANGS, TOKEN, Asked, Said, action, reconcile

from takeback.actions.interface import ActionKind, Outcome
from takeback.errors import DeliveryError

if TYPE_CHECKING:
    from tests.unit.actions.platforms.conftest import Deliver

HOLD, REMOVE, PUT_BACK = ActionKind.HOLD, ActionKind.REMOVE, ActionKind.PUT_BACK


@dataclass
class Mastodon:
    """A server with post 123; `reports` are those that this token filed, with whether they are closed."""

    shows: bool = True
    knows_legal: bool = True
    reports: list[dict[str, Any]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    instead: dict[str, Said] = field(default_factory=dict)
    to_anybody: Said | None = None
    """What is said of the post to whom it does not know, if not that it is not there."""

    def __call__(self, asked: Asked) -> Said:
        if asked.line in self.instead:
            return self.instead[asked.line]
        if asked.line == "GET /api/v1/statuses/123" and "authorization" not in asked.headers:
            return self.to_anybody or Said(404, {"error": "Record not found"})
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Said(401, {"error": "The access token is invalid"})
        if asked.line == "GET /api/v1/statuses/123" and self.shows:
            return Said(200, {"id": "123", "account": {"id": "7", "acct": "s"}, "content": "<p>s@one.example</p>"})
        if asked.line == "GET /api/v1/accounts/verify_credentials":
            return Said(200, {"id": "5", "username": "takeback"})
        if asked.line == "GET /api/v1/admin/reports" and asked.query["account_id"] == "5":
            closed = asked.query.get("resolved") == "true"
            return Said(200, [each for each in self.reports if (each["id"] in self.closed) is closed])
        if asked.line == "POST /api/v1/reports":
            if asked.json["category"] == "legal" and not self.knows_legal:
                return Said(500, b"<!DOCTYPE html>")
            account = {"id": "5", "email": "mod@one.example", "ip": "192.0.2.1"}
            self.reports.append({"id": str(80 + len(self.reports)), "account": account, **asked.json})
            return Said(200, {"id": self.reports[-1]["id"], "action_taken": False})
        return Said(404, {"error": "Record not found"})


def _by_link(kind: ActionKind, path: str) -> Any:
    return lambda root: action(kind, url=root + path)


@pytest.mark.parametrize("kind", [HOLD, REMOVE])
@pytest.mark.parametrize(
    "path", ["/@someone/123", "/users/someone/statuses/123", "/web/statuses/123", "/deck/@someone@other.example/123"]
)
def test_a_post_is_reported_as_a_legal_matter_and_the_order_says_what_is_left(
    deliver: Deliver, path: str, kind: ActionKind
) -> None:
    there = Mastodon()
    problem, server = deliver("mastodon", there, _by_link(kind, path), times=3)
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "Report 80 was filed there" in problem.message
    assert "/admin/reports/80" in problem.message
    (change,) = server.changes
    assert change.line == "POST /api/v1/reports"
    assert change.json == {
        "account_id": "7",
        "status_ids": ["123"],
        "category": "legal",
        "comment": "Takeback: a notice is about post 123. Delete it, or read how it was decided there.",
    }
    assert {each.headers["authorization"] for each in server.asked} == {f"Bearer {TOKEN}"}


def test_an_older_server_gets_a_report_of_another_category(deliver: Deliver) -> None:
    problem, server = deliver("mastodon", Mastodon(knows_legal=False), _by_link(HOLD, "/@someone/123"))
    assert isinstance(problem, DeliveryError)
    assert "Report 80" in problem.message
    assert [each.json["category"] for each in server.changes] == ["legal", "other"]


@pytest.mark.parametrize("closed", [set(), {"80"}])
def test_what_was_reported_and_is_shown_no_more_is_gone(deliver: Deliver, closed: set[str]) -> None:
    there = Mastodon()
    deliver("mastodon", there, _by_link(HOLD, "/@someone/123"))
    there.shows, there.closed = False, closed
    outcome, server = deliver("mastodon", there, _by_link(REMOVE, "/@someone/123"))
    assert outcome == Outcome(gone=(f"{server.url}/@someone/123",))


@pytest.mark.parametrize("status", [401, 403, 422])
def test_a_server_that_shows_nothing_to_strangers_is_believed(deliver: Deliver, status: int) -> None:
    there = Mastodon(to_anybody=Said(status, {"error": "This method requires an authenticated user"}))
    deliver("mastodon", there, _by_link(HOLD, "/@someone/123"))
    there.shows = False
    outcome, server = deliver("mastodon", there, _by_link(REMOVE, "/@someone/123"))
    assert outcome == Outcome(gone=(f"{server.url}/@someone/123",))


def test_a_post_whose_author_blocked_the_account_is_not_taken_to_be_gone(deliver: Deliver) -> None:
    there = Mastodon(to_anybody=Said(200, {"id": "123"}))
    deliver("mastodon", there, _by_link(HOLD, "/@someone/123"))
    there.shows = False
    problem, server = deliver("mastodon", there, _by_link(REMOVE, "/@someone/123"))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "the author has blocked" in problem.message
    assert "authorization" not in server.asked[-1].headers


def test_what_was_never_shown_is_not_taken_to_be_gone(deliver: Deliver) -> None:
    problem, _ = deliver("mastodon", Mastodon(shows=False), _by_link(HOLD, "/@someone/123"))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "only followers see it" in problem.message
    for order in (lambda _root: reconcile("123"), _by_link(PUT_BACK, "/@someone/123")):
        problem, server = deliver("mastodon", Mastodon(shows=False), order)
        assert isinstance(problem, DeliveryError)
        assert problem.permanent
        assert server.changes == []


def test_what_still_stands_needs_no_put_back(deliver: Deliver) -> None:
    outcome, server = deliver("mastodon", Mastodon(), lambda _root: action(PUT_BACK, "status/123"))
    assert outcome == Outcome()
    assert server.changes == []


@pytest.mark.parametrize("path", ["/", "/@someone", "/@someone/12x", "/system/media_attachments/a.png", "/about/123"])
def test_an_address_of_anything_else_is_not_asked_about(deliver: Deliver, path: str) -> None:
    problem, server = deliver("mastodon", Mastodon(), _by_link(REMOVE, path))
    assert isinstance(problem, DeliveryError)
    assert "This is no post" in problem.message
    assert server.asked == []


@pytest.mark.parametrize(
    ("said", "permanent", "wait", "message"),
    [
        (Said(401, {"error": "The access token was revoked"}), True, None, "takeback site token"),
        (Said(403, {"error": "outside the authorized scopes"}), True, None, "takeback site token"),
        (
            Said(429, {"error": "Too many requests"}, {"X-RateLimit-Reset": "2026-11-22T09:30:09.000000Z"}),
            False,
            9.0,
            "HTTP status 429",
        ),
        (Said(500), False, None, "HTTP status 500"),
        (Said(301, None, {"Location": "https://other.example/"}), True, None, "another address"),
        (Said(200, b"<html>"), False, None, "does not say"),
        (Said(200, {"id": "124", "account": {"id": "7"}}), False, None, "does not say"),
        (HANGS, False, None, "in time"),
    ],
)
def test_each_answer_that_is_no_success_ends_in_a_clear_state(
    deliver: Deliver, said: Said, permanent: bool, wait: float | None, message: str
) -> None:
    answers = Mastodon(instead={"GET /api/v1/statuses/123": said})
    problem, server = deliver("mastodon", answers, _by_link(HOLD, "/@someone/123"), quick=said is HANGS)
    assert isinstance(problem, DeliveryError)
    assert (problem.permanent, problem.retry_after_seconds) == (permanent, wait)
    assert message in problem.message
    assert server.changes == []
