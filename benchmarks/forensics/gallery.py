"""
Draw docs/examined.jpg: what was done to a photograph, and what an examination and a comparison say of it.

`python -m benchmarks.forensics.gallery`. The photographs, a cup of coffee and a cat, come with scikit-image and are
CC0. Nothing is chosen: each row is the first try, whatever came out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
from numpy.typing import NDArray

from benchmarks.forensics.cloned import cloned
from benchmarks.forensics.mosaics import developed
from benchmarks.forensics.noised import noised
from benchmarks.forensics.resaved import decoded, saved, scaled
from benchmarks.photographs import all_photographs
from takeback.examine import compare_images, examine_image

PICTURE: Final = Path(__file__).resolve().parents[2] / "docs" / "examined.jpg"
HEADS: Final = ("the file", "what was done to it", "what is found")
WIDTH, GAP, TEXT, HEAD = 340, 10, 70, 22
TINT: Final = np.array([220, 30, 40], np.float32)
PART: Final = (slice(150, 278), slice(330, 458))
"""Of the photograph: what is replaced, off the blocks of 8 × 8 pixels that it is laid into."""

_FONT: Final = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

type Pixels = NDArray[np.uint8]
type Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Row:
    """A file's pixels, what was changed in it, what was found, and the words for each."""

    done: str
    pixels: Pixels
    truth: Mask
    found: Mask
    said: str


def rows() -> Iterator[Row]:
    """Yield what is drawn, from the top down."""
    held = {each.family: each for each in all_photographs()}
    coffee, cat = held["skimage/coffee"].pixels(), held["skimage/chelsea"].pixels()
    changed, truth = _laid(coffee, cat)
    copy = saved(scaled(changed[20:380, 30:570], 0.7), 75)
    yield _compared(
        "a part replaced; then cropped, made smaller (0.7), saved as JPEG 75", saved(coffee, 92), copy, truth
    )
    pixels, truth = _laid(decoded(saved(coffee, 85)), decoded(saved(cat, 92))[3:, 5:])
    png = _png(pixels)
    yield _examined("a part of another JPEG laid into a JPEG, kept as PNG", png, pixels, truth)
    again = saved(pixels, 80)
    yield _examined("the same file, saved as JPEG 80 once more", again, decoded(again), truth)
    pixels, truth = _laid(decoded(saved(scaled(coffee, 0.99), 70)), scaled(cat, 0.9))
    twice = saved(pixels, 92)
    yield _examined("a part replaced in a JPEG 70, then saved as JPEG 92", twice, decoded(twice), truth)
    copied = cloned(coffee, "shifted", np.random.default_rng(4))
    assert copied is not None
    file = saved(copied.pixels, 90)
    yield _examined("a part copied within the picture, then saved as JPEG 90", file, decoded(file), copied.truth)
    filled = noised(coffee, cat, "filled in", np.random.default_rng(4))
    png = _png(filled.pixels)
    yield _examined("a part filled in from around it, kept as PNG", png, filled.pixels, filled.truth)
    rng = np.random.default_rng(4)
    pixels, truth = _laid(developed(coffee, "malvar", 0, 1.5, rng), developed(cat, "malvar", 1, 1.5, rng))
    yield _examined(
        "developed as by a camera; a part of another picture of it, a column aside", _png(pixels), pixels, truth
    )
    pixels, truth = _laid(coffee, scaled(cat, 1.4))
    yield _examined("a part of another picture, enlarged to 140 %, kept as PNG", _png(pixels), pixels, truth)


def _laid(below: Pixels, above: Pixels) -> tuple[Pixels, Mask]:
    pixels, truth = below.copy(), np.zeros(below.shape[:2], np.bool_)
    height, width = (part.stop - part.start for part in PART)
    pixels[PART] = above[90 : 90 + height, 120 : 120 + width]
    truth[PART] = True
    return pixels, truth


def _compared(done: str, original: bytes, suspect: bytes, truth: Mask) -> Row:
    found = compare_images(original, suspect)
    pixels = decoded(suspect)
    shown = truth[20:380, 30:570].astype(np.uint8)
    shown = cv2.resize(shown, pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    mask = np.zeros(pixels.shape[:2], np.bool_) if found.mask is None else found.mask
    said = f"Compared with the original: {found.changes[0].reason} {_rarity(found.nfa)}" if found.changes else "Kept."
    return Row(done, pixels, shown > 0, mask, said)


def _examined(done: str, file: bytes, pixels: Pixels, truth: Mask) -> Row:
    found = examine_image(file)
    mask = np.zeros(pixels.shape[:2], np.bool_)
    for finding in found.findings:
        if finding.mask is not None:
            mask |= finding.mask
    said = [f"{finding.text} {_rarity(finding.nfa)}" for finding in found.findings]
    if not said:
        blind = [str(outcome.why_not) for outcome in found.outcomes if outcome.test == "jpeg_grid" and outcome.why_not]
        said = ["Nothing found. " + " ".join(blind)]
    return Row(done, pixels, truth, mask, " ".join(said))


def _rarity(nfa: float | None) -> str:
    if nfa is None:
        return ""
    return "NFA below 1e-6." if nfa < 1e-6 else f"NFA {nfa:.1g}."  # what a model says beyond that nobody has measured


def _png(pixels: Pixels) -> bytes:
    return bytes(cv2.imencode(".png", pixels[..., ::-1])[1])


def drawn(rows: Sequence[Row]) -> PIL.Image.Image:
    """Return the sheet: the file, what was changed in it, what was found."""
    heights = [round(WIDTH * row.pixels.shape[0] / row.pixels.shape[1]) for row in rows]
    sheet = PIL.Image.new("RGB", (3 * WIDTH + 4 * GAP, HEAD + sum(heights) + len(rows) * (TEXT + GAP) + GAP), "white")
    pen, font = PIL.ImageDraw.Draw(sheet), PIL.ImageFont.truetype(_FONT, 14)
    for at, head in enumerate(HEADS):
        pen.text((GAP + at * (WIDTH + GAP), GAP // 2), head, fill="black", font=font)
    top = GAP + HEAD
    for row, height in zip(rows, heights, strict=True):
        for at, mask in enumerate((None, row.truth, row.found)):
            picture = PIL.Image.fromarray(_tinted(row.pixels, mask)).resize((WIDTH, height))
            sheet.paste(picture, (GAP + at * (WIDTH + GAP), top))
        _write(sheet, row, top + height + 3)
        top += height + TEXT + GAP
    return sheet


def _tinted(pixels: Pixels, mask: Mask | None) -> Pixels:
    if mask is None:
        return pixels
    grey = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2)
    return np.where(mask[..., np.newaxis], 0.45 * grey + 0.55 * TINT, 0.6 * grey + 90).clip(0, 255).astype(np.uint8)


def _write(sheet: PIL.Image.Image, row: Row, top: int) -> None:
    pen, font = PIL.ImageDraw.Draw(sheet), PIL.ImageFont.truetype(_FONT, 13)
    columns = ((GAP, 2 * WIDTH + GAP, f"Done: {row.done}."), (GAP, 3 * WIDTH + 2 * GAP, row.said))
    for line, (left, width, text) in enumerate(columns):
        for further, part in enumerate(textwrap.wrap(text, width // 7)[:3]):
            pen.text((left, top + 16 * (line + further)), part, fill=(60, 60, 60) if line == 0 else "black", font=font)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    drawn(list(rows())).save(PICTURE, quality=85, optimize=True)
