"""A running Takeback, spoken to over HTTP as any other program would."""

from __future__ import annotations

import json
import os
import ssl
import stat
from collections.abc import Mapping
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self

import httpcore
import typer

from takeback.actions.destination import Destination
from takeback.errors import (
    DeliveryError,
    IllegalTransition,
    InputError,
    NotAllowed,
    NotFound,
    OutsideError,
    Overloaded,
    TakebackError,
)
from takeback.service.work import WORK_HEADER, solve

KEY_VARIABLE = "TAKEBACK_KEY"
SERVER_VARIABLE = "TAKEBACK_SERVER"
DEFAULT_SERVER = "http://127.0.0.1:8470"

MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""A case with 10,000 copies and their deliveries takes about 8 MiB."""

_TIMEOUTS = {"connect": 10.0, "read": 60.0, "write": 60.0, "pool": 10.0}
"""Seconds; a notice with 32 pictures waits for the search of everything that the site stores."""

_MOST_PARTS, _MOST_BITS, _MOST_CHARACTERS = 64, 18, 200
"""A minute's work at most, whatever answers."""

_OF_STATUS: Mapping[int, type[TakebackError]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: IllegalTransition,
    429: Overloaded,
    503: Overloaded,
}

ServerUrl = Annotated[
    str,
    typer.Option("--server", envvar=SERVER_VARIABLE, metavar="URL", help="Address of the Takeback.", show_envvar=True),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help=f"A file that holds the key. Without it, the key is taken from {KEY_VARIABLE}: "
        "never from the command line, which others on the machine can see.",
    ),
]


