"""The model for browsers goes out only where the operator has one, and only a worker of its own may run it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from takeback.assembly import Parts
from takeback.fingerprint.in_browser import LICENSE, MODEL, PROGRAM, WASM, PageModel
from takeback.service.app import create_app
from takeback.service.pages.static import WORKER_POLICY

ADDRESSES = ["/page/describer.js", *(f"/page/model/{name}" for name in (MODEL, LICENSE, PROGRAM, WASM))]


@pytest.fixture
def with_model(parts: Parts, tmp_path: Path) -> TestClient:
    """The service of an operator who has one; that it is what it should be is told when it is read."""
    for name in (MODEL, LICENSE, PROGRAM, WASM):
        (tmp_path / name).write_text(f"what {name} holds")
    return TestClient(create_app(replace(parts, page_model=PageModel(tmp_path, "0123456789abcdef", 41_000_001))))


@pytest.mark.parametrize("address", ADDRESSES)
def test_without_one_there_is_nothing_to_load(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_without_one_the_form_does_not_speak_of_it(client: TestClient) -> None:
    page = client.get("/").text
    assert "512" not in page
    assert '"describing": null' in page


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (MODEL, "application/octet-stream"),
        (LICENSE, "text/plain; charset=utf-8"),
        (PROGRAM, "text/javascript; charset=utf-8"),
        (WASM, "application/wasm"),
    ],
)
def test_each_of_its_files_goes_out_and_is_kept_nowhere(with_model: TestClient, name: str, kind: str) -> None:
    answer = with_model.get(f"/page/model/{name}")
    assert answer.text == f"what {name} holds"
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("name", ["model.onnx.bak", "..%2Fserving.lock", "%2Fetc%2Fpasswd", ".."])
def test_nothing_else_of_the_folder_goes_out(with_model: TestClient, tmp_path: Path, name: str) -> None:
    (tmp_path / "model.onnx.bak").write_text("another")
    assert with_model.get(f"/page/model/{name}").status_code == 404


def test_she_is_asked_and_nothing_is_ticked(with_model: TestClient) -> None:
    page = with_model.get("/").text
    (box,) = re.findall(r'<input type="checkbox" id="describe"[^>]*>', page)
    assert "checked" not in box
    assert "42 MB are loaded" in page
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    described = json.loads(found.group(1))["describing"]
    assert (described["model"], described["bytes"]) == ("0123456789abcdef", 41_000_001)


def test_its_worker_compiles_webassembly_and_nothing_else_may(with_model: TestClient) -> None:
    policies = {
        path: with_model.get(path).headers["content-security-policy"]
        for path in ("/", "/case", "/page/worker.js", "/page/solver.js", "/page/describer.js")
    }
    assert [path for path, policy in policies.items() if "wasm-unsafe-eval" in policy] == ["/page/describer.js"]
    assert policies["/page/describer.js"] == WORKER_POLICY.replace("'self'", "'self' 'wasm-unsafe-eval'")
    assert not any("'unsafe-eval'" in policy or "'unsafe-inline'" in policy for policy in policies.values())
