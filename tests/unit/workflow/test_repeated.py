"""Who posts again what has to be removed: the site is told and decides; never on the first, never without a warning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.house import AT, LAWS, drawn, notice_about, prints_of, reported

from takeback.audit.event import EventKind
from takeback.cases.statement import House
from takeback.errors import IllegalTransition, InputError, NotFound
from takeback.store import Store
from takeback.store.accounts import Measure
from takeback.store.sites import Site
from takeback.workflow.contest import answer_contest, contest
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.hearing import pass_on_contest
from takeback.workflow.intake import receive_notice
from takeback.workflow.put_back import Answer
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.register import add_site
from takeback.workflow.repeated import (
    CRITERIA,
    KEPT_FOR,
    LONGEST_SUSPENSION,
    Advice,
    WantedMeasure,
    forget_old_accounts,
    lift_measure,
    measures_of_site,
    standing_of,
    take_measure,
)
from takeback.workflow.replica import Replica
from takeback.workflow.statements import reason_of
from takeback.workflow.upload import Upload, check_upload

REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one", Confirm.ALL)
DAY = timedelta(days=1)
WARNING = WantedMeasure(
    Measure.WARNING, None, "mod-7", True, "Posted two pictures without consent.", dict.fromkeys(CRITERIA, "Weighed.")
)
SUSPENSION = replace(WARNING, kind=Measure.SUSPENSION, until_at=AT + 40 * DAY)


class Forum:
    """A site on which an account posts pictures that are reported and removed."""

    def __init__(self, store: Store, replica: Replica, site: Site) -> None:
        self.store, self.replica, self.site = store, replica, site
        self.cases: list[str] = []

    def post(self, seed: int, *, account: str | None = "mallory", day: int = 0, name: str = "") -> None:
        item = name or f"item-{seed}"
        upload = Upload(self.site, item, f"https://forum.example/{item}", account)
        check_upload(self.store, self.replica, query_of_fingerprints(prints_of(drawn(seed))), upload, at=AT + day * DAY)

    def remove(self, *seeds: int, day: int = 0) -> str:
        """A notice about pictures, and the decision: one case."""
        notice = notice_about(*(reported(drawn(seed), digests=True) for seed in seeds))
        at = AT + day * DAY
        case = receive_notice(self.store, self.replica, notice, default_laws=LAWS, request=None, at=at).case
        decide(self.store, case.public_id, REMOVE, at=at)
        return case.public_id

    def post_and_remove(self, seed: int, *, day: int = 0, account: str | None = "mallory") -> str:
        self.post(seed, day=day, account=account)
        return self.remove(seed, day=day)

    def standing(self, account: str = "mallory", *, day: int = 0) -> tuple[int, Advice]:
        found, _ = standing_of(self.store, self.site, account, at=AT + day * DAY)
        return found.occasions, found.advice

    def told(self) -> list[dict[str, Any]]:
        """What each removal's order says of the account."""
        with self.store.read() as tx:
            orders = tx.outbox.waiting_of_site(self.site.id, AT + 400 * DAY, 100)
        asked = [one for one in orders if one.kind == "remove"]
        return [
            self.repeat_in(reason_of(self.store.keyring, one, House(), "https://takeback.example")) for one in asked
        ]

    @staticmethod
    def repeat_in(reason: Mapping[str, Any]) -> dict[str, Any]:
        return dict(reason.get("repeat") or {})

    def take(self, wanted: WantedMeasure, *, day: int = 0, account: str = "mallory") -> None:
        take_measure(self.store, self.site, account, wanted, at=AT + day * DAY)


@pytest.fixture
def forum(store: Store, replica: Replica, site: Site) -> Forum:
    return Forum(store, replica, site)


# ---- What the site is told ---------------------------------------------------------------------------------------


def test_the_first_time_has_no_consequence(forum: Forum) -> None:
    forum.post_and_remove(1)
    assert forum.standing() == (1, Advice.NONE)
    (told,) = forum.told()
    assert (told["occasions"], told["advice"]) == (1, "none")
    with pytest.raises(IllegalTransition, match="more than once"):
        forum.take(WARNING)


def test_the_second_time_a_warning_may_be_considered(forum: Forum) -> None:
    forum.post_and_remove(1)
    forum.post_and_remove(2, day=3)
    assert forum.standing(day=3) == (2, Advice.WARNING)
    assert [each["advice"] for each in forum.told()] == ["none", "warning"]
    assert forum.told()[1]["since"] == AT.isoformat()


def test_what_one_case_removes_at_once_is_one_occasion(forum: Forum) -> None:
    for seed in range(1, 6):
        forum.post(seed)
    forum.remove(*range(1, 6))
    assert forum.standing() == (1, Advice.NONE)


