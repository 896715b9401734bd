"""
The files of the quarantine: one for each item, `quarantine/NAME` in the data directory, outside of the database.

A name is 128 random bits and says nothing. Each file is sealed under a data key of its own (`sealed_file`), so that
destroying that key destroys it wherever a copy of it lies. Nothing is ever written there in the clear.
"""

from __future__ import annotations

from pathlib import Path

from takeback.errors import IntegrityError, StoreError
from takeback.store.journal import sync
from takeback.store.keyring import Keyring
from takeback.store.sealed_file import seal_bytes, unseal_bytes

FOLDER_NAME = "quarantine"
_PURPOSE = "quarantine"


class QuarantineFolder:
    """Keeps, reads and erases the files; `data` is the data directory."""

    def __init__(self, data: Path) -> None:
        self.path = data / FOLDER_NAME

    def keep(self, name: str, data: bytes, key: tuple[str, bytes]) -> None:
        """Write `data` sealed under a data key (id, key), durable before this returns; `StoreError` as a disk fails."""
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
        except OSError as problem:
            raise StoreError(f"The folder {FOLDER_NAME} cannot be made: {problem.strerror}.") from problem
        seal_bytes(data, self.path / name, key=key, purpose=_about(name))

    def read(self, name: str, keyring: Keyring) -> bytes:
        """
        Return what a file holds, only once all of it opened.

        `SealBroken` where one byte of it is another, it is another's file, or its key is gone; `IntegrityError` where
        it is missing.
        """
        if not self.has(name):
            raise IntegrityError(
                "A file of the quarantine is missing.", advice="It is in no backup (docs/operations.md)."
            )
        return unseal_bytes(self.path / name, keyring, purpose=_about(name))

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.path / name).is_file()

    def names(self) -> set[str]:
        """Return the name of every file, those that were cut short too."""
        return {found.name for found in self.path.iterdir()} if self.path.is_dir() else set()

    def erase(self, *names: str) -> None:
        """Delete files, where they are there. Their keys are destroyed before: a disk keeps what was on it."""
        try:
            for name in names:
                (self.path / name).unlink(missing_ok=True)
            if names and self.path.is_dir():
                sync(self.path)
        except OSError as problem:
            raise StoreError(f"A file of {FOLDER_NAME} cannot be deleted: {problem.strerror}.") from problem


def _about(name: str) -> str:
    return f"{_PURPOSE}/{name}"
