"""
Nextcloud's own calls, and what its answers come to.

The shapes are those of its source (nextcloud/server, apps/dav/lib/SystemTag): a relation is made by PUT (201), and
answers 409 where it is there; `getChild` of `SystemTagsObjectTypeCollection` is 404 for a file that the account has
not, whether or not there is one; `createFile` of `SystemTagsObjectMappingCollection` is 403 without the right to edit,
and 412 for a tag that the account does not see. Errors are sabre/dav's XML. Of public links: `check` of
`apps/dav/lib/Connector/Sabre/PublicAuth.php` (503 for one that is not there, in newer versions), and
`apps/dav/appinfo/v2/publicremote.php` (401 to what is no XMLHttpRequest, where nothing is shared with other servers).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.actions.platforms.server import HANGS, Asked, Said, action, reconcile

from takeback.actions.interface import ActionKind, Outcome
from takeback.actions.platforms.known import PLATFORMS
from takeback.errors import DeliveryError, InputError

if TYPE_CHECKING:
    from tests.unit.actions.platforms.conftest import Deliver

HOLD, REMOVE, PUT_BACK = ActionKind.HOLD, ActionKind.REMOVE, ActionKind.PUT_BACK
PASSWORD = "yTCdX-4kXmN-9qPzW-ALSrk-2sJ7e"
KEY = f"[default]\nuser = takeback\npassword = {PASSWORD}\ntag = 7\n"
BASIC = "Basic " + base64.b64encode(f"takeback:{PASSWORD}".encode()).decode()
RELATION = "/remote.php/dav/systemtags-relations/files/123/7"


def _error(kind: str, message: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">\n'
        f"  <s:exception>Sabre\\DAV\\Exception\\{kind}</s:exception>\n  <s:message>{message}</s:message>\n</d:error>\n"
    ).encode()


def _properties(path: str, number: str, kind: str) -> bytes:
    return (
        '<?xml version="1.0"?>\n<d:multistatus xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" '
        'xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"><d:response>'
        f"<d:href>{path}</d:href><d:propstat><d:prop><oc:fileid>{number}</oc:fileid>{kind}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>\n"
    ).encode()


@dataclass
class Nextcloud:
    """A Team folder with file 123, which the link s/Xy7QpL2mN4bR8sT shows, and somebody's own file 124."""

    tagged: bool = False
    may_edit: bool = True
    knows_tag: bool = True
    shows: str = "<d:resourcetype/>"
    federates: bool = True
    """Whether links may be added to other servers, which those who run it can switch off."""
    instead: dict[str, Said] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Said:
        if asked.line in self.instead:
            return self.instead[asked.line]
        if asked.path.startswith("/public.php/dav/files/"):
            assert "authorization" not in asked.headers
            if not self.federates and asked.headers.get("x-requested-with") != "XMLHttpRequest":
                return Said(401, _error("NotAuthenticated", ""))
            if asked.path != "/public.php/dav/files/Xy7QpL2mN4bR8sT/":
                return Said(404, _error("NotFound", "File not found"))
            return Said(207, _properties(asked.path, "123", self.shows))
        if asked.headers.get("authorization") != BASIC:
            return Said(
                401,
                _error("NotAuthenticated", "No public access to this resource., Username or password was incorrect"),
            )
        if not asked.path.startswith(RELATION.removesuffix("/7")):
            return Said(404, _error("NotFound", "Entity does not exist or is not available"))
        if asked.method == "PROPFIND" and asked.path == RELATION and not self.tagged:
            return Said(404, _error("NotFound", "Tag with id 7 not present for object 123"))
        if asked.method == "PROPFIND":
            return Said(207, _properties(asked.path, "123", ""))
        if asked.method == "PUT":
            return self._tag()
        if not self.tagged:
            return Said(404, _error("NotFound", "Tag with id 7 not present for object 123"))
        self.tagged = False
        return Said(204)

    def _tag(self) -> Said:
        if self.tagged:
            return Said(409, _error("Conflict", "PUT is only allowed on files."))
        if not self.knows_tag:
            return Said(412, _error("PreconditionFailed", "Tag with id 7 does not exist, cannot assign"))
        if not self.may_edit:
            return Said(403, _error("Forbidden", "No permission to assign tag to 123"))
        self.tagged = True
        return Said(201)


