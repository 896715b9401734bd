"""
The report of an examination: one page for somebody who has never heard of it, that an expert can run again.

What is said is the sentences of `takeback.examine.sentences`, in the order: what was found and how much that supports,
where, what could not be tested, what else is seen, the file, and how it was examined. The wording of support is that of
the European Network of Forensic Science Institutes (ENFSI guideline for evaluative reporting, 2015): of one proposition
over another, on a scale, and never a probability that something is false.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from takeback.bundle.summary import Map, Part, Summary
from takeback.examine.examination import Examination
from takeback.examine.outcome import BLIND_TESTS, BUDGET, MEASURED_FILES, MEASURED_FOUND, Finding, Test
from takeback.examine.sentences import Sentence

_SCALE = ((0.0002, "strong"), (0.002, "moderately_strong"), (1.0, "moderate"))
"""From which number of false alarms on a finding is called how strong: never more than was measured supports."""
_MAX_BOXES = 40


@dataclass(frozen=True, slots=True)
class Examined:
    """An examination, and what a report says besides."""

    found: Examination
    name: str
    """Of the file, as whoever asked calls it."""
    bytes: int
    at: datetime
    version: str


def name_of(test: Test) -> str:
    """Return what people call a test."""
    return str(Sentence(f"test_name.{test.value}"))


def summary_of(examined: Examined) -> Summary:
    """Return the report as it is laid out on paper."""
    found = examined.found
    findings, cannot = found.findings, found.not_applicable
    heading = Sentence("report.found", count=len(findings)) if findings else Sentence("report.nothing_found")
    looking = [outcome for outcome in found.outcomes if outcome.test in BLIND_TESTS]
    applied = sum(outcome.why_not is None for outcome in looking)
    intro = f"{heading} {Sentence('report.not_all', applied=applied, tests=len(looking))}"
    parts = [
        Part("What was found", [(name_of(each.test), _said(each)) for each in findings] or [("", "Nothing.")]),
        Part("What could not be tested", [(name_of(outcome.test), str(why)) for outcome, why in cannot]),
        Part("What else is seen", [(name_of(outcome.test), str(fact)) for outcome, fact in found.facts]),
        Part("The file", _file(examined)),
        Part("How it was examined", _how(examined)),
    ]
    boxes = [box for each in findings for box in each.boxes][:_MAX_BOXES]
    seen = Map(found.width, found.height, boxes, found.seen)
    return Summary(str(Sentence("report.title")), intro, [each for each in parts if each.rows], examined.at, seen)


def budget_told() -> Sentence:
    """Return how often an unaltered picture has a finding: what the tests are set to, and what was measured."""
    return Sentence("report.budget", pictures=round(1 / BUDGET), files=MEASURED_FILES, found=MEASURED_FOUND)


def _said(finding: Finding) -> str:
    return f"{finding.text} {_support(finding)}"


def _support(finding: Finding) -> Sentence:
    if finding.nfa is None:
        return Sentence("report.decided")
    scale = next(name for most, name in _SCALE if finding.nfa <= most)
    return Sentence(f"report.{scale}", pictures=round(1 / max(finding.nfa, 1e-4)))


def _file(examined: Examined) -> Sequence[tuple[str, str]]:
    found = examined.found
    return [
        ("name", examined.name),
        ("SHA-256", found.sha256),
        ("kind", f"{found.format.upper()}, {found.width} × {found.height} pixels, {examined.bytes:,} bytes"),
    ]


def _how(examined: Examined) -> Sequence[tuple[str, str]]:
    return [
        ("program", f"Takeback {examined.version}, {examined.at:%Y-%m-%d %H:%M} UTC"),
        ("again", "takeback examine FILE --json, with the same version and the file with this digest"),
        ("false alarms", str(budget_told())),
    ]


def written_of(examined: Examined) -> str:
    """Return the report for other programs, as JSON: the same facts, and the version that said so."""
    facts = {"name": examined.name, "bytes": examined.bytes, "at": examined.at.isoformat(), "version": examined.version}
    return json.dumps({**facts, **examined.found.as_json()}, indent=1) + "\n"


# ---- For a browser --------------------------------------------------------------------------------------


def page_of(examined: Examined) -> str:
    """Return the report as one HTML file that loads nothing, runs nothing, and shows whatever a file says as text."""
    summary = summary_of(examined)
    parts = "".join(_section(part) for part in summary.parts)
    assert summary.map is not None
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{html.escape(summary.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{html.escape(summary.title)}</h1>\n<p>{html.escape(summary.intro)}</p>\n{summary.map.as_svg()}\n"
        f"{parts}{_tests(examined.found)}</body>\n</html>\n"
    )


_STYLE = (
    ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;"
    "padding:0 1rem}h1{font-size:1.5rem}h2{font-size:1.1rem;border-bottom:1px solid;padding-bottom:.2rem;"
    "margin-top:2rem}dl{display:grid;grid-template-columns:minmax(7rem,11rem) 1fr;gap:.4rem 1rem}dt{opacity:.75}"
    "dd{margin:0;overflow-wrap:anywhere}svg{max-width:100%;max-height:32rem;width:auto;height:auto;border:1px solid}"
    "table{border-collapse:collapse;font-size:.85rem}td,th{text-align:left;padding:.2rem .8rem .2rem 0}"
    "pre{overflow:auto;font-size:.8rem}@media(max-width:30rem){dl{grid-template-columns:1fr;gap:0}"
    "dd{margin-bottom:.6rem}}"
)


def _section(part: Part) -> str:
    rows = "".join(f"<dt>{html.escape(label)}</dt><dd>{html.escape(text)}</dd>\n" for label, text in part.rows)
    return f"<h2>{html.escape(part.heading)}</h2>\n<dl>\n{rows}</dl>\n"


def _tests(found: Examination) -> str:
    """Return what an expert looks for: each test's numbers, and all of it as other programs read it."""
    rows = "".join(
        f"<tr><td>{html.escape(name_of(each.test))}</td><td>{each.statistic:.4g}</td><td>{each.counted:.4g}</td>"
        f"<td>{each.nfa:.3g}</td></tr>\n"
        for each in found.outcomes
    )
    written = html.escape(json.dumps(found.as_json(), indent=1))
    return (
        "<h2>For an expert</h2>\n<table>\n<tr><th>test</th><th>statistic</th><th>counted</th>"
        f"<th>false alarms (NFA)</th></tr>\n{rows}</table>\n<details><summary>All of it as JSON</summary>"
        f"<pre>{written}</pre></details>\n"
    )
