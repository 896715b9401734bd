"""`takeback case preserve`, `countersign`, `release`, `uploads` and `retention`: what is kept, and for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer

from takeback.cli.moments import in_words, read_moment
from takeback.cli.options import AsJson
from takeback.cli.server import DEFAULT_SERVER, KeyFile, Server, ServerUrl
from takeback.cli.terminal import Terminal

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The case's id, as `takeback case list` shows it.")]
HoldId = Annotated[str, typer.Argument(metavar="HOLD", help="The hold's id, as `takeback case preserve` shows it.")]


def preserve(
    case_id: CaseId,
    authority: Annotated[
        str, typer.Option("--authority", metavar="TEXT", help="Who wants it kept, and under which number.")
    ] = "",
    scope: Annotated[str, typer.Option("--scope", metavar="TEXT", help="What is wanted, in words.")] = "",
    until: Annotated[
        datetime | None, typer.Option("--until", metavar="DATE", help="Until when, in UTC: 2027-01-31; a year at most.")
    ] = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Order a legal hold: nothing of the case is erased before its end, once a second person countersigns it.

    It suspends erasure alone: what is hidden stays hidden, and her withdrawal ends the matching at once. Without
    options it shows the holds of the case.
    """
    takeback, path = Server.with_key(server, key_file), f"{_case(case_id)}/holds"
    if not (authority or scope or until):
        _write_holds(Terminal(as_json), takeback.get(path))
        return
    moment = "" if until is None else until.replace(tzinfo=until.tzinfo or UTC).isoformat()
    _write_holds(Terminal(as_json), takeback.post(path, {"authority": authority, "scope": scope, "until": moment}))


def countersign(
    case_id: CaseId,
    hold_id: HoldId,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Confirm a legal hold, with another key than the one that ordered it: from now on it stands."""
    path = f"{_case(case_id)}/holds/{quote(hold_id, safe='')}/confirmation"
    _write_holds(Terminal(as_json), Server.with_key(server, key_file).post(path, {}))


def release(
    case_id: CaseId,
    hold_id: HoldId,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """End a legal hold before its time, with another key than the one that ordered it; what waited is erased then."""
    path = f"{_case(case_id)}/holds/{quote(hold_id, safe='')}/end"
    _write_holds(Terminal(as_json), Server.with_key(server, key_file).post(path, {}))


def uploads(
    case_id: CaseId,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Ask: which authority wants it, and under which number.")
    ] = "",
    request: Annotated[
        str, typer.Option("--open", metavar="ID", help="Open what another person asked for; with a key of your own.")
    ] = "",
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Open who posted what was removed, for the police: one person asks with --reason, another opens with --open.

    Each step is logged with the key and the reason. A request waits for a week.
    """
    terminal, takeback = Terminal(as_json), Server.with_key(server, key_file)
    path = f"{_case(case_id)}/uploads"
    if request:
        _write_uploads(terminal, takeback.post(f"{path}/{quote(request, safe='')}", {}))
        return
    asked = takeback.post(path, {"reason": reason})
    if as_json:
        terminal.json(asked)
    else:
        terminal.line("It is asked for. Another person opens it, within a week:")
        terminal.line(f"  takeback case uploads {case_id} --open {asked['id']}")


def retention(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000, metavar="N", help="At most this many.")] = 100,
    records: Annotated[
        bool, typer.Option("--records", help="Show instead what is left of the cases that are forgotten.")
    ] = False,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """List what of the cases that have ended is erased by itself, and when; what is due first is at the top."""
    terminal, takeback = Terminal(as_json), Server.with_key(server, key_file)
    found = takeback.get("/api/v1/retention/records" if records else f"/api/v1/retention?limit={limit}")
    if as_json:
        terminal.json(found)
    elif not found:
        terminal.say("There is nothing.")
    elif records:
        rows = [
            (_at(each["received_at"]), each["outcome"], _at(each["removed_at"]), _at(each["expires_at"]))
            for each in found
        ]
        terminal.table(("received", "outcome", "first removal", "erased at"), rows)
    else:
        rows = [(each["case"][:8], each["part"], _at(each["due_at"]), _waits(each["waits_for"])) for each in found]
        terminal.table(("case", "what", "erased at", "waits for"), rows)


def _case(case_id: str) -> str:
    return f"/api/v1/cases/{quote(case_id, safe='')}"


def _at(text: str | None) -> str:
    return in_words(read_moment(text))


def _waits(name: str | None) -> str:
    return "" if name is None else name.replace("_", " ")


def _write_holds(terminal: Terminal, holds: Sequence[Mapping[str, Any]]) -> None:
    if terminal.as_json:
        terminal.json(holds)
        return
    if not holds:
        terminal.say("There is no legal hold of this case.")
    for each in holds:
        state = "ended" if each["ended_at"] else "stands" if each["stands"] else "waits for a second person"
        terminal.line(f"hold {each['id']}")
        terminal.line(f"  {'state':<10} {state}, until {_at(each['until'])}")
        terminal.line(f"  {'authority':<10} {each['authority'] or '(erased)'}")
        terminal.line(f"  {'scope':<10} {each['scope'] or '(erased)'}")


def _write_uploads(terminal: Terminal, opened: Sequence[Mapping[str, Any]]) -> None:
    if terminal.as_json:
        terminal.json(opened)
        return
    for each in opened:
        terminal.line(f"copy {each['copy_id']}")
        rows = {
            "site": each["site"],
            "item": each["item_id"] or "–",
            "account": each["account"] or "– (the site named none)",
            "address": each["address"] or "–",
            "posted": _at(each["first_checked_at"]),
            "removed": _at(each["removed_at"]),
        }
        for title, value in rows.items():
            terminal.line(f"  {title:<10} {value}")
