"""A line of settings: what it may say, and that nothing is open by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from takeback.config import Settings
from takeback.errors import BadSetting
from takeback.gates.address import Address
from takeback.gates.line import Fault, GateLine, Protocol, gate_lines
from takeback.workflow.gate import Space


def line(text: str, protocol: str = "clamd", **more: str) -> GateLine:
    (found,) = gate_lines(Settings(**{protocol: (text,)}, **more))  # type: ignore[arg-type]
    return found


def test_an_address_alone_is_a_gate_before_what_anyone_sees_that_lets_pass_what_it_cannot_judge() -> None:
    assert line("127.0.0.1:3310") == GateLine(Protocol.CLAMD, Address("127.0.0.1", 3310))
    assert line("127.0.0.1:3310").fault is Fault.PASS
    assert line("[::1]:1344", "icap").address == Address("::1", 1344)


def test_every_word_is_read() -> None:
    found = line(
        "unix:/run/t/clamd.sock site=forum space=limited fault=error behind=127.0.0.1:3311 path=/srv/a path=/srv/b"
    )
    assert (found.site, found.space, found.fault) == ("forum", Space.LIMITED, Fault.ERROR)
    assert found.address.path == Path("/run/t/clamd.sock")
    assert found.behind == Address("127.0.0.1", 3311)
    assert found.folders == (Path("/srv/a"), Path("/srv/b"))


@pytest.mark.parametrize(
    "text",
    [
        "localhost:3310", "127.0.0.1", "127.0.0.1:70000", ":3310", "256.0.0.1:3310", "unix:run/clamd.sock",
        f"unix:/{'a' * 200}", "127.0.0.1:3310 fault=ignore", "127.0.0.1:3310 space=secret", "127.0.0.1:3310 site=",
        "127.0.0.1:3310 site=a site=b", "127.0.0.1:3310 colour=red", "127.0.0.1:3310 peer=anyone",
        "127.0.0.1:3310 path=uploads", "127.0.0.1:3310 path=/", "127.0.0.1:3310 behind=clamd",
    ],
)  # fmt: skip
def test_anything_else_stops_the_start_and_says_what_to_write(text: str) -> None:
    with pytest.raises(BadSetting) as problem:
        line(text)
    assert "clamd" in problem.value.message


def test_what_may_pass_can_go_on_from_the_gate_of_a_proxy_alone() -> None:
    assert line("127.0.0.1:8471 onward=127.0.0.1:3000", "subrequest").onward == Address("127.0.0.1", 3000)
    assert line("127.0.0.1:8471", "subrequest").onward is None
    for protocol in ("clamd", "icap", "pictrs"):
        with pytest.raises(BadSetting):
            line("127.0.0.1:8471 onward=127.0.0.1:3000", protocol)


def test_what_only_a_clamd_has_is_refused_to_others() -> None:
    with pytest.raises(BadSetting):
        line("127.0.0.1:1344 behind=127.0.0.1:3310", "icap")


@pytest.mark.parametrize("address", ["0.0.0.0:3310", "10.0.0.5:3310", "[::]:3310"])
def test_an_address_that_others_reach_needs_a_list_of_who_may_ask(address: str) -> None:
    with pytest.raises(BadSetting, match="no keys"):
        line(address)
    assert line(f"{address} peer=10.0.0.0/24").lets_ask("10.0.0.7")


@pytest.mark.parametrize(
    ("peer", "may"),
    [("10.0.0.7", True), ("::ffff:10.0.0.7", True), ("10.0.1.7", False), ("127.0.0.1", False), ("fe80::1%eth0", False)],
)
def test_only_who_is_named_may_ask(peer: str, may: bool) -> None:
    assert line("0.0.0.0:3310 peer=10.0.0.0/24").lets_ask(peer) is may


def test_without_names_only_this_machine_may_ask() -> None:
    assert line("127.0.0.1:3310").lets_ask("127.0.0.1")
    assert not line("127.0.0.1:3310").lets_ask("10.0.0.7")


def test_private_messages_are_looked_at_only_where_the_operator_turned_it_on() -> None:
    with pytest.raises(BadSetting, match="private"):
        line("127.0.0.1:3310 space=private")
    assert line("127.0.0.1:3310 space=private", private_messages="on").space is Space.PRIVATE


def test_two_gates_on_one_address_are_refused() -> None:
    with pytest.raises(BadSetting, match="Two gates"):
        gate_lines(Settings(clamd=("127.0.0.1:3310",), icap=("127.0.0.1:3310",)))
