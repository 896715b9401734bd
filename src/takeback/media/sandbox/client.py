"""How any process has a file read by the pool."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Final

from takeback.errors import MediaTooLarge, Overloaded, UnreadableMedia
from takeback.media.limits import MediaLimits
from takeback.media.sandbox import wire

_GRACE_SECONDS: Final = 5.0
"""How long after `wall_seconds` the server may take to answer for a child that it had to kill."""


class DecoderPool:
    """
    Asks the pool that listens on `socket_path`; holds no connection, so any thread may use it.

    `limits` are those the pool was started with. `accept_seconds` is how long a file waits for an idle
    child before the pool counts as overloaded.
    """

    def __init__(self, socket_path: Path, *, limits: MediaLimits = MediaLimits(), accept_seconds: float = 5.0) -> None:
        self._address = str(socket_path)
        self._limits = limits
        self._accept_seconds = accept_seconds

    def run(self, payload: bytes, options: Mapping[str, object] | None = None) -> wire.Answer:
        """
        Return what the pool's handler answers for `payload` and `options` (which JSON can hold).

        The answer is a JSON object and at most `MAX_ATTACHMENT_BYTES` bytes, and nothing more is known of
        it: it comes from a process that has read the file, so every value, and all that is attached, has to
        be checked before it is used. Raises `UnreadableMedia` (also when
        the child crashed), `MediaTooLarge` (bytes, pixels, frames, memory, CPU or time), `LowQuality` and
        `MalformedHash` where the handler does, and `Overloaded` when no child took the file in time.
        """
        with self.stages(payload, options) as stages:
            return next(stages)

    @contextmanager
    def stages(self, payload: bytes, options: Mapping[str, object] | None = None) -> Iterator[Iterator[wire.Answer]]:
        """
        Yield the answers of a job in stages; each is computed when it is asked for, and none after the block.

        The child waits meanwhile, and the job's time runs. Raises as `run` does, at each stage.
        """
        if len(payload) > self._limits.max_bytes:
            raise MediaTooLarge(
                f"The file has {len(payload):,} bytes; the limit max_bytes is {self._limits.max_bytes:,}."
            )
        request = {"options": dict(options or {}), "payload_bytes": len(payload)}
        header = wire.frame(request, wire.MAX_HEADER_BYTES)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            self._await_child(connection)
            yield self._answers(connection, header, payload)

    def _await_child(self, connection: socket.socket) -> None:
        connection.settimeout(self._accept_seconds)
        try:
            connection.connect(self._address)
            is_ready = connection.recv(1) == wire.READY
        except (TimeoutError, BlockingIOError):
            is_ready = False
        except OSError:
            raise Overloaded("The decoders are not running.") from None
        if not is_ready:
            raise Overloaded("Every decoder is busy.")

    def _answers(self, connection: socket.socket, header: bytes, payload: bytes) -> Iterator[wire.Answer]:
        """Send the job and yield what comes back, asking for each answer after the first."""
        ends = monotonic() + self._limits.wall_seconds + _GRACE_SECONDS
        _send(connection, header + payload, ends)
        while True:
            yield wire.read_answer(*self._received(connection, ends))
            _send(connection, wire.GO_ON, ends)

    def _received(self, connection: socket.socket, ends: float) -> tuple[bytes, bytes]:
        """Return the JSON of an answer, and what is attached to it."""
        try:
            attachment = _receive_frame(connection, wire.MAX_ATTACHMENT_BYTES, ends)
            return _receive_frame(connection, wire.MAX_ANSWER_BYTES, ends), attachment
        except TimeoutError:
            raise MediaTooLarge(
                f"Reading the file took longer than the limit wall_seconds ({self._limits.wall_seconds}) allows."
            ) from None
        except (OSError, ValueError):
            raise UnreadableMedia(wire.STOPPED) from None


def _send(connection: socket.socket, data: bytes, ends: float) -> None:
    try:
        connection.settimeout(max(0.001, ends - monotonic()))
        connection.sendall(data)
    except OSError:
        pass  # refused, or dead: the reason is on its way


def _receive_frame(connection: socket.socket, max_bytes: int, ends: float) -> bytes:
    prefix = _receive(connection, wire.LENGTH_BYTES, ends)
    return _receive(connection, wire.frame_length(prefix, max_bytes), ends)


def _receive(connection: socket.socket, size: int, ends: float) -> bytes:
    """Return exactly `size` bytes; raise `ValueError` for fewer, `TimeoutError` when `ends` has passed."""
    received = bytearray()
    while len(received) < size:
        connection.settimeout(max(0.001, ends - monotonic()))
        chunk = connection.recv(size - len(received))
        if not chunk:
            raise ValueError("cut short")
        received += chunk
    return bytes(received)
