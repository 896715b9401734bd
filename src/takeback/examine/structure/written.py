"""What a JPEG file's tables and markers show of the program or the device that wrote it last."""

from __future__ import annotations

from collections.abc import Iterator

from takeback.examine.libjpeg import Table
from takeback.examine.sentences import Sentence
from takeback.examine.structure.jpeg import COMMENT, Jpeg
from takeback.examine.structure.tables import are_standard, libjpeg_quality, mozjpeg_quality


def written_by(data: bytes, jpeg: Jpeg, camera: str) -> Iterator[Sentence]:
    """Say what wrote the file, as far as its tables tell; `camera` is the device that the file names, or nothing."""
    tables = component_tables(jpeg)
    quality = libjpeg_quality(tables)
    mozjpeg = mozjpeg_quality(tables)
    if quality is not None:
        yield _said("libjpeg", quality=quality)
        if camera and jpeg.named("JFIF") is not None:
            yield _said("saved_again", camera=camera)
    elif mozjpeg is not None:
        yield _said("mozjpeg", quality=mozjpeg)
    elif jpeg.named("Adobe") is not None and (jpeg.named("Ducky") or jpeg.named("Photoshop 3.0")):
        yield _said("photoshop")
    elif tables:
        yield _said("own_tables")
    if jpeg.frame is not None and jpeg.frame.is_progressive:
        yield _said("progressive", count=jpeg.scans)
    elif jpeg.huffman and not are_standard(jpeg.huffman):
        yield _said("own_huffman")
    for comment in comments(data, jpeg)[:3]:
        yield _said("comment", text=comment)


def component_tables(jpeg: Jpeg) -> list[Table]:
    """Return the quantisation tables that the components use, luminance first, each once."""
    components = () if jpeg.frame is None else jpeg.frame.components
    numbers = dict.fromkeys(number for _, _, _, number in components)
    return [jpeg.tables[number] for number in numbers if number in jpeg.tables]


def comments(data: bytes, jpeg: Jpeg) -> list[str]:
    """Return the comments of the file that are not empty."""
    held = [data[each.body : min(each.end, each.body + 400)] for each in jpeg.segments if each.marker == COMMENT]
    return [text for each in held if (text := each.decode("utf-8", "replace").strip("\0 \r\n\t"))]


def _said(name: str, **values: str | int) -> Sentence:
    return Sentence(f"file_structure.{name}", **values)
