"""Whom she can turn to where a site does not act, with a letter that is ready to send; and the search engines."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources

from takeback.cases import LawPack
from takeback.service.pages.words import Words


@dataclass(frozen=True, slots=True)
class Authority:
    """One of them. `law` is the pack whose clock it watches over, empty for a search engine."""

    law: str
    name: str
    url: str
    source: str
    read_at: date


@dataclass(frozen=True, slots=True)
class Complaint:
    """An authority with the text that she can send to it."""

    authority: Authority
    text: str


@cache
def authorities() -> tuple[Authority, ...]:
    """Return all of them."""
    text = (resources.files(__package__) / "authorities.toml").read_text("utf-8")
    return tuple(Authority(**each) for each in tomllib.loads(text)["authority"])


def search_engines() -> list[Authority]:
    """Return those that take a picture out of their results."""
    return [each for each in authorities() if each.law == ""]


def complaints(
    words: Words, packs: dict[str, LawPack], *, site: str, number: str, received_at: datetime, due_at: datetime
) -> list[Complaint]:
    """Return a complaint to each authority over the laws of a case: with the case's dates, and nothing of hers."""
    return [
        Complaint(
            authority,
            words(
                "escalate.body",
                site=site,
                number=number,
                law=f"{packs[authority.law].name}: {packs[authority.law].citation}",
                received=words.moment(received_at),
                due=words.moment(due_at),
            ),
        )
        for authority in authorities()
        if authority.law in packs
    ]
