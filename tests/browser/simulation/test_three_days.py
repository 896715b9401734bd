"""
Three days of the desk: 200 notices, 2,000 copies, two people of one hour a day, a site that fails, and six days after.

Everything goes through the doors: notices, checks and contests over HTTP, orders to a site that obeys them, and what
the desk does through its pages in Chromium. Only time is simulated.
"""

from __future__ import annotations

import heapq
import os
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.browser.desk import CLIENT_HEADER
from tests.browser.simulation.people import Moderator
from tests.browser.simulation.pictures import as_posted, original
from tests.browser.simulation.service import SimulatedService
from tests.browser.simulation.site import Shown, SimulatedSite
from tests.browser.simulation.story import COPIES, DAYS, Report, Story, story_of
from tests.browser.walking import Browser
from tests.house import AT, Clock
from tests.unit.service.test_journey import notice_in

from takeback.audit.event import EventKind
from takeback.bank import EntryState
from takeback.cases import CaseState
from takeback.store.cases import Case

NOTICES = int(os.environ.get("TAKEBACK_SIMULATION") or 0)
"""How many there are on the three days: `make simulation` has 200, `.ci/run` fewer."""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not NOTICES, reason="takes a quarter of an hour: make simulation"),
]

TICK = timedelta(minutes=15)
"""How often the jobs look while nothing happens and nothing is due."""
AFTERWARDS = timedelta(days=6)
"""She is heard for three days before anything is shown again, and the second reader has two."""
HIDDEN_WITHIN = timedelta(minutes=15)
DECIDED_WITHIN = timedelta(hours=48)
SHIFTS = (("Ada", timedelta(hours=8)), ("Bo", timedelta(hours=19)))


@dataclass
class World:
    """The service, its site and what became of each notice."""

    clock: Clock
    site: SimulatedSite
    service: SimulatedService
    story: Story
    cases: dict[int, str] = field(default_factory=dict)
    receipts: dict[int, str] = field(default_factory=dict)
    is_true: dict[str, bool] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    contested: list[int] = field(default_factory=list)
    _events: list[tuple[datetime, int, Callable[[], bool]]] = field(default_factory=list)

    def plan(self, at: datetime, act: Callable[[], bool]) -> None:
        """Let `act` happen then; it says whether the jobs have something to do at once."""
        heapq.heappush(self._events, (at, len(self._events), act))

    def let_pass(self, span: timedelta) -> None:
        """Let a span of time pass."""
        self.run_until(self.clock.at + span)

    def run_until(self, end: datetime) -> None:
        """Let time pass, and everything that is planned happen in it."""
        while self.clock.at < end:
            until = min(end, self.clock.at + TICK, self.service.next_order_at() or end)
            while self._events and self._events[0][0] <= until:
                at, _, act = heapq.heappop(self._events)
                self.clock.at = max(self.clock.at, at)
                if act():
                    self.service.work()
            self.clock.at = until
            self.service.work()


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Callable[[int], World]]:
    """Return what makes a world of so many notices."""
    begun: list[World] = []

    def begin(notices: int) -> World:
        clock = Clock()
        clock.at = AT.replace(hour=0)
        story = story_of(clock.at, notices)
        site = SimulatedSite(clock, story.outages)
        service = SimulatedService(tmp_path, clock, site)
        service.start()
        begun.append(World(clock, site, service, story))
        return begun[-1]

    yield begin
    for world in begun:
        world.service.stop()
        world.site.stop()


def send(world: World, path: str, body: dict[str, Any], source: str = "192.0.2.1") -> httpx2.Response:
    return httpx2.post(f"{world.service.url}{path}", json=body, headers={CLIENT_HEADER: source}, timeout=30)


