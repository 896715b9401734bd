"""From a file to its fingerprint, by each route."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pdqhash
import PIL.Image
import pytest
from numpy.typing import NDArray
from PIL import ImageCms
from tests.house import drawn
from tests.unit.fingerprint.battery import smooth

from takeback.errors import MediaTooLarge, UnreadableMedia
from takeback.fingerprint import Looked, Orientation, PdqHash, Route, RoutedFingerprint, pdq_of_file, pdq_orientations
from takeback.fingerprint.take import glance_and_look, route_handler
from takeback.media import MediaLimits, decode_image, decode_luminance, decode_stored

TOLERANCE_BITS = 4
"""How far the luminance route may lie from the pixels' on a photograph."""

DRAWN_BITS = 8
"""The same on a drawing, whose coefficients lie closer together; copies may differ by 31."""

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(pixels: NDArray[np.uint8], kind: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).convert(mode).save(file, kind, **options)
    return file.getvalue()


def scene(seed: int) -> NDArray[np.uint8]:
    """Waves and blobs that reach no edge of what a JPEG can hold, as in most photographs: clipping moves luminance."""
    blobs = np.repeat(np.repeat(drawn(seed), 3, axis=0), 3, axis=1)[:400, :500]
    return smooth(400, 500, seed) // 2 + blobs // 4 + np.uint8(24)


def exif_of(orientation: int) -> bytes:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def wide_gamut(profile: bytes = SRGB) -> bytes:
    """Exchange red and green in a profile, so that it changes every colour there is."""
    return profile.replace(b"rXYZ", b"xXYZ", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"xXYZ", b"gXYZ", 1)


def both(data: bytes) -> tuple[RoutedFingerprint, RoutedFingerprint]:
    return pdq_of_file(data), pdq_of_file(data, exact=True)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "quality": 95}, {"quality": 30}])
def test_a_plain_jpeg_is_hashed_by_its_luminance_some_bits_from_its_pixels(seed: int, options: dict[str, Any]) -> None:
    quick, exact = both(saved(scene(seed), **options))
    assert (quick.route, exact.route) == (Route.LUMINANCE, Route.PIXELS)
    assert (quick.format, quick.width, quick.height) == ("jpeg", 500, 400)
    for orientation in Orientation:
        assert quick.orientations[orientation].distance(exact.orientations[orientation]) <= DRAWN_BITS
    assert abs(quick.upright.quality - exact.upright.quality) <= 2


def luminance_distances(paths: list[Path]) -> list[int]:
    distances = []
    for path in paths:
        quick, exact = both(path.read_bytes())
        if quick.route is Route.LUMINANCE:
            distances.append(quick.upright.distance(exact.upright))
        else:
            assert quick == exact
    return distances


def test_a_dozen_photographs_lie_within_the_tolerance(photos: Path) -> None:
    distances = luminance_distances(sorted((photos / "scenes").iterdir())[::15])
    assert len(distances) >= 10
    assert max(distances) <= TOLERANCE_BITS


@pytest.mark.slow
def test_every_photograph_lies_within_the_tolerance_and_half_a_bit_off_in_the_mean(photos: Path) -> None:
    distances = luminance_distances([path for path in sorted(photos.glob("*/*")) if path.suffix.lower() == ".jpg"])
    assert len(distances) >= 200
    assert max(distances) <= TOLERANCE_BITS
    assert np.mean(distances) < 0.5


def test_exact_is_the_fingerprint_of_the_canonical_pixels() -> None:
    for data in (saved(drawn(1)), saved(drawn(1), "PNG"), saved(drawn(1), exif=exif_of(6))):
        found = pdq_of_file(data, exact=True)
        assert found.orientations == pdq_orientations(decode_image(data).pixels)
        assert found == pdq_of_file(data, route=Route.PIXELS)


def test_a_plain_grey_jpeg_is_its_luminance() -> None:
    quick, exact = both(saved(drawn(2), mode="L"))
    assert quick.route is Route.LUMINANCE
    assert quick.orientations == exact.orientations


