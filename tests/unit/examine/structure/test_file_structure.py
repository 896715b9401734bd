"""What is said of how a file is built: every sentence by a file that a test makes, and nothing of what is in order."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from tests.unit.examine.structure.files import jpeg, saved, scene, small, with_exif, with_pictures
from tests.unit.examine.structure.said import FILES, LEARNT, changed

from takeback.examine import examine_image
from takeback.examine.outcome import Outcome, Test
from takeback.examine.sentences import SENTENCES
from takeback.examine.structure.file_structure import file_structure
from takeback.examine.subject import Subject, luminance_of, read_subject
from takeback.media import MediaLimits
from takeback.media.sniff import sniff_format

pillow_heif.register_heif_opener()
CAMERA = Path(__file__).resolve().parents[5] / "shared" / "photos" / "camera"
FINDINGS = {"thumbnail_changed", "thumbnail_other"}


def outcome(data: bytes) -> Outcome:
    return file_structure(read_subject(data, MediaLimits()))


def said(found: Outcome) -> set[str]:
    why = [] if found.why_not is None else [found.why_not]
    sentences = [*(each.text for each in found.findings), *found.facts, *why]
    return {each.key.removeprefix("file_structure.") for each in sentences}


def test_there_is_a_file_for_every_sentence() -> None:
    assert {f"file_structure.{name}" for name in (*FILES, *LEARNT)} == {
        key for key in SENTENCES if key.startswith("file_structure.")
    }


@pytest.mark.parametrize("name", FILES)
def test_a_sentence_is_said_of_the_file_that_it_is_true_of(name: str) -> None:
    data = FILES[name]()
    # A file without its end mark is decoded by nobody here; its pixels are those of the whole one.
    found = outcome(data) if name != "no_end" else cut_short(data)
    assert name in said(found)
    assert {each.text.key.removeprefix("file_structure.") for each in found.findings} == FINDINGS & {name}


def cut_short(data: bytes) -> Outcome:
    pixels = scene()
    return file_structure(Subject(data, "jpeg", pixels, luminance_of(pixels)))


def test_a_finding_is_decided_and_says_where() -> None:
    (finding,) = outcome(FILES["thumbnail_changed"]()).findings
    assert finding.nfa is None
    ((left, top, width, height),) = finding.boxes
    assert 370 <= left <= 420
    assert 70 <= top <= 120
    assert 500 <= left + width <= 550
    assert 200 <= top + height <= 250


def test_the_box_is_that_of_the_upright_picture() -> None:
    upright = np.ascontiguousarray(np.rot90(changed(scene()), -1))
    (found,) = (each for each in examine_image(with_exif_turned(changed(scene()))).outcomes if each.findings)
    ((left, top, width, height),) = found.findings[0].boxes
    middle = (left + width / 2, top + height / 2)
    # (460, 160) of 640 × 480, turned clockwise: (480 - 160, 460).
    assert upright.shape[:2] == (640, 480)
    assert middle == pytest.approx((320, 460), abs=25)


def with_exif_turned(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    data = with_exif(jpeg(pixels), jpeg(small(scene())), camera="abc")
    # The tag of the model becomes that of the orientation, a short: 6.
    place = data.index(b"\x10\x01\x02\0\x04\0\0\0abc\0")
    return data[:place] + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" + data[place + 12 :]


@pytest.mark.parametrize(
    "thumbnail",
    [
        cv2.convertScaleAbs(small(scene()), alpha=1.25, beta=12),
        np.asarray(cv2.GaussianBlur(small(scene()), (0, 0), 0.8), np.uint8),
        small(np.asarray(np.roll(scene(), 4, 1), np.uint8)),
        small(scene(), 160, 90),
    ],
    ids=["lighter", "softer", "a little aside", "squeezed"],
)
def test_what_cameras_do_to_a_thumbnail_is_no_finding(
    thumbnail: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> None:
    found = outcome(with_exif(jpeg(scene()), jpeg(thumbnail, quality=60)))
    assert not found.findings
    assert "thumbnail_same" in said(found)


def test_a_wide_picture_between_bars_is_the_same() -> None:
    wide = scene(1, 960, 540)
    thumbnail = np.zeros((120, 160, 3), np.uint8)
    thumbnail[15:105] = small(wide, 160, 90)
    assert "thumbnail_same" in said(outcome(with_exif(jpeg(wide), jpeg(thumbnail))))


def test_a_wide_picture_cut_to_its_thumbnail_is_the_same() -> None:
    wide = scene(1, 960, 540)
    thumbnail = small(np.ascontiguousarray(wide[:, 120:840]))
    assert "thumbnail_same" in said(outcome(with_exif(jpeg(wide), jpeg(thumbnail))))


def test_nothing_is_found_where_nothing_can_be_compared() -> None:
    found = outcome(saved(scene(), "BMP"))
    assert not found.findings
    assert not found.facts
    assert said(found) == {"nothing_inside"}


def test_pictures_that_the_file_lists_are_no_bytes_after_its_end() -> None:
    listed = with_pictures(jpeg(scene()), [(0, jpeg(scene(3)))])
    assert "after_jpeg" not in said(outcome(listed))
    assert "after_unknown" in said(outcome(listed + b"and something"))


def test_a_device_is_not_said_to_be_followed_by_a_program_for_its_tables_alone() -> None:
    data = with_exif(jpeg(scene()), camera="A camera")
    place = data.index(b"\xff\xe0\0\x10JFIF")
    assert "saved_again" not in said(outcome(data[:place] + data[place + 18 :]))


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (64, 64)])
@pytest.mark.parametrize("thumbnail", [(1, 1), (160, 120), (2, 900)])
def test_pictures_of_any_shape_are_taken(size: tuple[int, int], thumbnail: tuple[int, int]) -> None:
    found = outcome(with_exif(jpeg(scene(0, *size)), jpeg(scene(1, *thumbnail))))
    assert not [each for each in found.findings if min(size) < 24 or min(thumbnail) < 24]


def test_a_file_that_was_damaged_anywhere_raises_nothing() -> None:
    random = np.random.default_rng(4)
    pixels = scene(0, 96, 72)
    names = ["thumbnail_same", "preview_same", "gain_map_fits", "chunks", "brands", "items", "photoshop"]
    files = [(FILES[name](), sniff_format(FILES[name]())) for name in names] + [(saved(pixels, "WEBP"), "webp")]
    for each in range(300):
        whole, kind = files[each % len(files)]
        data = bytearray(whole)
        head = min(len(data), 700 if each % 3 else len(data))
        for place in random.integers(0, head, int(random.integers(1, 12))):
            data[place] = int(random.choice([0, 255, 1, int(random.integers(256))]))
        if each % 5 == 0:
            data = data[: int(random.integers(len(data)))]
        file_structure(Subject(bytes(data), kind, pixels, luminance_of(pixels)))


@pytest.mark.skipif(not CAMERA.is_dir(), reason="needs the photographs beside the project")
def test_no_file_of_a_camera_contradicts_itself() -> None:
    for path in sorted(CAMERA.iterdir())[::6]:
        found = outcome(path.read_bytes())
        assert found.test is Test.FILE_STRUCTURE
        assert not found.findings, path.name
