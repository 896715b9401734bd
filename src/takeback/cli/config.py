"""`takeback config`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path

from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.options import AsJson, Data, example
from takeback.cli.terminal import Terminal
from takeback.config import FILE_NAME, PREFIX, Settings, load_settings

app = new_app()


@app.command(cls=PlainCommand, epilog=example("takeback config --data /var/lib/takeback"))
def config(data: Data = None, as_json: AsJson = False) -> None:
    """
    Show every setting: its value, where that comes from, and what it means.

    A setting comes from, first found wins: the command line, the environment, `takeback.toml` in the data
    directory, the default.
    """
    terminal = Terminal(as_json)
    settings = load_settings({"data": data}, os.environ)
    rows = _rows(settings, {"data"} if data is not None else set(), os.environ)
    if as_json:
        terminal.json(rows)
        return
    for row in rows:
        terminal.line(f"{row['name']} = {_written(row['value'])}   ({row['from']})")
        changed = "" if row["value"] == row["default"] else f" Default: {_written(row['default'])}."
        terminal.indented(f"{row['help']}{changed}")


def _rows(settings: Settings, given: Collection[str], environ: Mapping[str, str]) -> list[dict[str, object]]:
    in_file = _names_in(settings.data / FILE_NAME)
    return [
        {
            "name": setting.name,
            "value": _plain(getattr(settings, setting.name)),
            "from": _source(setting.name, given, environ, in_file),
            "default": _plain(setting.default),
            "env": PREFIX + setting.name.upper(),
            "help": setting.metadata["help"],
        }
        for setting in fields(Settings)
    ]


def _source(name: str, given: Collection[str], environ: Mapping[str, str], in_file: Collection[str]) -> str:
    if name in given:
        return "command line"
    if PREFIX + name.upper() in environ:
        return "environment"
    return FILE_NAME if name in in_file else "default"


def _names_in(path: Path) -> Collection[str]:
    # `load_settings` has read and checked this file already.
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else ()


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _written(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "empty" if value == "" else str(value)
