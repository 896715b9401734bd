"""An outside list is fetched whole, whatever its keeper does wrong; what ends on it ends here at once."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from tests.house import AT, LAWS, Clock, drawn, reported
from tests.lists.files import serving
from tests.lists.ncmec import WHO as WHO_THERE
from tests.lists.ncmec import Ncmec, entry_of
from tests.lists.ncmec import keeping as keeping_ncmec
from tests.lists.stopncii import Keeper, keeping, random_code, record_of
from tests.unit.decoding import InProcess

from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.assembly import Parts
from takeback.audit.event import EventKind
from takeback.bank import Opinion, Thresholds
from takeback.cases import CaseState, CopyState
from takeback.cases.notice import ReportedPicture
from takeback.config import Settings
from takeback.errors import IllegalTransition, InputError
from takeback.fingerprint import PdqHash, Route
from takeback.fingerprint.take import pdq_of_file
from takeback.jobs.exchange import ExchangeJob
from takeback.jobs.list_sweep import ListSweepJob
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.exchanges import ExchangeRow, NewExchange
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.check import check_file
from takeback.workflow.contest import answer_contest, contest
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.exchanges import add_exchange, fetch_again, let_list_hold, report_to, share_entries
from takeback.workflow.look import require_may_be_seen
from takeback.workflow.lookup import look_up
from takeback.workflow.put_back import Answer
from takeback.workflow.query import query_of_reported
from takeback.workflow.register import add_bank, add_entries, add_site
from takeback.workflow.replica import Replica
from takeback.workflow.shared_lots import KEPT_SECONDS
from takeback.workflow.upload import Action, Checked, Upload
from takeback.workflow.verify import verify

WHO = {
    "subscription_key": "subscription",
    "fetch_function_key": "fetch-key",
    "additional_function_keys": {"SubmitFeedback": "tell-key", "SubmitHashes": "submit-key"},
}
COVERED = Finding(appears_covered=True, reason="It is an intimate picture.")
NOT_COVERED = Finding(appears_covered=False, reason="It is a landscape.", elements=("intimate",))


REPORTS = "mailto:reports@forum.example"


def large(seed: int) -> bytes:
    """Return a picture of more than 512 pixels, which other programs reduce before they hash it."""
    pixels = np.kron(drawn(seed), np.ones((5, 5, 1), np.uint8))
    out = io.BytesIO()
    PillowImage.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def listed_code(data: bytes) -> str:
    """Return the code of a picture as the list's own page takes it."""
    return pdq_of_file(data, route=Route.NEAREST_512).upright.hex()


@dataclass
class House:
    """A site, a list that is set up, and the jobs that fetch it, and compare what is stored with it."""

    parts: Parts
    keeper: Keeper
    clock: Clock
    site: Site
    job: ExchangeJob
    name: str = "STOPNCII"

    def step(self) -> None:
        """Let both jobs do what is due."""
        asyncio.run(self.job.step())
        asyncio.run(ListSweepJob(self.parts).step())

    def fetch(self, most: int = 60) -> ExchangeRow:
        """Let the job do what is due until the list is read to its end, and time pass where it waits."""
        for _ in range(most):
            self.step()
            row = self.row()
            if row.complete_at is not None and row.began_at is None and row.problem is None:
                return row
            if row.next_at is not None and row.next_at > self.clock():
                self.clock.at = row.next_at
        return self.row()

    def fetch_anew(self) -> ExchangeRow:
        fetch_again(self.parts.store, self.name, whole=False, actor="key/a", at=self.clock())
        return self.fetch()

    def row(self) -> ExchangeRow:
        with self.parts.store.read() as tx:
            return tx.exchanges.by_name(self.name)

    def counts(self) -> dict[str, int]:
        with self.parts.store.read() as tx:
            return tx.exchanges.counts(self.row().id)

    def codes(self) -> int:
        """How many codes a search would go through."""
        self.parts.replica.follow(self.parts.store)
        return len(self.parts.replica.entries.pdq)

    def check(self, data: bytes, item: str | None = "1") -> Checked:
        parts = self.parts
        upload = Upload(self.site, item, f"https://forum.example/post/{item}")
        return check_file(parts.store, parts.replica, parts.decoder, None, data, upload, at=self.clock())

    def cases(self) -> list[Case]:
        with self.parts.store.read() as tx:
            return [tx.cases.by_id(number) for number in range(1, 50) if _is_there(tx, number)]

    def copies(self, case: Case) -> list[CopyState]:
        with self.parts.store.read() as tx:
            return [copy.state for copy in tx.copies.of_case(case.id)]

    def orders(self) -> list[str]:
        with self.parts.store.read() as tx:
            return [each.kind for copy in tx.copies.of_case(self.cases()[0].id) for each in tx.outbox.of_copy(copy.id)]


