"""What one decision about one copy rests on: what a statement of reasons is made of, and nothing of who gave notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from takeback.audit.event import Json
from takeback.match import CopyClass


class Decided(StrEnum):
    """What was decided about a picture."""

    HOLD = "hold"
    """Hidden at a place that the notice named."""
    AUTOMATIC_HOLD = "automatic_hold"
    """Hidden at a place that a program found."""
    REMOVAL = "removal"
    AUTOMATIC_REMOVAL = "automatic_removal"
    """Removed because a person decided about an identical copy."""
    UPHELD = "upheld"
    """The removal stands after it was contested."""
    PUT_BACK = "put_back"
    UPLOAD_REFUSED = "upload_refused"
    """Not taken at upload, because a person decided about the picture before."""
    UPLOAD_LET = "upload_let"
    """Refused no more."""

    @property
    def lifts(self) -> bool:
        """Whether it ends a restriction."""
        return self in (Decided.PUT_BACK, Decided.UPLOAD_LET)

    @property
    def is_of_upload(self) -> bool:
        """Whether it is about what was never stored."""
        return self in (Decided.UPLOAD_REFUSED, Decided.UPLOAD_LET)

    @property
    def hides_for_now(self) -> bool:
        """Whether nobody has decided yet."""
        return self in (Decided.HOLD, Decided.AUTOMATIC_HOLD)


class How(StrEnum):
    """How a person came to decide about one copy."""

    PERSON = "person"
    FACTS = "facts"
    """By the facts of the comparison alone."""
    FOLLOWS = "follows"
    """By deciding about an identical copy."""


class Contest(StrEnum):
    """How far the contest of a picture has come."""

    OPEN = "open"
    WAITING = "waiting"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Reasons:
    """What one decision about one copy rests on."""

    decision: Decided
    at: datetime
    laws: tuple[str, ...]
    """The laws under which the notice is complete."""
    linked: bool
    copy_class: CopyClass | None
    why: str
    """What the person who decided wrote for both sides."""
    under_18: bool = False
    how: How = How.PERSON
    elements: tuple[str, ...] = ()
    """Of a put-back, which elements of the laws are not met."""
    agreed: bool = False
    """Of a put-back, that whoever gave notice agreed."""
    contest: Contest = Contest.OPEN
    by_list: bool = False
    """Whether an outside list led to it, and no notice."""
    by_bank: bool = False
    """Whether a bank of the operator's own led to it; only uploads are refused by that."""

    def as_json(self) -> dict[str, Json]:
        """Return what an order keeps of it."""
        return {
            "decision": self.decision.value,
            "at": self.at.isoformat(),
            "laws": list(self.laws),
            "linked": self.linked,
            "class": None if self.copy_class is None else self.copy_class.value,
            "why": self.why,
            "under_18": self.under_18,
            "how": self.how.value,
            "elements": list(self.elements),
            "agreed": self.agreed,
            "contest": self.contest.value,
            "by_list": self.by_list,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Reasons:
        """Return what `as_json` kept."""
        return cls(
            Decided(kept["decision"]),
            datetime.fromisoformat(kept["at"]),
            tuple(kept["laws"]),
            kept["linked"],
            None if kept["class"] is None else CopyClass(kept["class"]),
            kept["why"],
            kept["under_18"],
            How(kept["how"]),
            tuple(kept["elements"]),
            kept["agreed"],
            Contest(kept["contest"]),
            kept.get("by_list", False),
        )
