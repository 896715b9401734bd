"""Letters that she sends to other sites herself: what is there is never opened from here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from takeback.cases import LawPack
from takeback.service.pages.words import Words


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter, to the site `host`."""

    host: str
    text: str


def letters(words: Words, links: Iterable[str], packs: Sequence[LawPack]) -> list[Letter]:
    """Return a letter to each site that `links` lead to; it fits whoever signs, the person or someone for them."""
    by_host: dict[str, list[str]] = {}
    for link in links:
        by_host.setdefault(host_of(link), []).append(link)
    laws = "; ".join(f"{pack.name}: {pack.citation}" for pack in packs)
    return [
        Letter(host, words("letter.body", host=host, links="\n".join(of), laws=laws)) for host, of in by_host.items()
    ]


def host_of(link: str) -> str:
    """Return the site of a link as a person would call it; the link itself where it names none."""
    try:
        host = urlsplit(link if "://" in link else f"https://{link}").hostname
    except ValueError:
        host = None
    return (host or link).removeprefix("www.")
