"""Where gates listen: what an address is, who may use a socket, and what is never taken over."""

from __future__ import annotations

from pathlib import Path

import pytest

from takeback.errors import BadSetting
from takeback.gates.address import Address, read_address
from takeback.gates.listening import listen_on


def read(text: str) -> Address:
    return read_address(text, setting="hma")


@pytest.mark.parametrize("text", ["127.0.0.1:5000", "[::1]:5000", "unix:/a/b"])
def test_an_address_is_read_and_written(text: str) -> None:
    assert str(read(text)) == text


@pytest.mark.parametrize("text", ["5000", "localhost:5000", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:x", "[::1:5000"])
def test_what_is_no_address_is_refused_with_how_one_is_written(text: str) -> None:
    with pytest.raises(BadSetting, match="hma") as raised:
        read(text)
    assert "unix:/run/takeback/gate.sock" in raised.value.advice


def test_a_unix_socket_is_for_owner_and_group_and_takes_the_place_of_a_dead_one(tmp_path: Path) -> None:
    address = read(f"unix:{tmp_path / 'hma.sock'}")
    for _ in range(2):
        with listen_on(address, gate="hma"):
            assert (tmp_path / "hma.sock").stat().st_mode & 0o777 == 0o660
            with pytest.raises(BadSetting):
                listen_on(address, gate="hma")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadSetting, match="another file"):
        listen_on(read(f"unix:{tmp_path / 'file'}"), gate="hma")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with listen_on(read("127.0.0.1:0"), gate="hma") as listener, pytest.raises(BadSetting, match="cannot listen"):
        listen_on(read(f"127.0.0.1:{listener.getsockname()[1]}"), gate="hma")
