"""The description of the HTTP interface: every address says its key, its answers, and that errors are problems."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.unit.service.conftest import Keys


@pytest.fixture
def described(client: TestClient, keys: Keys) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json", headers=keys["auditor"]).json()
    return found


def operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_error_of_every_address_is_a_problem(described: dict[str, Any]) -> None:
    assert len(operations(described)) > 50
    for name, operation in operations(described):
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}, name
        assert "422" not in operation["responses"], name
    assert "HTTPValidationError" not in described["components"]["schemas"]


def test_an_address_says_which_key_it_needs_and_an_open_one_none(
    client: TestClient, keys: Keys, described: dict[str, Any]
) -> None:
    by_name = dict(operations(described))
    assert by_name["post /api/v1/check"]["security"] == [{"key": []}]
    assert "Key of role administrator, moderator, upload." in by_name["post /api/v1/check"]["description"]
    assert "security" not in by_name["post /api/v1/notices"]
    # What it says is so: without a key each is turned away.
    for name, operation in by_name.items():
        method, path = name.split(" ")
        if "security" in operation:
            assert client.request(method, path.replace("{", "").replace("}", "")).status_code in (401, 422), name


def test_the_page_of_the_description_names_every_address(
    client: TestClient, keys: Keys, described: dict[str, Any]
) -> None:
    page = client.get("/docs", headers=keys["auditor"]).text
    assert all(path in page for path in described["paths"])
