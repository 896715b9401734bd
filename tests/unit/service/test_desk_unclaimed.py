"""Cases that nobody sent a notice of, at the desk: of what a list, or a bank of one's own, led to be refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.house import AT, LAWS, drawn, prints_of, reported
from tests.unit.service.at_desk import Desk
from tests.unit.service.on_case import SAID, OnCase

from takeback.bank import EntryState, Opinion, Thresholds
from takeback.cases import CaseState
from takeback.store.desk_people import DeskRole
from takeback.store.exchanges import NewExchange
from takeback.store.sites import Site
from takeback.workflow.exchanges import add_exchange
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.refused_upload import contest_upload
from takeback.workflow.register import add_bank, add_entries
from takeback.workflow.upload import Upload, check_upload

CONTEST_FOR = timedelta(days=184)
GROUNDS = "I drew this lighthouse myself."


@pytest.fixture
def bo(colleague: Desk) -> Desk:
    colleague.join("Bo", DeskRole.SECOND_READER)
    return colleague


def refused(desk: Desk, site: Site, item_id: str = "again") -> str:
    """Upload the picture, which is refused; return the code by which that is contested."""
    query = query_of_fingerprints(prints_of(drawn(1)))
    upload = Upload(site, item_id, f"https://forum.example/{item_id}")
    code = check_upload(desk.store, desk.parts.replica, query, upload, at=desk.parts.now()).contest_code
    assert code is not None
    return code


def on_case(desk: Desk) -> OnCase:
    """The page of the one case that there is."""
    with desk.store.read() as tx:
        row = tx.connection.exec_driver_sql('select id from "case"').one()
        return OnCase(desk, tx.cases.by_id(row.id))


def added(desk: Desk, bank: str, actor: str = "key/1") -> None:
    pictures = [reported(drawn(1))]
    add_entries(
        desk.store, bank, pictures, opinion=Opinion.POSITIVE, source="archive", expires_at=None, actor=actor, at=AT
    )


def test_a_contest_of_an_own_bank_is_read_and_answered_by_another_person(desk: Desk, bo: Desk, site: Site) -> None:
    desk.join("Ada")
    with desk.store.read() as tx:
        ada = next(each.actor for each in tx.desk_people.all() if each.name == "Ada")
    add_bank(desk.store, "lighthouses", Thresholds(), actor="test", at=AT)
    added(desk, "lighthouses", actor=ada)
    contest_upload(desk.store, refused(desk, site), GROUNDS, LAWS, CONTEST_FOR, at=AT)
    # 1. The queue and the page say what kind of case it is; nobody is to be told or written to.
    assert "from a bank of yours" in bo.get("/desk").text
    here = on_case(bo)
    page = here.read()
    for part in ("your own bank lighthouses refused an upload", "put in <time", "Ada <span", "source: archive"):
        assert part in page, part
    for part in (f"{here.path}/hearing", 'id="messages"', GROUNDS, "She is told", "before she was heard"):
        assert part not in page, part
    # 2. Whoever put it in does not answer.
    assert "does not answer its contest" in on_case(desk).read()
    # 3. What is said against it is opened, and that is written down.
    status, page = here.send("words")
    assert (status, GROUNDS in page, 'id="grounds"' in page) == (200, True, True)
    assert "Her words were opened" in here.read()
    # 4. It is let with the element of each law.
    assert here.send("answer", outcome="put_back", reason=SAID)[0] == 422
    here.read()
    assert here.send("answer", outcome="put_back", reason=SAID, elements="intimate")[0] == 303
    assert here.now().state is CaseState.PUT_BACK


def test_a_contest_of_what_a_list_led_to_be_refused_is_read_and_answered(desk: Desk, bo: Desk, site: Site) -> None:
    desk.join("Ada")
    add_exchange(desk.store, "LIST", NewExchange("sample", {}, laws=LAWS), None, actor="test", at=AT)
    added(desk, "LIST")
    with desk.store.write() as tx:
        entry = tx.banks.by_id(1)
        tx.banks.set_state(entry.id, EntryState.HOLDING)
    query = query_of_fingerprints(prints_of(drawn(1)))
    check_upload(desk.store, desk.parts.replica, query, Upload(site, "1", "https://forum.example/1"), at=AT)
    here = on_case(desk)
    here.read()
    assert here.decide(outcome="remove", covered="yes", reason=SAID, confirm="all")[0] == 303
    contest_upload(desk.store, refused(desk, site), GROUNDS, (), CONTEST_FOR, at=AT)

    second = on_case(bo)
    page = second.read()
    assert f"{second.path}/hearing" not in page
    status, page = second.send("words")
    assert (status, GROUNDS in page) == (200, True)
    second.read()
    assert second.send("answer", outcome="put_back", reason=SAID, elements="intimate")[0] == 303
    with desk.store.read() as tx:
        assert tx.banks.by_id(entry.id).state is EntryState.CLOSED
        assert tx.tallies.total("uploads") == {"contested": 1, "let": 1}
