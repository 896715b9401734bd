"""A file that is brought to the desk: examined, compared with its original, kept nowhere, never shown clear."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from tests.house import Pixels
from tests.unit.registration.pictures import cornered
from tests.unit.service.at_desk import SAME_ORIGIN, Desk

from takeback.store.desk_people import DeskRole

PATH = "/desk/examine"


def saved(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def changed() -> Pixels:
    pixels = cornered(1).copy()
    pixels[200:260, 300:380] = 255 - pixels[200:260, 300:380]
    return pixels


def brought(
    desk: Desk,
    suspect: bytes,
    original: bytes = b"",
    *,
    name: str = "photo.jpg",
    token: str | None = None,
    **fields: str,
) -> tuple[int, str]:  # fmt: skip
    """Send the page's form as a browser does, which sends an empty file where none was chosen."""
    files = {
        "suspect": (name, suspect, "image/jpeg"),
        "original": ("mine.jpg" if original else "", original, "application/octet-stream"),
    }
    data = {"token": desk.token() if token is None else token, **fields}
    answer = desk.client.post(PATH, data=data, files=files, headers=SAME_ORIGIN, follow_redirects=False)
    return answer.status_code, answer.text


@pytest.fixture
def moderator(desk: Desk) -> Desk:
    desk.join("Bo", DeskRole.MODERATOR)
    return desk


def test_a_picture_is_examined_and_its_report_stands_on_the_page(moderator: Desk) -> None:
    assert "Takes some seconds" in moderator.get(PATH).text
    status, page = brought(moderator, saved(cornered(1)), name="<script>.jpg")
    assert status == 200
    for part in ("Nothing was found", "What could not be tested", "The file has no Content Credentials.", "SHA-256"):
        assert part in page, part
    assert "&lt;script&gt;.jpg" in page
    assert "<script" not in page
    # The outline alone: whoever wants to see it looks where looks are counted.
    assert "<svg" in page
    assert "data:image" not in page


def test_the_picture_is_shown_blurred_at_most(moderator: Desk) -> None:
    for shown, images in (("blurred", 1), ("shown", 0), ("left-out", 0)):
        _, page = brought(moderator, saved(cornered(1)), shown=shown)
        assert page.count("data:image/png;base64,") == images, shown
    _, page = brought(moderator, saved(cornered(1)), shown="blurred")
    (encoded,) = re.findall(r"data:image/png;base64,([^\"]+)", page)
    assert len(encoded) < 2_000


def test_with_its_original_what_was_changed_is_said(moderator: Desk) -> None:
    status, page = brought(moderator, saved(changed()), saved(cornered(1)))
    assert status == 200
    assert "Not all of it is as in the original: one part was changed." in page
    assert page.count("<rect") >= 1
    assert "By itself" in page
    _, page = brought(moderator, saved(cornered(1)), saved(cornered(1)))
    assert "No part was found that is not as in the original." in page
    _, page = brought(moderator, saved(cornered(2)), saved(cornered(1)))
    assert "does not show what the original shows" in page


@pytest.mark.parametrize(("body", "said"), [(b"", "No file was chosen."), (b"no picture", 'role="alert"')])
def test_what_is_no_picture_is_told_and_the_form_is_there_again(moderator: Desk, body: bytes, said: str) -> None:
    status, page = brought(moderator, body)
    assert status in (415, 422)
    assert said in page
    assert 'name="suspect"' in page


def test_only_those_who_read_and_only_by_the_desks_own_form(desk: Desk) -> None:
    assert desk.get(PATH).status_code == 303
    desk.join("Cy", DeskRole.AUDITOR)
    assert desk.get(PATH).status_code == 403
    assert PATH not in desk.get("/desk").text
    assert brought(desk, saved(cornered(1)))[0] == 403


def test_a_form_of_another_session_or_page_is_refused(moderator: Desk) -> None:
    assert brought(moderator, saved(cornered(1)), token="0" * 64)[0] == 403
    files = {"suspect": ("a.jpg", saved(cornered(1)), "image/jpeg")}
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    answer = moderator.client.post(PATH, data={"token": moderator.token()}, files=files, headers=elsewhere)
    assert answer.status_code == 403
    assert moderator.post(PATH, token=moderator.token()).status_code == 422
