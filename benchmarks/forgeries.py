"""
How many forged pictures are found by the original that they were made of, and how often an unaltered copy is not.

Of every test photograph a part of 10 to 60 % of the area is replaced, in the middle or anywhere, with soft edges: by
texture of another photograph, a cut-out (Debian's tuxpaint-stamps-default), inpainting, or a flat colour. Each is saved
again as JPEG 75 at 70 % of the size; a third are mirrored, and a third lose up to 5 % of each side. Columns: tiles
alone, and with local features of the original. The thresholds were set on the other half of the photographs
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
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.edits import as_upload
from benchmarks.photographs import all_photographs, halves, missing
from takeback.altered import Kind, compare_tiles
from takeback.fingerprint.tiles import Tiles, tiles_of
from takeback.media import decode_image
from takeback.registration import LocalFeatures, align, local_features

NAME = "forgeries"
LEAST_PHOTOGRAPHS = 100
LONG_SIDE = 960
"""Pixels of the pictures that are forged."""
AREAS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
FILLS = ("texture", "cut-out", "inpainted", "flat")
AFTER = ("saved", "mirrored", "cropped")
UNALTERED = ("saved", "darker", "lighter", "mirrored", "cropped")
OTHERS = 2
"""Originals of something else that each upload is compared with."""
WORKERS = 2
STAMPS = Path("/usr/share/tuxpaint/stamps")
_STAMP_FOLDERS = ("animals", "food/fruit", "hobbies/music")
COLUMNS = ("tiles", "with_features")

type Pixels = NDArray[np.uint8]
type Mask = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture that is compared: what was done to it, and its plane and features."""

    what: str
    area: float
    fill: str
    after: str
    plane: Pixels
    features: LocalFeatures


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of an upload and an original; `other` is an original of something else."""

    column: str
    what: str
    area: float
    fill: str
    after: str
    other: bool
    kind: Kind | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Original:
    """What the owner of a photograph gives."""

    tiles: Tiles
    features: LocalFeatures


def run(most: int | None = None, *, calibration: bool = False) -> dict[str, object]:
    """Forge every photograph, compare each with its original and with some others, and count."""
    photographs = halves(all_photographs())[0 if calibration else 1][:most]
    if most is None and len(photographs) < LEAST_PHOTOGRAPHS:
        return {"skipped": f"there are {len(photographs)} photographs; missing: {', '.join(missing())}"}
    if not _stamps():
        return {"skipped": "tuxpaint-stamps-default is not here"}
    pictures = [each.pixels(LONG_SIDE) for each in photographs]
    originals = [_original(each) for each in pictures]
    answers: list[Answer] = []
    held = pictures, originals, 1 if calibration else 2
    with ProcessPoolExecutor(WORKERS, get_context("fork"), initializer=_hold, initargs=held) as workers:
        for row, found in enumerate(workers.map(_compared_row, range(len(pictures)))):
            answers += found
            print(f"{row + 1} of {len(pictures)}", end="\r", file=sys.stderr, flush=True)
    counts: dict[str, dict[str, list[bool | None]]] = {name: defaultdict(list) for name in COLUMNS}
    wrong: dict[str, list[Kind | None]] = {name: [] for name in COLUMNS}
    seconds: dict[str, list[float]] = defaultdict(list)
    for answer in answers:
        seconds[f"{answer.column}, {'other' if answer.other else answer.what.partition(',')[0]}"].append(answer.seconds)
        if answer.other:
            wrong[answer.column].append(answer.kind)
        else:
            _count(counts[answer.column], answer)
    result: dict[str, object] = {
        "photographs": len(photographs),
        "missing_sources": missing(),
        "columns": {name: _column(counts[name], wrong[name]) for name in COLUMNS},
        "ms": {name: round(1e3 * statistics.median(each), 2) for name, each in seconds.items()},
        "tiles_ms": _tiles_ms(pictures),
    }
    print(json.dumps(result, indent=1))
    return result


_HELD: list[tuple[Sequence[Pixels], Sequence[Original], int]] = []


def _hold(pictures: Sequence[Pixels], originals: Sequence[Original], seed: int) -> None:
    """Keep in a worker what every row needs."""
    _HELD[:] = [(pictures, originals, seed)]


def _compared_row(row: int) -> list[Answer]:
    """Compare all uploads of one picture with its original, and one of them with some others."""
    ((pictures, originals, seed),) = _HELD
    answers = []
    for upload in _uploads(pictures, row, seed=seed):
        against = [row]
        if upload.what == "unaltered" and upload.after == "saved":
            against += [(row + 2 + other) % len(pictures) for other in range(OTHERS)]
        for entry in against:
            answers += _answers(upload, originals[entry], other=entry != row)
    return answers


def _answers(upload: Upload, original: Original, *, other: bool) -> list[Answer]:
    """Compare in both ways; where there is no alignment they are one."""
    begun = time.perf_counter()
    alignment = align(upload.features, original.features)
    aligned = time.perf_counter()
    answers = []
    for column, lead in (("tiles", None), ("with_features", alignment)):
        if column == "tiles" or alignment is not None:
            start = time.perf_counter()
            found = compare_tiles(upload.plane, original.tiles, alignment=lead)
            seconds = time.perf_counter() - start
        took = seconds + (aligned - begun if column == "with_features" else 0)
        kind = None if found is None else found.kind
        answers.append(Answer(column, upload.what, upload.area, upload.fill, upload.after, other, kind, took))
    return answers


def _uploads(pictures: Sequence[Pixels], row: int, *, seed: int) -> Iterator[Upload]:
    rng = np.random.default_rng((seed, row))
    pixels, other = pictures[row], pictures[(row + 1) % len(pictures)]
    for step, area in enumerate(AREAS):
        fill, after = FILLS[(row + step) % len(FILLS)], AFTER[(row // len(FILLS) + step) % len(AFTER)]
        forged = _forged(pixels, other, fill, area, rng)
        yield _upload("forged", area, fill, after, forged, rng)
    for after in UNALTERED:
        yield _upload("unaltered", 0.0, "", after, pixels, rng)


def _count(counts: dict[str, list[bool | None]], answer: Answer) -> None:
    """Note whether the answer is right, None where there is none, under each heading of the upload."""
    asked = Kind.UNALTERED_COPY if answer.what == "unaltered" else Kind.ALTERED_COPY
    headings = [answer.what, f"{answer.what}, {answer.after}"]
    if answer.what == "forged":
        headings += [f"{answer.area:.0%}", answer.fill]
    if answer.area == 0.4:
        headings += [f"40%, {answer.fill}", f"40%, {answer.after}"]
    for heading in headings:
        counts[heading].append(None if answer.kind is None else answer.kind is asked)
    recognised = None if answer.kind is None else answer.kind is not Kind.NOT_FROM_IT
    counts[f"{answer.what}, recognised"].append(recognised)


def _column(counts: dict[str, list[bool | None]], wrong: Sequence[Kind | None]) -> dict[str, object]:
    """
    Return for each heading the share that is right of those that were answered, and of all.

    An original with little detail is answered only where it proves the source, so the first share flatters: the
    recall is that of all.
    """
    column: dict[str, object] = {}
    for heading, every in sorted(counts.items()):
        judged = [each for each in every if each is not None]
        of_judged = round(sum(judged) / max(1, len(judged)), 4)
        column[heading] = {"of_judged": of_judged, "of_all": round(sum(judged) / len(every), 4), "n": len(every)}
    column["different_pairs"] = len(wrong)
    column["false_altered"] = sum(each is Kind.ALTERED_COPY for each in wrong)
    column["false_unaltered"] = sum(each is Kind.UNALTERED_COPY for each in wrong)
    return column


def _tiles_ms(pictures: Sequence[Pixels]) -> float:
    planes = [_plane(each) for each in pictures[:20]]
    begun = time.perf_counter()
    for plane in planes:
        tiles_of(plane)
    return round(1e3 * (time.perf_counter() - begun) / max(1, len(planes)), 2)


# ---- What forgeries are made with -------------------------------------------------------------------------------


def _forged(pixels: Pixels, other: Pixels, fill: str, area: float, rng: np.random.Generator) -> Pixels:
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


def _upload(what: str, area: float, fill: str, after: str, pixels: Pixels, rng: np.random.Generator) -> Upload:
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
    pixels = decode_image(as_upload(np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)), 75)).pixels
    return Upload(what, area, fill, after, _plane(pixels), local_features(pixels))


def _original(pixels: Pixels) -> Original:
    return Original(tiles_of(_plane(pixels)), local_features(pixels))


def _plane(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


if __name__ == "__main__":
    run(int(sys.argv[2]) if len(sys.argv) > 2 else None, calibration=sys.argv[1:2] == ["calibration"])
