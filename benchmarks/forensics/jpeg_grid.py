"""
How many splices the JPEG grid gives away, how often it is wrong, and whether it says where it is blind.

Everything is measured on the half of the photographs by which nothing was set; `calibration` after the module's name
looks at the other, and a number after either takes that many photographs only. A splice is a part of one photograph,
saved at another quality, laid into a JPEG's pixels off its blocks: kept in a PNG, and saved once more. That is done
to small pictures of every kind; and, as ZERO itself was measured when the bar was set, to squares cut from what
cameras wrote. Beside it error level analysis with a threshold (`benchmarks.forensics.plain_ela`) on the same files.
Clean versions are what people and platforms do to a photograph without changing what it shows.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import PIL.Image
import PIL.ImageEnhance
import PIL.ImageFilter
from numpy.typing import NDArray

from benchmarks.forensics.counted import share
from benchmarks.forensics.plain_ela import THRESHOLDS, levels, outstanding
from benchmarks.photographs import Photograph, all_photographs, halves, missing, reduced
from takeback.examine.blind.jpeg_grid import jpeg_grid
from takeback.examine.blind.jpeg_grid.reference import grid_votes as plain_votes
from takeback.examine.blind.jpeg_grid.votes import votes_of
from takeback.examine.outcome import Finding, Outcome
from takeback.examine.subject import read_subject
from takeback.media import MediaLimits

NAME = "jpeg_grid"
LEAST_PHOTOGRAPHS = 100
LONG_SIDE = 720
"""Pixels, at most; and never more than three quarters of the photograph, so that its own blocks are gone."""
HOSTS = (70, 80, 88, 93, 96)
"""Qualities of the pictures that a part is laid into, in turn."""
PARTS = (75, 90, 83)
"""Qualities of the pictures that parts are from, in turn."""
SIDES = (64, 96, 128)
"""Pixels of a part, in turn."""
SAVED = (95, 90, 80)
LEAST_DETAIL = 3.0
"""Levels, standard deviation: a part below it is one colour, which shows no blocks wherever it lies."""
CAMERAS = "camera/"
CUT_SIDE = 448
CUTS_EACH = 2
CUT_QUALITIES = (75, 90)
"""Of what is cut from cameras' files, and of the parts that are laid into it."""
CUT_DETAIL = 15.0
"""Levels, standard deviation, of a square that is cut, where the photograph has one."""
PHOTOGRAPHIC = ("camera/", "scenes/")
"""Sources of photographs alone."""
QUALITIES = (50, 60, 70, 75, 80, 85, 90, 92, 95, 97, 98)
TIMED_SIDE = 448
"""Pixels of the square that the plain votes are timed on: they take 500 bytes a pixel."""

type Pixels = NDArray[np.uint8]
type Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Splice:
    """A host with a part of another picture: `pixels` uint8 [height, width, 3], and the part's box."""

    pixels: Pixels
    box: tuple[int, int, int, int]
    host_quality: int
    has_detail: bool
    is_photographic: bool
    """Whether both are photographs: the other sources have drawings too."""


def run(most: int | None = None) -> dict[str, object]:
    """Examine splices, clean versions and PNG files that were JPEG files of the test photographs, and count."""
    photographs = halves(all_photographs())[1][:most]
    if most is None and len(photographs) < LEAST_PHOTOGRAPHS:
        return {"skipped": f"there are {len(photographs)} photographs; missing: {', '.join(missing())}"}
    return measured(photographs)


def measured(photographs: Sequence[Photograph]) -> dict[str, object]:
    """Return all figures of these photographs."""
    result: dict[str, object] = {
        "photographs": len(photographs),
        "missing_sources": missing(),
        "seconds_per_megapixel": seconds(photographs),
        "splices": splices(photographs),
        "splices_of_cameras": splices_of_cameras(photographs),
        "qualities": qualities(photographs),
        "clean": clean(photographs),
    }
    print(json.dumps(result, indent=1))
    return result


