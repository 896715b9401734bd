"""A part with other noise: found where the picture goes on evenly, and what nature does to noise left alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.examine.blind.scenes import as_file, subject

from takeback.examine.blind.noise_level import detector, noise_level
from takeback.examine.blind.noise_level.cells import MOST_CELLS, cells_of, side_of
from takeback.examine.blind.noise_level.curve import beyond, curve_of
from takeback.examine.blind.noise_level.detector import MARGIN, nfa_of
from takeback.examine.blind.noise_level.regions import regions_of
from takeback.examine.conformal import Bound
from takeback.examine.outcome import MAX_NFA, Outcome, Test
from takeback.examine.subject import Subject, luminance_of

HEIGHT, WIDTH = 360, 480
MIDDLE, RADIUS = (200, 180), 80

STRONGEST = Bound(999, (0.65,), "a test")
"""What no clean picture exceeds here, so that the tests do not hang on which photographs were at hand."""

type Pixels = NDArray[np.uint8]
type Plane = NDArray[np.float32]


@pytest.fixture(autouse=True)
def _a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector, "BOUND", STRONGEST)


def scene(seed: int, contrast: float = 45.0) -> Plane:
    """Draw something wide and smooth, with a few things that have edges, float32 [height, width, 3]."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(0, 1, (4, 5, 3)).astype(np.float32)
    picture = 125 + contrast * cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    for _ in range(4):
        at = tuple(int(v) for v in rng.integers(20, (WIDTH - 20, 90)))
        colour = tuple(float(v) for v in rng.integers(50, 200, 3))
        cv2.ellipse(picture, at, (18, 9), float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8), 30, 220)


def noisy(picture: Plane, spread: float | NDArray[np.floating], seed: int = 1) -> Pixels:
    """Add noise of so many levels, everywhere or at each pixel."""
    noise = np.random.default_rng(seed).normal(size=picture.shape) * np.asarray(spread)
    return np.asarray(np.clip(np.rint(picture + noise), 0, 255), np.uint8)


def disc() -> NDArray[np.bool_]:
    """Return a part in the middle, bool [height, width]."""
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(drawn, MIDDLE, RADIUS, 1, -1)
    return drawn > 0


def with_part(outer: Pixels, inner: NDArray[np.generic]) -> Pixels:
    """Lay the disc of `inner` into `outer`."""
    return np.asarray(np.where(disc()[..., np.newaxis], inner, outer), np.uint8)


def seen(luminance: NDArray[np.uint8]) -> Outcome:
    """Look at a plane."""
    return noise_level(Subject(b"", "png", np.repeat(luminance[..., np.newaxis], 3, axis=2), luminance))


ALTERED: Mapping[str, tuple[Callable[[Plane], NDArray[np.generic]], str, float]] = {
    "more": (lambda picture: noisy(picture, 6, 2), "more", 6 / 2.5),
    "less": (lambda picture: noisy(picture, 1, 2), "less", 2.5),
    "blurred": (lambda picture: cv2.GaussianBlur(noisy(picture, 2.5), (0, 0), 1.2), "less", 4.0),
    "even": (lambda picture: np.rint(cv2.GaussianBlur(picture, (0, 0), 2)), "less", 4.0),
}


@pytest.mark.parametrize("name", ALTERED)
@pytest.mark.parametrize(("kind", "quality"), [("PNG", 0), ("JPEG", 95)])
def test_a_part_with_other_noise_is_found_and_outlined(name: str, kind: str, quality: int) -> None:
    make, key, times = ALTERED[name]
    picture = scene(1)
    outcome = noise_level(subject(with_part(noisy(picture, 2.5), make(picture)), kind, quality))
    (finding,) = outcome.findings
    assert finding.test is Test.NOISE_LEVEL
    assert finding.nfa is not None
    assert finding.nfa <= MAX_NFA
    assert finding.text.key == f"noise_level.{key}"
    assert 0.5 * times < float(finding.text.values["times"]) < 2.5 * times
    assert finding.mask is not None
    assert 2 * (finding.mask & disc()).sum() / (finding.mask.sum() + disc().sum()) > 0.8
    ((left, top, width, height),) = finding.boxes
    assert abs(left + width / 2 - MIDDLE[0]) < 16
    assert abs(top + height / 2 - MIDDLE[1]) < 16


