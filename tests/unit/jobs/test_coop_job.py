"""What waits for a decision is told to Coop: what is sent, and where each answer of Coop's ends at the desk."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from tests.house import AT, LAWS, Clock, drawn, notice_about, prints_of, reported
from tests.unit.actions.platforms.server import HANGS, Said, platform
from tests.unit.coop import API_KEY, ITEM_TYPE, USER_TYPE, WRONG_ITEM, Coop, settings_of
from tests.unit.decoding import InProcess

from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.assembly import Parts
from takeback.audit.event import EventKind
from takeback.config import Settings
from takeback.errors import IllegalTransition
from takeback.jobs.coop import CoopJob
from takeback.store import Store
from takeback.store.coop_reports import CoopReportRow, CoopState
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.coop import report_again
from takeback.workflow.decide import Decision, Finding, Outcome, decide
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload

QUICK = Timeouts(connect_seconds=0.3, read_seconds=0.3, total_seconds=0.6)
PATIENT = Timeouts(connect_seconds=30, read_seconds=30, total_seconds=60)


class House:
    """Parts, and a Coop that answers as it is told to."""

    def __init__(self, parts: Parts, tmp_path: Path) -> None:
        self.parts, self.folder, self.there = parts, tmp_path, Coop()

    def work(self, *, steps: int = 1, quick: bool = False, **settings: object) -> None:
        """Let the job take some steps against the Coop, twenty minutes apart."""

        async def run() -> None:
            async with platform(self.there) as server:
                http = OutgoingHttp([server.name], timeouts=QUICK if quick else PATIENT)
                named = settings_of(self.folder, server.url, **settings)
                chosen = Settings(data=self.parts.settings.data, **named)  # type: ignore[arg-type]
                parts = self.parts
                job = CoopJob(
                    Parts(chosen, parts.store, parts.replica, parts.journal, parts.decoder, parts.now), http
                )  # fmt: skip
                for _ in range(steps):
                    await job.step()
                    assert isinstance(parts.now, Clock)
                    parts.now.pass_(minutes=20)

        asyncio.run(run())

    def notice(self, *links: str, under_18: bool = False) -> Received:
        notice = notice_about(links=links, under_18=under_18) if links else notice_about(reported(drawn(1)))
        return receive_notice(
            self.parts.store, self.parts.replica, notice, default_laws=LAWS, request=None, at=self.parts.now()
        )

    def rows(self) -> list[CoopReportRow]:
        with self.parts.store.read() as tx:
            return [row for state in CoopState for row in tx.coop_reports.by_state(state)]


@pytest.fixture
def house(
    store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path, site: Site, tmp_path: Path
) -> House:
    return House(Parts(Settings(data=data), store, replica, journal, InProcess(), clock), tmp_path)


def test_a_report_says_where_it_is_and_when_it_is_due_and_nothing_of_the_notice(house: House) -> None:
    case = house.notice("https://forum.example/p/7").case
    house.work(desk_origin="https://desk.forum.example")
    (row,) = house.rows()
    (asked,) = house.there.reports
    assert asked.headers["x-api-key"] == API_KEY
    assert asked.json == {
        "reporter": {"kind": "user", "typeId": USER_TYPE, "id": "takeback"},
        "reportedAt": "2026-11-22T12:00:00.000Z",
        "reportedForReason": {"reason": "A notice is being examined.", "policyId": "3d1b5f7a9c2"},
        "reportedItem": {
            "id": row.public_id,
            "typeId": ITEM_TYPE,
            "data": {
                "notice": "A notice says that this shows someone without their consent. It is hidden until a person "
                "decides.",
                "found_as": "link",
                "address": "https://forum.example/p/7",
                "desk": f"https://desk.forum.example/desk/cases/{case.public_id}",
                "due_at": "2026-11-24T12:00:00.000Z",
            },
        },
    }
    assert (row.state, row.attempts) == (CoopState.TOLD, 1)
    for hers in ("Person", "person.example", "consent.", "images", "csam"):
        assert hers not in asked.body.decode().replace("without their consent. It", "")


def test_copies_that_show_the_same_are_told_once(house: House, site: Site) -> None:
    for number in range(1, 4):
        upload = Upload(site, str(number), f"https://forum.example/{number}")
        check_upload(house.parts.store, house.parts.replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    house.notice()
    house.work(steps=3)
    assert [asked.json["reportedItem"]["data"]["item"] for asked in house.there.reports] == ["1"]


def test_what_may_show_someone_under_18_is_never_told(house: House) -> None:
    house.notice("https://forum.example/p/7", under_18=True)
    house.work(steps=2)
    assert (house.there.reports, house.rows()) == ([], [])


def test_where_none_is_set_up_nothing_is_told(house: House) -> None:
    house.notice("https://forum.example/p/7")
    job = CoopJob(house.parts, OutgoingHttp([]))
    asyncio.run(job.step())
    assert house.rows() == []


def test_what_was_decided_or_may_show_a_minor_before_coop_came_back_is_not_told_any_more(house: House) -> None:
    first, second = house.notice("https://forum.example/p/7").case, house.notice("https://forum.example/p/8").case
    house.there.instead = Said(503)
    house.work()
    decide(house.parts.store, first.public_id, Decision(Outcome.REMOVED, Finding(True, "Yes."), "key/one"), at=AT)
    with house.parts.store.write() as tx:
        tx.cases.set_under_18(tx.cases.by_id(second.id))
    house.there.instead = None
    house.work()
    assert house.there.reports == []
    assert {row.state for row in house.rows()} == {CoopState.FAILED}
    assert all("not told any more" in (row.problem or "") for row in house.rows())


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (Said(401, {"errors": [{"status": 401, "title": "Invalid API Key"}]}), "does not accept the API key"),
        (Said(403), "does not accept the API key"),
        (WRONG_ITEM, "takeback coop check"),
        (Said(404, b"<html>"), "no Coop at this address"),
        (Said(301, None, {"Location": "https://other.example/"}), "change `coop_address`"),
        (Said(413), "HTTP status 413"),
    ],
)
def test_what_no_second_try_mends_fails_at_once_and_is_tried_again_from_the_desk(
    house: House, said: Said, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    case = house.notice("https://forum.example/p/7").case
    house.there.instead = said
    house.work(steps=2)
    (row,) = house.rows()
    assert (row.state, row.attempts) == (CoopState.FAILED, 1)
    assert problem in (row.problem or "")
    assert "caption" not in (row.problem or "") + caplog.text
    house.there.instead = None
    report_again(house.parts.store, row.public_id, actor="key/one", at=house.parts.now())
    house.work()
    assert [each.state for each in house.rows()] == [CoopState.TOLD]
    with pytest.raises(IllegalTransition):
        report_again(house.parts.store, row.public_id, actor="key/one", at=house.parts.now())
    with house.parts.store.read() as tx:
        kinds = [entry.kind for entry in tx.audit.of_case(case.public_id)]
        told = " ".join(str(entry.facts) for entry in tx.audit.entries())
    assert kinds[-3:] == [EventKind.COOP_NOT_TOLD, EventKind.COOP_TRIED_AGAIN, EventKind.COOP_TOLD]
    assert API_KEY not in told + caplog.text


@pytest.mark.parametrize(
    "said", [Said(429, None, {"Retry-After": "30"}), Said(500, {"errors": [{"status": 500}]}), Said(502), HANGS]
)
def test_what_passes_is_waited_for(house: House, said: Said) -> None:
    house.notice("https://forum.example/p/7")
    house.there.instead = said
    house.work(quick=said is HANGS)
    (row,) = house.rows()
    assert (row.state, row.attempts) == (CoopState.WAITING, 1)
    assert row.next_attempt_at is not None
    house.there.instead = None
    house.work()
    assert [(each.state, each.attempts) for each in house.rows()] == [(CoopState.TOLD, 2)]
    assert len(house.there.reports) == 1


def test_a_wait_that_coop_asks_for_is_kept(house: House) -> None:
    house.notice("https://forum.example/p/7")
    house.there.instead = Said(429, None, {"Retry-After": "300"})
    began_at = house.parts.now()
    house.work()
    (row,) = house.rows()
    assert row.next_attempt_at is not None
    assert (row.next_attempt_at - began_at).total_seconds() >= 300


def test_a_coop_that_stays_away_is_given_up_after_the_time_that_orders_have(house: House) -> None:
    house.notice("https://forum.example/p/7")
    house.there.instead = Said(503)
    house.work(steps=8, give_up_hours=0.1)
    (row,) = house.rows()
    assert row.state is CoopState.FAILED
    assert "HTTP status 503" in (row.problem or "")


def test_a_key_file_that_others_can_read_sends_nothing(house: House) -> None:
    house.notice("https://forum.example/p/7")
    key = house.folder / "open.key"
    key.write_text(API_KEY)
    key.chmod(0o644)
    house.work(coop_api_key_file=str(key))
    (row,) = house.rows()
    assert house.there.reports == []
    assert "can be read by others" in (row.problem or "")
