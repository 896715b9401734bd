"""What is attested to one side of a case, as rows: written with the event, placed in a period later."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, insert, select, update

from takeback.audit.attestation import Attestation, Side, commitment_of
from takeback.audit.event import SALT_BYTES, EventKind
from takeback.store.tables import attestation

_BATCH_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Attested:
    """An attestation as stored; `what` and `salt` are None once the case was erased."""

    id: int
    event_index: int
    side: Side
    what: Attestation | None
    salt: bytes | None
    commitment: bytes
    period: int | None
    """The entry of the public log in which it stands; None until the next one is made."""
    place: int | None
    """Behind the period's veil."""


class AttestationStore:
    """Reads attestations and places them; `AuditStore.append` writes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, made: Sequence[tuple[int, Attestation]]) -> None:
        """Keep what is attested of events: pairs of an event's index and the attestation."""
        if made:
            self._connection.execute(insert(attestation), [_columns(index, one) for index, one in made])

    def erase_case(self, case_id: str) -> None:
        """Erase what was attested about a case; the commitments stay, and the public log with them."""
        empty = dict.fromkeys(("about", "case_id", "at", "kind", "facts", "salt"))
        self._connection.execute(update(attestation).where(attestation.c.case_id == case_id).values(**empty))

    def waiting(self, limit: int) -> list[Attested]:
        """Return what stands in no period yet, oldest first, at most `limit`."""
        query = select(attestation).where(attestation.c.period.is_(None)).order_by(attestation.c.id).limit(limit)
        return [_attested(row) for row in self._connection.execute(query)]

    def place(self, number: int, places: Mapping[int, int]) -> None:
        """Put attestations, by id, at their places in a period."""
        for row_id, place in places.items():
            self._connection.execute(
                update(attestation).where(attestation.c.id == row_id).values(period=number, place=place)
            )

    def unplace(self) -> None:
        """Take every attestation out of its period: a public log that begins anew places them again."""
        self._connection.execute(update(attestation).values(period=None, place=None))

    def about(self, public_id: str) -> list[Attested]:
        """Return what is attested about a case or a copy, oldest first."""
        query = select(attestation).where(attestation.c.about == public_id).order_by(attestation.c.id)
        return [_attested(row) for row in self._connection.execute(query)]

    def of_period(self, number: int) -> list[Attested]:
        """Return what stands in one period."""
        query = select(attestation).where(attestation.c.period == number).order_by(attestation.c.id)
        return [_attested(row) for row in self._connection.execute(query)]

    def all(self) -> Iterator[Attested]:
        """Yield every attestation in the order of its event, a bounded number in memory."""
        last = 0
        while True:
            query = select(attestation).where(attestation.c.id > last).order_by(attestation.c.id).limit(_BATCH_ROWS)
            rows = self._connection.execute(query).all()
            if not rows:
                return
            last = rows[-1].id
            yield from map(_attested, rows)

    def count_waiting(self) -> int:
        """Return how many stand in no period yet."""
        query = select(func.count()).select_from(attestation).where(attestation.c.period.is_(None))
        return self._connection.execute(query).scalar_one()


def _columns(event_index: int, one: Attestation) -> dict[str, object]:
    salt = secrets.token_bytes(SALT_BYTES)
    return {
        "event_index": event_index,
        "side": one.side.value,
        "about": one.about,
        "case_id": one.case_id,
        "at": one.at,
        "kind": one.kind.value,
        "facts": dict(one.facts),
        "salt": salt,
        "commitment": commitment_of(one.as_json(), salt),
    }


def _attested(row: Row[tuple[object, ...]]) -> Attested:
    side = Side(row.side)
    what = None
    if row.about is not None:
        what = Attestation(side, row.case_id, row.about, row.at, EventKind(row.kind), row.facts)
    return Attested(row.id, row.event_index, side, what, row.salt, row.commitment, row.period, row.place)
