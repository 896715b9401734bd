"""Bad input of every kind gets its own clear error, and the service answers the next request."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import Response
from PIL import Image
from starlette.testclient import TestClient
from tests.house import drawn
from tests.unit.service.conftest import MAX_UPLOAD_BYTES, Keys, Png

from takeback.fingerprint import pdq_hash

type Send = Callable[[TestClient, Keys], Response]


def _jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(drawn(1)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    )


def _gif_of_10_000_frames() -> bytes:
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\x01\0"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * 10_000 + b";"


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "a" * 1000)
    return buffer.getvalue()


def _file(data: bytes, name: str = "a.jpg", field: str = "file") -> Send:
    return lambda client, keys: client.post("/api/v1/check", headers=keys["upload"], files={field: (name, data)})


def _pictures(**picture: Any) -> Send:
    body = {"pictures": [picture]}
    return lambda client, keys: client.post("/api/v1/check", headers=keys["upload"], json=body)


def _post(path: str, body: bytes, role: str | None = None) -> Send:
    def send(client: TestClient, keys: Keys) -> Response:
        headers = {"Content-Type": "application/json", **(keys[role] if role else {})}
        return client.post(path, headers=headers, content=body)

    return send


def _key(text: str) -> Send:
    return lambda client, _keys: client.get("/api/v1/cases", headers={"Authorization": text})


NOTICE, CHECK = "/api/v1/notices", "/api/v1/check"
_PDQ = pdq_hash(drawn(1)).hex()
UNREADABLE, LARGE, BAD, HASH = "unreadable-media", "media-too-large", "bad-input", "malformed-hash"

ROWS: dict[str, tuple[Send, int, str]] = {
    "an empty file": (_file(b""), 415, UNREADABLE),
    "one byte": (_file(b"\xff"), 415, UNREADABLE),
    "a truncated JPEG": (_file(_jpeg()[:-2000]), 415, UNREADABLE),
    "a PNG that says 60,000 × 60,000": (_file(_png_header(60_000, 60_000)), 413, LARGE),
    "a GIF with 10,000 frames": (_file(_gif_of_10_000_frames(), "a.gif"), 413, LARGE),
    "an SVG": (_file(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a.svg"), 415, UNREADABLE),
    "HTML named .jpg": (_file(b"<!doctype html><p>hello", "a.jpg"), 415, UNREADABLE),
    "a zip named .png": (_file(_zip(), "a.png"), 415, UNREADABLE),
    "an upload over the limit": (_file(b"\xff\xd8" + bytes(MAX_UPLOAD_BYTES)), 413, LARGE),
    "the wrong multipart field": (_file(_jpeg(), field="picture"), 422, BAD),
    "two files": (
        lambda client, keys: client.post(
            CHECK, headers=keys["upload"], files=[("file", ("a", _jpeg())), ("file", ("b", _jpeg()))]
        ),
        422,
        BAD,
    ),
    "no content type": (
        lambda client, keys: client.post(CHECK, headers=keys["upload"], content=b"hello"),
        422,
        BAD,
    ),
    "a fingerprint that is too short": (_pictures(pdq="ab" * 31), 422, HASH),
    "a fingerprint that is too long": (_pictures(pdq="ab" * 33), 422, HASH),
    "a fingerprint that is not hexadecimal": (_pictures(pdq="zz" * 32), 422, HASH),
    "a fingerprint with a line end": (_pictures(pdq="f0" * 32 + "\n"), 422, HASH),
    "a fingerprint with 200 one-bits": (_pictures(pdq="ff" * 25 + "00" * 7), 422, HASH),
    "a fingerprint of zeros": (_pictures(pdq="00" * 32), 422, HASH),
    "a digest of the wrong length": (_pictures(file_sha256="ab"), 422, HASH),
    "a fingerprint of StopNCII's that is too short": (_pictures(pdq=_PDQ, nearest_512="ab" * 31), 422, HASH),
    "a fingerprint of StopNCII's alone": (_pictures(nearest_512=_PDQ, file_sha256="ab" * 32), 422, BAD),
    "a picture of nothing": (_pictures(), 422, BAD),
    "no pictures": (_post(CHECK, b'{"pictures": []}', "upload"), 422, BAD),
    "no key": (lambda client, _: client.get("/api/v1/cases"), 401, "not-allowed"),
    "an unknown key": (_key("Bearer tb_moderator_nobody"), 401, "not-allowed"),
    "a key of another scheme": (_key("Basic dGI6dGI="), 401, "not-allowed"),
    "a key that lacks the role": (
        lambda client, keys: client.get("/api/v1/cases", headers=keys["upload"]),
        403,
        "not-allowed",
    ),
    "JSON with NaN": (_post(NOTICE, b'{"under_18": NaN}'), 422, BAD),
    "JSON with infinity": (_post(CHECK, b'{"pictures": [{"quality": Infinity}]}', "upload"), 422, BAD),
    "JSON with an integer of 5,000 digits": (_post(NOTICE, b'{"under_18": ' + b"9" * 5_000 + b"}"), 422, BAD),
    "a check with an integer of 5,000 digits": (
        _post(CHECK, b'{"pictures": ' + b"9" * 5_000 + b"}", "upload"),
        422,
        BAD,
    ),
    "JSON that is cut short": (_post(NOTICE, b'{"laws": ['), 422, BAD),
    "JSON that is not UTF-8": (_post(NOTICE, b'{"statement": "\xff"}'), 422, BAD),
    "JSON that is nested without end": (_post(NOTICE, b"[" * 100_000), 422, BAD),
    "JSON over the limit": (_post(NOTICE, b'{"statement": "' + b"a" * 2_000_000 + b'"}'), 413, LARGE),
    "an unknown field": (_post(NOTICE, b'{"image": "data:image/png;base64,AAAA"}'), 422, BAD),
    "an unknown law": (_post(NOTICE, b'{"laws": ["atlantis-1"]}'), 422, BAD),
    "a number where text belongs": (_post(NOTICE, b'{"statement": 7}'), 422, BAD),
    "an unknown receipt": (_post(f"{NOTICE}/withdrawal", b'{"ending": "nobody"}'), 404, "not-found"),
    "an unknown case": (
        lambda client, keys: client.get("/api/v1/cases/nobody", headers=keys["moderator"]),
        404,
        "not-found",
    ),
    "an unknown address": (lambda client, _: client.get("/api/v2/check"), 404, "not-found"),
    "a wrong method": (lambda client, _: client.get(CHECK), 405, "method-not-allowed"),
}


@pytest.mark.parametrize("name", ROWS)
def test_bad_input_gets_a_clear_error_and_the_next_request_is_answered(
    client: TestClient, keys: Keys, png: Png, name: str
) -> None:
    send, status, code = ROWS[name]
    response = send(client, keys)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (status, f"urn:takeback:problem:{code}"), problem
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["title"]
    assert problem["detail"].endswith(".")
    assert problem["advice"].endswith((".", "`"))
    good = client.post(CHECK, headers=keys["upload"], files={"file": ("a.png", png(drawn(2)))})
    assert (good.status_code, good.json()["action"]) == (200, "allow")


def test_a_validation_error_says_where_and_never_what(client: TestClient) -> None:
    response = client.post(NOTICE, json={"statement": 7, "contact": {"email": ["secret@person.example"]}})
    fields = {one["field"] for one in response.json()["fields"]}
    assert fields == {"body.statement", "body.contact.email"}
    assert "secret@person.example" not in response.text


def test_an_upload_never_touches_the_disk(client: TestClient, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr("tempfile._TemporaryFileWrapper", refuse)
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    data = _jpeg() + bytes(1_500_000)
    response = client.post(CHECK, headers=keys["upload"], files={"file": ("a.jpg", data)})
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("path", "key", "body"),
    [
        ("/api/v1/notices", None, {"links": [], "under_18": 0}),
        ("/api/v1/notices", None, {"links": [], "under_18": "false"}),
        ("/api/v1/check", "upload", {"pictures": [{"pdq": "f8" * 32, "quality": "100"}]}),
        ("/api/v1/check", "upload", {"pictures": [{"pdq": "f8" * 32, "quality": True}]}),
        ("/api/v1/partners", "administrator", {"name": "gallery", "submits": 1}),
        ("/api/v1/banks", "administrator", {"name": "known", "same_similarity": "0.9"}),
    ],
)
def test_a_flag_is_true_or_false_and_a_number_a_number(
    client: TestClient, keys: Keys, path: str, key: str | None, body: dict[str, Any]
) -> None:
    answer = client.post(path, headers={} if key is None else keys[key], json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:takeback:problem:bad-input"), answer.text
