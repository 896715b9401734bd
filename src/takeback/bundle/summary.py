"""
The first page of a bundle, as PDF: what happened, when, and how to check it, for someone who has never heard of it.

It is in English. What people wrote in letters that its font lacks, or that run from right to left, is not set badly but
named: it stands in the files.
"""

from __future__ import annotations

import base64
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources

import numpy as np
import PIL.Image
from fpdf import FPDF
from numpy.typing import NDArray

FONT = "DejaVuSans.ttf"
"""Free to pass on and to embed; its licence lies beside it."""

MAX_TEXT = 500
"""Characters of one value, as long as a reason may be."""
MAX_LINES = 12
"""Of one part, so that everything stays on one page."""

_ELSEWHERE = "(written in letters that this page cannot set: see the files)"
_MARGIN, _LINE, _LABEL = 18, 4.7, 44
_KEPT_FREE = 80
"""Millimetres at the foot for the last part, which says how to check it, below a row of the longest text."""
_MAP_HEIGHT = 70
_TITLE_SIZE, _HEADING_SIZE, _SIZE = 15, 10.5, 9
_INK, _GREY = 20, 95


@dataclass(frozen=True, slots=True)
class Part:
    """A heading, and below it rows of a label and a text."""

    heading: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """
    Where something is in a picture of `width` × `height`: boxes of left, top, width and height.

    `seen` uint8 [h, w, 3] is the picture made small; None where it is left out, and only its outline is drawn.
    """

    width: int
    height: int
    boxes: Sequence[tuple[int, int, int, int]]
    seen: NDArray[np.uint8] | None = field(default=None, repr=False)

    def as_svg(self) -> str:
        """Return it for an HTML page, the picture within it."""
        boxes = "".join(
            f'<rect x="{left}" y="{top}" width="{width}" height="{height}"/>' for left, top, width, height in self.boxes
        )
        size, line = f'width="{self.width}" height="{self.height}"', max(self.width, self.height) / 300
        picture = ""
        if self.seen is not None:
            encoded = base64.b64encode(_png(self.seen)).decode()
            picture = f'<image {size} preserveAspectRatio="none" href="data:image/png;base64,{encoded}"/>'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" {size} role="img" '
            f'aria-label="{_MAP_SAYS.format(count=len(self.boxes))}">{picture}'
            f'<g fill="none" stroke="#d6002a" stroke-width="{line:.1f}">{boxes}</g></svg>'
        )


_MAP_SAYS = "The outline of the picture, with {count} marked places"


@dataclass(frozen=True, slots=True)
class Summary:
    """What stands on the page."""

    title: str
    intro: str
    parts: Sequence[Part]
    at: datetime
    map: Map | None = None


def drawn_summary(summary: Summary) -> bytes:
    """Return the page as PDF; the same summary gives the same bytes."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(summary.at)
    pdf.set_title(summary.title)
    pdf.set_lang("en")
    pdf.set_margin(_MARGIN)
    pdf.set_auto_page_break(False)
    with resources.as_file(resources.files(__package__) / "fonts" / FONT) as font:
        pdf.add_font("DejaVu", fname=font)
    pdf.add_page()
    _write(pdf, summary.title, _TITLE_SIZE, 1.6)
    _write(pdf, summary.intro, _SIZE)
    if summary.map is not None:
        _draw_map(pdf, summary.map)
    *parts, last = summary.parts
    for part in parts:
        _draw(pdf, part, pdf.h - _KEPT_FREE)
    _draw(pdf, last, pdf.h - _MARGIN)
    return bytes(pdf.output())


def _draw_map(pdf: FPDF, drawn: Map) -> None:
    """Draw the outline of a picture, the picture where it is shown, and a box for each place."""
    by = min((pdf.w - 2 * _MARGIN) / drawn.width, _MAP_HEIGHT / drawn.height)
    left, top = _MARGIN, pdf.get_y() + 2
    width, height = drawn.width * by, drawn.height * by
    if drawn.seen is not None:
        pdf.image(PIL.Image.fromarray(drawn.seen), left, top, width, height)
    pdf.set_draw_color(120)
    pdf.rect(left, top, width, height)
    pdf.set_draw_color(214, 0, 42)
    for x, y, across, down in drawn.boxes:
        pdf.rect(left + x * by, top + y * by, max(0.3, across * by), max(0.3, down * by))
    pdf.set_y(top + height + 1)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _draw(pdf: FPDF, part: Part, bottom: float) -> None:
    """Draw a part, of its rows as many as begin above `bottom`."""
    pdf.ln(2.2)
    _write(pdf, part.heading, _HEADING_SIZE, 1.25)
    pdf.set_draw_color(190)
    pdf.line(_MARGIN, pdf.get_y(), pdf.w - _MARGIN, pdf.get_y())
    pdf.ln(1)
    drawn = 0
    for label, text in part.rows[:MAX_LINES]:
        if pdf.get_y() > bottom:
            break
        drawn += 1
        top = pdf.get_y()
        pdf.set_text_color(_GREY)
        _cell(pdf, label, _LABEL - 2)
        end = pdf.get_y()
        pdf.set_xy(_MARGIN + _LABEL, top)
        pdf.set_text_color(_INK)
        _cell(pdf, settable(pdf, text), pdf.w - 2 * _MARGIN - _LABEL)
        pdf.set_xy(_MARGIN, max(end, pdf.get_y()))
    if len(part.rows) > drawn:
        _write(pdf, f"and {len(part.rows) - drawn} more, in the files", _SIZE)


def settable(pdf: FPDF, text: str) -> str:
    """Return `text`, shortened, or that it stands elsewhere where the font cannot set it."""
    glyphs = pdf.fonts["dejavu"].cmap  # type: ignore[union-attr]
    plain = " ".join(text.split())
    if any(ord(unit) not in glyphs or unicodedata.bidirectional(unit) in ("R", "AL", "AN") for unit in plain):
        return _ELSEWHERE
    return plain if len(plain) <= MAX_TEXT else f"{plain[:MAX_TEXT]}…"


def _write(pdf: FPDF, text: str, size: float, lines: float = 1.0) -> None:
    pdf.set_font("DejaVu", size=size)
    pdf.set_text_color(_INK)
    pdf.multi_cell(0, _LINE * lines, settable(pdf, text), align="L", new_x="LMARGIN", new_y="NEXT")


def _cell(pdf: FPDF, text: str, width: float) -> None:
    pdf.set_font("DejaVu", size=_SIZE)
    pdf.multi_cell(width, _LINE, text, align="L", new_x="LMARGIN", new_y="NEXT")
