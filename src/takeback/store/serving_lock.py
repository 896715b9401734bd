"""
Who may work on a data directory at the same time: `serving.lock`, an advisory lock (flock(2)).

A service and each command that works beside it share the lock; what has to be alone (rotating the master
key, changing the schema, restoring) takes it exclusively. The kernel keeps a lock for as long as any process
has the file open, whatever became of the others, so it says more than a lease that runs out. The file
stays behind, empty: removing it would let two processes hold locks of two files.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from takeback.errors import IllegalTransition, StoreError

LOCK_NAME = "serving.lock"


@contextmanager
def serving(data: Path) -> Iterator[None]:
    """
    Share the data directory for a `with` block, and for as long as a process forked within it lives.

    A program that is executed does not inherit it. `IllegalTransition` while another process has the
    directory to itself, `StoreError` where the disk refuses.
    """
    with _locked(data, fcntl.LOCK_SH) as is_ours:
        if not is_ours:
            raise IllegalTransition(
                "This data directory is being restored, upgraded or given a new master key.",
                advice="Wait until that command has ended, and try again.",
            )
        yield


@contextmanager
def stopped(data: Path) -> Iterator[None]:
    """
    Have the data directory to oneself for a `with` block.

    `IllegalTransition` while any process of a service, or a command beside it, lives; `StoreError` where
    the disk refuses.
    """
    with _locked(data, fcntl.LOCK_EX) as is_ours:
        if not is_ours:
            raise IllegalTransition(
                "A service runs on this data directory.",
                advice="Stop it, and whatever else works on the directory, and try again.",
            )
        yield


@contextmanager
def _locked(data: Path, kind: int) -> Iterator[bool]:
    """Try for the lock without waiting; the directory is made where there is none."""
    descriptor = -1
    try:
        try:
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(data / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            is_ours = _try(descriptor, kind)
        except OSError as problem:
            raise StoreError(f"The data directory {data} cannot be locked: {problem.strerror}.") from problem
        yield is_ours
    finally:
        if descriptor >= 0:
            # Closed, never unlocked: a child that was forked meanwhile keeps the lock that it shares.
            os.close(descriptor)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
