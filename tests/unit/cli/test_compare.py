"""`takeback compare`: what of a picture was changed, without a server."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from tests.unit.cli.conftest import Call, Save
from tests.unit.registration.pictures import cornered, scaled

FIRST = ["original", "suspect", "same_source", "changed", "boxes", "nfa", "unjudged"]


def _changed(seed: int = 1) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    pixels = cornered(seed).copy()
    pixels[200:260, 300:380] = 255 - pixels[200:260, 300:380]
    return pixels


def test_a_changed_part_has_a_box_a_bound_and_a_reason(call: Call, picture: Save) -> None:
    picture("mine.png", cornered(1))
    picture("suspect.jpg", _changed(), quality=90)
    done = call("compare", "mine.png", "suspect.jpg", "--json")
    assert done.code == 0
    line = done.json
    assert list(line)[: len(FIRST)] == FIRST
    assert (line["same_source"], line["changed"], line["unjudged"]) == (True, True, None)
    ((left, top, width, height),) = line["boxes"]
    assert abs(left - 300) <= 8
    assert abs(top - 200) <= 8
    assert abs(width - 80) <= 16
    assert abs(height - 60) <= 16
    assert 0 < line["nfa"] <= 0.01
    assert line["changes"][0]["reason"].endswith(".")


def test_an_unchanged_copy_is_kept(call: Call, picture: Save) -> None:
    picture("mine.png", cornered(1))
    picture("copy.jpg", scaled(cornered(1), 0.7), quality=75)
    line = call("compare", "mine.png", "copy.jpg", "--json").json
    assert (line["same_source"], line["changed"], line["boxes"], line["unjudged"]) == (True, False, [], None)
    assert abs(line["scale"] - 0.7) < 0.01


def test_another_picture_is_not_called_changed(call: Call, picture: Save) -> None:
    picture("mine.png", cornered(1))
    picture("other.png", cornered(2))
    line = call("compare", "mine.png", "other.png", "--json").json
    assert (line["same_source"], line["changed"], line["boxes"]) == (False, None, [])


def test_a_picture_without_detail_is_unjudged_with_the_reason(call: Call, picture: Save) -> None:
    picture("mine.png", cornered(1))
    picture("flat.png", np.full((64, 64, 3), 200, np.uint8))
    line = call("compare", "mine.png", "flat.png", "--json").json
    assert (line["same_source"], line["changed"]) == (None, None)
    assert "enough detail" in line["unjudged"]


def test_without_json_it_says_in_words_what_was_done(call: Call, picture: Save) -> None:
    picture("mine.png", cornered(1))
    picture("suspect.png", _changed())
    done = call("compare", "mine.png", "suspect.png")
    assert done.out.startswith("changed")
    assert "at 1.00 of its size" in done.out
    assert "unchanged copies" in done.out


def test_the_mask_is_white_where_it_was_changed_and_never_written_over_a_file(
    call: Call, picture: Save, tmp_path: Path
) -> None:
    picture("mine.png", cornered(1))
    picture("suspect.png", _changed())
    call("compare", "mine.png", "suspect.png", "--mask", "mask.png")
    mask = np.asarray(Image.open(tmp_path / "mask.png"))
    assert mask.shape == (480, 600)
    assert mask[205:255, 305:375].mean() > 230
    assert mask[:180].max() == 0
    again = call("compare", "mine.png", "suspect.png", "--mask", "mask.png", "--json")
    assert again.code == 2
    assert "is there already" in again.error["message"]


def test_a_file_that_is_no_picture_is_an_error(call: Call, picture: Save, tmp_path: Path) -> None:
    picture("mine.png", cornered(1))
    (tmp_path / "text.jpg").write_text("not a picture")
    done = call("compare", "mine.png", "text.jpg", "--json")
    assert done.code == 2
    assert done.error["code"] == "unreadable-media"


def test_a_file_that_is_not_there_is_an_error(call: Call, picture: Save) -> None:
    picture("mine.png", cornered(1))
    assert call("compare", "mine.png", "gone.jpg", "--json").code == 2
