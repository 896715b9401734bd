"""An ID token: believed where all of it holds, and refused, with the reason, where one thing does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.house import AT
from tests.identity_provider import (
    CLIENT_ID,
    IdentityProvider,
    at_hash,
    b64,
    bringing_its_key,
    changed,
    honest,
    new_key,
    of_another,
    public_jwk,
    shared_secret,
    signed,
    unsigned,
)

from takeback.actions.openid.id_token import (
    MAX_TOKEN,
    OLDEST,
    SKEW,
    Claims,
    Expected,
    KeySet,
    TokenRefused,
    UnknownKey,
    check_id_token,
)
from takeback.errors import OutsideError

ISSUER = "https://id.example/realms/forum"
NOW = int(AT.timestamp())
EXPECTED = Expected(ISSUER, CLIENT_ID, "n" * 43)
ACCESS = "an-access-token"
GOOD: dict[str, object] = {
    "iss": ISSUER,
    "sub": "248289761001",
    "aud": CLIENT_ID,
    "exp": NOW + 300,
    "iat": NOW,
    "nonce": "n" * 43,
}

type Make = Callable[[dict[str, object], IdentityProvider], str]


@pytest.fixture(scope="module")
def provider() -> IdentityProvider:
    return IdentityProvider()


def read(provider: IdentityProvider, token: str, expected: Expected = EXPECTED) -> Claims:
    keys = KeySet.read({"keys": provider.published})
    return check_id_token(token, keys, expected, access_token=ACCESS, at=AT)


def why(provider: IdentityProvider, token: str, expected: Expected = EXPECTED) -> str:
    with pytest.raises(TokenRefused) as raised:
        read(provider, token, expected)
    return raised.value.why


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_token_that_holds_says_who_is_there(algorithm: str) -> None:
    provider = IdentityProvider(algorithm=algorithm)
    claims = read(provider, honest({**GOOD, "at_hash": at_hash(algorithm, ACCESS)}, provider))
    assert (claims.issuer, claims.subject) == (ISSUER, "248289761001")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (unsigned, "alg"),
        (shared_secret, "alg"),
        (of_another, "signature"),
        (changed, "signature"),
        (bringing_its_key, "signature"),
    ],
)
def test_a_signature_that_is_not_the_providers_is_refused(provider: IdentityProvider, make: Make, reason: str) -> None:
    assert why(provider, make(GOOD, provider)) == reason


def test_a_token_whose_signature_was_taken_off_is_refused(provider: IdentityProvider) -> None:
    whole = honest(GOOD, provider)
    assert why(provider, whole.rpartition(".")[0] + ".") == "signature"
    assert why(provider, whole[:-8] + "AAAAAAAA") == "signature"


@pytest.mark.parametrize(
    "algorithm", ["HS256", "HS512", "RS512", "ES384", "ES256K", "none", "NONE", "nOnE", "", 7, None]
)
def test_an_algorithm_that_is_not_on_the_list_is_refused(provider: IdentityProvider, algorithm: object) -> None:
    token = signed({"alg": algorithm, "kid": provider.kid}, GOOD, provider.key)
    assert why(provider, token) == "alg"


def test_a_key_is_used_for_its_own_kind_of_signature_alone(provider: IdentityProvider) -> None:
    assert why(provider, signed({"alg": "PS256", "kid": provider.kid}, GOOD, provider.key)) == "key"  # it says RS256
    token = signed({"alg": "ES256", "kid": provider.kid}, GOOD, new_key("ES256"))
    assert why(provider, token) == "key"


def test_of_two_keys_of_one_name_the_one_of_the_right_kind_is_taken(provider: IdentityProvider) -> None:
    keys = KeySet.read({"keys": [public_jwk(new_key("ES256"), kid="one"), *provider.published]})
    claims = check_id_token(honest(GOOD, provider), keys, EXPECTED, access_token=ACCESS, at=AT)
    assert claims.subject == "248289761001"


def test_a_symmetric_key_among_the_providers_verifies_nothing(provider: IdentityProvider) -> None:
    keys = KeySet.read({"keys": [{"kty": "oct", "kid": "one", "k": b64(b"k" * 32)}]})
    for header in ({"alg": "HS256", "kid": "one"}, {"alg": "RS256", "kid": "one"}):
        with pytest.raises(TokenRefused):
            check_id_token(signed(header, GOOD, b"k" * 32), keys, EXPECTED, access_token=ACCESS, at=AT)


def test_a_key_for_encryption_verifies_nothing(provider: IdentityProvider) -> None:
    keys = KeySet.read({"keys": [{**provider.published[0], "use": "enc"}]})
    with pytest.raises(UnknownKey):
        check_id_token(honest(GOOD, provider), keys, EXPECTED, access_token=ACCESS, at=AT)


def test_an_rsa_key_that_is_too_short_verifies_nothing(provider: IdentityProvider) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    keys = KeySet.read({"keys": [public_jwk(short, kid="short")]})
    token = signed({"alg": "RS256", "kid": "short"}, GOOD, short)
    with pytest.raises(TokenRefused):
        check_id_token(token, keys, EXPECTED, access_token=ACCESS, at=AT)


def test_a_token_without_a_key_id_is_read_by_the_only_key_and_by_none_of_two(provider: IdentityProvider) -> None:
    token = signed({"alg": "RS256"}, GOOD, provider.key)
    assert read(provider, token).subject == "248289761001"
    two = KeySet.read({"keys": [*provider.published, public_jwk(new_key("RS256"), kid="two")]})
    with pytest.raises(UnknownKey):
        check_id_token(token, two, EXPECTED, access_token=ACCESS, at=AT)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://id.example/realms/forum/"}, "iss"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": ["another"]}, "aud"),
        ({"aud": [CLIENT_ID, "another"]}, "azp"),
        ({"aud": [CLIENT_ID, "another"], "azp": "another"}, "azp"),
        ({"aud": CLIENT_ID, "azp": "another"}, "azp"),
        ({"aud": None}, "aud"),
        ({"aud": {CLIENT_ID: True}}, "aud"),
        ({"nonce": "m" * 43}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": 7}, "nonce"),
        ({"exp": NOW - 61}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": str(NOW + 300)}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": float("nan")}, "exp"),
        ({"exp": float("inf")}, "exp"),
        ({"iat": NOW + 61}, "iat"),
        ({"iat": NOW - 661}, "iat"),
        ({"iat": None}, "iat"),
        ({"nbf": NOW + 61}, "iat"),
        ({"nbf": "soon"}, "nbf"),
        ({"at_hash": at_hash("RS256", "another")}, "at_hash"),
        ({"at_hash": None, "sub": ""}, "at_hash"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 248289761001}, "sub"),
        ({"sub": "x" * 256}, "sub"),
    ],
    ids=str,
)
def test_a_claim_that_is_not_as_it_must_be_is_refused(
    provider: IdentityProvider, claims: dict[str, object], reason: str
) -> None:
    assert why(provider, honest({**GOOD, **claims}, provider)) == reason


@pytest.mark.parametrize("name", ["iss", "aud", "nonce", "exp", "iat", "sub"])
def test_a_claim_that_is_missing_is_refused(provider: IdentityProvider, name: str) -> None:
    left = {each: value for each, value in GOOD.items() if each != name}
    assert why(provider, honest(left, provider)) == name


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [CLIENT_ID]},
        {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID},
        {"exp": NOW - 59},
        {"iat": NOW + 59, "nbf": NOW + 59},
        {"iat": NOW - int((OLDEST + SKEW).total_seconds()) + 1},
        {"exp": NOW + 0.5},
    ],
    ids=str,
)
def test_what_the_clocks_and_the_standard_allow_is_taken(provider: IdentityProvider, claims: dict[str, object]) -> None:
    assert read(provider, honest({**GOOD, **claims}, provider)).subject == "248289761001"


def test_where_it_is_asked_when_and_how_somebody_proved_who_they_are_the_token_says_so(
    provider: IdentityProvider,
) -> None:
    strict = Expected(ISSUER, CLIENT_ID, "n" * 43, timedelta(minutes=5), ("gold", "silver"), ("mfa", "hwk"))
    proven: dict[str, object] = {**GOOD, "auth_time": NOW - 300, "acr": "silver", "amr": ["pwd", "mfa"]}
    assert read(provider, honest(proven, provider), strict).subject == "248289761001"
    for claims, reason in (
        ({"auth_time": NOW - 361}, "auth_time"),
        ({"auth_time": None}, "auth_time"),
        ({"acr": "bronze"}, "acr"),
        ({"acr": None}, "acr"),
        ({"acr": ["gold"]}, "acr"),
        ({"amr": ["pwd"]}, "amr"),
        ({"amr": "mfa"}, "amr"),
        ({"amr": None}, "amr"),
    ):
        assert why(provider, honest({**proven, **claims}, provider), strict) == reason


@pytest.mark.parametrize(
    "token",
    ["", "a", "a.b.c", "..", "é.é.é", "a.b.c.d.e", "x" * (MAX_TOKEN + 1), f"{b64(b'[' * 20_000)}.e30.e30"],
    ids=lambda token: token[:8],
)
def test_what_is_no_token_is_refused(provider: IdentityProvider, token: str) -> None:
    assert why(provider, token) in ("token", "alg")


def test_a_signed_token_that_holds_no_object_is_refused(provider: IdentityProvider) -> None:
    for claims in (["a"], "a", None, 7):
        assert why(provider, signed({"alg": "RS256", "kid": "one"}, claims, provider.key)) == "token"


def test_a_header_that_must_be_understood_and_is_not_is_refused(provider: IdentityProvider) -> None:
    for more in ({"crit": ["x-new"], "x-new": 1}, {"b64": False, "crit": ["b64"]}, {"kid": 7}):
        assert why(provider, signed({"alg": "RS256", "kid": "one", **more}, GOOD, provider.key)) in (
            "token",
            "signature",
        )


@pytest.mark.parametrize(
    "said", [{}, {"keys": None}, {"keys": {}}, {"keys": [{"kty": "RSA"}] * 101}], ids=lambda said: json.dumps(said)[:20]
)
def test_what_is_no_key_set_is_an_error_outside(said: dict[str, object]) -> None:
    with pytest.raises(OutsideError):
        KeySet.read(said)


@pytest.mark.parametrize(
    "key",
    [{"kty": "RSA"}, {"kty": "RSA", "n": "!", "e": "AQAB"}, {"kty": "RSA", "n": 7, "e": None}, 7, None, []],
    ids=str,
)
def test_a_broken_key_among_the_providers_is_as_none(provider: IdentityProvider, key: object) -> None:
    broken = {**key, "kid": "one"} if isinstance(key, dict) else key
    with pytest.raises(UnknownKey):
        check_id_token(honest(GOOD, provider), KeySet.read({"keys": [broken]}), EXPECTED, access_token=ACCESS, at=AT)
