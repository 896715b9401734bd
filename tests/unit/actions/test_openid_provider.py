"""A provider over real HTTP: what it says of itself, its keys as they change, and what goes wrong outside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.house import AT
from tests.identity_provider import CLIENT_ID, SECRET, IdentityProvider, new_key, signed

from takeback.actions.destination import PrivateHosts
from takeback.actions.openid.id_token import Claims, TokenRefused
from takeback.actions.openid.metadata import MAX_BYTES
from takeback.actions.openid.provider import (
    FAILED_REST_SECONDS,
    KEPT_SECONDS,
    KEYS_REST_SECONDS,
    Client,
    CodeRefused,
    Provider,
)
from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.config import Settings
from takeback.errors import BadSetting, OutsideError, TakebackError
from takeback.workflow.openid import Errand

BACK = "https://desk.example/desk/openid/answer"
ERRAND = Errand("a-secret-of-the-browser")
DISCOVERY = "/.well-known/openid-configuration"
PATIENT = Timeouts(connect_seconds=30.0, read_seconds=30.0, total_seconds=60.0)
HASTY = Timeouts(connect_seconds=0.5, read_seconds=0.5, total_seconds=0.5)


class Steps:
    """Seconds that grow when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Asking:
    """Our side of a provider."""

    def __init__(
        self, there: IdentityProvider, *, allowed: tuple[str, ...] | None = None, timeouts: Timeouts = PATIENT
    ) -> None:
        self.there, self.clock = there, Steps()
        hosts = (there.host,) if allowed is None else allowed
        self.client = Client(there.issuer, CLIENT_ID, SECRET, "The club")
        self.provider = Provider(
            self.client, OutgoingHttp(hosts, timeouts=timeouts), PrivateHosts.of(hosts), self.clock
        )

    def address(self) -> str:
        return asyncio.run(self.provider.leads_to(ERRAND, BACK))

    def sign_in(self, errand: Errand = ERRAND, *, at: datetime = AT) -> Claims:
        """Go there, come back with a code, and exchange it."""
        back = self.there.sign_in(self.address())
        code = dict(parse_qsl(urlsplit(back).query))["code"]
        return self.exchange(code, errand, at=at)

    def exchange(self, code: str, errand: Errand = ERRAND, *, at: datetime = AT) -> Claims:
        return asyncio.run(self.provider.claims(code, errand, BACK, at=at))


@pytest.fixture
def there() -> Iterator[IdentityProvider]:
    with IdentityProvider(now=AT.timestamp).listening() as provider:
        yield provider


@pytest.fixture
def asking(there: IdentityProvider) -> Asking:
    return Asking(there)


def test_a_code_becomes_who_signed_in(asking: Asking) -> None:
    claims = asking.sign_in()
    assert (claims.issuer, claims.subject) == (asking.there.issuer, "248289761001")


def test_what_a_browser_takes_along_is_no_secret_and_no_more_than_is_asked(asking: Asking) -> None:
    address = asking.address()
    assert ERRAND.secret not in address
    assert ERRAND.verifier not in address
    assert SECRET not in address
    query = dict(parse_qsl(urlsplit(address).query))
    assert set(query) == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method",
    }  # fmt: skip
    assert (query["scope"], query["redirect_uri"]) == ("openid", BACK)
    assert len({query["state"], query["nonce"], query["code_challenge"], ERRAND.verifier}) == 4


def test_a_query_that_the_providers_address_has_is_kept(asking: Asking) -> None:
    asking.there.discovery = {"authorization_endpoint": f"{asking.there.issuer}/authorize?tenant=forum"}
    assert asking.address().startswith(f"{asking.there.issuer}/authorize?tenant=forum&response_type=code&")


def test_a_secret_goes_into_the_form_where_the_provider_takes_it_there_alone(asking: Asking) -> None:
    asking.there.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert asking.sign_in().subject == "248289761001"


def test_a_code_counts_once(asking: Asking) -> None:
    back = asking.there.sign_in(asking.address())
    code = dict(parse_qsl(urlsplit(back).query))["code"]
    asking.exchange(code)
    with pytest.raises(CodeRefused):
        asking.exchange(code)


def test_a_code_that_another_browser_began_is_not_exchanged(asking: Asking) -> None:
    with pytest.raises(CodeRefused):
        asking.sign_in(Errand("of another browser"))


def test_a_wrong_secret_is_said_without_the_secret(there: IdentityProvider) -> None:
    asking = Asking(there)
    wrong = replace(asking.client, secret="guessed-secret")
    asking.provider = Provider(wrong, OutgoingHttp((there.host,)), PrivateHosts.of((there.host,)))
    with pytest.raises(CodeRefused) as raised:
        asking.sign_in()
    assert "guessed-secret" not in f"{raised.value.message} {raised.value.advice} {wrong!r}"


