"""
A bank as a file: one thing looked for in each line.

    .txt, .csv  one PDQ fingerprint a line, 64 hexadecimal digits
    .csv        with a header: `hash` (or `pdq`), and any of `algorithm`, `quality`, `name` (or `file`, `id`)
    .jsonl      an object a line: those fields, or what `takeback hash --json` writes

`algorithm` is pdq, sha256 (of the file) or pixels_sha256. Other columns are ignored; a line of an algorithm
that is not compared here is left out and counted.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from takeback.errors import InputError, MalformedHash
from takeback.fingerprint import Descriptor, PdqHash
from takeback.fingerprint.pdq import MAX_QUALITY
from takeback.fingerprint.tiles import Tiles
from takeback.registration import LocalFeatures

SUFFIXES = frozenset({".csv", ".jsonl", ".txt"})
_HASH_COLUMNS = frozenset({"hash", "pdq", "file_sha256", "pixels_sha256"})
_HEX = re.compile(r"[0-9A-Fa-f]{64}")


@dataclass(frozen=True, slots=True)
class Known:
    """One thing looked for: its name, fingerprints and SHA-256 digests, and whatever else is known of it."""

    name: str
    prints: Sequence[PdqHash]
    digests: Sequence[bytes]
    crops: Sequence[PdqHash] = ()
    descriptors: Sequence[Descriptor] = ()
    local: Sequence[LocalFeatures] = ()
    tiles: Tiles | None = None
    """Of an ordinary picture, of which altered copies are looked for."""


def read_bank_file(path: Path) -> Iterator[Known]:
    """
    Yield what each line says; one without fingerprint or digest (of another algorithm) is yielded empty.

    `MalformedHash` names the first line that cannot be read, `InputError` says that the file cannot.
    """
    records = _json_lines if path.suffix.lower() == ".jsonl" else _table_lines
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, record in records(file):
                yield _known(path, number, record)
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror}.", advice="Check its permissions.") from problem
    except (UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{path} is not text in UTF-8.", advice="Export it again as CSV or JSON lines.") from problem


def _table_lines(file: TextIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    header = ["hash"]
    rows = csv.reader(file)
    for row in rows:
        cells = [cell.strip() for cell in row]
        named = [cell.lower() for cell in cells]
        if rows.line_num == 1 and _HASH_COLUMNS & set(named):
            header = named
        elif any(cells):
            yield rows.line_num, {name: cell for name, cell in zip(header, cells, strict=False) if cell}


def _json_lines(file: TextIO) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError:
                yield number, None


def _known(path: Path, number: int, record: Any) -> Known:
    try:
        frames = record.get("frames", [record])
        prints = [pdq for frame in frames for pdq in _prints(frame)]
        digests = [digest for each in (record, *frames) for digest in _digests(each)]
        name = next((record[key] for key in ("name", "file", "id") if record.get(key)), f"line {number}")
    except (AttributeError, TypeError, ValueError):
        raise MalformedHash(f"Line {number} of {path} holds no fingerprint that can be read.") from None
    return Known(str(name), prints, list(dict.fromkeys(digests)))


def _prints(frame: Mapping[str, Any]) -> list[PdqHash]:
    text = frame.get("pdq")
    if text is None and _algorithm(frame) == "pdq":
        text = frame.get("hash")
    if text is None:
        return []
    # Lists of others hold codes that no picture gives, with more than 128 ones; they do no harm here.
    code = _bytes_of(text)
    # All zero is how others write "too small or flat to hash".
    return [PdqHash(code, int(frame.get("quality", MAX_QUALITY)) if any(code) else 0)]


def _digests(frame: Mapping[str, Any]) -> list[bytes]:
    texts = [frame.get("file_sha256"), frame.get("pixels_sha256")]
    if _algorithm(frame) in ("sha256", "pixels_sha256"):
        texts.append(frame.get("hash"))
    return [_bytes_of(text) for text in texts if text is not None]


def _bytes_of(text: str) -> bytes:
    if _HEX.fullmatch(text) is None:
        raise ValueError("a fingerprint and a digest have 64 hexadecimal digits")
    return bytes.fromhex(text)


def _algorithm(frame: Mapping[str, Any]) -> str:
    return str(frame.get("algorithm", "pdq")).lower().replace("-", "")
