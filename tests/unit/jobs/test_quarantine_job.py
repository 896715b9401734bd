"""
A site that can only delete: its bytes are sealed before it is told to, come back byte for byte, and end in time.

Over a real loopback site that deletes at a removal; what is looked for in the clear is looked for in every file.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.house import AT, LAWS, Clock, drawn, notice_about, prints_of, reported
from tests.unit.decoding import InProcess
from tests.unit.jobs.deleting_site import DeletingSite, listening

from takeback.actions import signature
from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.assembly import Parts
from takeback.audit.event import EventKind
from takeback.cases import CopyState
from takeback.config import Settings
from takeback.errors import IllegalTransition, IntegrityError, NotAllowed, NotFound
from takeback.jobs.expiry import ExpiryJob
from takeback.jobs.outbox import OutboxJob
from takeback.jobs.quarantine import QuarantineJob
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.journal import Journal
from takeback.store.outbox import DeliveryState
from takeback.store.quarantine import Kept, KeptState
from takeback.workflow.contest import answer_contest, contest
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.erasure import ask_for_erasure
from takeback.workflow.hearing import pass_on_contest
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.legal_hold import confirm_hold, order_hold
from takeback.workflow.put_back import Answer
from takeback.workflow.quarantine import RETRY_AFTER, Choice, choose
from takeback.workflow.quarantine_end import GIVEN_FOR
from takeback.workflow.quarantine_give import give_bytes, path_of
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.redeliver import redeliver
from takeback.workflow.register import add_site, set_quarantine
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload
from takeback.workflow.withdraw import withdraw

TIMEOUTS = Timeouts(connect_seconds=3, read_seconds=3, total_seconds=3)
REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one", confirm=Confirm.ALL)
DRAWN = Answer("Drawn.", "key/two", ("intimate",))
CONTEST_DAYS = 184


def _png(seed: int) -> bytes:
    buffer = BytesIO()
    Image.fromarray(drawn(seed)).save(buffer, "PNG")
    return buffer.getvalue()


PICTURE = _png(1)


@dataclass
class House:
    """One case about one item of a site that deletes."""

    parts: Parts
    forum: DeletingSite
    http: OutgoingHttp
    received: Received

    @property
    def store(self) -> Store:
        return self.parts.store

    @property
    def case(self) -> Case:
        with self.store.read() as tx:
            return tx.cases.by_id(self.received.case.id)

    @property
    def copy(self) -> Copy:
        with self.store.read() as tx:
            (copy,) = tx.copies.of_case(self.received.case.id)
        return copy

    @property
    def kept(self) -> Kept:
        with self.store.read() as tx:
            return tx.quarantine.of_case(self.received.case.id)[-1]

    @property
    def kinds(self) -> list[str]:
        with self.store.read() as tx:
            return [str(entry.kind) for entry in tx.audit.entries() if str(entry.kind).startswith("bytes_")]

    def file(self) -> Path:
        return self.parts.quarantine.path / self.kept.file_name

    def later(self, **amount: float) -> None:
        assert isinstance(self.parts.now, Clock)
        self.parts.now.pass_(**amount)

    def remove(self) -> None:
        decide(self.store, self.case.public_id, REMOVE, at=self.parts.now())

    def choose(self, choice: Choice, actor: str) -> None:
        choose(self.store, self.case.public_id, self.copy.public_id, choice, actor=actor, at=self.parts.now())

    async def keep(self) -> None:
        await QuarantineJob(self.parts, self.http).step()

    async def deliver(self) -> None:
        job = OutboxJob(self.parts, self.http)
        await job.step()
        await job.drain()

    async def removed(self) -> None:
        """Everything up to the removal, as the jobs do it."""
        await self.deliver()
        self.remove()
        await self.keep()
        await self.deliver()

    def put_back(self) -> None:
        """Whoever posted it contests, she is heard, and a second person has it shown again."""
        with self.store.read() as tx:
            (site,) = tx.sites.all()
        contest(self.store, site, "81", "I drew it.", at=self.parts.now())
        pass_on_contest(
            self.store, self.case.public_id, "It is said to be drawn.", actor="key/two", at=self.parts.now()
        )
        self.later(hours=72)
        answer_contest(self.store, self.case.public_id, DRAWN, put_back=True, at=self.parts.now())

    async def expire(self) -> None:
        await ExpiryJob(self.parts).step()


type Story = Callable[[House], Awaitable[None]]
type Tell = Callable[[Story], None]


@pytest.fixture
def parts(store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path) -> Parts:
    return Parts(Settings(data=data), store, replica, journal, InProcess(), clock)


@pytest.fixture
def tell(parts: Parts, clock: Clock) -> Tell:
    """Tell a story of one item, `81`, that a notice is about, on a site that deletes."""

    async def told(story: Story) -> None:
        forum = DeletingSite(clock, files={"81": PICTURE})
        async with listening(forum):
            made = add_site(
                parts.store, "forum", base_url=forum.url, webhook_url=f"{forum.url}/hook", quarantine=True,
                actor="test", at=AT,
            )  # fmt: skip
            forum.secret = made.site.secret
            forum.fetch = lambda path, signed: _given(parts, path, signed)
            prints = replace(prints_of(drawn(1)), file_digest=sha256(PICTURE).digest())
            upload = Upload(made.site, "81", f"{forum.url}/81")
            check_upload(parts.store, parts.replica, query_of_fingerprints(prints), upload, at=AT)
            notice = notice_about(reported(drawn(1)))
            received = receive_notice(parts.store, parts.replica, notice, default_laws=LAWS, request=None, at=AT)
            http = OutgoingHttp([f"127.0.0.1:{forum.port}"], timeouts=TIMEOUTS)
            await story(House(parts, forum, http, received))

    return lambda story: asyncio.run(told(story))


def _given(parts: Parts, path: str, signed: str) -> bytes:
    """Return what the door gives a site."""
    delivery = path.split("/")[-2]
    return give_bytes(parts.store, parts.quarantine, delivery, signed, at=parts.now()).body


def _sign(house: House, path: str, secret: bytes | None = None) -> str:
    at = int(house.parts.now().timestamp())
    return signature.sign(secret or house.forum.secret, at, signature.fetch_body(path))


def _last_order(store: Store) -> Any:
    with store.read() as tx:
        (copy,) = tx.copies.of_case(1)
        return tx.outbox.of_copy(copy.id)[-1]


def test_a_removal_waits_until_the_bytes_are_kept_and_a_put_back_gives_them_back_byte_for_byte(tell: Tell) -> None:
    async def story(house: House) -> None:
        await house.deliver()
        house.remove()
        await house.deliver()
        assert house.forum.kinds == ["hold"], "told to delete before the bytes were kept"
        await house.keep()
        await house.deliver()
        assert (house.forum.kinds, house.forum.files) == (["hold", "remove"], {})
        assert (house.kept.state, house.kept.size) == (KeptState.KEPT, len(PICTURE))
        house.put_back()
        await house.deliver()
        order = house.forum.orders[-1]
        assert (order["action"], order["item"], order["url"]) == ("put_back", "81", f"{house.forum.url}/81")
        assert order["bytes"]["sha256"] == sha256(PICTURE).hexdigest()
        assert order["bytes"]["size"] == len(PICTURE)
        assert order["bytes"]["headers"] == {
            "content-type": "image/png",
            "last-modified": "Sun, 22 Nov 2026 11:00:00 GMT",
        }
        assert house.forum.files == {"81": PICTURE}
        assert house.kinds == ["bytes_kept", "bytes_given"]

    tell(story)


def test_nothing_of_the_bytes_lies_in_the_clear_in_any_file(tell: Tell, data: Path) -> None:
    async def story(house: House) -> None:
        await house.removed()
        house.put_back()
        await house.deliver()
        parts = [PICTURE[start : start + 24] for start in range(0, len(PICTURE) - 24, 997)]
        digest = sha256(PICTURE)
        parts += [digest.digest(), digest.hexdigest().encode()]
        for path in data.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert not any(part in content for part in parts), f"in the clear in {path.name}"
        assert house.file().stat().st_mode & 0o777 == 0o600
        assert house.file().parent.stat().st_mode & 0o777 == 0o700

    tell(story)


def test_where_the_site_keeps_its_bytes_nothing_is_fetched_and_orders_are_as_ever(tell: Tell) -> None:
    async def story(house: House) -> None:
        with house.store.read() as tx:
            (site,) = tx.sites.all()
        set_quarantine(house.store, site.public_id, False, actor="test", at=AT)
        await house.removed()
        assert house.forum.kinds == ["hold", "remove"]
        house.put_back()
        await house.deliver()
        assert "bytes" not in house.forum.orders[-1]
        assert not house.parts.quarantine.names()

    tell(story)


_KILLED = """
import os, sys
from datetime import datetime
from pathlib import Path
from tests.house import keyring_in
from takeback.store import Store
from takeback.store.database import sqlite_url
from takeback.store.quarantine import QuarantineStore
from takeback.store.quarantine_folder import QuarantineFolder
from takeback.workflow.quarantine import Sent, due_bytes, keep_bytes

