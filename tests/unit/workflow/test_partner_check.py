"""A partner asks, and is told class and action of what a person decided on; nobody walks a fingerprint by asking."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.house import AT, LAWS, drawn, forms_of, notice_about, prints_of, reported
from tests.unit.workflow.near import bits_away

from takeback.audit.event import EventKind
from takeback.audit.log import verify_log
from takeback.bank import EntryState, Opinion, Thresholds
from takeback.cases.notice import ReportedPicture
from takeback.errors import IllegalTransition, InputError, LowQuality, NotFound, RateLimited
from takeback.fingerprint import PdqHash
from takeback.match import CopyClass
from takeback.store import Store
from takeback.store.access import KeyRole
from takeback.store.banks import NOTICES_BANK
from takeback.store.exchanges import NewExchange
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.decide import Decision, Finding, Outcome, decide
from takeback.workflow.exchanges import add_exchange
from takeback.workflow.intake import receive_notice
from takeback.workflow.partner_check import NEAR_QUESTIONS, STOPPED_FOR, PartnerAnswer, answer_partner
from takeback.workflow.partners import (
    NEAR_FOR,
    PER_DAY,
    PER_MINUTE,
    NewPartner,
    add_partner,
    partner_of,
    release_partner,
    remove_partner,
    set_partner_banks,
    tell_of_partners,
)
from takeback.workflow.query import query_of_fingerprints, query_of_reported
from takeback.workflow.register import add_bank, add_entries, new_key, remove_entry, set_thresholds
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Action, Upload, check_upload
from takeback.workflow.withdraw import withdraw

PICTURE = reported(drawn(1), digests=True)
assert PICTURE.pdq is not None
CODE = PICTURE.pdq
REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one")
NOTHING = PartnerAnswer(None)
SAME = PartnerAnswer(CopyClass.SUBSTANTIALLY_SAME)
ROUTES = ("https://pager.example/1", "https://pager.example/2")


class Asking:
    """One partner, which asks."""

    def __init__(
        self, store: Store, replica: Replica, *match: str, per_minute: int = PER_MINUTE, per_day: int = PER_DAY
    ) -> None:
        self.store, self.replica, self.at = store, replica, AT
        name = f"gallery-{len(match)}"
        self.made: NewPartner = add_partner(
            store, name, match=match, share=(), per_minute=per_minute, per_day=per_day, actor="test", at=AT
        )

    @property
    def id(self) -> str:
        return self.made.standing.partner.public_id

    def ask(self, picture: ReportedPicture = PICTURE) -> PartnerAnswer:
        query = query_of_reported([picture])
        partner_id = self.made.standing.partner.id
        return answer_partner(self.store, self.replica, partner_id, query, alert_routes=ROUTES, at=self.at)

    def near(self, bits: int, seed: int = 0, of: PdqHash = CODE) -> PartnerAnswer:
        return self.ask(ReportedPicture(pdq=bits_away(of, bits, seed)))

    def today(self) -> tuple[int, int, int]:
        day = partner_of(self.store, self.id).days[0]
        return day.asked, day.matched, day.refused


@pytest.fixture
def known(store: Store) -> str:
    """A bank of the operator's own with one picture; its entry's id."""
    add_bank(store, "known", Thresholds(), actor="test", at=AT)
    (entry,) = _add(store, PICTURE)
    return entry


def _add(
    store: Store, *pictures: ReportedPicture, bank: str = "known", opinion: Opinion = Opinion.POSITIVE
) -> list[str]:
    entries = add_entries(store, bank, pictures, opinion=opinion, source="test", expires_at=None, actor="test", at=AT)
    return [entry.public_id for entry in entries]


def _walk(asking: Asking, questions: int, bits: int = 24) -> None:
    for number in range(questions):
        asking.near(bits, number)


def _kinds(store: Store) -> list[str]:
    with store.read() as tx:
        return [each.kind for each in tx.audit.entries()]


def _told(store: Store) -> list[str]:
    with store.read() as tx:
        return [each.route for each in tx.alerts.latest(10)]


def test_a_new_partner_may_match_against_no_bank(store: Store, replica: Replica, known: str) -> None:
    assert known
    assert Asking(store, replica).ask() == NOTHING


def test_a_partner_is_told_class_and_action_and_nothing_else(store: Store, replica: Replica, known: str) -> None:
    assert known
    asking = Asking(store, replica, "known")
    assert asking.ask() == PartnerAnswer(CopyClass.IDENTICAL)
    assert asking.ask().action is Action.REFUSE
    assert asking.near(20) == SAME
    assert asking.ask(reported(drawn(2), digests=True)) == NOTHING
    assert NOTHING.action is Action.ALLOW


@pytest.mark.parametrize("digest", ["file_digest", "pixel_digest"])
def test_a_digest_alone_is_enough_to_ask(store: Store, replica: Replica, known: str, digest: str) -> None:
    assert known
    asked = ReportedPicture(**{digest: getattr(PICTURE, digest)})
    assert Asking(store, replica, "known").ask(asked) == PartnerAnswer(CopyClass.IDENTICAL)


def test_what_is_only_possible_is_never_told(store: Store, replica: Replica, known: str) -> None:
    assert known
    asking = Asking(store, replica, "known")
    assert asking.near(40) == NOTHING
    _add(store, reported(drawn(5)), opinion=Opinion.DISPUTED)
    assert asking.ask(reported(drawn(5))) == NOTHING


def test_of_what_people_report_a_partner_is_told_only_what_a_person_decided(
    store: Store, replica: Replica, journal: Journal, site: Site
) -> None:
    asking = Asking(store, replica, NOTICES_BANK)
    upload = Upload(site, "1", "https://forum.example/1")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    received = receive_notice(store, replica, notice_about(PICTURE), default_laws=LAWS, request=None, at=AT)
    assert asking.ask() == NOTHING
    decide(store, received.case.public_id, REMOVE, at=AT)
    assert asking.ask() == PartnerAnswer(CopyClass.IDENTICAL)
    withdraw(store, journal, received.ending, at=AT)
    assert asking.ask() == NOTHING


def test_what_a_person_decided_of_somebody_under_18_is_refused_and_has_to_be_preserved_and_reported(
    store: Store, replica: Replica, site: Site
) -> None:
    asking = Asking(store, replica, NOTICES_BANK)
    query = query_of_fingerprints(prints_of(drawn(1)))
    check_upload(store, replica, query, Upload(site, "1", "https://forum.example/1"), at=AT)
    received = receive_notice(store, replica, notice_about(PICTURE), default_laws=LAWS, request=None, at=AT)
    with store.write() as tx:
        tx.cases.set_under_18(tx.cases.by_public_id(received.case.public_id))
    held = check_upload(store, replica, query, Upload(site, "2", "https://forum.example/2"), at=AT)
    assert (asking.ask(), held.action, held.must_be_reported) == (NOTHING, Action.HOLD, False)
    decide(store, received.case.public_id, REMOVE, at=AT)
    assert asking.ask() == PartnerAnswer(CopyClass.IDENTICAL, must_be_reported=True)
    refused = check_upload(store, replica, query, Upload(site, "3", "https://forum.example/3"), at=AT)
    assert (refused.action, refused.must_be_reported, refused.contest_code) == (Action.REFUSE, True, None)


def test_no_partner_is_let_match_against_a_list_of_minors(store: Store, replica: Replica) -> None:
    new = NewExchange("ncmec", {"environment": "https://exttest.cybertip.org/hashsharing"})
    add_exchange(store, "NCMEC", new, None, actor="test", at=AT)
    with pytest.raises(InputError, match="what may show minors"):
        Asking(store, replica, "NCMEC")


def test_a_partner_matches_only_against_banks_that_it_may_use_now(store: Store, replica: Replica, known: str) -> None:
    assert known
    add_bank(store, "other", Thresholds(), actor="test", at=AT)
    asking = Asking(store, replica, "other")
    assert asking.ask() == NOTHING
    set_partner_banks(store, asking.id, match=["known"], share=[], actor="test", at=AT)
    assert asking.ask().copy_class is CopyClass.IDENTICAL
    set_partner_banks(store, asking.id, match=[], share=[], actor="test", at=AT)
    assert asking.ask() == NOTHING


def test_what_the_operator_says_is_never_to_match_does_not_match_for_a_partner_either(
    store: Store, replica: Replica, known: str
) -> None:
    assert known
    add_bank(store, "memes", Thresholds(), actor="test", at=AT)
    _add(store, ReportedPicture(pdq=bits_away(CODE, 4)), bank="memes", opinion=Opinion.NEGATIVE)
    assert Asking(store, replica, "known").near(4) == NOTHING


def test_an_erased_entry_is_told_no_more(store: Store, replica: Replica, known: str) -> None:
    asking = Asking(store, replica, "known")
    assert asking.ask().copy_class is CopyClass.IDENTICAL
    remove_entry(store, known, actor="test", at=AT)
    assert asking.ask() == NOTHING


def test_a_picture_that_cannot_be_judged_is_no_picture_without_a_match(
    store: Store, replica: Replica, known: str
) -> None:
    assert known
    asking = Asking(store, replica, "known")
    poor = PdqHash(CODE.code, 49)
    with pytest.raises(LowQuality):
        asking.ask(ReportedPicture(pdq=poor))
    answer = asking.ask(ReportedPicture(pdq=poor, file_digest=bytes(32)))
    assert answer.copy_class is None
    assert [one.code for one in answer.unjudged] == [LowQuality.code]
    with pytest.raises(InputError):
        asking.ask(ReportedPicture())


# How much


def test_a_minute_takes_so_many_questions_and_the_next_minute_as_many_again(
    store: Store, replica: Replica, known: str
) -> None:
    assert known
    asking = Asking(store, replica, "known", per_minute=3)
    for _ in range(3):
        asking.ask()
        asking.at += timedelta(seconds=10)
    with pytest.raises(RateLimited) as refused:
        asking.ask()
    assert refused.value.retry_after_seconds == 30
    assert asking.today() == (3, 3, 1)
    asking.at += timedelta(seconds=30)
    for _ in range(3):
        asking.ask()


def test_a_clock_that_is_set_back_keeps_nobody_out(store: Store, replica: Replica, known: str) -> None:
    assert known
    asking = Asking(store, replica, "known", per_minute=1)
    asking.ask()
    asking.at -= timedelta(hours=2)
    asking.ask()


def test_a_day_takes_so_many_questions_until_midnight(store: Store, replica: Replica, known: str) -> None:
    assert known
    asking = Asking(store, replica, "known", per_day=4)
    for _ in range(4):
        asking.ask()
    with pytest.raises(RateLimited) as refused:
        asking.ask()
    assert refused.value.retry_after_seconds == 12 * 3_600
    asking.at += timedelta(hours=12)
    asking.ask()


@pytest.mark.parametrize("limits", [{"per_minute": 0}, {"per_day": 0}, {"per_minute": 6_001}, {"per_day": 1_000_001}])
def test_limits_without_bounds_are_none(store: Store, replica: Replica, limits: dict[str, int]) -> None:
    with pytest.raises(InputError):
        Asking(store, replica, **limits)


# Walking


def test_whoever_asks_closely_around_an_entry_is_stopped_and_somebody_is_told(
    store: Store, replica: Replica, known: str
) -> None:
    assert known
    asking = Asking(store, replica, "known", per_minute=6_000)
    for number in range(NEAR_QUESTIONS):
        assert asking.near(30 if number % 2 else 32, number) == (SAME if number % 2 else NOTHING)
    assert not _told(store)
    with pytest.raises(RateLimited) as refused:
        asking.near(32, 1_000)
    assert refused.value.retry_after_seconds == STOPPED_FOR.total_seconds()
    assert sorted(_told(store)) == sorted(ROUTES)
    # Nothing is told of anything else either: an answer here and none there would say where the entry lies.
    with pytest.raises(RateLimited):
        asking.ask(reported(drawn(2)))
    assert _kinds(store).count(EventKind.PARTNER_STOPPED) == 1
    assert sorted(_told(store)) == sorted(ROUTES)
    asking.at += STOPPED_FOR
    assert asking.near(30, 1) == SAME


def test_a_bit_by_bit_walk_learns_a_small_part_of_the_fingerprint(store: Store, replica: Replica, known: str) -> None:
    """What a walker does: from a place at the edge, flip one bit after the other and see whether the answer changes."""
    assert known
    asking = Asking(store, replica, "known", per_minute=6_000)
    edge = int.from_bytes(bits_away(CODE, 32).code)
    learned: list[PartnerAnswer] = []

    def walk() -> None:
        for bit in range(256):
            learned.append(asking.ask(ReportedPicture(pdq=PdqHash((edge ^ (1 << bit)).to_bytes(32), 100))))

    with pytest.raises(RateLimited):
        walk()
    assert len(learned) == NEAR_QUESTIONS
    assert set(learned) == {SAME, NOTHING}


def test_the_guard_holds_where_a_bank_calls_all_that_matches_blind(store: Store, replica: Replica, known: str) -> None:
    assert known
    set_thresholds(store, "known", replace(Thresholds(), blind_bits=31, possible_bits=31), actor="test", at=AT)
    asking = Asking(store, replica, "known", per_minute=6_000)
    with pytest.raises(RateLimited):
        _walk(asking, NEAR_QUESTIONS + 1, bits=30)


def test_the_guard_holds_where_something_that_never_matches_lies_beside(
    store: Store, replica: Replica, known: str
) -> None:
    """There an answer changes where the one is as near as the other, far inside of what else is plainly the same."""
    assert known
    _add(store, ReportedPicture(pdq=bits_away(CODE, 8, 77)), opinion=Opinion.NEGATIVE)
    asking = Asking(store, replica, "known", per_minute=6_000)
    with pytest.raises(RateLimited):
        _walk(asking, NEAR_QUESTIONS + 1, bits=6)


def test_a_picture_that_never_matches_and_goes_round_stops_nobody(store: Store, replica: Replica) -> None:
    add_bank(store, "memes", Thresholds(), actor="test", at=AT)
    _add(store, PICTURE, bank="memes", opinion=Opinion.NEGATIVE)
    asking = Asking(store, replica, "memes", per_minute=6_000)
    _walk(asking, 2 * NEAR_QUESTIONS)


def test_a_picture_that_goes_round_stops_nobody(store: Store, replica: Replica, known: str) -> None:
    assert known
    asking = Asking(store, replica, "known", per_minute=6_000)
    for number in range(3 * NEAR_QUESTIONS):
        assert asking.near(8, number) == SAME
        assert asking.ask().copy_class is CopyClass.IDENTICAL


def test_what_comes_slowly_stops_nobody(store: Store, replica: Replica, known: str) -> None:
    assert known
    asking = Asking(store, replica, "known")
    for number in range(2 * NEAR_QUESTIONS):
        asking.near(24, number)
        asking.at += NEAR_FOR / NEAR_QUESTIONS + timedelta(seconds=1)


def test_what_lies_around_different_entries_is_counted_apart(store: Store, replica: Replica, known: str) -> None:
    assert known
    others = [reported(drawn(seed)) for seed in range(10, 14)]
    _add(store, *others)
    asking = Asking(store, replica, "known", per_minute=6_000)
    for number in range(NEAR_QUESTIONS):
        for other in others:
            assert other.pdq is not None
            assert asking.near(24, number, other.pdq) == SAME


def test_one_partner_that_is_stopped_stops_no_other(store: Store, replica: Replica, known: str) -> None:
    assert known
    add_bank(store, "other", Thresholds(), actor="test", at=AT)
    walker = Asking(store, replica, "known", per_minute=6_000)
    quiet = Asking(store, replica, "known", "other")
    with pytest.raises(RateLimited):
        _walk(walker, NEAR_QUESTIONS + 1)
    assert quiet.near(24) == SAME


def test_a_person_releases_a_partner_that_is_stopped_and_only_one(store: Store, replica: Replica, known: str) -> None:
    assert known
    asking = Asking(store, replica, "known", per_minute=6_000)
    with pytest.raises(IllegalTransition):
        release_partner(store, asking.id, actor="key/one", at=AT)
    with pytest.raises(RateLimited):
        _walk(asking, NEAR_QUESTIONS + 1)
    release_partner(store, asking.id, actor="key/one", at=AT)
    for number in range(NEAR_QUESTIONS):
        assert asking.near(24, number) == SAME
    assert EventKind.PARTNER_RELEASED in _kinds(store)


# What is kept


def test_of_a_question_nothing_is_kept_but_numbers(store: Store, replica: Replica, known: str) -> None:
    asking = Asking(store, replica, "known")
    asked = replace(PICTURE, pdq=bits_away(CODE, 24), orientations=None, file_digest=b"f" * 32, pixel_digest=b"p" * 32)
    assert asked.pdq is not None
    asking.ask(asked)
    add_bank(store, "other", Thresholds(), actor="test", at=AT)
    Asking(store, replica, "known", "other").ask(asked)
    with store.engine.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump()).encode()  # type: ignore[union-attr]
        near = connection.execute(text("select keyed, asked from partner_near")).all()
    for secret in (asked.pdq.code, asked.file_digest, asked.pixel_digest, CODE.code):
        assert secret is not None
        assert not any(form in dump for form in forms_of(secret))
    # Around the same entry, and not to be told from anything else: each partner's is another.
    assert len({row.keyed for row in near}) == 2
    assert not any(form in row.keyed for row in near for form in forms_of(bytes.fromhex(known)))


def test_the_log_is_told_in_numbers_once_an_hour_at_most(store: Store, replica: Replica, known: str) -> None:
    assert known
    asking = Asking(store, replica, "known", per_minute=6_000)
    for minute in range(150):
        asking.at = AT + timedelta(minutes=minute)
        asking.ask()
        asking.ask(reported(drawn(2)))
        tell_of_partners(store, at=asking.at)
    for hours in (1, 2, 3):
        tell_of_partners(store, at=asking.at + timedelta(hours=hours))
    with store.read() as tx:
        told = [each.event() for each in tx.audit.entries() if each.kind == EventKind.PARTNER_ASKED]
        assert verify_log(tx.audit.entries(), tx.audit.head(), store.keyring.log_key) > 4
    facts = [event.facts for event in told]
    assert [(each["asked"], each["matched"]) for each in facts] == [(2, 1), (122, 61), (242, 121), (300, 150)]
    assert all(each.keys() == facts[0].keys() for each in facts)
    assert not any(known in str(each) for each in facts)


def test_a_question_at_night_is_told_with_its_own_day(store: Store, replica: Replica, known: str) -> None:
    assert known
    asking = Asking(store, replica, "known")
    for asking.at in (AT, AT + timedelta(hours=13)):
        asking.ask()
    for hour in range(20, 23):
        tell_of_partners(store, at=AT + timedelta(hours=hour))
    with store.read() as tx:
        events = [each.event() for each in tx.audit.entries() if each.kind == EventKind.PARTNER_ASKED]
    days = [event.facts["day"] for event in events]
    assert days == ["2026-11-22", "2026-11-23"]


def test_what_is_old_is_forgotten(store: Store, replica: Replica, known: str) -> None:
    assert known
    asking = Asking(store, replica, "known")
    asking.near(24)
    tell_of_partners(store, at=AT + timedelta(days=2))
    with store.engine.connect() as connection:
        assert connection.execute(text("select count(*) from partner_near")).scalar_one() == 0
    assert asking.today() == (1, 1, 0)
    tell_of_partners(store, at=AT + timedelta(days=402))
    assert partner_of(store, asking.id).days == ()


# Who


def test_a_removed_partner_is_nobody_and_its_name_is_free(store: Store, replica: Replica, known: str) -> None:
    assert known
    asking = Asking(store, replica, "known")
    asking.near(24)
    remove_partner(store, asking.id, actor="test", at=AT)
    with store.read() as tx:
        assert tx.access.find(asking.made.key) is None
    with pytest.raises(NotFound):
        asking.ask()
    with pytest.raises(NotFound):
        partner_of(store, asking.id)
    tell_of_partners(store, at=AT)
    Asking(store, replica, "known")


def test_a_name_is_taken_once_and_is_short(store: Store, replica: Replica) -> None:
    Asking(store, replica)
    with pytest.raises(InputError):
        Asking(store, replica)
    for name in ("", "a b", "x" * 61, "-x"):
        with pytest.raises(InputError):
            add_partner(store, name, match=(), share=(), actor="test", at=AT)


def test_ordinary_pictures_are_no_bank_of_a_partners(store: Store, replica: Replica) -> None:
    with store.write() as tx:
        tx.banks.originals_bank(AT)
    with pytest.raises(InputError):
        Asking(store, replica, "originals")
    with pytest.raises(NotFound):
        Asking(store, replica, "nowhere")


def test_a_partners_key_is_made_with_its_partner_alone(store: Store) -> None:
    with pytest.raises(InputError):
        new_key(store, KeyRole.PARTNER, name="x", site=None, actor="test", at=AT)


def test_an_entry_in_quarantine_is_not_told(store: Store, replica: Replica, known: str) -> None:
    asking = Asking(store, replica, "known")
    with store.write() as tx:
        entry = tx.banks.by_public_id(known)
        assert entry.state is EntryState.GATED
        tx.sightings.quarantine(entry.id, AT)
    assert asking.near(4) == NOTHING
