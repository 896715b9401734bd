"""
Thresholds that follow from pictures of which no two are copies, and how far that can be relied on.

Every picture is compared with every other as an upload is with an entry. What different pictures reach sets the
thresholds: at *substantially the same* not one pair, with a margin; at *possible* no more than a wanted share, or one
couple of pictures, which may be two of a template. Nothing is ever set looser than the defaults, which were set the
same way: what a hundred pictures of one operator do not show may still happen.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from takeback.bank import Thresholds
from takeback.errors import InputError

TARGET = 1e-5
"""Share of different pairs that may be *possible*: each is a look by a person."""

COUPLE = 2
"""Pairs that one couple of pictures makes, as either is compared with the other: as many may always be *possible*."""

SAME_BITS_MARGIN = 8
SAME_SIMILARITY_MARGIN = 0.05
SAME_INLIERS_MARGIN = 2
"""How far *substantially the same* stays from what any different pair reached."""

LEAST_PICTURES = 20
"""With fewer, their pairs say nothing that the defaults do not."""

_CONFIDENCE = 0.95

type Bits = NDArray[np.int64]
type Cosines = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """
    What was found between different pictures, an element for each pair.

    `bits` int64 [n], 256 where nothing was near; `similarity` float64 [n], -1 where none was computed; `inliers`
    int64 [n]. Raises `ValueError` for lengths that differ.
    """

    bits: Bits
    similarity: Cosines
    inliers: Bits

    def __post_init__(self) -> None:
        if not len(self.bits) == len(self.similarity) == len(self.inliers):
            raise ValueError("bits, similarity and inliers have an element for each pair")

    def __len__(self) -> int:
        return len(self.bits)

    def same(self, thresholds: Thresholds) -> NDArray[np.bool_]:
        """Return which pairs are *substantially the same*."""
        by_bits, by_model = self.bits <= thresholds.same_bits, self.similarity >= thresholds.same_similarity
        return by_bits | by_model | (self.inliers >= thresholds.same_inliers)

    def possible(self, thresholds: Thresholds) -> NDArray[np.bool_]:
        """Return which pairs are *possible* or more."""
        by_bits, by_model = self.bits <= thresholds.possible_bits, self.similarity >= thresholds.possible_similarity
        return self.same(thresholds) | by_bits | by_model | (self.inliers >= thresholds.possible_inliers)


@dataclass(frozen=True, slots=True)
class Calibration:
    """
    Thresholds with their origin, and what was seen.

    `pairs` different pairs of `pictures` were compared. `nearest_bits`, `highest_similarity` and `most_inliers` are
    the extremes among them. Of those pairs `same` and `possible` are called so by `thresholds`; `same_at_most` and
    `possible_at_most` bound the shares from above, at 95 % for one, if pairs are independent of one another.
    """

    thresholds: Thresholds
    made_on: date
    origin: str
    model: str
    pictures: int
    pairs: int
    nearest_bits: int
    highest_similarity: float
    most_inliers: int
    same: int
    possible: int
    same_at_most: float
    possible_at_most: float

    def to_toml(self) -> str:
        """Return the file that `from_toml` reads."""
        lines = ["# Thresholds for what is a copy, from different pictures (`takeback bank calibrate`).", ""]
        values = {name: value for name, value in asdict(self).items() if name != "thresholds"}
        lines += [f"{name} = {_toml(value)}" for name, value in values.items()]
        lines += ["", "[thresholds]", *(f"{name} = {_toml(each)}" for name, each in asdict(self.thresholds).items())]
        return "\n".join(lines) + "\n"

    @classmethod
    def from_toml(cls, text: str) -> Calibration:
        """Read what `to_toml` wrote; `InputError` names what is missing or of another kind."""
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            raise InputError(f"This calibration is no TOML: {problem}.", advice=_ADVICE) from problem
        thresholds = values.pop("thresholds", {})
        kinds: dict[str, type] = {
            **dict.fromkeys(("pictures", "pairs", "nearest_bits", "most_inliers", "same", "possible"), int),
            **dict.fromkeys(("highest_similarity", "same_at_most", "possible_at_most"), float),
            "made_on": date, "origin": str, "model": str,
        }  # fmt: skip
        defaults = asdict(Thresholds())
        read = _read(values, kinds)
        wanted = {name: type(value) for name, value in defaults.items()}
        return cls(thresholds=Thresholds(**_read(thresholds, wanted)), **read)


_ADVICE = "Make it again with `takeback bank calibrate FOLDER --write FILE`."


def calibrated(
    pairs: Pairs, *, pictures: int, origin: str, model: str, made_on: date, target: float = TARGET
) -> Calibration:
    """
    Return the thresholds that follow from `pairs`, none looser than the defaults.

    `origin` says in a few words which pictures they are of, `model` is the copy descriptor's id, empty without one.
    Raises `InputError` for fewer than `LEAST_PICTURES`.
    """
    if pictures < LEAST_PICTURES:
        raise InputError(
            f"{pictures} different pictures are too few to calibrate by.",
            advice=f"Name {LEAST_PICTURES} at least, a few hundred if you can, of the kind that your site stores.",
        )
    thresholds = _thresholds(pairs, math.floor(target * len(pairs)))
    same, possible = int(pairs.same(thresholds).sum()), int(pairs.possible(thresholds).sum())
    return Calibration(
        thresholds, made_on, origin, model, pictures, len(pairs),
        int(pairs.bits.min()), round(float(pairs.similarity.max()), 4), int(pairs.inliers.max()),
        same, possible, upper_bound(same, len(pairs)), upper_bound(possible, len(pairs)),
    )  # fmt: skip


def _thresholds(pairs: Pairs, allowed: int) -> Thresholds:
    defaults = Thresholds()
    same_bits = min(defaults.same_bits, max(0, int(pairs.bits.min()) - SAME_BITS_MARGIN))
    same_inliers = max(defaults.same_inliers, int(pairs.inliers.max()) + SAME_INLIERS_MARGIN)
    reached = float(pairs.similarity.max()) + SAME_SIMILARITY_MARGIN
    same_similarity = min(1.0, max(defaults.same_similarity, math.ceil(100 * reached - 1e-9) / 100))
    # Each kind of fingerprint may call a third of what is allowed, so that all together do not exceed it.
    each = min(max(COUPLE, allowed // 3), len(pairs) - 1)
    bits = min(defaults.possible_bits, int(np.partition(pairs.bits, each)[each]) - 1)
    similarity = max(defaults.possible_similarity, _above(np.sort(pairs.similarity)[-1 - each]))
    inliers = max(defaults.possible_inliers, int(np.sort(pairs.inliers)[-1 - each]) + 1)
    return Thresholds(
        same_bits=same_bits,
        possible_bits=max(same_bits, bits),
        blind_bits=min(defaults.blind_bits, same_bits),
        same_similarity=same_similarity,
        possible_similarity=min(same_similarity, similarity),
        same_inliers=same_inliers,
        possible_inliers=min(same_inliers, inliers),
    )


def _above(similarity: float) -> float:
    """Return the next hundredth above."""
    return min(1.0, (math.floor(100 * similarity) + 1) / 100)


def upper_bound(wrong: int, of: int, confidence: float = _CONFIDENCE) -> float:
    """
    Return the share that is not exceeded, with `confidence`, where `wrong` of `of` were seen.

    Clopper and Pearson's exact one-sided bound, about 3 / `of` where nothing was wrong; two digits, rounded upwards.
    """
    if wrong >= of:
        return 1.0
    low, high = wrong / of, 1.0
    for _ in range(100):  # by halving, until the chance of so few is what confidence leaves
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(wrong, of, middle) > 1 - confidence else (low, middle)
    digits = 1 - math.floor(math.log10(high))
    scale: int = 10**digits
    return math.ceil(high * scale) / scale


def _at_most(most: int, of: int, share: float) -> float:
    """Return the chance of `most` or fewer of `of` (binomial), by logarithms."""
    if share >= 1:
        return 0.0
    logs = [
        math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * math.log(share)
        + (of - k) * math.log1p(-share)
        for k in range(most + 1)
    ]  # fmt: skip
    return min(1.0, math.fsum(math.exp(each) for each in logs))


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.translate({ord(each): " " for each in '"\\\n\r\t'}) + '"'
    return value.isoformat() if isinstance(value, date) else repr(value)


def _read(values: Mapping[str, Any], kinds: Mapping[str, type]) -> dict[str, Any]:
    for name, kind in kinds.items():
        accepted: Sequence[type] = (int, float) if kind is float else (kind,)
        if type(values.get(name)) not in accepted:
            raise InputError(f"This calibration has no `{name}` of type {kind.__name__}.", advice=_ADVICE)
    if unknown := values.keys() - kinds.keys():
        raise InputError(f"This calibration has a field that is not known: {min(unknown)}.", advice=_ADVICE)
    return {name: kind(values[name]) if kind is float else values[name] for name, kind in kinds.items()}
