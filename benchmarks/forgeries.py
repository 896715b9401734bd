"""
How many forged pictures are found by the ordinary picture that they were made of, and how often an unaltered copy, or
another picture, is called one.

Of every test photograph a part of 10 to 60 % of the area is replaced, in the middle or anywhere, with soft edges: by
texture of another photograph, a cut-out (Debian's tuxpaint-stamps-default), inpainting, or a flat colour. Each is saved
again as JPEG 75 at 70 % of the size; a third are mirrored, and a third lose up to 5 % of each side. Every upload is
compared as `POST /api/v1/check` does it with all originals at once: by what their owners give at the level of
descriptors, and of local features. The thresholds were set on the other half of the photographs
(`python -m benchmarks.forgeries calibration`). `python -m benchmarks.forgeries test N` takes N photographs only.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.copy_pairs import describer
from benchmarks.edits import as_upload
from benchmarks.photographs import all_photographs, halves, missing
from takeback.altered import Kind, compare_tiles
from takeback.cases.notice import Level, ReportedPicture
from takeback.cli.against import Against, known_picture
from takeback.fingerprint import Looked
from takeback.fingerprint.take import look_at
from takeback.match import class_of
from takeback.media import MediaLimits, decode_image
from takeback.registration import align
from takeback.workflow.closer import described, features_of
from takeback.workflow.originals import altered_copies, suspects_of
from takeback.workflow.picture import original_of
from takeback.workflow.query import Query, query_of_fingerprints

NAME = "forgeries"
LEAST_PHOTOGRAPHS = 100
LONG_SIDE = 960
"""Pixels of the pictures that are forged."""
ORIGINAL_QUALITY = 92
AREAS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
FILLS = ("texture", "cut-out", "inpainted", "flat")
AFTER = ("saved", "mirrored", "cropped")
UNALTERED = ("saved", "darker", "lighter", "mirrored", "cropped")
LEVELS = (Level.DESCRIPTOR, Level.FEATURES)
WORKERS = 2
BOOTSTRAPS = 2_000
STAMPS = Path("/usr/share/tuxpaint/stamps")
_STAMP_FOLDERS = ("animals", "food/fruit", "hobbies/music")

type Pixels = NDArray[np.uint8]
type Mask = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is checked: what was done to it."""

    what: str
    area: float
    fill: str
    after: str
    data: bytes
    pasted: int | None = None
    """Which other original the replaced part is of: it is an altered copy of that too."""

    @property
    def headings(self) -> list[str]:
        """Under what it is counted."""
        found = [self.what, f"{self.what}, {self.after}"]
        if self.what == "forged":
            found += [f"{self.area:.0%}", self.fill]
        if self.area == 0.4:
            found += [f"40%, {self.fill}", f"40%, {self.after}"]
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What was said of an upload at one level.

    `named` are the numbers of the originals of which it was called an altered copy; `kind` is what it was found to be
    to its own, compared with it alone.
    """

    level: Level
    number: int
    headings: list[str]
    is_forged: bool
    named: list[int]
    pasted: int | None
    is_watched: bool
    """Whether its own original was taken: one with too little detail is not, and its owner is told so."""
    kind: Kind | None
    compared: int
    seconds: float

    @property
    def is_right(self) -> bool:
        """A forged one is named; an unaltered one was told apart."""
        return self.number in self.named if self.is_forged else self.kind is Kind.UNALTERED_COPY

    @property
    def is_wrong(self) -> bool:
        """An original that has no part in it is named."""
        return any(each not in (self.number, self.pasted) for each in self.named)


def run(most: int | None = None, *, calibration: bool = False) -> dict[str, object]:
    """Forge every photograph, check each upload against all originals, and count."""
    photographs = halves(all_photographs())[0 if calibration else 1][:most]
    if most is None and len(photographs) < LEAST_PHOTOGRAPHS:
        return {"skipped": f"there are {len(photographs)} photographs; missing: {', '.join(missing())}"}
    if not _stamps():
        return {"skipped": "tuxpaint-stamps-default is not here"}
    pictures = [each.pixels(LONG_SIDE) for each in photographs]
    answers: list[Answer] = []
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as workers:
        originals = list(workers.map(original, pictures))
    held = pictures, originals, 1 if calibration else 2
    with ProcessPoolExecutor(WORKERS, get_context("spawn"), initializer=_hold, initargs=held) as workers:
        for row, found in enumerate(workers.map(_checked, range(len(pictures)))):
            answers += found
            print(f"{row + 1} of {len(pictures)}", end="\r", file=sys.stderr, flush=True)
    result: dict[str, object] = {
        "photographs": len(photographs),
        "originals": sum(each is not None for each in originals),
        "missing_sources": missing(),
        "columns": {level.value: _column([each for each in answers if each.level is level]) for level in LEVELS},
    }
    print(json.dumps(result, indent=1))
    return result


def original(pixels: Pixels) -> ReportedPicture | None:
    """Return what the owner of a photograph gives; None of one with too little detail."""
    return original_of(look_at(as_upload(pixels, ORIGINAL_QUALITY), MediaLimits()), Level.FEATURES, describer())


class Held:
    """What every worker needs: the pictures, and all originals at each level."""

    def __init__(self, pictures: Sequence[Pixels], originals: Sequence[ReportedPicture | None], seed: int) -> None:
        self.pictures, self.originals, self.seed = pictures, originals, seed
        self.against = {level: _against(originals, level) for level in LEVELS}


_held: list[Held] = []


def _hold(pictures: Sequence[Pixels], originals: Sequence[ReportedPicture | None], seed: int) -> None:
    _held[:] = [Held(pictures, originals, seed)]


def _against(originals: Sequence[ReportedPicture | None], level: Level) -> Against:
    against = Against()
    for number, given in enumerate(originals):
        if given is not None:
            given = given if level is Level.FEATURES else replace(given, local=None)
            against.put([known_picture(str(number), [given])])
    return against


def _checked(row: int) -> list[Answer]:
    (held,) = _held
    return [
        answer_to(held, row, upload, level) for upload in _uploads(held.pictures, row, held.seed) for level in LEVELS
    ]


def answer_to(held: Held, row: int, upload: Upload, level: Level) -> Answer:
    """Check an upload of the picture `row` against all originals at `level`, as `POST /api/v1/check` does."""
    looked = look_at(upload.data, MediaLimits())
    query = query_of_fingerprints(looked.prints)
    if looked.miniatures is not None:
        query = replace(query, descriptors=described(looked, describer()))
        if level is Level.FEATURES:
            query = replace(query, local=features_of(looked))
    against = held.against[level]
    begun = time.perf_counter()
    suspects = suspects_of(query, indexes=against.indexes, bank=against.bank, at=datetime.now(UTC))
    named = [int(match.entry.public_id) for match in altered_copies(suspects, query, looked)]
    seconds = time.perf_counter() - begun
    is_likely = any(
        each.entry.public_id == str(row) and class_of(each.evidence, each.entry.thresholds) for each in suspects
    )
    kind = None if upload.what == "forged" else _kind(query, looked, held.originals[row], is_likely=is_likely)
    is_watched = held.originals[row] is not None
    return Answer(
        level, row, upload.headings, upload.what == "forged", named, upload.pasted, is_watched, kind, len(suspects),
        seconds,
    )  # fmt: skip


def _kind(query: Query, looked: Looked, original: ReportedPicture | None, *, is_likely: bool) -> Kind | None:
    """Say what an upload is to its own original alone."""
    if original is None or original.tiles is None or looked.miniatures is None:
        return None
    lead = None if query.local is None or original.local is None else align(query.local, original.local)
    size = looked.miniatures.width, looked.miniatures.height
    found = compare_tiles(looked.miniatures.plane, original.tiles, alignment=lead, size=size, is_likely=is_likely)
    return None if found is None else found.kind


def _uploads(pictures: Sequence[Pixels], row: int, seed: int) -> Iterator[Upload]:
    rng = np.random.default_rng((seed, row))
    pixels, other = pictures[row], pictures[(row + 1) % len(pictures)]
    for step, area in enumerate(AREAS):
        fill, after = FILLS[(row + step) % len(FILLS)], AFTER[(row // len(FILLS) + step) % len(AFTER)]
        data = as_upload_after(after, forged(pixels, other, fill, area, rng), rng)
        yield Upload("forged", area, fill, after, data, (row + 1) % len(pictures) if fill == "texture" else None)
    for after in UNALTERED:
        yield Upload("unaltered", 0.0, "", after, as_upload_after(after, pixels, rng))


def _column(answers: Sequence[Answer]) -> dict[str, object]:
    """
    Return for each heading the share that is right, with an interval by bootstrap over photographs.

    Right is a forged picture for which its original is named, and an unaltered one that was recognised as that; of the
    photographs that are taken as originals, and of all.
    """
    unaltered = [answer for answer in answers if not answer.is_forged]
    return {
        "right": _shares([answer for answer in answers if answer.is_watched]),
        "right_of_all": _shares(answers),
        "unaltered_called_altered": sum(answer.number in answer.named for answer in unaltered),
        "unaltered": len(unaltered),
        "wrong_original_named": sum(answer.is_wrong for answer in answers),
        "uploads": len(answers),
        "different_pairs_compared": sum(answer.compared for answer in answers),
        "comparing_ms": round(1e3 * statistics.median(answer.seconds for answer in answers), 1),
        "comparing_ms_longest": round(1e3 * max(answer.seconds for answer in answers), 1),
    }


def _shares(answers: Sequence[Answer]) -> dict[str, object]:
    by_heading: dict[str, dict[int, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        for heading in answer.headings:
            by_heading[heading][answer.number].append(answer.is_right)
    return {heading: _share(list(of.values())) for heading, of in sorted(by_heading.items())}


def _share(of_photographs: Sequence[Sequence[bool]]) -> dict[str, object]:
    right, every = (np.array([f(each) for each in of_photographs], np.float64) for f in (sum, len))
    drawn = np.random.default_rng(8).integers(0, len(right), (BOOTSTRAPS, len(right)))
    shares = right[drawn].sum(axis=1) / every[drawn].sum(axis=1)
    low, high = np.quantile(shares, (0.025, 0.975))
    return {
        "share": round(float(right.sum() / every.sum()), 4),
        "interval_95": [round(float(low), 4), round(float(high), 4)],
        "n": int(every.sum()),
    }


# ---- What forgeries are made with -------------------------------------------------------------------------------


def forged(pixels: Pixels, other: Pixels, fill: str, area: float, rng: np.random.Generator) -> Pixels:
    """Replace a part of `area` (0..1) by a `fill`; a texture is of `other`."""
    height, width = pixels.shape[:2]
    if fill == "cut-out":
        colour, mask = _cut_out(width, height, area, rng)
    else:
        mask = _shape(width, height, area, rng)
        colour = _filling(pixels, other, fill, mask, rng)
    alpha = cv2.GaussianBlur(mask, (0, 0), 0.004 * max(width, height))[..., np.newaxis]
    return np.clip(np.rint(pixels * (1 - alpha) + colour * alpha), 0, 255).astype(np.uint8)


def _shape(width: int, height: int, area: float, rng: np.random.Generator) -> Mask:
    """An ellipse, or a head on shoulders that reach the lower edge; in the middle or, up to half the area, anywhere."""
    low, high = 0.0, 2.0
    upright, moved = rng.random() < 0.5, area <= 0.5 and rng.random() < 0.5
    at = rng.uniform(-0.25, 0.25, 2) if moved else np.zeros(2)
    y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]
    x, y = x - at[0], y - at[1]
    for _ in range(20):  # the size that covers the area, by halving
        size = (low + high) / 2
        if upright:
            head = (x / (0.3 * size)) ** 2 + ((y + 0.25 * size) / (0.3 * size)) ** 2 < 1
            inside = head | ((np.abs(x) < 0.45 * size) & (y > 0) & (y < 0.75 * size))
        else:
            inside = (x / size) ** 2 + (y / size) ** 2 < 0.5
        low, high = (size, high) if inside.mean() < area else (low, size)
    return np.asarray(inside, np.float64)


def _filling(pixels: Pixels, other: Pixels, fill: str, mask: Mask, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    if fill == "texture":
        return np.asarray(cv2.resize(other, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    if fill == "flat":
        return np.full_like(pixels, rng.integers(0, 256, 3, dtype=np.uint8))
    small = cv2.resize(pixels, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    hole = cv2.resize(mask, (width // 4, height // 4)) > 0
    filled = cv2.inpaint(small, cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)), 3, cv2.INPAINT_TELEA)
    return np.asarray(cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _stamps() -> list[Path]:
    """Return the cut-outs: animals, fruit, instruments; never people."""
    return [path for folder in _STAMP_FOLDERS for path in sorted((STAMPS / folder).rglob("*.png"))]


def _cut_out(width: int, height: int, area: float, rng: np.random.Generator) -> tuple[Pixels, Mask]:
    """Return a cut-out's colours and what it covers, as large as it must be for the area, stretched to the shape."""
    stamps = _stamps()
    while True:
        read = cv2.imread(str(stamps[rng.integers(len(stamps))]), cv2.IMREAD_UNCHANGED)
        if (
            read is not None
            and read.ndim == 3
            and read.shape[2] == 4
            and 0.3 < (share := read[..., 3].mean() / 255) < 1
        ):
            break
    by = (area / share) ** 0.5
    sheet = cv2.resize(read, (max(1, round(by * width)), max(1, round(by * height))), interpolation=cv2.INTER_LINEAR)
    canvas = np.zeros((height, width, 4), np.uint8)
    sheet = sheet[max(0, (sheet.shape[0] - height) // 2) :, max(0, (sheet.shape[1] - width) // 2) :][:height, :width]
    top, left = (height - sheet.shape[0]) // 2, (width - sheet.shape[1]) // 2
    canvas[top : top + sheet.shape[0], left : left + sheet.shape[1]] = sheet
    return np.ascontiguousarray(canvas[..., 2::-1]), canvas[..., 3] / 255


def as_upload_after(after: str, pixels: Pixels, rng: np.random.Generator) -> bytes:
    """Return the file that is uploaded: edited, saved, made smaller, saved again."""
    if after == "mirrored":
        pixels = np.ascontiguousarray(pixels[:, ::-1])
    elif after == "cropped":
        off = rng.uniform(0, 0.05, 4) * np.tile(pixels.shape[:2], 2)
        top, left, bottom, right = (round(each) for each in off)
        pixels = np.ascontiguousarray(pixels[top : pixels.shape[0] - bottom, left : pixels.shape[1] - right])
    elif after in ("darker", "lighter"):
        power = 1.5 if after == "darker" else 0.67
        pixels = np.rint(255 * (pixels / 255.0) ** power).astype(np.uint8)
    height, width = pixels.shape[:2]
    size = round(0.7 * width), round(0.7 * height)
    pixels = decode_image(as_upload(pixels, 75)).pixels
    return as_upload(np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)), 75)


if __name__ == "__main__":
    run(int(sys.argv[2]) if len(sys.argv) > 2 else None, calibration=sys.argv[1:2] == ["calibration"])
