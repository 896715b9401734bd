"""`takeback desk invite`, `people` and `leave`: who signs in at the desk in the browser."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from takeback.assembly import utc_now
from takeback.cli.data import ACTOR, opened
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.store.desk_people import DeskRole, Member
from takeback.workflow.budget import budget_of
from takeback.workflow.desk_people import invite, leave

INVITE_EXAMPLE = example(
    "takeback desk invite Ada --role moderator --data data",
    "takeback desk invite Ada --lost --data data",
)
PEOPLE_EXAMPLE = example("takeback desk people --data data")
LEAVE_EXAMPLE = example("takeback desk leave Ada --data data")


def invite_person(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who is invited; nobody outside the desk is told.")],
    role: Annotated[
        DeskRole | None, typer.Option("--role", help="What they do at the desk; needed for someone new.")
    ] = None,
    key_id: Annotated[
        str, typer.Option("--key", metavar="ID", help="Their key that words are sealed to (`takeback desk list`).")
    ] = "",
    lost: Annotated[
        bool,
        typer.Option(
            "--lost", help="Their passkeys are lost: end these, their account here, and every session, at once."
        ),
    ] = False,
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Print a link by which a person makes a passkey, or binds an account, and is in: once, and for 24 hours.

    For someone who is at the desk it adds a passkey; with --lost it is the way back for whoever lost theirs. An account
    is one at the identity provider that `openid_issuer` names.
    """
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store:
        invited = invite(store, name, role, desk_key=key_id, lost=lost, actor=ACTOR, at=utc_now())
    origin = _origin(data)
    link = f"{origin}/desk/join#{invited.secret}"
    if as_json:
        person = {"id": invited.member.public_id, "name": invited.member.name, "role": invited.member.role.value}
        terminal.json({**person, "new": invited.is_new, "link": link, "expires_at": invited.expires_at.isoformat()})
        return
    terminal.line(link)
    terminal.say(
        f"It lets {invited.member.name} in as {invited.member.role}, once, until {invited.expires_at:%Y-%m-%d %H:%M} "
        "UTC. Give it to them alone, best in person; it is shown only now."
    )
    if not origin:
        terminal.say("The desk in the browser is closed: set `desk_origin` first, and put it before this link.")


def list_people(data: Data = None, master_key_file: MasterKeyFile = None, as_json: AsJson = False) -> None:
    """List who signs in at the desk, those who left too."""
    terminal, now = Terminal(as_json), utc_now()
    per_day = load_settings({"data": data}, os.environ).looks_per_day
    with opened(data, master_key_file) as store, store.read() as tx:
        people = [
            (
                each,
                tx.desk_people.passkeys(each),
                tx.desk_people.invited(each, now),
                tx.desk_identities.all_of(each),
                budget_of(tx, each, per_day, now).used,
            )
            for each in tx.desk_people.all()
        ]
    if as_json:
        terminal.json(
            [_as_json(member, len(keys), bool(own), invited, looks) for member, keys, invited, own, looks in people]
        )
        return
    rows = []
    for member, passkeys, invited, accounts, looks in people:
        moments = [each.used_at or each.created_at for each in passkeys]
        moments += [each.used_at or each.created_at for each in accounts]
        used = max(moments, default=None)
        standing = f"left {member.left_at:%Y-%m-%d}" if member.left_at else "invited" if invited else ""
        rows.append(
            (
                *(member.public_id, member.name, member.role.value, str(len(passkeys)), "yes" if accounts else ""),
                *(_day(used), str(looks), standing),
            )
        )
    terminal.table(("id", "name", "role", "passkeys", "account", "last in", "looks in 24 h", ""), rows)


def say_goodbye(
    name_or_id: Annotated[str, typer.Argument(metavar="NAME|ID", help="Who leaves.")],
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """End a person's passkeys, account, invitations and sessions at once, also those that are open in a browser now."""
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store:
        member = leave(store, name_or_id, actor=ACTOR, at=utc_now())
        with store.read() as tx:
            sealed_to = {person.key.id for person in tx.desk_keys.active()} & {member.desk_key}
    if as_json:
        terminal.json({"id": member.public_id, "name": member.name, "left": True, "sealed_to": sorted(sealed_to)})
        return
    terminal.line(f"{member.name} is at the desk no more: nothing that they are signed in with works.")
    if sealed_to:
        terminal.say(f"Words are still sealed to their key: `takeback desk retire {member.desk_key}` ends that.")


def _origin(data: Path | None) -> str:
    return load_settings({"data": data}, os.environ).desk_origin


def _day(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d}"


def _as_json(member: Member, passkeys: int, account: bool, invited: bool, looks: int) -> dict[str, object]:
    return {
        "id": member.public_id,
        "name": member.name,
        "role": member.role.value,
        "desk_key": member.desk_key,
        "passkeys": passkeys,
        "account": account,
        "invited": invited,
        "looks_in_24_hours": looks,
        "created_at": member.created_at.isoformat(),
        "left_at": None if member.left_at is None else member.left_at.isoformat(),
    }