def _by_id(kind: ActionKind, item: str) -> Any:
    return lambda _root: action(kind, item)


def _by_link(kind: ActionKind, path: str) -> Any:
    return lambda root: action(kind, url=root + path)


LINKS = (
    "/f/123", "/index.php/f/123", "/apps/files/files/123?dir=/Photos", "/apps/files/?dir=/&fileid=123",
    "/index.php/apps/files/?openfile=123", "/s/Xy7QpL2mN4bR8sT", "/index.php/s/Xy7QpL2mN4bR8sT",
)  # fmt: skip


@pytest.mark.parametrize("kind", [HOLD, REMOVE])
@pytest.mark.parametrize("path", LINKS)
def test_a_file_gets_the_tag_that_is_denied(deliver: Deliver, path: str, kind: ActionKind) -> None:
    there = Nextcloud()
    outcome, server = deliver("nextcloud", there, _by_link(kind, path), token=KEY, times=2)
    assert (outcome, there.tagged) == (Outcome(), True)
    assert {each.line for each in server.changes} - {"PROPFIND /public.php/dav/files/Xy7QpL2mN4bR8sT/"} == {
        f"PUT {RELATION}"
    }


@pytest.mark.parametrize("path", LINKS)
def test_what_was_held_or_removed_loses_it_again(deliver: Deliver, path: str) -> None:
    there = Nextcloud(tagged=True)
    outcome, server = deliver("nextcloud", there, _by_link(PUT_BACK, path), token=KEY, times=2)
    assert (outcome, there.tagged) == (Outcome(), False)
    assert f"DELETE {RELATION}" in server.lines


def test_the_sites_own_id_is_the_files_number(deliver: Deliver) -> None:
    for item in ("123", "file/123"):
        outcome, server = deliver("nextcloud", Nextcloud(), _by_id(HOLD, item), token=KEY)
        assert outcome == Outcome()
        assert [(each.line, each.body) for each in server.asked] == [(f"PUT {RELATION}", b"")]


@pytest.mark.parametrize("kind", [HOLD, REMOVE, PUT_BACK])
def test_what_is_somebodys_own_or_was_moved_out_of_reach_is_left_to_the_server(
    deliver: Deliver, kind: ActionKind
) -> None:
    problem, _ = deliver("nextcloud", Nextcloud(), _by_id(kind, "124"), token=KEY)
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "somebody's own" in problem.message


@pytest.mark.parametrize(
    ("there", "message"),
    [(Nextcloud(may_edit=False), "right to edit"), (Nextcloud(knows_tag=False), "no tag 7 that the account sees")],
)
def test_a_right_that_is_missing_is_said(deliver: Deliver, there: Nextcloud, message: str) -> None:
    problem, _ = deliver("nextcloud", there, _by_id(HOLD, "123"), token=KEY)
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert message in problem.message


def test_a_link_to_a_folder_or_one_that_ended_is_left_to_a_person(deliver: Deliver) -> None:
    folder = Nextcloud(shows="<d:resourcetype><d:collection/></d:resourcetype>")
    problem, server = deliver("nextcloud", folder, _by_link(HOLD, "/s/Xy7QpL2mN4bR8sT"), token=KEY)
    assert isinstance(problem, DeliveryError)
    assert "shows a folder" in problem.message
    assert [each.method for each in server.asked] == ["PROPFIND"]
    problem, _ = deliver("nextcloud", Nextcloud(), _by_link(HOLD, "/s/Another1"), token=KEY)
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "does not say what this link shows" in problem.message


def test_a_link_is_asked_about_as_its_own_page_does(deliver: Deliver) -> None:
    outcome, _ = deliver("nextcloud", Nextcloud(federates=False), _by_link(HOLD, "/s/Xy7QpL2mN4bR8sT"), token=KEY)
    assert outcome == Outcome()


