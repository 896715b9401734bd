"""A suspect against its original: what was kept, and what was changed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import PIL.Image
import pytest
from tests.unit.examine.compared.pictures import (
    HEIGHT,
    PATCH,
    WIDTH,
    Pixels,
    jpeg,
    on_screen,
    opened,
    patched,
    png,
    scaled,
    toned,
)
from tests.unit.registration.pictures import cornered

from takeback.errors import UnreadableMedia
from takeback.examine import ChangeKind, Comparison, compare_images, compare_pixels
from takeback.examine.compared.bound import MAX_NFA

ORIGINAL = jpeg(cornered(5), 92)
PIXELS = opened(ORIGINAL)
LEFT, TOP, ACROSS, DOWN = PATCH

COPIES: dict[str, tuple[Callable[[Pixels], bytes], Callable[[float, float], tuple[float, float]]]] = {
    "nothing": (png, lambda x, y: (x, y)),
    "q75": (jpeg, lambda x, y: (x, y)),
    "cut": (lambda p: jpeg(p[37:451, 53:577], 90), lambda x, y: (x - 53, y - 37)),
    "0.7x": (lambda p: jpeg(scaled(p, 0.7), 90), lambda x, y: (0.7 * x, 0.7 * y)),
    "0.7x by boxes": (lambda p: png(scaled(p, 0.7, PIL.Image.Resampling.BOX)), lambda x, y: (0.7 * x, 0.7 * y)),
    "tone": (lambda p: jpeg(toned(p), 90), lambda x, y: (x, y)),
    "screenshot": (lambda p: png(on_screen(scaled(p, 0.9))), lambda x, y: (20 + 0.9 * x, 64 + 0.9 * y)),
    "cut, 0.7x, tone, q75": (
        lambda p: jpeg(toned(scaled(p[37:451, 53:577], 0.7))),
        lambda x, y: (0.7 * (x - 53), 0.7 * (y - 37)),
    ),
    "q75, 0.7x, q75": (lambda p: jpeg(scaled(opened(jpeg(p)), 0.7)), lambda x, y: (0.7 * x, 0.7 * y)),
    "mirrored, q75": (lambda p: jpeg(np.ascontiguousarray(p[:, ::-1])), lambda x, y: (WIDTH - x, y)),
    "turned, q75": (lambda p: jpeg(np.rot90(p, 3)), lambda x, y: (HEIGHT - y, x)),
}


def _expected(place: Callable[[float, float], tuple[float, float]]) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of the patch in the suspect."""
    (x0, y0), (x1, y1) = place(LEFT, TOP), place(LEFT + ACROSS, TOP + DOWN)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


@pytest.mark.parametrize("name", COPIES)
def test_an_unchanged_copy_is_kept_whatever_was_done_to_all_of_it(name: str) -> None:
    found = compare_images(ORIGINAL, COPIES[name][0](PIXELS))
    assert (found.same_source, found.changed, found.boxes, found.unjudged) == (True, False, [], None)
    assert found.source_nfa < 1e-6


@pytest.mark.parametrize("name", COPIES)
def test_a_changed_part_is_found_where_it_is_in_the_suspect(name: str) -> None:
    treated, place = COPIES[name]
    found = compare_images(ORIGINAL, treated(patched(PIXELS)))
    assert (found.same_source, found.changed, found.unjudged) == (True, True, None)
    assert 0 < found.nfa <= MAX_NFA
    assert len(found.boxes) == 1
    left, top, width, height = found.boxes[0]
    # What is saved twice spreads over a block of the second file, which is 16 pixels wide.
    near = 18 if name == "q75, 0.7x, q75" else 14
    assert (left, top, left + width, top + height) == pytest.approx(_expected(place), abs=near)


def test_the_original_itself_is_kept_whatever_saving_it_again_would_do() -> None:
    """Strong colours, of which every saving loses some: what was not saved again must not be predicted as if it was."""
    file = jpeg(cornered(1), 90)
    found = compare_images(file, file)
    assert (found.same_source, found.changed, found.strongest) == (True, False, 0.0)


def test_the_mask_covers_what_was_changed_and_little_else() -> None:
    found = compare_images(ORIGINAL, jpeg(patched(PIXELS)))
    truth = np.zeros((HEIGHT, WIDTH), np.bool_)
    truth[TOP : TOP + DOWN, LEFT : LEFT + ACROSS] = True
    assert found.mask is not None
    both = np.count_nonzero(found.mask & truth)
    assert 2 * both / (np.count_nonzero(found.mask) + np.count_nonzero(truth)) > 0.85


