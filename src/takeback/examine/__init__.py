"""
What can be said of a picture, and how surely: by itself (`examine_image`), or compared with its original.

The picture parsers are loaded when a function is first asked for, as in `takeback.media`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from takeback.examine.compared.comparison import Change, ChangeKind, Comparison
from takeback.examine.examination import Examination
from takeback.examine.outcome import Finding, Outcome, Test

if TYPE_CHECKING:
    from takeback.examine.compared.compare import compare_images, compare_pixels
    from takeback.examine.examine import examine_image

__all__ = [
    "Change",
    "ChangeKind",
    "Comparison",
    "Examination",
    "Finding",
    "Outcome",
    "Test",
    "compare_images",
    "compare_pixels",
    "examine_image",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        module = "takeback.examine.examine" if name == "examine_image" else "takeback.examine.compared.compare"
        return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
