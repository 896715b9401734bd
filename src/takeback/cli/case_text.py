"""One case on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from takeback.cli.likeness import likeness
from takeback.cli.moments import in_words, read_moment, time_left
from takeback.cli.terminal import Terminal


def write_case(terminal: Terminal, case: Mapping[str, Any]) -> None:
    """Write one case with its hearings, the refused uploads that are contested, and its copies."""
    if terminal.as_json:
        terminal.json(case)
        return
    rows = {
        "state": _state_of(case) + (", under 18: hidden unseen" if case["under_18"] else ""),
        "laws": ", ".join(case["laws"]),
        "received": in_words(read_moment(case["received_at"])),
        "valid": in_words(read_moment(case["valid_at"])),
        "decide by": " ".join(due(case)),
        "decided": in_words(read_moment(case["decided_at"])),
    }
    for name, what in (("from_list", "the outside list"), ("from_bank", "your own bank")):
        if case[name] is not None:
            rows["begun by"] = f"{what} {case[name] or 'that is removed'}; nobody gave notice"
    if case["news_bounced"]:
        rows["news"] = "mail came back: she may not know of any, unless she looks herself"
    terminal.line(f"case {case['id']}")
    for title, value in rows.items():
        terminal.line(f"  {title:<10} {value}")
    for hearing in case["hearings"]:
        terminal.line(f"  {'hearing':<10} {_hearing(hearing)}")
    for upload in case["refused_uploads"]:
        terminal.line(f"  {'refused':<10} {_upload(upload)}")
    for copy in case["copies"]:
        terminal.line()
        _write_copy(terminal, copy)


def _hearing(hearing: Mapping[str, Any]) -> str:
    said = {True: "she agrees", False: "she does not agree", None: "she said nothing yet"}[hearing["agrees"]]
    until = in_words(read_moment(hearing["until_at"]))
    return f"about the {hearing['about']}, {'over' if hearing['closed_at'] else f'until {until}'}: {said}"


def _upload(upload: Mapping[str, Any]) -> str:
    said = "" if upload["reason"] is None else f": {upload['reason']}"
    state = {"upheld": "still refused", "let": "refused no more"}.get(upload["state"], upload["state"])
    return f"uploads at {upload['place']} since {in_words(read_moment(upload['refused_at']))}, {state}{said}"


def _write_copy(terminal: Terminal, copy: Mapping[str, Any]) -> None:
    terminal.line(f"copy {copy['id']}")
    terminal.line(f"  {'where':<10} {copy['url'] or copy['item_id'] or '–'}")
    terminal.line(f"  {'state':<10} {copy['state']}{'' if copy['problem'] is None else ': ' + copy['problem']}")
    terminal.line(f"  {'likeness':<10} {_likeness(copy)}")
    for each in copy["deliveries"]:
        attempts = "" if each["attempts"] < 2 else f" after {each['attempts']} attempts"
        problem = "" if each["problem"] is None else f": {each['problem']}"
        terminal.line(f"  {'order':<10} {each['kind']} {each['state']}{attempts}{problem}")


def _likeness(copy: Mapping[str, Any]) -> str:
    if copy["class"] is None:
        return "named by the notice, not compared" if copy["linked"] else "–"
    facts = likeness(copy)
    facts += ["can be confirmed blind"] if copy["blind"] else []
    return f"{copy['class'].replace('_', ' ')} ({', '.join(facts)})"


def _state_of(case: Mapping[str, Any]) -> str:
    """Return where a case stands, and that it is capped."""
    return str(case["state"]) + (", capped: nothing is hidden yet" if case["capped"] else "")


def due(case: Mapping[str, Any]) -> tuple[str, str]:
    """Return by when a case is to be decided, and how long that is."""
    deadline = read_moment(case["deadline_at"])
    if deadline is None:
        return "–", ""
    return in_words(deadline), f"({time_left(deadline, datetime.now(UTC))})"
