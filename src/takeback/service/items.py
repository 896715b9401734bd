"""`/api/v1/items`: what a site says of its own items."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from takeback.cases.statement import House
from takeback.errors import NotAllowed
from takeback.service.auth import Caller, ServiceParts, SiteKey
from takeback.service.body import StrictRoute
from takeback.service.bundles import AS_ZIP, zip_answer
from takeback.service.prints import Strict
from takeback.service.returns import ProofsOut, proofs_out
from takeback.service.statements import StatementOut, statement_out
from takeback.store.sites import Site
from takeback.workflow.bundle import Maker, bundle_for_item
from takeback.workflow.contest import contest
from takeback.workflow.gone import forget_item, forget_items
from takeback.workflow.proofs import proofs_of_item
from takeback.workflow.statements import statements_of_item

router = APIRouter(prefix="/api/v1/items", tags=["items"], route_class=StrictRoute)

MAX_GONE = 10_000


class GoneIn(Strict):
    """Items that the site has no more."""

    item_ids: list[str] = Field(max_length=MAX_GONE)


class GoneOut(Strict):
    """How many of them were known here."""

    forgotten: int


class ProofsIn(Strict):
    """The item whose proofs are asked for."""

    item_id: str


class BundleOfItemIn(Strict):
    """The item of which an evidence bundle is made."""

    item_id: str


class ContestIn(Strict):
    """Why the account that posted a removed picture contests it."""

    item_id: str
    grounds: str


class ContestOut(Strict):
    """The contest is taken; the picture stays hidden until a second person has decided."""

    copy_id: str
    state: str


def _site(caller: Caller) -> Site:
    if caller.site is None:
        raise NotAllowed("This key is not bound to a site.", known=True)
    return caller.site


@router.post("/gone")
def items_gone(body: GoneIn, caller: SiteKey, parts: ServiceParts) -> GoneOut:
    """Forget items that the site has no more: their fingerprints are erased."""
    return GoneOut(forgotten=forget_items(parts.store, _site(caller), body.item_ids, at=parts.now()))


@router.post("/contest", status_code=201)
def contest_removal(body: ContestIn, caller: SiteKey, parts: ServiceParts) -> ContestOut:
    """Take a contest that the site passes on; who posted the picture stays with the site."""
    copy = contest(parts.store, _site(caller), body.item_id, body.grounds, at=parts.now())
    return ContestOut(copy_id=copy.public_id, state=copy.state.value)


@router.post("/proofs")
def read_proofs(body: ProofsIn, caller: SiteKey, parts: ServiceParts) -> ProofsOut:
    """Return the proofs that the account which posted an item may have: when it was hidden, contested, put back."""
    return proofs_out(proofs_of_item(parts.store, _site(caller), body.item_id))


@router.post("/bundle", responses=AS_ZIP, response_class=Response)
def make_bundle(body: BundleOfItemIn, caller: SiteKey, parts: ServiceParts) -> Response:
    """Make the evidence bundle that the account which posted an item may have; nothing in it says who gave notice."""
    maker, site = Maker.of(parts.settings), _site(caller)
    made = bundle_for_item(parts.store, site, body.item_id, actor=caller.actor, maker=maker, at=parts.now())
    return zip_answer(made)


@router.get("/statement")
def read_statement(
    item_id: Annotated[str, Query(max_length=500)], caller: SiteKey, parts: ServiceParts
) -> list[StatementOut]:
    """Read the reasons for which an item is hidden, removed or shown again: one statement for each case about it."""
    house, address = House.of(parts.settings), parts.settings.address
    found = statements_of_item(parts.store, _site(caller), item_id, house, address)
    return [statement_out(each, house.languages) for each in found]


@router.delete("/{item_id:path}", status_code=204)
def item_gone(item_id: str, caller: SiteKey, parts: ServiceParts) -> None:
    """Forget one item."""
    forget_item(parts.store, _site(caller), item_id, at=parts.now())
