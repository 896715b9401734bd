"""`takeback desk`."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from takeback.assembly import utc_now
from takeback.cases.sealed import LEAST_DESK_KEYS, new_identity
from takeback.cli.data import ACTOR, opened
from takeback.cli.desk_people import (
    INVITE_EXAMPLE,
    LEAVE_EXAMPLE,
    PEOPLE_EXAMPLE,
    invite_person,
    list_people,
    say_goodbye,
)
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.terminal import Terminal
from takeback.errors import InputError
from takeback.store.desk_keys import DeskPerson
from takeback.workflow.desk_keys import add_desk_key, retire_desk_key

app = new_app(
    cls=PlainGroup,
    help="Invite people to the desk and let them leave; add and retire the keys that words are sealed to.\n\n"
    f"From {LEAST_DESK_KEYS} people on, words are sealed in the browser, and this service cannot open them. They work "
    "on the data directory and need its master key, also beside a running service.",
    epilog=example("takeback desk invite Ada --role moderator --data /var/lib/takeback"),
)
app.command("invite", cls=PlainCommand, epilog=INVITE_EXAMPLE)(invite_person)
app.command("people", cls=PlainCommand, epilog=PEOPLE_EXAMPLE)(list_people)
app.command("leave", cls=PlainCommand, epilog=LEAVE_EXAMPLE)(say_goodbye)


@app.command(
    "add",
    cls=PlainCommand,
    epilog=example(
        "takeback desk add Ada --recipient age1qqx…7d --data data",
        "takeback desk add Ada --identity-file /media/ada/ada.age --data data",
    ),
)
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is; nobody outside the desk is told.")],
    recipient: Annotated[
        str, typer.Option("--recipient", metavar="AGE1…", help="Their public key, as `age-keygen -y` shows it.")
    ] = "",
    identity_file: Annotated[
        Path | None,
        typer.Option("--identity-file", metavar="FILE", help="Or: make a key, and write it to this new file."),
    ] = None,
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Add the key of one person.

    Best is a key that they made on their own machine (`age-keygen`), of which only the public part comes here.
    A file that is made here belongs on their machine, and nowhere else.
    """
    terminal = Terminal(as_json)
    if bool(recipient) == (identity_file is not None):
        raise InputError("Name their public key with --recipient, or a new file with --identity-file: one of them.")
    with opened(data, master_key_file) as store:
        if identity_file is not None:
            recipient = _written(identity_file, utc_now())
        added = add_desk_key(store, name, recipient, actor=ACTOR, at=utc_now())
        with store.read() as tx:
            people = len(tx.desk_keys.active())
    if as_json:
        terminal.json({**_as_json(added.person), "people": people, "sealed_now": added.sealed})
        return
    terminal.line(f"{added.person.name}'s key is added: {added.person.key.recipient}")
    if identity_file is not None:
        terminal.say(f"Their secret part is in {identity_file}. Move it to their machine; it opens what people write.")
    if people < LEAST_DESK_KEYS:
        terminal.say(f"Words are sealed to the desk from {LEAST_DESK_KEYS} people on: add another one's.")
    elif added.sealed:
        terminal.line(f"The words of {added.sealed:,} cases that this service could open are sealed to the desk now.")


@app.command("list", cls=PlainCommand, epilog=example("takeback desk list --data data"))
def list_(data: Data = None, master_key_file: MasterKeyFile = None, as_json: AsJson = False) -> None:
    """List the keys, and in how many cases each opens the words."""
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store, store.read() as tx:
        people, cases = tx.desk_keys.all(), tx.cases.with_words()
    opens = {person.key.id: sum(person.key.id in (case.sealed_to or ()) for case in cases) for person in people}
    if as_json:
        terminal.json([{**_as_json(person), "opens": opens[person.key.id]} for person in people])
        return
    rows = [
        (person.key.id, person.name, f"{person.created_at:%Y-%m-%d}", _standing(person), f"{opens[person.key.id]:,}")
        for person in people
    ]
    terminal.table(("id", "name", "added", "", "cases"), rows)


@app.command("retire", cls=PlainCommand, epilog=example("takeback desk retire 0f3a…c2 --data data"))
def retire(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `takeback desk list` shows it.")],
    lost: Annotated[
        bool,
        typer.Option("--lost", help="The key is lost: retire it also where nobody else could open some words."),
    ] = False,
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Seal nothing to a key from now on: its owner leaves, or it is lost.

    What was sealed to it before still opens with it, until someone else runs `takeback case reseal`.
    """
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store:
        retire_desk_key(store, key_id, actor=ACTOR, at=utc_now(), even_if_last=lost)
        with store.read() as tx:
            people = len(tx.desk_keys.active())
    if as_json:
        terminal.json({"id": key_id, "retired": True, "people": people})
        return
    terminal.line("The key is retired.")
    if people < LEAST_DESK_KEYS:
        terminal.say("Words are not sealed to the desk any more: too few people have a key. Add another one's.")
    terminal.say("Run `takeback case reseal` with a key that stays: then the retired one opens nothing any more.")


def _written(path: Path, at: datetime) -> str:
    """Make a key, write it as `age-keygen` does to a new 0600 file, and return its public part."""
    identity, recipient = new_identity()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as problem:
        raise InputError(
            f"The file {path} cannot be made: {problem.strerror}.", advice="Name a new file; nothing was added."
        ) from problem
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"# created: {at:%Y-%m-%dT%H:%M:%SZ}\n# public key: {recipient}\n{identity}\n")
        file.flush()
        os.fsync(file.fileno())
    return recipient


def _as_json(person: DeskPerson) -> dict[str, object]:
    return {
        "id": person.key.id,
        "name": person.name,
        "recipient": person.key.recipient,
        "created_at": person.created_at.isoformat(),
        "retired_at": None if person.retired_at is None else person.retired_at.isoformat(),
    }


def _standing(person: DeskPerson) -> str:
    return "" if person.retired_at is None else f"retired {person.retired_at:%Y-%m-%d}"
