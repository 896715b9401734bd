"""A notice goes to another instance where its person ticked it, is an opinion there, and ends with hers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.house import AT, Clock, drawn, forms_of, notice_about, reported
from tests.instances import Instance, served, two_instances

from takeback.audit.event import EventKind
from takeback.cases import CaseState, CopyState
from takeback.errors import InputError, NotFound
from takeback.exchanges.interface import Algorithm, Signal
from takeback.store.cases import Case
from takeback.store.instances import Instance as Named
from takeback.workflow.addition import add_to_notice
from takeback.workflow.cap import Source, let_hold
from takeback.workflow.decide import Outcome
from takeback.workflow.erasure import ask_for_erasure, erase_due
from takeback.workflow.forget import forget_cases
from takeback.workflow.forwarding import END_PATH, Forwarded, choose_later, prepare, take_answer
from takeback.workflow.instances import MAX_PER_MINUTE, change_instance, remove_instance
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.lookup import look_up
from takeback.workflow.put_back import Answer
from takeback.workflow.query import query_of_reported
from takeback.workflow.received import Answer as Reply
from takeback.workflow.received import Decided, ForwardedNotice, ForwardedPicture, Stands, end_unasked, take_notice
from takeback.workflow.retention import erase_retained
from takeback.workflow.second_reading import read_again
from takeback.workflow.upload import Action
from takeback.workflow.verify import verify
from takeback.workflow.withdraw import withdraw

type Two = tuple[Instance, Instance]


@pytest.fixture
def two(tmp_path: Path, clock: Clock) -> Iterator[Two]:
    """Two instances; the first sends, the second accepts."""
    with two_instances(tmp_path, clock) as (first, second):
        first.names(second, sends=True)
        second.names(first, accepts=True)
        yield first, second


def to(first: Instance) -> tuple[str]:
    return (first.standing().instance.public_id,)


def decided(first: Instance, *seeds: int) -> Received:
    """Send a notice with a tick, of pictures that the first's site has, and decide it; it went out."""
    for seed in seeds:
        first.upload(seed, f"item-{seed}")
    received = first.notice(*seeds, forward_to=to(first))
    first.decide(received.case)
    first.forward()
    return received


def end(instance: Instance, received: Received) -> Case:
    return withdraw(instance.store, instance.parts.journal, received.ending, at=instance.clock())


def kinds(instance: Instance, case: Case) -> list[str]:
    with instance.store.read() as tx:
        return [entry.kind for entry in tx.audit.of_case(case.public_id)]


# ---- What goes out --------------------------------------------------------------------------------------


def test_without_a_tick_nothing_goes_out(two: Two) -> None:
    first, second = two
    first.notice(1)
    first.forward()
    assert second.action(1) is Action.ALLOW
    assert second.standing().looked_for_here == 0


def test_an_undecided_notice_hides_nothing_elsewhere_and_a_decided_one_does(two: Two) -> None:
    first, second = two
    second.upload(1, "there")
    received = first.notice(1, forward_to=to(first))
    first.forward()
    second.sweep()
    # Nobody has decided at the first: at the second it is only possible, and the desk has it.
    assert second.action(1) is Action.ALLOW
    (case,) = second.cases()
    assert set(second.states(case)) == {CopyState.POSSIBLE}
    assert first.told(received.case).state is Forwarded.LOOKING
    # A person at the first finds it covered: now it is hidden at the second, and still not refused.
    first.upload(1)
    first.decide(received.case)
    first.forward()
    assert second.action(1, "new") is Action.HOLD
    (case,) = second.cases()
    held = {copy.site_item_id for copy in second.copies(case) if copy.state is CopyState.HELD}
    assert held == {"there", "asked", "new"}
    assert case.state is CaseState.HELD
    assert kinds(first, received.case).count("forwarded") == 2
    verify(first.store)
    verify(second.store)


