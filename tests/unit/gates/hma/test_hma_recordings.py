"""What a real HMA was asked and answered: ours answers with the same status, and JSON of the same shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text
from tests.conftest import SHARED
from tests.unit.gates.hma.client import Hma
from tests.unit.gates.hma.codes import at_distance
from tests.unit.gates.hma.conftest import Opened
from tests.unit.gates.hma.recordings import Recording, recordings_in, shape_of
from tests.unit.gates.hma.shown import Shown

from takeback.assembly import Parts

FOLDER = SHARED / "vectors" / "hma"
PATHS = sorted(FOLDER.rglob("*.yml"))
PICTURE = "/image-in-hash-db.jpg"
THEIRS = f"https://raw.githubusercontent.com/fetlife/hasher_matcher_actioner_api/main/spec/fixtures{PICTURE}"


@pytest.mark.skipif(not PATHS, reason="vectors are not beside the project (../shared/vectors)")
@pytest.mark.parametrize("path", PATHS, ids=lambda path: "/".join(path.relative_to(FOLDER).with_suffix("").parts))
def test_a_recorded_request_is_answered_alike(
    path: Path, opened: Opened, shown: Shown, parts: Parts, vectors: Path
) -> None:
    shown.pages[PICTURE] = ("image/jpeg", (vectors / "pdq" / "bridge-mods" / "aaa-orig.jpg").read_bytes())
    hma = opened(shown, hma_fetch_hosts=("pictures.example",))
    for recording in recordings_in(path):
        _prepare(hma, parts, recording)
        answer = hma.ask(
            recording.method,
            recording.target.replace(THEIRS, shown.url(PICTURE)),
            content=recording.body.encode(),
            headers={} if recording.content_type is None else {"Content-Type": recording.content_type},
        )
        assert answer.status_code == recording.status, answer.text
        kind = answer.headers["content-type"]
        assert kind.partition(";")[0] == recording.answer_type.partition(";")[0]
        assert shape_of(answer.text, kind) == recording.shape


def test_there_are_recordings_of_every_kind() -> None:
    """A reader of them that reads nothing would pass every test."""
    if not PATHS:
        pytest.skip("vectors are not beside the project (../shared/vectors)")
    every = [recording for path in PATHS for recording in recordings_in(path)]
    assert len(every) >= len(PATHS) >= 20
    assert {recording.status for recording in every} == {200, 201, 400, 403, 404, 503}
    assert {recording.method for recording in every} == {"GET", "POST"}


def _prepare(hma: Hma, parts: Parts, recording: Recording) -> None:
    """Bring the store into the state that the recorded answer shows."""
    url, answer = urlsplit(recording.target), _json(recording)
    asked = parse_qs(url.query)
    # 1. Whatever was found is there, as far from the signal as it was.
    if url.path == "/m/lookup" and "signal" in asked:
        for bank, matches in answer.items():
            hma.new_bank(bank)
            for match in matches:
                hma.bank_signal(bank, at_distance(asked["signal"][0], int(match["distance"])))
    # 2. Whatever bank was there, is.
    if recording.method == "GET" and url.path.startswith("/c/bank/") and recording.status == 200:
        hma.new_bank(answer["name"])
    if url.path.endswith("/content") and recording.status == 200:
        hma.new_bank(url.path.split("/")[3])
    if recording.status == 403:
        hma.new_bank(json.loads(recording.body)["name"])
    # 3. What was unwell, is.
    if recording.answer == "INDEX-STALE":
        with parts.store.write() as tx:
            tx.connection.execute(text("alter table change rename to lost"))


def _json(recording: Recording) -> Any:
    return json.loads(recording.answer) if recording.answer_type == "application/json" else {}
