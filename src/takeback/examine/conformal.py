"""
How many unaltered pictures have something as strong: the bound that stands beside every finding.

Conformal (Vovk, Gammerman, Shafer, "Algorithmic learning in a random world", 2005): of the clean ones of a calibration
and the one that is judged, each is as likely to be the strongest if nothing was changed.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Bound:
    """
    The strengths of the strongest of `clean` unaltered pictures, or pairs of them, the largest first.

    Those that are left out are weaker. `origin` says what the calibration was measured on.
    """

    clean: int
    strongest: tuple[float, ...]
    origin: str

    def nfa(self, strength: float) -> float:
        """Return the share of unaltered ones that have something of this `strength`, at most, in the mean."""
        if self.strongest and strength < self.strongest[-1]:
            return 1.0
        return (1 + sum(each >= strength for each in self.strongest)) / (self.clean + 1)


def bound_of(text: str) -> Bound:
    """Read a calibration, as a benchmark writes it."""
    held = tomllib.loads(text)
    return Bound(int(held["clean"]), tuple(float(each) for each in held["strongest"]), str(held["origin"]))


def bound_beside(package: str) -> Bound:
    """Read the calibration of a package when it is imported: what examines strangers' files has no file in reach."""
    return bound_of(files(package).joinpath("calibration.toml").read_text("utf-8"))
