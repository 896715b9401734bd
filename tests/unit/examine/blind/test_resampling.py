"""A part that was scaled or turned: found where the rest was not, and what was so as a whole told as a fact."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.examine.blind.scenes import Pixels, resaved, scene, subject

from takeback.examine.blind.resampling import resampling
from takeback.examine.blind.resampling.prediction import SIXTH, beats_of, differences
from takeback.examine.blind.resampling.regions import MOST_LINES, lines_in
from takeback.examine.blind.resampling.spectra import SIDE as WINDOW
from takeback.examine.blind.resampling.spectra import heights_of, looked_at, twins_of
from takeback.examine.blind.resampling.transform import transform_of
from takeback.examine.outcome import MAX_NFA, Finding, Outcome, Test

SIDE = 448
PART = 192
TOP, LEFT = 160, 96


def photograph(seed: int, side: int = SIDE) -> Pixels:
    """Return a scene with a sensor's grain, which no neighbour predicts."""
    grain = np.random.default_rng(seed).normal(0, 4, (side, side, 1))
    return np.clip(np.rint(scene(side, side, seed) + grain), 0, 255).astype(np.uint8)


def warped(pixels: Pixels, side: int, scale: float = 1.0, degrees: float = 0.0) -> Pixels:
    """Return the middle of `pixels`, scaled and turned, `side` pixels wide and high."""
    middle = pixels.shape[1] / 2, pixels.shape[0] / 2
    matrix = cv2.getRotationMatrix2D(middle, degrees, scale)
    matrix[:, 2] += np.array([side / 2, side / 2]) - middle
    made = cv2.warpAffine(pixels, matrix, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(made, np.uint8)


def spliced(scale: float = 1.0, degrees: float = 0.0, seed: int = 1) -> Pixels:
    """Return a photograph with a part of another, scaled and turned."""
    pixels = photograph(seed)
    pixels[TOP : TOP + PART, LEFT : LEFT + PART] = warped(photograph(seed + 50), PART, scale, degrees)
    return pixels


def only(outcome: Outcome) -> Finding:
    assert outcome.why_not is None
    (finding,) = outcome.findings
    return finding


def lies_on_part(mask: NDArray[np.bool_] | None) -> bool:
    assert mask is not None
    inside = int(mask[TOP : TOP + PART, LEFT : LEFT + PART].sum())
    return inside > 0.7 * int(mask.sum()) and inside > 0.4 * PART * PART


@pytest.mark.parametrize("scale", [1.2, 1.4, 1.7])
def test_a_scaled_part_is_found(scale: float) -> None:
    finding = only(resampling(subject(spliced(scale))))
    assert finding.test is Test.RESAMPLING
    assert finding.nfa is not None
    assert finding.nfa <= MAX_NFA
    assert finding.text.key == "resampling.scaled"
    assert finding.text.values["up"] == pytest.approx(100 * scale, abs=2)
    assert lies_on_part(finding.mask)


@pytest.mark.parametrize("degrees", [15, 20])
def test_a_turned_part_is_found(degrees: int) -> None:
    finding = only(resampling(subject(spliced(degrees=degrees))))
    assert finding.text.key == "resampling.turned"
    assert finding.text.values["degrees"] == pytest.approx(degrees, abs=1)
    assert lies_on_part(finding.mask)


def test_a_part_that_was_turned_and_scaled_is_said_to_be_changed() -> None:
    finding = only(resampling(subject(spliced(1.3, 15))))
    assert finding.text.key == "resampling.changed"


def test_a_part_is_found_in_a_fine_jpeg_file() -> None:
    assert only(resampling(subject(spliced(1.4), "JPEG", 97))).text.key == "resampling.scaled"


def test_a_picture_that_was_not_scaled_has_none() -> None:
    outcome = resampling(subject(photograph(3)))
    assert outcome.why_not is None
    assert not outcome.findings
    assert not outcome.facts


def test_a_part_of_another_photograph_as_it_was_is_none() -> None:
    pixels = photograph(4)
    pixels[TOP : TOP + PART, LEFT : LEFT + PART] = photograph(5)[:PART, :PART]
    assert not resampling(subject(pixels)).findings


@pytest.mark.parametrize(
    ("scale", "degrees", "key"),
    [(1.4, 0, "resampling.whole_scaled"), (1, 10, "resampling.whole_turned"), (1.3, 15, "resampling.whole_changed")],
)
def test_a_picture_scaled_as_a_whole_is_a_fact_and_no_finding(scale: float, degrees: float, key: str) -> None:
    outcome = resampling(subject(warped(photograph(6, 640), SIDE, scale, degrees)))
    assert not outcome.findings
    (fact,) = outcome.facts
    assert fact.key == key


@pytest.mark.parametrize("scale", [1.12, 1.4, 1.7])
def test_by_how_much_a_picture_was_enlarged_is_told(scale: float) -> None:
    (fact,) = resampling(subject(warped(photograph(6, 640), SIDE, scale))).facts
    assert fact.key == "resampling.whole_scaled"
    assert fact.values["up"] == pytest.approx(100 * scale, abs=1)


def test_a_part_that_was_scaled_otherwise_than_the_picture_is_found() -> None:
    pixels = warped(photograph(6, 640), SIDE, 1.4)
    pixels[TOP : TOP + PART, LEFT : LEFT + PART] = warped(photograph(56), PART, 1.2)
    outcome = resampling(subject(pixels))
    assert only(outcome).text.values["up"] == pytest.approx(120, abs=2)
    assert lies_on_part(only(outcome).mask)
    assert [each.key for each in outcome.facts] == ["resampling.whole_scaled"]


def test_smooth_parts_of_a_scaled_picture_do_not_make_a_region_of_the_rest() -> None:
    pixels = photograph(7)
    pixels[:, :200] = 140 + pixels[:, :200] // 40
    outcome = resampling(subject(warped(pixels, SIDE, 1.4)))
    assert not outcome.findings


def test_blocks_of_a_jpeg_do_not_count() -> None:
    pixels = photograph(8)
    pixels[TOP : TOP + PART, LEFT : LEFT + PART] = resaved(photograph(9), 60)[3 : 3 + PART, 5 : 5 + PART]
    assert not resampling(subject(pixels)).findings


@pytest.mark.parametrize("period", [3.3, 5.3, 11.0])
def test_what_repeats_both_ways_by_itself_does_not_count(period: float) -> None:
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] * (2 * math.pi / period)
    along, across = 0.9 * columns + 0.43 * rows, 0.9 * rows - 0.43 * columns
    mesh = 40 * np.maximum(np.tanh(3 * np.sin(along)), np.tanh(3 * np.sin(across)))
    pixels, part = photograph(10), (slice(TOP, TOP + PART), slice(LEFT, LEFT + PART))
    pixels[part] = np.clip(np.rint(pixels[part] + mesh[part][..., np.newaxis]), 0, 255)
    assert lines_in(np.ascontiguousarray(pixels[part][:WINDOW, :WINDOW, 1])) > MOST_LINES
    assert not resampling(subject(pixels)).findings


