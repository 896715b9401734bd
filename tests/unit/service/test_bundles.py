"""Evidence bundles at every door: keys, the receipt, the desk's page and hers."""

from __future__ import annotations

import io
import zipfile

import pytest
from starlette.testclient import TestClient
from tests.house import AT, LAWS, Clock, drawn, notice_about, prints_of, reported
from tests.unit.service.at_desk import Desk
from tests.unit.service.conftest import Keys

from takeback.audit.event import EventKind
from takeback.bundle.offline import check
from takeback.store import Store
from takeback.store.desk_people import DeskRole
from takeback.workflow.bundle import MAX_HERS
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.publish import publish
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.register import add_site
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload

WHY = {"why": "Her lawyer asked, she agrees."}


def _received(store: Store, replica: Replica, clock: Clock, *, under_18: bool = False) -> Received:
    with store.read() as tx:
        site = tx.sites.for_link("https://forum.example/81")
    assert site is not None
    upload = Upload(site, "81", "https://forum.example/81")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    pictures = () if under_18 else (reported(drawn(1)),)
    notice = notice_about(*pictures, links=("https://forum.example/81",), under_18=under_18)
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    if not under_18:
        finding = Finding(appears_covered=True, reason="Shown without consent.")
        decision = Decision(Outcome.REMOVED, finding, "key/a", confirm=Confirm.ALL)
        decide(store, received.case.public_id, decision, at=clock())
    publish(store, "", at=clock.pass_(minutes=15))
    return received


@pytest.fixture
def received(store: Store, replica: Replica, keys: Keys, clock: Clock) -> Received:
    """A case of the site `forum` of `keys`, of which a copy is removed."""
    return _received(store, replica, clock)


