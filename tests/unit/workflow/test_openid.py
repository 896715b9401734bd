"""In by an identity provider: who is let in by its word, how an account becomes a person's, and what ends that."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.house import Clock
from tests.unit.workflow.test_desk_people import DESK, Person, kinds_of

from takeback.actions.openid.id_token import Claims, TokenRefused
from takeback.audit.event import EventKind
from takeback.config import DESK_ROLES, Settings
from takeback.errors import IllegalTransition, InputError, NotAllowed, NotFound
from takeback.store import Store
from takeback.store.desk_people import DeskRole
from takeback.workflow.desk_people import SESSION_IDLE, SignedIn, invite, leave, session_of, sign_out
from takeback.workflow.openid import (
    Entered,
    Errand,
    RoleRule,
    bound_to,
    come_back,
    enter,
    refuse,
    send_to_bind,
    send_to_sign_in,
    unbind,
)
from takeback.workflow.passkey import Party, ask_to_join, ask_to_sign_in, join, sign_in

ISSUER = "https://id.example"
RULE = RoleRule(
    "groups", {"mods": DeskRole.MODERATOR, "readers": DeskRole.SECOND_READER, "heads": DeskRole.ADMINISTRATOR}
)
ROLES_ELSEWHERE = Party(DESK.origin, roles_from=ISSUER)


def said(subject: str = "248289761001", issuer: str = ISSUER, **others: object) -> Claims:
    return Claims(issuer, subject, others)


class Door:
    """The desk's door, for people with an account at the provider."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock, self.rule = store, clock, None

    rule: RoleRule | None

    def invite(self, name: str = "Ada", role: DeskRole | None = DeskRole.MODERATOR, *, lost: bool = False) -> str:
        return invite(self.store, name, role, lost=lost, actor="test", at=self.clock()).secret

    def back(self, errand: Errand, claims: Claims) -> Entered:
        """Come back from an errand with what the provider says."""
        sent = come_back(self.store, errand.secret, errand.state, at=self.clock())
        return enter(self.store, sent, claims, self.rule, at=self.clock())

    def join(self, claims: Claims, name: str = "Ada", role: DeskRole | None = DeskRole.MODERATOR) -> Entered:
        invitation = self.invite(name, role)
        return self.back(send_to_sign_in(self.store, invitation=invitation, at=self.clock()), claims)

    def sign_in(self, claims: Claims) -> Entered:
        return self.back(send_to_sign_in(self.store, at=self.clock()), claims)

    def bind(self, here: SignedIn, claims: Claims) -> Entered:
        return self.back(send_to_bind(self.store, here.session, at=self.clock()), claims)

    def is_in(self, entered: Entered) -> SignedIn | None:
        return session_of(self.store, entered.secret, at=self.clock())

    def events(self, kind: EventKind) -> list[tuple[str, Mapping[str, object]]]:
        with self.store.read() as tx:
            entries = [entry for entry in tx.audit.entries() if entry.kind == kind]
        return [(entry.actor or "", dict(entry.facts or {})) for entry in entries]


@pytest.fixture
def door(store: Store, clock: Clock) -> Door:
    return Door(store, clock)


@pytest.fixture
def ada(store: Store, clock: Clock) -> Person:
    return Person(store, clock)


def present(person: Person) -> SignedIn:
    here = person.is_in(person.join())
    assert here is not None
    return here


# Whose an account is


def test_an_invited_person_comes_with_an_account_and_signs_in_by_it_from_then_on(door: Door) -> None:
    first = door.join(said())
    second = door.sign_in(said())
    for entered in (first, second):
        here = door.is_in(entered)
        assert here is not None
        assert (here.member.name, here.member.role) == ("Ada", DeskRole.MODERATOR)
    assert kinds_of(door.store, first.member) == [
        EventKind.DESK_IDENTITY_BOUND,
        EventKind.DESK_JOINED,
        EventKind.DESK_SIGNED_IN,
        EventKind.DESK_SIGNED_IN,
    ]
    assert [facts["by"] for _, facts in door.events(EventKind.DESK_SIGNED_IN)] == ["openid", "openid"]