def test_nothing_of_who_she_is_goes_out(two: Two) -> None:
    first, _ = two
    received = first.notice(1, forward_to=to(first))
    (found,) = first.forwardings(received.case)
    sending = prepare(first.store, found, at=first.clock.pass_(seconds=1), every=timedelta(minutes=15))
    assert sending is not None
    said = json.loads(sending.body)
    assert set(said) == {"reference", "laws", "received_on", "pictures"}
    (picture,) = said["pictures"]
    assert set(picture) == {"name", "standing", "pdq", "nearest_512", "sha256", "pixels"}
    secrets = [received.case.public_id, received.receipt, received.ending, "A. Person", "a@person.example", "consent"]
    assert not any(secret.encode() in sending.body for secret in secrets)
    with first.store.read() as tx:
        (entry,) = tx.banks.of_case(received.case.id)
    assert entry.public_id.encode() not in sending.body


def test_no_two_instances_know_a_notice_by_the_same_reference(two: Two, tmp_path: Path) -> None:
    first, _ = two
    third = Instance(tmp_path / "third", "third", first.clock)
    third_id = first.names(third, sends=True)
    received = first.notice(1, forward_to=(*(each.public_id for each in _sent_to(first)),))
    assert third_id in {each.public_id for each in _sent_to(first)}
    bodies = []
    for found in first.forwardings(received.case):
        sending = prepare(first.store, found, at=first.clock(), every=timedelta(minutes=15))
        assert sending is not None
        bodies.append(json.loads(sending.body))
    one, other = bodies
    assert one["reference"] != other["reference"]
    assert one["pictures"][0]["name"] != other["pictures"][0]["name"]
    third.store.close()


def _sent_to(instance: Instance) -> list[Named]:
    with instance.store.read() as tx:
        return tx.instances.sent_to()


def test_a_notice_about_someone_under_18_goes_nowhere(two: Two) -> None:
    first, _ = two
    notice = replace(notice_about(links=("https://first.example/1",), under_18=True), forward_to=to(first))
    with pytest.raises(InputError, match="under 18"):
        receive_notice(
            first.store, first.parts.replica, notice, default_laws=("eu-dsa-16",), request=None, at=first.clock()
        )
    assert first.cases() == []


def test_what_turns_out_to_show_a_minor_is_ended_elsewhere(two: Two) -> None:
    first, second = two
    received = decided(first, 1)
    assert second.action(1) is Action.HOLD
    with first.store.write() as tx:
        tx.cases.set_under_18(received.case)
        tx.forwardings.touch(received.case.id, first.clock())
    first.forward()
    assert second.action(1, "new") is Action.ALLOW
    assert first.told(received.case).state is Forwarded.ENDED


def test_an_incomplete_notice_waits_and_a_capped_one_too(two: Two) -> None:
    first, second = two
    notice = replace(notice_about(reported(drawn(1))), forward_to=to(first), statement="", laws=())
    incomplete = receive_notice(
        first.store, first.parts.replica, notice, default_laws=("eu-dsa-16",), request=None, at=first.clock()
    )
    assert incomplete.case.state is CaseState.INCOMPLETE
    for seed in (2, 3):
        notice = replace(notice_about(reported(drawn(seed))), forward_to=to(first))
        capped = receive_notice(
            first.store, first.parts.replica, notice, default_laws=("eu-dsa-16",), request=None,
            source=Source("192.0.2.0/24", 1), at=first.clock(),
        )  # fmt: skip
    first.forward()
    assert second.standing().looked_for_here == 1
    assert first.told(capped.case).state is Forwarded.WAITING
    let_hold(first.store, capped.case.public_id, actor="desk/a", at=first.clock())
    first.forward()
    assert second.standing().looked_for_here == 2


def test_a_refused_notice_ends_elsewhere_and_an_overturned_refusal_begins_anew(two: Two) -> None:
    first, second = two
    first.upload(1)
    received = first.notice(1, forward_to=to(first))
    first.forward()
    (before,) = first.forwardings(received.case)
    assert second.standing().looked_for_here == 1
    first.decide(received.case, Outcome.REFUSED)
    first.forward()
    assert second.standing().looked_for_here == 0
    assert first.told(received.case).state is Forwarded.ENDED
    answer = Answer("It is covered.", "desk/b")
    first.clock.pass_(hours=80)
    read_again(first.store, received.case.public_id, answer, upheld=False, at=first.clock())
    first.forward()
    (after,) = first.forwardings(received.case)
    assert after.reference != before.reference
    assert second.standing().looked_for_here == 1


