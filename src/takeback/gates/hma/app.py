"""The application that serves HMA's interface, in a process of its own."""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

import takeback
from takeback.actions.outgoing import OutgoingHttp
from takeback.assembly import Parts, outgoing_http
from takeback.config import Settings
from takeback.gates.address import Network, read_network
from takeback.gates.hma import banks, content, exchanges, hashing, matching, status
from takeback.gates.hma.problem import add_hma_problem_handlers
from takeback.service.app import SafeHeaders, following

_SLASHES = re.compile(r"/{2,}")


def create_hma_app(parts: Parts, outgoing: OutgoingHttp | None = None) -> FastAPI:
    """Return the application over `parts`; pictures at addresses come by `outgoing`, by default the settings' own."""
    app = unopened_hma_app()
    open_hma_over(app, parts, outgoing)
    return app


def open_hma_over(app: FastAPI, parts: Parts, outgoing: OutgoingHttp | None = None) -> None:
    """Let an application work over `parts`, from its next start on; `BadSetting` where a peer is no address."""
    app.state.parts = parts
    app.state.hma_peers = hma_peers(parts.settings)
    app.state.outgoing = outgoing or outgoing_http(parts.settings)


def hma_peers(settings: Settings) -> tuple[Network, ...]:
    """Return who is answered without a key; `BadSetting` names one that is no address."""
    return tuple(read_network(each, setting="hma_peers") for each in settings.hma_peers)


def unopened_hma_app() -> FastAPI:
    """Return the application with all its routes and nothing behind them; `open_hma_over` comes before its start."""
    app = FastAPI(
        lifespan=following,
        title="Takeback, in HMA's manner",
        version=takeback.__version__,
        summary="What clients of Hasher-Matcher-Actioner ask for; docs/hma.md says what is different.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi/openapi.json",
    )
    for module in (status, hashing, matching, banks, content, exchanges):
        app.include_router(module.router)
    add_hma_problem_handlers(app)
    app.add_middleware(SafeHeaders)
    app.add_middleware(_SingleSlashes)
    return app


class _SingleSlashes:
    """Takes `//c/banks` for `/c/banks`: Coop puts one slash too many before every path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": _SLASHES.sub("/", scope["path"])}
        await self._app(scope, receive, send)
