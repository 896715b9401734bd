"""A refused upload leads to a link: it says why, is contested there, and another person answers."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.house import AT, Clock, drawn
from tests.unit.service.conftest import Keys, Png
from tests.unit.service.test_journey import notice_in, upload

from takeback.audit.event import EventKind
from takeback.bank import EntryState, Opinion
from takeback.cases import CaseState
from takeback.cases.notice import ReportedPicture
from takeback.cases.statement import texts
from takeback.fingerprint import pdq_hash
from takeback.store import Store
from takeback.store.exchanges import NewExchange
from takeback.store.journal import Journal
from takeback.workflow.exchanges import add_exchange
from takeback.workflow.forget import forget_cases
from takeback.workflow.refused_upload import forget_refused_uploads
from takeback.workflow.register import add_entries, add_site
from takeback.workflow.retention import due_of_case, erase_retained
from takeback.workflow.withdraw import withdraw

REMOVED = {"outcome": "removed", "appears_covered": True, "reason": "Only for the two of them.", "confirm": "all"}
GROUNDS = "I, Karl, drew this <b>myself</b>."
UPHELD = {"put_back": False, "reason": "It is the same picture."}
LET = {"put_back": True, "reason": "It is a drawing.", "elements": ["likeness", "intimate"]}
CONTEST_FOR = timedelta(days=184)


@pytest.fixture
def received(client: TestClient, keys: Keys, png: Png) -> dict[str, Any]:
    """A notice about a picture that the site has, which was removed."""
    upload(client, keys, png(drawn(1)), "1")
    answer: dict[str, Any] = client.post("/api/v1/notices", json=notice_in(drawn(1))).json()
    path = f"/api/v1/cases/{answer['case']}/decision"
    assert client.post(path, headers=keys["moderator"], json=REMOVED).status_code == 200
    return answer


@pytest.fixture
def path(received: dict[str, Any]) -> str:
    return f"/api/v1/cases/{received['case']}"


@pytest.fixture
def link(client: TestClient, keys: Keys, png: Png, path: str) -> str:
    return refused(client, keys, png)


def refused(client: TestClient, keys: Keys, png: Png, item: str = "again") -> str:
    """Upload the picture again and return where its refusal is contested."""
    answer = upload(client, keys, png(drawn(1)), item)
    assert answer["action"] == "refuse"
    return str(answer["contest_url"])


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def opened(client: TestClient, link: str, **fields: str) -> str:
    answer = client.post("/contest", data={"code": link, "language": "en", **fields})
    assert answer.status_code == 200, answer.text
    return text_of(answer.text)


def contested(client: TestClient, link: str) -> None:
    assert "It is received" in opened(client, link, step="contest", grounds=GROUNDS)


def detail(client: TestClient, keys: Keys, path: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(path, headers=keys["second"]).json()
    return found


def kinds(store: Store, received: dict[str, Any]) -> list[str]:
    with store.read() as tx:
        return [entry.kind for entry in tx.audit.of_case(received["case"])]


def heard(client: TestClient, keys: Keys, path: str, clock: Clock) -> None:
    summary = {"summary": "It is said to be a drawing."}
    assert client.post(f"{path}/hearing", headers=keys["moderator"], json=summary).status_code == 200
    clock.pass_(hours=72)


# ---- What the link says ------------------------------------------------------------------------------------------


def test_the_link_says_what_was_refused_where_and_why_and_what_can_be_done(client: TestClient, link: str) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/contest#[a-z2-7]{26}", link)
    said = opened(client, link)
    for part in (
        "Why an upload was refused",
        "forum: refused on November 22, 2026.",
        "An upload was refused: the picture was not published here. It was not stored.",
        "A person of the site examined that picture, or a copy of it, and decided that it may not be shown here.",
        "A program compared the upload with what a person had decided about before, and refused it.",
        "TAKE IT DOWN Act (United States)",
        "You can contest this with the site, free of charge, until May 25, 2027.",
        "European Union: you can complain about the site to the Digital Services Coordinator",
        "You can go to court.",
    ):
        assert part in said, part


@pytest.mark.parametrize("language", sorted(texts()))
def test_in_each_language_nothing_tells_whose_notice_it_was_or_how_alike_they_are(
    client: TestClient, keys: Keys, link: str, received: dict[str, Any], language: str
) -> None:
    answer = client.post("/contest", data={"code": link, "language": language})
    assert f'<html lang="{language}"' in answer.text
    assert texts()[language]["restriction"]["upload_refused"] in unescape(answer.text)
    assert not re.search(r"\{\w*\}", answer.text)
    hers = ("A. Person", "a@person.example", "Only for the two of them.", received["case"])
    # One page for an identical copy and for another; the law that treats them differently is not named.
    likeness = ("distance", texts()[language]["legal"]["good_faith"])
    for word in (*hers, *likeness):
        assert word not in unescape(answer.text), word


def test_an_identical_copy_and_another_are_told_the_same(client: TestClient, keys: Keys, png: Png, link: str) -> None:
    changed = drawn(1).copy()
    changed[:4, :4] ^= 1
    other = upload(client, keys, png(changed), "almost")
    assert (other["action"], other["class"]) == ("refuse", "substantially_same")
    assert other["contest_url"] == link


# ---- Bounds ------------------------------------------------------------------------------------------------------


def test_a_flood_of_one_day_at_one_site_makes_one_row_and_the_next_day_another(
    client: TestClient, keys: Keys, png: Png, store: Store, path: str, clock: Clock
) -> None:
    first = set()
    for number in range(5):
        first.add(refused(client, keys, png, f"x-{number}"))
        clock.pass_(minutes=7)
    clock.pass_(hours=12)
    second = {refused(client, keys, png, f"y-{number}") for number in range(5)}
    other = add_site(
        store, "b", base_url="https://b.example/", webhook_url="https://b.example/hook", actor="test", at=AT
    )
    third = refused(client, {**keys, "upload": {"Authorization": f"Bearer {other.upload_key}"}}, png)

    assert len(first) == len(second) == 1
    assert len(first | second | {third}) == 3
    with store.read() as tx:
        case = tx.cases.by_public_id(path.rpartition("/")[2])
        assert len(tx.refused_uploads.of_case(case.id)) == 3


def test_the_code_is_in_no_log_and_no_row_and_at_no_desk(
    client: TestClient, keys: Keys, store: Store, path: str, link: str
) -> None:
    code = link.partition("#")[2]
    contested(client, link)
    assert code not in client.get(path, headers=keys["moderator"]).text
    assert code not in client.get(f"{path}/events", headers=keys["moderator"]).text
    with store.read() as tx:
        rows = tx.connection.exec_driver_sql("select * from refused_upload").all()
    assert code not in str(rows)
    assert b"Karl" not in repr(rows).encode()


def test_whoever_only_asks_and_whoever_is_not_refused_get_no_link(
    client: TestClient, keys: Keys, png: Png, path: str
) -> None:
    asked = client.post("/api/v1/check", headers=keys["moderator"], files={"file": ("a.png", png(drawn(1)))}).json()
    assert (asked["action"], asked["contest_url"]) == ("refuse", None)
    assert upload(client, keys, png(drawn(7)), "7")["contest_url"] is None


def test_after_the_time_for_it_nothing_is_contested_and_later_the_row_is_gone(
    client: TestClient, store: Store, link: str, clock: Clock
) -> None:
    clock.pass_(days=185)
    assert "The time to contest it ended on" in opened(client, link)
    assert client.post("/contest", data={"code": link, "step": "contest", "grounds": GROUNDS}).status_code == 409
    assert forget_refused_uploads(store, CONTEST_FOR, at=clock()) == 1
    assert client.post("/contest", data={"code": link}).status_code == 404


def test_what_is_contested_is_not_forgotten_before_it_was_answered(
    client: TestClient, keys: Keys, store: Store, path: str, link: str, clock: Clock
) -> None:
    contested(client, link)
    clock.pass_(days=400)
    assert forget_refused_uploads(store, CONTEST_FOR, at=clock()) == 0
    client.post(f"{path}/answer", headers=keys["second"], json=UPHELD)
    assert forget_refused_uploads(store, CONTEST_FOR, at=clock()) == 1


# ---- The contest -------------------------------------------------------------------------------------------------


def test_a_contest_has_a_clock_of_48_hours_and_its_grounds_are_sealed_for_the_desk(
    client: TestClient, keys: Keys, store: Store, path: str, link: str, received: dict[str, Any], clock: Clock
) -> None:
    contested(client, link)

    case = detail(client, keys, path)
    assert case["state"] == "contested"
    assert case["deadline_at"] == "2026-11-24T12:00:00Z"
    (row,) = case["refused_uploads"]
    assert (row["state"], row["contested_at"], row["reason"]) == ("contested", "2026-11-22T12:00:00Z", None)
    words = client.post(f"{path}/words", headers=keys["moderator"]).json()
    assert [each["grounds"] for each in words["refused_uploads"]] == [GROUNDS]
    said = opened(client, link)
    assert "It is contested since" in said
    assert "Karl" not in said
    assert "Why is it wrong to refuse it?" not in said
    assert client.post("/contest", data={"code": link, "step": "contest", "grounds": "Again."}).status_code == 409
    assert "Karl" not in client.get(f"{path}/events", headers=keys["moderator"]).text
    with store.read() as tx:
        found = tx.cases.by_public_id(received["case"])
        assert tx.tallies.total("uploads") == {"contested": 1}
        due = due_of_case(tx, found, CONTEST_FOR, clock())
    assert due is None


@pytest.mark.parametrize("grounds", ["", "   ", "x" * 2_001])
def test_a_contest_without_grounds_or_with_too_many_is_not_taken(client: TestClient, link: str, grounds: str) -> None:
    answer = client.post("/contest", data={"code": link, "step": "contest", "grounds": grounds})
    assert answer.status_code == 422
    assert "Why is it wrong to refuse it?" in opened(client, link)


def test_whoever_decided_does_not_answer_and_another_person_upholds_it_at_the_same_link(
    client: TestClient, keys: Keys, png: Png, store: Store, path: str, link: str, received: dict[str, Any]
) -> None:
    contested(client, link)
    own = client.post(f"{path}/answer", headers=keys["moderator"], json=UPHELD)
    assert (own.status_code, "does not answer its contest" in own.json()["detail"]) == (409, True)

    assert client.post(f"{path}/answer", headers=keys["second"], json=UPHELD).status_code == 200

    said = opened(client, link)
    assert "A second person has decided that it is still refused. It is the same picture." in said
    assert "This was contested, and a second person has answered." in said
    assert "Why is it wrong to refuse it?" not in said
    case = detail(client, keys, path)
    assert (case["state"], case["deadline_at"]) == ("removed", None)
    assert case["refused_uploads"][0]["reason"] == "It is the same picture."
    assert refused(client, keys, png) == link
    assert kinds(store, received).count(EventKind.UPLOAD_REFUSAL_UPHELD) == 1


def test_before_it_is_let_she_is_heard_and_the_laws_element_is_named(
    client: TestClient, keys: Keys, path: str, link: str, received: dict[str, Any], clock: Clock
) -> None:
    contested(client, link)
    untold = client.post(f"{path}/answer", headers=keys["second"], json=LET)
    assert (untold.status_code, "has not been told" in untold.json()["detail"]) == (409, True)
    summary = {"summary": "It is said to be a drawing."}
    assert client.post(f"{path}/hearing", headers=keys["moderator"], json=summary).status_code == 200
    standing = client.post("/api/v1/notices/standing", json={"receipt": received["receipt"]}).json()
    (hearing,) = standing["hearings"]
    assert (hearing["about"], hearing["of"]) == ("contest", "uploads")
    assert hearing["summary"] == "It is said to be a drawing."
    assert "Karl" not in str(standing)
    early = client.post(f"{path}/answer", headers=keys["second"], json=LET)
    assert (early.status_code, "can still answer" in early.json()["detail"]) == (409, True)
    clock.pass_(hours=72)
    unnamed = client.post(f"{path}/answer", headers=keys["second"], json={**LET, "elements": []})
    assert unnamed.status_code == 422
    assert client.post(f"{path}/answer", headers=keys["second"], json=LET).status_code == 200


def test_who_agrees_closes_the_entry_and_the_link_says_that_it_may_be_posted_again(
    client: TestClient, keys: Keys, png: Png, store: Store, path: str, link: str, received: dict[str, Any], clock: Clock
) -> None:
    contested(client, link)
    heard(client, keys, path, clock)
    other = refused(client, keys, png, "on another day")
    assert other != link

    assert client.post(f"{path}/answer", headers=keys["second"], json=LET).status_code == 200

    said = opened(client, link)
    assert "This picture may be posted again" in said
    assert "A second person has decided that it is refused no more: it may be posted again. It is a drawing." in said
    assert "Nobody would take it for a real picture of that person." in said
    # Who was refused on another day, and contested nothing, is told the same of the picture.
    said = opened(client, other)
    assert "This picture may be posted again" in said
    assert "That decision refuses no uploads any more." in said
    assert "Why is it wrong to refuse it?" not in said
    again = upload(client, keys, png(drawn(1)), "again")
    assert (again["action"], again["contest_url"]) == ("allow", None)
    with store.read() as tx:
        case = tx.cases.by_public_id(received["case"])
        assert [entry.state for entry in tx.banks.of_case(case.id)] == [EntryState.CLOSED]
        # The copy that the site has is not contested by it, and stays removed.
        assert case.state is CaseState.REMOVED
    assert kinds(store, received)[-2:] == [EventKind.UPLOAD_LET, EventKind.GATE_ENTRY_CLOSED]


def test_that_she_agrees_saves_the_wait(
    client: TestClient, keys: Keys, path: str, link: str, received: dict[str, Any]
) -> None:
    contested(client, link)
    client.post(f"{path}/hearing", headers=keys["moderator"], json={"summary": "It is said to be a drawing."})
    receipt = received["receipt"]
    (hearing,) = client.post("/api/v1/notices/standing", json={"receipt": receipt}).json()["hearings"]
    # She knows what she agrees to: nothing is hidden that would be shown again.
    page = text_of(client.post("/case", data={"receipt": receipt, "language": "en"}).text)
    assert "What speaks against refusing it, in the words of the people who decide:" in page
    assert "I agree of my own will that it may be posted again" in page
    assert "shown again" not in page.partition("The other side objects")[2].partition("Nobody may force you")[0]
    said = {"receipt": receipt, "hearing": hearing["id"], "agrees": True}
    assert client.post("/api/v1/notices/hearing", json=said).status_code == 200
    page = text_of(client.post("/case", data={"receipt": receipt, "language": "en"}).text)
    assert "You have agreed that it may be posted again." in page

    answer = {**LET, "elements": []}
    assert client.post(f"{path}/answer", headers=keys["second"], json=answer).status_code == 200

    assert "Whoever gave notice has agreed" in opened(client, link)
    page = text_of(client.post("/case", data={"receipt": receipt, "language": "en"}).text)
    assert "A second person has decided: it may be posted again." in page


def test_that_she_agreed_about_uploads_shows_no_copy_again(
    client: TestClient, keys: Keys, path: str, link: str, received: dict[str, Any]
) -> None:
    """What she was not asked about she did not agree to."""
    contested(client, link)
    client.post(f"{path}/hearing", headers=keys["moderator"], json={"summary": "It is said to be a drawing."})
    receipt = received["receipt"]
    (hearing,) = client.post("/api/v1/notices/standing", json={"receipt": receipt}).json()["hearings"]
    client.post("/api/v1/notices/hearing", json={"receipt": receipt, "hearing": hearing["id"], "agrees": True})
    client.post("/api/v1/items/contest", headers=keys["upload"], json={"item_id": "1", "grounds": "A lighthouse."})

    answer = client.post(f"{path}/answer", headers=keys["second"], json=LET)

    assert (answer.status_code, "has not been told" in answer.json()["detail"]) == (409, True)
    client.post(f"{path}/hearing", headers=keys["moderator"], json={"summary": "It is said to be a drawing."})
    standing = client.post("/api/v1/notices/standing", json={"receipt": receipt}).json()
    (asked,) = [each for each in standing["hearings"] if each["can_answer"]]
    assert (asked["of"], asked["agrees"]) == ("both", None)
    page = text_of(client.post("/case", data={"receipt": receipt, "language": "en"}).text)
    assert "I agree of my own will that it is shown again, and may be posted again" in page


def test_a_contested_copy_and_a_contested_upload_are_answered_together(
    client: TestClient, keys: Keys, path: str, link: str, clock: Clock
) -> None:
    contested(client, link)
    body = {"item_id": "1", "grounds": "A lighthouse."}
    assert client.post("/api/v1/items/contest", headers=keys["upload"], json=body).status_code == 201
    heard(client, keys, path, clock)

    assert client.post(f"{path}/answer", headers=keys["second"], json=LET).status_code == 200

    case = detail(client, keys, path)
    assert case["state"] == "put_back"
    assert [copy["state"] for copy in case["copies"]] == ["put_back"]
    assert [each["state"] for each in case["refused_uploads"]] == ["let"]


# ---- The end of a case -------------------------------------------------------------------------------------------


def test_a_withdrawal_settles_what_is_contested_and_the_link_says_so(
    client: TestClient, keys: Keys, store: Store, journal: Journal, path: str, link: str, received: dict[str, Any]
) -> None:
    contested(client, link)
    client.post(f"{path}/hearing", headers=keys["moderator"], json={"summary": "It is said to be a drawing."})

    withdraw(store, journal, received["ending"], at=AT)

    said = opened(client, link)
    assert "This picture may be posted again" in said
    assert "A second person" not in said
    case = detail(client, keys, path)
    assert (case["state"], case["deadline_at"]) == ("withdrawn", None)
    with store.read() as tx:
        found = tx.cases.by_public_id(received["case"])
        assert tx.refused_uploads.grounds(found.id) == []
        assert tx.hearings.open_of_case(found.id) == []


def test_nothing_of_it_is_left_of_a_case_that_is_forgotten(
    client: TestClient, store: Store, journal: Journal, link: str, received: dict[str, Any]
) -> None:
    contested(client, link)
    withdraw(store, journal, received["ending"], at=AT)
    with store.write() as tx:
        tx.remains.delete_case(tx.cases.by_public_id(received["case"]))
        left = tx.connection.exec_driver_sql("select count(*) from refused_upload").scalar_one()
    assert left == 0
    assert client.post("/contest", data={"code": link}).status_code == 404


# ---- What a bank of the operator's own refuses -------------------------------------------------------------------


@pytest.fixture
def banked(client: TestClient, keys: Keys) -> str:
    """The picture in a bank of the operator's own; return its entry."""
    assert client.post("/api/v1/banks", headers=keys["administrator"], json={"name": "lighthouses"}).status_code == 201
    entries = {"pictures": [{"pdq": pdq_hash(drawn(1)).hex()}], "source": "archive"}
    made = client.post("/api/v1/banks/lighthouses/entries", headers=keys["administrator"], json=entries)
    assert made.status_code == 201, made.text
    return str(made.json()["entries"][0])


