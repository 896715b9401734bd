"""Step 5: a person's notice becomes a case with a state and a deadline."""

from takeback.cases.case import CaseState, CopyState, move_case, move_copy
from takeback.cases.deadline import Clocks, clocks_of
from takeback.cases.law import LawPack, law_pack, law_packs
from takeback.cases.notice import Contact, Notice, Role, missing_fields

__all__ = [
    "CaseState",
    "Clocks",
    "Contact",
    "CopyState",
    "LawPack",
    "Notice",
    "Role",
    "clocks_of",
    "law_pack",
    "law_packs",
    "missing_fields",
    "move_case",
    "move_copy",
]
