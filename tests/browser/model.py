"""A small model that may be passed on: what SSCD takes and gives, with weights that nobody trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIDE, CELL, VALUES = 288, 18, 512
_FLOAT, _UINT8 = 1, 2
_AS_INT, _AS_INTS = 2, 7


def random_model(seed: int = 1) -> bytes:
    """
    Return an ONNX file (`onnx/onnx.proto`): `image` uint8 [batch, 288, 288, 3] to `embedding` [batch, 512].

    It takes the mean of each of 16 × 16 cells, less that of them all, and throws them into 512 directions; the bias
    gives a blank picture one too.
    """
    cells = 3 * (SIDE // CELL) ** 2
    rng = np.random.default_rng(seed)
    weights, bias = (rng.normal(size=size).astype(np.float32) for size in ((cells, VALUES), VALUES))
    nodes = [
        _node("Cast", ["image"], "colours", to=_FLOAT),
        _node("Transpose", ["colours"], "planes", perm=[0, 3, 1, 2]),
        _node("AveragePool", ["planes"], "pooled", kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
        _node("Flatten", ["pooled"], "cells"),
        _node("ReduceMean", ["cells"], "mean", axes=[1]),
        _node("Sub", ["cells", "mean"], "telling"),
        _node("Gemm", ["telling", "weights", "bias"], "thrown"),
        _node("ReduceL2", ["thrown"], "length", axes=[1]),
        _node("Div", ["thrown", "length"], "embedding"),
    ]
    graph = [_field(1, node) for node in nodes]
    graph += [_field(2, b"random"), _field(5, _tensor("weights", weights)), _field(5, _tensor("bias", bias))]
    graph += [_field(11, _value("image", _UINT8, ["batch", SIDE, SIDE, 3]))]
    graph += [_field(12, _value("embedding", _FLOAT, ["batch", VALUES]))]
    return _field(1, 8) + _field(7, b"".join(graph)) + _field(8, _field(2, 13))


def _node(kind: str, inputs: Sequence[str], output: str, **attributes: int | list[int]) -> bytes:
    names = [_field(1, name.encode()) for name in inputs]
    given = [_field(5, _attribute(name, value)) for name, value in attributes.items()]
    return b"".join([*names, _field(2, output.encode()), _field(4, kind.encode()), *given])


def _attribute(name: str, value: int | list[int]) -> bytes:
    if isinstance(value, int):
        return _field(1, name.encode()) + _field(3, value) + _field(20, _AS_INT)
    return _field(1, name.encode()) + b"".join(_field(8, each) for each in value) + _field(20, _AS_INTS)


def _tensor(name: str, values: NDArray[np.float32]) -> bytes:
    sizes = b"".join(_field(1, size) for size in values.shape)
    return sizes + _field(2, _FLOAT) + _field(8, name.encode()) + _field(9, values.astype("<f4").tobytes())


def _value(name: str, kind: int, sizes: Sequence[int | str]) -> bytes:
    dimensions = [_field(1, size) if isinstance(size, int) else _field(2, size.encode()) for size in sizes]
    shape = b"".join(_field(1, dimension) for dimension in dimensions)
    return _field(1, name.encode()) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def _field(number: int, value: int | bytes) -> bytes:
    """Return one field of a protocol buffer."""
    if isinstance(value, int):
        return _varint(8 * number) + _varint(value)
    return _varint(8 * number + 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