@pytest.fixture
def own_link(client: TestClient, keys: Keys, png: Png, banked: str) -> str:
    return refused(client, keys, png)


def own_case(client: TestClient, keys: Keys) -> dict[str, Any]:
    """The one case that there is, which a contest opened."""
    (case,) = client.get("/api/v1/cases", headers=keys["moderator"]).json()
    return detail(client, keys, f"/api/v1/cases/{case['id']}")


def test_what_an_own_bank_refuses_is_told_to_be_the_sites_own_list_and_no_notice(
    client: TestClient, keys: Keys, own_link: str
) -> None:
    said = opened(client, own_link)
    for part in (
        "The picture is like one on a list that the site keeps itself",
        "A program compared the upload with that list, and refused it.",
        "What the site puts on that list it takes to be unlawful. This law may cover the picture:",
        "TAKE IT DOWN Act (United States)",
        "You can contest this with the site, free of charge, until May 25, 2027.",
        "Nobody outside the site is told what you say.",
    ):
        assert part in said, part
    for part in ("Who gave notice", "A person of the site examined", "lighthouses", "archive"):
        assert part not in said, part
    # Reading it opens no case.
    assert client.get("/api/v1/cases", headers=keys["moderator"]).json() == []


def test_its_contest_opens_a_case_that_nobody_sent_a_notice_of(
    client: TestClient, keys: Keys, own_link: str, banked: str, store: Store
) -> None:
    contested(client, own_link)
    case = own_case(client, keys)
    assert (case["state"], case["from_bank"], case["from_list"]) == ("contested", "lighthouses", None)
    assert case["deadline_at"] == "2026-11-24T12:00:00Z"
    (row,) = case["refused_uploads"]
    assert (row["entry"], row["state"], row["reason"]) == (banked, "contested", None)
    path = f"/api/v1/cases/{case['id']}"
    words = client.post(f"{path}/words", headers=keys["second"]).json()
    assert [each["grounds"] for each in words["refused_uploads"]] == [GROUNDS]
    nobody = client.post(f"{path}/hearing", headers=keys["second"], json={"summary": "A drawing."})
    assert (nobody.status_code, "Nobody gave notice" in nobody.json()["detail"]) == (409, True)
    kinds_of = [each["kind"] for each in client.get(f"{path}/events", headers=keys["second"]).json()]
    assert {"entry_contested", "upload_contested"} <= set(kinds_of)
    with store.read() as tx:
        assert tx.tallies.total("uploads") == {"contested": 1}
        assert tx.tallies.total("notices") == tx.tallies.total("decided") == {}


