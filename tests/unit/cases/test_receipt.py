"""The receipt: seven words, and how forgiving it is of how they are written."""

from __future__ import annotations

import secrets

import pytest

from takeback.cases.receipt import RECEIPT_BYTES, RECEIPT_WORDS, as_written, receipt_of


def test_a_receipt_is_seven_words_and_each_secret_has_its_own() -> None:
    receipts = {receipt_of(secrets.token_bytes(RECEIPT_BYTES)) for _ in range(2_000)}
    assert len(receipts) == 2_000
    assert {len(receipt.split()) for receipt in receipts} == {RECEIPT_WORDS}
    assert all(as_written(receipt) == receipt for receipt in receipts)


def test_every_bit_of_the_seventy_seven_counts() -> None:
    blank = bytes(RECEIPT_BYTES)
    flipped = {receipt_of((1 << bit).to_bytes(RECEIPT_BYTES)) for bit in range(7 * 11)}
    assert len(flipped) == 77
    assert receipt_of(blank) not in flipped


def test_the_same_secret_gives_the_same_receipt_however_long_it_is() -> None:
    secret = bytes(range(32))
    assert receipt_of(secret) == receipt_of(secret[:RECEIPT_BYTES])


def test_too_short_a_secret_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="10 bytes"):
        receipt_of(bytes(RECEIPT_BYTES - 1))


@pytest.mark.parametrize(
    "typed",
    [
        "Abandon ABILITY able",
        "  abandon\nability\table. ",
        "abandon, ability; able",
        "abandon-ability–able",
        "abandon · ability · able",
    ],
)  # fmt: skip
def test_capitals_commas_and_line_ends_do_not_matter(typed: str) -> None:
    assert as_written(typed) == "abandon ability able"
