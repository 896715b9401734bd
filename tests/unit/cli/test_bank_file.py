"""Banks as files: lists of others, and what `takeback hash --json` writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.house import drawn
from tests.unit.cli.conftest import Call, Save

from takeback.cli.bank_file import read_bank_file
from takeback.errors import InputError, MalformedHash
from takeback.fingerprint import pdq_hash

PDQ = pdq_hash(drawn(1)).hex()
OTHER = pdq_hash(drawn(2)).hex()


def _bank(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "entry"),
    [
        ("plain.txt", f"{OTHER}\n\n{PDQ}\n", "line 3"),
        ("plain.csv", f"{OTHER}\n{PDQ.upper()}\n", "line 2"),
        ("header.csv", f"hash,algorithm,quality,label\n{OTHER},pdq,100,a\n{PDQ},pdq,90,b\n", "line 3"),
        ("named.csv", f"name,hash\nother,{OTHER}\nhers,{PDQ}\n", "hers"),
        ("expected.csv", f"\ufefffile,pdq,quality\nx.jpg,{OTHER},100\ny.jpg,{PDQ},100\n", "y.jpg"),
        ("flat.jsonl", f'{{"pdq": "{PDQ}", "quality": 80, "name": "hers"}}\n', "hers"),
        ("flat.jsonl", f'{{"hash": "{PDQ}", "algorithm": "pdq", "id": 17}}\n', "17"),
    ],
)
def test_a_line_is_found_by_its_name(
    call: Call, picture: Save, tmp_path: Path, name: str, text: str, entry: str
) -> None:
    done = call("match", picture("q.png", 1), "--against", _bank(tmp_path, name, text), "--json")
    (line,) = done.lines
    assert (done.code, line["class"], line["entry"], line["distance"]) == (0, "substantially_same", entry, 0)


def test_what_hash_writes_is_a_bank(call: Call, picture: Save, tmp_path: Path) -> None:
    picture("known/one.png", 1)
    picture("known/two.png", 2)
    (tmp_path / "known/bad.jpg").write_text("no picture")
    _bank(tmp_path, "bank.jsonl", call("hash", "known", "--json").out)
    picture("same.png", 1)
    picture("copy.jpg", 2, quality=50)
    done = call("match", "same.png", "copy.jpg", "--against", "bank.jsonl", "--json")
    assert [(line["class"], line["entry"]) for line in done.lines] == [
        ("identical", "known/one.png"),
        ("substantially_same", "known/two.png"),
    ]
    assert "1 in bank.jsonl left out" in done.err


def test_a_line_of_another_algorithm_is_left_out_and_counted(call: Call, picture: Save, tmp_path: Path) -> None:
    _bank(tmp_path, "bank.csv", f"hash,algorithm\n{'a' * 32},md5\n{PDQ},pdq\n")
    done = call("match", picture("q.png", 1), "--against", "bank.csv", "--json")
    assert done.lines[0]["entry"] == "line 3"
    assert "1 in bank.csv left out" in done.err


def test_a_fingerprint_of_low_quality_or_all_zero_is_not_compared(call: Call, picture: Save, tmp_path: Path) -> None:
    _bank(tmp_path, "bank.csv", f"hash,quality\n{PDQ},49\n{'0' * 64},100\n{OTHER},100\n")
    done = call("match", picture("q.png", 1), "--against", "bank.csv", "--json")
    assert done.lines[0]["class"] == "none"
    assert "2 in bank.csv left out" in done.err


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("bank.csv", f"hash\n{PDQ}\n{PDQ[:-1]}\n", 3),
        ("bank.txt", f"{PDQ}\nher name\n", 2),
        ("bank.csv", f"hash,quality\n{PDQ},good\n", 2),
        ("bank.csv", f"hash,quality\n{PDQ},101\n", 2),
        ("bank.csv", f"hash,algorithm\n{PDQ[:40]},sha256\n", 2),
        ("bank.jsonl", f'{{"pdq": "{PDQ}"}}\n{{"pdq": \n', 2),
        ("bank.jsonl", '["not an object"]\n', 1),
        ("bank.jsonl", '{"pdq": 17}\n', 1),
        ("bank.jsonl", '{"frames": 17}\n', 1),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_never_quoted(tmp_path: Path, name: str, text: str, line: int) -> None:
    with pytest.raises(MalformedHash, match=f"^Line {line} of ") as raised:
        list(read_bank_file(_bank(tmp_path, name, text)))
    assert PDQ[:20] not in raised.value.message
    assert "her name" not in raised.value.message


def test_a_bank_that_is_no_text_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "bank.csv").write_bytes(b"\xff\xfe\x00hash")
    with pytest.raises(InputError, match="is not text in UTF-8"):
        list(read_bank_file(tmp_path / "bank.csv"))


def test_published_needles_are_found_in_the_published_haystack(call: Call, picture: Save, vectors: Path) -> None:
    done = call("match", picture("q.png", 1), "--against", vectors / "pdq/haystack.txt", "--json")
    assert (done.code, done.lines[0]["class"]) == (0, "none")
    assert "compared with 1350 in" in done.err
