"""A sensor's mosaic: a part that has another or none is found, and what hides or weakens a mosaic is left alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.examine.blind.scenes import subject

from takeback.examine.blind.demosaicing import demosaicing, detector, prediction
from takeback.examine.blind.demosaicing.detector import MARGIN, nfa_of, votes_or_reason
from takeback.examine.blind.demosaicing.prediction import BLOCK, blocks_of, fitted
from takeback.examine.blind.demosaicing.regions import ASIDE, Region, around, regions_of
from takeback.examine.blind.demosaicing.votes import LEAST_ALIKE, votes_of
from takeback.examine.conformal import Bound
from takeback.examine.outcome import MAX_NFA
from takeback.examine.subject import Subject

HEIGHT, WIDTH = 384, 512
MIDDLE, RADIUS = (300, 180), 90

STRONGEST = Bound(999, (8.0,), "a test")
"""What no clean picture exceeds here, so that the tests do not hang on which photographs were at hand."""

type Pixels = NDArray[np.uint8]


@pytest.fixture(autouse=True)
def _a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector, "BOUND", STRONGEST)


def scene(seed: int) -> Pixels:
    """Draw hills of colour with noise, and things with edges, uint8 [height, width, 3]: no mosaic yet."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(0, 1, (7, 9, 3)).astype(np.float32)
    picture = 125 + 35 * cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    for _ in range(25):
        at = tuple(int(v) for v in rng.integers(0, (WIDTH, HEIGHT)))
        colour = tuple(float(v) for v in rng.integers(50, 200, 3))
        cv2.ellipse(picture, at, (30, 12), float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.7) + rng.normal(0, 2.5, picture.shape)
    return np.asarray(np.clip(np.rint(picture), 8, 245), np.uint8)


def developed(pixels: Pixels, first: int = 0, way: str = "mean") -> Pixels:
    """Keep of each pixel the colour that a sensor sees, red at row 0 and column `first`, and work the others out."""
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    colours = rows % 2 + (columns + first) % 2
    seen = np.take_along_axis(pixels, colours[..., np.newaxis], axis=2)[..., 0]
    if way != "mean":
        code = cv2.COLOR_BayerGRBG2RGB_EA if first else cv2.COLOR_BayerRGGB2RGB_EA
        return np.asarray(cv2.cvtColor(seen, code), np.uint8)
    square = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], np.float32)
    found = []
    for colour in range(3):
        weights = (colours == colour).astype(np.float32)
        total = cv2.filter2D(seen * weights, -1, square) / cv2.filter2D(weights, -1, square)
        found.append(np.where(colours == colour, seen, total))
    return np.asarray(np.rint(np.stack(found, axis=-1)), np.uint8)


def disc() -> NDArray[np.bool_]:
    """Return a part, bool [height, width]."""
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(drawn, MIDDLE, RADIUS, 1, -1)
    return drawn > 0


def with_part(outer: Pixels, inner: Pixels) -> Pixels:
    """Lay the disc of `inner` into `outer`."""
    return np.where(disc()[..., np.newaxis], inner, outer)


PARTS: Mapping[str, tuple[Callable[[Pixels], Pixels], str]] = {
    "a column aside": (lambda host: developed(scene(2), 1), "elsewhere"),
    "copied within, an odd way": (lambda host: np.roll(host, (8, 61), (0, 1)), "elsewhere"),
    "never seen by a sensor": (lambda host: scene(2), "missing"),
    "smoothed": (lambda host: np.asarray(cv2.GaussianBlur(host, (0, 0), 1.2), np.uint8), "missing"),
}


