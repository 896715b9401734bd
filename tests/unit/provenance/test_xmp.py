"""XMP: the few properties that are read, however they are written, and what is refused."""

from __future__ import annotations

import pytest
from tests.unit.provenance.packets import GENERATED, packet

from takeback.provenance.xmp import MAX_PACKET_BYTES, NotXmp, read_xmp

STEP = '<rdf:li stEvt:action="saved" stEvt:softwareAgent="Editor {number}"/>'


@pytest.mark.parametrize(
    "written",
    [
        packet(attributes=f'Iptc4xmpExt:DigitalSourceType="{GENERATED}"'),
        packet(f"<Iptc4xmpExt:DigitalSourceType>\n {GENERATED} </Iptc4xmpExt:DigitalSourceType>"),
        packet(f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{GENERATED}"/>'),
    ],
)
def test_a_property_is_read_however_it_is_written(written: bytes) -> None:
    assert read_xmp(written).values == {"source_type": GENERATED}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_packet_in_another_encoding(encoding: str) -> None:
    written = packet(attributes='xmp:CreatorTool="Éditeur"').decode().encode(encoding)
    assert read_xmp(written + b"\0\0").values == {"creator_tool": "Éditeur"}


def test_of_a_list_the_first_is_read() -> None:
    written = packet("<dc:description><rdf:Alt><rdf:li>one</rdf:li><rdf:li>two</rdf:li></rdf:Alt></dc:description>")
    assert read_xmp(written).values == {"description": "one"}


def test_steps_of_editing_are_counted_and_their_programs_named() -> None:
    inside = "".join(STEP.format(number=number % 2) for number in range(7))
    nested = (
        '<rdf:li rdf:parseType="Resource"><stEvt:action>edited</stEvt:action>'
        "<stEvt:softwareAgent>Editor 2</stEvt:softwareAgent></rdf:li>"
    )
    found = read_xmp(packet(f"<xmpMM:History><rdf:Seq>{inside}{nested}</rdf:Seq></xmpMM:History>"))
    assert found.steps == 8
    assert list(found.programs) == ["Editor 0", "Editor 1", "Editor 2"]
    assert not found.values


def test_documents_that_were_put_into_it_are_counted() -> None:
    inside = "<rdf:li>uuid:1</rdf:li><rdf:li>uuid:2</rdf:li>"
    bag = f"<photoshop:DocumentAncestors><rdf:Bag>{inside}</rdf:Bag></photoshop:DocumentAncestors>"
    assert read_xmp(packet(bag)).ancestors == 2


@pytest.mark.parametrize(
    "before",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">',
    ],
)
def test_no_document_type_is_taken(before: str) -> None:
    with pytest.raises(NotXmp, match="document type"):
        read_xmp(packet(attributes='xmp:CreatorTool="x"', before=before))


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"not xml",
        packet("&unknown;"),
        packet()[:-30],
        packet("<a>" * 200 + "</a>" * 200),
        packet("<a/>" * 60_000),
        packet("x" * MAX_PACKET_BYTES),
        b"\xff\xfe<\0x",
        b"\xff" * 50,
    ],
    ids=range(9),
)
def test_what_is_no_packet_or_too_much_of_one_is_refused(written: bytes) -> None:
    with pytest.raises(NotXmp):
        read_xmp(written)


def test_the_encoding_that_a_packet_names_is_not_used() -> None:
    plain = packet(attributes='xmp:CreatorTool="x"')
    written = b'<?xml version="1.0" encoding="unicode_escape"?>' + plain[plain.index(b"<x:xmpmeta") :]
    assert read_xmp(written).values == {"creator_tool": "x"}


def test_a_long_text_and_many_programs_are_cut() -> None:
    steps = "".join(STEP.format(number=number) for number in range(500))
    written = packet(f"<xmpMM:History><rdf:Seq>{steps}</rdf:Seq></xmpMM:History>", f'xmp:CreatorTool="{"x" * 9000}"')
    found = read_xmp(written)
    assert found.steps == 500
    assert len(found.programs) == 50
    assert len(found.values["creator_tool"]) == 400
