"""The clock of a case: what the law gives, from when, and how much is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.cases.law import LawPack

DEFAULT_REMOVAL_WITHIN = timedelta(hours=48)
"""TAKE IT DOWN Act § 3(a)(3) and UK Online Safety Act s. 10(3A)."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """
    Both clocks of a notice.

    `from_receipt_at` runs from the moment it arrived, whatever it lacked; `from_valid_at` from the
    moment nothing was missing, and is None until then. The service works to the earlier one.
    """

    from_receipt_at: datetime
    from_valid_at: datetime | None

    @property
    def deadline_at(self) -> datetime:
        """The moment that the service works to."""
        return self.from_receipt_at


def strictest(packs: Sequence[LawPack]) -> timedelta:
    """Return the shortest time that any of `packs` gives."""
    return min((pack.removal_within for pack in packs), default=DEFAULT_REMOVAL_WITHIN)


def clocks_of(received_at: datetime, valid_at: datetime | None, packs: Sequence[LawPack]) -> Clocks:
    """Return both clocks of a notice under `packs`."""
    within = strictest(packs)
    return Clocks(received_at + within, None if valid_at is None else valid_at + within)
