"""Which site a link belongs to: every way of writing one place finds it, and no way of leaving it does."""

from __future__ import annotations

import pytest
from tests.house import AT

from takeback.errors import InputError
from takeback.store import Keyring, Store
from takeback.store.sites import Site, SiteStore, is_below
from takeback.workflow.register import add_site

ROOT = "https://forum.example/"
BELOW = "https://h.example/forum/"

ONE_PLACE = [
    "https://forum.example/p/1",
    "http://forum.example/p/1",
    "HTTPS://FORUM.example/p/1",
    "https://forum.example:443/p/1",
    "http://forum.example:80/p/1",
    "https://forum.example./p/1",
    "https://forum.example:/p/1",
    "https://forum.example/p/1#photo",
]
NOT_BELOW = [
    "https://h.example/forum/../admin/x",
    "https://h.example/forum/..",
    "https://h.example/forum/./x",
    "https://h.example/forum/%2e%2e/admin/x",
    "https://h.example/forum/%2E./admin/x",
    "https://h.example/forum/.%2e%2fadmin/x",
    "https://h.example/forum/%252e%252e/admin/x",
    "https://h.example/forum/..;a=b/admin/x",
    "https://h.example/forum/..%5cadmin/x",
    "https://h.example/forum\\x",
    "https://h.example\\@evil.example/forum/x",
    "https://user@h.example/forum/x",
    "https://h.example@evil.example/forum/x",
    "https://@h.example/forum/x",
    "https:///forum/x",
    "https:h.example/forum/x",
    "//h.example/forum/x",
    "/forum/x",
    "",
    "ftp://h.example/forum/x",
    "javascript://h.example/forum/x",
    "https://h.example:8443/forum/x",
    "http://h.example:443/forum/x",
    "https://h.example:99999/forum/x",
    "https://h.example.evil.example/forum/x",
    "https://evil.example/forum/x",
    "https://h.example/forums/x",
    "https://h.example/forum%2fx",
    "https://h.example/Forum/x",
    "https://h.example//forum/x",
    "https://h.exa\tmple/forum/x",
    "https://h.example/forum/x\n",
    "https://[::1/forum/x",
    "https://xn--a.\u3002\u3002example/forum/x",
]


def _add(store: Store, name: str, base_url: str) -> Site:
    return add_site(store, name, base_url=base_url, webhook_url=f"{ROOT}hook", actor="test", at=AT).site


def _found(store: Store, url: str) -> str | None:
    with store.read() as tx:
        site = tx.sites.for_link(url)
    return None if site is None else site.name


@pytest.mark.parametrize("url", ONE_PLACE)
def test_a_link_is_found_however_its_place_is_written(store: Store, site: Site, url: str) -> None:
    assert _found(store, url) == "forum"
    assert SiteStore.address_of(site, url) == "https://forum.example/p/1"


@pytest.mark.parametrize("url", NOT_BELOW)
def test_a_link_that_leaves_the_site_or_may_do_so_is_elsewhere(store: Store, url: str) -> None:
    site = _add(store, "below", BELOW)
    assert _found(store, f"{BELOW}x") == "below"
    assert _found(store, url) is None
    with pytest.raises(InputError, match="not on the site"):
        SiteStore.address_of(site, url)


@pytest.mark.parametrize(
    ("url", "base_url"),
    [
        (ROOT, ROOT),
        ("https://forum.example", ROOT),
        ("http://h.example/forum", BELOW),
        ("https://h.example/%66orum/x", BELOW),
        ("https://h.example/forum/...", BELOW),
        ("https://h.example/forum/x?next=../../admin", BELOW),
        ("http://h.example:8080/x", "https://h.example:8080"),
        ("https://xn--bcher-kva.example/x", "https://BÜCHER.example/"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/"),
        ("https://straße.example/x", "https://straße.example/"),
        ("http://[0:0::1]:8080/x", "http://[::1]:8080/"),
        ("https://h.example/b%C3%BCcher/x", "https://h.example/bücher"),
    ],
)
def test_a_link_below_the_base_is_below_it(url: str, base_url: str) -> None:
    assert is_below(url, base_url)


@pytest.mark.parametrize(
    ("url", "base_url"),
    [
        ("https://strasse.example/x", "https://straße.example/"),
        ("https://xn--strae-oqa.example/x", "https://strasse.example/"),
        ("https://h.example/x", "https://h.example/?site=1"),
        ("https://h.example/forum/x", "https://h.example/forum/../"),
    ],
)
def test_a_link_that_only_looks_like_the_base_is_not_below_it(url: str, base_url: str) -> None:
    assert not is_below(url, base_url)


def test_the_most_specific_site_takes_a_link_whatever_its_scheme(store: Store) -> None:
    _add(store, "deep", "http://h.example/forum/a")
    _add(store, "wide", "https://h.example:443/")
    assert _found(store, "https://h.example/forum/a/1") == "deep"
    assert _found(store, "https://h.example/forum/b/1") == "wide"


def test_the_scheme_decides_between_two_sites_of_one_place(store: Store) -> None:
    _add(store, "plain", "http://h.example/")
    _add(store, "secure", "https://h.example/")
    assert _found(store, "http://h.example/1") == "plain"
    assert _found(store, "https://h.example/1") == "secure"


def test_an_address_keeps_its_path_and_query_and_takes_the_sites_scheme_and_host(store: Store) -> None:
    site = _add(store, "tor", "http://BÜCHER.example:8080/a/")
    written = "https://bücher.EXAMPLE:8080/a/%7Ex/Ä;p=1?q=%2F&r=a b#top"
    expected = "http://xn--bcher-kva.example:8080/a/%7Ex/Ä;p=1?q=%2F&r=a b"
    assert SiteStore.address_of(site, written) == expected
    assert SiteStore.address_of(site, expected) == expected
    six = _add(store, "six", "https://[0:0::1]:8443/")
    assert SiteStore.address_of(six, "http://[::1]:8443") == "https://[::1]:8443/"


def test_a_link_opens_no_secret_but_that_of_its_own_site(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [_add(store, f"site {each}", f"https://s{each}.example/") for each in range(5)]
    opened: list[str] = []
    data_key = Keyring.data_key

    def counted(keyring: Keyring, key_id: str) -> bytes:
        opened.append(key_id)
        return data_key(keyring, key_id)

    with store.read() as tx:
        sites = tx.sites
        monkeypatch.setattr(Keyring, "data_key", counted)
        assert sites.for_link("https://s3.example/1") == made[3]
        assert sites.for_link("https://elsewhere.example/1") is None
    assert opened == [made[3].key_id]


def test_a_site_that_was_just_added_is_found_in_the_same_transaction(store: Store) -> None:
    ((key_id, _),) = store.keyring.new_data_keys(1)
    with store.write() as tx:
        assert tx.sites.for_link("https://new.example/1") is None
        added = tx.sites.add(
            "new", base_url="https://new.example/", webhook_url=ROOT, secret=bytes(32), key_id=key_id, at=AT
        )
        assert tx.sites.for_link("https://new.example/1") == added
