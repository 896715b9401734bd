"""What a picture is known by, of a file and of an address; nothing is fetched that is not named."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.house import drawn
from tests.unit.gates.hma.client import Hma
from tests.unit.gates.hma.conftest import Encoded, Opened
from tests.unit.gates.hma.shown import Shown

from takeback.fingerprint import pdq_hash

PDQ = pdq_hash(drawn(1)).hex()
ORIENTATION, QUARTER_TURN = 0x0112, 6
"""The field of EXIF, and its word for: turn by a quarter, clockwise, to see it upright."""


def test_a_files_fingerprint_is_the_published_one(hma: Hma, vectors: Path) -> None:
    with (vectors / "pdq" / "expected.csv").open() as file:
        for row in list(csv.DictReader(file))[:4]:
            data = (vectors / "pdq" / row["file"]).read_bytes()
            answer = hma.post("/h/hash", files={"photo": ("a.jpg", data)}, params={"types": "pdq"})
            assert answer.json() == {"pdq": row["pdq"]}
            assert answer.headers["X-PDQ-Quality"] == row["quality"]


@pytest.mark.parametrize("mode", ["P.png", "PA.webp", "CMYK.jpg", "LA.png"])
def test_colour_modes_that_hma_takes_for_others_are_hashed_as_they_look(hma: Hma, vectors: Path, mode: str) -> None:
    folder = vectors / "pdq" / "modes"
    if not (folder / mode).exists():
        pytest.skip(f"{mode} is not among the vectors")
    hashes = [
        hma.post("/h/hash", files={"photo": ("a", (folder / name).read_bytes())}).json()["pdq"]
        for name in ("original.jpg", mode)
    ]
    assert (int(hashes[0], 16) ^ int(hashes[1], 16)).bit_count() <= 2


def test_a_picture_that_a_camera_stored_turned_is_hashed_upright(hma: Hma, encoded: Encoded) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = QUARTER_TURN
    turned = encoded(np.rot90(drawn(1)).copy(), exif=exif)
    assert hma.post("/h/hash", files={"photo": ("a.png", turned)}).json() == {"pdq": PDQ}


def test_what_lies_under_transparency_is_not_hashed(hma: Hma, encoded: Encoded) -> None:
    opaque = drawn(1).copy()
    opaque[:100] = 255
    hidden = np.dstack([drawn(1), np.full(opaque.shape[:2], 255, np.uint8)])
    hidden[:100, :, 3] = 0
    hashes = [hma.post("/h/hash", files={"photo": ("a.png", encoded(each))}).json() for each in (opaque, hidden)]
    assert hashes[0] == hashes[1]


def test_too_little_detail_is_an_empty_signal_with_its_quality(hma: Hma, encoded: Encoded) -> None:
    answer = hma.post("/h/hash", files={"photo": ("a.png", encoded(np.full((64, 64, 3), 9, np.uint8)))})
    assert (answer.status_code, answer.json()) == (200, {"pdq": ""})
    assert int(answer.headers["X-PDQ-Quality"]) < 50


@pytest.mark.parametrize(
    ("types", "status"), [("pdq", 200), (" pdq ,", 200), ("video_md5", 400), ("x", 400), (",", 400)]
)
def test_the_types_that_are_asked_for_are_there_or_it_is_said(
    hma: Hma, encoded: Encoded, types: str, status: int
) -> None:
    file = {"photo": ("a.png", encoded(drawn(1)))}
    assert hma.post("/h/hash", files=file, params={"types": types}).status_code == status
    assert hma.post("/m/lookup", files=file, params={"types": types}).status_code == status


def test_an_address_is_fetched_only_from_a_named_host(opened: Opened, shown: Shown, encoded: Encoded) -> None:
    shown.pages["/one.png"] = ("image/png", encoded(drawn(1)))
    url = shown.url("/one.png")
    off = opened(shown).get("/h/hash", params={"url": url})
    assert off.status_code == 403
    assert "missing role" in off.json()["message"]
    hma = opened(shown, hma_fetch_hosts=("pictures.example",))
    assert hma.get("/h/hash", params={"url": url}).json() == {"pdq": PDQ}
    for other in (
        shown.url("/one.png", "127.0.0.1"),
        shown.url("/one.png", "x.pictures.example"),
        "file:///etc/passwd",
    ):
        assert hma.get("/h/hash", params={"url": other}).status_code == 400
    assert shown.asked == ["/one.png"]


def test_a_host_that_is_reached_for_other_reasons_is_not_named_by_that(
    opened: Opened, shown: Shown, encoded: Encoded
) -> None:
    shown.pages["/one.png"] = ("image/png", encoded(drawn(1)))
    hma = opened(shown, "hooks.example", hma_fetch_hosts=("Pictures.Example",))
    assert hma.get("/h/hash", params={"url": shown.url("/one.png", "hooks.example")}).status_code == 400
    assert shown.asked == []
    assert hma.get("/h/hash", params={"url": shown.url("/one.png")}).status_code == 200


def test_a_named_host_with_a_private_address_is_not_reached_unless_it_is_allowed(opened: Opened, shown: Shown) -> None:
    """The names are those of pictures; whether they may lead inside is another setting."""
    shown.pages["/"] = ("image/png", b"")
    hma = opened(hma_fetch_hosts=("127.0.0.1", "localhost"))
    for host in ("127.0.0.1", "localhost"):
        answer = hma.get("/h/hash", params={"url": shown.url("/", host).replace("http:", "https:")})
        assert answer.status_code == 400
    assert shown.asked == []


def test_what_is_at_an_address_says_what_it_is_or_the_question_does(
    opened: Opened, shown: Shown, encoded: Encoded
) -> None:
    for path, kind in (("/a", "image/png"), ("/b", "application/octet-stream"), ("/c", "video/mp4")):
        shown.pages[path] = (kind, encoded(drawn(1)))
    hma = opened(shown, hma_fetch_hosts=("pictures.example",))
    status = {
        path: hma.get("/h/hash", params={"url": shown.url(path)}).status_code for path in ("/a", "/b", "/c", "/d")
    }
    assert status == {"/a": 200, "/b": 400, "/c": 400, "/d": 400}
    told = hma.get("/h/hash", params={"url": shown.url("/b"), "content_type": "photo"})
    assert told.json() == {"pdq": PDQ}
    assert hma.get("/h/hash", params={"url": shown.url("/a"), "content_type": "video"}).status_code == 400
    assert hma.get("/h/hash").status_code == 422


def test_a_picture_at_an_address_is_put_into_a_bank(opened: Opened, shown: Shown, encoded: Encoded) -> None:
    shown.pages["/one.png"] = ("image/png", encoded(drawn(1)))
    hma = opened(shown, hma_fetch_hosts=("pictures.example",))
    hma.new_bank("BANK")
    params = {"url": shown.url("/one.png"), "metadata": '{"content_id": "7"}'}
    answer = hma.post("/c/bank/BANK/content", params=params)
    assert answer.json() == {"id": 1, "signals": {"pdq": PDQ}}
    # HMA drops what stands in the address; FetLife's client writes it there.
    assert hma.get("/c/bank/BANK/content/1").json()["metadata"] == {"content_id": "7"}
    body = {"metadata": {"content_id": "8", "json": {"a": {}}}, "note": "by Coop"}
    hma.post("/c/bank/BANK/content", params={"url": shown.url("/one.png")}, json=body)
    assert hma.get("/c/bank/BANK/content/2").json()["note"] == "by Coop"
