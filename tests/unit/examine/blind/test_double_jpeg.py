"""Double JPEG: what was put in after the first saving is found, and nothing else is called so."""

from __future__ import annotations

import io
import time
from collections import deque
from functools import cache

import cv2
import numpy as np
import PIL.Image
import pytest
import simplejpeg
from numpy.typing import NDArray

from takeback.examine import Outcome, Test, examine_image
from takeback.examine.blind.double_jpeg import double_jpeg, earlier
from takeback.examine.blind.double_jpeg.blocks import around, blocks_of
from takeback.examine.blind.double_jpeg.bound import BOUND, nfa_of
from takeback.examine.blind.double_jpeg.earlier import Earlier
from takeback.examine.blind.double_jpeg.evidence import says
from takeback.examine.blind.double_jpeg.frequencies import ORDER
from takeback.examine.blind.double_jpeg.model import double, fitted, kept, means, searched, single
from takeback.examine.blind.double_jpeg.quality import nearest_quality
from takeback.examine.blind.double_jpeg.regions import labelled
from takeback.examine.blind.double_jpeg.shifted import earlier_grid
from takeback.examine.conformal import Bound
from takeback.examine.libjpeg import luminance_steps
from takeback.examine.outcome import MAX_NFA
from takeback.examine.subject import Subject, read_subject
from takeback.media import MediaLimits
from takeback.media.coefficients import read_coefficients

type Pixels = NDArray[np.uint8]


