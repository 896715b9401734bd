"""Looks at a picture: why someone looks, at what kind of thing, and what they found."""

from __future__ import annotations

from enum import StrEnum

from takeback.match import CopyClass


class LookReason(StrEnum):
    """Why someone at the desk looks at a picture; there is no other."""

    FINDING = "finding"
    """Before the first decision of a case: whether what is shown appears covered."""
    LIKENESS = "likeness"
    """The facts do not say whether it is a copy."""
    CONTEST = "contest"
    """A contest is to be answered."""
    SECOND_READING = "second_reading"
    """A refusal is to be read again."""

    @property
    def is_second(self) -> bool:
        """Whether a second person looks, who has to see it for themselves."""
        return self in (LookReason.CONTEST, LookReason.SECOND_READING)


class LookKind(StrEnum):
    """What someone may choose not to look at."""

    INTIMATE = "intimate"
    FORGED = "forged"
    POSSIBLE = "possible"
    """Perhaps a copy, and perhaps anything."""


class Found(StrEnum):
    """What someone found who looked. It decides nothing."""

    COVERED = "covered"
    """It appears intimate, or forged, and covered."""
    SOMETHING_ELSE = "something_else"
    UNCLEAR = "unclear"


def kind_of(copy_class: CopyClass | None) -> LookKind:
    """Return what kind of thing a copy is taken for before anyone looks."""
    if copy_class is CopyClass.ALTERED_COPY:
        return LookKind.FORGED
    return LookKind.POSSIBLE if copy_class is CopyClass.POSSIBLE else LookKind.INTIMATE
