"""Uploads that entries matched from afar: so many different ones in a short time are a sign of a poisoned entry."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from takeback.store.prints import PrintStore
from takeback.store.tables import entry, sighting


class SightingStore:
    """Counts different uploads for each entry, and puts entries into quarantine."""

    def __init__(self, connection: Connection, prints: PrintStore) -> None:
        self._connection = connection
        self._prints = prints

    def add(self, entry_id: int, file_digest: bytes, *, at: datetime, since: datetime) -> int:
        """
        Note that an entry matched a file, and return how many different files it matched since `since`.

        The file's SHA-256, 32 bytes, is kept under the keyed HMAC. What is older is forgotten.
        """
        self._connection.execute(delete(sighting).where(sighting.c.entry_id == entry_id, sighting.c.at < since))
        keyed = self._prints.keyed(file_digest)
        known = select(sighting.c.id).where(sighting.c.entry_id == entry_id, sighting.c.keyed == keyed)
        if self._connection.execute(known).first() is None:
            self._connection.execute(insert(sighting).values(entry_id=entry_id, keyed=keyed, at=at))
        count = select(func.count()).where(sighting.c.entry_id == entry_id)
        return int(self._connection.execute(count).scalar_one())

    def drop_before(self, since: datetime) -> int:
        """Forget what was matched before a moment, of entries that match nothing any more too; return how many."""
        return int(self._connection.execute(delete(sighting).where(sighting.c.at < since)).rowcount)

    def quarantine(self, entry_id: int, at: datetime | None) -> None:
        """Put an entry into quarantine at `at`; None ends it, and counting begins anew."""
        self._connection.execute(update(entry).where(entry.c.id == entry_id).values(quarantined_at=at))
        self._connection.execute(delete(sighting).where(sighting.c.entry_id == entry_id))
