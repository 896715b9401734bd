"""`takeback alert`: the routes are tried before they are needed."""

from __future__ import annotations

import pytest
from tests.acceptance.serving import receiving
from tests.unit.cli.conftest import Call, House
from tests.unit.cli.test_doctor import _checks


def test_a_test_goes_by_every_route_and_says_which_failed(
    call: Call, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as chat:
        routes = f"{chat.url}/alerts,https://127.0.0.1:1/closed"
        monkeypatch.setenv("TAKEBACK_ALERT_WEBHOOKS", routes)
        monkeypatch.setenv("TAKEBACK_ALLOWED_PRIVATE_HOSTS", f"127.0.0.1:{chat.port}")
        done = call("alert", "test")
    assert done.code == 3
    first, second = done.out.splitlines()
    assert first.startswith(f"{chat.url}/alerts: ")
    assert "private" in second


def test_without_a_route_it_says_what_to_set(call: Call) -> None:
    done = call("alert", "test")
    assert done.code == 2
    assert "alert_webhooks" in done.err


def test_nothing_told_is_said(call: Call, house: House) -> None:
    assert call("alert", "list", *house.options).out == "Nothing was told yet.\n"
    assert call("alert", "list", *house.options, "--json").json == []


@pytest.mark.parametrize(
    ("routes", "standing"),
    [("", "warning"), ("https://a.example/", "warning"), ("https://a.example/,https://b.example/", "ok")],
)
def test_doctor_wants_two_routes(
    call: Call, house: House, monkeypatch: pytest.MonkeyPatch, routes: str, standing: str
) -> None:
    monkeypatch.setenv("TAKEBACK_ALERT_WEBHOOKS", routes)
    assert _checks(call("doctor", *house.options, "--json"))["alerts"]["standing"] == standing
