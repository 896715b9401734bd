"""Two pictures aligned: local features of each, and the transform that leads from one to the other."""

from takeback.registration.align import Alignment, align
from takeback.registration.features import MAX_FEATURES, LocalFeatures, local_features

__all__ = ["MAX_FEATURES", "Alignment", "LocalFeatures", "align", "local_features"]
