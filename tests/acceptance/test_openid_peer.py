"""What reads a provider's answers, against a provider that is not ours: each signature, and each of its own checks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2
import pytest
from tests.openid_peer import CLIENT_ID, SECRET, Peer, action_in, installed, running

from takeback.actions.destination import PrivateHosts
from takeback.actions.openid.id_token import ALGORITHMS, Claims
from takeback.actions.openid.provider import Client, CodeRefused, Provider
from takeback.actions.outgoing import OutgoingHttp
from takeback.assembly import utc_now
from takeback.workflow.openid import Errand

pytestmark = pytest.mark.slow

DESK = "http://localhost:8470"
BACK = f"{DESK}/desk/openid/answer"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("peer") / "openid")


def ours(peer: Peer, *, secret: str = SECRET) -> Provider:
    hosts = (peer.host,)
    return Provider(Client(peer.issuer, CLIENT_ID, secret, "The peer"), OutgoingHttp(hosts), PrivateHosts.of(hosts))


def back_from(address: str, who: str) -> dict[str, str]:
    """Sign in on the peer's own pages as a person with a browser does; return what it sends the browser back with."""
    with httpx2.Client() as browser:
        for form in ({"prompt": "login", "login": who, "password": "any"}, {"prompt": "consent"}):
            page = following(browser, browser.get(address))
            address = urljoin(str(page.url), action_in(page.text))
            answer = browser.post(address, data=form)
            address = urljoin(address, answer.headers["location"])
        while not address.startswith(BACK):
            address = urljoin(address, browser.get(address).headers["location"])
    return dict(parse_qsl(urlsplit(address).query))


def following(browser: httpx2.Client, answer: httpx2.Response) -> httpx2.Response:
    while answer.is_redirect:
        answer = browser.get(urljoin(str(answer.url), answer.headers["location"]))
    return answer


async def exchanged(provider: Provider, errand: Errand, *, spoilt: Errand | None = None) -> Claims:
    back = await asyncio.to_thread(back_from, await provider.leads_to(errand, BACK), "ada-moderators")
    assert back["state"] == errand.state
    await provider.check_sender(back["iss"])
    return await provider.claims(back["code"], spoilt or errand, BACK, at=utc_now())


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_who_signed_in_there_is_known_here(folder: Path, algorithm: str) -> None:
    with running(folder, DESK, algorithm) as peer:
        claims = asyncio.run(exchanged(ours(peer), Errand("of this browser")))
    assert (claims.issuer, claims.subject) == (peer.issuer, "ada-moderators")
    assert claims.others["groups"] == ["moderators"]


def test_it_takes_neither_a_wrong_secret_nor_a_wrong_verifier_nor_a_code_twice(folder: Path) -> None:
    async def twice(provider: Provider) -> None:
        errand = Errand("of this browser")
        back = await asyncio.to_thread(back_from, await provider.leads_to(errand, BACK), "ada")
        await provider.claims(back["code"], errand, BACK, at=utc_now())
        with pytest.raises(CodeRefused):
            await provider.claims(back["code"], errand, BACK, at=utc_now())

    with running(folder, DESK) as peer:
        with pytest.raises(CodeRefused):
            asyncio.run(exchanged(ours(peer, secret="guessed"), Errand("a")))
        with pytest.raises(CodeRefused):
            asyncio.run(exchanged(ours(peer), Errand("a"), spoilt=Errand("of another browser")))
        asyncio.run(twice(ours(peer)))
