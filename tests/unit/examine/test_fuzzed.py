"""What `make fuzz` tries, and what it counts as a failure."""

from __future__ import annotations

import pytest
from tests.acceptance.fuzzed import made, main, tried

from takeback.errors import MediaTooLarge, UnreadableMedia
from takeback.examine.asked import PooledExaminer
from takeback.examine.compared.asked import PooledComparer
from takeback.media.limits import FORMATS
from takeback.media.sandbox.wire import STOPPED
from takeback.media.sniff import sniff_format


class Saying:
    """Examines and compares nothing, and raises what it was made with."""

    def __init__(self, problem: Exception | None) -> None:
        self._problem = problem

    def examine(self, *_: object) -> None:
        if self._problem is not None:
            raise self._problem

    compare = examine


def test_a_file_is_the_same_each_time_and_all_formats_are_tried() -> None:
    files = [made(number) for number in range(200)]
    assert files == [made(number) for number in range(200)]
    kinds = set()
    for each in files:
        try:
            kinds.add(sniff_format(each))
        except UnreadableMedia:
            continue
    assert kinds == set(FORMATS)


@pytest.mark.parametrize(
    ("problem", "fails"),
    [
        (None, False),
        (UnreadableMedia("The PNG file is damaged."), False),
        (MediaTooLarge("The picture has 10 pixels; the limit max_pixels is 9."), False),
        (UnreadableMedia(STOPPED), True),
        (MediaTooLarge("Reading the file took longer than the limit wall_seconds (40) allows."), True),
        (MediaTooLarge("Reading the file took more memory than the limit max_memory_bytes (1) allows."), True),
        (UnreadableMedia("The decoder's answer is not what a decoder sends."), True),
        (ZeroDivisionError("of ours"), True),
    ],
)
def test_a_decoder_that_stopped_or_took_too_long_is_a_failure(
    problem: Exception | None, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = PooledExaminer.__new__(PooledExaminer), PooledComparer.__new__(PooledComparer)
    monkeypatch.setattr(PooledExaminer, "examine", Saying(problem).examine)
    monkeypatch.setattr(PooledComparer, "compare", Saying(None).compare)
    assert tried(3, one, two).is_failure is fails
    monkeypatch.setattr(PooledExaminer, "examine", Saying(None).examine)
    monkeypatch.setattr(PooledComparer, "compare", Saying(problem).compare)
    assert tried(3, one, two).is_failure is fails


def test_some_of_it_in_the_real_decoders() -> None:
    assert main(40, 1_000) == 0
