"""
Codes that came in one lot, in the clear and in memory, for the other processes of this run, for some seconds.

To open a million sealed fingerprints takes each process half a minute, and whoever took them in has them open. So a lot
lies where the snapshots of the indexes do (`takeback.runtime`), under the number of its change. Nobody needs it: where
there is none, what is stored is opened. It is gone after `KEPT_SECONDS`, and as soon as anything is erased.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from takeback.index.interface import CODE_BYTES
from takeback.runtime import LOT_SUFFIX
from takeback.store.changes import Change

KEPT_SECONDS = 5.0
"""Other processes follow every twentieth of a second."""
_HEAD = 4
log = logging.getLogger("takeback.lots")


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """The PDQ codes of entries that came at once: `keys` uint64 [n] of fingerprints, `codes` uint8 [n, 32]."""

    seq: int
    ids: range
    keys: NDArray[np.uint64] = field(repr=False)
    codes: NDArray[np.uint8] = field(repr=False)


class SharedLots:
    """The lots in the folder of one run, which has to be in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, lot: Lot) -> None:
        """Leave a lot for the others, after its change is committed; where there is no room, leave none."""
        head = np.array([lot.seq, lot.ids.start, lot.ids.stop, len(lot.keys)], np.uint64)
        path = self._path(lot.seq)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}{LOT_SUFFIX}")
        try:
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(head.tobytes() + lot.keys.tobytes() + lot.codes.tobytes())
            unfinished.replace(path)
        except OSError as problem:
            log.warning("a lot of codes cannot be shared: %s", problem.strerror)
            unfinished.unlink(missing_ok=True)

    def get(self, change: Change) -> Lot | None:
        """Return the lot of a change; None where there is none any more, or it is not whole."""
        try:
            data = self._path(change.seq).read_bytes()
        except OSError:
            return None
        head = np.frombuffer(data[: 8 * _HEAD], np.uint64).tolist() if len(data) >= 8 * _HEAD else []
        if head[:3] != [change.seq, change.ids.start, change.ids.stop]:
            return None
        count = int(head[3])
        if len(data) != 8 * _HEAD + (8 + CODE_BYTES) * count:
            return None
        keys = np.frombuffer(data, np.uint64, count, 8 * _HEAD)
        codes = np.frombuffer(data, np.uint8, CODE_BYTES * count, 8 * (_HEAD + count))
        return Lot(change.seq, change.ids, keys, codes.reshape(count, CODE_BYTES))

    def clear(self, *, older_than_seconds: float = 0.0) -> None:
        """Remove the lots that are as old, all of them without an age."""
        before = time.time() - older_than_seconds
        for path in self._folder.glob(f"*{LOT_SUFFIX}"):
            try:
                if not older_than_seconds or path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)
            except OSError as problem:
                log.warning("a lot of codes cannot be removed: %s", problem.strerror)

    def _path(self, seq: int) -> Path:
        return self._folder / f"{seq}{LOT_SUFFIX}"
