"""`takeback serve`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.options import AsJson, Data, MasterKeyFile, example, setting_option
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.supervisor import FirstStart
from takeback.supervisor import serve as serve_until_stopped

app = new_app()


@app.command(cls=PlainCommand, epilog=example("takeback serve --data /var/lib/takeback --port 8470"))
def serve(
    data: Data = None,
    host: Annotated[str | None, setting_option("host", metavar="ADDRESS")] = None,
    port: Annotated[int | None, setting_option("port", metavar="PORT")] = None,
    workers: Annotated[int | None, setting_option("workers", metavar="N")] = None,
    decoders: Annotated[int | None, setting_option("decoders", metavar="N")] = None,
    master_key_file: MasterKeyFile = None,
    allowed_private_hosts: Annotated[
        list[str] | None, setting_option("allowed_private_hosts", flag="--allowed-private-host", metavar="HOST")
    ] = None,
    runtime_dir: Annotated[str | None, setting_option("runtime_dir", metavar="DIR")] = None,
    clamd: Annotated[list[str] | None, setting_option("clamd", metavar="ADDRESS")] = None,
    icap: Annotated[list[str] | None, setting_option("icap", metavar="ADDRESS")] = None,
    pictrs: Annotated[list[str] | None, setting_option("pictrs", metavar="ADDRESS")] = None,
    subrequest: Annotated[list[str] | None, setting_option("subrequest", metavar="ADDRESS")] = None,
    hma: Annotated[str | None, setting_option("hma", metavar="ADDRESS")] = None,
    stopncii: Annotated[str | None, setting_option("stopncii", metavar="ADDRESS")] = None,
    as_json: AsJson = False,
) -> None:
    """
    Serve until stopped: check uploads, take notices, give orders to the sites.

    The first start makes the data directory, the master key and one key of each role, and prints the keys
    once. `takeback config` lists the settings that have no option here. Logs go to stderr, a line of JSON
    each.
    """
    given = {
        "data": data,
        "host": host,
        "port": port,
        "workers": workers,
        "decoders": decoders,
        "master_key_file": master_key_file,
        "allowed_private_hosts": allowed_private_hosts or None,
        "runtime_dir": runtime_dir,
        "clamd": clamd or None,
        "icap": icap or None,
        "pictrs": pictrs or None,
        "subrequest": subrequest or None,
        "hma": hma,
        "stopncii": stopncii,
    }
    terminal = Terminal(as_json)
    settings = load_settings(given, os.environ)
    raise typer.Exit(serve_until_stopped(settings, lambda first: _announce(terminal, first)))


def _announce(terminal: Terminal, first: FirstStart) -> None:
    keys = {role.value: key for role, key in first.keys.items()}
    if terminal.as_json:
        path = None if first.master_key_path is None else str(first.master_key_path)
        gates = [{"protocol": protocol, "address": address} for protocol, address in first.gates]
        terminal.json({"address": first.address, "keys": keys, "master_key": path, "gates": gates})
        return
    terminal.line(f"Takeback listens at {first.address}")
    for protocol, address in first.gates:
        terminal.line(f"  {protocol:<14} {address}")
    if keys:
        terminal.line()
        terminal.line("Keys, shown this once. Keep them as you keep passwords:")
        for role, key in keys.items():
            terminal.line(f"  {role:<14} {key}")
    if first.master_key_path is not None:
        terminal.line()
        terminal.line(f"Master key, new: {first.master_key_path}")
        terminal.paragraph("Keep a copy of it apart from the data and its backups: nothing opens without it.")