def splices(photographs: Sequence[Photograph], each: int = 2) -> Row:
    """Return how many are found, and how often the test says that it is blind."""
    found: dict[str, list[tuple[Splice, Outcome]]] = defaultdict(list)
    for number, splice in enumerate(_splices(photographs, each)):
        found["png"].append((splice, examined(saved(splice.pixels, "PNG"))))
        for quality in SAVED if number % each == 0 else ():
            found[f"jpeg_{quality}"].append((splice, examined(saved(splice.pixels, "JPEG", quality))))
    rows: Row = {name: _row(outcomes) for name, outcomes in found.items()}
    rows["png_with_detail"] = _row([(splice, outcome) for splice, outcome in found["png"] if splice.has_detail])
    of_photographs = [(s, o) for s, o in found["png"] if s.has_detail and s.is_photographic]
    rows["png_of_photographs"] = _row(of_photographs)
    rows["png_error_levels"] = _error_levels([splice for splice, _ in found["png"]])
    for quality in HOSTS:
        rows[f"png_of_photographs_{quality}"] = _row([(s, o) for s, o in of_photographs if s.host_quality == quality])
    return rows


def _row(outcomes: Sequence[tuple[Splice, Outcome]]) -> Row:
    hits = [any(_meets(finding, splice) for finding in outcome.findings) for splice, outcome in outcomes]
    blind = [outcome.why_not is not None and outcome.why_not.key == "jpeg_grid.blind" for _, outcome in outcomes]
    none = [outcome.why_not is not None for _, outcome in outcomes]
    return {
        "found": share(sum(hits), len(hits)),
        "said_blind": share(sum(blind), len(blind)),
        "not_applicable": share(sum(none), len(none)),
        "f1": round(float(np.mean([_f1(outcome, splice) for splice, outcome in outcomes])), 4) if outcomes else None,
    }


def _meets(finding: Finding, splice: Splice) -> bool:
    assert finding.mask is not None
    return _lies_on(finding.mask, splice)


def _lies_on(mask: NDArray[np.bool_], splice: Splice) -> bool:
    """Say whether a region lies on a splice: at least half of it within, or half of the splice."""
    left, top, width, height = splice.box
    both = int(mask[top : top + height, left : left + width].sum())
    return both * 2 >= min(int(mask.sum()), width * height) > 0


def _error_levels(splices: Sequence[Splice]) -> Row:
    """Return how many splices the baseline finds: what stands out lies on them."""
    hits: Counter[int] = Counter()
    for splice in splices:
        of = levels(splice.pixels)
        hits.update(each for each in THRESHOLDS if _lies_on(outstanding(of, each), splice))
    return {str(each): share(hits[each], len(splices)) for each in THRESHOLDS}


def _f1(outcome: Outcome, splice: Splice) -> float:
    left, top, width, height = splice.box
    truth = np.zeros(splice.pixels.shape[:2], np.bool_)
    truth[top : top + height, left : left + width] = True
    mask = np.zeros_like(truth)
    for finding in outcome.findings:
        assert finding.mask is not None
        mask |= finding.mask
    return 2 * int((mask & truth).sum()) / (int(mask.sum()) + int(truth.sum()))


