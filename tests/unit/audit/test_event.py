"""An event has one form in bytes, and a commitment covers all of it."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback.audit.event import (
    MAX_DEPTH,
    MAX_INTEGER,
    Event,
    EventKind,
    canonical_bytes,
    canonical_json,
    canonical_moment,
    commit,
)

SALT = bytes(range(32))
EVENT = Event(
    index=7,
    at=datetime(2026, 11, 22, 9, 30, 0, 250, tzinfo=UTC),
    kind=EventKind.COPY_HELD,
    case_id="c-1",
    actor="jobs",
    facts={"item": "post/81", "copies": 2, "blind": True, "who": None, "steps": ["found", "héld"]},
)
WRITTEN = (
    '{"actor":"jobs","at":"2026-11-22T09:30:00.000250Z","case":"c-1",'
    '"facts":{"blind":true,"copies":2,"item":"post/81","steps":["found","héld"],"who":null},'
    '"format":1,"index":7,"kind":"copy_held"}'
).encode()

NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def test_the_bytes_of_an_event_are_the_ones_written_down_here() -> None:
    assert canonical_bytes(EVENT) == WRITTEN


def test_a_commitment_is_an_hmac_over_those_bytes_under_the_salt() -> None:
    assert commit(EVENT, SALT) == hmac.new(SALT, WRITTEN, hashlib.sha256).digest()


@pytest.mark.parametrize(
    "changed",
    [
        replace(EVENT, index=8),
        replace(EVENT, at=EVENT.at + timedelta(microseconds=1)),
        replace(EVENT, kind=EventKind.COPY_REMOVED),
        replace(EVENT, case_id="c-2"),
        replace(EVENT, case_id=None),
        replace(EVENT, actor="desk"),
        replace(EVENT, facts={**EVENT.facts, "copies": 3}),
        replace(EVENT, facts={**EVENT.facts, "copies": "2"}),
    ],
)
def test_a_change_of_any_part_changes_the_commitment(changed: Event) -> None:
    assert commit(changed, SALT) != commit(EVENT, SALT)


def test_another_salt_gives_another_commitment() -> None:
    assert commit(EVENT, bytes(32)) != commit(EVENT, SALT)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        commit(EVENT, bytes(length))


@given(VALUES)
def test_canonical_json_reads_back_as_the_same_value(value: Any) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(NAMES, VALUES, max_size=6), st.randoms())
def test_the_order_in_which_members_were_given_does_not_matter(value: dict[str, Any], random: Any) -> None:
    names = list(value)
    random.shuffle(names)

    assert canonical_json({name: value[name] for name in names}) == canonical_json(value)


def test_tuples_and_read_only_mappings_are_written_as_lists_and_objects() -> None:
    assert canonical_json(MappingProxyType({"b": ("x", 1), "a": MappingProxyType({})})) == b'{"a":{},"b":["x",1]}'


def test_control_characters_are_escaped_as_rfc_8785_says() -> None:
    assert canonical_json('\b\t\n\f\r\x01\x1f"\\/\x7f€') == '"\\b\\t\\n\\f\\r\\u0001\\u001f\\"\\\\/\x7f€"'.encode()


def _nested(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


def test_facts_may_be_nested_as_deep_as_stated() -> None:
    assert canonical_json(_nested(MAX_DEPTH)) == b"[" * MAX_DEPTH + b"0" + b"]" * MAX_DEPTH


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        float("inf"),
        MAX_INTEGER + 1,
        -MAX_INTEGER - 1,
        b"bytes",
        {1, 2},
        {1: "a"},
        {"é": "a"},
        {"a\n": "a"},
        "\ud800",
        ["ok", {"deep": [1.5]}],
        datetime(2026, 11, 22, tzinfo=UTC),
        _nested(MAX_DEPTH + 1),
        _nested(100_000),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_one_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"canonical form|printable ASCII|nested deeper") as refusal:
        canonical_json(value)

    assert not isinstance(refusal.value, UnicodeError)


def test_a_moment_is_written_in_utc_whatever_its_zone() -> None:
    at = datetime(2026, 11, 22, 12, 0, tzinfo=timezone(timedelta(hours=2)))

    assert canonical_moment(at) == "2026-11-22T10:00:00.000000Z"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        canonical_moment(datetime(2026, 11, 22))  # noqa: DTZ001


@pytest.mark.parametrize(
    "at",
    [datetime(2026, 11, 22), datetime(2026, 11, 22, tzinfo=timezone(timedelta(hours=1)))],  # noqa: DTZ001
)
def test_an_event_happens_in_utc(at: datetime) -> None:
    with pytest.raises(ValueError, match="UTC"):
        replace(EVENT, at=at)


def test_an_event_has_a_place_in_the_log() -> None:
    with pytest.raises(ValueError, match="from 0"):
        replace(EVENT, index=-1)
