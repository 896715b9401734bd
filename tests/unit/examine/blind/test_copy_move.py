"""A part copied within a picture: found wherever it was laid, and equal things that were not copied left alone."""

from __future__ import annotations

import io
import math

import cv2
import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from takeback.examine.blind.copy_move import copy_move
from takeback.examine.blind.copy_move.drawn import MAX_EVEN, even_share
from takeback.examine.blind.copy_move.elsewhere import Likeness, likeness
from takeback.examine.blind.copy_move.keypoints import transforms
from takeback.examine.blind.copy_move.plane import plane_of
from takeback.examine.blind.copy_move.shifts import shifts
from takeback.examine.blind.copy_move.strength import strength
from takeback.examine.blind.copy_move.verified import verified
from takeback.examine.outcome import MAX_NFA, Outcome, Test
from takeback.examine.subject import Subject, luminance_of, read_subject
from takeback.media import MediaLimits

WIDTH, HEIGHT = 420, 320
SOURCE = (110, 100)
TARGET = (300, 210)
RADIUS = 55

type Pixels = NDArray[np.uint8]
type Matrix = NDArray[np.float64]


def scene(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """Draw something like a photograph: fractal noise, some shapes, and a sensor's grain."""
    rng = np.random.default_rng(seed)
    values = np.full((height, width, 3), 120.0)
    for octave in range(1, 9):
        coarse = rng.normal(0, 1, (2**octave, 2**octave)).astype(np.float32)
        values += (
            20 * 0.85**octave * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., np.newaxis]
        )
    picture = np.clip(values, 0, 255).astype(np.uint8)
    for _ in range(25):
        at = tuple(int(v) for v in rng.integers(0, (width, height)))
        colour = tuple(int(v) for v in rng.integers(40, 220, 3))
        axes = tuple(int(v) for v in rng.integers(4, 30, 2))
        cv2.ellipse(picture, at, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
    grain = cv2.GaussianBlur(rng.normal(0, 6, picture.shape), (0, 0), 0.7)
    return np.asarray(np.clip(picture + grain, 0, 255), np.uint8)


def similarity(degrees: float = 0, scale: float = 1, *, mirrored: bool = False) -> Matrix:
    """Return the transform that lays the source's middle on the target's."""
    angle = math.radians(degrees)
    linear = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    if mirrored:
        linear = linear @ np.diag([-1.0, 1.0])
    return np.column_stack([linear, np.array(TARGET) - linear @ SOURCE])


def copied(pixels: Pixels, matrix: Matrix) -> tuple[Pixels, NDArray[np.bool_]]:
    """Copy a disc of the picture, and return it with both places."""
    disc = np.zeros(pixels.shape[:2], np.float32)
    cv2.circle(disc, SOURCE, RADIUS, 1, -1, cv2.LINE_AA)
    size = pixels.shape[1], pixels.shape[0]
    moved = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    alpha = cv2.warpAffine(disc, matrix, size)
    laid = pixels + alpha[..., np.newaxis] * (moved.astype(np.float32) - pixels)
    return np.rint(laid).clip(0, 255).astype(np.uint8), (disc > 0.5) | (alpha > 0.5)


def said_of(pixels: Pixels, quality: int | None = None) -> Outcome:
    """Save a picture, and look for copies in it."""
    file = io.BytesIO()
    if quality is None:
        PIL.Image.fromarray(pixels).save(file, "PNG")
    else:
        PIL.Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return copy_move(read_subject(file.getvalue(), MediaLimits()))


def seen(luminance: NDArray[np.uint8]) -> Outcome:
    """Look for copies in a plane."""
    pixels = np.zeros((1, 1, 3), np.uint8)
    return copy_move(Subject(b"", "png", pixels, luminance))


COPIES: dict[str, tuple[Matrix, int | None, str, dict[str, int]]] = {
    "shifted": (similarity(), None, "shifted", {}),
    "shifted, q70": (similarity(), 70, "shifted", {}),
    "turned, q80": (similarity(25), 80, "changed", {"degrees": 25, "percent": 100}),
    "scaled, q90": (similarity(scale=0.82), 90, "changed", {"degrees": 0, "percent": 122}),
    "mirrored, q80": (similarity(mirrored=True), 80, "mirrored", {"degrees": 0, "percent": 100}),
    "all of it": (similarity(-15, 1.2, mirrored=True), None, "mirrored", {"degrees": 15, "percent": 120}),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copied_part_is_found_with_both_its_places_and_what_was_done_to_it(name: str) -> None:
    matrix, quality, key, values = COPIES[name]
    pixels, truth = copied(scene(1), matrix)
    outcome = said_of(pixels, quality)
    (finding,) = outcome.findings
    assert finding.test is Test.COPY_MOVE
    assert finding.nfa is not None
    assert finding.nfa <= MAX_NFA
    assert finding.mask is not None
    assert 2 * (finding.mask & truth).sum() / (finding.mask.sum() + truth.sum()) > 0.8
    middles = sorted((left + width / 2, top + height / 2) for left, top, width, height in finding.boxes)
    assert np.allclose(middles, sorted([SOURCE, TARGET]), atol=12)
    assert finding.text.key == f"copy_move.{key}"
    assert finding.text.values == pytest.approx(values, abs=1)


@pytest.mark.parametrize(("seed", "quality"), [(1, None), (2, 70)])
def test_an_unaltered_picture_has_none(seed: int, quality: int | None) -> None:
    outcome = said_of(scene(seed), quality)
    assert (outcome.findings, outcome.why_not) == ((), None)


def test_what_is_there_many_times_is_not_a_copy() -> None:
    pixels = scene(3)
    window = scene(13)[50:104, 50:104]
    for top in (30, 130, 230):
        for left in (40, 180, 320):
            pixels[top : top + 54, left : left + 54] = window
    outcome = said_of(pixels, 85)
    assert (outcome.findings, outcome.why_not) == ((), None)


def test_a_pattern_without_end_is_not_a_copy() -> None:
    assert said_of(np.tile(scene(3, 60, 60), (6, 7, 1)), 85).findings == ()


def test_two_things_that_are_alike_are_not_a_copy() -> None:
    pixels, _ = copied(scene(4), similarity())
    grain = cv2.GaussianBlur(np.random.default_rng(9).normal(0, 22, pixels.shape), (0, 0), 0.7)
    assert said_of(np.clip(pixels + grain, 0, 255).astype(np.uint8)).findings == ()


def test_a_copy_of_a_flat_part_is_not_found() -> None:
    pixels = scene(5)
    pixels[40:170, 40:180] = 128
    pixels[150:280, 230:370] = 128
    assert said_of(pixels).findings == ()


def test_straight_edges_have_no_texture_of_their_own_and_corners_have() -> None:
    luminance = np.full((HEIGHT, WIDTH), 60, np.uint8)
    luminance[100:, :200] = 180
    textured = plane_of(luminance).textured
    assert not textured[80:120, 20:170].any()
    assert textured[97:103, 197:203].all()


def test_a_drawn_picture_is_not_judged() -> None:
    drawn = np.full((HEIGHT, WIDTH, 3), 250, np.uint8)
    for row in range(4):
        for column in range(5):
            at = 45 + 80 * column, 45 + 75 * row
            cv2.rectangle(drawn, at, (at[0] + 30, at[1] + 30), (30, 90, 200), -1)
            cv2.circle(drawn, (at[0] + 15, at[1] + 15), 9, (240, 200, 20), -1, cv2.LINE_AA)
    for quality in (None, 75):
        outcome = said_of(drawn, quality)
        assert outcome.why_not is not None
        assert outcome.why_not.key == "copy_move.drawn"
        assert outcome.findings == ()
    assert even_share(plane_of(luminance_of(scene(1)))) < MAX_EVEN / 3


@pytest.mark.parametrize(
    ("shape", "key"),
    [((1, 1), "too_small"), ((3, 100_000), "too_small"), ((64, 100_000), "too_narrow"), ((300, 400), "flat")],
)
def test_what_is_too_small_or_too_narrow_or_flat_is_not_judged(shape: tuple[int, int], key: str) -> None:
    outcome = seen(np.full(shape, 90, np.uint8))
    assert outcome.why_not is not None
    assert outcome.why_not.key == f"copy_move.{key}"


@pytest.mark.parametrize("shape", [(64, 64), (65, 900), (300, 400)])
def test_noise_of_any_shape_has_no_copy(shape: tuple[int, int]) -> None:
    assert seen(np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)).findings == ()


def test_a_large_picture_is_reduced_and_told_at_its_own_size() -> None:
    pixels, truth = copied(scene(8), similarity())
    large = np.asarray(cv2.resize(pixels, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    outcome = seen(luminance_of(large))
    (finding,) = outcome.findings
    assert finding.mask is not None
    assert finding.mask.shape == large.shape[:2]
    truth = np.repeat(np.repeat(truth, 3, axis=0), 3, axis=1)
    assert 2 * (finding.mask & truth).sum() / (finding.mask.sum() + truth.sum()) > 0.8


def test_shifts_are_proposed_to_the_pixel() -> None:
    pixels, _ = copied(scene(1), similarity())
    assert any(
        np.allclose(each, [[1, 0, 190], [0, 1, 110]], atol=1) for each in shifts(plane_of(luminance_of(pixels)), 20)[:3]
    )


def test_what_is_as_like_elsewhere_is_explained_by_the_picture_itself() -> None:
    rng = np.random.default_rng(1)
    like, unlike = rng.uniform(0.05, 0.1, 24), rng.uniform(0.5, 1, 24)
    assert Likeness(like, like.copy()).chance > 0.1
    assert Likeness(like, unlike).chance < 1e-9
    assert Likeness(like[:5], unlike[:5]).chance == 1


def test_equal_words_on_a_screenshot_are_not_a_copy() -> None:
    screen = np.full((HEIGHT + 80, WIDTH, 3), 245, np.uint8)
    screen[40 : 40 + HEIGHT] = scene(2)
    for left, top in ((10, 28), (190, HEIGHT + 68)):
        cv2.putText(screen, "Share picture", (left, top), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2, cv2.LINE_AA)
    for quality in (None, 80):
        outcome = said_of(screen, quality)
        assert (outcome.findings, outcome.why_not) == ((), None)


NOTHING_LIKE = Likeness(np.full(24, 0.03), np.full(24, 0.8))
MUCH_ALIKE = Likeness(np.full(24, 0.03), np.full(24, 0.02))


def strength_of(pixels: Pixels, like: Likeness) -> float:
    """Return how much says that the disc at the target is a copy."""
    plane = plane_of(luminance_of(pixels))
    region = verified(plane, similarity(), 20, None)
    assert region is not None
    return strength(plane, region, like, 20)


def test_a_copy_is_told_by_what_saving_leaves_and_what_looks_alike_by_a_share_of_its_texture() -> None:
    pixels, _ = copied(scene(1), similarity())
    assert strength_of(pixels, NOTHING_LIKE) > 100
    middle = cv2.GaussianBlur(pixels, (0, 0), 6).astype(np.float32)
    stronger = np.clip(middle + 1.6 * (pixels - middle), 0, 255)
    disc = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    cv2.circle(disc, TARGET, RADIUS + 4, 1.0, -1)
    alike = np.rint(pixels + disc * (stronger - pixels)).astype(np.uint8)
    assert strength_of(alike, NOTHING_LIKE) < 0
    assert strength_of(pixels, MUCH_ALIKE) < strength_of(pixels, NOTHING_LIKE) / 2


def test_patches_of_a_scaled_copy_are_compared_as_it_is_scaled() -> None:
    """Detail that is scaled is not the detail of what is scaled: finer, or coarser, than is looked at."""
    matrix = similarity(scale=1.25)
    pixels, _ = copied(scene(1), matrix)
    plane = plane_of(luminance_of(pixels))
    region = verified(plane, matrix, 20, None)
    assert region is not None
    found = likeness(plane, region)
    assert np.quantile(found.at_copy, 0.75) < 0.05
    assert np.median(found.elsewhere) > 0.4


@pytest.mark.parametrize("seed", [6, 8])
def test_a_smooth_part_has_features_beside_a_rough_one(seed: int) -> None:
    """One that is turned, which no shift shows: a fifth of the contrast of the rest."""
    pixels = scene(seed).astype(np.float32)
    around = cv2.GaussianBlur(pixels, (0, 0), 12)
    weight = np.full((HEIGHT, WIDTH, 1), 1.0, np.float32)
    cv2.circle(weight, SOURCE, RADIUS + 12, 0.2, -1)
    smooth = np.clip(np.rint(around + weight * (pixels - around)), 0, 255).astype(np.uint8)
    matrix = similarity(25)
    made, _ = copied(smooth, matrix)
    proposed = [found for found, _ in transforms(plane_of(luminance_of(made)), 20)]
    spots = np.array([[*SOURCE, 1], [SOURCE[0] + 30, SOURCE[1] - 20, 1]])

    def leads(found: Matrix, way: Matrix) -> bool:
        return bool(np.abs(spots @ found.T - spots @ way.T).max() < 3)

    assert any(leads(each, matrix) or leads(inverse(each), matrix) for each in proposed)


def inverse(matrix: Matrix) -> Matrix:
    """Return the transform back."""
    return np.asarray(np.linalg.inv(np.vstack([matrix, (0, 0, 1)]))[:2])
