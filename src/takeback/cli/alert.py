"""`takeback alert`."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime

import typer

from takeback.actions.mail import smtp_sender
from takeback.assembly import outgoing_http, utc_now
from takeback.cli.data import opened
from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.moments import in_words
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.terminal import Terminal
from takeback.config import Settings, load_settings
from takeback.errors import BadSetting, OutsideError
from takeback.jobs.alert import AlertRoutes
from takeback.workflow.alert import trial_message

_LATEST = 50

app = new_app(
    cls=PlainGroup,
    help="Try the routes by which the desk is told what is due, and show what was told.\n\n"
    "The routes are in `alert_webhooks` and `alert_mail`; a running service tells by itself: at half of the "
    "time that the law gives, with twelve hours left, with two, and when it is late.",
    epilog=example("takeback alert test --data /var/lib/takeback"),
)


@app.command("test", cls=PlainCommand, epilog=example("takeback alert test --data /var/lib/takeback"))
def try_routes(data: Data = None, as_json: AsJson = False) -> None:
    """Send a test by every route, and say which of them took it; exit code 3 where one did not."""
    terminal, settings = Terminal(as_json), load_settings({"data": data}, os.environ)
    if not settings.alert_routes:
        raise BadSetting("No route is set.", advice="Name two in `alert_webhooks` or `alert_mail`: one may fail.")
    failed = False
    for route in settings.alert_routes:
        problem = asyncio.run(_tried(settings, route, utc_now()))
        failed = failed or problem is not None
        if as_json:
            terminal.json({"route": route, "taken": problem is None, "problem": problem})
        else:
            terminal.line(f"{route}: {problem or 'taken'}")
    if failed:
        raise typer.Exit(ExitCode.OUTSIDE)


@app.command("list", cls=PlainCommand, epilog=example("takeback alert list --data /var/lib/takeback"))
def list_(data: Data = None, master_key_file: MasterKeyFile = None, as_json: AsJson = False) -> None:
    """Show what was told lately, newest first, and whether it arrived."""
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store, store.read() as tx:
        messages = tx.alerts.latest(_LATEST)
    if as_json:
        terminal.json(
            [
                {
                    "at": one.created_at.isoformat(),
                    "route": one.route,
                    "stage": one.body["stage"],
                    "count": one.body["count"],
                    "delivered_at": None if one.delivered_at is None else one.delivered_at.isoformat(),
                    "attempts": one.attempts,
                    "problem": one.problem,
                }
                for one in messages
            ]
        )
        return
    for one in messages:
        how = f"arrived {in_words(one.delivered_at)}" if one.delivered_at else one.problem or "on its way"
        terminal.line(f"{in_words(one.created_at)}  {one.body['text']}  {one.route}: {how}")
    if not messages:
        terminal.line("Nothing was told yet.")


async def _tried(settings: Settings, route: str, at: datetime) -> str | None:
    try:
        await AlertRoutes(outgoing_http(settings), smtp_sender(settings)).send(route, trial_message(at), at=at)
    except OutsideError as problem:
        return problem.message
    return None
