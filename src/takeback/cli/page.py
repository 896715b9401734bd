"""`takeback page`."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from takeback.cases.law import check_laws
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.options import AsJson, Data, example
from takeback.cli.terminal import Terminal
from takeback.config import Settings, is_origin, load_settings
from takeback.errors import InputError
from takeback.service.pages.embed import embedding_page
from takeback.service.pages.process import as_html, as_text, lacks_contact, link_line, process_of
from takeback.service.pages.words import DEFAULT, Words, languages

_NOTICE = "takeback page notice --address https://report.forum.example --format html"
_LINK = "takeback page link --address https://report.forum.example --language es"
_FRAME = "takeback page frame --address https://report.forum.example > report.html"

app = new_app(
    cls=PlainGroup,
    help="Write what a site puts on its own pages: a link, the law's notice, the form in a frame.\n\n"
    "They read the settings alone, above all `laws`, `contact` and `embedded_on`, and write to stdout.",
    epilog=example(_LINK, _NOTICE, _FRAME),
)


class Format(StrEnum):
    """How a notice is written."""

    TEXT = "text"
    HTML = "html"


Address = Annotated[
    str, typer.Option("--address", metavar="URL", help="Where the public reaches this Takeback, without a path.")
]
Language = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="CODE",
        help="ar, de, en, es, fr or pt. Left out: English, and a form that asks her browser.",
    ),
]


@app.command("link", cls=PlainCommand, epilog=example(_LINK))
def link(address: Address, language: Language = None, as_json: AsJson = False) -> None:
    """Write the one line of HTML for a site's footer, which leads to the form."""
    terminal, words, origin = Terminal(as_json), _words(language), _origin(address)
    _write(terminal, words, link_line(words, origin, _query(language)))


@app.command("notice", cls=PlainCommand, epilog=example(_NOTICE))
def notice(
    address: Address,
    language: Language = None,
    format_: Annotated[Format, typer.Option("--format", help="text, or html: a piece of a page.")] = Format.TEXT,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """
    Write the notice of the process that the laws ask for.

    It says in plain words how a picture is taken down and what the site has to do. The service shows the same at
    `/how`, for a site that would rather link to it.
    """
    terminal, words, origin = Terminal(as_json), _words(language), _origin(address)
    settings = _settings(data)
    for pack in lacks_contact(settings):
        terminal.say(f"{pack.name} asks for a point of contact ({pack.process['contact']}): set `contact`.")
    process = process_of(words, settings, origin, _query(language))
    _write(terminal, words, as_html(words, process) if format_ is Format.HTML else as_text(process))


@app.command("frame", cls=PlainCommand, epilog=example(_FRAME))
def frame(address: Address, language: Language = None, data: Data = None, as_json: AsJson = False) -> None:
    """
    Write the one file that shows the form on a site's own pages.

    The site's origin belongs in the setting `embedded_on`: no other may show the form. `docs/pages.md` says what
    a person is safer with on the form's own address.
    """
    terminal, words, origin = Terminal(as_json), _words(language), _origin(address)
    if not _settings(data).embedded_on:
        terminal.say("The setting `embedded_on` is empty here: the form shows itself in no frame yet.")
    _write(terminal, words, embedding_page(words, origin, _query(language)))


def _settings(data: Data) -> Settings:
    settings = load_settings({"data": data}, os.environ)
    check_laws(settings)
    return settings


def _origin(address: str) -> str:
    origin = address.rstrip("/").lower()
    if not is_origin(origin):
        raise InputError(
            "The address is none at which the public reaches a Takeback.",
            advice="Give it as in https://report.forum.example, without a path.",
        )
    return origin


def _words(language: str | None) -> Words:
    words = languages().get(language or DEFAULT)
    if words is None:
        raise InputError("There are no texts in this language.", advice=f"Languages: {', '.join(languages())}.")
    return words


def _query(language: str | None) -> str:
    return "" if language is None else f"?language={language}"


def _write(terminal: Terminal, words: Words, text: str) -> None:
    if terminal.as_json:
        terminal.json({"language": words.code, "direction": words("direction"), "text": text})
    else:
        terminal.verbatim(text)
