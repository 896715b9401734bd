"""`takeback desk invite`, `people` and `leave`."""

from __future__ import annotations

from contextlib import closing

from tests.house import AT
from tests.unit.cli.conftest import Call, House

from takeback.assembly import open_store, read_master_key
from takeback.cases.sealed import new_identity


def test_an_invitation_is_a_link_that_the_data_does_not_hold(call: Call, house: House) -> None:
    (house.settings.data / "takeback.toml").write_text('desk_origin = "https://desk.example"\n')
    done = call("desk", "invite", "Ada", "--role", "moderator", *house.options)
    assert done.code == 0, done.err
    link = done.out.strip()
    assert link.startswith("https://desk.example/desk/join#")
    secret = link.partition("#")[2].encode()
    assert secret not in b"".join(file.read_bytes() for file in house.settings.data.iterdir())
    assert "once" in done.err


def test_people_are_listed_with_what_they_have(call: Call, house: House) -> None:
    made = call("desk", "invite", "Ada", "--role", "second_reader", "--json", *house.options).json
    (person,) = call("desk", "people", "--json", *house.options).json
    assert (person["id"], person["role"], person["passkeys"], person["invited"]) == (
        made["id"],
        "second_reader",
        0,
        True,
    )
    assert person["looks_in_24_hours"] == 0
    assert "Ada" in call("desk", "people", *house.options).out


def test_whoever_has_an_account_at_the_provider_is_listed_so(call: Call, house: House) -> None:
    call("desk", "invite", "Ada", "--role", "moderator", *house.options)
    with closing(open_store(house.settings, read_master_key(house.settings))) as store, store.write() as tx:
        tx.desk_identities.bind(tx.desk_people.named("Ada"), "https://id.example", "7", AT)
    (person,) = call("desk", "people", "--json", *house.options).json
    assert person["account"] is True
    assert " yes " in call("desk", "people", *house.options).out
    call("desk", "invite", "Ada", "--lost", *house.options)
    (person,) = call("desk", "people", "--json", *house.options).json
    assert person["account"] is False


def test_someone_new_needs_a_role(call: Call, house: House) -> None:
    done = call("desk", "invite", "Ada", *house.options)
    assert done.code == 2
    assert "--role" in done.err


def test_whoever_leaves_is_listed_as_gone_and_their_sealing_key_is_named(call: Call, house: House) -> None:
    key = call("desk", "add", "Ada", "--recipient", new_identity()[1], "--json", *house.options).json["id"]
    call("desk", "invite", "Ada", "--role", "moderator", "--key", key, *house.options)
    done = call("desk", "leave", "Ada", *house.options)
    assert done.code == 0
    assert f"takeback desk retire {key}" in done.err
    (person,) = call("desk", "people", "--json", *house.options).json
    assert person["left_at"] is not None
    assert call("desk", "leave", "Ada", *house.options).code == 2
