"""The client that others use (`threatexchange` 1.2.17) fetches a shared bank: in pages, in order, with what is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
import requests
from sqlalchemy import text
from tests.house import AT, LAWS, drawn, forms_of, notice_about, prints_of, reported
from tests.unit.gates.stopncii.conftest import Served, listening_to
from tests.unit.workflow.near import bits_away
from threatexchange.exchanges.clients.stopncii.api import (
    StopNCIIAPI,
    StopNCIICaseStatus,
    StopNCIICSPFeedbackValue,
    StopNCIIHashRecord,
    StopNCIISignalType,
)
from threatexchange.exchanges.collab_config import CollaborationConfigBase
from threatexchange.exchanges.fetch_state import AggregateSignalOpinionCategory
from threatexchange.exchanges.impl.stop_ncii_api import StopNCIICredentials, StopNCIISignalExchangeAPI
from threatexchange.signal_type.pdq.signal import PdqSignal

from takeback.assembly import Parts
from takeback.bank import Opinion, Thresholds
from takeback.cases.notice import ReportedPicture
from takeback.errors import InputError
from takeback.gates.stopncii.app import create_stopncii_app
from takeback.jobs.expiry import ExpiryJob
from takeback.store.access import KeyRole
from takeback.store.banks import NOTICES_BANK
from takeback.store.sites import Site
from takeback.workflow.banks import remove_bank, switch_bank
from takeback.workflow.decide import Decision, Finding, Outcome, decide
from takeback.workflow.intake import receive_notice
from takeback.workflow.partner_list import GONE_KEPT
from takeback.workflow.partners import add_partner, remove_partner, set_partner_banks
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.register import add_bank, add_entries, new_key, remove_entry
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload

ACTIVE, DELETED = StopNCIICaseStatus.Active, StopNCIICaseStatus.Deleted
SECOND = int(AT.timestamp())


def hash_of(seed: int) -> str:
    pdq = reported(drawn(seed)).pdq
    assert pdq is not None
    return pdq.hex()


def _all(client: StopNCIIAPI, start: int = StopNCIIAPI.DEFAULT_START_TIME) -> list[StopNCIIHashRecord]:
    return [record for page in client.fetch_hashes_iter(start) for record in page.hashRecords]


def _standing(records: list[StopNCIIHashRecord]) -> dict[str, StopNCIICaseStatus]:
    """What a client knows that replaces the former record of a hash by the later one."""
    return {record.hashValue: record.hashStatus for record in records}


def test_a_client_fetches_what_is_in_a_shared_bank(served: Served) -> None:
    served.add("known", 1, 2)
    client = served.client(served.partner("known").key)
    page = client.fetch_hashes()
    assert (page.count, page.hasMoreRecords, page.nextPageToken, page.nextSetTimestamp) == (2, False, "", SECOND)
    first, second = page.hashRecords
    assert [first.hashValue, second.hashValue] == [hash_of(1), hash_of(2)]
    assert (first.signalType, first.hashStatus) == (StopNCIISignalType.ImagePDQ, ACTIVE)
    assert first.lastModtimestamp == SECOND
    assert list(first.caseNumbers.values()) == [ACTIVE]
    assert all(UUID(number) for number in first.caseNumbers)
    assert [each.feedbackValue for each in first.CSPFeedbacks] == [StopNCIICSPFeedbackValue.Blocked]


def test_the_exchange_of_hma_and_the_command_line_fetches_it_too(served: Served) -> None:
    served.add("known", 1, 2)
    key = served.partner("known").key
    exchange = StopNCIISignalExchangeAPI.for_collab(
        CollaborationConfigBase("takeback", "stop_ncii", True), StopNCIICredentials(key, key, served.url)
    )
    (delta,) = exchange.fetch_iter([PdqSignal], None)
    assert {value for _, value in delta.updates} == {hash_of(1), hash_of(2)}
    metadata = delta.updates["pdq", hash_of(1)]
    assert metadata is not None
    assert metadata.get_as_aggregate_opinion().category is AggregateSignalOpinionCategory.POSITIVE_CLASS
    assert delta.checkpoint.update_time == SECOND
    # It goes on from its checkpoint, and misses nothing.
    served.clock.pass_(hours=1)
    served.add("known", 3)
    (later,) = exchange.fetch_iter([PdqSignal], delta.checkpoint)
    assert ("pdq", hash_of(3)) in later.updates


def test_what_the_client_fetched_finds_the_picture(served: Served) -> None:
    served.add("known", 1)
    (record,) = _all(served.client(served.partner("known").key))
    assert PdqSignal.compare_hash(record.hashValue, hash_of(1)).match


def test_pages_follow_one_another_and_hold_everything_once(served: Served) -> None:
    served.add("known", *range(1, 8))
    client = served.client(served.partner("known").key)
    pages, token = [], ""
    while True:
        page = client.fetch_hashes(page_size=3, next_page=token)
        pages.append([record.hashValue for record in page.hashRecords])
        assert page.count == len(page.hashRecords)
        if not page.hasMoreRecords:
            break
        token = page.nextPageToken or ""
        assert token
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [value for page in pages for value in page] == [hash_of(seed) for seed in range(1, 8)]


def test_a_token_goes_on_after_a_restart(served: Served, parts: Parts) -> None:
    served.add("known", *range(1, 5))
    key = served.partner("known").key
    first = served.client(key).fetch_hashes(page_size=2)
    assert first.nextPageToken
    with listening_to(create_stopncii_app(parts)) as url:
        again = StopNCIIAPI(key, key, base_url_override=url).fetch_hashes(page_size=2, next_page=first.nextPageToken)
    assert [record.hashValue for record in again.hashRecords] == [hash_of(3), hash_of(4)]
    assert not again.hasMoreRecords


def test_what_comes_while_a_client_reads_pages_comes_in_the_last_of_them(served: Served) -> None:
    served.add("known", 1, 2, 3)
    client = served.client(served.partner("known").key)
    first = client.fetch_hashes(page_size=2)
    served.add("known", 4, 5)
    second = client.fetch_hashes(page_size=2, next_page=first.nextPageToken or "")
    third = client.fetch_hashes(page_size=2, next_page=second.nextPageToken or "")
    values = [record.hashValue for page in (first, second, third) for record in page.hashRecords]
    assert values == [hash_of(seed) for seed in range(1, 6)]


def test_several_who_fetch_at_once_with_one_key_are_each_given_everything(served: Served) -> None:
    served.add("known", *range(1, 9))
    key = served.partner("known").key
    with ThreadPoolExecutor(4) as threads:
        fetched = list(threads.map(lambda _: _standing(_all(served.client(key))), range(4)))
    assert all(each == {hash_of(seed): ACTIVE for seed in range(1, 9)} for each in fetched)
    with served.store.engine.connect() as connection:
        keys = list(connection.execute(text("select key_id from partner_record")).scalars())
    assert len(served.store.keyring.data_keys(keys)) == len(keys) == 8


def test_an_erased_entry_comes_once_more_as_deleted_and_nothing_says_blocked(served: Served) -> None:
    entry, _ = served.add("known", 1, 2)
    client = served.client(served.partner("known").key)
    checkpoint = client.fetch_hashes().nextSetTimestamp
    served.clock.pass_(minutes=5)
    remove_entry(served.store, entry, actor="test", at=served.clock())
    later = _all(client, checkpoint)
    assert _standing(later) == {hash_of(2): ACTIVE, hash_of(1): DELETED}
    (gone,) = [record for record in later if record.hashStatus is DELETED]
    assert set(gone.caseNumbers.values()) == {DELETED}
    assert [each.feedbackValue for each in gone.CSPFeedbacks] == [StopNCIICSPFeedbackValue.Deleted]
    assert gone.lastModtimestamp == SECOND + 300


def test_a_client_that_overlooks_the_status_still_finds_nobody_who_says_blocked(served: Served) -> None:
    """`threatexchange` 1.2.17 compares the hash with the words of the status, and so keeps what was deleted."""
    (entry,) = served.add("known", 1)
    key = served.partner("known").key
    exchange = StopNCIISignalExchangeAPI(CollaborationConfigBase("x", "stop_ncii", True), served.client(key))
    (before,) = exchange.fetch_iter([PdqSignal], None)
    served.clock.pass_(minutes=5)
    remove_entry(served.store, entry, actor="test", at=served.clock())
    (after,) = exchange.fetch_iter([PdqSignal], before.checkpoint)
    metadata = after.updates["pdq", hash_of(1)]
    assert metadata is not None, "the defect is gone: say so in docs/partners.md"
    assert metadata.get_as_aggregate_opinion().category is not AggregateSignalOpinionCategory.POSITIVE_CLASS


@pytest.mark.parametrize("order", [1, -1])
def test_what_two_entries_have_is_deleted_with_the_second(served: Served, order: int) -> None:
    first, second = served.add("known", 1, 1)[::order]
    client = served.client(served.partner("known").key)
    assert len(_all(client)[-1].caseNumbers) == 2
    remove_entry(served.store, first, actor="test", at=served.clock.pass_(minutes=1))
    records = _all(client)
    assert _standing(records) == {hash_of(1): ACTIVE}
    assert sorted(records[-1].caseNumbers.values(), key=str) == [ACTIVE, DELETED]
    remove_entry(served.store, second, actor="test", at=served.clock.pass_(minutes=1))
    assert _standing(_all(client)) == {hash_of(1): DELETED}


@pytest.mark.parametrize("how", ["unshared", "switched off", "removed"])
def test_a_bank_that_is_shared_no_more_is_deleted_at_the_partner(served: Served, how: str) -> None:
    served.add("known", 1, 2)
    made = served.partner("known")
    client = served.client(made.key)
    assert set(_standing(_all(client)).values()) == {ACTIVE}
    at = served.clock.pass_(minutes=1)
    if how == "unshared":
        set_partner_banks(served.store, made.standing.partner.public_id, match=(), share=(), actor="test", at=at)
    elif how == "switched off":
        switch_bank(served.store, "known", 0.0, actor="test", at=at)
    else:
        remove_bank(served.store, "known", actor="test", at=at)
    assert _standing(_all(client)) == {hash_of(1): DELETED, hash_of(2): DELETED}


def test_a_bank_that_is_shared_again_counts_again(served: Served) -> None:
    served.add("known", 1)
    made = served.partner("known")
    client, who = served.client(made.key), made.standing.partner.public_id
    _all(client)
    for share, status in (((), DELETED), (("known",), ACTIVE), ((), DELETED)):
        at = served.clock.pass_(minutes=1)
        set_partner_banks(served.store, who, match=(), share=share, actor="test", at=at)
        (record,) = _all(client, int(at.timestamp()))
        assert record.hashStatus is status


def test_a_bank_that_is_shared_late_is_given_whole_to_a_client_that_fetched_before(served: Served) -> None:
    add_bank(served.store, "old", Thresholds(), actor="test", at=AT)
    served.add("old", 1)
    served.add("known", 2)
    made = served.partner("known")
    client = served.client(made.key)
    checkpoint = client.fetch_hashes().nextSetTimestamp
    at = served.clock.pass_(days=1)
    who = made.standing.partner.public_id
    set_partner_banks(served.store, who, match=(), share=("known", "old"), actor="test", at=at)
    assert hash_of(1) in _standing(_all(client, checkpoint + 1))


def test_only_what_is_decided_and_undoubted_is_given(served: Served) -> None:
    doubted, expires = served.add("known", 1, 2)
    served.add("known", 3, opinion=Opinion.NEGATIVE)
    served.add("known", 4, opinion=Opinion.DISPUTED)
    client = served.client(served.partner("known").key)
    with served.store.write() as tx:
        tx.sightings.quarantine(tx.banks.by_public_id(doubted).id, AT)
        tx.banks.set_expiry(tx.banks.by_public_id(expires).id, AT + timedelta(days=1))
    assert _standing(_all(client)) == {hash_of(2): ACTIVE}
    served.clock.pass_(days=1)
    assert _standing(_all(client)) == {hash_of(2): DELETED}


def test_what_people_report_is_never_given(served: Served, replica: Replica, site: Site) -> None:
    with pytest.raises(InputError):
        served.partner(NOTICES_BANK)
    made = served.partner()
    upload = Upload(site, "1", "https://forum.example/1")
    check_upload(served.store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    picture = reported(drawn(1), digests=True)
    received = receive_notice(served.store, replica, notice_about(picture), default_laws=LAWS, request=None, at=AT)
    decide(served.store, received.case.public_id, Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/1"), at=AT)
    # Nor what the operator put beside it.
    served.add(NOTICES_BANK, 2)
    # Not even where somebody wrote it into the database.
    with served.store.write() as tx:
        tx.connection.execute(
            text("insert into partner_bank (partner_id, bank_id, use) select :partner, id, 'share' from bank"),
            {"partner": made.standing.partner.id},
        )
    assert _all(served.client(made.key)) == []


def test_what_was_erased_and_came_back_with_an_older_database_is_not_said_to_count(served: Served) -> None:
    (entry,) = served.add("known", 1)
    client = served.client(served.partner("known").key)
    assert _standing(_all(client)) == {hash_of(1): ACTIVE}
    with served.store.read() as tx:
        key_id, _ = tx.banks.data_key(tx.banks.by_public_id(entry).id)
    served.store.keyring.destroy([key_id])
    assert _standing(_all(client)) == {hash_of(1): DELETED}


def test_each_partner_has_case_numbers_of_its_own(served: Served) -> None:
    served.add("known", 1)
    numbers = [set(_all(served.client(served.partner("known", name=name).key))[0].caseNumbers) for name in ("a", "b")]
    assert not numbers[0] & numbers[1]


def test_what_is_gone_is_told_for_90_days_and_then_its_copy_and_key_are_gone(served: Served, parts: Parts) -> None:
    entry, _ = served.add("known", 1, 2)
    client = served.client(served.partner("known").key)
    _all(client)
    remove_entry(served.store, entry, actor="test", at=served.clock())
    _all(client)
    with served.store.engine.connect() as connection:
        (key_id,) = connection.execute(text("select key_id from partner_record where gone_at is not null")).scalars()
    for days, told in ((89, {hash_of(1): DELETED, hash_of(2): ACTIVE}), (2, {hash_of(2): ACTIVE})):
        served.clock.pass_(days=days)
        asyncio.run(ExpiryJob(parts).step())
        assert _standing(_all(client)) == told
        assert bool(served.store.keyring.data_keys([key_id])) is (len(told) == 2)
    assert timedelta(days=90) == GONE_KEPT


def test_a_copy_of_what_was_told_lies_sealed(served: Served) -> None:
    served.add("known", 1)
    assert len(_all(served.client(served.partner("known").key))) == 1
    code = bytes.fromhex(hash_of(1))
    with served.store.engine.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump()).encode()  # type: ignore[union-attr]
    assert not any(form in dump for form in forms_of(code))


def test_a_removed_partner_is_told_nothing_and_what_it_was_told_is_forgotten(served: Served) -> None:
    served.add("known", 1, 2)
    made = served.partner("known")
    client = served.client(made.key)
    _all(client)
    with served.store.engine.connect() as connection:
        keys = list(connection.execute(text("select key_id from partner_record")).scalars())
    remove_partner(served.store, made.standing.partner.public_id, actor="test", at=AT)
    with pytest.raises(requests.HTTPError, match="401"):
        client.fetch_hashes()
    assert not served.store.keyring.data_keys(keys)
    with served.store.engine.connect() as connection:
        assert connection.execute(text("select count(*) from partner_record")).scalar_one() == 0


def test_a_clock_that_is_set_back_hides_nothing_from_a_client(served: Served) -> None:
    served.add("known", 1)
    client = served.client(served.partner("known").key)
    checkpoint = client.fetch_hashes().nextSetTimestamp
    served.clock.pass_(hours=-2)
    served.add("known", 2)
    assert hash_of(2) in _standing(_all(client, checkpoint))


@pytest.mark.parametrize("size", [30, 40])
def test_a_list_that_is_too_long_for_one_request_comes_whole_with_the_pages(
    served: Served, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("takeback.workflow.partner_list._AT_ONCE", 20)
    monkeypatch.setattr("takeback.workflow.partner_list._MAX_TURNS", 2)
    base = reported(drawn(1)).pdq
    assert base is not None
    pictures = [ReportedPicture(pdq=bits_away(base, 100, seed)) for seed in range(150)]
    add_entries(
        served.store, "known", pictures, opinion=Opinion.POSITIVE, source="test", expires_at=None, actor="test", at=AT
    )
    client = served.client(served.partner("known").key)
    values, page = [], client.fetch_hashes(page_size=size)
    values += [record.hashValue for record in page.hashRecords]
    while page.hasMoreRecords:
        page = client.fetch_hashes(page_size=size, next_page=page.nextPageToken or "")
        values += [record.hashValue for record in page.hashRecords]
    assert values == [each.pdq.hex() for each in pictures if each.pdq]
    # What is gone is told with several fetches: the list is brought up to date with the first page of each.
    remove_bank(served.store, "known", actor="test", at=served.clock.pass_(minutes=1))
    for _ in range(4):
        standing = _standing(_all(client))
    assert len(standing) == 150
    assert set(standing.values()) == {DELETED}


# Who, and what is no question


def _headers(key: str, other: str | None = None) -> dict[str, str]:
    return {"x-functions-key": key, "Ocp-Apim-Subscription-Key": key if other is None else other}


def _keys(served: Served) -> Iterator[tuple[str, dict[str, str]]]:
    mine, theirs = served.partner("known").key, served.partner("known", name="other").key
    yield "none", {}
    yield "one", {"x-functions-key": mine}
    yield "the other", {"Ocp-Apim-Subscription-Key": mine}
    yield "unknown", _headers("tb_partner_unknown")
    yield "half unknown", _headers(mine, "tb_partner_unknown")
    yield "of two partners", _headers(mine, theirs)
    yield "as elsewhere", {"Authorization": f"Bearer {mine}"}


def test_without_the_keys_of_one_partner_nothing_is_told(served: Served) -> None:
    served.add("known", 1)
    for name, headers in _keys(served):
        for method, path in (("GET", "FetchHashes"), ("POST", "SubmitHashes"), ("POST", "SubmitFeedback")):
            answer = requests.request(method, f"{served.url}/{path}", headers=headers, json={}, timeout=10)
            assert (answer.status_code, answer.json()["statusCode"]) == (401, 401), (name, path)


def test_a_key_of_another_role_is_no_partners(served: Served) -> None:
    key = new_key(served.store, KeyRole.ADMINISTRATOR, name="x", site=None, actor="test", at=AT)
    assert requests.get(f"{served.url}/FetchHashes", headers=_headers(key), timeout=10).status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "pageSize=0",
        "pageSize=x",
        "startTimestamp=-1",
        "startTimestamp=1e3",
        f"startTimestamp={10**17}",
        "nextPageToken=x",
    ],
)
def test_what_is_no_page_is_refused(served: Served, query: str) -> None:
    key = served.partner("known").key
    answer = requests.get(f"{served.url}/FetchHashes?{query}", headers=_headers(key), timeout=10)
    assert answer.status_code == 400
    assert set(answer.json()) == {"statusCode", "message"}


def test_a_page_has_at_most_a_thousand_records_whatever_is_asked(served: Served) -> None:
    served.add("known", 1)
    answer = requests.get(
        f"{served.url}/FetchHashes?pageSize=100000000&startTimestamp=", headers=_headers(served.partner("known").key),
        timeout=10,
    )  # fmt: skip
    assert answer.json()["count"] == 1
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_interface_knows_no_other_address(served: Served) -> None:
    key = served.partner("known").key
    base = served.url.removesuffix("/v1")
    for path in ("/", "/docs", "/openapi.json", "/api/v1/partners", "/m/lookup"):
        assert requests.get(base + path, headers=_headers(key), timeout=10).status_code == 404
    assert add_partner(served.store, "x", match=(), share=(), actor="test", at=AT)
