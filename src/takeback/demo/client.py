"""Plain HTTP to one address: what the story and the sample site speak."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpcore

from takeback.errors import OutsideError

TIMEOUT_SECONDS = 20.0
KEEPALIVE_SECONDS = 4.0
"""Below what either server keeps an idle connection, so that none closes while we write."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: `headers` by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Return the body as JSON; `OutsideError` where it is none."""
        try:
            return json.loads(self.body)
        except ValueError as problem:
            raise OutsideError(f"The answer (HTTP {self.status}) is not JSON.") from problem

    def expect(self, *statuses: int) -> Answer:
        """Return this answer if its status is one of `statuses`; raise `OutsideError` if not."""
        if self.status in statuses:
            return self
        expected = " or ".join(str(status) for status in statuses)
        raise OutsideError(f"HTTP {self.status} and not {expected}{self._detail()}")

    def _detail(self) -> str:
        if self.headers.get("content-type") != "application/problem+json":
            return "."
        return f": {self.json().get('detail', '')}"


class Client:
    """Asks `address`, with `key` where it has one. Every failure to get an answer is an `OutsideError`."""

    def __init__(self, address: str, *, key: str = "") -> None:
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._pool = httpcore.ConnectionPool(keepalive_expiry=KEEPALIVE_SECONDS)

    def get(self, path: str, *, cookie: str = "") -> Answer:
        """Fetch `path`, as a browser that keeps `cookie`."""
        return self._send("GET", path, {"Cookie": cookie} if cookie else {}, None)

    def post_fields(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Send a page's own form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", path, kind, urlencode(fields).encode())

    def post_json(self, path: str, value: object) -> Answer:
        """Send `value` as JSON."""
        return self._send("POST", path, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def post_form(self, path: str, fields: Mapping[str, str], file: bytes) -> Answer:
        """Send a form with `fields` and one file, called `file`."""
        boundary = secrets.token_hex(16)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._send("POST", path, headers, _form(boundary, fields, file))

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_SECONDS)
        try:
            response = self._pool.request(
                method,
                self._address + path,
                headers=[*self._headers.items(), *headers.items()],
                content=body,
                extensions={"timeout": timeouts},
            )
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as problem:
            raise OutsideError(f"{self._address} did not answer.") from problem
        named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, named, response.content)


def _form(boundary: str, fields: Mapping[str, str], file: bytes) -> bytes:
    """Return a body of multipart/form-data (RFC 7578); the names of the fields are our own."""
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (boundary.encode(), name.encode(), value.encode())
        for name, value in fields.items()
    ]
    head = b'--%b\r\nContent-Disposition: form-data; name="file"; filename="upload"\r\n' % boundary.encode()
    return b"".join([*parts, head, b"\r\n", file, b"\r\n--%b--\r\n" % boundary.encode()])
