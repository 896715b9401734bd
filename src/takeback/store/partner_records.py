"""
Which fingerprints of shared banks each partner was told, in the order of change, and which of them are gone.

A record is a promise: whoever was given a fingerprint is told when it counts no more, under the same digits. So each
record has a copy of them, sealed under a data key of its own, which is destroyed some time after the fingerprint is
gone (`takeback.workflow.partner_list`).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, delete, func, insert, select, update

from takeback.bank import EntryState, Opinion
from takeback.fingerprint import MIN_QUALITY, Route
from takeback.store.banks import NOTICES_BANK, ORIGINALS_BANK
from takeback.store.keyring import Keyring
from takeback.store.partners import Use
from takeback.store.prints import PDQ, WHOLE, PrintStore
from takeback.store.seal import seal, unseal
from takeback.store.tables import bank, entry, fingerprint, partner, partner_bank, partner_feedback, partner_record

_PURPOSE = "partner-record"


@dataclass(frozen=True, slots=True)
class Source:
    """One entry that a record rests on: a random id of its own for each partner, and whether it counts."""

    public_id: str
    counts: bool


@dataclass(frozen=True, slots=True)
class PartnerRecord:
    """What a partner is told of one fingerprint: its digits, and every entry here that has it."""

    seq: int
    changed_at: datetime
    code: bytes
    sources: tuple[Source, ...]

    @property
    def counts(self) -> bool:
        """Whether any entry with this fingerprint still counts."""
        return any(source.counts for source in self.sources)


class PartnerRecordStore:
    """Keeps what each partner was told."""

    def __init__(self, connection: Connection, keyring: Keyring, prints: PrintStore) -> None:
        self._connection = connection
        self._keyring = keyring
        self._prints = prints

    # What is to be told

    def untold(self, partner_id: int, at: datetime, *, beyond: int, most: int) -> list[int]:
        """
        Return fingerprints that a partner may have and does not know to count: at most so many, beyond one, in order.

        With `beyond` the last that it was told (`last_told`) this costs what is new; from 0 on, what the list is long.
        """
        told = select(partner_record.c.id).where(
            partner_record.c.partner_id == partner_id,
            partner_record.c.fingerprint_id == fingerprint.c.id,
            partner_record.c.gone_at.is_(None),
        )
        query = _shared(partner_id, at).where(fingerprint.c.id > beyond, ~told.exists()).order_by(fingerprint.c.id)
        return [row.fingerprint_id for row in self._connection.execute(query.limit(most))]

    def last_told(self, partner_id: int) -> int:
        """Return the newest fingerprint that a partner was told; 0 where there is none."""
        newest = select(func.max(partner_record.c.fingerprint_id)).where(partner_record.c.partner_id == partner_id)
        return int(self._connection.execute(newest).scalar_one() or 0)

    def tell(self, partner_id: int, ids: Sequence[int], keys: Sequence[tuple[str, bytes]], at: datetime) -> list[str]:
        """
        Make records of fingerprints, each under one of `keys`; return the ids of those keys that were not used.

        One that a partner was told to be gone counts again.
        """
        known = self._known(partner_id, ids)
        codes = self._prints.codes([each for each in ids if each not in known])
        spare, moment, last = list(keys), self._moment(partner_id, at), self._last_seq(partner_id)
        told = [each for each in ids if each in known or each in codes]
        seqs = {fingerprint_id: seq for seq, fingerprint_id in enumerate(told, last + 1)}
        new = [
            {
                "partner_id": partner_id, "fingerprint_id": each, "seq": seqs[each], "changed_at": moment,
                **self._copied(partner_id, *codes[each], spare.pop()),
            }
            for each in told if each not in known
        ]  # fmt: skip
        if new:
            self._connection.execute(insert(partner_record), new)
        self._change([(known[each], seqs[each]) for each in told if each in known], changed_at=moment, gone_at=None)
        self._set_last_seq(partner_id, last + len(told))
        return [key_id for key_id, _ in spare]

    def _copied(self, partner_id: int, entry_id: int, code: bytes, key: tuple[str, bytes]) -> dict[str, object]:
        return {
            "public_id": secrets.token_hex(16),
            "entry_id": entry_id,
            "keyed": self._keyring.partner_digest(partner_id, code.hex()),
            "key_id": key[0],
            "sealed": seal(key[1], code, _PURPOSE),
        }

    def gone(self, partner_id: int, at: datetime, most: int) -> list[int]:
        """Return records of which a partner does not know that they count no more, at most so many."""
        mine = (partner_record.c.partner_id == partner_id, partner_record.c.gone_at.is_(None))
        still = _shared(partner_id, at).where(fingerprint.c.id == partner_record.c.fingerprint_id)
        query = select(partner_record.c.id).where(*mine, ~still.exists()).order_by(partner_record.c.seq)
        return list(self._connection.execute(query.limit(most)).scalars())

    def end(self, partner_id: int, record_ids: Sequence[int], at: datetime) -> None:
        """Keep that a partner is to be told of records that they count no more."""
        last, moment = self._last_seq(partner_id), self._moment(partner_id, at)
        seqs = enumerate(record_ids, last + 1)
        self._change([(record_id, seq) for seq, record_id in seqs], changed_at=moment, gone_at=at)
        self._set_last_seq(partner_id, last + len(record_ids))

    # What is told

    def changes(self, partner_id: int, *, since: datetime, after: int, most: int, at: datetime) -> list[PartnerRecord]:
        """
        Return the records of a partner that changed, in that order: from a moment on, and after a number.

        Whether one counts is asked now, and not when it was told.
        """
        found: list[PartnerRecord] = []
        while len(found) < most:
            mine = (partner_record.c.partner_id == partner_id, partner_record.c.changed_at >= since)
            query = select(partner_record).where(*mine, partner_record.c.seq > after).order_by(partner_record.c.seq)
            rows = self._connection.execute(query.limit(most - len(found))).all()
            if not rows:
                break
            after = rows[-1].seq
            found += self._opened(partner_id, rows, at)
        return found

    def _opened(self, partner_id: int, rows: Sequence[Row[tuple[object, ...]]], at: datetime) -> list[PartnerRecord]:
        """Open records; one whose key is gone is left out: it was forgotten, and this is an older backup."""
        sources = self._sources(partner_id, [row.keyed for row in rows], at)
        keys = self._keyring.data_keys([row.key_id for row in rows])
        return [
            PartnerRecord(
                row.seq, row.changed_at, unseal(keys[row.key_id], row.sealed, _PURPOSE), sources[bytes(row.keyed)]
            )
            for row in rows
            if row.key_id in keys
        ]

    def entries_told(self, partner_id: int, code: bytes) -> list[int]:
        """Return the entries with this fingerprint of which a partner was told; none where it was told of none."""
        keyed = self._keyring.partner_digest(partner_id, code.hex())
        mine = (partner_record.c.partner_id == partner_id, partner_record.c.keyed == keyed)
        return list(self._connection.execute(select(partner_record.c.entry_id).where(*mine).distinct()).scalars())

    def counted(self, partner_id: int) -> int:
        """Return how many records a partner has that it was not told to be gone."""
        mine = (partner_record.c.partner_id == partner_id, partner_record.c.gone_at.is_(None))
        return int(self._connection.execute(select(func.count()).where(*mine)).scalar_one())

    # What is forgotten

    def drop_gone(self, before: datetime, most: int) -> list[str]:
        """Delete records that were gone before a moment, at most so many; return the data keys to be destroyed."""
        query = select(partner_record.c.id, partner_record.c.key_id).where(partner_record.c.gone_at < before)
        return self._drop(query.limit(most))

    def drop_of(self, partner_id: int, most: int) -> list[str]:
        """Delete records of one partner, at most so many; return the data keys to be destroyed."""
        query = select(partner_record.c.id, partner_record.c.key_id).where(partner_record.c.partner_id == partner_id)
        return self._drop(query.limit(most))

    def _drop(self, query: Select[tuple[int, str]]) -> list[str]:
        rows = self._connection.execute(query).all()
        if rows:
            one = delete(partner_record).where(partner_record.c.id == bindparam("record"))
            self._connection.execute(one, [{"record": row.id} for row in rows])
        told = select(partner_record.c.id).where(
            partner_record.c.partner_id == partner_feedback.c.partner_id,
            partner_record.c.entry_id == partner_feedback.c.entry_id,
        )
        if rows:
            self._connection.execute(delete(partner_feedback).where(~told.exists()))
        return [row.key_id for row in rows]

    def _sources(self, partner_id: int, keyed: Sequence[bytes], at: datetime) -> dict[bytes, tuple[Source, ...]]:
        counts = _shared(partner_id, at).where(fingerprint.c.id == partner_record.c.fingerprint_id).exists()
        joined = partner_record.outerjoin(fingerprint, fingerprint.c.id == partner_record.c.fingerprint_id)
        columns = (partner_record.c.keyed, partner_record.c.public_id, fingerprint.c.key_id, counts.label("counts"))
        query = select(*columns).select_from(joined).order_by(partner_record.c.id)
        mine = (partner_record.c.partner_id == partner_id, partner_record.c.keyed.in_(keyed))
        rows = self._connection.execute(query.where(*mine)).all()
        # What was erased and came back with an older database counts for nobody: its key is gone.
        opens = self._keyring.data_keys([row.key_id for row in rows if row.counts])
        found: dict[bytes, tuple[Source, ...]] = {}
        for row in rows:
            source = Source(row.public_id, bool(row.counts) and row.key_id in opens)
            found[bytes(row.keyed)] = (*found.get(bytes(row.keyed), ()), source)
        return found

    def _known(self, partner_id: int, ids: Sequence[int]) -> dict[int, int]:
        query = select(partner_record.c.fingerprint_id, partner_record.c.id)
        mine = (partner_record.c.partner_id == partner_id, partner_record.c.fingerprint_id.in_(ids))
        return {row.fingerprint_id: row.id for row in self._connection.execute(query.where(*mine))}

    def _change(self, seqs: Sequence[tuple[int, int]], **columns: object) -> None:
        """Give records other numbers, and all of them the same `columns`."""
        one = update(partner_record).where(partner_record.c.id == bindparam("record"))
        if seqs:
            rows = [{"record": record_id, "number": seq} for record_id, seq in seqs]
            self._connection.execute(one.values(seq=bindparam("number"), **columns), rows)

    def _last_seq(self, partner_id: int) -> int:
        return int(self._connection.execute(select(partner.c.list_seq).where(partner.c.id == partner_id)).scalar_one())

    def _set_last_seq(self, partner_id: int, seq: int) -> None:
        self._connection.execute(update(partner).where(partner.c.id == partner_id).values(list_seq=seq))

    def _moment(self, partner_id: int, at: datetime) -> datetime:
        """Return `at`, or the moment of the last change where a clock was set back: moments go as numbers go."""
        query = select(func.max(partner_record.c.changed_at)).where(partner_record.c.partner_id == partner_id)
        last: datetime | None = self._connection.execute(query).scalar_one()
        return at if last is None else max(at, last)


def _shared(partner_id: int, at: datetime) -> Select[tuple[int, int]]:
    """
    Select the fingerprints that a partner may be given at `at`.

    Of banks of the operator's own that are shared with it, what a person decided on and nobody doubts. Never what
    people reported, nor their ordinary pictures, whatever a row says.
    """
    joined = (
        fingerprint.join(entry, entry.c.id == fingerprint.c.entry_id)
        .join(bank, bank.c.id == entry.c.bank_id)
        .join(partner_bank, partner_bank.c.bank_id == bank.c.id)
    )
    may_have = and_(
        partner_bank.c.partner_id == partner_id,
        partner_bank.c.use == Use.SHARE.value,
        bank.c.removed_at.is_(None),
        bank.c.enabled_ratio > 0,
        bank.c.name.not_in([NOTICES_BANK, ORIGINALS_BANK]),
    )
    is_code = and_(
        fingerprint.c.algorithm == PDQ,
        fingerprint.c.route == Route.PIXELS.value,
        fingerprint.c.view.is_(None) | (fingerprint.c.view == WHOLE),
        fingerprint.c.quality >= MIN_QUALITY,
    )
    columns = (fingerprint.c.id.label("fingerprint_id"), fingerprint.c.entry_id)
    return select(*columns).select_from(joined).where(may_have, is_code, _is_decided(at))


def _is_decided(at: datetime) -> ColumnElement[bool]:
    return and_(
        entry.c.case_id.is_(None),
        entry.c.state == EntryState.GATED.value,
        entry.c.opinion == Opinion.POSITIVE.value,
        entry.c.quarantined_at.is_(None),
        entry.c.expires_at.is_(None) | (entry.c.expires_at > at),
        entry.c.counts_from.is_(None) | (entry.c.counts_from <= at),
    )
