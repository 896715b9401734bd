"""`takeback coop`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import quote

import typer

from takeback.actions.coop.account import CoopAccount
from takeback.actions.coop.report import ALWAYS, FIELDS, CoopReporter
from takeback.assembly import outgoing_http, utc_now
from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.options import AsJson, Data, example
from takeback.cli.server import DEFAULT_SERVER, KeyFile, Server, ServerUrl
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.errors import BadSetting

_REPORTS = "/api/v1/coop/reports"

app = new_app(
    cls=PlainGroup,
    help="Tell your Coop what waits for a decision: try its settings, and see what it did not take.\n\n"
    "`check` reads the settings of a data directory and asks Coop; the others ask a running Takeback, with a key of "
    "role moderator.",
    epilog=example("takeback coop check --data /var/lib/takeback"),
)


@app.command("check", cls=PlainCommand, epilog=example("takeback coop check --data /var/lib/takeback"))
def check(data: Data = None, as_json: AsJson = False) -> None:
    """Ask Coop whether it knows what the settings name; nothing is reported by it. Exit code 1 where not."""
    terminal, settings = Terminal(as_json), load_settings({"data": data}, os.environ)
    account = CoopAccount.of(settings)
    if account is None:
        raise BadSetting("No Coop is set up.", advice="Read docs/coop.md: it begins with `coop_address`.")
    account.public_keys()
    reporter = CoopReporter(account, outgoing_http(settings), clock=utc_now)
    problems = list(asyncio.run(_problems(account, reporter)))
    if as_json:
        terminal.json({"address": account.address, "problems": problems})
    else:
        for problem in problems:
            terminal.line(problem)
        terminal.line("Coop knows all that the settings name." if not problems else "Nothing was reported.")
    if problems:
        raise typer.Exit(ExitCode.NO)


@app.command("list", cls=PlainCommand, epilog=example("takeback coop list --key-file ~/moderator.key"))
def list_(
    state: Annotated[Literal["failed", "waiting", "told"], typer.Option("--state", help="Which reports.")] = "failed",
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """List reports to Coop in one state, newest first, with what was said of them there."""
    terminal = Terminal(as_json)
    found = Server.with_key(server, key_file).get(f"{_REPORTS}?state={state}")
    if as_json:
        terminal.json(found)
        return
    rows = [[each["id"], each["case"][:8], _said(each), each["why"] or each["problem"] or ""] for each in found]
    terminal.table(("report", "case", "said there", ""), rows)


@app.command("retry", cls=PlainCommand, epilog=example("takeback coop retry 6632… --key-file ~/moderator.key"))
def retry(
    report: Annotated[str, typer.Argument(metavar="REPORT", help="The report's id, as `takeback coop list` shows it.")],
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Have a report told again that Coop did not take."""
    terminal = Terminal(as_json)
    found = Server.with_key(server, key_file).post(f"{_REPORTS}/{quote(report, safe='')}/retry", {})
    terminal.json(found) if as_json else terminal.line(f"{found['id']} is told again.")


async def _problems(account: CoopAccount, reporter: CoopReporter) -> Iterator[str]:
    types, actions = await reporter.required_fields(), await reporter.ids_of("actions")
    policies = await reporter.ids_of("policies") if account.policy else set()
    return _unknown(account, types, actions, policies)


def _unknown(account: CoopAccount, types: dict[str, set[str]], actions: set[str], policies: set[str]) -> Iterator[str]:
    if account.item_type not in types:
        yield f"`coop_item_type`: Coop has no item type {account.item_type}."
    elif more := sorted(types[account.item_type] - ALWAYS):
        yield f"`coop_item_type`: it requires {', '.join(more)}; only {' and '.join(FIELDS[:2])} are always sent."
    if account.reporter_type not in types:
        yield f"`coop_reporter`: Coop has no item type {account.reporter_type}."
    if account.policy and account.policy not in policies:
        yield f"`coop_policy`: Coop has no policy {account.policy}."
    for action in account.actions:
        if action not in actions:
            yield f"`coop_actions`: Coop has no action {action}."


def _said(report: dict[str, object]) -> str:
    if report["word"] is None:
        return "–"
    return f"{report['word']}, {'the decision' if report['decided'] else 'for the desk to decide'}"
