"""What the suspect would be if nothing had been changed."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest
from tests.unit.examine.compared.pictures import HEIGHT, WIDTH, Pixels, jpeg, opened, patched, png, scaled, toned
from tests.unit.registration.pictures import cornered

from takeback.examine.compared.file import tables_of
from takeback.examine.compared.overlay import Overlay, overlay
from takeback.examine.compared.predicted import Prediction, predicted
from takeback.examine.compared.resampled import Filter
from takeback.media import MediaLimits

PIXELS = cornered(5)


def _predicted(data: bytes) -> tuple[Pixels, Prediction]:
    suspect = opened(data)
    laid = overlay(PIXELS, suspect)
    assert isinstance(laid, Overlay)
    return suspect, predicted(PIXELS, suspect, laid.matrix, tables_of(data, MediaLimits()))


@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [40, 75, 95])
def test_a_copy_that_was_only_saved_is_predicted_to_the_bit(quality: int, sampling: int) -> None:
    suspect, prediction = _predicted(jpeg(PIXELS, quality, subsampling=sampling))
    assert (prediction.pixels == suspect).all()


def test_a_copy_that_was_cut_and_saved_is_predicted_to_the_bit() -> None:
    suspect, prediction = _predicted(jpeg(PIXELS[37:451, 53:577], 80))
    assert (prediction.pixels == suspect).all()


@pytest.mark.parametrize("how", [Filter.BICUBIC, Filter.LANCZOS, Filter.BOX])
def test_a_copy_that_was_cut_scaled_and_saved_is_predicted_to_the_bit(how: Filter) -> None:
    by = {"bicubic": "BICUBIC", "lanczos": "LANCZOS", "box": "BOX"}[how]
    suspect, prediction = _predicted(jpeg(scaled(PIXELS[37:451, 53:577], 0.7, PIL.Image.Resampling[by]), 85))
    assert prediction.filter is how
    assert np.abs(prediction.pixels.astype(int) - suspect).mean() < 0.05


def test_the_change_itself_is_not_predicted() -> None:
    suspect, prediction = _predicted(png(patched(PIXELS)))
    apart = np.abs(prediction.pixels.astype(int) - suspect).max(axis=2)
    assert apart[185:235, 325:385].mean() > 20
    assert apart[:170].max() == 0
    assert prediction.toned == 0


def test_other_tones_are_predicted_within_a_level_or_two_also_beside_a_change() -> None:
    suspect, prediction = _predicted(png(toned(patched(PIXELS))))
    apart = np.abs(prediction.pixels.astype(int) - suspect).max(axis=2)
    apart[175:245, 315:395] = 0
    assert np.median(apart) <= 1
    assert np.quantile(apart, 0.95) <= 4
    assert prediction.toned > 4


def test_where_the_original_does_not_reach_nothing_is_predicted() -> None:
    screen = np.full((HEIGHT + 100, WIDTH, 3), 24, np.uint8)
    screen[50 : 50 + HEIGHT] = PIXELS
    _, prediction = _predicted(png(screen))
    assert prediction.inside[51 : 49 + HEIGHT].all()
    assert not prediction.inside[:49].any()
    assert not prediction.inside[51 + HEIGHT :].any()


def test_a_file_without_tables_that_can_be_used_again_has_none() -> None:
    limits = MediaLimits()
    assert tables_of(png(PIXELS), limits) is None
    assert tables_of(b"\xff\xd8\xff\xe0 damaged", limits) is None
    found = tables_of(jpeg(PIXELS, 75, subsampling=2), limits)
    assert found is not None
    assert (found.sampling, found.quantisation[0][0], found.orientation) == (2, 8, 1)
