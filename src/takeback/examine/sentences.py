"""
Every sentence that an examination can say.

Tests name a sentence and give its values; nowhere else are words made. So all that can be said is read in one
place (`sentences.toml`), and listed in docs/examine.md with the test that backs it.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

type Value = str | int | float

MAX_VALUE_CHARACTERS: Final = 80
"""Of what a file says of itself: enough for a name, too little for a letter."""


def _read() -> dict[str, str]:
    held = tomllib.loads(files("takeback.examine").joinpath("sentences.toml").read_text("utf-8"))
    return {f"{part}.{name}": text for part, sentences in held.items() for name, text in sentences.items()}


SENTENCES: Final[Mapping[str, str]] = _read()
"""Templates by `part.name`; read with the package: what examines strangers' files has no file in reach."""

VALUES: Final[Mapping[str, frozenset[str]]] = {
    key: frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name) for key, text in SENTENCES.items()
}
"""The names of each one's values."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """
    One sentence, by its key, and the values that stand in it.

    Raises `ValueError` for a key that is not in the list, and for values other than the ones it takes. Of a text
    that comes from a file only what can be printed is kept, and no more than `MAX_VALUE_CHARACTERS` of it.
    """

    key: str
    values: Mapping[str, Value]

    def __init__(self, key: str, **values: Value) -> None:
        if VALUES.get(key) != values.keys():
            raise ValueError(f"not a sentence with these values: {key}")
        object.__setattr__(self, "key", key)
        kept = {name: told_text(value) if isinstance(value, str) else value for name, value in values.items()}
        object.__setattr__(self, "values", kept)

    def __str__(self) -> str:
        return SENTENCES[self.key].format(**self.values)


def told_text(value: str) -> str:
    """Return of a text from a file what can be printed, on one line, and no more than `MAX_VALUE_CHARACTERS` of it."""
    printed = "".join(each if each.isprintable() else " " for each in value)
    kept = " ".join(printed.split())
    return kept if len(kept) <= MAX_VALUE_CHARACTERS else kept[: MAX_VALUE_CHARACTERS - 1] + "…"
