"""
Draw docs/copies.jpg: each edit of the copy benchmark, on one photograph, with the share of copies that each way finds.

`python -m benchmarks.copy_grid`. The photographs, a cup of coffee and a cat, come with scikit-image and are CC0.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import skimage.data

from benchmarks.edits import all_edits
from benchmarks.pages import Row, result_of

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "copies.jpg"
COLUMNS = {
    "hma": "HMA",
    "notice_first_fingerprint": "fingerprint",
    "notice_first_descriptor": "+ descriptor",
    "notice_first_features": "+ features",
}
ACROSS, SIDE, TEXT = 8, 180, 92
FOUND, MISSED = (20, 120, 60), (190, 40, 40)


def drawn_grid(columns: Row) -> PIL.Image.Image:
    """Return the grid; `columns` are those of the result."""
    edits = all_edits()
    rows = -(-len(edits) // ACROSS)
    sheet = PIL.Image.new("RGB", (ACROSS * (SIDE + 10), rows * (SIDE + TEXT)), "white")
    pixels, other = skimage.data.coffee(), skimage.data.chelsea()
    for number, edit in enumerate(edits):
        rng = np.random.default_rng(zlib.crc32(edit.name.encode()))
        picture = PIL.Image.fromarray(edit.apply(pixels, rng, other))
        picture.thumbnail((SIDE, SIDE))
        left, top = number % ACROSS * (SIDE + 10) + 5, number // ACROSS * (SIDE + TEXT) + 5
        sheet.paste(picture, (left, top))
        _write(sheet, columns, edit.name, left, top + SIDE + 2)
    return sheet


def _write(sheet: PIL.Image.Image, columns: Row, name: str, left: int, top: int) -> None:
    draw = PIL.ImageDraw.Draw(sheet)
    draw.text((left, top), name, fill="black", font=PIL.ImageFont.load_default(15))
    font = PIL.ImageFont.load_default(12)
    for line, (column, title) in enumerate(COLUMNS.items()):
        share = columns[column]["by_edit"][name]
        ink = FOUND if share >= 0.5 else MISSED
        draw.text((left, top + 20 + 15 * line), f"{title}  {share:.0%}", fill=ink, font=font)


if __name__ == "__main__":
    result = result_of("copies")
    assert result is not None, "run `python -m benchmarks copies` first"
    drawn_grid(result["result"]["columns"]).save(PICTURE, quality=82, optimize=True)
