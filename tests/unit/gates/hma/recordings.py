"""Recorded requests and answers of a real HMA: the part of YAML that VCR writes, and nothing more of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_STRING = re.compile(r"^      string: (?P<plain>.*)\n(?P<block>(?:        .*\n|\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Recording:
    """One request with its answer."""

    method: str
    target: str
    body: str
    content_type: str | None
    status: int
    answer_type: str
    answer: str

    @property
    def shape(self) -> Any:
        return shape_of(self.answer, self.answer_type)


def recordings_in(path: Path) -> Iterator[Recording]:
    """Yield what one file holds, in its order."""
    for text in path.read_text("utf-8").split("\n- request:\n")[1:]:
        asked, _, answered = text.partition("\n  response:\n")
        url = urlsplit(_only(r"^    uri: (.*)$", asked))
        yield Recording(
            method=_only(r"^    method: (\w+)$", asked).upper(),
            target=f"{url.path}?{url.query}" if url.query else url.path,
            body=_string(asked),
            content_type=_header("Content-Type", asked),
            status=int(_only(r"^      code: (\d+)$", answered)),
            answer_type=_header("Content-Type", answered) or "",
            answer=_string(answered),
        )


def shape_of(text: str, media_type: str) -> Any:
    """Return what kinds of values stand where, without the values; of plain text the text."""
    if media_type.partition(";")[0] != "application/json":
        return text.strip()
    return _shape(json.loads(text))


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        kinds = [_shape(each) for each in value]
        return [kind for number, kind in enumerate(kinds) if kind not in kinds[:number]]
    return type(value).__name__


def _only(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    assert found is not None, pattern
    return found[1].strip()


def _header(name: str, text: str) -> str | None:
    found = re.search(rf"^      {name}:\n      - (.*)$", text, re.MULTILINE)
    return None if found is None else found[1].strip("\"'")


def _string(text: str) -> str:
    found = _STRING.search(f"{text}\n")
    assert found is not None
    plain = found["plain"].strip()
    if plain.startswith("|"):
        return "\n".join(line[8:] for line in found["block"].split("\n")).strip()
    if plain.startswith('"'):
        return str(json.loads(plain))
    return plain[1:-1].replace("''", "'") if plain.startswith("'") else plain
