"""Words of vocabularies of others, in plain ones."""

from __future__ import annotations

from takeback.examine.sentences import SENTENCES, Sentence
from takeback.provenance.origins import source_type


def origin_words(named: str) -> str | None:
    """Return a digital source type in plain words; None for one that is not in the vocabulary."""
    kind = source_type(named)
    return None if kind is None else str(Sentence(f"source_type.{kind}"))


def step_words(action: str) -> str:
    """Return an action of C2PA in plain words, and one that is not C2PA's as it is called."""
    key = f"step.{action.removeprefix('c2pa.')}"
    return str(Sentence(key)) if action.startswith("c2pa.") and key in SENTENCES else action