def test_grain_does_not_repeat_by_itself_interpolated_or_not() -> None:
    plain = photograph(11)
    for pixels in (plain, warped(plain, WINDOW, 1.4)):
        assert lines_in(np.ascontiguousarray(pixels[:WINDOW, :WINDOW, 1])) < MOST_LINES / 2


def test_other_formats_are_not_judged() -> None:
    why_not = resampling(subject(photograph(1), "WEBP")).why_not
    assert why_not is not None
    assert (why_not.key, why_not.values["format"]) == ("resampling.other_format", "WEBP")


def test_a_coarse_jpeg_file_is_not_judged() -> None:
    why_not = resampling(subject(spliced(1.4), "JPEG", 70)).why_not
    assert why_not is not None
    assert (why_not.key, why_not.values["quality"]) == ("resampling.coarse", 70)


def test_a_scaled_picture_in_a_drawn_one_is_not_judged() -> None:
    # Even tones right up to their edges, as on a screen, above grain enough for a rest.
    pixels = photograph(13, 640)
    letters = np.random.default_rng(13).random((20, 64)) < 0.4
    pixels[:300] = np.where(np.kron(letters, np.ones((15, 10))) > 0, 60, 240)[..., np.newaxis]
    pixels[340 : 340 + PART, 60 : 60 + PART] = warped(photograph(14), PART, 1.4)
    why_not = resampling(subject(pixels)).why_not
    assert why_not is not None
    assert why_not.key == "resampling.drawn"


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5_000), (255, 400)])
def test_small_and_narrow_pictures_are_too_small(height: int, width: int) -> None:
    why_not = resampling(subject(np.full((height, width, 3), 90, np.uint8))).why_not
    assert why_not is not None
    assert why_not.key == "resampling.too_small"


