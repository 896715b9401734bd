"""The sample site obeys signed orders, and only those; nothing unchecked or held is served."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from takeback.actions import signature
from takeback.demo.gallery import Item, State
from takeback.demo.site import Site, SiteSettings, create_app
from takeback.errors import BadSetting

ADDRESS = "http://site.example"
SECRET = bytes(range(32))
PNG = b"\x89PNG\r\n\x1a\n a picture"
NOBODY = "http://127.0.0.1:9"
"""The discard port: no Takeback answers there."""


@pytest.fixture
def site() -> Site:
    return Site(SiteSettings(NOBODY, "key", SECRET), ADDRESS)


@pytest.fixture
def visitor(site: Site) -> Iterator[TestClient]:
    with TestClient(create_app(site), base_url=ADDRESS, follow_redirects=False) as client:
        yield client


@pytest.fixture
def item(site: Site) -> Item:
    item = site.gallery.add("a cup", "image/png", PNG)
    item.published = True
    return item


def order(action: str, item: Item | None, *, delivery: str, case: str = "case-1", url: str = "") -> bytes:
    item_id = None if item is None else item.id
    return json.dumps({"action": action, "delivery": delivery, "case": case, "item": item_id, "url": url}).encode()


def send(visitor: TestClient, body: bytes, *, secret: bytes = SECRET) -> tuple[int, object]:
    header = {signature.HEADER: signature.sign(secret, int(time.time()), body)}
    answer = visitor.post("/takeback", content=body, headers=header)
    return answer.status_code, answer.json() if answer.status_code == 200 else None


def look(site: Site, visitor: TestClient, item: Item, *, secret: bytes = SECRET, address: str = "") -> int:
    """Look at the picture as Takeback does."""
    body = signature.fetch_body(address or site.report_address(item))
    headers = {signature.HEADER: signature.sign(secret, int(time.time()), body)}
    return visitor.get(site.report_address(item), headers=headers).status_code


def test_a_held_picture_is_hidden_from_everyone_but_takeback(site: Site, visitor: TestClient, item: Item) -> None:
    assert visitor.get(f"/media/{item.id}").content == PNG
    assert send(visitor, order("hold", item, delivery="d1")) == (200, {"gone": []})
    assert visitor.get(f"/media/{item.id}").status_code == 451
    assert look(site, visitor, item) == 200
    assert look(site, visitor, item, secret=b"another") == 451
    assert look(site, visitor, item, address="https://site.example/media/another") == 451
    page = visitor.get("/").text
    assert "hidden: a notice is open" in page
    assert item.title not in page


def test_a_removed_picture_is_served_to_no_one(site: Site, visitor: TestClient, item: Item) -> None:
    send(visitor, order("remove", item, delivery="d1"))
    assert visitor.get(f"/media/{item.id}").status_code == 410
    assert look(site, visitor, item) == 410
    assert "removed" in visitor.get("/").text


def test_a_put_back_restores_the_bytes_at_their_address(visitor: TestClient, item: Item) -> None:
    send(visitor, order("remove", item, delivery="d1"))
    send(visitor, order("put_back", item, delivery="d2"))
    assert visitor.get(f"/media/{item.id}").content == PNG


def test_the_last_order_counts_whichever_case_it_is_of(visitor: TestClient, item: Item) -> None:
    send(visitor, order("hold", item, delivery="d1", case="one"))
    send(visitor, order("hold", item, delivery="d2", case="other"))
    assert visitor.get(f"/media/{item.id}").status_code == 451
    send(visitor, order("put_back", item, delivery="d3", case="other"))
    assert visitor.get(f"/media/{item.id}").content == PNG


def test_a_delivery_that_is_repeated_is_obeyed_once(visitor: TestClient, item: Item) -> None:
    hold = order("hold", item, delivery="d1")
    send(visitor, hold)
    send(visitor, order("put_back", item, delivery="d2"))
    assert send(visitor, hold) == (200, {"gone": []})
    assert item.state is State.SHOWN


def test_an_order_that_is_not_signed_by_takeback_is_refused(visitor: TestClient, item: Item) -> None:
    assert send(visitor, order("remove", item, delivery="d1"), secret=bytes(32))[0] == 401
    assert visitor.post("/takeback", content=order("remove", item, delivery="d1")).status_code == 401
    assert item.state is State.SHOWN


def test_an_order_without_an_item_is_found_by_its_address(site: Site, visitor: TestClient, item: Item) -> None:
    assert send(visitor, order("hold", None, delivery="d1", url=site.report_address(item)))[0] == 200
    assert item.state is State.HELD


def test_an_order_about_an_item_that_is_not_there_says_that_it_is_gone(visitor: TestClient, item: Item) -> None:
    body = order("hold", item, delivery="d1").replace(b'"item": "1"', b'"item": "81"')
    assert send(visitor, body) == (200, {"gone": ["81"]})


def test_a_reconciliation_names_the_items_that_are_gone(visitor: TestClient, item: Item) -> None:
    body = json.dumps({"action": "reconcile", "delivery": "d1", "items": [item.id, "81"]}).encode()
    assert send(visitor, body) == (200, {"gone": ["81"]})


def test_nothing_is_published_where_takeback_cannot_be_asked(site: Site, visitor: TestClient) -> None:
    answer = visitor.post("/upload", data={"title": "a cup"}, files={"file": ("cup.png", PNG)})
    assert answer.status_code == 503
    assert site.gallery.all() == []


def test_an_order_that_overtakes_the_answer_keeps_an_upload_hidden(site: Site, visitor: TestClient) -> None:
    item = site.gallery.add("a cup", "image/png", PNG)
    assert visitor.get(f"/media/{item.id}").status_code == 404
    send(visitor, order("hold", item, delivery="d1"))
    item.published = True
    assert visitor.get(f"/media/{item.id}").status_code == 451


def test_what_is_no_picture_is_not_taken_whatever_it_calls_itself(site: Site, visitor: TestClient) -> None:
    script = ("cup.png", b"<script>alert(1)</script>", "image/png")
    assert visitor.post("/upload", data={"title": "a cup"}, files={"file": script}).status_code == 415
    assert site.gallery.all() == []


def test_a_title_is_text_and_never_markup(site: Site, visitor: TestClient) -> None:
    item = site.gallery.add("<script>alert(1)</script>", "image/png", PNG)
    item.published = True
    for page in ("/", f"/item/{item.id}"):
        assert "<script>" not in visitor.get(page).text


def test_settings_that_lack_a_part_are_refused() -> None:
    with pytest.raises(BadSetting, match="cannot be read"):
        SiteSettings.from_json('{"takeback": "http://127.0.0.1:8470"}')


def test_the_reasons_are_for_whoever_posted_the_picture_alone(site: Site, visitor: TestClient, item: Item) -> None:
    reason = {"statement": {"text": {"en": "Removed <b>for</b> a reason."}}, "contest_url": f"{NOBODY}/contest#abc"}
    body = {**json.loads(order("remove", item, delivery="one")), "reason": reason}
    assert send(visitor, json.dumps(body).encode())[0] == 200
    path = f"/item/{item.id}/reasons"
    for cookie in ("", f"owner-{item.id}=guessed"):
        assert visitor.get(path, headers={"Cookie": cookie}).status_code == 404
    answer = visitor.get(path, headers={"Cookie": f"owner-{item.id}={item.owner}"})
    assert answer.status_code == 200
    assert "Removed &lt;b&gt;for&lt;/b&gt; a reason." in answer.text
    assert f'href="{NOBODY}/contest#abc"' in answer.text
    assert "abc" not in visitor.get(f"/item/{item.id}").text
