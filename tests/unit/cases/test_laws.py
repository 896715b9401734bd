"""Each law as data: valid with its fields given, and naming the field and its section with each one missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.house import AT, drawn, notice_about, reported

from takeback.cases import Clocks, Contact, Notice, Role, clocks_of, law_pack, law_packs, missing_fields
from takeback.cases.notice import FIELDS, MissingField, is_valid
from takeback.cases.retention import keeps_of
from takeback.errors import InputError

WHOLE = notice_about(reported(drawn(1)), links=("https://forum.example/1",))
WITHOUT: dict[str, Notice] = {
    "signature": replace(WHOLE, signature="  "),
    "role": replace(WHOLE, role=None),
    "location": replace(WHOLE, links=(), pictures=()),
    "statement": replace(WHOLE, statement="\n"),
    "intimate": replace(WHOLE, intimate=False),
    "not_consensual": replace(WHOLE, not_consensual=False),
    "good_faith": replace(WHOLE, good_faith=False),
    "contact": replace(WHOLE, contact=Contact(name="A. Person")),
    "name": replace(WHOLE, contact=Contact(email="a@person.example")),
    "email": replace(WHOLE, contact=Contact(name="A. Person", phone="1")),
}
ASKED = [(law, field) for law, pack in law_packs().items() for field in pack.fields]


def test_every_field_that_may_be_asked_for_has_a_row_here() -> None:
    assert set(WITHOUT) == set(FIELDS)
    assert {field for _, field in ASKED} <= set(FIELDS)


@pytest.mark.parametrize("law", law_packs())
def test_each_law_says_how_long_is_kept_what_and_the_record_longest(law: str) -> None:
    keeps = law_pack(law).keeps
    assert timedelta() < keeps.notice < keeps.upload_record < keeps.compliance_record


def test_of_several_laws_the_longest_time_counts() -> None:
    both = keeps_of([law_pack("uk-osa-20a"), law_pack("eu-dsa-16")])
    assert both.upload_record == law_pack("uk-osa-20a").keeps.upload_record
    assert both.compliance_record == law_pack("eu-dsa-16").keeps.compliance_record


@pytest.mark.parametrize("law", law_packs())
def test_a_notice_with_each_field_given_is_valid(law: str) -> None:
    assert missing_fields(WHOLE, [law_pack(law)]) == ()
    assert is_valid(WHOLE, [law_pack(law)])


@pytest.mark.parametrize(("law", "field"), ASKED)
def test_a_notice_that_lacks_one_field_names_it_with_its_section(law: str, field: str) -> None:
    pack = law_pack(law)
    missing = missing_fields(WITHOUT[field], [pack])
    assert MissingField(law, field, pack.fields[field]) in missing
    assert not is_valid(WITHOUT[field], [pack])


@pytest.mark.parametrize("law", law_packs())
def test_nothing_is_affirmed_by_default(law: str) -> None:
    pack = law_pack(law)
    assert {missing.field for missing in missing_fields(Notice(laws=()), [pack])} == set(pack.fields)


@pytest.mark.parametrize("role", [Role.PARENT, Role.HELPER])
def test_someone_who_acts_for_another_states_what_allows_it(role: Role) -> None:
    pack = law_pack("us-take-it-down")
    assert not is_valid(replace(WHOLE, role=role), [pack])
    assert is_valid(replace(WHOLE, role=role, authority="I am her mother."), [pack])


def test_the_receipts_mailbox_is_a_way_to_reach_her() -> None:
    mailbox = replace(WHOLE, contact=Contact(mailbox=True))
    assert is_valid(mailbox, [law_pack("us-take-it-down")])
    assert not is_valid(mailbox, [law_pack("eu-dsa-16")])
    assert is_valid(mailbox, list(law_packs().values()))


def test_the_clocks_run_from_receipt_and_from_validity_and_the_earlier_one_counts() -> None:
    packs = list(law_packs().values())
    assert clocks_of(AT, None, packs) == Clocks(AT + timedelta(hours=48), None)
    clocks = clocks_of(AT, AT + timedelta(hours=5), packs)
    assert (clocks.deadline_at, clocks.from_valid_at) == (AT + timedelta(hours=48), AT + timedelta(hours=53))


def test_an_unknown_law_is_refused_with_the_known_ones_named() -> None:
    with pytest.raises(InputError) as raised:
        law_pack("atlantis-1")
    assert all(law in raised.value.advice for law in law_packs())
