"""What each kind of list says is read for what it is, and nothing that it says breaks anything."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lists.ncmec import NAMESPACE, entry_of
from tests.lists.stopncii import random_code, record_of

from takeback.exchanges.file import FileList
from takeback.exchanges.interface import Algorithm, Exchange, FetchCheckpoint, Page, Standing
from takeback.exchanges.ncmec import Ncmec
from takeback.exchanges.stopncii import Keys, StopNcii
from takeback.exchanges.threatexchange import ThreatExchange
from takeback.fingerprint import Route

AT = datetime(2026, 11, 27, tzinfo=UTC)
CODE, OTHER = random_code(random.Random(1)), random_code(random.Random(2))
MD5, SHA1, SHA256 = "ab" * 16, "cd" * 20, "ef" * 32
STOPNCII: Exchange = StopNcii(Keys("a", "b"))
NCMEC: Exchange = Ncmec("https://ncmec.example", "a", "b")
GROUP: Exchange = ThreatExchange(1, "secret-token")
FILE: Exchange = FileList("https://list.example")
EVERY = pytest.mark.parametrize("exchange", [STOPNCII, NCMEC, GROUP, FILE], ids=lambda each: type(each).__name__)


def read(exchange: Exchange, body: str | bytes) -> Page:
    return exchange.read(body.encode() if isinstance(body, str) else body, FetchCheckpoint(), AT)


def standings(page: Page) -> list[tuple[str, Standing]]:
    return [(each.name, each.standing) for each in page.records]


# ---- Every kind -----------------------------------------------------------------------------------------


@EVERY
@given(body=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_no_answer_breaks_anything(exchange: Exchange, body: bytes) -> None:
    page = exchange.read(body, FetchCheckpoint(), AT)
    assert page.records or page.unread or page.problem is not None or page.is_last
    assert exchange.request(page.after, AT).url.startswith("https://")


@EVERY
def test_where_to_go_on_can_be_stored(exchange: Exchange) -> None:
    nowhere = FetchCheckpoint()
    for place in (read(exchange, "{}").after, exchange.broken_off(nowhere), exchange.refused(nowhere)):
        stored = FetchCheckpoint(json.loads(json.dumps(dict(place.marks))))
        assert exchange.request(stored, AT) == exchange.request(place, AT)


def test_nothing_that_a_list_holds_is_shown_where_an_error_would_show_it() -> None:
    page = read(STOPNCII, json.dumps({"hashRecords": [record_of(CODE, 20)], "hasMoreRecords": False}))
    assert CODE not in repr(page)
    assert "secret-token" not in repr(GROUP.request(FetchCheckpoint(), AT))


# ---- NCMEC ----------------------------------------------------------------------------------------------


def document(*entries: str, group: str = "images", following: str = "") -> str:
    paging = f"<paging><next>{following}</next></paging>" if following else ""
    found = f'<{group} maxTimestamp="x">{"".join(entries)}</{group}>'
    return f'<queryResult xmlns="{NAMESPACE}">{paging}{found}</queryResult>'


def test_an_entry_of_ncmec_is_known_by_all_that_is_compared_here() -> None:
    page = read(NCMEC, document(entry_of("7", {"md5": MD5.upper(), "sha1": SHA1, "pdna": "x", "pdq": CODE})))
    (record,) = page.records
    assert [(each.algorithm, each.value.hex()) for each in record.signals] == [
        (Algorithm.MD5, MD5), (Algorithm.SHA1, SHA1), (Algorithm.PDQ, CODE),
    ]  # fmt: skip
    assert (record.standing, page.is_last) == (Standing.LIVE, True)


def test_a_deleted_entry_of_ncmec_ends_the_one_of_its_number() -> None:
    live = read(NCMEC, document(entry_of("7", {"md5": MD5}, tag="video"), group="videos")).records[0]
    gone = read(NCMEC, document(entry_of("7", {}, tag="deletedVideo"), group="videos")).records[0]
    assert (gone.name, gone.standing) == (live.name, Standing.ENDED)


def test_only_entries_of_the_members_that_are_asked_for_are_taken() -> None:
    some = Ncmec("https://ncmec.example", "a", "b", frozenset({2}))
    page = read(some, document(entry_of("7", {"md5": MD5}, member=1), entry_of("8", {"md5": MD5}, member=2)))
    assert [name for name, _ in standings(page)] == ["2/image/8"]


@pytest.mark.parametrize(
    ("entry", "flawed"),
    [
        (entry_of("7", {"md5": "xx"}), True),
        (entry_of("7", {"pdna": "x"}), False),
        (entry_of("", {"md5": MD5}), True),
        (entry_of("7", {"pdq": "ff" * 32}), True),
        (f"<image><id>7</id><fingerprints><md5>{MD5}</md5></fingerprints></image>", True),
    ],
)
def test_an_entry_that_is_none_keeps_no_other_out(entry: str, flawed: bool) -> None:
    page = read(NCMEC, document(entry, entry_of("9", {"md5": MD5})))
    assert ([each.is_flawed for each in page.unread], len(page.records)) == ([flawed], 1)


def test_a_document_that_declares_entities_is_no_page() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + document(entry_of("7", {"md5": MD5}))
    assert read(NCMEC, bomb).problem is not None


def test_how_far_ncmec_was_read_moves_when_all_pages_of_a_span_were() -> None:
    first = NCMEC.read(document(following="/v2/entries?x=1").encode(), FetchCheckpoint(), AT)
    assert (first.is_last, first.after.marks["from"]) == (False, "1970-01-01T00:00:00Z")
    assert NCMEC.request(first.after, AT).url == "https://ncmec.example/v2/entries?x=1"
    last = NCMEC.read(document().encode(), first.after, AT)
    assert (last.is_last, dict(last.after.marks)) == (True, {"from": "2026-11-26T23:50:00Z"})
    # The address of a page ran out: the same span is begun anew.
    anew = NCMEC.refused(first.after)
    assert "from=1970-01-01" in NCMEC.request(anew, AT).url


def test_a_next_page_that_lies_elsewhere_is_not_asked() -> None:
    page = read(NCMEC, document(following="https://evil.example/v2/entries"))
    assert page.problem is not None
    assert NCMEC.request(page.after, AT).url.startswith("https://ncmec.example/")


# ---- ThreatExchange -------------------------------------------------------------------------------------


def update(number: str, kind: str, value: str, *statuses: str, delete: bool = False) -> dict[str, object]:
    told = {"data": [{"id": "1", "status": status} for status in statuses]}
    same = {"last_updated": 50, "should_delete": delete, "descriptors": told}
    return {"id": number, "type": kind, "indicator": value, **same}


def test_updates_of_a_group_are_read_for_what_they_are() -> None:
    updates = [
        update("1", "HASH_PDQ", CODE, "MALICIOUS"),
        update("2", "HASH_VIDEO_MD5", MD5, "UNKNOWN"),
        update("3", "HASH_SHA256", SHA256, "MALICIOUS", "NON_MALICIOUS"),
        update("4", "HASH_PDQ", CODE, delete=True),
        {"id": "5", "type": "HASH_PDQ", "indicator": CODE},
        update("6", "URI", "https://x.example", "MALICIOUS"),
        update("7", "HASH_PDQ", "zz", "MALICIOUS"),
        {"type": "HASH_PDQ"},
    ]
    page = read(GROUP, json.dumps({"data": updates}))
    live, doubted, ended = Standing.LIVE, Standing.DOUBTED, Standing.ENDED
    assert standings(page) == [("1", live), ("2", live), ("3", doubted), ("4", ended), ("5", ended)]
    assert [each.is_flawed for each in page.unread] == [False, True, True]


def test_the_token_is_in_no_address() -> None:
    following = "https://graph.facebook.com/v21.0/1/threat_updates/?access_token=secret-token&after=xyz"
    page = read(GROUP, json.dumps({"data": [], "paging": {"next": following}}))
    url = GROUP.request(page.after, AT).url
    assert (page.is_last, "after=xyz" in url, "secret-token" in url) == (False, True, False)


# ---- Files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"hash,algorithm,status\n{CODE},pdq,\n{MD5},md5,active\n{OTHER},pdq,withdrawn\n",
        f"# a list\npdq {CODE}\nmd5 {MD5}\n",
        f"{CODE.upper()}\n\n{MD5}\n",
        f'{{"hash": "{CODE}"}}\n{{"hash": "{MD5}", "algorithm": "md5"}}\n',
        f"\ufeffhash\r\n{CODE}\r\n{MD5}\r\n",
    ],
    ids=["csv", "typed", "bare", "jsonl", "bom"],
)
def test_a_file_is_read_in_every_form(text: str) -> None:
    page = read(FILE, text)
    live = [name for name, standing in standings(page) if standing is Standing.LIVE]
    assert (live, page.unread, page.is_last) == ([f"pdq:{CODE}", f"md5:{MD5}"], [], True)


def test_a_line_that_is_none_keeps_no_other_out() -> None:
    page = read(FILE, f'{CODE}\nx y z\n{{"hash": \npdq zz\nphotodna {MD5}\n')
    assert (len(page.records), [each.is_flawed for each in page.unread]) == (1, [True, True, True, False])


@pytest.mark.parametrize("text", ["", "\n", "<html>not found</html>", "hash,algorithm\n"])
def test_a_file_without_a_record_is_a_fault_and_ends_nothing(text: str) -> None:
    page = read(FILE, text)
    assert (page.is_last, page.problem) == (False, "The file holds no record.")


def test_a_file_says_by_which_route_its_fingerprints_were_taken() -> None:
    (record,) = read(FILE, f"hash,route\n{CODE},nearest-512\n").records
    assert record.signals[0].route is Route.NEAREST_512
