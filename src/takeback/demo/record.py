"""What the demonstration says afterwards: each step, each copy, and whether all of it happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what had to happen, what did, and how long it took."""

    name: str
    expected: str
    happened: str
    passed: bool
    seconds: float


@dataclass(slots=True)
class CopyRow:
    """
    One copy on the sample site, and what became of it.

    Seconds count from the sending of the notice until the copy stood in the case (`found`) and the site had
    hidden it (`held`), and from the decision until the site had removed it; None is "not yet".
    """

    name: str
    item_id: str
    copy_class: str | None = None
    distance: int | None = None
    """Bits of 256; None where a digest or a link decided."""
    turned: str | None = None
    found_seconds: float | None = None
    held_seconds: float | None = None
    removed_seconds: float | None = None


@dataclass(slots=True)
class Story:
    """The record of one run."""

    expected_steps: int
    steps: list[Step] = field(default_factory=list)
    copies: list[CopyRow] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every step there is was taken, and passed."""
        return len(self.steps) == self.expected_steps and all(step.passed for step in self.steps)

    @property
    def seconds(self) -> float:
        """How long the steps took together."""
        return sum(step.seconds for step in self.steps)

    @property
    def failed_step(self) -> Step | None:
        """The step at which it ended, if it did."""
        return next((step for step in self.steps if not step.passed), None)

    def to_json(self) -> Mapping[str, object]:
        """Return plain JSON values."""
        return {
            "passed": self.passed,
            "seconds": round(self.seconds, 3),
            "steps": [{**asdict(step), "seconds": round(step.seconds, 3)} for step in self.steps],
            "copies": [_copy(row) for row in self.copies],
        }


def _copy(row: CopyRow) -> dict[str, object]:
    values = {name: value for name, value in asdict(row).items() if name != "copy_class"}
    rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()}
    return {**rounded, "class": row.copy_class}
