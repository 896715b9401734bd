"""
What arrives of a file, until it is whole: in memory while there is room, else sealed on disk.

A thousand slow senders would fill the memory. Beyond a budget that all share, what has come is sealed (AES-256-GCM)
under a key of this spool, which is in memory alone, and written to a file that has no name: whatever happens to the
process, nobody reads it again.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from takeback.errors import MediaTooLarge, StoreError

MEMORY_BYTES = 64 * 1024 * 1024
"""What all spools of a process hold in memory together."""
BLOCK_BYTES = 256 * 1024
"""What is sealed at once; where memory is short, what there is."""
SHORT_BLOCK_BYTES = 32 * 1024
"""The least that is sealed at once: a thousand spools of that size still fit."""
_TAG_BYTES = 16


class Memory:
    """What is left of the memory that all spools share."""

    def __init__(self, max_bytes: int = MEMORY_BYTES) -> None:
        self.left = max_bytes


class Spool:
    """
    One file while it arrives; close it.

    `write` raises `MediaTooLarge` beyond `max_bytes`, and `StoreError` where the disk is full.
    """

    def __init__(self, memory: Memory, folder: Path, max_bytes: int) -> None:
        self._memory = memory
        self._folder = folder
        self._max_bytes = max_bytes
        self._held = bytearray()
        self._file: IO[bytes] | None = None
        self._sealer = AESGCM(AESGCM.generate_key(bit_length=256))
        self._blocks: list[int] = []
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_on_disk(self) -> bool:
        """Whether a part of it was sealed and written."""
        return self._file is not None

    async def write(self, data: bytes) -> None:
        """Add `data`."""
        if self.size + len(data) > self._max_bytes:
            raise MediaTooLarge(f"The file has more than {self._max_bytes:,} bytes, which is the limit.")
        self.size += len(data)
        self._held += data
        self._memory.left -= len(data)
        is_short = self._memory.left < 0
        least = SHORT_BLOCK_BYTES if is_short else BLOCK_BYTES
        if (is_short or self._file is not None) and len(self._held) >= least:
            await self._seal()

    async def read(self) -> bytes:
        """Return everything that was written."""
        return b"".join([block async for block in self.blocks()])

    async def blocks(self) -> AsyncIterator[bytes]:
        """Yield everything that was written, piece by piece."""
        offset = 0
        for number, size in enumerate(self._blocks):
            yield await asyncio.to_thread(self._open, number, size, offset)
            offset += size + _TAG_BYTES
        if self._held:
            yield bytes(self._held)

    def close(self) -> None:
        """Forget everything."""
        self._memory.left += len(self._held)
        self._held = bytearray()
        if self._file is not None:
            self._file.close()
            self._file = None

    async def _seal(self) -> None:
        block = bytes(self._held)
        self._memory.left += len(block)
        self._held = bytearray()
        try:
            await asyncio.to_thread(self._write_sealed, block)
        except OSError as problem:
            raise StoreError(f"An upload that waits cannot be kept in {self._folder}: {problem.strerror}.") from problem

    def _write_sealed(self, block: bytes) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 (closed by `close`)
        self._file.write(self._sealer.encrypt(_nonce(len(self._blocks)), block, None))
        self._file.flush()
        self._blocks.append(len(block))

    def _open(self, number: int, size: int, offset: int) -> bytes:
        if self._file is None:
            raise StoreError("The upload is not waiting any more.")
        sealed = os.pread(self._file.fileno(), size + _TAG_BYTES, offset)
        return self._sealer.decrypt(_nonce(number), sealed, None)


def _nonce(number: int) -> bytes:
    """A counter: the key is of this spool alone (NIST SP 800-38D, section 8.2.1)."""
    return number.to_bytes(12, "big")
