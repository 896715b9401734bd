"""A site that is asked by its platform's API: the whole way of a link, and what the desk sees where it fails."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.house import AT, LAWS, Clock, forms_of, notice_about
from tests.unit.actions.platforms.server import TOKEN, Answers, Asked, Loopback, Said, platform
from tests.unit.actions.platforms.test_discourse import ME, Discourse
from tests.unit.actions.platforms.test_lemmy import Lemmy
from tests.unit.actions.platforms.test_nextcloud import KEY as NEXTCLOUD_KEY
from tests.unit.actions.platforms.test_s3 import KEY as S3_KEY
from tests.unit.decoding import InProcess

from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.actions.platforms.known import PLATFORMS, WEBHOOK
from takeback.assembly import Parts
from takeback.audit.event import EventKind
from takeback.cases import CopyState
from takeback.config import Settings
from takeback.jobs.outbox import OutboxJob
from takeback.jobs.reconcile import ReconcileJob
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.journal import Journal
from takeback.store.outbox import Delivery, DeliveryState
from takeback.store.prints import KnownBy
from takeback.store.sites import Site
from takeback.workflow.contest import answer_contest, contest_by_link
from takeback.workflow.decide import Decision, Finding, Outcome, decide
from takeback.workflow.hearing import pass_on_contest
from takeback.workflow.intake import receive_notice
from takeback.workflow.put_back import Answer
from takeback.workflow.redeliver import redeliver
from takeback.workflow.register import NewPlatform, add_site, set_token
from takeback.workflow.replica import Replica

REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one")
DRAWN = Answer("A drawing.", "key/two", ("intimate",))


@pytest.fixture
def parts(store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path) -> Parts:
    return Parts(Settings(data=data), store, replica, journal, InProcess(), clock)


class There:
    """A platform that listens, its site here, and the job that speaks to it."""

    def __init__(self, parts: Parts, server: Loopback, name: str, token: str = TOKEN, api_path: str = "") -> None:
        self.parts, self.server = parts, server
        self.http = OutgoingHttp([server.name], timeouts=Timeouts(30, 30, 60))
        self.job = OutboxJob(parts, self.http)
        is_hook = name == WEBHOOK
        asked = None if is_hook else NewPlatform(name, server.url + api_path, token)
        hook = f"{server.url}/hook" if is_hook else None
        self.site: Site = add_site(
            parts.store, "there", base_url=f"{server.url}/", platform=asked, webhook_url=hook, actor="test", at=AT
        ).site

    def notice(self, path: str) -> Case:
        notice = notice_about(links=(self.server.url + path,))
        return receive_notice(
            self.parts.store, self.parts.replica, notice, default_laws=LAWS, request=None, at=self.parts.now()
        ).case

    async def work(self) -> None:
        """Deliver what is due, and what is due in the twenty minutes after."""
        for _ in range(2):
            await self.job.step()
            await self.job.drain()
            assert isinstance(self.parts.now, Clock)
            self.parts.now.pass_(minutes=20)

    def states(self, case: Case) -> list[CopyState]:
        with self.parts.store.read() as tx:
            return [copy.state for copy in tx.copies.of_case(case.id)]

    def failed(self) -> list[Delivery]:
        with self.parts.store.read() as tx:
            return tx.outbox.by_state(DeliveryState.FAILED)

    def contest(self, case: Case) -> None:
        with self.parts.store.read() as tx:
            (copy,) = tx.copies.of_case(case.id)
        code = self.parts.store.keyring.contest_code(copy.public_id)
        contest_by_link(self.parts.store, code, "I drew this.", timedelta(days=184), at=self.parts.now())


def _at(
    parts: Parts, answers: Answers, name: str, do: Callable[[There], Awaitable[None]], *, token: str = TOKEN
) -> None:
    async def run() -> None:
        async with platform(answers) as server:
            await do(There(parts, server, name, token))

    asyncio.run(run())


def test_a_link_is_held_removed_contested_and_put_back_where_the_platform_can(parts: Parts) -> None:
    forum = Discourse()

    async def whole_way(there: There) -> None:
        # 1. A notice names a post by its link, and nobody sees the post any more.
        case = there.notice("/t/a-slug/12/3")
        await there.work()
        assert forum.deleted_by == ME
        # 2. A person decides: it stays so.
        decide(parts.store, case.public_id, REMOVE, at=parts.now())
        await there.work()
        assert there.states(case) == [CopyState.REMOVED]
        # 3. Whoever posted it contests, she is heard, a second person answers: it stands there as before.
        there.contest(case)
        pass_on_contest(parts.store, case.public_id, "It is said to be a drawing.", actor="key/two", at=parts.now())
        assert isinstance(parts.now, Clock)
        parts.now.pass_(hours=73)
        answer_contest(parts.store, case.public_id, DRAWN, put_back=True, at=parts.now())
        await there.work()
        assert [forum.deleted_by] == [None]
        assert there.states(case) == [CopyState.PUT_BACK]
        assert [each.line for each in there.server.changes] == ["DELETE /posts/123.json", "PUT /posts/123/recover.json"]
        assert there.failed() == []

    _at(parts, forum, "discourse", whole_way)


def test_a_put_back_that_the_platform_cannot_do_is_shown_at_the_desk(parts: Parts) -> None:
    instance = Lemmy()

    async def whole_way(there: There) -> None:
        case = there.notice("/post/1")
        await there.work()
        assert instance.removed["post", 1]
        decide(parts.store, case.public_id, REMOVE, at=parts.now())
        await there.work()
        assert ("post", 1) not in instance.removed
        assert there.states(case) == [CopyState.REMOVED]
        there.contest(case)
        pass_on_contest(parts.store, case.public_id, "It is said to be a drawing.", actor="key/two", at=parts.now())
        assert isinstance(parts.now, Clock)
        parts.now.pass_(hours=73)
        answer_contest(parts.store, case.public_id, DRAWN, put_back=True, at=parts.now())
        await there.work()
        (failed,) = there.failed()
        assert failed.kind == "put_back"
        assert "cannot be undone" in str(failed.problem)

    _at(parts, instance, "lemmy", whole_way)


def test_a_link_to_what_is_not_there_any_more_closes_its_copy(parts: Parts) -> None:
    async def way(there: There) -> None:
        case = there.notice("/post/1")
        await there.work()
        assert there.states(case) == [CopyState.GONE]
        assert there.failed() == []

    _at(parts, Lemmy(removed={}), "lemmy", way)


def test_a_wrong_token_fails_at_once_and_a_new_one_is_tried_from_the_desk(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    instance = Lemmy()

    async def way(there: There) -> None:
        there.notice("/post/1")
        await there.work()
        (failed,) = there.failed()
        assert failed.attempts == 1
        assert "takeback site token" in str(failed.problem)
        set_token(parts.store, there.site, TOKEN + "\n", actor="test", at=parts.now())
        redeliver(parts.store, failed.public_id, actor="key/desk", at=parts.now())
        await there.work()
        assert there.failed() == []
        assert instance.removed["post", 1]

    _at(parts, instance, "lemmy", way, token="an-old-token-of-theirs")
    with parts.store.read() as tx:
        told = " ".join(str(entry.facts) for entry in tx.audit.entries())
        kinds = [entry.kind for entry in tx.audit.entries()]
    assert EventKind.SETTINGS_CHANGED in kinds
    assert EventKind.DELIVERY_FAILED in kinds
    for secret in (TOKEN, "an-old-token-of-theirs"):
        assert secret not in told + caplog.text


def test_the_token_lies_nowhere_in_the_clear(parts: Parts, data: Path) -> None:
    async def way(there: There) -> None:
        there.notice("/post/1")
        await there.work()
        assert TOKEN not in repr(there.site)

    _at(parts, Lemmy(), "lemmy", way)
    parts.store.close()
    files = [path for path in data.rglob("*") if path.is_file()]
    assert files
    for path in files:
        stored = path.read_bytes()
        assert not any(form in stored for form in forms_of(TOKEN.encode())), path.name


def test_a_platform_that_is_down_is_asked_again_and_one_that_moved_is_not(parts: Parts) -> None:
    instance = Lemmy(instead={"GET /api/v3/post": Said(503)})

    async def way(there: There) -> None:
        there.notice("/post/1")
        await there.work()
        assert there.failed() == []
        instance.instead = {}
        await there.work()
        assert instance.removed["post", 1]
        instance.instead = {"GET /api/v3/comment": Said(301, None, {"Location": "https://other.example/"})}
        there.notice("/comment/2")
        await there.work()
        (failed,) = there.failed()
        assert "another address" in str(failed.problem)

    _at(parts, instance, "lemmy", way)


def test_a_reconciliation_that_broke_off_goes_on_where_it_was(parts: Parts) -> None:
    instance = Lemmy(removed={("post", number): False for number in range(60) if number != 7})

    def refuses_the_last(asked: Asked) -> Said:
        return Said(429) if busy and asked.query.get("id") == "55" else instance(asked)

    busy = [True]

    async def way(there: There) -> None:
        (key,) = parts.store.keyring.new_data_keys()
        with parts.store.write() as tx:
            for number in range(1, 60):
                address = f"{there.server.url}/post/{number}"
                tx.items.remember(there.site.id, f"post/{number}", url=address, known_by=KnownBy(), key=key, at=AT)
        assert isinstance(parts.now, Clock)
        parts.now.pass_(hours=2)
        job = ReconcileJob(parts, there.http)
        await job.step()
        assert [each.query["id"] for each in there.server.asked[1:]] == [str(number) for number in range(1, 56)]
        there.server.asked.clear()
        busy.clear()
        parts.now.pass_(hours=2)
        await job.step()
        assert there.server.asked[1].query["id"] == "51"
        with parts.store.read() as tx:
            assert tx.items.count() == 58
            assert tx.sites.by_id(there.site.id).reconciled_at == parts.now()

    _at(parts, refuses_the_last, "lemmy", way)


LINKS: dict[str, tuple[str, str, str]] = {
    "discourse": ("/p/123", TOKEN, ""),
    "lemmy": ("/post/1", TOKEN, ""),
    "mastodon": ("/@someone/123", TOKEN, ""),
    "nextcloud": ("/f/123", NEXTCLOUD_KEY, ""),
    "pixelfed": ("/p/someone/123", TOKEN, ""),
    "pleroma": ("/notice/AbCdEf0123456789xy", TOKEN, ""),
    "s3": ("/a.png", S3_KEY, "/media"),
    WEBHOOK: ("/items/81", "", ""),
}
"""A link to an item of each platform, the token, and where below the server its API lies."""


@pytest.mark.parametrize("name", [*PLATFORMS, WEBHOOK])
@pytest.mark.parametrize(
    ("said", "state", "problem"),
    [
        (Said(401, {"error": "incorrect_login"}), DeliveryState.FAILED, r"takeback site token|HTTP status 401"),
        (Said(429, {"error": "rate_limit_error"}, {"Retry-After": "9"}), DeliveryState.WAITING, r"429|less often"),
        (Said(301, None, {"Location": "https://other.example/"}), DeliveryState.FAILED, r"another address|redirected"),
        (Said(404, b"<html>"), None, r"."),
    ],
    ids=["wrong token", "too often", "moved", "not found"],
)
def test_whatever_is_wrong_there_ends_in_a_state_that_the_desk_is_shown(
    parts: Parts, name: str, said: Said, state: DeliveryState | None, problem: str
) -> None:
    link, token, api_path = LINKS[name]

    async def run() -> None:
        async with platform(lambda _asked: said) as server:
            there = There(parts, server, name, token, api_path)
            case = there.notice(link)
            await there.job.step()
            await there.job.drain()
            with parts.store.read() as tx:
                (copy,) = tx.copies.of_case(case.id)
                (order,) = tx.outbox.of_copy(copy.id)
            # Nobody took it to be done: it stands with its reason, or the copy is closed as gone.
            if copy.state is CopyState.GONE:
                assert (state, order.state) == (None, DeliveryState.DELIVERED)
                return
            assert copy.state is CopyState.HELD
            assert order.state is (state or order.state)
            assert order.state is not DeliveryState.DELIVERED
            assert re.search(problem, order.problem or "")

    asyncio.run(run())
