"""
Each connector over answers in the shape in which a platform was recorded, or documents, to give them.

No platform is asked here. Status, headers, names and types are as in the recording or the documentation that stands
beside each; the values are our own. "Recorded" is a cassette, a log or a transcript of a real server; "documented" is
the project's own documentation, or what its own tests require of its server. What was found in neither is not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.actions.platforms.server import Asked, Said, action
from tests.unit.actions.platforms.test_nextcloud import KEY as NEXTCLOUD_KEY
from tests.unit.actions.platforms.test_s3 import KEY as S3_KEY

from takeback.actions.interface import Action, ActionKind, Outcome
from takeback.errors import DeliveryError

if TYPE_CHECKING:
    from tests.unit.actions.platforms.conftest import Deliver

HOLD, REMOVE, PUT_BACK = ActionKind.HOLD, ActionKind.REMOVE, ActionKind.PUT_BACK


@dataclass
class Play:
    """Gives to each request, by method and path, the next of its answers, the last of them again and again."""

    answers: Mapping[str, Said | list[Said]]
    asked: dict[str, int] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Said:
        told = self.answers.get(asked.line, Said(599))
        if isinstance(told, Said):
            return told
        at = self.asked.get(asked.line, 0)
        self.asked[asked.line] = at + 1
        return told[min(at, len(told) - 1)]


def _by_id(kind: ActionKind, item: str) -> Callable[[str], Action]:
    return lambda _root: action(kind, item)


def _is_refused(found: Outcome | DeliveryError, *words: str) -> None:
    assert isinstance(found, DeliveryError), found
    assert found.permanent, found
    for word in words:
        assert word in found.message


def _is_later(found: Outcome | DeliveryError, wait: float | None = None) -> None:
    assert isinstance(found, DeliveryError), found
    assert (found.permanent, found.retry_after_seconds) == (False, wait), found


# ---- Mastodon ----

# Recorded with Mastodon 4.0.2: halcy/Mastodon.py, tests/cassettes; every answer of these comes in chunks.
_RAILS = {
    "Content-Type": "application/json; charset=utf-8",
    "Transfer-Encoding": "chunked",
    "Cache-Control": "no-store",
}
_ACCOUNT: dict[str, Any] = {
    "id": "11", "username": "poster", "acct": "poster", "display_name": "", "locked": True, "bot": False,
    "discoverable": None, "group": False, "created_at": "2026-11-01T00:00:00.000Z", "note": "<p>s@one.example</p>",
    "url": "https://social.example/@poster", "followers_count": 0, "last_status_at": "2026-11-20", "noindex": False,
    "emojis": [], "fields": [{"name": "x", "value": "y", "verified_at": None}],
}  # fmt: skip
# test_admin_reports.yaml (POST /api/v1/statuses answers with the same entity; documented for GET in
# mastodon/documentation, content/en/methods/statuses.md).
_STATUS: dict[str, Any] = {
    "id": "123", "created_at": "2026-11-20T09:00:00.000Z", "in_reply_to_id": None, "sensitive": False,
    "spoiler_text": "", "visibility": "public", "language": "en", "uri": "https://social.example/users/p/statuses/123",
    "url": "https://social.example/@poster/123", "edited_at": None, "content": "<p>Hello</p>", "filtered": [],
    "reblog": None, "application": {"name": "Web", "website": None}, "account": _ACCOUNT, "media_attachments": [],
    "mentions": [], "tags": [], "emojis": [], "card": None, "poll": None,
}  # fmt: skip
# test_admin_reports.yaml: GET /api/v1/accounts/verify_credentials, with the members `source` and `role`.
_MOD = {
    **_ACCOUNT, "id": "5", "username": "mod", "source": {"privacy": "public", "language": None, "fields": []},
    "role": {"id": "3", "name": "Owner", "permissions": "1048575", "color": "", "highlighted": True},
}  # fmt: skip
_ABOUT_123 = "Takeback: a notice is about post 123. Delete it, or read how it was decided there."
# test_admin_reports.yaml: POST /api/v1/reports and GET /api/v1/admin/reports.
_REPORT = {
    "id": "1", "action_taken": False, "action_taken_at": None, "category": "other", "comment": _ABOUT_123,
    "forwarded": False, "created_at": "2026-11-20T09:00:01.000Z", "status_ids": ["123"], "rule_ids": None,
    "target_account": _ACCOUNT,
}  # fmt: skip
_ADMIN_ACCOUNT: dict[str, Any] = {
    "id": "5", "username": "mod", "domain": None, "email": "mod@one.example", "ip": None,
    "role": {"id": 3, "name": "Owner", "position": 1000, "permissions": 1}, "confirmed": True, "locale": None,
    "ips": [], "account": _MOD,
}  # fmt: skip
_ADMIN_REPORT = {
    "id": "1", "action_taken": False, "action_taken_at": None, "category": "other", "comment": _ABOUT_123,
    "forwarded": False, "created_at": "2026-11-20T09:00:01.000Z", "updated_at": "2026-11-20T09:00:01.000Z",
    "account": _ADMIN_ACCOUNT, "target_account": _ADMIN_ACCOUNT, "assigned_account": None,
    "action_taken_by_account": None, "statuses": [_STATUS], "rules": [],
}  # fmt: skip
_ASK, _ME = "GET /api/v1/statuses/123", "GET /api/v1/accounts/verify_credentials"
_REPORTS, _FILE = "GET /api/v1/admin/reports", "POST /api/v1/reports"
_MASTODON: dict[str, Said | list[Said]] = {
    _ASK: Said(200, _STATUS, _RAILS), _ME: Said(200, _MOD, _RAILS), _REPORTS: Said(200, [_ADMIN_REPORT], _RAILS),
    _FILE: Said(200, _REPORT, _RAILS),
}  # fmt: skip
# test_status_missing.yaml.
_MISSING = Said(404, {"error": "Record not found"}, _RAILS)


def test_mastodon_files_a_report_and_finds_it_again(deliver: Deliver) -> None:
    empty = {**_MASTODON, _REPORTS: Said(200, [], _RAILS)}
    found, server = deliver("mastodon", Play(empty), _by_id(HOLD, "123"))
    _is_refused(found, "Report 1 was filed there")
    assert [each.line for each in server.changes] == [_FILE]
    found, server = deliver("mastodon", Play(_MASTODON), _by_id(HOLD, "123"))
    _is_refused(found, "Report 1 was filed there")
    assert server.changes == []


def test_mastodon_says_of_a_reported_post_that_it_is_gone(deliver: Deliver) -> None:
    found, _ = deliver("mastodon", Play({**_MASTODON, _ASK: _MISSING}), _by_id(REMOVE, "123"))
    assert found == Outcome(gone=("123",))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        # Recorded of another call: test_revoke.yaml, with a token that was taken back; what it says is in the language
        # of the account.
        (_ASK, Said(401, {"error": "トークンが無効です"}, _RAILS)),
        # Recorded: mastodon/mastodon, issue 19142: a token that is no moderator's gets a page, not JSON.
        (_REPORTS, Said(403, b"<!DOCTYPE html>\n<html>x</html>", {"Content-Type": "text/html; charset=utf-8"})),
        # Documented: mastodon/documentation, content/en/methods/admin/reports.md.
        (_REPORTS, Said(403, {"error": "This action is not allowed"}, _RAILS)),
    ],
)
def test_mastodon_does_not_take_the_token(deliver: Deliver, line: str, said: Said) -> None:
    found, _ = deliver("mastodon", Play({**_MASTODON, line: said}), _by_id(HOLD, "123"))
    _is_refused(found, "takeback site token")


def test_mastodon_refuses_a_report_of_a_token_without_an_account(deliver: Deliver) -> None:
    # Documented: mastodon/documentation, content/en/methods/reports.md.
    said = Said(422, {"error": "This method requires an authenticated user"}, _RAILS)
    answers = {**_MASTODON, _REPORTS: Said(200, [], _RAILS), _FILE: said}
    found, _ = deliver("mastodon", Play(answers), _by_id(HOLD, "123"))
    _is_refused(found, "HTTP status 422")


def test_mastodon_before_4_2_gets_a_report_of_another_category(deliver: Deliver) -> None:
    # Recorded: mastodon/mastodon, pull request 25833 (status 500 of POST /api/v1/reports for a category that is not
    # known); that it is a page, of another call: mastodon/mastodon, issue 34412.
    page = Said(500, b"<!DOCTYPE html>\n<html>x</html>", {"Content-Type": "text/html; charset=utf-8"})
    answers = {**_MASTODON, _REPORTS: Said(200, [], _RAILS), _FILE: [page, Said(200, _REPORT, _RAILS)]}
    found, server = deliver("mastodon", Play(answers), _by_id(HOLD, "123"))
    _is_refused(found, "Report 1 was filed there")
    assert [each.json["category"] for each in server.changes] == ["legal", "other"]
    found, _ = deliver("mastodon", Play({**answers, _FILE: page}), _by_id(HOLD, "123"))
    _is_later(found)


def test_mastodon_files_no_report_about_what_went_meanwhile(deliver: Deliver) -> None:
    # Documented: mastodon/documentation, content/en/methods/reports.md (404, "Report not filed").
    answers = {**_MASTODON, _REPORTS: Said(200, [], _RAILS), _FILE: _MISSING}
    found, _ = deliver("mastodon", Play(answers), _by_id(HOLD, "123"))
    _is_later(found)


def test_mastodon_says_until_when_it_wants_to_be_left_alone(deliver: Deliver) -> None:
    # Recorded: the body in h3poteto/megalodon-rs, issue 253; the three headers, with their form, in the cassettes
    # (test_admin_reports.yaml), documented in mastodon/documentation, content/en/api/rate-limits.md. No Retry-After.
    limits = {
        "X-RateLimit-Limit": "300",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "2026-11-22T09:35:00.852657Z",
    }
    said = Said(429, {"error": "Too many requests"}, {"Content-Type": "application/json", **limits})
    found, _ = deliver("mastodon", Play({**_MASTODON, _ASK: said}), _by_id(HOLD, "123"))
    _is_later(found, 300.852657)


# ---- Lemmy ----

# Taken from a test instance, and edited since: shadone/LemmyKit, Tests/LemmyKitTests/Fixtures.
_PERSON = {"id": 14, "name": "mod1", "published": "2026-06-12T22:09:11.363420Z", "bio": "s@one.example", "local": True}


def _lemmy_item(kind: str, number: int, removed: bool) -> Said:
    # getPostResponseV3.json, getPostResponseV4.json, commentResponseV3.json, commentResponseV4.json.
    item = {"id": number, "creator_id": 14, "removed": removed, "deleted": False, "ap_id": "https://x.example/1"}
    view = {kind: item, "creator": _PERSON, "creator_is_admin": False, "saved": True}
    more: dict[str, Any] = (
        {"community_view": {}, "moderators": [], "cross_posts": []} if kind == "post" else {"recipient_ids": []}
    )
    return Said(200, {f"{kind}_view": view, **more})


_V3_COUNT = "GET /api/v3/admin/registration_application/count"
# Documented: remmy (CRAN), lemmy_get_unread_registration_application_count.
_IS_ADMIN_V3 = Said(200, {"registration_applications": 0})
# Documented: remmy (CRAN), lemmy_purge_post and lemmy_purge_comment; of 1.0: LemmyNet/lemmy,
# api_tests/src/image.spec.ts ("Purge post, linked image removed").
_PURGED = Said(200, {"success": True})
# Recorded: LemmyNet/lemmy, issue 2278: 404 without a body is what an address that it does not have is answered with.
_NO_SUCH_CALL = Said(404)


def _lemmy_me(is_admin: bool) -> Said:
    # getMyUserResponseV4.json.
    local_user = {"id": 2, "person_id": 3, "email": "j@one.example", "admin": is_admin, "theme": "browser"}
    view = {"banned": False, "person": _PERSON, "local_user": local_user}
    return Said(200, {"discussion_languages": [], "moderates": [], "follows": [], "local_user_view": view})


@pytest.mark.parametrize("kind", ["post", "comment"])
@pytest.mark.parametrize("version", [3, 4])
def test_lemmy_removes_shows_again_and_purges(deliver: Deliver, version: int, kind: str) -> None:
    root = f"/api/v{version}"
    whose: dict[str, Said | list[Said]] = {_V3_COUNT: _IS_ADMIN_V3}
    if version == 4:
        whose = {_V3_COUNT: _NO_SUCH_CALL, "GET /api/v4/account": _lemmy_me(True)}
    ask, hide = f"GET {root}/{kind}", f"POST {root}/{kind}/remove"
    # Documented: `remove` answers with the item as `PostResponse` and `CommentResponse` (docs.rs, lemmy_api_common),
    # with `removed` as it is now; of 1.0: LemmyNet/lemmy, api_tests/src/post.spec.ts and comment.spec.ts ("Remove a
    # post from admin and community on different instance", and that of a comment), by crates/api/routes/src/lib.rs.
    shown = {**whose, ask: _lemmy_item(kind, 1, False), hide: _lemmy_item(kind, 1, True)}
    found, server = deliver("lemmy", Play(shown), _by_id(HOLD, f"{kind}/1"))
    assert found == Outcome()
    assert [each.line for each in server.changes] == [hide]
    held = {**whose, ask: _lemmy_item(kind, 1, True), hide: _lemmy_item(kind, 1, False)}
    found, server = deliver("lemmy", Play(held), _by_id(PUT_BACK, f"{kind}/1"))
    assert found == Outcome()
    assert [each.line for each in server.changes] == [hide]
    purge = f"POST {root}/admin/purge/{kind}"
    found, server = deliver("lemmy", Play({**shown, purge: _PURGED}), _by_id(REMOVE, f"{kind}/1"))
    assert found == Outcome(gone=(f"{kind}/1",))
    assert [each.line for each in server.changes] == [hide, purge]


def test_lemmy_finds_the_posts_of_a_picture(deliver: Deliver) -> None:
    def answers(asked: Asked) -> Said:
        url = f"http://{asked.headers['host']}/pictrs/image/a.webp"
        # searchResponseV3.json.
        posts = [{"post": {"id": 1, "url": url, "removed": False}, "creator": _PERSON, "counts": {"post_id": 1}}]
        search = Said(200, {"type_": "Url", "posts": posts, "comments": [], "communities": [], "users": []})
        told = {
            _V3_COUNT: _IS_ADMIN_V3,
            "GET /api/v3/search": search,
            "GET /api/v3/post": _lemmy_item("post", 1, False),
        }
        return Play({**told, "POST /api/v3/post/remove": _lemmy_item("post", 1, True)})(asked)

    found, _ = deliver("lemmy", answers, lambda root: action(HOLD, url=f"{root}/pictrs/image/a.webp"))
    assert found == Outcome()


def test_lemmy_says_that_a_post_is_gone(deliver: Deliver) -> None:
    # Recorded of 0.19.19 and 0.19.20: the head of a public program that collects posts of lemmy.world and ani.social
    # says what both answered (its repository was not named where it was found). shadone/Spud, SpudDataKitTests, plays
    # the same.
    older = {_V3_COUNT: _IS_ADMIN_V3, "GET /api/v3/post": Said(400, {"error": "couldnt_find_post"})}
    # Documented: LemmyNet/lemmy, crates/utils/src/error.rs (its tests of the form, and of the status of NotFound), and
    # api_tests/src/comment.spec.ts, user.spec.ts (`not_found` with 404).
    newer = {
        _V3_COUNT: _NO_SUCH_CALL, "GET /api/v4/account": _lemmy_me(True),
        "GET /api/v4/post": Said(404, {"error": "not_found"}),
    }  # fmt: skip
    for answers in (older, newer):
        found, _ = deliver("lemmy", Play(answers), _by_id(HOLD, "post/1"))
        assert found == Outcome(gone=("post/1",))


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        # Documented: LemmyNet/lemmy, crates/utils/src/error.rs (401 for IncorrectLogin alone); with status 400, as
        # other versions said it: LemmyNet/lemmy, issue 4081.
        ({_V3_COUNT: Said(401, {"error": "incorrect_login"})}, "incorrect_login"),
        ({_V3_COUNT: Said(400, {"error": "incorrect_login"})}, "incorrect_login"),
        # Documented, of 1.0: LemmyNet/lemmy, api_tests/src/user.spec.ts (a token that holds no more).
        (
            {_V3_COUNT: _NO_SUCH_CALL, "GET /api/v4/account": Said(401, {"error": "incorrect_login"})},
            "incorrect_login",
        ),
        # getMyUserResponseV4.json, which is that of somebody who is no administrator.
        ({_V3_COUNT: _NO_SUCH_CALL, "GET /api/v4/account": _lemmy_me(False)}, "no administrator's"),
    ],
)
def test_lemmy_does_not_take_the_token(deliver: Deliver, answers: dict[str, Said | list[Said]], word: str) -> None:
    found, _ = deliver("lemmy", Play(answers), _by_id(HOLD, "post/1"))
    _is_refused(found, word, "takeback site token")


@pytest.mark.parametrize(
    "said",
    [
        # Recorded: LemmyNet/lemmy, issue 5332 (status 400) and pull request 2527 (the name).
        Said(400, {"error": "rate_limit_error"}),
        # Recorded: LemmyNet/lemmy, issue 6019 (1.0 before its release): no body.
        Said(429),
        # Documented: LemmyNet/lemmy, crates/utils/src/response.rs (test_rate_limit_error), 1.0.
        Said(429, {"error": "too_many_requests"}),
    ],
)
def test_lemmy_wants_to_be_asked_less_often_and_names_no_time(deliver: Deliver, said: Said) -> None:
    answers = {_V3_COUNT: _IS_ADMIN_V3, "GET /api/v3/post": said}
    found, _ = deliver("lemmy", Play(answers), _by_id(HOLD, "post/1"))
    _is_later(found)


# ---- Discourse ----

_JSON = {"Content-Type": "application/json; charset=utf-8"}
# Recorded: discourse/discourse_api_docs, responses/posts/get_post_response.json; today's names and types:
# discourse/discourse, spec/requests/api/schemas/json/post_show_response.json.
_POST = {
    "id": 123, "name": "", "username": "poster", "avatar_template": "/a/{size}.png", "cooked": "<p>x</p>",
    "created_at": "2026-11-20T09:00:00.000Z", "post_number": 3, "post_type": 1, "reply_to_post_number": None,
    "score": 0, "yours": False, "topic_id": 12, "topic_slug": "a-slug", "version": 1, "can_delete": True,
    "can_recover": False, "raw": "x", "actions_summary": [], "moderator": False, "admin": True, "staff": True,
    "user_id": 1, "hidden": False, "trust_level": 0, "deleted_at": None, "user_deleted": False, "wiki": False,
}  # fmt: skip
_SHOW, _DELETE, _RECOVER = "GET /posts/123.json", "DELETE /posts/123.json", "PUT /posts/123/recover.json"
# Documented: discourse/discourse, spec/requests/posts_controller_spec.rb ("finding and showing post": a moderator is
# shown what was deleted, 200; anybody else gets 404), in the names of post_show_response.json; `deleted_by` stands in
# app/serializers/post_serializer.rb, for staff.
_DELETED = {
    **_POST, "deleted_at": "2026-11-22T09:00:00.000Z", "can_delete": False, "can_recover": True,
    "deleted_by": {"id": 5, "username": "takeback", "name": "", "avatar_template": "/a/{size}.png"},
}  # fmt: skip
# Documented: discourse/discourse, spec/requests/session_controller_spec.rb (#current).
_SESSION = {"GET /session/current.json": Said(200, {"current_user": {"id": 5, "moderator": True}}, _JSON)}


def test_discourse_deletes_a_post_and_says_nothing_of_it(deliver: Deliver) -> None:
    # Documented: discourse/discourse, spec/requests/api/posts_spec.rb (200, without a schema for the body).
    answers = {_SHOW: Said(200, _POST, _JSON), _DELETE: Said(200)}
    found, server = deliver("discourse", Play(answers), _by_id(HOLD, "123"))
    assert found == Outcome()
    assert [each.line for each in server.changes] == [_DELETE]


def test_discourse_recovers_what_the_key_deleted(deliver: Deliver) -> None:
    # Documented: discourse/discourse, spec/requests/posts_controller_spec.rb (#recover: the post is there again); what
    # it answers with is the post (app/controllers/posts_controller.rb).
    answers = {_SHOW: Said(200, _DELETED, _JSON), _RECOVER: Said(200, _POST, _JSON), **_SESSION}
    found, server = deliver("discourse", Play(answers), _by_id(PUT_BACK, "123"))
    assert found == Outcome()
    assert [each.line for each in server.changes] == [_RECOVER]
    # Hidden already, and shown already: nothing is asked that it would refuse (403 for a post that is not deleted,
    # spec/lib/guardian_spec.rb, can_recover_post?).
    for kind, post in ((HOLD, _DELETED), (PUT_BACK, _POST)):
        found, server = deliver("discourse", Play({_SHOW: Said(200, post, _JSON)}), _by_id(kind, "123"))
        assert (found, server.changes) == (Outcome(), [])


def test_discourse_deletes_and_recovers_a_first_post_with_its_topic(deliver: Deliver) -> None:
    # Documented: discourse/discourse, spec/lib/guardian_spec.rb (nobody may delete the first post alone, a moderator
    # neither: 403), spec/requests/topics_controller_spec.rb (#delete and #recover: 200, of which nothing is read).
    first = {"post_number": 1, "can_delete": False}
    forbidden = {_DELETE: Said(403), _RECOVER: Said(403), **_SESSION}
    delete, recover = "DELETE /t/12.json", "PUT /t/12/recover.json"
    shown = {**forbidden, _SHOW: Said(200, {**_POST, **first}, _JSON), delete: Said(200)}
    found, server = deliver("discourse", Play(shown), _by_id(HOLD, "123"))
    assert (found, [each.line for each in server.changes]) == (Outcome(), [delete])
    hidden = {**forbidden, _SHOW: Said(200, {**_DELETED, **first}, _JSON), recover: Said(200)}
    found, server = deliver("discourse", Play(hidden), _by_id(PUT_BACK, "123"))
    assert (found, [each.line for each in server.changes]) == (Outcome(), [recover])
    # The same spec: 422 for a topic that one may not delete, 403 for one that one may not recover.
    refused = Said(422, {"errors": ["There was an error deleting that topic."]}, _JSON)
    found, _ = deliver("discourse", Play({**shown, delete: refused}), _by_id(HOLD, "123"))
    _is_refused(found, "HTTP status 422")
    found, _ = deliver("discourse", Play({**hidden, recover: Said(403)}), _by_id(PUT_BACK, "123"))
    _is_refused(found, "takeback site token")


def test_discourse_is_not_believed_about_a_post_where_nobody_is_signed_in(deliver: Deliver) -> None:
    # Recorded: 404 for a post (discourse/discourse, pull request 2780; its words: pydiscourse/pydiscourse, issue 23),
    # and 404 for the session of nobody (alepolidori/chrome-discourse-notifications, issue 27).
    missing = Said(404, {"errors": ["The requested URL or resource could not be found."]}, _JSON)
    answers = {_SHOW: missing, "GET /session/current.json": Said(404)}
    found, _ = deliver("discourse", Play(answers), _by_id(HOLD, "123"))
    _is_later(found)


def test_discourse_does_not_take_a_key_without_the_right(deliver: Deliver) -> None:
    # Recorded: 403 for a key of too little scope (ctrueden/monoqueue, issue 1). Documented: 403 for a post that one may
    # not delete (discourse/discourse, spec/requests/posts_controller_spec.rb, #destroy).
    for line in (_SHOW, _DELETE):
        found, _ = deliver("discourse", Play({_SHOW: Said(200, _POST, _JSON), line: Said(403)}), _by_id(HOLD, "123"))
        _is_refused(found, "takeback site token")
    # Documented in the same place, #recover.
    answers = {_SHOW: Said(200, _DELETED, _JSON), _RECOVER: Said(403), **_SESSION}
    found, _ = deliver("discourse", Play(answers), _by_id(PUT_BACK, "123"))
    _is_refused(found, "takeback site token")


@pytest.mark.parametrize(
    "said",
    [
        # Recorded: the body in exercism/website, issue 5358; the header: discourse/discourse, pull request 5659.
        Said(
            429,
            {
                "errors": ["You’ve performed this action too many times. Please wait 24 seconds."],
                "error_type": "rate_limit",
                "extras": {"wait_seconds": 24, "time_left": "24 seconds"},
            },
            {**_JSON, "Retry-After": "24"},
        ),
        # Recorded: before the application is reached, text without a type (discourse/discourse, pull request 11736;
        # pydiscourse/pydiscourse, pull request 68).
        Said(429, b"Slow down, too many requests from this IP address", {"Retry-After": "24"}),
    ],
)
@pytest.mark.parametrize("line", [_SHOW, _DELETE])
def test_discourse_says_when_it_wants_to_be_asked_again(deliver: Deliver, line: str, said: Said) -> None:
    found, _ = deliver("discourse", Play({_SHOW: Said(200, _POST, _JSON), line: said}), _by_id(HOLD, "123"))
    _is_later(found, 24.0)


# ---- Nextcloud ----

# The type is that of sabre/dav's source; nothing reads it.
_XML = {"Content-Type": "application/xml; charset=utf-8"}
_FILE_123 = "/remote.php/dav/systemtags-relations/files/123"
_TAG, _UNTAG = f"PUT {_FILE_123}/7", f"DELETE {_FILE_123}/7"
_OPEN = '<?xml version="1.0"?>\n<d:multistatus xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" xmlns:oc="http://owncloud.org/ns">'


def _sabre(kind: str, message: str) -> bytes:
    # Documented: ownCloud's tags API (doc.owncloud.com, developer_manual/webdav_api/tags), which Nextcloud has from it.
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">\n'
        f"  <s:exception>Sabre\\DAV\\Exception\\{kind}</s:exception>\n  <s:message>{message}</s:message>\n</d:error>\n"
    ).encode()


def _nextcloud(deliver: Deliver, kind: ActionKind, answers: Mapping[str, Said | list[Said]]) -> Outcome | DeliveryError:
    return deliver("nextcloud", Play(answers), _by_id(kind, "123"), token=NEXTCLOUD_KEY)[0]


@pytest.mark.parametrize(
    "said",
    [
        # Documented: nextcloud/server, build/integration/files_features/tags.feature (201 of a file shared with one,
        # also with a tag that only its groups may give).
        Said(201),
        # Documented: ownCloud's tags API: 409 where it is assigned already.
        Said(409, _sabre("Conflict", "x"), _XML),
    ],
)
def test_nextcloud_tags_a_file(deliver: Deliver, said: Said) -> None:
    assert _nextcloud(deliver, HOLD, {_TAG: said}) == Outcome()


@pytest.mark.parametrize(
    ("said", "word"),
    [
        # Documented: nextcloud/server, tags.feature: a tag that may not be given; one that is not seen; a file that is
        # somebody else's.
        (Said(403, _sabre("Forbidden", "x"), _XML), "right to edit"),
        (Said(412, _sabre("PreconditionFailed", "x"), _XML), "no tag 7"),
        (Said(404, _sabre("NotFound", "x"), _XML), "somebody's own"),
        # Recorded: mstilkerich/rcmcarddav, issue 432.
        (
            Said(
                401,
                _sabre(
                    "NotAuthenticated", "No public access to this resource., No 'Authorization: Basic' header found."
                ),
                {**_XML, "WWW-Authenticate": 'Basic realm="Cloud", charset="UTF-8"'},
            ),
            "takeback site token",
        ),
    ],
)
def test_nextcloud_says_what_is_missing(deliver: Deliver, said: Said, word: str) -> None:
    _is_refused(_nextcloud(deliver, HOLD, {_TAG: said}), word)


def test_nextcloud_takes_a_tag_off(deliver: Deliver) -> None:
    # Documented: nextcloud/server, tags.feature (204), and 404 where there was none (ownCloud's tags API).
    assert _nextcloud(deliver, PUT_BACK, {_UNTAG: Said(204)}) == Outcome()
    none = Said(404, _sabre("NotFound", "Tag with id 7 not found"), _XML)
    # Documented: the relations of a file are a collection (ownCloud's tags API); what was asked for and is not there
    # comes as 404 beside it (recorded: nextcloud/server, issue 10774).
    collection = (
        f"{_OPEN}<d:response><d:href>{_FILE_123}/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/>"
        "</d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop><oc:fileid/>"
        "</d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response></d:multistatus>"
    ).encode()
    there = {_UNTAG: none, f"PROPFIND {_FILE_123}/7": none, f"PROPFIND {_FILE_123}": Said(207, collection, _XML)}
    assert _nextcloud(deliver, PUT_BACK, there) == Outcome()
    # Documented: tags.feature, 404 of a file that is shared with one no more, 403 of a tag that one may not give.
    away = {**there, f"PROPFIND {_FILE_123}": none}
    _is_refused(_nextcloud(deliver, PUT_BACK, away), "somebody's own")
    forbidden = Said(403, _sabre("Forbidden", "x"), _XML)
    _is_refused(_nextcloud(deliver, PUT_BACK, {_UNTAG: forbidden}), "right to edit")


@pytest.mark.parametrize(
    ("folder", "tagged"), [("", True), ("<d:collection/>", False)], ids=["of one file", "of a folder"]
)
def test_nextcloud_says_what_a_link_shows(deliver: Deliver, folder: str, tagged: bool) -> None:
    # Recorded for a file, of the same properties: nextcloud/server, pull request 37609. The address is documented:
    # nextcloud/documentation, developer_manual/client_apis/WebDAV/basic.rst ("Public shares").
    kind = f"<d:resourcetype>{folder}</d:resourcetype>" if folder else "<d:resourcetype/>"
    said = (
        f"{_OPEN}<d:response><d:href>/public.php/dav/files/Xy7/</d:href><d:propstat><d:prop><oc:id>00000123ocab</oc:id>"
        f"<oc:fileid>123</oc:fileid>{kind}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat>"
        "<d:prop><d:quota-used-bytes/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>"
        "</d:multistatus>"
    ).encode()
    answers = {"PROPFIND /public.php/dav/files/Xy7/": Said(207, said, _XML), _TAG: Said(201)}
    found, _ = deliver("nextcloud", Play(answers), lambda root: action(HOLD, url=f"{root}/s/Xy7"), token=NEXTCLOUD_KEY)
    if tagged:
        assert found == Outcome()
    else:
        _is_refused(found, "shows a folder")


@pytest.mark.parametrize(
    "said",
    [
        # Documented as what is thrown: nextcloud/server, apps/dav/tests/unit/Connector/Sabre/PublicAuthTest.php (a link
        # that has a password; one that is not there). That the first is 401, and the second 404: sabre/dav.
        Said(401, _sabre("NotAuthenticated", ""), _XML),
        Said(404, _sabre("NotFound", ""), _XML),
    ],
)
def test_nextcloud_does_not_say_what_a_link_shows(deliver: Deliver, said: Said) -> None:
    answers = {"PROPFIND /public.php/dav/files/my-holiday/": said}
    found, server = deliver(
        "nextcloud", Play(answers), lambda root: action(HOLD, url=f"{root}/s/my-holiday"), token=NEXTCLOUD_KEY
    )
    _is_refused(found, "does not say what this link shows")
    # Documented: dav_features/dav-v2-public.feature ("with Ajax header"), as the page of a link asks.
    assert server.asked[0].headers["x-requested-with"] == "XMLHttpRequest"


@pytest.mark.parametrize(
    "said",
    [
        # Recorded as what was thrown: nextcloud/all-in-one, issue 8104 (TooManyRequests, without a message).
        Said(429, _sabre("TooManyRequests", "").replace(b"Sabre\\DAV\\", b"OCA\\DAV\\Connector\\Sabre\\"), _XML),
        # Recorded as what was thrown: owncloud/core, issue 25642; its words today: nextcloud/server, issue 31674.
        Said(503, _sabre("ServiceUnavailable", "System is in maintenance mode."), _XML),
    ],
)
def test_nextcloud_wants_to_be_asked_later_and_names_no_time(deliver: Deliver, said: Said) -> None:
    _is_later(_nextcloud(deliver, HOLD, {_TAG: said}))


# ---- Pixelfed: of its moderation call itself no answer was found recorded or tested for, only its source. ----

_MODERATE, _SEEN = "POST /api/admin/moderate/post/123", "GET /api/v1/statuses/123"
_ITSELF = "GET /api/v1/accounts/verify_credentials"


def test_pixelfed_says_who_sees_a_post_before_it_is_asked_to_change_that(deliver: Deliver) -> None:
    # Documented: pixelfed/pixelfed, tests/Feature/Api/StatusTest.php (200 with `id` as text; 404 of none),
    # AccountTest.php, and tests/Feature/Security/ApiScopeSecurityTest.php (403 of one that only followers see).
    shown = Said(200, {"id": "123", "visibility": "public", "account": {"id": "7", "acct": "poster"}}, _JSON)
    for answers in ({_SEEN: shown}, {_SEEN: Said(403), _ITSELF: Said(200, {"id": "5", "username": "mod"}, _JSON)}):
        _, server = deliver("pixelfed", Play(answers), _by_id(HOLD, "123"))
        assert [(each.line, each.json) for each in server.changes] == [(_MODERATE, {"action": "mark-private"})]
    found, server = deliver("pixelfed", Play({_SEEN: Said(404)}), _by_id(HOLD, "123"))
    _is_refused(found, "shows no such post")
    assert server.changes == []


def test_pixelfed_does_not_take_the_token(deliver: Deliver) -> None:
    # Recorded: with a token that has ended, pixelfed.social leads to its page for signing in (pixelfed/pixelfed, issue
    # 6166; halcy/Mastodon.py, issue 436; pixelfed/docs, issue 78).
    def led_away(asked: Asked) -> Said:
        where = {"Location": f"http://{asked.headers['host']}/login", "Content-Type": "text/html; charset=UTF-8"}
        return Said(302, b"<!DOCTYPE html><html>x</html>", where)

    # Recorded: pixelfed/pixelfed-rn, pull request 449.
    refused = Play({_SEEN: Said(401, {"error": "Invalid token"})})
    # Documented: pixelfed/pixelfed, tests/Feature/Security/ApiScopeSecurityTest.php and Api/AccountTest.php: 403 for a
    # scope that is not the token's. 404 for a token that is no administrator's is what the calls beside this one say
    # (tests/Feature/Security/AdminAccessTest.php).
    blind = Play({_SEEN: Said(403), _ITSELF: Said(403)})
    private = {_SEEN: Said(403), _ITSELF: Said(200, {"id": "5", "username": "mod"}, _JSON)}
    found, _ = deliver("pixelfed", Play({**private, _MODERATE: Said(404)}), _by_id(HOLD, "123"))
    _is_refused(found, "no administrator's")
    for answers in (led_away, refused, blind):
        found, _ = deliver("pixelfed", answers, _by_id(HOLD, "123"))
        _is_refused(found, "takeback site token")


def test_pixelfed_wants_to_be_asked_later(deliver: Deliver) -> None:
    # Recorded: pixelfed/pixelfed, issue 3221 (the status; from what stands before the instance).
    found, _ = deliver("pixelfed", Play({_SEEN: Said(429)}), _by_id(HOLD, "123"))
    _is_later(found)


# ---- Pleroma and Akkoma ----

_ID = "AbCdEf0123456789xy"
_PLACE = f"/api/v1/pleroma/admin/statuses/{_ID}"


def _pleroma_status(visibility: str) -> Said:
    # Documented: Pleroma's admin API (docs/development/API/admin_api.md): a status as Mastodon has it. The account is
    # as pleroma-social/pleroma requires, in test/pleroma/web/admin_api/controllers/status_controller_test.exs.
    account = {"id": "AaBb", "nickname": "poster", "deactivated": False, "is_confirmed": True}
    return Said(200, {**_STATUS, "id": _ID, "visibility": visibility, "account": account})


def test_pleroma_holds_shows_again_and_deletes(deliver: Deliver) -> None:
    # Documented there: PUT answers with the status, DELETE with `{}`.
    put, delete = f"PUT {_PLACE}", f"DELETE {_PLACE}"
    shown = {f"GET {_PLACE}": _pleroma_status("public"), put: _pleroma_status("private"), delete: Said(200, {})}
    found, server = deliver("pleroma", Play(shown), _by_id(HOLD, _ID))
    assert (found, [each.line for each in server.changes]) == (Outcome(), [put])
    found, server = deliver("pleroma", Play(shown), _by_id(REMOVE, _ID))
    assert (found, [each.line for each in server.changes]) == (Outcome(gone=(_ID,)), [put, delete])
    held = {f"GET {_PLACE}": _pleroma_status("private"), put: _pleroma_status("unlisted")}
    found, server = deliver("pleroma", Play(held), _by_id(PUT_BACK, _ID))
    assert (found, [each.line for each in server.changes]) == (Outcome(), [put])


# Documented: status_controller_test.exs has the first; admin_api.md has the others, for GET, PUT and DELETE.
@pytest.mark.parametrize("said", [{"error": "Not found"}, "Not Found", "Not found"])
def test_pleroma_says_that_a_post_is_gone(deliver: Deliver, said: object) -> None:
    found, _ = deliver("pleroma", Play({f"GET {_PLACE}": Said(404, said)}), _by_id(HOLD, _ID))
    assert found == Outcome(gone=(_ID,))


@pytest.mark.parametrize(
    ("said", "word"),
    [
        # Documented: admin_api.md.
        (Said(403, {"error": "error_msg"}), "takeback site token"),
        # Documented: status_controller_test.exs; older: admin_api.md.
        (Said(400, {"error": "private - Invalid value for enum."}), "HTTP status 400"),
        (Said(400, "Unsupported visibility"), "HTTP status 400"),
    ],
)
def test_pleroma_refuses_a_change(deliver: Deliver, said: Said, word: str) -> None:
    answers = {f"GET {_PLACE}": _pleroma_status("public"), f"PUT {_PLACE}": said}
    found, _ = deliver("pleroma", Play(answers), _by_id(HOLD, _ID))
    _is_refused(found, word)


def test_pleroma_wants_to_be_asked_less_often_and_names_no_time(deliver: Deliver) -> None:
    # Documented: kphrx/pleroma, test/pleroma/web/plugs/rate_limiter_test.exs.
    found, _ = deliver("pleroma", Play({f"GET {_PLACE}": Said(429, {"error": "Throttled"})}), _by_id(HOLD, _ID))
    _is_later(found)


def test_pleroma_does_not_take_a_token_of_somebody_without_the_right(deliver: Deliver) -> None:
    # Documented: soapbox-pub/rebased, test/pleroma/web/plugs/user_is_staff_plug_test.exs and
    # ensure_privileged_plug_test.exs: 403, also where the token is nobody's.
    found, _ = deliver("pleroma", Play({f"GET {_PLACE}": Said(403)}), _by_id(HOLD, _ID))
    _is_refused(found, "takeback site token")


# ---- Stores that speak S3 ----

_AMAZON = {"x-amz-id-2": "a+b/c=", "x-amz-request-id": "QG1RDR16", "Server": "AmazonS3"}
_CHUNKED = {**_AMAZON, "Content-Type": "application/xml", "Transfer-Encoding": "chunked"}
_THERE, _HELD = "/media/a.png", "/closed/takeback/a.png"
# Recorded: boto/boto3, issue 2799.
_FOUND = Said(
    200, None,
    {**_AMAZON, "Last-Modified": "Fri, 20 Nov 2026 09:00:00 GMT", "ETag": '"0f0f"', "Accept-Ranges": "bytes",
     "Content-Type": "binary/octet-stream", "Content-Length": "2174957"},
)  # fmt: skip
# Recorded: aws/aws-cli, issue 666: in chunks, and nothing comes.
_NOT_FOUND = Said(404, None, _CHUNKED)
# Documented: Amazon S3, CopyObject ("the response is chunk encoded").
_COPIED = Said(
    200,
    b'<?xml version="1.0" encoding="UTF-8"?>\n<CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<LastModified>2026-11-22T09:30:00.000Z</LastModified><ETag>&quot;0f0f&quot;</ETag></CopyObjectResult>",
    _CHUNKED,
)  # fmt: skip
# Documented: Amazon S3, Error responses (AccessDenied), and HeadObject (403 without a body).
_DENIED = Said(403, None, _CHUNKED)


def _error(code: str, more: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>x</Message>{more}'
        "<RequestId>QG1RDR16</RequestId><HostId>a+b/c=</HostId></Error>"
    ).encode()


@dataclass
class Amazon:
    """A store with one object that is not in quarantine yet; `instead` is answered to signed requests in its place."""

    is_held: bool = False
    is_there: bool = True
    instead: Mapping[str, Said] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Said:
        if "authorization" not in asked.headers:
            return _DENIED
        if asked.line in self.instead:
            return self.instead[asked.line]
        if asked.method == "PUT":
            self.is_held = True
            return _COPIED
        if asked.method == "DELETE":
            # As is said of Amazon in scireum/s3ninja, pull request 190.
            self.is_there = False
            return Said(204, None, _AMAZON)
        return _FOUND if (self.is_there if asked.path == _THERE else self.is_held) else _NOT_FOUND


def _store(deliver: Deliver, there: Amazon, kind: ActionKind = HOLD) -> Outcome | DeliveryError:
    return deliver("s3", there, _by_id(kind, "a.png"), token=S3_KEY, api_path="/media")[0]


def test_amazon_moves_an_object_into_quarantine(deliver: Deliver) -> None:
    there = Amazon()
    assert _store(deliver, there) == Outcome()
    assert (there.is_held, there.is_there) == (True, False)


def test_amazon_says_that_an_object_is_gone(deliver: Deliver) -> None:
    assert _store(deliver, Amazon(is_there=False)) == Outcome(gone=("a.png",))


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        # Documented: Amazon S3, CopyObject: an error within an answer of status 200.
        (Said(200, _error("InternalError"), _CHUNKED), None),
        # Recorded: basho/riak_cs, issue 1169 (Amazon) and nextcloud/server, issue 33493 (Linode, which says 404): the
        # object went between the question and the copy.
        (Said(404, _error("NoSuchKey", "<Key>a.png</Key>"), _CHUNKED), None),
        # Recorded: pingcap/tiflash, issue 10538 (Amazon: no Retry-After); thephpleague/flysystem-aws-s3-v3, issue 278.
        (Said(503, _error("SlowDown"), _CHUNKED), None),
        # Documented: ceph/ceph, pull request 68210 (before it, no Retry-After there either).
        (Said(503, _error("SlowDown"), {**_CHUNKED, "Retry-After": "3"}), 3.0),
    ],
)
def test_a_copy_that_failed_is_tried_again_and_nothing_is_deleted(
    deliver: Deliver, said: Said, wait: float | None
) -> None:
    # In quarantine lies a copy from before, of the same length: it is not this object.
    there = Amazon(is_held=True, instead={f"PUT {_HELD}": said})
    _is_later(_store(deliver, there), wait)
    assert there.is_there


@pytest.mark.parametrize(
    ("line", "said", "words"),
    [
        (f"HEAD {_THERE}", _DENIED, ["takeback site token"]),
        (f"PUT {_HELD}", Said(403, _error("AccessDenied"), _CHUNKED), ["takeback site token"]),
        # Recorded: basho/riak_cs, issue 1169: the quarantine is no bucket.
        (f"PUT {_HELD}", Said(404, _error("NoSuchBucket"), _CHUNKED), ["HTTP status 404"]),
        # Recorded: boto/botocore, issue 1413, with the header that aws/aws-sdk-ruby, pull request 1162, names.
        (f"HEAD {_THERE}", Said(400, None, {**_CHUNKED, "x-amz-bucket-region": "us-west-2"}), ["region us-west-2"]),
        # Recorded: yanganto/s3rs, issue 18; without a Location, as in aws/aws-sdk-go, issue 356.
        (
            f"PUT {_HELD}",
            Said(301, _error("PermanentRedirect"), {**_CHUNKED, "x-amz-bucket-region": "ap-northeast-1"}),
            ["region ap-northeast-1"],
        ),
    ],
)
def test_amazon_refuses(deliver: Deliver, line: str, said: Said, words: list[str]) -> None:
    there = Amazon(instead={line: said})
    _is_refused(_store(deliver, there), *words)
    assert there.is_there
