"""Gates served in this process over a real store and a real pool of decoders; asked over sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from tests.house import AT, LAWS, Clock, Pixels, drawn, notice_about, reported, tiled

from takeback.assembly import Parts
from takeback.bank import EntryState, Opinion
from takeback.config import Settings
from takeback.fingerprint.decoder import DECODER_HANDLER, PooledDecoder
from takeback.gates.line import gate_lines
from takeback.gates.listening import listening
from takeback.gates.process import run_gates
from takeback.media import MediaLimits
from takeback.media.sandbox import temporary_pool
from takeback.store import Store
from takeback.store.banks import NOTICES_BANK
from takeback.store.journal import Journal
from takeback.workflow.intake import receive_notice
from takeback.workflow.register import add_entries
from takeback.workflow.replica import Replica

MAX_UPLOAD_BYTES = 200_000
LIMITS = MediaLimits(max_bytes=MAX_UPLOAD_BYTES, cpu_seconds=4, wall_seconds=8)

type Ask = Callable[[bytes], bytes]


def saved(pixels: Pixels) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


DECIDED, REPORTED, OTHER = saved(drawn(1)), saved(drawn(2)), saved(tiled(3))
"""A picture in a bank, one of which a notice was sent and nobody decided, and one that nobody knows."""


@pytest.fixture(scope="session")
def decoder() -> Iterator[PooledDecoder]:
    with temporary_pool(DECODER_HANDLER, children=2, limits=LIMITS) as pool:
        yield PooledDecoder(pool, LIMITS)


@pytest.fixture
def parts(store: Store, replica: Replica, journal: Journal, decoder: PooledDecoder, clock: Clock, data: Path) -> Parts:
    """A house that knows `DECIDED` and `REPORTED`."""
    known = [reported(drawn(1))]
    positive = Opinion.POSITIVE
    add_entries(
        store, NOTICES_BANK, known, opinion=positive, source="test", expires_at=None, actor="test", at=AT
    )  # fmt: skip
    receive_notice(store, replica, notice_about(reported(drawn(2))), default_laws=LAWS, request=None, at=AT)
    settings = Settings(data=data, max_upload_bytes=MAX_UPLOAD_BYTES, decoders=2)
    return Parts(settings, store, replica, journal, decoder, clock)


def decide(store: Store) -> None:
    """Let a person have decided about `REPORTED`, so that its case refuses it."""
    with store.write() as tx:
        for entry in tx.banks.of_case(1):
            tx.banks.set_state(entry.id, EntryState.GATED)


@contextmanager
def served(parts: Parts, **lines: tuple[str, ...]) -> Iterator[list[str]]:
    """Serve gates for a `with` block; yields where each listens, in the order of the protocols."""
    settings = Settings(data=parts.settings.data, **lines)  # type: ignore[arg-type]
    with ExitStack() as stack:
        gates = stack.enter_context(listening(gate_lines(settings)))
        loop = asyncio.new_event_loop()
        stop = asyncio.Event()
        thread = threading.Thread(target=loop.run_until_complete, args=(run_gates(parts, gates, stop),))
        thread.start()
        try:
            yield [gate.address for gate in gates]
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
            loop.close()


def asked(address: str, data: bytes, *, whole: bool = True) -> bytes:
    """Send `data` to an address, say that nothing follows (`whole`), and return all that comes back."""
    if address.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(address.removeprefix("unix:"))
    else:
        host, _, port = address.rpartition(":")
        connection = socket.create_connection((host, int(port)))
    with connection:
        connection.settimeout(20)
        connection.sendall(data)
        if whole:
            connection.shutdown(socket.SHUT_WR)
        found = b""
        while piece := connection.recv(65_536):
            found += piece
        return found
