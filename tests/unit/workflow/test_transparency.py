"""What the public is told in numbers: only of what is over, and nothing that points to one person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.house import LAWS

from takeback.cases.figures import LESS
from takeback.store import Store
from takeback.store.tallies import ALL_LAWS, Tally
from takeback.workflow.transparency import (
    CLASSES,
    FIGURES,
    HEADINGS,
    as_counted,
    as_told,
    made_of,
    public_reports,
    report_of,
    rows_of,
)

JULY, NOVEMBER = datetime(2026, 7, 3, 12, tzinfo=UTC), datetime(2026, 11, 22, 12, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


def count(
    store: Store, name: str, part: str = "", *, times: int = 1, at: datetime = NOVEMBER, laws: Any = LAWS
) -> None:
    with store.write() as tx:
        for _ in range(times):
            tx.tallies.add(name, part, laws=laws, at=at)


def told(store: Store) -> Mapping[str, Any]:
    return as_told(report_of(store, "2026-07", "2026-12"))


def numbers(value: object) -> Iterator[int]:
    """Every whole number in what is told."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from numbers(each)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value


# ---- When --------------------------------------------------------------------------------------------------------


def test_a_half_year_is_told_when_it_is_over_and_not_a_moment_before(store: Store) -> None:
    count(store, "notices", times=9)
    assert public_reports(store, at=NOVEMBER) == []
    assert public_reports(store, at=datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == []
    (report,) = public_reports(store, at=NEW_YEAR)
    assert (report.first, report.last) == ("2026-07", "2026-12")


def test_of_several_half_years_each_has_its_own_numbers(store: Store) -> None:
    count(store, "notices", times=9)
    count(store, "notices", times=7, at=NEW_YEAR)
    later, earlier = public_reports(store, at=datetime(2027, 7, 1, tzinfo=UTC))
    assert [each.figures["notices"].total for each in (earlier, later)] == [9, 7]


def test_it_says_since_when_was_counted(store: Store) -> None:
    count(store, "notices", times=9)
    assert told(store)["counted_from"] == "2026-11"


# ---- What --------------------------------------------------------------------------------------------------------


def test_numbers_are_told_with_their_laws_months_and_classes(store: Store) -> None:
    count(store, "notices", times=20)
    count(store, "notices", times=10, at=JULY)
    count(store, "found", "identical", times=12)
    count(store, "found", "possible", times=6)
    figures = told(store)["figures"]
    assert figures["notices"] == {
        "total": 30,
        "laws": dict.fromkeys(sorted(LAWS), 30),
        "months": {"2026-07": 10, "2026-11": 20},
    }
    assert figures["found"]["classes"] == {**dict.fromkeys(CLASSES, 0), "identical": 12, "possible": 6}


def test_a_small_number_is_less_than_five_and_divided_into_nothing(store: Store) -> None:
    count(store, "contested", times=4)
    assert told(store)["figures"]["contested"] == {"total": LESS, "laws": None, "months": None}
    count(store, "contested")
    assert told(store)["figures"]["contested"]["total"] == 5


def test_one_small_part_holds_back_the_whole_division_and_no_other(store: Store) -> None:
    count(store, "found", "identical", times=12)
    count(store, "found", "possible", times=2)
    figures = told(store)["figures"]
    assert (figures["found"]["total"], figures["found"]["classes"]) == (14, None)
    assert figures["found"]["months"] == {"2026-11": 14}


def test_months_that_are_too_small_are_not_told_apart(store: Store) -> None:
    count(store, "notices", times=20)
    count(store, "notices", times=3, at=JULY)
    assert told(store)["figures"]["notices"]["months"] is None


def test_the_few_that_are_not_under_a_law_are_not_told_by_the_others(store: Store) -> None:
    count(store, "notices", times=20)
    count(store, "notices", times=2, laws=LAWS[:1])
    figures = told(store)["figures"]
    assert (figures["notices"]["total"], figures["notices"]["laws"]) == (22, None)


def test_few_incomplete_notices_are_not_what_is_left_of_the_complete_ones(store: Store) -> None:
    count(store, "notices", times=20)
    count(store, "valid", times=18)
    now = told(store)
    assert now["figures"]["valid"] == {"total": None, "laws": None, "months": None}
    assert now["valid_share"] == {"percent": 80, "bound": "at_least"}
    count(store, "notices", times=5)
    now = told(store)
    assert (now["figures"]["valid"]["total"], now["valid_share"]) == (18, {"percent": 72, "bound": None})


def test_times_are_told_of_enough_and_never_of_one(store: Store) -> None:
    count(store, "hidden_within", "5", times=4)
    assert told(store)["times"]["hidden"]["all"] == {"median_minutes": None, "percentile_95_minutes": None}
    count(store, "hidden_within", "60", times=15)
    assert told(store)["times"]["hidden"]["all"] == {"median_minutes": 60, "percentile_95_minutes": None}
    count(store, "hidden_within", "2880")
    assert told(store)["times"]["hidden"]["all"] == {"median_minutes": 60, "percentile_95_minutes": 60}


def test_how_late_is_told_in_four_steps(store: Store) -> None:
    for step in ("1", "60", "120", "360", "1440", "1500", "1000000"):
        count(store, "late_by", step, times=5)
    assert told(store)["figures"]["late"]["hours"] == {"1": 10, "6": 10, "24": 5, "more": 10}


def test_what_a_banks_matches_are_worth_is_a_share_of_those_that_a_person_looked_at(store: Store) -> None:
    count(store, "confirmed", "stopncii", times=45, laws=())
    count(store, "unconfirmed", "stopncii", times=5, laws=())
    count(store, "confirmed", "notices", times=97, laws=())
    count(store, "unconfirmed", "notices", times=3, laws=())
    count(store, "unconfirmed", "mine", times=2, laws=())
    assert told(store)["banks"] == {
        "mine": {"judged": LESS, "confirmed": None},
        "notices": {"judged": 100, "confirmed": {"percent": 96, "bound": "at_least"}},
        "stopncii": {"judged": 50, "confirmed": {"percent": 90, "bound": None}},
    }


# ---- Whatever was counted ----------------------------------------------------------------------------------------

PARTS = {
    "notices": [""], "valid": [""], "decided": ["removed", "refused"], "overturned": [""], "found": list(CLASSES),
    "removed": list(CLASSES), "contested": [""], "restored": [""], "uploads": ["contested", "let"],
    "missed": ["in_service", "in_outage"],
    "late_by": ["60", "300"],
}  # fmt: skip
TALLIES = st.lists(
    st.sampled_from([(name, part) for name, parts in PARTS.items() for part in parts]).flatmap(
        lambda what: st.builds(
            Tally, st.sampled_from(["2026-07", "2026-08", "2026-12"]), st.sampled_from([ALL_LAWS, *LAWS]),
            st.just(what[0]), st.just(what[1]), st.integers(1, 12),
        )
    ),
    max_size=40,
)  # fmt: skip


@given(TALLIES)
def test_no_number_from_one_to_four_is_ever_told(tallies: list[Tally]) -> None:
    report = made_of(tallies, "2026-07", "2026-12", counted_from="2026-07")
    shown: Mapping[str, Any] = as_told(report)
    assert not {1, 2, 3, 4} & set(numbers(shown["figures"]))
    for name, figure in shown["figures"].items():
        for division in set(figure) - {"total", "laws"}:
            parts = figure[division]
            assert parts is None or sum(parts.values()) == report.figures[name].total
    valid, notices = shown["figures"]["valid"]["total"], shown["figures"]["notices"]["total"]
    if isinstance(valid, int) and isinstance(notices, int):
        assert notices - valid not in (1, 2, 3, 4)


# ---- As a table --------------------------------------------------------------------------------------------------


def test_a_table_has_each_number_once_and_nothing_where_it_is_held_back(store: Store) -> None:
    count(store, "found", "identical", times=12)
    count(store, "found", "possible", times=2)
    count(store, "hidden_within", "5", times=8)
    rows = rows_of(told(store))
    assert ("2026-07", "2026-12", "found", "total", "", "14") in rows
    assert ("2026-07", "2026-12", "found", "classes", "", "") in rows
    assert ("2026-07", "2026-12", "hidden_median_minutes", "total", "", "5") in rows
    assert ("2026-07", "2026-12", "hidden_median_minutes", "laws", "uk-osa-20a", "5") in rows
    assert len({row[2:5] for row in rows}) == len(rows)
    assert all(len(row) == len(HEADINGS) for row in rows)


@pytest.mark.parametrize("name", FIGURES)
def test_the_operator_sees_every_number_as_it_is(store: Store, name: str) -> None:
    counter, parts, _, divided = FIGURES[name]
    count(store, counter, "60" if counter == "late_by" else (*parts, *divided, "")[0], times=3)
    assert as_counted(report_of(store, "2026-11", "2026-11"))["figures"][name]["total"] == 3  # type: ignore[index,call-overload]
