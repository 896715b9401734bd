"""
To whom her words are sealed: at least two people of the desk, or nobody yet.

With fewer than two keys, words are kept under the service's own key, as everything else is. From the second key on
they are sealed to every person who has one, in her browser or on receipt, and the service cannot open them any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from takeback.audit.event import EventKind, Json
from takeback.cases import Contact, Notice, Role
from takeback.cases.notice import sealed_notice
from takeback.cases.sealed import LEAST_DESK_KEYS, MAX_DESK_KEYS, DeskKey, SealedWords, read_recipient, seal_words
from takeback.errors import DeskKeysChanged, IllegalTransition, InputError, NotFound
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.desk_keys import DeskPerson
from takeback.store.messages import Sender
from takeback.workflow.order import note

_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class AddedKey:
    """A key of the desk, and what followed from it."""

    person: DeskPerson
    sealed: int
    """Cases whose words were open to the service until now, and are not any more."""


def keys_of_the_desk(store: Store) -> tuple[DeskKey, ...]:
    """Return the keys to which words are sealed; none as long as there are not enough people."""
    with store.read() as tx:
        return present_keys(tx)


def sealed_for_the_desk(tx: Transaction, notice: Notice) -> Notice:
    """
    Return a notice as it may be kept: sealed to the desk, where that has keys.

    In the transaction that keeps it, so that no key comes or goes in between. `DeskKeysChanged` where it came sealed to
    someone who is not of the desk, or no longer.
    """
    keys = present_keys(tx)
    if notice.sealed is not None:
        require_desk(notice.sealed, keys)
        return notice
    return sealed_notice(notice, keys) if keys else notice


def add_desk_key(store: Store, name: str, recipient: str, *, actor: str, at: datetime) -> AddedKey:
    """
    Add a person's public key, in age's format.

    With the key that makes them enough, words that were kept open are sealed too. `InputError` where it is no public
    key, or the person has one already.
    """
    name, recipient = name.strip(), read_recipient(recipient)
    if not 0 < len(name) <= _MAX_NAME:
        raise InputError(f"The name of the key's owner has 1 to {_MAX_NAME} characters.")
    with store.write() as tx:
        if len(tx.desk_keys.active()) >= MAX_DESK_KEYS:
            raise InputError(f"The desk has {MAX_DESK_KEYS} keys already.", advice="Retire one of them first.")
        person = tx.desk_keys.add(name, recipient, at)
        facts: dict[str, Json] = {"desk_key": person.key.id, "recipient": recipient}
        tx.audit.append(EventKind.DESK_KEY_ADDED, at=at, actor=actor, facts=facts)
    return AddedKey(person, seal_what_is_open(store, actor=actor, at=at))


def retire_desk_key(store: Store, key_id: str, *, actor: str, at: datetime, even_if_last: bool = False) -> None:
    """
    Seal nothing to a key from now on. Words that were sealed to it before stay so until they are sealed again.

    `IllegalTransition` where nobody else could open some of them, unless `even_if_last`: for a key that is lost.
    """
    with store.write() as tx:
        tx.desk_keys.retire(key_id, at)
        others = {person.key.id for person in tx.desk_keys.active()}
        lost = sum(
            any(key_id in to and others.isdisjoint(to) for to in sealed_to) for _, sealed_to in _sealed_cases(tx)
        )
        if lost and not even_if_last:
            raise IllegalTransition(
                f"Words are sealed to this key and to nobody else who is at the desk (cases: {lost:,}).",
                advice="Run `takeback case reseal` with this key first; or say that it is lost, and so are they.",
            )
        tx.audit.append(EventKind.DESK_KEY_RETIRED, at=at, actor=actor, facts={"desk_key": key_id})


def to_seal_again(tx: Transaction) -> list[Case]:
    """Return the cases of which something is sealed to others than the present desk, oldest first."""
    keys = {key.id for key in present_keys(tx)}
    return [case for case, sealed_to in _sealed_cases(tx) if keys and any(set(to) != keys for to in sealed_to)]


def keep_sealed_again(
    store: Store, case_id: str, sealed: SealedWords, *, message_id: str = "", actor: str, at: datetime
) -> Case:
    """
    Keep the very same words, those of her notice or of a message, sealed to the present desk.

    `IllegalTransition` where they are not sealed, or these are others, `NotFound` where there is no such message,
    `DeskKeysChanged` where they are not sealed to everyone who has a key.
    """
    with store.write() as tx:
        case, keys = tx.cases.by_public_id(case_id), present_keys(tx)
        before = sealed_in(_message_body(tx, case, message_id) if message_id else tx.cases.words(case))
        if before is None:
            raise IllegalTransition("These words are not sealed to the desk.")
        if (before.digest, before.given) != (sealed.digest, sealed.given):
            raise IllegalTransition(
                "These are not the words that were received: their digest is another.",
                advice="Read them again, and seal them as they are.",
            )
        require_desk(sealed, keys, everyone=True)
        if message_id:
            tx.messages.keep(case, message_id, {"sealed": sealed.as_json()}, sealed.desk_keys)
        else:
            case = tx.cases.keep_words(case, {"sealed": sealed.as_json()}, sealed.desk_keys)
        facts: dict[str, Json] = {"desk_keys": list(sealed.desk_keys)}
        note(tx, EventKind.WORDS_SEALED_AGAIN, case, at=at, actor=actor, facts=facts)
        return case


def sealed_in(words: Mapping[str, object]) -> SealedWords | None:
    """Return the sealed words that are kept in a case; None where they are open, or erased."""
    found = words.get("sealed")
    return SealedWords.from_json(found) if isinstance(found, dict) else None


def _message_body(tx: Transaction, case: Case, message_id: str) -> Mapping[str, object]:
    for message in tx.messages.of_case(case):
        if message.public_id == message_id:
            return message.body
    raise NotFound("This case has no such message.")


def _sealed_cases(tx: Transaction) -> Iterator[tuple[Case, list[tuple[str, ...]]]]:
    """Yield each case that has words, and to whom each sealed thing of it is sealed."""
    messages = tx.messages.sealed_to()
    for case in tx.cases.with_words():
        yield case, [to for to in (case.sealed_to, *messages.get(case.id, ())) if to is not None]


def present_keys(tx: Transaction) -> tuple[DeskKey, ...]:
    """Return the keys of the desk; none as long as there are not enough people."""
    keys = tuple(person.key for person in tx.desk_keys.active())
    return keys if len(keys) >= LEAST_DESK_KEYS else ()


def require_desk(sealed: SealedWords, keys: Sequence[DeskKey], *, everyone: bool = False) -> None:
    """Raise `DeskKeysChanged` where words are sealed to someone else than `keys`, or not to `everyone` of them."""
    named, known = set(sealed.desk_keys), {key.id for key in keys}
    if not named <= known or (everyone and named != known):
        raise DeskKeysChanged("The people of the desk are others than those to whom these words are sealed.")


def seal_what_is_open(store: Store, *, actor: str, at: datetime) -> int:
    """
    Seal the words that were kept open, one case after the other; return of how many cases.

    The jobs repeat it, so that whatever stops it leaves nothing open for long.
    """
    with store.read() as tx:
        waiting = tx.cases.kept_open() if present_keys(tx) else []
    for case_id in waiting:
        with store.write() as tx:
            keys, case = present_keys(tx), tx.cases.by_id(case_id)
            words = tx.cases.words(case)
            if not keys:
                break
            if words and sealed_in(words) is None:
                sealed = sealed_notice(_notice_of(words), keys).sealed
                assert sealed is not None
                tx.cases.keep_words(case, {"sealed": sealed.as_json()}, sealed.desk_keys)
            for message in tx.messages.of_case(case):
                if message.sender is Sender.PERSON and sealed_in(message.body) is None:
                    inside = seal_words(message.body, (), keys)
                    tx.messages.keep(case, message.public_id, {"sealed": inside.as_json()}, inside.desk_keys)
            facts: dict[str, Json] = {"desk_keys": [key.id for key in keys]}
            note(tx, EventKind.WORDS_SEALED_AGAIN, case, at=at, actor=actor, facts=facts)
    return len(waiting)


def _notice_of(words: Mapping[str, object]) -> Notice:
    """Return a notice with words that were kept open, for what of it is filled in."""
    fields = {**words, "role": None if words["role"] is None else Role(str(words["role"]))}
    contact = words["contact"]
    assert isinstance(contact, dict)
    return Notice((), **{**fields, "contact": Contact(**contact)})  # type: ignore[arg-type]