def test_a_picture_that_was_added_later_goes_out_too(two: Two) -> None:
    first, second = two
    received = first.notice(1, forward_to=to(first))
    first.forward()
    more = replace(notice_about(reported(drawn(2), digests=True)), links=())
    add_to_notice(first.store, first.parts.replica, received.receipt, more, at=first.clock())
    first.forward()
    second.upload(2)
    assert len(second.cases()) == 1
    assert second.standing().looked_for_here == 1


def test_she_can_choose_later_and_choosing_twice_sends_once(two: Two) -> None:
    first, second = two
    received = first.notice(1)
    for _ in range(2):
        choose_later(first.store, received.receipt, to(first), at=first.clock())
    first.forward()
    assert second.standing().looked_for_here == 1
    assert kinds(first, received.case).count("forward_chosen") == 1
    with pytest.raises(NotFound):
        choose_later(first.store, "no such words at all", to(first), at=first.clock())
    end(first, received)
    with pytest.raises(InputError, match="has ended"):
        choose_later(first.store, received.receipt, to(first), at=first.clock())


def test_an_instance_that_none_go_to_cannot_be_chosen(two: Two) -> None:
    first, _ = two
    change_instance(first.store, to(first)[0], sends=False, accepts=True, actor="key/a", at=first.clock())
    with pytest.raises(InputError, match="not forwarded"):
        first.notice(1, forward_to=to(first))
    with pytest.raises(InputError, match="not forwarded"):
        first.notice(1, forward_to=("0" * 32,))
    assert first.cases() == []


def test_digests_go_out_so_that_an_equal_file_is_identical_there(two: Two) -> None:
    first, second = two
    second.upload(1, "there")
    decided(first, 1)
    second.sweep()
    (case,) = second.cases()
    (copy,) = second.copies(case)
    assert (copy.copy_class, copy.state) == ("identical", CopyState.HELD)


def test_the_digests_that_are_kept_for_it_are_sealed_and_erased_with_her_withdrawal(two: Two) -> None:
    first, _ = two
    received = first.notice(1, forward_to=to(first))
    digest = reported(drawn(1), digests=True).file_digest
    assert digest is not None
    data = (first.parts.settings.data / "takeback.db").read_bytes()
    assert not any(form in data for form in forms_of(digest))
    with first.store.read() as tx:
        (entry,) = tx.banks.of_case(received.case.id)
        assert ("file", digest) in tx.forwardings.digests_of(entry.id)
    end(first, received)
    with first.store.read() as tx:
        assert tx.forwardings.digests_of(entry.id) == []


# ---- What is there --------------------------------------------------------------------------------------


def test_what_another_instance_decided_is_refused_nowhere_before_a_person_here_has(two: Two) -> None:
    first, second = two
    decided(first, 1)
    assert second.action(1) is Action.HOLD
    (case,) = second.cases()
    second.decide(case)
    assert second.action(1, "again") is Action.REFUSE


def test_a_forwarded_notice_is_decided_under_its_laws(two: Two) -> None:
    first, second = two
    decided(first, 1)
    second.upload(1)
    (case,) = second.cases()
    (sent,) = first.cases()
    assert case.laws == sent.laws


def test_programs_that_look_up_banks_are_not_told_of_what_nobody_here_decided(two: Two) -> None:
    first, second = two
    decided(first, 1)

    def banks() -> list[str]:
        query = query_of_reported([reported(drawn(1))])
        found = look_up(second.store, second.parts.replica, query, banks=None, coin=None, at=second.clock())
        return [each.bank for each in found]

    assert banks() == []
    second.upload(1)
    (case,) = second.cases()
    second.decide(case)
    assert banks() == ["instance-first"]


def test_an_instance_that_is_little_trusted_hides_nothing(two: Two) -> None:
    first, second = two
    change_instance(
        second.store, second.standing().instance.public_id, holds=False, actor="key/a", at=second.clock()
    )  # fmt: skip
    second.upload(1, "there")
    decided(first, 1)
    second.sweep()
    assert second.action(1) is Action.ALLOW
    (case,) = second.cases()
    assert set(second.states(case)) == {CopyState.POSSIBLE}