class Server:
    """
    One Takeback. Every error that it answers is raised here as what it is there, with its advice.

    Plain http is for this machine only: on the way elsewhere anyone could read the key, or what a person
    sends.
    """

    def __init__(self, url: str) -> None:
        try:
            self._to = Destination.parse(url)
        except DeliveryError as problem:
            raise InputError(problem.message, advice="Give it as in https://forum.example.") from problem
        if self._to.scheme == "http" and not _is_here(self._to.host):
            raise InputError(
                "The address is plain http, which anyone on the way can read and change.",
                advice="Use https; to reach a Takeback behind ssh, open a tunnel and name 127.0.0.1.",
            )
        self._key: str | None = None

    @classmethod
    def with_key(cls, url: str, key_file: Path | None) -> Self:
        """Return a Takeback that is asked with the key of `key_file`, or of the environment."""
        server = cls(url)
        server._key = read_key(key_file)
        return server

    def get(self, path: str) -> Any:
        """Return the JSON at `path`."""
        return self._ask("GET", path, None, {})

    def text(self, path: str) -> str:
        """Return the text at `path`."""
        status, body = self._answered("GET", path, None, {"Accept": "text/plain"})
        return body.decode("utf-8", "replace") if status == HTTPStatus.OK else str(_answer(status, body))

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Any:
        """Send `body` as JSON, in the form that `json_bytes` gives it; return the answer."""
        return self._ask("POST", path, json_bytes(body), {"Content-Type": "application/json", **(headers or {})})

    def file(self, path: str, body: object) -> bytes:
        """Send `body` as JSON; return the file that answers."""
        headers = {"Content-Type": "application/json", "Accept": "application/zip"}
        status, answer = self._answered("POST", path, json_bytes(body), headers)
        if status == HTTPStatus.TOO_MANY_REQUESTS and (work := _work_for(answer)):
            status, answer = self._answered("POST", path, json_bytes(body), {**headers, WORK_HEADER: work})
        if status == HTTPStatus.OK:
            return answer
        _answer(status, answer)
        raise _foreign(status)

    def put(self, path: str, body: object) -> Any:
        """The same with PUT."""
        return self._ask("PUT", path, json_bytes(body), {"Content-Type": "application/json"})

    def delete(self, path: str) -> Any:
        """Have what is at `path` removed."""
        return self._ask("DELETE", path, None, {})

    def _ask(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Any:
        status, body = self._answered(method, path, content, headers)
        if status == HTTPStatus.TOO_MANY_REQUESTS and (work := _work_for(body)):
            status, body = self._answered(method, path, content, {**headers, WORK_HEADER: work})
        return _answer(status, body)

    def _answered(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        url = httpcore.URL(
            scheme=self._to.scheme,
            host=self._to.host,
            port=self._to.port,
            target=self._to.target.rstrip("/") + path,
        )
        ours = {"Host": self._to.authority, "User-Agent": "Takeback", "Accept": "application/json", **headers}
        if self._key is not None:
            ours["Authorization"] = f"Bearer {self._key}"
        try:
            with (
                httpcore.ConnectionPool(ssl_context=ssl.create_default_context()) as connections,
                connections.stream(
                    method, url, headers=list(ours.items()), content=content, extensions={"timeout": _TIMEOUTS}
                ) as answer,
            ):
                return answer.status, _bounded(answer)
        except httpcore.ConnectError as problem:
            raise _unreachable(self._to, problem) from problem
        except httpcore.TimeoutException as problem:
            raise OutsideError(f"{self._to.authority} did not answer in time.") from problem
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as problem:
            raise OutsideError(f"{self._to.authority} broke off, or does not speak HTTP.") from problem


def json_bytes(body: object) -> bytes:
    """Return the exact bytes in which `body` is sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def read_key(key_file: Path | None) -> str:
    """Return the key from its file or the environment; `NotAllowed` where there is none."""
    key = os.environ.get(KEY_VARIABLE, "").strip() if key_file is None else read_secret(key_file, "key")
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise _no_key("This needs a key, and there is none." if not key else "The key has characters that no key has.")
    return key


def read_secret(path: Path, what: str) -> str:
    """Return what a file holds of a secret; `InputError` where it cannot be read, or others can read it."""
    try:
        mode, secret = path.stat().st_mode, path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"The {what} file {path} cannot be read.", advice="Check its name.") from problem
    if stat.S_ISREG(mode) and stat.S_IMODE(mode) & 0o077:
        raise InputError(f"The {what} file {path} can be read by others.", advice=f"Run `chmod 600 {path}`.")
    return secret


def _no_key(message: str) -> NotAllowed:
    problem = NotAllowed(message)
    problem.advice = (
        f"Put it into {KEY_VARIABLE} or a file (--key-file). The first `takeback serve` prints keys, and "
        "`takeback key new` makes more."
    )
    return problem


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _bounded(answer: httpcore.Response) -> bytes:
    body = bytearray()
    for part in answer.iter_stream():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            raise OutsideError(f"The answer is larger than {MAX_ANSWER_BYTES:,} bytes.")
    return bytes(body)


def _work_for(body: bytes) -> str:
    """Do the little work that a Takeback asks for where much came in at once; nothing of any other answer."""
    try:
        asked = json.loads(body)["work"]
        challenge, parts, bits = str(asked["challenge"]), int(asked["parts"]), int(asked["bits"])
    except (ValueError, TypeError, KeyError):
        return ""
    if parts > _MOST_PARTS or bits > _MOST_BITS or len(challenge) > _MOST_CHARACTERS:
        return ""
    return solve(challenge, parts, bits)


def _answer(status: int, body: bytes) -> Any:
    try:
        said = json.loads(body) if body else None
    except (ValueError, RecursionError):
        said = None
    if 200 <= status < 300:
        if body and said is None:
            raise _foreign(status)
        return said
    raise _problem(status, said)


def _problem(status: int, said: Any) -> TakebackError:
    if not isinstance(said, dict) or not str(said.get("type", "")).startswith("urn:takeback:problem:"):
        return _foreign(status)
    kind = _OF_STATUS.get(status, InputError if 400 <= status < 500 else OutsideError)
    fields = "".join(f" {each.get('field')}: {each.get('why')}." for each in said.get("fields", ()))
    problem = kind(str(said.get("detail", "")) + fields)
    problem.advice = str(said.get("advice", problem.advice))
    problem.code = str(said["type"]).rpartition(":")[2]
    return problem


def _foreign(status: int) -> OutsideError:
    return OutsideError(
        f"What answered (HTTP status {status}) is not a Takeback.",
        advice="Check the address: the one that `takeback serve` prints, or the proxy's before it.",
    )


def _unreachable(to: Destination, problem: Exception) -> OutsideError:
    cause: BaseException | None = problem
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        return OutsideError(f"The TLS certificate of {to.authority} is not valid for that name.")
    return OutsideError(
        f"Nothing answers at {to.authority}.", advice="Check the address, and that `takeback serve` runs there."
    )
