"""
How a device builds its files, learnt from files that are known to be its own (Kee, Johnson and Farid, "Digital Image
Authentication from JPEG Headers", 2011).

A person's own pictures teach an instance her own phone; no database of others is needed.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from takeback.errors import BadSetting, InputError
from takeback.examine.sentences import Sentence
from takeback.examine.structure.exif import read_exif
from takeback.examine.structure.jpeg import Jpeg, read_jpeg
from takeback.examine.structure.tables import are_standard
from takeback.provenance.declared import read_declared

VERSION: Final = 1
MAX_CAMERAS: Final = 10_000
_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class Signatures:
    """How many files of each camera have each signature; the camera is named as its files name it."""

    cameras: dict[str, Counter[str]] = field(default_factory=dict)

    def as_json(self) -> str:
        """Return what `from_json` reads."""
        return json.dumps({"version": VERSION, "cameras": {name: dict(each) for name, each in self.cameras.items()}})

    @classmethod
    def from_json(cls, written: str) -> Signatures:
        """Read what `as_json` wrote; raises `BadSetting` for anything else."""
        try:
            told = json.loads(written)
            if told["version"] != VERSION or len(told["cameras"]) > MAX_CAMERAS:
                raise ValueError("of another version, or too many")
            return cls({str(name): _counts(each) for name, each in told["cameras"].items()})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BadSetting(
                "The signatures of cameras cannot be read.", advice="Learn them anew from files of the camera."
            ) from None

    def unseen(self, camera: str) -> float:
        """
        Return the share of a camera's further files that would have none of its known signatures.

        Good's estimate (1953): the share of its files whose signature was met once; at least one in all files and one.
        """
        known = self.cameras.get(camera, Counter())
        once = sum(count == 1 for count in known.values())
        return max(once, 1) / (known.total() + 1)


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
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_DIGITS]


def learn(files: Iterable[bytes]) -> Signatures:
    """Return the signatures of JPEG files that are known to be as their cameras wrote them; others are left out."""
    learnt = Signatures()
    for data in files:
        camera, signature = read_declared(data).camera, signature_of(data)
        if camera and signature is not None:
            learnt.cameras.setdefault(camera, Counter())[signature] += 1
    return learnt


def built_as(data: bytes, known: Signatures) -> tuple[Sentence, ...]:
    """Say whether a file is built as those of the camera that it names, and as those of which other one."""
    signature = signature_of(data)
    if signature is None:
        return ()
    camera = read_declared(data).camera
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


def _counts(told: dict[str, int]) -> Counter[str]:
    if not all(type(count) is int and count > 0 for count in told.values()):
        raise ValueError("not a count")
    return Counter({str(signature): count for signature, count in told.items()})


def _said(name: str, **values: str | int) -> Sentence:
    return Sentence(f"file_structure.{name}", **values)
