"""A service whose operator named two others, of which one answers, and the states of the pages that come with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from tests.acceptance.serving import Service, free_port
from tests.browser.news import everything_open, open_case
from tests.browser.walking import Visit

from takeback.audit.keys import instance_signer


@dataclass(frozen=True)
class Neighbours:
    """The service, another that takes its notices, and the boxes of that one and of one that never answers."""

    here: Service
    there: Service
    box: str
    silent: str
    photo: Path


@contextmanager
def neighbours(folder: Path, photo: Path) -> Iterator[Neighbours]:
    """Run both services."""
    with ExitStack() as stack:
        here, there = (Service(folder / name, "--allowed-private-host", "127.0.0.1") for name in ("here", "there"))
        for service in (here, there):
            service.start()
            stack.callback(service.stop)
        for person in ("Ada", "Bo"):
            here.add_desk_key(person)
        box = _name(here, "Meadow", there.url, _key(there), sends=True)
        _name(there, "Harbour", here.url, _key(here), accepts=True)
        nobody = str(instance_signer(bytes(32), "nobody").key)
        silent = _name(here, "Quarry", f"http://127.0.0.1:{free_port()}", nobody, sends=True)
        yield Neighbours(here, there, f"forward-{box}", f"forward-{silent}", photo)


type InstanceState = Callable[[Visit, Neighbours], None]


def forward_form(here: Visit, _neighbours: Neighbours) -> None:
    everything_open(here)


def forward_review(here: Visit, neighbours: Neighbours) -> None:
    filled(here, neighbours, neighbours.box, neighbours.silent)
    here.review()


def forward_asked(here: Visit, neighbours: Neighbours) -> None:
    receipt, _ = asked(here, neighbours, neighbours.box, neighbours.silent)
    wait_for(neighbours, receipt, "looking")
    open_case(here, receipt)
    everything_open(here)


def forward_later(here: Visit, neighbours: Neighbours) -> None:
    receipt, _ = asked(here, neighbours, neighbours.box)
    wait_for(neighbours, receipt, "looking")
    open_case(here, receipt)
    here.press("details:has(#forward) > summary")
    here.tick(neighbours.silent)
    here.press_away("button[value=forward]")


def forward_ended(here: Visit, neighbours: Neighbours) -> None:
    receipt, ending = asked(here, neighbours, neighbours.box, neighbours.silent)
    wait_for(neighbours, receipt, "looking")
    httpx2.post(f"{here.url}/api/v1/notices/withdrawal", json={"ending": ending}).raise_for_status()
    wait_for(neighbours, receipt, "ended")
    open_case(here, receipt)


INSTANCE_STATES: list[InstanceState] = [
    forward_form, forward_review, forward_asked, forward_later, forward_ended
]  # fmt: skip


def filled(here: Visit, neighbours: Neighbours, *boxes: str) -> None:
    """Fill the form in, with a picture, and tick some boxes."""
    here.begin()
    here.choose_files(neighbours.photo)
    here.say()
    for box in boxes:
        here.tick(box)


def asked(here: Visit, neighbours: Neighbours, *boxes: str) -> tuple[str, str]:
    """Send a notice with some boxes ticked; return the receipt and the number that ends it."""
    filled(here, neighbours, *boxes)
    here.review()
    receipt = here.send()
    return receipt, here.page.inner_text("#receipt-ending").strip()


def forwarded(neighbours: Neighbours, receipt: str) -> list[dict[str, Any]]:
    """What she is told of each instance."""
    url = f"{neighbours.here.url}/api/v1/notices/standing"
    found: list[dict[str, Any]] = httpx2.post(url, json={"receipt": receipt}).json()["forwarded"]
    return found


def wait_for(neighbours: Neighbours, receipt: str, state: str) -> None:
    """Wait until the one that answers stands at something."""
    until = time.monotonic() + 30
    while forwarded(neighbours, receipt)[0]["state"] != state:
        assert time.monotonic() < until, forwarded(neighbours, receipt)
        time.sleep(0.1)


def _key(service: Service) -> str:
    return str(httpx2.get(f"{service.url}/api/v1/instance").json()["key"])


def _name(service: Service, name: str, url: str, key: str, **ways: bool) -> str:
    answer = httpx2.post(
        f"{service.url}/api/v1/instances", headers=service.headers("administrator"),
        json={"name": name, "url": url, "key": key, **ways},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
