"""A client of HMA's, as small as FetLife's and Coop's: it sends what they send."""

from __future__ import annotations

from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient


class Hma:
    """Asks HMA's interface."""

    def __init__(self, client: TestClient) -> None:
        self._client = client

    def ask(self, method: str, path: str, **options: Any) -> Response:
        return self._client.request(method, path, follow_redirects=False, **options)

    def get(self, path: str, **options: Any) -> Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> Response:
        return self.ask("POST", path, **options)

    def put(self, path: str, **options: Any) -> Response:
        return self.ask("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> Response:
        return self.ask("DELETE", path, **options)

    def new_bank(self, name: str, **more: Any) -> None:
        answer = self.post("/c/banks", json={"name": name, **more})
        assert answer.status_code == 201, answer.text

    def bank_file(self, bank: str, data: bytes, **fields: str) -> int:
        """Put a file into a bank; return its number."""
        answer = self.post(f"/c/bank/{bank}/content", files={"photo": ("a.png", data)}, data=fields)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["id"])

    def bank_signal(self, bank: str, pdq: str) -> int:
        answer = self.post(f"/c/bank/{bank}/signal", json={"pdq": pdq})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["id"])

    def lookup(self, pdq: str, **more: str) -> dict[str, list[dict[str, Any]]]:
        answer = self.get("/m/lookup", params={"signal": pdq, "signal_type": "pdq", **more})
        assert answer.status_code == 200, answer.text
        found: dict[str, list[dict[str, Any]]] = answer.json()
        return found

    def lookup_file(self, data: bytes, **more: str) -> dict[str, list[dict[str, Any]]]:
        answer = self.post("/m/lookup", files={"photo": ("a.png", data)}, params=more)
        assert answer.status_code == 200, answer.text
        found: dict[str, list[dict[str, Any]]] = answer.json()["pdq"]
        return found
