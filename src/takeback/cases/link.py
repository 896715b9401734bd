"""A link as a person writes it, and as it is looked up."""

from __future__ import annotations

import re

_AROUND = "<>\"'“”„«»‹›,;"
_CLOSING = {")": "(", "]": "["}

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_LINK = re.compile(
    r"(?:(?:https?:)?//)?(?:\[[0-9a-f:.]+\]|localhost|[^\s/?#:@]*[^\s/?#:@.]\.[^\s/?#:@.][^\s/?#:@]*)(?::\d+)?(?:[/?#]\S*)?",
    re.IGNORECASE,
)


def as_link(written: str) -> str:
    """
    Return a link with its scheme and without what was written around it: quotes, brackets, a comma or a full stop.

    `forum.example/p/1` and `//forum.example/p/1` become `https://forum.example/p/1`. What has another scheme, or names
    no host, is returned as it is.
    """
    link = written.strip().strip(_AROUND)
    while link and (link[-1] == "." or (link[-1] in _CLOSING and _CLOSING[link[-1]] not in link)):
        link = link[:-1].rstrip(_AROUND)
    if _LINK.fullmatch(link) is None:
        return link
    return f"https:{link}" if link.startswith("//") else link if _SCHEME.match(link) else f"https://{link}"


def names_a_place(written: str) -> bool:
    """
    Whether a link can be the address of something: it names a host, with a scheme (http, https) or without.

    The twin of `isLink` in the pages' `notice.js`: both tell a word that slipped into a list of links.
    """
    return _LINK.fullmatch(as_link(written)) is not None
