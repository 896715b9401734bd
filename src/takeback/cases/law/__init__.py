"""
What each law asks of a notice, as data: one TOML file per law beside this module.

A file names the law, the hours it gives from receipt, whether copies that are not identical fall under it, the
fields of a valid notice, what the public is told that the site has to do, which elements can fail, and what whoever
posted the picture can do, each with the section that asks for it, and how long is kept what. A new law is a new file;
`FIELDS` in `takeback.cases.notice` lists what a field may be called.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType

from takeback.config import Settings
from takeback.errors import BadSetting, InputError


@dataclass(frozen=True, slots=True)
class Keeps:
    """How long is kept what, under one law or several."""

    notice: timedelta
    """Her words and who she is, after the case and the time for contesting it ended."""
    upload_record: timedelta
    """Who posted what, from the removal."""
    compliance_record: timedelta
    """That there was a notice, from its receipt."""


@dataclass(frozen=True, slots=True)
class LawPack:
    """One law: its name, its clock, and each field with the section that asks for it."""

    id: str
    name: str
    citation: str
    removal_within: timedelta
    """From the receipt of a valid notice; the strictest reading where the law says only "timely"."""
    covers_substantially_same: bool
    fields: Mapping[str, str]
    """Field name → section."""
    process: Mapping[str, str]
    """What the public is told that the law asks of the site: name of a text of the pages (`how.says`) → section."""
    elements: Mapping[str, str]
    """What has to be so that the law covers a picture: name of a text of statements (`elements`) → section."""
    ground: Mapping[str, str]
    """What a removal, and what is done in good faith beyond it, rests on → section."""
    redress: Mapping[str, str]
    """What whoever posted the picture can do: name of a text of statements (`redress`) → section, empty for none."""
    keeps: Keeps


def _parse(text: str) -> LawPack:
    raw = tomllib.loads(text)
    return LawPack(
        id=raw["id"],
        name=raw["name"],
        citation=raw["citation"],
        removal_within=timedelta(hours=raw["removal_within_hours"]),
        covers_substantially_same=raw["covers_substantially_same"],
        fields=MappingProxyType(dict(raw["fields"])),
        process=MappingProxyType(dict(raw["process"])),
        elements=MappingProxyType(dict(raw["elements"])),
        ground=MappingProxyType(dict(raw["ground"])),
        redress=MappingProxyType(dict(raw["redress"])),
        keeps=Keeps(**{name.removesuffix("_days"): timedelta(days=days) for name, days in raw["keeps"].items()}),
    )


@cache
def law_packs() -> Mapping[str, LawPack]:
    """Return every law that this Takeback knows, by id."""
    files = sorted(resources.files(__name__).iterdir(), key=lambda file: file.name)
    packs = [_parse(file.read_text("utf-8")) for file in files if file.name.endswith(".toml")]
    return MappingProxyType({pack.id: pack for pack in packs})


def law_pack(law_id: str) -> LawPack:
    """Return one law; `InputError` names the known ones where there is none of that id."""
    pack = law_packs().get(law_id)
    if pack is None:
        known = ", ".join(law_packs())
        raise InputError("This notice names a law that is not known here.", advice=f"Known laws: {known}.")
    return pack


def check_laws(settings: Settings) -> None:
    """Raise `BadSetting`, naming the known laws, where the setting `laws` is empty or holds an unknown one."""
    advice = f"Known laws: {', '.join(law_packs())}."
    if not settings.laws:
        raise BadSetting("The setting laws names no law, so that no notice could be tried.", advice=advice)
    for law in settings.laws:
        if law not in law_packs():
            raise BadSetting(f"The setting laws names a law that is not known here: {law!r}.", advice=advice)