@cache
def scenery(seed: int, height: int = 320, width: int = 384) -> Pixels:
    """Draw something with the spectrum of a photograph: noise that falls off with the frequency, and edges."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)) + 1 / width
    noise = rng.normal(size=(*frequency.shape, 3)) + 1j * rng.normal(size=(*frequency.shape, 3))
    plane = np.fft.irfft2(noise / frequency[..., None] ** 1.3, (height, width), axes=(0, 1))
    grey = plane[..., :1] * 0.8 + plane * 0.3
    y, x = np.mgrid[0:height, 0:width]
    hill = (y > height * (0.5 + 0.2 * np.sin(x / 40 + seed)))[..., None]
    return np.clip(125 + grey / grey.std() * 22 + np.where(hill, -20, 20), 12, 243).astype(np.uint8)


def saved(pixels: Pixels, quality: int, **how: object) -> bytes:
    held = io.BytesIO()
    PIL.Image.fromarray(pixels).save(held, "JPEG", quality=quality, **how)
    return held.getvalue()


def decoded(data: bytes) -> Pixels:
    pixels: Pixels = simplejpeg.decode_jpeg(data, "RGB")
    return pixels


def examined(data: bytes) -> Outcome:
    return double_jpeg(read_subject(data, MediaLimits()))


def spliced(first: int, second: int, seed: int = 1) -> bytes:
    """Save, put a square of 96 pixels in at (101, 60), and save again."""
    pixels = decoded(saved(scenery(seed), first)).copy()
    pixels[60:156, 101:197] = scenery(seed + 100)[30:126, 50:146]
    return saved(pixels, second)


@pytest.mark.parametrize(("first", "second"), [(75, 90), (60, 85), (90, 95), (70, 80), (50, 95)])
def test_what_was_put_in_after_the_first_saving_is_found(first: int, second: int) -> None:
    outcome = examined(spliced(first, second))
    (finding,) = outcome.findings
    truth = np.zeros((320, 384), np.bool_)
    truth[60:156, 101:197] = True
    assert finding.mask is not None
    assert finding.nfa is not None
    assert finding.nfa <= MAX_NFA
    both = np.count_nonzero(finding.mask & truth)
    assert 2 * both / (np.count_nonzero(finding.mask) + np.count_nonzero(truth)) > 0.7
    ((left, top, width, height),) = finding.boxes
    assert not finding.mask[:top].any()
    assert finding.mask[top : top + height, left : left + width].sum() == finding.mask.sum()


@pytest.mark.parametrize(
    ("first", "second", "how"),
    [
        (75, 90, {"subsampling": 0}),
        (60, 85, {"progressive": True}),
        (90, 95, {}),
        (70, 75, {"optimize": True}),
        (85, 80, {}),
    ],
)
def test_a_picture_saved_twice_has_no_finding_and_its_first_quality_is_told(
    first: int, second: int, how: dict[str, object]
) -> None:
    outcome = examined(saved(decoded(saved(scenery(2), first, **how)), second, **how))
    assert outcome.findings == ()
    (fact,) = outcome.facts
    assert fact.key == "double_jpeg.twice_quality"
    assert abs(int(fact.values["quality"]) - first) <= 1


@pytest.mark.parametrize("quality", [65, 85, 92, 100])
def test_a_picture_saved_once_is_not_called_saved_twice(quality: int) -> None:
    outcome = examined(saved(scenery(3), quality))
    assert outcome.why_not is not None
    assert outcome.why_not.key == "double_jpeg.once"
    assert outcome.facts == ()
    assert outcome.findings == ()


def test_a_picture_saved_twice_the_same_way_is_as_if_saved_once() -> None:
    outcome = examined(saved(decoded(saved(scenery(3), 80)), 80))
    assert outcome.facts == ()
    assert outcome.findings == ()


def test_tables_that_are_not_the_usual_ones_are_seen_too() -> None:
    held = io.BytesIO()
    table = [3 + 3 * (place // 8 + place % 8) for place in range(64)]
    PIL.Image.fromarray(scenery(4)).save(held, "JPEG", qtables=[table, table])
    pixels = decoded(held.getvalue()).copy()
    clean = examined(saved(pixels, 93))
    assert [fact.key for fact in clean.facts] == ["double_jpeg.twice"]
    assert clean.findings == ()
    pixels[80:176, 64:160] = scenery(5)[:96, :96]
    assert len(examined(saved(pixels, 93)).findings) == 1


@pytest.mark.parametrize(("strengths", "kept_steps"), [([12.0] * 15, 0), ([90.0] * 14 + [100.0], 14)])
def test_steps_are_told_only_where_they_are_seen_and_belong_to_one_table(
    monkeypatch: pytest.MonkeyPatch, strengths: list[float], kept_steps: int
) -> None:
    """All of them faint; and one, the strongest, that is many times as large as the others."""
    shown = np.zeros((15, 79))
    shown[np.arange(15), [3] * 14 + [60]] = strengths
    evidence = iter([shown, np.zeros_like(shown)])
    monkeypatch.setattr(earlier, "_evidence", lambda _: next(evidence))
    (luminance,) = read_coefficients(saved(scenery(1)[:64, :64], 90), components=1).components
    blocks = blocks_of(luminance.values, luminance.steps)
    found = earlier.earlier_saving(blocks, blocks)
    assert found is not None
    assert found.quality is None
    assert found.steps.tolist() == [5] * kept_steps + [0] * (15 - kept_steps)


@pytest.mark.parametrize(("quality", "is_told"), [(7, False), (19, False), (20, True)])
def test_no_earlier_saving_is_so_coarse_that_what_is_nearly_flat_looks_like_it(
    monkeypatch: pytest.MonkeyPatch, quality: int, *, is_told: bool
) -> None:
    strengths = np.zeros(101)
    strengths[quality] = 500.0
    shown = iter([strengths, np.zeros(101)])
    monkeypatch.setattr(earlier, "_evidence", lambda _: np.zeros((15, 79)))
    monkeypatch.setattr(earlier, "_by_quality", lambda _: next(shown))
    (luminance,) = read_coefficients(saved(scenery(1)[:64, :64], 90), components=1).components
    blocks = blocks_of(luminance.values, luminance.steps)
    assert (earlier.earlier_saving(blocks, blocks) is not None) == is_told


def test_a_coarse_last_saving_hides_what_was_before() -> None:
    outcome = examined(saved(decoded(saved(scenery(5), 95)), 40))
    assert outcome.why_not is not None
    assert outcome.why_not.key == "double_jpeg.coarse"
    assert "quality of about 40" in str(outcome.why_not)


@pytest.mark.parametrize(("down", "across"), [(3, 0), (0, 5), (4, 4), (1, 7)])
def test_a_crop_between_two_savings_is_told(down: int, across: int) -> None:
    outcome = examined(saved(decoded(saved(scenery(6), 60))[down:, across:], 92))
    (fact,) = outcome.facts
    assert fact.key == "double_jpeg.shifted"
    assert (fact.values["down"], fact.values["across"]) == (-down % 8, -across % 8)


def test_what_was_never_cropped_has_no_other_grid() -> None:
    assert earlier_grid(read_subject(saved(scenery(7), 92), MediaLimits()).luminance, 3) is None
    assert earlier_grid(np.full((200, 200), 90, np.uint8), 3) is None
    assert earlier_grid(np.random.default_rng(1).integers(0, 256, (200, 300), dtype=np.uint8), 3) is None


def mosaic(seed: int) -> Pixels:
    """Draw flat squares, softened: in a coarse JPEG most blocks are their means alone."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 200, (24, 32, 1), dtype=np.uint8).repeat(3, axis=2)
    large = cv2.resize(coarse, (512, 384), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.GaussianBlur(large, (0, 0), 4), np.uint8)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("quality", [48, 55, 63, 68, 75])
