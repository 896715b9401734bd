"""
Pixelfed's and Pleroma's own calls, and what their answers come to.

Pixelfed's shapes are those of `moderatePost` in its source (pixelfed/pixelfed, `Api/V1Dot1/ModerationController.php`,
`Api/ApiV1Dot1Controller.php` before): errors of its own come with status 400, a deletion answers `[]`; and of
`statusById` (`Api/V1Api/Statuses.php`), which is 403 for what only followers see, and 404 for what is archived or a
message. Pleroma's are those of its admin API's documentation (`GET`, `PUT` and `DELETE
/api/v1/pleroma/admin/statuses/:id`, "Not found" with 404), which Akkoma shares.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.actions.platforms.server import HANGS, TOKEN, Answers, Asked, Said, action, reconcile

from takeback.actions.interface import ActionKind, Outcome
from takeback.errors import DeliveryError

if TYPE_CHECKING:
    from tests.unit.actions.platforms.conftest import Deliver

HOLD, REMOVE, PUT_BACK = ActionKind.HOLD, ActionKind.REMOVE, ActionKind.PUT_BACK
FLAKE = "AbCdEf0123456789xy"
MODERATE = "POST /api/admin/moderate/post/123"


@dataclass
class Pixelfed:
    """An instance with post 123."""

    visibility: str | None = "public"
    of_admin: bool = False
    instead: dict[str, Said] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Said:
        if asked.line in self.instead:
            return self.instead[asked.line]
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Said(403, {"message": ""})
        if asked.line == "GET /api/v1/accounts/verify_credentials":
            return Said(200, {"id": "5", "username": "takeback", "note": "s@one.example"})
        if asked.line == "GET /api/v1/statuses/123":
            return self._status()
        if asked.line != MODERATE:
            return Said(404, b"<html>")
        if self.visibility is None:
            return Said(400, {"error": "Cannot find status"})
        if self.of_admin:
            return Said(400, {"error": "Cannot moderate admin accounts"})
        if asked.json["action"] == "delete":
            self.visibility = None
            return Said(200, [])
        self.visibility = asked.json["action"].removeprefix("mark-")
        return self._shown()

    def _status(self) -> Said:
        if self.visibility == "private":
            return Said(403, {"message": ""})
        return self._shown() if self.visibility in ("public", "unlisted") else Said(404, {"message": ""})

    def _shown(self) -> Said:
        return Said(200, {"id": "123", "visibility": self.visibility, "account": {"note": "s@one.example"}})


@dataclass
class Pleroma:
    """An instance with one post."""

    visibility: str | None = "public"
    instead: dict[str, Said] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Said:
        if asked.line in self.instead:
            return self.instead[asked.line]
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Said(403, {"error": "User is not a staff member."})
        if asked.path != f"/api/v1/pleroma/admin/statuses/{FLAKE}" or self.visibility is None:
            return Said(404, {"error": "Not found"})
        if asked.method == "DELETE":
            self.visibility = None
            return Said(200, {})
        if asked.method == "PUT":
            self.visibility = asked.json["visibility"]
        return Said(200, {"id": FLAKE, "visibility": self.visibility, "account": {"note": "s@one.example"}})


KINDS: list[tuple[str, Any, str, str]] = [
    ("pixelfed", Pixelfed, "/p/someone/123", "post/123"),
    ("pixelfed", Pixelfed, "/i/web/post/123", "123"),
    ("pleroma", Pleroma, f"/notice/{FLAKE}", FLAKE),
    ("pleroma", Pleroma, f"/@someone/posts/{FLAKE}", f"notice/{FLAKE}"),
]


def _by_id(kind: ActionKind, item: str) -> Any:
    return lambda _root: action(kind, item)


def _by_link(kind: ActionKind, path: str) -> Any:
    return lambda root: action(kind, url=root + path)


@pytest.mark.parametrize(("name", "make", "path", "item"), KINDS)
def test_a_post_is_held_lifted_and_removed_for_good(
    deliver: Deliver, name: str, make: Any, path: str, item: str
) -> None:
    there = make()
    outcome, _ = deliver(name, there, _by_link(HOLD, path), times=2)
    assert (outcome, there.visibility) == (Outcome(), "private")
    outcome, _ = deliver(name, there, _by_link(PUT_BACK, path), times=2)
    assert (outcome, there.visibility) == (Outcome(), "unlisted")
    outcome, _ = deliver(name, there, lambda _root: action(REMOVE, item), times=2)
    assert (outcome, there.visibility) == (Outcome(gone=(item,)), None)
    outcome, server = deliver(name, there, _by_link(REMOVE, path))
    assert outcome == Outcome(gone=(server.url + path,))
    lost, _ = deliver(name, there, _by_link(PUT_BACK, path))
    assert isinstance(lost, DeliveryError)
    assert lost.permanent
    assert "posted anew" in lost.message


def test_each_call_is_as_the_platform_takes_it(deliver: Deliver) -> None:
    _, server = deliver("pixelfed", Pixelfed(), _by_link(REMOVE, "/p/someone/123"))
    assert [(each.line, each.json) for each in server.changes] == [
        (MODERATE, {"action": "mark-private"}),
        (MODERATE, {"action": "delete"}),
    ]
    _, server = deliver("pleroma", Pleroma(), _by_link(REMOVE, f"/notice/{FLAKE}"))
    place = f"/api/v1/pleroma/admin/statuses/{FLAKE}"
    assert [(each.line, each.body) for each in server.changes] == [
        (f"PUT {place}", b'{"visibility": "private"}'),
        (f"DELETE {place}", b""),
    ]


@pytest.mark.parametrize(
    ("name", "answers", "line"),
    [
        ("pixelfed", Pixelfed(instead={MODERATE: Said(500)}), "POST"),
        ("pleroma", Pleroma(instead={f"PUT /api/v1/pleroma/admin/statuses/{FLAKE}": Said(500)}), "PUT"),
    ],
)
def test_nothing_is_deleted_that_could_not_be_held_before(
    deliver: Deliver, name: str, answers: Answers, line: str
) -> None:
    item = "123" if name == "pixelfed" else FLAKE
    problem, server = deliver(name, answers, lambda _root: action(REMOVE, item))
    assert isinstance(problem, DeliveryError)
    assert [each.method for each in server.changes] == [line]


def test_the_post_of_an_administrator_is_left_to_the_instance(deliver: Deliver) -> None:
    problem, _ = deliver("pixelfed", Pixelfed(of_admin=True), _by_link(HOLD, "/p/someone/123"))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "administrator's post" in problem.message


@pytest.mark.parametrize("visibility", ["archived", "direct"])
def test_what_fewer_people_see_than_followers_is_never_shown_to_more(deliver: Deliver, visibility: str) -> None:
    there = Pixelfed(visibility=visibility)
    for kind, word in ((HOLD, "to more people"), (PUT_BACK, "theirs to show")):
        problem, server = deliver("pixelfed", there, _by_link(kind, "/p/someone/123"))
        assert isinstance(problem, DeliveryError)
        assert problem.permanent
        assert word in problem.message
        assert server.changes == []
    outcome, server = deliver("pixelfed", there, _by_id(REMOVE, "123"))
    assert outcome == Outcome(gone=("123",))
    assert [each.json for each in server.changes] == [{"action": "delete"}]


@pytest.mark.parametrize("visibility", ["direct", "list"])
def test_what_fewer_than_followers_see_on_pleroma_stays_so(deliver: Deliver, visibility: str) -> None:
    there = Pleroma(visibility=visibility)
    for kind in (HOLD, PUT_BACK):
        outcome, server = deliver("pleroma", there, _by_id(kind, FLAKE))
        assert (outcome, server.changes) == (Outcome(), [])
    outcome, server = deliver("pleroma", there, _by_id(REMOVE, FLAKE))
    assert (outcome, [each.method for each in server.changes]) == (Outcome(gone=(FLAKE,)), ["DELETE"])


def test_a_token_that_may_not_read_is_said_before_anything_is_done(deliver: Deliver) -> None:
    blind = {line: Said(403) for line in ("GET /api/v1/statuses/123", "GET /api/v1/accounts/verify_credentials")}
    problem, server = deliver("pixelfed", Pixelfed(instead=blind), _by_id(HOLD, "123"))
    assert isinstance(problem, DeliveryError)
    assert "takeback site token" in problem.message
    assert server.changes == []


def test_a_post_that_everyone_sees_is_not_shown_again(deliver: Deliver) -> None:
    outcome, server = deliver("pixelfed", Pixelfed(), _by_id(PUT_BACK, "123"))
    assert (outcome, server.changes) == (Outcome(), [])


def test_an_account_whose_address_is_not_confirmed_is_said(deliver: Deliver) -> None:
    def led_away(asked: Asked) -> Said:
        return Said(302, None, {"Location": f"http://{asked.headers['host']}/i/verify-email"})

    problem, _ = deliver("pixelfed", led_away, _by_id(HOLD, "123"))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "confirmed first" in problem.message


def test_only_what_pleroma_does_not_have_is_gone(deliver: Deliver) -> None:
    outcome, _ = deliver("pleroma", Pleroma(), lambda _root: reconcile(FLAKE, "Other0123", "an id/of ours"))
    assert outcome == Outcome(gone=("Other0123",))
    problem, _ = deliver("pixelfed", Pixelfed(), lambda _root: reconcile("123"))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent


@pytest.mark.parametrize("name", ["pixelfed", "pleroma"])
@pytest.mark.parametrize("path", ["/", "/p/someone", "/p/a/1x%2F", "/notice", "/objects/0c5d-1", "/storage/m/a.jpg"])
def test_an_address_of_anything_else_is_not_asked_about(deliver: Deliver, name: str, path: str) -> None:
    problem, server = deliver(name, Pleroma(), _by_link(REMOVE, path))
    assert isinstance(problem, DeliveryError)
    assert "This is no post" in problem.message
    assert server.asked == []


@pytest.mark.parametrize(
    ("said", "permanent", "message"),
    [
        (Said(401), True, "takeback site token"),
        (Said(403, {"error": "s@one.example"}), True, "takeback site token"),
        (Said(429, None, {"Retry-After": "4"}), False, "HTTP status 429"),
        (Said(502), False, "HTTP status 502"),
        (Said(302, None, {"Location": "https://other.example/login"}), True, "another address"),
        (Said(200, b"<html>"), False, "does not say"),
        (Said(200, {"id": "9", "visibility": "public"}), False, "does not say"),
        (HANGS, False, "in time"),
    ],
)
def test_each_answer_that_is_no_success_ends_in_a_clear_state(
    deliver: Deliver, said: Said, permanent: bool, message: str
) -> None:
    cases: list[tuple[str, Answers, str]] = [
        ("pixelfed", Pixelfed(instead={MODERATE: said}), "123"),
        ("pleroma", Pleroma(instead={f"GET /api/v1/pleroma/admin/statuses/{FLAKE}": said}), FLAKE),
    ]
    for name, answers, item in cases:
        problem, _ = deliver(name, answers, _by_id(HOLD, item), quick=said is HANGS)
        assert isinstance(problem, DeliveryError)
        assert problem.permanent is permanent
        assert message in problem.message
        assert "one.example" not in problem.message + problem.advice


def test_a_page_of_a_proxy_is_not_taken_for_a_post_that_is_gone(deliver: Deliver) -> None:
    problem, _ = deliver("pleroma", lambda _asked: Said(404, b"<html>"), lambda _root: action(HOLD, FLAKE))
    assert isinstance(problem, DeliveryError)
    problem, _ = deliver("pixelfed", lambda _asked: Said(404, b"<html>"), lambda _root: action(HOLD, "123"))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
