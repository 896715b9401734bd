"""What a file says of how its picture was made, put together from all places of it. Nothing of it is proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from takeback.provenance.embedded import Embedded, read_embedded
from takeback.provenance.generators import generators_in
from takeback.provenance.xmp import NotXmp, Xmp, read_xmp

MAX_PROGRAMS: Final = 5
"""Programs that are named; the first ones."""

_PROMPTS: Final = frozenset(
    ("parameters", "prompt", "invokeai_metadata", "invokeai_graph", "invokeai", "sd-metadata", "Dream")
)
"""Keywords of PNG texts in which the words stand that a generator was given."""


@dataclass(frozen=True, slots=True)
class Declared:
    """
    What a file says; empty where it says nothing.

    `source_type` is what IPTC's property says, mostly an address. `generators` are programs that generate pictures,
    `programs` all others, in EXIF, XMP or a PNG text. `has_prompt`: the words that a generator was given are there.
    `steps` of editing are by `step_programs`; `ancestors` documents were put into it. `is_readable` is False where a
    packet of XMP could not be read.
    """

    source_type: str = ""
    generators: tuple[str, ...] = ()
    has_prompt: bool = False
    ai_system: str = ""
    programs: tuple[str, ...] = ()
    camera: str = ""
    credit: str = ""
    steps: int = 0
    step_programs: tuple[str, ...] = ()
    ancestors: int = 0
    is_readable: bool = True


def read_declared(data: bytes) -> Declared:
    """Return what the file in `data` says of how its picture was made. Raises nothing."""
    embedded = read_embedded(data)
    xmp, is_readable = Xmp(), True
    if embedded.xmp:
        try:
            xmp = read_xmp(embedded.xmp)
        except NotXmp:
            is_readable = False
    generators = generators_in(embedded, xmp)
    return Declared(
        source_type=xmp.values.get("source_type", ""),
        generators=generators[:MAX_PROGRAMS],
        has_prompt="ai_prompt" in xmp.values or (bool(generators) and _has_prompt(embedded)),
        ai_system=xmp.values.get("ai_system", ""),
        programs=_programs(embedded, xmp),
        camera=_camera(embedded),
        credit=xmp.values.get("credit", ""),
        steps=xmp.steps,
        step_programs=tuple(xmp.programs)[:MAX_PROGRAMS],
        ancestors=xmp.ancestors,
        is_readable=is_readable,
    )


def _has_prompt(embedded: Embedded) -> bool:
    return any(keyword in _PROMPTS for keyword, _ in embedded.texts)


def _programs(embedded: Embedded, xmp: Xmp) -> tuple[str, ...]:
    said = [embedded.exif.get("software", ""), xmp.values.get("creator_tool", ""), xmp.values.get("software", "")]
    said += [text for keyword, text in embedded.texts if keyword == "Software"]
    return tuple(dict.fromkeys(each.strip() for each in said if each.strip()))[:MAX_PROGRAMS]


def _camera(embedded: Embedded) -> str:
    """Return maker and model, without the maker's name twice."""
    make, model = (embedded.exif.get(name, "").strip() for name in ("make", "model"))
    return model if make and model.lower().startswith(make.lower()) else f"{make} {model}".strip()
