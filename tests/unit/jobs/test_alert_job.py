"""What is due is told by every route, again until it arrives; one route that fails keeps no other from telling."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.house import AT, LAWS, Clock, drawn, notice_about, prints_of, reported
from tests.mail_server import mail_server
from tests.unit.decoding import InProcess
from tests.unit.jobs.test_outbox_job import TIMEOUTS, Receiver, listening

from takeback.actions.mail import smtp_sender
from takeback.actions.outgoing import OutgoingHttp
from takeback.assembly import Parts
from takeback.config import Settings
from takeback.jobs.alert import AlertJob, AlertRoutes
from takeback.store import Store
from takeback.store.alerts import AlertMessage
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.intake import receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload


@pytest.fixture
def parts(store: Store, replica: Replica, site: Site, journal: Journal, clock: Clock, data: Path) -> Parts:
    """A case with a held copy, which is due 48 hours from now."""
    upload = Upload(site, "81", "https://forum.example/post/81")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    receive_notice(store, replica, notice_about(reported(drawn(1))), default_laws=LAWS, request=None, at=AT)
    return Parts(Settings(data=data), store, replica, journal, InProcess(), clock)


def latest(parts: Parts) -> list[AlertMessage]:
    with parts.store.read() as tx:
        return tx.alerts.latest(10)


def run(parts: Parts, clock: Clock, *receivers: Receiver, rounds: int) -> None:
    """Let the job work for some rounds, twenty minutes apart."""

    async def go() -> None:
        async with listening(*receivers):
            routes = tuple(f"http://127.0.0.1:{receiver.port}/hook" for receiver in receivers)
            told = replace(parts, settings=replace(parts.settings, alert_webhooks=routes))
            allowed = [f"127.0.0.1:{receiver.port}" for receiver in receivers]
            job = AlertJob(told, AlertRoutes(OutgoingHttp(allowed, timeouts=TIMEOUTS), None))
            for _ in range(rounds):
                await job.step()
                clock.pass_(minutes=20)
            await job.drain()

    asyncio.run(go())


def test_what_is_due_is_told_once_by_each_route(parts: Parts, clock: Clock) -> None:
    chat, pager = Receiver(), Receiver()
    clock.pass_(hours=36)
    run(parts, clock, chat, pager, rounds=3)
    for receiver in (chat, pager):
        (asked,) = receiver.asked
        assert b"due within twelve hours" in asked[1]
        assert asked[0]["content-type"] == "application/json"
    assert [(one.attempts, one.problem, one.delivered_at is not None) for one in latest(parts)] == [(0, None, True)] * 2


def test_a_route_that_fails_is_tried_again_and_the_other_has_told_by_then(parts: Parts, clock: Clock) -> None:
    chat, pager = Receiver(status=500), Receiver()
    clock.pass_(hours=46)
    run(parts, clock, chat, pager, rounds=2)
    assert len(pager.asked) == 1
    assert len(chat.asked) == 2
    by_route = {one.route.rpartition(":")[2]: one for one in latest(parts)}
    assert by_route[f"{pager.port}/hook"].delivered_at is not None
    assert "HTTP status 500" in str(by_route[f"{chat.port}/hook"].problem)
    chat.status = 204
    run(parts, clock, chat, pager, rounds=1)
    assert [one.problem for one in latest(parts)] == [None, None]
    assert len(pager.asked) == 1


def test_a_message_that_never_arrives_is_given_up_in_the_end(parts: Parts, clock: Clock) -> None:
    chat = Receiver(status=500)
    clock.pass_(hours=47)
    run(parts, clock, chat, rounds=1)
    with parts.store.write() as tx:
        (message,) = tx.alerts.to_send(clock() + timedelta(days=1), 10)
        tx.alerts.failed(replace(message, attempts=400), "It failed.", None)
    run(parts, clock, chat, rounds=1)
    with parts.store.read() as tx:
        assert [one.id for one in tx.alerts.to_send(clock() + timedelta(days=1), 10)].count(message.id) == 0


def test_it_is_told_by_mail_too_and_a_mail_server_that_fails_is_tried_again(parts: Parts, clock: Clock) -> None:
    clock.pass_(hours=36)
    with mail_server() as server:
        settings = replace(
            parts.settings, mail_server=server.url, mail_from="desk@forum.example", alert_mail=("ada@mail.example",),
            public_address="https://forum.example",
        )  # fmt: skip
        told = replace(parts, settings=settings)
        job = AlertJob(told, AlertRoutes(OutgoingHttp(timeouts=TIMEOUTS), smtp_sender(settings)))
        asyncio.run(job.step())
        (taken,) = server.taken
    assert taken.to == "ada@mail.example"
    assert "due within twelve hours" in taken.text
    assert [one.problem for one in latest(parts)] == [None]
    clock.pass_(hours=10)
    asyncio.run(job.step())
    assert latest(parts)[0].problem is not None
    assert "ada@mail.example" not in str(latest(parts)[0].problem)
