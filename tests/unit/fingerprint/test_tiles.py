"""The tiles of a picture, as they are computed, written and read."""

from __future__ import annotations

import numpy as np
import pytest
from tests.house import drawn

from takeback.errors import MalformedHash
from takeback.fingerprint import MATCH_RADIUS
from takeback.fingerprint.tiles import TILE_BYTES, TILES, Tiles, tiles_of


def _plane(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.ascontiguousarray(drawn(seed)[..., 1])


def test_tiles_that_are_written_are_read_again() -> None:
    tiles = tiles_of(_plane(1))
    again = Tiles.from_bytes(tiles.to_bytes())
    assert np.array_equal(again.codes, tiles.codes)
    assert np.array_equal(again.qualities, tiles.qualities)


def test_a_picture_twice_as_wide_has_nearly_the_same_tiles() -> None:
    plane = _plane(2)
    tiles, wider = tiles_of(plane), tiles_of(np.repeat(plane, 2, axis=1))
    apart = np.bitwise_count(tiles.codes ^ wider.codes).sum(axis=1)
    assert np.median(apart) <= MATCH_RADIUS


def test_a_flat_picture_has_tiles_of_no_quality() -> None:
    assert not tiles_of(np.full((100, 100), 90, np.uint8)).qualities.any()


def test_what_was_changed_in_a_corner_leaves_the_tiles_elsewhere_as_they_were() -> None:
    plane = _plane(3)
    changed = plane.copy()
    changed[:50, :50] = _plane(4)[:50, :50]
    same = (tiles_of(plane).codes == tiles_of(changed).codes).all(axis=1).reshape(11, 11)
    assert same[6:].all()
    assert same[:, 6:].all()
    assert not same[:2, :2].any()


@pytest.mark.parametrize("by", [0, 3, 8, TILE_BYTES - 1, TILE_BYTES + 1])
def test_tiles_that_are_cut_short_or_followed_by_something_are_refused(by: int) -> None:
    data = tiles_of(_plane(1)).to_bytes() + b"\0"
    with pytest.raises(MalformedHash):
        Tiles.from_bytes(data[:by])


@pytest.mark.parametrize("at", [0, 4, 6])
def test_tiles_of_another_magic_version_or_number_are_refused(at: int) -> None:
    data = bytearray(tiles_of(_plane(1)).to_bytes())
    data[at] ^= 1
    with pytest.raises(MalformedHash):
        Tiles.from_bytes(bytes(data))


def test_a_code_with_more_ones_than_any_picture_has_is_refused() -> None:
    data = bytearray(tiles_of(_plane(1)).to_bytes())
    data[8:40] = b"\xff" * 32
    with pytest.raises(MalformedHash):
        Tiles.from_bytes(bytes(data))


def test_a_quality_above_one_hundred_is_refused() -> None:
    data = bytearray(tiles_of(_plane(1)).to_bytes())
    data[-1] = 101
    with pytest.raises(MalformedHash):
        Tiles.from_bytes(bytes(data))


def test_tiles_are_not_shown() -> None:
    assert repr(tiles_of(_plane(1))) == "Tiles()"


def test_tiles_of_another_number_are_refused() -> None:
    with pytest.raises(ValueError, match="codes"):
        Tiles(np.zeros((TILES - 1, 32), np.uint8), np.zeros(TILES, np.uint8))


def test_pixels_in_colour_are_refused() -> None:
    with pytest.raises(ValueError, match="height, width"):
        tiles_of(drawn(1))
