"""What happened in a case, out of the audit log, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from takeback.audit.log import LogEntry
from takeback.service.pages.words import Words

_SHOWN = ("reason", "class", "distance", "confirm", "action", "problem", "copy", "how", "found")
"""Facts that say something to a person; the rest is for programs."""
_SHORT = 8
_MOST = 300


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: when, what, by whom, and what is to be said of it."""

    at: datetime
    what: str
    who: str
    facts: Sequence[str]


def timeline(words: Words, entries: Sequence[LogEntry], names: Mapping[str, str]) -> list[Happening]:
    """Return the events of a case, newest first. `names` are those of the people of the desk, by actor."""
    return [
        Happening(
            entry.at,
            words.under("events").get(entry.kind, str(entry.kind).replace("_", " ")),
            name_of(words, entry.actor or "", names),
            list(_facts(entry.facts or {})),
        )
        for entry in reversed(entries)
    ]


def name_of(words: Words, actor: str, names: Mapping[str, str]) -> str:
    """Return how the desk calls an actor of the audit log."""
    if actor in names:
        return names[actor]
    kind, _, which = actor.partition("/")
    known = words.under("actors").get(kind, actor)
    return str(known).format(short=which[:_SHORT], which=which)


def _facts(facts: Mapping[str, object]) -> Iterator[str]:
    for name in _SHOWN:
        value = facts.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            text = str(value)[:_SHORT] if name == "copy" else str(value).replace("_", " ")[:_MOST]
            yield f"{name}: {text}"
