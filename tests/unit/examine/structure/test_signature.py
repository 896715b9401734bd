"""How a device builds its files, learnt from its own."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.unit.examine.structure.files import OWN_TABLE, jpeg, saved, scene, small, with_exif

from takeback.errors import BadSetting, UnreadableMedia
from takeback.examine import Test, examine_image
from takeback.examine.at_need import AtNeed
from takeback.examine.beside import Beside
from takeback.examine.structure.asked import signature_told
from takeback.examine.structure.signature import built_as, built_by, signature_of
from takeback.examine.structure.signatures import Signatures, counted
from takeback.media import MediaLimits

PHONE, OTHER = "A phone", "Another phone"


def shot(seed: int, camera: str = PHONE, *, thumbnail: int = 160, size: int = 320) -> bytes:
    pixels = scene(seed, size, size * 3 // 4)
    main = jpeg(pixels, qtables=[OWN_TABLE, OWN_TABLE])
    return with_exif(main, jpeg(small(pixels, thumbnail, thumbnail * 3 // 4)), camera=camera, size=(320, 240))


def learn(files: list[bytes]) -> Signatures:
    return counted(built for data in files if (built := built_by(data)) is not None)


def test_files_of_one_device_are_alike_whatever_they_show() -> None:
    assert signature_of(shot(1)) == signature_of(shot(2)) == signature_of(shot(1, size=400))
    assert signature_of(shot(1)) != signature_of(shot(1, thumbnail=128))
    assert signature_of(shot(1)) != signature_of(jpeg(scene(1)))
    assert signature_of(saved(scene(1), "PNG")) is None


def test_a_file_is_built_as_its_device_builds_them() -> None:
    known = learn([shot(seed) for seed in range(4)] + [jpeg(scene())])
    assert known.cameras == {PHONE: Counter({signature_of(shot(9)): 4})}
    assert [str(each) for each in built_as(shot(7), known)] == [
        "The file is built as 4 of the 4 files of A phone are that are known here."
    ]


def test_a_file_that_was_saved_again_is_built_otherwise() -> None:
    known = learn([shot(seed) for seed in range(4)])
    again = with_exif(jpeg(scene(1)), camera=PHONE)
    (said,) = built_as(again, known)
    assert said.key == "file_structure.built_unlike"
    assert (said.values["count"], said.values["share"]) == (4, "20%")


def test_a_file_of_a_device_that_is_not_known() -> None:
    known = learn([shot(1)])
    assert [each.key for each in built_as(shot(1, OTHER), known)] == [
        "file_structure.none_known",
        "file_structure.built_as_other",
    ]
    assert built_as(saved(scene(), "PNG"), known) == ()


def test_what_was_learnt_is_kept() -> None:
    known = learn([shot(1), shot(1, OTHER)])
    assert Signatures.from_json(known.as_json()) == known


@pytest.mark.parametrize(
    "written",
    [
        "",
        "[]",
        '{"version": 2, "cameras": {}}',
        '{"version": 1, "cameras": {"a": {"b": "c"}}}',
        '{"version": 1}',
        "[" * 9999,
    ],
)
def test_other_files_are_no_signatures(written: str) -> None:
    with pytest.raises(BadSetting):
        Signatures.from_json(written)


def test_files_are_learnt_apart_and_an_examination_says_how_one_is_built() -> None:
    examiner = AtNeed(MediaLimits())
    own = [shot(seed) for seed in range(3)]
    assert examiner.learn([*own, jpeg(scene())]) == learn(own)
    suspect = with_exif(jpeg(scene(1)), camera=PHONE)
    found = examiner.examine(suspect)
    assert found.as_json() == examine_image(suspect, beside=Beside(cameras=learn(own))).as_json()
    said = {fact.key for outcome, fact in found.facts if outcome.test is Test.FILE_STRUCTURE}
    assert "file_structure.built_unlike" in said
    assert "file_structure.built_unlike" not in {fact.key for _, fact in examine_image(suspect).facts}


@pytest.mark.parametrize(
    "told",
    [{"camera": "A"}, {"camera": "A", "signature": "xyz"}, {"camera": "A" * 99, "signature": "ab" * 16}, {"camera": 5}],
)
def test_what_a_child_says_of_a_file_is_not_believed_unless_it_has_its_form(told: dict[str, object]) -> None:
    with pytest.raises(UnreadableMedia):
        signature_told(told)
    assert signature_told({}) is None
    assert signature_told({"camera": "A", "signature": "ab" * 16}) == ("A", "ab" * 16)