# ---- What is answered -----------------------------------------------------------------------------------


def test_she_is_told_what_was_done_there_and_nothing_of_it_before_a_person_there_decided(two: Two) -> None:
    first, second = two
    second.upload(1, "there")
    received = decided(first, 1)
    second.sweep()
    (case,) = second.cases()
    assert second.states(case) == [CopyState.HELD]
    first.clock.pass_(minutes=16)
    first.forward()
    told = first.told(received.case)
    assert (told.state, told.removed, told.held, told.kept) == (Forwarded.LOOKING, 0, 0, 0)
    assert told.answered_at == first.clock()
    second.decide(case)
    first.clock.pass_(minutes=16)
    first.forward()
    told = first.told(received.case)
    assert (told.state, told.removed, told.held, told.kept) == (Forwarded.DECIDED, 1, 0, 0)
    assert kinds(first, received.case).count("forward_answered") == 1
    # The same again is no news.
    first.clock.pass_(minutes=16)
    first.forward()
    assert kinds(first, received.case).count("forward_answered") == 1


def test_she_is_told_that_they_kept_it(two: Two) -> None:
    first, second = two
    second.upload(1, "there")
    received = decided(first, 1)
    second.sweep()
    (case,) = second.cases()
    second.decide(case, Outcome.REFUSED)
    first.clock.pass_(minutes=16)
    first.forward()
    told = first.told(received.case)
    assert (told.state, told.removed, told.kept) == (Forwarded.DECIDED, 0, 1)


def test_it_is_asked_no_oftener_than_the_setting_says(two: Two) -> None:
    first, _ = two
    received = decided(first, 1)
    answered_at = first.told(received.case).answered_at
    for _ in range(10):
        first.forward()
    assert first.told(received.case).answered_at == answered_at
    first.clock.pass_(minutes=16)
    first.forward()
    assert first.told(received.case).answered_at == first.clock()


def test_what_is_old_is_asked_about_less_often(two: Two) -> None:
    first, _ = two
    received = decided(first, 1)
    for days, minutes, is_asked in ((2, 100, False), (0, 30, True), (40, 60 * 23, False), (0, 61, True)):
        first.clock.pass_(days=days)
        first.forward()
        before = first.told(received.case).answered_at
        first.clock.pass_(minutes=minutes)
        first.forward()
        assert (first.told(received.case).answered_at != before) is is_asked


def test_an_instance_that_lost_a_notice_is_told_again(two: Two) -> None:
    first, second = two
    received = decided(first, 1)
    remove_instance(second.store, second.standing().instance.public_id, actor="key/a", at=second.clock())
    second.names(first, accepts=True)
    first.clock.pass_(minutes=16)
    first.forward()
    assert second.standing().looked_for_here == 1
    assert second.action(1) is Action.HOLD
    assert first.told(received.case).state is Forwarded.LOOKING


# ---- The end --------------------------------------------------------------------------------------------


def test_her_withdrawal_ends_the_matching_there_and_is_confirmed(two: Two) -> None:
    first, second = two
    received = decided(first, 1)
    assert second.action(1) is Action.HOLD
    end(first, received)
    assert first.told(received.case).state is Forwarded.ENDING
    first.forward()
    told = first.told(received.case)
    assert (told.state, told.confirmed_at) == (Forwarded.ENDED, first.clock())
    assert second.action(1, "new") is Action.ALLOW
    second.parts.replica.follow(second.store)
    assert len(second.parts.replica.entries.pdq) == 0
    (case,) = second.cases()
    assert case.state is CaseState.WITHDRAWN
    assert kinds(first, received.case)[-1] == EventKind.FORWARD_ENDED.value


