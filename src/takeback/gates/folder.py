"""Files that a platform names by path: only those below the folders that the operator named."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from takeback.gates.spool import Spool

MAX_FILES = 100_000
"""Of one folder that is named."""
_READ_BYTES = 256 * 1024


def real_path(named: str, folders: Sequence[Path]) -> Path | None:
    """Return where `named` really leads, None where that is not below one of `folders`."""
    if not named.startswith("/") or "\0" in named:
        return None
    real = Path(os.path.realpath(named))
    return real if any(real.is_relative_to(os.path.realpath(folder)) for folder in folders) else None


def files_below(path: Path) -> Iterator[Path]:
    """Yield the file `path`, or every regular file below the folder `path`; no link is followed."""
    if not path.is_dir():
        yield path
        return
    count = 0
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = Path(folder) / name
            if file.is_symlink() or not file.is_file():
                continue
            yield file
            count += 1
            if count == MAX_FILES:
                return


async def read_into(spool: Spool, path: Path) -> None:
    """Read a regular file; `OSError` where it is none, or cannot be read."""
    # A pipe that nobody writes to would wait here for ever.
    opened = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(f"{path} is no regular file")
        while data := await asyncio.to_thread(os.read, opened, _READ_BYTES):
            await spool.write(data)
    finally:
        os.close(opened)
