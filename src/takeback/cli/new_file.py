"""A file that a command writes whole, and never over another."""

from __future__ import annotations

import os
from pathlib import Path

from takeback.errors import InputError


def write_new(path: Path, text: str | bytes) -> None:
    """Write a new file, readable by its owner alone; `InputError` where it is there already or cannot be written."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
    except FileExistsError as problem:
        raise InputError(f"{path} is there already.", advice="Name another file; nothing was written.") from problem
    except OSError as problem:
        raise InputError(f"{path} cannot be written: {problem.strerror}.", advice="Name another file.") from problem
