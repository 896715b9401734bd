"""A record for the DSA's database: every rule of it bites, and what we make breaks none and names nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.house import AT, LAWS

from takeback.audit.event import Json
from takeback.cases.dsa import Restriction, as_restriction, broken_rules, record_of, rules
from takeback.cases.reasons import Contest, Decided, How, Reasons
from takeback.cases.statement import House
from takeback.match import CopyClass

REASONS = Reasons(Decided.REMOVAL, AT, LAWS, linked=False, copy_class=CopyClass.IDENTICAL, why="Rosa of Elm Street 5.")
SEEN, HIDDEN = date(2026, 11, 20), date(2026, 11, 22)
MARKERS = ("Rosa", "Elm Street")


def record(reasons: Reasons = REASONS, /, **changes: Any) -> dict[str, Any]:
    made = record_of(Restriction(reasons, "0a" * 16, SEEN, HIDDEN), House())
    return {**made, **changes}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in record().items() if name not in names}


# ---- What we make ------------------------------------------------------------------------------------------------


def every_reasons() -> Iterator[Reasons]:
    """Every way in which a picture can come to be hidden."""
    hides = (Decided.HOLD, Decided.AUTOMATIC_HOLD, Decided.REMOVAL, Decided.AUTOMATIC_REMOVAL)
    laws = [LAWS, *((law,) for law in LAWS)]
    for decision, how, copy_class, linked, under_18, some in product(
        hides, How, (*CopyClass, None), (True, False), (True, False), laws
    ):
        yield replace(
            REASONS, decision=decision, how=how, copy_class=copy_class, linked=linked, under_18=under_18, laws=some
        )


def test_no_record_that_we_make_breaks_a_rule_or_names_anybody() -> None:
    house = House(is_small=False, terms="Rosa's rule.")
    for count, reasons in enumerate(every_reasons()):
        for shown_again in (None, HIDDEN):
            made = record_of(Restriction(reasons, f"{count:032x}", SEEN, HIDDEN, shown_again), house)
            assert broken_rules(made) == []
            assert not any(marker in str(made) for marker in MARKERS)
            assert "source_identity" not in made


def test_a_removal_and_a_hold_are_told_apart() -> None:
    assert record()["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    held = record(replace(REASONS, decision=Decided.AUTOMATIC_HOLD))
    assert held["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
    assert held["automated_decision"] == "AUTOMATED_DECISION_FULLY"


@pytest.mark.parametrize(
    ("how", "automated"),
    [(How.PERSON, "NOT_AUTOMATED"), (How.FACTS, "PARTIALLY"), (How.FOLLOWS, "PARTIALLY")],
)
def test_it_says_how_much_of_the_decision_was_a_programs(how: How, automated: str) -> None:
    assert record(replace(REASONS, how=how))["automated_decision"] == f"AUTOMATED_DECISION_{automated}"
    assert record(replace(REASONS, linked=True))["automated_detection"] == "No"
    assert record()["automated_detection"] == "Yes"


def test_what_a_list_led_to_was_done_on_the_sites_own_initiative() -> None:
    made = record(replace(REASONS, by_list=True))
    assert (made["source_type"], broken_rules(made)) == ("SOURCE_VOLUNTARY", [])


def test_the_keyword_is_that_of_a_forgery_where_it_is_one() -> None:
    assert record()["category_specification"] == ["KEYWORD_NON_CONSENSUAL_IMAGE_SHARING"]
    forged = record(replace(REASONS, copy_class=CopyClass.ALTERED_COPY))
    assert forged["category_specification"] == ["KEYWORD_NON_CONSENSUAL_MATERIAL_DEEPFAKE"]
    assert forged["content_type"] == ["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_SYNTHETIC_MEDIA"]


def test_of_a_child_only_the_category_is_said() -> None:
    child = record(replace(REASONS, under_18=True, copy_class=CopyClass.ALTERED_COPY))
    assert child["category"] == "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"
    assert "category_specification" not in child
    assert child["content_type"] == ["CONTENT_TYPE_IMAGE"]


def test_the_ground_names_each_law_with_its_section() -> None:
    ground = record()["illegal_content_legal_ground"]
    assert all(name in ground for name in ("TAKE IT DOWN", "Online Safety Act", "Art. 6(1)(b), Art. 16(3)"))
    assert record(replace(REASONS, laws=("uk-osa-20a",)))["source_type"] == "SOURCE_TYPE_OTHER_NOTIFICATION"
    assert record()["source_type"] == "SOURCE_ARTICLE_16"


def test_what_was_shown_again_gives_the_reasons_for_which_it_was_hidden() -> None:
    put_back = replace(REASONS, decision=Decided.PUT_BACK, elements=("intimate",), contest=Contest.ANSWERED)
    assert as_restriction(put_back, was_removed=True).decision is Decided.REMOVAL
    assert as_restriction(put_back, was_removed=False).decision is Decided.AUTOMATIC_HOLD
    assert as_restriction(replace(put_back, linked=True), was_removed=False).decision is Decided.HOLD
    assert as_restriction(put_back, was_removed=True).elements == ()


# ---- That every rule bites ---------------------------------------------------------------------------------------

PROPERTIES: Mapping[str, Any] = rules()["properties"]


def test_the_record_that_the_rules_are_tried_on_keeps_them() -> None:
    assert broken_rules(record()) == []


@pytest.mark.parametrize("name", rules()["required"])
def test_what_is_required_has_to_be_there(name: str) -> None:
    assert f"{name}: required" in broken_rules(without(name))


def _wrong(name: str) -> Iterator[tuple[object, str]]:
    """Yield values that break each rule of one field, with that rule."""
    rule = PROPERTIES[name]
    if "enum" in rule:
        yield "SOMETHING_ELSE", "enum"
        yield None, "enum"
    if rule.get("type") == "array":
        first = rule["items"]["enum"][0]
        yield [], "minItems 1"
        yield [first, first], "uniqueItems"
        yield ["SOMETHING_ELSE"], "enum"
        yield first, "type array"
    if rule.get("type") == "string":
        yield 5, "type string"
    if "maxLength" in rule:
        yield "x" * (rule["maxLength"] + 1), f"maxLength {rule['maxLength']}"
        yield "", "minLength 1"
    if "pattern" in rule:
        yield "a b", "pattern"
        yield "AB\n", "pattern"
    if "format" in rule:
        for text in ("2026-02-30", "22.11.2026", "20261122", "2026-11-22T12:00:00", ""):
            yield text, "format date"


@pytest.mark.parametrize(
    ("name", "value", "rule"), [(name, value, rule) for name in PROPERTIES for value, rule in _wrong(name)]
)
def test_each_field_takes_only_what_its_rule_says(name: str, value: object, rule: str) -> None:
    assert f"{name}: {rule}" in broken_rules(record(**{name: value}))


@pytest.mark.parametrize("name", [name for name, rule in PROPERTIES.items() if "maxLength" in rule])
def test_a_text_may_be_as_long_as_its_rule_says(name: str) -> None:
    longest = "x" * PROPERTIES[name]["maxLength"]
    assert not [fault for fault in broken_rules(record(**{name: longest})) if fault.startswith(name)]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"decision_visibility": ["DECISION_VISIBILITY_OTHER"]}, "decision_visibility_other: required"),
        ({"decision_visibility_other": "Blurred."}, "the whole: not"),
        ({"decision_monetary": "DECISION_MONETARY_OTHER"}, "decision_monetary_other: required"),
        ({"decision_monetary_other": "Less."}, "the whole: not"),
        ({"content_type": ["CONTENT_TYPE_OTHER"]}, "content_type_other: required"),
        ({"content_type_other": "A sculpture."}, "the whole: not"),
        ({"decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT"}, "incompatible_content_ground: required"),
        ({"decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT"}, "incompatible_content_explanation: required"),
        ({"decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT"}, "the whole: not"),
        ({"incompatible_content_illegal": "Yes"}, "the whole: not"),
        ({"url": "https://forum.example/1"}, "the whole: additionalProperties"),
        ({"content_date": "1999-12-31"}, "content_date: before 2000-01-01"),
        ({"application_date": "2019-12-31"}, "application_date: before 2020-01-01"),
        ({"end_date_visibility_restriction": "2026-11-21"}, "end_date_visibility_restriction: before application_date"),
    ],
)  # fmt: skip
def test_rules_that_tie_fields_together_bite(changes: dict[str, Json], fault: str) -> None:
    assert fault in broken_rules(record(**changes))


@pytest.mark.parametrize("name", ["illegal_content_legal_ground", "illegal_content_explanation"])
def test_an_illegal_picture_needs_its_ground(name: str) -> None:
    assert f"{name}: required" in broken_rules(without(name))


def test_something_has_to_have_been_decided() -> None:
    assert "the whole: anyOf" in broken_rules(without("decision_visibility"))
    other = {**without("decision_visibility"), "decision_account": "DECISION_ACCOUNT_SUSPENDED"}
    assert broken_rules(other) == []


def test_a_statement_by_the_terms_of_the_site_would_be_taken() -> None:
    ground = {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT", "incompatible_content_ground": "§ 4",
        "incompatible_content_explanation": "Without consent.", "incompatible_content_illegal": "Yes",
    }  # fmt: skip
    assert broken_rules({**without("illegal_content_legal_ground", "illegal_content_explanation"), **ground}) == []


# ---- How they are read -------------------------------------------------------------------------------------------


def keywords(schema: Any) -> Iterator[str]:
    """Every keyword of a schema and of the schemas in it."""
    for name, value in schema.items():
        yield name
        inside = value.values() if name == "properties" else value if name in ("allOf", "anyOf") else [value]
        if name in ("properties", "allOf", "anyOf", "items", "contains", "not", "if", "then", "else"):
            for each in inside:
                yield from keywords(each)


def test_every_rule_is_one_that_the_reader_knows() -> None:
    Draft202012Validator.check_schema(rules())
    said_of_itself = {"$schema", "title", "$comment", "then", "else"}
    assert set(keywords(rules())) - said_of_itself <= set(Draft202012Validator.VALIDATORS)


def test_a_fault_says_where_and_never_what_stands_there() -> None:
    assert not any("Rosa" in fault for fault in broken_rules(record(puid="Rosa Elm", decision_facts="Rosa" * 2_000)))


@given(
    st.recursive(st.none() | st.booleans() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each))
)
def test_anything_that_is_no_record_has_a_fault(value: Json) -> None:
    assert not Draft202012Validator(rules()).is_valid(value)