def test_whoever_nobody_invited_is_not_let_in_and_that_is_an_event(door: Door) -> None:
    door.join(said())
    for claims in (said("another"), said(issuer="https://evil.example"), said("248289761001 "), said("248289761001\n")):
        with pytest.raises(NotAllowed, match="not bound to anybody"):
            door.sign_in(claims)
    assert door.events(EventKind.DESK_IDENTITY_REFUSED) == [("identity-provider", {"why": "unbound"})] * 4


def test_an_address_or_a_name_that_the_provider_says_lets_nobody_in(door: Door) -> None:
    door.join(said(email="ada@forum.example", email_verified=True, preferred_username="Ada"))
    with pytest.raises(NotAllowed):
        door.sign_in(said("another", email="ada@forum.example", email_verified=True, preferred_username="Ada"))


def test_an_invitation_is_used_up_by_an_account_as_by_a_passkey(door: Door, ada: Person) -> None:
    errands = [send_to_sign_in(door.store, invitation=ada.invitation, at=door.clock()) for _ in range(2)]
    door.back(errands[0], said())
    with pytest.raises(NotAllowed):
        door.back(errands[1], said("another"))
    with pytest.raises(NotFound):
        ada.join()
    with pytest.raises(NotFound):
        send_to_sign_in(door.store, invitation=ada.invitation, at=door.clock())


def test_an_invitation_that_a_newer_one_closed_binds_nothing(door: Door) -> None:
    errand = send_to_sign_in(door.store, invitation=door.invite(), at=door.clock())
    door.invite()
    with pytest.raises(NotAllowed):
        door.back(errand, said())
    assert door.events(EventKind.DESK_IDENTITY_BOUND) == []


def test_an_account_is_one_persons(door: Door) -> None:
    door.join(said())
    with pytest.raises(InputError, match="belongs to someone"):
        door.join(said(), "Bo")
    here = door.is_in(door.sign_in(said()))
    assert here is not None
    assert here.member.name == "Ada"


def test_a_person_has_one_account_there(door: Door) -> None:
    door.join(said())
    with pytest.raises(InputError, match="another account"):
        door.join(said("another"), role=None)
    with pytest.raises(NotAllowed):
        door.sign_in(said("another"))


def test_whoever_is_in_by_a_passkey_binds_an_account_and_stays_who_they_are(door: Door, ada: Person) -> None:
    here = present(ada)
    entered = door.bind(here, said())
    assert entered.secret == ""
    by_account = door.is_in(door.sign_in(said()))
    assert by_account is not None
    assert by_account.member.id == here.member.id
    assert ada.is_in(ada.sign_in())


def test_nothing_is_bound_for_whoever_signed_out_meanwhile_or_was_away_too_long(door: Door, ada: Person) -> None:
    here = present(ada)
    errand = send_to_bind(door.store, here.session, at=door.clock())
    sign_out(door.store, here, at=door.clock())
    with pytest.raises(NotAllowed):
        door.back(errand, said())
    here = SignedIn(here.member, session_of(door.store, ada.sign_in(), at=door.clock()).session)  # type: ignore[union-attr]
    door.clock.pass_(minutes=SESSION_IDLE.total_seconds() / 60 - 1)
    errand = send_to_bind(door.store, here.session, at=door.clock())
    door.clock.pass_(minutes=2)
    with pytest.raises(NotAllowed, match="not signed in any more"):
        door.back(errand, said())
    assert bound_to(door.store, here.member, ISSUER) is None


def test_an_account_is_unbound_where_a_passkey_is_left_and_its_sessions_end(door: Door, ada: Person) -> None:
    here = present(ada)
    door.bind(here, said())
    entered = door.sign_in(said())
    unbind(door.store, here, ISSUER, only_way=False, at=door.clock())
    assert door.is_in(entered) is None
    with pytest.raises(NotAllowed):
        door.sign_in(said())
    assert session_of(door.store, ada.sign_in(), at=door.clock())
    assert len(door.events(EventKind.DESK_IDENTITY_UNBOUND)) == 1


