"""A site believes a request only if it is signed, whole and fresh."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback.actions.signature import HEADER, sign, verify
from takeback.errors import NotAllowed

SECRET = b"0123456789abcdef"
NOW = 1_795_339_800
BODY = b"{}"
V1 = "36cb193a1c3c07fd78ec869c3a6b237a6c41419b15c93d8f55b5ade96256f18d"
SIGNED = f"t={NOW},v1={V1}"


def test_the_signature_is_the_one_that_the_documentation_shows() -> None:
    # HMAC-SHA256 of `1795339800.{}`, computed with another tool.
    assert sign(SECRET, NOW, BODY) == SIGNED
    assert HEADER == "Takeback-Signature"


@given(st.binary(min_size=1, max_size=80), st.binary(max_size=200), st.integers(0, 10**11))
def test_what_was_signed_is_believed(secret: bytes, body: bytes, now: int) -> None:
    verify(secret, sign(secret, now, body), body, now=now)


@pytest.mark.parametrize("late", [-300, -1, 0, 1, 300])
def test_a_signature_within_the_window_is_believed(late: int) -> None:
    verify(SECRET, SIGNED, BODY, now=NOW + late)


@pytest.mark.parametrize("late", [-301, 301, 86_400])
def test_a_stale_or_future_signature_is_refused(late: int) -> None:
    with pytest.raises(NotAllowed, match="too old, or from the future"):
        verify(SECRET, SIGNED, BODY, now=NOW + late)


@pytest.mark.parametrize(
    ("secret", "header", "body"),
    [
        (SECRET, SIGNED, b"{} "),
        (SECRET, SIGNED, b""),
        (b"another secret!!", SIGNED, BODY),
        (b"", SIGNED, BODY),
        (SECRET, f"t={NOW + 1},v1={V1}", BODY),
        (SECRET, f"t={NOW},v1={V1[:-1]}e", BODY),
        (SECRET, f"t={NOW},v1={V1[:-1]}", BODY),
        (SECRET, f"t={NOW},v1={V1.upper()}", BODY),
        (SECRET, f"t={NOW},v1=", BODY),
        (SECRET, f"t={NOW // 10},v1={V1}", str(NOW % 10).encode() + b"." + BODY),
    ],
)
def test_another_body_secret_or_moment_is_refused(secret: bytes, header: str, body: bytes) -> None:
    with pytest.raises(NotAllowed, match="does not belong"):
        verify(secret, header, body, now=NOW)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t",
        "v1",
        f"t={NOW}",
        f"v1={V1}",
        f"t={NOW};v1={V1}",
        f"t=,v1={V1}",
        f"t=-1,v1={V1}",
        f"t=+{NOW},v1={V1}",
        f"t=0{NOW},v1={V1}",
        f"t={NOW}.0,v1={V1}",
        f"t={NOW} ,v1={V1}",
        f"t= {NOW},v1={V1}",
        f"t=1_795_339_800,v1={V1}",
        f"t={'9' * 5_000},v1={V1}",
        f"t=١٧٩٥٣٣٩٨٠٠,v1={V1}",
        f"t={NOW},t={NOW},v1={V1}",
        f"T={NOW},v1={V1}",
        f"t={NOW},v2={V1}",
        f"t={NOW},v1=é",
        f"t={NOW},v1=\udc80",
        f"t={NOW}" + f",v1={V1}" * 8,
        "," * 100_000,
    ],
)
def test_a_malformed_header_is_refused(header: str) -> None:
    with pytest.raises(NotAllowed, match="malformed") as refusal:
        verify(SECRET, header, BODY, now=NOW)

    assert "same secret" in refusal.value.advice


def test_while_a_secret_is_changed_both_are_believed() -> None:
    header = sign(b"the new secret!!", NOW, BODY, former_secret=SECRET)

    verify(SECRET, header, BODY, now=NOW)
    verify(b"the new secret!!", header, BODY, now=NOW)
    with pytest.raises(NotAllowed, match="does not belong"):
        verify(b"a third secret!!", header, BODY, now=NOW)


def test_parts_of_a_later_version_are_passed_over() -> None:
    verify(SECRET, f"t={NOW},v2=something,v1={V1},k=1", BODY, now=NOW)


def test_the_window_is_the_sites_own_choice() -> None:
    verify(SECRET, SIGNED, BODY, now=NOW + 900, window_seconds=900)
    with pytest.raises(NotAllowed, match="too old"):
        verify(SECRET, SIGNED, BODY, now=NOW + 2, window_seconds=1)
