"""How many unaltered files have a region as strong."""

from __future__ import annotations

import math

from takeback.examine.conformal import Bound, bound_beside

BOUND = bound_beside("takeback.examine.blind.double_jpeg")
"""What the strongest regions of clean files reach that were seen to be saved twice."""


def nfa_of(strength: float, bound: Bound = BOUND) -> float:
    """Return the larger of what the model expects of chance, and of what clean files reached."""
    return max(bound.nfa(strength), math.exp(-max(strength, 0.0)))