def test_what_it_says_of_itself_and_its_keys_are_fetched_once_an_hour(asking: Asking) -> None:
    asking.sign_in()
    asking.sign_in()
    assert [asking.there.asked_for.count(path) for path in (DISCOVERY, "/keys", "/token")] == [1, 1, 2]
    asking.clock.now += KEPT_SECONDS
    asking.sign_in()
    assert [asking.there.asked_for.count(path) for path in (DISCOVERY, "/keys")] == [2, 2]


def test_a_changed_key_is_found_at_the_next_sign_in(asking: Asking) -> None:
    asking.sign_in()
    asking.clock.now += KEYS_REST_SECONDS
    asking.there.change_key("two")
    assert asking.sign_in().subject == "248289761001"


def test_tokens_of_unknown_keys_do_not_have_the_keys_fetched_each_time(asking: Asking) -> None:
    asking.sign_in()
    asking.clock.now += KEYS_REST_SECONDS
    asking.there.token = lambda claims, _: signed({"alg": "RS256", "kid": "x"}, claims, new_key("RS256"))
    for _ in range(5):
        with pytest.raises(TokenRefused):
            asking.sign_in()
    assert asking.there.asked_for.count("/keys") == 2


def test_a_key_that_the_provider_took_back_verifies_nothing_an_hour_later(asking: Asking) -> None:
    asking.sign_in()
    former, kid = asking.there.key, asking.there.kid
    asking.there.change_key("two")
    asking.there.token = lambda claims, _: signed({"alg": "RS256", "kid": kid}, claims, former)
    asking.clock.now += KEPT_SECONDS
    with pytest.raises(TokenRefused):
        asking.sign_in()


def test_a_token_for_another_sign_in_is_refused(asking: Asking) -> None:
    asking.there.claims = {"nonce": Errand("another").nonce}
    with pytest.raises(TokenRefused) as raised:
        asking.sign_in()
    assert raised.value.why == "nonce"


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_issuer_is_compared_to_the_last_slash(there: IdentityProvider, slash: str) -> None:
    asking = Asking(there)
    there.discovery = {"issuer": there.issuer + ("" if slash else "/")}
    client = replace(asking.client, issuer=there.issuer + slash)
    asking.provider = Provider(client, OutgoingHttp((there.host,)), PrivateHosts.of((there.host,)))
    with pytest.raises(OutsideError, match="openid_issuer") as raised:
        asking.address()
    assert there.asked_for == [DISCOVERY]
    assert "last slash" in raised.value.advice


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://id.example/'\"><script>"},
        {"authorization_endpoint": "https://id.example/a b"},
        {"authorization_endpoint": "https://user:password@id.example/"},
        {"authorization_endpoint": "http://id.example/authorize"},
        {"authorization_endpoint": "//id.example/authorize"},
        {"authorization_endpoint": "https://id.example/#fragment"},
        {"end_session_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://id.example/token"},
        {"token_endpoint": ["https://id.example/token"]},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
        {"response_types_supported": ["id_token"]},
        {"id_token_signing_alg_values_supported": ["HS256", "none"]},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
        {"code_challenge_methods_supported": ["plain"]},
    ],
    ids=str,
)
def test_a_provider_that_cannot_be_used_is_said_to_be_so_before_anybody_is_sent_there(
    asking: Asking, said: dict[str, object]
) -> None:
    asking.there.discovery = said
    with pytest.raises(OutsideError):
        asking.address()


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b""),
        (200, {}, b"<html>"),
        (200, {}, b"[]"),
        (200, {}, b"[" * 100_000),
        (200, {}, b'{"issuer": ' + b"9" * 10_000 + b"}"),
        (200, {}, b'{"x": "' + b"x" * MAX_BYTES + b'"}'),
        (204, {}, b""),
        (404, {}, b"{}"),
        (500, {}, b"{}"),
        (302, {"Location": "http://127.0.0.1:1/"}, b""),
        (301, {"Location": "http://169.254.169.254/latest/meta-data"}, b""),
        (307, {"Location": "https://evil.example/"}, b""),
    ],
    ids=lambda answer: f"{answer[0]} {answer[2][:10]!r}",
)
@pytest.mark.parametrize("path", [DISCOVERY, "/keys", "/token"])
def test_what_is_no_answer_is_an_error_outside_and_follows_nothing(
    asking: Asking, path: str, answer: tuple[int, dict[str, str], bytes]
) -> None:
    asking.there.answers = {path: answer}
    with pytest.raises((OutsideError, CodeRefused, TokenRefused)):
        asking.sign_in()
    assert set(asking.there.asked_for) <= {DISCOVERY, "/token", "/keys"}
    asking.there.answers = {}
    asking.clock.now += FAILED_REST_SECONDS
    assert asking.sign_in().subject == "248289761001"


