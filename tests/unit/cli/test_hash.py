"""`takeback hash`: everything that a file is known by, and no file stops another."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.house import drawn
from tests.unit.cli.conftest import Call, Save

from takeback.fingerprint import Orientation, Route, pdq_of_file, pdq_orientations, pixel_digest


def test_a_line_of_json_holds_all_that_a_picture_is_known_by(call: Call, picture: Save) -> None:
    path = picture("one.png", 1)
    done = call("hash", path, "--json")
    assert (done.code, done.err) == (0, "")
    (line,) = done.lines
    (frame,) = line.pop("frames")
    data = path.read_bytes()
    assert line == {
        "file": str(path),
        "route": "pixels",
        "format": "png",
        "bytes": len(data),
        "width": 200,
        "height": 160,
        "file_sha256": hashlib.sha256(data).hexdigest(),
        "incomplete": None,
    }
    turned = pdq_orientations(drawn(1))
    assert frame == {
        "pixels_sha256": pixel_digest(drawn(1)).hex(),
        "pdq": turned[Orientation.UPRIGHT].hex(),
        "quality": turned[Orientation.UPRIGHT].quality,
        "orientations": {name.value: pdq.hex() for name, pdq in turned.items()},
    }


def test_a_person_reads_the_same_within_80_columns(call: Call, picture: Save) -> None:
    path = picture("one.png", 1)
    (line,) = call("hash", path, "--json").lines
    done = call("hash", Path("one.png"))
    assert "png, 200 × 160 pixels" in done.out
    assert line["file_sha256"] in done.out
    for fingerprint in line["frames"][0]["orientations"].values():
        assert fingerprint in done.out
    assert max(len(each) for each in done.out.splitlines()) <= 80


def test_one_bad_file_does_not_stop_the_others(call: Call, picture: Save, tmp_path: Path) -> None:
    good = [picture(f"{number}.png", number) for number in (1, 2)]
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff and no more")
    done = call("hash", good[0], tmp_path / "bad.jpg", tmp_path / "absent.jpg", good[1], "--json")
    assert done.code == 2
    assert ["error" in line for line in done.lines] == [False, True, True, False]
    assert done.lines[1]["error"]["code"] == "unreadable-media"
    assert done.lines[2]["error"]["message"] == f"There is no file {tmp_path / 'absent.jpg'}."
    assert "2 of 4 files could not be read." in done.err


def test_a_folder_is_walked_in_order_and_a_link_to_a_folder_is_not_followed(
    call: Call, picture: Save, tmp_path: Path
) -> None:
    for name in ("folder/b.png", "folder/a/deep.png", "folder/c.png"):
        picture(name, 1)
    (tmp_path / "folder" / "loop").symlink_to(tmp_path / "folder")
    names = [line["file"] for line in call("hash", "folder", "--json").lines]
    assert names == ["folder/a/deep.png", "folder/b.png", "folder/c.png"]


def test_an_empty_folder_is_an_error_and_no_silent_success(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = call("hash", "empty")
    assert (done.code, done.out) == (2, "")
    assert "There is no file in empty." in done.err


def test_each_frame_of_an_animation_is_named(call: Call, tmp_path: Path) -> None:
    frames = [Image.fromarray(drawn(seed)) for seed in (1, 2, 3)]
    frames[0].save(tmp_path / "moving.png", save_all=True, append_images=frames[1:])
    (line,) = call("hash", "moving.png", "--json").lines
    assert [frame["pixels_sha256"] for frame in line["frames"]] == [pixel_digest(drawn(s)).hex() for s in (1, 2, 3)]
    assert "frame 3 of 3" in call("hash", "moving.png").out


def test_a_picture_without_detail_says_so(call: Call, picture: Save) -> None:
    picture("flat.png", np.full((64, 64, 3), 200, np.uint8))
    assert "too little detail to be compared" in call("hash", "flat.png").out


def test_a_device_or_a_pipe_is_not_read(call: Call) -> None:
    done = call("hash", "/dev/zero")
    assert done.code == 2
    assert "There is no file /dev/zero." in done.err


@pytest.mark.parametrize("name", ["aaa-orig.jpg", "blur-a-lot.jpg", "square-128x128.jpg"])
def test_published_fingerprints_come_out(call: Call, vectors: Path, name: str) -> None:
    rows = [line.split(",") for line in (vectors / "pdq/expected.csv").read_text().splitlines()]
    expected = next((pdq, int(quality)) for file, pdq, quality in rows[1:] if file.endswith(f"/{name}"))
    (line,) = call("hash", vectors / "pdq/bridge-mods" / name, "--json").lines
    assert (line["frames"][0]["pdq"], line["frames"][0]["quality"]) == expected


@pytest.mark.parametrize("route", [Route.LUMINANCE, Route.NEAREST_512, Route.AS_STORED])
def test_another_route_is_named_and_digests_no_pixels(call: Call, tmp_path: Path, route: Route) -> None:
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.tile(drawn(1), (4, 4, 1))).save(path, exif=exif)
    (line,) = call("hash", path, "--route", route.value, "--json").lines
    found = pdq_of_file(path.read_bytes(), route=route)
    assert (line["route"], line["width"], line["height"]) == (route.value, found.width, found.height)
    assert line["file_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    (frame,) = line["frames"]
    assert frame == {
        "pdq": found.upright.hex(),
        "quality": found.upright.quality,
        "orientations": {name.value: pdq.hex() for name, pdq in found.orientations.items()},
    }
    assert f"by {route.value}, quality" in call("hash", path, "--route", route.value).out


def test_what_is_no_jpeg_says_that_it_was_hashed_by_its_pixels(call: Call, picture: Save) -> None:
    path = picture("one.png", 1)
    (line,) = call("hash", path, "--route", "luminance", "--json").lines
    assert (line["route"], line["frames"][0]["pdq"]) == ("pixels", pdq_of_file(path.read_bytes()).upright.hex())


def test_a_bad_file_by_another_route_does_not_stop_the_others(call: Call, picture: Save, tmp_path: Path) -> None:
    good = picture("one.png", 1)
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff and no more")
    done = call("hash", tmp_path / "bad.jpg", good, "--route", "as-stored", "--json")
    assert done.code == 2
    assert ["error" in line for line in done.lines] == [True, False]
    assert done.lines[0]["error"]["code"] == "unreadable-media"


def test_lines_of_another_route_are_a_bank(call: Call, picture: Save, tmp_path: Path) -> None:
    path = picture("one.png", 1)
    (tmp_path / "bank.jsonl").write_text(call("hash", path, "--route", "nearest-512", "--json").out)
    (line,) = call("match", path, "--against", "bank.jsonl", "--json").lines
    assert line["class"] == "identical"


def test_a_route_that_is_none_is_refused(call: Call, picture: Save) -> None:
    done = call("hash", picture("one.png", 1), "--route", "fast")
    assert done.code == 2
    assert "luminance" in done.err
