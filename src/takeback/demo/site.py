"""
A small site that uses Takeback: a gallery, an upload form, and a receiver of orders. The example to copy from.

    python -m takeback.demo.site --port 8000 --settings site.json

The settings are JSON, from a file or from standard input (`-`), never from the command line where others can
read them: `{"takeback": address, "upload_key": key, "webhook_secret": hex}`, as Takeback gave them when the
site was added (`POST /api/v1/sites`).

What a site does:

1. It stores an upload hidden, asks Takeback (`POST /api/v1/check`), and obeys: allow, hold or refuse. Where
   Takeback cannot be asked, nothing is published.
2. It takes signed orders (`/takeback`): hold, remove, put back, and once a day which items are gone.
3. Whoever posted a picture, and nobody else, reads the reasons that came with the last order, and has the link by which
   it is contested.
4. A held picture is hidden from everyone but Takeback, which has to look at one whose address a person
   reported: it signs that request like an order.
"""

from __future__ import annotations

import argparse
import hmac
import json
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self

import uvicorn
from fastapi import FastAPI, File, Form, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse

from takeback.actions import signature
from takeback.demo.client import Client
from takeback.demo.gallery import Gallery, Item, State
from takeback.demo.pages import gallery_page, item_page, message_page, reasons_page
from takeback.errors import BadSetting, NotAllowed, TakebackError

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
MAX_ORDER_BYTES = 256 * 1024
"""An order is about 500 bytes; a question about a thousand items less than 100 kB."""

