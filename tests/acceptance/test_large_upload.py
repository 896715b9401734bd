"""A 200 MB upload to a real service costs neither the service nor its memory."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from tests.acceptance.serving import Service, receiving, serving
from tests.house import drawn

pytestmark = pytest.mark.slow

CHUNK = b"\0" * 1_000_000
CHUNKS = 200
BOUNDARY = "takeback-test"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'.encode() + b"\xff\xd8"


class Body:
    """A body of unstated length that counts how much of it was taken."""

    def __init__(self) -> None:
        self.sent = 0

    def __iter__(self) -> Iterator[bytes]:
        yield HEAD
        for _ in range(CHUNKS):
            self.sent += len(CHUNK)
            yield CHUNK
        yield f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize("stated", [True, False])
def test_a_200_mb_upload_is_refused_early_and_the_next_is_answered(tmp_path: Path, stated: bool) -> None:
    with receiving() as receiver, serving(tmp_path, "--allowed-private-host", f"127.0.0.1:{receiver.port}") as service:
        service.add_site(receiver)
        before = sum(service.pss_bytes().values())
        body = Body()
        headers = {**service.headers("upload"), "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        if stated:
            headers["Content-Length"] = str(len(HEAD) + CHUNKS * len(CHUNK) + len(BOUNDARY) + 8)
        try:
            answer = httpx2.post(f"{service.url}/api/v1/check", headers=headers, content=body, timeout=60)
        except httpx2.TransportError:
            answer = None  # the connection was closed while we were still sending: refused, too
        if answer is not None:
            assert (answer.status_code, answer.json()["type"]) == (413, "urn:takeback:problem:media-too-large")
        assert _check(service) == "allow"
        assert sum(service.pss_bytes().values()) - before < 150_000_000


def _check(service: Service) -> str:
    buffer = BytesIO()
    Image.fromarray(drawn(1)).save(buffer, "JPEG")
    answer = httpx2.post(
        f"{service.url}/api/v1/check", headers=service.headers("upload"), files={"file": ("a.jpg", buffer.getvalue())}
    )
    action: str = answer.json()["action"]
    return action
