"""
A page of an outside list as it is written down: names under an HMAC, and fingerprints sealed.

Nothing here needs the database, and half of the work of a long list is here: whoever reads one can have it done by
another process (`takeback.jobs.page_reader`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from takeback.exchanges.interface import Algorithm, FetchCheckpoint, Page, Record, Signal, Standing, Unread
from takeback.fingerprint import PdqHash, Route
from takeback.store.exchanges import FLAWED, UNREAD, seal_record_name
from takeback.store.keyring import Keyring
from takeback.store.prints import WHOLE, KnownBy, SealedPrints, seal_prints

_LONGEST_REASON = 100


class SealedRecord(NamedTuple):
    """A record that is ready to become an entry."""

    prints: SealedPrints
    name: bytes | None
    """Its name, sealed, where that is not said by its fingerprint as well."""
    code: bytes | None
    """In the clear, the PDQ code of one that has nothing else; None for any other."""


class KeyedRecord(NamedTuple):
    """
    What a list says of one record, which goes by an HMAC of its name; `content` is one of what it is compared by.

    `standing` is a `Standing`, or `FLAWED` or `UNREAD` with the reason `why`. `record` is what may have to be sealed
    yet; None where `sealed` is that already, and where nothing is.
    """

    keyed: bytes
    standing: str
    content: bytes | None = None
    why: str | None = None
    record: Record | None = None
    sealed: SealedRecord | None = None


class KeyedPage(NamedTuple):
    """A page (`takeback.exchanges.interface.Page`), of whose records each has its name once."""

    after: FetchCheckpoint
    records: Sequence[KeyedRecord]
    is_last: bool
    problem: str | None


def keyed_page(keyring: Keyring, exchange_id: int, page: Page, *, is_sealed: bool = False) -> KeyedPage:
    """
    Put a page's names under an HMAC; seal what is not ended, too, if it `is_sealed`: then most of it should be new.

    Of what is named twice, what stands last counts. Raises `StoreError` where keys cannot be made.
    """
    everything: list[Record | Unread] = [*page.records, *page.unread]
    last = {each.name: each for each in everything}
    keyed = [_keyed(keyring, exchange_id, each) for each in last.values()]
    if is_sealed:
        keyed = _all_sealed(keyring, keyed)
    return KeyedPage(page.after, keyed, page.is_last, page.problem)


def seal_records(keyring: Keyring, records: Sequence[Record]) -> list[SealedRecord]:
    """Seal records, each under a data key that is made for it. An unused one does no harm: it lies apart."""
    if not records:
        return []
    keys = keyring.new_data_keys(len(records))
    prints = seal_prints(keyring, [(_known_by(each.signals), key) for each, key in zip(records, keys, strict=True)])
    return [
        SealedRecord(sealed, _sealed_name(record, secret), record.signals[0].value if _is_one_code(record) else None)
        for record, sealed, (_, secret) in zip(records, prints, keys, strict=True)
    ]


def _keyed(keyring: Keyring, exchange_id: int, each: Record | Unread) -> KeyedRecord:
    name = keyring.record_digest(exchange_id, each.name)
    if isinstance(each, Unread):
        return KeyedRecord(name, FLAWED if each.is_flawed else UNREAD, why=each.why[:_LONGEST_REASON])
    if each.standing is Standing.ENDED:
        return KeyedRecord(name, each.standing.value)
    content = keyring.record_digest(exchange_id, _content(each.signals))
    return KeyedRecord(name, each.standing.value, content, record=each)


def _all_sealed(keyring: Keyring, keyed: Sequence[KeyedRecord]) -> list[KeyedRecord]:
    sealed = iter(seal_records(keyring, [each.record for each in keyed if each.record is not None]))
    return [
        each if each.record is None else KeyedRecord(each.keyed, each.standing, each.content, sealed=next(sealed))
        for each in keyed
    ]


def _content(signals: Sequence[Signal]) -> str:
    if len(signals) == 1:
        return _written(signals[0])
    return " ".join(sorted(map(_written, signals)))


def _written(signal: Signal) -> str:
    return f"{signal.algorithm.value}:{signal.route.value}:{signal.value.hex()}"


def _is_one_code(record: Record) -> bool:
    return len(record.signals) == 1 and record.signals[0].algorithm is Algorithm.PDQ


def _sealed_name(record: Record, secret: bytes) -> bytes | None:
    """Seal the name by which a list is told of a record; a digest, which is under an HMAC, does not say it."""
    if record.is_its_signal and _is_one_code(record):
        return None
    return seal_record_name(secret, record.name)


_KIND = {Algorithm.MD5: "md5", Algorithm.SHA1: "sha1", Algorithm.SHA256: "file", Algorithm.PIXELS: "pixels"}


def _known_by(signals: Sequence[Signal]) -> KnownBy:
    prints: list[tuple[str, PdqHash]] = []
    nearest_512: list[PdqHash] = []
    digests: list[tuple[str, bytes]] = []
    for each in signals:
        if each.algorithm is not Algorithm.PDQ:
            digests.append((_KIND[each.algorithm], each.value))
        elif each.route is Route.PIXELS:
            prints.append((WHOLE, each.pdq))
        else:
            nearest_512.append(each.pdq)
    return KnownBy(prints=prints, nearest_512=nearest_512, digests=digests)