@pytest.mark.parametrize(
    "said",
    [{}, {"id_token": 7, "access_token": "a"}, {"id_token": "a.b.c"}, {"access_token": "a"}, {"id_token": None}],
    ids=json.dumps,
)
def test_an_exchange_without_both_tokens_is_refused(asking: Asking, said: dict[str, object]) -> None:
    asking.there.answers = {"/token": (200, {}, json.dumps(said).encode())}
    with pytest.raises(TokenRefused):
        asking.sign_in()


def test_a_provider_that_is_down_is_named_and_asked_again_the_next_time(asking: Asking) -> None:
    there = asking.there
    down = IdentityProvider(now=AT.timestamp)
    with down.listening():
        pass  # its port answers no more
    gone = Asking(down)
    with pytest.raises(OutsideError, match="The club cannot be asked who you are") as raised:
        gone.address()
    assert "passkey" in raised.value.advice
    assert asking.sign_in().subject == there.subject


def test_a_provider_that_did_not_answer_is_left_alone_for_a_moment(asking: Asking) -> None:
    asking.there.answers = {DISCOVERY: (503, {}, b"")}
    for _ in range(5):
        with pytest.raises(OutsideError, match="HTTP status 503"):
            asking.address()
    assert asking.there.asked_for == [DISCOVERY]
    asking.there.answers = {}
    asking.clock.now += FAILED_REST_SECONDS
    assert asking.sign_in().subject == "248289761001"


def test_a_provider_that_is_slow_is_not_waited_for(there: IdentityProvider) -> None:
    there.wait_seconds = 2.0
    with pytest.raises(OutsideError, match="in time"):
        Asking(there, timeouts=HASTY).address()


def test_a_provider_inside_the_network_is_asked_where_the_operator_allowed_it_alone(there: IdentityProvider) -> None:
    with pytest.raises(OutsideError) as raised:
        Asking(there, allowed=()).address()
    assert there.asked_for == []
    assert isinstance(raised.value.__cause__, TakebackError)
    assert "allowed_private_hosts" in raised.value.__cause__.advice


def test_keys_and_codes_are_not_taken_to_a_place_inside_that_the_operator_did_not_allow(asking: Asking) -> None:
    for name in ("jwks_uri", "token_endpoint"):
        asking.there.discovery = {name: "https://10.0.0.1/"}
        with pytest.raises(OutsideError, match="private"):
            asking.sign_in()
        asking.clock.now += KEPT_SECONDS


def test_an_answer_that_names_another_sender_is_refused(asking: Asking) -> None:
    asyncio.run(asking.provider.check_sender(asking.there.issuer))
    for issuer in ("", "https://evil.example", asking.there.issuer + "/"):
        with pytest.raises(CodeRefused, match="another provider"):
            asyncio.run(asking.provider.check_sender(issuer))


def test_a_provider_that_never_names_itself_need_not(asking: Asking) -> None:
    asking.there.discovery = {"authorization_response_iss_parameter_supported": None}
    asyncio.run(asking.provider.check_sender(""))
    with pytest.raises(CodeRefused):
        asyncio.run(asking.provider.check_sender("https://evil.example"))


def test_what_the_settings_ask_for_is_asked_for(there: IdentityProvider, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.write_text(f"{SECRET}\n")
    settings = Settings(
        openid_issuer=there.issuer,
        openid_client_id=CLIENT_ID,
        openid_client_secret_file=str(file),
        openid_scopes=("openid", "groups"),
        openid_max_age_seconds=300,
        openid_acr_values=("gold", "silver"),
    )
    client = Client.of(settings)
    assert client is not None
    assert (client.secret, client.name) == (SECRET, "127.0.0.1")
    provider = Provider(client, OutgoingHttp((there.host,)), PrivateHosts.of((there.host,)))
    query = dict(parse_qsl(urlsplit(asyncio.run(provider.leads_to(ERRAND, BACK))).query))
    assert (query["scope"], query["max_age"], query["acr_values"]) == ("openid groups", "300", "gold silver")


def test_a_secret_that_others_can_read_is_refused(there: IdentityProvider, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    file.chmod(0o640)
    settings = Settings(openid_issuer=there.issuer, openid_client_id=CLIENT_ID, openid_client_secret_file=str(file))
    with pytest.raises(BadSetting, match="can be read by others"):
        Client.of(settings)
    with pytest.raises(BadSetting, match="openid_client_secret_file"):
        Client.of(replace(settings, openid_client_secret_file=str(tmp_path / "absent")))


def test_a_service_without_a_provider_asks_nobody() -> None:
    assert Client.of(Settings()) is None
