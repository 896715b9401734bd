"""An upload at a gate: what is found, what its case hears, and that nothing of it stays."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image
from tests.house import AT, LAWS, Clock, Pixels, drawn, notice_about, reported, tiled
from tests.unit.decoding import InProcess

from takeback.bank import EntryState
from takeback.media import MediaLimits
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.sites import Site
from takeback.workflow.gate import Gate, Space
from takeback.workflow.intake import receive_notice
from takeback.workflow.passage import COUNTED, Finding, count_passages, screen_passage
from takeback.workflow.replica import Replica
from takeback.workflow.upload import PASSAGES_TOLD_EVERY

GATE = Gate("clamd", Space.PUBLIC)


def file_of(pixels: Pixels) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def case(store: Store, replica: Replica) -> Case:
    """A case about `drawn(1)`, of which nobody has decided."""
    notice = notice_about(reported(drawn(1)))
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT).case


def decide_about(store: Store, case: Case) -> None:
    with store.write() as tx:
        (entry,) = tx.banks.of_case(case.id)
        tx.banks.set_state(entry.id, EntryState.GATED)


def told(store: Store, case: Case) -> list[tuple[str, str | None, object]]:
    with store.read() as tx:
        entries = tx.audit.of_case(case.public_id)
    return [(each.kind, each.actor, each.facts) for each in entries if each.kind.startswith("upload")]


class Passing:
    def __init__(self, store: Store, replica: Replica, clock: Clock) -> None:
        self.store, self.replica, self.clock = store, replica, clock

    def __call__(self, data: bytes, gate: Gate = GATE) -> Finding:
        return screen_passage(self.store, self.replica, InProcess(), None, data, gate, at=self.clock()).finding


@pytest.fixture
def passing(store: Store, replica: Replica, clock: Clock) -> Passing:
    return Passing(store, replica, clock)


def test_before_a_decision_it_passes_and_the_case_and_the_desk_are_told_now_and_then(
    store: Store, case: Case, passing: Passing, clock: Clock
) -> None:
    gate = replace(GATE, alert_routes=("https://chat.example/hook", "mailto:desk@forum.example"))
    for _ in range(3):
        assert passing(file_of(drawn(1)), gate) is Finding.DOUBTFUL
    with store.read() as tx:
        first, second = tx.alerts.latest(10)
    assert {first.route, second.route} == set(gate.alert_routes)
    assert case.public_id[:8] in str(first.body["text"])
    assert first.body["stage"] == "passed"
    ((kind, actor, facts),) = told(store, case)
    assert (kind, actor) == ("upload_passed", "gate/clamd")
    assert isinstance(facts, dict)
    assert (facts["gate"], facts["space"], facts["class"]) == ("clamd", "public", "substantially_same")
    clock.at += PASSAGES_TOLD_EVERY
    passing(file_of(drawn(1)))
    assert len(told(store, case)) == 2


def test_after_a_decision_it_is_refused_and_each_refusal_is_told(
    store: Store, case: Case, passing: Passing, site: Site
) -> None:
    decide_about(store, case)
    assert passing(file_of(drawn(1))) is Finding.REFUSED
    assert passing(file_of(drawn(1)), replace(GATE, site=site)) is Finding.REFUSED
    assert [(kind, actor) for kind, actor, _ in told(store, case)] == [
        ("upload_refused", "gate/clamd"),
        ("upload_refused", f"site/{site.public_id}"),
    ]


def test_nothing_of_an_upload_at_a_gate_is_kept(store: Store, case: Case, passing: Passing, site: Site) -> None:
    for picture in (drawn(1), tiled(2)):
        passing(file_of(picture), replace(GATE, site=site))
    with store.read() as tx:
        assert tx.items.count() == 0
        assert tx.copies.of_case(case.id) == []


@pytest.mark.parametrize(
    ("file", "finding"),
    [
        (b"Dear reader,", Finding.OTHER_FILE),
        (b"", Finding.OTHER_FILE),
        (file_of(tiled(2)), Finding.NO_MATCH),
        (file_of(tiled(2))[:300], Finding.UNJUDGED),
        (file_of((drawn(1) * 0) + 255), Finding.LITTLE_DETAIL),
    ],
    ids=["a letter", "nothing", "a picture", "a damaged picture", "a blank picture"],
)
def test_what_is_found_of_a_file(passing: Passing, case: Case, file: bytes, finding: Finding) -> None:
    assert passing(file) is finding


def test_a_picture_beyond_the_limits_is_not_judged(store: Store, replica: Replica) -> None:
    decoder = InProcess(MediaLimits(max_pixels=100))
    found = screen_passage(store, replica, decoder, None, file_of(tiled(2)), GATE, at=AT)
    assert found.finding is Finding.UNJUDGED


def test_what_was_found_is_counted_by_gate_and_in_no_figure_of_a_case(store: Store) -> None:
    counts = {("clamd public", "refused"): 2, ("icap limited", "no_match"): 7}
    for _ in range(2):
        count_passages(store, counts, at=AT)
    with store.read() as tx:
        assert tx.tallies.total(COUNTED) == {"clamd public refused": 4, "icap limited no_match": 14}
