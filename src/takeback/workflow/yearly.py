"""
The yearly report under Art. 15 and 24 DSA, as far as this service counts what it asks for.

The Commission's template (Implementing Regulation (EU) 2024/2835, Annex I) is a set of tables. Of two of them the names
of columns, and of the rows that apply here, are known: from reports that others published in it, which agree. They are
written as they stand there, spaces included. What else is counted is in a table of our own, by the article that asks
for it; what the other tables hold, this service does not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from takeback.cases.dsa import EU_LAW
from takeback.store import Store
from takeback.store.tallies import ALL_LAWS, Tally
from takeback.workflow.transparency import Report, made_of

type Rows = Sequence[Sequence[str]]

_FLAGGED = "(Trusted Flagger notices)"
_NOTICE_NUMBERS = (
    "Number of notices received ",
    "Number of notices received from Trusted flaggers",
    "Number of specific items of information included in the total number of notices",
    f"Number of specific items of information included in the total number of notices by Trusted Flaggers {_FLAGGED}",
    "Median time to take action",
    f"Median time to take action {_FLAGGED}",
    "Number of actions taken on the basis of the law",
    f"Number of actions taken on the basis of the law {_FLAGGED}",
    "Number of actions taken on the basis of the terms and conditions of the service",
    f"Number of actions taken on the basis of the terms and conditions of the service {_FLAGGED}",
)
NOTICE_COLUMNS = (
    "Applicability", "Service", "Reporting period", "Category of illegal content",
    'Description of the sub-category "Other"', *_NOTICE_NUMBERS,
    *(f"Contextual information on {name}" for name in _NOTICE_NUMBERS),
)  # fmt: skip
APPEAL_COLUMNS = (
    "Applicability", "Service", "Reporting period", "Section", "Indicator", "Scope", "Value", "Contextual Information",
)  # fmt: skip
OWN_COLUMNS = ("Service", "Reporting period", "Article", "What", "Number")

_COMPLAINTS = ("Internal complaints mechanism", "Number of complaints submitted to the internal-complaints mechanism")
_OFFENDERS = "Suspensions imposed on repeated offenders"
_SUSPENSIONS = "Number of suspensions enacted for the provision of manifestly"
_MINUTES = 60


def yearly_tables(store: Store, year: int, service_name: str) -> Mapping[str, Rows]:
    """Return each table of a calendar year by its file name, with its heading."""
    first, last = f"{year}-01", f"{year}-12"
    with store.read() as tx:
        counted = tx.tallies.of_months(first, last)
    report = made_of(counted, first, last, counted_from=first)
    head = (service_name, f"{year}-01-01/{year}-12-31")
    return {
        "4_notices.csv": [NOTICE_COLUMNS, _notices(report, counted, head)],
        "7_appeals_and_recidivism.csv": [APPEAL_COLUMNS, *_appeals(counted, head)],
        "counted_by_takeback.csv": [OWN_COLUMNS, *_own(report, counted, head)],
    }


def _notices(report: Report, counted: Sequence[Tally], head: tuple[str, str]) -> Sequence[str]:
    median = report.times["decided"].get(EU_LAW)
    minutes = None if median is None else median.median
    none = ""  # notices of trusted flaggers are not told apart
    numbers = (
        str(_of(counted, "notices")), none, str(_of(counted, "found", "named")), none,
        "" if minutes is None else f"{minutes / _MINUTES:.2f}", none, str(_of(counted, "removed")), none, "0", none,
    )  # fmt: skip
    apart = "Notices of trusted flaggers are not told apart."
    said = (
        "", apart, "Links to items of the service; pictures without a link are not counted.", apart,
        "In hours, at most: from the complete notice, or the first copy, to the decision.", apart,
        "Places at which a picture was removed.", apart, "The decisions rest on the law alone.", apart,
    )  # fmt: skip
    return ("", *head, "TOTAL", "", *numbers, *said)


def _appeals(counted: Sequence[Tally], head: tuple[str, str]) -> Rows:
    places = "By the place of a picture, and by the site and day of refused uploads, as each is decided."
    nobody = "Nobody's notices, and nobody's complaints, are suspended."
    rows = [
        (*_COMPLAINTS, "Total number", _of(counted, "contested") + _of(counted, "uploads", "contested"), places),
        (*_COMPLAINTS, "Decisions upheld", _of(counted, "upheld") + _of(counted, "uploads", "upheld"), places),
        (
            *_COMPLAINTS,
            "Decisions reversed",
            _of(counted, "restored", "contest") + _of(counted, "uploads", "let"),
            places,
        ),
        (_OFFENDERS, f"{_SUSPENSIONS} illegal content", "Total number", _all(counted, "measures", "suspension"), ""),
        (_OFFENDERS, f"{_SUSPENSIONS} unfounded notices", "Total number", 0, nobody),
        (_OFFENDERS, f"{_SUSPENSIONS} unfounded complaints", "Total number", 0, nobody),
    ]
    return [("", *head, *map(str, row)) for row in rows]


def _own(report: Report, counted: Sequence[Tally], head: tuple[str, str]) -> Rows:
    figures = report.figures
    rows = [
        ("Art. 15(1)(b)", "notices, under every law", figures["notices"].total),
        ("Art. 15(1)(b)", "complete notices, under Art. 16 DSA", _of(counted, "valid")),
        ("Art. 15(1)(b)", "notices on which a program alone decided", 0),
        ("Art. 15(1)(b)", "notices with a removal", figures["granted"].total),
        ("Art. 15(1)(b)", "notices that were refused", figures["refused"].total),
        ("Art. 15(1)(d)", "refusals that a second person did not agree with", figures["overturned"].total),
        ("Art. 15(1)(e)", "copies that a program found, and that were not removed", _found_in_vain(counted)),
        ("Art. 23(1)", "accounts that were warned", _all(counted, "measures", "warning")),
    ]
    return [(*head, article, what, str(number)) for article, what, number in rows]


def _found_in_vain(counted: Sequence[Tally]) -> int:
    """Return how many copies that a program found a person said no to first: an indicator of its error."""
    return sum(each.count for each in counted if each.law == ALL_LAWS and each.name == "unconfirmed")


def _of(counted: Sequence[Tally], name: str, part: str | None = None) -> int:
    """Return what was counted under Art. 16 DSA."""
    return _sum(counted, EU_LAW, name, part)


def _all(counted: Sequence[Tally], name: str, part: str | None = None) -> int:
    return _sum(counted, ALL_LAWS, name, part)


def _sum(counted: Sequence[Tally], law: str, name: str, part: str | None) -> int:
    return sum(
        each.count for each in counted
        if each.law == law and each.name == name and (part is None or each.part == part)
    )  # fmt: skip
