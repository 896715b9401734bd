"""What the pages of data protection say of where a datum lies, and how long, is what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from tests.unit.test_docs import rows_of

from takeback.cases.law import law_packs
from takeback.config import Settings
from takeback.jobs.runner import EXPIRY_POLL_SECONDS
from takeback.store import tables
from takeback.workflow.desk_people import SESSION_IDLE

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "data-protection"
PAGES = sorted(FOLDER.glob("*.md"))
PERIOD = re.compile(r"\b(\d[\d,]*) (minutes|hours|days)\b")
STATES = {"eu-dsa-16": "EU", "uk-osa-20a": "UK", "us-take-it-down": "US"}
FROM_LAWS = {"48 hours", "72 hours"}
"""To decide (`removal_within_hours` of each pack), and to tell the authority (Art. 33(1) GDPR)."""


def page(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def section(text: str, title: str) -> str:
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def times() -> list[list[str]]:
    """The rows of the table that says how long: what, how long, from when, where it is set."""
    return [row for row in rows_of(section(page("README.md"), "How long"))[2:] if len(row) == 4]


def in_words(period: timedelta) -> list[str]:
    """Every way in which a page may write a period."""
    seconds = int(period.total_seconds())
    units = {"minutes": 60, "hours": 3_600, "days": 86_400}
    return [f"{seconds // length:,} {name}" for name, length in units.items() if seconds % length == 0]


def of_packs(name: str) -> str:
    """How long the packs keep something, as the table writes it: once where they agree, else each."""
    kept = {law: in_words(getattr(pack.keeps, name.removesuffix("_days")))[-1] for law, pack in law_packs().items()}
    if len(set(kept.values())) == 1:
        return kept["eu-dsa-16"]
    return ", ".join(f"{kept[law]} ({state})" for law, state in STATES.items())


def constant(dotted: str) -> object:
    module, _, name = dotted.rpartition(".")
    return getattr(import_module(module), name)


def test_every_table_of_the_store_is_in_the_record_and_no_other() -> None:
    text = page("record-of-processing.md")
    named = {row[0] for row in rows_of(text)} & set(tables.metadata.tables)
    named |= set(re.findall(r"`(\w+)`", section(text, "Machinery")))
    assert named == set(tables.metadata.tables)


def test_every_law_has_a_name_in_the_table() -> None:
    assert set(STATES) == set(law_packs())


@pytest.mark.parametrize("row", times(), ids=lambda row: row[0][:40])
def test_each_time_in_the_table_is_what_the_code_keeps(row: list[str]) -> None:
    _, how_long, _, source = row
    kind, _, name = source.partition(": ")
    name = name.strip("`") if name else kind.strip("`")
    if kind == "law pack":
        assert how_long == of_packs(name)
        return
    if kind == "setting":
        assert how_long in in_words(timedelta(days=getattr(Settings(), name)))
        return
    value = constant(name)
    if isinstance(value, timedelta):
        assert any(how_long == text or how_long.startswith(f"{text} at most") for text in in_words(value))
    else:
        assert callable(value)
        assert not PERIOD.search(how_long), "a time that no constant stands behind"


def known_periods() -> Iterator[str]:
    for row in times():
        yield from (" ".join(found) for found in PERIOD.findall(row[1]))
    yield from FROM_LAWS
    yield from in_words(SESSION_IDLE)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_names_another_time(path: Path) -> None:
    text = " ".join(path.read_text("utf-8").replace("\n> ", " ").split())
    named = {" ".join(found) for found in PERIOD.findall(text)}
    assert named <= set(known_periods())


def test_every_ten_minutes_is_how_often_the_job_runs() -> None:
    assert "every ten minutes" in page("README.md")
    assert EXPIRY_POLL_SECONDS == 600.0


def test_the_record_says_until_when_of_each_table() -> None:
    for row in rows_of(page("record-of-processing.md")):
        assert len(row) in (2, 3, 4)
        assert all(row[-1:]), row


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_blank_is_explained_once(path: Path) -> None:
    listed = {row[0] for row in rows_of(section(page("README.md"), "The blanks"))[2:]}
    used = set(re.findall(r"`(\[\[[^\]]+\]\])`", path.read_text("utf-8")))
    assert used <= listed
    assert path.name == "README.md" or used


def test_the_notice_for_the_person_names_the_longest_record() -> None:
    longest = max(pack.keeps.compliance_record for pack in law_packs().values())
    assert f"after {longest.days:,} days at the latest" in " ".join(
        page("privacy-notices.md").replace("\n> ", " ").split()
    )