def test_one_picture_of_which_two_people_give_notice_is_one_upload(forum: Forum) -> None:
    forum.post(1)
    forum.remove(1)
    forum.remove(1)
    assert forum.standing() == (1, Advice.NONE)


def test_where_the_site_names_no_account_nothing_is_said_or_kept(forum: Forum) -> None:
    forum.post_and_remove(1, account=None)
    assert forum.told() == [{}]
    with forum.store.engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from account_removal").scalar_one() == 0


def test_a_check_that_names_no_account_keeps_the_one_that_is_known(forum: Forum) -> None:
    forum.post(1)
    forum.post(1, account=None)
    forum.remove(1)
    assert forum.standing()[0] == 1


def test_the_same_name_at_another_site_is_another_account(forum: Forum, store: Store) -> None:
    forum.post_and_remove(1)
    made = add_site(
        store, "other", base_url="https://other.example/", webhook_url="https://other.example/hook", actor="t", at=AT
    )
    found, _ = standing_of(store, made.site, "mallory", at=AT)
    assert found.occasions == 0


def test_the_name_of_an_account_is_nowhere_in_what_is_stored(forum: Forum) -> None:
    forum.post_and_remove(1, account="mallory-the-marker")
    forum.post_and_remove(2, account="mallory-the-marker")
    forum.take(replace(WARNING, reason="A marker-reason."), account="mallory-the-marker")
    with forum.store.engine.connect() as connection:
        stored = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]
    assert b"mallory-the-marker" not in stored
    assert b"marker-reason" not in stored


# ---- What does not count -----------------------------------------------------------------------------------------


def test_what_is_contested_does_not_count_until_it_is_answered(forum: Forum, store: Store) -> None:
    forum.post_and_remove(1)
    case = forum.post_and_remove(2)
    contest(store, forum.site, "item-2", "It is a drawing.", at=AT)
    assert forum.standing() == (1, Advice.NONE)
    answer_contest(store, case, Answer("Covered.", "key/two"), put_back=False, at=AT)
    assert forum.standing() == (2, Advice.WARNING)


def test_what_is_shown_again_never_counted(forum: Forum, store: Store) -> None:
    forum.post_and_remove(1)
    case = forum.post_and_remove(2)
    contest(store, forum.site, "item-2", "It is a drawing.", at=AT)
    pass_on_contest(store, case, "It is said to be a drawing.", actor="key/two", at=AT)
    answer_contest(store, case, Answer("Drawn.", "key/two", ("intimate",)), put_back=True, at=AT + 4 * DAY)
    assert forum.standing(day=4) == (1, Advice.NONE)
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from account_removal").scalar_one() == 1


def test_after_a_year_all_of_it_is_forgotten(forum: Forum, store: Store) -> None:
    forum.post_and_remove(1)
    forum.post_and_remove(2)
    forum.take(WARNING)
    later = AT + KEPT_FOR + DAY
    assert standing_of(store, forum.site, "mallory", at=later)[0].occasions == 0
    assert forget_old_accounts(store, at=AT + KEPT_FOR - DAY) == 0
    assert forget_old_accounts(store, at=later) == 3
    assert forget_old_accounts(store, at=later) == 0


# ---- What a person at the site does ------------------------------------------------------------------------------


@pytest.fixture
def warned(forum: Forum) -> Forum:
    """An account that was warned on the second day, and has one more picture that is older than the warning."""
    forum.post_and_remove(1)
    forum.post_and_remove(2)
    forum.post(3)
    forum.take(WARNING, day=2)
    return forum


def test_what_was_posted_before_the_warning_leads_to_no_suspension(warned: Forum) -> None:
    warned.remove(3, day=5)
    assert warned.standing(day=5) == (3, Advice.NONE)
    with pytest.raises(IllegalTransition, match="after a warning"):
        warned.take(SUSPENSION, day=5)


def test_a_repeated_check_does_not_make_an_upload_younger(warned: Forum) -> None:
    warned.post(3, day=4)
    warned.remove(3, day=5)
    assert warned.standing(day=5) == (3, Advice.NONE)


def test_what_is_posted_after_the_warning_can_lead_to_a_suspension_with_an_end(warned: Forum) -> None:
    warned.post_and_remove(4, day=5)
    assert warned.standing(day=5) == (3, Advice.SUSPENSION)
    warned.take(SUSPENSION, day=6)
    found, written = standing_of(warned.store, warned.site, "mallory", at=AT + 6 * DAY)
    assert (found.advice, found.suspended_until(AT + 6 * DAY)) == (Advice.NONE, AT + 40 * DAY)
    assert found.suspended_until(AT + 41 * DAY) is None
    assert [each.taken.kind for each in written] == [Measure.WARNING, Measure.SUSPENSION]
    assert written[1].criteria == SUSPENSION.criteria
    assert warned.told()[-1]["advice"] == "suspension"