def test_whoever_put_it_in_does_not_answer_and_another_person_upholds_it(
    client: TestClient, keys: Keys, png: Png, own_link: str
) -> None:
    contested(client, own_link)
    path = f"/api/v1/cases/{own_case(client, keys)['id']}"
    own = client.post(f"{path}/answer", headers=keys["administrator"], json=UPHELD)
    assert (own.status_code, "does not answer its contest" in own.json()["detail"]) == (409, True)
    assert client.post(f"{path}/answer", headers=keys["second"], json=UPHELD).status_code == 200
    said = opened(client, own_link)
    assert "A second person has decided that it is still refused. It is the same picture." in said
    assert own_case(client, keys)["state"] == "removed"
    assert refused(client, keys, png) == own_link


def test_who_agrees_ends_the_entry_without_a_hearing_and_with_the_laws_element(
    client: TestClient, keys: Keys, png: Png, store: Store, own_link: str, banked: str
) -> None:
    contested(client, own_link)
    path = f"/api/v1/cases/{own_case(client, keys)['id']}"
    bare = client.post(f"{path}/answer", headers=keys["second"], json={**LET, "elements": []})
    assert bare.status_code == 422
    assert client.post(f"{path}/answer", headers=keys["second"], json=LET).status_code == 200
    assert own_case(client, keys)["state"] == "put_back"
    assert upload(client, keys, png(drawn(1)), "free")["action"] == "allow"
    said = opened(client, own_link)
    assert "This picture may be posted again" in said
    assert "It is a drawing." in said
    with store.read() as tx:
        assert tx.banks.by_public_id(banked).state is EntryState.CLOSED
        assert tx.tallies.total("uploads") == {"contested": 1, "let": 1}


