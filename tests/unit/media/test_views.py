"""Where in an upload a reported picture may lie: in a border, a screenshot, a collage; and where there is none."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from tests.house import Pixels, drawn

from takeback.fingerprint import MATCH_RADIUS, pdq_hash
from takeback.media.views import MAX_VIEWS, MIN_VIEW_SIDE, View, ViewKind, pixels_of, views_of

PICTURE = np.repeat(np.repeat(drawn(1), 3, axis=0), 3, axis=1)  # 480 high, 600 wide
OTHER = np.repeat(np.repeat(drawn(2), 3, axis=0), 3, axis=1)
INK = (30, 30, 30)

SHAPES = [(1, 1), (1, 5000), (5000, 1), (31, 31), (32, 32), (33, 400), (64, 20_000), (700, 33), (901, 1203)]

type Box = tuple[int, int, int, int]


def box_of(view: View) -> Box:
    return view.left, view.top, view.width, view.height


def sheet(height: int, width: int, colour: int = 255) -> Pixels:
    return np.full((height, width, 3), colour, np.uint8)


def pasted(ground: Pixels, picture: Pixels, left: int, top: int) -> Pixels:
    together = ground.copy()
    together[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return together


def written(ground: Pixels, left: int, top: int, lines: int, seed: int = 0) -> Pixels:
    """Draw what looks like text from afar: dark dashes."""
    rng = np.random.default_rng(seed)
    page = ground.copy()
    for line in range(lines):
        x = left
        while x < left + 280:
            wide = int(rng.integers(4, 12))
            page[top + 24 * line : top + 24 * line + 12, x : x + wide] = INK
            x += wide + int(rng.integers(2, 8))
    return page


def nearest(picture: Pixels, upload: Pixels) -> int:
    """Return the smallest distance from `picture` to a view of `upload`."""
    code = pdq_hash(picture)
    return min(code.distance(pdq_hash(pixels_of(view, upload))) for view in views_of(upload))


def has_box(upload: Pixels, box: Box, within: int = 1) -> bool:
    return any(max(abs(np.subtract(box_of(view), box))) <= within for view in views_of(upload))


def noise(*shape: int, seed: int = 5) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("colour", [0, 90, 255])
def test_a_frame_of_one_colour_is_stripped_to_the_pixel(colour: int) -> None:
    upload = pasted(sheet(700, 800, colour), PICTURE, 61, 103)
    stripped = [box_of(view) for view in views_of(upload) if view.kind is ViewKind.STRIPPED]
    assert stripped == [(61, 103, 600, 480)]


@pytest.mark.parametrize(("left", "top"), [(0, 97), (143, 0)])
def test_bars_on_two_sides_are_stripped(left: int, top: int) -> None:
    upload = pasted(sheet(480 + 2 * top, 600 + 2 * left, 0), PICTURE, left, top)
    assert has_box(upload, (left, top, 600, 480), within=0)


def test_a_gradient_is_stripped() -> None:
    shades = np.linspace(20, 230, 700)[:, None, None] * np.array([1.0, 0.5, 0.8])
    ground = np.repeat(shades, 900, axis=1).astype(np.uint8)
    assert has_box(pasted(ground, PICTURE, 120, 130), (120, 130, 600, 480))


def test_a_picture_between_lines_of_text_is_found() -> None:
    page = written(sheet(1400, 720), 40, 60, lines=6)
    page = written(page, 40, 900, lines=12, seed=1)
    assert has_box(pasted(page, PICTURE, 60, 280), (60, 280, 600, 480))


def test_a_caption_is_left_out() -> None:
    upload = written(pasted(sheet(600, 600), PICTURE, 0, 120), 40, 20, lines=3)
    assert has_box(upload, (0, 120, 600, 480))
    assert nearest(PICTURE, upload) <= MATCH_RADIUS < pdq_hash(PICTURE).distance(pdq_hash(upload))


def test_a_picture_in_a_meme_in_a_screenshot_is_found() -> None:
    meme = written(pasted(sheet(600, 600), PICTURE, 0, 120), 40, 20, lines=3)
    screen = written(sheet(1300, 720, 18), 30, 20, lines=2)
    assert has_box(pasted(screen, meme, 60, 200), (60, 320, 600, 480))


@pytest.mark.parametrize("axis", [0, 1])
def test_both_parts_of_a_collage_are_found(axis: int) -> None:
    upload = np.concatenate([PICTURE, OTHER], axis=axis)
    assert has_box(upload, (0, 0, 600, 480))
    assert has_box(upload, (0, 480, 600, 480) if axis == 0 else (600, 0, 600, 480))


@pytest.mark.parametrize("gap", [6, 12])
def test_each_of_four_is_found(gap: int) -> None:
    upload = sheet(960 + 3 * gap, 1200 + 3 * gap)
    places = [(gap + column * (600 + gap), gap + row * (480 + gap)) for row in (0, 1) for column in (0, 1)]
    for number, (left, top) in enumerate(places):
        part = np.repeat(np.repeat(drawn(10 + number), 3, axis=0), 3, axis=1)
        upload = pasted(upload, part, left, top)
    for left, top in places:
        assert has_box(upload, (left, top, 600, 480), within=gap)


def test_a_picture_on_another_is_found() -> None:
    ground = np.repeat(np.repeat(drawn(3), 6, axis=0), 6, axis=1)
    upload = pasted(ground, PICTURE, 333, 251)
    assert has_box(upload, (333, 251, 600, 480))
    assert nearest(PICTURE, upload) == 0


def test_a_picture_on_another_is_likely_and_a_soft_patch_of_one_is_not() -> None:
    ground = np.repeat(np.repeat(drawn(3), 6, axis=0), 6, axis=1)
    assert any(
        view.likely and box_of(view) == (333, 251, 600, 480) for view in views_of(pasted(ground, PICTURE, 333, 251))
    )
    patched = ground.copy()
    patched[300:620, 400:900] = np.minimum(patched[300:620, 400:900].astype(int) + 14, 255)
    soft = [view for view in views_of(patched) if view.kind is ViewKind.REGION]
    assert soft
    assert not any(view.likely for view in soft)


def test_a_grey_picture_is_searched_as_its_three_equal_channels_are() -> None:
    grey = pasted(sheet(700, 800, 90), PICTURE, 61, 103)[..., 1]
    assert views_of(grey) == views_of(np.repeat(grey[..., None], 3, axis=2))
    assert len(views_of(grey)) > 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["white", "noise", "grey noise", "stripes", "checks"])
def test_views_lie_inside_the_picture_and_are_large_enough_to_be_compared(shape: tuple[int, int], kind: str) -> None:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    pixels = {
        "white": sheet(*shape),
        "noise": noise(*shape, 3),
        "grey noise": noise(*shape),
        "stripes": (x // 7 % 2 * 255).astype(np.uint8),
        "checks": ((x // 16 + y // 16) % 2 * 200).astype(np.uint8),
    }[kind]
    views = views_of(pixels)
    assert views[0] == View(ViewKind.WHOLE, 0, 0, shape[1], shape[0])
    assert len(views) <= MAX_VIEWS
    assert len({(view.kind is ViewKind.CLEARED, box_of(view)) for view in views}) == len(views)
    for view in views[1:]:
        assert view.kind is not ViewKind.WHOLE
        assert min(view.width, view.height) >= MIN_VIEW_SIDE
        if view.kind is ViewKind.CLEARED:
            assert box_of(view) == box_of(views[0])
        else:
            assert pixels_of(view, pixels).shape[:2] == (view.height, view.width)


# ---- What was drawn over all of it ------------------------------------------------------------------------------


def over(picture: Pixels, kind: str, colour: tuple[int, int, int]) -> Pixels:
    """Draw over all of `picture` in one colour, more than a quarter of it."""
    y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    where = {
        "stripes": (x + 0.7 * y) % 50 < 18,
        "grid": (x % 48 < 8) | (y % 48 < 8),
        "dots": (x % 40 - 20) ** 2 + (y % 40 - 20) ** 2 < 12**2,
        "waves": (y + 20 * np.sin(x / 30)) % 44 < 15,
    }[kind]
    drawn_over = picture.copy()
    drawn_over[where] = colour
    return drawn_over


def jpeg(pixels: Pixels) -> Pixels:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", quality=75)
    return np.asarray(PIL.Image.open(file))


def cleared(upload: Pixels) -> View | None:
    return next((view for view in views_of(upload) if view.kind is ViewKind.CLEARED), None)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (250, 20, 200)])
@pytest.mark.parametrize("kind", ["stripes", "grid", "dots", "waves"])
def test_what_was_drawn_over_all_of_a_picture_is_taken_off_it(kind: str, colour: tuple[int, int, int]) -> None:
    upload = jpeg(over(PICTURE, kind, colour))
    view = cleared(upload)
    assert view == View(ViewKind.CLEARED, 0, 0, upload.shape[1], upload.shape[0])
    below = pixels_of(view, upload)
    assert below.flags.c_contiguous
    assert max(below.shape[:2]) <= 384
    original = pdq_hash(PICTURE)
    assert original.distance(pdq_hash(below)) < min(original.distance(pdq_hash(upload)), MATCH_RADIUS)


def test_it_is_the_first_view_after_the_whole_and_counts_as_one() -> None:
    upload = over(PICTURE, "stripes", (0, 0, 0))
    assert views_of(upload)[1].kind is ViewKind.CLEARED
    assert [view.kind for view in views_of(upload, most=2)] == [ViewKind.WHOLE, ViewKind.CLEARED]
    assert len(views_of(upload, most=1)) == 1


def test_a_grey_picture_is_cleared_as_the_same_in_colour() -> None:
    grey = np.ascontiguousarray(over(PICTURE, "grid", (9, 9, 9))[..., 0])
    view = cleared(grey)
    assert view is not None
    assert np.array_equal(pixels_of(view, grey), pixels_of(view, np.repeat(grey[..., None], 3, axis=2)))


def test_pixels_that_nothing_lies_over_stay_as_they_are() -> None:
    small = np.ascontiguousarray(PICTURE[:300, :380])  # not reduced
    upload = over(small, "stripes", (255, 0, 255))
    view = cleared(upload)
    assert view is not None
    below = pixels_of(view, upload)
    y, x = np.mgrid[0:300, 0:380]
    clear = ((x + 0.7 * y) % 50 > 20) & ((x + 0.7 * y) % 50 < 48)
    assert np.array_equal(below[clear], small[clear])
    assert not (below == (255, 0, 255)).all(axis=2).any()


@pytest.mark.parametrize(
    "upload",
    [
        PICTURE,
        OTHER,
        noise(480, 600, 3),
        # 1. Thick: a wall, a sky, a frame.
        pasted(PICTURE, sheet(200, 600, 200), 0, 0),
        pasted(sheet(700, 800), PICTURE, 100, 110),
        # 2. In one corner only.
        pasted(PICTURE, over(PICTURE, "grid", (0, 0, 0))[:240, :300], 0, 0),
        # 3. Hardly anything.
        pasted(PICTURE, sheet(480, 6, 0), 300, 0),
    ],
)
def test_a_picture_over_which_nothing_was_drawn_is_not_cleared(upload: Pixels) -> None:
    assert cleared(upload) is None


def test_the_cleared_view_of_another_picture_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="Nothing was drawn over this picture"):
        pixels_of(View(ViewKind.CLEARED, 0, 0, 600, 480), PICTURE)


# ---- No views, and what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("pixels", [sheet(900, 1200), sheet(900, 1200, 0), sheet(40, 40, 7)])
def test_a_plain_picture_has_no_view_but_the_whole(pixels: Pixels) -> None:
    assert [view.kind for view in views_of(pixels)] == [ViewKind.WHOLE]


def test_a_box_without_detail_is_no_view() -> None:
    upload = pasted(sheet(900, 1200), sheet(400, 500, 60), 300, 200)
    assert not any(view.kind is ViewKind.REGION for view in views_of(upload))


def test_rows_may_lie_apart_and_pixels_run_backwards() -> None:
    upload = pasted(sheet(701, 803, 90), PICTURE, 61, 103)
    around = noise(801, 1001, 3)
    around[50:751, 99:902] = upload
    assert views_of(around[50:751, 99:902]) == views_of(upload)
    assert views_of(upload[::-1, ::-1]) == views_of(np.ascontiguousarray(upload[::-1, ::-1]))
    assert views_of(upload.swapaxes(0, 1)) == views_of(np.ascontiguousarray(upload.swapaxes(0, 1)))


def test_the_answer_hangs_on_the_pixels_alone() -> None:
    upload = noise(701, 999, 3)
    assert len({views_of(upload.copy()) for _ in range(3)}) == 1


def test_fewer_views_are_the_first_of_more() -> None:
    upload = pasted(written(sheet(1400, 720), 40, 60, lines=6), PICTURE, 60, 280)
    views = views_of(upload)
    assert len(views) > 2
    for most in range(1, len(views) + 1):
        assert views_of(upload, most=most)[0].kind is ViewKind.WHOLE
        assert len(views_of(upload, most=most)) <= most


def test_not_even_the_whole_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="At least one view"):
        views_of(PICTURE, most=0)


@pytest.mark.parametrize("shape", [(900,), (900, 9, 4), (0, 900, 3), (900, 0)])
def test_another_shape_is_a_value_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="pixels"):
        views_of(np.zeros(shape, np.uint8))


def test_another_dtype_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="uint8"):
        views_of(np.zeros((90, 90, 3), np.float32))


@pytest.mark.parametrize("box", [(-1, 0, 9, 9), (0, -1, 9, 9), (0, 0, 0, 9), (0, 0, 9, 0)])
def test_a_view_outside_every_picture_is_a_value_error(box: Box) -> None:
    with pytest.raises(ValueError, match="inside a picture"):
        View(ViewKind.REGION, *box)


def test_the_view_of_another_picture_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="beyond this picture"):
        pixels_of(View(ViewKind.REGION, 10, 10, 595, 100), PICTURE)


def test_the_pixels_of_a_view_are_packed_and_those_of_the_whole_are_not_copied() -> None:
    part = pixels_of(View(ViewKind.REGION, 10, 20, 300, 200), PICTURE)
    assert part.flags.c_contiguous
    assert np.array_equal(part, PICTURE[20:220, 10:310])
    assert np.shares_memory(pixels_of(views_of(PICTURE)[0], PICTURE), PICTURE)
