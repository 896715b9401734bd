"""The proofs that either side may keep: of what was attested to it, each in a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from takeback.audit.keys import log_signer, veil_key
from takeback.audit.merkle import leaf_hash
from takeback.audit.proof import inclusion_proof
from takeback.audit.receipt import Proof
from takeback.audit.veil import Veil
from takeback.errors import NotFound
from takeback.store import Store, Transaction
from takeback.store.attestations import Attested
from takeback.store.cases import Case
from takeback.store.sites import Site
from takeback.workflow.publish import SignedHead, proving_head, signed_head_in

MAX_PROOFS = 1_000
"""Proofs in one answer at most, 2 MB; the newest ones where there are more."""


@dataclass(frozen=True, slots=True)
class Proofs:
    """The proofs of one side, oldest first."""

    made: Sequence[Proof]
    waiting: int
    """What is attested and stands in no entry of the public log yet."""


def proofs_of_case(store: Store, case: Case) -> Proofs:
    """Return what the person of a case can prove."""
    with store.read() as tx:
        return _proofs(tx, store, tx.attestations.about(case.public_id))


def proofs_of_item(store: Store, site: Site, item_id: str) -> Proofs:
    """Return what the account that posted an item can prove; `NotFound` where nothing was attested about it."""
    with store.read() as tx:
        copies = tx.copies.of_item(site.id, item_id)
        found = [one for copy in copies for one in tx.attestations.about(copy.public_id)]
        if not found:
            raise NotFound("Nothing was decided about this item.")
        return _proofs(tx, store, found)


def proven_in(tx: Transaction, store: Store, attested: Sequence[Attested]) -> list[tuple[Attested, Proof]]:
    """Return what of `attested` stands in the public log, each with its proof; the newest `MAX_PROOFS` of it."""
    placed = [one for one in attested if one.period is not None and one.what is not None]
    veils = _Veils(tx, store)
    return [(one, _proof(tx, store, one, veils)) for one in placed[-MAX_PROOFS:]]


def _proofs(tx: Transaction, store: Store, attested: Sequence[Attested]) -> Proofs:
    waiting = sum(one.period is None or one.what is None for one in attested)
    return Proofs([proof for _, proof in proven_in(tx, store, attested)], waiting)


def _proof(tx: Transaction, store: Store, one: Attested, veils: _Veils) -> Proof:
    if one.what is None or one.salt is None or one.period is None or one.place is None:
        raise NotFound("This was erased.")
    signed = veils.head(one.period)
    return Proof(
        attestation=one.what.as_json(),
        salt=one.salt,
        place=one.place,
        veil=veils.of(one.period).path(one.place),
        period=tx.public_log.period(one.period).period,
        index=one.period,
        path=inclusion_proof(tx.public_log.node, one.period, signed.head.size),
        checkpoint=signed.note,
        key=log_signer(store.keyring.log_key, signed.head.origin).key,
    )


class _Veils:
    """The veils and heads of one answer, each made once."""

    def __init__(self, tx: Transaction, store: Store) -> None:
        self._tx = tx
        self._store = store
        self._origin = tx.public_log.origin() if tx.public_log.has_begun() else ""
        self._made: dict[int, Veil] = {}
        self._heads: tuple[SignedHead, SignedHead] | None = None

    def of(self, number: int) -> Veil:
        """Return the veil of a period."""
        if number not in self._made:
            self._made[number] = veil_of(self._tx, self._store.keyring.log_key, self._origin, number)
        return self._made[number]

    def head(self, number: int) -> SignedHead:
        """Return the head under which a period is proven: a witnessed one that has it, else the newest."""
        if self._heads is None:
            self._heads = proving_head(self._tx, self._store), signed_head_in(self._tx, self._store)
        witnessed, newest = self._heads
        return witnessed if witnessed.head.size > number else newest


def veil_of(tx: Transaction, log_key: bytes, origin: str, number: int) -> Veil:
    """Return the veil of a period, made anew from what stands in it."""
    placed = tx.attestations.of_period(number)
    leaves = {one.place: leaf_hash(one.commitment) for one in placed if one.place is not None}
    return Veil(leaves, veil_key(log_key, origin, number))
