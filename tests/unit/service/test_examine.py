"""A picture examined, and compared with its original, over HTTP: by a moderator's key, and kept nowhere."""

from __future__ import annotations

import io
import threading

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.house import Pixels
from tests.unit.registration.pictures import cornered
from tests.unit.service.conftest import Keys

from takeback.errors import Overloaded
from takeback.examine import at_need, examine_image
from takeback.examine.at_need import AtNeed
from takeback.media import MediaLimits


def saved(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def changed() -> Pixels:
    pixels = cornered(1).copy()
    pixels[200:260, 300:380] = 255 - pixels[200:260, 300:380]
    return pixels


def test_a_picture_is_examined_as_it_is_by_the_library(client: TestClient, keys: Keys) -> None:
    data = saved(cornered(1))
    answer = client.post("/api/v1/examine", headers=keys["moderator"], files={"file": data})
    assert answer.status_code == 200
    assert answer.json() == examine_image(data).as_json()


def test_a_suspect_is_compared_with_its_original(client: TestClient, keys: Keys) -> None:
    files = {"original": saved(cornered(1)), "suspect": saved(changed())}
    answer = client.post("/api/v1/compare", headers=keys["moderator"], files=files).json()
    assert (answer["same_source"], answer["changed"]) == (True, True)
    ((left, top, _, _),) = answer["boxes"]
    assert (abs(left - 300) <= 8, abs(top - 200) <= 8) == (True, True)
    turned = {"original": files["suspect"], "suspect": files["original"]}
    assert client.post("/api/v1/compare", headers=keys["moderator"], files=turned).json()["changed"] is True


@pytest.mark.parametrize("role", ["upload", "auditor"])
def test_only_a_moderators_key_may_ask(client: TestClient, keys: Keys, role: str) -> None:
    for address, names in (("examine", ["file"]), ("compare", ["original", "suspect"])):
        files = dict.fromkeys(names, saved(cornered(1)))
        assert client.post(f"/api/v1/{address}", headers=keys[role], files=files).status_code == 403
        assert client.post(f"/api/v1/{address}", files=files).status_code == 401


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"picture": b"x"}, "one file as `file`"),
        ({"file": b"x", "more": b"y"}, "multipart/form-data"),
        ({"file": b"no picture"}, "picture"),
        ({"file": b""}, "picture"),
    ],
)
def test_what_is_no_picture_or_not_the_form_is_refused(
    client: TestClient, keys: Keys, files: dict[str, bytes], said: str
) -> None:
    answer = client.post("/api/v1/examine", headers=keys["moderator"], files=files)
    assert answer.status_code in (400, 415, 422)
    assert said in answer.json()["detail"]


def test_no_form_at_all_is_refused(client: TestClient, keys: Keys) -> None:
    answer = client.post("/api/v1/examine", headers=keys["moderator"], json={"file": "x"})
    assert answer.status_code == 422
    assert "multipart/form-data" in answer.json()["detail"]
    missing = client.post("/api/v1/compare", headers=keys["moderator"], files={"original": b"x"})
    assert "`original` and `suspect`" in missing.json()["detail"]


def test_one_at_a_time_and_the_next_is_turned_away_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_need, "WAIT_SECONDS", 0.05)
    examiner = AtNeed(MediaLimits())
    data = saved(np.asarray(cornered(1)[:64, :64]))
    turned_away = threading.Event()

    def ask(_done: int) -> None:
        if not turned_away.is_set():
            with pytest.raises(Overloaded):
                examiner.examine(data)
            turned_away.set()

    examiner.examine(data, ask)
    assert turned_away.is_set()
    # Whatever happened, the next one has its turn.
    assert examiner.examine(data).format == "jpeg"
