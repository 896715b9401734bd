"""STUB"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ViewKind(StrEnum):
    WHOLE = "whole"
    STRIPPED = "stripped"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class View:
    kind: ViewKind
    left: int
    top: int
    width: int
    height: int
