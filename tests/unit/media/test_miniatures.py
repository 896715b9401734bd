"""What of a picture leaves a decoder, and how strictly it is read: a file may have taken the decoder over."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from takeback import _native
from takeback.errors import UnreadableMedia
from takeback.media import MediaLimits
from takeback.media.miniatures import PLANE_SIDE, SQUARE_SIDE, Miniatures, miniatures_of, plane_size
from takeback.media.sandbox.wire import MAX_ATTACHMENT_BYTES
from takeback.media.views import MAX_VIEWS, View, ViewKind

Pixels = NDArray[np.uint8]
PARTS = (View(ViewKind.REGION, 300, 100, 400, 500), View(ViewKind.REGION, 0, 0, 200, 200))


def photo(height: int = 1200, width: int = 1600) -> Pixels:
    return np.random.default_rng(height + width).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_squares_are_the_whole_and_the_likeliest_part_squashed_to_one_size() -> None:
    pixels = photo()
    small = miniatures_of(pixels, PARTS)
    assert small.square_views == (0, 1)
    assert small.squares.shape == (2, SQUARE_SIDE, SQUARE_SIDE, 3)
    assert (small.squares[0] == _native.resample(pixels, SQUARE_SIDE, SQUARE_SIDE)).all()
    assert (small.squares[1] == _native.resample(pixels[100:600, 300:700], SQUARE_SIDE, SQUARE_SIDE)).all()


def test_a_part_that_is_not_likely_has_no_square_and_the_first_likely_one_has() -> None:
    pixels = photo()
    unlikely = replace(PARTS[0], likely=False)
    assert miniatures_of(pixels, [unlikely]).square_views == (0,)
    small = miniatures_of(pixels, [unlikely, PARTS[1], PARTS[0]])
    assert small.square_views == (0, 2)
    assert (small.squares[1] == _native.resample(pixels[:200, :200], SQUARE_SIDE, SQUARE_SIDE)).all()


def test_a_picture_without_parts_has_one_square() -> None:
    small = miniatures_of(photo())
    assert (small.square_views, len(small.squares)) == ((0,), 1)


def test_the_plane_is_the_luminance_of_the_whole_and_the_size_the_pictures_own() -> None:
    pixels = photo()
    small = miniatures_of(pixels, PARTS)
    assert (small.width, small.height) == (1600, 1200)
    assert small.plane.shape == (480, 640)
    assert (small.plane == _native.resample_luminance(pixels, 480, 640)).all()


def test_a_small_picture_keeps_its_own_size_in_the_plane_and_grows_in_the_square() -> None:
    pixels = photo(100, 77)
    small = miniatures_of(pixels)
    assert np.abs(small.plane - pixels @ np.array([0.299, 0.587, 0.114])).max() <= 0.501
    assert small.squares.shape == (1, SQUARE_SIDE, SQUARE_SIDE, 3)


@pytest.mark.parametrize(
    ("width", "height", "plane"),
    [
        (640, 640, (640, 640)),
        (641, 640, (639, 640)),
        (640, 641, (640, 639)),
        (1600, 1200, (480, 640)),
        (65_535, 1, (1, 640)),
        (1, 65_535, (640, 1)),
        (5, 3, (3, 5)),
    ],
)
def test_the_planes_size_follows_from_the_pictures(width: int, height: int, plane: tuple[int, int]) -> None:
    assert plane_size(width, height) == plane
    assert max(plane) <= PLANE_SIDE


def test_the_widest_and_the_narrowest_picture_have_miniatures() -> None:
    for shape in ((65_535, 1), (1, 65_535), (1, 1)):
        small = miniatures_of(np.full((*shape, 3), 200, np.uint8))
        assert (small.squares == 200).all()
        assert (small.plane == 200).all()


def test_pixels_that_lie_apart_are_made_small_too() -> None:
    pixels = photo(300, 400)
    assert (miniatures_of(pixels).plane == miniatures_of(pixels.transpose(1, 0, 2)).plane.T).all()


def test_the_square_of_a_cleared_view_shows_what_lies_below() -> None:
    clean = photo(900, 1200)
    striped = clean.copy()
    striped[:, np.arange(1200) % 90 < 30] = (0, 255, 0)
    whole, below = miniatures_of(striped, [View(ViewKind.CLEARED, 0, 0, 1200, 900)]).squares
    green = (abs(whole.astype(int) - (0, 255, 0)) < 20).all(axis=2)
    assert green.mean() > 0.25
    assert not (abs(below.astype(int) - (0, 255, 0)) < 20).all(axis=2).any()


@pytest.mark.parametrize("parts", [(), PARTS])
def test_miniatures_survive_the_journey_as_bytes(parts: tuple[View, ...]) -> None:
    small = miniatures_of(photo(), parts)
    sent = small.to_bytes()
    read = Miniatures.from_bytes(sent)
    assert (read.squares == small.squares).all()
    assert (read.plane == small.plane).all()
    assert (read.width, read.height, read.square_views) == (1600, 1200, small.square_views)
    assert not read.squares.flags.writeable


def test_the_largest_miniatures_may_be_attached_to_an_answer() -> None:
    square = View(ViewKind.REGION, 0, 0, 640, 640)
    assert len(miniatures_of(photo(640, 640), (square,)).to_bytes()) < 1 << 20 < MAX_ATTACHMENT_BYTES


SENT = miniatures_of(photo(), PARTS).to_bytes()
NAME = SENT[:8]
PIXELS = 2 * SQUARE_SIDE * SQUARE_SIDE * 3 + 480 * 640


def forged(
    width: int = 1600, height: int = 1200, count: int = 2, views: bytes = b"\x00\x01", rest: int = PIXELS
) -> bytes:
    return NAME + struct.pack(">IIB", width, height, count) + views + bytes(rest)


FORGERIES = {
    "there is nothing": b"",
    "only a name comes": NAME,
    "the header is cut short": SENT[:16],
    "no pixels come": SENT[:19],
    "the last pixel is missing": SENT[:-1],
    "a pixel is too many": SENT + b"\x00",
    "the name is another": b"minis/2\x00" + SENT[8:],
    "the width is zero": forged(width=0),
    "the height is zero": forged(height=0),
    "the width is over the limit": forged(width=65_536, height=1),
    "the width is the largest number": forged(width=0xFFFFFFFF),
    "the picture has more pixels than the limit": forged(width=60_000, height=60_000),
    "the size asks for another plane": forged(height=1203),
    "there is no square": forged(count=0, views=b""),
    "there is one square fewer than announced": forged(rest=PIXELS - SQUARE_SIDE * SQUARE_SIDE * 3),
    "there are three squares": forged(count=3, views=b"\x00\x01\x02", rest=PIXELS + SQUARE_SIDE * SQUARE_SIDE * 3),
    "there are 255 squares": forged(count=255, views=bytes(255)),
    "the first square is not of the whole": forged(views=b"\x01\x02"),
    "both squares are of the whole": forged(views=b"\x00\x00"),
    "a square is of a view that no picture has": forged(views=bytes([0, MAX_VIEWS])),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_miniatures_that_no_decoder_sends_are_refused_when(forgery: str) -> None:
    assert Miniatures.from_bytes(forged()).square_views == (0, 1)
    with pytest.raises(UnreadableMedia, match="decoder"):
        Miniatures.from_bytes(FORGERIES[forgery])


def test_an_operators_own_limits_hold() -> None:
    for limits in (MediaLimits(max_side=1599), MediaLimits(max_pixels=1600 * 1200 - 1)):
        with pytest.raises(UnreadableMedia, match="decoder"):
            Miniatures.from_bytes(SENT, limits=limits)
    assert Miniatures.from_bytes(SENT, limits=MediaLimits(max_side=1600, max_pixels=1600 * 1200))


def test_miniatures_of_another_shape_are_not_made() -> None:
    squares, plane = np.zeros((1, SQUARE_SIDE, SQUARE_SIDE, 3), np.uint8), np.zeros((30, 40), np.uint8)
    assert Miniatures(squares, plane, 40, 30, (0,))
    for wrong in (squares[0], squares[:, 1:], squares.astype(np.int16), squares[..., 0]):
        with pytest.raises(ValueError, match="squares"):
            Miniatures(wrong, plane, 40, 30, (0,))  # type: ignore[arg-type]
    for wrong in (plane.T, plane[1:], plane.astype(np.int16)):
        with pytest.raises(ValueError, match="plane"):
            Miniatures(squares, wrong, 40, 30, (0,))  # type: ignore[arg-type]
    for views in ((), (1,), (0, 0), (0, 1, 2)):
        with pytest.raises(ValueError, match="squares"):
            Miniatures(np.zeros((len(views), SQUARE_SIDE, SQUARE_SIDE, 3), np.uint8), plane, 40, 30, views)


def test_pixels_stay_out_of_text_and_logs() -> None:
    assert "array" not in repr(miniatures_of(photo(40, 40)))
