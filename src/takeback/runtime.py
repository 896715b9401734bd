"""
The private folder of one run: its sockets, and, where it lies in memory, snapshots of the indexes in the clear.

A run that is killed leaves its folder behind. Each holds a locked file for as long as any process of the run
lives, so the next run knows which folders are nobody's, and removes them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from takeback.errors import BadSetting

SNAPSHOT_SUFFIX = ".snapshot"
LOT_SUFFIX = ".lot"
_PREFIX = "takeback-"
_LOCK_NAME = "run.lock"
_MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs"})
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (the folders made in it are 0700)


@contextmanager
def runtime_folder(chosen: str) -> Iterator[Path]:
    """
    Have the folder of this run for a `with` block: `chosen`, or without one a new folder, in memory if possible.

    No snapshot is in it at the beginning, and none at the end. Raises `BadSetting` where it cannot be made.
    """
    with ExitStack() as stack:
        try:
            if chosen:
                folder = Path(chosen)
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            else:
                parent = default_parent()
                _remove_abandoned(parent)
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=_PREFIX, dir=parent)))
            lock = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            stack.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_SH)
            _remove_snapshots(folder)
        except OSError as problem:
            raise BadSetting(
                f"The runtime directory {chosen or 'of this run'} cannot be made: {problem.strerror}.",
                advice="Name a folder that you own with --runtime-dir, best in memory, as below /run.",
            ) from problem
        stack.callback(_remove_snapshots, folder)
        yield folder


def default_parent() -> Path:
    """Return where a run's folder is made: in shared memory where there is some, else with other temporary files."""
    if is_in_memory(_SHARED_MEMORY) and os.access(_SHARED_MEMORY, os.W_OK):
        return _SHARED_MEMORY
    return Path(tempfile.gettempdir())


def is_in_memory(folder: Path) -> bool:
    """Say whether what is written into a folder stays in memory (tmpfs or ramfs)."""
    return file_system(folder) in _MEMORY_FILE_SYSTEMS


def file_system(folder: Path) -> str:
    """Return the kind of file system that `folder`, or the nearest folder above it that is there, lies in."""
    best, kind = "", "unknown"
    resolved = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists()).resolve()
    try:
        mounts = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return kind
    for line in mounts:
        _, mount, name, *_ = line.split(" ")
        if resolved.is_relative_to(mount) and len(mount) >= len(best):
            best, kind = mount, name
    return kind


def _remove_snapshots(folder: Path) -> None:
    for ending in (SNAPSHOT_SUFFIX, f"{SNAPSHOT_SUFFIX}.part", LOT_SUFFIX):
        for path in folder.glob(f"*{ending}"):
            path.unlink(missing_ok=True)


def _remove_abandoned(parent: Path) -> None:
    """Remove the folders of this user's runs of which no process lives any more."""
    for lock_path in parent.glob(f"{_PREFIX}*/{_LOCK_NAME}"):
        try:
            if lock_path.lstat().st_uid != os.geteuid():
                continue
            lock = os.open(lock_path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue  # another user's, or going just now
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock_path.parent, ignore_errors=True)
        except BlockingIOError:
            continue  # of a run that lives
        finally:
            os.close(lock)
