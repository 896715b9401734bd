"""What waits for a second person at the desk: who may, who may not and is told why, and whom else to ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from tests.house import AT, Clock, drawn, prints_of
from tests.unit.service.at_desk import Desk
from tests.unit.service.on_case import SAID, OnCase, noticed

from takeback.cases import CaseState, CopyState
from takeback.service.app import open_over
from takeback.store.desk_people import DeskRole
from takeback.store.sites import Site
from takeback.workflow.contest import contest
from takeback.workflow.hearing import answer_hearing
from takeback.workflow.intake import Received
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.refused_upload import contest_upload
from takeback.workflow.upload import Upload, check_upload

WAITING = "/desk?waits=second"
CONTEST_FOR = timedelta(days=184)


@pytest.fixture
def contested(desk: Desk, here: OnCase, site: Site) -> OnCase:
    """A case that Ada decided, with one contested copy."""
    here.decide(outcome="remove", covered="yes", reason=SAID, confirm="all")
    contest(desk.store, site, "1", "I drew this lighthouse myself.", at=AT)
    here.read()
    return here


@pytest.fixture
def bo(colleague: Desk, here: OnCase) -> OnCase:
    """A second reader who looks at the same case."""
    colleague.join("Bo", DeskRole.SECOND_READER)
    return OnCase(colleague, here.case)


def test_whoever_decided_is_told_that_they_do_not_answer_and_who_can(contested: OnCase, bo: OnCase) -> None:
    page = contested.read()
    assert "Whoever decided a case does not answer its contest" in page
    assert "Who can: Bo" in page
    assert f"{contested.path}/answer" not in page
    status, page = contested.send("answer", outcome="uphold", reason=SAID)
    assert (status, "does not answer its contest" in page) == (409, True)
    assert contested.copies()["1"].state is CopyState.CONTESTED


def test_a_contest_is_passed_on_heard_and_answered_in_the_browser(
    received: Received, contested: OnCase, bo: OnCase, clock: Clock
) -> None:
    # 1. She is told in substance; until she was heard nothing can be shown again.
    page = bo.read()
    assert f"{bo.path}/hearing" in page
    assert 'id="answer-put_back"' not in page
    assert bo.send("answer", outcome="put_back", reason=SAID, elements="intimate")[0] == 409
    bo.read()
    assert bo.send("hearing", summary="It is said to be a drawing.")[0] == 303
    page = bo.read()
    assert "She can still answer, until 2026-11-25 12:00 UTC" in page
    assert f"{bo.path}/hearing" not in page
    # 2. Her time is over; whoever decided still does not answer.
    clock.pass_(hours=72)
    contested.desk.sign_in()
    assert f"{contested.path}/answer" not in contested.read()
    # 3. A put-back names what is not met.
    bo.desk.sign_in()
    page = bo.read()
    assert 'id="answer-put_back"' in page
    status, page = bo.send("answer", outcome="put_back", reason=SAID)
    assert (status, "which element of this law is not met" in page) == (422, True)
    assert "It is covered &amp; &lt;clear&gt;.</textarea>" in page
    bo.read()
    assert bo.send("answer", outcome="put_back", reason=SAID, elements="intimate")[0] == 303
    assert bo.copies()["1"].state is CopyState.PUT_BACK


def test_a_removal_is_upheld_before_she_was_told(contested: OnCase, bo: OnCase) -> None:
    bo.read()
    assert bo.send("answer", outcome="uphold", reason=SAID)[0] == 303
    assert bo.copies()["1"].state is CopyState.REMOVED
    assert "What waits" not in bo.read()


def test_what_was_contested_meanwhile_is_not_answered_unseen(
    desk: Desk, contested: OnCase, bo: OnCase, site: Site
) -> None:
    bo.read()
    contest(desk.store, site, "2", "And this one too.", at=AT)
    status, page = bo.send("answer", outcome="uphold", reason=SAID)
    assert (status, "changed since you looked at it" in page) == (409, True)
    assert {copy.state for copy in bo.copies().values()} == {CopyState.CONTESTED}
    bo.read()
    assert bo.send("answer", outcome="uphold", reason=SAID)[0] == 303


def refused_link(desk: Desk, site: Site) -> str:
    """Upload the picture of the case again, which is refused; return the code by which that is contested."""
    query = query_of_fingerprints(prints_of(drawn(1)))
    upload = Upload(site, "again", "https://forum.example/again")
    code = check_upload(desk.store, desk.parts.replica, query, upload, at=desk.parts.now()).contest_code
    assert code is not None
    return code


def test_a_refused_upload_that_is_contested_waits_for_a_second_person_who_sees_it(
    desk: Desk, here: OnCase, bo: OnCase, site: Site
) -> None:
    here.decide(outcome="remove", covered="yes", reason=SAID, confirm="all")
    page = bo.read()
    assert "Refused uploads" not in page
    contest_upload(desk.store, refused_link(desk, site), "I drew this.", (), CONTEST_FOR, at=AT)

    assert here.case.public_id[:8] in bo.desk.get(WAITING).text
    assert here.case.public_id[:8] not in here.desk.get(WAITING).text
    page = bo.read()
    assert "forum, 2026-11-22: <strong>contested</strong>" in page
    assert "contests that an upload of theirs was refused" in page
    assert "I drew this." not in page
    assert "Whoever decided a case does not answer its contest" in here.read()
    assert bo.send("answer", outcome="uphold", reason="The same picture.")[0] == 303
    page = bo.read()
    assert "<strong>still refused</strong>" in page
    assert here.case.public_id[:8] not in bo.desk.get(WAITING).text


def test_an_upload_that_was_contested_meanwhile_is_not_answered_unseen(
    desk: Desk, contested: OnCase, bo: OnCase, site: Site
) -> None:
    bo.read()
    code = refused_link(desk, site)
    # That uploads are refused changes nothing of what is decided; that one is contested does.
    contest_upload(desk.store, code, "I drew this.", (), CONTEST_FOR, at=AT)
    status, page = bo.send("answer", outcome="uphold", reason=SAID)
    assert (status, "changed since you looked at it" in page) == (409, True)
    page = bo.read()
    assert "The removal stands, and it is still refused" in page
    assert bo.send("answer", outcome="uphold", reason=SAID)[0] == 303
    assert bo.copies()["1"].state is CopyState.REMOVED


@pytest.mark.parametrize(("said", "after"), [("uphold", CaseState.REFUSED), ("overturn", CaseState.HELD)])
def test_a_refusal_is_read_again_when_she_was_heard(
    here: OnCase, bo: OnCase, clock: Clock, said: str, after: CaseState
) -> None:
    here.decide(outcome="refuse", reason="A landscape.", elements="intimate")
    page = bo.read()
    assert "She can still answer" in page
    assert f"{bo.path}/reading" not in page
    clock.pass_(hours=72)
    bo.desk.sign_in()
    assert f"{bo.path}/reading" in bo.read()
    assert bo.send("reading", outcome=said, reason=SAID, elements="intimate")[0] == 303
    assert bo.now().state is after
    shown = CopyState.PUT_BACK if said == "uphold" else CopyState.HELD
    assert set(bo.states()) == {shown}


def test_whoever_refused_neither_reads_it_again_nor_decides_it_anew(here: OnCase, bo: OnCase, clock: Clock) -> None:
    here.decide(outcome="refuse", reason="A landscape.", elements="intimate")
    clock.pass_(hours=72)
    here.desk.sign_in()
    page = here.read()
    assert "nor read its refusal again" in page
    assert f"{here.path}/reading" not in page
    bo.desk.sign_in()
    bo.read()
    bo.send("reading", outcome="overturn", reason=SAID)
    page = here.read()
    assert "a second reader did not agree" in page
    assert 'id="decide"' not in page
    # Bo reads again and does not decide: nobody is left.
    assert "Nobody else of the desk can" in page
    assert "Federal Trade Commission" in page


def test_the_queue_shows_what_waits_for_a_second_person_who_may(
    received: Received, contested: OnCase, bo: OnCase, clock: Clock
) -> None:
    short = contested.case.public_id[:8]
    assert "A contest to answer" in contested.desk.get("/desk").text
    assert short not in contested.desk.get(WAITING).text
    assert short in bo.desk.get(WAITING).text
    bo.read()
    bo.send("recusal", sure="yes")
    assert short not in bo.desk.get(WAITING).text


def test_a_refusal_waits_in_the_queue_from_her_answer_on(
    desk: Desk, received: Received, here: OnCase, bo: OnCase, clock: Clock
) -> None:
    short = here.case.public_id[:8]
    here.decide(outcome="refuse", reason="A landscape.", elements="intimate")
    assert short not in bo.desk.get(WAITING).text
    with desk.store.read() as tx:
        (hearing,) = tx.hearings.of_case(here.case.id)
    answer_hearing(desk.store, received.receipt, hearing.public_id, agrees=False, at=clock.pass_(minutes=1))
    assert short in bo.desk.get(WAITING).text
    assert "A refusal to read again" in bo.desk.get(WAITING).text
    assert short not in here.desk.get(WAITING).text


def test_a_refusal_of_which_nothing_is_hidden_waits_for_another_person_too(
    desk: Desk, here: OnCase, bo: OnCase, clock: Clock
) -> None:
    on = OnCase(desk, noticed(desk, 7).case)
    on.read()
    assert on.decide(outcome="refuse", reason="A landscape.", elements="intimate")[0] == 303
    clock.pass_(hours=72)
    for each, waits in ((desk, False), (bo.desk, True)):
        each.sign_in()
        assert (on.case.public_id[:8] in each.get(WAITING).text) is waits


def test_an_auditor_answers_nothing(contested: OnCase, colleague: Desk) -> None:
    colleague.join("Cy", DeskRole.AUDITOR)
    cy = OnCase(colleague, contested.case)
    page = cy.read()
    assert "As auditor you read this" in page
    token = colleague.token(cy.path)
    for form in ("hearing", "answer", "reading", "recusal"):
        sent = colleague.post(f"{cy.path}/{form}", token=token, outcome="uphold", reason=SAID, summary=SAID, sure="yes")
        assert sent.status_code == 403
    assert cy.copies()["1"].state is CopyState.CONTESTED


def test_whoever_keeps_out_sees_nothing_of_a_case_and_is_told_who_decides_it(here: OnCase, colleague: Desk) -> None:
    colleague.join("Bo", DeskRole.MODERATOR)
    assert here.send("recusal")[0] == 422
    assert here.send("recusal", sure="yes")[0] == 303
    page = here.desk.get(here.path).text
    assert "You keep out of this case" in page
    assert "Who decides it: Bo" in page
    assert "the same file" not in page
    assert 'id="decide"' not in page
    assert here.decide(outcome="remove", covered="yes", reason=SAID)[0] == 409
    assert set(here.states()) == {CopyState.HELD}


def test_where_nobody_may_decide_the_host_and_the_laws_watchers_are_named(
    app: FastAPI, desk: Desk, here: OnCase
) -> None:
    desk.parts = replace(
        desk.parts, settings=replace(desk.parts.settings, host_contact=("mailto:abuse@host.example", "tel:+1-555-0100"))
    )
    open_over(app, desk.parts)
    assert "Nobody else of the desk could decide this case then" in here.read()
    here.send("recusal", sure="yes")
    page = desk.get(here.path).text
    assert "Nobody of the desk may decide this case" in page
    for said in ("mailto:abuse@host.example", ">abuse@host.example<", "tel:+1-555-0100", "Ofcom"):
        assert said in page
    assert set(here.states()) == {CopyState.HELD}
