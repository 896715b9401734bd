"""
Other instances: which the operator named by their keys, and whether notices go there or come from there.

No instance is trusted for what it says of itself: its key is given by the operator. An empty list sends nothing and
takes nothing. What an instance forwards fills a bank of its own, as an outside list does
(`takeback.workflow.received`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from takeback.actions.message_signature import (
    WINDOW_SECONDS,
    Signed,
    SignedRequest,
    key_id_of,
    read_request,
    verify_request,
)
from takeback.audit.event import EventKind, Json
from takeback.audit.keys import instance_signer
from takeback.audit.note import Signer, VerifierKey
from takeback.bank import Thresholds
from takeback.errors import InputError, NotAllowed, RateLimited
from takeback.store import Store, Transaction
from takeback.store.exchanges import INSTANCE, NewExchange
from takeback.store.instances import Instance, NewInstance
from takeback.workflow.banks import remove_bank
from takeback.workflow.list_case import INSTANCE_BANK
from takeback.workflow.publish import service_name

MAX_PER_MINUTE = 300
"""Requests of one instance: a notice, its end or a question."""
NONCES_KEPT_FOR = timedelta(seconds=2 * WINDOW_SECONDS)
"""As long as a request could be taken again by its date: one from the future, too."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_MAX_URL = 2_000
_MAX_KEY = 400


@dataclass(frozen=True, slots=True)
class NamedInstance:
    """What an operator says of another instance."""

    name: str
    url: str
    key: str
    sends: bool
    accepts: bool
    holds: bool = True
    """Whether what it forwards is hidden before a person has looked, where a person decided on it there."""


@dataclass(frozen=True, slots=True)
class InstanceStanding:
    """An instance as an administrator sees it."""

    instance: Instance
    holds: bool
    looked_for_there: int
    """Notices of ours that it has confirmed to look for."""
    waiting: int
    """Words of ours that it did not take."""
    looked_for_here: int
    """Notices of its that are looked for here."""


def own_signer(store: Store, name: str) -> Signer:
    """Return what signs as this instance; `name` is the operator's for this service, empty for its key's."""
    return instance_signer(store.keyring.log_key, service_name(store, name))


def add_instance(store: Store, new: NamedInstance, *, own: VerifierKey, actor: str, at: datetime) -> InstanceStanding:
    """Name another instance; `InputError` where its name, address or key is none, or is taken."""
    named = _checked(new, own)
    with store.write() as tx:
        bank_id = _bank(tx, new.name, holds=new.holds, at=at) if new.accepts else None
        found = tx.instances.add(named, bank_id, at)
        tx.audit.append(EventKind.INSTANCE_ADDED, at=at, actor=actor, facts=_facts(found, new.holds))
        return _standing(tx, found)


def change_instance(
    store: Store, public_id: str, *, sends: bool | None = None, accepts: bool | None = None, holds: bool | None = None,
    actor: str, at: datetime,
) -> InstanceStanding:  # fmt: skip
    """
    Send notices there from now on, or take them from there, or not; what is left out stays.

    Where none are taken any more, what came before is looked for until it is ended there, or the instance is removed.
    """
    with store.write() as tx:
        found = tx.instances.by_public_id(public_id)
        if accepts and (found.bank_id is None or tx.exchanges.of_bank(found.bank_id) is None):
            # Where there is none, or an operator removed it as a bank.
            bank_id = _bank(tx, found.name, holds=True, at=at)
            found = tx.instances.change(found.id, bank_id=bank_id)
        exchange = None if found.bank_id is None else tx.exchanges.of_bank(found.bank_id)
        if holds is not None and exchange is not None:
            tx.exchanges.change(exchange.id, holds=holds)
        chosen = {"sends": sends, "accepts": accepts}
        changes = {name: value for name, value in chosen.items() if value is not None}
        found = tx.instances.change(found.id, **changes) if changes else found
        standing = _standing(tx, found)
        tx.audit.append(EventKind.INSTANCE_CHANGED, at=at, actor=actor, facts=_facts(found, standing.holds))
        return standing


