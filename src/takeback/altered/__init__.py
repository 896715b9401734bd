"""
Whether a picture is an altered copy: part of it an ordinary picture as it was, part of it replaced.

1. The suspect is laid on the original: turned each of eight ways, by the alignment where there is one, and as if a
   little had been cut off all sides. The placement in which most tiles are alike is refined by how far each lies off.
2. It is from the original if more tiles are alike at their places than chance gives in any other picture, or if so
   many local features agree that no other picture has.
3. Then telling tiles that are not alike, joined, are where it was altered.

Words or a sticker over an unaltered copy replace part of it too, and may count as an alteration: what was put there
is for a person, or a detector, to judge. A change smaller than a few tiles is not seen.
"""

from __future__ import annotations

from takeback.altered.judge import TELLING_QUALITY, Altered, Kind, can_be_told, compare_tiles

__all__ = ["TELLING_QUALITY", "Altered", "Kind", "can_be_told", "compare_tiles"]
