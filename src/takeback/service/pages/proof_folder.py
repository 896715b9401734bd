"""The proofs of a case as one file to take along: a ZIP with a proof a file, and how to check them."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

from fastapi import Response

from takeback.audit.receipt import PROOF_ENDING
from takeback.service.pages.answer import FORGET
from takeback.service.pages.words import Words
from takeback.workflow.proofs import Proofs

ZIP_NAME = "record.zip"
"""Neutral: whoever looks at her downloads learns nothing from it."""


def proof_folder(words: Words, proofs: Proofs) -> Response:
    """Return the download."""
    headers = {"Content-Disposition": f'attachment; filename="{ZIP_NAME}"', **FORGET}
    return Response(_zipped(words, proofs), media_type="application/zip", headers=headers)


def _zipped(words: Words, proofs: Proofs) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as folder:
        key = str(proofs.made[-1].key)
        _write(
            folder, "read-me.txt", f"{words('verify.read_me', path='/verify')}\n\n{key}\n", proofs.made[-1].period.until
        )
        for number, proof in enumerate(proofs.made, start=1):
            name = f"{number:03}-{proof.attestation['kind']}{PROOF_ENDING}"
            _write(folder, name, proof.text(), proof.period.until)
    return written.getvalue()


def _write(folder: zipfile.ZipFile, name: str, text: str, at: datetime) -> None:
    # The moment of the entry and not of the download: the same proofs give the same file.
    folder.writestr(zipfile.ZipInfo(name, at.timetuple()[:6]), text.encode())
