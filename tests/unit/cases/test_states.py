"""The states of cases and copies: what may follow what, explored to the end."""

from __future__ import annotations

from itertools import product

import pytest

from takeback.cases import CaseState, CopyState, move_case, move_copy
from takeback.cases.case import CASE_TRANSITIONS, COPY_TRANSITIONS
from takeback.errors import IllegalTransition


@pytest.mark.parametrize(("before", "after"), list(product(CaseState, CaseState)))
def test_a_case_moves_only_along_the_table(before: CaseState, after: CaseState) -> None:
    if after in CASE_TRANSITIONS[before]:
        assert move_case(before, after) is after
    else:
        with pytest.raises(IllegalTransition, match=f"is {before} cannot become {after}"):
            move_case(before, after)


@pytest.mark.parametrize(("before", "after"), list(product(CopyState, CopyState)))
def test_a_copy_moves_only_along_the_table(before: CopyState, after: CopyState) -> None:
    if after in COPY_TRANSITIONS[before]:
        assert move_copy(before, after) is after
    else:
        with pytest.raises(IllegalTransition, match=f"is {before} cannot become {after}"):
            move_copy(before, after)


def _paths(state: CaseState, seen: tuple[CaseState, ...] = ()) -> list[tuple[CaseState, ...]]:
    path = (*seen, state)
    following = [after for after in CASE_TRANSITIONS[state] if after not in path]
    return [path] + [longer for after in following for longer in _paths(after, path)]


def test_nothing_is_removed_that_was_not_valid_and_held() -> None:
    removals = [path for path in _paths(CaseState.RECEIVED) if path[-1] is CaseState.REMOVED]
    assert removals
    for path in removals:
        found = min(path.index(state) for state in (CaseState.HELD, CaseState.WATCHING) if state in path)
        assert path.index(CaseState.VALID) < found < path.index(CaseState.REMOVED)


def test_she_can_withdraw_from_every_state_that_she_can_see() -> None:
    for state in set(CaseState) - {CaseState.RECEIVED, CaseState.WITHDRAWN}:
        assert CaseState.WITHDRAWN in CASE_TRANSITIONS[state]
    assert CASE_TRANSITIONS[CaseState.WITHDRAWN] == frozenset()


def test_every_state_can_be_reached_and_no_removed_copy_is_shown_without_a_contest() -> None:
    assert {path[-1] for path in _paths(CaseState.RECEIVED)} == set(CaseState)
    assert CopyState.PUT_BACK not in COPY_TRANSITIONS[CopyState.REMOVED]
    # What was removed can be contested although the site has deleted it.
    for state in set(CopyState) - {CopyState.ELSEWHERE, CopyState.GONE, CopyState.REMOVED, CopyState.CONTESTED}:
        assert CopyState.GONE in COPY_TRANSITIONS[state]
