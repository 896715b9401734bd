"""The queue and the page of a case: what is due first, what each role may, and forms that lose nothing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.house import AT, LAWS, Clock, drawn, notice_about, prints_of, reported
from tests.unit.service.at_desk import Desk
from tests.unit.service.on_case import SAID, OnCase, noticed

from takeback.audit.event import EventKind
from takeback.cases import CaseState, CopyState
from takeback.cases.look import Found, LookKind, LookReason
from takeback.cases.sealed import SealedWords, new_identity
from takeback.cases.sealed import open_words as open_sealed
from takeback.service.desk.answer import words
from takeback.service.desk.clock import time_left
from takeback.service.desk.queue import PAGE
from takeback.store.desk_people import DeskRole
from takeback.store.sites import Site
from takeback.workflow.decide import Confirm
from takeback.workflow.desk_keys import add_desk_key
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.messages import write_to_desk
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.second_person import Step
from takeback.workflow.upload import Upload, check_upload

# The queue


def test_the_queue_shows_what_is_due_first_and_nothing_of_her(desk: Desk, received: Received, clock: Clock) -> None:
    clock.pass_(hours=5)
    later = noticed(desk)
    desk.join()
    page = desk.get("/desk").text
    assert page.index(received.case.public_id[:8]) < page.index(later.case.public_id[:8])
    assert "43 h 0 min left" in page
    assert "1 identical, 1 substantially the same" in page
    assert "A. Person" not in page
    assert "a@person.example" not in page


def test_what_is_late_is_marked(desk: Desk, received: Received, clock: Clock) -> None:
    clock.pass_(hours=48, minutes=75)
    desk.join()
    page = desk.get("/desk").text
    assert 'class="late"' in page
    assert "1 h 15 min over" in page


@pytest.mark.parametrize(
    ("left", "said", "pressing"),
    [
        (timedelta(hours=3, minutes=20), "3 h 20 min left", "soon"),
        (timedelta(hours=48), "2 d 0 h left", ""),
        (timedelta(hours=47, minutes=59, seconds=59), "47 h 59 min left", ""),
        (timedelta(minutes=59, seconds=59), "59 min left", "soon"),
        (timedelta(seconds=1), "0 min left", "soon"),
        (timedelta(0), "0 min over", "late"),
        (-timedelta(days=3, hours=2), "3 d 2 h over", "late"),
        (None, "no deadline", ""),
    ],
)
def test_time_left_is_said_in_two_units(left: timedelta | None, said: str, pressing: str) -> None:
    found = time_left(words(), None if left is None else AT + left, AT)
    assert (found.text, found.pressing) == (said, pressing)


def test_the_queue_says_that_she_wrote_until_someone_opens_it(desk: Desk, here: OnCase, received: Received) -> None:
    assert "She wrote" not in desk.get("/desk").text
    write_to_desk(desk.store, received.receipt, "It began in May.", at=AT)
    assert "She wrote" in desk.get("/desk").text
    desk.post(f"{here.path}/words", token=here.form["token"])
    assert "She wrote" not in desk.get("/desk").text


def test_cases_are_chosen_by_state_and_come_a_page_at_a_time(desk: Desk, received: Received) -> None:
    for seed in range(2, 4 + PAGE):
        noticed(desk, seed)
    desk.join()
    first, second = desk.get("/desk").text, desk.get("/desk?page=2").text
    assert first.count('class="open"') == PAGE
    assert second.count('class="open"') == 3
    assert desk.get("/desk?state=held").text.count('class="open"') == 1
    assert desk.get("/desk?state=held&state=removed").text.count('class="open"') == 1
    assert desk.get("/desk?state=nonsense").status_code == 422


def test_a_decided_case_of_which_something_is_left_is_still_to_do(desk: Desk, here: OnCase) -> None:
    here.decide(outcome="remove", covered="yes", reason=SAID, confirm="none")
    assert here.case.public_id[:8] in desk.get("/desk").text
    here.read()
    here.decide(outcome="remove", covered="yes", reason=SAID, confirm="all")
    assert here.case.public_id[:8] not in desk.get("/desk").text
    assert here.case.public_id[:8] in desk.get("/desk?state=removed").text


def test_the_queue_says_what_came_of_the_work_of_seven_days(desk: Desk, here: OnCase, clock: Clock) -> None:
    assert "These seven days" not in desk.get("/desk").text
    clock.pass_(hours=3)
    desk.sign_in()
    here.read()
    here.decide(outcome="remove", covered="yes", reason=SAID, confirm="all")
    assert "These seven days: 2 copies removed, half of them within 3 h 0 min." in desk.get("/desk").text
    clock.pass_(days=7)
    desk.sign_in()
    assert "These seven days" not in desk.get("/desk").text


# The case


def test_a_case_is_shown_with_its_clocks_and_facts_and_without_her_words(here: OnCase) -> None:
    page = here.read()
    for said in (
        "2026-11-22 12:00 UTC",
        "the same file",
        "of 256 bits apart",
        "48 h 0 min left".replace("48 h 0 min", "2 d 0 h"),
    ):
        assert said in page
    assert "A. Person" not in page
    assert "without my consent" not in page
    assert "<img" not in page


def test_what_a_notice_lacks_is_said_with_the_law(desk: Desk) -> None:
    notice = replace(notice_about(reported(drawn(5))), signature="")
    lacking = receive_notice(desk.store, desk.parts.replica, notice, default_laws=LAWS, request=None, at=AT)
    desk.join()
    page = OnCase(desk, lacking.case).read()
    assert "a signature" in page
    assert "§ 3(a)(1)(B)(i)" in page


@pytest.mark.parametrize("confirm", Confirm)
def test_a_removal_covers_what_was_confirmed(here: OnCase, confirm: Confirm) -> None:
    before = here.copies()
    named = {"copies": [before["1"].public_id]} if confirm is Confirm.NAMED else {}
    status, _ = here.decide(outcome="remove", covered="yes", reason=SAID, confirm=confirm.value, **named)
    assert status == 303
    assert here.now().state is CaseState.REMOVED
    second = confirm is Confirm.ALL or (confirm is Confirm.BLIND and before["2"].blind)
    assert here.copies()["1"].state is CopyState.REMOVED
    assert here.copies()["2"].state is (CopyState.REMOVED if second else CopyState.HELD)


def test_the_log_and_the_finding_name_the_person_and_not_a_key(desk: Desk, here: OnCase) -> None:
    here.decide(outcome="remove", covered="yes", reason=SAID)
    with desk.store.read() as tx:
        (member,) = tx.desk_people.all()
        decided = [each for each in tx.audit.of_case(here.case.public_id) if each.kind == EventKind.DECIDED_REMOVED]
    assert [each.actor for each in decided] == [member.actor] == [f"desk/{member.public_id}"]
    assert (here.now().finding or {})["actor"] == member.actor
    # What "another person" is measured by where a removal is contested.
    assert here.copies()["1"].decided_by == member.actor
    assert "It is covered &amp; &lt;clear&gt;." in here.read()


def test_a_refusal_says_what_is_not_met_and_lifts_nothing_yet(here: OnCase) -> None:
    status, page = here.decide(outcome="refuse", reason="A landscape.")
    assert (status, "Say which element of this law is not met" in page) == (422, True)
    assert here.decide(outcome="refuse", reason="A landscape.", elements="intimate")[0] == 303
    assert here.now().state is CaseState.REFUSED
    assert (here.now().finding or {})["elements"] == "intimate"
    # She is heard, and a second person reads it again, before anything is shown; the page says who waits for whom.
    assert set(here.states()) == {CopyState.HELD}
    page = here.read()
    assert "can ask for a second reader until" in page
    assert "Read a refusal again" in page


def test_a_single_copy_is_refused_after_the_decision(here: OnCase) -> None:
    here.decide(outcome="remove", covered="yes", reason=SAID)
    here.read()
    second = here.copies()["2"].public_id
    assert here.decide(outcome="refuse", reason="Another picture.", copies=second, elements="intimate")[0] == 303
    assert here.states() == [CopyState.REMOVED, CopyState.HELD]
    assert here.copies()["2"].hearing_id is not None


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"outcome": "remove", "reason": SAID}, 422, "needs the finding"),
        ({"outcome": "remove", "covered": "yes", "reason": " "}, 422, "needs a reason"),
        ({"reason": SAID}, 422, "Nothing was chosen"),
        ({"outcome": "remove", "covered": "yes", "reason": SAID, "confirm": "some"}, 422, "Nothing was chosen"),
        ({"outcome": "refuse", "reason": "x" * 501}, 422, "500 characters"),
        ({"outcome": "refuse", "reason": SAID, "token": "0" * 64}, 403, "earlier time"),
        ({"outcome": "dismiss", "reason": SAID}, 422, "None of the copies named"),
    ],
    ids=str,
)
def test_a_form_that_is_not_taken_changes_nothing_and_keeps_what_was_written(
    here: OnCase, fields: dict[str, str], status: int, said: str
) -> None:
    got, page = here.decide(**fields)
    assert (got, said in page) == (status, True)
    assert set(here.states()) == {CopyState.HELD}
    if fields["reason"] == SAID:
        assert "It is covered &amp; &lt;clear&gt;.</textarea>" in page


def test_a_form_that_was_overtaken_says_so_and_counts_only_when_it_is_sent_anew(
    desk: Desk, here: OnCase, received: Received, site: Site
) -> None:
    same = Upload(site, "3", "https://forum.example/3")
    check_upload(desk.store, desk.parts.replica, query_of_fingerprints(prints_of(drawn(1))), same, at=AT)
    status, page = here.decide(outcome="remove", covered="yes", reason=SAID, confirm="all")
    assert (status, "changed since you looked at it" in page) == (409, True)
    assert set(here.states()) == {CopyState.HELD}
    assert re.search(r'id="outcome-remove"[^>]* checked', page)
    assert re.search(r'id="confirm-all"[^>]* checked', page)
    here.read()
    assert here.decide(outcome="remove", covered="yes", reason=SAID, confirm="all")[0] == 303
    assert set(here.states()) == {CopyState.REMOVED}


def test_a_case_is_decided_once_whoever_is_second_keeps_what_they_wrote(here: OnCase) -> None:
    assert here.decide(outcome="refuse", reason="A landscape.", elements="intimate")[0] == 303
    status, page = here.decide(outcome="remove", covered="yes", reason=SAID)
    assert (status, "changed since you looked at it" in page) == (409, True)
    assert "It is covered &amp; &lt;clear&gt;.</textarea>" in page
    assert here.now().state is CaseState.REFUSED


@pytest.mark.parametrize("role", [DeskRole.SECOND_READER, DeskRole.AUDITOR])
def test_who_does_not_decide_sees_no_form_and_cannot_send_one(desk: Desk, received: Received, role: DeskRole) -> None:
    desk.join(role=role)
    on = OnCase(desk, received.case)
    page = on.read()
    assert 'id="decide"' not in page
    token = desk.token(on.path)
    for path in ("decision", "message"):
        sent = desk.post(f"{on.path}/{path}", token=token, outcome="refuse", reason=SAID, text=SAID, of="case", seen="")
        assert sent.status_code == 403
    assert set(on.states()) == {CopyState.HELD}
    opened = desk.post(f"{on.path}/words", token=token)
    assert opened.status_code == (403 if role is DeskRole.AUDITOR else 200)
    assert ("without my consent" in opened.text) is (role is not DeskRole.AUDITOR)


def test_each_opening_of_her_words_is_an_event_with_a_name_to_it(desk: Desk, here: OnCase) -> None:
    opened = desk.post(f"{here.path}/words", token=here.form["token"])
    assert "without my consent" in opened.text
    page = here.read()
    assert "Her words were opened" in page
    assert "without my consent" not in page


def test_words_that_are_sealed_reach_the_page_sealed_and_only_once_their_opening_is_written_down(desk: Desk) -> None:
    identities = [new_identity() for _ in range(2)]
    for name, (_, recipient) in zip(("Ada", "Bo"), identities, strict=True):
        add_desk_key(desk.store, name, recipient, actor="test", at=AT)
    case = noticed(desk).case
    desk.join()
    on = OnCase(desk, case)
    assert 'id="sealed"' not in on.read()
    page = desk.post(f"{on.path}/words", token=on.form["token"]).text
    assert "without my consent" not in page
    island = re.search(r'id="sealed">(.*?)</script>', page)
    assert island is not None
    sealed = SealedWords.from_json(json.loads(island[1])["words"])
    for identity, _ in identities:
        assert "without my consent" in str(open_sealed(sealed, [identity])["statement"])
    assert "Her words were opened" in page


def test_a_failed_order_is_tried_again_from_its_case_alone(desk: Desk, here: OnCase) -> None:
    with desk.store.write() as tx:
        (order,) = tx.outbox.of_copy(here.copies()["1"].id)
        tx.outbox.failed(order.id, "the site answered 500")
    page = here.read()
    assert "the site answered 500" in page
    token = {"token": here.form["token"]}
    assert desk.post(f"/desk/cases/{'0' * 32}/deliveries/{order.public_id}", **token).status_code == 404
    assert desk.post(f"{here.path}/deliveries/{order.public_id}", **token).status_code == 303
    again = desk.post(f"{here.path}/deliveries/{order.public_id}", **token)
    assert (again.status_code, "has not failed" in again.text) == (409, True)


def test_the_desk_writes_to_her(desk: Desk, here: OnCase) -> None:
    token = {"token": here.form["token"]}
    assert desk.post(f"{here.path}/message", text="We are <looking>.", **token).status_code == 303
    assert "We are &lt;looking&gt;." in here.read()
    assert desk.post(f"{here.path}/message", text=" ", **token).status_code == 422


def test_every_kind_of_thing_has_its_words() -> None:
    said = words()
    assert set(said.under("states")) == {each.value for each in CaseState}
    assert set(said.under("copy_states")) == {each.value for each in CopyState}
    assert set(said.under("roles")) == set(said.under("may")) == {each.value for each in DeskRole}
    assert set(said.under("events")) <= {each.value for each in EventKind}
    look = said.under("look")
    for prefix, kinds in (("reason", LookReason), ("kind", LookKind), ("found", Found)):
        assert {f"{prefix}_{each.value}" for each in kinds} <= set(look)
    assert {step.value for step in Step} <= set(said.under("second"))