def test_a_later_contest_joins_the_case_and_other_links_of_the_entry_say_that_it_ended(
    client: TestClient, keys: Keys, png: Png, own_link: str, clock: Clock
) -> None:
    contested(client, own_link)
    path = f"/api/v1/cases/{own_case(client, keys)['id']}"
    client.post(f"{path}/answer", headers=keys["second"], json=UPHELD)
    clock.pass_(days=1)
    second = refused(client, keys, png, "second")
    clock.pass_(days=1)
    third = refused(client, keys, png, "third")
    assert len({own_link, second, third}) == 3
    contested(client, second)
    assert [each["state"] for each in own_case(client, keys)["refused_uploads"]] == ["upheld", "contested"]
    client.post(f"{path}/answer", headers=keys["second"], json=LET)
    for link in (own_link, second, third):
        assert "This picture may be posted again" in opened(client, link)


def test_the_entry_stays_the_operators_to_take_out_whatever_is_contested(
    client: TestClient, keys: Keys, png: Png, own_link: str, banked: str
) -> None:
    contested(client, own_link)
    path = f"/api/v1/cases/{own_case(client, keys)['id']}"
    gone = client.delete(f"/api/v1/banks/entries/{banked}", headers=keys["administrator"])
    assert gone.status_code == 204
    assert upload(client, keys, png(drawn(1)), "free")["action"] == "allow"
    assert client.post(f"{path}/answer", headers=keys["second"], json=LET).status_code == 200
    assert "This picture may be posted again" in opened(client, own_link)


