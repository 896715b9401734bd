"""
An upload that is refused by what a person decided leads to a link, by which whoever sent it reads why, and contests it.

Nothing of the upload is kept. There is one link for each entry, place (a site, or a gate that names none) and day: a
flood of refused uploads makes one row, and all who were refused there on that day share the link. The first who writes
grounds is answered, with the other contests of the case, by another person than the one who decided
(`takeback.workflow.contest`), and at the same link. Who agrees closes the entry: it refuses no more.

What the operator put into a bank of their own refuses without a case: that begins with the first contest
(`takeback.workflow.bank_case`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.bank import EntryState, ListKind
from takeback.cases import CaseState
from takeback.cases.elements import require_elements
from takeback.cases.reasons import Contest, Decided, Reasons
from takeback.cases.statement import contest_until
from takeback.errors import IllegalTransition, NotFound
from takeback.match import Match
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.refused_uploads import RefusedUpload, UploadState
from takeback.store.sites import Site
from takeback.workflow.bank_case import case_of_contest
from takeback.workflow.grounds import THE_UPLOADER, require_grounds
from takeback.workflow.hearing import DECIDED_WITHIN, require_heard
from takeback.workflow.order import note
from takeback.workflow.put_back import Answer, check_may_be_shown
from takeback.workflow.reasons import complete_laws
from takeback.workflow.sweep import refresh_deadline


@dataclass(frozen=True, slots=True)
class ContestableUpload:
    """What the link of a refused upload opens: nothing of whose notice it was, or of how like two pictures are."""

    upload: RefusedUpload
    site: str
    """The site's name; empty where the gate names none."""
    reasons: Reasons
    until_at: datetime
    takes_grounds: bool


def link_to_contest(
    tx: Transaction, matches: Sequence[Match], place: str, site: Site | None, at: datetime
) -> str | None:
    """
    Return the code by which a refusal is contested inside `tx`; None where nobody decided about what it matches.

    Of several entries the strongest match counts. What may show someone under 18 is contested by nobody.
    """
    strong = [match.entry for match in matches if match.copy_class.holds]
    if any(entry.under_18 or entry.of_list is ListKind.OF_MINORS for entry in strong):
        return None
    for entry in strong:
        if entry.state is EntryState.GATED:
            site_id = None if site is None else site.id
            row = tx.refused_uploads.refused(entry.id, entry.case_id, place, site_id=site_id, at=at)
            return tx.refused_uploads.code_of(row)
    return None


def contestable_upload(
    store: Store, code: str, laws: Sequence[str], contest_for: timedelta, *, at: datetime
) -> ContestableUpload:
    """Return what the code of a link opens; `NotFound` where it opens nothing. `laws` as for `contest_upload`."""
    with store.read() as tx:
        return _contestable(tx, code, laws, contest_for, at)


def contest_upload(
    store: Store, code: str, grounds: str, laws: Sequence[str], contest_for: timedelta, *, at: datetime
) -> ContestableUpload:
    """
    Take a contest by the link of a refused upload.

    `laws` are those of the settings, for what no notice and no list brought.

    `NotFound` where the code opens nothing, `InputError` where no grounds are given, `IllegalTransition` where it is
    contested already, or the time is over.
    """
    require_grounds(grounds)
    with store.write() as tx:
        found = _contestable(tx, code, laws, contest_for, at)
        if not found.takes_grounds:
            raise IllegalTransition("This cannot be contested any more.", advice="Look how it stands.")
        case = _case_of(tx, found.upload)
        if case is None:
            case = case_of_contest(tx, tx.banks.by_id(found.upload.entry_id), laws, at=at)
        sealed = tx.cases.seal_grounds(case, grounds)
        tx.refused_uploads.move(
            found.upload, UploadState.CONTESTED, case_id=case.id, sealed_grounds=sealed, contested_at=at,
            deadline_at=at + DECIDED_WITHIN,
        )  # fmt: skip
        if case.state is CaseState.REMOVED:
            case = tx.cases.move(case, CaseState.CONTESTED)
        facts = {"place": found.upload.place}
        note(tx, EventKind.UPLOAD_CONTESTED, case, at=at, actor=THE_UPLOADER, facts=facts)
        refresh_deadline(tx, case)
        return _contestable(tx, code, laws, contest_for, at)


