"""People of the desk: invited once, in by a passkey alone, signed in for a while, gone at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.house import Clock
from tests.unit.device import PRESENT, Device

from takeback.audit.event import EventKind
from takeback.cases.sealed import new_identity
from takeback.errors import InputError, NotAllowed, NotFound
from takeback.store import Store
from takeback.store.desk_people import DeskRole, Member
from takeback.workflow.desk_keys import add_desk_key
from takeback.workflow.desk_people import SignedIn, invite, leave, require_role, session_of, sign_out
from takeback.workflow.passkey import Party, ask_to_join, ask_to_sign_in, join, sign_in

ORIGIN = "https://desk.example"
DESK = Party(ORIGIN)


class Person:
    """Someone with a device, invited to the desk."""

    def __init__(self, store: Store, clock: Clock, name: str = "Ada", role: DeskRole = DeskRole.MODERATOR) -> None:
        self.store, self.clock, self.name = store, clock, name
        self.device = Device(ORIGIN)
        self.invitation = self.invite(role)

    def invite(self, role: DeskRole | None = None, *, lost: bool = False) -> str:
        return invite(self.store, self.name, role, lost=lost, actor="test", at=self.clock()).secret

    def join(self) -> str:
        options = ask_to_join(self.store, DESK, self.invitation, at=self.clock())
        return join(self.store, DESK, self.device.create(options), at=self.clock())

    def sign_in(self) -> str:
        options = ask_to_sign_in(self.store, DESK, at=self.clock())
        return sign_in(self.store, DESK, self.device.get(options), at=self.clock())

    def is_in(self, secret: str) -> SignedIn | None:
        return session_of(self.store, secret, at=self.clock())


@pytest.fixture
def ada(store: Store, clock: Clock) -> Person:
    return Person(store, clock)


def kinds_of(store: Store, member: Member) -> list[str]:
    with store.read() as tx:
        return [str(entry.kind) for entry in tx.audit.entries() if entry.actor == member.actor]


def test_an_invited_person_makes_a_passkey_and_is_in(ada: Person) -> None:
    here = ada.is_in(ada.join())
    assert here is not None
    assert (here.member.name, here.member.role) == ("Ada", DeskRole.MODERATOR)
    assert kinds_of(ada.store, here.member) == [EventKind.DESK_JOINED, EventKind.DESK_SIGNED_IN]


def test_an_invitation_works_once(ada: Person) -> None:
    ada.join()
    with pytest.raises(NotFound, match="was used"):
        ada.join()


def test_two_who_opened_the_same_invitation_are_not_both_in(ada: Person) -> None:
    options = [ask_to_join(ada.store, DESK, ada.invitation, at=ada.clock()) for _ in range(2)]
    join(ada.store, DESK, ada.device.create(options[0]), at=ada.clock())
    with pytest.raises(NotAllowed):
        join(ada.store, DESK, Device(ORIGIN).create(options[1]), at=ada.clock())


def test_an_invitation_ends_after_a_day(ada: Person) -> None:
    ada.clock.pass_(hours=24)
    with pytest.raises(NotFound, match="too old"):
        ada.join()


def test_a_newer_invitation_closes_the_older_one(ada: Person) -> None:
    ada.invite()
    with pytest.raises(NotFound):
        ada.join()


def test_a_passkey_signs_its_owner_in_again(ada: Person) -> None:
    first = ada.join()
    second = ada.sign_in()
    assert first != second
    here = ada.is_in(second)
    assert here is not None
    assert here.member.name == "Ada"


def test_a_second_passkey_is_as_good_as_the_first(ada: Person) -> None:
    ada.join()
    first = ada.device
    ada.invitation, ada.device = ada.invite(), Device(ORIGIN)
    ada.join()
    assert ada.is_in(ada.sign_in())
    ada.device = first
    assert ada.is_in(ada.sign_in())


def test_whoever_lost_their_passkeys_comes_back_and_the_lost_ones_open_nothing(ada: Person) -> None:
    session, lost = ada.join(), ada.device
    ada.invitation = ada.invite(lost=True)
    assert ada.is_in(session) is None
    with pytest.raises(NotAllowed):
        ada.sign_in()
    ada.device = Device(ORIGIN)
    assert ada.is_in(ada.join())
    ada.device = lost
    with pytest.raises(NotAllowed):
        ada.sign_in()


def test_an_answer_counts_once(ada: Person) -> None:
    ada.join()
    answer = ada.device.get(ask_to_sign_in(ada.store, DESK, at=ada.clock()))
    sign_in(ada.store, DESK, answer, at=ada.clock())
    with pytest.raises(NotAllowed):
        sign_in(ada.store, DESK, answer, at=ada.clock())


def test_an_answer_to_a_challenge_of_long_ago_counts_for_nothing(ada: Person) -> None:
    ada.join()
    answer = ada.device.get(ask_to_sign_in(ada.store, DESK, at=ada.clock()))
    ada.clock.pass_(minutes=10)
    with pytest.raises(NotAllowed):
        sign_in(ada.store, DESK, answer, at=ada.clock())


def test_a_passkey_that_did_not_verify_its_owner_is_not_accepted(ada: Person) -> None:
    ada.device.flags = PRESENT
    with pytest.raises(NotAllowed):
        ada.join()
    ada.device.flags, ada.invitation = Device(ORIGIN).flags, ada.invite()
    ada.join()
    ada.device.flags = PRESENT
    with pytest.raises(NotAllowed):
        ada.sign_in()


def test_what_another_page_asked_a_passkey_for_is_not_accepted(ada: Person) -> None:
    ada.join()
    ada.device.origin = "https://desk.example.evil.example"
    with pytest.raises(NotAllowed):
        ada.sign_in()


def test_a_counter_that_goes_back_is_refused_and_recorded(ada: Person) -> None:
    here = ada.is_in(ada.join())
    assert here is not None
    ada.device.count -= 1
    with pytest.raises(NotAllowed):
        ada.sign_in()
    assert EventKind.DESK_PASSKEY_REFUSED in kinds_of(ada.store, here.member)


def test_a_passkey_that_does_not_count_is_accepted_again_and_again(ada: Person) -> None:
    ada.device = Device(ORIGIN, counts=False)
    ada.join()
    assert ada.is_in(ada.sign_in())
    assert ada.is_in(ada.sign_in())


def test_nobody_signs_in_with_the_answer_to_an_invitation(ada: Person) -> None:
    ada.join()
    ada.invitation = ada.invite()
    options = ask_to_join(ada.store, DESK, ada.invitation, at=ada.clock())
    answer = ada.device.get({"rpId": DESK.id, "challenge": options["challenge"]})
    with pytest.raises(NotAllowed):
        sign_in(ada.store, DESK, answer, at=ada.clock())


@pytest.mark.parametrize("answer", ["", "[]", "{}", "null", '{"id": 1}', '{"response": {}}', "9" * 30_000, "{" * 9_000])
def test_an_answer_that_is_none_is_refused_in_words(ada: Person, answer: str) -> None:
    for door in (join, sign_in):
        with pytest.raises(NotAllowed):
            door(ada.store, DESK, answer, at=ada.clock())


def test_a_session_ends_after_half_an_hour_without_a_page(ada: Person) -> None:
    session = ada.join()
    ada.clock.pass_(minutes=29)
    assert ada.is_in(session)
    ada.clock.pass_(minutes=29)
    assert ada.is_in(session)
    ada.clock.pass_(minutes=30)
    assert ada.is_in(session) is None


def test_a_session_ends_after_twelve_hours_whatever_was_done(ada: Person) -> None:
    session = ada.join()
    for _ in range(12 * 3 - 1):
        ada.clock.pass_(minutes=20)
        assert ada.is_in(session)
    ada.clock.pass_(minutes=20)
    assert ada.is_in(session) is None


def test_whoever_signs_out_is_out_here_and_stays_in_elsewhere(ada: Person) -> None:
    here, elsewhere = ada.join(), ada.sign_in()
    signed_in = ada.is_in(here)
    assert signed_in is not None
    sign_out(ada.store, signed_in, at=ada.clock())
    assert ada.is_in(here) is None
    assert ada.is_in(elsewhere)


def test_whoever_leaves_is_out_at_once_and_cannot_come_back(ada: Person) -> None:
    session = ada.join()
    ada.invitation = ada.invite()
    member = leave(ada.store, "Ada", actor="test", at=ada.clock())
    assert ada.is_in(session) is None
    with pytest.raises(NotAllowed):
        ada.sign_in()
    with pytest.raises(NotFound):
        ada.join()
    with pytest.raises(NotFound):
        leave(ada.store, member.public_id, actor="test", at=ada.clock())


def test_someone_else_of_the_same_name_is_another_person(ada: Person, store: Store, clock: Clock) -> None:
    ada.join()
    gone = leave(store, "Ada", actor="test", at=clock())
    other = invite(store, "Ada", DeskRole.AUDITOR, actor="test", at=clock()).member
    assert other.public_id != gone.public_id


def test_a_role_is_not_changed_in_passing(ada: Person) -> None:
    with pytest.raises(InputError, match="moderator"):
        ada.invite(DeskRole.AUDITOR)


def test_a_new_person_needs_a_role(store: Store, clock: Clock) -> None:
    with pytest.raises(InputError, match="Bo"):
        Person(store, clock, "Bo", None)  # type: ignore[arg-type]


def test_a_person_may_have_a_key_that_words_are_sealed_to(store: Store, clock: Clock) -> None:
    key = add_desk_key(store, "Ada", new_identity()[1], actor="test", at=clock()).person.key
    invited = invite(store, "Ada", DeskRole.MODERATOR, desk_key=key.id, actor="test", at=clock())
    assert invited.member.desk_key == key.id
    with pytest.raises(NotFound):
        invite(store, "Bo", DeskRole.MODERATOR, desk_key="0" * 32, actor="test", at=clock())


def test_each_role_does_only_what_is_its_own(store: Store, clock: Clock) -> None:
    for role in DeskRole:
        member = invite(store, role.value, role, actor="test", at=clock()).member
        if role in (DeskRole.MODERATOR, DeskRole.ADMINISTRATOR):
            require_role(member, DeskRole.MODERATOR)
        else:
            with pytest.raises(NotAllowed):
                require_role(member, DeskRole.MODERATOR)


def test_no_secret_of_the_desk_lies_in_the_data_and_no_name_in_the_log(ada: Person, data: Path) -> None:
    session, waiting = ada.join(), ada.invite()
    with ada.store.read() as tx:
        assert "Ada" not in str(list(tx.audit.entries()))
    stored = b"".join(file.read_bytes() for file in data.iterdir())
    assert b"Ada" in stored
    assert session.encode() not in stored
    assert waiting.encode() not in stored
