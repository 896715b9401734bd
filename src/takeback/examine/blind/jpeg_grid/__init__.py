"""
Where the blocks of a picture's last saving as JPEG lie, and which part does not lie on them.

`votes` finds the grid, `steps` how the picture was saved on it, `regions` what does not belong to it, and `examined`
says it. `reference` is the kernel's readable twin.
"""

from takeback.examine.blind.jpeg_grid.examined import jpeg_grid

__all__ = ["jpeg_grid"]
