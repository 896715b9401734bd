"""A long list is asked for and read by a process of its own, and nothing of it is lost, doubled or left open."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from tests.house import AT, LAWS, MASTER, Clock
from tests.lists.stopncii import Keeper, keeping, random_code, record_of
from tests.unit.decoding import InProcess

from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.assembly import Parts
from takeback.config import Settings
from takeback.jobs import exchange as exchange_job
from takeback.jobs import page_reader
from takeback.jobs.exchange import ExchangeJob
from takeback.jobs.page_reader import ReaderSource
from takeback.store import Store
from takeback.store.exchanges import ExchangeRow, NewExchange
from takeback.store.journal import Journal
from takeback.workflow.exchanges import add_exchange
from takeback.workflow.replica import Replica

NAME = "STOPNCII"
WHO = {"subscription_key": "subscription", "fetch_function_key": "fetch-key"}
PAGES, PAGE = 5, 800


@dataclass
class House:
    """A list of some pages, and the job that fetches it; all of its steps in one loop, as in a service."""

    parts: Parts
    keeper: Keeper
    clock: Clock
    job: ExchangeJob
    codes: list[str] = field(default_factory=list)

    async def fetch(self, most: int = 40) -> ExchangeRow:
        for _ in range(most):
            await self.job.step()
            row = self.row()
            if row.complete_at is not None and row.began_at is None:
                return row
            if row.next_at is not None and row.next_at > self.clock():
                self.clock.at = row.next_at
        return self.row()

    def row(self) -> ExchangeRow:
        with self.parts.store.read() as tx:
            return tx.exchanges.by_name(NAME)

    def counts(self) -> dict[str, int]:
        with self.parts.store.read() as tx:
            return tx.exchanges.counts(self.row().id)

    def entries(self) -> int:
        self.parts.replica.follow(self.parts.store)
        return len(self.parts.replica.entries.pdq)

    def unused_keys(self) -> int:
        """How many data keys seal nothing."""
        with self.parts.store.keyring._reading() as connection:
            made = {row[0] for row in connection.execute("select id from data_key where id not like 'house/%'")}
        with self.parts.store.read() as tx:
            used = tx.connection.exec_driver_sql("select key_id from entry union select key_id from exchange")
            return len(made - {row[0] for row in used})


def readers() -> list[psutil.Process]:
    """Return the processes that read for this one."""
    return [each for each in psutil.Process().children() if "page_reader" in " ".join(each.cmdline())]


@pytest.fixture
def house(store: Store, replica: Replica, journal: Journal, clock: Clock, tmp_path: Path) -> Iterator[House]:
    with keeping(Keeper()) as keeper:
        rng = random.Random(3)
        codes = [random_code(rng) for _ in range(PAGES * PAGE)]
        keeper.put(*(record_of(code, 20 + number // 3) for number, code in enumerate(codes)))
        new = NewExchange("stop_ncii", {}, laws=LAWS)
        add_exchange(store, NAME, new, {**WHO, "base_url_override": keeper.url}, actor="key/a", at=AT)
        parts = Parts(Settings(data=tmp_path / "settings"), store, replica, journal, InProcess(), clock)
        timeouts = Timeouts(connect_seconds=3, read_seconds=3, total_seconds=5)
        source = ReaderSource(MASTER, store.keyring.path, ("127.0.0.1",), timeouts)
        job = ExchangeJob(parts, OutgoingHttp(["127.0.0.1"], timeouts=timeouts), source)
        yield House(parts, keeper, clock, job, codes)
    for each in readers():
        each.kill()


def test_a_long_list_is_read_by_another_process_which_ends_with_it(house: House) -> None:
    async def fetched() -> int:
        await house.job.step()
        during = len(readers())
        await house.fetch()
        # The list is not due: nothing is left to be read.
        await house.job.step()
        return during

    assert asyncio.run(fetched()) == 1
    assert not readers()
    assert house.counts() == {"live": PAGES * PAGE}
    assert house.entries() == PAGES * PAGE
    # The second was asked ahead here, before the other process asked for it.
    assert len(house.keeper.asked) == PAGES + 1
    assert house.unused_keys() == 0


def test_a_step_that_breaks_off_goes_on_with_what_is_read_already(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_job, "_STEP_SECONDS", 0.0)

    async def steps() -> None:
        await house.fetch()
        await house.job.drain()

    asyncio.run(steps())
    assert house.entries() == PAGES * PAGE
    # Each page was asked for once, but the second, which the first step asked ahead.
    assert len(house.keeper.asked) == PAGES + 1
    assert house.unused_keys() == 0


def test_where_the_reader_dies_the_list_is_read_on_and_nothing_is_lost_or_doubled(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_job, "_STEP_SECONDS", 0.0)

    async def killed() -> None:
        await house.job.step()
        await house.job.step()
        (reader,) = readers()
        os.kill(reader.pid, signal.SIGKILL)
        reader.wait(5)
        await house.fetch()

    asyncio.run(killed())
    assert not readers()
    assert house.counts() == {"live": PAGES * PAGE}
    assert house.entries() == PAGES * PAGE


def test_what_a_list_refuses_and_what_breaks_off_is_told_as_if_it_had_been_read_here(house: House) -> None:
    house.keeper.faults = ["", "cut", "500", "", "401"]

    async def fetched() -> list[str]:
        seen = []
        for _ in range(12):
            await house.job.step()
            row = house.row()
            if row.problem is not None and row.problem not in seen:
                seen.append(row.problem)
            if row.next_at is not None and row.next_at > house.clock():
                house.clock.at = row.next_at
        await house.job.drain()
        return seen

    seen = asyncio.run(fetched())
    assert "The list does not accept our credentials." in seen
    assert house.counts() == {"live": PAGES * PAGE}
    assert house.row().problem is None


def test_what_ended_meanwhile_on_the_list_ends_here_too(house: House) -> None:
    async def fetched() -> None:
        await house.fetch()
        house.keeper.change(house.codes[5], hashStatus="Withdrawn", caseNumbers={})
        with house.parts.store.write() as tx:
            tx.exchanges.change(house.row().id, next_at=None)
        await house.job.step()
        await house.job.drain()

    asyncio.run(fetched())
    assert house.counts() == {"live": PAGES * PAGE - 1, "ended": 1}
    assert house.entries() == PAGES * PAGE - 1


def test_a_reader_that_cannot_be_started_leaves_the_list_to_be_read_here(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_reader, "_MAIN", "raise SystemExit(1)")

    async def fetched() -> None:
        await house.fetch()
        await house.job.drain()

    asyncio.run(fetched())
    assert not readers()
    assert house.counts() == {"live": PAGES * PAGE}
