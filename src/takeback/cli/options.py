"""Options that several commands have, and options that are settings."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from takeback.config import PREFIX, Settings

_SETTINGS = {setting.name: setting for setting in fields(Settings)}


def setting_help(name: str) -> str:
    """Return what a setting means, with its environment variable and default, out of the one table."""
    setting = _SETTINGS[name]
    env = f"env {PREFIX}{name.upper()}"
    default = "" if setting.default in ("", ()) else f"; default {setting.default}"
    return f"{setting.metadata['help']} [{env}{default}]"


def setting_option(name: str, *, flag: str = "", metavar: str | None = None) -> Any:
    """Return the option that gives a setting; not given, the setting comes from elsewhere."""
    flag = flag or "--" + name.replace("_", "-")
    return typer.Option(flag, help=setting_help(name), metavar=metavar, show_default=False)


AsJson = Annotated[bool, typer.Option("--json", help="Write the result to stdout as JSON.")]
Data = Annotated[Path | None, setting_option("data", metavar="DIR")]
MasterKeyFile = Annotated[str | None, setting_option("master_key_file", metavar="FILE")]


def example(*lines: str) -> str:
    """Return the end of a command's help: how it is called."""
    title = "Example" if len(lines) == 1 else "Examples"
    return "\n".join(["\b", f"{title}:", *(f"  {line}" for line in lines)])
