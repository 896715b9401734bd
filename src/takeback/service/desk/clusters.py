"""The copies of a case as its page shows them: in clusters, with what was found by looking and whether to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from takeback.assembly import Parts
from takeback.cases import CopyState
from takeback.cases.look import LookKind, LookReason, kind_of
from takeback.errors import TakebackError
from takeback.service.desk.answer import words
from takeback.service.desk.clock import TimeLeft, time_left
from takeback.service.desk.door import Here
from takeback.service.desk.likeness import likeness_in_words
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.looks import Look
from takeback.store.outbox import Delivery, DeliveryState
from takeback.store.quarantine import Kept, KeptState
from takeback.workflow.budget import Budget, budget_of, who_else_looks
from takeback.workflow.cluster import clusters_of
from takeback.workflow.look import lies_at_its_site, looks_before, require_may_be_seen
from takeback.workflow.order import PUT_BACK
from takeback.workflow.quarantine import kept_of

_OPEN_COPIES = (CopyState.HELD, CopyState.POSSIBLE)


@dataclass(frozen=True, slots=True)
class CopyLine:
    """One copy as the table shows it."""

    copy: Copy
    address: str
    facts: Sequence[str]
    left: TimeLeft
    deliveries: Sequence[Delivery]
    kept: Kept | None
    """How its bytes stand, where its site cannot keep them."""

    @property
    def gives_choice(self) -> bool:
        """Whether a person has to choose what becomes of it without its bytes."""
        return self.kept is not None and (self.kept.state is KeptState.ASKED or self.cannot_be_given)

    @property
    def cannot_be_given(self) -> bool:
        """Whether its put-back failed, for which its bytes are kept."""
        last = self.deliveries[-1] if self.deliveries else None
        failed = last is not None and last.kind == PUT_BACK and last.state is DeliveryState.FAILED
        return failed and self.kept is not None and self.kept.state is KeptState.KEPT

    @property
    def short(self) -> str:
        """What people call the copy."""
        return self.copy.public_id[:8]

    @property
    def is_open(self) -> bool:
        """Whether it is still to be settled."""
        return self.copy.state in _OPEN_COPIES


@dataclass(frozen=True, slots=True)
class Offer:
    """A look at one copy of a cluster, as it is offered to one person."""

    copy_id: str
    reasons: Sequence[LookReason]
    """Why there may be one; the likeliest first."""
    why_not: str
    """Why there is none for this person, by the name of a text; empty where there is."""
    others: Sequence[str]
    """Who else can look, where this person does not."""
    is_second: bool
    """Somebody looked for the likeliest reason already: another look has to be asked for as such."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Copies that show the same, with all looks at them."""

    number: int
    lines: Sequence[CopyLine]
    looks: Sequence[Look]
    offer: Offer | None

    @property
    def open_lines(self) -> Sequence[CopyLine]:
        """Those that are still to be settled."""
        return [line for line in self.lines if line.is_open]


def clusters_in(parts: Parts, tx: Transaction, here: Here, case: Case, copies: Sequence[Copy]) -> list[Cluster]:
    """Return the clusters of a case for one person."""
    looks = tx.looks.of_case(case.id)
    budget = budget_of(tx, here.member, parts.settings.looks_per_day, parts.now())
    return [
        Cluster(
            number,
            [_line(parts, tx, case, copy) for copy in cluster],
            [each for each in looks if each.copy_id in {copy.id for copy in cluster}],
            _offer(parts, tx, here, case, cluster, looks, budget),
        )
        for number, cluster in enumerate(clusters_of(copies), start=1)
    ]


def _line(parts: Parts, tx: Transaction, case: Case, copy: Copy) -> CopyLine:
    left = time_left(words(), copy.deadline_at, parts.now())
    facts = likeness_in_words(words(), copy)
    return CopyLine(copy, tx.cases.open_link(case, copy), facts, left, tx.outbox.of_copy(copy.id), kept_of(tx, copy))


def _offer(
    parts: Parts, tx: Transaction, here: Here, case: Case, cluster: Sequence[Copy], looks: Sequence[Look],
    budget: Budget,
) -> Offer | None:  # fmt: skip
    """Return what is offered; None where nobody looks at any of these, whoever they are."""
    copy = next((each for each in cluster if lies_at_its_site(tx, each)), None)
    if copy is None or not here.reads or _is_closed(case):
        return None
    kind, reasons = kind_of(copy.copy_class), _reasons(case, cluster)
    why_not = _why_not(here, kind, budget)
    others = who_else_looks(tx, case, kind, here.member, parts.settings.looks_per_day, parts.now()) if why_not else ()
    is_second = bool(looks_before(looks, cluster, reasons[0]))
    return Offer(copy.public_id, reasons, why_not, [each.name for each in others], is_second)


def _is_closed(case: Case) -> bool:
    try:
        require_may_be_seen(case)
    except TakebackError:
        return True
    return False


def _why_not(here: Here, kind: LookKind, budget: Budget) -> str:
    if kind in here.member.looks_away_from:
        return "look.chose_not"
    return "" if budget.left else "look.spent"


def _reasons(case: Case, cluster: Sequence[Copy]) -> list[LookReason]:
    """Return why there may be a look at a cluster, what its state asks for first."""
    states = {copy.state for copy in cluster}
    first = LookReason.FINDING
    if CopyState.CONTESTED in states:
        first = LookReason.CONTEST
    elif any(copy.hearing_id is not None for copy in cluster):
        first = LookReason.SECOND_READING
    elif case.decided_at is not None:
        first = LookReason.LIKENESS
    return [first, *(each for each in LookReason if each is not first)]
