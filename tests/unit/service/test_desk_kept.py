"""The desk's page of what is kept: legal holds by two people, who posted what, and what is erased when."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from starlette.testclient import TestClient
from tests.house import AT, LAWS, drawn, notice_about, prints_of, reported
from tests.unit.service.at_desk import ORIGIN, Desk

from takeback.service.desk.answer import words
from takeback.store.desk_people import DeskRole
from takeback.store.sites import Site
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.intake import receive_notice
from takeback.workflow.legal_hold import held_until
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.retention import Part, Waits
from takeback.workflow.upload import Upload, check_upload

HOLD = {"authority": "Police, 12/26", "scope": "All <messages>.", "until": f"{AT + timedelta(days=60):%Y-%m-%d}"}


@pytest.fixture
def path(desk: Desk, site: Site) -> str:
    """The page of a decided case with one removed copy."""
    upload = Upload(site, "1", "https://forum.example/1", "member-7")
    store, replica = desk.store, desk.parts.replica
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    notice = notice_about(reported(drawn(1), digests=True))
    case_id = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT).case.public_id
    decision = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one", Confirm.ALL)
    decide(store, case_id, decision, at=AT)
    return f"/desk/cases/{case_id}"


@pytest.fixture
def ada(desk: Desk) -> Desk:
    desk.join("Ada")
    return desk


@pytest.fixture
def bo(ada: Desk) -> Desk:
    """A second person, in a browser of their own."""
    client = TestClient(ada.client.app, base_url=ORIGIN, raise_server_exceptions=False)
    other = Desk(ada.parts, client)
    other.join("Bo")
    return other


def send(desk: Desk, where: str, page: str, **fields: str) -> tuple[int, str]:
    answer = desk.post(where, token=desk.token(page), **fields)
    return answer.status_code, answer.text


def only(pattern: str, page: str) -> str:
    (found,) = re.findall(pattern, page)
    return str(found)


def is_held(desk: Desk, path: str) -> bool:
    with desk.store.read() as tx:
        return held_until(tx, tx.cases.by_public_id(path.rpartition("/")[2]), AT) is not None


def test_a_hold_is_ordered_by_one_and_confirmed_by_another(ada: Desk, bo: Desk, path: str) -> None:
    kept = f"{path}/kept"
    assert send(ada, f"{path}/holds", kept, **HOLD)[0] == 303
    page = ada.get(kept).text
    assert "Police, 12/26: All &lt;messages&gt;." in page
    assert "Waits for a second person" in page
    assert "Confirm as a second person" not in page
    hold = only(r"/holds/(\w{32})", page)
    status, text = send(ada, f"{path}/holds/{hold}", kept, step="confirm")
    assert (status, is_held(ada, path)) == (409, False)
    assert "neither confirms nor ends" in text
    assert "ordered by Ada" in bo.get(kept).text
    assert send(bo, f"{path}/holds/{hold}", kept, step="confirm")[0] == 303
    assert is_held(ada, path)
    assert "not before the legal hold ends" in ada.get(kept).text
    assert "End it now" not in ada.get(kept).text
    assert send(bo, f"{path}/holds/{hold}", kept, step="end")[0] == 303
    assert not is_held(ada, path)


def test_what_was_typed_and_not_taken_is_still_there(ada: Desk, path: str) -> None:
    status, text = send(ada, f"{path}/holds", f"{path}/kept", **{**HOLD, "until": "soon"})
    assert (status, "No day was given." in text) == (422, True)
    assert 'value="Police, 12/26"' in text
    assert "All &lt;messages&gt;." in text


def test_records_are_asked_for_by_one_opened_by_another_and_shown_once(ada: Desk, bo: Desk, path: str) -> None:
    kept = f"{path}/kept"
    assert send(ada, f"{path}/uploads", kept, reason="Police, 12/26")[0] == 303
    page = ada.get(kept).text
    assert "Ada asked on" in page
    assert "Open as a second person" not in page
    request = only(r"/uploads/(\w{32})", bo.get(kept).text)
    assert send(ada, f"{path}/uploads/{request}", kept)[0] == 409
    status, text = send(bo, f"{path}/uploads/{request}", kept)
    assert (status, "member-7" in text) == (200, True)
    assert "member-7" not in bo.get(kept).text


def test_whoever_only_reads_sees_it_and_changes_nothing(ada: Desk, path: str) -> None:
    client = TestClient(ada.client.app, base_url=ORIGIN, raise_server_exceptions=False)
    auditor = Desk(ada.parts, client)
    auditor.join("Cy", DeskRole.AUDITOR)
    page = auditor.get(f"{path}/kept").text
    assert "Her words, contact and links, on" in page
    assert "Order a legal hold" not in page
    for where, fields in ((f"{path}/holds", HOLD), (f"{path}/uploads", {"reason": "Mine."})):
        assert send(auditor, where, "/desk", **fields)[0] == 403


def test_a_form_of_another_page_orders_nothing(ada: Desk, path: str) -> None:
    fields = {"token": ada.token(), **HOLD}
    assert ada.post_from({"Origin": "https://evil.example"}, f"{path}/holds", **fields).status_code == 403
    assert ada.post(f"{path}/holds", **{**fields, "token": "0"}).status_code == 403
    with ada.store.read() as tx:
        assert tx.legal_holds.of_case(tx.cases.by_public_id(path.rpartition("/")[2]).id) == []


def test_the_page_of_a_case_leads_there(ada: Desk, path: str) -> None:
    assert f'href="{path}/kept"' in unescape(ada.get(path).text)


def test_everything_that_is_waited_for_has_its_words() -> None:
    said = words().under("kept")
    assert {f"waits_{each.value}" for each in Waits} <= set(said)
    assert {f"part_{each.value}" for each in Part} <= set(said)
