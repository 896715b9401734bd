"""The gates that are asked over HTTP: the status says it, and the body why."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import httpx2
import pytest
from PIL import Image
from tests.unit.gates.conftest import DECIDED, MAX_UPLOAD_BYTES, OTHER, REPORTED, decide, served

from takeback.assembly import Parts
from takeback.config import Settings


def _edited() -> bytes:
    """`DECIDED` as a platform stores it: made larger, and saved anew with loss."""
    out = BytesIO()
    Image.open(BytesIO(DECIDED)).resize((400, 320)).save(out, "WEBP", quality=60)
    return out.getvalue()


EDITED = _edited()


@pytest.fixture
def gates(parts: Parts) -> Iterator[list[str]]:
    with served(parts, pictrs=("127.0.0.1:0",), subrequest=("127.0.0.1:0",)) as found:
        yield [f"http://{address}" for address in found]


def test_pictrs_is_told_by_status_of_the_file_itself(gates: list[str]) -> None:
    pictrs, _ = gates
    assert httpx2.post(pictrs, content=DECIDED).status_code == 422
    assert httpx2.post(f"{pictrs}/any/path?of=it", content=OTHER).status_code == 204
    assert httpx2.post(pictrs, content=b"").status_code == 204
    assert httpx2.get(pictrs).status_code == 405


@pytest.mark.parametrize(("picture", "status"), [(EDITED, 422), (OTHER, 204)])
def test_pictrs_own_request_is_answered(gates: list[str], picture: bytes, status: int) -> None:
    """As `ingest` of pict-rs 0.5 makes it (`src/ingest.rs`): POST, the media type, `wrap_stream`, no length."""
    pictrs, _ = gates
    pieces = iter([picture[at : at + 16_384] for at in range(0, len(picture), 16_384)])
    with httpx2.Client() as client:
        asked = client.build_request("POST", f"{pictrs}/", content=pieces, headers={"Content-Type": "image/webp"})
        assert asked.headers["transfer-encoding"] == "chunked"
        assert "content-length" not in asked.headers
        answer = client.send(asked)
    # Any of 2xx is stored (`is_success`), all else is `FailedExternalValidation`.
    assert answer.status_code == status


def test_of_a_proxied_upload_each_file_is_looked_at(gates: list[str]) -> None:
    _, proxy = gates
    files = [("file", ("a.png", OTHER, "image/png")), ("thumbnail", ("b.png", DECIDED, "image/png"))]
    assert httpx2.post(f"{proxy}/api/v2/media", files=files[:1]).status_code == 204
    assert httpx2.post(f"{proxy}/api/v2/media", files=files).status_code == 422
    assert httpx2.put(f"{proxy}/store/a.png", content=DECIDED).status_code == 422


@pytest.mark.parametrize(
    ("asked", "status"), [("418", 418), ("307", 307), ("999", 204), ("99", 204), ("-18", 204), ("٤١٨", 204), ("", 204)]
)
def test_a_proxy_may_choose_the_status_after_which_it_goes_on(gates: list[str], asked: str, status: int) -> None:
    _, proxy = gates
    headers = [(b"X-Takeback-Pass", asked.encode())]
    assert httpx2.post(proxy, content=OTHER, headers=headers, follow_redirects=False).status_code == status
    assert httpx2.post(proxy, content=DECIDED, headers=headers).status_code == 422


def test_a_refusal_says_why_and_leads_on_and_never_how_alike(parts: Parts) -> None:
    settings = Settings(
        data=parts.settings.data, public_address="https://report.forum.example", contact=("mailto:a@b.example",)
    )
    with served(replace(parts, settings=settings), subrequest=("127.0.0.1:0",)) as (address,):
        told = httpx2.post(f"http://{address}", content=DECIDED, headers={"Accept-Language": "es"}).json()
        assert told["more"] == "https://report.forum.example/refused"
        assert "sin su consentimiento" in told["error"]
        page = httpx2.post(f"http://{address}", content=DECIDED, headers={"Accept": "text/html,*/*"})
        assert page.headers["content-type"].startswith("text/html")
        assert 'href="mailto:a@b.example"' in page.text
        assert 'href="https://report.forum.example/refused"' in page.text
        for word in ("identical", "substantially", "distance", "entry", "case"):
            assert word not in page.text + str(told)


def test_a_refusal_because_of_a_case_carries_a_link_by_which_it_is_contested(parts: Parts) -> None:
    decide(parts.store)
    settings = Settings(data=parts.settings.data, public_address="https://report.forum.example")
    with served(replace(parts, settings=settings), subrequest=("127.0.0.1:0",)) as (address,):
        told = httpx2.post(f"http://{address}", content=REPORTED).json()
        page = httpx2.post(f"http://{address}", content=REPORTED, headers={"Accept": "text/html"})
        # What a bank of the operator's refuses is contested by a link of its own.
        own = httpx2.post(f"http://{address}", content=DECIDED).json()["contest_url"]
        assert "contest_url" not in httpx2.post(f"http://{address}", content=OTHER[:300] + DECIDED).text
    link = told["contest_url"]
    assert link.startswith("https://report.forum.example/contest#")
    assert own.startswith("https://report.forum.example/contest#")
    assert own != link
    assert f'href="{link}"' in page.text
    with parts.store.read() as tx:
        row = tx.refused_uploads.by_contest_code(link.partition("#")[2])
    assert (row.place, row.site_id) == ("gate/subrequest", None)


def test_where_people_do_not_reach_the_service_there_is_no_link(parts: Parts) -> None:
    decide(parts.store)
    with served(parts, subrequest=("127.0.0.1:0",)) as (address,):
        answer = httpx2.post(f"http://{address}", content=REPORTED)
    assert (answer.status_code, set(answer.json())) == (422, {"error"})


@pytest.mark.parametrize(("fault", "status"), [("pass", 204), ("refuse", 422), ("error", 503)])
def test_a_fault_is_answered_as_the_line_says(parts: Parts, fault: str, status: int) -> None:
    with served(parts, pictrs=(f"127.0.0.1:0 fault={fault}",)) as (address,):
        assert httpx2.post(f"http://{address}", content=OTHER[:300]).status_code == status
        assert httpx2.post(f"http://{address}", content=bytes(MAX_UPLOAD_BYTES + 1)).status_code == status


def test_who_is_not_named_is_turned_away(parts: Parts) -> None:
    with served(parts, pictrs=("127.0.0.1:0 peer=192.0.2.7",)) as (address,):
        assert httpx2.post(f"http://{address}", content=DECIDED).status_code == 403


class Platform:
    """What stands behind a gate: it keeps what it is sent, and answers with two cookies."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers["content-length"]))
                platform.asked.append((f"{self.command} {self.path}", headers, body))
                self.send_response(202)
                for name, value in (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Connection", "x-one-hop")):
                    self.send_header(name, value)
                self.send_header("X-One-Hop", "1")
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"kept")

            do_PUT = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def platform() -> Iterator[Platform]:
    found = Platform()
    yield found
    found.stop()


