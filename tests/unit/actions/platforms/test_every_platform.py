"""
What every platform promises: whichever of its calls is answered so, the order ends in a state that says what to do.

Each order is first given to the platform as it is, so that its calls are counted; then once for each of them, with
that one answered as a platform, or a proxy before it, does where something is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.actions.platforms.server import TOKEN, Answers, Asked, Loopback, Said, action
from tests.unit.actions.platforms.test_discourse import ME, Discourse
from tests.unit.actions.platforms.test_lemmy import Lemmy
from tests.unit.actions.platforms.test_mastodon import Mastodon
from tests.unit.actions.platforms.test_nextcloud import KEY as NEXTCLOUD_KEY
from tests.unit.actions.platforms.test_nextcloud import Nextcloud
from tests.unit.actions.platforms.test_pixelfed_and_pleroma import FLAKE, Pixelfed, Pleroma
from tests.unit.actions.platforms.test_s3 import BYTES, Store
from tests.unit.actions.platforms.test_s3 import KEY as S3_KEY

from takeback.actions.interface import ActionKind, Outcome
from takeback.actions.platforms.known import PLATFORMS
from takeback.errors import DeliveryError

if TYPE_CHECKING:
    from tests.unit.actions.platforms.conftest import Deliver

HOLD, REMOVE, PUT_BACK = ActionKind.HOLD, ActionKind.REMOVE, ActionKind.PUT_BACK
_LOST = {"/closed/takeback/a.png": BYTES}


@dataclass(frozen=True)
class There:
    """One platform as its own test plays it: with an item that is shown, and with one that was held."""

    name: str
    shown: Callable[[], Any]
    held: Callable[[], Any]
    is_hidden: Callable[[Any], bool]
    item: str
    token: str = TOKEN
    api_path: str = ""


THERE = [
    There("discourse", Discourse, lambda: Discourse(deleted_by=ME), lambda there: there.deleted_by is not None, "123"),
    There("discourse", lambda: Discourse(number=1), lambda: Discourse(number=1, deleted_by=ME),
          lambda there: there.deleted_by is not None, "123"),
    There("lemmy", Lemmy, lambda: Lemmy(removed={("post", 1): True}), lambda there: there.removed["post", 1], "post/1"),
    There("mastodon", Mastodon, Mastodon, lambda there: not there.shows, "123"),
    There("nextcloud", Nextcloud, lambda: Nextcloud(tagged=True), lambda there: there.tagged, "123", NEXTCLOUD_KEY),
    There("pixelfed", Pixelfed, lambda: Pixelfed(visibility="private"), lambda there: there.visibility == "private",
          "123"),
    There("pleroma", Pleroma, lambda: Pleroma(visibility="private"), lambda there: there.visibility == "private",
          FLAKE),
    There("s3", lambda: Store(objects={"/media/a.png": BYTES}), lambda: Store(objects=dict(_LOST)),
          lambda there: "/media/a.png" not in there.objects, "a.png", S3_KEY, "/media"),
]  # fmt: skip


class Faulty:
    """A platform that answers its `at`-th request in another way."""

    def __init__(self, there: Answers, at: int, said: Said) -> None:
        self._there, self._left, self._said = there, at, said

    def __call__(self, asked: Asked) -> Said:
        self._left -= 1
        return self._said if self._left == -1 else self._there(asked)


type Once = Callable[[There, ActionKind, Said], Iterator[tuple[Outcome | DeliveryError, Loopback, Any]]]


@pytest.fixture
def each_call(deliver: Deliver) -> Once:
    """Give an order once for each of its calls, that one answered with `said`."""

    def faults(there: There, kind: ActionKind, said: Said) -> Iterator[tuple[Outcome | DeliveryError, Loopback, Any]]:
        make = there.held if kind is PUT_BACK else there.shown

        def order(_root: str) -> Any:
            return action(kind, there.item)

        _, server = deliver(there.name, make(), order, token=there.token, api_path=there.api_path)
        assert server.asked
        for at in range(len(server.asked)):
            inside = make()
            faulty = Faulty(inside, at, said)
            found, asked = deliver(there.name, faulty, order, token=there.token, api_path=there.api_path)
            yield found, asked, inside

    return faults


def test_every_platform_is_here() -> None:
    assert sorted({there.name for there in THERE}) == sorted(PLATFORMS)


_EACH = pytest.mark.parametrize("there", THERE, ids=lambda there: there.name)
_KINDS = pytest.mark.parametrize("kind", [HOLD, REMOVE, PUT_BACK])


@_EACH
@_KINDS
@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_token_is_said_whenever_it_shows(each_call: Once, there: There, kind: ActionKind, status: int) -> None:
    for problem, server, _ in each_call(there, kind, Said(status)):
        if _is_open_question(server):
            continue
        if there.name == "pixelfed" and status == 403 and isinstance(problem, Outcome):
            # So it says that only followers see a post; what the token may is asked of another call.
            assert server.lines[1] == "GET /api/v1/accounts/verify_credentials"
            continue
        assert isinstance(problem, DeliveryError), server.lines
        assert problem.permanent
        # Nextcloud answers 403 for a right that is missing, and 401 for a token.
        own_word = "right to edit" if there.name == "nextcloud" and status == 403 else "takeback site token"
        assert own_word in problem.message, server.lines
        assert all(secret not in problem.message for secret in there.token.split() if len(secret) > 10)


@_EACH
@_KINDS
def test_a_platform_that_wants_to_be_asked_less_is_left_alone_for_as_long(
    each_call: Once, there: There, kind: ActionKind
) -> None:
    for problem, server, _ in each_call(there, kind, Said(429, None, {"Retry-After": "31"})):
        if _is_open_question(server):
            continue
        assert isinstance(problem, DeliveryError), server.lines
        assert (problem.permanent, problem.retry_after_seconds) == (False, 31.0), server.lines


@_EACH
@_KINDS
def test_what_moved_is_not_followed_and_said(each_call: Once, there: There, kind: ActionKind) -> None:
    for problem, server, _ in each_call(there, kind, Said(301, None, {"Location": "https://other.example/"})):
        if _is_open_question(server):
            continue
        assert isinstance(problem, DeliveryError), server.lines
        assert problem.permanent
        assert "another address" in problem.message, server.lines


@_EACH
@_KINDS
def test_what_is_not_found_is_gone_or_says_what_to_do_and_is_never_done(
    each_call: Once, there: There, kind: ActionKind
) -> None:
    for found, server, inside in each_call(there, kind, Said(404, b"<html><title>404 Not Found</title></html>")):
        if isinstance(found, DeliveryError):
            assert len(found.message) > 20, server.lines
        elif found.gone:
            assert kind is not PUT_BACK
        else:
            # It says that it was done: so it was.
            assert there.is_hidden(inside) is (kind is not PUT_BACK), server.lines


def _is_open_question(server: Loopback) -> bool:
    """Whether the last call was made without the token: whether anybody may read a quarantine."""
    return server.asked[-1].method == "HEAD" and "authorization" not in server.asked[-1].headers
