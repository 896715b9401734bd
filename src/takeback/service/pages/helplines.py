"""Who else can help, by country: data with the place and the day on which each was read."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from urllib.parse import urlsplit

from babel.dates import format_date

from takeback.service.pages.words import Words

PURPOSES = ("danger", "adults", "children", "distress")
"""What a line is for: an emergency, an intimate picture of an adult, someone under 18, someone to talk to."""


@dataclass(frozen=True, slots=True)
class Helpline:
    """One service that helps: at least a telephone number or an address."""

    country: str
    """ISO 3166-1 alpha-2; `EU` for the European Union, empty for anywhere."""
    purpose: str
    name: str
    phone: str
    url: str
    hours: str
    source: str
    read_at: date

    @property
    def host(self) -> str:
        """The address as it is shown."""
        return (urlsplit(self.url).hostname or "").removeprefix("www.")


@cache
def helplines() -> tuple[Helpline, ...]:
    """Return every helpline, by country."""
    text = (resources.files(__package__) / "helplines.toml").read_text("utf-8")
    return tuple(
        Helpline(
            country=line["country"],
            purpose=line["for"],
            name=line["name"],
            phone=line.get("phone", ""),
            url=line.get("url", ""),
            hours=line.get("hours", ""),
            source=line["source"],
            read_at=line["read_at"],
        )
        for line in tomllib.loads(text)["helpline"]
    )


def by_country(words: Words, purposes: Sequence[str]) -> list[tuple[str, str, list[Helpline]]]:
    """Return (code, name in her language, lines) for each country with lines for `purposes`; anywhere comes first."""
    chosen = [line for line in helplines() if line.purpose in purposes]
    codes = dict.fromkeys(line.country for line in chosen)
    named = [(code, _label(words, code), [line for line in chosen if line.country == code]) for code in codes]
    return sorted(named, key=lambda each: (each[0] != "", each[1].casefold()))


def read_on(words: Words) -> str:
    """Return the day on which the oldest of them was read, in words."""
    return str(format_date(min(line.read_at for line in helplines()), "long", locale=words.locale))


def _label(words: Words, code: str) -> str:
    return words("helplines.anywhere") if code == "" else words.locale.territories.get(code, code)
