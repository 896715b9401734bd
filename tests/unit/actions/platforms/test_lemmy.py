"""
Lemmy's own calls, and what its answers come to.

The shapes are those of Lemmy's source (LemmyNet/lemmy): the routes of `src/api_routes_v3.rs` (0.19) and
`crates/api/routes/src/lib.rs` (1.0), `RemovePost`, `PurgePost` and `PostResponse` of `lemmy_api_common`, the errors of
`crates/utils/src/error.rs`, which come as `{"error": name}`, mostly with status 400.
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
_COUNT = "/admin/registration_application/count"


@dataclass
class Lemmy:
    """An instance with posts and comments: by kind and number, whether each was removed."""

    removed: dict[tuple[str, int], bool] = field(default_factory=lambda: {("post", 1): False, ("comment", 2): False})
    pictures: dict[int, str] = field(default_factory=dict)
    version: int = 3
    is_admin: bool = True
    deleted: bool = False
    """Whether its author deleted it: such a comment can be removed or restored by nobody."""
    port_of: dict[str, str] = field(default_factory=dict)
    instead: dict[str, Said] = field(default_factory=dict)
    """What is answered to some requests whatever stands here, by method and path."""

    def __call__(self, asked: Asked) -> Said:
        if asked.line in self.instead:
            return self.instead[asked.line]
        root = f"/api/v{self.version}"
        if not asked.path.startswith(root):
            return Said(404)
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Said(401, {"error": "incorrect_login"})
        return self._said(asked.method, asked.path.removeprefix(root), asked)

    def _said(self, method: str, path: str, asked: Asked) -> Said:
        if path == _COUNT and self.version == 3:
            return (
                Said(200, {"registration_applications": 0}) if self.is_admin else Said(400, {"error": "not_an_admin"})
            )
        if path == "/account" and self.version == 4:
            return Said(200, {"local_user_view": {"local_user": {"admin": self.is_admin, "email": "a@admin.example"}}})
        if path == "/search":
            posts = [{"post": {"id": n, "url": url}} for n, url in self.pictures.items() if url == asked.query["q"]]
            return Said(200, {"type_": "Url", "comments": [], "posts": posts, "communities": [], "users": []})
        kind = path.split("/")[-1 if "purge" in path else 1]
        number = int(asked.query["id"]) if method == "GET" else asked.json[f"{kind}_id"]
        if (kind, number) not in self.removed:
            return (
                Said(404, {"error": "not_found"}) if self.version == 4 else Said(400, {"error": f"couldnt_find_{kind}"})
            )
        if method == "POST" and "purge" in path:
            del self.removed[kind, number]
            return Said(200, {"success": True})
        if method == "POST" and self.deleted and kind == "comment":
            return Said(400, {"error": "couldnt_update" if self.version == 4 else "couldnt_update_comment"})
        if method == "POST":
            self.removed[kind, number] = asked.json["removed"]
        return Said(200, self._view(kind, number))

    def _view(self, kind: str, number: int) -> dict[str, Any]:
        item = {"id": number, "removed": self.removed[kind, number], "deleted": self.deleted, "creator_id": 7}
        return {f"{kind}_view": {kind: item, "creator": {"id": 7, "name": "someone", "bio": "mail me: s@one.example"}}}


def _by_id(kind: ActionKind, item: str) -> Any:
    return lambda _root: action(kind, item)


def _by_link(kind: ActionKind, path: str) -> Any:
    return lambda root: action(kind, url=root + path)


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize(("path", "kind", "number"), [("/post/1", "post", 1), ("/comment/2", "comment", 2)])
def test_a_hold_removes_the_item_and_keeps_it(
    deliver: Deliver, path: str, kind: str, number: int, version: int
) -> None:
    there = Lemmy(version=version)
    outcome, server = deliver("lemmy", there, _by_link(HOLD, path))
    assert outcome == Outcome()
    (change,) = server.changes
    assert change.line == f"POST /api/v{version}/{kind}/remove"
    assert change.json == {f"{kind}_id": number, "removed": True, "reason": "Hidden while a notice is examined."}
    assert change.headers["content-type"] == "application/json"
    assert {each.headers["authorization"] for each in server.asked} == {f"Bearer {TOKEN}"}
    assert there.removed[kind, number]


@pytest.mark.parametrize("version", [3, 4])
def test_a_removal_is_told_to_others_before_it_is_purged_here(deliver: Deliver, version: int) -> None:
    outcome, server = deliver("lemmy", Lemmy(version=version), _by_id(REMOVE, "post/1"))
    assert outcome == Outcome(gone=("post/1",))
    assert [(each.path, each.json) for each in server.changes] == [
        (f"/api/v{version}/post/remove", {"post_id": 1, "removed": True, "reason": "Removed after a notice."}),
        (f"/api/v{version}/admin/purge/post", {"post_id": 1, "reason": "Removed after a notice."}),
    ]


def test_nothing_is_purged_that_could_not_be_removed_before(deliver: Deliver) -> None:
    there = Lemmy(instead={"POST /api/v3/post/remove": Said(500)})
    outcome, server = deliver("lemmy", there, _by_id(REMOVE, "post/1"))
    assert isinstance(outcome, DeliveryError)
    assert not outcome.permanent
    assert [each.path for each in server.changes] == ["/api/v3/post/remove"]


def test_what_was_held_is_shown_again_and_what_was_purged_is_not(deliver: Deliver) -> None:
    there = Lemmy(removed={("post", 1): True})
    outcome, server = deliver("lemmy", there, _by_link(PUT_BACK, "/post/1"))
    assert outcome == Outcome()
    assert server.changes[0].json == {
        "post_id": 1, "removed": False, "reason": "Shown again: the notice did not stand."
    }  # fmt: skip
    lost, _ = deliver("lemmy", Lemmy(removed={}), _by_link(PUT_BACK, "/post/1"))
    assert isinstance(lost, DeliveryError)
    assert lost.permanent
    assert "cannot be undone" in lost.message


@pytest.mark.parametrize("version", [3, 4])
def test_a_comment_that_its_author_deleted_is_purged_and_else_left_alone(deliver: Deliver, version: int) -> None:
    for kind, removed in ((HOLD, False), (PUT_BACK, True)):
        there = Lemmy(removed={("comment", 2): removed}, version=version, deleted=True)
        problem, server = deliver("lemmy", there, _by_id(kind, "comment/2"))
        assert isinstance(problem, DeliveryError)
        assert problem.permanent
        assert "Its author deleted this comment" in problem.message
        assert server.changes == []
    outcome, server = deliver("lemmy", Lemmy(version=version, deleted=True), _by_id(REMOVE, "comment/2"))
    assert outcome == Outcome(gone=("comment/2",))
    assert [each.path for each in server.changes] == [f"/api/v{version}/admin/purge/comment"]
    outcome, server = deliver("lemmy", Lemmy(version=version, deleted=True), _by_id(HOLD, "post/1"))
    assert outcome == Outcome()
    assert [each.path for each in server.changes] == [f"/api/v{version}/post/remove"]


@pytest.mark.parametrize("kind", [HOLD, REMOVE])
def test_an_order_that_comes_twice_changes_nothing_twice(deliver: Deliver, kind: ActionKind) -> None:
    outcome, server = deliver("lemmy", Lemmy(), _by_id(kind, "post/1"), times=3)
    assert outcome == Outcome(gone=("post/1",) if kind is REMOVE else ())
    assert len(server.changes) == (2 if kind is REMOVE else 1)


@pytest.mark.parametrize("version", [3, 4])
def test_an_item_that_is_not_there_is_gone_by_the_name_that_it_was_asked_by(deliver: Deliver, version: int) -> None:
    by_id, _ = deliver("lemmy", Lemmy(removed={}, version=version), _by_id(HOLD, "comment/2"))
    assert by_id == Outcome(gone=("comment/2",))
    by_link, server = deliver("lemmy", Lemmy(removed={}, version=version), _by_link(HOLD, "/comment/2"))
    assert by_link == Outcome(gone=(f"{server.url}/comment/2",))
    assert server.changes == []


def test_the_address_of_a_picture_leads_to_the_posts_that_show_it(deliver: Deliver) -> None:
    there = Lemmy(removed={("post", 1): False, ("post", 5): False, ("post", 6): False})

    def shown(asked: Asked) -> Said:
        root = f"http://{asked.headers['host']}"
        there.pictures = {1: f"{root}/pictrs/image/a-b.webp", 5: f"{root}/pictrs/image/a-b.webp", 6: f"{root}/x"}
        return there(asked)

    outcome, server = deliver("lemmy", shown, _by_link(REMOVE, "/pictrs/image/a-b.webp"))
    assert outcome == Outcome(gone=(f"{server.url}/pictrs/image/a-b.webp",))
    assert set(there.removed) == {("post", 6)}


def test_a_picture_that_no_post_shows_is_left_to_a_person(deliver: Deliver) -> None:
    for version in (3, 4):
        problem, _ = deliver("lemmy", Lemmy(version=version), _by_link(HOLD, "/pictrs/image/a.webp"))
        assert isinstance(problem, DeliveryError)
        assert problem.permanent
        assert "names no post that shows this picture" in problem.message


@pytest.mark.parametrize(
    "path", ["/", "/u/someone", "/post/1/2", "/post/01", "/post/x", "/post/1%2F..%2Fadmin", "/pictrs/image/a%2Fb.webp"]
)
def test_an_address_of_anything_else_is_not_asked_about(deliver: Deliver, path: str) -> None:
    problem, server = deliver("lemmy", Lemmy(), _by_link(REMOVE, path))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "This is no item of Lemmy" in problem.message
    assert server.changes == []


def test_an_address_of_another_host_is_not_an_item_here(deliver: Deliver) -> None:
    problem, server = deliver("lemmy", Lemmy(), lambda _root: action(HOLD, url="http://127.0.0.1:1/post/1"))
    assert isinstance(problem, DeliveryError)
    assert server.asked == []


def test_only_what_an_administrator_does_not_find_is_gone(deliver: Deliver) -> None:
    items = ("post/1", "post/9", "comment/2", "an id of the site's own")
    outcome, _ = deliver("lemmy", Lemmy(), lambda _root: reconcile(*items))
    assert outcome == Outcome(gone=("post/9",))
    for version in (3, 4):
        problem, server = deliver("lemmy", Lemmy(is_admin=False, version=version), lambda _root: reconcile(*items))
        assert isinstance(problem, DeliveryError)
        assert problem.permanent
        assert "does not accept the token" in problem.message
        assert not any("post" in line for line in server.lines)


def test_a_wrong_token_is_said_with_what_to_do_and_never_repeated(deliver: Deliver) -> None:
    problem, _ = deliver("lemmy", Lemmy(), _by_id(HOLD, "post/1"), token="an-old-secret")
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "takeback site token" in problem.message
    assert "an-old-secret" not in problem.message + problem.advice


_BUSY = {"error": "rate_limit_error"}


@pytest.mark.parametrize(
    ("said", "permanent", "wait", "message"),
    [
        (Said(429, _BUSY, {"Retry-After": "120"}), False, 120.0, "HTTP status 429"),
        (Said(400, _BUSY, {"Retry-After": "7"}), False, 7.0, "less often"),
        (Said(500), False, None, "HTTP status 500"),
        (Said(503, None, {"Retry-After": "30"}), False, 30.0, "HTTP status 503"),
        (Said(301, None, {"Location": "https://other.example/api"}), True, None, "another address"),
        (Said(307, None, {"Location": "https://other.example/api"}), True, None, "another address"),
        (Said(400, {"error": "not_a_mod_or_admin"}), True, None, "not_a_mod_or_admin"),
        (Said(400, {"error": "not_higher_admin"}), True, None, "older than the token's"),
        (Said(400, {"error": "not_higher_mod"}), True, None, "older than the token's"),
        (Said(400, {"error": "s@one.example wrote that"}), True, None, "refused the request"),
        (Said(200, b"<html>a page</html>"), False, None, "does not say"),
        (Said(200, {"post_view": {"post": {"id": 1}}}), False, None, "does not say"),
        (Said(200, [1]), False, None, "does not say"),
        (Said(404, b"<html>nginx</html>"), False, None, "does not say"),
        (Said(200, {"post_view": {"post": {"id": 2, "removed": False}}}), True, None, "another item"),
        (Said(200, b"x" * (1024 * 1024 + 1)), False, None, "more than"),
        (HANGS, False, None, "in time"),
    ],
)
def test_each_answer_that_is_no_success_ends_in_a_clear_state(
    deliver: Deliver, said: Said, permanent: bool, wait: float | None, message: str
) -> None:
    problem, server = deliver(
        "lemmy", Lemmy(instead={"GET /api/v3/post": said}), _by_id(HOLD, "post/1"), quick=said is HANGS
    )
    assert isinstance(problem, DeliveryError)
    assert (problem.permanent, problem.retry_after_seconds) == (permanent, wait)
    assert message in problem.message
    assert "one.example" not in problem.message + problem.advice
    assert server.changes == []


def test_an_address_without_lemmy_is_said(deliver: Deliver) -> None:
    problem, _ = deliver("lemmy", lambda _asked: Said(404, b"<html>nothing</html>"), _by_id(HOLD, "post/1"))
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "There is no API of Lemmy" in problem.message
