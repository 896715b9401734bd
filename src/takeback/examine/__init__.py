"""
What can be said of a picture, and how surely: compared with its original.

The picture parsers are loaded when a function is first asked for, as in `takeback.media`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from takeback.examine.comparison import Change, ChangeKind, Comparison

if TYPE_CHECKING:
    from takeback.examine.compare import compare_images, compare_pixels

__all__ = ["Change", "ChangeKind", "Comparison", "compare_images", "compare_pixels"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("takeback.examine.compare"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
