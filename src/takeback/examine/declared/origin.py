"""
What a file says of how its picture was made, without proof: IPTC's digital source type, the marks of generators,
programs, devices, and the history of editing.

Whether a picture was generated is not guessed from its pixels. Of sixteen published detectors, on 291 generators, the
best is right in three of four cases in the mean, and on current commercial generators in a fifth to a third
(arXiv 2602.07814); and what a detector of ours would be trained on is not here.
"""

from __future__ import annotations

from collections.abc import Iterator

from takeback.examine.declared.words import origin_words
from takeback.examine.outcome import Outcome, Test
from takeback.examine.sentences import Sentence
from takeback.examine.subject import Subject
from takeback.provenance.declared import Declared, read_declared
from takeback.provenance.origins import GENERATED, source_type


def declared_origin(subject: Subject) -> Outcome:
    """Say what the file says of how it was made."""
    return outcome_of(read_declared(subject.data))


def outcome_of(declared: Declared) -> Outcome:
    """Say what was read."""
    says_generated = bool(declared.generators) or source_type(declared.source_type) in GENERATED
    return Outcome(
        Test.DECLARED_ORIGIN,
        facts=tuple(_facts(declared)),
        why_not=None if says_generated else _said("not_said"),
    )


def _facts(declared: Declared) -> Iterator[Sentence]:
    if declared.source_type:
        words = origin_words(declared.source_type)
        name = "other_origin" if words is None else "origin"
        yield _said(name, origin=declared.source_type if words is None else words)
    for program in declared.generators:
        yield _said("generator", program=program)
    if declared.has_prompt:
        yield _said("prompt")
    if declared.ai_system:
        yield _said("ai_system", system=declared.ai_system)
    for program in declared.programs:
        yield _said("program", program=program)
    if declared.camera:
        yield _said("camera", camera=declared.camera)
    if declared.credit:
        yield _said("credit", credit=declared.credit)
    if declared.steps:
        yield _said("history", count=declared.steps)
    for program in declared.step_programs:
        yield _said("history_program", program=program)
    if declared.ancestors:
        yield _said("ancestors", count=declared.ancestors)
    if not declared.is_readable:
        yield _said("not_readable")


def _said(name: str, **values: str | int) -> Sentence:
    return Sentence(f"declared_origin.{name}", **values)
