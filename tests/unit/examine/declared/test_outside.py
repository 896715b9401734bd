"""Detectors of others: their number is worth what it is among photographs of whoever runs them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.provenance.signing import picture

from takeback.errors import BadSetting
from takeback.examine import examine_image
from takeback.examine.declared.outside import Photographs, outside_outcome, read_photographs
from takeback.examine.outcome import EXAMINED, Test
from takeback.examine.subject import read_subject
from takeback.media import MediaLimits


class Brightness:
    """A detector that knows nothing, and says so."""

    def __init__(self, number: float | None = None) -> None:
        self.name = "brightness"
        self._number = number

    def number_of(self, pixels: NDArray[np.uint8]) -> float:
        return float(pixels.mean()) if self._number is None else self._number


def test_a_share_counts_the_picture_itself() -> None:
    photographs = Photographs(np.arange(1_000.0)[::-1])
    assert photographs.share(1e9) == 1 / 1_001
    assert photographs.share(999.0) == 2 / 1_001
    assert photographs.share(-1.0) == 1.0


def test_of_photographs_no_more_fall_below_a_share_than_it_says() -> None:
    rng = np.random.default_rng(5)
    photographs = Photographs(rng.normal(size=2_000))
    shares = np.array([photographs.share(float(number)) for number in rng.normal(size=4_000)])
    for share in (0.01, 0.05, 0.2):
        assert (shares <= share).mean() < share + 0.02


def test_what_it_says_is_a_fact_and_never_a_finding() -> None:
    subject = read_subject(picture(), MediaLimits())
    found = outside_outcome(subject, Brightness(), Photographs(np.linspace(0, 10, 1_000)))
    assert found.test is Test.OUTSIDE_DETECTOR
    assert not found.findings
    (said,) = found.facts
    assert "Of 1000 photographs that whoever runs it supplied, at most 0.10% reach" in str(said)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_no_number_says_nothing(number: float) -> None:
    subject = read_subject(picture(), MediaLimits())
    found = outside_outcome(subject, Brightness(number), Photographs(np.linspace(0, 10, 1_000)))
    assert found.why_not is not None
    assert not found.facts
    json.dumps(found.statistic, allow_nan=False)


def test_too_few_photographs_are_refused() -> None:
    with pytest.raises(BadSetting, match="999 numbers; it needs 1,000"):
        Photographs(np.zeros(999))


def test_numbers_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "numbers.txt"
    file.write_text("\n".join(str(number / 7) for number in range(1_200)) + "\n")
    assert len(read_photographs(file).numbers) == 1_200


@pytest.mark.parametrize("held", ["0.5\nno number\n", "", "0.5\n" * 5, "nan\n" * 1_000])
def test_another_file_is_refused(tmp_path: Path, held: str) -> None:
    file = tmp_path / "numbers.txt"
    file.write_text(held)
    with pytest.raises(BadSetting):
        read_photographs(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="cannot be read"):
        read_photographs(tmp_path / "none.txt")


def test_it_stands_with_the_other_outcomes_of_an_examination() -> None:
    detector, photographs = Brightness(), Photographs(np.linspace(0, 10, 1_000))
    found = examine_image(picture(), outside=[(detector, photographs)])
    assert [each.test for each in found.outcomes] == [*EXAMINED, Test.OUTSIDE_DETECTOR]
    assert found.findings == []
    assert "outside_detector.share" in {fact.key for _, fact in found.facts}
