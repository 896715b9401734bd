"""
The test of a file's structure: what its parts show of each other, of the picture, and of what wrote it.

Findings are decided, not counted, so only what no camera's file that was looked at comes near to is one: a thumbnail
that shows something else, in all or in a part. All else is a fact: of previews and gain maps too few files of phones
were looked at to say more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.errors import InputError
from takeback.examine.outcome import Finding, Outcome, Test
from takeback.examine.sentences import Sentence
from takeback.examine.structure.agreement import Agreement, Relation, compare_small
from takeback.examine.structure.chunks import Chunks, read_boxes, read_png, read_webp
from takeback.examine.structure.exif import Exif, read_exif
from takeback.examine.structure.gain_map import Fit, fit_of
from takeback.examine.structure.jpeg import Jpeg, read_jpeg
from takeback.examine.structure.pictures import Held, Role, held_pictures
from takeback.examine.structure.signature import built_as
from takeback.examine.structure.trailer import read_trailer
from takeback.examine.structure.written import written_by
from takeback.examine.subject import Subject
from takeback.media import MediaLimits, decode_luminance
from takeback.provenance.declared import read_declared

MAX_SMALL_PIXELS: Final = 10_000_000
"""Of a picture in the file that is decoded; previews have two million, gain maps three."""

MAX_COMPARED: Final = 2
"""Small pictures, and gain maps: a phone's file has a thumbnail, a preview and a gain map."""

_READERS: Final[dict[str, Callable[[bytes], Chunks]]] = {
    "png": read_png,
    "webp": read_webp,
    "heic": read_boxes,
    "avif": read_boxes,
}
_MOMENT: Final = re.compile(r"[12]\d{3}:\d\d:\d\d \d\d:\d\d:\d\d")


def file_structure(subject: Subject) -> Outcome:
    """Say what the file's structure shows."""
    exif = read_exif(subject.data)
    jpeg = _jpeg(subject)
    held = () if jpeg is None else held_pictures(subject.data, jpeg)
    findings: list[Finding] = []
    facts = [*_of_format(subject, jpeg, held), *_of_exif(exif, subject)]
    if subject.beside.cameras.cameras:
        facts += built_as(subject.data, subject.beside.cameras)
    compared = 0
    for name, said in _small_pictures(subject, exif, held):
        compared += said.relation is not Relation.UNCLEAR
        _sort(name, said, findings, facts)
    for each in [each for each in held if each.role is Role.GAIN_MAP][:MAX_COMPARED]:
        fit = _fit(each, subject)
        compared += fit is not Fit.UNCLEAR
        facts.append(_said(f"gain_map_{fit}"))
    others = sum(each.role is Role.OTHER for each in held)
    if others:
        facts.append(_said("other_pictures", count=others))
    why_not = None if compared else _said("nothing_inside")
    return Outcome(Test.FILE_STRUCTURE, tuple(findings), tuple(facts), why_not, counted=float(compared))


def _jpeg(subject: Subject) -> Jpeg | None:
    try:
        return read_jpeg(subject.data) if subject.format == "jpeg" else None
    except InputError:
        return None


def _of_format(subject: Subject, jpeg: Jpeg | None, held: tuple[Held, ...]) -> Iterator[Sentence]:
    if jpeg is not None:
        yield from written_by(subject.data, jpeg, read_declared(subject.data).camera)
        if jpeg.is_complete:
            yield from _after(subject.data, max((jpeg.end, *(each.end for each in held))))
        else:
            yield _said("no_end")
    elif subject.format in _READERS:
        try:
            chunks = _READERS[subject.format](subject.data)
        except InputError:
            return
        yield from _of_chunks(subject, chunks)


def _of_chunks(subject: Subject, chunks: Chunks) -> Iterator[Sentence]:
    yield _said("chunks", names=" ".join(chunks.names))
    if chunks.zlib is not None:
        yield _said("zlib", level=chunks.zlib)
    if chunks.brands:
        yield _said("brands", names=" ".join(chunks.brands))
    if chunks.items:
        yield _said("items", names=" ".join(dict.fromkeys(chunks.items)), count=len(chunks.items))
    if chunks.is_complete:
        yield from _after(subject.data, chunks.end)
    else:
        yield _said("no_end")


def _after(data: bytes, end: int) -> Iterator[Sentence]:
    trailer = read_trailer(data, end)
    if trailer is not None:
        yield _said(f"after_{trailer.kind}", count=trailer.size)


def _of_exif(exif: Exif, subject: Subject) -> Iterator[Sentence]:
    height, width = subject.luminance.shape
    if all(exif.size) and exif.size not in ((width, height), (height, width)):
        yield _said("other_size", width=exif.size[0], height=exif.size[1])
    dates = (exif.taken, exif.modified)
    # As written, they sort as they follow each other.
    if all(_MOMENT.fullmatch(each) for each in dates) and exif.modified < exif.taken:
        yield _said("modified_before", modified=exif.modified, taken=exif.taken)


def _small_pictures(subject: Subject, exif: Exif, held: tuple[Held, ...]) -> Iterator[tuple[str, Agreement]]:
    """Yield the name of each small picture's sentences, and how it stands to the picture."""
    small = [("thumbnail", exif.thumbnail)] if exif.thumbnail else []
    small += [("preview", each.data) for each in held if each.role is Role.PREVIEW]
    for name, data in small[:MAX_COMPARED]:
        plane = _plane(data)
        yield name, Agreement(Relation.UNCLEAR) if plane is None else compare_small(plane, subject.luminance)


def _sort(name: str, said: Agreement, findings: list[Finding], facts: list[Sentence]) -> None:
    text = _said(f"{name}_{said.relation}")
    if name == "thumbnail" and said.relation in (Relation.OTHER, Relation.CHANGED):
        boxes = () if said.box is None else (said.box,)
        findings.append(Finding(Test.FILE_STRUCTURE, text, None, boxes))
    else:
        facts.append(text)


def _fit(held: Held, subject: Subject) -> Fit:
    plane = _plane(held.data)
    return Fit.UNCLEAR if plane is None else fit_of(plane, subject.luminance)


def _plane(data: bytes) -> NDArray[np.uint8] | None:
    """Return the luminance of a JPEG picture in the file; None where it cannot be decoded."""
    try:
        decoded = decode_luminance(data, limits=MediaLimits(max_pixels=MAX_SMALL_PIXELS))
    except InputError:
        return None
    return None if decoded is None else decoded.plane


def _said(name: str, **values: str | int) -> Sentence:
    return Sentence(f"file_structure.{name}", **values)
