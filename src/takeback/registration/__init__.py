"""Two pictures aligned: local features of each, and the transform that leads from one to the other."""

from takeback.registration.align import Alignment, align
from takeback.registration.features import (
    CONTRAST,
    MAX_FEATURE_BYTES,
    MAX_FEATURES,
    LocalFeatures,
    can_register,
    local_features,
    opencv,
)

__all__ = [
    "CONTRAST",
    "MAX_FEATURES",
    "MAX_FEATURE_BYTES",
    "Alignment",
    "LocalFeatures",
    "align",
    "can_register",
    "local_features",
    "opencv",
]
