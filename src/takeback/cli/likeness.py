"""How like two pictures are, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def likeness(found: Mapping[str, Any]) -> list[str]:
    """
    Return each fact that speaks for a copy, in a few words.

    `found` has `fact`, `distance`, `view`, `orientation`, `similarity`, `inliers`, `place` and `changed`, as the
    HTTP interface names them; any may be None.
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
    if found["changed"]:
        facts.append(f"replaced at {', '.join(_at(box) for box in found['changed'])}")
    return facts


def _at(box: Sequence[int]) -> str:
    left, top, width, height = box
    return f"{left},{top} ({width} × {height})"


def _looked_at(found: Mapping[str, Any]) -> list[str]:
    looked = [found["view"] or "whole", found["orientation"] or "upright"]
    return [each for each in looked if each != "whole"] or ["upright"]


def _placed(place: Mapping[str, float] | None) -> str:
    if place is None:
        return ""
    turned = "" if abs(place["angle"]) < 1 else f", turned by {place['angle']:.0f}°"
    return f" at scale {place['scale']:.2f}{turned}"
