"""The gate in ICAP: previews, "unchanged", pages in place of what is refused, and messages that are none."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.gates.conftest import DECIDED, MAX_UPLOAD_BYTES, OTHER, REPORTED, asked, decide, served

from takeback.assembly import Parts
from takeback.store.sites import Site

HTTP_POST = b"POST /upload HTTP/1.1\r\nHost: shop.example\r\nContent-Type: image/png\r\n\r\n"
HTTP_OK = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n"


@pytest.fixture
def gate(parts: Parts) -> Iterator[str]:
    with served(parts, icap=("127.0.0.1:0",)) as (address,):
        yield address


def chunks(data: bytes, size: int = 3_000, last: bytes = b"0\r\n\r\n") -> bytes:
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces) + last


def reqmod(body: bytes, *fields: str, http: bytes = HTTP_POST, coded: bytes | None = None) -> bytes:
    lines = ["REQMOD icap://127.0.0.1/avscan ICAP/1.0", "Host: 127.0.0.1", *fields]
    head = "\r\n".join([*lines, f"Encapsulated: req-hdr=0, req-body={len(http)}", "", ""]).encode()
    return head + http + (chunks(body) if coded is None else coded)


def respmod(body: bytes, *fields: str) -> bytes:
    lines = ["RESPMOD icap://127.0.0.1/avscan ICAP/1.0", "Host: 127.0.0.1", *fields]
    parts = f"Encapsulated: req-hdr=0, res-hdr={len(HTTP_POST)}, res-body={len(HTTP_POST) + len(HTTP_OK)}"
    return "\r\n".join([*lines, parts, "", ""]).encode() + HTTP_POST + HTTP_OK + chunks(body)


def form(*files: bytes, text: bytes = b"a lake") -> tuple[bytes, bytes]:
    """Return the head and the body of an upload as browsers send it."""
    parts = [b'Content-Disposition: form-data; name="words"\r\n\r\n' + text]
    parts += [
        b'Content-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n' + each
        for each in files
    ]
    body = b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"
    return HTTP_POST.replace(b"image/png", b"multipart/form-data; boundary=edge"), body


def status(answer: bytes) -> str:
    return answer.partition(b"\r\n")[0].decode()


REFUSED = "ICAP/1.0 200 OK"
UNCHANGED = "ICAP/1.0 204 No content"


def test_options_say_what_the_service_does(gate: str) -> None:
    answer = asked(gate, b"OPTIONS icap://127.0.0.1/anything ICAP/1.0\r\nHost: a\r\n\r\n").decode()
    for field in (
        "Methods: REQMOD, RESPMOD",
        "Allow: 204",
        "Preview: 4096",
        'ISTag: "takeback-',
        "Encapsulated: null-body=0",
    ):
        assert field in answer


def test_what_was_decided_is_replaced_by_a_page_in_the_senders_language(gate: str) -> None:
    http = HTTP_POST.replace(b"\r\n\r\n", b"\r\nAccept-Language: fr\r\n\r\n")
    answer = asked(gate, reqmod(DECIDED, "Allow: 204", http=http))
    assert status(answer) == REFUSED
    assert b"X-Infection-Found: Type=2; Resolution=2; Threat=Takeback.Refused;" in answer
    assert b"HTTP/1.1 403 Forbidden" in answer
    assert "partagée sans son accord".encode() in answer
    assert b"substantially" not in answer
    assert DECIDED[:200] not in answer


def test_the_page_in_its_place_has_the_link_by_which_it_is_contested(parts: Parts, site: Site) -> None:
    decide(parts.store)
    settings = replace(parts.settings, public_address="https://report.forum.example")
    with served(replace(parts, settings=settings), icap=("127.0.0.1:0 site=forum",)) as (gate,):
        answer = asked(gate, reqmod(REPORTED, "Allow: 204"))
        own = asked(gate, reqmod(DECIDED, "Allow: 204"))
    found = re.search(rb'href="https://report\.forum\.example/contest#([a-z2-7]{26})"', answer)
    assert found is not None
    assert b"/contest#" in own
    assert found[1] not in own
    with parts.store.read() as tx:
        row = tx.refused_uploads.by_contest_code(found[1].decode())
    assert row.site_id == site.id


def test_what_may_pass_is_unchanged_or_comes_back_as_it_was(gate: str) -> None:
    assert status(asked(gate, reqmod(OTHER, "Allow: 204"))) == UNCHANGED
    answer = asked(gate, reqmod(OTHER))
    assert answer.endswith(HTTP_POST + chunks(OTHER, size=len(OTHER)))
    answer = asked(gate, respmod(OTHER))
    assert f"Encapsulated: res-hdr=0, res-body={len(HTTP_OK)}".encode() in answer
    assert answer.endswith(HTTP_OK + chunks(OTHER, size=len(OTHER)))
    assert status(asked(gate, respmod(DECIDED, "Allow: 204"))) == REFUSED


def test_after_a_preview_the_rest_is_asked_for(gate: str) -> None:
    preview = chunks(DECIDED[:1024], last=b"0\r\n\r\n")
    answer = asked(gate, reqmod(b"", "Preview: 1024", "Allow: 204", coded=preview + chunks(DECIDED[1024:])))
    assert answer.startswith(b"ICAP/1.0 100 Continue\r\n\r\n")
    assert status(answer.removeprefix(b"ICAP/1.0 100 Continue\r\n\r\n")) == REFUSED


def test_a_preview_that_is_the_whole_is_answered_at_once(gate: str) -> None:
    whole = chunks(b"Dear reader,", last=b"0; ieof\r\n\r\n")
    assert status(asked(gate, reqmod(b"", "Preview: 1024", coded=whole))) == UNCHANGED


def test_several_requests_go_over_one_connection(gate: str) -> None:
    both = reqmod(OTHER, "Allow: 204") + reqmod(DECIDED, "Allow: 204") + reqmod(OTHER, "Allow: 204")
    answer = asked(gate, both)
    assert answer.startswith(UNCHANGED.encode())
    assert answer.count(b"ICAP/1.0 204") == 2
    assert answer.count(b"Threat=Takeback.Refused") == 1


def test_a_request_without_a_body_passes(gate: str) -> None:
    head = f"REQMOD icap://a/avscan ICAP/1.0\r\nHost: a\r\nEncapsulated: req-hdr=0, null-body={len(HTTP_POST)}\r\n\r\n"
    answer = asked(gate, head.encode() + HTTP_POST)
    assert answer.endswith(HTTP_POST)
    assert f"null-body={len(HTTP_POST)}".encode() in answer


# What is in the body


@pytest.mark.parametrize("files", [(DECIDED,), (OTHER, DECIDED), (OTHER, b"", DECIDED, OTHER)])
def test_each_file_of_a_form_is_looked_at(gate: str, files: tuple[bytes, ...]) -> None:
    http, body = form(*files)
    assert status(asked(gate, reqmod(body, "Allow: 204", http=http))) == REFUSED


def test_a_form_without_such_a_file_passes(gate: str) -> None:
    http, body = form(OTHER)
    assert status(asked(gate, reqmod(body, "Allow: 204", http=http))) == UNCHANGED
    # Words of a field are nobody's picture, whatever their bytes.
    http, body = form(text=DECIDED)
    assert status(asked(gate, reqmod(body, "Allow: 204", http=http))) == UNCHANGED


@pytest.mark.parametrize(
    ("encoding", "packed"), [("gzip", gzip.compress(DECIDED)), ("deflate", zlib.compress(DECIDED))]
)
def test_a_compressed_body_is_opened(gate: str, encoding: str, packed: bytes) -> None:
    http = HTTP_POST.replace(b"\r\n\r\n", f"\r\nContent-Encoding: {encoding}\r\n\r\n".encode())
    assert status(asked(gate, reqmod(packed, "Allow: 204", http=http))) == REFUSED


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("br", b"anything"), ("gzip", b"no gzip"), ("gzip", gzip.compress(bytes(200 * 1024 * 1024), compresslevel=9))],
    ids=["unknown", "damaged", "a bomb"],
)
def test_what_cannot_be_opened_is_a_fault(parts: Parts, encoding: str, body: bytes) -> None:
    http = HTTP_POST.replace(b"\r\n\r\n", f"\r\nContent-Encoding: {encoding}\r\n\r\n".encode())
    with served(parts, icap=("127.0.0.1:0 fault=refuse", "127.0.0.1:0 fault=error", "127.0.0.1:0")) as gates:
        answers = [asked(gate, reqmod(body, "Allow: 204", http=http)) for gate in gates]
    assert [status(answer) for answer in answers] == [REFUSED, "ICAP/1.0 500 Server error", UNCHANGED]
    assert b"could not be checked" in answers[0]
    assert b"without their agreement" not in answers[0]


def test_a_body_over_the_limit_is_a_fault_that_ends_the_connection(parts: Parts) -> None:
    large = bytes(MAX_UPLOAD_BYTES + 1)
    with served(parts, icap=("127.0.0.1:0 fault=refuse", "127.0.0.1:0")) as (refusing, passing):
        answer = asked(refusing, reqmod(large, "Allow: 204"), whole=False)
        assert status(answer) == REFUSED
        assert b"Connection: close" in answer
        assert status(asked(passing, reqmod(large, "Allow: 204"), whole=False)) == UNCHANGED
        # It cannot be sent back, and is never cut short: an error lets the proxy's own rule decide.
        assert status(asked(passing, reqmod(large), whole=False)) == "ICAP/1.0 500 Server error"


# What is none of ICAP


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"REQMOD icap://a/b ICAP/1.0\r\nno field\r\n\r\n",
        b"REQMOD icap://a/b ICAP/1.0\r\nEncapsulated: req-body=9\r\n\r\n",
        b"REQMOD icap://a/b ICAP/1.0\r\nEncapsulated: req-hdr=0, req-hdr=5, req-body=1\r\n\r\n",
        b"REQMOD icap://a/b ICAP/1.0\r\nEncapsulated: req-hdr=0, req-body=999999\r\n\r\n",
        b"REQMOD icap://a/b ICAP/1.0\r\nPreview: -1\r\nEncapsulated: req-body=0\r\n\r\n",
        reqmod(b"", coded=b"no size\r\n"),
        reqmod(b"", coded=b"5\r\nlonger than five\r\n0\r\n\r\n"),
    ],
)
def test_a_malformed_message_is_answered_400(gate: str, sent: bytes) -> None:
    assert status(asked(gate, sent)) == "ICAP/1.0 400 Bad request"


def test_a_method_that_there_is_not_is_answered_405(gate: str) -> None:
    assert status(asked(gate, b"LOGMOD icap://a/b ICAP/1.0\r\n\r\n")) == "ICAP/1.0 405 Method not allowed"


def test_no_message_makes_it_fail(gate: str) -> None:
    whole = reqmod(OTHER[:2_000], "Allow: 204", "Preview: 64")

    @given(cut=st.integers(0, len(whole)), at=st.integers(0, 300), byte=st.binary(min_size=1, max_size=3))
    @settings(max_examples=120, deadline=None)
    def ask(cut: int, at: int, byte: bytes) -> None:
        answer = asked(gate, (whole[:at] + byte + whole[at:])[:cut])
        assert status(answer)[:13] in (
            "",
            "ICAP/1.0 100 ",
            "ICAP/1.0 200 ",
            "ICAP/1.0 204 ",
            "ICAP/1.0 400 ",
            "ICAP/1.0 405 ",
        )

    ask()
    assert status(asked(gate, b"OPTIONS icap://a/b ICAP/1.0\r\n\r\n")) == "ICAP/1.0 200 OK"
