"""After a whole journey nothing of her lies anywhere in clear: data, logs, temporary files, a backup."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import psutil
import pytest
from tests.acceptance.serving import Service, receiving
from tests.house import drawn, forms_of

from takeback.cases.sealed import SealedWords, open_words
from takeback.fingerprint import Orientation, file_digest, pdq_orientations

pytestmark = pytest.mark.slow

ADDRESS = "203.0.113.77"
SECRETS = {
    "name": "Ada Secretname",
    "email": "ada.secret@mail.example",
    "phone": "+44 7700 900982",
    "statement": "A sentence that only the desk should ever read.",
    "signature": "Ada S. Signature",
    "authority": "Her sister, by her word of Tuesday.",
    "link elsewhere": "another.example/her-own-page-of-1987",
    "message": "What I forgot to say before: it was in May.",
    "recovery name": "Grandmother Rosalinde",
    "phrase": "copper walnut Thursday umbrella",
}


def notice() -> dict[str, object]:
    turned = pdq_orientations(drawn(61))
    picture = {
        "pdq": turned[Orientation.UPRIGHT].hex(),
        "orientations": {orientation.value: pdq.hex() for orientation, pdq in turned.items()},
        "file_sha256": file_digest(drawn(61).tobytes()).hex(),
        "nearest_512": turned[Orientation.FLIPPED].hex(),
        "crops": [turned[Orientation.MIRRORED].hex()],
    }
    contact = {name: SECRETS[name] for name in ("name", "email", "phone")}
    return {
        **{name: SECRETS[name] for name in ("statement", "signature", "authority")},
        "role": "helper", "contact": contact, "pictures": [picture], "links": [f"https://{SECRETS['link elsewhere']}"],
        "intimate": True, "not_consensual": True, "good_faith": True,
    }  # fmt: skip


def traces(files: Iterator[Path], secrets: dict[str, bytes]) -> list[str]:
    found = []
    for path in files:
        try:
            content = path.read_bytes()
        except OSError:
            continue
        found += [
            f"{name} in {path}" for name, secret in secrets.items() if any(f in content for f in forms_of(secret))
        ]
    return found


def everything_below(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file())


def test_nothing_of_her_lies_anywhere_in_clear(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with receiving() as receiver:
        service = Service(tmp_path / "service", "--allowed-private-host", f"127.0.0.1:{receiver.port}")
        service.environment |= {
            "TMPDIR": str(temporary),
            "TAKEBACK_CLIENT_ADDRESS_HEADER": "X-Real-IP",
            "TAKEBACK_NOTICES_PER_HOUR": "20",
        }
        service.start()
        service.add_site(receiver)
        # 1. The whole journey: a notice, a copy that it finds, words opened by one of the desk, a withdrawal.
        ada, _ = service.add_desk_key("Ada"), service.add_desk_key("Bo")
        receipt, ending = _journey(service, ada)
        # 2. What is written when it runs, when it stops, and into a backup.
        secrets = {
            **_secrets(receipt),
            "ending": ending.encode(),
            "ending, its digits": ending.replace(" ", "").encode(),
        }
        backup = tmp_path / "backup"
        _backup(service, backup)
        assert traces(everything_below(service.data, backup, temporary), secrets) == []
        # 3. A core dump would hold it all.
        for process in [psutil.Process(service.pid), *psutil.Process(service.pid).children(recursive=True)]:
            limits = Path(f"/proc/{process.pid}/limits").read_text()
            assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), limits
        service.stop()
    assert traces(everything_below(tmp_path), secrets) == []


def test_the_search_for_traces_finds_what_is_there(tmp_path: Path) -> None:
    secret = b"ada.secret@mail.example"
    for number, form in enumerate([secret, secret.hex().encode(), base64.b64encode(b"xx " + secret)]):
        (tmp_path / str(number)).write_bytes(b"before " + form + b" after")
    found = traces(everything_below(tmp_path), {"email": secret})
    assert len(found) == 3


def _journey(service: Service, identity: str) -> tuple[str, str]:
    her = {"X-Real-IP": ADDRESS}
    sent = httpx2.post(f"{service.url}/api/v1/notices", json=notice(), headers=her)
    assert sent.status_code == 201, sent.text
    receipt, ending, case = (sent.json()[name] for name in ("receipt", "ending", "case"))
    pdq = pdq_orientations(drawn(61))[Orientation.UPRIGHT].hex()
    held = httpx2.post(
        f"{service.url}/api/v1/check", headers=service.headers("upload"),
        json={"pictures": [{"pdq": pdq}], "item_id": "81"},
    )  # fmt: skip
    assert held.json()["action"] == "hold", held.text
    words = httpx2.post(f"{service.url}/api/v1/cases/{case}/words", headers=service.headers("moderator")).json()
    assert open_words(SealedWords.from_json(words["sealed"]), [identity])["statement"] == SECRETS["statement"]
    for step, more in (
        ("write", {"text": SECRETS["message"]}),
        ("recovery", {"ending": ending, "name": SECRETS["recovery name"], "phrase": SECRETS["phrase"]}),
    ):
        done = httpx2.post(f"{service.url}/case", data={"receipt": receipt, "step": step, **more}, headers=her)
        assert done.status_code == 200
        assert 'class="done"' in done.text, done.text
    page = httpx2.post(f"{service.url}/case", data={"receipt": receipt}, headers=her)
    assert "working on it" in page.text
    for wrong in ("wrong words here", receipt[:-1]):
        httpx2.post(f"{service.url}/case", data={"receipt": wrong}, headers=her)
    broken = httpx2.post(f"{service.url}/api/v1/notices", content=SECRETS["statement"], headers=her)
    assert broken.status_code == 422
    ended = httpx2.post(f"{service.url}/api/v1/notices/withdrawal", json={"ending": ending}, headers=her)
    assert ended.json()["state"] == "withdrawn"
    return str(receipt), str(ending)


def _secrets(receipt: str) -> dict[str, bytes]:
    codes = {f"fingerprint {name.value}": pdq.code for name, pdq in pdq_orientations(drawn(61)).items()}
    words = {name: text.encode() for name, text in SECRETS.items()}
    digest = {"digest": file_digest(np.ascontiguousarray(drawn(61)).tobytes())}
    return {**words, **codes, **digest, "receipt": receipt.encode(), "address": ADDRESS.encode()}


def _backup(service: Service, folder: Path) -> None:
    command = [sys.executable, "-m", "takeback", "backup", "--to", str(folder), "--data", str(service.data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
