"""What the page computes of a file, against what the server computes of it."""

from __future__ import annotations

import base64
import json
import statistics
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.ExifTags
import PIL.Image
import pytest
from tests.browser.files import large, real_files
from tests.browser.walking import Open, Visit
from tests.house import drawn

from takeback.altered import TELLING_QUALITY
from takeback.cases.notice import Level
from takeback.cases.receipt import RECEIPT_WORDS
from takeback.fingerprint import MATCH_RADIUS, PdqHash, Route, file_digest, pdq_hash, pdq_of_file
from takeback.fingerprint.take import look_at, take_fingerprints
from takeback.fingerprint.tiles import Tiles, tiles_of
from takeback.media import MediaLimits
from takeback.workflow.picture import reported_of

pytestmark = pytest.mark.browser

LIMITS = MediaLimits()
MOST_BITS_ALIKE, MOST_BITS = 2, 10


def sent_of(visit: Visit) -> dict[str, Any]:
    """Fill in the rest, and return what the page would send."""
    visit.begin()
    visit.say()
    visit.review()
    body: dict[str, Any] = json.loads(visit.page.text_content("#review-bytes") or "")
    return body


def bits(hex_code: str, other: PdqHash) -> int:
    return PdqHash.from_hex(hex_code).distance(other)


def test_fifty_real_files_have_the_same_fingerprints_as_on_the_server(
    visit: Open, photos: Path, tmp_path: Path
) -> None:
    apart: dict[str, tuple[int, bool]] = {}
    by_list: dict[str, int] = {}
    files = list(real_files(photos))
    assert len(files) == 50
    for start in range(0, len(files), 25):
        part = files[start : start + 25]
        paths = [tmp_path / name for name, _, _ in part]
        for path, (_, data, _) in zip(paths, part, strict=True):
            path.write_bytes(data)
        here = visit()
        here.choose_files(*paths)
        pictures = {picture["file_sha256"]: picture for picture in sent_of(here)["pictures"]}
        for name, data, alike in part:
            prints = take_fingerprints(data, LIMITS)
            picture = pictures[prints.file_digest.hex()]
            turned = prints.frames[0].orientations
            of_each = [bits(picture["orientations"][orientation], pdq) for orientation, pdq in turned.items()]
            apart[name] = max(of_each), alike
            by_list[name] = bits(picture["nearest_512"], pdq_of_file(data, route=Route.NEAREST_512).upright)
        assert here.problems == []
    same = [distance for distance, alike in apart.values() if alike]
    other = [distance for distance, alike in apart.values() if not alike]
    print(f"\ndecoded alike: {len(same)} files, median {statistics.median(same)}, at most {max(same)} bits")
    print(f"the rest: {len(other)} files, median {statistics.median(other)}, at most {max(other)} bits")
    listed = by_list.values()
    print(f"by StopNCII's route: {len(listed)} files, median {statistics.median(listed)}, at most {max(listed)} bits")
    assert statistics.median([*same, *other]) == 0
    assert max(same) <= MOST_BITS_ALIKE, apart
    assert max(other) <= MOST_BITS, apart
    assert statistics.median(listed) == 0
    assert max(listed) <= MOST_BITS_ALIKE, by_list


def test_by_stopnciis_route_a_png_is_not_turned_and_what_hides_under_transparency_is_left_out(
    visit: Open, tmp_path: Path
) -> None:
    turned, clear = tmp_path / "turned.png", tmp_path / "clear.png"
    exif = PIL.Image.Exif()
    exif[PIL.ExifTags.Base.Orientation] = 6
    PIL.Image.fromarray(large(4)).save(turned, exif=exif)
    see_through = PIL.Image.fromarray(large(5)).convert("RGBA")
    see_through.paste((0, 0, 0, 0), (0, 0, 200, 200))
    see_through.save(clear)
    here = visit()
    here.choose_files(turned, clear)
    first, second = sent_of(here)["pictures"]
    assert first["nearest_512"] == pdq_of_file(turned.read_bytes(), route=Route.NEAREST_512).upright.hex()
    assert "pdq" in second
    assert "nearest_512" not in second


def test_the_crops_are_those_that_the_server_takes(visit: Open, photo: Path) -> None:
    here = visit()
    here.choose_files(photo)
    (picture,) = sent_of(here)["pictures"]
    (reported,) = reported_of(look_at(photo.read_bytes(), LIMITS), Level.FINGERPRINT, None)
    assert len(picture["crops"]) == len(reported.crops) > 50
    assert max(bits(mine, crop) for mine, crop in zip(picture["crops"], reported.crops, strict=True)) <= 4


