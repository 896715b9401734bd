"""The HTTP application of one worker process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import takeback
from takeback.assembly import Parts, examiner, identity_provider, keep_following, outgoing_http
from takeback.service import (
    accounts,
    banks,
    cases,
    check,
    coop,
    description,
    examine,
    exchanges,
    health,
    instances,
    items,
    legal,
    mail,
    notices,
    partners,
    public_log,
    put_backs,
    retention,
    returns,
    sites,
    transparency,
    well_known,
)
from takeback.service.crowd import Crowd
from takeback.service.desk import case as desk_case
from takeback.service.desk import examine as desk_examine
from takeback.service.desk import kept as desk_kept
from takeback.service.desk import lists as desk_lists
from takeback.service.desk import look as desk_look
from takeback.service.desk import openid as desk_openid
from takeback.service.desk import partners as desk_partners
from takeback.service.desk import queue as desk_queue
from takeback.service.desk import second as desk_second
from takeback.service.desk import session as desk_session
from takeback.service.desk import static as desk_static
from takeback.service.desk import you as desk_you
from takeback.service.desk.door import Attempts
from takeback.service.pages import case as case_page
from takeback.service.pages import contest as contest_page
from takeback.service.pages import how as how_page
from takeback.service.pages import mail as mail_page
from takeback.service.pages import notice as notice_page
from takeback.service.pages import refused as refused_page
from takeback.service.pages import static
from takeback.service.pages import transparency as transparency_page
from takeback.service.pages import verify as verify_page
from takeback.service.problem import add_problem_handlers

HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex, noarchive"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""On every answer; a page that needs more allows it itself."""


def create_app(parts: Parts) -> FastAPI:
    """Return the application over `parts`."""
    app = unopened_app()
    open_over(app, parts)
    return app


def open_over(app: FastAPI, parts: Parts) -> None:
    """Let an application work over `parts`, from its next start on."""
    app.state.parts = parts
    app.state.crowd = Crowd(parts.settings, parts.store.keyring)
    app.state.attempts = Attempts()
    app.state.outgoing = outgoing_http(parts.settings)
    app.state.examiner = examiner(parts.settings)
    app.state.provider = identity_provider(parts.settings)


def unopened_app() -> FastAPI:
    """Return the application with all its routes and nothing behind them; `open_over` comes before its start."""
    app = FastAPI(
        lifespan=following,
        title="Takeback",
        version=takeback.__version__,
        summary="Find every copy of a reported picture, act on it in time, and prove it.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    interface = (
        check, examine, notices, returns, cases, legal, items, put_backs, accounts, retention, mail, banks, exchanges,
        partners, instances, sites, coop, public_log, transparency, health, description, well_known,
    )  # fmt: skip
    pages = (
        notice_page, case_page, contest_page, refused_page, mail_page, how_page, verify_page, transparency_page, static,
    )  # fmt: skip
    desk = (
        desk_session, desk_openid, desk_queue, desk_case, desk_second, desk_look, desk_kept, desk_lists, desk_examine,
        desk_partners, desk_you, desk_static,
    )  # fmt: skip
    app.state.routers = [module.router for module in (*interface, *pages, *desk)]
    for router in app.state.routers:
        app.include_router(router)
    add_problem_handlers(app)
    app.add_middleware(SafeHeaders)
    return app


@asynccontextmanager
async def following(app: FastAPI) -> AsyncIterator[None]:
    """Follow the store for as long as an application runs."""
    task = asyncio.create_task(keep_following(app.state.parts))
    yield
    task.cancel()


class SafeHeaders:
    """Adds the headers that every answer carries."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with them."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in HEADERS if pair[0] not in given),
                ]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
