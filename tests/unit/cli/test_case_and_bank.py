"""`takeback case` and `takeback bank`, with a running Takeback."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import httpx2
import pytest
from tests.acceptance.serving import Service, receiving
from tests.house import tiled
from tests.unit.cli.conftest import Call, Save
from tests.unit.cli.test_notice import WORDS

from takeback.calibration import Calibration
from takeback.cli.case import Confirm as ConfirmWords
from takeback.cli.case import Outcome as OutcomeWords
from takeback.workflow.decide import Confirm, Outcome


@pytest.fixture
def moderator(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("TAKEBACK_SERVER", service.url)
    monkeypatch.setenv("TAKEBACK_KEY", service.keys["moderator"])
    return service


@pytest.fixture
def administrator(moderator: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("TAKEBACK_KEY", moderator.keys["administrator"])
    return moderator


def test_the_words_of_a_decision_are_the_workflows() -> None:
    assert list(get_args(OutcomeWords)) == [each.value for each in Outcome]
    assert list(get_args(ConfirmWords)) == [each.value for each in Confirm]


def test_a_case_is_listed_shown_and_decided(call: Call, picture: Save, moderator: Service) -> None:
    path = picture("hers.png", 31)
    with receiving() as site:
        moderator.add_site(site)
        fields = {"item_id": "81", "url": f"{site.url}/81"}
        with path.open("rb") as file:
            httpx2.post(
                f"{moderator.url}/api/v1/check", headers=moderator.headers("upload"), files={"file": file}, data=fields
            )
        case = call("notice", path, "--to", moderator.url, *WORDS, "--json").json["case"]

        listed = call("case", "list", "--state", "held")
        assert case in listed.out
        assert "(47 h 5" in listed.out
        shown = call("case", "show", case)
        assert "identical (equal " in shown.out
        assert f"{site.url}/81" in shown.out
        assert max(len(line) for line in listed.out.splitlines()) <= 80

        refused = call("case", "decide", case, "removed", "--reason", "no finding", "--json")
        assert (refused.code, refused.error["code"]) == (2, "bad-input")
        decided = call("case", "decide", case, "removed", "--covered", "--reason", "no consent", "--json")
        assert (decided.code, decided.json["state"]) == (0, "removed")
        assert [copy["state"] for copy in decided.json["copies"]] == ["removed"]
        again = call("case", "decide", case, "refused", "--element", "intimate", "--reason", "no", "--json")
        assert (again.code, again.error["code"]) == (2, "illegal-transition")


def test_a_refusal_is_read_again_after_she_asked_and_who_keeps_out_decides_nothing(
    call: Call, picture: Save, moderator: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = picture("hers.png", 32)
    with receiving() as site:
        moderator.add_site(site)
        fields = {"item_id": "82", "url": f"{site.url}/82"}
        with path.open("rb") as file:
            headers = moderator.headers("upload")
            httpx2.post(f"{moderator.url}/api/v1/check", headers=headers, files={"file": file}, data=fields)
        sent = call("notice", path, "--to", moderator.url, *WORDS, "--json").json
        case = sent["case"]
        refused = call("case", "decide", case, "refused", "--element", "intimate", "--reason", "A coast.")
        assert "about the refusal, until" in refused.out
        again = ("case", "reread", case, "--uphold", "--element", "intimate", "--reason", "A coast.")
        assert call(*again).code == 2
        standing = call("notice", "standing", "--to", moderator.url, stdin=f"{sent['receipt']}\n")
        assert "refusal           A coast., you can answer until" in standing.out
        assert "not met           intimate, for uk-osa-20a (s. 10(3B))" in standing.out
        said = call("notice", "say", "--disagree", "--to", moderator.url, "--json", stdin=f"{sent['receipt']}\n")
        assert said.json["hearings"][0]["agrees"] is False
        assert "Why a picture is hidden" in call("case", "statements", case).out
        assert case not in call("case", "list", "--second").out
        monkeypatch.setenv("TAKEBACK_KEY", moderator.keys["administrator"])
        assert case in call("case", "list", "--second").out
        assert "put_back" in call(*again).out
        assert "Warum ein Bild wieder gezeigt wird" in call("case", "statements", case, "--language", "de").out
        assert "nothing of the case is decided" in call("case", "recuse", case).out
        assert "You said that you keep out" in call("case", "write", case, "--text", "Hello.").err


def test_a_capped_case_is_listed_first_and_let_hold(
    call: Call, picture: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever the proxy tells no address of is of one crowd.
    monkeypatch.setenv("TAKEBACK_CLIENT_ADDRESS_HEADER", "X-Real-IP")
    monkeypatch.setenv("TAKEBACK_HOLDS_PER_SOURCE", "1")
    service = Service(tmp_path / "capped")
    service.start()
    try:
        monkeypatch.setenv("TAKEBACK_SERVER", service.url)
        monkeypatch.setenv("TAKEBACK_KEY", service.keys["moderator"])
        cases = [
            call("notice", picture(f"{seed}.png", seed), "--to", service.url, *WORDS, "--json").json
            for seed in (34, 35, 36)
        ]
        assert [case["state"] for case in cases] == ["open", "capped", "capped"]
        first, second, third = (case["case"] for case in cases)
        listed = call("case", "list", "--json").json
        assert [(case["id"], case["capped"]) for case in listed] == [(second, True), (third, True), (first, False)]
        assert "watching, capped: nothing is hidden yet" in call("case", "show", second).out
        listed_lines = call("case", "list").out.splitlines()
        assert [line.split()[1] for line in listed_lines if line[:32] in (first, second, third)] == [
            "capped", "capped", "watching",
        ]  # fmt: skip
        held = call("case", "hold", second, "--json")
        assert (held.code, held.json["capped"]) == (0, False)
        again = call("case", "hold", second, "--json")
        assert (again.code, again.error["code"]) == (2, "illegal-transition")
        # And by itself, once the place of the first is free.
        call("case", "decide", first, "refused", "--element", "intimate", "--reason", "A coast.")
        deadline = time.monotonic() + 60
        while call("case", "show", third, "--json").json["capped"]:
            assert time.monotonic() < deadline
            time.sleep(0.5)
    finally:
        service.stop()


def test_a_case_that_is_not_there_is_not_found(call: Call, moderator: Service) -> None:
    done = call("case", "show", "../banks", "--json")
    assert (done.code, done.error["code"]) == (2, "not-found")


def test_no_case_in_a_state_is_an_empty_list(call: Call, moderator: Service) -> None:
    assert call("case", "list", "--state", "put_back", "--json").json == []
    assert call("case", "list", "--state", "put_back").out == ""
    assert call("case", "list", "--state", "nonsense").code == 2


def test_a_bank_is_made_filled_and_found_by(call: Call, picture: Save, administrator: Service, tmp_path: Path) -> None:
    assert call("bank", "new", "known", "--same", "20", "--json").json["same_bits"] == 20
    picture("known/one.png", 41)
    picture("known/two.png", 42)
    (tmp_path / "known/bad.jpg").write_text("no picture")
    added = call("bank", "add", "known", "known", "--source", "archive", "--json")
    assert added.code == 2
    assert len(added.json["entries"]) == 2
    assert added.json["unread"] == ["known/bad.jpg"]
    rows = {bank["name"]: bank for bank in call("bank", "list", "--json").json}
    assert rows["known"]["entries"] == 2
    assert "known" in call("bank", "list").out
    with picture("copy.jpg", 42, quality=60).open("rb") as file:
        answer = httpx2.post(
            f"{administrator.url}/api/v1/check", headers=administrator.headers("moderator"), files={"file": file}
        )
    assert (answer.json()["class"], answer.json()["action"]) == ("substantially_same", "refuse")


def test_an_entry_can_say_never_match_and_expire(call: Call, picture: Save, administrator: Service) -> None:
    call("bank", "new", "memes")
    path = picture("meme.png", 43)
    options = ("--source", "desk", "--opinion", "negative", "--expires", "2027-01-31")
    done = call("bank", "add", "memes", path, *options)
    assert (done.code, done.out) == (0, "1 entries are added to memes.\n")


def test_a_moderator_may_list_banks_and_not_make_one(call: Call, moderator: Service) -> None:
    assert call("bank", "list").code == 0
    done = call("bank", "new", "mine", "--json")
    assert (done.code, done.error["code"]) == (2, "not-allowed")
    assert "administrator" in done.error["message"]


# ---- Calibration ----------------------------------------------------------------------------------------


def test_a_bank_is_calibrated_by_the_operators_own_pictures(
    call: Call, picture: Save, administrator: Service, tmp_path: Path
) -> None:
    for seed in range(22):
        picture(f"own/{seed}.png", tiled(seed))
    picture("own/again.jpg", tiled(3), quality=70)
    done = call("bank", "calibrate", "own", "--write", "calibration.toml", "--json")
    assert done.code == 0
    assert (done.json["pictures"], done.json["pairs"]) == (23, 23 * 22 - 2)
    assert "1 pairs are copies" in done.err
    assert "own/3.png  own/again.jpg" in done.err
    assert "Nearest by descriptor" in done.err
    written = Calibration.from_toml((tmp_path / "calibration.toml").read_text("utf-8"))
    made = call("bank", "new", "calibrated", "--calibration", "calibration.toml", "--json").json
    assert {name: made[name] for name in asdict(written.thresholds)} == asdict(written.thresholds)
    text = written.to_toml().replace("same_bits = ", "same_bits = 1#")
    (tmp_path / "stricter.toml").write_text(text.replace("blind_bits = ", "blind_bits = 1#"), "utf-8")
    changed = call("bank", "set", "calibrated", "--calibration", "stricter.toml", "--json").json
    assert (changed["same_bits"], changed["blind_bits"]) == (1, 1)


def test_too_few_pictures_and_files_that_are_no_calibration(
    call: Call, picture: Save, administrator: Service, tmp_path: Path
) -> None:
    picture("own/1.png", 1)
    picture("own/2.png", tiled(2))
    done = call("bank", "calibrate", "own", "--json")
    assert (done.code, done.error["code"]) == (2, "bad-input")
    (tmp_path / "no.toml").write_text("no calibration")
    for name in ("no.toml", "absent.toml"):
        done = call("bank", "set", "known", "--calibration", name, "--json")
        assert (done.code, done.error["code"]) == (2, "bad-input")


# ---- What is kept, and for whom -----------------------------------------------------------------------------


def test_two_keys_keep_a_case_and_open_who_posted_what_was_removed(
    call: Call, picture: Save, moderator: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = picture("hers.png", 33)
    with receiving() as site:
        moderator.add_site(site)
        fields = {"item_id": "83", "url": f"{site.url}/83", "account": "member-7"}
        with path.open("rb") as file:
            headers = moderator.headers("upload")
            httpx2.post(f"{moderator.url}/api/v1/check", headers=headers, files={"file": file}, data=fields)
        sent = call("notice", path, "--to", moderator.url, *WORDS, "--json").json
        case = sent["case"]
        call("case", "decide", case, "removed", "--covered", "--reason", "no consent")
    until = f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%d}"
    ordered = call("case", "preserve", case, "--authority", "Police, 12/26", "--scope", "All.", "--until", until)
    assert "waits for a second person" in ordered.out
    hold = call("case", "preserve", case, "--json").json[0]["id"]
    assert call("case", "countersign", case, hold, "--json").error["code"] == "illegal-transition"
    asked = call("case", "uploads", case, "--reason", "Police, 12/26")
    request = asked.out.split()[-1]
    assert call("case", "uploads", case, "--open", request).code == 2
    monkeypatch.setenv("TAKEBACK_KEY", moderator.keys["administrator"])
    assert "stands, until" in call("case", "countersign", case, hold).out
    opened = call("case", "uploads", case, "--open", request)
    assert "member-7" in opened.out
    assert "item       83" in opened.out
    listed = call("case", "retention")
    assert case[:8] in listed.out
    assert "legal hold" in listed.out
    erased = call("notice", "erase", "--to", moderator.url, stdin=f"{sent['ending']}\n")
    assert f"kept by law       {until}" in erased.out
    assert "An authority has asked the site to keep it" in erased.err
    assert "ended" in call("case", "release", case, hold).out
    assert call("case", "retention", "--records", "--json").json == []
    bare = call("case", "preserve", case, "--scope", "All.", "--json")
    assert bare.error["code"] == "bad-input"
