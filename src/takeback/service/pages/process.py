"""
What the public is told of the process: how a picture is taken down here, and what the operator's laws ask of the site.

The TAKE IT DOWN Act, § 3(a)(2), asks for such a notice: clear and conspicuous, easy to read, in plain language, with
what the site has to do and how to ask for it; a link to it is enough. What each law adds is data (`process` of a law
pack).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape

from takeback.cases import LawPack, law_pack
from takeback.config import Settings
from takeback.service.pages.authorities import authorities
from takeback.service.pages.rendering import rendered
from takeback.service.pages.words import Words

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Link:
    """An address, and what stands for it."""

    url: str
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, with the section of the law behind it, and where it leads."""

    text: str
    section: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Some sentences under a heading."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Process:
    """The whole of it."""

    heading: str
    lead: str
    parts: tuple[Part, ...]


def process_of(words: Words, settings: Settings, address: str = "", query: str = "") -> Process:
    """
    Return the process under the laws of `settings`.

    `address` is the service's origin, empty on its own pages; `query` goes behind the form's address.
    """
    packs = [law_pack(law) for law in settings.laws]
    hours = min(pack.removal_within for pack in packs) // _HOUR
    form = Link(f"{address}/{query}", words("how.open"))
    case = Link(f"{address}/case{query}", words("how.case"))
    return Process(
        words("how.heading"),
        words("how.lead", hours=hours),
        (
            Part(
                words("how.ask"),
                (Line(words("how.form"), links=(form,)), Line(words("how.others")), Line(words("how.child"))),
            ),
            Part(
                words("how.needed"), (*_needed(words, packs), Line(words("how.not_needed")), Line(words("how.picture")))
            ),
            Part(
                words("how.next"),
                (Line(words("how.receipt"), links=(case,)), Line(words("how.decision")), Line(words("how.withdraw"))),
            ),
            *(_duties(words, pack, settings.contact) for pack in packs),
            *_not_acted(words, settings.laws),
        ),
    )


def reached_at(contact: Sequence[str]) -> tuple[Link, ...]:
    """Return addresses of the operator as links."""
    return tuple(Link(address, address.removeprefix("mailto:").removeprefix("tel:")) for address in contact)


def lacks_contact(settings: Settings) -> list[LawPack]:
    """Return the laws that ask for a point of contact, where the operator has named none."""
    return [] if settings.contact else [pack for pack in map(law_pack, settings.laws) if "contact" in pack.process]


def link_line(words: Words, address: str, query: str = "") -> str:
    """Return the one line of HTML that leads to the form; where she comes from stays behind."""
    href = escape(f"{address}/{query}")
    language = f'lang="{words.code}" dir="{words("direction")}"'
    return f'<a href="{href}" rel="noreferrer" {language}>{escape(words("how.footer"))}</a>'


def as_html(words: Words, process: Process) -> str:
    """Return it as a piece of a page, with headings from the second level on."""
    return rendered("process.html", words=words, t=words, process=process)


def as_text(process: Process) -> str:
    """Return it as lines of text; each address is written out."""
    parts = [f"{part.heading}\n\n" + "\n".join(map(_in_text, part.lines)) for part in process.parts]
    return "\n\n".join([process.heading, process.lead, *parts]) + "\n"


def _in_text(line: Line) -> str:
    section = f" ({line.section})" if line.section else ""
    return "\n".join([f"- {line.text}{section}", *(f"  {_written(link)}" for link in line.links)])


def _written(link: Link) -> str:
    return link.label if link.url.endswith(link.label) else f"{link.label}: {link.url}"


def _needed(words: Words, packs: Sequence[LawPack]) -> list[Line]:
    asked = [
        Line(
            words(
                "how.fields",
                law=pack.name,
                fields=words("how.between").join(words(f"fields.{name}") for name in pack.fields),
            )
        )
        for pack in packs
    ]
    return asked if len(packs) == 1 else [*asked, Line(words("how.one"))]


def _duties(words: Words, pack: LawPack, contact: Sequence[str]) -> Part:
    reached = reached_at(contact)
    return Part(
        words("how.law", law=pack.name),
        tuple(
            Line(
                words(f"how.says.{name}", hours=pack.removal_within // _HOUR),
                section,
                reached if name == "contact" else (),
            )
            for name, section in pack.process.items()
            if name != "contact" or reached
        ),
    )


def _not_acted(words: Words, laws: Sequence[str]) -> list[Part]:
    told = tuple(Link(each.url, each.name) for each in authorities() if each.law in laws)
    return [Part(words("how.not_acted"), (Line(words("how.complain"), links=told),))] if told else []
