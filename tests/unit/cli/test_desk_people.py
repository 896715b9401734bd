"""`takeback desk invite`, `people` and `leave`."""

from __future__ import annotations

from tests.unit.cli.conftest import Call, House

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
