"""One delivery by one connector to a platform on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import pytest
from tests.unit.actions.platforms.server import AT, TOKEN, Answers, Loopback, platform

from takeback.actions.interface import Action, Outcome
from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.actions.platforms.api import Access
from takeback.actions.platforms.known import PLATFORMS
from takeback.errors import DeliveryError

PATIENT = Timeouts(connect_seconds=30, read_seconds=30, total_seconds=60)
QUICK = Timeouts(connect_seconds=0.3, read_seconds=0.3, total_seconds=0.6)


class Deliver(Protocol):
    """`deliver(name, answers, order)`: what became of it, and what the platform was asked."""

    def __call__(
        self,
        name: str,
        answers: Answers,
        order: Callable[[str], Action],
        *,
        token: str = TOKEN,
        api_path: str = "",
        quick: bool = False,
        times: int = 1,
    ) -> tuple[Outcome | DeliveryError, Loopback]: ...


@pytest.fixture
def deliver() -> Deliver:
    def once(
        name: str,
        answers: Answers,
        order: Callable[[str], Action],
        *,
        token: str = TOKEN,
        api_path: str = "",
        quick: bool = False,
        times: int = 1,
    ) -> tuple[Outcome | DeliveryError, Loopback]:
        async def run() -> tuple[Outcome | DeliveryError, Loopback]:
            async with platform(answers) as there:
                http = OutgoingHttp([there.name], timeouts=QUICK if quick else PATIENT)
                access = Access(f"{there.url}/", there.url + api_path, token)
                connector = PLATFORMS[name].connect(access, http, clock=lambda: AT)
                found: Outcome | DeliveryError | None = None
                for _ in range(times):
                    try:
                        found = await connector.deliver(order(there.url))
                    except DeliveryError as problem:
                        found = problem
                assert found is not None
                return found, there

        return asyncio.run(run())

    return once
