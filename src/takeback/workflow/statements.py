"""The statements of reasons for what hides an item, or showed it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from takeback.audit.event import Json
from takeback.cases import CopyState
from takeback.cases.reasons import Decided, Reasons
from takeback.cases.statement import House, Statement, statement_of
from takeback.store import Keyring, Store, Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.outbox import Delivery
from takeback.store.sites import Site
from takeback.workflow.reasons import STATED, reasons_of


@dataclass(frozen=True, slots=True)
class Stated:
    """The statement about one copy of a case."""

    case_id: str
    copy_id: str
    item_id: str | None
    url: str
    contest_url: str | None
    statement: Statement


def statements_of_item(store: Store, site: Site, item_id: str, house: House, address: str) -> list[Stated]:
    """Return the statement of each case about one item of a site; none where none says anything of it."""
    with store.read() as tx:
        found = [stated_in(tx, tx.cases.by_id(copy.case_id), copy, house, address)
                 for copy in tx.copies.of_item(site.id, item_id)]  # fmt: skip
        return [each for each in found if each is not None]


def statements_of_case(store: Store, case_id: str, house: House) -> list[Stated]:
    """
    Return the statement about each copy of a case that somebody posted on a site; `NotFound` for no case.

    Without the links for contesting, which are for whoever posted them alone.
    """
    with store.read() as tx:
        case = tx.cases.by_public_id(case_id)
        found = [stated_in(tx, case, copy, house, None) for copy in tx.copies.of_case(case.id)]
        return [each for each in found if each is not None]


def last_reasons(tx: Transaction, case: Case, copy: Copy) -> Reasons | None:
    """Return what was last decided about a copy, in the words that went with the order; None where nothing was."""
    if copy.state not in STATED or copy.site_id is None:
        return None
    reasons = reasons_of(case, copy)
    for one in reversed(tx.outbox.of_copy(copy.id)):
        kept = one.body.get("reasons")
        if isinstance(kept, dict) and kept["decision"] == reasons.decision:
            return reasons_of(case, copy, why=kept["why"])
    return reasons


def reason_of(keyring: Keyring, one: Delivery, house: House, address: str) -> dict[str, Json]:
    """
    Return what an order says to whoever posted the picture.

    The statement, and the link for contesting it, are made here, when the order leaves: neither is stored with it.
    """
    kept: Any = one.body.get("reasons")
    told: dict[str, Json] = {name: _text(one.body.get(name)) for name in ("copy", "why")}
    if "repeat" in one.body:
        told["repeat"] = cast(Json, one.body["repeat"])
    if kept is None:
        return told
    reasons = Reasons.from_json(kept)
    url = None
    if reasons.decision is not Decided.PUT_BACK and not reasons.under_18:
        url = f"{address}/contest#{keyring.contest_code(str(one.body['copy']))}"
    statement = statement_of(reasons, house, contest_url=url or "")
    return {**told, "statement": statement.as_json(house.languages), "contest_url": url}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def contest_url_of(keyring: Keyring, copy: Copy, reasons: Reasons, address: str) -> str | None:
    """Return where whoever posted a copy contests it; the secret stands behind the #, which no browser sends."""
    hidden = copy.state in (CopyState.HELD, CopyState.REMOVED, CopyState.CONTESTED)
    if reasons.under_18 or not copy.is_contestable or not hidden:
        return None
    return f"{address}/contest#{keyring.contest_code(copy.public_id)}"


def stated_in(tx: Transaction, case: Case, copy: Copy, house: House, address: str | None) -> Stated | None:
    """Return the statement about one copy, without the link for contesting where no `address` is given."""
    reasons = last_reasons(tx, case, copy)
    if reasons is None:
        return None
    url = None if address is None else contest_url_of(tx.keyring, copy, reasons, address)
    statement = statement_of(reasons, house, contest_url=url or "")
    return Stated(case.public_id, copy.public_id, copy.site_item_id, copy.url, url, statement)