def test_a_withdrawal_while_the_notice_is_on_its_way_goes_out_next(two: Two) -> None:
    first, _ = two
    received = first.notice(1, forward_to=to(first))
    (found,) = first.forwardings(received.case)
    age = timedelta(minutes=15)
    sending = prepare(first.store, found, at=first.clock.pass_(seconds=1), every=age)
    assert sending is not None
    end(first, received)
    at = first.clock.pass_(seconds=1)
    take_answer(first.store, sending, Reply(Stands.LOOKING), at=at, every=age)
    with first.store.read() as tx:
        (due,) = tx.forwardings.due(at, 10)
    now = prepare(first.store, due, at=at, every=age)
    assert now is not None
    assert now.path == END_PATH


def test_ends_go_out_before_questions(two: Two) -> None:
    first, second = two
    ended = decided(first, 1)
    decided(first, 2)
    first.clock.pass_(minutes=16)
    end(first, ended)
    # Only one more request is let in, and the question has waited longer.
    with second.store.write() as tx:
        for number in range(MAX_PER_MINUTE - 1):
            tx.instances.remember_nonce(second.standing().instance.id, f"{number:032x}", second.clock())
    asyncio.run(first.job.step())
    assert first.told(ended.case).state is Forwarded.ENDED


def test_what_was_done_before_her_withdrawal_is_still_told_after_it(two: Two) -> None:
    first, second = two
    received = decided(first, 1)
    second.upload(1)
    second.decide(second.cases()[0])
    first.clock.pass_(minutes=16)
    first.forward()
    end(first, received)
    first.forward()
    told = first.told(received.case)
    assert (told.state, told.removed) == (Forwarded.ENDED, 1)


def test_what_never_went_out_is_not_ended_anywhere(two: Two) -> None:
    first, second = two
    received = first.notice(1, forward_to=to(first))
    end(first, received)
    first.forward()
    assert first.told(received.case).state is Forwarded.NOT_SENT
    with second.store.read() as tx:
        assert tx.instances.asked_since(second.standing().instance.id, AT) == 0


def test_a_notice_that_has_ended_never_comes_back_under_its_reference(two: Two) -> None:
    first, second = two
    received = decided(first, 1)
    (sent,) = first.forwardings(received.case)
    end(first, received)
    first.forward()
    pdq = reported(drawn(1)).pdq
    assert pdq is not None
    picture = ForwardedPicture("0" * 16, Decided.COVERED, (Signal(Algorithm.PDQ, pdq.code),))
    again = ForwardedNotice(sent.reference, ("eu-dsa-16",), (picture,))
    answer = take_notice(second.store, second.standing().instance, again, at=second.clock())
    assert answer.stands == "ended"
    assert second.action(1, "new") is Action.ALLOW


def test_an_erasure_ends_it_there_too(two: Two) -> None:
    first, second = two
    received = decided(first, 1)
    ask_for_erasure(first.store, first.parts.journal, received.ending, at=first.clock())
    first.forward()
    assert second.action(1) is Action.ALLOW
    assert first.told(received.case).state is Forwarded.ENDED


def test_the_other_side_is_down_for_days_and_hears_of_the_end_when_it_is_back(tmp_path: Path, clock: Clock) -> None:
    first, second = (Instance(tmp_path / name, name, clock) for name in ("first", "second"))
    with served(second) as url:
        first.names(second, sends=True)
        second.names(first, accepts=True)
        received = decided(first, 1)
        assert second.action(1) is Action.HOLD
    end(first, received)
    for _ in range(100):
        first.forward()
        clock.pass_(hours=1)
    told = first.told(received.case)
    assert told.state is Forwarded.ENDING
    assert first.standing().instance.attempts > 90
    assert first.standing().instance.problem == "The other system could not be reached."
    with served(second, int(url.rpartition(":")[2])):
        clock.pass_(minutes=11)
        first.forward()
        assert first.told(received.case).state is Forwarded.ENDED
        assert second.action(1, "new") is Action.ALLOW
    assert first.standing().instance.problem is None
    first.store.close()
    second.store.close()


def test_an_instance_that_is_removed_takes_its_notices_with_it(two: Two) -> None:
    first, second = two
    decided(first, 1)
    assert second.action(1) is Action.HOLD
    remove_instance(second.store, second.standing().instance.public_id, actor="key/a", at=second.clock())
    assert second.action(1, "new") is Action.ALLOW
    # The case stays with the desk.
    assert second.cases()[0].state is CaseState.HELD