def _growing(picture: Plane) -> Pixels:
    return noisy(picture, np.linspace(1, 6, WIDTH)[np.newaxis, :, np.newaxis])


def _of_the_light(picture: Plane) -> Pixels:
    lit = with_part(np.rint(picture).astype(np.uint8), picture + 70).astype(np.float32)
    return noisy(lit, np.sqrt(lit) / 3)


def _textured(picture: Plane) -> Pixels:
    texture = 14 * np.random.default_rng(5).normal(size=picture.shape[:2]).astype(np.float32)
    thing = picture + 50 + cv2.GaussianBlur(texture, (0, 0), 0.6)[..., np.newaxis]
    return noisy(np.where(disc()[..., np.newaxis], thing, picture), 2.5)


def _out_of_focus(picture: Plane) -> Pixels:
    detail = cv2.GaussianBlur(np.random.default_rng(6).normal(0, 60, picture.shape).astype(np.float32), (0, 0), 2)
    return noisy(np.where(disc()[..., np.newaxis], picture + detail, picture), 2.5)


def _with_a_wire(picture: Plane) -> Pixels:
    """A kite's string before the sky: a few pixels wide and faint, so that the sky around it is smooth all the same."""
    seen = noisy(picture, 1.8).astype(np.float32)
    wire = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.line(wire, (60, 40), (WIDTH - 70, HEIGHT - 60), 1, 1, cv2.LINE_AA)
    return np.asarray(np.clip(np.rint(seen + 16 * wire[..., np.newaxis]), 0, 255), np.uint8)


CLEAN = {
    "even noise": lambda picture: noisy(picture, 2.5),
    "growing noise": _growing,
    "more noise where it is lighter": _of_the_light,
    "a thing with texture": _textured,
    "a sharp thing": _out_of_focus,
}


@pytest.mark.parametrize("name", CLEAN)
@pytest.mark.parametrize(("kind", "quality"), [("PNG", 0), ("JPEG", 90)])
def test_what_nature_does_to_noise_is_left_alone(name: str, kind: str, quality: int) -> None:
    outcome = noise_level(subject(CLEAN[name](scene(3, 30)), kind, quality))
    assert (outcome.findings, outcome.why_not) == ((), None)


@pytest.mark.parametrize(("kind", "quality"), [("PNG", 0), ("JPEG", 95)])
def test_a_wire_in_the_sky_is_no_noise(kind: str, quality: int) -> None:
    """Where it passes, cells have more noise; beside it, in the same region, they have none."""
    outcome = noise_level(subject(_with_a_wire(scene(3, 30)), kind, quality))
    assert (outcome.findings, outcome.why_not) == ((), None)


def test_noise_is_measured_in_levels_whatever_the_slope_and_the_brightness() -> None:
    slope = np.linspace(40, 200, WIDTH, dtype=np.float32)[np.newaxis, :, np.newaxis]
    picture = np.broadcast_to(slope, (HEIGHT, WIDTH, 3)).astype(np.float32)
    grey = np.repeat(noisy(picture, 3.0)[..., :1], 3, axis=2)
    cells = cells_of(grey, luminance_of(grey))
    assert cells.smooth.mean() > 0.99
    assert math.exp(float(np.median(cells.noise)) / 2) == pytest.approx(3, rel=0.1)
    assert np.abs(curve_of(cells)[60:180] - math.log(9)).max() < 0.25


def test_texture_what_is_clipped_and_what_is_flat_say_nothing() -> None:
    picture = noisy(scene(2), 2.5)
    picture[:80, :80] = np.random.default_rng(1).integers(40, 210, (80, 80, 1))
    picture[100:180, 100:180] = 255
    picture[200:280, 300:380] = 90
    smooth = cells_of(picture, luminance_of(picture)).smooth
    for part in (smooth[2:18, 2:18], smooth[26:44, 26:44], smooth[52:68, 77:93]):
        assert not part.any()
    assert smooth.mean() > 0.5


