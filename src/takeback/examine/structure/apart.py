"""How a camera builds a file, told by a sandboxed child: the file may be a stranger's after all."""

from __future__ import annotations

from collections.abc import Mapping

from takeback.examine.structure.signature import built_by
from takeback.media.sandbox import Answer


def signature_handler(payload: bytes, _options: Mapping[str, object]) -> Answer:
    """Return the camera that a file names and its signature; nothing of a file that tells none."""
    built = built_by(payload)
    return Answer({} if built is None else {"camera": built[0], "signature": built[1]})
