"""Takeback finds every copy of a reported picture, gets it removed on the law's clock, and proves it."""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    # Every decoder imports this package; the reader of package metadata is too heavy for them.
    if name == "__version__":
        return import_module("importlib.metadata").version("takeback")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
