"""
Whatever is done, in whatever order: nothing is removed without a decision, no contest is lost, nothing is found after a
withdrawal, nothing is shown again, nor refused no more, but by a second person after she was heard, nothing is erased
that a legal hold or a contest keeps, and nothing that is capped is hidden, nor stays capped while its source has a
place.

Hypothesis draws what the person, the sites, those who posted and three moderators do, and when. What the program allows
is its own matter; what must hold is checked after each step against what was decided, told by a model beside it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.house import AT, LAWS, drawn, keyring_in, notice_about, prints_of, reported

from takeback.cases import CaseState, CopyState
from takeback.cases.case import UNDECIDED_COPIES
from takeback.errors import IllegalTransition, InputError, NotAllowed, NotFound
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.database import sqlite_url
from takeback.store.journal import Journal
from takeback.store.quarantine import KeptState
from takeback.store.quarantine_folder import QuarantineFolder
from takeback.store.refused_uploads import UploadState
from takeback.workflow.alert import raise_alerts
from takeback.workflow.cap import SOURCE_KEPT_FOR, Source, fill_places, forget_sources, let_hold
from takeback.workflow.contest import answer_contest, contest, contest_by_link
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, confirm_copies, decide
from takeback.workflow.erasure import ask_for_erasure, cancel_erasure, erase_due
from takeback.workflow.gone import forget_item
from takeback.workflow.hearing import HEARD_FOR, answer_hearing, pass_on_contest
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.legal_hold import confirm_hold, end_holds, order_hold
from takeback.workflow.publish import publish
from takeback.workflow.put_back import Answer
from takeback.workflow.quarantine import Choice, Sent, choose, due_bytes, fail_bytes, keep_bytes
from takeback.workflow.quarantine_end import end_quarantine
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.recusal import recuse
from takeback.workflow.refused_upload import contest_upload
from takeback.workflow.register import add_site, set_up
from takeback.workflow.replica import Replica
from takeback.workflow.retention import erase_retained
from takeback.workflow.second_reading import read_again
from takeback.workflow.upload import Action, Upload, check_upload
from takeback.workflow.upload_record import erase_expired_records
from takeback.workflow.verify import verify
from takeback.workflow.withdraw import withdraw

REFUSED = (IllegalTransition, InputError, NotFound, NotAllowed)
"""What the program says to what may not be. Anything else that it raises is a defect."""

ITEMS, PICTURES, PEOPLE, MOST_NOTICES = ("1", "2", "3", "4"), (1, 2), ("key/ada", "key/bo", "key/cy"), 3
CONTEST_FOR = timedelta(days=184)
CROWD = Source("9.9.9.9", 1)
HIDDEN = (CopyState.HELD, CopyState.REMOVED, CopyState.CONTESTED)

people = st.sampled_from(PEOPLE)
items = st.sampled_from(ITEMS)


@dataclass
class Known:
    """What the model knows of a case."""

    received: Received
    under_18: bool
    is_of_crowd: bool
    removed_by: set[str] = field(default_factory=set)
    """Who found that what is shown is covered."""
    refused_by: set[str] = field(default_factory=set)
    withdrawn: bool = False
    copies_at_end: frozenset[int] = frozenset()
    """Its copies when it was withdrawn: nothing is found for it afterwards."""
    recused: set[str] = field(default_factory=set)
    held_until: datetime | None = None
    """Until when a legal hold of two people keeps it from being erased."""


class AnyOrder(RuleBasedStateMachine):
    """The program, and beside it what was decided."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="any-order-"))
        shutil.copytree(self.template, self.folder, dirs_exist_ok=True)
        self.store = Store.open(sqlite_url(self.folder), keyring_in(self.folder))
        self.journal = Journal(self.folder / "withdrawals.journal", self.store.keyring.journal_key)
        self.now = AT
        self.cases: list[Known] = []
        self.contested: set[int] = set()
        self.told: dict[int, tuple[datetime, bool]] = {}
        """Copies about which she was heard: since when, and whether she agreed."""
        self.before: dict[int, CopyState] = {}
        self.answered_hidden: set[str] = set()
        """Items that the site was told to hide by the answer to its check, which no order repeats."""
        self.may_show: dict[int, str] = {}
        """Copies that this step may show again, and who did it."""
        self.codes: list[str] = []
        """The links of refused uploads."""
        self.uploads: dict[int, tuple[datetime, bool] | None] = {}
        """Refused uploads whose contest waits: since when she was told of it, and whether she agreed."""
        self.may_let: dict[int, str] = {}
        """Those that this step may let pass again, and who did it."""

    @initialize()
    def begin(self) -> None:
        with self.store.read() as tx:
            (self.site,) = tx.sites.all()
        self.replica = Replica.load(self.store)
        self.quarantine = QuarantineFolder(self.folder)
        for item in ITEMS[:2]:
            self.upload(item, PICTURES[0])
        self.notice(PICTURES[0], None, under_18=False, of_crowd=True)

    # ---- What anyone does ----------------------------------------------------------------------------------------

    @rule(item=items, picture=st.sampled_from(PICTURES))
    def upload(self, item: str, picture: int) -> None:
        upload = Upload(self.site, item, f"https://forum.example/{item}")
        query = query_of_fingerprints(prints_of(drawn(picture)))
        checked = check_upload(self.store, self.replica, query, upload, at=self.now)
        if checked.action is not Action.ALLOW:
            self.answered_hidden.add(item)
        if checked.contest_code is not None and checked.contest_code not in self.codes:
            self.codes.append(checked.contest_code)

    @rule(hours=st.sampled_from([1, 12, 49, 73, 24 * 215]))
    def wait(self, hours: int) -> None:
        kept = {self._id(known) for known in self.cases if self._case(known).erased_at is None}
        self.now += timedelta(hours=hours)
        raise_alerts(self.store, (), at=self.now)
        end_holds(self.store, actor="takeback", at=self.now)
        erase_due(self.store, self.journal, actor="takeback", at=self.now)
        erase_expired_records(self.store, actor="takeback", at=self.now)
        erase_retained(self.store, CONTEST_FOR, actor="takeback", at=self.now)
        publish(self.store, "", at=self.now)
        forget_sources(self.store, at=self.now)
        fill_places(self.store, CROWD.places, actor="takeback", at=self.now)
        self._nobody_waits_beside_a_free_place()
        for known in self.cases:
            if self._id(known) in kept and self._case(known).erased_at is not None:
                self._nothing_was_erased_too_early(known)

    @precondition(lambda self: len(self.cases) < MOST_NOTICES)
    @rule(picture=st.sampled_from(PICTURES), link=st.none() | items, under_18=st.booleans(), of_crowd=st.booleans())
    def notice(self, picture: int, link: str | None, under_18: bool, of_crowd: bool) -> None:
        links = () if link is None else (f"https://forum.example/{link}",)
        pictures = () if under_18 else (reported(drawn(picture), digests=True),)
        if under_18 and not links:
            return
        notice = notice_about(*pictures, links=links, under_18=under_18)
        source = CROWD if of_crowd else None
        received = receive_notice(
            self.store, self.replica, notice, default_laws=LAWS, request=None, source=source, at=self.now
        )  # fmt: skip
        self.cases.append(Known(received, under_18, of_crowd and not under_18))

    @rule(item=items)
    def gone(self, item: str) -> None:
        with suppress(*REFUSED):
            forget_item(self.store, self.site, item, at=self.now)

    # ---- What she does -------------------------------------------------------------------------------------------

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), erase=st.booleans(), really=st.sampled_from([False, False, False, True]))
    def end(self, data: st.DataObject, erase: bool, really: bool) -> None:
        if not really:  # else most ways would end here
            return
        known = self._any(data)
        act = ask_for_erasure if erase else withdraw
        act(self.store, self.journal, known.received.ending, at=self.now)
        if not known.withdrawn:
            known.withdrawn, known.copies_at_end = True, frozenset(copy.id for copy in self._copies(known))

    @precondition(lambda self: self.cases)
    @rule(data=st.data())
    def keep(self, data: st.DataObject) -> None:
        with suppress(*REFUSED):
            cancel_erasure(self.store, self.journal, self._any(data).received.receipt, at=self.now)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), agrees=st.booleans())
    def say(self, data: st.DataObject, agrees: bool) -> None:
        known = self._any(data)
        with self.store.read() as tx:
            open_ones = tx.hearings.open_of_case(self._case(known).id)
        for hearing in open_ones:
            with self.store.read() as tx:
                bound = [copy.id for copy in tx.copies.of_hearing(hearing.id)]
                uploads = [upload.id for upload in tx.refused_uploads.of_hearing(hearing.id)]
            with suppress(*REFUSED):
                answer_hearing(self.store, known.received.receipt, hearing.public_id, agrees=agrees, at=self.now)
                for copy_id in bound:
                    # She answered: the wait is over, whatever she said.
                    self.told[copy_id] = (self.now - HEARD_FOR, agrees)
                for upload_id in self.uploads.keys() & set(uploads):
                    self.uploads[upload_id] = (self.now - HEARD_FOR, agrees)

    # ---- What the desk does --------------------------------------------------------------------------------------

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), actor=people, confirm=st.sampled_from(Confirm), removes=st.booleans())
    def decide(self, data: st.DataObject, actor: str, confirm: Confirm, removes: bool) -> None:
        known = self._any(data)
        decision = self._decision(actor, confirm, removes)
        self._decided(known, decision, lambda: decide(self.store, self._id(known), decision, at=self.now))

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), actor=people, confirm=st.sampled_from(Confirm), removes=st.booleans(), named=st.booleans())
    def confirm(self, data: st.DataObject, actor: str, confirm: Confirm, removes: bool, named: bool) -> None:
        known = self._any(data)
        decision = self._decision(actor, confirm, removes)
        if named:
            copies = frozenset(copy.public_id for copy in self._copies(known)[:1])
            decision = Decision(decision.outcome, decision.finding, actor, confirm, copies)
        self._decided(known, decision, lambda: confirm_copies(self.store, self._id(known), decision, at=self.now))

    @precondition(lambda self: self.has(CopyState.CONTESTED) or self.uploads)
    @rule(data=st.data(), actor=people)
    def pass_on(self, data: st.DataObject, actor: str) -> None:
        known = self._any(data)
        contested = [copy.id for copy in self._copies(known) if copy.state is CopyState.CONTESTED]
        with suppress(*REFUSED):
            pass_on_contest(self.store, self._id(known), "It is said to be a drawing.", actor=actor, at=self.now)
            assert actor not in known.recused
            self.told |= dict.fromkeys(contested, (self.now, False))
            self.uploads |= dict.fromkeys(self._contested_uploads(known), (self.now, False))

    @precondition(lambda self: self.has(CopyState.CONTESTED) or self.uploads)
    @rule(data=st.data(), actor=people)
    def hear_out(self, data: st.DataObject, actor: str) -> None:
        """She is told, and says nothing for as long as she may: what uploaders and the desk wait for."""
        self.pass_on(data, actor)
        self.wait(73)

    @precondition(lambda self: self.has(CopyState.HELD))
    @rule(data=st.data(), actor=people)
    def remove_and_contest(self, data: st.DataObject, actor: str) -> None:
        """What has to come first for most of what can go wrong."""
        self.decide(data, actor, Confirm.ALL, removes=True)
        for item in ITEMS:
            self.contest_by_site(item)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), actor=people)
    def refuse_and_wait(self, data: st.DataObject, actor: str) -> None:
        """The same where a notice is refused."""
        self.decide(data, actor, Confirm.ALL, removes=False)
        self.wait(73)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), actor=people, put_back=st.booleans(), elements=st.sampled_from([("intimate",), ()]))
    def answer(self, data: st.DataObject, actor: str, put_back: bool, elements: tuple[str, ...]) -> None:
        known = self._any(data)
        contested = [copy.id for copy in self._copies(known) if copy.state is CopyState.CONTESTED]
        uploads = self._contested_uploads(known)
        self.may_show |= dict.fromkeys(contested if put_back else (), actor)
        self.may_let |= dict.fromkeys(uploads if put_back else (), actor)
        with suppress(*REFUSED):
            answer = Answer("A drawing.", actor, elements)
            answer_contest(self.store, self._id(known), answer, put_back=put_back, at=self.now)
            assert actor not in known.removed_by | known.recused
            self.contested -= set(contested)
            self._answered(known, uploads, put_back=put_back)
            if not put_back:
                for copy_id in contested:
                    self.told.pop(copy_id, None)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), actor=people, upheld=st.booleans())
    def read_again(self, data: st.DataObject, actor: str, upheld: bool) -> None:
        known = self._any(data)
        held = [copy.id for copy in self._copies(known) if copy.state is CopyState.HELD]
        self.may_show |= dict.fromkeys(held if upheld else (), actor)
        if self._case(known).state is CaseState.REFUSED and (
            heard := [self.told[each] for each in held if each in self.told]
        ):
            # She was heard about the notice as a whole: what was found since is of it.
            for copy_id in held:
                self.told.setdefault(copy_id, heard[0])
        with suppress(*REFUSED):
            answer = Answer("A drawing.", actor, ("intimate",))
            read_again(self.store, self._id(known), answer, upheld=upheld, at=self.now)
            assert actor not in known.recused
            if not upheld:
                # It is decided anew: whoever refused then may read another one's refusal again.
                known.refused_by.clear()
                for copy_id in held:
                    self.told.pop(copy_id, None)

    @precondition(lambda self: any(self._case(known).capped_at is not None for known in self.cases))
    @rule(data=st.data(), actor=people)
    def let_hold(self, data: st.DataObject, actor: str) -> None:
        known = self._any(data)
        waiting = {
            copy.id for copy in self._copies(known) if copy.linked or (copy.copy_class and copy.copy_class.holds)
        }
        with suppress(*REFUSED):
            let_hold(self.store, self._id(known), actor=actor, at=self.now)
            assert actor not in known.recused
            left = {copy.id for copy in self._copies(known) if copy.state is CopyState.POSSIBLE}
            assert not waiting & left, "let hold, and not hidden"

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), actor=st.sampled_from(PEOPLE[:1]))
    def recuse(self, data: st.DataObject, actor: str) -> None:
        known = self._any(data)
        recuse(self.store, self._id(known), actor=actor, at=self.now)
        known.recused.add(actor)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), first=people, second=people, days=st.sampled_from([3, 300]))
    def hold(self, data: st.DataObject, first: str, second: str, days: int) -> None:
        known, until_at = self._any(data), self.now + timedelta(days=days)
        with suppress(*REFUSED):
            made = order_hold(
                self.store, self._id(known), authority="A court", scope="All.", until_at=until_at, actor=first,
                at=self.now,
            )  # fmt: skip
            confirm_hold(self.store, self._id(known), made.public_id, actor=second, at=self.now)
            assert first != second, "held by one person alone"
            assert not {first, second} & known.recused, "held by one who keeps out"
            known.held_until = max(until_at, known.held_until or until_at)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), really=st.sampled_from([False, False, True]))
    def hold_and_end(self, data: st.DataObject, really: bool) -> None:
        """The same before she asks for the erasure, which then has to wait."""
        if really:
            self.hold(data, PEOPLE[1], PEOPLE[2], 300)
            self.end(data, erase=True, really=True)
            self.wait(73)

    # ---- What becomes of bytes that the site cannot keep -----------------------------------------------------------

    @precondition(lambda self: self.has(CopyState.REMOVED, CopyState.CONTESTED))
    @rule(fails=st.booleans())
    def fetch_bytes(self, fails: bool) -> None:
        for found, _ in due_bytes(self.store, at=self.now, limit=10):
            if fails:
                fail_bytes(self.store, found, "It is gone.", permanent=True, at=self.now)
            else:
                sent = Sent(b"as the site had it", {})
                assert keep_bytes(self.store, self.quarantine, found, sent, max_bytes=1 << 20, at=self.now)

    @precondition(lambda self: self.has(CopyState.REMOVED, CopyState.CONTESTED))
    @rule(data=st.data(), actor=people, choice=st.sampled_from(Choice))
    def choose_about_bytes(self, data: st.DataObject, actor: str, choice: Choice) -> None:
        known = self._any(data)
        for copy in self._copies(known):
            with suppress(*REFUSED):
                choose(self.store, self._id(known), copy.public_id, choice, actor=actor, at=self.now)
                assert actor not in known.recused, "chosen by one who keeps out"

    @rule()
    def end_bytes(self) -> None:
        end_quarantine(self.store, self.quarantine, CONTEST_FOR, actor="takeback", at=self.now)
        with self.store.read() as tx:
            names = tx.quarantine.names
            assert self.quarantine.names() == names.kept(), "a file without what needs it, or the reverse"

    # ---- What those who posted do --------------------------------------------------------------------------------

    @precondition(lambda self: self.has(CopyState.REMOVED))
    @rule(item=items)
    def contest_by_site(self, item: str) -> None:
        with suppress(*REFUSED):
            contest(self.store, self.site, item, "I drew this.", at=self.now)
        self._note_contests()

    @precondition(lambda self: self.has(CopyState.REMOVED, CopyState.HELD))
    @rule(data=st.data())
    def contest_by_link(self, data: st.DataObject) -> None:
        copies = [copy for known in self.cases for copy in self._copies(known)]
        if copies:
            copy = copies[data.draw(st.integers(0, len(copies) - 1))]
            code = self.store.keyring.contest_code(copy.public_id)
            with suppress(*REFUSED):
                contest_by_link(self.store, code, "I drew this.", CONTEST_FOR, at=self.now)
        self._note_contests()

    @precondition(lambda self: self.has(CopyState.HELD))
    @rule(data=st.data(), actor=people, picture=st.sampled_from(PICTURES))
    def remove_and_refuse(self, data: st.DataObject, actor: str, picture: int) -> None:
        """What has to come first for an upload to be refused."""
        self.decide(data, actor, Confirm.ALL, removes=True)
        self.upload(ITEMS[3], picture)

    @precondition(lambda self: self.codes)
    @rule(data=st.data())
    def contest_refused(self, data: st.DataObject) -> None:
        code = self.codes[data.draw(st.integers(0, len(self.codes) - 1))]
        with suppress(*REFUSED):
            found = contest_upload(self.store, code, "I drew this.", (), CONTEST_FOR, at=self.now)
            self.uploads[found.upload.id] = None

    # ---- What must hold ------------------------------------------------------------------------------------------

    @invariant()
    def holds(self) -> None:
        for known in self.cases:
            case, copies = self._case(known), self._copies(known)
            self._nothing_is_removed_without_a_decision(known, copies)
            self._nothing_is_found_after_a_withdrawal(known, copies)
            self._nothing_is_shown_but_by_a_second_person(known, copies)
            self._what_is_undecided_has_a_deadline(case, copies)
            self._what_is_capped_hides_nothing(known, case, copies)
            self._a_contested_upload_waits_for_a_second_person(known, case)
            if known.under_18:
                assert all(copy.state is not CopyState.PUT_BACK for copy in copies), "shown although under 18"
        self._no_contest_is_lost()
        self._nothing_goes_out_before_its_bytes_are_settled()
        self._the_last_order_hides_what_is_hidden()
        self.before = {copy.id: copy.state for known in self.cases for copy in self._copies(known)}
        self.may_show, self.may_let = {}, {}

    def _nothing_is_removed_without_a_decision(self, known: Known, copies: list[Copy]) -> None:
        for copy in copies:
            if copy.state in (CopyState.REMOVED, CopyState.CONTESTED):
                assert copy.decided_by in known.removed_by, "removed, and nobody decided so"

    def _nothing_is_found_after_a_withdrawal(self, known: Known, copies: list[Copy]) -> None:
        if known.withdrawn:
            assert {copy.id for copy in copies} <= known.copies_at_end, "found for a case that was withdrawn"
            with self.store.read() as tx:
                states = {entry.state.value for entry in tx.banks.of_case(self._case(known).id)}
            assert not states & {"holding", "gated"}, "matches although withdrawn"

    def _nothing_is_shown_but_by_a_second_person(self, known: Known, copies: list[Copy]) -> None:
        for copy in copies:
            before = self.before.get(copy.id)
            if copy.state is CopyState.PUT_BACK and before in HIDDEN:
                actor = self.may_show.get(copy.id)
                assert actor is not None, "shown again by what lifts nothing"
                decided = known.removed_by if before is CopyState.CONTESTED else known.refused_by
                assert actor not in decided, "shown again by whoever decided before"
                since, agreed = self.told.get(copy.id, (None, False))
                heard = since is not None and (agreed or since + HEARD_FOR <= self.now)
                assert heard, "shown again, and she was not heard"

    def _a_contested_upload_waits_for_a_second_person(self, known: Known, case: Case) -> None:
        with self.store.read() as tx:
            rows = {each.id: each for each in tx.refused_uploads.of_case(case.id)}
        for upload_id in self.uploads.keys() & rows.keys():
            if known.withdrawn:
                # Nothing is refused any more, so that there is nothing to answer.
                del self.uploads[upload_id]
                assert rows[upload_id].state is not UploadState.CONTESTED, "contested, and she withdrew"
                continue
            assert rows[upload_id].state is UploadState.CONTESTED, "a contest that nobody answered is gone"
            assert case.deadline_at is not None, "contested, and the case has no clock"

    def _answered(self, known: Known, uploads: list[int], *, put_back: bool) -> None:
        """Check an answer that was taken: who lets uploads pass, did not decide before, and she was heard."""
        for upload_id in uploads:
            since, agreed = self.uploads.pop(upload_id) or (None, False)
            if put_back:
                assert self.may_let[upload_id] not in known.removed_by, "let by whoever decided before"
                heard = since is not None and (agreed or since + HEARD_FOR <= self.now)
                assert heard, "let, and she was not heard"

    def _what_is_undecided_has_a_deadline(self, case: Case, copies: list[Copy]) -> None:
        undecided = [copy for copy in copies if copy.state in UNDECIDED_COPIES]
        if undecided and case.state is not CaseState.INCOMPLETE:
            waiting = [copy.deadline_at for copy in undecided if copy.deadline_at is not None]
            assert waiting, "undecided, and nothing says until when"
            assert case.deadline_at is not None, "undecided, and the case has no clock"
            assert case.deadline_at <= min(waiting), "the case's clock is behind that of a copy"

    def _what_is_capped_hides_nothing(self, known: Known, case: Case, copies: list[Copy]) -> None:
        if case.capped_at is None:
            return
        assert known.is_of_crowd, "capped although under 18, or of no source"
        assert case.state is CaseState.WATCHING, "capped, and not undecided"
        assert all(copy.state not in HIDDEN for copy in copies), "capped, and hidden"

    def _nobody_waits_beside_a_free_place(self) -> None:
        of_crowd = [self._case(known) for known in self.cases if known.is_of_crowd]
        undecided = (CaseState.WATCHING, CaseState.HELD, CaseState.WITHDRAWN)
        young = [case for case in of_crowd if case.received_at > self.now - SOURCE_KEPT_FOR]
        taken = [case for case in young if case.capped_at is None and case.state in undecided]
        if any(case.capped_at is not None for case in of_crowd):
            assert len(taken) >= CROWD.places, "capped for ever"

    def _nothing_was_erased_too_early(self, known: Known) -> None:
        assert known.held_until is None or known.held_until <= self.now, "erased, and a legal hold kept it"
        states = {copy.state for copy in self._copies(known)}
        assert CopyState.CONTESTED not in states, "erased, and the other side is not answered"
        assert not self._contested_uploads(known), "erased, and who was refused is not answered"
        if not known.withdrawn:
            assert not states & UNDECIDED_COPIES, "erased, and something is undecided"

    def _no_contest_is_lost(self) -> None:
        states = {copy.id: copy.state for known in self.cases for copy in self._copies(known)}
        for copy_id in self.contested:
            assert states[copy_id] is CopyState.CONTESTED, "a contest that nobody answered is gone"

    def _nothing_goes_out_before_its_bytes_are_settled(self) -> None:
        with self.store.read() as tx:
            waiting = {each.item_key for each in tx.quarantine.all_live(KeptState.WAITING, KeptState.ASKED)}
            orders = tx.outbox.waiting_of_site(self.site.id, self.now + timedelta(days=400), 10_000)
            grown = [copy for known in self.cases if not known.under_18 for copy in self._copies(known)]
            young = {copy.url for known in self.cases if known.under_18 for copy in self._copies(known)}
            for copy in grown:
                if copy.state in (CopyState.REMOVED, CopyState.CONTESTED) and copy.url not in young:
                    key = tx.outbox.item_key(self.site.id, copy.site_item_id, copy.url)
                    assert tx.quarantine.was_asked(key), "removed, and its bytes were not to be kept"
        assert not any(one.kind == "remove" and one.item_key in waiting for one in orders), "removed before it was kept"

    def _the_last_order_hides_what_is_hidden(self) -> None:
        with self.store.read() as tx:
            orders = tx.outbox.waiting_of_site(self.site.id, self.now + timedelta(days=400), 10_000)
        last = {one.body["item_id"] or str(one.body["url"]).rpartition("/")[2]: one.kind for one in orders}
        for known in self.cases:
            for copy in self._copies(known):
                item = copy.site_item_id or str(copy.url).rpartition("/")[2]
                if copy.state in HIDDEN and item not in self.answered_hidden:
                    assert last.get(item) in ("hold", "remove"), "hidden here, and shown on the site"

    def teardown(self) -> None:
        with suppress(AttributeError):
            verify(self.store)
            self.store.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def has(self, *states: CopyState) -> bool:
        """Whether a copy was in one of these states after the last step."""
        return any(state in states for state in self.before.values())

    # ---- Helpers -------------------------------------------------------------------------------------------------

    def _any(self, data: st.DataObject) -> Known:
        return self.cases[data.draw(st.integers(0, len(self.cases) - 1))]

    def _id(self, known: Known) -> str:
        return known.received.case.public_id

    def _case(self, known: Known) -> Case:
        with self.store.read() as tx:
            return tx.cases.by_id(known.received.case.id)

    def _copies(self, known: Known) -> list[Copy]:
        with self.store.read() as tx:
            return tx.copies.of_case(known.received.case.id)

    def _contested_uploads(self, known: Known) -> list[int]:
        with self.store.read() as tx:
            return [upload.id for upload in tx.refused_uploads.contested(known.received.case.id)]

    def _decision(self, actor: str, confirm: Confirm, removes: bool) -> Decision:
        finding = Finding(removes, "As I see it.", () if removes else ("intimate",))
        return Decision(Outcome.REMOVED if removes else Outcome.REFUSED, finding, actor, confirm=confirm)

    def _decided(self, known: Known, decision: Decision, act: Callable[[], Case]) -> None:
        held = [copy.id for copy in self._copies(known) if copy.state is CopyState.HELD]
        with suppress(*REFUSED):
            act()
            assert decision.actor not in known.recused, "decided by one who keeps out"
            if decision.outcome is Outcome.REMOVED:
                known.removed_by.add(decision.actor)
                return
            known.refused_by.add(decision.actor)
            bound = {copy.id for copy in self._copies(known) if copy.hearing_id is not None}
            self.told |= dict.fromkeys(bound & set(held), (self.now, False))

    def _note_contests(self) -> None:
        for known in self.cases:
            self.contested |= {copy.id for copy in self._copies(known) if copy.state is CopyState.CONTESTED}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> type[AnyOrder]:
    """The machine, over copies of one new data directory with a site."""
    template = tmp_path_factory.mktemp("template")
    store = Store.open(sqlite_url(template), keyring_in(template))
    set_up(store, at=AT)
    add_site(
        store, "forum", base_url="https://forum.example/", webhook_url="https://forum.example/takeback",
        quarantine=True, actor="test", at=AT,
    )  # fmt: skip
    store.close()
    return type("Machine", (AnyOrder,), {"template": template})


def explored(machine: type[AnyOrder], *, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(600)
def test_no_order_of_actions_breaks_due_process(machine: type[AnyOrder]) -> None:
    explored(machine, examples=20, steps=30)


@pytest.mark.slow
def test_no_order_of_many_actions_breaks_due_process(machine: type[AnyOrder]) -> None:
    explored(machine, examples=40, steps=60)
