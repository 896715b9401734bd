"""A browser at the desk, as far as HTTP goes, with a passkey."""

from __future__ import annotations

import json
import re
from html import unescape

import httpx2
from starlette.testclient import TestClient
from tests.unit.device import Device

from takeback.assembly import Parts
from takeback.store import Store
from takeback.store.desk_people import DeskRole
from takeback.workflow.desk_people import invite

ORIGIN = "https://desk.example"
SAME_ORIGIN = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}


class Desk:
    """A browser at the desk."""

    def __init__(self, parts: Parts, client: TestClient) -> None:
        self.parts, self.client = parts, client
        self.device = Device(ORIGIN)

    @property
    def store(self) -> Store:
        return self.parts.store

    def join(self, name: str = "Ada", role: DeskRole = DeskRole.MODERATOR) -> httpx2.Response:
        secret = invite(self.store, name, role, actor="test", at=self.parts.now()).secret
        page = self.post("/desk/invitation", invitation=secret)
        return self.post("/desk/join", answer=self.device.create(options_in(page)))

    def sign_in(self) -> httpx2.Response:
        return self.post("/desk/sign-in", answer=self.device.get(options_in(self.get("/desk/sign-in"))))

    def get(self, path: str) -> httpx2.Response:
        return self.client.get(path, follow_redirects=False)

    def post(self, path: str, /, **form: object) -> httpx2.Response:
        """Send a form of the desk's own pages."""
        return self.post_from(SAME_ORIGIN, path, **form)

    def post_from(self, headers: dict[str, str], path: str, /, **form: object) -> httpx2.Response:
        """Send a form as a browser does with these headers."""
        whole = {"Content-Type": "application/x-www-form-urlencoded", **headers}  # also where the form is empty
        return self.client.post(path, data=form, headers=whole, follow_redirects=False)

    def token(self, path: str = "/desk") -> str:
        found = re.search(r'name="token" value="(\w+)"', self.get(path).text)
        assert found is not None
        return found[1]


def options_in(page: httpx2.Response) -> dict[str, object]:
    found = re.search(r'id="options">(.*?)</script>', page.text)
    assert found is not None, page.text
    options: dict[str, object] = json.loads(unescape(found[1]))
    return options
