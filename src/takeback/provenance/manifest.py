"""
What the text of a C2PA manifest says, taken out of the JSON that the library makes of it.

All of it is a stranger's: any value may be of another kind than it should, and of any length. What is kept is counted
and bounded here, and each text is cut where it is said (`takeback.examine.sentences`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MAX_NAMED: Final = 8
"""Kinds of steps, origins, and pictures that it was made from, which are named; of the rest only the number."""

MAX_MANIFESTS: Final = 200
"""Of pictures that a picture was made from, and those that they were made from, which are looked at."""

_MAX_TEXT: Final = 400


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A picture that this one was made from: what it is called, and how it is related, in C2PA's word."""

    title: str
    relationship: str


@dataclass(frozen=True, slots=True)
class Said:
    """
    What a manifest says; empty where it says nothing.

    `signer` is whom the certificate names, `signed_at` what a time stamp says, `program` the claim generator. `steps`
    are C2PA's actions, with how often each is listed, the first `MAX_NAMED` kinds of `step_kinds`. `origins` are
    digital source types (IPTC's addresses), `earlier_origins` those of the pictures that this one was made from.
    """

    signer: str = ""
    signed_at: str = ""
    program: str = ""
    steps: tuple[tuple[str, int], ...] = ()
    step_kinds: int = 0
    origins: tuple[str, ...] = ()
    earlier_origins: tuple[str, ...] = ()
    ingredients: tuple[Ingredient, ...] = ()
    ingredient_count: int = 0


SAID_NOTHING: Final = Said()


def said_by(store: Mapping[str, Any]) -> Said:
    """Return what the active manifest of a `store`, as C2PA's library writes it in JSON, says."""
    manifests = mapping(store.get("manifests"))
    label = text(store.get("active_manifest"))
    active = mapping(manifests.get(label))
    signature = mapping(active.get("signature_info"))
    actions = list(_actions(active))
    steps = Counter(action for each in actions if (action := text(each.get("action"))))
    ingredients = [mapping(each) for each in listed(active.get("ingredients"))]
    earlier = [mapping(each) for name, each in list(manifests.items())[:MAX_MANIFESTS] if name != label]
    return Said(
        signer=text(signature.get("issuer")) or text(signature.get("common_name")),
        signed_at=text(signature.get("time")),
        program=_program(active),
        steps=tuple(steps.items())[:MAX_NAMED],
        step_kinds=len(steps),
        origins=_origins(actions),
        earlier_origins=_origins([action for each in earlier for action in _actions(each)]),
        ingredients=tuple(
            Ingredient(text(each.get("title")), text(each.get("relationship"))) for each in ingredients[:MAX_NAMED]
        ),
        ingredient_count=len(ingredients),
    )


def codes_of(results: object, kind: str) -> tuple[str, ...]:
    """Return the codes of one kind, `success`, `informational` or `failure`, in a list of status codes."""
    return tuple(text(mapping(each).get("code")) for each in listed(mapping(results).get(kind)))


def mapping(value: object) -> Mapping[str, Any]:
    """Return `value`, or nothing where it is no object."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """Return `value`, or nothing where it is no list."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """Return the beginning of `value`, or nothing where it is no text."""
    return value[:_MAX_TEXT] if isinstance(value, str) else ""


def _actions(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for assertion in listed(manifest.get("assertions")):
        if text(mapping(assertion).get("label")).startswith("c2pa.actions"):
            yield from map(mapping, listed(mapping(mapping(assertion).get("data")).get("actions")))


def _origins(actions: list[Mapping[str, Any]]) -> tuple[str, ...]:
    named = (text(each.get("digitalSourceType")) for each in actions)
    return tuple(dict.fromkeys(each for each in named if each))[:MAX_NAMED]


def _program(manifest: Mapping[str, Any]) -> str:
    """Return the claim generator: an object since C2PA 2, a text before."""
    for each in listed(manifest.get("claim_generator_info")):
        name = text(mapping(each).get("name"))
        if name:
            return f"{name} {text(mapping(each).get('version'))}".strip()
    return text(manifest.get("claim_generator"))
