"""From when on a difference between a suspect and its original counts as a change."""

from __future__ import annotations

from takeback.examine.conformal import bound_beside

MAX_NFA = 0.004
"""
Share of unchanged copies that may be called changed, in the mean: so that of a hundred hardly ever more than one is.

Copies of one photograph are alike, and photographs differ: a bound for one of a hundred, set on one half of the
calibration's photographs, let through up to 2.4 of a hundred on the other half (in nine of ten ways to halve them).
"""

BOUND = bound_beside("takeback.examine.compared")
"""What the strongest regions of clean pairs reach."""