def test_a_link_that_ended_is_told_from_a_server_that_is_down(deliver: Deliver) -> None:
    place = "PROPFIND /public.php/dav/files/my-holiday/"
    ended = Said(503, _error("ServiceUnavailable", "Sabre\\DAV\\Exception\\NotFound: "))
    problem, _ = deliver("nextcloud", Nextcloud(instead={place: ended}), _by_link(HOLD, "/s/my-holiday"), token=KEY)
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "does not say what this link shows" in problem.message
    problem, _ = deliver(
        "nextcloud", Nextcloud(instead={place: Said(503, _DOWN)}), _by_link(HOLD, "/s/my-holiday"), token=KEY
    )
    assert isinstance(problem, DeliveryError)
    assert not problem.permanent


def test_nobody_is_asked_what_is_gone(deliver: Deliver) -> None:
    problem, server = deliver("nextcloud", Nextcloud(), lambda _root: reconcile("123"), token=KEY)
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert server.asked == []


@pytest.mark.parametrize(
    "path", ["/", "/f/", "/f/0", "/f/x", "/s/a%2Fb", "/s/a_b", "/s/Xy7QpL2mN4bR8sT/download",
             "/s/Xy7QpL2mN4bR8sT?path=/a", "/apps/files/?dir=/", "/apps/photos/123",
             "/remote.php/dav/files/someone/a.png"],
)  # fmt: skip
def test_an_address_of_anything_else_is_not_asked_about(deliver: Deliver, path: str) -> None:
    problem, server = deliver("nextcloud", Nextcloud(), _by_link(REMOVE, path), token=KEY)
    assert isinstance(problem, DeliveryError)
    assert problem.permanent
    assert "This is no file" in problem.message
    assert server.asked == []


_DOWN = _error("ServiceUnavailable", "System is in maintenance mode.")


@pytest.mark.parametrize(
    ("said", "permanent", "wait", "message"),
    [
        (Said(401, _error("NotAuthenticated", "s@one.example")), True, None, "takeback site token"),
        (Said(429, b"", {"Retry-After": "25"}), False, 25.0, "HTTP status 429"),
        (Said(423, _error("Locked", "x")), False, None, "locked"),
        (Said(500), False, None, "HTTP status 500"),
        (Said(503, _DOWN, {"Retry-After": "120"}), False, 120.0, "HTTP status 503"),
        (Said(302, None, {"Location": "https://other.example/login"}), True, None, "another address"),
        (Said(200, b"<html>"), False, None, "does not say"),
        (HANGS, False, None, "in time"),
    ],
)
@pytest.mark.parametrize("kind", [HOLD, PUT_BACK])
def test_each_answer_that_is_no_success_ends_in_a_clear_state(
    deliver: Deliver, said: Said, permanent: bool, wait: float | None, message: str, kind: ActionKind
) -> None:
    there = Nextcloud(instead={f"PUT {RELATION}": said, f"DELETE {RELATION}": said})
    problem, _ = deliver("nextcloud", there, _by_id(kind, "123"), token=KEY, quick=said is HANGS)
    assert isinstance(problem, DeliveryError)
    assert (problem.permanent, problem.retry_after_seconds) == (permanent, wait)
    assert message in problem.message
    assert "one.example" not in problem.message + problem.advice
    assert PASSWORD not in problem.message + problem.advice


@pytest.mark.parametrize(
    "token",
    ["", "takeback:password", "[default]\nuser = a\n", KEY.replace("tag = 7", "tag = held"),
     KEY.replace("user = takeback", "user = a:b")],
)  # fmt: skip
def test_a_token_file_of_another_form_is_refused_when_the_site_is_added(token: str) -> None:
    with pytest.raises(InputError, match="no token file of a Nextcloud"):
        PLATFORMS["nextcloud"].check_token(token)
    PLATFORMS["nextcloud"].check_token(KEY)
