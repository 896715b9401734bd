"""
A statement of reasons as the DSA Transparency Database takes it (Art. 24(5) DSA), and the rules that it has to keep.

The rules are `dsa-statement.schema.json`, a copy of the database's own. A record says nothing of anybody: its sentences
are ours, never what the desk wrote in its own words, and by its id nobody but the operator finds the case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from takeback.audit.event import Json
from takeback.cases.law import law_pack
from takeback.cases.reasons import Decided, How, Reasons
from takeback.cases.statement import House, statement_of
from takeback.match import CopyClass

EU_LAW = "eu-dsa-16"
LANGUAGE = "en"
"""Language of the sentences in a record."""
MOST_IN_ONE_CALL = 100
"""Statements in one call to `POST /api/v1/statements`."""
_NOT_BEFORE: Mapping[str, date] = {"content_date": date(2000, 1, 1), "application_date": date(2020, 1, 1)}
_SAID = ("type", "minLength", "maxLength", "minItems", "format")
"""Rules of which a fault says what they ask for."""
_EEA = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT",
    "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
"""What is hidden is hidden everywhere: of what the database knows, in all of the European Economic Area."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """That one picture was hidden at one place: removed, or only held until it was shown again."""

    reasons: Reasons
    """Why it was hidden: a hold or a removal, never a put-back."""
    id: str
    """`Keyring.statement_id` of the copy."""
    seen_on: date
    """When it was first seen here; when it was posted, this service does not know."""
    hidden_on: date
    shown_again_on: date | None = None


def record_of(restriction: Restriction, house: House) -> dict[str, Json]:
    """Return the record of a restriction."""
    reasons = restriction.reasons
    forged = reasons.copy_class is CopyClass.ALTERED_COPY and not reasons.under_18
    visibility = "DISABLED" if reasons.decision.hides_for_now else "REMOVED"
    record: dict[str, Json] = {
        "decision_visibility": [f"DECISION_VISIBILITY_CONTENT_{visibility}"],
        "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
        **_legal(reasons, house),
        "content_type": ["CONTENT_TYPE_IMAGE", *(["CONTENT_TYPE_SYNTHETIC_MEDIA"] if forged else [])],
        **_category(reasons, forged=forged),
        "territorial_scope": list(_EEA),
        "content_date": restriction.seen_on.isoformat(),
        "application_date": restriction.hidden_on.isoformat(),
        "decision_facts": _facts(reasons, house),
        "source_type": _source(reasons),
        "automated_detection": "No" if reasons.linked else "Yes",
        "automated_decision": f"AUTOMATED_DECISION_{_automated(reasons)}",
        "puid": restriction.id,
    }
    if restriction.shown_again_on is not None:
        record["end_date_visibility_restriction"] = restriction.shown_again_on.isoformat()
    return record


@cache
def rules() -> Mapping[str, Any]:
    """Return the rules of the database, as JSON Schema."""
    text = (resources.files("takeback.cases") / "dsa-statement.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def broken_rules(record: Mapping[str, Json]) -> list[str]:
    """Say which rules of the database a record breaks, never what stands there; none where it will be taken."""
    reader = Draft202012Validator(rules(), format_checker=FormatChecker(["date"]))
    faults = dict.fromkeys(fault for error in reader.iter_errors(record) for fault in _faults(error))
    return list(faults) or [*_too_early(record), *_ends_before_it_begins(record)]


def _faults(error: ValidationError) -> Iterator[str]:
    said = error.validator_value
    if error.validator == "required" and isinstance(said, list) and isinstance(error.instance, dict):
        yield from (f"{name}: required" for name in said if name not in error.instance)
        return
    where = next((step for step in reversed(error.absolute_path) if isinstance(step, str)), "the whole")
    yield f"{where}: {error.validator}" + (f" {said}" if type(said) in (int, str) and error.validator in _SAID else "")


def _too_early(record: Mapping[str, Json]) -> list[str]:
    return [
        f"{name}: before {first.isoformat()}" for name, first in _NOT_BEFORE.items() if _day(record[name]) < first
    ]  # fmt: skip


def _ends_before_it_begins(record: Mapping[str, Json]) -> list[str]:
    begins = _day(record["application_date"])
    ends = [name for name in record if name.startswith("end_date_")]
    return [f"{name}: before application_date" for name in ends if _day(record[name]) < begins]


def _day(value: Json) -> date:
    return date.fromisoformat(str(value))


def _legal(reasons: Reasons, house: House) -> dict[str, Json]:
    points = [point for point in statement_of(reasons, house).legal if point.law is not None]
    grounds = dict.fromkeys(f"{law_pack(point.law).name}: {point.section}" for point in points if point.law)
    said = statement_of(reasons, house).said("legal", LANGUAGE)
    return {"illegal_content_legal_ground": "; ".join(grounds), "illegal_content_explanation": " ".join(said)}


def _facts(reasons: Reasons, house: House) -> str:
    """Return our own sentences alone: what the desk wrote may name somebody."""
    statement = statement_of(reasons, house)
    return " ".join([*statement.said("facts", LANGUAGE, without=["facts.why"]), *statement.said("automated", LANGUAGE)])


def _category(reasons: Reasons, *, forged: bool) -> dict[str, Json]:
    if reasons.under_18:
        # The category that the schema needs, and nothing further about a child.
        return {"category": "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"}
    # That it is against women is a category of its own; nobody is asked here whether she is one.
    kind = "MATERIAL_DEEPFAKE" if forged else "IMAGE_SHARING"
    return {
        "category": "STATEMENT_CATEGORY_CYBER_VIOLENCE",
        "category_specification": [f"KEYWORD_NON_CONSENSUAL_{kind}"],
    }


def _source(reasons: Reasons) -> str:
    if reasons.by_list:
        return "SOURCE_VOLUNTARY"
    return "SOURCE_ARTICLE_16" if EU_LAW in reasons.laws else "SOURCE_TYPE_OTHER_NOTIFICATION"


def _automated(reasons: Reasons) -> str:
    if reasons.decision.hides_for_now:
        return "FULLY"
    return "NOT_AUTOMATED" if reasons.how is How.PERSON else "PARTIALLY"


def as_restriction(reasons: Reasons, *, was_removed: bool) -> Reasons:
    """Return the reasons for which a picture was hidden, from those of what was decided about it last."""
    if was_removed:
        decision = Decided.AUTOMATIC_REMOVAL if reasons.how is How.FOLLOWS else Decided.REMOVAL
    else:
        decision = Decided.HOLD if reasons.linked else Decided.AUTOMATIC_HOLD
    return replace(reasons, decision=decision, elements=(), agreed=False)
