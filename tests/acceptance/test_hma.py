"""A served gate: what docs/hma.md tells a reader to run is run, and the gate is a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import httpx2
import psutil
import pytest
from PIL import Image
from tests.acceptance.fenced import Reader, blocks_of, has_shell
from tests.acceptance.serving import serving
from tests.house import drawn

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hma.md"


@pytest.mark.skipif(not has_shell(), reason="bash, curl, sed and grep are not all here")
def test_the_page_can_be_lived_through_but_for_the_database_that_a_reader_brings(tmp_path: Path) -> None:
    Image.fromarray(drawn(7)).resize((1600, 1280)).save(tmp_path / "photo.jpg", quality=95)
    blocks = [block for block in blocks_of(PAGE) if not block.text.startswith("takeback import")]
    assert len(blocks) == 2
    Reader(tmp_path, ports=[8470, 5000]).go_through(blocks)


@pytest.mark.slow
def test_the_gate_on_a_unix_socket_comes_back_when_it_dies_and_ends_with_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "hma.sock"
    with serving(tmp_path / "service", "--hma", f"unix:{path}") as service:
        transport = httpx2.HTTPTransport(uds=str(path))
        with httpx2.Client(transport=transport, base_url="http://localhost") as hma:
            _alive(hma)
            assert hma.post("/c/banks", json={"name": "BANK"}).status_code == 201
            # The main interface does not know the gate's paths, nor does the gate know those of notices.
            assert httpx2.get(f"{service.url}/c/banks").status_code == 404
            assert hma.get("/api/v1/banks").status_code == 404
            gate = _holder_of(service.pid, path)
            os.kill(gate, signal.SIGKILL)
            _alive(hma)
            assert hma.get("/c/bank/BANK").status_code == 200
            assert _holder_of(service.pid, path) != gate
            assert httpx2.get(f"{service.url}/health/ready").status_code == 200
    with socket.socket(socket.AF_UNIX) as probe, pytest.raises(OSError, match=r"refused|No such"):
        probe.connect(str(path))


def _alive(hma: httpx2.Client) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            if hma.get("/status").text == "I-AM-ALIVE":
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the gate does not answer")


def _holder_of(supervisor: int, path: Path) -> int:
    """Return the child whose socket it is: the others closed theirs."""
    holder: int
    (holder,) = [
        child.pid
        for child in psutil.Process(supervisor).children()
        if any(each.laddr == str(path) for each in child.net_connections("unix"))
    ]
    return holder
