"""What was found in the pixels as they are stored, as a person sees them."""

from __future__ import annotations

from dataclasses import replace

from takeback.examine.outcome import Box, Finding, Outcome
from takeback.media.orientation import turn_mask


def upright(outcome: Outcome, width: int, height: int, orientation: int) -> Outcome:
    """Return an outcome whose boxes and masks are of the stored pixels, `width` × `height`, as a person sees them."""
    if orientation == 1 or not outcome.findings:
        return outcome
    return replace(outcome, findings=tuple(_upright(each, width, height, orientation) for each in outcome.findings))


def _upright(finding: Finding, width: int, height: int, orientation: int) -> Finding:
    boxes = tuple(_turned(box, width, height, orientation) for box in finding.boxes)
    mask = None if finding.mask is None else turn_mask(finding.mask, orientation)
    return replace(finding, boxes=boxes, mask=mask)


def _turned(box: Box, width: int, height: int, orientation: int) -> Box:
    """Turn a box as EXIF's `orientation` says: of its columns and rows, mirrored first, then exchanged."""
    left, top, across, down = box
    if orientation in (2, 3, 7, 8):
        left = width - left - across
    if orientation in (3, 4, 6, 7):
        top = height - top - down
    return (top, left, down, across) if orientation >= 5 else (left, top, across, down)
