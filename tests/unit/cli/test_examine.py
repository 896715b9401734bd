"""`takeback examine`: what a picture gives away, without a server and without the original."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.unit.cli.conftest import Call, Save
from tests.unit.examine.structure.test_signature import shot
from tests.unit.registration.pictures import cornered

from takeback.examine.outcome import MEASURED_FILES


def test_an_unaltered_picture_has_no_finding_and_every_test_says_why_it_could_not_be_applied(
    call: Call, picture: Save
) -> None:
    picture("mine.jpg", cornered(1), quality=90)
    done = call("examine", "mine.jpg", "--json")
    assert (done.code, done.err) == (0, "")
    line = done.json
    assert list(line)[:3] == ["file", "findings", "not_applicable"]
    assert line["findings"] == []
    assert {"content_credentials", "declared_origin"} <= {each["test"] for each in line["not_applicable"]}
    assert all(each["why"].endswith(".") for each in line["not_applicable"])
    assert (line["width"], line["height"], line["format"]) == (*cornered(1).shape[1::-1], "jpeg")
    assert line["false_alarms"] == 0.01
    assert len(line["sha256"]) == 64


def test_it_is_told_in_lines_that_fit(call: Call, picture: Save) -> None:
    picture("mine.jpg", cornered(1), quality=90)
    done = call("examine", "mine.jpg")
    lines = done.out.splitlines()
    assert lines[0] == "no finding    mine.jpg"
    assert "  What cannot be tested:" in lines
    assert "  How often an unaltered picture has a finding:" in lines
    assert f"Measured on {MEASURED_FILES} unaltered files" in " ".join(done.out.split())
    assert max(map(len, lines)) <= 80


def test_the_mask_of_a_picture_without_findings_is_black(call: Call, picture: Save, tmp_path: Path) -> None:
    picture("mine.png", cornered(1))
    assert call("examine", "mine.png", "--mask", "where.png").code == 0
    mask = np.asarray(Image.open(tmp_path / "where.png"))
    assert mask.shape == cornered(1).shape[:2]
    assert not mask.any()
    # Nothing is written over.
    assert call("examine", "mine.png", "--mask", "where.png").code == 2


def test_a_report_is_written_for_people_with_as_much_of_the_picture_as_is_asked_for(
    call: Call, picture: Save, tmp_path: Path
) -> None:
    picture("mine.jpg", cornered(1), quality=90)
    for name, shown in (("out.html", "left-out"), ("blurred.html", "blurred"), ("shown.html", "shown")):
        assert call("examine", "mine.jpg", "--report", name, "--picture", shown).code == 0
    sizes = [(tmp_path / f"{name}.html").stat().st_size for name in ("out", "blurred", "shown")]
    assert sizes[0] < sizes[1] < sizes[2] - 50_000
    assert call("examine", "mine.jpg", "--report", "paper.PDF").code == 0
    assert (tmp_path / "paper.PDF").read_bytes().startswith(b"%PDF-")
    assert call("examine", "mine.jpg", "--report", "report.json").code == 0
    assert json.loads((tmp_path / "report.json").read_text())["name"] == "mine.jpg"


def test_a_report_of_no_kind_is_refused_before_anything_is_done(call: Call, tmp_path: Path) -> None:
    done = call("examine", "nowhere.jpg", "--report", "report.docx")
    assert done.code == 2
    assert ".html, .pdf or .json" in done.err
    assert not (tmp_path / "report.docx").exists()


def test_what_cannot_be_read_is_told_and_is_no_answer(call: Call, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    done = call("examine", "notes.txt", "--json")
    assert (done.code, done.out) == (2, "")
    assert done.error["code"] == "unreadable-media"
    assert call("examine", "nowhere.jpg").code == 2


def test_a_trust_list_that_cannot_be_read_stops_it(call: Call, picture: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    picture("mine.jpg", cornered(1), quality=90)
    monkeypatch.setenv("TAKEBACK_SIGNER_TRUST_LISTS", "own=/nowhere.pem")
    done = call("examine", "mine.jpg")
    assert done.code == 2
    assert "trust list own" in done.err


def test_what_a_camera_writes_is_learnt_from_its_own_pictures(call: Call, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    for seed in range(3):
        (tmp_path / "own" / f"{seed}.jpg").write_bytes(shot(seed))
    (tmp_path / "suspect.jpg").write_bytes(shot(9))
    line = call("examine", "suspect.jpg", "--known", "own", "--json").json
    (said,) = (each for each in line["facts"] if each["sentence"] == "file_structure.built_alike")
    assert said["values"] == {"camera": "A phone", "alike": 3, "count": 3}
    # A copy from elsewhere says nothing of what took it.
    nothing = call("examine", "suspect.jpg", "--known", "copy.png")
    assert nothing.code == 2


def test_files_that_name_no_camera_teach_nothing(call: Call, picture: Save) -> None:
    copy = picture("copy.jpg", cornered(1), quality=90)
    done = call("examine", copy, "--known", copy)
    assert done.code == 2
    assert "Nothing can be learnt" in done.err
