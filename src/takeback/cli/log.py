"""`takeback log`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from takeback.assembly import utc_now
from takeback.audit.note import VerifierKey
from takeback.cli.data import opened
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.moments import in_words
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.errors import NotFound
from takeback.workflow.publish import log_key, publish, signed_head, witness_key
from takeback.workflow.timestamping import Authority, authorities_of
from takeback.workflow.witnessing import add_witness, remove_witness, unwatch_log, watch_log

_DIRECTORY = "--data /var/lib/takeback"

app = new_app(
    cls=PlainGroup,
    help="Show the public log and its keys; name its witnesses, and the logs that are witnessed here.\n\n"
    "They work on the data directory and need its master key, also beside a running service.",
    epilog=example(f"takeback log show {_DIRECTORY}"),
)

Key = Annotated[str, typer.Argument(metavar="KEY", help="As the other service shows it: name+eight digits+base64.")]


@app.command("show", cls=PlainCommand, epilog=example(f"takeback log show {_DIRECTORY}"))
def show(data: Data = None, master_key_file: MasterKeyFile = None, as_json: AsJson = False) -> None:
    """Show the keys, the head, and who witnesses whom."""
    terminal, settings = Terminal(as_json), load_settings({"data": data}, os.environ)
    with opened(data, master_key_file) as store:
        try:
            head, key = signed_head(store).head, str(log_key(store))
        except NotFound:
            head, key = None, None
        with store.read() as tx:
            asked, watched = tx.witnesses.all(), tx.witnesses.all_watched()
            waiting = tx.attestations.count_waiting()
        own = str(witness_key(store, settings.log_name))
        authorities = authorities_of(store, settings.timestamp_authorities)
    if as_json:
        terminal.json(
            {
                "log_key": key,
                "witness_key": own,
                "size": None if head is None else head.size,
                "waiting": waiting,
                "witnesses": [
                    {"key": str(one.key), "url": one.url, "size": one.size, "problem": one.problem} for one in asked
                ],
                "watched": [{"key": str(log.key), "size": log.size} for log, _ in watched],
                "timestamps": [_stamped(each) for each in authorities],
            }
        )
        return
    if head is None:
        terminal.line("The public log has no entry yet; a running service adds the first one at once.")
    else:
        terminal.line(f"{head.origin}: {head.size:,} entries; {waiting:,} attestations wait for the next.")
    terminal.line(f"Log key:     {key or 'none yet'}")
    terminal.line(f"Witness key: {own}")
    for one in asked:
        signed = "has signed nothing yet" if one.signed_at is None else f"signed {in_words(one.signed_at)}"
        terminal.line(f"Witness {one.key.name} at {one.url}: {one.problem or signed}")
    for log, at in watched:
        signed = "nothing signed yet" if at is None else f"{log.size:,} entries, signed {in_words(at)}"
        terminal.line(f"Watching {log.key.name}: {signed}")
    for each in authorities:
        terminal.line(f"Timestamps of {each.url}: {each.problem or _in_words(each)}")


def _stamped(each: Authority) -> dict[str, object]:
    last = each.last
    return {
        "authority": each.url,
        "size": None if last is None else last.size,
        "at": None if last is None else last.at.isoformat(),
        "verified": None if last is None else last.is_verified,
        "problem": each.problem,
    }


def _in_words(each: Authority) -> str:
    if each.last is None:
        return "nothing stamped yet"
    checked = "signature verified" if each.last.is_verified else "signature not checked here"
    return f"{each.last.size:,} entries by {in_words(each.last.at)}, {checked}"


@app.command("publish", cls=PlainCommand, epilog=example(f"takeback log publish {_DIRECTORY}"))
def publish_now(data: Data = None, master_key_file: MasterKeyFile = None, as_json: AsJson = False) -> None:
    """Add an entry now, so that what was attested can be proven; a running service does so by the clock."""
    terminal, name = Terminal(as_json), _name(data)
    with opened(data, master_key_file) as store:
        number = publish(store, name, at=utc_now())
    if as_json:
        terminal.json({"entry": number})
    else:
        terminal.line(f"Entry {number} was added to the public log.")


@app.command(
    "ask",
    cls=PlainCommand,
    epilog=example("takeback log ask KEY --url https://other.example/api/v1/witness"),
)
def ask(
    key: Key,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Its witness, without /add-checkpoint.")],
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Ask another service to sign each head of our log; its operator has to `takeback log watch` our log key."""
    with opened(data, master_key_file) as store:
        parsed = VerifierKey.parse(key)
        add_witness(store, parsed, url)
    _done(as_json, {"asked": parsed.name, "url": url}, f"{parsed.name} is asked from now on.")


@app.command("drop", cls=PlainCommand, epilog=example("takeback log drop 'other.example+0a1b2c3d+BA…'"))
def drop(key: Key, data: Data = None, master_key_file: MasterKeyFile = None, as_json: AsJson = False) -> None:
    """Ask a witness no more; what it signed stays."""
    with opened(data, master_key_file) as store:
        parsed = VerifierKey.parse(key)
        remove_witness(store, parsed)
    _done(as_json, {"dropped": parsed.name}, f"{parsed.name} is asked no more.")


@app.command("watch", cls=PlainCommand, epilog=example("takeback log watch 'other.example/1f2e3d4c+0a1b2c3d+AQ…'"))
def watch(key: Key, data: Data = None, master_key_file: MasterKeyFile = None, as_json: AsJson = False) -> None:
    """Be a witness of another service's log: its heads are signed from now on, if each grew out of the last."""
    with opened(data, master_key_file) as store:
        parsed = VerifierKey.parse(key)
        watch_log(store, parsed)
    _done(as_json, {"watched": parsed.name}, f"{parsed.name} is witnessed from now on.")


@app.command("unwatch", cls=PlainCommand, epilog=example("takeback log unwatch other.example/1f2e3d4c"))
def unwatch(
    origin: Annotated[str, typer.Argument(metavar="NAME", help="Name of the log.")],
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Be a witness of a log no more."""
    with opened(data, master_key_file) as store:
        unwatch_log(store, origin)
    _done(as_json, {"unwatched": origin}, f"{origin} is witnessed no more.")


def _done(as_json: bool, told: dict[str, str], line: str) -> None:
    terminal = Terminal(as_json)
    if as_json:
        terminal.json(told)
    else:
        terminal.line(line)


def _name(data: object) -> str:
    return load_settings({"data": data}, os.environ).log_name
