"""Settings: laws that are known and threads that there can be, or the service does not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from takeback.cases.law import check_laws, law_packs
from takeback.config import FILE_NAME, Settings, load_settings
from takeback.errors import BadSetting


def test_the_default_laws_are_known() -> None:
    check_laws(Settings())


@pytest.mark.parametrize("laws", ["us-take-it-dawn", "us-take-it-down,eu-dsa", "US-TAKE-IT-DOWN", "", " , "])
def test_a_law_that_is_not_known_or_none_at_all_is_refused_with_the_known_ones(tmp_path: Path, laws: str) -> None:
    settings = load_settings({"data": tmp_path}, {"TAKEBACK_LAWS": laws})
    with pytest.raises(BadSetting, match="setting laws") as refused:
        check_laws(settings)
    assert all(known in refused.value.advice for known in law_packs())


def test_laws_in_the_file_are_checked_too(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('laws = ["uk-osa-20a", "atlantis-1"]\n', "utf-8")
    with pytest.raises(BadSetting, match="'atlantis-1'"):
        check_laws(load_settings({"data": tmp_path}, {}))
    (tmp_path / FILE_NAME).write_text('laws = ["uk-osa-20a"]\n', "utf-8")
    check_laws(load_settings({"data": tmp_path}, {}))


def test_at_least_one_thread_describes_a_picture(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="copy_threads must be at least 1"):
        load_settings({"data": tmp_path}, {"TAKEBACK_COPY_THREADS": "0"})


@pytest.mark.parametrize(
    "origin",
    [
        "https://forum.example",
        "https://a-b.forum.example:8443",
        "http://127.0.0.1:9",
        "http://localhost",
        f"http://{'a' * 56}.onion",
    ],
)
def test_a_site_may_show_the_form(origin: str) -> None:
    assert Settings(embedded_on=(origin,)).embedded_on == (origin,)


@pytest.mark.parametrize(
    "origin",
    [
        "forum.example", "http://forum.example", "https://forum.example/", "https://*.example", "https://", "*",
        "'self'", "https://a.example; script-src *", "https://a.example https://b.example", "https://Forum.example",
        "https://münchen.example", "https://user@forum.example", "https://forum.example:x", "https://a..example",
        "data:", "https://a.example\n", "null",
    ],
)  # fmt: skip
def test_what_is_no_origin_may_show_nothing_and_is_said_to_be_none(origin: str) -> None:
    with pytest.raises(BadSetting, match="embedded_on names") as refused:
        Settings(embedded_on=("https://good.example", origin))
    assert "https://forum.example" in refused.value.advice


def test_sites_come_from_the_environment_with_commas(tmp_path: Path) -> None:
    given = {"TAKEBACK_EMBEDDED_ON": "https://a.example, https://b.example"}
    assert load_settings({"data": tmp_path}, given).embedded_on == ("https://a.example", "https://b.example")


@pytest.mark.parametrize("name", ["contact", "security_contact"])
def test_a_contact_is_an_address_that_a_browser_can_follow(name: str) -> None:
    good = ("mailto:desk@forum.example", "https://forum.example/contact?to=desk", "tel:+1-201-555-0123")
    assert getattr(Settings(**{name: good}), name) == good  # type: ignore[arg-type]
    for bad in (
        "desk@forum.example",
        "javascript:alert(1)",
        "http://forum.example",
        "mailto:a b@c",
        "tel:",
        "https://a\nExpires: x",
    ):
        with pytest.raises(BadSetting, match=f"{name} names"):
            Settings(**{name: (bad,)})  # type: ignore[arg-type]


ONION = f"http://{'abcd2345' * 7}.onion"


def test_the_address_of_an_onion_service_is_one() -> None:
    assert Settings(onion_address=ONION).onion_address == ONION


@pytest.mark.parametrize(
    "address", ["abcd.onion", ONION.upper(), f"{ONION}/", ONION.replace("http", "ftp"), ONION.replace(".onion", ".com")]
)
def test_what_is_no_onion_service_is_refused(address: str) -> None:
    with pytest.raises(BadSetting, match="onion_address"):
        Settings(onion_address=address)


@pytest.mark.parametrize(
    "origin", ["", "https://desk.forum.example", "https://forum.example:8443", "http://localhost:8470"]
)
def test_the_desk_opens_where_passkeys_work(origin: str) -> None:
    assert Settings(desk_origin=origin).desk_origin == origin


@pytest.mark.parametrize(
    "origin",
    [
        "http://forum.example",
        "https://127.0.0.1",
        "http://127.0.0.1:8470",
        "https://forum.example/desk",
        "https://*.example",
    ],
)
def test_an_origin_on_which_no_passkey_works_is_refused(origin: str) -> None:
    with pytest.raises(BadSetting, match="desk_origin"):
        Settings(desk_origin=origin)


OPENID = {
    "openid_issuer": "https://id.example/realms/forum",
    "openid_client_id": "takeback",
    "openid_client_secret_file": "/run/secrets/openid",
}


@pytest.mark.parametrize("missing", OPENID)
def test_a_provider_without_its_client_or_its_secret_is_refused(missing: str) -> None:
    with pytest.raises(BadSetting, match="go together"):
        Settings(**{**OPENID, missing: ""})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [
        {"openid_issuer": "id.example"},
        {"openid_issuer": "ftp://id.example"},
        {"openid_issuer": "https://id.example/?realm=forum"},
        {"openid_issuer": "https://id.example/#a"},
        {"openid_issuer": "https://user@id.example"},
        {"openid_issuer": "https://id.example/ a"},
        {"openid_issuer": "https://id.example/" + "x" * 500},
        {"openid_scopes": ("groups",)},
        {"openid_scopes": ()},
        {"openid_scopes": ("openid groups",)},
        {"openid_max_age_seconds": -1},
        {"openid_role_claim": "groups"},
        {"openid_roles": ("mods=moderator",)},
        {"openid_role_claim": "groups", "openid_roles": ("mods",)},
        {"openid_role_claim": "groups", "openid_roles": ("=moderator",)},
        {"openid_role_claim": "groups", "openid_roles": ("mods=emperor",)},
        {"desk_passkeys": "perhaps"},
    ],
    ids=str,
)
def test_a_provider_that_nobody_could_sign_in_by_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(BadSetting):
        Settings(**{**OPENID, **given})  # type: ignore[arg-type]


def test_a_desk_that_takes_no_passkeys_has_a_provider() -> None:
    assert Settings(**OPENID, desk_passkeys="off").desk_passkeys == "off"  # type: ignore[arg-type]
    with pytest.raises(BadSetting, match="nobody could sign in"):
        Settings(desk_passkeys="off")


@pytest.mark.parametrize(
    "issuer", ["https://id.example", "https://id.example/application/o/takeback/", "http://[::1]:8080"]
)
def test_an_issuer_is_kept_as_it_is_written(issuer: str) -> None:
    assert Settings(**{**OPENID, "openid_issuer": issuer}).openid_issuer == issuer  # type: ignore[arg-type]
