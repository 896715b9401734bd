"""A URL is read strictly, and a private host is allowed by its exact name only."""

from __future__ import annotations

import pytest

from takeback.actions.destination import Destination, PrivateHosts
from takeback.errors import BadSetting, DeliveryError


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://example.com", "example.com", 443, "/", "example.com"),
        ("https://example.com?q", "example.com", 443, "/?q", "example.com"),
        ("HTTPS://Example.COM:443/a?b=c&d#e", "example.com", 443, "/a?b=c&d", "example.com"),
        ("http://forum.internal:8080/x", "forum.internal", 8080, "/x", "forum.internal:8080"),
        ("https://8.8.8.8/", "8.8.8.8", 443, "/", "8.8.8.8"),
        ("https://[2606:4700::0001]:8443/", "2606:4700::1", 8443, "/", "[2606:4700::1]:8443"),
        ("https://bücher.example/ä?ö=%20", "xn--bcher-kva.example", 443, "/%C3%A4?%C3%B6=%20", "xn--bcher-kva.example"),
        ("https://a_b.example./", "a_b.example.", 443, "/", "a_b.example."),
        ("https://example.com/\"<>{}|^`'", "example.com", 443, "/%22%3C%3E%7B%7D%7C%5E%60'", "example.com"),
        ("https://example.com:/", "example.com", 443, "/", "example.com"),
    ],
)
def test_a_url_is_taken_apart(url: str, host: str, port: int, target: str, authority: str) -> None:
    to = Destination.parse(url)

    assert (to.host, to.port, to.target, to.authority) == (host, port, target, authority)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "/path",
        "https:example.com",
        "https:///path",
        "https://",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "data:text/plain,x",
        "unix:///run/x.sock",
        "https://user@example.com/",
        "https://user:word@example.com/",
        "https://@example.com/",
        "https://example.com:word@127.0.0.1/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:-1/",
        "https://example.com:80a/",
        "https://example.com:٣/",
        "https://[::1",
        "https://::1/",
        "https://[fe80::1%25eth0]/",
        "https://[127.0.0.1]/",
        "https://[v1.x]/",
        "https://exa mple.com/",
        " https://example.com/",
        "https://example.com/a\nb",
        "https://example.com\r\nX: y/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com\x00/",
        "https://%31%32%37.0.0.1/",
        "https://-example.com/",
        "https://example..com/",
        "https://.example.com/",
        "https://faß.example/",
        "https://a\u200db.example/",
        f"https://{'a' * 254}/",
        f"https://example.com/{'a' * 8192}",
    ],
)
def test_a_url_that_is_not_plainly_one_is_refused_for_good(url: str) -> None:
    with pytest.raises(DeliveryError, match="The address of the other system") as refusal:
        Destination.parse(url)

    assert refusal.value.permanent


def test_a_refusal_does_not_quote_the_url() -> None:
    with pytest.raises(DeliveryError) as refusal:
        Destination.parse("https://someone:word@example.com/her-picture")

    assert "her-picture" not in refusal.value.message + refusal.value.advice
    assert "word" not in refusal.value.message.replace("password", "")


@pytest.mark.parametrize(
    ("entries", "host", "port"),
    [
        (["localhost"], "localhost", 1),
        (["localhost:8080"], "localhost", 8080),
        (["Forum.Internal:80"], "forum.internal", 80),
        (["127.0.0.1:9000"], "127.0.0.1", 9000),
        (["127.0.0.1"], "127.0.0.1", 9000),
        (["::1"], "::1", 443),
        (["[::1]:8443"], "::1", 8443),
        (["a", "b", "c"], "c", 443),
    ],
)
def test_a_host_that_is_listed_is_allowed(entries: list[str], host: str, port: int) -> None:
    assert PrivateHosts.of(entries).allow(host, port)


@pytest.mark.parametrize(
    ("entries", "host", "port"),
    [
        ([], "localhost", 80),
        (["localhost:8080"], "localhost", 8081),
        (["localhost"], "localhost.", 80),
        (["localhost"], "a.localhost", 80),
        (["localhost"], "127.0.0.1", 80),
        (["127.0.0.1"], "localhost", 80),
        (["127.0.0.1"], "::ffff:7f00:1", 80),
        (["internal"], "db.internal", 80),
    ],
)
def test_any_other_host_is_not_allowed(entries: list[str], host: str, port: int) -> None:
    assert not PrivateHosts.of(entries).allow(host, port)


@pytest.mark.parametrize(
    "entry",
    [
        *("", " ", "*", "*.internal", "http://localhost", "localhost/", "localhost:", "localhost:0", "localhost:x"),
        *("localhost:65536", "user@localhost", "10.0.0.0/8", ":80", "a b", "[::1", "localhost?x", "localhost#x"),
    ],
)
def test_an_entry_that_names_no_host_is_a_bad_setting(entry: str) -> None:
    with pytest.raises(BadSetting, match="allowed_private_hosts"):
        PrivateHosts.of([entry])
