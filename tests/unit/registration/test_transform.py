"""What a transform says of two pictures, against figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from takeback.registration.transform import Matrix, angle_of, clipped_box, is_an_edit, scale_of, visible_share

SIZE = (200, 100)


def transform(*rows: tuple[float, float, float]) -> Matrix:
    return np.array(rows, np.float64)


SAME = transform((1, 0, 0), (0, 1, 0))


def test_nothing_done_shows_all_of_the_entry() -> None:
    assert visible_share(SAME, SIZE, SIZE) == 1
    assert clipped_box(SAME, SIZE, SIZE) == (0, 0, 200, 100)


def test_the_right_half_shows_half_of_the_entry() -> None:
    half = transform((1, 0, 100), (0, 1, 0))
    assert visible_share(half, (100, 100), SIZE) == 0.5
    assert clipped_box(half, (100, 100), SIZE) == (0, 0, 100, 100)


def test_a_picture_on_a_larger_ground_has_its_box_there() -> None:
    placed = transform((2, 0, -100), (0, 2, -60))
    assert clipped_box(placed, (400, 300), SIZE) == (50, 30, 150, 80)
    assert visible_share(placed, (400, 300), SIZE) == 1


def test_a_mirrored_quarter_turn_has_its_angle_and_share() -> None:
    quarter = transform((0, -1, 200), (1, 0, 0)) * (-1, 1, 1)
    assert angle_of(quarter) == pytest.approx(90)
    assert visible_share(quarter, (100, 200), SIZE) == pytest.approx(0)
    assert clipped_box(quarter, (100, 200), SIZE) is None


def test_pictures_that_do_not_overlap_have_no_box() -> None:
    assert clipped_box(transform((1, 0, 500), (0, 1, 0)), SIZE, SIZE) is None


def test_scale_is_that_of_a_side() -> None:
    assert scale_of(transform((0, -3, 0), (3, 0, 0))) == pytest.approx(3)


@pytest.mark.parametrize(
    "matrix",
    [
        transform((17, 0, 0), (0, 17, 0)),
        transform((1 / 17, 0, 0), (0, 1 / 17, 0)),
        transform((3, 0, 0), (0, 1, 0)),
        transform((1, 4, 0), (0, 1, 0)),
        transform((-1, 0, 0), (0, 1, 0)),
        transform((1, 1, 0), (1, 1, 0)),
        transform((np.nan, 0, 0), (0, 1, 0)),
    ],
)
def test_what_no_edit_does_is_refused(matrix: Matrix) -> None:
    assert not is_an_edit(matrix)
    assert is_an_edit(SAME)
