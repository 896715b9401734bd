"""By what a copy was found, in words: facts alone, since nobody looks unless they must."""

from __future__ import annotations

from collections.abc import Iterator

from takeback.service.pages.words import Words
from takeback.store.copies import Copy
from takeback.store.prints import WHOLE

_UPRIGHT = "upright"


def likeness_in_words(words: Words, copy: Copy) -> list[str]:
    """Return each thing that is known of how like a copy is, the deciding one first."""
    return list(_said(words, copy)) or [words("case.no_facts")]


def _said(words: Words, copy: Copy) -> Iterator[str]:
    found = copy.likeness
    if found.fact is not None:
        yield words(f"facts.{found.fact}")
    if found.distance is not None:
        yield words("facts.distance", bits=found.distance)
    if found.similarity is not None:
        yield words("facts.similarity", percent=round(100 * found.similarity))
    if found.inliers is not None:
        yield words("facts.inliers", count=found.inliers)
    if found.changed:
        yield words("facts.changed", count=len(found.changed))
    if found.view not in (None, WHOLE):
        yield words("facts.view", view=found.view)
    if found.orientation not in (None, _UPRIGHT):
        yield words("facts.orientation", orientation=str(found.orientation).replace("_", " "))
    if copy.blind:
        yield words("case.blind")
