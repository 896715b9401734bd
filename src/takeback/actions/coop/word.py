"""
What Coop says once an action was taken there: the body of its callback.

Its form is that of `publishAction` in `server/rule_engine/ActionPublisher.ts` (roostorg/coop), and of
`docs/api/actions.md`. An action that a person takes has `actorEmail` and no `rules`; one that a rule took has no
address, and one that followed from a user's strikes neither. Of all that only these are read: a moderator's note
(`actorNote`, `decisionReason`), who posted it (`creator`) and how often (`userStrikeCount`) are dropped unread.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from takeback.errors import InputError

MAX_BODY_BYTES = 64 * 1024
_MAX_NAME = 200
_MAX_ADDRESS = 320
"""Characters of a mail address (RFC 5321, section 4.5.3.1)."""


@dataclass(frozen=True, slots=True)
class Word:
    """One action that was taken in Coop."""

    item_id: str
    item_type: str
    action_id: str
    actor: str | None = field(repr=False)
    """The address of whoever took it, in small letters; None where no person did."""


def read_word(body: bytes) -> Word:
    """Read a callback; `InputError` where it is none."""
    try:
        said: Any = json.loads(body)
        item, action, actor = said["item"], said["action"], said.get("actorEmail")
        texts = (item["id"], item["typeId"], action["id"])
        by_rule = bool(said.get("rules"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _malformed() from None
    if not all(isinstance(text, str) and 0 < len(text) <= _MAX_NAME for text in texts):
        raise _malformed()
    if actor is not None and not (isinstance(actor, str) and len(actor) <= _MAX_ADDRESS):
        raise _malformed()
    return Word(*texts, None if by_rule or not actor else actor.strip().lower())


def _malformed() -> InputError:
    return InputError(
        "This is no callback of Coop's: it lacks `item` or `action`, or has them in another form.",
        advice="Read docs/coop.md: the action's callback address is this one, and nothing stands between.",
    )
