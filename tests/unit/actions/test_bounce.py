"""What came back is read as mail servers write it: reports, words of their own, and answers that are no bounce."""

from __future__ import annotations

import pytest

from takeback.actions.bounce import MAX_MESSAGE_BYTES, Bounce, read_bounce

TAG = "abcdefghijklmnopqrstuvwx23"
BACK = f"bounces+{TAG}@report.example"


def report(action: str, *, to: str = BACK, status: str = "5.1.1") -> bytes:
    """Return what Postfix sends back (RFC 3464)."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Queue-ID: 4Xy

Final-Recipient: rfc822; rosa@mail.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 No such user

--b
Content-Type: text/rfc822-headers

From: news@report.example
Subject: There is news

--b--
""".encode()


def words(headers: str, *, to: str = BACK) -> bytes:
    return f"{headers}\nTo: {to}\nSubject: failure notice\n\nI could not deliver it. <rosa@mail.example>\n".encode()


@pytest.mark.parametrize(
    ("action", "failed"),
    [
        ("failed", True),
        ("Failed", True),
        ("failed ; sorry", True),
        ("delayed", False),
        ("delivered", False),
        ("relayed", False),
    ],
)
def test_a_report_says_what_became_of_the_mail(action: str, failed: bool) -> None:
    assert read_bounce(report(action)) == Bounce(TAG, failed)


def test_a_mail_that_was_given_up_after_days_of_trying_failed_too() -> None:
    assert read_bounce(report("failed", status="4.4.7")) == Bounce(TAG, failed=True)


def test_of_several_recipients_one_that_failed_is_enough() -> None:
    both = report("delivered").replace(b"Status: 5.1.1", b"Status: 2.0.0\n\nAction: failed\nStatus: 5.1.1")
    assert read_bounce(both) == Bounce(TAG, failed=True)


def test_without_a_report_the_tag_alone_says_it() -> None:
    assert read_bounce(words("From: postmaster@mail.example")) == Bounce(TAG, failed=True)
    exim = words(
        "From: Mailer-Daemon@mail.example\nX-Failed-Recipients: rosa@mail.example\nAuto-Submitted: auto-replied"
    )
    assert read_bounce(exim) == Bounce(TAG, failed=True)


@pytest.mark.parametrize(
    "header",
    ["Auto-Submitted: auto-replied (vacation)", "Precedence: bulk", "X-Autoreply: yes", "Precedence: AUTO_REPLY"],
)
def test_a_holiday_note_is_no_bounce(header: str) -> None:
    assert read_bounce(words(f"From: rosa@mail.example\n{header}")) == Bounce(TAG, failed=False)


@pytest.mark.parametrize("name", ["X-Original-To", "Delivered-To", "Envelope-To"])
def test_the_tag_stands_where_the_mail_server_wrote_it(name: str) -> None:
    message = words(f"{name}: {BACK.upper()}\nFrom: postmaster@mail.example", to="undisclosed")
    assert read_bounce(message) == Bounce(TAG, failed=True)


def test_the_mail_servers_own_word_for_the_tag_comes_first() -> None:
    other = "z" * 26
    assert read_bounce(report("failed"), tag=other.upper()) == Bounce(other, failed=True)
    assert read_bounce(report("failed"), tag="-rf") == Bounce(TAG, failed=True)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff\xfe\x00" * 100,
        b"To: bounces@report.example\n\nHello.",
        b"To: bounces+short@report.example\n\nHello.",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n\xff\n--b--",
        b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n!!!",
    ],
)
def test_what_is_not_ours_or_no_mail_at_all_is_let_go(message: bytes) -> None:
    assert read_bounce(message) is None


def test_what_is_damaged_or_endless_is_read_as_far_as_it_goes() -> None:
    cut = report("failed").partition(b"Status:")[0]
    assert read_bounce(cut) == Bounce(TAG, failed=True)
    assert read_bounce(report("failed") + b"x" * (2 * MAX_MESSAGE_BYTES)) == Bounce(TAG, failed=True)
    odd = report("failed").replace(b"From: MAILER", b"From: =?utf-8?q?=ff?= \xff MAILER")
    assert read_bounce(odd) == Bounce(TAG, failed=True)
