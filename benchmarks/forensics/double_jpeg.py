"""
How often `double_jpeg` finds what was put into a JPEG that was saved again, and how often it is wrong.

Photographs are scaled down first, so that no earlier saving is left. A splice: saved with one quality, a part replaced
by one of another photograph that was never saved, and saved with another quality. The bound of clean files is set on
the one half of the photographs (`python -m benchmarks.forensics.double_jpeg calibration`, which writes
src/takeback/examine/blind/double_jpeg/calibration.toml), everything here is measured on the other
(`python -m benchmarks.forensics.double_jpeg test N` takes N photographs only). Beside it, Lin's map with one threshold.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.forensics import adq1
from benchmarks.forensics.counted import share
from benchmarks.forensics.resaved import ENCODERS, QUALITIES, Pixels, clean_versions, decoded, pristine, saved
from benchmarks.forensics.rows import write_calibration
from benchmarks.photographs import Photograph, all_photographs, halves, missing
from takeback.examine.blind.double_jpeg import double_jpeg
from takeback.examine.blind.double_jpeg.regions import labelled
from takeback.examine.outcome import MAX_NFA, Outcome
from takeback.examine.subject import Subject, read_subject
from takeback.media import MediaLimits
from takeback.media.coefficients import read_coefficients

NAME = "double_jpeg"
SPLICES_EACH = 9
"""Of each photograph; of pairs of qualities that differ by the steps of `APART`, in turn."""
APART = (5, 10, 15, 20, 25, 30, 35, 5, 10, -5, -10)
SIDES = (64, 96, 128, 192, 256)
"""Pixels of the part that is replaced."""
PLAIN_EVERY = 4
"""Of the clean files every fourth is shown to the plain map too."""
NOT_APPLICABLE = ("once", "scaled between", "cropped between")
"""Versions that the calibration leaves out: hardly any has blocks that were saved twice."""
QUALITIES_APART = 2
"""By which a quality that is told may miss the first one, and is right."""
_TOLD = ("double_jpeg.twice", "double_jpeg.twice_quality")
_LEAST_SIDE = 160


@dataclass(frozen=True, slots=True)
class Splice:
    """A file with a part replaced: `truth` bool [height, width]."""

    first: int
    second: int
    side: int
    data: bytes
    truth: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Measured:
    """
    What was said of one splice: by how much its qualities differ, and how well each outlined it.

    `is_told`: whether the file is said to have been saved before; `is_right`: with its first quality, within
    `QUALITIES_APART`.
    """

    apart: int
    side: int
    is_told: bool
    is_right: bool
    is_applicable: bool
    is_found: bool
    f1: float
    plain_found: bool
    plain_f1: float


@dataclass(slots=True)
class Tally:
    """All that was measured so far."""

    splices: list[Measured] = field(default_factory=list)
    clean: list[tuple[str, Outcome]] = field(default_factory=list)
    plain_clean: list[bool] = field(default_factory=list)
    shifts: list[tuple[int, bool | None]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, pixels: Pixels, other: Pixels, row: int, rng: np.random.Generator) -> None:
        """Examine all that is made of one picture."""
        self.splices += [_measured(each) for each in splices_of(pixels, other, row, rng)]
        self.shifts += [_shift_told(pixels, rng) for _ in range(2)]
        for what, data in clean_versions(pixels, rng):
            subject = read_subject(data, MediaLimits())
            begun = time.process_time()
            outcome = double_jpeg(subject)
            self.seconds.append((time.process_time() - begun) / subject.luminance.size * 1e6)
            self.clean.append((what, outcome))
            if len(self.clean) % PLAIN_EVERY == 0:
                self.plain_clean.append(bool(_plain(subject).any()))

    def summary(self) -> dict[str, object]:
        """Return shares, each with its interval."""
        finer = [each for each in self.splices if each.apart >= 5]
        plain = sum(self.plain_clean)
        return {
            "splices": {str(by): _found([s for s in self.splices if s.apart == by]) for by in sorted(set(APART))},
            "splices_5_or_more": _found(finer),
            "by_side": {str(side): _found([each for each in finer if each.side == side]) for side in SIDES},
            "clean": _clean([outcome for _, outcome in self.clean]),
            "clean_by_version": _grouped(self.clean),
            "cropped_between": _shifted(self.shifts),
            "plain_map_on_clean": share(plain, len(self.plain_clean)),
            "seconds_per_megapixel": round(statistics.median(self.seconds), 3),
        }


def run(most: int | None = None) -> dict[str, object]:
    """Examine every file of the test photographs, and count."""
    photographs = halves(all_photographs())[1][:most]
    tally = Tally()
    for row, pixels, rng in _pictures(photographs, seed=2):
        tally.add(pixels, pristine(photographs[(row + 1) % len(photographs)]), row, rng)
        print(f"{row + 1} of {len(photographs)}", end="\r", file=sys.stderr, flush=True)
    result = {"photographs": len(photographs), "missing_sources": missing(), **tally.summary()}
    print(json.dumps(result, indent=1))
    return result


def calibrate(most: int | None = None) -> None:
    """Write what clean files of the calibration photographs reach."""
    photographs = halves(all_photographs())[0][:most]
    strongest = []
    for row, pixels, rng in _pictures(photographs, seed=1):
        for what, data in clean_versions(pixels, rng):
            if what in NOT_APPLICABLE:
                continue
            outcome = double_jpeg(read_subject(data, MediaLimits()))
            if outcome.why_not is None:
                strongest.append(outcome.statistic)
                if outcome.statistic > 0:
                    print(photographs[row].family, what, round(outcome.statistic, 1), flush=True)
        print(f"{row + 1} of {len(photographs)}", end="\r", file=sys.stderr, flush=True)
        # After each, so that a run that is broken off leaves what it measured.
        write_calibration(NAME, "regions of clean files", strongest, row + 1)


def _pictures(photographs: Sequence[Photograph], seed: int) -> Iterator[tuple[int, Pixels, np.random.Generator]]:
    for row, photograph in enumerate(photographs):
        pixels = pristine(photograph)
        if min(pixels.shape[:2]) >= _LEAST_SIDE:
            yield row, pixels, np.random.default_rng((seed, row))


def splices_of(pixels: Pixels, other: Pixels, row: int, rng: np.random.Generator) -> Iterator[Splice]:
    """Yield files in which a part was replaced between two savings."""
    for turn in range(SPLICES_EACH):
        apart = APART[(row + turn) % len(APART)]
        firsts = [each for each in QUALITIES if 50 <= each + apart <= 95]
        first = int(rng.choice(firsts))
        side = min(int(rng.choice(SIDES)), min(*pixels.shape[:2], *other.shape[:2]) // 2)
        (top, left), (down, across) = (
            (int(rng.integers(0, each.shape[0] - side)), int(rng.integers(0, each.shape[1] - side)))
            for each in (pixels, other)
        )
        again = decoded(saved(pixels, first, str(rng.choice(ENCODERS)))).copy()
        again[top : top + side, left : left + side] = other[down : down + side, across : across + side]
        truth = np.zeros(pixels.shape[:2], np.bool_)
        truth[top : top + side, left : left + side] = True
        nearest = min(SIDES, key=lambda each: abs(each - side))
        yield Splice(first, first + apart, nearest, saved(again, first + apart, str(rng.choice(ENCODERS))), truth)


def _measured(splice: Splice) -> Measured:
    subject = read_subject(splice.data, MediaLimits())
    outcome = double_jpeg(subject)
    mask, plain = _mask(outcome, splice.truth.shape), _plain(subject)
    apart = splice.second - splice.first
    told = [fact for fact in outcome.facts if fact.key in _TOLD]
    qualities = [int(fact.values["quality"]) for fact in told if "quality" in fact.values]
    is_right = any(abs(quality - splice.first) <= QUALITIES_APART for quality in qualities)
    return Measured(
        apart, splice.side, bool(told), is_right, outcome.why_not is None,
        bool((mask & splice.truth).any()), _f1(mask, splice.truth),
        bool((plain & splice.truth).any()), _f1(plain, splice.truth),
    )  # fmt: skip


def _shift_told(pixels: Pixels, rng: np.random.Generator) -> tuple[int, bool | None]:
    """Return by how much two qualities with a crop between differ, and whether it was told rightly; None: not told."""
    first, apart = int(rng.integers(50, 86)), int(rng.choice([0, 5, 10, 15, 20]))
    down, across = divmod(int(rng.integers(1, 64)), 8)
    again = decoded(saved(pixels, first, str(rng.choice(ENCODERS))))[down:, across:]
    outcome = double_jpeg(read_subject(saved(again, min(95, first + apart), str(rng.choice(ENCODERS))), MediaLimits()))
    told = [fact.values for fact in outcome.facts if fact.key == "double_jpeg.shifted"]
    return apart, (told[0]["down"], told[0]["across"]) == (-down % 8, -across % 8) if told else None


def _shifted(shifts: Sequence[tuple[int, bool | None]]) -> dict[str, object]:
    groups: dict[str, list[bool | None]] = defaultdict(list)
    for apart, told in shifts:
        groups[str(apart)].append(told)
    return {
        apart: {"files": len(told), "told_rightly": told.count(True), "told_wrongly": told.count(False)}
        for apart, told in sorted(groups.items(), key=lambda each: int(each[0]))
    }


def _mask(outcome: Outcome, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, np.bool_)
    for finding in outcome.findings:
        assert finding.mask is not None
        mask |= finding.mask
    return mask


def _plain(subject: Subject) -> NDArray[np.bool_]:
    """Return the parts of Lin's map that are large enough."""
    height, width = subject.luminance.shape
    values = read_coefficients(subject.data, components=1).components[0].values
    labels, count = labelled(adq1.posterior(values) > 0.5)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    # All of the picture is no part of it.
    large = (sizes >= adq1.LEAST_BLOCKS) & (sizes <= labels.size / 2)
    return np.kron(large[labels], np.ones((8, 8), np.bool_))[:height, :width]


