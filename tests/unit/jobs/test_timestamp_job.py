"""Heads of the log are stamped by a real authority on loopback; one that is silent holds nothing up."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.house import AT, LAWS, Clock, drawn, notice_about, reported
from tests.timestamp_authority import TimestampAuthority
from tests.unit.decoding import InProcess

from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.assembly import Parts
from takeback.audit.timestamp import digest_of
from takeback.bundle.offline import Believed, Broken, check
from takeback.cases.statement import House
from takeback.cli.bundle_files import verify_bundle
from takeback.config import Settings
from takeback.errors import BadSetting, ProofBroken
from takeback.jobs.timestamps import TimestampJob
from takeback.store import Store
from takeback.store.journal import Journal
from takeback.workflow.bundle import Maker, bundle_for_person
from takeback.workflow.intake import receive_notice
from takeback.workflow.publish import publish, signed_head
from takeback.workflow.replica import Replica
from takeback.workflow.timestamping import authorities_of

NAME = "takeback.example"
MAKER = Maker(House(), NAME, "https://takeback.example")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimestampAuthority:
    return TimestampAuthority(tmp_path_factory.mktemp("tsa") / "ours")


@pytest.fixture
def parts(store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path) -> Parts:
    return Parts(Settings(data=data), store, replica, journal, InProcess(), clock)


def _stamped(parts: Parts, authority: TimestampAuthority, *steps: Callable[[], object], roots: bool = True) -> str:
    """Let the job ask the authority, before and after each of `steps`; return the authority's address."""
    authority.queries.clear()
    urls: list[str] = []

    async def work() -> None:
        async with authority.listening() as url:
            urls.append(url)
            settings = replace(
                parts.settings,
                timestamp_authorities=(url,),
                timestamp_periods=2,
                timestamp_roots=str(authority.roots) if roots else "",
            )
            http = OutgoingHttp(["127.0.0.1"], timeouts=Timeouts(total_seconds=60))
            job = TimestampJob(replace(parts, settings=settings), http)
            await job.step()
            for step in steps:
                step()
                await job.step()
            await job.drain()

    asyncio.run(work())
    return urls[0]


def test_a_head_is_stamped_at_once_and_again_after_so_many_entries(
    parts: Parts, authority: TimestampAuthority, clock: Clock
) -> None:
    def entry() -> None:
        publish(parts.store, NAME, at=clock.pass_(minutes=15))

    url = _stamped(parts, authority, entry, entry, entry, entry)

    assert len(authority.queries) == 2  # of sizes 1 and 3
    (known,) = authorities_of(parts.store, [url])
    assert known.problem is None
    assert known.last is not None
    assert (known.last.size, known.last.is_verified) == (3, True)
    assert digest_of(signed_head(parts.store, 3).head) in authority.queries[1]


def test_an_authority_that_fails_is_named_and_the_log_goes_on(
    parts: Parts, authority: TimestampAuthority, clock: Clock
) -> None:
    publish(parts.store, NAME, at=clock())
    authority.status = 503
    try:
        url = _stamped(parts, authority, lambda: None, lambda: publish(parts.store, NAME, at=clock.pass_(minutes=20)))
    finally:
        authority.status = 200

    assert len(authority.queries) == 2  # once for each entry, and no more often
    (known,) = authorities_of(parts.store, [url])
    assert known.last is None
    assert "503" in (known.problem or "")
    assert signed_head(parts.store).head.size == 2


def test_a_stamp_under_another_root_is_not_kept(
    parts: Parts, authority: TimestampAuthority, clock: Clock, tmp_path: Path
) -> None:
    publish(parts.store, NAME, at=clock())
    other = TimestampAuthority(tmp_path / "other", "Another authority")
    ours, authority.roots = authority.roots, other.roots
    try:
        url = _stamped(parts, authority)
    finally:
        authority.roots = ours

    (known,) = authorities_of(parts.store, [url])
    assert known.last is None
    assert "does not verify" in (known.problem or "")


def test_without_roots_a_stamp_is_kept_as_not_checked(
    parts: Parts, authority: TimestampAuthority, clock: Clock
) -> None:
    publish(parts.store, NAME, at=clock())
    url = _stamped(parts, authority, roots=False)

    (known,) = authorities_of(parts.store, [url])
    assert known.last is not None
    assert not known.last.is_verified


def test_nobody_is_asked_where_none_is_named_or_the_log_is_empty(parts: Parts, authority: TimestampAuthority) -> None:
    _stamped(parts, authority)

    assert authority.queries == []


@pytest.mark.parametrize("url", ["tsa.example", "ftp://tsa.example", "https://", "https:// tsa"])
def test_an_address_that_is_none_is_no_setting(url: str) -> None:
    with pytest.raises(BadSetting, match="timestamp_authorities"):
        Settings(timestamp_authorities=(url,))


def test_a_bundle_brings_the_stamp_above_its_proofs_and_it_is_checked(
    parts: Parts, authority: TimestampAuthority, clock: Clock, tmp_path: Path
) -> None:
    store = parts.store
    publish(store, NAME, at=clock())
    notice = notice_about(reported(drawn(1)))
    case = receive_notice(store, parts.replica, notice, default_laws=LAWS, request=None, at=AT).case
    publish(store, NAME, at=clock.pass_(minutes=15))
    url = _stamped(parts, authority, lambda: publish(store, NAME, at=clock.pass_(minutes=15)))
    other = TimestampAuthority(tmp_path / "other", "Another authority")

    made = bundle_for_person(store, case, maker=MAKER, at=clock())

    with zipfile.ZipFile(io.BytesIO(made.content)) as folder:
        files = {name: folder.read(name) for name in folder.namelist()}
    said = list(check(files, Believed(timestamp_root=str(authority.roots))))
    stamp = next(line for line in said if line.startswith("Timestamp"))
    assert stamp.startswith(f"Timestamp: {url} says that 2 of the proven entries existed by 20")
    assert f"  Its signature verifies under {authority.roots}." in said
    assert any("was not checked" in line for line in check(files))
    with pytest.raises(Broken, match="does not verify under"):
        list(check(files, Believed(timestamp_root=str(other.roots))))
    # By Takeback too, which needs no openssl for it.
    path = tmp_path / "record.zip"
    path.write_bytes(made.content)
    said = verify_bundle(path, Believed(timestamp_root=str(authority.roots)))
    assert f"  Its signature verifies under {authority.roots}." in said
    with pytest.raises(ProofBroken, match="does not verify under"):
        verify_bundle(path, Believed(timestamp_root=str(other.roots)))


def test_a_stamp_of_another_head_is_found_in_a_bundle(
    parts: Parts, authority: TimestampAuthority, clock: Clock
) -> None:
    store = parts.store
    notice = notice_about(reported(drawn(1)))
    case = receive_notice(store, parts.replica, notice, default_laws=LAWS, request=None, at=AT).case
    publish(store, NAME, at=clock())
    _stamped(parts, authority)
    with store.write() as tx:
        # Of another head than the one that it is filed under.
        one = tx.timestamps.above(tx.public_log.origin(), 0)[0]
        tx.public_log.append(tx.public_log.period(0).period, 1)
        tx.timestamps.add("https://tsa.example", tx.public_log.head(), one.token, at=AT, is_verified=True)

    made = bundle_for_person(store, case, maker=MAKER, at=clock())

    with zipfile.ZipFile(io.BytesIO(made.content)) as folder:
        files = {name: folder.read(name) for name in folder.namelist()}
    with pytest.raises(Broken, match="something else than this head"):
        list(check(files))
