"""What arrives of a file: bounded in memory, sealed on disk, and gone afterwards."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takeback.errors import MediaTooLarge, StoreError
from takeback.gates.spool import BLOCK_BYTES, SHORT_BLOCK_BYTES, Memory, Spool


def filled(spool: Spool, pieces: list[bytes]) -> bytes:
    async def fill() -> bytes:
        for piece in pieces:
            await spool.write(piece)
        return await spool.read()

    return asyncio.run(fill())


def open_files() -> set[str]:
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            continue
    return found


@given(sizes=st.lists(st.integers(0, 90_000), max_size=12), room=st.integers(0, 200_000))
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_read_back_however_much_memory_there_is(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], room: int
) -> None:
    pieces = [os.urandom(size) for size in sizes]
    memory = Memory(room)
    with Spool(memory, tmp_path_factory.getbasetemp(), 10**9) as spool:
        assert filled(spool, pieces) == b"".join(pieces)
        assert memory.left > -SHORT_BLOCK_BYTES - 90_000
    assert memory.left == room


def test_while_there_is_memory_nothing_is_written(tmp_path: Path) -> None:
    with Spool(Memory(), tmp_path, 10**9) as spool:
        filled(spool, [bytes(3 * BLOCK_BYTES)])
        assert not spool.is_on_disk


def test_on_disk_it_is_sealed_and_has_no_name(tmp_path: Path) -> None:
    secret = b"what nobody may read " * 5_000
    with Spool(Memory(0), tmp_path, 10**9) as spool:
        assert filled(spool, [secret, secret]) == 2 * secret
        assert spool.is_on_disk
        assert list(tmp_path.iterdir()) == []
        assert spool._file is not None
        written = os.pread(spool._file.fileno(), 10**7, 0)
        assert len(written) >= len(secret)
        assert b"nobody" not in written
    assert not any(str(tmp_path) in name for name in open_files())


def test_a_file_over_the_limit_is_refused_while_it_comes(tmp_path: Path) -> None:
    memory = Memory(1_000)
    with Spool(memory, tmp_path, 100) as spool, pytest.raises(MediaTooLarge, match="100"):
        filled(spool, [bytes(60), bytes(60)])
    assert memory.left == 1_000


def test_a_disk_that_takes_nothing_is_said(tmp_path: Path) -> None:
    with Spool(Memory(0), tmp_path / "nowhere", 10**9) as spool, pytest.raises(StoreError, match="cannot be kept"):
        filled(spool, [bytes(2 * SHORT_BLOCK_BYTES)])
