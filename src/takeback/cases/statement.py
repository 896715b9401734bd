"""
The statement of reasons that whoever posted a picture is given: all that Art. 17(3) DSA asks for, in plain words.

It is made of `Reasons`, which say nothing of who gave the notice, of her words, or of how like two pictures are: only
by which class of copy the place was found. `House` is what the operator set. The texts are one JSON file for each
language of the pages, in `statements/`; the sections of the laws are in their packs.

    Art. 17(3)   a restriction   b facts   c automated   d legal   e terms   f redress
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from babel import Locale
from babel.dates import format_date

from takeback.audit.event import Json, canonical_moment
from takeback.cases.elements import sections_of
from takeback.cases.law import LawPack, law_pack
from takeback.cases.reasons import Contest, Decided, Reasons
from takeback.config import Settings
from takeback.errors import BadSetting
from takeback.match import CopyClass

SMALL, LARGE = "small", "large"
"""Sizes of an operator: Art. 19 and 29 DSA exempt micro and small enterprises from Art. 20 and 21."""

_ONLY_LARGE = ("internal_complaint", "dispute_settlement")
_NOT_FOR_CHILDREN = ("internal_complaint",)
_SAID_OF_LISTS = ("person", "same_picture")
"""Elements of which a statement says something else where no notice, but a list, led to it."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class House:
    """What the operator set that a statement tells."""

    is_small: bool = True
    terms: str = ""
    """The rule of the site that such pictures break too."""
    contest_for: timedelta = timedelta(days=184)
    languages: tuple[str, ...] = ("en",)

    @classmethod
    def of(cls, settings: Settings) -> House:
        """Return what the settings say."""
        return cls(
            settings.operator_size == SMALL,
            settings.terms_ground,
            timedelta(days=settings.contest_days),
            settings.statement_languages,
        )


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that a statement says: name of its text, and what stands in it. `law` and `section` where one asks."""

    text: str
    law: str | None = None
    section: str = ""
    values: tuple[tuple[str, str], ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of reasons, by the letters of Art. 17(3)."""

    reasons: Reasons
    restriction: tuple[Point, ...]
    facts: tuple[Point, ...]
    automated: tuple[Point, ...]
    legal: tuple[Point, ...]
    terms: tuple[Point, ...]
    redress: tuple[Point, ...]

    def parts(self, language: str) -> list[tuple[str, list[str]]]:
        """Return heading and sentences of each part in one language."""
        return [(_text(language, f"labels.{name}"), _said(language, getattr(self, name))) for name in PARTS]

    def said(self, part: str, language: str, *, without: Sequence[str] = ()) -> list[str]:
        """Return the sentences of one part in one language, without the texts of some names."""
        points: Sequence[Point] = getattr(self, part)
        return _said(language, [point for point in points if point.text not in without])

    def title(self, language: str) -> str:
        """Return the heading of the whole."""
        decision = self.reasons.decision
        if decision.is_of_upload:
            return _text(language, f"titles.{decision.value}")
        name = "hold" if decision.hides_for_now else "put_back" if decision is Decided.PUT_BACK else "removal"
        return _text(language, f"titles.{name}")

    def text(self, language: str) -> str:
        """Return the whole in one language, as plain text."""
        parts = ["\n".join([label, *sentences]) for label, sentences in self.parts(language)]
        return "\n\n".join([self.title(language), *parts])

    def as_json(self, languages: Sequence[str]) -> dict[str, Json]:
        """Return it for programs, with the text in `languages`."""
        return {
            "decision": self.reasons.decision.value,
            "at": canonical_moment(self.reasons.at),
            **{name: [_as_json(point) for point in getattr(self, name)] for name in PARTS},
            "text": {language: self.text(language) for language in languages},
        }


PARTS = ("restriction", "facts", "automated", "legal", "terms", "redress")
"""a to f of Art. 17(3)."""


def statement_of(reasons: Reasons, house: House, *, contest_url: str = "") -> Statement:
    """Return the statement of a decision; `contest_url` is where whoever posted the picture contests it."""
    packs = [law_pack(law) for law in reasons.laws]
    return Statement(
        reasons,
        restriction=tuple(_restriction(reasons, packs)),
        facts=tuple(_facts(reasons)),
        automated=tuple(_automated(reasons)),
        legal=tuple(_legal(reasons, packs)),
        terms=tuple(_terms(reasons, house)),
        redress=tuple(_redress(reasons, packs, house, contest_url)),
    )