def test_what_may_pass_goes_on_as_it_came_and_what_may_not_does_not(parts: Parts, platform: Platform) -> None:
    with served(parts, subrequest=(f"127.0.0.1:0 onward={platform.name}",)) as (address,):
        url = f"http://{address}/api/v2/media?of=me%20too"
        refused = httpx2.post(url, files={"file": ("a.png", DECIDED, "image/png")})
        assert refused.status_code == 422
        assert platform.asked == []
        headers = {"Host": "social.example", "X-Forwarded-For": "192.0.2.7", "X-Takeback-Pass": "418", "TE": "trailers"}
        passed = httpx2.post(url, content=OTHER, headers={**headers, "Content-Type": "image/png"})
        in_pieces = httpx2.put(url, content=iter([OTHER[:100], OTHER[100:]]))
    assert (passed.status_code, passed.text, in_pieces.text) == (202, "kept", "kept")
    assert passed.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert "x-one-hop" not in passed.headers
    (line, told, body), (again, _, pieced) = platform.asked
    assert (line, again) == ("POST /api/v2/media?of=me%20too", "PUT /api/v2/media?of=me%20too")
    assert (told["host"], told["x-forwarded-for"], told["content-type"]) == ("social.example", "192.0.2.7", "image/png")
    assert {"te", "x-takeback-pass"}.isdisjoint(told)
    assert body == pieced == OTHER


def test_what_could_not_be_judged_goes_on_and_what_did_not_come_whole_cannot(parts: Parts, platform: Platform) -> None:
    with served(parts, subrequest=(f"127.0.0.1:0 onward={platform.name}",)) as (address,):
        assert httpx2.post(f"http://{address}", content=OTHER[:300]).text == "kept"
        assert httpx2.post(f"http://{address}", content=bytes(MAX_UPLOAD_BYTES + 1)).status_code == 413
    with served(parts, subrequest=(f"127.0.0.1:0 onward={platform.name} fault=refuse",)) as (address,):
        assert httpx2.post(f"http://{address}", content=OTHER[:300]).status_code == 422
        assert httpx2.post(f"http://{address}", content=bytes(MAX_UPLOAD_BYTES + 1)).status_code == 422
    assert len(platform.asked) == 1


def test_a_platform_that_is_away_is_no_refusal(parts: Parts) -> None:
    with served(parts, subrequest=("127.0.0.1:0 onward=127.0.0.1:1",)) as (address,):
        assert httpx2.post(f"http://{address}", content=OTHER).status_code == 502
        assert httpx2.post(f"http://{address}", content=DECIDED).status_code == 422