def test_without_a_warning_there_is_no_suspension(forum: Forum) -> None:
    forum.post_and_remove(1)
    forum.post_and_remove(2, day=1)
    with pytest.raises(IllegalTransition, match="after a warning"):
        forum.take(SUSPENSION, day=1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"manifestly_illegal": False}, "manifestly illegal"),
        ({"criteria": {**WARNING.criteria, "intention": " "}}, "weighs each"),
        ({"criteria": dict.fromkeys(CRITERIA[:3], "x")}, "weighs each"),
        ({"criteria": {**WARNING.criteria, "mood": "x"}}, "weighs each"),
        ({"reason": "  "}, "has a reason"),
        ({"reason": "x" * 2_001}, "has a reason"),
        ({"decided_by": ""}, "who decided"),
        ({"until_at": AT + DAY}, "no end"),
        ({"kind": Measure.SUSPENSION}, "ends, within"),
        ({"kind": Measure.SUSPENSION, "until_at": AT}, "ends, within"),
        ({"kind": Measure.SUSPENSION, "until_at": AT + LONGEST_SUSPENSION + DAY}, "ends, within"),
    ],
)
def test_a_measure_says_why_by_whom_and_until_when(forum: Forum, changes: dict[str, Any], said: str) -> None:
    forum.post_and_remove(1)
    forum.post_and_remove(2)
    with pytest.raises(InputError, match=said):
        forum.take(replace(WARNING, **changes))


def test_a_measure_is_in_the_log_without_the_account_and_counted(warned: Forum) -> None:
    with warned.store.read() as tx:
        (entry,) = [each for each in tx.audit.entries() if each.kind == EventKind.ACCOUNT_WARNED]
        counts = {
            each.part: each.count for each in tx.tallies.of_months("2026-11", "2026-11") if each.name == "measures"
        }
    assert entry.actor == f"site/{warned.site.public_id}"
    assert entry.facts is not None
    assert set(entry.facts) == {"measure", "occasions", "until"}
    assert counts == {"warning": 1}


def _lift(forum: Forum, kind: Measure, *, day: int) -> None:
    _, measures = standing_of(forum.store, forum.site, "mallory", at=AT + day * DAY)
    found = next(each.taken.public_id for each in measures if each.taken.kind is kind)
    lift_measure(forum.store, forum.site, found, decided_by="mod-8", reason="It was wrong.", at=AT + day * DAY)


def test_a_lifted_warning_counts_as_none(warned: Forum) -> None:
    _lift(warned, Measure.WARNING, day=21)
    warned.post_and_remove(4, day=22)
    standing, _ = standing_of(warned.store, warned.site, "mallory", at=AT + 24 * DAY)
    assert (standing.warned_at, standing.advice) == (None, Advice.WARNING)


def test_a_lifted_suspension_ends_and_what_it_was_for_carries_no_other(warned: Forum) -> None:
    warned.post_and_remove(4, day=21)
    take_measure(warned.store, warned.site, "mallory", replace(SUSPENSION, until_at=AT + 90 * DAY), at=AT + 23 * DAY)
    _lift(warned, Measure.SUSPENSION, day=24)
    standing, measures = standing_of(warned.store, warned.site, "mallory", at=AT + 25 * DAY)
    assert (standing.suspended_until(AT + 25 * DAY), standing.advice) == (None, Advice.NONE)
    assert [(each.taken.lifted_by, each.lifted) for each in measures] == [(None, None), ("mod-8", "It was wrong.")]
    warned.post_and_remove(5, day=26)
    standing, _ = standing_of(warned.store, warned.site, "mallory", at=AT + 28 * DAY)
    assert standing.advice is Advice.SUSPENSION


def test_a_measure_is_lifted_once_by_its_own_site_with_a_reason(warned: Forum, store: Store) -> None:
    other = add_site(
        store, "other", base_url="https://other.example/", webhook_url="https://other.example/hook", actor="test", at=AT
    ).site
    ((taken),) = measures_of_site(store, warned.site, at=AT + 21 * DAY)
    assert measures_of_site(store, other, at=AT + 21 * DAY) == []
    at, found = AT + 21 * DAY, taken.taken.public_id
    with pytest.raises(NotFound):
        lift_measure(store, other, found, decided_by="mod-8", reason="Wrong.", at=at)
    with pytest.raises(InputError):
        lift_measure(store, warned.site, found, decided_by="mod-8", reason=" ", at=at)
    lift_measure(store, warned.site, found, decided_by="mod-8", reason="Wrong.", at=at)
    with pytest.raises(IllegalTransition):
        lift_measure(store, warned.site, found, decided_by="mod-8", reason="Wrong.", at=at)
    with store.read() as tx:
        (entry,) = [each for each in tx.audit.entries() if each.kind == EventKind.MEASURE_LIFTED]
    assert entry.facts == {"measure": found, "kind": "warning"}
