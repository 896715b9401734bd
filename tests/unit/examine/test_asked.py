"""What a child says of a file is believed in its form only."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from takeback.errors import MediaTooLarge, UnreadableMedia
from takeback.examine import Test, examine_image, outcome
from takeback.examine.answers import packed
from takeback.examine.apart import examination_handler
from takeback.examine.asked import HANDLER, WARM_UP, PooledExaminer, outcome_of, pool_limits
from takeback.examine.outcome import EXAMINED
from takeback.examine.sentences import SENTENCES, VALUES
from takeback.media.limits import MediaLimits
from takeback.media.sandbox import DecoderPool, temporary_pool

LIMITS = MediaLimits()
WIDTH, HEIGHT = 40, 30
PLAIN = next(key for key, names in VALUES.items() if not names)


def picture() -> bytes:
    pixels = np.random.default_rng(1).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def told(**changed: Any) -> dict[str, Any]:
    said = {
        "test": "jpeg_grid",
        "findings": [{"text": [PLAIN, {}], "nfa": 0.001, "boxes": [[1, 2, 10, 5]]}],
        "facts": [[PLAIN, {}]],
        "why_not": None,
        "statistic": 12.5,
        "counted": 64,
        "nfa": 0.001,
    }
    return {**said, **changed}


def attached(mask: bytes) -> bytes:
    return len(mask).to_bytes(4, "big") + mask


MASK = np.zeros((HEIGHT, WIDTH), np.bool_)
MASK[3:8, 4:20] = True


def test_an_outcome_is_read_as_it_was_written() -> None:
    found = outcome_of(told(), attached(packed(MASK)), Test.JPEG_GRID, WIDTH, HEIGHT)
    (finding,) = found.findings
    assert finding.mask is not None
    assert (finding.mask == MASK).all()
    assert (finding.boxes, finding.nfa, str(finding.text)) == (((1, 2, 10, 5),), 0.001, SENTENCES[PLAIN])
    assert (found.statistic, found.counted, found.nfa, found.why_not) == (12.5, 64, 0.001, None)


@pytest.mark.parametrize(
    "lie",
    [
        {"test": "copy_move"},
        {"findings": {}},
        {"findings": [{"text": [PLAIN, {}], "nfa": 2, "boxes": []}]},
        {"findings": [{"text": [PLAIN, {}], "nfa": float("nan"), "boxes": []}]},
        {"findings": [{"text": [PLAIN, {}], "nfa": 0.1, "boxes": [[0, 0, 10**9, 1]]}]},
        {"findings": [{"text": [PLAIN, {"more": 1}], "nfa": 0.1, "boxes": []}]},
        {"findings": [{"text": ["a sentence of its own", {}], "nfa": 0.1, "boxes": []}]},
        {"findings": [{"text": "words", "nfa": 0.1, "boxes": []}]},
        {"facts": [[PLAIN, {}]] * 101},
        {"facts": [[PLAIN, []]]},
        {"why_not": [PLAIN]},
        {"statistic": float("inf")},
        {"counted": -1},
        {"nfa": None},
    ],
)
def test_a_child_that_was_taken_over_is_not_believed(lie: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        outcome_of(told(**lie), attached(b""), Test.JPEG_GRID, WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "masks",
    [b"", attached(b"junk"), attached(packed(MASK))[:-1], attached(b"") * 2, attached(zlib.compress(b"\0" * 10**7))],
)
def test_masks_that_are_none_or_too_large_are_refused(masks: bytes) -> None:
    with pytest.raises((ValueError, zlib.error)):
        outcome_of(told(), masks, Test.JPEG_GRID, WIDTH, HEIGHT)


def test_a_picture_is_examined_apart_as_it_is_here_and_says_how_far_it_is() -> None:
    data = picture()
    seen: list[int] = []
    with temporary_pool(HANDLER, children=1, limits=pool_limits(LIMITS), warm_up=WARM_UP) as pool:
        examiner = PooledExaminer(pool, LIMITS)
        found = examiner.examine(data, seen.append)
        with pytest.raises(UnreadableMedia):
            examiner.examine(b"no picture")
    assert found.as_json() == examine_image(data).as_json()
    assert seen == list(range(len(EXAMINED) + 1))


def test_each_file_is_bounded_by_itself() -> None:
    with pytest.raises(MediaTooLarge):
        PooledExaminer(DecoderPool(Path("/nowhere")), MediaLimits(max_bytes=10)).examine(b"x" * 11)


def test_a_request_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="request"):
        next(examination_handler(b"ab", {**LIMITS.as_options(), "file_bytes": 3, "shown": "left-out"}))


def test_every_blind_test_shares_the_budget() -> None:
    finds_nothing = {Test.CONTENT_CREDENTIALS, Test.DECLARED_ORIGIN, Test.OUTSIDE_DETECTOR}
    assert set(outcome.BLIND_TESTS) | finds_nothing == set(Test)
