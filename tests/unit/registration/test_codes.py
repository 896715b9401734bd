"""Codes are the same on every machine and for years: by digests, and against whole numbers without rounding."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from takeback.registration.codes import ROOT_ONE, codes_of, directions, mirrored_descriptors


def descriptors(count: int) -> NDArray[np.uint8]:
    """Descriptors that will be the same in ten years, whatever NumPy's generators do."""
    rows = [b"".join(sha256(f"{row} {part}".encode()).digest() for part in range(4)) for row in range(count)]
    return np.frombuffer(b"".join(rows), np.uint8).reshape(count, 128)


def test_the_directions_are_those_of_version_1() -> None:
    digest = sha256(directions().astype(np.int8).tobytes()).hexdigest()
    assert digest == "82a9844b3fab2a5674bf3d1bdeb26b74a0e2fa03ecd89adb7eb49817c83addb9"


def test_the_codes_are_those_of_version_1() -> None:
    assert (
        sha256(codes_of(descriptors(500)).tobytes()).hexdigest()
        == "41a7b6c932c32e1ad1eb09fb4f39a4cc21ab9e1f04fbf1f820a8495a10dacea6"
    )


def test_no_sum_can_be_rounded() -> None:
    longest = np.abs(directions()).sum(axis=0).max()
    assert longest * ROOT_ONE < 2**24


def test_the_order_of_adding_does_not_matter() -> None:
    some = descriptors(200)
    one_by_one = np.concatenate([codes_of(some[row : row + 1]) for row in range(200)])
    assert np.array_equal(codes_of(some), one_by_one)


def test_each_half_of_the_directions_is_a_turning() -> None:
    for half in (directions()[:, :128], directions()[:, 128:]):
        lengths = half.T @ half / (half[:, 0] @ half[:, 0])
        assert np.abs(lengths - np.eye(128)).max() < 0.01


def test_mirroring_twice_changes_nothing() -> None:
    some = descriptors(3)
    assert np.array_equal(mirrored_descriptors(mirrored_descriptors(some)), some)
    assert not np.array_equal(mirrored_descriptors(some), some)


def test_an_empty_descriptor_has_a_code_and_no_descriptors_have_none() -> None:
    assert codes_of(np.zeros((1, 128), np.uint8)).shape == (1, 32)
    assert codes_of(np.zeros((0, 128), np.uint8)).shape == (0, 32)