def test_an_account_that_is_the_only_way_in_is_not_unbound(door: Door, ada: Person) -> None:
    entered = door.join(said(), "Bo")
    here = door.is_in(entered)
    assert here is not None
    with pytest.raises(IllegalTransition, match="only way in"):
        unbind(door.store, here, ISSUER, only_way=False, at=door.clock())
    with_passkey = present(ada)
    door.bind(with_passkey, said("ada"))
    with pytest.raises(IllegalTransition, match="only way in"):
        unbind(door.store, with_passkey, ISSUER, only_way=True, at=door.clock())
    assert door.is_in(door.sign_in(said("ada")))


def test_whoever_leaves_is_out_at_once_and_the_account_is_nobodys(door: Door) -> None:
    entered = door.join(said())
    leave(door.store, "Ada", actor="test", at=door.clock())
    assert door.is_in(entered) is None
    with pytest.raises(NotAllowed, match="not bound"):
        door.sign_in(said())
    again = door.join(said())
    assert again.member.id != entered.member.id


def test_a_way_back_for_whoever_lost_theirs_ends_the_account_too(door: Door) -> None:
    entered = door.join(said())
    invitation = door.invite(role=None, lost=True)
    assert door.is_in(entered) is None
    with pytest.raises(NotAllowed):
        door.sign_in(said())
    door.back(send_to_sign_in(door.store, invitation=invitation, at=door.clock()), said("new"))
    assert door.is_in(door.sign_in(said("new")))


# One errand


def test_an_errand_counts_once_and_for_ten_minutes(door: Door) -> None:
    door.join(said())
    errand = send_to_sign_in(door.store, at=door.clock())
    door.back(errand, said())
    with pytest.raises(NotAllowed, match="is over"):
        door.back(errand, said())
    errand = send_to_sign_in(door.store, at=door.clock())
    door.clock.pass_(minutes=10)
    with pytest.raises(NotAllowed, match="is over"):
        door.back(errand, said())


def test_an_errand_of_another_browser_is_refused_and_not_used_up(door: Door) -> None:
    mine, theirs = (send_to_sign_in(door.store, at=door.clock()) for _ in range(2))
    for secret, state in (
        (mine.secret, theirs.state),
        (theirs.secret, mine.state),
        (mine.secret, ""),
        ("", mine.state),
        ("", Errand("").state),
        ("made up", Errand("made up").state),
        (mine.secret, mine.state + "="),
        (mine.secret, "ü"),
    ):
        with pytest.raises(NotAllowed):
            come_back(door.store, secret, state, at=door.clock())
    assert come_back(door.store, mine.secret, mine.state, at=door.clock()).invitation_id is None


def test_the_data_holds_nothing_that_an_errand_is_known_by(door: Door) -> None:
    errand = send_to_sign_in(door.store, at=door.clock())
    with door.store.read() as tx:
        raw = b"".join(
            repr(tuple(row)).encode() for row in tx.connection.exec_driver_sql("select * from desk_errand").all()
        )
    assert raw
    for secret in (errand.secret, errand.state, errand.nonce, errand.verifier, errand.challenge):
        assert secret.encode() not in raw
    assert errand.secret not in repr(errand)


# Roles that the provider gives


def test_without_a_rule_roles_are_given_here_whatever_the_provider_says(door: Door) -> None:
    door.join(said(groups=["heads"]), role=DeskRole.AUDITOR)
    assert door.sign_in(said(groups=["heads"])).member.role is DeskRole.AUDITOR


def test_with_a_rule_the_role_follows_the_claim_and_each_change_is_an_event(door: Door) -> None:
    door.rule = RULE
    entered = door.join(said(groups=["readers", "choir"]), role=DeskRole.MODERATOR)
    assert entered.member.role is DeskRole.SECOND_READER
    assert door.sign_in(said(groups=["readers", "mods"])).member.role is DeskRole.MODERATOR
    assert door.sign_in(said(groups="heads")).member.role is DeskRole.ADMINISTRATOR
    here = door.is_in(entered)
    assert here is not None
    assert here.member.role is DeskRole.ADMINISTRATOR
    person = entered.member.public_id
    assert door.events(EventKind.DESK_ROLE_CHANGED) == [
        ("identity-provider", {"person": person, "before": "moderator", "role": "second_reader"}),
        ("identity-provider", {"person": person, "before": "second_reader", "role": "moderator"}),
        ("identity-provider", {"person": person, "before": "moderator", "role": "administrator"}),
    ]


