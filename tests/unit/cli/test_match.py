"""`takeback match`: which pictures are copies, without a server."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.house import drawn, tiled
from tests.unit.cli.conftest import Call, Save
from tests.unit.registration.pictures import cornered

KEYS = ["file", "class", "entry", "distance", "view", "seconds"]

TURNS = {
    "upright": Image.Transpose.ROTATE_90,  # unused: nothing is done
    "rotated_90": Image.Transpose.ROTATE_270,  # Pillow turns the other way round
    "rotated_180": Image.Transpose.ROTATE_180,
    "rotated_270": Image.Transpose.ROTATE_90,
    "mirrored": Image.Transpose.FLIP_LEFT_RIGHT,
    "flipped": Image.Transpose.FLIP_TOP_BOTTOM,
    "transposed": Image.Transpose.TRANSPOSE,
    "transversed": Image.Transpose.TRANSVERSE,
}


@pytest.fixture
def originals(picture: Save, tmp_path: Path) -> Path:
    for seed in (1, 2, 3):
        picture(f"originals/deep/{seed}.png", seed)
    return tmp_path / "originals"


def test_a_line_for_each_query_has_exactly_these_keys(call: Call, picture: Save, originals: Path) -> None:
    picture("q/copy.png", 1)
    picture("q/other.png", tiled(9))
    done = call("match", "q", "--against", originals, "--json")
    assert done.code == 0
    copy, other = done.lines
    assert list(copy) == list(other) == KEYS
    assert (copy["file"], copy["class"], copy["entry"]) == ("q/copy.png", "identical", "deep/1.png")
    assert (copy["distance"], copy["view"]) in ((None, "file"), (None, "pixels"))
    assert [other[key] for key in KEYS[1:5]] == ["none", None, None, None]
    assert 0 < copy["seconds"] < 20


def test_the_same_pixels_in_another_file_are_identical(call: Call, picture: Save, originals: Path) -> None:
    picture("copy.tiff", 2)
    (line,) = call("match", "copy.tiff", "--against", originals, "--json").lines
    assert [line[key] for key in KEYS[1:5]] == ["identical", "deep/2.png", None, "pixels"]


@pytest.mark.parametrize("turn", TURNS)
def test_each_of_the_eight_orientations_is_found_and_named(
    call: Call, tmp_path: Path, originals: Path, turn: str
) -> None:
    image = Image.fromarray(drawn(3))
    turned = image if turn == "upright" else image.transpose(TURNS[turn])
    turned.save(tmp_path / "turned.jpg", quality=80)
    (line,) = call("match", "turned.jpg", "--against", originals, "--json").lines
    assert (line["class"], line["entry"]) == ("substantially_same", "deep/3.png")
    assert line["distance"] <= 10
    # The view is what has to be done to the query to see the original.
    undone = {"rotated_90": "rotated_270", "rotated_270": "rotated_90"}.get(turn, turn)
    assert line["view"] == undone


def test_a_picture_without_detail_is_unjudged_with_the_reason(call: Call, picture: Save, originals: Path) -> None:
    picture("flat.png", np.full((64, 64, 3), 200, np.uint8))
    done = call("match", "flat.png", "--against", originals, "--json")
    (line,) = done.lines
    assert done.code == 0
    assert list(line) == [*KEYS, "unjudged"]
    assert (line["class"], line["entry"]) == ("unjudged", None)
    assert "too little detail" in line["unjudged"]


def test_a_picture_without_detail_is_still_found_by_its_digest(call: Call, picture: Save, tmp_path: Path) -> None:
    picture("bank/flat.png", np.full((64, 64, 3), 200, np.uint8))
    shutil.copy(tmp_path / "bank/flat.png", tmp_path / "copy.png")
    done = call("match", "copy.png", "--against", "bank", "--json")
    assert done.lines[0]["class"] == "identical"
    assert "only equal copies are found" in done.err


def test_a_query_that_cannot_be_read_is_unjudged_and_the_exit_code_says_so(
    call: Call, picture: Save, tmp_path: Path, originals: Path
) -> None:
    picture("q/good.png", 1)
    (tmp_path / "q/bad.jpg").write_bytes(b"\xff\xd8\xff")
    done = call("match", "q", "absent.jpg", "--against", originals, "--json")
    assert done.code == 2
    assert [line["class"] for line in done.lines] == ["unjudged", "identical", "unjudged"]
    assert done.lines[2]["unjudged"] == "There is no file absent.jpg."
    assert "2 of 3 could not be read." in done.err


def test_a_damaged_file_is_still_found_by_its_digest(call: Call, picture: Save, tmp_path: Path) -> None:
    whole = picture("bank/whole.png", 1).read_bytes()
    bank = tmp_path / "bank.csv"
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    digest = __import__("hashlib").sha256((tmp_path / "cut.png").read_bytes()).hexdigest()
    bank.write_text(f"hash,algorithm,name\n{digest},sha256,cut\n")
    (line,) = call("match", "cut.png", "--against", bank, "--json").lines
    assert [line[key] for key in KEYS[1:5]] == ["identical", "cut", None, "file"]


def test_what_cannot_be_read_in_the_folder_is_named_and_skipped(
    call: Call, picture: Save, originals: Path, tmp_path: Path
) -> None:
    (originals / "notes.txt").write_text("not a picture")
    done = call("match", picture("q.png", 1), "--against", originals, "--json")
    assert (done.code, done.lines[0]["class"]) == (0, "identical")
    assert f"Skipped {originals / 'notes.txt'}: " in done.err


def test_one_picture_can_be_compared_with(call: Call, picture: Save) -> None:
    picture("copy.jpg", 1, quality=60)
    picture("original.png", 1)
    (line,) = call("match", "copy.jpg", "--against", "original.png", "--json").lines
    assert (line["class"], line["entry"], line["view"]) == ("substantially_same", "original.png", "upright")


def test_nothing_to_compare_with_is_an_error_and_not_a_row_of_none(call: Call, picture: Save, tmp_path: Path) -> None:
    picture("q.png", 1)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/a.md").write_text("text")
    for against in ("texts", "absent", tmp_path / "absent.csv"):
        done = call("match", "q.png", "--against", against)
        assert (done.code, done.out) == (2, "")


def test_the_blank_frame_of_an_animation_makes_nothing_identical(call: Call, tmp_path: Path) -> None:
    blank = Image.new("RGB", (200, 160), "white")
    for name, pixels in (("bank", drawn(1)), ("query", tiled(2))):
        (tmp_path / name).mkdir()
        blank.save(tmp_path / name / "moving.png", save_all=True, append_images=[Image.fromarray(pixels)])
    (line,) = call("match", "query", "--against", "bank", "--json").lines
    # Its blank frame was not compared, and that is said.
    assert (line["class"], line["entry"]) == ("unjudged", None)


def test_a_person_reads_class_file_entry_and_distance(call: Call, picture: Save, originals: Path) -> None:
    picture("copy.jpg", 1, quality=60)
    picture("other.png", tiled(9))
    done = call("match", "copy.jpg", "other.png", "--against", originals)
    first, second, third = done.out.splitlines()
    assert first == "substantially_same  copy.jpg"
    assert second.strip().startswith("= deep/1.png (")
    assert third == "none                other.png"
    assert "2 compared with 3 in " in done.err


def test_every_published_edit_of_one_photograph_is_found(call: Call, vectors: Path) -> None:
    folder = vectors / "pdq/bridge-mods"
    done = call("match", folder, "--against", folder / "aaa-orig.jpg", "--json")
    assert done.code == 0
    assert len(done.lines) == 12
    assert {line["class"] for line in done.lines} == {"identical", "substantially_same"}
    rows = [line.split(",") for line in (vectors / "pdq/expected.csv").read_text().splitlines()[1:]]
    published = {Path(file).name: int(pdq, 16) for file, pdq, _ in rows}
    for line in done.lines[1:]:
        name = Path(line["file"]).name
        expected = (published[name] ^ published["aaa-orig.jpg"]).bit_count()
        assert (line["distance"], line["view"]) == (expected, "upright")


def test_no_photograph_is_taken_for_another(call: Call, photos: Path, tmp_path: Path) -> None:
    scenes = sorted((photos / "scenes").glob("*.jpg"))[:24]
    for number, path in enumerate(scenes):
        folder = tmp_path / ("known" if number % 2 else "asked")
        folder.mkdir(exist_ok=True)
        shutil.copy(path, folder)
    done = call("match", "asked", "--against", "known", "--json")
    assert [line["class"] for line in done.lines] == ["none"] * 12


# ---- Against ordinary pictures --------------------------------------------------------------------------


def test_of_ordinary_pictures_only_an_altered_copy_is_named_with_what_was_replaced(call: Call, picture: Save) -> None:
    forged = cornered(31).copy()
    forged[80:400, 120:480] = cornered(51)[80:400, 120:480]
    picture("ordinary/holiday.png", cornered(31))
    picture("ordinary/flat.png", np.full((300, 400, 3), 90, np.uint8))
    picture("q/1-forged.jpg", forged, quality=80)
    picture("q/2-unaltered.jpg", cornered(31), quality=80)
    picture("q/3-other.jpg", cornered(33), quality=80)
    done = call("match", "q", "--against", "ordinary", "--originals", "--json")
    assert [line["class"] for line in done.lines] == ["altered_copy", "none", "none"]
    assert (done.lines[0]["entry"], done.lines[0]["view"]) == ("holiday.png", "tiles")
    assert len(done.lines[0]["changed"]) == 1
    assert "flat.png" in done.err
    assert "replaced at" in call("match", "q/1-forged.jpg", "--against", "ordinary", "--originals").out


def test_fingerprints_alone_are_no_ordinary_pictures(call: Call, picture: Save, tmp_path: Path) -> None:
    (tmp_path / "bank.txt").write_text("5a3cc396f00f69a5965a3cc3a5690ff0c3965a3c69a5f00f3cc3965a0ff069a5\n")
    done = call("match", picture("q.png", 1), "--against", "bank.txt", "--originals", "--json")
    assert (done.code, done.error["code"]) == (2, "bad-input")
