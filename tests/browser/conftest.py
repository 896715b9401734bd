"""A real service, and Debian's Chromium with all that a page asks for written down."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.serving import Receiver, Service, receiving
from tests.browser.files import phone_picture
from tests.browser.numbers import NUMBERS_ARE_PUBLIC, count_half_a_year

collect_ignore_glob = [] if find_spec("playwright") else ["test_*.py", "simulation"]
"""`make browser` installs what drives the browser; the default suite does without."""

if find_spec("playwright"):
    from tests.browser.desk import Colleague, Come, opened_desk
    from tests.browser.walking import Browser, Open, Visit, started_browser

    @pytest.fixture(scope="session")
    def browser() -> Iterator[Browser]:
        with started_browser() as browser:
            yield browser

    @pytest.fixture(scope="session")
    def house(tmp_path_factory: pytest.TempPathFactory, site: Receiver) -> Iterator[Service]:
        """A service with a desk of its own, on the name that passkeys need."""
        served = Service(tmp_path_factory.mktemp("desk"), "--allowed-private-host", f"127.0.0.1:{site.port}")
        opened_desk(served)
        served.start()
        served.add_site(site)
        yield served
        served.stop()

    @pytest.fixture
    def come(browser: Browser, house: Service, request: pytest.FixtureRequest) -> Iterator[Come]:
        """Invite someone new, who comes with a browser of their own."""
        here: list[Colleague] = []

        def invite(**options: object) -> Colleague:
            name = f"{request.node.name} {len(here)}"[-90:]
            here.append(Colleague(browser, house, name, **options))  # type: ignore[arg-type]
            return here[-1]

        yield invite
        for each in here:
            each.close()

    @pytest.fixture
    def visit(browser: Browser, service: Service, desk: list[str]) -> Iterator[Open]:
        """Open the page in a fresh browser profile, which is closed after the test."""
        opened: list[Visit] = []

        def open_page(**options: Any) -> Visit:
            opened.append(Visit(browser, service.url, **options))
            return opened[-1]

        yield open_page
        for each in opened:
            each.close()


@pytest.fixture(scope="session")
def site() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, site: Receiver) -> Iterator[Service]:
    served = Service(tmp_path_factory.mktemp("pages"), "--allowed-private-host", f"127.0.0.1:{site.port}")
    served.environment |= NUMBERS_ARE_PUBLIC
    served.start()
    served.add_site(site)
    count_half_a_year(served)
    yield served
    served.stop()


@pytest.fixture(scope="session")
def desk(service: Service) -> list[str]:
    """The secret keys of the two people to whom this service's notices are sealed."""
    return [service.add_desk_key(name) for name in ("Ada", "Bo")]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A drawn picture with an EXIF block that names the device and the place, as a phone's has."""
    path = tmp_path / "IMG_20261126_secret-name.jpg"
    path.write_bytes(phone_picture())
    return path
