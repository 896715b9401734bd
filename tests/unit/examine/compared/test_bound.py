"""The bound beside every finding, and what a decoder's answer must be."""

from __future__ import annotations

import json
import math
import zlib
from pathlib import Path

import numpy as np
import pytest
from tests.unit.examine.compared.pictures import patched
from tests.unit.registration.pictures import cornered

from takeback.errors import MediaTooLarge, UnreadableMedia
from takeback.examine import compare_pixels
from takeback.examine.compared.apart import comparison_handler
from takeback.examine.compared.asked import PooledComparer, comparison_of, pool_limits
from takeback.examine.compared.bound import BOUND, MAX_NFA
from takeback.examine.conformal import Bound
from takeback.media import MediaLimits
from takeback.media.sandbox import DecoderPool

LIMITS = MediaLimits()


def test_the_bound_is_the_rank_among_clean_pairs() -> None:
    bound = Bound(999, (30.0, 20.0, 20.0, 10.0), "drawn")
    assert bound.nfa(31) == pytest.approx(1 / 1000)
    assert bound.nfa(30) == pytest.approx(2 / 1000)
    assert bound.nfa(20) == pytest.approx(4 / 1000)
    assert bound.nfa(10) == pytest.approx(5 / 1000)
    assert bound.nfa(9.9) == 1


def test_the_shipped_bound_was_measured_on_enough_pairs_to_be_used() -> None:
    assert 1 / (BOUND.clean + 1) <= MAX_NFA
    assert BOUND.nfa(BOUND.strongest[-1]) > MAX_NFA
    assert list(BOUND.strongest) == sorted(BOUND.strongest, reverse=True)


def test_a_comparison_comes_home_as_it_was() -> None:
    found = compare_pixels(cornered(5), patched(cornered(5)))
    assert found.mask is not None
    packed = zlib.compress(np.packbits(found.mask, axis=1).tobytes())
    home = comparison_of(json.loads(json.dumps(found.as_json())), packed, LIMITS)
    assert home.as_json() == found.as_json()
    assert home.mask is not None
    assert (home.mask == found.mask).all()


@pytest.mark.parametrize(
    "lie",
    [
        {"boxes": None, "changes": [{"kind": "changed"}]},
        {"width": 10**9},
        {"width": True},
        {"nfa": math.inf},
        {"nfa": "0"},
        {"same_source": 1},
        {"unjudged": "a\x1b[2J"},
        {"compared": [0, 0, 10**6, 5]},
        {"scale": -1},
        {"changes": {}},
        {
            "changes": [
                {"kind": "forged", "box": [0, 0, 5, 5], "area": 9, "nfa": 0.001, "reason": "Of no kind that there is."}
            ]
        },
    ],
)
def test_a_decoder_that_was_taken_over_is_not_believed(lie: dict[str, object]) -> None:
    told = {**compare_pixels(cornered(5), cornered(5)).as_json(), **lie}
    with pytest.raises(UnreadableMedia):
        comparison_of(told, b"", LIMITS)


@pytest.mark.parametrize("packed", [b"junk", zlib.compress(b"\0" * 10_000_000)])
def test_a_mask_that_is_none_or_too_large_is_refused(packed: bytes) -> None:
    with pytest.raises(UnreadableMedia):
        comparison_of(compare_pixels(cornered(5), cornered(5)).as_json(), packed, LIMITS)


def test_each_file_is_bounded_by_itself() -> None:
    comparer = PooledComparer(DecoderPool(Path("/nowhere")), MediaLimits(max_bytes=10))
    with pytest.raises(MediaTooLarge):
        comparer.compare(b"x", b"x" * 11)
    assert pool_limits(LIMITS).max_bytes == 2 * LIMITS.max_bytes


def test_a_request_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="request"):
        comparison_handler(b"ab", {**LIMITS.as_options(), "original_bytes": 3})
