"""What the pages say, in each language: one JSON file for each, all with the same names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from babel import Locale
from babel.core import negotiate_locale
from babel.dates import format_date, format_time
from babel.lists import format_list

DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its texts by dotted name, and its rules for lists and dates."""

    code: str
    texts: Mapping[str, Any]

    def __call__(self, name: str, /, **values: object) -> str:
        """Return the text `name` with its `{placeholders}` filled; `KeyError` where there is none."""
        text = self.under(name)
        if not isinstance(text, str):
            raise KeyError(name)
        return text.format(**values) if values else text

    def under(self, name: str) -> Any:
        """Return what stands under a dotted name: a text, the forms of a plural, or a group of names."""
        found: Any = self.texts
        for part in name.split("."):
            found = found[part]
        return found

    def moment(self, at: datetime) -> str:
        """Return a moment in words, in UTC: without scripts the page cannot know her time."""
        return f"{format_date(at, 'full', locale=self.locale)}, {format_time(at, 'short', locale=self.locale)} UTC"

    def day(self, at: datetime) -> str:
        """Return a day in words, in UTC."""
        return str(format_date(at, "long", locale=self.locale))

    def listed(self, parts: Sequence[str]) -> str:
        """Return `a, b and c`."""
        return format_list(parts, locale=self.locale)

    @property
    def locale(self) -> Locale:
        """The rules of the language."""
        return Locale.parse(self.code)


@cache
def languages() -> Mapping[str, Words]:
    """Return every language by its code."""
    folder = resources.files(__package__) / "languages"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    found = [Words(file.name.removesuffix(".json"), json.loads(file.read_text("utf-8"))) for file in files]
    return {words.code: words for words in found}


def words_for(asked: str | None, accepted: str) -> Words:
    """
    Return the language that was `asked` for by its code, else the first that a browser accepts, else English.

    `accepted` is the header `Accept-Language` (RFC 9110, § 12.5.4).
    """
    known = languages()
    if asked is not None and asked in known:
        return known[asked]
    preferred = [part.partition(";")[0].strip() for part in _by_weight(accepted)]
    code = negotiate_locale(preferred, list(known), sep="-")
    return known[code or DEFAULT]


def _by_weight(accepted: str) -> list[str]:
    parts = [part.strip() for part in accepted.split(",")[:20] if part.strip()]
    return sorted((part for part in parts if _weight(part) > 0), key=_weight, reverse=True)


def _weight(part: str) -> float:
    _, _, weight = part.partition(";q=")
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0