def remove_instance(store: Store, public_id: str, *, actor: str, at: datetime) -> None:
    """
    Let an instance be gone: nothing that it forwarded matches from the first commit on, and nothing more is taken.

    What was forwarded there is ended: it is told so until it confirms. Cases that its notices led to stay at the desk.
    """
    with store.read() as tx:
        found = tx.instances.by_public_id(public_id)
        exchange = None if found.bank_id is None else tx.exchanges.of_bank(found.bank_id)
    if exchange is not None:
        remove_bank(store, exchange.name, actor=actor, at=at)
    with store.write() as tx:
        found = tx.instances.by_public_id(public_id)
        tx.instances.remove(found, at)
        tx.forwardings.touch_instance(found.id, at)
        tx.audit.append(EventKind.INSTANCE_REMOVED, at=at, actor=actor, facts={"instance": found.public_id})


def instances(store: Store) -> list[InstanceStanding]:
    """Return every instance, by name."""
    with store.read() as tx:
        return [_standing(tx, each) for each in tx.instances.all()]


def instance_standing(store: Store, public_id: str) -> InstanceStanding:
    """Return one; `NotFound` where there is none."""
    with store.read() as tx:
        return _standing(tx, tx.instances.by_public_id(public_id))


def offered_instances(store: Store) -> Sequence[Instance]:
    """Return those that a person may have her notice forwarded to."""
    with store.read() as tx:
        return tx.instances.sent_to()


def let_in(store: Store, request: SignedRequest, *, own: VerifierKey, at: datetime) -> tuple[Instance, Signed]:
    """
    Return which instance made a request, after it was written down that it made it.

    `NotAllowed` for an unknown key, a signature that is not of it, of now and for us, and for what was sent before;
    `RateLimited` where it asks too much.
    """
    # 1. By a key that the operator named, and by nobody else.
    signed = read_request(request.headers)
    with store.read() as tx:
        found = tx.instances.by_key_id(signed.key_id)
    if found is None:
        raise NotAllowed(
            "This key is not allow-listed here.", advice="Ask the operator to add it: `takeback instance add`."
        )
    signed = verify_request(request, found.key, to=own, at=at)
    # 2. Once, and not too often.
    with store.write() as tx:
        tx.instances.forget_nonces(at - NONCES_KEPT_FOR)
        if tx.instances.asked_since(found.id, at - timedelta(minutes=1)) >= MAX_PER_MINUTE:
            raise RateLimited(f"An instance asks at most {MAX_PER_MINUTE} times a minute.", retry_after_seconds=60)
        if not tx.instances.remember_nonce(found.id, signed.nonce, at):
            raise NotAllowed("This request was made before.", advice="Sign it again, with another nonce.")
    return found, signed


def _checked(new: NamedInstance, own: VerifierKey) -> NewInstance:
    if not _NAME.fullmatch(new.name):
        raise InputError("An instance's name has 1 to 60 letters, digits, dots, lines and dashes.")
    parts = urlsplit(new.url)
    is_bare = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if len(new.url) > _MAX_URL or parts.scheme not in ("http", "https") or not parts.hostname or not is_bare:
        raise InputError(
            "An instance's address is http or https with a host, and without a path.",
            advice="Give it as in https://takeback.other.example.",
        )
    key = VerifierKey.parse(new.key[:_MAX_KEY])
    if key.public == own.public:
        raise InputError("This is the key of this instance itself.", advice="Take the one that the other shows.")
    if not (new.sends or new.accepts):
        raise InputError("Notices go to an instance, or come from it.", advice="Say `--send`, `--accept`, or both.")
    return NewInstance(new.name, new.url.rstrip("/"), key, key_id_of(key), new.sends, new.accepts)


def _bank(tx: Transaction, name: str, *, holds: bool, at: datetime) -> int:
    bank = tx.banks.add_bank(f"{INSTANCE_BANK}{name}", Thresholds(), at)
    tx.exchanges.add(bank.id, NewExchange(INSTANCE, {}, holds=holds), at)
    return bank.id


def _standing(tx: Transaction, found: Instance) -> InstanceStanding:
    exchange = None if found.bank_id is None else tx.exchanges.of_bank(found.bank_id)
    looked_for_there, waiting = tx.forwardings.counts(found.id)
    holds = exchange is None or exchange.holds
    return InstanceStanding(found, holds, looked_for_there, waiting, tx.instances.count_received(found.id))


def _facts(found: Instance, holds: bool) -> dict[str, Json]:
    return {"instance": found.public_id, "sends": found.sends, "accepts": found.accepts, "holds": holds}