def test_a_tenth_has_the_least_noise_at_every_brightness() -> None:
    picture = scene(4)
    bright = noisy(picture, np.sqrt(picture) / 4)
    cells = cells_of(bright, luminance_of(bright))
    for tail in beyond(cells, 0.1):
        for light in (cells.brightness < 110, cells.brightness >= 140):
            share = (tail & light).sum() / (cells.smooth & light).sum()
            assert share == pytest.approx(0.1, abs=0.03)


def test_both_chance_and_clean_pictures_have_to_be_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = scene(1)
    altered = with_part(noisy(picture, 2.5), noisy(picture, 6, 2))
    region = regions_of(cells_of(altered, luminance_of(altered)))[0]
    assert nfa_of(region) == STRONGEST.nfa(region.strength / MARGIN) <= MAX_NFA
    assert nfa_of(replace(region, log_chance=-3.0)) == pytest.approx(math.exp(-3))
    monkeypatch.setattr(detector, "BOUND", Bound(999, (region.strength / MARGIN,) * 5, "a test"))
    assert nfa_of(region) == pytest.approx(6 / 1000)
    assert noise_level(subject(altered)).findings == ()


def test_cells_grow_with_the_picture_so_that_time_is_bounded() -> None:
    assert side_of(512 * 512) == 4
    for pixels in (3_000_000, 12_000_000, 400_000_000):
        assert side_of(pixels) % 4 == 0
        assert pixels / side_of(pixels) ** 2 <= MOST_CELLS


def test_a_large_picture_is_told_at_its_own_size() -> None:
    picture = cv2.resize(scene(1), (4 * WIDTH, 4 * HEIGHT), interpolation=cv2.INTER_CUBIC)
    grey = picture[..., 1].astype(np.float32)
    truth = cv2.resize(disc().astype(np.uint8), grey.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    (finding,) = seen(np.where(truth, noisy(grey, 5, 2), noisy(grey, 2)).astype(np.uint8)).findings
    assert finding.mask is not None
    assert finding.mask.shape == grey.shape
    assert 2 * (finding.mask & truth).sum() / (finding.mask.sum() + truth.sum()) > 0.9


def test_a_coarse_saving_is_said_to_have_taken_the_noise() -> None:
    outcome = noise_level(subject(noisy(scene(1), 2.5), "JPEG", 60))
    assert outcome.why_not is not None
    assert outcome.why_not.key == "noise_level.coarse"
    assert outcome.why_not.values == {"quality": 60}


def test_a_damaged_table_is_no_reason_to_fail() -> None:
    data = as_file(noisy(scene(1), 2.5), "JPEG", 95)
    picture = subject(noisy(scene(1), 2.5), "JPEG", 95)
    for broken in (b"", data[:30], b"\xff\xd8\xff\xdb\x00\x04\x00\x00"):
        assert noise_level(replace(picture, data=broken)).why_not is None


@pytest.mark.parametrize(
    ("luminance", "key"),
    [
        (np.full((1, 1), 90, np.uint8), "too_small"),
        (np.full((3, 100_000), 90, np.uint8), "too_small"),
        (np.full((300, 400), 90, np.uint8), "no_smooth"),
        (np.random.default_rng(1).integers(0, 256, (300, 400), dtype=np.uint8), "no_smooth"),
        (np.rint(scene(1)[..., 0]).astype(np.uint8), "no_noise"),
    ],
    ids=["a pixel", "a line", "flat", "nothing but noise", "drawn"],
)
def test_what_has_no_noise_to_compare_is_not_judged(luminance: NDArray[np.uint8], key: str) -> None:
    outcome = seen(luminance)
    assert outcome.why_not is not None
    assert outcome.why_not.key == f"noise_level.{key}"
    assert outcome.findings == ()


@pytest.mark.parametrize("shape", [(96, 96), (97, 5_001), (2_003, 101)])
def test_noise_of_any_shape_has_no_such_part(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(7).normal(128, 4, shape)
    outcome = seen(np.clip(np.rint(noise), 0, 255).astype(np.uint8))
    assert (outcome.findings, outcome.why_not) == ((), None)