def uphold_refusals(
    tx: Transaction, case: Case, contested: Sequence[RefusedUpload], answer: Answer, *, at: datetime
) -> None:
    """Let refusals stand inside `tx`, with the reason that is told at their links."""
    kept = answer.as_json(put_back=False, agreed=False, at=at)
    for upload in contested:
        tx.refused_uploads.move(upload, UploadState.UPHELD, answer=kept, deadline_at=None)
        facts = {"place": upload.place, "reason": answer.reason}
        note(tx, EventKind.UPLOAD_REFUSAL_UPHELD, case, at=at, actor=answer.actor, facts=facts)


def let_uploads(
    tx: Transaction, case: Case, contested: Sequence[RefusedUpload], answer: Answer, *, at: datetime
) -> None:
    """
    Let be posted again inside `tx` what was refused, as `show_again` does with copies; the caller closes the entries.

    Never what may show someone under 18; only after she was heard, where a notice began the case; only with the element
    of each law that is not met, unless she agreed.
    """
    if not contested:
        return
    check_may_be_shown(case)
    agreed = False
    if case.has_notice:
        hearings = [None if each.hearing_id is None else tx.hearings.by_id(each.hearing_id) for each in contested]
        require_heard(hearings, at)
        agreed = all(each is not None and each.agrees is True for each in hearings) and not answer.elements
    if not agreed:
        require_elements(answer.elements, complete_laws(case) or case.laws)
    kept = answer.as_json(put_back=True, agreed=agreed, at=at)
    for upload in contested:
        tx.refused_uploads.move(upload, UploadState.LET, answer=kept, deadline_at=None)
        facts: dict[str, Json] = {
            "place": upload.place, "reason": answer.reason, "elements": list(answer.elements), "agreed": agreed,
        }  # fmt: skip
        note(tx, EventKind.UPLOAD_LET, case, at=at, actor=answer.actor, facts=facts)


def end_contests(tx: Transaction, case: Case) -> bool:
    """Let nobody answer any more inside `tx` what a withdrawal settled; return whether anything was contested."""
    contested = tx.refused_uploads.contested(case.id)
    for upload in contested:
        tx.refused_uploads.move(upload, UploadState.LET, sealed_grounds=None, deadline_at=None)
    return bool(contested)


def forget_refused_uploads(store: Store, contest_for: timedelta, *, at: datetime) -> int:
    """Delete what can be contested no more, and waits for nobody; return how many."""
    with store.write() as tx:
        return tx.refused_uploads.drop_before(at - contest_for)


def _case_of(tx: Transaction, upload: RefusedUpload) -> Case | None:
    return None if upload.case_id is None else tx.cases.by_id(upload.case_id)


def _contestable(
    tx: Transaction, code: str, laws: Sequence[str], contest_for: timedelta, at: datetime
) -> ContestableUpload:
    upload = tx.refused_uploads.by_contest_code(code)
    case, entry = _case_of(tx, upload), tx.banks.by_id(upload.entry_id)
    if case is not None and case.under_18:
        raise NotFound("No upload belongs to this link.", advice="Use the whole link that the site gave you.")
    refuses = entry.state is EntryState.GATED
    reasons = _reasons(case, upload, laws, refuses=refuses)
    until_at = contest_until(reasons, contest_for) or upload.at + contest_for
    takes_grounds = refuses and upload.state is UploadState.REFUSED and at <= until_at
    site = "" if upload.site_id is None else tx.sites.by_id(upload.site_id).name
    return ContestableUpload(upload, site, reasons, until_at, takes_grounds)


def _reasons(case: Case | None, upload: RefusedUpload, laws: Sequence[str], *, refuses: bool) -> Reasons:
    """Return why an upload was refused; not in the words of whoever decided, which are for the sides of that case."""
    answer = upload.answer or {}
    waits = upload.state is UploadState.CONTESTED
    is_let = upload.state is UploadState.LET or (not refuses and not waits)
    elements = answer.get("elements")
    return Reasons(
        Decided.UPLOAD_LET if is_let else Decided.UPLOAD_REFUSED,
        upload.at,
        tuple(laws) if case is None else complete_laws(case) or case.laws,
        linked=False,
        copy_class=None,
        why="",
        elements=tuple(str(each) for each in elements) if is_let and isinstance(elements, list) else (),
        agreed=bool(answer.get("agreed")),
        contest=Contest.WAITING if waits else Contest.OPEN if upload.answer is None else Contest.ANSWERED,
        by_list=case is not None and case.list_id is not None,
        by_bank=case is None or case.own_bank_id is not None,
    )
