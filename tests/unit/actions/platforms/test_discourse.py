"""
Discourse's own calls, and what its answers come to.

The shapes are those of Discourse's source (discourse/discourse): `app/controllers/posts_controller.rb` and
`topics_controller.rb` (`destroy`, `recover`, `by_number`; what is deleted is shown to staff, and is 404 to others),
`lib/guardian/post_guardian.rb` (nobody deletes a first post alone), `PostSerializer` (`deleted_at`, `deleted_by`),
`session#current`, and the errors of `ApplicationController` (`{"errors": [...], "error_type": ...}`).
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
ME, ANOTHER = 5, 6
_NOT_FOUND = Said(404, {"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"})
_NO_ACCESS = Said(403, {"errors": ["You are not permitted to view it."], "error_type": "invalid_access"})


@dataclass
class Discourse:
    """A forum with post 123 of topic 12; `deleted_by` says who deleted it, None for nobody."""

    deleted_by: int | None = None
    number: int = 3
    """Which post of the topic it is."""
    is_protected: bool = False
    """Whether the topic is one of those that nobody deletes."""
    is_there: bool = True
    is_staff: bool = True
    instead: dict[str, Said] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Said:
        if asked.line in self.instead:
            return self.instead[asked.line]
        if asked.headers.get("api-key") != TOKEN:
            return _NO_ACCESS
        if asked.line == "GET /session/current.json":
            return Said(200, {"current_user": {"id": ME, "username": "takeback", "moderator": self.is_staff}})
        hidden = self.deleted_by is not None and not self.is_staff
        if not self.is_there or hidden:
            return _NOT_FOUND
        if asked.method in ("DELETE", "PUT"):
            return self._changed(asked.line)
        known = ("GET /posts/123.json", "GET /posts/by_number/12/3.json", "GET /posts/by_number/12/1.json")
        return Said(200, self._post()) if asked.line in known else _NOT_FOUND

    def _changed(self, line: str) -> Said:
        if line in ("DELETE /posts/123.json", "PUT /posts/123/recover.json"):
            may = self.number != 1 if line.startswith("DELETE") else self.deleted_by is not None
            if not may:
                return _NO_ACCESS
        elif line == "DELETE /t/12.json":
            if self.is_protected or self.deleted_by is not None or not self.is_staff:
                return Said(422, {"errors": ["There was an error deleting that topic."]})
        elif line == "PUT /t/12/recover.json":
            if self.deleted_by is None:
                return _NO_ACCESS
        else:
            return _NOT_FOUND
        self.deleted_by = ME if line.startswith("DELETE") else None
        return Said(200, self._post()) if line.startswith("PUT /posts") else Said(200)

    def _post(self) -> dict[str, Any]:
        by = None if self.deleted_by is None else {"id": self.deleted_by, "username": "someone"}
        deleted_at = None if by is None else "2026-11-22T09:00:00.000Z"
        post = {"id": 123, "topic_id": 12, "post_number": self.number, "username": "poster", "hidden": False}
        return {**post, "cooked": "<p>s@one.example</p>", "deleted_at": deleted_at, "deleted_by": by}


def _by_id(kind: ActionKind, item: str) -> Any:
    return lambda _root: action(kind, item)


def _by_link(kind: ActionKind, path: str) -> Any:
    return lambda root: action(kind, url=root + path)


@pytest.mark.parametrize("kind", [HOLD, REMOVE])
@pytest.mark.parametrize("path", ["/p/123", "/t/a-slug/12/3", "/t/12/3", "/t/a-slug/12/3?u=someone"])
def test_a_post_is_deleted_as_staff_do(deliver: Deliver, path: str, kind: ActionKind) -> None:
    there = Discourse()
    outcome, server = deliver("discourse", there, _by_link(kind, path))
    assert outcome == Outcome()
    assert [each.line for each in server.changes] == ["DELETE /posts/123.json"]
    assert server.changes[0].body == b""
    assert {each.headers["api-key"] for each in server.asked} == {TOKEN}
    assert there.deleted_by == ME


def test_what_was_removed_is_recovered_as_it_was(deliver: Deliver) -> None:
    there = Discourse(deleted_by=ME)
    for item in ("post/123", "123"):
        outcome, server = deliver("discourse", there, _by_id(PUT_BACK, item), times=2)
        assert outcome == Outcome()
        assert [each.line for each in server.changes] == ["PUT /posts/123/recover.json"]
        assert server.changes[0].json == {}
        there.deleted_by = ME


@pytest.mark.parametrize("kind", [HOLD, REMOVE])
def test_a_first_post_goes_and_comes_back_with_its_topic(deliver: Deliver, kind: ActionKind) -> None:
    there = Discourse(number=1)
    outcome, server = deliver("discourse", there, _by_id(kind, "123"), times=2)
    assert outcome == Outcome()
    assert [each.line for each in server.changes] == ["DELETE /t/12.json"]
    outcome, server = deliver("discourse", there, _by_link(PUT_BACK, "/t/a-slug/12"), times=2)
    assert outcome == Outcome()
    assert [each.line for each in server.changes] == ["PUT /t/12/recover.json"]


def test_a_topic_that_nobody_deletes_is_left_to_a_person(deliver: Deliver) -> None:
    problem, _ = deliver("discourse", Discourse(number=1, is_protected=True), _by_id(HOLD, "123"))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "for nobody (HTTP status 422)" in problem.message
    # The same is said to whom it does not let: whose key it is, is asked then.
    problem, server = deliver("discourse", Discourse(number=1, is_staff=False), _by_id(HOLD, "123"))
    assert isinstance(problem, DeliveryError)
    assert "it is no moderator's" in problem.message
    assert server.lines[-1] == "GET /session/current.json"
    gone = Discourse(number=1, instead={"DELETE /t/12.json": _NOT_FOUND})
    problem, _ = deliver("discourse", gone, _by_id(HOLD, "123"))
    assert isinstance(problem, DeliveryError)
    assert not problem.permanent


def test_what_somebody_else_deleted_is_not_shown_again(deliver: Deliver) -> None:
    there = Discourse(deleted_by=ANOTHER)
    problem, server = deliver("discourse", there, _by_id(PUT_BACK, "123"))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "Somebody else deleted this post" in problem.message
    assert server.changes == []


@pytest.mark.parametrize("kind", [HOLD, REMOVE])
def test_an_order_that_comes_twice_changes_nothing_twice(deliver: Deliver, kind: ActionKind) -> None:
    outcome, server = deliver("discourse", Discourse(), _by_id(kind, "123"), times=3)
    assert outcome == Outcome()
    assert len(server.changes) == 1


def test_a_link_to_a_topic_is_to_its_first_post(deliver: Deliver) -> None:
    _, server = deliver("discourse", Discourse(), _by_link(HOLD, "/t/a-slug/12"))
    assert server.lines[0] == "GET /posts/by_number/12/1.json"


def test_a_post_that_is_not_there_is_gone_as_far_as_a_moderator_sees(deliver: Deliver) -> None:
    outcome, server = deliver("discourse", Discourse(is_there=False), _by_link(HOLD, "/p/123"))
    assert outcome == Outcome(gone=(f"{server.url}/p/123",))
    problem, server = deliver("discourse", Discourse(deleted_by=ME, is_staff=False), _by_id(HOLD, "123"))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "it is no moderator's" in problem.message
    lost, _ = deliver("discourse", Discourse(is_there=False), _by_id(PUT_BACK, "123"))
    assert isinstance(lost, DeliveryError)
    assert "deleted for good" in lost.message


def test_a_post_that_is_not_at_its_place_was_perhaps_moved(deliver: Deliver) -> None:
    problem, server = deliver("discourse", Discourse(is_there=False), _by_link(HOLD, "/t/a-slug/12/3"))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "moved to another topic" in problem.message
    moved = Said(200, {"id": 124, "topic_id": 13, "post_number": 3, "deleted_at": None})
    answers = Discourse(instead={"GET /posts/by_number/12/3.json": moved})
    problem, server = deliver("discourse", answers, _by_link(REMOVE, "/t/a-slug/12/3"))
    assert isinstance(problem, DeliveryError)
    assert "another post" in problem.message
    assert server.changes == []


def test_only_what_is_deleted_for_good_is_gone(deliver: Deliver) -> None:
    outcome, _ = deliver("discourse", Discourse(deleted_by=ME), lambda _root: reconcile("post/123", "9", "our-81"))
    assert outcome == Outcome(gone=("9",))


@pytest.mark.parametrize(
    "path", ["/", "/u/someone", "/p/1/2", "/p/x", "/t/a-slug", "/t/a/b/c/d", "/uploads/default/original/1X/a.png"]
)
def test_an_address_of_anything_else_is_not_asked_about(deliver: Deliver, path: str) -> None:
    problem, server = deliver("discourse", Discourse(), _by_link(REMOVE, path))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "This is no post" in problem.message
    assert server.asked == []


def test_a_forum_below_a_path_is_asked_below_it(deliver: Deliver) -> None:
    def below(asked: Asked) -> Said:
        return Said(500)

    _, server = deliver("discourse", below, _by_link(HOLD, "/p/123"), api_path="/forum/")
    assert server.lines == ["GET /forum/posts/123.json"]


def test_a_wrong_key_is_said_with_what_to_do_and_never_repeated(deliver: Deliver) -> None:
    problem, _ = deliver("discourse", Discourse(), _by_id(HOLD, "123"), token="an-old-secret")
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "takeback site token" in problem.message
    assert "an-old-secret" not in problem.message + problem.advice


_SLOW = {"errors": ["You've performed this action too many times."], "error_type": "rate_limit"}


@pytest.mark.parametrize("at", ["GET /posts/123.json", "DELETE /posts/123.json"])
@pytest.mark.parametrize(
    ("said", "permanent", "wait", "message"),
    [
        (Said(429, _SLOW, {"Retry-After": "52"}), False, 52.0, "HTTP status 429"),
        (Said(500), False, None, "HTTP status 500"),
        (Said(302, None, {"Location": "https://other.example/login"}), True, None, "another address"),
        (Said(422, {"errors": ["s@one.example"]}), True, None, "refused the request"),
        (HANGS, False, None, "in time"),
    ],
)
def test_each_answer_that_is_no_success_ends_in_a_clear_state(
    deliver: Deliver, at: str, said: Said, permanent: bool, wait: float | None, message: str
) -> None:
    problem, _ = deliver("discourse", Discourse(instead={at: said}), _by_id(HOLD, "123"), quick=said is HANGS)
    assert isinstance(problem, DeliveryError)
    assert (problem.permanent, problem.retry_after_seconds) == (permanent, wait)
    assert message in problem.message
    assert "one.example" not in problem.message + problem.advice


@pytest.mark.parametrize(
    "said", [Said(200, b"<html>a page</html>"), Said(200, {"id": 123}), Said(200, [1]), Said(200, None)]
)
def test_an_answer_of_another_form_changes_nothing(deliver: Deliver, said: Said) -> None:
    answers = Discourse(instead={"GET /posts/123.json": said})
    problem, server = deliver("discourse", answers, _by_id(REMOVE, "123"))
    assert isinstance(problem, DeliveryError)
    assert not problem.permanent
    assert "does not say" in problem.message
    assert server.changes == []
