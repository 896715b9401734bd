"""
Asks one identity provider: what it is, which keys it has, and, for a code that a browser brought, who signed in.

What it says of itself and its keys are kept for an hour. A token of a key that is not among them has them fetched
again, at most twice a minute, so that neither a changed key nor a stranger's token does harm.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import quote_plus, urlencode, urlsplit

from takeback.actions.destination import PrivateHosts
from takeback.actions.openid.id_token import Claims, Expected, KeySet, TokenRefused, UnknownKey, check_id_token
from takeback.actions.openid.metadata import MAX_BYTES, Metadata, address_of, read_metadata, read_object
from takeback.actions.outgoing import OutgoingHttp, Response
from takeback.actions.secret_file import read_secret
from takeback.config import Settings
from takeback.errors import DeliveryError, NotAllowed, OutsideError

KEPT_SECONDS = 3600.0
"""How long what a provider says of itself, and its keys, are taken as they were."""
KEYS_REST_SECONDS = 30.0
"""How long its keys are not fetched again, whatever token names another."""
FAILED_REST_SECONDS = 5.0
"""How long a provider that did not answer is left alone: of many who want in, none waits for all those before."""


class CodeRefused(NotAllowed):
    """Nobody was signed in: the provider says no, or not to us. Strangers can bring this about, so it is no event."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"You are not signed in: {what}.",
            known=True,
            advice="Begin again on the desk's page; if it stays so, whoever runs the service asks `takeback doctor`.",
        )


class Errand(Protocol):
    """What one sign-in is known by: to us, to the provider, and to the browser."""

    @property
    def state(self) -> str:
        """What comes back in the address."""

    @property
    def nonce(self) -> str:
        """What comes back in the token."""

    @property
    def verifier(self) -> str:
        """What proves to the provider that we asked (RFC 7636)."""

    @property
    def challenge(self) -> str:
        """What the provider is told of it before."""


