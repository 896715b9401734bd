"""A list is fetched by the running service, killed in the middle, and what is withdrawn stops matching at once."""

from __future__ import annotations

import random
import time
from pathlib import Path

import httpx2
import pytest
from tests.acceptance.lists import NAME, action, set_up, standing, stored, wait_for
from tests.acceptance.serving import Service, receiving
from tests.lists.stopncii import Keeper, keeping, random_code, record_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

RECORDS = 12_000
KILLS = 3


def test_a_list_survives_kills_in_the_middle_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    rng = random.Random(3)
    codes = [random_code(rng) for _ in range(RECORDS)]
    keeper = Keeper([record_of(code, 10 + number // 50) for number, code in enumerate(codes)])
    with keeping(keeper), receiving() as receiver:
        service = Service(tmp_path, "--allowed-private-host", "127.0.0.1")
        service.start()
        service.add_site(receiver)
        set_up(service, keeper.url)
        for _ in range(KILLS):
            wait_for(service, "fetched_at", 60)
            time.sleep(rng.uniform(0.1, 0.6))
            service.kill()
            service.start()
        wait_for(service, "complete_at", 240)
        assert standing(service)["records"] == {"live": RECORDS}
        for code in codes[:: RECORDS // 20]:
            assert action(service, code) == "hold"
        assert service.stop() == 0
    assert stored(service) == (RECORDS, RECORDS, RECORDS)


def test_what_is_withdrawn_stops_matching_within_a_second_of_the_fetch(tmp_path: Path) -> None:
    code, other = (random_code(random.Random(seed)) for seed in (1, 2))
    keeper = Keeper([record_of(code, 20), record_of(other, 20)])
    with keeping(keeper), receiving() as receiver:
        service = Service(tmp_path, "--workers", "2", "--allowed-private-host", "127.0.0.1")
        service.start()
        service.add_site(receiver)
        set_up(service, keeper.url)
        wait_for(service, "complete_at", 60)
        assert (action(service, code), action(service, other)) == ("hold", "hold")
        keeper.change(code, hashStatus="Withdrawn", caseNumbers={"a": "Withdrawn"})
        asked = len(keeper.asked)
        headers = service.headers("administrator")
        httpx2.post(f"{service.url}/api/v1/exchanges/{NAME}/fetch", json={}, headers=headers).raise_for_status()
        while len(keeper.asked) == asked:
            time.sleep(0.01)
        fetched_at = time.monotonic()
        while action(service, code) != "allow":
            assert time.monotonic() - fetched_at < 1
        # By every worker, and the other is still looked for.
        assert {action(service, code) for _ in range(20)} == {"allow"}
        assert action(service, other) == "hold"
        assert service.stop() == 0
