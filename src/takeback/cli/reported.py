"""What stands for a picture: fingerprints and digests, in the form that the HTTP interface takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from takeback.assembly import open_describer
from takeback.cases.notice import Level, ReportedPicture
from takeback.config import Settings
from takeback.fingerprint import MIN_QUALITY
from takeback.registration import can_register
from takeback.service.prints import OriginalIn, PictureIn
from takeback.workflow.closer import Describer

Give = Annotated[
    Level,
    typer.Option(
        "--give",
        metavar="fingerprint|descriptor|features",
        help="How much of a picture is given. fingerprint: 256 bits of it and of its crops; finds copies that were "
        "saved again, turned, cut or framed. descriptor: 512 numbers besides, that a model makes of it; finds nearly "
        "every edited copy. features: hundreds of details with their places besides; finds it in screenshots and "
        "collages, and is as sensitive as the picture itself.",
    ),
]


def describer_for(level: Level, settings: Settings) -> tuple[Describer | None, str | None]:
    """Return what describes pictures at `level`, and a sentence on what is missing here for it, if something is."""
    if level is Level.FINGERPRINT:
        return None, None
    describer = open_describer(settings)
    missing = [] if describer is not None else ["the copy descriptor"]
    missing += ["local features"] if level is Level.FEATURES and not can_register() else []
    if not missing:
        return describer, None
    return describer, f"Without {' and '.join(missing)}: install 'takeback[copies]'; `takeback doctor` says more."


def as_pictures(reported: Sequence[ReportedPicture]) -> list[PictureIn]:
    """Return one description for each picture; of one with too little detail, its digests alone."""
    return [_picture(each) for each in reported]


def as_originals(originals: Sequence[ReportedPicture]) -> list[OriginalIn]:
    """Return what is sent of ordinary pictures."""
    return [OriginalIn.of(each) for each in originals]


def _picture(reported: ReportedPicture) -> PictureIn:
    assert reported.file_digest is not None
    assert reported.pixel_digest is not None
    file, pixels = reported.file_digest.hex(), reported.pixel_digest.hex()
    if reported.pdq is None or reported.orientations is None:
        return PictureIn(quality=MIN_QUALITY - 1, file_sha256=file, pixels_sha256=pixels)
    return PictureIn(
        pdq=reported.pdq.hex(),
        quality=reported.pdq.quality,
        orientations={name.value: pdq.hex() for name, pdq in reported.orientations.items()},
        nearest_512=None if reported.nearest_512 is None else reported.nearest_512.hex(),
        **PictureIn.fields_of(reported),
        file_sha256=file,
        pixels_sha256=pixels,
    )