def die(*_, **__):
    os.kill(os.getpid(), 9)

data, where, at = Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3])
setattr({"file": QuarantineFolder, "row": QuarantineStore}[where], "keep", die)
store = Store.open(sqlite_url(data), keyring_in(data))
((found, _),) = due_bytes(store, at=at, limit=2)
keep_bytes(store, QuarantineFolder(data), found, Sent(sys.stdin.buffer.read(), {}), max_bytes=1 << 30, at=at)
"""


@pytest.mark.parametrize("before", ["file", "row"])
def test_a_kill_between_fetching_and_ordering_loses_no_bytes_and_removes_nothing(
    tell: Tell, data: Path, before: str
) -> None:
    async def story(house: House) -> None:
        await house.deliver()
        house.remove()
        command = [sys.executable, "-c", _KILLED, str(data), before, house.parts.now().isoformat()]
        root = Path(__file__).resolve().parents[3]
        killed = await asyncio.to_thread(subprocess.run, command, input=PICTURE, cwd=root, check=False)
        assert killed.returncode == -9
        assert bool(house.parts.quarantine.names()) is (before == "row")
        await house.deliver()
        assert (house.forum.kinds, house.forum.files) == (["hold"], {"81": PICTURE})
        await house.expire()
        await house.keep()
        await house.deliver()
        assert house.forum.kinds == ["hold", "remove"]
        await house.expire()
        assert house.parts.quarantine.names() == {house.kept.file_name}, "the kill left something"
        house.put_back()
        await house.deliver()
        assert house.forum.files == {"81": PICTURE}

    tell(story)


def test_a_site_that_does_not_answer_is_asked_again_and_then_a_person_chooses(tell: Tell) -> None:
    async def story(house: House) -> None:
        await house.deliver()
        house.remove()
        house.forum.status = 503
        for wait in RETRY_AFTER:
            await house.keep()
            assert house.kept.state is KeptState.WAITING
            house.later(seconds=wait.total_seconds())
        await house.keep()
        assert house.kept.state is KeptState.ASKED
        assert house.case.deadline_at is not None, "nobody is told"
        house.later(days=400)
        await house.keep()
        await house.deliver()
        assert house.forum.kinds == ["hold"], "removed, and nobody chose"
        assert house.copy.state is CopyState.REMOVED
        house.forum.status = 200
        house.choose(Choice.AGAIN, "key/one")
        await house.keep()
        await house.deliver()
        assert house.forum.kinds == ["hold", "remove"]
        assert house.kinds == ["bytes_not_kept", "bytes_tried_again", "bytes_kept"]

    tell(story)


@pytest.mark.parametrize(
    ("instead", "why"), [(_png(2), "not what was checked"), (b"<html>81</html>", "no picture"), (None, "404")]
)
def test_what_is_not_the_item_is_never_kept_in_its_place(tell: Tell, instead: bytes | None, why: str) -> None:
    async def story(house: House) -> None:
        await house.deliver()
        house.remove()
        house.forum.files = {} if instead is None else {"81": instead}
        await house.keep()
        await house.deliver()
        assert (house.kept.state, house.forum.kinds) == (KeptState.ASKED, ["hold"])
        assert why in (house.kept.problem or "")
        assert not house.parts.quarantine.names()
        house.choose(Choice.WITHOUT, "key/one")
        await house.deliver()
        assert house.forum.kinds == ["hold", "remove"]
        house.put_back()
        await house.deliver()
        assert house.forum.orders[-1]["bytes"] is None

    tell(story)


def test_what_is_shown_again_before_its_bytes_were_kept_is_never_removed(tell: Tell) -> None:
    async def story(house: House) -> None:
        await house.deliver()
        house.remove()
        house.forum.status = 404
        await house.keep()
        house.put_back()
        await house.deliver()
        assert (house.forum.kinds, house.forum.files) == (["hold", "put_back"], {"81": PICTURE})
        await house.keep()
        await house.expire()
        assert not house.parts.quarantine.names()
        assert house.case.deadline_at is None, "somebody is still asked"

    tell(story)


def test_a_site_that_stores_the_same_pixels_in_another_file_is_kept_as_it_stores_them(tell: Tell) -> None:
    buffer = BytesIO()
    Image.fromarray(drawn(1)).save(buffer, "BMP")

    async def story(house: House) -> None:
        house.forum.files = {"81": buffer.getvalue()}
        await house.removed()
        house.put_back()
        await house.deliver()
        assert house.forum.files == {"81": buffer.getvalue()}

    tell(story)


def test_a_full_quarantine_keeps_the_removal_waiting(tell: Tell, parts: Parts) -> None:
    async def story(house: House) -> None:
        full = replace(house.parts.settings, quarantine_max_bytes=len(PICTURE) - 1)
        house.parts = replace(house.parts, settings=full)
        await house.removed()
        assert (house.kept.state, house.kept.problem) == (KeptState.WAITING, "The quarantine is full.")
        assert (house.forum.kinds, house.parts.quarantine.names()) == (["hold"], set())
        house.parts = replace(house.parts, settings=replace(full, quarantine_max_bytes=len(PICTURE)))
        house.later(seconds=RETRY_AFTER[0].total_seconds())
        await house.keep()
        await house.deliver()
        assert house.forum.kinds == ["hold", "remove"]

    tell(story)


@pytest.mark.parametrize("what", ["flipped", "cut", "missing", "of another"])
def test_bytes_that_were_changed_are_never_given_out_and_a_person_is_told(tell: Tell, what: str) -> None:
    async def story(house: House) -> None:
        await house.removed()
        content = bytearray(house.file().read_bytes())
        if what == "flipped":
            content[len(content) // 2] ^= 1
        house.put_back()
        if what == "missing":
            house.file().unlink()
        elif what == "of another":
            key = house.store.keyring.new_data_keys()[0]
            house.parts.quarantine.keep("f" * 32, _png(2), key)
            (house.parts.quarantine.path / ("f" * 32)).rename(house.file())
        else:
            house.file().write_bytes(bytes(content[:-1] if what == "cut" else content))
        waiting = _last_order(house.store).public_id
        with pytest.raises(IntegrityError):
            _given(house.parts, path_of(waiting), _sign(house, path_of(waiting)))
        await house.deliver()
        order = _last_order(house.store)
        assert (house.forum.kinds, order.state) == (["hold", "remove"], DeliveryState.FAILED)
        assert "without" in order.problem
        # Given up by a person, the order says that there are none.
        house.choose(Choice.WITHOUT, "key/two")
        redeliver(house.store, order.public_id, actor="key/two", at=house.parts.now())
        await house.deliver()
        assert house.forum.orders[-1]["bytes"] is None

    tell(story)


def test_only_the_site_gets_them_and_only_for_its_put_back(tell: Tell) -> None:
    async def story(house: House) -> None:
        await house.removed()
        removal = path_of(_last_order(house.store).public_id)
        with pytest.raises(NotFound):
            _given(house.parts, removal, _sign(house, removal))
        house.put_back()
        path = path_of(_last_order(house.store).public_id)
        for signed in (_sign(house, path, b"another secret of a site"), _sign(house, removal), "", "t=1,v1=00"):
            with pytest.raises(NotAllowed):
                _given(house.parts, path, signed)
        early = _sign(house, path)
        assert _given(house.parts, path, early) == PICTURE
        house.later(minutes=6)
        with pytest.raises(NotAllowed):
            _given(house.parts, path, early)
        await house.deliver()
        house.later(seconds=GIVEN_FOR.total_seconds())
        with pytest.raises(NotFound):
            _given(house.parts, path, _sign(house, path))

    tell(story)


def test_once_it_is_put_back_the_bytes_are_erased_a_day_later(tell: Tell) -> None:
    async def story(house: House) -> None:
        await house.removed()
        house.put_back()
        await house.expire()
        house.forum.takes = False
        await house.deliver()
        house.later(days=10)
        await house.expire()
        assert house.kept.over_at is None, "erased before the site had them"
        house.forum.takes = True
        await house.deliver()
        house.later(hours=23)
        await house.expire()
        assert house.kept.over_at is None
        house.later(hours=1)
        await _erased(house)

    tell(story)


def test_when_nobody_contested_in_time_the_key_is_destroyed_and_then_the_file(tell: Tell) -> None:
    async def story(house: House) -> None:
        await house.removed()
        house.later(days=CONTEST_DAYS - 1)
        await house.expire()
        assert house.kept.over_at is None
        house.later(days=1)
        await _erased(house)

    tell(story)


async def _erased(house: House) -> None:
    key_id, path = house.kept.key_id, house.file()
    copied = path.read_bytes()
    await house.expire()
    assert house.kept.over_at == house.parts.now()
    assert not path.exists()
    assert house.kinds[-1] == EventKind.BYTES_ERASED.value
    # A copy of the file, kept by whoever, opens no more.
    path.write_bytes(copied)
    assert key_id is not None
    assert not house.store.keyring.data_keys([key_id])
    with pytest.raises(IntegrityError):
        house.parts.quarantine.read(path.name, house.store.keyring)
    await house.expire()
    assert not path.exists(), "what a restore brought back stays"


def test_a_contest_keeps_them_however_long_it_takes(tell: Tell) -> None:
    async def story(house: House) -> None:
        await house.removed()
        with house.store.read() as tx:
            (site,) = tx.sites.all()
        contest(house.store, site, "81", "I drew it.", at=house.parts.now())
        house.later(days=CONTEST_DAYS + 30)
        await house.expire()
        assert house.kept.over_at is None

    tell(story)


def test_a_legal_hold_suspends_their_end(tell: Tell) -> None:
    async def story(house: House) -> None:
        await house.removed()
        until_at = AT + timedelta(days=300)
        case = house.case.public_id
        made = order_hold(
            house.store, case, authority="A court", scope="All.", until_at=until_at, actor="key/one", at=AT
        )  # fmt: skip
        confirm_hold(house.store, case, made.public_id, actor="key/two", at=AT)
        house.later(days=299)
        await house.expire()
        assert house.kept.over_at is None
        house.later(days=2)
        await _erased(house)

    tell(story)


def test_her_withdrawal_alone_takes_nothing_from_a_contest_and_her_erasure_ends_them(tell: Tell) -> None:
    async def story(house: House) -> None:
        await house.removed()
        withdraw(house.store, house.parts.journal, house.received.ending, at=house.parts.now())
        await house.expire()
        assert house.kept.over_at is None
        ask_for_erasure(house.store, house.parts.journal, house.received.ending, at=house.parts.now())
        house.later(hours=71)
        await house.expire()
        assert house.kept.over_at is None
        house.later(hours=1)
        await _erased(house)

    tell(story)


def test_what_may_show_someone_under_18_is_never_kept(tell: Tell) -> None:
    async def story(house: House) -> None:
        notice = notice_about(links=(f"{house.forum.url}/81",), under_18=True)
        receive_notice(
            house.store, house.parts.replica, notice, default_laws=LAWS, request=None, at=house.parts.now()
        )  # fmt: skip
        await house.removed()
        assert not house.parts.quarantine.names()
        with house.store.read() as tx:
            assert tx.quarantine.of_case(house.case.id) == []
        assert "remove" in house.forum.kinds

    tell(story)


def test_a_later_notice_that_it_shows_someone_under_18_ends_what_is_kept(tell: Tell) -> None:
    async def story(house: House) -> None:
        await house.removed()
        notice = notice_about(links=(f"{house.forum.url}/81",), under_18=True)
        receive_notice(
            house.store, house.parts.replica, notice, default_laws=LAWS, request=None, at=house.parts.now()
        )  # fmt: skip
        await _erased(house)

    tell(story)


def test_an_upheld_contest_asks_for_no_second_file(tell: Tell) -> None:
    async def story(house: House) -> None:
        await house.removed()
        with house.store.read() as tx:
            (site,) = tx.sites.all()
        contest(house.store, site, "81", "I drew it.", at=house.parts.now())
        covered = Answer("Covered.", "key/two")
        answer_contest(house.store, house.case.public_id, covered, put_back=False, at=house.parts.now())
        await house.deliver()
        assert house.forum.kinds == ["hold", "remove", "remove"]
        with house.store.read() as tx:
            assert len(tx.quarantine.of_case(house.case.id)) == 1

    tell(story)


def test_nobody_chooses_where_there_is_nothing_to_choose(tell: Tell) -> None:
    async def story(house: House) -> None:
        await house.removed()
        for choice in Choice:
            with pytest.raises(IllegalTransition):
                house.choose(choice, "key/one")
        assert house.kept.state is KeptState.KEPT

    tell(story)
