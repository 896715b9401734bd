"""Statements of reasons, as the interface shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from takeback.service.prints import Strict
from takeback.workflow.statements import Stated


class StatementOut(Strict):
    """The reasons of what was decided about one copy, for whoever posted it."""

    case: str
    copy_id: str
    item: str | None
    url: str
    contest_url: str | None
    """Where they contest it; whoever has the link can."""
    statement: Mapping[str, object]
    """By the letters of Art. 17(3) DSA, and as `text` in each language."""


def statement_out(stated: Stated, languages: Sequence[str]) -> StatementOut:
    """Return a statement with its text in `languages`."""
    return StatementOut(
        case=stated.case_id,
        copy_id=stated.copy_id,
        item=stated.item_id,
        url=stated.url,
        contest_url=stated.contest_url,
        statement=stated.statement.as_json(languages),
    )
