"""Whom to turn to outside where nobody of the desk may decide a case: the host, and who watches over its laws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from takeback.config import Settings
from takeback.service.pages.authorities import Authority, authorities
from takeback.store.cases import Case


@dataclass(frozen=True, slots=True)
class Outside:
    """Addresses of the host, as the operator gave them, and the authorities of a case's laws."""

    host: Sequence[str]
    authorities: Sequence[Authority]


def outside_of(settings: Settings, case: Case) -> Outside:
    """Return whom a case can be handed to that nobody here may decide."""
    return Outside(settings.host_contact, [each for each in authorities() if each.law in case.laws])
