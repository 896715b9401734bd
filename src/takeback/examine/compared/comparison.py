"""What a comparison with the original says."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class ChangeKind(StrEnum):
    """What became of a part of the original."""

    CHANGED = "changed"
    """Something else is there, of about as much detail."""
    ADDED = "added"
    """There is more detail than the original has there: something was put there."""
    REMOVED = "removed"
    """There is less detail than the original has there: something was painted over, or filled in."""
    MOVED = "moved"
    """What is there is of the original, from another place: bent, shifted or copied."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    A part of the suspect that is not what the original makes it: its box in pixels, and its area.

    `nfa` bounds the share of unchanged copies that have a part which stands out as much; `reason` says in plain words
    what is seen there.
    """

    kind: ChangeKind
    left: int
    top: int
    width: int
    height: int
    area: int
    nfa: float
    reason: str

    @property
    def box(self) -> list[int]:
        """Left, top, width, height."""
        return [self.left, self.top, self.width, self.height]

    def as_json(self) -> dict[str, object]:
        """Return it by name."""
        return {"kind": self.kind.value, "box": self.box, "area": self.area, "nfa": self.nfa, "reason": self.reason}


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """
    What a suspect of `width` × `height` pixels is to an original.

    `same_source` says whether both show the same photograph, with `source_nfa`: how many pairs of different ones
    agree as well by chance. None where that cannot be told. `changed` is None where it cannot be judged: then
    `unjudged` says why, or `same_source` is False. `nfa` is the least of the changes', or what the strongest
    difference has that counts as none. `mask` bool [height, width]: the pixels that were changed. `compared` is the
    box of the suspect in which the original lies, and what is outside of it is not comparable; `compared_share` its
    part of the suspect. `flow` is by how many pixels details lie off a common transform, nineteen of twenty of them.
    """

    width: int
    height: int
    same_source: bool | None
    source_nfa: float
    changed: bool | None
    nfa: float
    unjudged: str | None
    changes: tuple[Change, ...] = ()
    compared: tuple[int, int, int, int] | None = None
    compared_share: float = 0.0
    changed_share: float = 0.0
    mirrored: bool = False
    scale: float | None = None
    angle: float | None = None
    flow: float | None = None
    strongest: float = 0.0
    """How strongly the strongest difference stands out, whether it counts or not: what the bound was set on."""
    mask: NDArray[np.bool_] | None = field(default=None, repr=False)

    @property
    def boxes(self) -> list[list[int]]:
        """The changes' boxes in the suspect, the strongest first: left, top, width, height."""
        return [change.box for change in self.changes]

    def as_json(self) -> dict[str, object]:
        """Return all of it but the mask; the first five are what other programs read."""
        return {
            "same_source": self.same_source,
            "changed": self.changed,
            "boxes": self.boxes,
            "nfa": self.nfa,
            "unjudged": self.unjudged,
            "changes": [change.as_json() for change in self.changes],
            "compared": None if self.compared is None else list(self.compared),
            "compared_share": round(self.compared_share, 4),
            "changed_share": round(self.changed_share, 4),
            "width": self.width,
            "height": self.height,
            "mirrored": self.mirrored,
            "scale": None if self.scale is None else round(self.scale, 4),
            "angle": None if self.angle is None else round(self.angle, 2),
            "flow": None if self.flow is None else round(self.flow, 2),
            "source_nfa": self.source_nfa,
        }