_HEADERS = {
    "Cache-Control": "no-store",  # a picture that is hidden must not live on in a cache
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_MEDIA_TYPES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG", "image/png"), (b"GIF8", "image/gif"))
_HIDDEN = {State.PENDING: 404, State.HELD: 451, State.REMOVED: 410}


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What Takeback gave this site."""

    takeback: str
    upload_key: str = field(repr=False)
    webhook_secret: bytes = field(repr=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the settings; `BadSetting` where one is missing."""
        try:
            given = json.loads(text)
            return cls(given["takeback"], given["upload_key"], bytes.fromhex(given["webhook_secret"]))
        except (ValueError, KeyError, TypeError) as problem:
            raise BadSetting(
                "The site's settings cannot be read.",
                advice="They are JSON with `takeback`, `upload_key` and `webhook_secret`.",
            ) from problem


class Site:
    """The rules of the site, apart from their addresses."""

    def __init__(self, settings: SiteSettings, address: str, *, ignore_removals: bool = False) -> None:
        self.gallery = Gallery()
        self._address = address
        self._secret = settings.webhook_secret
        self._takeback = Client(settings.takeback, key=settings.upload_key)
        self._ignored = "remove" if ignore_removals else None

    def report_address(self, item: Item) -> str:
        """Return the address of an item as Takeback knows it."""
        return f"{self._address}/media/{item.id}"

    def take_upload(self, title: str, data: bytes) -> Response:
        """Store, ask, obey."""
        # 1. Only what a browser shows as a picture, whatever the upload calls itself.
        media_type = media_type_of(data)
        if media_type is None or len(data) > MAX_UPLOAD_BYTES:
            return _message(415, "Not a picture", "This site takes JPEG, PNG, GIF and WebP up to 20 MB.")
        # 2. Hidden at first: an order that overtakes the answer finds the item.
        item = self.gallery.add(title, media_type, data)
        try:
            answer = self._ask(item)
        except TakebackError:
            self.gallery.drop(item)
            return _message(503, "Not now", "Uploads cannot be checked at the moment. Nothing was stored.")
        # 3. Obey. Only "allow" publishes.
        if answer["action"] == "allow":
            item.published = True
            return Response(status_code=303, headers=_owned(item))
        if answer["action"] == "hold":
            item.order = item.order or "hold"
            item.published = True
            text = "A notice about this picture is open. It stays hidden until someone has decided."
            return _message(202, "Stored, and hidden", text, **_owned(item))
        self.gallery.drop(item)
        text = "This picture was reported by the person it shows, and someone decided that it may not be published."
        return _message(403, "Refused", text)

    def may_see(self, item: Item, header: str) -> bool:
        """Whether a request is served the picture: a shown one always, a held one where Takeback signed."""
        if item.state is not State.HELD:
            return item.state is State.SHOWN
        try:
            signature.verify(
                self._secret, header, signature.fetch_body(self.report_address(item)), now=int(time.time())
            )
        except NotAllowed:
            return False
        return True

    def take_order(self, body: bytes, header: str) -> list[str]:
        """Obey a signed order; return the items it names that are not here. `NotAllowed` where it is not Takeback's."""
        signature.verify(self._secret, header, body, now=int(time.time()))
        order = json.loads(body)
        return [] if order["action"] == self._ignored else self.gallery.obey(order)

    def _ask(self, item: Item) -> dict[str, Any]:
        fields = {"item_id": item.id, "url": self.report_address(item)}
        answer: dict[str, Any] = self._takeback.post_form("/api/v1/check", fields, item.data).expect(200).json()
        return answer


def create_app(site: Site) -> FastAPI:
    """Return the addresses of the site."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/")
    def gallery() -> Response:
        return HTMLResponse(gallery_page(site.gallery.all()), headers=_HEADERS)

    @app.post("/upload")
    def upload(title: Annotated[str, Form(max_length=80)], file: Annotated[UploadFile, File()]) -> Response:
        return site.take_upload(title, file.file.read(MAX_UPLOAD_BYTES + 1))

    @app.get("/item/{item_id}")
    def item(item_id: str) -> Response:
        found = site.gallery.find(item_id)
        if found is None or found.state is State.PENDING:
            return _message(404, "Not found", "There is no such picture.")
        page = item_page(found, site.report_address(found))
        return HTMLResponse(page, status_code=_HIDDEN.get(found.state, 200), headers=_HEADERS)

    @app.get("/item/{item_id}/reasons")
    def reasons(item_id: str, request: Request) -> Response:
        found = site.gallery.find(item_id)
        owner = request.cookies.get(f"owner-{item_id}", "")
        if found is None or not found.reason or not hmac.compare_digest(owner.encode(), found.owner.encode()):
            return _message(404, "Not found", "There is nothing for you here.")
        return HTMLResponse(reasons_page(found), headers=_HEADERS)

    @app.get("/media/{item_id}")
    def media(item_id: str, request: Request) -> Response:
        found = site.gallery.find(item_id)
        if found is None or not site.may_see(found, request.headers.get(signature.HEADER, "")):
            status = 404 if found is None else _HIDDEN[found.state]
            return Response(status_code=status, headers=_HEADERS)
        return Response(found.data, media_type=found.media_type, headers=_HEADERS)

    @app.post("/takeback")
    async def takeback(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_ORDER_BYTES:
                return Response(status_code=413)
        try:
            gone = site.take_order(body, request.headers.get(signature.HEADER, ""))
        except NotAllowed:
            return Response(status_code=401)
        return JSONResponse({"gone": gone})

    return app


def _owned(item: Item) -> dict[str, str]:
    """Return where an item is, and what lets the browser that posted it read why it is hidden."""
    kept = f"owner-{item.id}={item.owner}; Path=/item/{item.id}; HttpOnly; SameSite=Strict"
    return {"Location": f"/item/{item.id}", "Set-Cookie": kept}


def media_type_of(data: bytes) -> str | None:
    """Return the type by the first bytes; what the uploader says is not believed."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((name for start, name in _MEDIA_TYPES if data.startswith(start)), None)


def _message(status: int, heading: str, text: str, **headers: str) -> Response:
    return HTMLResponse(message_page(heading, text), status_code=status, headers={**_HEADERS, **headers})


def main(arguments: list[str]) -> None:
    """Serve the site until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m takeback.demo.site", description="A sample site.")
    parser.add_argument("--port", type=int, default=8000, help="port on 127.0.0.1")
    parser.add_argument("--fd", type=int, help="number of a listening socket to take over, instead of --port")
    parser.add_argument("--settings", default="-", help="JSON file, or - for one line on standard input")
    parser.add_argument("--ignore-removals", action="store_true", help="a site that does not obey, for tests")
    given = parser.parse_args(arguments)
    listener = socket.create_server(("127.0.0.1", given.port)) if given.fd is None else socket.socket(fileno=given.fd)
    host, port = listener.getsockname()
    text = sys.stdin.readline() if given.settings == "-" else Path(given.settings).read_text("utf-8")
    site = Site(SiteSettings.from_json(text), f"http://{host}:{port}", ignore_removals=given.ignore_removals)
    config = uvicorn.Config(create_app(site), log_level="warning", lifespan="off", server_header=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1:])
