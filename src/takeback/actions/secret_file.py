"""A secret that another system gave us, in a file of its own: never in a setting's value, never readable by others."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from takeback.errors import BadSetting


def read_secret(file: str, setting: str) -> str:
    """
    Return the first line of a file that its owner alone can read; `BadSetting`, which names `setting`, for any other.

    systemd hands a credential over readable by a group that an access list narrows to the service.
    """
    path = Path(file)
    try:
        mode, text = path.stat().st_mode, path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadSetting(
            f"The secret that `{setting}` names cannot be read from {path}.", advice=f"Check `{setting}`."
        ) from problem
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    is_credential = bool(folder) and path.parent == Path(folder or "")
    if stat.S_IMODE(mode) & (0o037 if is_credential else 0o077):
        raise BadSetting(f"The secret file {path} can be read by others.", advice=f"Run `chmod 600 {path}`.")
    secret = text.partition("\n")[0].rstrip("\r")
    if not secret.isascii() or not secret.isprintable():
        raise BadSetting(f"The secret in {path} (`{setting}`) has characters that no other system takes.")
    return secret
