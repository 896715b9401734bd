"""What `takeback doctor` says of outside lists: whether each is fetched, can be asked, and holds what it should."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from takeback.errors import TakebackError
from takeback.exchanges.kinds import EXCHANGES
from takeback.store import Keyring
from takeback.store.exchanges import FLAWED, ExchangeRow, ExchangeStore
from takeback.workflow.list_standing import ListState, is_late, state_of

_MANY_FLAWS = 100
"""One record in so many that is in quarantine is a matter for whoever keeps the list; more is one for a person here."""


def list_troubles(connection: Connection, keyring: Keyring, at: datetime) -> Iterator[tuple[str, str, bool]]:
    """Yield name, text, and whether something is wrong, of each list; nothing is asked, and no credential is told."""
    store = ExchangeStore(connection, keyring)
    for row in store.every():
        troubles = list(_troubles(store, row, at))
        yield row.name, "; ".join(troubles) or _well(store, row), bool(troubles)


def _troubles(store: ExchangeStore, row: ExchangeRow, at: datetime) -> Iterator[str]:
    state = state_of(row, at)
    if state is ListState.OFF:
        return
    if state is ListState.NOBODY_REPORTS:
        yield f"it shows minors, and nobody reports: `takeback exchange set {row.name} --report-to mailto:…`"
    yield from _who_we_are(store, row)
    if state is ListState.TROUBLE:
        yield f"the last fetch: {row.problem}"
    if row.complete_at is not None and is_late(row, at):
        yield f"not read to its end since {row.complete_at:%Y-%m-%d %H:%M} UTC"
    counts = store.counts(row.id)
    if counts.get(FLAWED, 0) * _MANY_FLAWS > sum(counts.values()):
        worst = max(store.flaws(row.id).items(), key=lambda pair: pair[1])
        yield f"{counts[FLAWED]:,} of {sum(counts.values()):,} records are in quarantine, most of them: {worst[0]}"


def _who_we_are(store: ExchangeStore, row: ExchangeRow) -> Iterator[str]:
    try:
        credentials = store.credentials(row)
    except TakebackError:
        yield f"its credentials do not open: give them anew, `takeback exchange set {row.name} --credentials FILE`"
        return
    try:
        if row.api in EXCHANGES:
            EXCHANGES[row.api](row.config, credentials)
    except TakebackError as problem:
        yield f"{problem.message} {problem.advice}"


def _well(store: ExchangeStore, row: ExchangeRow) -> str:
    if not row.enabled:
        return "off: it is not fetched, and what it brought still matches"
    read = "not read to its end yet" if row.complete_at is None else f"read to its end {row.complete_at:%Y-%m-%d %H:%M}"
    return f"{read}; {store.counts(row.id).get('live', 0):,} records are looked for"
