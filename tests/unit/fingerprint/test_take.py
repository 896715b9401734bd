"""All that one file is known by, and its journey home from a decoder's process."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from takeback.errors import UnreadableMedia
from takeback.fingerprint import (
    MATCH_RADIUS,
    Fingerprints,
    Orientation,
    file_digest,
    pdq_orientations,
    pixel_digest,
)
from takeback.fingerprint.take import take_fingerprints
from takeback.media import MediaLimits
from takeback.media.views import MAX_VIEWS, MIN_VIEW_SIDE, View, ViewKind

LIMITS = MediaLimits()


def drawing(height: int = 120, width: int = 200, seed: int = 5) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    cells = PIL.Image.fromarray(rng.integers(0, 256, (height // 20 + 3, width // 20 + 3, 3), dtype=np.uint8))
    # Soft, and with detail up to its sides: no straight edge but that of a frame around it.
    return np.asarray(cells.resize((width + 60, height + 60), PIL.Image.Resampling.BICUBIC))[30:-30, 30:-30].copy()


def saved(pixels: NDArray[np.uint8], kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def animation(*frames: NDArray[np.uint8]) -> bytes:
    pictures = [PIL.Image.fromarray(frame) for frame in frames]
    file = io.BytesIO()
    pictures[0].save(file, "PNG", save_all=True, append_images=pictures[1:], duration=100)
    return file.getvalue()


def framed(pixels: NDArray[np.uint8], border: int = 40, colour: int = 255) -> NDArray[np.uint8]:
    return np.pad(pixels, ((border, border), (border, border), (0, 0)), constant_values=colour)


def as_sent(prints: Fingerprints) -> Any:
    return json.loads(json.dumps(prints.to_json()))


def test_a_still_has_one_frame_with_the_fingerprints_and_digests_of_its_pixels() -> None:
    pixels, data = drawing(), saved(drawing())
    prints = take_fingerprints(data, LIMITS)
    assert (prints.format, prints.width, prints.height) == ("png", 200, 120)
    assert prints.file_digest == file_digest(data)
    (frame,) = prints.frames
    assert frame.pixel_digest == pixel_digest(pixels)
    assert frame.orientations == pdq_orientations(pixels)
    assert frame.upright == frame.orientations[Orientation.UPRIGHT]
    assert frame.quality == frame.upright.quality
    assert prints.incomplete is None


def test_the_same_pixels_in_another_format_have_the_same_pixel_digest_and_another_file_digest() -> None:
    png, bmp = (take_fingerprints(saved(drawing(), kind), LIMITS) for kind in ("PNG", "BMP"))
    assert png.frames == bmp.frames
    assert png.file_digest != bmp.file_digest


def test_an_animation_has_a_frame_for_each_distinct_picture() -> None:
    prints = take_fingerprints(animation(drawing(seed=1), drawing(seed=2)), LIMITS)
    assert [frame.pixel_digest for frame in prints.frames] == [pixel_digest(drawing(seed=n)) for n in (1, 2)]
    assert prints.incomplete is None


def test_an_animation_cut_short_is_known_by_the_frames_that_were_seen_and_says_so() -> None:
    limits = MediaLimits(max_decoded_frames=2)
    prints = take_fingerprints(animation(*(drawing(seed=n) for n in range(4))), limits)
    assert pixel_digest(drawing(seed=0)) in [frame.pixel_digest for frame in prints.frames]
    assert prints.incomplete == "media-too-large"


def test_a_framed_picture_is_also_known_by_what_is_inside_its_frame() -> None:
    (frame,) = take_fingerprints(saved(framed(drawing())), LIMITS).frames
    assert frame.orientations == pdq_orientations(framed(drawing()))
    inside = frame.views[0]
    assert inside.view == View(ViewKind.STRIPPED, 40, 40, 200, 120)
    assert inside.orientations == pdq_orientations(drawing())
    assert inside.upright.distance(frame.upright) > MATCH_RADIUS


def test_a_picture_that_was_drawn_over_is_also_known_by_what_lies_below() -> None:
    clean = drawing(300, 380)
    y, x = np.mgrid[0:300, 0:380]
    striped = np.where(((x + y) % 40 < 14)[..., None], np.uint8(0), clean)
    (frame,) = (prints := take_fingerprints(saved(striped), LIMITS)).frames
    below = frame.views[0]
    assert below.view == View(ViewKind.CLEARED, 0, 0, 380, 300)
    original = pdq_orientations(clean)
    assert below.upright.distance(original[Orientation.UPRIGHT]) <= MATCH_RADIUS
    assert below.orientations[Orientation.MIRRORED].distance(original[Orientation.MIRRORED]) <= MATCH_RADIUS
    assert Fingerprints.from_json(as_sent(prints)) == prints


def test_a_picture_without_parts_has_no_views() -> None:
    (frame,) = take_fingerprints(saved(drawing()), LIMITS).frames
    assert frame.views == ()


def test_a_part_too_small_or_too_plain_to_be_compared_is_left_out() -> None:
    plain = np.full((120, 200, 3), 90, np.uint8)
    small = drawing()[: MIN_VIEW_SIDE - 1, :]
    for inside in (plain, small):
        (frame,) = take_fingerprints(saved(framed(inside)), LIMITS).frames
        assert frame.views == ()
    (frame,) = take_fingerprints(saved(framed(drawing()[:MIN_VIEW_SIDE])), LIMITS).frames
    assert [found.view.height for found in frame.views] == [MIN_VIEW_SIDE]


def test_each_frame_of_an_animation_has_its_own_views() -> None:
    prints = take_fingerprints(animation(framed(drawing(seed=1)), drawing(200, 280, seed=2)), LIMITS)
    kinds = [{found.view.kind for found in frame.views} for frame in prints.frames]
    assert [ViewKind.STRIPPED in each for each in kinds] == [True, False]
    assert Fingerprints.from_json(as_sent(prints)) == prints


def test_a_later_page_may_be_larger_than_the_first() -> None:
    file = io.BytesIO()
    pages = [PIL.Image.fromarray(pixels) for pixels in (drawing(), framed(drawing(400, 600, seed=2)))]
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    prints = take_fingerprints(file.getvalue(), LIMITS)
    assert prints.frames[1].views[0].view.width == 600 > prints.width
    assert Fingerprints.from_json(as_sent(prints)) == prints


def test_what_is_no_picture_is_unreadable() -> None:
    with pytest.raises(UnreadableMedia):
        take_fingerprints(b"not a picture", LIMITS)


def test_fingerprints_survive_the_journey_as_json() -> None:
    for data in (saved(drawing()), animation(drawing(seed=1), drawing(seed=2)), saved(drawing()[:3, :3]), FRAMED):
        prints = take_fingerprints(data, LIMITS)
        assert Fingerprints.from_json(as_sent(prints)) == prints


FRAMED = saved(framed(drawing()))


def first_frame(sent: Any) -> Any:
    return sent["frames"][0]


def upright_of(sent: Any) -> Any:
    return first_frame(sent)["orientations"]["upright"]


def first_view(sent: Any) -> Any:
    return first_frame(sent)["views"][0]


FORGERIES: dict[str, Callable[[Any], object]] = {
    "a field is missing": lambda sent: sent.pop("width"),
    "a field is unknown": lambda sent: sent.update(more=1),
    "the format is unknown": lambda sent: sent.update(format="exe"),
    "the format is no text": lambda sent: sent.update(format=["png"]),
    "the width is text": lambda sent: sent.update(width="200"),
    "the width is true": lambda sent: sent.update(width=True),
    "the width is a fraction": lambda sent: sent.update(width=200.0),
    "the height is zero": lambda sent: sent.update(height=0),
    "the picture is larger than the limits": lambda sent: sent.update(width=60_000, height=60_000),
    "there is no frame": lambda sent: sent.update(frames=[]),
    "there are too many frames": lambda sent: sent.update(frames=sent["frames"] * 17),
    "the frames are no list": lambda sent: sent.update(frames=first_frame(sent)),
    "a frame is no object": lambda sent: sent.update(frames=[1]),
    "the reason for the end is unknown": lambda sent: sent.update(incomplete="because"),
    "the reason for the end is a list": lambda sent: sent.update(incomplete=[]),
    "the file digest is short": lambda sent: sent.update(file_digest="00"),
    "the file digest is upper case": lambda sent: sent.update(file_digest="A" * 64),
    "the file digest is none": lambda sent: sent.update(file_digest=None),
    "the pixel digest ends in a newline": lambda sent: first_frame(sent).update(pixel_digest="a" * 64 + "\n"),
    "an orientation is missing": lambda sent: first_frame(sent)["orientations"].pop("mirrored"),
    "an orientation is unknown": lambda sent: first_frame(sent)["orientations"].update(odd=["0" * 64, 1]),
    "a code is no hexadecimal text": lambda sent: upright_of(sent).__setitem__(0, "x" * 64),
    "a code is no text": lambda sent: upright_of(sent).__setitem__(0, 7),
    "a code is one that no picture has": lambda sent: upright_of(sent).__setitem__(0, "f" * 64),
    "a quality is out of range": lambda sent: upright_of(sent).__setitem__(1, 101),
    "a quality is missing": lambda sent: upright_of(sent).pop(),
    "the views are missing": lambda sent: first_frame(sent).pop("views"),
    "the views are no list": lambda sent: first_frame(sent).update(views={}),
    "there are too many views": lambda sent: first_frame(sent).update(views=[first_view(sent)] * MAX_VIEWS),
    "a view is no object": lambda sent: first_frame(sent).update(views=[1]),
    "a view has no box": lambda sent: first_view(sent).pop("left"),
    "a view has an unknown field": lambda sent: first_view(sent).update(angle=3),
    "a view has no fingerprint": lambda sent: first_view(sent).update(orientations={}),
    "a view is of an unknown kind": lambda sent: first_view(sent).update(kind="face"),
    "a view's kind is a list": lambda sent: first_view(sent).update(kind=["region"]),
    "a view is likely by a number": lambda sent: first_view(sent).update(likely=1),
    "a view is the whole": lambda sent: first_view(sent).update(kind="whole"),
    "a box begins left of the picture": lambda sent: first_view(sent).update(left=-1),
    "a box begins above the picture": lambda sent: first_view(sent).update(top=-1),
    "a box ends right of the picture": lambda sent: first_view(sent).update(left=81),
    "a box ends below the picture": lambda sent: first_view(sent).update(top=81),
    "a box is wider than the picture": lambda sent: first_view(sent).update(left=0, width=281),
    "a box is as wide as there are numbers": lambda sent: first_view(sent).update(width=10**400),
    "a box begins at a fraction": lambda sent: first_view(sent).update(left=1.5),
    "a box begins at true": lambda sent: first_view(sent).update(top=True),
    "a box is empty": lambda sent: first_view(sent).update(width=0),
    "a box has a negative height": lambda sent: first_view(sent).update(height=-120),
    "a box is too small to be compared": lambda sent: first_view(sent).update(height=MIN_VIEW_SIDE - 1),
    "a view is too plain to be compared": lambda sent: first_view(sent)["orientations"]["upright"].__setitem__(1, 49),
    "a later frame's box is larger than the limits": lambda sent: sent["frames"].append(
        {**first_frame(sent), "views": [{**first_view(sent), "width": LIMITS.max_side + 1}]}
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_answer_that_no_decoder_sends_is_refused_when(forgery: str) -> None:
    sent = as_sent(take_fingerprints(FRAMED, LIMITS))
    forged = copy.deepcopy(sent)
    FORGERIES[forgery](forged)
    assert Fingerprints.from_json(sent)
    with pytest.raises(UnreadableMedia, match="decoder"):
        Fingerprints.from_json(forged)


@pytest.mark.parametrize("value", [None, [], "text", 3, {"frames": None}, {1: 2}])
def test_an_answer_that_is_no_record_is_refused(value: object) -> None:
    with pytest.raises(UnreadableMedia, match="decoder"):
        Fingerprints.from_json(value)
