"""`takeback restore`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from takeback.assembly import open_store, read_master_key, utc_now
from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.terminal import Terminal
from takeback.config import Settings, load_settings
from takeback.store import MasterKey
from takeback.store.backup import restore as restore_files
from takeback.store.journal import Journal
from takeback.store.serving_lock import stopped
from takeback.workflow.publish import begin_anew
from takeback.workflow.verify import verify
from takeback.workflow.withdraw import finish_withdrawals

app = new_app()


@app.command(cls=PlainCommand, epilog=example("takeback restore --from /mnt/backup --data /var/lib/takeback"))
def restore(
    source: Annotated[Path, typer.Option("--from", help="Folder that `takeback backup` wrote.")],
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    database: Annotated[
        Path | None, typer.Option(help="One of several database files in the folder; the newest if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Put a backup into an empty data directory, and withdraw again what was withdrawn since.

    Every withdrawal that the journal names is replayed before anything is served, and the whole audit log
    is checked.
    """
    terminal = Terminal(as_json)
    settings = load_settings({"data": data, "master_key_file": master_key_file}, os.environ)
    # The key first: without it a restore could only end in files that nothing opens.
    master = read_master_key(settings)
    with stopped(settings.data):
        with terminal.progress("Copying back", total=None):
            taken = restore_files(source, settings.data, settings.journal_path, database=database)
        with terminal.progress("Checking the audit log", total=None):
            replayed, entries = _replay_and_check(settings, master)
    if as_json:
        terminal.json({"database": str(taken), "withdrawals_replayed": replayed, "log_entries": entries})
        return
    terminal.line(f"Restored from {taken}.")
    terminal.line(f"{replayed} withdrawals replayed; the audit log is whole: {entries:,} entries verify.")


def _replay_and_check(settings: Settings, master: MasterKey) -> tuple[int, int]:
    """
    Withdraw what the journal names, verify the logs, and let the public one begin anew.

    Returns how many withdrawals and entries of the audit log there were.
    """
    store = open_store(settings, master)
    try:
        journal = Journal(settings.journal_path, store.keyring.journal_key)
        replayed, entries = finish_withdrawals(store, journal, at=utc_now()), verify(store).entries
        # What was signed since the backup cannot be signed differently: under another name it is another log.
        begin_anew(store, settings.log_name, at=utc_now())
        return replayed, entries
    finally:
        store.close()
