"""
Detectors of generated pictures that others make: their number counts only by where it stands among photographs.

A number that a detector gives means nothing by itself. Whoever runs one supplies what it gives for photographs of
their own, which have to be like those that are examined; then at most a share p of such photographs is given a number
as large (a conformal p-value: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from takeback.errors import BadSetting
from takeback.examine.outcome import Outcome, Test
from takeback.examine.sentences import Sentence
from takeback.examine.subject import Subject

MIN_PHOTOGRAPHS: Final = 1_000
"""Below, no share that is small enough to say anything can be told."""

MAX_FILE_BYTES: Final = 64 << 20


class OutsideDetector(Protocol):
    """A detector that somebody else makes and runs."""

    @property
    def name(self) -> str:
        """What people are told that it is called."""
        ...

    def number_of(self, pixels: NDArray[np.uint8]) -> float:
        """Return a number for `pixels` uint8 [height, width, 3] as stored: larger where it looks more generated."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Photographs:
    """What a detector gives for photographs that nobody generated: `numbers` float64 [n], sorted."""

    numbers: NDArray[np.float64] = field(repr=False)

    def __post_init__(self) -> None:
        if self.numbers.ndim != 1 or len(self.numbers) < MIN_PHOTOGRAPHS:
            raise BadSetting(
                f"The calibration has {self.numbers.size:,} numbers; it needs {MIN_PHOTOGRAPHS:,} at least.",
                advice="Have the detector give its number for as many photographs that nobody generated, one a line.",
            )
        if not np.isfinite(self.numbers).all():
            raise BadSetting("The calibration has numbers that are not finite.", advice="Leave those photographs out.")
        object.__setattr__(self, "numbers", np.sort(self.numbers))

    def share(self, number: float) -> float:
        """Return the conformal p-value of a number: (1 + how many photographs reach it) / (1 + how many there are)."""
        reach = len(self.numbers) - int(np.searchsorted(self.numbers, number, side="left"))
        return (1 + reach) / (1 + len(self.numbers))


def read_photographs(path: Path) -> Photographs:
    """Read a file with one number a line; raises `BadSetting` for another one, and for too few."""
    try:
        with path.open("rb") as file:
            held = file.read(MAX_FILE_BYTES + 1)
        if len(held) > MAX_FILE_BYTES:
            raise ValueError("too long")
        numbers = np.array([float(line) for line in held.split()], np.float64)
    except (OSError, ValueError) as problem:
        raise BadSetting(
            f"The calibration {path} cannot be read.", advice="Write one number a line, as in 0.1234."
        ) from problem
    return Photographs(numbers)


def outside_outcome(subject: Subject, detector: OutsideDetector, photographs: Photographs) -> Outcome:
    """
    Say where a detector's number stands among photographs.

    It is a fact and never a finding: the detector and its photographs are not ours, and are no part of the budget.
    """
    number = float(detector.number_of(subject.pixels))
    if not np.isfinite(number):
        return Outcome(Test.OUTSIDE_DETECTOR, why_not=Sentence("outside_detector.no_number", name=detector.name))
    share = photographs.share(number)
    said = Sentence("outside_detector.share", name=detector.name, count=len(photographs.numbers), share=f"{share:.2%}")
    return Outcome(Test.OUTSIDE_DETECTOR, facts=(said,), statistic=number, counted=len(photographs.numbers), nfa=share)
