"""Partners of a served Takeback: docs/partners.md is lived through; StopNCII's interface is a process of its own."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from PIL import Image
from tests.acceptance.fenced import Block, Reader, blocks_of, has_shell
from tests.acceptance.serving import Service, serving
from tests.house import drawn, reported

PAGE = Path(__file__).resolve().parents[2] / "docs" / "partners.md"
SERVED = """
umask 077
takeback serve --data data --stopncii 127.0.0.1:8480 --json > serve.json &
curl --silent --fail --output /dev/null --retry 100 --retry-connrefused --retry-delay 1 http://127.0.0.1:8470/health/ready
python -c "import json; print(json.load(open('serve.json'))['keys']['administrator'])" > administrator.key
"""
"""What the page takes for granted: a service, and an administrator's key."""


@pytest.mark.skipif(not has_shell(), reason="bash, curl, sed and grep are not all here")
def test_the_page_can_be_lived_through(tmp_path: Path) -> None:
    Image.fromarray(drawn(7)).resize((1600, 1280)).save(tmp_path / "upload.jpg", quality=95)
    blocks = blocks_of(PAGE)
    assert len(blocks) == 4
    Reader(tmp_path, ports=[8470, 8480]).go_through([Block("before the page", "sh", SERVED), *blocks])


@pytest.mark.slow
def test_the_gate_on_a_unix_socket_is_a_process_of_its_own_and_its_tokens_outlive_it(tmp_path: Path) -> None:
    path = tmp_path / "stopncii.sock"
    with serving(tmp_path / "service", "--stopncii", f"unix:{path}") as service:
        key = _sharing(service, 5)
        transport = httpx2.HTTPTransport(uds=str(path))
        with httpx2.Client(transport=transport, base_url="http://localhost", headers=_headers(key)) as partner:
            first = _page(partner, pageSize=2)
            assert (first["count"], first["hasMoreRecords"]) == (2, True)
            # Neither interface knows the paths of the other.
            assert httpx2.get(f"{service.url}/v1/FetchHashes", headers=_headers(key)).status_code == 404
            assert partner.get("/api/v1/partners").status_code == 404
            gate = _holder_of(service.pid, path)
            os.kill(gate, signal.SIGKILL)
            second = _page(partner, pageSize=2, nextPageToken=first["nextPageToken"])
            third = _page(partner, pageSize=2, nextPageToken=second["nextPageToken"])
            assert _holder_of(service.pid, path) != gate
            assert httpx2.get(f"{service.url}/health/ready").status_code == 200
            hashes = [record["hashValue"] for page in (first, second, third) for record in page["hashRecords"]]
            assert len(set(hashes)) == 5
            assert not third["hasMoreRecords"]
            assert partner.get("/v1/FetchHashes", headers=_headers("tb_partner_x")).status_code == 401


def test_without_the_setting_nothing_listens_for_it(tmp_path: Path) -> None:
    with serving(tmp_path / "service") as service:
        listening = {
            each.laddr.port
            for process in (psutil.Process(service.pid), *psutil.Process(service.pid).children(recursive=True))
            for each in process.net_connections("tcp")
            if each.status == psutil.CONN_LISTEN
        }
        assert listening == {service.port}


def _sharing(service: Service, pictures: int) -> str:
    """Fill a bank and share it; return the partner's key."""
    admin = service.headers("administrator")

    def post(path: str, body: object) -> httpx2.Response:
        answer = httpx2.post(f"{service.url}/api/v1/{path}", headers=admin, json=body)
        assert answer.status_code == 201, answer.text
        return answer

    post("banks", {"name": "known"})
    prints = [reported(drawn(seed)).pdq for seed in range(pictures)]
    entries = [{"pdq": pdq.hex(), "quality": pdq.quality} for pdq in prints if pdq is not None]
    post("banks/known/entries", {"pictures": entries, "source": "test"})
    key: str = post("partners", {"name": "csp", "share": ["known"]}).json()["key"]
    return key


def _headers(key: str) -> dict[str, str]:
    return {"x-functions-key": key, "Ocp-Apim-Subscription-Key": key}


def _page(partner: httpx2.Client, **asked: object) -> dict[str, Any]:
    until = time.monotonic() + 30
    while True:
        try:
            answer = partner.get("/v1/FetchHashes", params={name: str(value) for name, value in asked.items()})
        except httpx2.TransportError:
            assert time.monotonic() < until, "the gate does not answer"
            time.sleep(0.05)
            continue
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page


def _holder_of(supervisor: int, path: Path) -> int:
    """Return the child whose socket it is: the others closed theirs."""
    holder: int
    (holder,) = [
        child.pid
        for child in psutil.Process(supervisor).children()
        if any(each.laddr == str(path) for each in child.net_connections("unix"))
    ]
    return holder
