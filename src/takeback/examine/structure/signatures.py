"""How cameras build their files, as far as it was learnt (`takeback.examine.structure.signature`). Parses no file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from takeback.errors import BadSetting

VERSION: Final = 1
MAX_CAMERAS: Final = 10_000
SIGNATURE_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class Signatures:
    """How many files of each camera have each signature; the camera is named as its files name it."""

    cameras: dict[str, Counter[str]] = field(default_factory=dict)

    def as_json(self) -> str:
        """Return what `from_json` reads."""
        return json.dumps({"version": VERSION, "cameras": {name: dict(each) for name, each in self.cameras.items()}})

    @classmethod
    def from_json(cls, written: str) -> Signatures:
        """Read what `as_json` wrote; raises `BadSetting` for anything else."""
        try:
            told = json.loads(written)
            if told["version"] != VERSION or len(told["cameras"]) > MAX_CAMERAS:
                raise ValueError("of another version, or too many")
            return cls({str(name): _counts(each) for name, each in told["cameras"].items()})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BadSetting(
                "The signatures of cameras cannot be read.", advice="Learn them anew from files of the camera."
            ) from None

    def unseen(self, camera: str) -> float:
        """
        Return the share of a camera's further files that would have none of its known signatures.

        Good's estimate (1953): the share of its files whose signature was met once; at least one in all files and one.
        """
        known = self.cameras.get(camera, Counter())
        once = sum(count == 1 for count in known.values())
        return max(once, 1) / (known.total() + 1)


def counted(built: Iterable[tuple[str, str]]) -> Signatures:
    """Return how many files of each camera have each signature, of pairs of camera and signature."""
    learnt = Signatures()
    for camera, signature in built:
        learnt.cameras.setdefault(camera, Counter())[signature] += 1
    return learnt


def _counts(told: dict[str, int]) -> Counter[str]:
    if not all(type(count) is int and count > 0 for count in told.values()):
        raise ValueError("not a count")
    return Counter({str(signature): count for signature, count in told.items()})


NOTHING_LEARNT: Final = Signatures()
