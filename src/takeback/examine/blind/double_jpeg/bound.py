"""
How many unaltered files have a region as strong: the bound that stands beside every finding.

Conformal (Vovk, Gammerman, Shafer, "Algorithmic learning in a random world", 2005): of the clean files of the
calibration that were seen to be saved twice and the one that is judged, each is as likely to be the strongest.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Bound:
    """The strengths of the strongest regions of `pictures` clean files, the largest first; the others are weaker."""

    pictures: int
    strongest: tuple[float, ...]
    origin: str

    def nfa(self, strength: float) -> float:
        """Return the larger of what the model expects of chance, and of what clean files reached."""
        if self.strongest and strength < self.strongest[-1]:
            return 1.0
        rank = (1 + sum(each >= strength for each in self.strongest)) / (self.pictures + 1)
        return max(rank, math.exp(-max(strength, 0.0)))


def bound_of(text: str) -> Bound:
    """Read a calibration as `benchmarks.forensics.double_jpeg` writes it."""
    held = tomllib.loads(text)
    return Bound(int(held["pictures"]), tuple(float(each) for each in held["strongest"]), str(held["origin"]))


BOUND = bound_of(files("takeback.examine.blind.double_jpeg").joinpath("calibration.toml").read_text("utf-8"))
"""Read when the package is: what examines strangers' files has no file in reach."""
