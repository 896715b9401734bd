"""Turning a square in each of eight ways, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.fingerprint import Orientation
from takeback.fingerprint.tiles import PLANE_SIDE

type Plane = NDArray[np.uint8]
type Matrix = NDArray[np.float64]

# What undoes each: exchange rows and columns, then turn top and bottom over, then left and right.
_UNDO = {
    Orientation.UPRIGHT: (False, False, False),
    Orientation.ROTATED_90: (True, True, False),
    Orientation.ROTATED_180: (False, True, True),
    Orientation.ROTATED_270: (True, False, True),
    Orientation.MIRRORED: (False, False, True),
    Orientation.FLIPPED: (False, True, False),
    Orientation.TRANSPOSED: (True, False, False),
    Orientation.TRANSVERSED: (True, True, True),
}


def undone(square: Plane, orientation: Orientation) -> Plane:
    """Return a square that was turned as it was before."""
    across, over, aside = _UNDO[orientation]
    turned = square.T if across else square
    return turned[:: -1 if over else 1, :: -1 if aside else 1]


def undoing(orientation: Orientation) -> Matrix:
    """Return the matrix from the square after undoing to the square before it."""
    across, over, aside = _UNDO[orientation]
    matrix = np.array([[-1.0, 0, PLANE_SIDE] if aside else [1.0, 0, 0], [0, -1.0, PLANE_SIDE] if over else [0, 1.0, 0]])
    return np.ascontiguousarray(matrix[::-1]) if across else matrix


def orientation_of(matrix: Matrix) -> Orientation:
    """Return which of the eight a matrix from the square to the suspect is nearest to."""
    linear = matrix[:, :2] / np.linalg.norm(matrix[:, :2], axis=1, keepdims=True)
    return max(Orientation, key=lambda each: float((linear * undoing(each)[:, :2]).sum()))


def after(second: Matrix, first: Matrix) -> Matrix:
    """Return the matrix that does `first`, then `second`."""
    return np.column_stack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])