@dataclass(frozen=True, slots=True)
class Client:
    """What this service is to the provider, and what it asks of it."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    name: str
    scopes: Sequence[str] = ("openid",)
    max_age: timedelta | None = None
    acr_values: Sequence[str] = ()
    amr_values: Sequence[str] = ()

    @classmethod
    def of(cls, settings: Settings) -> Client | None:
        """Return what the settings say; None where they name no provider, `BadSetting` where the secret is missing."""
        if not settings.openid_issuer:
            return None
        return cls(
            settings.openid_issuer,
            settings.openid_client_id,
            read_secret(settings.openid_client_secret_file, "openid_client_secret_file"),
            settings.openid_name or urlsplit(settings.openid_issuer).hostname or settings.openid_issuer,
            settings.openid_scopes,
            timedelta(seconds=settings.openid_max_age_seconds) if settings.openid_max_age_seconds else None,
            settings.openid_acr_values,
            settings.openid_amr_values,
        )


class Provider:
    """One provider, asked over `http`, which follows no redirect; `clock` gives seconds that only grow."""

    def __init__(
        self, client: Client, http: OutgoingHttp, allowed: PrivateHosts, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.client = client
        self._http, self._allowed, self._clock = http, allowed, clock
        self._asking = asyncio.Lock()
        self._metadata: tuple[Metadata, float] | None = None
        self._keys: tuple[KeySet, float] | None = None
        self._failed: tuple[OutsideError, float] | None = None

    async def metadata(self) -> Metadata:
        """Return what the provider says of itself, at most an hour ago; `OutsideError` where it cannot be had."""
        async with self._asking:
            if self._metadata is None or self._clock() - self._metadata[1] >= KEPT_SECONDS:
                answer = await self._fetched(address_of(self.client.issuer))
                self._metadata = (read_metadata(answer.body, self.client.issuer, self._allowed), self._clock())
            return self._metadata[0]

    async def keys(self, *, again: bool = False) -> KeySet:
        """Return the provider's keys, at most an hour old; `again`: fetched anew, if they were not just now."""
        metadata = await self.metadata()
        async with self._asking:
            for_seconds = KEYS_REST_SECONDS if again else KEPT_SECONDS
            if self._keys is None or self._clock() - self._keys[1] >= for_seconds:
                answer = await self._fetched(metadata.jwks_uri)
                self._keys = (KeySet.read(read_object(answer.body)), self._clock())
            return self._keys[0]

    async def clock(self) -> datetime | None:
        """Return what time it is there, to the second (RFC 9110, section 6.6.1); None where it does not say."""
        answer = await self._get(address_of(self.client.issuer))
        try:
            return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
        except ValueError:
            return None

    async def leads_to(self, errand: Errand, back: str) -> str:
        """Return the address at which a browser asks the provider who is there; it comes `back` from it."""
        metadata = await self.metadata()
        asked = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": back,
            "scope": " ".join(self.client.scopes),
            "state": errand.state,
            "nonce": errand.nonce,
            "code_challenge": errand.challenge,
            "code_challenge_method": "S256",
        }
        if self.client.max_age is not None:
            asked["max_age"] = str(int(self.client.max_age.total_seconds()))
        if self.client.acr_values:
            asked["acr_values"] = " ".join(self.client.acr_values)
        return _with_query(metadata.authorization_endpoint, asked)

    async def leads_out(self, back: str) -> str:
        """Return the address at which a person signs out of the provider itself; empty where it names none."""
        metadata = await self.metadata()
        if not metadata.end_session_endpoint:
            return ""
        asked = {"client_id": self.client.client_id, "post_logout_redirect_uri": back}
        return _with_query(metadata.end_session_endpoint, asked)

    async def check_sender(self, issuer: str) -> None:
        """Raise `CodeRefused` for an answer of another provider than the one that was asked (RFC 9207)."""
        names_itself = (await self.metadata()).names_itself
        if issuer != self.client.issuer and (issuer or names_itself):
            raise CodeRefused("this answer comes from another provider than the one that was asked")

    async def claims(self, code: str, errand: Errand, back: str, *, at: datetime) -> Claims:
        """
        Exchange a code for what the provider says of who signed in.

        `CodeRefused` where it does not take the code, `TokenRefused` where its answer does not hold, `OutsideError`
        where it cannot be asked.
        """
        said = await self._exchanged(code, errand, back)
        token, access_token = said.get("id_token"), said.get("access_token")
        if not isinstance(token, str) or not isinstance(access_token, str):
            raise TokenRefused("token", "it holds no ID token")
        client = self.client
        expected = Expected(
            client.issuer, client.client_id, errand.nonce, client.max_age, client.acr_values, client.amr_values
        )
        try:
            return check_id_token(token, await self.keys(), expected, access_token=access_token, at=at)
        except UnknownKey:
            return check_id_token(token, await self.keys(again=True), expected, access_token=access_token, at=at)

    async def _exchanged(self, code: str, errand: Errand, back: str) -> Mapping[str, object]:
        metadata = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": errand.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if metadata.secret_in_body:
            form |= {"client_id": self.client.client_id, "client_secret": self.client.secret}
        else:
            headers["Authorization"] = _basic(self.client)
        answer = await self._asked(self._http.post(metadata.token_endpoint, headers, urlencode(form).encode()))
        if 400 <= answer.status < 500:
            raise CodeRefused(f"{self.client.name} did not take its own code back, or not this service's secret")
        return read_object(_whole(answer).body)

    async def _fetched(self, address: str) -> Response:
        """Return what stands at an address; the same error again where there was one just now."""
        if self._failed is not None and self._clock() - self._failed[1] < FAILED_REST_SECONDS:
            former = self._failed[0]
            raise OutsideError(former.message, permanent=former.permanent, advice=former.advice)
        try:
            return await self._get(address)
        except OutsideError as problem:
            self._failed = (problem, self._clock())
            raise

    async def _get(self, address: str) -> Response:
        return _whole(await self._asked(self._http.get(address, MAX_BYTES, {"Accept": "application/json"})))

    async def _asked(self, answer: Awaitable[Response]) -> Response:
        """Return an answer; `OutsideError`, in words for whoever wants to sign in, where there is none."""
        try:
            return await answer
        except DeliveryError as problem:
            raise OutsideError(
                f"{self.client.name} cannot be asked who you are: {problem.message}",
                permanent=problem.permanent,
                advice="Try again in some minutes, or sign in with a passkey; `takeback doctor` says more.",
            ) from problem


def _basic(client: Client) -> str:
    """Return the header with our secret (RFC 6749, section 2.3.1: each part form-encoded before)."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _with_query(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"


def _whole(answer: Response) -> Response:
    if answer.status != 200:
        raise OutsideError(f"The identity provider answered with HTTP status {answer.status}.")
    return answer
