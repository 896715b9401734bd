"""Double JPEG: what an earlier saving left in a file's integers, and where it did not."""

from takeback.examine.blind.double_jpeg.detector import double_jpeg

__all__ = ["double_jpeg"]
