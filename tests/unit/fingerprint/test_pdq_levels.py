"""Whatever instructions the processor has, the answers are equal to the last bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from numpy.typing import NDArray
from tests.unit.fingerprint.battery import answers, smooth

from takeback import _native
from takeback.fingerprint import PdqHash, pdq_hash

ROOT = Path(__file__).resolve().parents[3]
LEVELS = ("portable", "neon", "avx2", "avx512")


@cache
def answers_here() -> list[str]:
    return answers()


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_gives_the_answers_of_this_process(level: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from tests.unit.fingerprint.battery import main; main()"],
        cwd=ROOT,
        env={**os.environ, "TAKEBACK_KERNEL": level},
        capture_output=True,
        text=True,
        check=False,
    )
    if "this machine has" in done.stderr:
        pytest.skip(f"this machine has no {level}")
    said = json.loads(done.stdout)
    assert said["level"] == level
    assert said["answers"] == answers_here()


def test_some_level_is_in_use() -> None:
    assert _native.LEVEL in LEVELS


def their_hash(pixels: NDArray[np.uint8]) -> PdqHash:
    colour = pixels if pixels.ndim == 3 else np.repeat(pixels[..., np.newaxis], 3, axis=2)
    bits, quality = pdqhash.compute(np.ascontiguousarray(colour))
    return PdqHash(np.packbits(bits.astype(np.uint8)).tobytes(), quality)


@pytest.mark.parametrize(
    "shape",
    [
        *((5, 3000), (3000, 7), (127, 2049), (128, 129), (129, 641), (1283, 1049), (2047, 2049)),
        *((8192, 66), (8193, 66), (16_256, 70), (16_257, 70), (20_000, 70), (70, 20_000), (66_000, 6), (6, 66_000)),
    ],
)
def test_pictures_of_every_window_size_have_the_hash_that_pdqhash_gives(shape: tuple[int, int]) -> None:
    pixels = smooth(*shape, seed=sum(shape))
    # Faint, too: a quality below 100 shows a weight that is a little off, where a code does not.
    faint = pixels // 5 + np.uint8(100)
    for each in (pixels, pixels[..., 1], faint):
        assert pdq_hash(each) == their_hash(each)
    assert pdq_hash(faint).quality < 100


@pytest.mark.parametrize("seed", range(14, 18))
def test_a_picture_so_high_that_its_bands_are_cut_in_pieces_has_the_hash_that_pdqhash_gives(seed: int) -> None:
    # Shades that change inside the cells, and so far apart that the quick plane is what answers.
    shades = np.random.default_rng(seed).normal(128, 9, (65, 5))
    pixels = np.repeat(shades, 9_375, axis=0)[4_000 : 4_000 + 600_000].astype(np.uint8)
    assert pdq_hash(pixels) == their_hash(pixels)
    assert 0 < pdq_hash(pixels).quality < 100
