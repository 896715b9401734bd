"""
Step 2: what a picture is known by: fingerprints for copies, digests for equals.

As with `media`, no picture parser is loaded before a function that decodes is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from takeback.fingerprint.crops import pdq_crops
from takeback.fingerprint.digest import file_digest, pixel_digest, sums_of_lists
from takeback.fingerprint.looked import Looked
from takeback.fingerprint.orientation import Orientation, every_turn, pdq_orientations, turned_codes
from takeback.fingerprint.pdq import MATCH_RADIUS, MIN_QUALITY, PdqHash, nearest_512, pdq_hash
from takeback.fingerprint.record import Fingerprints, FrameFingerprint, RoutedFingerprint, ViewFingerprint
from takeback.fingerprint.route import Route
from takeback.fingerprint.sscd import DESCRIPTOR_VALUES, CopyDescriptor, Descriptor

if TYPE_CHECKING:
    from takeback.fingerprint.take import pdq_of_file

__all__ = [
    "DESCRIPTOR_VALUES",
    "MATCH_RADIUS",
    "MIN_QUALITY",
    "CopyDescriptor",
    "Descriptor",
    "Fingerprints",
    "FrameFingerprint",
    "Looked",
    "Orientation",
    "PdqHash",
    "Route",
    "RoutedFingerprint",
    "ViewFingerprint",
    "every_turn",
    "file_digest",
    "nearest_512",
    "pdq_crops",
    "pdq_hash",
    "pdq_of_file",
    "pdq_orientations",
    "pixel_digest",
    "sums_of_lists",
    "turned_codes",
]


def __getattr__(name: str) -> Any:
    if name == "pdq_of_file":
        return import_module("takeback.fingerprint.take").pdq_of_file
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
