"""`takeback notice`: fingerprints leave the machine, pictures do not."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from tests.acceptance.serving import Service
from tests.house import Pixels, drawn
from tests.unit.cli.conftest import Call, Done, Recorder, Save
from tests.unit.registration.pictures import cornered

from takeback.cases.receipt import RECEIPT_WORDS
from takeback.fingerprint import Orientation, pdq_orientations

WORDS = (
    *("--statement", "A picture of me that I never agreed to."),
    *("--name", "A. Person", "--email", "a@person.example", "--sign", "A. Person"),
    *("--intimate", "--not-consensual", "--good-faith"),
)
NOWHERE = "http://127.0.0.1:1"


def _send(call: Call, service: Service, picture: Path, *more: str) -> Done:
    return call("notice", picture, "--to", service.url, *WORDS, *more)


def test_a_notice_is_received_and_answered_with_a_receipt(call: Call, picture: Save, service: Service) -> None:
    done = _send(call, service, picture("hers.png", 21), "--json")
    assert (done.code, done.err) == (0, "")
    answer = done.json
    assert (answer["state"], answer["missing"], answer["repeated"]) == ("open", [], False)
    assert len(answer["receipt"].split()) == RECEIPT_WORDS


def test_what_is_sent_finds_every_orientation_of_the_picture(call: Call, picture: Save, service: Service) -> None:
    _send(call, service, picture("hers.png", 22))
    picture("turned.png", np.ascontiguousarray(np.rot90(drawn(22))))
    with open("turned.png", "rb") as file:
        answer = httpx2.post(f"{service.url}/api/v1/check", headers=service.headers("moderator"), files={"file": file})
    assert answer.json()["class"] == "substantially_same"


def test_show_prints_the_exact_bytes_and_sends_nothing(call: Call, picture: Save) -> None:
    path = picture("hers.png", 23)
    done = call("notice", path, "--to", NOWHERE, *WORDS, "--show")
    assert done.code == 0
    assert done.out.count("\n") == 1
    body = json.loads(done.out)
    (sent,) = body["pictures"]
    expected = {name.value: pdq.hex() for name, pdq in pdq_orientations(drawn(23)).items()}
    assert sent["orientations"] == expected
    assert sent["pdq"] == expected[Orientation.UPRIGHT]
    assert sent["nearest_512"] == expected[Orientation.UPRIGHT]
    assert sent.keys() == {
        "algorithm", "pdq", "quality", "orientations", "nearest_512", "crops", "file_sha256", "pixels_sha256",
    }  # fmt: skip
    assert "It was not sent." in done.err


def test_what_show_prints_is_what_arrives(call: Call, picture: Save, site: Recorder) -> None:
    arguments = ("notice", picture("hers.png", 23), "--to", site.url, *WORDS)
    site.answers = [(200, []), (200, [])]
    shown = call(*arguments, "--show").out.rstrip("\n").encode()
    call(*arguments)
    assert {body for what, _, body in site.requests if what.startswith("POST")} == {shown}
    assert {body for what, _, body in site.requests if what.startswith("GET")} == {b""}
    assert all(str(picture("hers.png", 23).name).encode() not in body for _, _, body in site.requests)


def test_a_lost_answer_is_asked_for_again_under_the_same_key(call: Call, picture: Save, site: Recorder) -> None:
    site.answers = [
        (200, []),
        None,
        None,
        (201, {"receipt": "r", "case": "c", "state": "open", "missing": [], **TIMES}),
    ]
    done = call("notice", picture("hers.png", 23), "--to", site.url, *WORDS)
    assert done.code == 0
    keys = [headers["idempotency-key"] for what, headers, _ in site.requests if what.startswith("POST")]
    assert (len(keys), len(set(keys))) == (3, 1)


def test_nothing_is_sent_when_no_law_would_take_it(call: Call, picture: Save) -> None:
    done = call("notice", picture("hers.png", 24), "--to", NOWHERE, *WORDS[:-1], "--law", "eu-dsa-16", "--json")
    assert done.code == 2
    assert done.error["code"] == "incomplete-notice"
    assert "good_faith" in done.error["message"]


def test_nothing_is_sent_when_one_of_the_pictures_cannot_be_read(call: Call, picture: Save, tmp_path: Path) -> None:
    picture("hers.png", 24)
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    done = call("notice", "hers.png", "cut.jpg", "--to", NOWHERE, *WORDS)
    assert done.code == 2
    assert "cut.jpg" in done.err
    assert "Nothing was sent." in done.err


def test_under_18_no_file_is_even_opened(call: Call, tmp_path: Path) -> None:
    done = call("notice", "absent.jpg", "--to", NOWHERE, *WORDS, "--under-18")
    assert done.code == 2
    assert "by link only" in done.err
    assert "NCMEC Take It Down" in done.err


def test_under_18_links_are_taken(call: Call, service: Service) -> None:
    link = ("--link", "https://forum.example/posts/1")
    done = call("notice", "--to", service.url, *WORDS, "--under-18", *link, "--json")
    assert (done.code, done.json["state"]) == (0, "open")


def test_a_picture_of_little_detail_is_reported_by_digest_and_that_is_said(
    call: Call, picture: Save, service: Service
) -> None:
    done = _send(call, service, picture("flat.png", np.full((80, 80, 3), 90, np.uint8)))
    assert done.code == 0
    assert "only equal copies of it can be found" in done.err


def test_the_receipt_shows_and_ends_the_case_and_comes_by_stdin(call: Call, picture: Save, service: Service) -> None:
    answer = _send(call, service, picture("hers.png", 25), "--json").json
    receipt, ending = answer["receipt"], answer["ending"]
    shown = call("notice", "standing", "--to", service.url, "--json", stdin=f"{receipt}\n")
    assert (shown.code, shown.json["state"]) == (0, "open")
    refused = call("notice", "withdraw", "--to", service.url, "--json", stdin=receipt)
    assert (refused.code, refused.error["code"]) == (2, "not-allowed")
    ended = call("notice", "withdraw", "--to", service.url, stdin=ending.replace(" ", ""))
    assert ended.code == 0
    assert "is withdrawn" in ended.out
    assert "state             withdrawn" in call("notice", "standing", "--to", service.url, stdin=receipt).out


def test_she_adds_and_writes_and_reads_the_answer(call: Call, picture: Save, service: Service) -> None:
    sent = _send(call, service, picture("hers.png", 31), "--json").json
    receipt, to = sent["receipt"], ("--to", service.url)
    link = ("--link", "https://elsewhere.example/p/1")
    added = call("notice", "add", picture("more.png", 32), *link, *to, "--json", stdin=receipt)
    assert (added.code, added.json["elsewhere"]) == (0, ["https://elsewhere.example/p/1"])
    nothing = call("notice", "add", *to, "--json", stdin=receipt)
    assert (nothing.code, nothing.error["code"]) == (2, "bad-input")
    written = call("notice", "write", *to, stdin=f"{receipt}\nIt began in May.\n")
    assert (written.code, "with the people who decide" in written.out) == (0, True)
    case = f"{service.url}/api/v1/cases/{sent['case']}"
    opened = httpx2.post(f"{case}/words", headers=service.headers("moderator")).json()
    assert [each["text"] for each in opened["messages"]] == ["It began in May."]
    httpx2.post(f"{case}/message", headers=service.headers("moderator"), json={"text": "Thank you."})
    shown = call("notice", "standing", *to, stdin=receipt).out
    assert "the desk wrote: Thank you." in shown
    assert "It began in May." not in shown


def test_a_lost_receipt_is_recovered_by_a_name_and_a_phrase(call: Call, picture: Save, service: Service) -> None:
    sent, to = _send(call, service, picture("hers.png", 33), "--json").json, ("--to", service.url)
    phrase = "Rosa\ncopper walnut Thursday umbrella\n"
    weak = call("notice", "recovery", *to, "--json", stdin=f"{sent['ending']}\nRosa\nRosa\n")
    assert (weak.code, weak.error["code"]) == (2, "weak-phrase")
    assert call("notice", "recovery", *to, stdin=f"{sent['ending']}\n{phrase}").code == 0
    renewed = call("notice", "recover", *to, "--json", stdin=phrase).json
    assert (renewed["case"], renewed["receipt"] != sent["receipt"]) == (sent["case"], True)
    assert call("notice", "standing", *to, stdin=sent["receipt"]).code == 2
    assert call("notice", "withdraw", *to, stdin=renewed["ending"]).code == 0


@pytest.mark.parametrize("command", ["standing", "withdraw"])
def test_a_receipt_is_never_taken_from_the_command_line(call: Call, service: Service, command: str) -> None:
    assert call("notice", command, "0" * 32, "--to", service.url).code == 2
    wrong = call("notice", command, "--to", service.url, "--json", stdin="0" * 32)
    assert (wrong.code, wrong.error["code"]) == (2, "not-found")
    assert call("notice", command, "--to", service.url).code == 2


def test_a_person_is_told_to_keep_the_receipt_within_80_columns(call: Call, picture: Save, service: Service) -> None:
    done = _send(call, service, picture("hers.png", 26))
    assert done.out.startswith("Receipt: ")
    assert "nobody can give them to you again" in " ".join(done.out.split())
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_on_a_terminal_what_is_missing_is_asked_for(picture: Save, service: Service) -> None:
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "takeback", "notice", str(picture("hers.png", 27)), "--to", service.url]
    process = subprocess.Popen(command, stdin=child, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.close(child)
    os.write(parent, b"I never agreed.\nA. Person\n\ny\ny\ny\nA. Person\n")
    out, err = process.communicate(timeout=60)
    os.close(parent)
    assert process.returncode == 0, err
    assert out.startswith("Receipt: ")
    assert "Do you believe in good faith" in err


TIMES: dict[str, Any] = {
    "received_at": "2026-11-22T12:00:00Z",
    "due_from_receipt_at": "2026-11-24T12:00:00Z",
    "due_from_valid_at": None,
    "decided_at": None,
    "originals_until": None,
    "ending": "1234 5678 9012 3456",
    "copies": None,
    "messages": [],
    "repeated": False,
}


# ---- Ordinary pictures ----------------------------------------------------------------------------------


def _forged(pixels: Pixels) -> Pixels:
    forged = pixels.copy()
    forged[80:400, 120:480] = cornered(51)[80:400, 120:480]
    return forged


def test_an_altered_copy_of_an_ordinary_picture_reaches_the_desk_and_she_is_told_nothing_of_it(
    call: Call, picture: Save, service: Service
) -> None:
    ordinary = picture("holiday.png", cornered(31))
    done = call("notice", "--original", ordinary, "--to", service.url, *WORDS, "--give", "features", "--json")
    assert (done.code, done.json["state"], done.json["missing"]) == (0, "open", [])
    assert done.json["originals_until"] is not None
    receipt = done.json["receipt"]
    headers = service.headers("moderator")
    for path, found in ((ordinary, 0), (picture("f.png", _forged(cornered(31))), 1)):
        with path.open("rb") as file:
            answer = httpx2.post(f"{service.url}/api/v1/check", headers=headers, files={"file": file}).json()
        assert answer["action"] == "allow"
        # Other tests' drawings may be possible matches: the model takes drawings of one kind for alike.
        altered = [match for match in answer["matches"] if match["class"] == "altered_copy"]
        assert [(match["fact"], len(match["changed"])) for match in altered] == [("tiles", 1)] * found
    standing = call("notice", "standing", "--to", service.url, "--json", stdin=receipt).json
    assert (standing["state"], standing["decided_at"]) == ("open", None)
    assert "originals until" in call("notice", "standing", "--to", service.url, stdin=receipt).out
    renewed = call("notice", "renew", "--to", service.url, "--json", stdin=receipt)
    assert renewed.json["originals_until"] > done.json["originals_until"]


def test_what_goes_out_of_an_ordinary_picture_has_no_digest(call: Call, picture: Save) -> None:
    path = picture("holiday.png", cornered(32))
    done = call("notice", "--original", path, "--to", NOWHERE, *WORDS, "--show")
    (sent,) = json.loads(done.out)["originals"]
    assert sent.keys() == {"pdq", "quality", "tiles", "crops", "descriptor"}


def test_an_ordinary_picture_without_detail_is_named_and_nothing_is_sent(call: Call, picture: Save) -> None:
    path = picture("flat.png", np.full((300, 400, 3), 90, np.uint8))
    done = call("notice", "--original", path, "--to", NOWHERE, *WORDS, "--json")
    assert (done.code, done.error["code"]) == (2, "bad-input")
    assert "too little detail" in done.error["message"]


def test_a_case_without_an_ordinary_picture_has_nothing_to_renew(call: Call, picture: Save, service: Service) -> None:
    receipt = _send(call, service, picture("hers.png", 33), "--json").json["receipt"]
    done = call("notice", "renew", "--to", service.url, "--json", stdin=receipt)
    assert done.code != 0
    assert "ordinary picture" in done.error["message"]
