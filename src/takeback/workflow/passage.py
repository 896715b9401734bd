"""An upload at a gate: what is known of the picture, and so whether it may pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from takeback.errors import LowQuality, MediaTooLarge, UnreadableMedia
from takeback.media.sniff import is_picture
from takeback.store import Store
from takeback.workflow.check import check_file
from takeback.workflow.closer import Describer
from takeback.workflow.gate import Gate
from takeback.workflow.picture import Decoder
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Action, Checked

COUNTED = "gate"
"""Under which name passages are counted; the part is the gate's name and the finding."""


class Finding(StrEnum):
    """What was found of one upload."""

    NO_MATCH = "no_match"
    OTHER_FILE = "other_file"
    """No picture of a format that is decoded; its digest was compared."""
    LITTLE_DETAIL = "little_detail"
    """Too little detail for a fingerprint; its digests were compared."""
    DOUBTFUL = "doubtful"
    """A possible or altered copy, or a copy of which nobody has decided yet: it passes, and its case is told."""
    REFUSED = "refused"
    """A person decided about this picture."""
    UNJUDGED = "unjudged"
    """A picture that is damaged or beyond the limits: what it shows is not known."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What was found of one upload, and by which secret a refusal is contested; None where no case refused it."""

    finding: Finding
    contest_code: str | None = field(default=None, repr=False)


def screen_passage(
    store: Store,
    replica: Replica,
    decoder: Decoder,
    describer: Describer | None,
    data: bytes,
    gate: Gate,
    *,
    at: datetime,
) -> Passage:
    """
    Say what the file in `data` is, as every door does, and tell the cases that it concerns.

    Raises `Overloaded` and `StoreError` where it could not be looked at now.
    """
    try:
        checked = check_file(store, replica, decoder, describer, data, None, gate=gate, at=at)
    except MediaTooLarge:
        return Passage(Finding.UNJUDGED)
    except UnreadableMedia:
        return Passage(Finding.UNJUDGED if is_picture(data) else Finding.OTHER_FILE)
    return Passage(_finding(checked), checked.contest_code)


def _finding(checked: Checked) -> Finding:
    if checked.action is Action.REFUSE:
        return Finding.REFUSED
    if checked.screening.matches:
        return Finding.DOUBTFUL
    codes = {each.code for each in checked.screening.unjudged}
    if not codes:
        return Finding.NO_MATCH
    return Finding.LITTLE_DETAIL if codes == {LowQuality.code} else Finding.UNJUDGED


def count_passages(store: Store, counts: Mapping[tuple[str, str], int], *, at: datetime) -> None:
    """Add to what is counted of gates: how often each (gate's name, finding) was."""
    with store.write() as tx:
        for (gate, finding), times in counts.items():
            tx.tallies.add(COUNTED, f"{gate} {finding}", times=times, at=at)
