"""`takeback key` and `takeback site`, on a data directory without the service."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import Call, House

from takeback.assembly import open_store, read_master_key
from takeback.audit.event import EventKind
from takeback.store.access import ApiKey, KeyRole

SITE = ("--base-url", "https://forum.example/", "--webhook-url", "https://forum.example/hook")


def _found(house: House, text: str) -> ApiKey | None:
    store = open_store(house.settings, read_master_key(house.settings))
    try:
        with store.read() as tx:
            return tx.access.find(text)
    finally:
        store.close()


def test_a_new_key_is_alone_on_stdout_and_works(call: Call, house: House) -> None:
    done = call("key", "new", "moderator", "--name", "night desk", *house.options)
    assert done.code == 0
    key = _found(house, done.out.strip())
    assert key is not None
    assert (key.role, key.name) == (KeyRole.MODERATOR, "night desk")
    assert "shown this once" in done.err


def test_an_upload_key_belongs_to_a_site_found_by_name_or_id(call: Call, house: House) -> None:
    made = call("site", "add", "forum", *SITE, *house.options, "--json").json
    for name in ("forum", made["id"]):
        key = _found(house, call("key", "new", "upload", "--site", name, *house.options, "--json").json["key"])
        assert key is not None
        assert key.site_id is not None
    assert call("key", "new", "upload", *house.options).code == 2
    assert call("key", "new", "upload", "--site", "absent", *house.options).code == 2


def test_keys_are_listed_without_their_text_and_revoked_by_id(call: Call, house: House) -> None:
    text = call("key", "new", "auditor", *house.options).out.strip()
    keys = call("key", "list", *house.options, "--json").json
    assert [key["role"] for key in keys] == ["administrator", "moderator", "auditor", "auditor"]
    assert text not in str(keys)
    assert call("key", "revoke", keys[-1]["id"], *house.options).code == 0
    assert _found(house, text) is None
    assert call("key", "revoke", keys[-1]["id"], *house.options).code == 2
    out = call("key", "list", *house.options).out
    assert keys[0]["id"] in out
    assert "auditor, revoked" in out
    assert max(len(line) for line in out.splitlines()) <= 80


def test_a_site_is_added_with_its_secrets_shown_once(call: Call, house: House) -> None:
    done = call("site", "add", "forum", *SITE, *house.options)
    secret, key = (line.split()[1] for line in done.out.splitlines())
    assert len(bytes.fromhex(secret)) == 32
    assert _found(house, key) is not None
    listed = call("site", "list", *house.options)
    assert "https://forum.example/hook" in listed.out
    assert secret not in listed.out
    assert call("site", "list", *house.options, "--json").json[0]["name"] == "forum"


def test_a_sites_quarantine_is_off_until_it_is_turned_on(call: Call, house: House) -> None:
    call("site", "add", "forum", *SITE, *house.options)
    assert call("site", "list", *house.options, "--json").json[0]["quarantine"] is False
    assert call("site", "quarantine", "forum", "on", *house.options, "--json").json["quarantine"] is True
    assert "off" in call("site", "quarantine", "forum", "off", *house.options).out
    assert call("site", "quarantine", "absent", "on", *house.options).code == 2


def test_a_site_of_a_taken_name_or_a_wrong_address_is_refused(call: Call, house: House) -> None:
    assert call("site", "add", "forum", *SITE, *house.options).code == 0
    assert call("site", "add", "forum", *SITE, *house.options).code == 2
    assert call("site", "add", "other", *SITE[:3], "ftp://x", *house.options).code == 2


LEMMY = ("--base-url", "https://lemmy.example/", "--platform", "lemmy", "--api", "https://lemmy.example")


def _secret_file(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_a_site_with_a_platform_is_added_and_what_it_cannot_do_is_said(
    call: Call, house: House, tmp_path: Path
) -> None:
    token = _secret_file(tmp_path / "token", "of-lemmy-alone\n")
    done = call("site", "add", "lemmy", *LEMMY, "--token-file", token, *house.options)
    assert done.code == 0
    assert "It cannot show again what was removed." in done.err
    listed = call("site", "list", *house.options)
    said = " ".join(listed.out.split())
    assert "platform lemmy" in said
    assert "It cannot show again what was removed." in said
    assert "its picture's own address is still served" in said
    (site,) = call("site", "list", *house.options, "--json").json
    assert (site["platform"], site["api_url"], site["webhook_url"]) == ("lemmy", "https://lemmy.example", None)
    assert (site["can"]["put_back"], site["can"]["hold"]) == (False, True)
    assert "of-lemmy-alone" not in done.out + done.err + listed.out + str(site)


def test_a_token_is_changed_from_a_file_that_nobody_else_can_read(call: Call, house: House, tmp_path: Path) -> None:
    token = _secret_file(tmp_path / "token", "the-first")
    call("site", "add", "lemmy", *LEMMY, "--token-file", token, *house.options)
    token.write_text("the-second")
    done = call("site", "token", "lemmy", "--token-file", token, *house.options)
    assert (done.code, "the-second" in done.out + done.err) == (0, False)
    store = open_store(house.settings, read_master_key(house.settings))
    with store.read() as tx:
        (site,) = tx.sites.all()
    store.close()
    assert site.token == "the-second"
    token.chmod(0o644)
    assert "can be read by others" in call("site", "token", "lemmy", "--token-file", token, *house.options).err


def test_a_platform_without_its_parts_is_refused(call: Call, house: House, tmp_path: Path) -> None:
    token = ("--token-file", _secret_file(tmp_path / "token", "one"))
    two = ("--token-file", _secret_file(tmp_path / "two", "one two"))
    call("site", "add", "forum", *SITE, *house.options)
    for arguments in (
        ("site", "add", "a", *LEMMY),
        ("site", "add", "b", *LEMMY, *two),
        ("site", "add", "c", *LEMMY[:4], *token),
        ("site", "add", "d", *LEMMY[:2], "--platform", "friendica", "--api", "https://x.example", *token),
        ("site", "add", "e", *LEMMY, "--webhook-url", "https://x.example/hook", *token),
        ("site", "add", "f", *LEMMY[:2]),
        ("site", "add", "g", *LEMMY[:4], "--api", "https://x.example/?a=b", *token),
        ("site", "token", "forum", *token),
        ("site", "token", "absent", *token),
    ):
        assert call(*arguments, *house.options).code == 2, arguments
    assert [site["name"] for site in call("site", "list", *house.options, "--json").json] == ["forum"]


def test_what_the_command_line_did_is_in_the_log(call: Call, house: House) -> None:
    call("key", "new", "auditor", *house.options)
    store = open_store(house.settings, read_master_key(house.settings))
    with store.read() as tx:
        last = list(tx.audit.entries())[-1]
    store.close()
    assert (last.kind, last.actor) == (EventKind.KEY_MADE, "command-line")


def test_a_data_directory_that_is_not_there_is_not_made(call: Call, house: House) -> None:
    done = call("key", "list", "--data", "typo", "--master-key-file", house.settings.master_key_file)
    assert done.code == 2
    assert not (house.settings.data.parent / "typo").exists()


def test_without_the_master_key_nothing_is_done(call: Call, house: House) -> None:
    done = call("key", "new", "auditor", "--data", house.settings.data)
    assert (done.code, done.out) == (2, "")
    assert "master key" in done.err
