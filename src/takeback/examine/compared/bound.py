"""
How many unchanged copies have a region as strong: the bound that stands beside every finding.

Conformal (Vovk, Gammerman, Shafer, "Algorithmic learning in a random world", 2005): of `pairs` clean pairs of the
calibration and the one that is judged, each is as likely to be the strongest if nothing was changed.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files

MAX_NFA = 0.01
"""Share of unchanged copies that may be called changed: of a hundred, one."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The strengths of the strongest regions of `pairs` clean pairs, the largest first; those left out are weaker."""

    pairs: int
    strongest: tuple[float, ...]
    origin: str

    def nfa(self, strength: float) -> float:
        """Return the share of unchanged copies that have a region of this `strength`, at most, in the mean."""
        if self.strongest and strength < self.strongest[-1]:
            return 1.0
        return (1 + sum(each >= strength for each in self.strongest)) / (self.pairs + 1)


def bound_of(text: str) -> Bound:
    """Read a calibration as `benchmarks.compared` writes it."""
    held = tomllib.loads(text)
    return Bound(int(held["pairs"]), tuple(float(each) for each in held["strongest"]), str(held["origin"]))


BOUND = bound_of(files("takeback.examine.compared").joinpath("calibration.toml").read_text("utf-8"))
"""Read when the package is: what compares strangers' files has no file in reach."""
