"""Takeback finds every copy of a reported picture, gets it removed on the law's clock, and proves it."""

from importlib.metadata import version

__version__ = version("takeback")
