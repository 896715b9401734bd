"""
How a device builds its files, learnt from files that are known to be its own (Kee, Johnson and Farid, "Digital Image
Authentication from JPEG Headers", 2011).

A person's own pictures teach an instance her own phone; no database of others is needed.
"""

from __future__ import annotations

import hashlib
import json
from itertools import groupby

from takeback.errors import InputError
from takeback.examine.sentences import Sentence, told_text
from takeback.examine.structure.exif import read_exif
from takeback.examine.structure.jpeg import Jpeg, read_jpeg
from takeback.examine.structure.signatures import SIGNATURE_DIGITS, Signatures
from takeback.examine.structure.tables import are_standard
from takeback.provenance.declared import read_declared


def signature_of(data: bytes) -> str | None:
    """
    Return the signature of a JPEG file, 32 hexadecimal digits; None for another file.

    Of the order of markers and how they call themselves, the tables, the sampling, EXIF's tags in their order, and the
    thumbnail's size and tables; not of the picture, its size, the time or the place.
    """
    try:
        jpeg = read_jpeg(data)
    except InputError:
        return None
    exif = read_exif(data)
    try:
        thumbnail = _built(read_jpeg(exif.thumbnail), with_size=True)
    except InputError:
        thumbnail = []
    parts = [_built(jpeg, with_size=False), sorted(exif.directories.items()), thumbnail]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:SIGNATURE_DIGITS]


def camera_of(data: bytes) -> str:
    """Return the camera that a file names, so long and so printable as it is told; empty where it names none."""
    return told_text(read_declared(data).camera)


def built_by(data: bytes) -> tuple[str, str] | None:
    """Return the camera that a JPEG file names, and its signature; None for a file that names none, or another one."""
    camera, signature = camera_of(data), signature_of(data)
    return (camera, signature) if camera and signature is not None else None


def built_as(data: bytes, known: Signatures) -> tuple[Sentence, ...]:
    """Say whether a file is built as those of the camera that it names, and as those of which other one."""
    signature = signature_of(data)
    if signature is None:
        return ()
    camera = camera_of(data)
    others = [name for name, each in known.cameras.items() if signature in each and name != camera]
    also = tuple(_said("built_as_other", camera=name) for name in sorted(others)[:3])
    if not camera:
        return also
    own = known.cameras.get(camera)
    if own is None:
        return (_said("none_known", camera=camera), *also)
    count, alike = own.total(), own[signature]
    if alike:
        return (_said("built_alike", camera=camera, alike=alike, count=count), *also)
    return (_said("built_unlike", camera=camera, count=count, share=f"{known.unseen(camera):.0%}"), *also)


def _built(jpeg: Jpeg, *, with_size: bool) -> list[object]:
    frame = jpeg.frame
    # How many segments a profile or a preview fills is a matter of its length.
    markers = [each for each, _ in groupby((each.marker, each.name) for each in jpeg.segments)]
    size = [] if frame is None or not with_size else [frame.width, frame.height]
    kind = [] if frame is None else [frame.kind, frame.components]
    # Those that are not the standard's may be made for each picture: they say no more than that.
    return [markers, sorted(jpeg.tables.items()), are_standard(jpeg.huffman), kind, size, jpeg.restart_interval]


def _said(name: str, **values: str | int) -> Sentence:
    return Sentence(f"file_structure.{name}", **values)
