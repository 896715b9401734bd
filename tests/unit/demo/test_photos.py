"""The copies that the demonstration makes are what it says they are."""

from __future__ import annotations

import sys

import pytest

from takeback.demo.photos import (
    AFTERWARDS,
    EDITS,
    FOUND_BY_LINK,
    LINKED,
    MEANWHILE,
    REPORTED,
    Edit,
    load_photos,
)
from takeback.errors import InputError
from takeback.fingerprint import MATCH_RADIUS, MIN_QUALITY, Fingerprints, Orientation
from takeback.fingerprint.take import take_fingerprints
from takeback.match import CopyClass
from takeback.media import MediaLimits

POSSIBLE_BITS = 40


def prints_of(data: bytes) -> Fingerprints:
    return take_fingerprints(data, MediaLimits())


def nearest(one: Fingerprints, other: Fingerprints) -> tuple[int, Orientation]:
    """Return the smallest distance of `one`, turned, to `other` as it is."""
    code = int.from_bytes(other.frames[0].upright.code)
    turned = one.frames[0].orientations
    return min(((int.from_bytes(pdq.code) ^ code).bit_count(), orientation) for orientation, pdq in turned.items())


@pytest.fixture(scope="module")
def original() -> bytes:
    return load_photos()[REPORTED]


@pytest.mark.parametrize("edit", [*EDITS, MEANWHILE, AFTERWARDS], ids=lambda edit: edit.name)
def test_a_copy_is_of_its_class_and_turned_as_told(edit: Edit, original: bytes) -> None:
    reported, copy = prints_of(original), prints_of(edit.make(original))
    equal = copy.frames[0].pixel_digest == reported.frames[0].pixel_digest
    assert equal == (edit.copy_class is CopyClass.IDENTICAL)
    distance, orientation = nearest(reported, copy)
    assert distance <= MATCH_RADIUS
    assert orientation is (edit.turned or Orientation.UPRIGHT)


def test_the_cut_out_is_found_only_through_its_link(original: bytes) -> None:
    cut, again = prints_of(LINKED.make(original)), prints_of(FOUND_BY_LINK.make(original))
    assert nearest(prints_of(original), cut)[0] > POSSIBLE_BITS
    assert nearest(prints_of(original), again)[0] > POSSIBLE_BITS
    assert nearest(cut, again)[0] <= MATCH_RADIUS


def test_the_other_photographs_are_comparable_and_far_away(original: bytes) -> None:
    for name, data in load_photos().items():
        prints = prints_of(data)
        assert prints.frames[0].quality >= MIN_QUALITY
        assert name == REPORTED or nearest(prints_of(original), prints)[0] > 2 * POSSIBLE_BITS


def test_without_the_package_of_photographs_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(InputError) as caught:
        load_photos()
    assert caught.value.advice == "pip install 'takeback[demo]'"
