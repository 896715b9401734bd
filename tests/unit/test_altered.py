"""Whether a picture is an altered copy of an original that is known by its tiles alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.house import drawn

from takeback.altered import Altered, Kind, compare_tiles
from takeback.fingerprint import Orientation
from takeback.fingerprint.tiles import tiles_of
from takeback.registration import Alignment

type Plane = NDArray[np.uint8]

HEIGHT, WIDTH = 480, 600


def _plane(seed: int) -> Plane:
    """Lay nine drawings side by side, so that there is detail everywhere."""
    rows = [np.concatenate([drawn(9 * seed + 3 * i + j)[..., 1] for j in range(3)], axis=1) for i in range(3)]
    return np.ascontiguousarray(np.concatenate(rows, axis=0))


def _forged(plane: Plane, other: Plane) -> Plane:
    """Replace the middle: 0.4 of the height, half of the width."""
    forged = plane.copy()
    forged[144:336, 150:450] = other[144:336, 150:450]
    return forged


def _compared(suspect: Plane, original: Plane, alignment: Alignment | None = None) -> Altered:
    found = compare_tiles(np.ascontiguousarray(suspect), tiles_of(original), alignment=alignment)
    assert found is not None
    return found


def test_the_same_picture_is_an_unaltered_copy() -> None:
    found = _compared(_plane(1), _plane(1))
    assert found.kind is Kind.UNALTERED_COPY
    assert found.changed == ()
    assert found.share == 0
    assert found.alike + found.apart + found.silent == 121


def test_a_smaller_and_darker_copy_is_an_unaltered_one() -> None:
    darker = np.rint(_plane(1)[::2, ::2] * 0.7).astype(np.uint8)
    assert _compared(darker, _plane(1)).kind is Kind.UNALTERED_COPY


def test_a_picture_with_another_middle_is_an_altered_copy_and_the_middle_is_named() -> None:
    found = _compared(_forged(_plane(1), _plane(2)), _plane(1))
    assert found.kind is Kind.ALTERED_COPY
    (box,) = found.changed
    assert box == pytest.approx((150, 144, 450, 336), abs=50)
    assert found.share == pytest.approx(0.2, abs=0.1)


def test_a_flat_middle_is_an_alteration() -> None:
    flat = np.full((HEIGHT, WIDTH), 128, np.uint8)
    assert _compared(_forged(_plane(1), flat), _plane(1)).kind is Kind.ALTERED_COPY


def test_detail_where_the_original_was_flat_is_an_alteration() -> None:
    original = _forged(_plane(1), np.full((HEIGHT, WIDTH), 128, np.uint8))
    assert _compared(_plane(1), original).kind is Kind.ALTERED_COPY


def test_another_picture_is_not_from_it() -> None:
    found = _compared(_plane(2), _plane(1))
    assert found.kind is Kind.NOT_FROM_IT
    assert found.changed == ()


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (Orientation.UPRIGHT, lambda plane: plane),
        (Orientation.ROTATED_90, lambda plane: np.rot90(plane, -1)),
        (Orientation.ROTATED_180, lambda plane: np.rot90(plane, 2)),
        (Orientation.ROTATED_270, lambda plane: np.rot90(plane, 1)),
        (Orientation.MIRRORED, np.fliplr),
        (Orientation.FLIPPED, np.flipud),
        (Orientation.TRANSPOSED, np.transpose),
        (Orientation.TRANSVERSED, lambda plane: np.rot90(plane, 2).T),
    ],
)
def test_an_altered_corner_is_named_in_a_turned_picture(orientation: Orientation, turn: object) -> None:
    assert callable(turn)
    plane, marks = _plane(1), np.zeros((HEIGHT, WIDTH), np.uint8)
    plane[:200, :250], marks[:200, :250] = _plane(2)[:200, :250], 1
    found = _compared(turn(plane), _plane(1))
    rows, columns = np.nonzero(turn(marks))
    assert found.orientation is orientation
    assert found.changed[0] == pytest.approx(
        (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1), abs=50
    )  # fmt: skip


def test_a_forgery_that_lost_a_little_of_two_sides_is_recognised() -> None:
    found = _compared(_forged(_plane(1), _plane(2))[:-19, 24:], _plane(1))
    assert found.kind is Kind.ALTERED_COPY
    assert found.changed[0] == pytest.approx((126, 144, 426, 336), abs=55)


def test_a_framed_forgery_is_recognised_by_its_alignment() -> None:
    framed = np.pad(_forged(_plane(1), _plane(2)), ((90, 90), (120, 120)))
    matrix = np.array([[2.0, 0, -240], [0, 2.0, -180]])  # the original is twice as large
    alignment = Alignment(50, 60, False, matrix, (WIDTH + 240, HEIGHT + 180), (2 * WIDTH, 2 * HEIGHT))
    found = _compared(framed, _plane(1), alignment)
    assert found.kind is Kind.ALTERED_COPY
    assert found.changed[0] == pytest.approx((270, 234, 570, 426), abs=50)
    assert _compared(framed, _plane(1)).kind is Kind.NOT_FROM_IT


def test_a_wrong_alignment_hides_nothing() -> None:
    matrix = np.array([[1.0, 0, 200], [0, 1.0, 100]])
    alignment = Alignment(5, 60, False, matrix, (WIDTH, HEIGHT), (WIDTH, HEIGHT))
    assert _compared(_forged(_plane(1), _plane(2)), _plane(1), alignment).kind is Kind.ALTERED_COPY


def test_what_was_changed_is_named_in_pixels_of_the_picture_before_it_was_reduced() -> None:
    suspect = _forged(_plane(1), _plane(2))
    small = compare_tiles(suspect, tiles_of(_plane(1)))
    large = compare_tiles(suspect, tiles_of(_plane(1)), size=(3 * WIDTH, 2 * HEIGHT))
    assert small is not None
    assert large is not None
    assert large.changed[0] == pytest.approx(np.array(small.changed[0]) * (3, 2, 3, 2))


def test_a_picture_without_detail_cannot_be_judged() -> None:
    flat = np.full((HEIGHT, WIDTH), 128, np.uint8)
    assert compare_tiles(_plane(1), tiles_of(flat)) is None


def test_a_flat_suspect_is_not_from_it() -> None:
    assert _compared(np.full((HEIGHT, WIDTH), 128, np.uint8), _plane(1)).kind is Kind.NOT_FROM_IT