def test_whoever_is_removed_is_told_that_it_is_over(two: Two) -> None:
    first, second = two
    received = decided(first, 1)
    remove_instance(first.store, to(first)[0], actor="key/a", at=first.clock())
    assert first.told(received.case).state is Forwarded.ENDING
    first.forward()
    assert first.told(received.case).state is Forwarded.ENDED
    assert second.action(1) is Action.ALLOW
    with pytest.raises(InputError, match="not forwarded"):
        choose_later(first.store, received.receipt, ("0" * 32,), at=first.clock())


def test_nothing_is_taken_from_an_instance_that_notices_only_go_to(two: Two) -> None:
    first, second = two
    there = second.standing().instance.public_id
    change_instance(second.store, there, sends=True, accepts=False, actor="key/a", at=second.clock())
    received = decided(first, 1)
    assert second.action(1) is Action.ALLOW
    told = first.told(received.case)
    assert told.state is Forwarded.WAITING
    assert first.standing().waiting == 1
    (found,) = first.forwardings(received.case)
    assert found.problem is not None
    # One thing that is not taken holds up nothing else: the instance itself is not left alone.
    assert first.standing().instance.problem is None
    change_instance(second.store, there, accepts=True, actor="key/a", at=second.clock())
    first.clock.pass_(hours=2)
    first.forward()
    assert second.action(1) is Action.HOLD


def test_a_notice_that_nobody_asks_about_any_more_ends_by_itself_and_is_forwarded_anew(two: Two) -> None:
    first, second = two
    received = decided(first, 1)
    (before,) = first.forwardings(received.case)
    first.clock.pass_(days=29)
    assert end_unasked(second.store, at=second.clock()) == 0
    first.clock.pass_(days=2)
    assert end_unasked(second.store, at=second.clock()) == 1
    assert second.action(1) is Action.ALLOW
    # The first was away, and asks again.
    first.forward()
    assert first.told(received.case).state is Forwarded.STOPPED
    first.clock.pass_(minutes=16)
    first.forward()
    (after,) = first.forwardings(received.case)
    assert after.reference != before.reference
    assert first.told(received.case).state is Forwarded.LOOKING
    assert second.action(1, "new") is Action.HOLD


def test_a_notice_that_is_asked_about_goes_on(two: Two) -> None:
    first, second = two
    decided(first, 1)
    for _ in range(4):
        first.clock.pass_(days=20)
        first.forward()
    assert end_unasked(second.store, at=second.clock()) == 0
    assert second.action(1) is Action.HOLD


def test_that_a_notice_has_ended_is_forgotten_in_the_end(two: Two) -> None:
    first, second = two
    received = decided(first, 1)
    end(first, received)
    first.forward()
    (found,) = first.forwardings(received.case)
    there = second.standing().instance.id
    for days, is_known in ((89, True), (2, False)):
        first.clock.pass_(days=days)
        end_unasked(second.store, at=second.clock())
        with second.store.read() as tx:
            assert (tx.instances.received(there, found.reference) is not None) is is_known


def test_a_forgotten_case_leaves_only_an_end_that_is_still_to_be_confirmed(tmp_path: Path, clock: Clock) -> None:
    first, second = (Instance(tmp_path / name, name, clock) for name in ("first", "second"))
    with served(second) as url:
        first.names(second, sends=True)
        second.names(first, accepts=True)
        received = first.notice(1, forward_to=to(first))
        first.forward()
    case = ask_for_erasure(first.store, first.parts.journal, received.ending, at=clock())
    for _ in range(30):
        clock.pass_(days=30)
        erase_due(first.store, first.parts.journal, actor="takeback", at=clock())
        erase_retained(first.store, timedelta(days=184), actor="takeback", at=clock())
        forget_cases(first.store, timedelta(days=184), actor="takeback", at=clock())
    with pytest.raises(NotFound), first.store.read() as tx:
        tx.cases.by_id(case.id)
    with served(second, int(url.rpartition(":")[2])):
        first.forward()
        assert second.action(1) is Action.ALLOW
    assert second.standing().looked_for_here == 0
    first.store.close()
    second.store.close()
