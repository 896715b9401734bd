"""
The few properties of an XMP packet (ISO 16684-1) that say how a picture was made.

The packet is a stranger's XML: no document type, and so no entity, is taken; nothing outside of it is read; it may be
neither long, deep nor of many parts; and the encoding that it names is not used.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

MAX_PACKET_BYTES: Final = 2 << 20
MAX_ELEMENTS: Final = 50_000
MAX_DEPTH: Final = 60
_MAX_TEXT: Final = 400
_MAX_PROGRAMS: Final = 50

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
_DESCRIPTION: Final = f"{_RDF}Description"
_RESOURCE: Final = f"{_RDF}resource"
_EVENT: Final = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent# "
_HISTORY: Final = "http://ns.adobe.com/xap/1.0/mm/ History"
_ANCESTORS: Final = "http://ns.adobe.com/photoshop/1.0/ DocumentAncestors"

_WANTED: Final = {
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/ DigitalSourceType": "source_type",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/ DigitalSourcefileType": "source_type",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/ AISystemUsed": "ai_system",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/ AIPromptInformation": "ai_prompt",
    "http://ns.adobe.com/xap/1.0/ CreatorTool": "creator_tool",
    "http://ns.adobe.com/photoshop/1.0/ Credit": "credit",
    "http://ns.adobe.com/tiff/1.0/ Software": "software",
    "http://ns.adobe.com/exif/1.0/ UserComment": "comment",
    "http://purl.org/dc/elements/1.1/ description": "description",
}


@dataclass(slots=True)
class Xmp:
    """
    What a packet says: `values` by the names of `_WANTED`, each the first one and its beginning.

    `steps` is how many steps of `xmpMM:History` change or save the picture, `programs` what did them, the first first.
    `ancestors` is how many documents were put into it (`photoshop:DocumentAncestors`).
    """

    values: dict[str, str] = field(default_factory=dict)
    steps: int = 0
    programs: Counter[str] = field(default_factory=Counter)
    ancestors: int = 0


class NotXmp(ValueError):
    """A packet that is not read: no XML, or too much of it."""


def read_xmp(packet: bytes) -> Xmp:
    """Return what a packet says; raises `NotXmp`."""
    if len(packet) > MAX_PACKET_BYTES:
        raise NotXmp("too long")
    parser = expat.ParserCreate("UTF-8", " ")
    reader = _Reader()
    parser.buffer_text = True
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.read
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    try:
        parser.Parse(_utf_8(packet), True)
    except (expat.ExpatError, UnicodeError) as problem:
        raise NotXmp("not XML") from problem
    return reader.found


class _Reader:
    """Follows the elements of a packet."""

    def __init__(self) -> None:
        self.found = Xmp()
        self._open: list[str] = []
        self._elements = 0
        self._text: list[str] = []
        self._length = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """Take the properties that are written as attributes."""
        self._elements += 1
        if self._elements > MAX_ELEMENTS or len(self._open) >= MAX_DEPTH:
            raise NotXmp("too many parts")
        for key, value in attributes.items():
            # An address can stand as the property's resource.
            self._take(*(_DESCRIPTION, name) if key == _RESOURCE else (name, key), value)
        if name == f"{_RDF}li" and _ANCESTORS in self._open:
            self.found.ancestors += 1
        self._open.append(name)
        self._text, self._length = [], 0

    def read(self, said: str) -> None:
        """Keep the beginning of a text."""
        if self._length < _MAX_TEXT:
            self._text.append(said[:_MAX_TEXT])
            self._length += len(said)

    def end(self, name: str) -> None:
        """Take a property that is written as an element, alone or as the first of a list."""
        said = "".join(self._text).strip()
        self._text, self._length = [], 0
        self._open.pop()
        if not said:
            return
        owner = next((each for each in reversed([*self._open, name]) if not each.startswith(_RDF)), name)
        self._take(_DESCRIPTION, owner, said)

    def _take(self, element: str, key: str, value: str) -> None:
        if key in _WANTED and element == _DESCRIPTION and _HISTORY not in self._open:
            self.found.values.setdefault(_WANTED[key], value[:_MAX_TEXT])
        elif key == f"{_EVENT}action" and _HISTORY in self._open:
            self.found.steps += 1
        elif key == f"{_EVENT}softwareAgent" and _HISTORY in self._open:
            program = value[:_MAX_TEXT]
            if program in self.found.programs or len(self.found.programs) < _MAX_PROGRAMS:
                self.found.programs[program] += 1


def _utf_8(packet: bytes) -> bytes:
    """Return a packet in UTF-8, without the zeros that some programs fill it up with."""
    if packet.startswith((b"\xff\xfe", b"\xfe\xff")):
        packet = packet.decode("utf-16").encode()
    return packet.strip(b"\0").strip()


def _refuse(*_: object) -> int:
    raise NotXmp("a document type")
