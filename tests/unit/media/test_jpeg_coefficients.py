"""The integers of a JPEG file: equal to what libjpeg-turbo makes pixels of, and an error for whatever is damaged."""

from __future__ import annotations

import io
import struct
import time
from functools import cache

import numpy as np
import PIL.Image
import pytest
import simplejpeg
from numpy.typing import NDArray

from takeback import _native
from takeback.errors import UnreadableMedia
from takeback.media import MediaLimits
from takeback.media.coefficients import JpegComponent, read_coefficients

type Pixels = NDArray[np.uint8]

_COSINES = np.cos((2 * np.arange(8)[:, None] + 1) * np.arange(8) * np.pi / 16) * np.where(np.arange(8), 0.5, 8**-0.5)


def painted(height: int, width: int, seed: int = 0) -> Pixels:
    """Draw waves and noise: every coefficient of a block, and runs of nothing."""
    rng = np.random.default_rng((seed, height, width))
    y, x = np.mgrid[0:height, 0:width]
    plane = np.stack([128 + 90 * np.sin(x / rng.uniform(2, 30) + y / rng.uniform(2, 30)) for _ in range(3)], axis=2)
    plane += (rng.random((height, width, 3)) - 0.5) * np.where(x > width // 2, 120, 2)[..., None]
    return np.asarray(np.clip(plane, 0, 255), np.uint8)


def saved(pixels: Pixels, **how: object) -> bytes:
    held = io.BytesIO()
    PIL.Image.fromarray(pixels).save(held, "JPEG", **how)
    return held.getvalue()


def pixels_of(component: JpegComponent, height: int, width: int) -> NDArray[np.float64]:
    """Dequantise and transform back, by the definition."""
    rows, columns = component.values.shape[:2]
    blocks = (component.values * component.steps.astype(np.float64)).reshape(rows, columns, 8, 8)
    samples = _COSINES @ blocks @ _COSINES.T + 128
    plane = samples.transpose(0, 2, 1, 3).reshape(rows * 8, columns * 8)[:height, :width]
    return np.asarray(np.clip(plane, 0, 255))


def assert_as_decoded(data: bytes) -> None:
    found = read_coefficients(data)
    decoded = simplejpeg.decode_jpeg(data, "GRAY")[..., 0]
    assert decoded.shape == (found.height, found.width)
    apart = np.abs(pixels_of(found.components[0], found.height, found.width) - decoded)
    assert apart.max() <= 1


@pytest.mark.parametrize("quality", [1, 5, 20, 50, 75, 90, 95, 98, 100])
@pytest.mark.parametrize("progressive", [False, True])
def test_luminance_is_what_libjpeg_makes_pixels_of(quality: int, progressive: bool) -> None:
    assert_as_decoded(saved(painted(83, 121), quality=quality, progressive=progressive))


@pytest.mark.parametrize("sampling", ["444", "422", "420", "440", "411", "Gray"])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (8, 8), (9, 17), (33, 64), (100, 7), (131, 250)])
def test_any_sampling_and_any_size(sampling: str, height: int, width: int) -> None:
    pixels = painted(height, width)
    if sampling == "Gray":
        assert_as_decoded(simplejpeg.encode_jpeg(np.ascontiguousarray(pixels[..., :1]), 85, "GRAY", "Gray"))
    else:
        assert_as_decoded(simplejpeg.encode_jpeg(pixels, 85, "RGB", sampling))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize(
    "restart", [{"restart_marker_blocks": 1}, {"restart_marker_blocks": 7}, {"restart_marker_rows": 1}]
)
def test_restart_markers(progressive: bool, optimize: bool, restart: dict[str, int]) -> None:
    data = saved(painted(77, 130), quality=80, progressive=progressive, optimize=optimize, **restart)
    assert b"\xff\xd3" in data
    assert_as_decoded(data)


def test_a_grey_and_a_cmyk_file() -> None:
    assert_as_decoded(saved(painted(50, 60)[..., 0], quality=70, progressive=True))
    held = io.BytesIO()
    PIL.Image.fromarray(painted(40, 40)).convert("CMYK").save(held, "JPEG")
    assert len(read_coefficients(held.getvalue()).components) == 4


@pytest.mark.parametrize("progressive", [False, True])
def test_every_component_is_read_as_by_itself(progressive: bool) -> None:
    """Colour differences against those of libjpeg's own YCbCr, which Pillow hands out."""
    data = saved(painted(64, 96), quality=88, subsampling=0, progressive=progressive)
    with PIL.Image.open(io.BytesIO(data)) as picture:
        picture.draft("YCbCr", None)
        planes = np.asarray(picture)
    for each, component in enumerate(read_coefficients(data).components):
        assert np.abs(pixels_of(component, 64, 96) - planes[..., each]).max() <= 1