@pytest.mark.parametrize("way", ["mean", "by edges"])
@pytest.mark.parametrize(("kind", "quality"), [("PNG", 0), ("JPEG", 98)])
@pytest.mark.parametrize("name", PARTS)
def test_a_part_with_another_mosaic_or_none_is_found_and_outlined(name: str, kind: str, quality: int, way: str) -> None:
    make, key = PARTS[name]
    host = developed(scene(1), 0, way)
    outcome = demosaicing(subject(with_part(host, make(host)), kind, quality))
    finding = outcome.findings[0]
    assert finding.text.key == f"demosaicing.{key}"
    assert finding.nfa is not None
    assert finding.nfa <= MAX_NFA
    assert finding.mask is not None
    found = np.any([each.mask for each in outcome.findings if each.mask is not None], axis=0)
    assert 2 * (found & disc()).sum() / (found.sum() + disc().sum()) > (0.75 if key == "elsewhere" else 0.6)


CLEAN: Mapping[str, Callable[[Pixels], NDArray[np.generic]]] = {
    "as it was developed": lambda picture: picture,
    "cropped": lambda picture: picture[3:, 5:],
    "turned": lambda picture: np.ascontiguousarray(picture[::-1].transpose(1, 0, 2)),
    "lightened": lambda picture: np.asarray(np.rint(255 * (picture / 255.0) ** 0.8), np.uint8),
    "sharpened": lambda picture: cv2.addWeighted(picture, 1.5, cv2.GaussianBlur(picture, (0, 0), 1.2), -0.5, 0),
}


@pytest.mark.parametrize(("kind", "quality"), [("PNG", 0), ("JPEG", 97)])
@pytest.mark.parametrize("name", CLEAN)
def test_a_picture_with_its_own_mosaic_is_said_to_show_it_and_has_no_such_part(
    name: str, kind: str, quality: int
) -> None:
    outcome = demosaicing(subject(np.asarray(CLEAN[name](developed(scene(3))), np.uint8), kind, quality))
    assert (outcome.findings, outcome.why_not) == ((), None)
    assert [each.key for each in outcome.facts] == ["demosaicing.shown"]


WITHOUT: Mapping[str, Callable[[Pixels], NDArray[np.generic]]] = {
    "never seen by a sensor": lambda picture: scene(3),
    "reduced": lambda picture: cv2.resize(picture, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA),
    "enlarged": lambda picture: cv2.resize(picture, None, fx=1.3, fy=1.3, interpolation=cv2.INTER_CUBIC),
    "twice as large": lambda picture: cv2.resize(scene(3), None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR),
    "smoothed": lambda picture: cv2.GaussianBlur(picture, (0, 0), 1.5),
}


@pytest.mark.parametrize(("kind", "quality"), [("PNG", 0), ("JPEG", 95), ("JPEG", 75)])
@pytest.mark.parametrize("name", WITHOUT)
def test_a_picture_without_a_mosaic_is_not_judged(name: str, kind: str, quality: int) -> None:
    outcome = demosaicing(subject(np.asarray(WITHOUT[name](developed(scene(3))), np.uint8), kind, quality))
    assert outcome.why_not is not None
    assert outcome.why_not.key == "demosaicing.none"
    assert (outcome.findings, outcome.facts) == ((), ())


def test_a_coarse_saving_hides_the_mosaic_and_is_said_to() -> None:
    outcome = demosaicing(subject(developed(scene(3)), "JPEG", 70))
    assert outcome.why_not is not None
    assert outcome.why_not.key == "demosaicing.none"


@pytest.mark.parametrize(
    ("pixels", "key"),
    [
        (np.full((1, 1, 3), 90, np.uint8), "too_small"),
        (np.full((3, 100_000, 3), 90, np.uint8), "too_small"),
        (np.full((300, 400, 3), 90, np.uint8), "flat"),
        (np.full((300, 400, 3), 255, np.uint8), "flat"),
    ],
    ids=["a pixel", "a line", "even", "clipped"],
)
def test_what_is_small_or_flat_is_not_judged(pixels: Pixels, key: str) -> None:
    outcome = demosaicing(Subject(b"", "png", pixels, pixels[..., 1]))
    assert outcome.why_not is not None
    assert outcome.why_not.key == f"demosaicing.{key}"


