"""
Rules that are data: as much of JSON Schema (draft 2020-12) as our own files use, and no word of it more.

A keyword that is not known here is an error, since a rule that is silently left out would let everything pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

type Rules = Mapping[str, Any]

_SAID = ("$schema", "title", "$comment")
"""What a schema says of itself."""
_TYPES: Mapping[str, type] = {"object": dict, "array": list, "string": str}


def faults_of(rules: Rules, value: object, where: str = "") -> list[str]:
    """
    Say where `value` breaks `rules`, each fault as its place and its rule; never what stands there.

    `ValueError` where the rules use a keyword that is not known here.
    """
    return list(_faults(rules, value, where or "the whole"))


def _faults(rules: Rules, value: object, where: str) -> Iterator[str]:
    for keyword, rule in rules.items():
        if keyword in _SAID or keyword in ("then", "else"):
            continue
        check = _CHECKS.get(keyword)
        if check is None:
            raise ValueError(f"the rules use {keyword}, which is not known here")
        yield from check(rule, value, where, rules)


def _type(rule: str, value: object, where: str, _rules: Rules) -> Iterator[str]:
    if not isinstance(value, _TYPES[rule]):
        yield f"{where}: type {rule}"


def _enum(rule: Sequence[object], value: object, where: str, _rules: Rules) -> Iterator[str]:
    if value not in rule:
        yield f"{where}: enum"


def _const(rule: object, value: object, where: str, _rules: Rules) -> Iterator[str]:
    if value != rule:
        yield f"{where}: const"


def _required(rule: Sequence[str], value: object, where: str, _rules: Rules) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (f"{name}: required" for name in rule if name not in value)


def _properties(rule: Mapping[str, Rules], value: object, where: str, _rules: Rules) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in rule.items():
            if name in value:
                yield from _faults(each, value[name], name)


def _additional(rule: bool, value: object, where: str, rules: Rules) -> Iterator[str]:
    if not rule and isinstance(value, Mapping):
        yield from (f"{where}: additionalProperties" for name in value if name not in rules["properties"])


def _items(rule: Rules, value: object, where: str, _rules: Rules) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _faults(rule, each, where)


def _min_items(rule: int, value: object, where: str, _rules: Rules) -> Iterator[str]:
    if isinstance(value, list) and len(value) < rule:
        yield f"{where}: minItems {rule}"


def _unique(rule: bool, value: object, where: str, _rules: Rules) -> Iterator[str]:
    if rule and isinstance(value, list) and any(each in value[:place] for place, each in enumerate(value)):
        yield f"{where}: uniqueItems"


def _contains(rule: Rules, value: object, where: str, _rules: Rules) -> Iterator[str]:
    if isinstance(value, list) and all(faults_of(rule, each) for each in value):
        yield f"{where}: contains"


def _min_length(rule: int, value: object, where: str, _rules: Rules) -> Iterator[str]:
    if isinstance(value, str) and len(value) < rule:
        yield f"{where}: minLength {rule}"


def _max_length(rule: int, value: object, where: str, _rules: Rules) -> Iterator[str]:
    if isinstance(value, str) and len(value) > rule:
        yield f"{where}: maxLength {rule}"


def _pattern(rule: str, value: object, where: str, _rules: Rules) -> Iterator[str]:
    # Python's "$" also stands before a last line end; that of JSON Schema does not.
    if isinstance(value, str) and (not re.search(rule, value) or value.endswith("\n")):
        yield f"{where}: pattern"


def _format(rule: str, value: object, where: str, _rules: Rules) -> Iterator[str]:
    if rule != "date":
        raise ValueError(f"the rules use the format {rule}, which is not known here")
    if isinstance(value, str) and not _is_date(value):
        yield f"{where}: format date"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text  # 20261122 is a date to Python, and none here
    except ValueError:
        return False


def _any_of(rule: Sequence[Rules], value: object, where: str, _rules: Rules) -> Iterator[str]:
    if all(faults_of(each, value) for each in rule):
        yield f"{where}: anyOf"


def _all_of(rule: Sequence[Rules], value: object, where: str, _rules: Rules) -> Iterator[str]:
    for each in rule:
        yield from _faults(each, value, where)


def _not(rule: Rules, value: object, where: str, _rules: Rules) -> Iterator[str]:
    if not faults_of(rule, value):
        yield f"{where}: not"


def _if(rule: Rules, value: object, where: str, rules: Rules) -> Iterator[str]:
    yield from _faults(rules.get("else" if faults_of(rule, value) else "then", {}), value, where)


_CHECKS: Mapping[str, Any] = {
    "type": _type, "enum": _enum, "const": _const, "required": _required, "properties": _properties,
    "additionalProperties": _additional, "items": _items, "minItems": _min_items, "uniqueItems": _unique,
    "contains": _contains, "minLength": _min_length, "maxLength": _max_length, "pattern": _pattern,
    "format": _format, "anyOf": _any_of, "allOf": _all_of, "not": _not, "if": _if,
}  # fmt: skip
