"""Lists and partners at the desk: how they stand, and what an administrator does there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.house import AT, LAWS, Clock
from tests.unit.service.at_desk import Desk

from takeback.exchanges.interface import FetchCheckpoint
from takeback.store.desk_people import DeskRole
from takeback.store.exchanges import FLAWED, NewExchange, Said
from takeback.store.partners import Use
from takeback.workflow.exchanges import add_exchange
from takeback.workflow.partners import add_partner

LISTS, PARTNERS = "/desk/lists", "/desk/partners"


@pytest.fixture
def chief(desk: Desk) -> Desk:
    desk.join("Ada", DeskRole.ADMINISTRATOR)
    return desk


@pytest.fixture
def listed(desk: Desk) -> None:
    """A list that was read to its end, with flawed records and judged matches."""
    add_exchange(desk.store, "LIST", NewExchange("sample", {}, laws=LAWS), None, actor="test", at=AT)
    with desk.store.write() as tx:
        row = tx.exchanges.by_name("LIST")
        said = [Said(b"a" * 16, "live"), Said(b"b" * 16, "unread"), Said(b"c" * 16, FLAWED, why="no <hash>")]
        tx.exchanges.say(row.id, said, AT)
        tx.exchanges.set_place(row.id, FetchCheckpoint({}), complete_at=AT, fetched_at=AT)
        tx.tallies.add("confirmed", "LIST", times=3, at=AT)
        tx.tallies.add("unconfirmed", "LIST", at=AT)


def partner(desk: Desk) -> str:
    made = add_partner(desk.store, "gallery", match=["notices"], share=[], actor="test", at=AT)
    return made.standing.partner.public_id


def sent(desk: Desk, path: str, **fields: str) -> tuple[int, str]:
    answer = desk.post(path, token=desk.token(), **fields)
    return answer.status_code, answer.text


@pytest.mark.usefixtures("listed")
def test_a_moderator_sees_how_lists_stand_and_changes_nothing(desk: Desk) -> None:
    desk.join("Bo", DeskRole.MODERATOR)
    page = desk.get(LISTS).text
    for part in ("LIST", "Up to date", "3 of 4 confirmed", "no &lt;hash&gt;", "2026-11-22 12:00 UTC"):
        assert part in page, part
    assert 'name="step"' not in page
    assert "/desk/partners" not in page
    status, page = sent(desk, LISTS, list="LIST", step="off")
    assert (status, "Your role at the desk does not do this." in page) == (403, True)
    assert desk.get(PARTNERS).status_code == 403
    assert sent(desk, PARTNERS, step="release")[0] == 403


def test_an_auditor_sees_neither(desk: Desk) -> None:
    desk.join("Cy", DeskRole.AUDITOR)
    assert (desk.get(LISTS).status_code, desk.get(PARTNERS).status_code) == (403, 403)
    assert "/desk/lists" not in desk.get("/desk").text


@pytest.mark.usefixtures("listed")
def test_an_administrator_switches_a_list_and_has_it_fetched(chief: Desk) -> None:
    for step, text in (("off", "Off: it is not fetched"), ("on", "Up to date"), ("only_possible", "hides nothing")):
        assert sent(chief, LISTS, list="LIST", step=step)[0] == 303
        assert text in chief.get(LISTS).text, step
    assert sent(chief, LISTS, list="LIST", step="fetch")[0] == 303
    with chief.store.read() as tx:
        row = tx.exchanges.by_name("LIST")
        changes = [each for each in tx.audit.entries() if each.kind == "settings_changed"]
    assert (row.enabled, row.holds, row.next_at) == (True, False, None)
    assert all(str(each.actor).startswith("desk/") for each in changes[-4:])
    assert sent(chief, LISTS, list="OTHER", step="off")[0] == 404
    assert sent(chief, LISTS, list="LIST", step="burn")[0] == 422
    assert chief.post(LISTS, token="0" * 64, list="LIST", step="off").status_code == 403


@pytest.mark.usefixtures("listed")
def test_what_is_wrong_with_a_list_is_said(chief: Desk, clock: Clock) -> None:
    clock.pass_(hours=25)
    chief.sign_in()
    assert "Not read to its end for more than a day" in chief.get(LISTS).text
    with chief.store.write() as tx:
        row = tx.exchanges.by_name("LIST")
        tx.exchanges.change(row.id, problem="The list is <silent>.", next_at=clock() + timedelta(minutes=1))
    page = chief.get(LISTS).text
    assert "In trouble" in page
    assert "The list is &lt;silent&gt;." in page
    new = NewExchange("ncmec", {"environment": "https://exttest.cybertip.org/hashsharing"})
    add_exchange(chief.store, "NCMEC", new, None, actor="test", at=AT)
    assert "Not fetched: nobody is named who reports" in chief.get(LISTS).text


def test_a_partner_is_shown_answered_again_and_ended(chief: Desk) -> None:
    assert "No partner is added" in chief.get(PARTNERS).text
    partner_id = partner(chief)
    with chief.store.write() as tx:
        found = tx.partners.by_public_id(partner_id)
        tx.partners.count(found.id, AT, asked=1_234, matched=2)
        tx.partners.stop(found.id, AT + timedelta(hours=3))
    page = chief.get(PARTNERS).text
    for part in ("gallery", "notices", "60 a minute, 5,000 a day", "1,234", "nothing is answered until", "2026-11-22"):
        assert part in page, part
    assert sent(chief, PARTNERS, partner=partner_id, step="release")[0] == 303
    assert "nothing is answered until" not in chief.get(PARTNERS).text
    status, page = sent(chief, PARTNERS, partner=partner_id, step="release")
    assert (status, "This partner is not stopped." in page) == (409, True)
    status, page = sent(chief, PARTNERS, partner=partner_id, step="remove")
    assert (status, "Tick that the partner is to be removed" in page) == (422, True)
    with chief.store.read() as tx:
        assert tx.partners.banks(tx.partners.by_public_id(partner_id).id, Use.MATCH)
    assert sent(chief, PARTNERS, partner=partner_id, step="remove", sure="yes")[0] == 303
    assert "No partner is added" in chief.get(PARTNERS).text
