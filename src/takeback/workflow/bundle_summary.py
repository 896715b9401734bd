"""The words of a bundle's first page, and of its read-me."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from takeback.bundle.summary import Part, Summary
from takeback.cases import law_packs
from takeback.cases.case import CopyState
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.workflow.bundle_record import TimelineEntry, Version

_TITLES = {
    Version.FULL: "Evidence: a notice of an intimate picture, and what was done",
    Version.PERSON: "Evidence: your notice, and what was done",
    Version.UPLOADER: "Evidence: a picture that was hidden or removed, and why",
}
_INTRO = (
    "Made by {service} at {at}. This page sums up the files beside it, which are in the folder data. The picture is in "
    "none of them, nor anything it could be made from."
)
_KINDS = {
    "notice_received": "The notice came",
    "notice_incomplete": "It lacked something that the law asks for",
    "notice_valid": "The notice was complete",
    "notice_extended": "More links or pictures were added",
    "copy_held": "A copy was hidden for the time being",
    "upload_held": "A new upload of it was hidden",
    "upload_refused": "A new upload of it was refused",
    "decided_removed": "A person decided to remove it",
    "decided_refused": "A person decided against the notice",
    "copy_removed": "A copy was removed",
    "copy_put_back": "A copy was shown again",
    "contested": "A removal was contested",
    "hearing_opened": "She was heard before anything is shown again",
    "hearing_answered": "She answered",
    "refusal_upheld": "A second person upheld the refusal",
    "refusal_overturned": "A second person overturned the refusal",
    "deadline_missed": "A deadline passed without a decision",
    "delivery_failed": "The site did not take an order",
    "withdrawn": "The notice was withdrawn",
}
"""What is named on the page; everything stands in the timeline."""

_READ_ME = """Evidence about {about}

summary.pdf in the folder data says on one page what happened. The other files there hold the record:
{files}
The picture is in none of them, and nothing that it could be made from.{opened}

To check that nothing was changed, unpack everything, open a terminal in this folder and run

    python3 verify.py

It needs Python 3.9 or later and nothing else, and asks nobody on the network. Whoever made the bundle made this program
too: it is a text file, so read it before you run it, or check with another copy of it, or with takeback verify.

Whose bundle this is, it can say only if you have the service's keys from elsewhere: best from the day of the notice,
else from {keys}. Give them with --key and --log-key:

    bundle key   {bundle_key}
    log key      {log_key}

This is {version}.
"""
_VERSIONS = {
    Version.FULL: "the full version: it holds what the person wrote and who she is. It is for her lawyer, the police "
    "or a court, and never for whoever posted the picture",
    Version.PERSON: "the version for the person who sent the notice. It holds none of her words in clear",
    Version.UPLOADER: "the version for the account that posted the picture. It says nothing of who gave notice",
}
_SEALED = """
Files that end in .age are sealed to people of the desk, who alone can open them. Once opened, what was inside lies in
the folder opened, and verify.py checks that it is what was sealed."""


def summary_of_case(case: Case, copies: Sequence[Copy], timeline: Sequence[TimelineEntry], page: Made) -> Summary:
    """Return the page of a case; `copies` are those that its reader may know of."""
    packs = law_packs()
    laws = ", ".join(packs[law].name for law in case.laws if law in packs)
    finding = case.finding or {}
    rows = [
        ("case", case.public_id),
        ("laws", laws),
        ("received", _moment(case.received_at)),
        ("complete", _moment(case.valid_at)),
        *([] if page.version is Version.PERSON else [("to decide by", _moment(case.deadline_at))]),
        ("decided", _moment(case.decided_at)),
        ("decision", f"{finding.get('outcome', '')}: {finding.get('reason', '')}" if finding else "none yet"),
        ("copies", _counted(copies)),
    ]
    return page.summary([Part("The notice", rows)], timeline)


def summary_of_item(copies: Sequence[Copy], timeline: Sequence[TimelineEntry], page: Made) -> Summary:
    """Return the page for whoever posted an item."""
    rows = [("item", copies[0].site_item_id or "–"), ("address", copies[0].url), ("state", _counted(copies))]
    return page.summary([Part("The picture", rows)], timeline)


class Made:
    """Which version is made, by which service, and when."""

    def __init__(self, version: Version, service: str, at: datetime, proofs: int, waiting: int) -> None:
        self.version, self.service, self.at = version, service, at
        self._proofs, self._waiting = proofs, waiting

    def summary(self, parts: Sequence[Part], timeline: Sequence[TimelineEntry]) -> Summary:
        """Return the page with what every version says."""
        intro = _INTRO.format(service=self.service, at=_moment(self.at))
        return Summary(_TITLES[self.version], intro, [*parts, _happened(timeline), self._checks()], self.at)

    def _checks(self) -> Part:
        proven = f"{self._proofs} events are proven by the public log"
        waiting = f"; {self._waiting} wait for its next entry" if self._waiting else ""
        rows = [
            ("proofs", f"{proven}{waiting}"),
            ("checking", "unpack everything and run: python3 verify.py (read-me.txt says more)"),
            ("proves", "that the service said so, and not later than when; not that a picture is gone elsewhere"),
        ]
        return Part("How to check it", rows)


def read_me(
    version: Version, about: str, names: Sequence[str], *, keys_at: str, bundle_key: str, log_key: str | None
) -> str:  # fmt: skip
    """Return the text that says how to check a bundle."""
    listed = "".join(f"    {name}\n" for name in sorted({_group(name) for name in names}))
    what = f"the item with the copy {about}" if version is Version.UPLOADER else f"case {about}"
    opened = _SEALED if any(name.endswith(".age") for name in names) else ""
    return _READ_ME.format(
        about=what,
        files=listed,
        opened=opened,
        keys=keys_at,
        bundle_key=bundle_key,
        log_key=log_key or "none yet",
        version=_VERSIONS[version],
    )


def _group(name: str) -> str:
    folder, slash, _ = name.partition("/")
    return f"{folder}/" if slash else name


def _happened(timeline: Sequence[TimelineEntry]) -> Part:
    named = [each for each in timeline if each.kind in _KINDS]
    rows = []
    # What happened to many copies in one decision is one line.
    for (moment, kind), same in groupby(named, key=lambda each: (each.at[:16], each.kind)):
        count = len(list(same))
        rows.append((f"{moment.replace('T', ' ')} UTC", _KINDS[kind] + (f" ({count} times)" if count > 1 else "")))
    return Part("What happened", rows or [("–", "nothing is recorded")])


def _counted(copies: Sequence[Copy]) -> str:
    states = sorted(copy.state for copy in copies)
    counted = [f"{len(list(same))} {_state(state)}" for state, same in groupby(states)]
    return ", ".join(counted) or "none that can be told"


def _state(state: CopyState) -> str:
    return state.value.replace("_", " ")


def _moment(at: datetime | None) -> str:
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