@pytest.mark.parametrize("level", [0, 128, 255])
def test_even_pictures_have_nothing_to_see(level: int) -> None:
    why_not = resampling(subject(np.full((300, 300, 3), level, np.uint8))).why_not
    assert why_not is not None
    assert why_not.key == "resampling.flat"


def test_the_strip_of_rows_that_is_looked_at_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    luminance = np.ascontiguousarray(photograph(12)[..., 1])
    whole = beats_of(luminance)
    monkeypatch.setattr("takeback.examine.blind.resampling.prediction._ROWS", 64)
    parts = beats_of(luminance)
    assert (whole.across == parts.across).all()
    assert (whole.down == parts.down).all()
    assert (whole.detail == parts.detail).all()


def test_the_differences_are_of_fixed_weights() -> None:
    luminance = np.zeros((15, 15), np.uint8)
    luminance[7, 7] = 1
    across, down = differences(luminance)
    assert across[7, 4:11].tolist() == pytest.approx(SIXTH.tolist())
    assert down[4:11, 7].tolist() == pytest.approx(SIXTH.tolist())
    assert np.count_nonzero(across) == np.count_nonzero(down) == 7


def test_a_beat_counts_where_it_beats_both_ways_only() -> None:
    rows, columns = np.mgrid[0:WINDOW, 0:WINDOW] * (2 * math.pi / WINDOW)
    noise = np.random.default_rng(0).normal(0, 8, (2, WINDOW, WINDOW))
    beat, turned = 12 * np.cos(19 * columns + 5 * rows), 12 * np.cos(5 * columns - 19 * rows)
    across, down = (heights_of((each + beat).astype(np.float32)) for each in noise)
    assert twins_of(across, down)[:, 5, 19].max() < 5
    down = heights_of((noise[1] + turned).astype(np.float32))
    assert twins_of(across, down)[0, 5, 19] > 10
    assert twins_of(down, across)[1, 5, 19] > 10


def test_multiples_of_an_eighth_are_not_looked_at() -> None:
    looked = looked_at()
    assert not looked[::16, ::16].any()
    assert looked[24, 40]


@pytest.mark.parametrize(
    ("down", "across", "degrees", "up", "below"),
    [
        (0.0, 0.2857, None, 140, 78),
        (0.0, 0.0909, None, None, None),
        (0.0, 0.1667, None, 120, 86),
        (0.1736, 0.0152, 10, None, None),
        (0.342, 0.0603, 20, None, None),
        (0.3, 0.3, None, None, None),
    ],
)
def test_a_frequency_is_told_as_what_beats_so(
    down: float, across: float, degrees: float | None, up: float | None, below: float | None
) -> None:
    for found in (transform_of(down, across), transform_of(across, down)):
        told = (found.degrees, found.up, found.down)
        assert [each is None for each in told] == [each is None for each in (degrees, up, below)]
        for value, expected in zip(told, (degrees, up, below), strict=True):
            assert value is None or value == pytest.approx(expected, abs=1)