def _splices(photographs: Sequence[Photograph], each: int) -> Iterator[Splice]:
    rng = np.random.default_rng(5)
    number = 0
    for row, photograph in enumerate(photographs):
        for turn in range(each):
            number += 1
            other = photographs[(row + 1 + turn) % len(photographs)]
            quality, side = HOSTS[number % len(HOSTS)], SIDES[number % len(SIDES)]
            host = decoded(saved(bare(photograph), "JPEG", quality)).copy()
            part = decoded(saved(bare(other), "JPEG", PARTS[number // 3 % len(PARTS)]))
            if min(*host.shape[:2], *part.shape[:2]) < side + 32:
                continue
            (top, left), (y, x) = (
                [int(rng.integers(8, length - side - 8)) for length in shape[:2]] for shape in (host.shape, part.shape)
            )
            if (top - y) % 8 == 0 and (left - x) % 8 == 0:
                x += 1
            patch = part[y : y + side, x : x + side]
            host[top : top + side, left : left + side] = patch
            has_detail = float(patch.mean(axis=2).std()) >= LEAST_DETAIL
            is_photographic = all(each.family.startswith(PHOTOGRAPHIC) for each in (photograph, other))
            yield Splice(host, (left, top, side, side), quality, has_detail, is_photographic)


def splices_of_cameras(photographs: Sequence[Photograph]) -> Row:
    """Return how many parts are found in squares of cameras' files: as the camera saved them, and saved once more."""
    found: dict[str, list[tuple[Splice, Outcome]]] = defaultdict(list)
    for name, splice in _splices_of_cameras(photographs):
        found[name].append((splice, examined(saved(splice.pixels, "PNG"))))
    return {"all": _row([each for rows in found.values() for each in rows])} | {
        name: _row(rows) for name, rows in found.items()
    }


def _splices_of_cameras(photographs: Sequence[Photograph]) -> Iterator[tuple[str, Splice]]:
    rng = np.random.default_rng(6)
    squares = [
        square
        for photograph in photographs
        if photograph.family.startswith(CAMERAS)
        for square in _squares(decoded(photograph.path.read_bytes()), rng)
    ]
    for number, square in enumerate(squares):
        other = squares[(number + CUTS_EACH) % len(squares)]
        for quality in CUT_QUALITIES:
            side = int(rng.integers(min(SIDES), max(SIDES) + 1))
            yield "as the camera saved it", _laid(square, saved(other[3:, 5:], "JPEG", quality), side, quality, rng)
            host = decoded(saved(square, "JPEG", quality))
            yield f"saved at {quality}", _laid(host, saved(other, "JPEG", quality), side, quality, rng)


def _squares(pixels: Pixels, rng: np.random.Generator) -> Iterator[Pixels]:
    """Yield squares on the blocks of `pixels`, of which those without detail are drawn anew."""
    rows, columns = ((length - CUT_SIDE) // 8 + 1 for length in pixels.shape[:2])
    if min(rows, columns) < 1:
        return
    for _ in range(CUTS_EACH):
        for _ in range(20):
            top, left = 8 * int(rng.integers(rows)), 8 * int(rng.integers(columns))
            square = pixels[top : top + CUT_SIDE, left : left + CUT_SIDE]
            if square.mean(axis=2).std() > CUT_DETAIL:
                break
        yield square


def _laid(host: Pixels, part: bytes, side: int, quality: int, rng: np.random.Generator) -> Splice:
    """Lay a part of `side` with detail, off the blocks."""
    made, other = host.copy(), decoded(part)
    top, left = (int(rng.integers(8, length - side - 8)) for length in made.shape[:2])
    for _ in range(50):
        y, x = (int(rng.integers(8, length - side - 8)) for length in other.shape[:2])
        patch = other[y : y + side, x : x + side]
        has_detail = float(patch.mean(axis=2).std()) >= LEAST_DETAIL
        if has_detail and ((top - y) % 8 or (left - x) % 8):
            break
    made[top : top + side, left : left + side] = patch
    return Splice(made, (left, top, side, side), quality, has_detail, is_photographic=True)


def qualities(photographs: Sequence[Photograph]) -> Row:
    """Return how often a PNG that was a JPEG of one quality is said to be of one, and of one at most 2 away."""
    rows: Row = {}
    for quality in QUALITIES:
        said = []
        for photograph in photographs[::2]:
            pixels = decoded(saved(bare(photograph), "JPEG", quality))
            outcome = examined(saved(pixels[3:, 5:], "PNG"))
            said.append([fact.values["quality"] for fact in outcome.facts if fact.key == "jpeg_grid.quality"])
        named = [int(each[0]) for each in said if each]
        right = sum(abs(each - quality) <= 2 for each in named)
        rows[str(quality)] = {"said": share(len(named), len(said)), "within_2": share(right, len(named))}
    return rows


def clean(photographs: Sequence[Photograph]) -> Row:
    """Return how many clean versions have a finding, in all and by what was done."""
    wrong: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    plainly: Counter[int] = Counter()
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for photograph in photographs:
        for name, data in versions(photograph):
            outcome = examined(data)
            counts[name] += 1
            of = levels(decoded(data))
            plainly.update(each for each in THRESHOLDS if outstanding(of, each).any())
            reasons[name][outcome.why_not.key if outcome.why_not else "applied"] += 1
            if outcome.findings:
                wrong[name] += 1
                finding = outcome.findings[0]
                print(f"wrong: {photograph.family}, {name}: {finding.nfa:.2g} {finding.boxes}", file=sys.stderr)
    return {
        "all": share(sum(wrong.values()), sum(counts.values())),
        "error_levels": {str(each): share(plainly[each], sum(counts.values())) for each in THRESHOLDS},
        "by_version": {
            name: {**share(wrong[name], n), "applicable": dict(reasons[name])} for name, n in counts.items()
        },
    }


def versions(photograph: Photograph) -> Iterator[tuple[str, bytes]]:
    """Yield what may become of a photograph while it stays what it is: a name, and a file."""
    yield "original", photograph.path.read_bytes()
    pixels = bare(photograph)
    yield "never a JPEG, PNG", saved(pixels, "PNG")
    for quality in (60, 75, 90, 96, 99):
        data = saved(pixels, "JPEG", quality)
        if quality in (75, 90):
            yield f"JPEG {quality}", data
        yield f"JPEG {quality}, PNG", saved(decoded(data), "PNG")
        if quality in (75, 90):
            yield f"JPEG {quality}, cropped, PNG", saved(decoded(data)[5:-9, 3:-2], "PNG")
    first = decoded(saved(pixels, "JPEG", 85))
    for quality in (80, 92, 97):
        again = saved(first[2:, 5:], "JPEG", quality)
        yield f"JPEG 85, cropped, JPEG {quality}", again
        yield f"JPEG 85, cropped, JPEG {quality}, PNG", saved(decoded(again), "PNG")
        yield f"JPEG 85, JPEG {quality}, PNG", saved(decoded(saved(first, "JPEG", quality)), "PNG")
    picture = PIL.Image.fromarray(first)
    for factor in (0.6, 1.4):
        size = round(picture.width * factor), round(picture.height * factor)
        scaled = np.asarray(picture.resize(size, PIL.Image.Resampling.BICUBIC))
        yield f"JPEG 85, scaled {factor}, PNG", saved(scaled, "PNG")
        if factor < 1:
            yield "JPEG 85, scaled 0.6, JPEG 80, PNG", saved(decoded(saved(scaled, "JPEG", 80)), "PNG")
    yield "JPEG 85, brighter, PNG", saved(np.asarray(PIL.ImageEnhance.Brightness(picture).enhance(1.15)), "PNG")
    yield "JPEG 85, sharpened, PNG", saved(np.asarray(picture.filter(PIL.ImageFilter.UnsharpMask(1.5, 80))), "PNG")
    yield "JPEG 85, turned, PNG", saved(np.ascontiguousarray(np.rot90(first)), "PNG")


def seconds(photographs: Sequence[Photograph]) -> Row:
    """Return the seconds a megapixel of the votes, of the whole test, and of votes in plain NumPy; one thread."""
    square = next(
        pixels[:TIMED_SIDE, :TIMED_SIDE]
        for pixels in (each.pixels() for each in photographs)
        if min(pixels.shape[:2]) >= TIMED_SIDE
    )
    small = read_subject(saved(decoded(saved(square, "JPEG", 85)), "PNG"), MediaLimits())
    large = np.tile(square, (6, 6, 1))
    subject = read_subject(saved(decoded(saved(large, "JPEG", 85)), "PNG"), MediaLimits())
    per = subject.luminance.size / 1e6
    return {
        "megapixels": round(per, 2),
        "votes": round(min(_taken(lambda: votes_of(subject.luminance)) for _ in range(3)) / per, 4),
        "whole_test": round(min(_taken(lambda: jpeg_grid(subject)) for _ in range(3)) / per, 4),
        "plain_numpy_votes": round(_taken(lambda: plain_votes(small.luminance)) / (small.luminance.size / 1e6), 3),
    }


def _taken(work: object) -> float:
    assert callable(work)
    begun = time.process_time()
    work()
    return time.process_time() - begun


def examined(data: bytes) -> Outcome:
    """Return what the test says of a file."""
    return jpeg_grid(read_subject(data, MediaLimits()))


def bare(photograph: Photograph) -> Pixels:
    """Return a photograph without its own blocks, small."""
    pixels = photograph.pixels(4 * LONG_SIDE // 3)
    return reduced(pixels, min(LONG_SIDE, 3 * max(pixels.shape) // 4))


def saved(pixels: Pixels, kind: str, quality: int = 0) -> bytes:
    """Return `pixels` as a PNG, or as a JPEG with libjpeg's tables."""
    into = io.BytesIO()
    options = {"quality": quality} if kind == "JPEG" else {"compress_level": 1}
    PIL.Image.fromarray(pixels).save(into, kind, **options)
    return into.getvalue()


def decoded(data: bytes) -> Pixels:
    """Return the pixels of a file that `saved` made."""
    with PIL.Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


if __name__ == "__main__":
    number = int(sys.argv[2]) if len(sys.argv) > 2 else None
    if sys.argv[1:2] == ["calibration"]:
        measured(halves(all_photographs())[0][:number])
    else:
        run(number)
