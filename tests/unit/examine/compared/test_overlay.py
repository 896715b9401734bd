"""How the original lies under the suspect, to a fraction of a pixel."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest
from tests.unit.examine.compared.pictures import HEIGHT, WIDTH, patched, toned
from tests.unit.registration.pictures import cornered

from takeback.examine.compared.overlay import NoOverlay, Overlay, overlay, source_nfa
from takeback.registration import Alignment

PIXELS = cornered(5)
CORNERS = np.array([[0, 0, 1], [WIDTH, 0, 1], [0, HEIGHT, 1], [WIDTH, HEIGHT, 1]], np.float64)


def _laid(matrix: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the picture under `matrix`, from the suspect to the original."""
    data = tuple(float(each) for each in matrix.ravel())
    return np.array(
        PIL.Image.fromarray(PIXELS).transform(
            (WIDTH, HEIGHT), PIL.Image.Transform.AFFINE, data, PIL.Image.Resampling.BICUBIC
        )
    )


@pytest.mark.parametrize(
    "matrix",
    [
        [[1, 0, 3.3], [0, 1, -2.6]],
        [[1.1, 0, -20.4], [0, 1.1, -15.7]],
        [[0.999, 0.03, 5.1], [-0.03, 0.999, 9.2]],
        [[1.02, 0.01, 1.3], [0.02, 0.97, 2.4]],
    ],
    ids=["shifted", "scaled", "turned", "sheared"],
)
def test_a_transform_is_found_to_a_fraction_of_a_pixel(matrix: list[list[float]]) -> None:
    made = np.array(matrix)
    found = overlay(PIXELS, toned(patched(_laid(made))))
    assert isinstance(found, Overlay)
    assert np.abs((found.matrix - made) @ CORNERS.T).max() < 0.25
    assert found.followed > 50
    assert found.nfa < 1e-20


def test_a_picture_that_was_bent_has_flow_and_one_that_was_not_has_none() -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    rows = np.clip(np.rint(y + 4 * np.sin(x / 60)), 0, HEIGHT - 1).astype(int)
    bent, plain = overlay(PIXELS, PIXELS[rows, x]), overlay(PIXELS, PIXELS)
    assert isinstance(bent, Overlay)
    assert isinstance(plain, Overlay)
    assert bent.flow > 2 > 0.2 > plain.flow


def test_two_pictures_have_no_common_source() -> None:
    found = overlay(PIXELS, cornered(6))
    assert isinstance(found, NoOverlay)
    assert found.is_telling


def test_what_has_no_detail_tells_nothing() -> None:
    found = overlay(PIXELS, np.full((200, 200, 3), 90, np.uint8))
    assert isinstance(found, NoOverlay)
    assert not found.is_telling


def test_more_details_that_agree_make_chance_less_likely_and_more_that_do_not_likelier() -> None:
    def nfa(inliers: int, matches: int) -> float:
        size = (640, 480)
        return source_nfa(Alignment(inliers, matches, False, np.array([[1.0, 0, 0], [0, 1.0, 0]]), size, size))

    assert nfa(4, 100) == 1
    assert nfa(20, 100) < nfa(14, 100) < nfa(10, 100)
    assert nfa(14, 300) > nfa(14, 100)
    assert nfa(300, 400) >= 0
