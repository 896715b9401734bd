"""A service whose operator sends mail, and the states of the pages that come with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from tests.acceptance.serving import Service
from tests.browser.walking import Visit
from tests.mail_server import MailServer, Taken, mail_server

ADDRESS = "rosa.secret@mail.example"


@dataclass(frozen=True)
class PostOffice:
    """The service, and the mail server that it hands its mail to."""

    service: Service
    server: MailServer

    def next_mail(self, before: int) -> Taken:
        """Return the mail that is taken after the first `before`."""
        return self.server.wait_for(before + 1)[before]


@contextmanager
def post_office(folder: Path) -> Iterator[PostOffice]:
    """Run both."""
    with mail_server() as server:
        service = Service(folder)
        service.environment |= {
            "TAKEBACK_MAIL_SERVER": server.url, "TAKEBACK_MAIL_FROM": "news@report.example",
            "TAKEBACK_PUBLIC_ADDRESS": service.url, "TAKEBACK_MAIL_DELAY_SECONDS": "0",
            "TAKEBACK_MAIL_CONFIRMATIONS_PER_HOUR": "10000",
        }  # fmt: skip
        service.start()
        for person in ("Ada", "Bo"):
            service.add_desk_key(person)
        try:
            yield PostOffice(service, server)
        finally:
            service.stop()


type NewsState = Callable[[Visit, PostOffice], None]


def everything_open(here: Visit) -> None:
    here.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")


def sent_with(here: Visit, address: str) -> str:
    """Send a notice about a link elsewhere, with an address where there is one; return the receipt."""
    here.begin()
    here.write("links", "https://elsewhere.example/picture")
    here.say()
    if address:
        here.press("#news-choice > summary")
        here.write("news", address)
    here.review()
    return here.send()


def open_case(here: Visit, receipt: str) -> None:
    here.page.goto(f"{here.url}/case")
    here.write("receipt", receipt)
    here.press("main button")
    here.page.wait_for_selector(".state")


def asked(here: Visit, office: PostOffice, number: int = 0) -> tuple[str, Taken]:
    """Send a notice with an address of its own; return the receipt and the question that came."""
    before = len(office.server.taken)
    address = f"rosa{before}.{number}.{here.page.viewport_size['width'] if here.page.viewport_size else 0}@mail.example"
    receipt = sent_with(here, address)
    while (mail := office.next_mail(before)).to != address:
        before += 1
    return receipt, mail


def news_form(here: Visit, _office: PostOffice) -> None:
    everything_open(here)


def news_receipt(here: Visit, _office: PostOffice) -> None:
    sent_with(here, "")
    everything_open(here)


def news_unconfirmed(here: Visit, office: PostOffice) -> None:
    receipt, _ = asked(here, office)
    open_case(here, receipt)
    everything_open(here)


def news_question(here: Visit, _office: PostOffice) -> None:
    here.page.goto(f"{here.url}/mail/{'0' * 32}")


def news_confirmed(here: Visit, office: PostOffice) -> None:
    _, mail = asked(here, office)
    here.page.goto(mail.links[0])
    here.press_away("button[value=confirm]")


def news_too_old(here: Visit, office: PostOffice) -> None:
    news_confirmed(here, office)
    here.page.go_back()
    here.press_away("button[value=confirm]")


def news_stop(here: Visit, _office: PostOffice) -> None:
    here.page.goto(f"{here.url}/mail/stop/{'0' * 32}")


def news_bounced(here: Visit, office: PostOffice) -> None:
    receipt, mail = asked(here, office)
    came_back(office, mail)
    open_case(here, receipt)
    everything_open(here)


def came_back(office: PostOffice, mail: Taken) -> None:
    """Say that a mail came back, as the mail server's pipe does."""
    service = office.service
    body = {"role": "mail", "name": "pipe"}
    key = httpx2.post(f"{service.url}/api/v1/keys", headers=service.headers("administrator"), json=body).json()["key"]
    answer = httpx2.post(
        f"{service.url}/api/v1/mail/bounces", headers={"Authorization": f"Bearer {key}"}, json={"tag": mail.tag}
    )
    assert answer.json() == {"known": True}


NEWS_STATES: list[NewsState] = [
    news_form, news_receipt, news_unconfirmed, news_question, news_confirmed, news_too_old, news_stop, news_bounced,
]  # fmt: skip
