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
from tests.mail_server import MailServer, mail_server

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
    "address for news": "rosalinde.news@mail.example",
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
    with receiving() as receiver, mail_server() as mails:
        service = Service(tmp_path / "service", "--allowed-private-host", f"127.0.0.1:{receiver.port}")
        service.environment |= {
            "TMPDIR": str(temporary),
            "TAKEBACK_CLIENT_ADDRESS_HEADER": "X-Real-IP",
            "TAKEBACK_NOTICES_PER_HOUR": "20",
            "TAKEBACK_MAIL_SERVER": mails.url,
            "TAKEBACK_MAIL_FROM": "news@report.example",
            "TAKEBACK_PUBLIC_ADDRESS": service.url,
            "TAKEBACK_MAIL_DELAY_SECONDS": "0",
        }
        service.start()
        service.add_site(receiver)
        # 1. The whole journey: a notice, a copy that it finds, words opened by one of the desk, news by mail.
        ada, _ = service.add_desk_key("Ada"), service.add_desk_key("Bo")
        receipt, ending, case = _journey(service, ada)
        secrets = {
            **_secrets(receipt),
            "ending": ending.encode(),
            "ending, its digits": ending.replace(" ", "").encode(),
            **_mail(service, mails, receipt, case),
        }
        # 2. What is written when it runs, also while her address is kept, when it stops, and into a backup.
        backup = tmp_path / "backup"
        for step in ("address kept", "withdrawn"):
            _backup(service, backup)
            assert traces(everything_below(service.data, backup, temporary), secrets) == [], step
            ended = httpx2.post(f"{service.url}/api/v1/notices/withdrawal", json={"ending": ending})
            assert (ended.json()["state"], ended.json()["news"]) == ("withdrawn", "off")
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


def _journey(service: Service, identity: str) -> tuple[str, str, str]:
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
    return str(receipt), str(ending), str(case)


def _mail(service: Service, mails: MailServer, receipt: str, case: str) -> dict[str, bytes]:
    """Have her address confirmed and told that there is news; return what its mails lead back by."""
    body = {"receipt": receipt, "address": SECRETS["address for news"]}
    assert httpx2.post(f"{service.url}/api/v1/notices/news", json=body).json()["news"] == "unconfirmed"
    (question,) = mails.wait_for(1)
    token = question.links[0].partition("?")[0].rpartition("/")[2]
    assert httpx2.get(question.links[0]).status_code == 200
    confirmed = httpx2.post(f"{service.url}/mail", data={"token": token, "step": "confirm"})
    assert 'class="done"' in confirmed.text
    message = {"text": "We look at it today."}
    httpx2.post(f"{service.url}/api/v1/cases/{case}/message", headers=service.headers("moderator"), json=message)
    news = mails.wait_for(2)[1]
    assert news.to == SECRETS["address for news"]
    stop = news.links[1].partition("?")[0].rpartition("/")[2]
    return {"token of the question": token.encode(), "token that stops": stop.encode(), "tag": news.tag.encode()}


def _secrets(receipt: str) -> dict[str, bytes]:
    codes = {f"fingerprint {name.value}": pdq.code for name, pdq in pdq_orientations(drawn(61)).items()}
    words = {name: text.encode() for name, text in SECRETS.items()}
    digest = {"digest": file_digest(np.ascontiguousarray(drawn(61)).tobytes())}
    return {**words, **codes, **digest, "receipt": receipt.encode(), "address": ADDRESS.encode()}


def _backup(service: Service, folder: Path) -> None:
    command = [sys.executable, "-m", "takeback", "backup", "--to", str(folder), "--data", str(service.data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
