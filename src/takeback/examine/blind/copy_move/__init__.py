"""A part of the picture that was copied within it: proposed, outlined pixel by pixel, and held against the rest."""

from takeback.examine.blind.copy_move.copied import copy_move

__all__ = ["copy_move"]
