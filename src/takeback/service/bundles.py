"""Evidence bundles, as they are handed over: a ZIP with a neutral name, kept by no cache."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from pydantic import Field

from takeback.service.pages.answer import FORGET
from takeback.service.prints import Strict
from takeback.workflow.bundle import MAX_WHY, Bundle
from takeback.workflow.bundle_record import Version

ZIP_NAME = "record.zip"
"""Neutral: whoever looks at downloads learns nothing from it."""

AS_ZIP: dict[int | str, dict[str, Any]] = {200: {"content": {"application/zip": {}}}}
"""What such a route answers, for OpenAPI."""


class BundleIn(Strict):
    """Which version is made of a case, and why."""

    why: str = Field(max_length=2 * MAX_WHY, description="Who asked for it and on what ground; no names.")
    version: Version = Field(Version.FULL, description="`full`, or `uploader` for whoever posted `copy`.")
    copy_id: str = Field("", max_length=32, description="Of the uploader's version: which copy.", alias="copy")


def zip_answer(made: Bundle, *, forget: bool = False) -> Response:
    """Return the download; `forget` asks her browser to keep nothing of the page around it."""
    headers = {"Content-Disposition": f'attachment; filename="{ZIP_NAME}"', "Cache-Control": "no-store"}
    headers |= FORGET if forget else {}
    return Response(made.content, media_type="application/zip", headers=headers)