def test_the_case_is_forgotten_in_its_time_and_the_entry_stays(
    client: TestClient, keys: Keys, png: Png, store: Store, own_link: str, clock: Clock
) -> None:
    contested(client, own_link)
    path = f"/api/v1/cases/{own_case(client, keys)['id']}"
    client.post(f"{path}/answer", headers=keys["second"], json=UPHELD)
    clock.pass_(days=3_000)
    assert erase_retained(store, CONTEST_FOR, actor="takeback", at=clock()) == 1
    clock.pass_(days=3_000)
    assert forget_cases(store, CONTEST_FOR, actor="takeback", at=clock()) == 1
    assert refused(client, keys, png, "much later") != own_link


def test_what_may_show_minors_beside_it_is_contested_by_nobody(
    client: TestClient, keys: Keys, png: Png, store: Store, banked: str
) -> None:
    new = NewExchange("ncmec", {"environment": "https://exttest.cybertip.org/hashsharing"})
    add_exchange(store, "NCMEC", new, None, actor="test", at=AT)
    add_entries(
        store, "NCMEC", [ReportedPicture(pdq=pdq_hash(drawn(1)))], opinion=Opinion.POSITIVE, source="list",
        expires_at=None, actor="test", at=AT,
    )  # fmt: skip
    answer = upload(client, keys, png(drawn(1)), "again")
    assert (answer["action"], answer["preserve_and_report"], answer["contest_url"]) == ("refuse", True, None)
