"""An action names what it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from takeback.actions.interface import MAX_ASKED, Action, ActionKind

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def _action(**parts: Any) -> Action:
    made: dict[str, Any] = {"delivery_id": "d-1", "kind": ActionKind.HOLD, "item_id": "81", "case_id": "c-1", "at": AT}
    return Action(**made | parts)


def test_a_hold_is_of_one_item() -> None:
    assert _action().item_ids == ("81",)


def test_an_item_that_was_never_checked_here_is_named_by_its_address() -> None:
    action = _action(item_id=None, url="https://forum.example/81")

    assert action.item_ids == ()


def test_a_reconciliation_asks_about_many() -> None:
    action = _action(kind=ActionKind.RECONCILE, item_id=None, case_id=None, asked=("81", "82"))

    assert action.item_ids == ("81", "82")


@pytest.mark.parametrize(
    "parts",
    [
        {"delivery_id": ""},
        {"delivery_id": "a\r\nX: y"},
        {"delivery_id": "d-1\n"},
        {"delivery_id": "a" * 129},
        {"item_id": None},
        {"item_id": ""},
        {"asked": ("82",)},
        {"kind": ActionKind.RECONCILE, "asked": ("82",)},
        {"kind": ActionKind.RECONCILE, "item_id": None},
        {"kind": ActionKind.RECONCILE, "item_id": None, "asked": ("1",) * (MAX_ASKED + 1)},
        {"at": datetime(2026, 11, 22)},  # noqa: DTZ001
        {"reason": {"distance": 0.5}},
    ],
)
def test_an_action_whose_parts_do_not_fit_cannot_be_made(parts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"delivery id|one item|reconciliation|time zone|canonical form"):
        _action(**parts)
