"""A PDQ fingerprint as text, and what no photograph can have."""

from __future__ import annotations

import numpy as np
import pytest

from takeback.errors import MalformedHash
from takeback.fingerprint import MATCH_RADIUS, MIN_QUALITY, PdqHash

BRIDGE = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"  # published, upstream's example


def test_text_comes_back_as_it_was() -> None:
    assert PdqHash.from_hex(BRIDGE).hex() == BRIDGE


def test_upper_case_is_accepted() -> None:
    assert PdqHash.from_hex(BRIDGE.upper()) == PdqHash.from_hex(BRIDGE)


def test_bit_255_comes_first() -> None:
    assert PdqHash.from_hex("8" + "0" * 31 + "f" * 30 + "00").array()[0] == 0b1000_0000
    assert PdqHash.from_hex("f" * 30 + "0" * 33 + "1").array()[31] == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        BRIDGE[:-1],
        BRIDGE + "0",
        BRIDGE + "\n",
        " " + BRIDGE[1:],
        "0x" + BRIDGE[2:],
        BRIDGE[:-1] + "g",
        BRIDGE[:-1] + "٣",  # a digit, but not a hexadecimal one
    ],
)
def test_anything_but_64_hexadecimal_digits_is_malformed(text: str) -> None:
    with pytest.raises(MalformedHash):
        PdqHash.from_hex(text)


def test_more_than_128_ones_are_malformed_because_no_picture_gives_them() -> None:
    assert PdqHash.from_hex("f" * 32 + "0" * 32).is_plausible
    with pytest.raises(MalformedHash, match="128"):
        PdqHash.from_hex("f" * 32 + "1" + "0" * 31)


def test_all_zero_is_malformed_because_it_means_no_hash() -> None:
    with pytest.raises(MalformedHash, match="zero"):
        PdqHash.from_hex("0" * 64)


def test_fewer_than_100_ones_are_malformed_because_no_photograph_has_them() -> None:
    assert PdqHash.from_hex("f" * 25 + "0" * 39).is_plausible
    with pytest.raises(MalformedHash, match="too few"):
        PdqHash.from_hex("f" * 24 + "7" + "0" * 39)


def test_no_message_repeats_the_fingerprint() -> None:
    with pytest.raises(MalformedHash) as caught:
        PdqHash.from_hex(BRIDGE + "0")
    assert BRIDGE[:8] not in str(caught.value)
    assert BRIDGE[:8] not in repr(PdqHash.from_hex(BRIDGE))


def test_distance_counts_differing_bits() -> None:
    bridge = PdqHash.from_hex(BRIDGE)
    assert bridge.distance(bridge) == 0
    assert bridge.distance(PdqHash.from_hex("e" + BRIDGE[1:])) == 1
    assert PdqHash.from_hex("f" * 32 + "0" * 32).distance(PdqHash.from_hex("0" * 32 + "f" * 32)) == 256


def test_the_array_is_a_row_for_an_index() -> None:
    array = PdqHash.from_hex(BRIDGE).array()
    assert array.shape == (32,)
    assert array.dtype == np.dtype(np.uint8)
    assert array.tobytes() == bytes.fromhex(BRIDGE)


@pytest.mark.parametrize(("size", "quality"), [(31, 50), (33, 50), (32, -1), (32, 101)])
def test_a_wrong_code_length_or_quality_is_a_value_error(size: int, quality: int) -> None:
    with pytest.raises(ValueError, match="PDQ"):
        PdqHash(bytes(size), quality)


def test_the_published_thresholds() -> None:
    assert (MATCH_RADIUS, MIN_QUALITY) == (31, 50)
