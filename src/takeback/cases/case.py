"""
A case and its copies: their states, and which change may follow which.

    case   received ─┬─ incomplete ─┐
                     └───── valid ◄─┘
                              ├─ watching ─┐          no copy is held; a possible one may be decided
                              └──── held ◄─┘          hidden, reversible
                                      ├─ removed ── contested ─┬─ removed
                                      │                        └─ put_back
                                      └─ refused ── held       a second reader overturned it (or watching)
    any of them ── withdrawn                              hers; it puts nothing back, and the desk settles the copies

    copy   ┌────── held ─┬─ removed ── contested ─┬─ removed
           │         ▲   │                        └─ put_back
           │         │   └─ put_back              a person refused it, she was heard, and a second person upheld it
           │      possible ── dismissed           a person saw that it is something else
           │                                      (of a capped case: alike, and hidden once the case may hold)
           ├── elsewhere                          a link to another site: never fetched
           └── all but removed and contested ── gone    the site has the item no more; until it comes again
                                                  (what was removed can be contested although the site deleted it)
"""

from __future__ import annotations

from enum import StrEnum

from takeback.errors import IllegalTransition


class CaseState(StrEnum):
    """Where a case stands."""

    RECEIVED = "received"
    INCOMPLETE = "incomplete"
    VALID = "valid"
    WATCHING = "watching"
    HELD = "held"
    REMOVED = "removed"
    REFUSED = "refused"
    CONTESTED = "contested"
    PUT_BACK = "put_back"
    WITHDRAWN = "withdrawn"


class CopyState(StrEnum):
    """Where one copy of a case stands."""

    POSSIBLE = "possible"
    HELD = "held"
    REMOVED = "removed"
    CONTESTED = "contested"
    PUT_BACK = "put_back"
    DISMISSED = "dismissed"
    ELSEWHERE = "elsewhere"
    GONE = "gone"


_C = CaseState
CASE_TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    _C.RECEIVED: frozenset({_C.INCOMPLETE, _C.VALID}),
    _C.INCOMPLETE: frozenset({_C.VALID, _C.WITHDRAWN}),
    _C.VALID: frozenset({_C.WATCHING, _C.HELD, _C.WITHDRAWN}),
    _C.WATCHING: frozenset({_C.HELD, _C.REMOVED, _C.REFUSED, _C.WITHDRAWN}),
    _C.HELD: frozenset({_C.WATCHING, _C.REMOVED, _C.REFUSED, _C.WITHDRAWN}),
    _C.REMOVED: frozenset({_C.CONTESTED, _C.WITHDRAWN}),
    _C.CONTESTED: frozenset({_C.REMOVED, _C.PUT_BACK, _C.WITHDRAWN}),
    _C.REFUSED: frozenset({_C.HELD, _C.WATCHING, _C.WITHDRAWN}),
    _C.PUT_BACK: frozenset({_C.WITHDRAWN}),
    _C.WITHDRAWN: frozenset(),
}

_P = CopyState
COPY_TRANSITIONS: dict[CopyState, frozenset[CopyState]] = {
    _P.POSSIBLE: frozenset({_P.HELD, _P.DISMISSED, _P.GONE}),
    _P.HELD: frozenset({_P.REMOVED, _P.PUT_BACK, _P.GONE}),
    _P.REMOVED: frozenset({_P.CONTESTED}),
    _P.CONTESTED: frozenset({_P.REMOVED, _P.PUT_BACK}),
    _P.PUT_BACK: frozenset({_P.GONE}),
    _P.DISMISSED: frozenset({_P.GONE}),
    _P.ELSEWHERE: frozenset(),
    _P.GONE: frozenset({_P.HELD, _P.POSSIBLE}),
}

OPEN_CASES = frozenset({_C.INCOMPLETE, _C.VALID, _C.WATCHING, _C.HELD, _C.CONTESTED})
"""Cases on which someone still has to act, or which wait for a copy."""

UNDECIDED_COPIES = frozenset({_P.POSSIBLE, _P.HELD, _P.CONTESTED})
"""Copies whose clock runs."""


def move_case(before: CaseState, after: CaseState) -> CaseState:
    """Return `after`, or raise `IllegalTransition` where a case may not go there from `before`."""
    if after not in CASE_TRANSITIONS[before]:
        raise IllegalTransition(f"A case that is {before} cannot become {after}.")
    return after


def move_copy(before: CopyState, after: CopyState) -> CopyState:
    """Return `after`, or raise `IllegalTransition` where a copy may not go there from `before`."""
    if after not in COPY_TRANSITIONS[before]:
        raise IllegalTransition(f"A copy that is {before} cannot become {after}.")
    return after