def post_copy(world: World, report: Report, copy: int) -> bool:
    """Somebody posts a copy: the site asks, and stores it as the answer says."""
    name, data = f"{report.number}-{copy}", as_posted(report.number, copy)
    answer = httpx2.post(
        f"{world.service.url}/api/v1/check",
        headers={"Authorization": f"Bearer {world.service.upload_key}"},
        files={"file": (f"{name}.jpg", data)},
        data={"item_id": name, "url": world.site.address(name)},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    action = answer.json()["action"]
    world.answers[action] += 1
    if action != "refuse":
        world.site.post(name, data, hidden=action == "hold")
    return False


def report_it(world: World, report: Report) -> bool:
    received = send(world, "/api/v1/notices", notice_in(original(report.number)), report.source)
    assert received.status_code == 201, received.text
    told = received.json()
    world.cases[report.number], world.receipts[report.number] = told["case"], told["ending"]
    world.is_true[told["case"]] = report.is_true
    return True


def contest(world: World, report: Report) -> bool:
    item = world.site.items[f"{report.number}-0"]
    if not item.contest_link or item.shown is Shown.SHOWN:
        return False
    code = item.contest_link.partition("#")[2]
    form = {"code": code, "step": "contest", "grounds": "It is a drawing of mine."}
    answer = httpx2.post(
        f"{world.service.url}/contest", data=form, headers={"Origin": world.service.origin}, timeout=30
    )
    assert answer.status_code == 200, answer.text
    world.contested.append(report.number)
    return True


def withdraw(world: World, report: Report) -> bool:
    answer = send(world, "/api/v1/notices/withdrawal", {"ending": world.receipts[report.number]})
    assert answer.status_code == 200, answer.text
    return True


def plan(world: World) -> None:
    """Plan all of the story."""
    for report in world.story.reports:
        world.plan(report.at, partial(report_it, world, report))
        for copy, at in enumerate(report.posted_at):
            world.plan(max(at, world.clock.at), partial(post_copy, world, report, copy))
        if report.contested_after is not None:
            world.plan(report.at + report.contested_after, partial(contest, world, report))
        if report.withdrawn_after is not None:
            world.plan(report.at + report.withdrawn_after, partial(withdraw, world, report))


def total(counts: Iterable[Counter[str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in counts:
        found.update(each)
    return found


def case_of(world: World, report: Report) -> Case:
    with world.service.parts.store.read() as tx:
        return tx.cases.by_public_id(world.cases[report.number])


def hidden_after(world: World, report: Report) -> list[timedelta]:
    """Return how long each copy that was there stayed to be seen after the notice, without the site's own outages."""
    found = []
    for copy, posted_at in enumerate(report.posted_at):
        item = world.site.items.get(f"{report.number}-{copy}")
        if posted_at > report.at or item is None:
            continue
        hidden_at = item.hidden_at
        assert hidden_at is not None, f"{item.name} was never hidden"
        found.append(hidden_at - report.at - outage_between(world.story, report.at, hidden_at))
    return found


def outage_between(story: Story, begins: datetime, ends: datetime) -> timedelta:
    parts = (min(ends, end) - max(begins, begin) for begin, end in story.outages)
    return sum((part for part in parts if part > timedelta()), timedelta())


def kinds_of(world: World) -> Counter[str]:
    with world.service.parts.store.read() as tx:
        return Counter(entry.kind for entry in tx.audit.entries())


@pytest.mark.timeout(3_000)
def test_two_people_of_one_hour_a_day_keep_up_with_three_days(
    simulated: Callable[[int], World], browser: Browser
) -> None:
    # 1. Three days, and as long again as what follows from them takes.
    world = simulated(NOTICES)
    plan(world)
    people = [Moderator(browser, world.service, name, world.clock, world.let_pass, world.is_true) for name, _ in SHIFTS]
    days = DAYS + AFTERWARDS.days
    for day in range(days):
        for person, (_, hour) in zip(people, SHIFTS, strict=True):
            world.run_until(world.story.begins_at + timedelta(days=day) + hour)
            person.work()
    world.run_until(world.story.begins_at + timedelta(days=days))
    assert [problem for person in people for problem in person.problems] == []

    # 2. What was valid was hidden within a quarter of an hour, but for the time that the site did not answer.
    waits = [wait for report in world.story.reports for wait in hidden_after(world, report)]
    assert len(waits) > 4 * NOTICES
    assert max(waits) <= HIDDEN_WITHIN

    # 3. It was decided in time.
    cases = {report.number: case_of(world, report) for report in world.story.reports}
    decided = {n: case.decided_at - case.received_at for n, case in cases.items() if case.decided_at is not None}
    open_ones = [n for n, case in cases.items() if case.decided_at is None and case.state is not CaseState.WITHDRAWN]
    assert open_ones == []
    in_time = sum(took <= DECIDED_WITHIN for took in decided.values())
    assert in_time >= 0.99 * len(decided)

    # 4. What was true is gone and stays out; what was not is shown again, as it was.
    again = 0
    for report in world.story.reports:
        for copy in range(COPIES):
            item = world.site.items.get(f"{report.number}-{copy}")
            if item is None or cases[report.number].state is CaseState.WITHDRAWN:
                continue
            if report.is_true:
                assert item.shown is Shown.REMOVED, f"{item.name}: {item.orders}"
            else:
                assert item.shown is Shown.SHOWN, f"{item.name}: {item.orders}"
                assert httpx2.get(world.site.address(item.name)).content == as_posted(report.number, copy)
                again += item.was_shown_again

    # 5. What it cost.
    looks = total(person.looks for person in people)
    assert max(looks.values()) == 1
    hours = [took.total_seconds() / 3600 for took in decided.values()]
    acts = total(person.acts for person in people)
    print(f"\nnotices {len(cases)}, copies {world.answers.total()}: {dict(world.answers)}")
    print(f"hidden after at most {max(waits)}, median {sorted(waits)[len(waits) // 2]}")
    print(
        f"decided {len(hours)}, {in_time} in time: median {statistics.median(hours):.1f} h, longest {max(hours):.1f} h"
    )
    print(f"looks {looks.total()}, {looks.total() / len(hours):.2f} a decided case; acts {dict(acts)}")
    print(f"put back {again}, byte for byte; contested {len(world.contested)}")
    print(f"orders that the site turned away {world.site.turned_away}; events {kinds_of(world).total()}")


@pytest.mark.timeout(1_200)
def test_with_nobody_at_the_desk_nothing_is_removed_or_gated(simulated: Callable[[int], World]) -> None:
    world = simulated(min(40, NOTICES))
    plan(world)
    world.run_until(world.story.ends_at + timedelta(days=3))
    assert max(wait for report in world.story.reports for wait in hidden_after(world, report)) <= HIDDEN_WITHIN
    assert set(world.answers) == {"allow", "hold"}
    assert {action for item in world.site.items.values() for _, action in item.orders} == {"hold"}
    with world.service.parts.store.read() as tx:
        for case_id in world.cases.values():
            case = tx.cases.by_public_id(case_id)
            assert case.decided_at is None
            assert {entry.state for entry in tx.banks.of_case(case.id)} <= {EntryState.HOLDING, EntryState.WITHDRAWN}
    # That it is late is said, and it stays hidden.
    assert kinds_of(world)[EventKind.DEADLINE_MISSED] > 0
    held = [item for item in world.site.items.values() if item.shown is Shown.HIDDEN]
    assert len(held) > 3 * min(40, NOTICES)
