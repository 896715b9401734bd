"""The readers of JPEG, PNG, WebP, HEIC and AVIF files, and tables that programs share."""

from __future__ import annotations

import time

import pillow_heif
import pytest
from tests.unit.examine.structure.files import OWN_TABLE, exif, jpeg, saved, scene, segment, small, with_exif

from takeback.errors import UnreadableMedia
from takeback.examine.structure.chunks import MAX_CHUNKS, read_boxes, read_png, read_webp
from takeback.examine.structure.exif import read_exif
from takeback.examine.structure.jpeg import MAX_SEGMENTS, MAX_TABLES, read_jpeg
from takeback.examine.structure.tables import MOZJPEG, are_standard, libjpeg_quality, mozjpeg_quality
from takeback.examine.structure.tiff import MAX_ENTRIES, first_directory
from takeback.examine.structure.written import component_tables

pillow_heif.register_heif_opener()
PIXELS = scene(0, 96, 64)


def test_a_jpeg_is_read_in_its_order() -> None:
    data = jpeg(PIXELS, subsampling="4:2:0", restart_marker_rows=1, comment=b"hello")
    read = read_jpeg(data)
    assert [each.marker for each in read.segments][:4] == [0xE0, 0xFE, 0xDB, 0xDB]
    assert read.named("JFIF") is not None
    assert read.frame is not None
    assert (read.frame.width, read.frame.height, read.frame.kind) == (96, 64, 0xC0)
    assert [each[1:3] for each in read.frame.components] == [(2, 2), (1, 1), (1, 1)]
    assert read.restart_interval == 6
    assert (read.scans, read.end, read.is_complete) == (1, len(data), True)


@pytest.mark.parametrize("quality", [1, 20, 49, 50, 51, 75, 83, 95, 99, 100])
def test_libjpeg_is_known_at_every_quality(quality: int) -> None:
    read = read_jpeg(jpeg(PIXELS, quality=quality))
    assert libjpeg_quality(component_tables(read)) == quality
    assert mozjpeg_quality(component_tables(read)) == (100 if quality == 100 else None)
    assert are_standard(read.huffman)


def test_a_grey_picture_has_one_table() -> None:
    assert libjpeg_quality(component_tables(read_jpeg(jpeg(PIXELS[..., 0], quality=60)))) == 60


def test_other_tables_are_nobodys() -> None:
    read = read_jpeg(jpeg(PIXELS, qtables=[OWN_TABLE, OWN_TABLE], optimize=True))
    assert component_tables(read) == [tuple(OWN_TABLE), tuple(OWN_TABLE)]
    assert libjpeg_quality(component_tables(read)) is None
    assert mozjpeg_quality(component_tables(read)) is None
    assert not are_standard(read.huffman)
    assert libjpeg_quality([]) is None
    assert mozjpeg_quality([MOZJPEG, MOZJPEG]) == 50


def test_a_jpeg_of_many_parts_is_read_up_to_a_bound() -> None:
    tables = segment(0xDB, (b"\0" + bytes(64)) * 1000)
    began = time.perf_counter()
    read = read_jpeg(b"\xff\xd8" + tables * 300)
    assert not read.is_complete
    assert len(read_jpeg(b"\xff\xd8" + b"\xff\xfe\0\2" * 9000).segments) == MAX_SEGMENTS
    assert len(read_jpeg(b"\xff\xd8" + segment(0xC4, bytes(17) * 900)).huffman) == MAX_TABLES
    assert len(read_jpeg(b"\xff\xd8\xff\xda\0\2" + b"\xff\0" * (10 << 20)).segments) == 1
    assert len(read_jpeg(b"\xff\xd8" + b"\xff" * (1 << 20)).segments) == 0
    assert time.perf_counter() - began < 3


def test_a_thumbnail_and_the_tags_are_found() -> None:
    thumbnail = jpeg(small(PIXELS))
    read = read_exif(with_exif(jpeg(PIXELS), thumbnail, size=(640, 480), taken="2024:05:01 12:00:00"))
    assert read.thumbnail == thumbnail
    assert read.size == (640, 480)
    assert read.taken == "2024:05:01 12:00:00"
    assert read.directories["exif"] == (0x9003, 0xA002, 0xA003)
    assert read.directories["thumbnail"] == (0x0201, 0x0202)
    assert read_exif(jpeg(PIXELS)).directories == {}


def test_exif_is_found_in_other_formats() -> None:
    block = exif(size=(9, 7))
    for kind in ("PNG", "WEBP", "HEIF", "AVIF"):
        assert read_exif(saved(PIXELS, kind, exif=block)).size == (9, 7), kind


def test_a_directory_that_claims_much_is_read_up_to_a_bound() -> None:
    entry = b"\x10\x01\x02\0\xff\xff\xff\x7f\x08\0\0\0"
    read = first_directory(b"II*\0\x08\0\0\0\xff\xff" + entry * 70_000)
    assert len(read.tags) == MAX_ENTRIES
    assert not read.values


def test_png_is_read_in_its_order() -> None:
    data = saved(PIXELS, "PNG", dpi=(72, 72), compress_level=9)
    read = read_png(data + b"more")
    assert read.names == ("IHDR", "pHYs", "IDAT", "IEND")
    assert (read.end, read.is_complete, read.zlib) == (len(data), True, 3)
    assert not read_png(data[:-6]).is_complete
    many = data[:8] + b"\0\0\0\0tESt\0\0\0\0" * (MAX_CHUNKS + 9)
    assert read_png(many).names == ("tESt",)


def test_webp_and_boxes_are_read_in_their_order() -> None:
    lossy = saved(PIXELS, "WEBP")
    assert read_webp(lossy).names == ("VP8 ",)
    assert (read_webp(lossy).end, read_webp(lossy).is_complete) == (len(lossy), True)
    assert not read_webp(lossy[:-30]).is_complete
    heic = read_boxes(saved(PIXELS, "HEIF"))
    assert heic.names[:2] == ("ftyp", "meta")
    assert heic.brands[0] == "heic"
    assert "hvc1" in heic.items
    avif = read_boxes(saved(PIXELS, "AVIF"))
    assert avif.brands[0] == "avif"
    assert "av01" in avif.items


def test_other_files_are_refused() -> None:
    for read in (read_jpeg, read_png, read_webp, read_boxes):
        with pytest.raises(UnreadableMedia):
            read(b"GIF89a" + bytes(40))
        with pytest.raises(UnreadableMedia):
            read(b"")
