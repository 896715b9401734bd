"""Who comes too often is asked for a little work; nobody is locked out, and nobody is remembered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.house import Clock

from takeback.assembly import Parts
from takeback.cases.receipt import receipt_of
from takeback.config import Settings
from takeback.errors import NotFound, TooMany
from takeback.service.app import create_app, open_over
from takeback.service.crowd import WRONG_RECEIPTS, Crowd, Visitor
from takeback.service.throttle import DAY_SECONDS, MAX_SOURCES, Limit, Throttle, network_of
from takeback.service.work import PARTS, VALID_SECONDS, WORK_HEADER, WorkDesk, is_solved, solve

NOTICE = {"links": ["https://elsewhere.example/1"]}

type From = Callable[[str], TestClient]


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def coming_from(app: FastAPI, parts: Parts, seconds: Seconds) -> Iterator[From]:
    """A client at an address; one notice an hour is free."""
    settings = Settings(data=parts.settings.data, notices_per_hour=1)
    open_over(app, replace(parts, settings=settings))
    app.state.crowd = Crowd(settings, parts.store.keyring, seconds)
    with TestClient(app):
        yield lambda address: TestClient(app, client=(address, 50_000), raise_server_exceptions=False)


# ---- Receipts ---------------------------------------------------------------------------------------------------


def wrong(number: int) -> str:
    return receipt_of(number.to_bytes(10))


def opened(client: TestClient, receipt: str, work: str = "") -> int:
    headers = {WORK_HEADER: work} if work else {}
    return client.post("/api/v1/notices/standing", json={"receipt": receipt}, headers=headers).status_code


@pytest.mark.parametrize("sources", [1, 100])
def test_of_300_wrong_receipts_none_gets_in_and_a_real_one_still_does(coming_from: From, sources: int) -> None:
    real = coming_from("192.0.2.200").post("/api/v1/notices", json=NOTICE).json()["receipt"]
    attackers = [coming_from(f"198.51.100.{number}") for number in range(sources)]
    answers = [opened(attackers[number % sources], wrong(number)) for number in range(300)]
    tried, asked_for_work = answers.count(404), answers.count(429)
    print(f"\n{sources} sources: {tried} tried, {asked_for_work} asked for work, {answers.count(200)} got in")
    assert answers.count(200) == 0
    assert tried + asked_for_work == 300
    # A source that has used nothing of its own still has its first.
    assert tried == (WRONG_RECEIPTS.of_one if sources == 1 else 100)
    her = coming_from("192.0.2.7")
    assert opened(her, real) == 200
    # From the attackers' own address, and while all are asked for work, the work lets her in.
    asked = attackers[0].post("/api/v1/notices/standing", json={"receipt": real})
    assert asked.status_code == 429
    assert asked.headers["retry-after"] == "300"
    assert opened(attackers[0], real, solve(**asked.json()["work"])) == 200


def test_a_right_receipt_is_never_counted(coming_from: From) -> None:
    client = coming_from("192.0.2.1")
    receipt = client.post("/api/v1/notices", json=NOTICE).json()["receipt"]
    assert {opened(client, receipt) for _ in range(3 * WRONG_RECEIPTS.of_one)} == {200}


def test_every_door_that_takes_a_receipt_counts_wrong_ones(coming_from: From) -> None:
    phrase: dict[str, object] = {"name": "A name", "phrase": "four words of hers"}
    doors: dict[str, tuple[str, dict[str, object]]] = {
        **dict.fromkeys(("standing", "renewal", "erasure/cancellation"), ("receipt", {})),
        **dict.fromkeys(("withdrawal", "erasure"), ("ending", {})),
        "addition": ("receipt", {"links": ["https://forum.example/p/1"]}),
        "message": ("receipt", {"text": "Hello."}),
        "recovery/receipt": ("", phrase),
    }
    client = coming_from("192.0.2.1")

    def tried(door: str, number: int) -> int:
        secret, more = doors[door]
        body = {**more, **({secret: wrong(number)} if secret else {})}
        return client.post(f"/api/v1/notices/{door}", json=body).status_code

    for number in range(WRONG_RECEIPTS.of_one):
        assert tried([*doors][number % len(doors)], number) == 404
    for door in doors:
        assert tried(door, 99) == 429
    completion = {"receipt": wrong(99), "notice": NOTICE}
    assert client.post("/api/v1/notices/completion", json=completion).status_code == 429
    assert client.post("/case", data={"receipt": wrong(99)}).status_code == 429


def test_guessing_phrases_by_choosing_them_is_counted_whether_right_or_wrong(coming_from: From) -> None:
    client = coming_from("192.0.2.1")
    ending = client.post("/api/v1/notices", json=NOTICE).json()["ending"]

    def chosen(door: str, number: int) -> int:
        body = {"ending": ending, "name": "Rosa", "phrase": f"four words of number {number}"}
        if door == "page":
            return client.post("/case", data={**body, "receipt": ending, "step": "recovery"}).status_code
        return client.post("/api/v1/notices/recovery", json=body).status_code

    doors = ("page", "interface")
    assert [chosen(doors[each % 2], each) for each in range(WRONG_RECEIPTS.of_one)] == [200] * WRONG_RECEIPTS.of_one
    assert {chosen(door, 99) for door in doors} == {429}
    # A little work is enough, once for one.
    form = {
        "receipt": ending,
        "ending": ending,
        "step": "recovery",
        "name": "Rosa",
        "phrase": "four other words of hers",
    }
    challenge = client.post("/case", data=form).text.split('data-challenge="')[1].split('"')[0]
    assert client.post("/case", data={**form, "work": solve(challenge)}).status_code == 200


def test_the_page_holds_what_was_sent_until_the_work_is_done(coming_from: From) -> None:
    client = coming_from("192.0.2.1")
    receipt = client.post("/api/v1/notices", json=NOTICE).json()["receipt"]
    for number in range(WRONG_RECEIPTS.of_one):
        client.post("/case", data={"receipt": wrong(number)})
    busy = client.post("/case", data={"receipt": receipt, "language": "de"})
    assert busy.status_code == 429
    assert f'value="{receipt}"' in busy.text
    challenge = busy.text.split('data-challenge="')[1].split('"')[0]
    done = client.post("/case", data={"receipt": receipt, "language": "de", "work": solve(challenge)})
    assert done.status_code == 200


# ---- Notices ----------------------------------------------------------------------------------------------------


def test_a_second_notice_in_an_hour_needs_work_and_an_hour_later_none(coming_from: From, seconds: Seconds) -> None:
    client = coming_from("192.0.2.1")
    assert [client.post("/api/v1/notices", json=NOTICE).status_code for _ in range(2)] == [201, 429]
    assert coming_from("192.0.2.2").post("/api/v1/notices", json=NOTICE).status_code == 201
    work = client.post("/api/v1/notices", json=NOTICE).json()["work"]
    answer = solve(**work)
    assert client.post("/api/v1/notices", json=NOTICE, headers={WORK_HEADER: answer}).status_code == 201
    again = client.post("/api/v1/notices", json=NOTICE, headers={WORK_HEADER: answer})
    assert again.status_code == 429, "work counts once"
    seconds.now += 2 * 3_600
    assert client.post("/api/v1/notices", json=NOTICE).status_code == 201


def test_all_together_may_send_as_many_as_thirty_sources_and_a_new_one_its_first(coming_from: From) -> None:
    def sent(number: int) -> int:
        return coming_from(f"192.0.2.{number}").post("/api/v1/notices", json=NOTICE).status_code

    assert [sent(number) for number in range(31)] == [201] * 31
    assert [sent(number) for number in (0, 30)] == [429, 429]


def test_the_address_is_the_proxys_word_where_the_operator_says_so(parts: Parts, seconds: Seconds) -> None:
    settings = Settings(data=parts.settings.data, notices_per_hour=1, client_address_header="X-Forwarded-For")
    app = create_app(replace(parts, settings=settings))
    app.state.crowd = Crowd(settings, parts.store.keyring, seconds)
    with TestClient(app, client=("127.0.0.1", 1)) as client:

        def sent(told: str) -> int:
            return client.post("/api/v1/notices", json=NOTICE, headers={"X-Forwarded-For": told}).status_code

        assert [sent("192.0.2.1"), sent("192.0.2.2"), sent("192.0.2.1")] == [201, 201, 429]
        # What came before the proxy's own word is whatever a stranger wrote, in one line or in two.
        assert sent("203.0.113.9, 192.0.2.1") == 429
        two = [("X-Forwarded-For", "203.0.113.8"), ("X-Forwarded-For", "192.0.2.1")]
        assert client.post("/api/v1/notices", json=NOTICE, headers=two).status_code == 429


def test_no_address_is_in_the_data_the_memory_of_the_throttle_or_an_answer(
    coming_from: From, parts: Parts, data: Path, clock: Clock
) -> None:
    address = "203.0.113.77"
    client = coming_from(address)
    for _ in range(2):
        answer = client.post("/api/v1/notices", json=NOTICE)
        assert address not in answer.text
    for path in data.iterdir():
        assert address.encode() not in path.read_bytes()
    crowd: Crowd = client.app.state.crowd  # type: ignore[attr-defined]
    assert crowd._notices is not None
    assert len(crowd._notices._of_one) == 1
    assert address not in repr(list(crowd._notices._of_one))


# ---- The throttle -----------------------------------------------------------------------------------------------


def test_what_was_used_comes_back_little_by_little(seconds: Seconds) -> None:
    throttle = Throttle(Limit(of_one=2, of_all=100, seconds=100), seconds)
    assert [bool(throttle.take("a")) for _ in range(3)] == [True, True, False]
    seconds.now += 49
    assert not bool(throttle.take("a"))
    seconds.now += 2
    assert bool(throttle.take("a"))


def test_what_was_refused_is_not_counted_so_that_nobody_waits_longer_for_trying(seconds: Seconds) -> None:
    throttle = Throttle(Limit(of_one=2, of_all=3, seconds=100), seconds)
    for _ in range(1_000):
        bool(throttle.take("a"))
    for name in "bcdefgh":
        throttle.take(name)
    seconds.now += 100
    assert bool(throttle.take("a"))
    assert bool(throttle.take("b"))


def test_while_all_have_used_theirs_up_a_new_source_has_its_first(seconds: Seconds) -> None:
    throttle = Throttle(Limit(of_one=5, of_all=10, seconds=1_000), seconds)
    for name in ("a", "b"):
        assert all(throttle.take(name) for _ in range(5))
    assert throttle.take("new") is not None
    assert throttle.take("new") is None


def test_what_is_given_back_can_be_used_again_and_frees_nothing_that_it_did_not_use(seconds: Seconds) -> None:
    throttle = Throttle(Limit(of_one=5, of_all=2, seconds=1e9), seconds)
    taken = throttle.take("a")
    assert taken is not None
    throttle.give_back(taken)
    assert throttle.take("a")
    assert throttle.take("a")
    for _ in range(5):
        first = throttle.take("new")
        assert first is not None
        throttle.give_back(first)
    assert throttle.take("a") is None


def test_a_day_later_nobody_is_known_by_the_same_name(seconds: Seconds) -> None:
    throttle = Throttle(Limit(of_one=1, of_all=100, seconds=1e9), seconds)
    assert bool(throttle.take("a"))
    assert not bool(throttle.take("a"))
    seconds.now += DAY_SECONDS + 1
    assert bool(throttle.take("a"))


def test_memory_is_bounded_and_the_quietest_source_goes_first(seconds: Seconds) -> None:
    throttle = Throttle(Limit(of_one=1, of_all=10**9, seconds=1e9), seconds)
    for number in range(MAX_SOURCES + 10):
        throttle.take(str(number))
    assert throttle.take("0")
    assert not throttle.take(str(MAX_SOURCES + 9))
    assert len(throttle._of_one) == MAX_SOURCES


def test_many_wrong_receipts_at_once_are_no_way_round(parts: Parts, seconds: Seconds) -> None:
    crowd = Crowd(Settings(data=parts.settings.data), parts.store.keyring, seconds)
    visitor = Visitor("192.0.2.1", "", crowd)
    began = threading.Barrier(100)

    def tried(_: int) -> bool:
        began.wait()
        try:
            with crowd.trying_a_receipt(visitor):
                time.sleep(0.05)
                raise NotFound("none")
        except NotFound:
            return True
        except TooMany:
            return False

    with ThreadPoolExecutor(100) as threads:
        assert sum(threads.map(tried, range(100))) == WRONG_RECEIPTS.of_one


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2::1", "2001:0db8:0001:0002"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_one_source_is_an_ipv4_address_or_the_64_bits_of_an_ipv6_network(address: str, network: str) -> None:
    assert network_of(address) == network


# ---- The work ---------------------------------------------------------------------------------------------------


def test_work_is_accepted_once_while_it_is_fresh(seconds: Seconds) -> None:
    desk = WorkDesk(b"k" * 32, seconds)
    answer = solve(desk.challenge())
    assert WorkDesk(b"other" * 7, seconds).accepts(answer) is False
    assert desk.accepts(answer)
    assert not desk.accepts(answer)
    late = solve(desk.challenge())
    seconds.now += VALID_SECONDS + 1
    assert not desk.accepts(late)


def test_workers_of_one_service_take_each_others_challenges(seconds: Seconds) -> None:
    one, other = WorkDesk(b"k" * 32, seconds), WorkDesk(b"k" * 32, seconds)
    assert other.accepts(solve(one.challenge()))


def test_any_other_answer_is_refused(seconds: Seconds) -> None:
    desk = WorkDesk(b"k" * 32, seconds)
    challenge = desk.challenge()
    numbers = solve(challenge).partition(".")[2].split("-")
    for forged in (
        "",
        ".",
        challenge,
        f"{challenge}.",
        f"{challenge}.{'-'.join(numbers[:-1])}",
        f"{challenge}.{'-'.join(['0'] * PARTS)}",
        f"{challenge}.{'-'.join([*numbers[:-1], '٣'])}",
        f"{challenge}.{'-'.join([*numbers[:-1], numbers[-1].zfill(12)])}",
        f"{'A' * 30}.{'-'.join(numbers)}",
        f"!!.{'-'.join(numbers)}",
    ):
        assert not desk.accepts(forged), forged
    assert is_solved(challenge, numbers)
    assert desk.accepts(f"{challenge}.{'-'.join(numbers)}")
