"""The desk is told of a deadline once for each stage, whatever the clock does, and never of what is decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.house import AT, LAWS, Clock, drawn, notice_about, prints_of, reported

from takeback.audit.event import EventKind
from takeback.cases.alert import URGENT_LAST, Stage, reached
from takeback.store import Store
from takeback.store.alerts import Due
from takeback.store.cases import Case
from takeback.store.sites import Site
from takeback.workflow.alert import MAX_NAMED, message_of, raise_alerts
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.intake import receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload

ROUTES = ("https://chat.example/a", "https://pager.example/b")
HOURS_48 = timedelta(hours=48)


def held(store: Store, replica: Replica, site: Site, seed: int = 1) -> Case:
    upload = Upload(site, f"item-{seed}", f"https://forum.example/post/{seed}")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(seed))), upload, at=AT)
    notice = notice_about(reported(drawn(seed)))
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT).case


def told(store: Store) -> list[tuple[str, object, int]]:
    with store.read() as tx:
        return [(one.route, one.body["stage"], int(str(one.body["count"]))) for one in reversed(tx.alerts.latest(100))]


def stages(store: Store) -> list[object]:
    return [stage for route, stage, _ in told(store) if route == ROUTES[0]]


# ---- The stages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0, []), (23.9, []), (24, ["half"]), (35.9, ["half"]), (36, ["half", "twelve_hours"]),
        (46, ["half", "twelve_hours", "two_hours"]), (48, ["half", "twelve_hours", "two_hours", "late"]),
    ],
)  # fmt: skip
def test_of_48_hours_the_stages_are_24_36_46_and_48(hours: float, expected: list[str]) -> None:
    assert reached(AT, AT + HOURS_48, AT + timedelta(hours=hours)) == expected


def test_what_has_less_than_two_hours_from_the_start_is_told_of_at_half_and_when_late() -> None:
    deadline = AT + timedelta(hours=1)
    assert reached(AT, deadline, AT + timedelta(minutes=59)) == [Stage.HALF]
    assert reached(AT, deadline, deadline) == [Stage.HALF, Stage.LATE]


@given(st.integers(1, 10_000), st.integers(0, 20_000))
def test_stages_come_one_after_the_other_and_none_is_taken_back(minutes: int, passed: int) -> None:
    deadline = AT + timedelta(minutes=minutes)
    now = reached(AT, deadline, AT + timedelta(minutes=passed))
    later = reached(AT, deadline, AT + timedelta(minutes=passed + 1))
    assert set(now) <= set(later)
    assert (Stage.LATE in now) is (passed >= minutes)


# ---- Told once ---------------------------------------------------------------------------------------------------


def test_each_stage_is_told_once_by_every_route(store: Store, replica: Replica, site: Site, clock: Clock) -> None:
    held(store, replica, site)
    for _ in range(60):
        raise_alerts(store, ROUTES, at=clock.pass_(hours=1))
    assert told(store) == [(route, stage.value, 1) for stage in URGENT_LAST for route in ROUTES]


def test_after_an_outage_only_the_most_urgent_stage_is_told(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    held(store, replica, site)
    raise_alerts(store, ROUTES, at=clock.pass_(hours=47))
    assert stages(store) == ["two_hours"]
    raise_alerts(store, ROUTES, at=clock.pass_(hours=5))
    assert stages(store) == ["two_hours", "late"]


def test_a_clock_that_is_set_back_tells_nothing_twice(store: Store, replica: Replica, site: Site, clock: Clock) -> None:
    held(store, replica, site)
    for hours in (37, 25, 1, 37, 30):
        raise_alerts(store, ROUTES, at=AT + timedelta(hours=hours))
    assert stages(store) == ["twelve_hours"]


def test_time_zones_change_nothing(store: Store, replica: Replica, site: Site) -> None:
    held(store, replica, site)
    east = (AT + timedelta(hours=30)).astimezone(tz=datetime.now().astimezone().tzinfo or UTC)
    assert raise_alerts(store, ROUTES, at=east) == 1
    assert raise_alerts(store, ROUTES, at=AT + timedelta(hours=30)) == 0


def test_what_is_decided_is_not_told_of(store: Store, replica: Replica, site: Site, clock: Clock) -> None:
    case = held(store, replica, site)
    finding = Finding(appears_covered=True, reason="Covered.")
    decide(store, case.public_id, Decision(Outcome.REMOVED, finding, "key/a", confirm=Confirm.ALL), at=AT)
    assert raise_alerts(store, ROUTES, at=clock.pass_(hours=60)) == 0
    assert told(store) == []


def test_cases_that_come_due_together_are_one_message(store: Store, replica: Replica, site: Site, clock: Clock) -> None:
    for seed in range(1, 4):
        held(store, replica, site, seed)
    raise_alerts(store, ROUTES, at=clock.pass_(hours=36))
    assert told(store) == [(route, "twelve_hours", 3) for route in ROUTES]


def test_a_message_names_numbers_and_moments_and_nothing_else(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    case = held(store, replica, site)
    raise_alerts(store, ROUTES, at=clock.pass_(hours=36))
    with store.read() as tx:
        body = tx.alerts.latest(1)[0].body
    due = f"{AT + HOURS_48:%Y-%m-%d %H:%M} UTC"
    assert body["text"] == f"Takeback: 1 case is due within twelve hours: {case.public_id[:8]} ({due})."
    assert set(body) == {"format", "stage", "cases", "count", "text"}


def test_a_message_names_no_more_than_a_person_reads() -> None:
    many = [Due(number, f"{number:032x}", AT, AT + HOURS_48) for number in range(MAX_NAMED + 7)]
    body = message_of(Stage.LATE, many)
    assert "27 cases are late" in str(body["text"])
    assert "and 7 more" in str(body["text"])


def test_what_is_late_is_said_in_the_log_once_also_where_nobody_can_be_told(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    case = held(store, replica, site)
    for _ in range(4):
        raise_alerts(store, (), at=clock.pass_(hours=20))
    with store.read() as tx:
        kinds = [entry.kind for entry in tx.audit.of_case(case.public_id)]
        attested = [one.what.kind for one in tx.attestations.about(case.public_id) if one.what]
    assert kinds.count(EventKind.DEADLINE_MISSED) == 1
    # Not to her: before a decision it would tell that something was found.
    assert attested.count(EventKind.DEADLINE_MISSED) == 0
    assert told(store) == []


def test_a_late_hold_stays(store: Store, replica: Replica, site: Site, clock: Clock) -> None:
    case = held(store, replica, site)
    raise_alerts(store, ROUTES, at=clock.pass_(hours=500))
    with store.read() as tx:
        assert tx.cases.by_id(case.id).state == "held"
        assert [copy.state.value for copy in tx.copies.of_case(case.id)] == ["held"]
