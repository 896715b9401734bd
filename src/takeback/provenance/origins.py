"""Digital source types: how a picture came to be, in the words of IPTC's and C2PA's vocabularies."""

from __future__ import annotations

import re
from typing import Final

SOURCE_TYPES: Final = frozenset(
    (
        "algorithmicMedia",
        "algorithmicallyEnhanced",
        "composite",
        "compositeCapture",
        "compositeSynthetic",
        "compositeWithTrainedAlgorithmicMedia",
        "computationalCapture",
        "dataDrivenMedia",
        "digitalArt",
        "digitalCapture",
        "digitalCreation",
        "empty",
        "humanEdits",
        "minorHumanEdits",
        "negativeFilm",
        "positiveFilm",
        "print",
        "screenCapture",
        "softwareImage",
        "trainedAlgorithmicData",
        "trainedAlgorithmicMedia",
        "virtualRecording",
    )
)
"""Names in http://cv.iptc.org/newscodes/digitalsourcetype/ and, of two, in http://c2pa.org/digitalsourcetype/."""

GENERATED: Final = frozenset(
    (
        "algorithmicMedia",
        "compositeSynthetic",
        "compositeWithTrainedAlgorithmicMedia",
        "trainedAlgorithmicData",
        "trainedAlgorithmicMedia",
    )
)
"""Those that say that a program made the picture, or a part of it."""

_LAST_PART = re.compile(r"[A-Za-z]+\Z")
_BY_LOWER_CASE = {name.lower(): name for name in SOURCE_TYPES}


def source_type(named: str) -> str | None:
    """Return which of `SOURCE_TYPES` an address, or a name alone, says; None for another one."""
    found = _LAST_PART.search(named.strip().rstrip("/"))
    return _BY_LOWER_CASE.get(found.group().lower()) if found else None
