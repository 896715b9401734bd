"""Two served instances: a tick here, hidden and decided there, told on her page, and ended there with hers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.acceptance.serving import Receiver, Service, receiving
from tests.house import drawn, reported

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Peer:
    """A service with a site, as its people, its site and its operator use it."""

    def __init__(self, service: Service, receiver: Receiver) -> None:
        self.service, self.receiver = service, receiver
        service.add_site(receiver)

    def key(self) -> str:
        return str(self.ask("GET", "instance")["key"])

    def ask(self, method: str, path: str, *, role: str = "", json: object = None, status: int = 200) -> Any:
        headers = self.service.headers(role) if role else {}
        answer = httpx2.request(method, f"{self.service.url}/api/v1/{path}", headers=headers, json=json, timeout=30)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def names(self, name: str, other: Peer, **ways: bool) -> str:
        body = {"name": name, "url": other.service.url, "key": other.key(), **ways}
        return str(self.ask("POST", "instances", role="administrator", json=body, status=201)["id"])

    def check(self, seed: int, item: str) -> str:
        """What the site is told about a drawn picture at upload."""
        body = {"pictures": [_print(seed)], "item_id": item, "url": f"{self.receiver.url}/{item}"}
        return str(self.ask("POST", "check", role="upload", json=body)["action"])

    def notice(self, seed: int, *, forward_to: list[str]) -> dict[str, Any]:
        body = {
            "pictures": [_print(seed)], "role": "me", "signature": "A. B.", "statement": "Mine.", "intimate": True,
            "not_consensual": True, "good_faith": True, "contact": {"mailbox": True}, "forward_to": forward_to,
        }  # fmt: skip
        received: dict[str, Any] = self.ask("POST", "notices", json=body, status=201)
        return received

    def cases(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", "cases", role="moderator")
        return found

    def decide(self) -> None:
        (case,) = self.cases()
        body = {"outcome": "removed", "appears_covered": True, "reason": "Covered.", "confirm": "all"}
        self.ask("POST", f"cases/{case['id']}/decision", role="moderator", json=body)


def _print(seed: int) -> dict[str, Any]:
    pdq = reported(drawn(seed)).pdq
    assert pdq is not None
    return {"pdq": pdq.hex(), "quality": pdq.quality}


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[tuple[Peer, Peer]]:
    """Two services that know nothing of each other."""
    with ExitStack() as stack:
        made = []
        for name in ("here", "there"):
            service = Service(tmp_path / name, "--allowed-private-host", "127.0.0.1")
            service.environment |= {"TAKEBACK_INSTANCE_MINUTES": "0.01", "TAKEBACK_LOG_NAME": f"{name}.example"}
            service.start()
            stack.callback(service.stop)
            made.append(Peer(service, stack.enter_context(receiving())))
        yield made[0], made[1]


def until(done: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_a_notice_goes_from_one_to_the_other_and_ends_there_with_hers(peers: tuple[Peer, Peer]) -> None:
    here, there = peers
    there_id = here.names("there", there, sends=True)
    there.names("here", here, accepts=True)
    assert here.check(1, "first") == there.check(1, "second") == "allow"
    # 1. Her notice, with a tick.
    received = here.notice(1, forward_to=[there_id])

    def told() -> dict[str, Any]:
        standing = here.ask("POST", "notices/standing", json={"receipt": received["receipt"]})
        (only,) = standing["forwarded"]
        return dict(only)

    until(lambda: told()["state"] == "looking")
    # 2. Nobody has decided: nothing is hidden there, and their desk has it.
    until(lambda: len(there.cases()) == 1)
    assert there.cases()[0]["from_list"] == "instance-here"
    assert there.check(1, "third") == "allow"
    assert there.receiver.orders == []
    # 3. A person here finds it covered: hidden there, and told to the site.
    here.decide()
    until(lambda: there.check(1, "fourth") == "hold")
    until(lambda: {order["action"] for _, order in there.receiver.orders} == {"hold"})
    assert told()["removed"] == 0
    # 4. A person there decides, and she reads it here.
    there.decide()
    until(lambda: told()["state"] == "decided")
    assert told()["removed"] >= 2
    page = httpx2.post(f"{here.service.url}/case", data={"receipt": received["receipt"]}).text
    assert 'data-forwarded="decided"' in page
    assert there.check(1, "fifth") == "refuse"
    # 5. She ends it: there, too, within a second of its arrival; and they confirm it.
    here.ask("POST", "notices/withdrawal", json={"ending": received["ending"]})
    until(lambda: there.cases()[0]["state"] == "withdrawn")
    arrived_at = time.monotonic()
    until(lambda: there.check(1, "sixth") == "allow", 1)
    assert time.monotonic() - arrived_at < 1
    until(lambda: told()["state"] == "ended")
    assert told()["confirmed_at"] is not None
    assert told()["removed"] >= 2
    for peer in peers:
        peer.service.run("verify")


def test_an_end_arrives_although_the_other_was_killed_meanwhile(peers: tuple[Peer, Peer]) -> None:
    here, there = peers
    there_id = here.names("there", there, sends=True)
    there.names("here", here, accepts=True)
    here.check(2, "first")
    received = here.notice(2, forward_to=[there_id])
    here.decide()
    until(lambda: there.check(2, "held") == "hold")
    there.service.kill()
    here.ask("POST", "notices/withdrawal", json={"ending": received["ending"]})
    here.service.kill()
    here.service.start()

    def state() -> str:
        standing = here.ask("POST", "notices/standing", json={"receipt": received["receipt"]})
        return str(standing["forwarded"][0]["state"])

    assert state() == "ending"
    there.service.start()
    until(lambda: state() == "ended", 60)
    assert there.check(2, "new") == "allow"
