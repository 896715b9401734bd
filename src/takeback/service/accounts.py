"""`/api/v1/accounts`: accounts that post again what has to be removed, and what a person at the site does about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import APIRouter
from pydantic import AwareDatetime, Field, StrictBool

from takeback.assembly import Parts
from takeback.cases import law_pack
from takeback.cases.dsa import EU_LAW
from takeback.cases.statement import House
from takeback.errors import NotAllowed
from takeback.service.auth import Caller, ServiceParts, SiteKey
from takeback.service.body import StrictRoute
from takeback.service.prints import Strict
from takeback.store.accounts import Measure
from takeback.store.sites import Site
from takeback.workflow.repeated import (
    Advice,
    WantedMeasure,
    WrittenMeasure,
    lift_measure,
    measures_of_site,
    standing_of,
    take_measure,
)
from takeback.workflow.upload import MAX_ACCOUNT_CHARACTERS

router = APIRouter(prefix="/api/v1/accounts", tags=["accounts"], route_class=StrictRoute)

_ONLY_LARGE = ("internal_complaint", "dispute_settlement")


class AccountIn(Strict):
    """The site's own name for an account."""

    account: str = Field(min_length=1, max_length=MAX_ACCOUNT_CHARACTERS)


class MeasureIn(AccountIn):
    """What a person at the site does about it."""

    measure: Measure
    until: AwareDatetime | None = None
    decided_by: str
    manifestly_illegal: StrictBool
    reason: str
    criteria: dict[str, str]


class LiftIn(Strict):
    """Who takes a measure back, and why."""

    decided_by: str
    reason: str


class RedressOut(Strict):
    """What the account can do against it: tell it so."""

    name: str
    section: str


class MeasureOut(Strict):
    """A measure that was taken."""

    id: str
    measure: Measure
    at: datetime
    until: datetime | None
    decided_by: str
    reason: str
    criteria: Mapping[str, str]
    lifted_at: datetime | None
    """When a person took it back: it counts no more."""
    lifted_by: str | None
    lifted_reason: str | None
    redress: list[RedressOut]


class AccountOut(Strict):
    """How an account stands within the last year."""

    occasions: int
    since: datetime | None
    suspended_until: datetime | None
    advice: Advice
    measures: list[MeasureOut]


@router.post("/standing")
def read_standing(body: AccountIn, caller: SiteKey, parts: ServiceParts) -> AccountOut:
    """Say on how many occasions uploads of an account were removed, and what was done about it."""
    at = parts.now()
    standing, measures = standing_of(parts.store, _site(caller), body.account, at=at)
    written = _measures(parts, measures)
    return AccountOut(
        occasions=standing.occasions,
        since=standing.since,
        suspended_until=standing.suspended_until(at),
        advice=standing.advice,
        measures=written,
    )


@router.post("/measures", status_code=201)
def add_measure(body: MeasureIn, caller: SiteKey, parts: ServiceParts) -> MeasureOut:
    """Keep a warning, or a suspension for a stated time, that a person at the site decided."""
    wanted = WantedMeasure(
        body.measure, body.until, body.decided_by, body.manifestly_illegal, body.reason, body.criteria
    )
    taken = take_measure(parts.store, _site(caller), body.account, wanted, at=parts.now())
    return _measures(parts, [WrittenMeasure(taken, body.reason, body.criteria)])[0]


@router.get("/measures")
def list_measures(caller: SiteKey, parts: ServiceParts) -> list[MeasureOut]:
    """List what people of the site did within a year, newest first; about which accounts, only the site knows."""
    return _measures(parts, measures_of_site(parts.store, _site(caller), at=parts.now()))


@router.post("/measures/{measure_id}/lift")
def end_measure(measure_id: str, body: LiftIn, caller: SiteKey, parts: ServiceParts) -> MeasureOut:
    """Take a warning or a suspension back."""
    lifted = lift_measure(
        parts.store, _site(caller), measure_id, decided_by=body.decided_by, reason=body.reason, at=parts.now()
    )
    return _measures(parts, [lifted])[0]


def _measures(parts: Parts, found: Sequence[WrittenMeasure]) -> list[MeasureOut]:
    house = House.of(parts.settings)
    return [
        MeasureOut(
            id=each.taken.public_id,
            measure=each.taken.kind,
            at=each.taken.at,
            until=each.taken.until_at,
            decided_by=each.taken.decided_by,
            reason=each.reason,
            criteria=each.criteria,
            lifted_at=each.taken.lifted_at,
            lifted_by=each.taken.lifted_by,
            lifted_reason=each.lifted,
            redress=_redress(house),
        )
        for each in found
    ]


def _redress(house: House) -> list[RedressOut]:
    """Return what the Digital Services Act gives; a small operator is not bound by all of it (Art. 19)."""
    given = law_pack(EU_LAW).redress.items()
    return [
        RedressOut(name=name, section=section) for name, section in given
        if not (house.is_small and name in _ONLY_LARGE)
    ]  # fmt: skip


def _site(caller: Caller) -> Site:
    if caller.site is None:
        raise NotAllowed("This key is not bound to a site.", known=True)
    return caller.site