def test_a_copy_is_answered_the_same_way_each_time() -> None:
    suspect = COPIES["cut, 0.7x, tone, q75"][0](patched(PIXELS))
    assert compare_images(ORIGINAL, suspect).as_json() == compare_images(ORIGINAL, suspect).as_json()


def test_how_the_suspect_shows_the_original_is_told() -> None:
    found = compare_images(ORIGINAL, png(on_screen(scaled(PIXELS[:, ::-1], 0.8))))
    assert (found.mirrored, found.width, found.height) == (True, 520, 538)
    assert found.scale == pytest.approx(0.8, abs=0.005)
    assert found.compared == pytest.approx((20, 64, 480, 384), abs=2)
    assert found.compared_share == pytest.approx(480 * 384 / (520 * 538), abs=0.01)


def test_what_lies_around_the_original_in_a_screenshot_is_not_called_changed() -> None:
    screen = on_screen(PIXELS)
    screen[-60:-20, 40:300] = cornered(9)[:40, :260]
    assert compare_images(ORIGINAL, png(screen)).changed is False


def test_a_picture_of_something_else_is_not_from_it_and_not_judged() -> None:
    found = compare_images(ORIGINAL, jpeg(cornered(6)))
    assert (found.same_source, found.changed, found.unjudged, found.boxes) == (False, None, None, [])


def test_a_picture_without_detail_is_unjudged_and_says_why() -> None:
    found = compare_images(ORIGINAL, png(np.full((300, 300, 3), 128, np.uint8)))
    assert (found.same_source, found.changed) == (None, None)
    assert found.unjudged


def test_where_more_than_half_differs_it_says_that_it_cannot_tell() -> None:
    suspect = PIXELS.copy()
    suspect[:, 180:] = cornered(11)[:, 180:]
    found = compare_images(ORIGINAL, png(suspect))
    assert found.same_source
    assert found.unjudged is not None


def test_exif_turns_the_suspect_before_it_is_compared() -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    stored = np.rot90(patched(PIXELS), 1)
    found = compare_images(ORIGINAL, jpeg(stored, 75, exif=exif))
    assert (found.width, found.height) == (WIDTH, HEIGHT)
    ((left, top, width, height),) = found.boxes
    assert (left, top, left + width, top + height) == pytest.approx(_expected(lambda x, y: (x, y)), abs=10)


def test_a_suspect_that_is_too_large_to_be_compared_whole_is_reduced_and_told_of_in_its_own_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("takeback.examine.compared.compare.MAX_PIXELS", HEIGHT * WIDTH // 2)
    found = compare_images(ORIGINAL, png(patched(PIXELS)))
    assert (found.width, found.height) == (WIDTH, HEIGHT)
    ((left, top, width, height),) = found.boxes
    assert (left, top, left + width, top + height) == pytest.approx(_expected(lambda x, y: (x, y)), abs=10)
    assert found.mask is not None
    assert found.mask.shape == (HEIGHT, WIDTH)


def test_bytes_that_are_no_picture_are_an_error() -> None:
    with pytest.raises(UnreadableMedia):
        compare_images(ORIGINAL, b"no picture")


# ---- Kinds --------------------------------------------------------------------------------------------------------


def _kind(changed: Pixels) -> ChangeKind:
    found: Comparison = compare_pixels(PIXELS, changed)
    assert len(found.changes) == 1
    assert found.changes[0].reason.endswith(".")
    return found.changes[0].kind


def test_what_was_painted_over_is_removed() -> None:
    changed = PIXELS.copy()
    changed[180:250, 300:380] = changed[180:250, 300:380].mean(axis=(0, 1)).astype(np.uint8)
    assert _kind(changed) is ChangeKind.REMOVED


def test_what_is_from_elsewhere_in_the_original_is_moved() -> None:
    changed = PIXELS.copy()
    changed[180:250, 300:380] = PIXELS[330:400, 60:140]
    assert _kind(changed) is ChangeKind.MOVED


def test_what_was_put_on_plain_ground_is_added() -> None:
    ground = PIXELS.copy()
    ground[150:300, 270:430] = (90, 140, 60)
    changed = ground.copy()
    changed[190:250, 310:380] = cornered(12)[100:160, 100:170]
    found = compare_pixels(ground, changed)
    assert [change.kind for change in found.changes] == [ChangeKind.ADDED]
