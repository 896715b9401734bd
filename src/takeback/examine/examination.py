"""What an examination of one picture says, by all of its tests."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback.examine.outcome import BUDGET, MAX_NFA, Finding, Outcome
from takeback.examine.sentences import Sentence


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """
    The outcomes of all tests of a picture, `width` × `height` pixels as a person sees it.

    `format` is as `takeback.media.Image` has it, `sha256` the digest of the file. Nothing here says that a picture is
    genuine: no finding is only as much as the tests that could be applied.
    """

    width: int
    height: int
    format: str
    sha256: str
    outcomes: tuple[Outcome, ...]
    seen: NDArray[np.uint8] | None = field(default=None, repr=False)
    """For a report, the picture made small, uint8 [height, width, 3]; None where it is left out."""

    @property
    def findings(self) -> list[Finding]:
        """What counts, the rarest first; what is decided and not counted before that."""
        found = [finding for outcome in self.outcomes for finding in outcome.findings]
        return sorted(found, key=lambda finding: -1.0 if finding.nfa is None else finding.nfa)

    @property
    def facts(self) -> list[tuple[Outcome, Sentence]]:
        """What else was seen, with the outcome that it is of."""
        return [(outcome, fact) for outcome in self.outcomes for fact in outcome.facts]

    @property
    def not_applicable(self) -> list[tuple[Outcome, Sentence]]:
        """The tests that could not be applied, and why."""
        return [(outcome, outcome.why_not) for outcome in self.outcomes if outcome.why_not is not None]

    def as_json(self) -> dict[str, object]:
        """Return all of it but the masks; `findings` and `not_applicable` are what other programs read."""
        return {
            "findings": [finding.as_json() for finding in self.findings],
            "not_applicable": [_said(outcome, why, "why") for outcome, why in self.not_applicable],
            "facts": [_said(outcome, fact, "text") for outcome, fact in self.facts],
            "tests": [
                {
                    "test": outcome.test.value,
                    "statistic": outcome.statistic,
                    "counted": outcome.counted,
                    "nfa": outcome.nfa,
                    "applicable": outcome.why_not is None,
                }
                for outcome in self.outcomes
            ],
            "false_alarms": BUDGET,
            "max_nfa": MAX_NFA,
            "width": self.width,
            "height": self.height,
            "format": self.format,
            "sha256": self.sha256,
        }


def _said(outcome: Outcome, text: Sentence, name: str) -> dict[str, object]:
    return {"test": outcome.test.value, name: str(text), "sentence": text.key, "values": dict(text.values)}
