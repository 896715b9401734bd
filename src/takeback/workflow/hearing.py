"""
Before anything that was hidden for her is shown again, she is told why, and has time to answer.

    a contest   the desk passes on in substance what speaks against a removal, or against refusing uploads of it; she
                answers, or the time passes
    a refusal   a person says which element of the laws is not met; she asks for a second reader, or the time passes

Silence is not consent: a second person decides in either case. That she agrees, which she says in so many words, saves
the wait and nothing else, since someone may be forcing her.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from takeback.audit.event import EventKind
from takeback.cases import CaseState, CopyState
from takeback.cases.sealed import SealedWords
from takeback.errors import IllegalTransition, InputError
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.hearings import About, Hearing
from takeback.store.refused_uploads import RefusedUpload, UploadState
from takeback.workflow.messages import keep_message
from takeback.workflow.order import THE_PERSON, note
from takeback.workflow.recusal import require_unbiased
from takeback.workflow.sweep import refresh_deadline

HEARD_FOR = timedelta(hours=72)
"""How long she has to answer, where no setting says otherwise."""
DECIDED_WITHIN = timedelta(hours=48)
"""How long a second person has, from her answer or from the end of that time."""
MAX_SUMMARY_CHARACTERS = 2_000


def open_refusal(
    tx: Transaction, case: Case, copies: Sequence[Copy], *, reason: str, elements: Sequence[str], actor: str,
    heard_for: timedelta, at: datetime,
) -> Hearing:  # fmt: skip
    """Let her be heard on a refusal inside `tx`: what is held stays held until a second person has read it."""
    until_at = at + heard_for
    hearing = tx.hearings.open(
        case.id,
        About.REFUSAL,
        opened_by=actor,
        until_at=until_at,
        due_at=until_at + DECIDED_WITHIN if copies else None,
        reason=reason,
        elements=elements,
        at=at,
    )
    _bind(tx, hearing, copies)
    return hearing


def pass_on_contest(
    store: Store, case_id: str, summary: str, *, actor: str, heard_for: timedelta = HEARD_FOR, at: datetime
) -> Case:
    """
    Tell her in substance what speaks against what is contested, copies and refused uploads, never who says it.

    Passing on again takes the place of what was told before, and the time begins anew. `IllegalTransition` where
    nothing is contested, `InputError` for no summary or a long one.
    """
    if not 0 < len(summary.strip()) <= MAX_SUMMARY_CHARACTERS:
        raise InputError(
            f"A summary has 1 to {MAX_SUMMARY_CHARACTERS:,} characters.",
            advice="Write in your own words what is said against the removal, and nothing of who says it.",
        )
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_unbiased(tx, case, actor)
        if not case.has_notice:
            raise IllegalTransition("Nobody gave notice of this, so nobody is told.", advice="Answer the contest.")
        contested, uploads = tx.copies.of_case(case.id, [CopyState.CONTESTED]), tx.refused_uploads.contested(case.id)
        if not contested and not uploads:
            raise IllegalTransition("Nothing of this case is contested.")
        close_contest_hearings(tx, case, is_upheld=None, at=at)
        until_at = at + heard_for
        hearing = tx.hearings.open(
            case.id,
            About.CONTEST,
            opened_by=actor,
            until_at=until_at,
            due_at=until_at + DECIDED_WITHIN,
            sealed_summary=tx.cases.seal_grounds(case, summary.strip()),
            at=at,
        )
        _bind(tx, hearing, contested, uploads)
        facts = {"copies": len(contested), "uploads": len(uploads)}
        note(tx, EventKind.HEARING_OPENED, case, at=at, actor=actor, facts=facts)
        tx.news.tell(case.id, at)
        refresh_deadline(tx, case)
        return tx.cases.by_id(case.id)


def answer_hearing(
    store: Store, receipt: str, hearing_id: str, *, agrees: bool, written: str | SealedWords = "", at: datetime
) -> Case:
    """
    Take what she says: that she agrees that it is shown again, or that she does not, which asks for a second reader.

    The last that she says counts, until it is decided. What she writes goes to the desk like any message of hers.
    `NotFound` for a receipt of no case, `IllegalTransition` where the hearing is over.
    """
    digest = store.keyring.receipt_digest(receipt)
    with store.write() as tx:
        case = tx.cases.by_receipt(digest)
        hearing = next((each for each in open_to_her(tx, case, at) if each.public_id == hearing_id), None)
        if hearing is None:
            raise IllegalTransition("This has been decided, or its time is over.", advice="Look how the case stands.")
        if written:
            keep_message(tx, case, written, at=at)
        hearing = tx.hearings.answer(hearing, agrees=agrees, due_at=at + DECIDED_WITHIN, at=at)
        _bind(tx, hearing, tx.copies.of_hearing(hearing.id), tx.refused_uploads.of_hearing(hearing.id))
        note(tx, EventKind.HEARING_ANSWERED, case, at=at, actor=THE_PERSON, facts={"agrees": agrees})
        refresh_deadline(tx, case)
        return tx.cases.by_id(case.id)


def open_to_her(tx: Transaction, case: Case, at: datetime) -> list[Hearing]:
    """Return the hearings in which she can still say something: until it is decided, while something waits for it."""
    hidden = (CopyState.HELD, CopyState.CONTESTED)
    return [
        each
        for each in tx.hearings.open_of_case(case.id)
        if at < each.until_at
        or any(copy.state in hidden for copy in tx.copies.of_hearing(each.id))
        or any(upload.state is UploadState.CONTESTED for upload in tx.refused_uploads.of_hearing(each.id))
    ]


def require_heard(hearings: Sequence[Hearing | None], at: datetime) -> None:
    """Raise `IllegalTransition` where she was not told, or still has time to answer."""
    for hearing in hearings:
        if hearing is None or hearing.closed_at is not None:
            raise IllegalTransition(
                "She has not been told what speaks for showing it again.",
                advice="Pass the contest on to her in substance first.",
            )
        if not hearing.is_over(at):
            raise IllegalTransition(
                f"She can still answer, until {hearing.until_at:%Y-%m-%d %H:%M} UTC.",
                advice="Decide when she has answered, or when that time is over.",
            )


def close_contest_hearings(tx: Transaction, case: Case, *, is_upheld: bool | None, at: datetime) -> None:
    """Close inside `tx` what is open of the contests of a case."""
    for hearing in tx.hearings.open_of_case(case.id, About.CONTEST):
        tx.hearings.close(hearing, is_upheld=is_upheld, at=at)


def close_idle_refusals(tx: Transaction, case: Case, *, at: datetime) -> None:
    """Close inside `tx` the refusals of single copies of which none is held any more: they were removed after all."""
    if case.state is CaseState.REFUSED:
        return
    for hearing in tx.hearings.open_of_case(case.id, About.REFUSAL):
        if not any(copy.state is CopyState.HELD for copy in tx.copies.of_hearing(hearing.id)):
            tx.hearings.close(hearing, is_upheld=None, at=at)


def _bind(tx: Transaction, hearing: Hearing, copies: Sequence[Copy], uploads: Sequence[RefusedUpload] = ()) -> None:
    """Let copies and refused uploads wait for a hearing: their clock is that of the hearing."""
    for copy in copies:
        tx.copies.set(copy.id, hearing_id=hearing.id, deadline_at=hearing.due_at)
    for upload in uploads:
        tx.refused_uploads.wait_for(upload, hearing.id, hearing.due_at)