def _is_there(tx: Any, number: int) -> bool:
    try:
        tx.cases.by_id(number)
    except Exception:
        return False
    return True


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    with keeping(Keeper()) as keeper:
        yield keeper


@pytest.fixture
def house(store: Store, replica: Replica, journal: Journal, clock: Clock, keeper: Keeper, tmp_path: Path) -> House:
    site = add_site(
        store, "Forum", base_url="https://forum.example", webhook_url="https://forum.example/hook", actor="t", at=AT
    ).site
    new = NewExchange("stop_ncii", {}, laws=LAWS)
    add_exchange(store, "STOPNCII", new, {**WHO, "base_url_override": keeper.url}, actor="key/a", at=AT)
    parts = Parts(Settings(data=tmp_path / "data"), store, replica, journal, InProcess(), clock)
    timeouts = Timeouts(connect_seconds=3, read_seconds=3, total_seconds=5)
    return House(parts, keeper, clock, site, ExchangeJob(parts, OutgoingHttp(["127.0.0.1"], timeouts=timeouts)))


def fill(keeper: Keeper, count: int, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    codes = [random_code(rng) for _ in range(count)]
    keeper.put(*(record_of(code, 20 + number // 3) for number, code in enumerate(codes)))
    return codes


# ---- What a list matches --------------------------------------------------------------------------------


def test_what_a_list_matches_is_held_for_a_person_and_never_refused(house: House) -> None:
    data = large(1)
    house.keeper.put(record_of(listed_code(data), 20))
    house.fetch()
    checked = house.check(data)
    assert checked.action is Action.HOLD
    (case,) = house.cases()
    assert (case.state, checked.case_id, case.list_id) == (CaseState.HELD, case.public_id, house.row().bank_id)
    assert case.deadline_at == house.clock() + timedelta(hours=48)
    assert house.copies(case) == [CopyState.HELD]
    # A second upload of it is a second copy of the same case.
    house.check(data, "2")
    assert house.copies(house.cases()[0]) == [CopyState.HELD, CopyState.HELD]
    assert len(house.cases()) == 1


def test_clients_of_hmas_interface_are_told_the_bank_of_a_list_until_somebody_decides_against_it(house: House) -> None:
    data = large(1)
    house.keeper.put(record_of(listed_code(data), 20))
    house.fetch()

    def banks() -> list[str]:
        query = query_of_reported([ReportedPicture(pdq=PdqHash.from_hex(listed_code(data)))])
        parts = house.parts
        found = look_up(parts.store, parts.replica, query, banks=None, coin=None, at=house.clock())
        return [each.bank for each in found]

    assert banks() == ["STOPNCII"]
    house.check(data)
    assert banks() == ["STOPNCII"]
    decide(
        house.parts.store,
        house.cases()[0].public_id,
        Decision(Outcome.REFUSED, NOT_COVERED, "desk/a"),
        at=house.clock(),
    )
    assert banks() == []


def test_a_question_without_an_item_opens_no_case(house: House) -> None:
    data = large(1)
    house.keeper.put(record_of(listed_code(data), 20))
    house.fetch()
    assert house.check(data, None).action is Action.HOLD
    assert house.cases() == []


def test_a_list_is_compared_by_the_fingerprint_that_it_holds(house: House) -> None:
    """The one that other programs take of the same file is not ours (`tests/unit/fingerprint/test_routes.py`)."""
    data = large(1)
    house.keeper.put(record_of(listed_code(data), 20))
    house.fetch()
    match = house.check(data).screening.matches[0]
    assert (match.distance, match.evidence.view) == (0, "reduced")


def test_what_the_sites_store_already_is_held_when_it_comes_on_the_list(house: House) -> None:
    data = large(1)
    house.parts.store.read()
    house.keeper.put(record_of(random_code(random.Random(3)), 20))
    house.fetch()
    assert house.check(data).action is Action.ALLOW
    house.keeper.put(record_of(listed_code(data), 30))
    house.fetch_anew()
    (case,) = house.cases()
    assert (case.state, house.copies(case), house.orders()) == (CaseState.HELD, [CopyState.HELD], ["hold"])


def test_a_list_that_may_not_hold_only_shows_what_it_matches(house: House) -> None:
    data = large(1)
    let_list_hold(house.parts.store, "STOPNCII", False, actor="key/a", at=AT)
    house.keeper.put(record_of(listed_code(data), 20))
    house.fetch()
    assert house.check(data).action is Action.ALLOW
    (case,) = house.cases()
    assert (house.copies(case), case.state) == ([CopyState.POSSIBLE], CaseState.WATCHING)


# ---- Decisions ------------------------------------------------------------------------------------------


def test_what_a_person_decides_counts_from_then_on_and_the_list_is_told(house: House) -> None:
    data = large(1)
    house.keeper.put(record_of(listed_code(data), 20))
    house.fetch()
    house.check(data)
    decision = Decision(Outcome.REMOVED, COVERED, "desk/a", Confirm.ALL)
    case = decide(house.parts.store, house.cases()[0].public_id, decision, at=house.clock())
    assert (case.state, house.copies(case)) == (CaseState.REMOVED, [CopyState.REMOVED])
    assert house.check(data, "2").action is Action.REFUSE
    house.step()
    told = {"hashValue": listed_code(data), "feedbackValue": "Blocked", "tags": []}
    assert house.keeper.told == [("SubmitFeedback", {"count": 1, "hashFeedbacks": [told]})]


def test_the_list_is_told_of_a_match_that_is_shown_again_after_a_contest(house: House) -> None:
    data, store = large(1), house.parts.store
    house.keeper.put(record_of(listed_code(data), 20))
    house.fetch()
    house.check(data)
    case_id = house.cases()[0].public_id
    decide(store, case_id, Decision(Outcome.REMOVED, COVERED, "desk/a", Confirm.ALL), at=house.clock())
    house.step()
    contest(store, house.site, "1", "It is a landscape.", at=house.clock())
    answer = Answer("It is a landscape.", "desk/b", ("intimate",))
    # Nobody gave notice, so nobody is heard before.
    case = answer_contest(store, case_id, answer, put_back=True, at=house.clock())
    house.step()
    told = [body["hashFeedbacks"][0]["feedbackValue"] for _, body in house.keeper.told]
    assert (case.state, house.copies(case), told) == (
        CaseState.PUT_BACK,
        [CopyState.PUT_BACK],
        ["Blocked", "NotBlocked"],
    )


def test_one_person_lets_go_what_only_a_list_spoke_against(house: House) -> None:
    data = large(1)
    house.keeper.put(record_of(listed_code(data), 20))
    house.fetch()
    house.check(data)
    case_id = house.cases()[0].public_id
    no_element = Decision(Outcome.REFUSED, Finding(appears_covered=False, reason="It is a landscape."), "desk/a")
    with pytest.raises(InputError):
        decide(house.parts.store, case_id, no_element, at=house.clock())
    case = decide(house.parts.store, case_id, Decision(Outcome.REFUSED, NOT_COVERED, "desk/a"), at=house.clock())
    assert (case.state, house.copies(case), house.orders()) == (CaseState.REFUSED, [CopyState.PUT_BACK], ["put_back"])
    assert house.check(data, "2").action is Action.ALLOW
    house.step()
    ((_, body),) = house.keeper.told
    assert body["hashFeedbacks"][0]["feedbackValue"] == "NotBlocked"
    # And the list says the same again: it stays decided here.
    house.keeper.change(listed_code(data))
    house.fetch_anew()
    assert house.check(data, "3").action is Action.ALLOW


# ---- What ends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Withdrawn", "Deleted"])
def test_what_was_withdrawn_or_deleted_matches_nothing_from_the_fetch_on(house: House, status: str) -> None:
    data = large(1)
    house.keeper.put(record_of(listed_code(data), 20), *(record_of(code, 21) for code in ["ab" * 32]))
    house.fetch()
    assert house.codes() == 1  # the other is no fingerprint of a picture
    house.keeper.change(listed_code(data), hashStatus=status, caseNumbers={"a": status})
    house.fetch_anew()
    assert house.codes() == 0
    assert house.check(data).action is Action.ALLOW
    assert house.counts() == {"ended": 1, "flawed": 1}


def test_a_hash_in_several_cases_ends_with_the_last_of_them(house: House) -> None:
    data = large(1)
    house.keeper.put(record_of(listed_code(data), 20, cases={"a": "Active", "b": "Received"}))
    house.fetch()
    house.keeper.change(listed_code(data), caseNumbers={"a": "Withdrawn", "b": "Received"})
    house.fetch_anew()
    assert house.codes() == 1
    house.keeper.change(listed_code(data), caseNumbers={"a": "Withdrawn", "b": "Deleted"})
    house.fetch_anew()
    assert house.codes() == 0
    house.keeper.change(listed_code(data), caseNumbers={"a": "Withdrawn", "c": "Active"})
    house.fetch_anew()
    assert house.codes() == 1


def test_what_was_decided_before_it_was_withdrawn_is_refused_no_more_and_stays_removed(house: House) -> None:
    data = large(1)
    house.keeper.put(record_of(listed_code(data), 20))
    house.fetch()
    house.check(data)
    decision = Decision(Outcome.REMOVED, COVERED, "desk/a", Confirm.ALL)
    decide(house.parts.store, house.cases()[0].public_id, decision, at=house.clock())
    house.keeper.change(listed_code(data), hashStatus="Withdrawn", caseNumbers={"a": "Withdrawn"})
    house.fetch_anew()
    (case,) = house.cases()
    assert (case.state, house.copies(case)) == (CaseState.WITHDRAWN, [CopyState.REMOVED])
    assert house.check(data, "2").action is Action.ALLOW


def test_nothing_of_what_has_ended_can_be_opened(house: House) -> None:
    data = large(1)
    house.keeper.put(record_of(listed_code(data), 20))
    house.fetch()
    with house.parts.store.read() as tx:
        key_ids = [row.key_id for row in tx.connection.exec_driver_sql("select key_id from entry").all()]
    house.keeper.change(listed_code(data), hashStatus="Deleted", caseNumbers=[])
    house.fetch_anew()
    assert house.parts.store.keyring.data_keys(key_ids) == {}
    house.parts.store.sweep_pages()
    stored = b"".join(path.read_bytes() for path in house.parts.settings.data.iterdir() if path.is_file())
    assert bytes.fromhex(listed_code(data)) not in stored
    assert listed_code(data).encode() not in stored


# ---- What keepers do wrong ------------------------------------------------------------------------------


def test_every_record_comes_in_over_many_pages_and_none_twice(house: House) -> None:
    fill(house.keeper, 1_700)
    house.fetch()
    assert (house.codes(), house.counts()) == (1_700, {"live": 1_700})
    assert len(house.keeper.asked) == 3
    fetch_again(house.parts.store, "STOPNCII", whole=True, actor="key/a", at=AT)
    house.fetch()
    assert (house.codes(), house.counts()) == (1_700, {"live": 1_700})


@pytest.mark.parametrize("fault", ["500", "429", "cut", "drop", "slow", "410"])
def test_a_page_that_comes_wrong_is_asked_again_and_nothing_is_lost(house: House, fault: str) -> None:
    fill(house.keeper, 1_700)
    house.keeper.faults = ["", fault, "", fault]
    row = house.fetch()
    assert (house.codes(), row.problem) == (1_700, None)


def test_a_list_that_always_points_to_the_same_page_is_read_all_the_same(house: House) -> None:
    fill(house.keeper, 1_700)
    house.keeper.faults = ["token"] * 4
    house.fetch()
    assert house.codes() == 1_700


def test_what_can_never_be_read_is_stepped_over_and_the_rest_is_there(house: House) -> None:
    fill(house.keeper, 900)
    house.keeper.rotten = {450}
    house.fetch(most=200)
    # With it goes what was changed in the same seconds.
    assert 894 <= house.codes() < 900
    assert house.row().checkpoint.marks["gaps"] == [[169, 170], [170, 172]]
    # A day later it is asked again, and it can be read now.
    house.keeper.rotten = set()
    house.clock.pass_(days=1, minutes=1)
    for _ in range(3):
        house.fetch_anew()
        house.clock.pass_(hours=1)
    assert (house.codes(), house.row().checkpoint.marks["gaps"]) == (900, [])


@pytest.mark.parametrize(
    "record",
    [
        None, [], "x", {"hashValue": "00" * 32, "signalType": "ImagePDQ"}, {"signalType": "ImagePDQ"},
        record_of("zz" * 32, 20), record_of("ff" * 32, 20), record_of("ab" * 16, 20),
        {**record_of("ab" * 32, 20), "hashValue": 7},
        {**record_of(random_code(random.Random(5)), 20), "caseNumbers": "x"},
    ],
)  # fmt: skip
def test_one_record_that_is_none_keeps_no_other_out(house: House, record: Any) -> None:
    house.keeper.put(record)
    fill(house.keeper, 5)
    house.fetch()
    assert house.counts() == {"live": 5, "flawed": 1}


def test_words_that_are_not_known_here_make_a_record_doubtful_and_not_go_away(house: House) -> None:
    data = large(1)
    house.keeper.put(record_of(listed_code(data), 20, status="Paused", cases={"a": "Paused"}))
    house.fetch()
    assert house.counts() == {"doubted": 1}
    assert house.check(data).action is Action.ALLOW
    (case,) = house.cases()
    assert house.copies(case) == [CopyState.POSSIBLE]
    house.keeper.change(listed_code(data), hashStatus="Active", caseNumbers={"a": "Active"})
    house.fetch_anew()
    assert house.check(data, "2").action is Action.HOLD


def test_hashes_of_other_kinds_are_counted_and_a_films_sum_is_compared(house: House) -> None:
    film = b"not a picture, but a film perhaps"
    md5 = hashlib.md5(film, usedforsecurity=False).hexdigest()
    house.keeper.put(
        {**record_of(md5, 20), "signalType": "VideoMD5"},
        {**record_of("ab" * 32, 20), "signalType": "VideoTMK"},
        {**record_of("ab" * 32, 20), "signalType": "Hologram"},
    )
    house.fetch()
    assert house.counts() == {"live": 1, "unread": 1, "flawed": 1}
    checked = house.check(film)
    assert (checked.action, checked.screening.matches[0].fact.value) == (Action.HOLD, "md5")


def test_wrong_credentials_are_said_and_asked_again_with_others(house: House) -> None:
    fill(house.keeper, 3)
    house.keeper.faults = ["401"]
    house.step()
    row = house.row()
    assert row.problem == "The list does not accept our credentials."
    assert row.next_at == AT + timedelta(hours=1)
    house.fetch()
    assert house.codes() == 3


def test_the_codes_of_a_page_lie_open_for_the_other_processes_for_seconds(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    http = OutgoingHttp(["127.0.0.1"])
    job = ExchangeJob(replace(house.parts, snapshots=folder), http)
    fill(house.keeper, 300)
    asyncio.run(job.step())
    (lot,) = folder.glob("*.lot")
    asyncio.run(job.step())
    assert lot.exists()
    passed = lot.stat().st_mtime - KEPT_SECONDS - 1
    os.utime(lot, (passed, passed))
    asyncio.run(job.step())
    assert not lot.exists()


def test_each_page_is_one_entry_of_the_log_and_says_nothing_of_any_record(house: House) -> None:
    codes = fill(house.keeper, 1_700)
    house.fetch()
    with house.parts.store.read() as tx:
        entries = [each for each in tx.audit.entries() if each.kind == EventKind.LIST_FETCHED]
    assert [each.facts["added"] for each in entries if each.facts] == [800, 800, 100]
    assert not any(code in str(each) for each in entries for code in codes[:50])
    verify(house.parts.store)


# ---- Other kinds ----------------------------------------------------------------------------------------


@pytest.fixture
def minors(house: House) -> Iterator[tuple[House, Ncmec]]:
    """The same house with a list of what may show minors."""
    with keeping_ncmec(Ncmec()) as there:
        environment = "https://exttest.cybertip.org/hashsharing"
        new = NewExchange("ncmec", {"environment": environment}, laws=LAWS, report_to=[REPORTS])
        add_exchange(
            house.parts.store, "NCMEC", new, {**WHO_THERE, "base_url_override": there.url}, actor="key/a", at=AT
        )
        yield replace(house, name="NCMEC"), there


def told(house: House) -> list[str]:
    with house.parts.store.read() as tx:
        return [f"{each.route} {each.body['stage']}" for each in tx.alerts.to_send(house.clock(), 10)]


def test_what_a_list_of_minors_matches_is_refused_and_reported_and_nobody_looks(minors: tuple[House, Ncmec]) -> None:
    house, there = minors
    data = large(1)
    there.images = [entry_of("7", {"md5": hashlib.md5(data, usedforsecurity=False).hexdigest()})]
    house.fetch()
    checked = house.check(data)
    assert (checked.action, checked.must_be_reported, checked.remembered) == (Action.REFUSE, True, False)
    (case,) = house.cases()
    assert (case.under_18, house.copies(case), told(house)) == (True, [], [f"{REPORTS} report"])
    house.check(data, "2")
    assert told(house) == [f"{REPORTS} report"]
    house.clock.pass_(hours=2)
    house.check(data, "3")
    assert len(told(house)) == 2


def test_whoever_only_asks_is_reported_of_minors_too(minors: tuple[House, Ncmec]) -> None:
    house, there = minors
    data = large(1)
    there.images = [entry_of("7", {"md5": hashlib.md5(data, usedforsecurity=False).hexdigest()})]
    house.fetch()
    assert (house.check(data, None).action, told(house)) == (Action.REFUSE, [f"{REPORTS} report"])


def test_what_is_stored_and_on_a_list_of_minors_is_hidden_in_every_case_unseen(minors: tuple[House, Ncmec]) -> None:
    house, there = minors
    data = large(1)
    # It is in another case already, of a list of adults.
    house.keeper.put(record_of(listed_code(data), 20))
    replace(house, name="STOPNCII").fetch()
    house.check(data)
    there.images = [entry_of("7", {"sha1": hashlib.sha1(data, usedforsecurity=False).hexdigest()})]
    house.fetch_anew()
    other, case = house.cases()
    assert (case.under_18, house.copies(case), other.under_18) == (True, [CopyState.HELD], True)
    assert told(house) == [f"{REPORTS} report"]
    with pytest.raises(IllegalTransition):
        require_may_be_seen(other)
    with pytest.raises(IllegalTransition):
        decide(house.parts.store, case.public_id, Decision(Outcome.REFUSED, NOT_COVERED, "desk/a"), at=house.clock())


def test_a_list_of_minors_is_not_fetched_before_somebody_is_named_who_reports(minors: tuple[House, Ncmec]) -> None:
    house, there = minors
    there.images = [entry_of("7", {"md5": "ab" * 16})]
    report_to(house.parts.store, "NCMEC", [], actor="key/a", at=AT)
    house.step()
    assert (there.asked, house.counts()) == ([], {})
    assert "Nobody is named who reports" in (house.row().problem or "")
    report_to(house.parts.store, "NCMEC", [REPORTS], actor="key/a", at=AT)
    house.fetch()
    assert house.counts() == {"live": 1}


@pytest.mark.parametrize("fault", ["500", "cut", "404", "dtd"])
def test_ncmecs_list_is_read_whole_whatever_its_keeper_does_wrong(minors: tuple[House, Ncmec], fault: str) -> None:
    house, there = minors
    there.images = [entry_of(str(number), {"md5": f"{number:032x}"}) for number in range(10)]
    there.faults = ["", fault, ""]
    house.fetch()
    assert house.counts() == {"live": 10}
    there.images = [entry_of("3", {}, tag="deletedImage"), entry_of("4", {"md5": "ff" * 16})]
    house.fetch_anew()
    assert house.counts() == {"live": 9, "ended": 1}


def test_what_a_file_names_no_more_has_ended_and_an_empty_one_ends_nothing(house: House, tmp_path: Path) -> None:
    data = large(1)
    code = pdq_of_file(data, route=Route.PIXELS).upright.hex()
    others = [random_code(random.Random(seed)) for seed in range(3)]
    with serving() as (url, texts):
        texts["list.csv"] = "\n".join(["hash", code, *others])
        add_exchange(
            house.parts.store,
            "FILE",
            NewExchange("file", {"url": f"{url}/list.csv"}, laws=LAWS),
            None,
            actor="a",
            at=AT,
        )
        house = replace(house, name="FILE")
        house.fetch()
        assert (house.codes(), house.check(data).action) == (4, Action.HOLD)
        texts["list.csv"] = ""
        house.clock.pass_(minutes=1)
        fetch_again(house.parts.store, "FILE", whole=False, actor="key/a", at=house.clock())
        house.step()
        assert (house.codes(), house.row().problem) == (4, "The file holds no record.")
        house.clock.pass_(minutes=1)
        texts["list.csv"] = "\n".join(["hash", *others])
        house.fetch_anew()
        assert (house.codes(), house.counts()) == (3, {"live": 3, "ended": 1})
        assert house.check(data, "2").action is Action.ALLOW


def test_what_the_operator_answers_for_is_put_on_a_list_and_nothing_else(house: House) -> None:
    store = house.parts.store
    add_bank(store, "known", Thresholds(), actor="a", at=AT)
    pictures = [reported(drawn(1)), reported(drawn(2))]
    ours = {"opinion": Opinion.POSITIVE, "source": "us", "expires_at": None}
    add_entries(store, "known", pictures, actor="a", at=AT, **ours)  # type: ignore[arg-type]
    assert share_entries(store, "STOPNCII", "known", actor="a", at=AT) == 2
    house.step()
    (endpoint, body) = house.keeper.told[0]
    hashes = {each["hashValue"] for each in body["hashRecords"]}
    assert (endpoint, hashes) == ("SubmitHashes", {each.pdq.hex() for each in pictures if each.pdq is not None})
    assert {each["signalType"] for each in body["hashRecords"]} == {"ImagePDQ"}
    for bank in ("notices", "STOPNCII"):
        with pytest.raises(InputError):
            share_entries(store, "STOPNCII", bank, actor="a", at=AT)


# ---- Beside the field's own client ----------------------------------------------------------------------


def test_the_fields_own_client_keeps_what_was_withdrawn(house: House) -> None:
    """The package `threatexchange` compares the hash with the states, so that no state ever ends a record."""
    stopncii = pytest.importorskip("threatexchange.exchanges.impl.stop_ncii_api")
    client = pytest.importorskip("threatexchange.exchanges.clients.stopncii.api")
    data = large(1)
    # It leaves out what has a feedback that it does not know.
    house.keeper.put({**record_of(listed_code(data), 20), "CSPFeedbacks": []})
    house.fetch()
    house.keeper.change(listed_code(data), hashStatus="Withdrawn", caseNumbers={"a": "Withdrawn"})
    house.fetch_anew()
    theirs = stopncii.StopNCIISignalExchangeAPI(
        None, client.StopNCIIAPI("subscription", "fetch-key", base_url_override=house.keeper.url)
    )
    kept = [value for delta in theirs.fetch_iter([], None) for value in delta.updates.values()]
    assert (house.codes(), [value is not None for value in kept]) == (0, [True])