@pytest.mark.parametrize("progressive", [False, True])
def test_luminance_alone_is_the_same(progressive: bool) -> None:
    data = saved(painted(90, 70), quality=80, progressive=progressive, restart_marker_rows=2)
    (alone,), (first, *_) = read_coefficients(data, components=1).components, read_coefficients(data).components
    assert (alone.values == first.values).all()
    assert (alone.steps == first.steps).all()


def test_the_steps_are_those_of_the_file() -> None:
    data = saved(painted(32, 32), quality=63)
    with PIL.Image.open(io.BytesIO(data)) as picture:
        tables = picture.quantization  # type: ignore[attr-defined]
    assert list(read_coefficients(data).components[0].steps) == list(tables[0])


def test_a_progressive_file_holds_what_a_plain_one_does() -> None:
    plain, progressive = (
        read_coefficients(saved(painted(120, 200), quality=92, progressive=each)) for each in (False, True)
    )
    assert progressive.is_progressive
    for one, other in zip(plain.components, progressive.components, strict=True):
        assert (one.values == other.values).all()


@cache
def _small(progressive: bool) -> bytes:
    return saved(painted(48, 56), quality=80, progressive=progressive, restart_marker_blocks=5)


@pytest.mark.parametrize("progressive", [False, True])
def test_no_cut_file_is_read(progressive: bool) -> None:
    data = _small(progressive)
    for length in range(0, len(data) - 1, 7):
        with pytest.raises(UnreadableMedia):
            read_coefficients(data[:length])


@pytest.mark.parametrize("progressive", [False, True])
def test_a_damaged_file_is_read_or_refused(progressive: bool) -> None:
    """Hundreds of files with bytes changed, dropped or doubled; tools/sanitize watches the memory."""
    data = np.frombuffer(_small(progressive), np.uint8)
    refused = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        changed = data.copy()
        places = rng.integers(2, len(data), rng.integers(1, 6))
        changed[places] = rng.choice(
            np.array([0, 1, 0x11, 0x7F, 0xC4, 0xDA, 0xFF, rng.integers(256)], np.uint8), len(places)
        )
        if seed % 3 == 1:
            changed = np.delete(changed, slice(places[0], places[0] + rng.integers(1, 30)))
        if seed % 3 == 2:
            changed = np.insert(changed, places[0], changed[places[-1] : places[-1] + rng.integers(1, 300)])
        try:
            read_coefficients(changed.tobytes())
        except UnreadableMedia:
            refused += 1
    assert refused > 200


def _with_size(data: bytes, height: int, width: int) -> bytes:
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


@pytest.mark.parametrize("progressive", [False, True])
def test_a_small_file_gets_no_large_memory(progressive: bool) -> None:
    with pytest.raises(UnreadableMedia, match="cut short"):
        read_coefficients(_with_size(_small(progressive), 65535, 65535), limits=MediaLimits(max_pixels=2**33))
    with pytest.raises(UnreadableMedia, match="more blocks"):
        read_coefficients(_small(progressive), limits=MediaLimits(max_pixels=64, max_side=8))


def test_a_progressive_file_may_not_ask_for_endless_work() -> None:
    """A scan that says nothing of a million blocks takes a hundred bytes: it may come once, not ten thousand times."""
    data = saved(np.full((2048, 2048), 128, np.uint8), quality=50, progressive=True, optimize=True)
    assert data.endswith(b"\xff\xd9")
    last = data.rindex(b"\xff\xda")
    begun = time.process_time()
    with pytest.raises(UnreadableMedia, match="out of order"):
        read_coefficients(data[:-2] + data[last:-2] * 10_000 + b"\xff\xd9")
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("marker", "why"),
    [(0xC9, "lossless"), (0xC3, "lossless"), (0xC5, "lossless"), (0xCC, "arithmetic")],
)
def test_other_kinds_of_jpeg_are_named(marker: int, why: str) -> None:
    data = _small(False).replace(b"\xff\xc0", bytes([0xFF, marker]))
    with pytest.raises(UnreadableMedia, match=why):
        read_coefficients(data)


def test_twelve_bits_are_named() -> None:
    data = _small(False)
    at = data.index(b"\xff\xc0") + 4
    with pytest.raises(UnreadableMedia, match="8 bits"):
        read_coefficients(data[:at] + b"\x0c" + data[at + 1 :])


@pytest.mark.parametrize("data", [b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"PNG", b"\xff\xd8" + b"\xff" * 1000])
def test_what_is_no_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableMedia):
        read_coefficients(data)


def test_the_scans_have_to_be_complete() -> None:
    data = _small(True)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(UnreadableMedia):
        read_coefficients(data[:last] + b"\xff\xd9")


def test_the_kernel_takes_bytes_alone() -> None:
    with pytest.raises(TypeError):
        _native.jpeg_coefficients(bytearray(_small(False)), 1, 100)  # type: ignore[arg-type]
