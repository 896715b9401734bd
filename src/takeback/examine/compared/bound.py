"""From when on a difference between a suspect and its original counts as a change."""

from __future__ import annotations

from takeback.examine.conformal import bound_beside

MAX_NFA = 0.01
"""Share of unchanged copies that may be called changed: of a hundred, one."""

BOUND = bound_beside("takeback.examine.compared")
"""What the strongest regions of clean pairs reach."""
