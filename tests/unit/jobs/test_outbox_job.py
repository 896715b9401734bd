"""Orders reach the sites: each item's in order, again after a fault, and never behind another's trouble."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.house import AT, LAWS, Clock, drawn, notice_about, prints_of, reported
from tests.unit.decoding import InProcess

from takeback.actions import signature
from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.assembly import Parts
from takeback.config import Settings
from takeback.errors import NotAllowed
from takeback.jobs.outbox import OutboxJob
from takeback.jobs.reconcile import ReconcileJob
from takeback.store import Store
from takeback.store.journal import Journal
from takeback.store.outbox import DeliveryState
from takeback.store.sites import Site
from takeback.workflow.intake import receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.redeliver import redeliver
from takeback.workflow.register import add_site
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload

TIMEOUTS = Timeouts(connect_seconds=3, read_seconds=3, total_seconds=3)


@dataclass
class Receiver:
    """A site on a loopback port that records what it is asked and answers as it is told."""

    port: int = 0
    status: int = 204
    body: bytes = b""
    location: str = ""
    hang: bool = False
    refuses: frozenset[str] = frozenset()
    """Items whose orders come to 500, whatever `status` says."""
    meanwhile: Callable[[], None] = lambda: None
    """What happens between a question and its answer."""
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def kinds(self) -> list[tuple[Any, Any]]:
        return [(json.loads(body).get("action"), json.loads(body).get("item")) for _, body in self.asked]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        lower = {name.lower(): value for name, value in headers.items()}
        self.asked.append((lower, await reader.readexactly(int(lower["content-length"]))))
        self.meanwhile()
        if self.hang:
            await reader.read()  # until the other side gives up
            writer.close()
            return
        extra = f"Location: {self.location}\r\n" if self.location else ""
        kind = "Content-Type: application/json\r\n" if self.body else ""
        status = 500 if self.kinds[-1][1] in self.refuses else self.status
        head_out = f"HTTP/1.1 {status} X\r\n{extra}{kind}Content-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
        writer.write(head_out.encode() + self.body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(*receivers: Receiver) -> AsyncIterator[None]:
    servers = []
    for receiver in receivers:
        server = await asyncio.start_server(receiver.answer, "127.0.0.1", receiver.port)
        receiver.port = server.sockets[0].getsockname()[1]
        servers.append(server)
    try:
        yield
    finally:
        for server in servers:
            server.close()


@pytest.fixture
def parts(store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path) -> Parts:
    return Parts(Settings(data=data), store, replica, journal, InProcess(), clock)


def _site(parts: Parts, name: str, port: int) -> Site:
    url = f"http://127.0.0.1:{port}"
    return add_site(parts.store, name, base_url=url, webhook_url=f"{url}/hook", actor="test", at=AT).site


def _held(parts: Parts, site: Site, *seeds: int) -> None:
    """Hold one item of `site` for each seed."""
    for seed in seeds:
        upload = Upload(site, str(seed), f"{site.base_url}/{seed}")
        query = query_of_fingerprints(prints_of(drawn(seed)))
        check_upload(parts.store, parts.replica, query, upload, at=parts.now())
        notice = notice_about(reported(drawn(seed)))
        receive_notice(parts.store, parts.replica, notice, default_laws=LAWS, request=None, at=parts.now())


def _order(parts: Parts, site: Site, kind: str, item_id: str | None, seed: str | None = None) -> None:
    with parts.store.write() as tx:
        body = {"item_id": item_id, "url": f"{site.base_url}/{seed or item_id}"}
        tx.outbox.put(site.id, kind, body, copy_id=None, at=parts.now())


def _clock(parts: Parts) -> Clock:
    assert isinstance(parts.now, Clock)
    return parts.now


def _states(parts: Parts) -> dict[DeliveryState, int]:
    with parts.store.read() as tx:
        return dict(tx.outbox.count_by_state())


def _run(
    parts: Parts, receivers: list[Receiver], then: Callable[[], None], *, rounds: int = 1, private: bool = True
) -> None:
    """Let the job work for some rounds, twenty minutes apart, with `then` done once the ports are known."""

    async def work() -> None:
        async with listening(*receivers):
            then()
            allowed = ["127.0.0.1"] if private else []
            job = OutboxJob(parts, OutgoingHttp(allowed, timeouts=TIMEOUTS))
            for _ in range(rounds):
                await job.step()
                await job.drain()
                _clock(parts).pass_(minutes=20)

    asyncio.run(work())


def test_orders_arrive_signed_and_in_their_order(parts: Parts) -> None:
    receiver = Receiver()
    sites: list[Site] = []

    def then() -> None:
        sites.append(_site(parts, "one", receiver.port))
        _held(parts, sites[0], 1, 2, 3)

    _run(parts, [receiver], then)
    assert receiver.kinds == [("hold", "1"), ("hold", "2"), ("hold", "3")]
    assert _states(parts) == {DeliveryState.DELIVERED: 3}
    headers, body = receiver.asked[0]
    signed_at = int(AT.timestamp())
    signature.verify(sites[0].secret, headers["takeback-signature"], body, now=signed_at + 10)
    with pytest.raises(NotAllowed):
        signature.verify(sites[0].secret, headers["takeback-signature"], body + b" ", now=signed_at + 10)
    with pytest.raises(NotAllowed):
        signature.verify(sites[0].secret, headers["takeback-signature"], body, now=signed_at + 4_000)


def test_a_site_that_fails_is_asked_again_with_the_same_delivery_id(parts: Parts) -> None:
    receiver = Receiver(status=500)
    _run(parts, [receiver], lambda: _held(parts, _site(parts, "one", receiver.port), 1), rounds=3)
    assert receiver.kinds == [("hold", "1")] * 3
    receiver.status = 204
    _run(parts, [receiver], lambda: None)
    assert receiver.kinds[3:] == [("hold", "1")]
    assert len({headers["takeback-delivery"] for headers, _ in receiver.asked}) == 1
    assert _states(parts) == {DeliveryState.DELIVERED: 1}


def test_orders_of_one_item_never_overtake_one_another(parts: Parts) -> None:
    receiver = Receiver(status=500)

    def then() -> None:
        site = _site(parts, "one", receiver.port)
        _held(parts, site, 1)
        _order(parts, site, "put_back", "1")

    _run(parts, [receiver], then, rounds=2)
    assert receiver.kinds == [("hold", "1")] * 2
    with parts.store.read() as tx:
        # Where the first is not due yet, the second is not either.
        (hold,) = [one for one in tx.outbox.by_state(DeliveryState.WAITING) if one.kind == "hold"]
        assert hold.next_attempt_at is not None
        assert tx.outbox.waiting_of_site(hold.site_id, hold.next_attempt_at - timedelta(seconds=1), 10) == []
    receiver.status = 204
    _run(parts, [receiver], lambda: None)
    assert receiver.kinds[2:] == [("hold", "1"), ("put_back", "1")]


def test_orders_by_address_and_by_id_of_one_item_keep_their_order(parts: Parts) -> None:
    receiver = Receiver()
    site = _site(parts, "one", 9)
    with parts.store.write() as tx:
        for number, item_id in (("1", None), ("1", "1"), ("2", "2"), ("2", None)):
            body = {"item_id": item_id, "url": f"{site.base_url}/{number}"}
            tx.outbox.put(site.id, "hold", body, copy_id=None, at=AT)
        by_link, by_id, alone, unknown = reversed(tx.outbox.by_state(DeliveryState.WAITING))
        assert by_link.item_key == by_id.item_key
        assert len({by_id.item_key, alone.item_key, unknown.item_key}) == 3
    # The address of a remembered item stands for its id.
    _held(parts, site, 3)
    _order(parts, site, "remove", None, seed="3")
    with parts.store.read() as tx:
        remove, hold, *_ = tx.outbox.by_state(DeliveryState.WAITING)
    assert (remove.kind, hold.kind) == ("remove", "hold")
    assert remove.item_key == hold.item_key
    assert receiver.asked == []


def test_an_order_that_keeps_failing_holds_back_no_other_item(parts: Parts) -> None:
    refused = ("1", "2", "3", "4")
    receiver = Receiver(refuses=frozenset(refused))
    _run(parts, [receiver], lambda: _held(parts, _site(parts, "one", receiver.port), 1, 2, 3, 4, 5, 6), rounds=2)
    assert {item for _, item in receiver.kinds} >= {"5", "6"}
    assert _states(parts) == {DeliveryState.DELIVERED: 2, DeliveryState.WAITING: 4}


def test_a_site_that_takes_nothing_is_left_alone_after_three_failures(parts: Parts) -> None:
    receiver = Receiver(status=503)

    async def work() -> None:
        async with listening(receiver):
            _held(parts, _site(parts, "one", receiver.port), 1, 2, 3, 4, 5)
            job = OutboxJob(parts, OutgoingHttp(["127.0.0.1"], timeouts=TIMEOUTS))
            for _ in range(3):
                await job.step()
                await job.drain()
            assert len(receiver.asked) == 3
            _clock(parts).pass_(seconds=6)
            await job.step()
            await job.drain()

    asyncio.run(work())
    # What has not been tried yet goes first.
    assert [item for _, item in receiver.kinds] == ["1", "2", "3", "4", "5", "1"]


def test_an_unexpected_fault_moves_its_order_on_and_stops_nothing_else(parts: Parts) -> None:
    receiver = Receiver()

    def then() -> None:
        site = _site(parts, "one", receiver.port)
        _order(parts, site, "no such action", "1")
        _held(parts, site, 2)

    _run(parts, [receiver], then, rounds=2)
    assert receiver.kinds == [("hold", "2")]
    with parts.store.read() as tx:
        (stuck,) = tx.outbox.by_state(DeliveryState.WAITING)
    assert stuck.attempts == 2
    assert stuck.problem == "The order could not be delivered because of an unexpected error here."


def test_trouble_that_cannot_be_written_down_stops_no_other_site(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    quick = Receiver()

    async def work() -> None:
        async with listening(quick):
            broken, well = _site(parts, "broken", 9), _site(parts, "well", quick.port)
            _held(parts, broken, 1)
            job = OutboxJob(parts, OutgoingHttp(["127.0.0.1"], timeouts=TIMEOUTS))
            with parts.store.write() as tx:
                tx.connection.execute(
                    text(
                        "create trigger full_disk before update on outbox when old.site_id = 1 "
                        "begin select raise(abort, 'disk is full'); end"
                    )
                )
            await job.step()
            await job.drain()
            _held(parts, well, 2)
            await job.step()
            await job.drain()

    asyncio.run(work())
    assert quick.kinds == [("hold", "2")]
    assert "what became of an order could not be written down" in caplog.text


def test_a_site_that_hangs_does_not_delay_another(parts: Parts) -> None:
    slow, quick = Receiver(hang=True), Receiver()

    def then() -> None:
        _held(parts, _site(parts, "slow", slow.port), 1)
        _held(parts, _site(parts, "quick", quick.port), 2)

    _run(parts, [slow, quick], then)
    assert quick.kinds == [("hold", "2")]
    assert _states(parts) == {DeliveryState.DELIVERED: 1, DeliveryState.WAITING: 1}


def test_a_redirect_to_a_private_address_is_not_followed_and_shown_as_failed(parts: Parts) -> None:
    receiver = Receiver(status=302, location="http://169.254.169.254/latest/meta-data/")
    _run(parts, [receiver], lambda: _held(parts, _site(parts, "one", receiver.port), 1), rounds=2)
    assert len(receiver.asked) == 1
    with parts.store.read() as tx:
        (failed,) = tx.outbox.by_state(DeliveryState.FAILED)
        kinds = [entry.kind for entry in tx.audit.entries()]
    assert failed.problem is not None
    assert "private address" in failed.problem
    assert kinds.count("delivery_failed") == 1


def test_a_private_address_is_refused_unless_it_is_allowed_by_name(parts: Parts) -> None:
    receiver = Receiver()
    _run(parts, [receiver], lambda: _held(parts, _site(parts, "one", receiver.port), 1), private=False)
    assert receiver.asked == []
    assert _states(parts) == {DeliveryState.FAILED: 1}


def test_a_site_that_is_gone_for_three_days_is_shown_at_the_desk_with_the_reason(parts: Parts) -> None:
    site = _site(parts, "one", 9)
    _held(parts, site, 1)
    _run(parts, [], lambda: None, rounds=450)
    with parts.store.read() as tx:
        (failed,) = tx.outbox.by_state(DeliveryState.FAILED)
    assert failed.attempts > 200
    assert failed.problem
    again = redeliver(parts.store, failed.public_id, actor="key/desk", at=parts.now())
    assert (again.state, again.attempts, again.next_attempt_at) == (DeliveryState.WAITING, 0, parts.now())


def test_a_reconciliation_forgets_what_the_site_says_is_gone(parts: Parts) -> None:
    receiver = Receiver(status=200, body=b'{"gone": ["2"]}')

    async def work() -> None:
        async with listening(receiver):
            site = _site(parts, "one", receiver.port)
            _held(parts, site, 1, 2)
            _clock(parts).pass_(hours=2)
            _held(parts, site, 3)
            job = ReconcileJob(parts, OutgoingHttp(["127.0.0.1"], timeouts=TIMEOUTS))
            await job.step()
            await job.step()

    asyncio.run(work())
    assert [json.loads(body)["items"] for _, body in receiver.asked] == [["1", "2"]]
    with parts.store.read() as tx:
        assert tx.items.count() == 2
        assert tx.sites.by_id(1).reconciled_at == parts.now()


def test_an_item_that_comes_again_while_the_site_is_asked_is_kept(parts: Parts) -> None:
    receiver = Receiver(status=200, body=b'{"gone": ["1"]}')

    async def work() -> None:
        async with listening(receiver):
            site = _site(parts, "one", receiver.port)
            _held(parts, site, 1)
            _clock(parts).pass_(hours=2)
            receiver.meanwhile = lambda: _held(parts, site, 1)
            await ReconcileJob(parts, OutgoingHttp(["127.0.0.1"])).step()

    asyncio.run(work())
    assert len(receiver.asked) == 1
    with parts.store.read() as tx:
        assert tx.items.count() == 1


def test_a_hold_that_finds_the_item_gone_closes_the_copy(parts: Parts) -> None:
    receiver = Receiver(status=200, body=b'{"gone": ["1"]}')
    _run(parts, [receiver], lambda: _held(parts, _site(parts, "one", receiver.port), 1))
    with parts.store.read() as tx:
        assert {state.value: count for state, count in tx.copies.count_by_state().items()} == {"gone": 1}
        assert tx.items.count() == 0
    assert _states(parts) == {DeliveryState.DELIVERED: 1}


def test_a_site_that_cannot_be_reconciled_loses_nothing(parts: Parts) -> None:
    receiver = Receiver(status=200, body=b'{"gone": ["somebody-elses"]}')

    async def work() -> None:
        async with listening(receiver):
            _held(parts, _site(parts, "one", receiver.port), 1)
            _clock(parts).pass_(hours=2)
            await ReconcileJob(parts, OutgoingHttp(["127.0.0.1"], timeouts=TIMEOUTS)).step()

    asyncio.run(work())
    with parts.store.read() as tx:
        assert tx.items.count() == 1
        assert tx.sites.by_id(1).reconciled_at is None
