"""
Photographs that are no clean ones: whoever published them had copied parts within them, as an enlarged look shows.

What is found in them is no false alarm, and is counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ALTERED: Final[Mapping[str, str]] = {
    "scenes/026": "a drawing that was put together: one dish stands twice",
    "scenes/077": "a field of stars stands twice, 57 pixels to the right and 94 below",
    "scenes/094": "wheat was laid along the lower edge several times, once 367 pixels to the right and 2 below",
    "skimage/grass": "made to go on beyond its edges: a corner stands again 181 to the right and 346 below",
    "skimage/gravel": "made to go on beyond its edges: a piece of one stands again 35 to the right and 273 below",
}
"""By family, and what stands twice in them."""