@pytest.mark.parametrize(
    "data",
    [
        saved(drawn(3), keep_rgb=True),
        saved(drawn(3), mode="CMYK"),
        saved(drawn(3), icc_profile=wide_gamut()),
        saved(drawn(3), "PNG"),
        saved(drawn(3), "WEBP"),
    ],
    ids=["RGB in a JPEG", "CMYK", "wide gamut", "PNG", "WebP"],
)
def test_what_has_no_luminance_plane_of_its_own_is_decoded_in_full(data: bytes) -> None:
    quick, exact = both(data)
    assert decode_luminance(data) is None
    assert quick == exact
    assert quick.route is Route.PIXELS


def test_three_components_named_r_g_b_without_a_marker_are_rgb_as_libjpeg_has_it() -> None:
    # Pillow writes them with an Adobe marker that says so; without it, the names of the components say it.
    data = saved(drawn(3), keep_rgb=True)
    marker = data.index(b"\xff\xee")
    bare = data[:marker] + data[marker + 2 + int.from_bytes(data[marker + 2 : marker + 4]) :]
    assert b"Adobe" not in bare
    assert pdq_of_file(bare).route is Route.PIXELS
    assert pdq_of_file(bare) == pdq_of_file(data)


def test_a_profile_that_changes_nothing_does_not_stop_the_luminance_route() -> None:
    for profile in (SRGB, b"no profile at all"):
        quick, exact = both(saved(drawn(4), icc_profile=profile))
        assert quick.route is Route.LUMINANCE
        assert quick.upright.distance(exact.upright) <= DRAWN_BITS


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_jpeg_has_the_luminance_fingerprints_of_what_is_seen(orientation: int) -> None:
    quick, exact = both(saved(drawn(5), quality=95, exif=exif_of(orientation)))
    assert quick.route is Route.LUMINANCE
    assert (quick.width, quick.height) == (exact.width, exact.height)
    for each in Orientation:
        assert quick.orientations[each].distance(exact.orientations[each]) <= DRAWN_BITS


@pytest.mark.parametrize("orientation", [1, 6])
def test_as_stored_is_what_pdqhash_gives_for_what_pillow_opens(orientation: int) -> None:
    every: tuple[dict[str, Any], ...] = (
        {},
        {"icc_profile": wide_gamut()},
        {"mode": "CMYK"},
        {"mode": "L"},
        {"keep_rgb": True},
    )
    for options in every:
        data = saved(drawn(6), exif=exif_of(orientation), **options)
        pixels = np.array(PIL.Image.open(io.BytesIO(data)).convert("RGB"))
        bits, quality = pdqhash.compute(pixels)
        found = pdq_of_file(data, route=Route.AS_STORED)
        assert found.route is Route.AS_STORED
        assert found.upright == PdqHash(np.packbits(bits.astype(np.uint8)).tobytes(), quality)
        assert (found.width, found.height) == (200, 160)


def test_as_stored_reads_every_kind_of_png() -> None:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        data = saved(drawn(6), "PNG", mode=mode)
        with PIL.Image.open(io.BytesIO(data)) as picture:
            assert np.array_equal(decode_stored(data).pixels, np.array(picture.convert("RGB")))


def test_as_stored_scales_sixteen_bits_and_does_not_clip_them() -> None:
    deep = drawn(6)[..., 0].astype(np.uint16) * 257
    file = io.BytesIO()
    PIL.Image.fromarray(deep).save(file, "PNG")
    assert np.array_equal(decode_stored(file.getvalue()).pixels[..., 1], drawn(6)[..., 0])


@pytest.mark.parametrize("route", Route)
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_truncated_jpeg_is_unreadable_by_every_route(route: Route, part: float) -> None:
    for progressive in (False, True):
        data = saved(drawn(7), quality=95, progressive=progressive)
        for cut in (data[: int(len(data) * part)], data[: int(len(data) * part)] + b"\xff\xd9"):
            with pytest.raises(UnreadableMedia):
                pdq_of_file(cut, route=route)


