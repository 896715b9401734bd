"""What Coop's people answer: whose word decides, what only stands with the case, and what is no word at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.house import AT, LAWS, drawn, notice_about, prints_of, reported
from tests.unit.coop import ANOTHER, MODERATOR, NOT_COVERED, ORGANIZATION, callback, pem_of, settings_of, signature_of

from takeback.actions.coop.account import CoopAccount
from takeback.audit.event import EventKind
from takeback.bank import EntryState
from takeback.cases import CaseState, CopyState
from takeback.config import Settings
from takeback.errors import IllegalTransition, InputError, NotAllowed, NotFound
from takeback.store import Store
from takeback.store.coop_reports import CoopReportRow
from takeback.store.desk_people import DeskRole, Member
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.contest import answer_contest, contest
from takeback.workflow.coop import begin_reports, due_reports, report_told
from takeback.workflow.coop_word import REASON, Answer, Taken, take_word
from takeback.workflow.decide import Decision, Finding, Outcome, decide
from takeback.workflow.desk_people import invite
from takeback.workflow.hearing import pass_on_contest
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.put_back import Answer as Said
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.recusal import recuse
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload
from takeback.workflow.withdraw import withdraw

LATER = AT + timedelta(minutes=5)

type Speak = Callable[..., Answer]


def _uploads(store: Store, replica: Replica, site: Site, *numbers: int) -> None:
    noisy = drawn(1).copy()
    noisy[::2, ::2] //= 2
    for number in numbers:
        upload = Upload(site, str(number), f"https://forum.example/{number}")
        pixels = noisy if number == 2 else drawn(1)
        check_upload(store, replica, query_of_fingerprints(prints_of(pixels)), upload, at=AT)


@pytest.fixture
def received(store: Store, replica: Replica, site: Site) -> Received:
    """A case with two copies of one picture, and a link that nothing was compared with."""
    _uploads(store, replica, site, 1, 2)
    notice = notice_about(reported(drawn(1), digests=True), links=("https://forum.example/p/7",))
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


@pytest.fixture
def told(store: Store, received: Received) -> list[CoopReportRow]:
    """What Coop was told: first of the picture, then of the link."""
    begin_reports(store, most=20, at=AT)
    for row, report in due_reports(store, most=20, at=AT, desk=""):
        assert report is not None
        report_told(store, row, at=AT)
    with store.read() as tx:
        return tx.coop_reports.of_case(received.case.id)


@pytest.fixture
def ada(store: Store) -> Member:
    return invite(store, "Ada", DeskRole.MODERATOR, actor="test", at=AT).member


@pytest.fixture
def speak(store: Store, tmp_path: Path) -> Speak:
    def take(body: bytes, *, signature: str | None = None, **settings: object) -> Answer:
        account = CoopAccount.of(Settings(**settings_of(tmp_path, **settings)))  # type: ignore[arg-type]
        assert account is not None
        return take_word(store, account, signature_of(body) if signature is None else signature, body, at=LATER)

    return take


def _states(store: Store, received: Received) -> dict[str, CopyState]:
    with store.read() as tx:
        return {copy.url.rpartition("/")[2]: copy.state for copy in tx.copies.of_case(received.case.id)}


def _report(store: Store, row: CoopReportRow) -> CoopReportRow:
    with store.read() as tx:
        return tx.coop_reports.by_id(row.id)


def test_copies_that_show_the_same_are_one_report_and_a_link_is_another(told: list[CoopReportRow]) -> None:
    assert sorted(row.entry_id is None for row in told) == [False, True]


def _of_picture(told: list[CoopReportRow]) -> CoopReportRow:
    return next(row for row in told if row.entry_id is not None)


def test_a_removal_by_someone_of_the_desk_is_their_decision_about_what_was_told(
    store: Store, received: Received, told: list[CoopReportRow], ada: Member, speak: Speak
) -> None:
    row = _of_picture(told)
    assert speak(callback(row.public_id)) == Answer(Taken.DECIDED)
    # The link was not in this report: nobody found anything about it.
    assert _states(store, received) == {"1": CopyState.REMOVED, "2": CopyState.REMOVED, "7": CopyState.HELD}
    with store.read() as tx:
        case = tx.cases.by_id(received.case.id)
        entries = {entry.state for entry in tx.banks.of_case(case.id)}
        events = [entry for entry in tx.audit.of_case(case.public_id) if entry.kind == EventKind.COOP_SAID]
    assert case.finding == {"outcome": "removed", "reason": REASON, "actor": ada.actor}
    assert EntryState.GATED in entries
    assert [(event.actor, (event.facts or {})["decided"]) for event in events] == [(ada.actor, True)]
    after = _report(store, row)
    assert (after.word, after.word_by, after.decided, after.why) == ("remove", ada.actor, True, None)


def test_who_decided_in_coop_does_not_answer_the_contest_at_the_desk(
    store: Store, received: Received, told: list[CoopReportRow], ada: Member, speak: Speak, site: Site
) -> None:
    speak(callback(_of_picture(told).public_id))
    contest(store, site, "1", "I drew this.", at=LATER)
    pass_on_contest(store, received.case.public_id, "It is said to be a drawing.", actor=ada.actor, at=LATER)
    mine = Said("Drawn.", ada.actor, ("intimate",))
    with pytest.raises(IllegalTransition):
        answer_contest(store, received.case.public_id, mine, put_back=True, at=LATER + timedelta(hours=73))


def test_the_same_bytes_are_taken_once_and_a_decided_report_takes_no_other_word(
    store: Store, received: Received, told: list[CoopReportRow], ada: Member, speak: Speak
) -> None:
    row = _of_picture(told)
    first = callback(row.public_id, actor="nobody@forum.example")
    assert speak(first).taken is Taken.NOTED
    # What was an opinion when it came does not become a decision by being sent again.
    assert speak(first, coop_people=("nobody@forum.example=Ada",)) == Answer(Taken.REPEATED)
    assert CopyState.REMOVED not in _states(store, received).values()
    assert speak(callback(row.public_id)).taken is Taken.DECIDED
    assert speak(callback(row.public_id, NOT_COVERED)).taken is Taken.REPEATED
    assert _report(store, row).word == "remove"


@pytest.mark.parametrize(
    ("said", "settings", "why"),
    [
        ({"action": "0a0a0a0a0a0"}, {}, "names no such action"),
        ({"actor": None}, {}, "No person took this action"),
        ({"rules": [{"id": "r", "name": "All of it"}]}, {}, "No person took this action"),
        ({"actor": "eve@other.example"}, {}, "names nobody by whom"),
        ({}, {"coop_people": (f"{MODERATOR}=Zoe",)}, "not at the desk"),
        ({}, {"coop_people": (f"{MODERATOR}=Bo",)}, "may not decide"),
        ({"action": NOT_COVERED}, {}, "decide it at the desk"),
    ],
)
def test_any_other_word_stands_with_the_case_and_decides_nothing(
    store: Store, received: Received, told: list[CoopReportRow], ada: Member, speak: Speak, said: dict[str, object],
    settings: dict[str, object], why: str,
) -> None:  # fmt: skip
    invite(store, "Bo", DeskRole.SECOND_READER, actor="test", at=AT)
    row = _of_picture(told)
    answer = speak(callback(row.public_id, **said), **settings)  # type: ignore[arg-type]
    assert answer.taken is Taken.NOTED
    assert why in (answer.why or "")
    assert set(_states(store, received).values()) == {CopyState.HELD}
    after = _report(store, row)
    assert (after.decided, after.why) == (False, answer.why)
    with store.read() as tx:
        assert any(entry.kind == EventKind.COOP_SAID for entry in tx.audit.of_case(received.case.public_id))


def test_who_keeps_out_of_a_case_does_not_decide_it_in_coop_either(
    store: Store, received: Received, told: list[CoopReportRow], ada: Member, speak: Speak
) -> None:
    recuse(store, received.case.public_id, actor=ada.actor, at=AT)
    answer = speak(callback(_of_picture(told).public_id))
    assert answer.taken is Taken.NOTED
    assert set(_states(store, received).values()) == {CopyState.HELD}


def test_a_copy_that_came_after_the_report_is_told_anew_and_not_decided_with_it(
    store: Store, replica: Replica, site: Site, received: Received, told: list[CoopReportRow], ada: Member, speak: Speak
) -> None:
    upload = Upload(site, "3", "https://forum.example/3")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=LATER)
    assert speak(callback(_of_picture(told).public_id)).taken is Taken.DECIDED
    assert _states(store, received)["3"] is CopyState.HELD
    assert begin_reports(store, most=20, at=LATER) == 1


def test_a_further_copy_of_a_decided_case_is_decided_by_its_own_report(
    store: Store, replica: Replica, site: Site, received: Received, told: list[CoopReportRow], ada: Member, speak: Speak
) -> None:
    speak(callback(_of_picture(told).public_id))
    (link,) = [row for row in told if row.entry_id is None]
    assert speak(callback(link.public_id)) == Answer(Taken.DECIDED)
    assert set(_states(store, received).values()) == {CopyState.REMOVED}


def test_what_was_decided_or_withdrawn_meanwhile_is_not_decided_again(
    store: Store, received: Received, told: list[CoopReportRow], ada: Member, speak: Speak, journal: Journal
) -> None:
    row = _of_picture(told)
    decide(store, received.case.public_id, Decision(Outcome.REMOVED, Finding(True, "Yes."), "key/one"), at=LATER)
    withdraw(store, journal, received.ending, at=LATER)
    answer = speak(callback(row.public_id))
    assert answer.taken is Taken.NOTED
    assert "Nothing of it waits" in (answer.why or "")


def test_what_may_show_someone_under_18_is_neither_told_nor_decided(
    store: Store, received: Received, told: list[CoopReportRow], ada: Member, speak: Speak
) -> None:
    with store.write() as tx:
        tx.cases.set_under_18(tx.cases.by_id(received.case.id))
    assert speak(callback(_of_picture(told).public_id)).taken is Taken.NOTED
    assert set(_states(store, received).values()) == {CopyState.HELD}


def test_another_organizations_signature_and_none_are_refused(
    store: Store, told: list[CoopReportRow], ada: Member, speak: Speak
) -> None:
    body = callback(_of_picture(told).public_id)
    for signature in (signature_of(body, ANOTHER), "", "not base64!", signature_of(body + b" "), "AAAA" * 600):
        with pytest.raises(NotAllowed):
            speak(body, signature=signature)
    assert _report(store, _of_picture(told)).word is None


def test_while_a_key_is_changed_both_are_taken(
    store: Store, told: list[CoopReportRow], ada: Member, speak: Speak, tmp_path: Path
) -> None:
    body = callback(_of_picture(told).public_id)
    both = tmp_path / "both.pem"
    both.write_text(pem_of(ANOTHER) + pem_of(ORGANIZATION))
    assert speak(body, coop_public_key_file=str(both)).taken is Taken.DECIDED


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b'{"item": 1, "action": {"id": "a"}}', b'{"item": {"id": "a", "typeId": "b"}}',
     b'{"item": {"id": 1, "typeId": "b"}, "action": {"id": "a"}}', b"[" * 100_000],
)  # fmt: skip
def test_what_is_signed_and_no_callback_is_refused(speak: Speak, body: bytes) -> None:
    with pytest.raises(InputError):
        speak(body)


def test_a_word_about_an_item_that_was_never_told_finds_nothing(told: list[CoopReportRow], speak: Speak) -> None:
    with pytest.raises(NotFound):
        speak(callback("0" * 32))
    other = json.loads(callback(_of_picture(told).public_id))
    other["item"]["typeId"] = "another"
    with pytest.raises(NotFound):
        speak(json.dumps(other).encode())


def test_nothing_of_who_spoke_is_kept_but_who_of_the_desk_it_was(
    store: Store, data: Path, told: list[CoopReportRow], ada: Member, speak: Speak
) -> None:
    speak(callback(_of_picture(told).public_id, decisionReason="Her former partner did it."))
    store.close()
    stored = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    for text in (MODERATOR, "She wrote to me", "Her former partner", "user-9"):
        assert text.encode() not in stored


def test_a_case_of_a_decision_has_state_removed(
    store: Store, received: Received, told: list[CoopReportRow], ada: Member, speak: Speak
) -> None:
    speak(callback(_of_picture(told).public_id))
    with store.read() as tx:
        assert tx.cases.by_id(received.case.id).state is CaseState.REMOVED
