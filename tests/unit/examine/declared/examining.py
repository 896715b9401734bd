"""A handler for the sandbox's children: the examination of one file, as JSON."""

from __future__ import annotations

from takeback.examine.examine import examine_image
from takeback.media.sandbox import Answer
from takeback.media.warm_up import decode_every_format
from takeback.provenance.c2pa import warm_up as warm_up_credentials
from takeback.provenance.trust import TrustLists


def examining_handler(payload: bytes, options: dict[str, object]) -> Answer:
    """The payload is the file, then the trust lists."""
    end = options["file_bytes"]
    assert isinstance(end, int)
    return Answer(examine_image(payload[:end], trust=TrustLists.from_bytes(payload[end:])).as_json())


def warm_up() -> None:
    decode_every_format()
    warm_up_credentials()