def _holds(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as folder:
        return list(check({name: folder.read(name) for name in folder.namelist()}))


def _made(store: Store, received: Received) -> list[tuple[str | None, object]]:
    with store.read() as tx:
        entries = tx.audit.of_case(received.case.public_id)
    return [(each.actor, (each.facts or {})["version"]) for each in entries if each.kind == EventKind.BUNDLE_MADE]


def test_a_moderator_makes_the_full_one_and_that_of_whoever_posted_it(
    client: TestClient, keys: Keys, store: Store, received: Received
) -> None:
    path = f"/api/v1/cases/{received.case.public_id}/bundle"
    case = client.get(f"/api/v1/cases/{received.case.public_id}", headers=keys["moderator"]).json()

    full = client.post(path, json=WHY, headers=keys["moderator"])
    theirs = client.post(
        path, json={**WHY, "version": "uploader", "copy": case["copies"][0]["id"]}, headers=keys["moderator"]
    )

    for answer in (full, theirs):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
        assert answer.headers["content-disposition"] == 'attachment; filename="record.zip"'
        assert answer.headers["cache-control"] == "no-store"
        assert any("made this bundle" in line for line in _holds(answer.content))
    assert [version for _, version in _made(store, received)] == ["full", "uploader"]


@pytest.mark.parametrize("role", ["upload", "auditor"])
def test_a_key_of_another_role_makes_none(client: TestClient, keys: Keys, received: Received, role: str) -> None:
    answer = client.post(f"/api/v1/cases/{received.case.public_id}/bundle", json=WHY, headers=keys[role])

    assert answer.status_code == 403


def test_hers_cannot_be_asked_for_by_a_key(client: TestClient, keys: Keys, received: Received) -> None:
    body = {**WHY, "version": "person"}
    answer = client.post(f"/api/v1/cases/{received.case.public_id}/bundle", json=body, headers=keys["moderator"])

    assert answer.status_code == 422


def test_she_makes_hers_with_the_receipt_and_a_wrong_one_makes_none(
    client: TestClient, store: Store, received: Received
) -> None:
    answer = client.post("/api/v1/notices/bundle", json={"receipt": received.receipt})
    wrong = client.post("/api/v1/notices/bundle", json={"receipt": "one two three"})

    assert any("person version" in line for line in _holds(answer.content))
    assert wrong.status_code == 404
    assert _made(store, received) == [("the-person", "person")]


def test_the_eleventh_of_a_day_is_refused_on_both_her_doors_and_the_desk_makes_one_still(
    client: TestClient, keys: Keys, received: Received
) -> None:
    body = {"receipt": received.receipt}
    for _ in range(MAX_HERS):
        assert client.post("/api/v1/notices/bundle", json=body).status_code == 200

    answer = client.post("/api/v1/notices/bundle", json=body)
    page = client.post("/case", data={**body, "step": "bundle"})

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:takeback:problem:too-many-bundles")
    assert (page.status_code, "made ten times today" in page.text) == (422, True)
    path = f"/api/v1/cases/{received.case.public_id}/bundle"
    assert client.post(path, json=WHY, headers=keys["moderator"]).status_code == 200


def test_a_site_makes_that_of_its_item_and_of_no_other_sites(
    client: TestClient, keys: Keys, store: Store, received: Received
) -> None:
    made = add_site(
        store, "b", base_url="https://b.example/", webhook_url="https://b.example/hook", actor="test", at=AT
    )
    answer = client.post("/api/v1/items/bundle", json={"item_id": "81"}, headers=keys["upload"])
    other = client.post(
        "/api/v1/items/bundle", json={"item_id": "81"}, headers={"Authorization": f"Bearer {made.upload_key}"}
    )

    assert any("uploader version" in line for line in _holds(answer.content))
    assert other.status_code == 404


def test_where_someone_under_18_may_be_shown_every_door_says_what_to_do_instead(
    client: TestClient, keys: Keys, store: Store, replica: Replica, clock: Clock
) -> None:
    received = _received(store, replica, clock, under_18=True)
    answers = [
        client.post(f"/api/v1/cases/{received.case.public_id}/bundle", json=WHY, headers=keys["moderator"]),
        client.post("/api/v1/notices/bundle", json={"receipt": received.receipt}),
        client.post("/api/v1/items/bundle", json={"item_id": "81"}, headers=keys["upload"]),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:takeback:problem:bundle-refused")
        assert "hotline" in answer.json()["advice"]


def test_she_downloads_it_from_her_page(client: TestClient, received: Received) -> None:
    shown = client.post("/case", data={"receipt": received.receipt, "language": "en"})
    answer = client.post("/case", data={"receipt": received.receipt, "language": "en", "step": "bundle"})

    assert 'value="bundle"' in shown.text
    assert answer.headers["content-disposition"] == 'attachment; filename="record.zip"'
    assert answer.headers["clear-site-data"] == '"cache"'
    assert any("person version" in line for line in _holds(answer.content))


def test_her_page_offers_none_about_a_child_and_says_why_to_whoever_asks_for_it(
    client: TestClient, keys: Keys, store: Store, replica: Replica, clock: Clock
) -> None:
    received = _received(store, replica, clock, under_18=True)
    shown = client.post("/case", data={"receipt": received.receipt, "language": "de"})
    answer = client.post("/case", data={"receipt": received.receipt, "language": "de", "step": "bundle"})

    assert 'value="bundle"' not in shown.text
    assert answer.status_code == 409
    assert "keine Datei mit Belegen" in answer.text


def test_a_person_of_the_desk_makes_one_and_it_is_logged_as_theirs(
    desk: Desk, keys: Keys, store: Store, received: Received
) -> None:
    desk.join("Ada")
    path = f"/desk/cases/{received.case.public_id}"

    answer = desk.post(f"{path}/bundle", token=desk.token(), why="A court asked.", copy="")

    assert any("full version" in line for line in _holds(answer.content))
    ((actor, version),) = _made(store, received)
    assert (str(actor).partition("/")[0], version) == ("desk", "full")
    assert "An evidence file was made" in desk.get(path).text


def test_at_the_desk_nothing_is_made_without_a_reason_and_nothing_written_is_lost(
    desk: Desk, keys: Keys, store: Store, received: Received
) -> None:
    desk.join("Ada")

    path = f"/desk/cases/{received.case.public_id}/bundle"
    answer = desk.post(path, token=desk.token(), why="x" * 501, copy="")

    assert answer.status_code == 422
    assert "x" * 501 in answer.text
    assert _made(store, received) == []


def test_an_auditor_at_the_desk_makes_none(desk: Desk, keys: Keys, store: Store, received: Received) -> None:
    desk.join("Eve", DeskRole.AUDITOR)
    path = f"/desk/cases/{received.case.public_id}"

    assert f"{path}/bundle" not in desk.get(path).text
    assert desk.post(f"{path}/bundle", token=desk.token(), why="I want it.", copy="").status_code == 403
    assert _made(store, received) == []


def test_pages_are_asked_for_and_named_at_every_door(
    client: TestClient, keys: Keys, store: Store, received: Received
) -> None:
    path = f"/api/v1/cases/{received.case.public_id}/captures"
    case = client.get(f"/api/v1/cases/{received.case.public_id}", headers=keys["moderator"]).json()

    asked = client.post(path, json={}, headers=keys["moderator"])

    assert asked.status_code == 202
    assert [each["copy"] for each in asked.json()] == [case["copies"][0]["id"]]
    assert asked.json()[0]["waiting"] is True
    assert client.get(path, headers=keys["moderator"]).json() == asked.json()
    assert client.post(path, json={"copies": ["f00"]}, headers=keys["moderator"]).status_code == 404
    assert client.get(path, headers=keys["auditor"]).status_code == 403


def test_a_person_of_the_desk_has_the_pages_kept(desk: Desk, keys: Keys, store: Store, received: Received) -> None:
    desk.join("Ada")
    path = f"/desk/cases/{received.case.public_id}"
    assert "Keep the pages" in desk.get(path).text

    answer = desk.post(f"{path}/captures", token=desk.token())

    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}#evidence")
    assert "is being fetched" in desk.get(path).text
