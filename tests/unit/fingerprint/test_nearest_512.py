"""The size at which ThreatExchange's C++ tool and WASM build hash, against plain fancy indexing and `pdqhash`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pdqhash
import PIL.Image
import pytest
from numpy.typing import NDArray
from tests.unit.fingerprint.battery import smooth

from takeback import _native
from takeback.fingerprint import PdqHash, Route, nearest_512, pdq_hash, pdq_of_file

# facebook/ThreatExchange, pdq/wasm/test/TestData/PDQMD5TestData.csv
WASM = {
    "c.png": "e4cc89d91c623842f8d1f1d9a398e78c9f199a3bf87925f2b7e11e0bf061b064",
    "bridge-mods/aaa-orig.jpg": "d8f8f0cee0f4a84f0637022a078f67f0b36e2ed596621e1d33e6339c4e9c9b22",
    "bridge-mods/sharpen-a-little.jpg": "d8f8f0cee0f4a84f0e370222038f67f0b36e2ed596231e1d33e6b39c4e9c9b22",
    "bridge-mods/shrink-a-little.jpg": "d8f8f0cee0f4a84f0e370a22038f67f0b36e2ed596621e1d33e6339c4e9c9b22",
    "bridge-mods/square-512x512.jpg": "d8f8f0cec0f4a84f0637022a278f67f0b36e2ed596621e1d33e6339c4e9c9b22",
}


def emulated(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    if height <= 512 and width <= 512:
        return pixels
    at = np.arange(512)
    return pixels[np.ix_(at * height // 512, at * width // 512)]


@pytest.mark.parametrize("shape", [(600, 400), (512, 513), (513, 512), (40, 2000), (1200, 1999), (3000, 7), (513, 1)])
def test_what_is_larger_becomes_512_by_512_whatever_its_aspect(shape: tuple[int, int]) -> None:
    pixels = smooth(*shape, seed=1)
    for view in (pixels, pixels[..., 1], pixels[::-1], pixels[:, ::-1], pixels.swapaxes(0, 1)):
        reduced = nearest_512(view)
        assert np.array_equal(reduced, emulated(view))
        assert reduced.shape[:2] == (512, 512)


@pytest.mark.parametrize("shape", [(600, 400), (700, 1400)])
def test_its_hash_is_what_pdqhash_gives_for_the_reduced_picture(shape: tuple[int, int]) -> None:
    pixels = smooth(*shape, seed=2)
    bits, quality = pdqhash.compute(emulated(pixels))
    assert pdq_hash(nearest_512(pixels)) == PdqHash(np.packbits(bits.astype(np.uint8)).tobytes(), quality)


@pytest.mark.parametrize("shape", [(512, 512), (5, 512), (1, 1)])
def test_what_is_not_larger_stays_as_it_is(shape: tuple[int, int]) -> None:
    pixels = smooth(*shape, seed=3)
    assert nearest_512(pixels) is pixels


def test_the_reduced_picture_outlives_the_one_it_came_of() -> None:
    reduced = nearest_512(np.full((900, 700, 3), 9, np.uint8))
    assert int(reduced.sum()) == 9 * reduced.size


@pytest.mark.parametrize("shape", [(900,), (900, 9, 4), (0, 900, 3), (900, 0)])
def test_another_shape_is_a_value_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="pixels"):
        nearest_512(np.zeros(shape, np.uint8))


def test_another_dtype_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="uint8"):
        _native.nearest_512(np.zeros((900, 9), np.float32))


@pytest.mark.parametrize("name", WASM)
def test_a_published_picture_has_the_hash_that_the_wasm_build_gives(vectors: Path, name: str) -> None:
    path = vectors / "pdq" / name
    found = pdq_of_file(path.read_bytes(), route=Route.NEAREST_512)
    assert found.upright.hex() == WASM[name]
    with PIL.Image.open(path) as picture:
        assert (found.width, found.height) == picture.size