def test_what_was_saved_once_and_coarsely_has_no_earlier_grid(seed: int, quality: int) -> None:
    """Half a block aside, coefficients of flat blocks crowd around halves of the steps of their own means."""
    facts = examined(saved(mosaic(seed), quality)).facts
    assert "double_jpeg.shifted" not in [fact.key for fact in facts]


def test_where_pixels_are_clipped_nothing_is_said() -> None:
    """What the first saving left is lost there, as where something was put in."""
    pixels = scenery(8).astype(np.int64)
    pixels[100:220, 100:260] = np.where(pixels[100:220, 100:260] > 125, 255, 250)
    assert examined(saved(decoded(saved(pixels.astype(np.uint8), 60)), 90)).findings == ()


def test_a_part_that_takes_nearly_half_of_a_picture_is_found() -> None:
    """Of what can be judged it is more than half: the rest of the picture is white."""
    whole = scenery(11).copy()
    whole[:, 216:] = 255
    pixels = decoded(saved(whole, 70)).copy()
    pixels[40:256, 8:200] = scenery(12)[40:256, 8:200]
    (finding,) = examined(saved(pixels, 85)).findings
    assert finding.mask is not None
    truth = np.zeros((320, 384), np.bool_)
    truth[40:256, 8:200] = True
    both = np.count_nonzero(finding.mask & truth)
    assert 2 * both / (np.count_nonzero(finding.mask) + np.count_nonzero(truth)) > 0.9


@pytest.mark.parametrize(("first", "second"), [(10, 5), (8, 6), (9, 7), (3, 2), (5, 10)])
def test_means_lie_where_two_savings_leave_them(first: int, second: int) -> None:
    """Against means that are made: even over some levels, rounded twice, with noise in between."""
    rng = np.random.default_rng(first)
    values = rng.uniform(-50 * first * second, 50 * first * second, 200_000)
    twice = np.rint((np.rint(values / first) * first + rng.normal(0, 0.4, len(values))) / second).astype(int)
    table = np.exp(means(first, second)[:, 0])
    often = np.bincount(twice % len(table), minlength=len(table)) / len(twice) * len(table)
    # Three of a hundred blocks are as if saved once.
    assert np.abs(table - (0.97 * often + 0.03)).max() < 0.03


@pytest.mark.parametrize(("gain", "say_something"), [(1.0, True), (0.93, False)])
def test_means_say_nothing_where_they_were_moved_in_between(gain: float, say_something: bool) -> None:
    pixels = (decoded(saved(scenery(2), 60)) * gain).astype(np.uint8)
    data = saved(pixels, 85)
    values, steps = (read_coefficients(data, components=1).components[0].values, luminance_steps())
    blocks = blocks_of(values, steps[85].astype(np.uint16))
    usable = blocks.seen
    without, with_means = (
        says(blocks, Earlier(steps[60, list(ORDER)], step, 60, 0.0), usable)[usable].mean()
        for step in (0, steps[60, 0])
    )
    assert (with_means > without + 0.2) == say_something
    assert (with_means == without) == (not say_something)


def _png(pixels: Pixels) -> bytes:
    held = io.BytesIO()
    PIL.Image.fromarray(pixels).save(held, "PNG")
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (_png(scenery(1)), "not_jpeg"),
        (saved(scenery(1)[:1, :1], 80), "not_read"),
        (saved(scenery(1)[:3, :], 80), "not_read"),
        (saved(scenery(1)[:64, :64], 80), "too_small"),
        (saved(np.full((400, 400, 3), 90, np.uint8), 80), "too_small"),
        (saved(scenery(1), 80, keep_rgb=True), "not_read"),
    ],
)
def test_where_it_cannot_be_applied_it_says_why(data: bytes, why: str) -> None:
    outcome = examined(data)
    assert outcome.test is Test.DOUBLE_JPEG
    assert outcome.why_not is not None
    assert outcome.why_not.key == f"double_jpeg.{why}"
    assert outcome.findings == ()


def test_the_numbers_have_to_be_those_of_the_pixels() -> None:
    subject = read_subject(saved(scenery(1), 80), MediaLimits())
    other = read_subject(saved(scenery(2), 80), MediaLimits())
    outcome = double_jpeg(Subject(other.data, "jpeg", subject.pixels, subject.luminance))
    assert outcome.why_not is not None
    assert outcome.why_not.key == "double_jpeg.not_read"
    broken = double_jpeg(Subject(subject.data[:3000], "jpeg", subject.pixels, subject.luminance))
    assert broken.why_not is not None
    assert broken.why_not.key == "double_jpeg.not_read"


