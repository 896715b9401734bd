"""
How programs that generate pictures sign what they make: by the keywords of texts, and by their names.

What the texts hold, the prompt above all, is looked at and not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from takeback.provenance.embedded import Embedded
from takeback.provenance.xmp import Xmp

_STABLE_DIFFUSION: Final = "a program of the Stable Diffusion family"

_KEYWORDS: Final = {
    "invokeai_metadata": "InvokeAI",
    "invokeai_graph": "InvokeAI",
    "invokeai_workflow": "InvokeAI",
    "invokeai": "InvokeAI",
    "sd-metadata": "InvokeAI",
    "Dream": "InvokeAI",
    "fooocus_scheme": "Fooocus",
    "use_stable_diffusion_model": "Easy Diffusion",
    "generation_data": "TensorArt",
}
"""Keywords of PNG texts that one program alone writes."""

_GRAPHS: Final = {"prompt": '"class_type"', "workflow": '"nodes"'}
"""Keywords of ComfyUI's, and what each of its texts holds: the words are common."""

_SETTINGS: Final = re.compile(r"\bSteps: \d+, (?:Sampler|Schedule|CFG scale|Size)\b")
"""The line of settings of Stable Diffusion web UI, which many others write too."""
_MIDJOURNEY: Final = re.compile(r"\bJob ID: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_SEARCHED: Final = 200_000
"""Characters of a text in which a line of settings is looked for: the prompt stands before it."""

_MAX_NAME: Final = 400

_NAMES: Final = {
    "Adobe Firefly": r"adobe[ _]firefly",
    "ComfyUI": r"comfyui",
    "DALL·E": r"dall[·. -]?e\b",
    "Draw Things": r"draw things",
    "Fooocus": r"fooocus",
    "Google AI": r"made with google ai",
    "Ideogram": r"ideogram(?:\.ai)?",
    "InvokeAI": r"invokeai",
    "Leonardo.Ai": r"leonardo\.ai",
    "Midjourney": r"midjourney",
    "NovelAI": r"novelai",
    "Stable Diffusion": r"stable diffusion",
    "SwarmUI": r"swarmui",
}
_NAMED: Final = {name: re.compile(rf"\b{pattern}", re.IGNORECASE) for name, pattern in _NAMES.items()}


def generators_in(embedded: Embedded, xmp: Xmp) -> tuple[str, ...]:
    """Return the programs that generate pictures, and of which a file says that one made it; each once."""
    found = (*_by_texts(embedded), *_by_lines(embedded, xmp), *_by_names(embedded, xmp))
    # A family is no news where the program itself is named.
    named = dict.fromkeys(found)
    if len(named) > 1:
        named.pop(_STABLE_DIFFUSION, None)
    return tuple(named)


def _by_texts(embedded: Embedded) -> Iterator[str]:
    for keyword, said in embedded.texts:
        if keyword in _KEYWORDS:
            yield _KEYWORDS[keyword]
        elif keyword in _GRAPHS and _GRAPHS[keyword] in said:
            yield "ComfyUI"
        elif keyword == "parameters":
            yield from _by_line(said[:_SEARCHED])


def _by_lines(embedded: Embedded, xmp: Xmp) -> Iterator[str]:
    lines = [where.get(name, "") for where in (embedded.exif, xmp.values) for name in ("description", "comment")]
    lines += [said[:_SEARCHED] for keyword, said in embedded.texts if keyword in ("Description", "Comment")]
    for line in lines:
        yield from _by_line(line)


def _by_line(line: str) -> Iterator[str]:
    if _MIDJOURNEY.search(line):
        yield "Midjourney"
    elif '"sui_image_params"' in line:
        yield "SwarmUI"
    elif _SETTINGS.search(line):
        yield _STABLE_DIFFUSION


def _by_names(embedded: Embedded, xmp: Xmp) -> Iterator[str]:
    said = [embedded.exif.get(name, "") for name in ("software", "make", "model", "artist")]
    said += [xmp.values.get(name, "") for name in ("creator_tool", "software", "credit", "ai_system")]
    said += [text[:_MAX_NAME] for keyword, text in embedded.texts if keyword in ("Software", "Source", "Author")]
    said += list(xmp.programs)
    for each in said:
        yield from (name for name, pattern in _NAMED.items() if pattern.search(each))
