"""Sites with a platform over HTTP, and what the desk says before a decision that cannot be undone."""

from __future__ import annotations

from fastapi.testclient import TestClient
from tests.house import AT, LAWS, notice_about
from tests.unit.service.at_desk import Desk
from tests.unit.service.conftest import Keys

from takeback.assembly import Parts
from takeback.cases import CopyState
from takeback.workflow.intake import receive_notice
from takeback.workflow.register import NewPlatform, add_site

LEMMY = {
    "name": "instance", "base_url": "https://lemmy.example/", "platform": "lemmy", "api_url": "https://lemmy.example",
    "token": "of-lemmy-alone",
}  # fmt: skip


def test_a_site_with_a_platform_is_added_and_its_token_never_shown(
    client: TestClient, keys: Keys, parts: Parts
) -> None:
    made = client.post("/api/v1/sites", json=LEMMY, headers=keys["administrator"])
    assert made.status_code == 201
    listed = client.get("/api/v1/sites", headers=keys["moderator"])
    site = next(each for each in listed.json() if each["name"] == "instance")
    assert (site["platform"], site["api_url"], site["webhook_url"]) == ("lemmy", "https://lemmy.example", None)
    assert (site["can"]["hold"], site["can"]["put_back"]) == (True, False)
    assert any("cannot be put back" in limit for limit in site["can"]["limits"])
    assert "of-lemmy-alone" not in made.text + listed.text
    place = f"/api/v1/sites/{site['id']}/token"
    assert client.put(place, json={"token": "another"}, headers=keys["moderator"]).status_code == 403
    changed = client.put(place, json={"token": "another"}, headers=keys["administrator"])
    assert (changed.status_code, changed.content) == (204, b"")
    with parts.store.read() as tx:
        assert tx.sites.by_public_id(site["id"]).token == "another"


def test_a_site_that_is_asked_in_no_way_or_two_is_refused(client: TestClient, keys: Keys) -> None:
    hook = {"webhook_url": "https://lemmy.example/hook"}
    for wrong in ({**LEMMY, **hook}, {**LEMMY, "platform": None}, {**LEMMY, "platform": "webhook"},
                  {**LEMMY, "token": None}, {**LEMMY, "token": "a b"}, {**LEMMY, "api_url": "ftp://x"},
                  {**LEMMY, "platform": "s3"}):  # fmt: skip
        answer = client.post("/api/v1/sites", json=wrong, headers=keys["administrator"])
        assert answer.status_code == 422, wrong
        assert "of-lemmy-alone" not in answer.text
    forum = client.get("/api/v1/sites", headers=keys["moderator"]).json()[0]
    answer = client.put(f"/api/v1/sites/{forum['id']}/token", json={"token": "x"}, headers=keys["administrator"])
    assert answer.status_code == 422


def test_nothing_is_kept_for_a_platform_that_cannot_be_given_it_back(client: TestClient, keys: Keys) -> None:
    answer = client.post("/api/v1/sites", json={**LEMMY, "quarantine": True}, headers=keys["administrator"])
    assert answer.status_code == 422
    made = client.post("/api/v1/sites", json=LEMMY, headers=keys["administrator"]).json()
    place = f"/api/v1/sites/{made['id']}/quarantine"
    assert client.put(place, json={"on": True}, headers=keys["administrator"]).status_code == 422
    assert client.put(place, json={"on": False}, headers=keys["administrator"]).status_code == 200


def _page_of(desk: Desk, platform: str) -> str:
    base = f"https://{platform}.example"
    asked = NewPlatform(platform, base, "a-token")
    add_site(desk.store, f"the {platform}", base_url=f"{base}/", platform=asked, actor="test", at=AT)
    notice = notice_about(links=(f"{base}/post/1",))
    case = receive_notice(desk.store, desk.parts.replica, notice, default_laws=LAWS, request=None, at=AT).case
    with desk.store.read() as tx:
        assert [copy.state for copy in tx.copies.of_case(case.id)] == [CopyState.HELD]
    return " ".join(desk.get(f"/desk/cases/{case.public_id}").text.split())


def test_the_desk_says_before_a_decision_what_cannot_be_undone(desk: Desk) -> None:
    desk.join()
    page = _page_of(desk, "lemmy")
    assert "What is removed on the lemmy cannot be shown again there, only posted anew" in page
    assert "the lemmy hides nothing before a decision" not in page
    page = _page_of(desk, "mastodon")
    assert "the mastodon hides nothing before a decision" in page
    assert "What is removed on the mastodon cannot be shown again there" in page
    page = _page_of(desk, "discourse")
    assert "cannot be shown again there" not in page
    assert "hides nothing" not in page