@pytest.mark.parametrize("step", [1, 255])
def test_any_steps_take_bounded_time(step: int) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    held = io.BytesIO()
    PIL.Image.fromarray(noise).save(held, "JPEG", qtables=[[step] * 64] * 2)
    begun = time.process_time()
    outcome = examined(held.getvalue())
    assert time.process_time() - begun < 5
    assert outcome.findings == ()


def test_it_is_one_of_the_tests_of_an_examination() -> None:
    found = examine_image(spliced(75, 90))
    assert [finding.test for finding in found.findings if finding.test is Test.DOUBLE_JPEG]


def test_the_model_is_what_saving_does() -> None:
    """Against integers that are made: a value, rounded twice, with noise in between."""
    rng = np.random.default_rng(1)
    values = rng.laplace(0, 20, 400_000)
    scales = np.geomspace(0.4, 300, 18)
    prior = 18 + int(np.abs(scales - 20).argmin())
    for first, second in ((7, 3), (4, 6), (12, 10)):
        once = np.minimum(np.abs(np.rint(values / second)), kept(second) + 1).astype(int)
        again = np.rint(values / first) * first + rng.normal(0, 0.4, len(values))
        twice = np.minimum(np.abs(np.rint(again / second)), kept(second) + 1).astype(int)
        for table, made in ((single(second), once), (double(first, second, 0.4), twice)):
            often = np.bincount(made, minlength=kept(second) + 2) / len(made)
            assert np.abs(table.sum(axis=0) - 1).max() < 1e-3
            assert np.abs(table[:, prior] - often).max() < 0.02


def test_an_inverse_ratio_is_at_most_one_in_the_mean() -> None:
    """What the bound of regions rests on."""
    for first, second in ((7, 3), (4, 6), (12, 10), (3, 2)):
        for often, ratios in (fitted(first, second), searched(second)):
            assert (np.exp(often - ratios).sum(axis=-2) < 1.001).all()


def test_parts_are_those_that_hang_together() -> None:
    mask = np.random.default_rng(5).random((40, 57)) < 0.55
    labels, count = labelled(mask)
    seen, parts = np.zeros_like(mask), 0
    for start in np.argwhere(mask):
        if seen[tuple(start)]:
            continue
        parts += 1
        waiting, own = deque([tuple(start)]), []
        seen[tuple(start)] = True
        while waiting:
            row, column = waiting.popleft()
            own.append(labels[row, column])
            for y, x in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                if 0 <= y < 40 and 0 <= x < 57 and mask[y, x] and not seen[y, x]:
                    seen[y, x] = True
                    waiting.append((y, x))
        assert len(set(own)) == 1
    assert parts == count == labels.max()
    assert ((labels > 0) == mask).all()


def test_a_spiral_takes_no_long_time() -> None:
    mask = np.ones((601, 601), np.bool_)
    mask[1::2] = False
    mask[1::4, -1] = True
    mask[3::4, 0] = True
    begun = time.process_time()
    assert labelled(mask)[1] == 1
    assert time.process_time() - begun < 2


def test_sums_around_a_block() -> None:
    values = np.random.default_rng(2).random((9, 13)).astype(np.float32)
    padded = np.pad(values, 2)
    wanted = [[padded[row : row + 5, column : column + 5].sum() for column in range(13)] for row in range(9)]
    assert np.abs(around(values, 5) - np.array(wanted)).max() < 1e-4


def test_the_tables_are_libjpegs() -> None:
    for quality in (1, 10, 49, 50, 75, 93, 100):
        with PIL.Image.open(io.BytesIO(saved(scenery(1)[:16, :16], quality))) as picture:
            steps = np.array(picture.quantization[0])  # type: ignore[attr-defined]
        assert (luminance_steps()[quality] == steps).all()
        assert nearest_quality(steps.astype(np.uint16)) == quality


def test_the_bound_is_the_larger_of_chance_and_rank() -> None:
    bound = Bound(999, (30.0, 20.0, 2.0), "drawn")
    assert nfa_of(31, bound) == pytest.approx(1 / 1000)
    assert nfa_of(20, bound) == pytest.approx(3 / 1000)
    assert nfa_of(2, bound) == pytest.approx(np.exp(-2))
    assert nfa_of(1.9, bound) == 1


def test_the_shipped_bound_was_measured_on_enough_files_to_be_used() -> None:
    assert 1 / (BOUND.clean + 1) <= MAX_NFA
    assert list(BOUND.strongest) == sorted(BOUND.strongest, reverse=True)


@pytest.mark.parametrize(("first", "second"), [(70, 72), (80, 79)])
def test_two_savings_that_are_nearly_the_same_tell_no_parts_apart(first: int, second: int) -> None:
    found = examined(saved(decoded(saved(scenery(1), first)), second))
    assert found.why_not is not None
    assert found.why_not.key == "double_jpeg.too_alike"
    assert not found.findings
