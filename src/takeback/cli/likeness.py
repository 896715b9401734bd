"""How like two pictures are, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def likeness(found: Mapping[str, Any]) -> list[str]:
    """
    Return each fact that speaks for a copy, in a few words.

    `found` has `fact`, `distance`, `view`, `orientation`, `similarity`, `inliers` and `place`, as the HTTP
    interface names them; any may be None.
    """
    facts = []
    if found["distance"] is not None:
        facts.append(", ".join([f"{found['distance']} bits", *_looked_at(found)]))
    elif found["fact"] in ("file", "pixels", "link"):
        facts.append(f"equal {found['fact']}")
    if found["similarity"] is not None:
        facts.append(f"descriptor {found['similarity']:.2f}")
    if found["inliers"] is not None:
        facts.append(f"{found['inliers']} details agree{_placed(found['place'])}")
    return facts


def _looked_at(found: Mapping[str, Any]) -> list[str]:
    looked = [found["view"] or "whole", found["orientation"] or "upright"]
    return [each for each in looked if each != "whole"] or ["upright"]


def _placed(place: Mapping[str, float] | None) -> str:
    if place is None:
        return ""
    turned = "" if abs(place["angle"]) < 1 else f", turned by {place['angle']:.0f}°"
    return f" at scale {place['scale']:.2f}{turned}"