@pytest.mark.parametrize("route", Route)
def test_no_changed_byte_raises_anything_else_by_any_route(route: Route) -> None:
    data = saved(drawn(7), exif=exif_of(6), icc_profile=SRGB)
    chance = np.random.default_rng(5)
    for _ in range(60):
        changed = bytearray(data)
        changed[int(chance.integers(len(data)) * chance.random())] = int(chance.integers(256))
        try:
            found = pdq_of_file(bytes(changed), route=route)
        except (UnreadableMedia, MediaTooLarge):
            continue
        assert len(found.orientations) == 8


@pytest.mark.parametrize("route", Route)
def test_the_limits_are_those_of_decode_image_by_every_route(route: Route) -> None:
    for kind in ("JPEG", "PNG"):
        data = saved(drawn(8), kind)
        for name, value in {"max_bytes": len(data) - 1, "max_pixels": 160 * 200 - 1, "max_side": 199}.items():
            limits = MediaLimits(**{name: value})
            with pytest.raises(MediaTooLarge, match=name):
                pdq_of_file(data, route=route, limits=limits)
            with pytest.raises(MediaTooLarge, match=name):
                decode_image(data, limits=limits)
        exact = MediaLimits(max_bytes=len(data), max_pixels=160 * 200, max_side=200)
        assert pdq_of_file(data, route=route, limits=exact).format == kind.lower()


@pytest.mark.parametrize("route", Route)
def test_what_is_no_picture_is_unreadable_by_every_route(route: Route) -> None:
    for data in (b"", b"not a picture", b"\xff\xd8\xff and no more"):
        with pytest.raises(UnreadableMedia):
            pdq_of_file(data, route=route)


@pytest.mark.parametrize("route", Route)
def test_a_routed_fingerprint_survives_the_journey_from_a_decoder(route: Route) -> None:
    data, limits = saved(drawn(9)), MediaLimits()
    sent = json.loads(json.dumps(route_handler(data, {**limits.as_options(), "route": str(route)}).result))
    assert RoutedFingerprint.from_json(sent) == pdq_of_file(data, route=route)


@pytest.mark.parametrize(
    "forgery",
    [
        {"route": "other"},
        {"route": ["pixels"]},
        {"format": "exe"},
        {"width": 0},
        {"width": 60_000, "height": 60_000},
        {"height": True},
        {"orientations": {}},
        {"orientations": None},
        {"more": 1},
    ],
)
def test_a_routed_fingerprint_that_no_decoder_sends_is_refused(forgery: dict[str, object]) -> None:
    sent = pdq_of_file(saved(drawn(9))).to_json()
    assert RoutedFingerprint.from_json(sent)
    with pytest.raises(UnreadableMedia, match="decoder"):
        RoutedFingerprint.from_json({**sent, **forgery})


def test_an_upload_is_looked_at_as_a_lists_page_does(photos: Path) -> None:
    ours, reduced = [], []
    for path in sorted(photos.rglob("*.jpg")):
        data = path.read_bytes()
        listed = pdq_of_file(data, route=Route.NEAREST_512)
        if max(listed.width, listed.height) <= 512 or listed.upright.quality < 50:
            continue
        *_, looked = glance_and_look(data, MediaLimits(), miniatures=False, reduced=True)
        assert isinstance(looked, Looked)
        assert looked.prints.reduced is not None
        frame = looked.prints.frames[0]
        ours.append(min(each.distance(listed.upright) for each in frame.orientations.values()))
        reduced.append(min(each.distance(listed.upright) for each in looked.prints.reduced.values()))
    # 42 photographs: 7.7 and 18, 0.5 and 10.
    assert len(ours) > 30
    assert np.mean(ours) > 5
    assert np.mean(reduced) < 1
    assert max(reduced) <= 10
