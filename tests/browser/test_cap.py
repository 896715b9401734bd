"""More notices from one source than may hide something: she reads why hers is read first, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.acceptance.serving import Service, receiving
from tests.browser.walking import Browser, Visit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of which one case of a source may hide something; the proxy tells no address of whoever comes here."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TAKEBACK_CLIENT_ADDRESS_HEADER", "X-Real-IP")
        environment.setenv("TAKEBACK_HOLDS_PER_SOURCE", "1")
        service = Service(tmp_path_factory.mktemp("crowded"))
    with receiving() as site:
        service.start()
        service.add_site(site)
        service.folder.joinpath("link").write_text(f"{site.url}/81")
        yield service
        service.stop()


def reported(here: Visit, link: str) -> str:
    here.page.goto(here.url)
    here.begin()
    here.write("links", link)
    here.say()
    here.review()
    return here.send()


def test_the_second_reads_with_its_receipt_and_later_that_a_person_reads_it_first(
    browser: Browser, crowded: Service
) -> None:
    here, link = Visit(browser, crowded.url), crowded.folder.joinpath("link").read_text()
    reported(here, link)
    assert not here.page.locator("#receipt-capped").is_visible()
    receipt = reported(here, link)
    told = here.page.locator("#receipt-capped")
    assert told.is_visible()
    assert "a person here reads yours before anything is hidden" in told.inner_text()
    here.page.goto(f"{here.url}/case")
    here.page.fill("[name=receipt]", receipt)
    here.page.click("form button[type=submit]")
    state = here.page.locator("p.state")
    assert state.get_attribute("data-state") == "capped"
    assert "a person here reads yours before anything is hidden" in state.inner_text()
    here.close()
