"""`takeback account`: accounts that post again what has to be removed, and what people at their site do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer

from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.moments import in_words, read_moment
from takeback.cli.options import AsJson, example
from takeback.cli.server import DEFAULT_SERVER, KeyFile, Server, ServerUrl
from takeback.cli.terminal import Terminal

_PATH = "/api/v1/accounts"
_KEY = "--key-file ~/upload.key"

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The site's own id of the account.")]
MeasureId = Annotated[str, typer.Argument(metavar="MEASURE", help="The measure's id, as `takeback account show` says.")]
By = Annotated[str, typer.Option("--by", metavar="ID", help="The site's own id of the person who decided.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; the account is told it.")]
Illegal = Annotated[
    bool, typer.Option("--manifestly-illegal", help="They found that the uploads were: nothing less carries a measure.")
]
Numbers = Annotated[str, typer.Option("--numbers", metavar="TEXT", help="Art. 23(3)(a): how many there were.")]
Proportion = Annotated[
    str, typer.Option("--proportion", metavar="TEXT", help="Art. 23(3)(b): their share of all that it posted.")
]
Gravity = Annotated[str, typer.Option("--gravity", metavar="TEXT", help="Art. 23(3)(c): how grave they are.")]
Intention = Annotated[
    str, typer.Option("--intention", metavar="TEXT", help="Art. 23(3)(d): what was meant, or that it cannot be told.")
]

app = new_app(
    cls=PlainGroup,
    help="Keep what a person at a site does about an account that posts again what has to be removed.\n\n"
    "Art. 23 of the Digital Services Act. The site decides, never this program. The site's own key of role upload is "
    "needed.",
    epilog=example(f"takeback account show u-17 {_KEY}"),
)


@app.command("list", cls=PlainCommand, epilog=example(f"takeback account list {_KEY}"))
def list_(server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """List the warnings and suspensions of a year, newest first; about which accounts, is known to the site alone."""
    terminal = Terminal(as_json)
    found = Server.with_key(server, key_file).get(f"{_PATH}/measures")
    if as_json:
        terminal.json(found)
    elif not found:
        terminal.say("No measure was taken within a year.")
    else:
        _table(terminal, found)


@app.command("show", cls=PlainCommand, epilog=example(f"takeback account show u-17 {_KEY}"))
def show(
    account: Account, server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False
) -> None:
    """Show on how many occasions uploads of an account were removed, what was done, and what may be considered."""
    terminal = Terminal(as_json)
    found = Server.with_key(server, key_file).post(f"{_PATH}/standing", {"account": account})
    if as_json:
        terminal.json(found)
        return
    rows = {"occasions": found["occasions"], "since": _at(found["since"]), "advice": found["advice"]}
    rows["suspended until"] = _at(found["suspended_until"])
    for title, value in rows.items():
        terminal.line(f"{title:<16} {value}")
    if found["measures"]:
        _table(terminal, found["measures"])


@app.command(
    "warn",
    cls=PlainCommand,
    epilog=example(
        "takeback account warn u-17 --by mod-7 --manifestly-illegal \\",
        "    --reason 'Two pictures.' --numbers 2 --proportion '2 of 3' \\",
        f"    --gravity Intimate --intention Unknown {_KEY}",
    ),
)
def warn(
    account: Account,
    by: By,
    reason: Reason,
    numbers: Numbers,
    proportion: Proportion,
    gravity: Gravity,
    intention: Intention,
    illegal: Illegal = False,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep that a person at the site warned an account: from the second occasion on, never on the first."""
    body = _body("warning", account, by, reason, [numbers, proportion, gravity, intention], illegal)
    _take(Terminal(as_json), Server.with_key(server, key_file), body)


@app.command(
    "suspend",
    cls=PlainCommand,
    epilog=example(
        "takeback account suspend u-17 --until 2027-02-01 --by mod-7 \\",
        "    --manifestly-illegal --reason Again --numbers 3 --proportion 3/4 \\",
        f"    --gravity Intimate --intention Unknown {_KEY}",
    ),
)
def suspend(
    account: Account,
    until: Annotated[datetime, typer.Option("--until", metavar="DATE", help="Until when, in UTC: within 184 days.")],
    by: By,
    reason: Reason,
    numbers: Numbers,
    proportion: Proportion,
    gravity: Gravity,
    intention: Intention,
    illegal: Illegal = False,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep that a person at the site suspended an account, for what it posted after a warning."""
    body = _body("suspension", account, by, reason, [numbers, proportion, gravity, intention], illegal)
    moment = until.replace(tzinfo=until.tzinfo or UTC).isoformat()
    _take(Terminal(as_json), Server.with_key(server, key_file), {**body, "until": moment})


@app.command(
    "lift",
    cls=PlainCommand,
    epilog=example("takeback account lift 81c0…aa --by mod-8 \\", f"    --reason 'The complaint was right.' {_KEY}"),
)
def lift(
    measure_id: MeasureId,
    by: By,
    reason: Reason,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Take a warning or a suspension back: it counts no more, and what it was for carries no suspension again."""
    path = f"{_PATH}/measures/{quote(measure_id, safe='')}/lift"
    found = Server.with_key(server, key_file).post(path, {"decided_by": by, "reason": reason})
    _one(Terminal(as_json), found)


def _body(
    measure: str, account: str, by: str, reason: str, criteria: Sequence[str], illegal: bool
) -> dict[str, object]:
    names = ("absolute_numbers", "relative_proportion", "gravity", "intention")
    return {
        "account": account,
        "measure": measure,
        "decided_by": by,
        "manifestly_illegal": illegal,
        "reason": reason,
        "criteria": dict(zip(names, criteria, strict=True)),
    }


def _take(terminal: Terminal, takeback: Server, body: Mapping[str, object]) -> None:
    found = takeback.post(f"{_PATH}/measures", body)
    _one(terminal, found)
    if not terminal.as_json:
        redress = ", ".join(f"{each['name']} ({each['section']})" for each in found["redress"])
        terminal.say(f"Tell the account the reason, and what it can do: {redress}.")


def _one(terminal: Terminal, found: Mapping[str, Any]) -> None:
    if terminal.as_json:
        terminal.json(found)
    else:
        _table(terminal, [found])


def _table(terminal: Terminal, found: Sequence[Mapping[str, Any]]) -> None:
    for each in found:
        terminal.line(f"{each['id']}  {each['measure']}, by {each['decided_by']}")
        moments = {"taken": each["at"], "until": each["until"], "lifted": each["lifted_at"]}
        for title, moment in moments.items():
            if moment is not None:
                terminal.line(f"  {title:<7} {_at(moment)}")


def _at(moment: str | None) -> str:
    return "–" if moment is None else in_words(read_moment(moment))
