"""
Content Credentials (C2PA): whether they hold, who vouches for who signed, and what they say.

Only that something was changed after it was signed is a finding. It is decided, not counted: hashes agree or do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from takeback.examine.declared.words import origin_words, step_words
from takeback.examine.outcome import Finding, Outcome, Test
from takeback.examine.sentences import Sentence
from takeback.examine.subject import Subject
from takeback.provenance.c2pa import Credentials, Standing, can_read_credentials, read_credentials
from takeback.provenance.trust import TrustLists, Vouching

_RELATIONS: Final = {"parentOf": "parent", "componentOf": "component"}


def content_credentials(subject: Subject) -> Outcome:
    """Say what the Content Credentials of a file are worth, and what they say."""
    if not can_read_credentials():
        return Outcome(Test.CONTENT_CREDENTIALS, why_not=_said("not_installed"))
    return outcome_of(read_credentials(subject.data, subject.format, subject.beside.trust), subject.beside.trust)


def outcome_of(read: Credentials, trust: TrustLists) -> Outcome:
    """Say what was read."""
    facts = tuple(_facts(read))
    signer = read.said.signer or str(_said("nobody"))
    match read.standing:
        case Standing.NONE:
            return _why_not(_said("none"))
        case Standing.ELSEWHERE:
            return _why_not(_said("elsewhere", host=read.host or str(_said("no_host"))))
        case Standing.UNJUDGED:
            return _why_not(_said("unjudged", code=read.code), facts)
        case Standing.BROKEN:
            finding = Finding(Test.CONTENT_CREDENTIALS, _said("broken", code=read.code), None)
            return Outcome(Test.CONTENT_CREDENTIALS, (finding,), facts)
        case Standing.TRUSTED:
            standing = [_said("trusted_signer", list=read.vouched_by, signer=signer)]
        case Standing.EXPIRED_SIGNER:
            standing = [_said("expired_signer", signer=signer)]
        case Standing.UNKNOWN_SIGNER:
            standing = [_said("unknown_signer", signer=signer)]
            standing += [] if trust.vouch_for(Vouching.SIGNERS) else [_said("no_lists")]
    return Outcome(Test.CONTENT_CREDENTIALS, facts=(*standing, *facts))


def _facts(read: Credentials) -> Iterator[Sentence]:
    """Say what the credentials say; at most as many facts as `MAX_NAMED` of each kind."""
    said = read.said
    if read.broken_ingredient:
        yield _said("broken_ingredient", code=read.broken_ingredient)
    if read.is_revoked:
        yield _said("revoked")
    if read.is_partial:
        yield _said("left_out")
    if said.signed_at:
        # Nothing else in a file shows when it was signed.
        yield _said("stamped" if read.is_stamped else "stamped_by_unknown", moment=said.signed_at)
    if said.program:
        yield _said("program", program=said.program)
    for origin in said.origins:
        yield _said("origin", origin=origin_words(origin) or origin)
    for origin in said.earlier_origins:
        yield _said("earlier_origin", origin=origin_words(origin) or origin)
    for step, count in said.steps:
        yield _said("step", step=step_words(step), count=count)
    if said.step_kinds > len(said.steps):
        yield _said("more_steps", count=said.step_kinds - len(said.steps))
    for each in said.ingredients:
        yield _said(_RELATIONS.get(each.relationship, "input"), title=each.title or str(_said("untitled")))
    if said.ingredient_count > len(said.ingredients):
        yield _said("more_ingredients", count=said.ingredient_count - len(said.ingredients))


def _why_not(why: Sentence, facts: tuple[Sentence, ...] = ()) -> Outcome:
    return Outcome(Test.CONTENT_CREDENTIALS, facts=facts, why_not=why)


def _said(name: str, **values: str | int) -> Sentence:
    return Sentence(f"content_credentials.{name}", **values)
