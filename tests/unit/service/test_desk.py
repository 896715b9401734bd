"""The desk's doors: closed without an origin, strict about where forms come from, apart from the person's pages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.unit.device import Device
from tests.unit.service.at_desk import ORIGIN, Desk, options_in

from takeback.assembly import Parts
from takeback.service.app import create_app
from takeback.service.desk.door import ATTEMPTS
from takeback.store.desk_people import DeskRole
from takeback.workflow.desk_people import invite, leave


def test_without_an_origin_there_is_no_desk(client: TestClient) -> None:
    for path in ("/desk/sign-in", "/desk/join"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "desk_origin" in answer.text


def test_the_cookie_is_bound_to_the_host_and_out_of_reach(desk: Desk) -> None:
    answer = desk.join()
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-desk=")
    said = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=strict", "path=/", "max-age=43200"} <= said
    assert "domain" not in cookie.lower()


def test_over_loopback_the_cookie_has_a_plain_name(parts: Parts) -> None:
    origin = "http://localhost:8470"
    open_ = replace(parts, settings=replace(parts.settings, desk_origin=origin))
    with TestClient(create_app(open_), base_url=origin) as client:
        secret = invite(open_.store, "Ada", DeskRole.MODERATOR, actor="test", at=open_.now()).secret
        sent = {"Origin": origin}
        page = client.post("/desk/invitation", data={"invitation": secret}, headers=sent)
        answer = Device(origin).create(options_in(page))
        joined = client.post("/desk/join", data={"answer": answer}, headers=sent, follow_redirects=False)
    assert joined.headers["set-cookie"].startswith("desk=")
    assert "secure" not in joined.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_a_form_of_another_page_does_nothing(desk: Desk, headers: dict[str, str]) -> None:
    desk.join()
    token = desk.token()
    for path in ("/desk/sign-in", "/desk/invitation", "/desk/join", "/desk/sign-out"):
        assert desk.post_from(headers, path, token=token).status_code == 403
    assert desk.get("/desk").status_code == 200


def test_a_form_without_this_sessions_token_does_nothing(desk: Desk) -> None:
    desk.join()
    former = desk.token()
    desk.sign_in()
    for token in ("", former, former.upper()):
        assert desk.post("/desk/sign-out", token=token).status_code == 403
    assert desk.post("/desk/sign-out", token=desk.token()).headers["location"] == "/desk/sign-in"
    assert desk.get("/desk").headers["location"] == "/desk/sign-in"


def test_whoever_left_is_led_to_the_door_by_the_next_page(desk: Desk) -> None:
    desk.join()
    assert desk.get("/desk").status_code == 200
    leave(desk.store, "Ada", actor="test", at=desk.parts.now())
    assert desk.get("/desk").headers["location"] == "/desk/sign-in"


def test_pages_of_the_desk_are_kept_nowhere_framed_by_nobody_and_run_no_script_from_text(desk: Desk) -> None:
    desk.join()
    for path in ("/desk/sign-in", "/desk/join", "/desk"):
        answer = desk.get(path)
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        scripts = re.findall(r"<script\b[^>]*>", answer.text)
        assert all("src=" in each or "application/json" in each for each in scripts)
        assert not re.search(r"\son\w+=|style=", answer.text)


def test_the_persons_pages_set_no_cookie_also_for_someone_of_the_desk(desk: Desk) -> None:
    desk.join()
    for path in ("/", "/case", "/how", "/verify"):
        assert "set-cookie" not in desk.get(path).headers


def test_more_attempts_than_people_make_are_not_looked_at(desk: Desk) -> None:
    answers = [desk.post("/desk/sign-in", answer="{}").status_code for _ in range(ATTEMPTS.of_one + 1)]
    assert answers == [403] * ATTEMPTS.of_one + [429]


def test_what_was_written_after_the_session_ended_is_shown_and_not_lost(desk: Desk) -> None:
    answer = desk.post("/desk/sign-out", reason="It shows <her> & nobody else.")
    assert answer.status_code == 401
    assert "It shows &lt;her&gt; &amp; nobody else." in answer.text
