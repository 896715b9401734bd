"""The statement of reasons: each of a to f of Art. 17(3) DSA, for every decision, law and language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from itertools import product
from typing import Any

import pytest
from babel import Locale
from babel.dates import format_date
from tests.house import AT, LAWS

from takeback.audit.event import canonical_json
from takeback.cases.elements import require_elements, sections_of
from takeback.cases.law import law_pack, law_packs
from takeback.cases.reasons import Contest, Decided, How, Reasons
from takeback.cases.statement import PARTS, House, Point, Statement, check_statements, statement_of, texts
from takeback.config import Settings
from takeback.errors import BadSetting, InputError
from takeback.match import CopyClass

LANGUAGES = ("ar", "de", "en", "es", "fr", "pt")
URL = "https://takeback.forum.example/contest#abc234"
HOUSE = House(is_small=True, languages=LANGUAGES)
LARGE = replace(HOUSE, is_small=False)
OF_A_COPY: dict[Decided, tuple[bool, CopyClass | None, How]] = {
    Decided.HOLD: (True, None, How.PERSON),
    Decided.AUTOMATIC_HOLD: (False, CopyClass.IDENTICAL, How.PERSON),
    Decided.REMOVAL: (False, CopyClass.SUBSTANTIALLY_SAME, How.FACTS),
    Decided.AUTOMATIC_REMOVAL: (False, CopyClass.IDENTICAL, How.FOLLOWS),
    Decided.UPHELD: (True, None, How.PERSON),
    Decided.PUT_BACK: (False, CopyClass.SUBSTANTIALLY_SAME, How.PERSON),
    Decided.UPLOAD_REFUSED: (False, None, How.PERSON),
    Decided.UPLOAD_LET: (False, None, How.PERSON),
}
SAYS: dict[Decided, dict[str, list[str]]] = {
    Decided.HOLD: {
        "restriction": ["hold", "scope", "until_decided"],
        "facts": ["notice", "linked"],
        "automated": ["named", "program"],
    },
    Decided.AUTOMATIC_HOLD: {
        "restriction": ["hold", "scope", "until_decided"],
        "facts": ["notice", "found"],
        "automated": ["identical", "program"],
    },
    Decided.REMOVAL: {
        "restriction": ["removal", "scope", "unlimited"],
        "facts": ["notice", "found", "why"],
        "automated": ["substantially_same", "facts"],
    },
    Decided.AUTOMATIC_REMOVAL: {
        "restriction": ["removal", "scope", "unlimited"],
        "facts": ["notice", "found", "why"],
        "automated": ["identical", "follows"],
    },
    Decided.UPHELD: {
        "restriction": ["upheld", "scope", "unlimited"],
        "facts": ["notice", "linked", "why"],
        "automated": ["named", "second"],
    },
    Decided.PUT_BACK: {
        "restriction": ["put_back"],
        "facts": ["notice", "found", "why"],
        "automated": ["substantially_same", "second"],
    },
    Decided.UPLOAD_REFUSED: {
        "restriction": ["upload_refused", "scope", "unlimited"],
        "facts": ["notice", "upload"],
        "automated": ["upload"],
    },
    Decided.UPLOAD_LET: {
        "restriction": ["upload_let"],
        "facts": ["notice", "upload"],
        "automated": ["upload"],
    },
}
LEGAL_REDRESS = {
    "us-take-it-down": ["no_counter_notice", "court"],
    "uk-osa-20a": ["provider_complaint", "no_single_cases", "court"],
    "eu-dsa-16": ["not_bound", "coordinator", "court"],
}
TABLE = list(product(Decided, LAWS, LANGUAGES))


def reasons(decision: Decided, *laws: str, **changed: Any) -> Reasons:
    linked, copy_class, how = OF_A_COPY[decision]
    elements = ("same_picture",) if decision.lifts else ()
    made = Reasons(decision, AT, laws, linked, copy_class, "It is a coast.", how=how, elements=elements)
    return replace(made, **changed)


def names(points: tuple[Point, ...]) -> list[str]:
    return [point.text.partition(".")[2] for point in points]


def words(statement: Statement, part: str, language: str) -> str:
    return "\n".join(dict(zip(PARTS, (lines for _, lines in statement.parts(language)), strict=True))[part])


@pytest.mark.parametrize(("decision", "law", "language"), TABLE)
def test_every_statement_has_each_of_a_to_f(decision: Decided, law: str, language: str) -> None:
    statement = statement_of(reasons(decision, law), HOUSE, contest_url=URL)
    pack = law_pack(law)
    # a, b and c: what was done, where and for how long; on what facts; what programs did.
    for part, expected in SAYS[decision].items():
        assert names(getattr(statement, part)) == expected
    # d: each law by its name, with the section and why.
    legal = words(statement, "legal", language)
    section = pack.elements["same_picture"] if decision.lifts else pack.ground["removal"]
    assert pack.name in legal
    assert section in legal
    # e: that the site's own rules are no ground, or which is.
    assert names(statement.terms) == ["none"]
    assert names(statement_of(reasons(decision, law), replace(HOUSE, terms="§ 4")).terms) == [
        "none" if decision.lifts else "ground"
    ]
    # f: what can be done about it.
    first = {Decided.UPHELD: ["answered"], Decided.UPLOAD_REFUSED: ["contest_upload", "link"]}
    first |= {Decided.PUT_BACK: ["nothing"], Decided.UPLOAD_LET: ["nothing"]}
    held = ["objection", "link"] if decision.hides_for_now else ["contest", "link"]
    after = [] if decision.lifts else LEGAL_REDRESS[law]
    assert names(statement.redress) == first.get(decision, held) + after
    # Nothing is left to be filled in, in no language, and each part says something.
    whole = statement.text(language)
    assert not re.search(r"[{}]", whole)
    for heading, lines in statement.parts(language):
        assert heading
        assert lines
        assert all(lines)
    if decision in (Decided.REMOVAL, Decided.AUTOMATIC_REMOVAL, Decided.UPLOAD_REFUSED):
        until = format_date(AT + timedelta(days=184), "long", locale=Locale.parse(language))
        assert until in words(statement, "redress", language)
        assert URL in words(statement, "redress", language)


@pytest.mark.parametrize(("decision", "law", "language"), TABLE)
def test_a_statement_about_a_child_says_that_nothing_is_contested_here(
    decision: Decided, law: str, language: str
) -> None:
    if decision.lifts:
        return
    statement = statement_of(reasons(decision, law, under_18=True), LARGE, contest_url=URL)
    assert names(statement.redress)[0] == "child"
    assert not {"link", "contest", "objection", "internal_complaint"} & set(names(statement.redress))
    assert URL not in statement.text(language)


def test_only_a_large_operator_is_bound_to_take_complaints_and_settle_disputes() -> None:
    said = names(statement_of(reasons(Decided.REMOVAL, "eu-dsa-16"), LARGE).redress)
    assert said == ["contest", "internal_complaint", "dispute_settlement", "coordinator", "court"]
    (small,) = [
        point for point in statement_of(reasons(Decided.REMOVAL, "eu-dsa-16"), HOUSE).redress if "bound" in point.text
    ]
    assert small.section == "Art. 20, Art. 21"


def test_a_copy_that_is_not_identical_rests_on_good_faith_where_the_law_speaks_of_identical_ones() -> None:
    similar = reasons(Decided.REMOVAL, "us-take-it-down")
    assert "good_faith" in names(statement_of(similar, HOUSE).legal)
    assert "good_faith" not in names(statement_of(replace(similar, copy_class=CopyClass.IDENTICAL), HOUSE).legal)
    assert "good_faith" not in names(statement_of(reasons(Decided.REMOVAL, "uk-osa-20a"), HOUSE).legal)


def test_going_to_court_is_said_once_however_many_laws_there_are() -> None:
    lines = words(statement_of(reasons(Decided.REMOVAL, *LAWS), HOUSE), "redress", "en").splitlines()
    assert lines.count("You can go to court.") == 1


def test_where_she_agreed_the_statement_says_so_instead_of_an_element() -> None:
    agreed = reasons(Decided.PUT_BACK, "uk-osa-20a", elements=(), agreed=True)
    assert names(statement_of(agreed, HOUSE).legal) == ["agreed", "uk-osa-20a"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_list_led_to_is_said_to_be_of_a_list_and_names_no_notice(language: str) -> None:
    for decision in (Decided.AUTOMATIC_HOLD, Decided.REMOVAL, Decided.PUT_BACK):
        changed = {"elements": ("person",)} if decision is Decided.PUT_BACK else {}
        statement = statement_of(reasons(decision, *LAWS, by_list=True, **changed), HOUSE, contest_url=URL)
        assert all(lines for _, lines in statement.parts(language))
        assert names(statement.facts)[:2] == ["list", "found_by_list"]
        said = {point.text for part in PARTS for point in getattr(statement, part)}
        of_notices = {"facts.notice", "facts.found", "automated.program", "legal.claimed", "restriction.until_decided"}
        assert not said & (of_notices | {"elements.person"})


def test_a_contest_that_waits_or_is_answered_is_not_offered_again() -> None:
    waiting = statement_of(reasons(Decided.REMOVAL, "uk-osa-20a", contest=Contest.WAITING), HOUSE, contest_url=URL)
    assert names(waiting.redress)[0] == "waiting"
    assert URL not in waiting.text("en")


@pytest.mark.parametrize(("contest", "says"), [(Contest.WAITING, "waiting"), (Contest.ANSWERED, "answered")])
def test_the_same_of_a_refused_upload_of_which_nobody_knows_who_contested_it(contest: Contest, says: str) -> None:
    made = statement_of(reasons(Decided.UPLOAD_REFUSED, "uk-osa-20a", contest=contest), HOUSE, contest_url=URL)
    assert names(made.redress)[0] == f"{says}_upload"
    assert "You have contested" not in made.text("en")
    assert URL not in made.text("en")
    assert ("second" in names(made.automated)) is (contest is Contest.ANSWERED)


def test_a_refused_upload_tells_neither_a_class_nor_the_law_that_treats_classes_differently() -> None:
    told = {
        statement_of(reasons(Decided.UPLOAD_REFUSED, *LAWS, copy_class=each), HOUSE).text("en")
        for each in (None, *CopyClass)
    }
    assert len(told) == 1
    assert texts()["en"]["legal"]["good_faith"] not in told.pop()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_refused_no_more_for_no_fault_of_the_notice_names_its_laws_still(language: str) -> None:
    made = statement_of(reasons(Decided.UPLOAD_LET, "uk-osa-20a", elements=()), HOUSE)
    assert names(made.legal) == ["no_more", "uk-osa-20a"]
    assert law_pack("uk-osa-20a").name in words(made, "legal", language)


@pytest.mark.parametrize("copy_class", list(CopyClass))
def test_the_class_of_a_copy_is_all_that_is_told_of_how_it_was_found(copy_class: CopyClass) -> None:
    made = statement_of(reasons(Decided.REMOVAL, *LAWS, copy_class=copy_class), HOUSE, contest_url=URL)
    assert names(made.automated)[0] == copy_class.value
    told = json.dumps(made.as_json(LANGUAGES)) + json.dumps(made.reasons.as_json())
    for word in ("distance", "orientation", "similarity", "inliers", "pdq", "entry", "bits"):
        assert word not in told.lower()


def test_reasons_come_back_as_they_were_kept_and_a_statement_is_canonical_json() -> None:
    made = reasons(Decided.PUT_BACK, *LAWS)
    assert Reasons.from_json(json.loads(json.dumps(made.as_json()))) == made
    statement = statement_of(made, HOUSE).as_json(LANGUAGES)
    assert set(statement) == {"decision", "at", *PARTS, "text"}
    assert len(canonical_json(statement)) < 32_768


# ---- Elements


def test_each_law_has_elements_a_ground_and_redress_with_texts_in_every_language() -> None:
    for pack, language in product(law_packs().values(), LANGUAGES):
        assert set(pack.elements) <= set(texts()[language]["elements"])
        assert set(pack.redress) <= set(texts()[language]["redress"])
        assert pack.id in texts()[language]["legal"]
        assert "removal" in pack.ground
        assert pack.covers_substantially_same or "good_faith" in pack.ground


def test_an_element_has_to_fail_under_each_law() -> None:
    require_elements(["intimate"], LAWS)
    require_elements(["likeness", "consent"], LAWS)
    with pytest.raises(InputError, match="Online Safety Act"):
        require_elements(["likeness", "unlawful"], LAWS)
    with pytest.raises(InputError, match="TAKE IT DOWN"):
        require_elements([], LAWS)
    with pytest.raises(InputError, match="'ugly'"):
        require_elements(["intimate", "ugly"], LAWS)
    assert [law for law, _, _ in sections_of(["likeness"], LAWS)] == ["us-take-it-down"]


# ---- Texts


def _leaves(found: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", str(value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts_with_the_same_places_to_fill(language: str) -> None:
    english, other = dict(_leaves(texts()["en"])), dict(_leaves(texts()[language]))
    assert list(other) == list(english)
    for name, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", other[name])) == sorted(re.findall(r"\{\w+\}", text)), name
        assert language == "en" or "{law}" in text or other[name] != text, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_texts_lie_as_they_are_written_by_hand_and_by_program(language: str) -> None:
    file = resources.files("takeback.cases") / "statements" / f"{language}.json"
    text = file.read_text("utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    assert not re.search(r"\b(score|verdict|fake|ticket|blacklist)\b", text, flags=re.IGNORECASE)


# ---- Settings


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"statement_languages": ("en", "xx")}, "'xx'"),
        ({"statement_languages": ()}, "no language"),
        ({"operator_size": "huge"}, "huge"),
    ],
)
def test_settings_that_no_statement_can_be_made_of_stop_the_start(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(BadSetting, match=named):
        check_statements(replace(Settings(), **changed))
    check_statements(Settings())
