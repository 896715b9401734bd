"""What a person says in a notice: asked for where it is left out, and tried against the law before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from takeback.cases import Contact, Notice, Role
from takeback.cases.law import law_pack, law_packs
from takeback.cases.notice import ReportedPicture, is_valid, missing_fields, nearest_law
from takeback.cli.terminal import Terminal
from takeback.errors import IncompleteNotice


def asked(terminal: Terminal, words: dict[str, Any]) -> dict[str, Any]:
    """Ask for what is missing; an empty answer leaves it out."""
    contact = dict(words["contact"])
    said = dict(words)
    said["statement"] = words["statement"] or terminal.ask("What is it, and what did you not agree to? In your words")
    contact["name"] = contact["name"] or terminal.ask("Your name")
    if not (contact["email"] or contact["phone"] or contact["mailbox"]):
        contact["email"] = terminal.ask("Your e-mail address; empty: you look for news yourself, with the receipt")
        contact["mailbox"] = not contact["email"]
    affirmations = {
        "intimate": "Is what is shown intimate, or forged so?",
        "not_consensual": "Was it published without the consent of who is shown?",
        "good_faith": "Do you believe in good faith that all this is true?",
    }
    for field, question in affirmations.items():
        said[field] = words[field] or terminal.confirm(question)
    said["signature"] = words["signature"] or terminal.ask("Your signature: type your name")
    return {**said, "contact": contact}


def notice_of(words: Mapping[str, Any], *, has_pictures: bool) -> Notice:
    """
    Return the notice that the words make; raise `IncompleteNotice` where no law would take it.

    Of pictures, which are hashed later, it says only whether there are some: that is all that the law asks.
    """
    packs = [law_pack(law) for law in words["laws"]] or list(law_packs().values())
    notice = Notice(
        laws=(),
        pictures=(ReportedPicture(),) if has_pictures else (),
        links=tuple(words["links"]),
        role=Role(words["role"]),
        authority=words["authority"],
        statement=words["statement"],
        signature=words["signature"],
        intimate=words["intimate"],
        not_consensual=words["not_consensual"],
        good_faith=words["good_faith"],
        contact=Contact(**words["contact"]),
    )
    if is_valid(notice, packs):
        return notice
    nearest = nearest_law(notice, packs)
    lacking = [missing.field for missing in missing_fields(notice, [nearest])]
    problem = IncompleteNotice(
        f"Nothing was sent: {nearest.name} asks for more: {', '.join(lacking)}.", missing=lacking
    )
    problem.advice = "`takeback notice send --help` says how each is given."
    raise problem
