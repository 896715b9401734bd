"""What the tests of an examination say, each in the same form."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from takeback.examine.sentences import Sentence

BUDGET = 0.01
"""Expected number of findings on an unaltered picture, by all tests together: what they are set to."""

MEASURED_FILES, MEASURED_FOUND = 2106, 9
"""Unaltered files that set no bound, and how many of them had a finding (benchmarks/forensics/whole.py)."""


class Test(StrEnum):
    """Everything that a picture is tested for; what each can and cannot see stands in docs/examine.md."""

    __test__ = False  # No test class of pytest's.

    JPEG_GRID = "jpeg_grid"
    """A region whose JPEG blocks lie elsewhere than those of the rest, or that has none."""
    DOUBLE_JPEG = "double_jpeg"
    """A region that was not saved twice, as the rest of the file was."""
    COPY_MOVE = "copy_move"
    """A region that was copied from elsewhere in the picture."""
    NOISE_LEVEL = "noise_level"
    """A region with less noise than the picture beside it, or more."""
    DEMOSAICING = "demosaicing"
    """A region that a camera's sensor did not see where it is."""
    RESAMPLING = "resampling"
    """A region that was scaled or turned, and the rest was not."""
    FILE_STRUCTURE = "file_structure"
    """Parts of the file that contradict each other, or the picture."""
    CONTENT_CREDENTIALS = "content_credentials"
    """What a C2PA manifest says, and whether it holds."""
    DECLARED_ORIGIN = "declared_origin"
    """What the file itself says of how it was made."""
    OUTSIDE_DETECTOR = "outside_detector"
    """What a program of others says of a picture, as a share of photographs."""


EXAMINED: tuple[Test, ...] = (
    Test.JPEG_GRID,
    Test.DOUBLE_JPEG,
    Test.COPY_MOVE,
    Test.NOISE_LEVEL,
    Test.DEMOSAICING,
    Test.RESAMPLING,
    Test.FILE_STRUCTURE,
    Test.DECLARED_ORIGIN,
    Test.CONTENT_CREDENTIALS,
)
"""Those that an examination runs, in that order: the last reads with the largest library of others."""

BLIND_TESTS: tuple[Test, ...] = (
    Test.JPEG_GRID,
    Test.DOUBLE_JPEG,
    Test.COPY_MOVE,
    Test.NOISE_LEVEL,
    Test.DEMOSAICING,
    Test.RESAMPLING,
    Test.FILE_STRUCTURE,
)
"""Those that may find something on an unaltered picture, and share the budget."""

MAX_NFA = BUDGET / len(BLIND_TESTS)
"""Up to it something counts as a finding: the budget is split evenly (Bonferroni), whichever tests apply."""

type Box = tuple[int, int, int, int]
"""Left, top, width, height, in pixels of the upright picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """
    Something that an unaltered picture hardly has: where, and how rarely.

    `nfa`, its number of false alarms: how many as striking are expected on an unaltered picture, by this test. None
    where that is not counted but decided: two parts of a file that cannot both be true. `boxes` and `mask`, bool
    [height, width], are those of the upright picture; none where it concerns the file or all of the picture.
    """

    test: Test
    text: Sentence
    nfa: float | None
    boxes: tuple[Box, ...] = ()
    mask: NDArray[np.bool_] | None = field(default=None, repr=False)

    def as_json(self) -> dict[str, object]:
        """Return all of it but the mask, by name."""
        return {
            "test": self.test.value,
            "nfa": self.nfa,
            "boxes": [list(box) for box in self.boxes],
            "text": str(self.text),
            "sentence": self.text.key,
            "values": dict(self.text.values),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """
    What one test says of one picture.

    `findings` have an NFA of at most `MAX_NFA`, or none. `facts` are what else it saw, which says nothing of an edit.
    `why_not` says why the test could not be applied, to all or a part of the picture: then no finding means nothing
    there. `statistic` is what it measured, of the strongest of `counted` candidates (regions, lags, blocks: what the
    NFA counts), and `nfa` what follows from it, whether it counts as a finding or not.
    """

    test: Test
    findings: tuple[Finding, ...] = ()
    facts: tuple[Sentence, ...] = ()
    why_not: Sentence | None = None
    statistic: float = 0.0
    counted: float = 0.0
    nfa: float = 1.0
