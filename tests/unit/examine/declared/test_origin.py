"""What a file says of its own making, in sentences that say that it says so."""

from __future__ import annotations

import pytest
from tests.unit.provenance.packets import GENERATED, packet
from tests.unit.provenance.signing import picture

from takeback.examine import examine_image
from takeback.examine.declared.origin import outcome_of
from takeback.examine.declared.words import origin_words
from takeback.examine.outcome import Outcome, Test
from takeback.examine.sentences import SENTENCES
from takeback.provenance.declared import Declared
from takeback.provenance.origins import SOURCE_TYPES, source_type

PART = "declared_origin"


def outcome(data: bytes) -> Outcome:
    (found,) = (each for each in examine_image(data).outcomes if each.test is Test.DECLARED_ORIGIN)
    return found


def test_where_nothing_is_declared_nothing_is_guessed() -> None:
    found = outcome(picture())
    assert not found.facts
    assert not found.findings
    assert "not guessed from the pixels" in str(found.why_not)


def test_a_generator_is_what_the_file_says() -> None:
    found = outcome(picture(xmp=packet(attributes=f'Iptc4xmpExt:DigitalSourceType="{GENERATED}"')))
    assert [str(each) for each in found.facts] == [
        "The file says how the picture came to be: made by a generator, trained on pictures. That is no proof: anyone "
        "can write it, and take it away."
    ]
    assert found.why_not is None
    assert not found.findings


def test_a_camera_that_is_declared_does_not_show_that_nothing_was_generated() -> None:
    captured = GENERATED.replace("trainedAlgorithmicMedia", "digitalCapture")
    found = outcome_of(Declared(source_type=captured, camera="A camera"))
    assert found.why_not is not None
    assert found.why_not.key == f"{PART}.not_said"


def test_every_sentence_can_be_said_and_says_who_says_it() -> None:
    full = Declared(
        source_type=GENERATED, generators=("ComfyUI",), has_prompt=True, ai_system="A system", programs=("A program",),
        camera="A camera", credit="An agency", steps=3, step_programs=("A program",), ancestors=2, is_readable=False,
    )  # fmt: skip
    said = [*outcome_of(full).facts, *outcome_of(Declared(source_type="of no vocabulary")).facts]
    nothing = outcome_of(Declared()).why_not
    assert nothing is not None
    assert {each.key for each in (*said, nothing)} == {key for key in SENTENCES if key.startswith(f"{PART}.")}
    assert all(str(each).startswith("The file says") for each in said)


@pytest.mark.parametrize("name", sorted(SOURCE_TYPES))
def test_every_source_type_has_plain_words(name: str) -> None:
    address = f"http://cv.iptc.org/newscodes/digitalsourcetype/{name}"
    assert source_type(address) == source_type(f"{address}/") == source_type(name.lower()) == name
    words = origin_words(address)
    assert words == SENTENCES[f"source_type.{name}"]
    assert not words.endswith("…")
    assert len(SOURCE_TYPES) == sum(key.startswith("source_type.") for key in SENTENCES)


@pytest.mark.parametrize("named", ["", "http://example.org/", "trainedAlgorithmicMedia2", "a trained one"])
def test_other_words_are_no_source_type(named: str) -> None:
    assert source_type(named) is None