def test_noise_of_every_pixel_by_itself_favours_no_mosaic() -> None:
    noise = np.clip(np.random.default_rng(2).normal(128, 20, (400, 400, 3)), 10, 240).astype(np.uint8)
    weights = fitted(noise)
    assert weights is not None
    assert votes_of(blocks_of(noise, weights)).own == pytest.approx(0.5, abs=0.03)


def test_the_weights_that_judge_a_tile_do_not_know_it() -> None:
    picture = developed(scene(4))
    weights = fitted(picture)
    assert weights is not None
    changed = picture.copy()
    tile = prediction.TILE
    # Not up to its edges, where its neighbours look.
    inner = slice(8, tile - 8)
    changed[inner, inner] = scene(5)[inner, inner]
    again = fitted(changed)
    assert again is not None
    # The first tile is of the first half, so what judges the first half is fitted without it.
    assert np.allclose(weights.of[:, 0], again.of[:, 0])
    assert not np.allclose(weights.of[:, 1], again.of[:, 1])


def test_some_strips_say_for_all_whether_there_is_a_mosaic(monkeypatch: pytest.MonkeyPatch) -> None:
    smooth = cv2.resize(scene(6), (1600, 1200), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(6).normal(0, 3, smooth.shape)
    large = np.clip(np.rint(smooth + noise), 8, 245).astype(np.uint8)
    whole = votes_or_reason(subject(developed(large)))[0]
    monkeypatch.setattr(detector, "SAMPLED", 400_000)
    sampled = votes_or_reason(subject(developed(large)))[0]
    assert whole is not None
    assert sampled is not None
    assert sampled.count == whole.count
    assert sampled.own == pytest.approx(whole.own, abs=0.02)
    assert votes_or_reason(subject(large))[1] is not None


def test_blocks_are_held_against_those_that_are_like_them() -> None:
    """The left half shows its mosaic, the right one, of another colour and smoother, does not: that is no exception."""
    picture = developed(scene(7))
    half = WIDTH // 2
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.5).astype(np.int16)
    picture[:, half:] = np.clip(smooth[:, half:] + np.array([40, -20, -30]), 8, 245).astype(np.uint8)
    weights = fitted(picture)
    assert weights is not None
    votes = votes_of(blocks_of(picture, weights))
    columns = half // BLOCK
    assert votes.usable.sum() > 4 * LEAST_ALIKE
    assert votes.expected[:, : columns - 1].mean() > 0.8
    assert votes.expected[:, columns + 1 :].mean() < 0.7


def test_both_chance_and_clean_pictures_have_to_be_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    host = developed(scene(1))
    votes, _ = votes_or_reason(subject(with_part(host, scene(2))))
    assert votes is not None
    region = regions_of(votes)[0]
    assert nfa_of(region) == STRONGEST.nfa(region.strength / MARGIN) <= MAX_NFA
    assert nfa_of(replace(region, log_chance=-3.0)) == pytest.approx(1.0)
    monkeypatch.setattr(detector, "BOUND", Bound(9_999_999, (), "a test"))
    assert nfa_of(replace(region, log_chance=-3.0)) == pytest.approx(math.exp(-3))


def test_what_lies_scattered_counts_less_than_what_has_a_border() -> None:
    solid = np.zeros((40, 40), np.bool_)
    solid[5:25, 10:30] = True
    scattered = np.zeros((40, 40), np.bool_)
    scattered[::2, ::2] = True
    assert (around(solid), around(np.ones((3, 3), np.bool_))) == (22 * 4 - 4, 16)
    strong, weak = (Region(each, False, -100.0).strength for each in (solid, scattered))
    assert strong > 90
    assert weak < 20
    assert Region(solid, True, -100.0).strength == pytest.approx(ASIDE * strong)
