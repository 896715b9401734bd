"""What a picture's JPEG grid gives away, what it cannot, and that this is said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.examine.blind.scenes import Pixels, as_file, resaved, scene, subject

from takeback.examine import examine_image
from takeback.examine.blind.jpeg_grid import jpeg_grid
from takeback.examine.blind.jpeg_grid.steps import qualities_of
from takeback.examine.blind.jpeg_grid.tail import log_tail
from takeback.examine.libjpeg import luminance_steps
from takeback.examine.outcome import MAX_NFA, Outcome
from takeback.examine.subject import Subject

BOX = (101, 66, 96, 80)
"""Left, top, width, height of what is put in."""


def put_in(host: Pixels, part: Pixels) -> Pixels:
    """Lay a part of one picture, from its corner on, into another."""
    left, top, width, height = BOX
    both = host.copy()
    both[top : top + height, left : left + width] = part[:height, :width]
    return both


@pytest.fixture(scope="module")
def host() -> Pixels:
    return resaved(scene(240, 328, 1), 85)


@pytest.fixture(scope="module")
def splice(host: Pixels) -> Pixels:
    """A part of another JPEG, whose blocks lie elsewhere."""
    return put_in(host, resaved(scene(200, 200, 2), 70)[3:, 6:])


def said(outcome: Outcome) -> list[str]:
    """Return the keys of all that is said, without the test's name."""
    every = [finding.text for finding in outcome.findings] + list(outcome.facts)
    every += [outcome.why_not] if outcome.why_not is not None else []
    return [each.key.removeprefix("jpeg_grid.") for each in every]


def agreement(mask: NDArray[np.bool_] | None) -> float:
    """Return the intersection of a mask with what was put in, over their union."""
    assert mask is not None
    left, top, width, height = BOX
    truth = np.zeros(mask.shape, np.bool_)
    truth[top : top + height, left : left + width] = True
    return float((mask & truth).sum() / (mask | truth).sum())


# What is found


def test_a_part_of_another_jpeg_is_found_where_it_lies(splice: Pixels) -> None:
    outcome = jpeg_grid(subject(splice))
    (finding,) = outcome.findings
    assert finding.text.key == "jpeg_grid.foreign"
    assert finding.nfa is not None
    assert finding.nfa <= MAX_NFA
    assert outcome.nfa == finding.nfa
    assert agreement(finding.mask) > 0.7
    assert outcome.why_not is None


def test_it_is_found_where_the_picture_was_cropped_since(splice: Pixels) -> None:
    outcome = jpeg_grid(subject(splice[5:, 2:]))
    assert said(outcome)[0] == "foreign"
    (cropped,) = [fact for fact in outcome.facts if fact.key == "jpeg_grid.cropped"]
    assert (cropped.values["left"], cropped.values["top"]) == (2, 5)


def test_a_part_that_was_never_a_jpeg_is_found(host: Pixels) -> None:
    (finding,) = jpeg_grid(subject(put_in(host, scene(200, 200, 3)))).findings
    assert finding.text.key == "jpeg_grid.odd"
    assert agreement(finding.mask) > 0.7


def test_the_whole_examination_tells_it(splice: Pixels) -> None:
    assert [finding.test.value for finding in examine_image(as_file(splice, "PNG")).findings] == ["jpeg_grid"]


# What is not


@pytest.mark.parametrize("quality", [95, 80])
def test_a_jpeg_file_is_told_to_hide_what_was_done_before_it_was_saved(splice: Pixels, quality: int) -> None:
    assert said(jpeg_grid(subject(splice, "JPEG", quality))) == ["blind"]


def test_an_unchanged_picture_that_was_a_jpeg_has_facts_and_no_finding(host: Pixels) -> None:
    assert said(jpeg_grid(subject(host))) == ["whole", "quality"]


def test_an_earlier_grid_under_the_last_saving_is_a_fact_and_no_finding() -> None:
    cropped = resaved(scene(240, 328, 1), 70)[3:, 5:]
    for quality in (92, 95, 98):
        outcome = jpeg_grid(subject(resaved(cropped, quality)))
        assert outcome.findings == ()
    # So fine a saving leaves both to be seen, in different parts.
    assert "earlier" in said(outcome)


def test_two_savings_on_one_grid_are_no_finding() -> None:
    for first, second in ((60, 90), (75, 92), (90, 75), (85, 97)):
        twice = resaved(resaved(scene(240, 328, 1), first), second)
        assert jpeg_grid(subject(twice)).findings == ()


def test_a_picture_that_was_never_a_jpeg_or_was_scaled_has_no_grid(host: Pixels) -> None:
    assert said(jpeg_grid(subject(scene(200, 240, 8)))) == ["no_grid"]
    assert said(jpeg_grid(subject(host[::2, ::2]))) == ["no_grid"]


def test_formats_that_overwrite_the_traces_are_named(host: Pixels) -> None:
    outcome = jpeg_grid(subject(host, "WEBP"))
    assert said(outcome) == ["other_format"]
    assert "WEBP" in str(outcome.why_not)


@pytest.mark.parametrize("shape", [(1, 1), (7, 400), (63, 63), (3, 5000), (64, 64), (65, 2000)])
@pytest.mark.parametrize("kind", ["flat", "noise", "gradient"])
def test_whatever_has_no_jpeg_in_it_has_no_finding(shape: tuple[int, int], kind: str) -> None:
    if kind == "noise":
        pixels = np.random.default_rng(9).integers(0, 256, (*shape, 3), np.uint8)
    else:
        line = np.linspace(0, 255 * (kind == "gradient"), shape[1])
        pixels = np.broadcast_to(line[:, np.newaxis].astype(np.uint8), (*shape, 3)).copy()
    outcome = jpeg_grid(Subject(b"", "png", pixels, pixels[..., 0].copy()))
    assert outcome.findings == ()
    assert outcome.why_not is not None


# The steps of the last saving


@pytest.mark.parametrize("quality", [55, 75, 90, 95])
def test_the_quality_of_the_last_saving_is_told_from_the_pixels(quality: int) -> None:
    outcome = jpeg_grid(subject(resaved(scene(240, 328, 4), quality)[2:, 1:]))
    (fact,) = [fact for fact in outcome.facts if fact.key == "jpeg_grid.quality"]
    assert abs(int(fact.values["quality"]) - quality) <= 2


def test_a_table_turned_by_a_right_angle_is_known() -> None:
    table = luminance_steps()[80].reshape(8, 8).copy()
    table[0, 0] = 0
    assert qualities_of(table) == (80,)
    assert qualities_of(table.T) == (80,)
    assert qualities_of(table + 1) == ()


def test_too_few_steps_are_no_table() -> None:
    steps = np.zeros((8, 8), np.int64)
    steps[1, 0], steps[0, 1] = luminance_steps()[80].reshape(8, 8)[1, 0], luminance_steps()[80].reshape(8, 8)[0, 1]
    assert qualities_of(steps) == ()


def test_the_bound_of_a_tail_is_never_below_it() -> None:
    for n, p in ((20, 1 / 64), (64, 0.02), (40, 0.3)):
        for k in range(1, n + 1):
            tail = sum(math.comb(n, each) * p**each * (1 - p) ** (n - each) for each in range(k, n + 1))
            assert float(log_tail(np.array(float(n)), np.array(float(k)), p)) >= math.log(tail) - 1e-9