def _f1(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    total = int(np.count_nonzero(mask)) + int(np.count_nonzero(truth))
    return 2 * int(np.count_nonzero(mask & truth)) / total if total else 1.0


def _found(splices: Sequence[Measured]) -> dict[str, object]:
    n, found = len(splices), sum(each.is_found for each in splices)

    def mean(of: Callable[[Measured], float]) -> float | None:
        return round(statistics.mean(of(each) for each in splices), 3) if n else None

    return {
        "splices": n,
        "told_saved_before": share(sum(each.is_told for each in splices), n),
        "told_right_quality": mean(lambda each: each.is_right),
        "applicable": mean(lambda each: each.is_applicable),
        "found": mean(lambda each: each.is_found),
        "interval_95": share(found, n)["interval_95"],
        "f1": mean(lambda each: each.f1),
        "plain_map_found": mean(lambda each: each.plain_found),
        "plain_map_f1": mean(lambda each: each.plain_f1),
    }


def _clean(outcomes: Sequence[Outcome]) -> dict[str, object]:
    n, wrong = len(outcomes), sum(bool(each.findings) for each in outcomes)
    applied = [each for each in outcomes if each.why_not is None]
    return {
        "with_finding": share(wrong, n),
        "applicable": len(applied),
        "said_to_be_saved_before": sum(bool(each.facts) for each in outcomes),
        "at_most": MAX_NFA,
    }


def _grouped(clean: Sequence[tuple[str, Outcome]]) -> dict[str, object]:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for what, outcome in clean:
        groups[what].append(outcome)
    return {what: _clean(outcomes) for what, outcomes in groups.items()}


if __name__ == "__main__":
    number = int(sys.argv[2]) if len(sys.argv) > 2 else None
    if sys.argv[1:2] == ["calibration"]:
        calibrate(number)
    else:
        run(number)
