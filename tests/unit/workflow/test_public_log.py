"""The public log: what each side can prove, what nobody learns from it, and what is found if it is changed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from tests.cosigning import cosigned, with_another_signature
from tests.house import AT, LAWS, Clock, drawn, notice_about, prints_of, reported

from takeback.audit.attestation import Side
from takeback.audit.event import EventKind
from takeback.audit.keys import log_signer
from takeback.audit.log import LogTail, append
from takeback.audit.note import signatures_of
from takeback.audit.proof import is_consistent
from takeback.audit.receipt import Proof, verify_proof
from takeback.audit.veil import VEIL_DEPTH
from takeback.errors import InputError, LogBroken, NotFound, ProofBroken
from takeback.store import Store
from takeback.store.audit import _columns
from takeback.store.cases import Case
from takeback.store.sites import Site
from takeback.store.tables import event
from takeback.workflow.contest import answer_contest, contest, contest_by_link
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.hearing import pass_on_contest
from takeback.workflow.intake import receive_notice
from takeback.workflow.proofs import proofs_of_case, proofs_of_item
from takeback.workflow.publish import begin_anew, consistency, is_due, log_key, publish, signed_head
from takeback.workflow.put_back import Answer
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload
from takeback.workflow.verify import verify

NAME = "takeback.example"


def upload(store: Store, replica: Replica, site: Site, item: str, seed: int = 1) -> None:
    url = f"https://forum.example/post/{item}"
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(seed))), Upload(site, item, url), at=AT)


def report(store: Store, replica: Replica, seed: int = 1) -> Case:
    return receive_notice(
        store, replica, notice_about(reported(drawn(seed))), default_laws=LAWS, request=None, at=AT
    ).case


def remove(store: Store, case: Case, clock: Clock) -> None:
    finding = Finding(appears_covered=True, reason="Shown without consent.")
    decide(store, case.public_id, Decision(Outcome.REMOVED, finding, "key/a", confirm=Confirm.ALL), at=clock())


@pytest.fixture
def removed(store: Store, replica: Replica, site: Site, clock: Clock) -> Case:
    """A case whose two copies are removed, in a log of two entries."""
    upload(store, replica, site, "81")
    upload(store, replica, site, "82")
    case = report(store, replica)
    publish(store, NAME, at=clock.pass_(minutes=15))
    remove(store, case, clock)
    publish(store, NAME, at=clock.pass_(minutes=15))
    return case


def kinds(made: list[Proof]) -> list[str]:
    return [str(proof.attestation["kind"]) for proof in made]


# ---- What is proven ----------------------------------------------------------------------------------------------


def test_she_can_prove_her_notice_the_decision_and_each_removal(store: Store, removed: Case) -> None:
    found = proofs_of_case(store, removed)

    assert found.waiting == 0
    assert kinds(list(found.made)) == [
        "notice_received", "notice_valid", "decided_removed", "copy_removed", "copy_removed",
    ]  # fmt: skip
    for proof in found.made:
        read = Proof.parse(proof.text())
        proven = verify_proof(read, log_key(store))
        assert proven.attestation == proof.attestation
        assert proven.attestation["about"] == removed.public_id
        assert proven.checkpoint == signed_head(store).head


def test_the_uploader_can_prove_the_hold_and_the_removal_and_learns_of_no_other_item(
    store: Store, site: Site, removed: Case
) -> None:
    made = [proofs_of_item(store, site, item).made for item in ("81", "82")]

    assert [kinds(list(one)) for one in made] == [["copy_held", "copy_removed"]] * 2
    abouts = [{proof.attestation["about"] for proof in one} for one in made]
    assert all(len(one) == 1 for one in abouts)
    assert not abouts[0] & abouts[1]
    for one in made:
        for proof in one:
            verify_proof(Proof.parse(proof.text()), log_key(store))
            assert removed.public_id not in str(proof.attestation)


def test_a_contest_and_its_answer_can_be_proven_by_both(store: Store, site: Site, removed: Case, clock: Clock) -> None:
    contest(store, site, "81", "It shows a lighthouse.", at=clock.pass_(hours=1))
    pass_on_contest(store, removed.public_id, "It is said to be a lighthouse.", actor="key/b", at=clock())
    answer = Answer("A lighthouse.", "key/b", ("intimate",))
    answer_contest(store, removed.public_id, answer, put_back=True, at=clock.pass_(hours=72))
    publish(store, NAME, at=clock.pass_(minutes=15))

    assert kinds(list(proofs_of_item(store, site, "81").made))[-2:] == ["contested", "copy_put_back"]
    assert kinds(list(proofs_of_case(store, removed).made))[-3:] == ["contested", "hearing_opened", "copy_put_back"]


def test_what_is_objected_to_a_hold_is_the_uploaders_and_tells_her_nothing(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    upload(store, replica, site, "81")
    case = report(store, replica)
    with store.read() as tx:
        (copy,) = tx.copies.of_case(case.id)
    code = store.keyring.contest_code(copy.public_id)
    contest_by_link(store, code, "It shows a lighthouse.", timedelta(days=184), at=clock())
    publish(store, NAME, at=clock.pass_(minutes=15))

    assert kinds(list(proofs_of_item(store, site, "81").made)) == ["copy_held", "contested"]
    assert kinds(list(proofs_of_case(store, case).made)) == ["notice_received", "notice_valid"]


def test_what_is_attested_waits_for_the_next_entry(store: Store, replica: Replica, clock: Clock) -> None:
    case = report(store, replica)
    assert (proofs_of_case(store, case).made, proofs_of_case(store, case).waiting) == ([], 2)

    publish(store, NAME, at=clock.pass_(minutes=15))

    assert proofs_of_case(store, case).waiting == 0
    assert len(proofs_of_case(store, case).made) == 2


def test_an_item_about_which_nothing_was_decided_has_no_proofs(store: Store, site: Site, removed: Case) -> None:
    with pytest.raises(NotFound, match="Nothing was decided"):
        proofs_of_item(store, site, "83")


# ---- What nobody learns ------------------------------------------------------------------------------------------


def test_before_a_decision_her_proofs_are_the_same_whether_copies_were_found_or_not(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    for item in range(20):
        upload(store, replica, site, str(item))
    found, nothing = report(store, replica, 1), report(store, replica, 2)
    publish(store, NAME, at=clock.pass_(minutes=15))

    proofs = [proofs_of_case(store, case).made for case in (found, nothing)]

    assert kinds(list(proofs[0])) == kinds(list(proofs[1])) == ["notice_received", "notice_valid"]
    assert [proof.attestation["facts"] for proof in proofs[0]] == [proof.attestation["facts"] for proof in proofs[1]]
    assert {len(proof.veil) for made in proofs for proof in made} == {VEIL_DEPTH}
    assert {proof.index for made in proofs for proof in made} == {0}


def test_two_notices_around_a_third_do_not_tell_how_much_that_one_found(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    """The attack: places and sizes of the log, before and after a notice that finds many copies or none."""

    def told(case: Case) -> tuple[list[int], list[int], int]:
        made = proofs_of_case(store, case).made
        return [proof.index for proof in made], [len(proof.veil) for proof in made], signed_head(store).head.size

    for item in range(50):
        upload(store, replica, site, str(item))
    seen = []
    for seed in (1, 2):  # the first finds fifty copies, the second none
        before = report(store, replica, 10 + seed)
        report(store, replica, seed)
        after = report(store, replica, 20 + seed)
        publish(store, NAME, at=clock.pass_(minutes=15))
        seen.append((told(before), told(after)))

    first, second = seen
    # The entry is the period's, and every proof has the same length; nothing else is there to be read.
    assert [[index + 1 for index in one[0]] for one in first] == [one[0] for one in second]
    assert {length for one in (*first, *second) for length in one[1]} == {VEIL_DEPTH}
    assert first[0][2] == first[1][2]


def test_where_an_attestation_stands_says_nothing_of_when_it_came(store: Store, replica: Replica, clock: Clock) -> None:
    cases = [report(store, replica, seed) for seed in range(1, 21)]
    publish(store, NAME, at=clock.pass_(minutes=15))
    places = [proof.place for case in cases for proof in proofs_of_case(store, case).made]

    assert len(set(places)) == len(places) == 40
    later = sum(second > first for first, second in pairwise(places))
    assert 5 < later < 34  # about half of 39; in order it would be all


def test_an_entry_is_made_also_when_nothing_happened(store: Store, clock: Clock) -> None:
    for _ in range(3):
        publish(store, NAME, at=clock.pass_(minutes=15))

    assert signed_head(store).head.size == 3


# ---- The log grows -----------------------------------------------------------------------------------------------


def test_an_entry_is_due_by_the_clock_and_at_once_when_the_clock_was_set_back(store: Store, clock: Clock) -> None:
    every = timedelta(minutes=15)
    assert is_due(store, every, at=clock())
    publish(store, NAME, at=clock())
    assert not is_due(store, every, at=clock.pass_(minutes=14))
    assert is_due(store, every, at=clock.pass_(minutes=1))
    assert is_due(store, every, at=AT - timedelta(hours=1))


def test_a_clock_that_was_set_back_makes_no_entry_older_than_the_last(store: Store, clock: Clock) -> None:
    publish(store, NAME, at=AT)
    publish(store, NAME, at=AT - timedelta(hours=3))

    with store.read() as tx:
        assert [one.period.until for one in tx.public_log.periods()] == [AT, AT]
    verify(store)


def test_every_two_heads_are_consistent(store: Store, clock: Clock) -> None:
    for _ in range(9):
        publish(store, NAME, at=clock.pass_(minutes=15))
    heads = [signed_head(store, size).head for size in range(1, 10)]

    for first in heads:
        for second in heads[first.size - 1 :]:
            proof = consistency(store, first.size, second.size)
            assert is_consistent(first.size, second.size, first.root, second.root, proof)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (2, 1), (1, 9)])
def test_heads_that_never_were_have_no_proof(store: Store, clock: Clock, first: int, second: int) -> None:
    publish(store, NAME, at=clock())
    publish(store, NAME, at=clock.pass_(minutes=15))

    with pytest.raises(InputError, match="no such proof"):
        consistency(store, first, second)


def test_the_head_is_signed_by_the_key_that_is_shown(store: Store, clock: Clock) -> None:
    publish(store, NAME, at=clock())

    key, signed = log_key(store), signed_head(store)

    assert key.name == signed.head.origin
    assert signed.head.origin.startswith(f"{NAME}/")
    assert [each.key for each in signatures_of(signed.note, key)] == [key]


def test_a_service_without_a_name_is_called_by_its_key(store: Store, clock: Clock) -> None:
    publish(store, "", at=clock())

    assert signed_head(store).head.origin.startswith("takeback-")


def test_before_the_first_entry_there_is_no_head(store: Store) -> None:
    for ask in (signed_head, log_key):
        with pytest.raises(NotFound, match="no entry yet"):
            ask(store)


def test_after_a_restore_the_log_begins_anew_and_what_was_attested_is_proven_in_it(
    store: Store, removed: Case, clock: Clock
) -> None:
    before, old = log_key(store), proofs_of_case(store, removed).made

    begin_anew(store, NAME, at=clock())
    assert proofs_of_case(store, removed).waiting == 5
    publish(store, NAME, at=clock.pass_(minutes=15))

    after = log_key(store)
    assert after.name != before.name
    assert after.public == before.public
    new = proofs_of_case(store, removed).made
    assert kinds(list(new)) == kinds(list(old))
    for proof in old:
        verify_proof(proof, before)
    for proof in new:
        verify_proof(proof, after)
    verify(store)


def test_a_log_that_has_not_begun_does_not_begin_by_a_restore(store: Store, clock: Clock) -> None:
    begin_anew(store, NAME, at=clock())

    with pytest.raises(NotFound):
        signed_head(store)


# ---- An erasure --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_thousand_erased_cases_leave_both_logs_verifying(store: Store, replica: Replica, clock: Clock) -> None:
    cases = []
    for number in range(1_001):
        notice = notice_about(links=(f"https://elsewhere.example/{number}",))
        cases.append(receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=clock()).case)
        if number % 100 == 0:
            publish(store, NAME, at=clock.pass_(minutes=15))
    publish(store, NAME, at=clock.pass_(minutes=15))
    whole = verify(store)
    for case in cases[:-1]:
        with store.write() as tx:
            tx.audit.erase_case(case.public_id)

    assert verify(store) == whole
    assert len(proofs_of_case(store, cases[-1]).made) == 2
    assert proofs_of_case(store, cases[0]).made == []


def test_erased_cases_leave_both_logs_verifying(store: Store, replica: Replica, clock: Clock) -> None:
    cases = [report(store, replica, seed) for seed in range(1, 31)]
    publish(store, NAME, at=clock.pass_(minutes=15))
    kept = proofs_of_case(store, cases[-1]).made
    with store.write() as tx:
        for case in cases[:-1]:
            tx.audit.erase_case(case.public_id)

    assert verify(store).attestations == 60
    assert proofs_of_case(store, cases[0]).made == []
    assert [proof.text() for proof in proofs_of_case(store, cases[-1]).made] == [proof.text() for proof in kept]
    with store.read() as tx:
        left = str([one for one in tx.attestations.all() if one.what is None])
    assert cases[0].public_id not in left


# ---- What was changed is found -----------------------------------------------------------------------------------


def forge(store: Store, statement: str) -> None:
    with store.write() as tx:
        tx.connection.execute(text(statement))


CHANGES = {
    "an attestation's fact": "update attestation set facts = '{}' where kind = 'decided_removed'",
    "an attestation's moment": "update attestation set at = at + 1 where id = 1",
    "its kind": "update attestation set kind = 'withdrawn' where id = 2",
    "its salt": "update attestation set salt = zeroblob(32) where id = 1",
    "its commitment": "update attestation set commitment = zeroblob(32) where id = 1",
    "an attestation that is gone": "delete from attestation where kind = 'notice_valid'",
    "one that is passed off as erased": "update attestation set about = null, salt = null where id = 3",
    "one that was added": "insert into attestation "
    "(event_index, side, about, case_id, at, kind, facts, salt, commitment) "
    "select event_index + 1000, side, about, case_id, at, kind, facts, salt, commitment from attestation where id = 1",
    "one of another side": "update attestation set side = 'person' where side = 'uploader'",
    "two places that were swapped": "update attestation set place = (select max(place) + min(place) from attestation "
    "where id < 3) - place where id < 3",
    "one that is in another period": "update attestation set period = 1 - period where id = 1",
    "an entry's root": "update period set attested = zeroblob(32) where number = 0",
    "an entry's moment": "update period set until = until + 1 where number = 0",
    "an entry's audit log": "update period set audit_root = zeroblob(32) where number = 1",
    "its size": "update period set audit_size = audit_size - 1 where number = 1",
    "an entry that is gone": "delete from period where number = 0",
    "a subtree": "update log_node set hash = zeroblob(32)",
    "a subtree that is gone": "delete from log_node",
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_in_the_stored_logs_is_found(store: Store, removed: Case, change: str) -> None:
    assert verify(store).periods == 2
    forge(store, CHANGES[change])

    with pytest.raises(LogBroken):
        verify(store)


def test_what_is_found_is_named(store: Store, removed: Case) -> None:
    forge(store, CHANGES["an entry's root"])
    with pytest.raises(LogBroken, match="Entry 0 of the public log does not fit what was attested in it"):
        verify(store)


def test_an_audit_log_written_anew_by_the_holder_of_the_key_does_not_fit_the_public_log(
    store: Store, removed: Case
) -> None:
    """What `verify_log` alone cannot find, since every link and head is made with the true key."""

    with store.write() as tx:
        entries = list(tx.audit.entries())
        tail, anew = LogTail.empty(store.keyring.log_key), []
        for entry in entries:
            tail, made = append(tail, entry.event(), random.Random(entry.index).randbytes(32), store.keyring.log_key)
            anew.append(made)
        tx.connection.execute(event.delete())
        tx.connection.execute(event.insert(), [_columns(entry) for entry in anew])
        tx.audit._write(tail)

    with pytest.raises(LogBroken, match="not those of the head"):
        verify(store)


def change_attestation(proof: Proof) -> Proof:
    return replace(proof, attestation={**proof.attestation, "at": "2026-01-01T00:00:00.000000Z"})


def other_salt(proof: Proof) -> Proof:
    return replace(proof, salt=bytes(32))


def later_period(proof: Proof) -> Proof:
    return replace(proof, period=replace(proof.period, until=proof.period.until + timedelta(hours=1)))


def other_index(proof: Proof) -> Proof:
    return replace(proof, index=1 - proof.index)


def other_size(proof: Proof) -> Proof:
    return replace(proof, checkpoint=proof.checkpoint.replace("\n2\n", "\n3\n"))


@pytest.mark.parametrize("change", [change_attestation, other_salt, later_period, other_index, other_size])
def test_a_proof_that_was_changed_does_not_verify(
    store: Store, removed: Case, change: Callable[[Proof], Proof]
) -> None:
    for proof in proofs_of_case(store, removed).made:
        with pytest.raises(ProofBroken):
            verify_proof(change(proof), log_key(store))


def test_any_bit_that_is_flipped_in_a_proof_is_found(store: Store, removed: Case) -> None:
    written = proofs_of_case(store, removed).made[0].text().encode()
    draw, unnoticed = random.Random(1), []
    for place in draw.sample(range(len(written)), 600):
        changed = bytearray(written)
        changed[place] ^= 1 << draw.randrange(7)
        try:
            verify_proof(Proof.parse(changed.decode()), log_key(store))
        except (ProofBroken, InputError):
            continue
        unnoticed.append(place)
    # The key that the proof itself brings is not believed here; neither is the name that its line begins with.
    assert unnoticed == []


def test_who_signed_besides_the_log_is_named_and_checked_where_the_key_is_known(
    store: Store, removed: Case, clock: Clock
) -> None:
    known = cosigned(store, "other.example", at=clock())
    cosigned(store, "third.example", at=clock(), asked=False)
    proof = proofs_of_case(store, removed).made[0]

    proven = verify_proof(proof, log_key(store), [known])

    assert [(each.key, each.seconds) for each in proven.witnesses] == [(known, int(clock().timestamp()))]
    assert proven.unchecked == ["third.example"]
    changed = replace(proof, checkpoint=with_another_signature(proof.checkpoint, "other.example"))
    with pytest.raises(ProofBroken, match=r"signature of other\.example does not fit"):
        verify_proof(changed, log_key(store), [known])
    assert verify_proof(changed, log_key(store)).unchecked == ["other.example", "third.example"]


def test_a_witness_does_not_stand_for_the_log(store: Store, removed: Case, clock: Clock) -> None:
    known = cosigned(store, "other.example", at=clock())
    with pytest.raises(ProofBroken, match="not signed by"):
        verify_proof(proofs_of_case(store, removed).made[0], known)


def test_another_logs_signature_is_not_taken(store: Store, removed: Case) -> None:

    stranger = log_signer(bytes(range(32)), log_key(store).name).key
    with pytest.raises(ProofBroken, match="not signed by"):
        verify_proof(proofs_of_case(store, removed).made[0], stranger)


def test_every_kind_that_is_attested_has_a_side(store: Store, removed: Case) -> None:
    with store.read() as tx:
        sides = {(one.side, one.what.kind) for one in tx.attestations.all() if one.what}
    assert (Side.PERSON, EventKind.COPY_HELD) not in sides
    assert (Side.UPLOADER, EventKind.DECIDED_REMOVED) not in sides