@pytest.mark.parametrize(
    "groups", [[], ["choir"], "choir", None, {"mods": True}, [["mods"]], 7, "mods,readers", "MODS"]
)
def test_whoever_the_provider_gives_no_role_any_more_is_not_let_in_and_is_out(door: Door, groups: object) -> None:
    door.rule = RULE
    entered = door.join(said(groups=["mods"]))
    with pytest.raises(NotAllowed, match="no role"):
        door.sign_in(said(groups=groups))
    assert door.is_in(entered) is None
    assert door.events(EventKind.DESK_IDENTITY_REFUSED) == [(entered.member.actor, {"why": "role"})]


def test_an_invitation_lets_nobody_in_to_whom_the_provider_gives_no_role(door: Door) -> None:
    door.rule = RULE
    with pytest.raises(NotAllowed, match="no role"):
        door.join(said())
    with pytest.raises(NotAllowed, match="not bound"):
        door.sign_in(said(groups=["mods"]))


def test_a_passkey_is_no_way_round_a_role_that_the_provider_took_back(door: Door, ada: Person) -> None:
    door.rule = RULE
    door.bind(present(ada), said(groups=["mods"]))
    options = ask(ada)
    with pytest.raises(NotAllowed, match="role comes from the identity provider"):
        sign_in_at(ada, options)
    ada.invitation = ada.invite()
    with pytest.raises(NotAllowed, match="role comes from the identity provider"):
        join_at(ada)
    assert ada.is_in(ada.sign_in()), "where roles are given here a passkey is as good as before"


def test_a_passkey_of_somebody_without_an_account_is_taken_where_roles_come_from_the_provider(ada: Person) -> None:
    ada.join()
    assert ada.is_in(sign_in_at(ada, ask(ada)))


def test_where_no_passkeys_are_taken_none_opens_anything(ada: Person) -> None:
    ada.join()
    closed = Party(DESK.origin, takes_passkeys=False)
    with pytest.raises(NotAllowed, match="takes no passkeys"):
        sign_in_at(ada, ask(ada), closed)
    ada.invitation = ada.invite()
    with pytest.raises(NotAllowed, match="takes no passkeys"):
        join_at(ada, closed)


def test_the_rule_is_read_from_the_settings() -> None:
    given = {"openid_issuer": ISSUER, "openid_client_id": "desk", "openid_client_secret_file": "/run/secret"}
    roles = ("CN=Mods,OU=Forum=moderator", "readers=second_reader")
    settings = Settings(openid_role_claim="groups", openid_roles=roles, **given)  # type: ignore[arg-type]
    rule = RoleRule.of(settings)
    assert rule is not None
    assert rule.role(said(groups=["CN=Mods,OU=Forum"])) is DeskRole.MODERATOR
    assert RoleRule.of(Settings()) is None
    assert tuple(DeskRole) == DESK_ROLES


def test_what_the_provider_said_and_did_not_hold_is_an_event_with_the_reason(door: Door) -> None:
    refuse(door.store, TokenRefused("nonce", "it answers another sign-in"), at=door.clock())
    assert door.events(EventKind.DESK_IDENTITY_REFUSED) == [("identity-provider", {"why": "nonce"})]


def ask(person: Person) -> Mapping[str, object]:
    return ask_to_sign_in(person.store, DESK, at=person.clock())


def sign_in_at(person: Person, options: Mapping[str, object], party: Party = ROLES_ELSEWHERE) -> str:
    return sign_in(person.store, party, person.device.get(options), at=person.clock())


def join_at(person: Person, party: Party = ROLES_ELSEWHERE) -> str:
    options = ask_to_join(person.store, DESK, person.invitation, at=person.clock())
    return join(person.store, party, person.device.create(options), at=person.clock())