def contest_until(reasons: Reasons, contest_for: timedelta) -> datetime | None:
    """Return until when a removal, or a refused upload, is contested; None where no time limits it, or nobody can."""
    removed = reasons.decision in (Decided.REMOVAL, Decided.AUTOMATIC_REMOVAL, Decided.UPLOAD_REFUSED)
    return reasons.at + contest_for if removed and not reasons.under_18 else None


def _restriction(reasons: Reasons, packs: Sequence[LawPack]) -> Iterator[Point]:
    decision = reasons.decision
    if decision.hides_for_now:
        hours = str(min((pack.removal_within for pack in packs), default=48 * _HOUR) // _HOUR)
        yield from (Point("restriction.hold"), Point("restriction.scope"))
        until = "restriction.until_looked_at" if reasons.by_list else "restriction.until_decided"
        yield Point(until, values=(("hours", hours),))
    elif decision.lifts:
        yield Point(f"restriction.{decision.value}")
    elif decision is Decided.UPLOAD_REFUSED:
        yield from (Point("restriction.upload_refused"), Point("restriction.scope"), Point("restriction.unlimited"))
    else:
        yield Point("restriction.upheld" if decision is Decided.UPHELD else "restriction.removal")
        yield from (Point("restriction.scope"), Point("restriction.unlimited"))


def _facts(reasons: Reasons) -> Iterator[Point]:
    yield Point("facts.bank" if reasons.by_bank else "facts.list" if reasons.by_list else "facts.notice")
    if reasons.decision.is_of_upload:
        yield Point("facts.upload_by_bank" if reasons.by_bank else "facts.upload")
        return
    yield Point("facts.linked" if reasons.linked else "facts.found_by_list" if reasons.by_list else "facts.found")
    if not reasons.decision.hides_for_now and reasons.why:
        yield Point("facts.why", values=(("why", reasons.why),))


def _automated(reasons: Reasons) -> Iterator[Point]:
    if reasons.decision.is_of_upload:
        yield Point("automated.upload_by_bank" if reasons.by_bank else "automated.upload")
        if reasons.contest is Contest.ANSWERED:
            yield Point("automated.second")
        return
    by_program = not reasons.linked and reasons.copy_class is not None
    yield Point(f"automated.{reasons.copy_class}" if by_program else "automated.named")
    match reasons.decision:
        case Decided.HOLD | Decided.AUTOMATIC_HOLD:
            yield Point("automated.program_by_list" if reasons.by_list else "automated.program")
        case Decided.UPHELD | Decided.PUT_BACK:
            yield Point("automated.second")
        case Decided.AUTOMATIC_REMOVAL:
            yield Point("automated.follows")
        case _:
            yield Point(f"automated.{reasons.how}")


def _legal(reasons: Reasons, packs: Sequence[LawPack]) -> Iterator[Point]:
    if reasons.decision.lifts:
        yield from _legal_no_more(reasons, packs)
        return
    claimed = "legal.listed" if reasons.by_list else "legal.claimed"
    found = "legal.banked" if reasons.by_bank else "legal.found"
    yield Point(claimed if reasons.decision.hides_for_now else found)
    for pack in packs:
        yield Point(f"legal.{pack.id}", pack.id, pack.ground["removal"])
        is_identical = reasons.linked or reasons.copy_class is CopyClass.IDENTICAL
        # Of an upload it is not said how like it is to what was decided.
        if not pack.covers_substantially_same and not is_identical and not reasons.decision.is_of_upload:
            yield Point("legal.good_faith", pack.id, pack.ground["good_faith"])


def _legal_no_more(reasons: Reasons, packs: Sequence[LawPack]) -> Iterator[Point]:
    if reasons.agreed or (reasons.decision is Decided.UPLOAD_LET and not reasons.elements):
        yield Point("legal.agreed" if reasons.agreed else "legal.no_more")
        yield from (Point(f"legal.{pack.id}", pack.id, pack.ground["removal"]) for pack in packs)
        return
    yield Point("legal.not_met")
    for law, element, section in sections_of(reasons.elements, [pack.id for pack in packs]):
        of_list = (reasons.by_list or reasons.by_bank) and element in _SAID_OF_LISTS
        yield Point(f"elements.{element}_by_list" if of_list else f"elements.{element}", law, section)


def _terms(reasons: Reasons, house: House) -> Iterator[Point]:
    if house.terms and not reasons.decision.lifts:
        yield Point("terms.ground", values=(("terms", house.terms),))
    else:
        yield Point("terms.none")


def _redress(reasons: Reasons, packs: Sequence[LawPack], house: House, url: str) -> Iterator[Point]:
    if reasons.decision.lifts:
        yield Point("redress.nothing")
        return
    yield _contest(reasons, house)
    is_open = reasons.contest is Contest.OPEN and reasons.decision is not Decided.UPHELD
    if url and is_open and not reasons.under_18:
        yield Point("redress.link", values=(("url", url),))
    for pack in packs:
        for name, section in pack.redress.items():
            if house.is_small and name in _ONLY_LARGE:
                if name == _ONLY_LARGE[0]:
                    yield Point("redress.not_bound", pack.id, ", ".join(pack.redress[each] for each in _ONLY_LARGE))
            elif not (reasons.under_18 and name in _NOT_FOR_CHILDREN):
                yield Point(f"redress.{name}", pack.id, section)


def _contest(reasons: Reasons, house: House) -> Point:
    if reasons.under_18:
        return Point("redress.child")
    if reasons.decision is Decided.UPLOAD_REFUSED:
        return _contest_of_upload(reasons, house)
    if reasons.contest is not Contest.OPEN or reasons.decision is Decided.UPHELD:
        return Point("redress.waiting" if reasons.contest is Contest.WAITING else "redress.answered")
    until = contest_until(reasons, house.contest_for)
    return Point("redress.objection") if until is None else Point("redress.contest", until=until)


def _contest_of_upload(reasons: Reasons, house: House) -> Point:
    if reasons.contest is Contest.OPEN:
        unclaimed = reasons.by_list or reasons.by_bank
        text = "redress.contest_upload_unclaimed" if unclaimed else "redress.contest_upload"
        return Point(text, until=contest_until(reasons, house.contest_for))
    return Point("redress.waiting_upload" if reasons.contest is Contest.WAITING else "redress.answered_upload")


def _said(language: str, points: Sequence[Point]) -> list[str]:
    said = [_sentence(language, point) for point in points]
    return list(dict.fromkeys(said))  # going to court is said once, although every law has it


def _sentence(language: str, point: Point) -> str:
    values = dict(point.values)
    if point.until is not None:
        values["until"] = str(format_date(point.until, "long", locale=Locale.parse(language)))
    text = _text(language, point.text).format(section=point.section, **values)
    if point.law is None or not point.text.startswith(("legal.", "elements.")):
        return text
    line = _text(language, "legal.line")
    return line.format(law=law_pack(point.law).name, section=point.section, why=text)


def _as_json(point: Point) -> Json:
    return {
        "says": point.text.partition(".")[2],
        "law": point.law,
        "section": point.section or None,
        "until": None if point.until is None else canonical_moment(point.until),
        **dict(point.values),
    }


def element_text(language: str, element: str) -> str:
    """Return in plain words that an element of a law is not met."""
    return _text(language, f"elements.{element}")


def check_statements(settings: Settings) -> None:
    """Raise `BadSetting` where the settings ask for a language that there are no texts in, or an unknown size."""
    for language in settings.statement_languages:
        if language not in texts():
            advice = f"Known languages: {', '.join(texts())}."
            raise BadSetting(f"statement_languages names a language that is not known: {language!r}.", advice=advice)
    if not settings.statement_languages:
        raise BadSetting("statement_languages names no language, so that no statement could be read.")
    if settings.operator_size not in (SMALL, LARGE):
        raise BadSetting(f"operator_size is {settings.operator_size!r}; it is {SMALL} or {LARGE}.")


@cache
def texts() -> Mapping[str, Any]:
    """Return the texts of statements in every language, by its code."""
    folder = resources.files("takeback.cases") / "statements"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return {file.name.removesuffix(".json"): json.loads(file.read_text("utf-8")) for file in files}


def _text(language: str, name: str) -> str:
    group, _, key = name.partition(".")
    return str(texts()[language][group][key])