def test_lossless_pixels_have_the_digest_that_the_server_gives_them(visit: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    PIL.Image.fromarray(large(3)).save(path)
    here = visit()
    here.choose_files(path)
    (picture,) = sent_of(here)["pictures"]
    prints = take_fingerprints(path.read_bytes(), LIMITS)
    assert picture["pixels_sha256"] == prints.frames[0].pixel_digest.hex()
    assert picture["file_sha256"] == prints.file_digest.hex()


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_each_frame_of_an_animation_that_differs_is_fingerprinted(visit: Open, tmp_path: Path, kind: str) -> None:
    frames = [PIL.Image.fromarray(drawn(seed)) for seed in (1, 1, 2, 3)]
    path = tmp_path / f"a.{kind}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=80, lossless=True)
    here = visit()
    here.choose_files(path)
    pictures = sent_of(here)["pictures"]
    expected = take_fingerprints(path.read_bytes(), LIMITS).frames
    assert len(pictures) == len(expected) == 3
    assert max(bits(mine["pdq"], frame.upright) for mine, frame in zip(pictures, expected, strict=True)) <= MOST_BITS


@pytest.mark.parametrize("says_how_long", [True, False])
def test_the_pictures_of_a_clip_are_fingerprinted(visit: Open, tmp_path: Path, says_how_long: bool) -> None:
    clip = tmp_path / "clip.webm"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"VP80"), 10, (800, 640))
    for seed in (31, 32):
        for _ in range(10):
            writer.write(np.ascontiguousarray(large(seed)[..., ::-1]))
    writer.release()
    if not says_how_long:
        clip.write_bytes(without_duration(clip.read_bytes()))
    here = visit()
    here.choose_files(clip)
    sent = sent_of(here)["pictures"]
    assert {picture["file_sha256"] for picture in sent} == {file_digest(clip.read_bytes()).hex()}
    for seed in (31, 32):
        assert min(bits(picture["pdq"], pdq_hash(large(seed))) for picture in sent) <= MATCH_RADIUS
    assert here.problems == []


def without_duration(webm: bytes) -> bytes:
    """Return a clip with its element Duration (0x4489, a float of 8 bytes) made Void, as recorders leave it out."""
    at = webm.index(b"\x44\x89\x88")
    return webm[:at] + b"\xec\x89" + bytes(9) + webm[at + 11 :]


def test_an_ordinary_photo_gives_tiles_and_no_digest(visit: Open, photos: Path) -> None:
    path = sorted((photos / "scenes").glob("*.jpg"))[3]
    here = visit()
    here.press("#original > summary")
    here.choose_files(path, into="originals")
    body = sent_of(here)
    (original,) = body["originals"]
    assert body["pictures"] == []
    assert not any("sha256" in name for name in original)
    plane = look_at(path.read_bytes(), LIMITS).miniatures
    assert plane is not None
    expected = tiles_of(plane.plane)
    found = Tiles.from_bytes(base64.b64decode(original["tiles"]))
    telling = expected.qualities >= TELLING_QUALITY
    assert telling.sum() > 20
    apart = np.bitwise_count(found.codes[telling] ^ expected.codes[telling]).sum(axis=1)
    assert apart.max() <= MOST_BITS


def test_how_long_a_photo_of_twelve_megapixels_takes_is_printed(visit: Open, photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    with PIL.Image.open(sorted((photos / "camera").glob("*.[jJ]*"))[0]) as picture:
        picture.convert("RGB").resize((4000, 3000)).save(path, quality=90)
    here = visit()
    here.choose_files(path)  # the first starts the worker
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        here.choose_files(path)
        taken.append(time.perf_counter() - began)
    print(f"\na JPEG of 12 megapixels: median {statistics.median(taken):.2f} s, at most {max(taken):.2f} s")
    assert here.problems == []


def test_a_drawing_whose_code_no_photograph_has_is_known_by_its_digests_and_its_notice_is_taken(
    visit: Open, tmp_path: Path
) -> None:
    path = tmp_path / "stripes.png"
    stripes = np.where(np.arange(640) // 40 % 2, 255, 0).astype(np.uint8)
    PIL.Image.fromarray(np.tile(stripes, (640, 1))).save(path)
    here = visit()
    here.choose_files(path)
    assert "too little detail" in here.texts("#files-list > li")[0]
    (picture,) = sent_of(here)["pictures"]
    assert sorted(picture) == ["file_sha256", "pixels_sha256"]
    assert len(here.send().split()) == RECEIPT_WORDS


def test_what_cannot_be_fingerprinted_is_known_by_its_digest_and_says_so(visit: Open, tmp_path: Path) -> None:
    plain, broken = tmp_path / "plain.png", tmp_path / "broken.heic"
    PIL.Image.new("RGB", (300, 200), (200, 200, 200)).save(plain)
    broken.write_bytes(b"\x00\x00\x00\x18ftypheic, and nothing that a browser decodes")
    here = visit()
    here.choose_files(plain, broken)
    told = here.texts("#files-list > li")
    assert "too little detail" in told[0]
    assert "cannot open" in told[1]
    assert [sorted(picture) for picture in sent_of(here)["pictures"]] == [
        ["file_sha256", "pixels_sha256"],
        ["file_sha256"],
    ]
