"""ThreatExchange's own answers for its own pictures."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from takeback.fingerprint import PdqHash, pdq_hash
from takeback.fingerprint.reference import reference_hash

VECTOR_COUNT = 14


def rgb_pixels(path: Path) -> NDArray[np.uint8]:
    with PIL.Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def expected_hashes(vectors: Path) -> list[tuple[Path, PdqHash]]:
    with (vectors / "pdq" / "expected.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    folder = vectors / "pdq"
    return [(folder / row["file"], PdqHash.from_hex(row["pdq"], quality=int(row["quality"]))) for row in rows]


@pytest.mark.parametrize("number", range(VECTOR_COUNT))
def test_a_published_picture_has_its_published_hash_and_quality(vectors: Path, number: int) -> None:
    path, expected = expected_hashes(vectors)[number]
    assert pdq_hash(rgb_pixels(path)) == expected


def test_all_published_vectors_are_tried(vectors: Path) -> None:
    assert len(expected_hashes(vectors)) == VECTOR_COUNT


def test_the_readable_twin_has_the_published_hashes_too(vectors: Path) -> None:
    for path, expected in expected_hashes(vectors):
        assert reference_hash(rgb_pixels(path)) == expected
