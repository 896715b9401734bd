"""What somebody says against a removal, or against the refusal of an upload."""

from __future__ import annotations

from takeback.errors import InputError

MAX_GROUNDS_CHARACTERS = 2_000
THE_UPLOADER = "the-uploader"
"""Who posted the picture, as the log names them when they come by the link."""


def require_grounds(grounds: str) -> None:
    """Raise `InputError` where a contest says nothing, or too much."""
    if not grounds.strip() or len(grounds) > MAX_GROUNDS_CHARACTERS:
        raise InputError(
            f"A contest needs grounds, of at most {MAX_GROUNDS_CHARACTERS} characters.",
            advice="Say in a few sentences why the removal is wrong.",
        )
