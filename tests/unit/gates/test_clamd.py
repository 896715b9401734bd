"""The gate in ClamAV's protocol: every command, every end of a line, and what no client sends."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.unit.gates.conftest import DECIDED, MAX_UPLOAD_BYTES, OTHER, REPORTED, asked, served

from takeback.assembly import Parts


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    (folder / "deep").mkdir(parents=True)
    (folder / "decided.png").write_bytes(DECIDED)
    (folder / "deep" / "other.png").write_bytes(OTHER)
    (tmp_path / "secret.png").write_bytes(DECIDED)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    os.mkfifo(folder / "pipe")
    return folder


@pytest.fixture
def gate(parts: Parts, uploads: Path) -> Iterator[str]:
    with served(parts, clamd=(f"127.0.0.1:0 path={uploads}",)) as (address,):
        yield address


def stream(data: bytes, *, piece: int = 1_000) -> bytes:
    pieces = [data[start : start + piece] for start in range(0, len(data), piece)]
    return b"".join(struct.pack(">I", len(each)) + each for each in pieces) + bytes(4)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"zPING\0", b"PONG\0"),
        (b"nPING\n", b"PONG\n"),
        (b"PING\n", b"PONG\n"),
        (b"PING\r\n", b"PONG\n"),
        (b"zRELOAD\0", b"RELOADING\0"),
        (b"zSHUTDOWN\0", b"UNKNOWN COMMAND\0"),
        (b"zFILDES\0", b"UNKNOWN COMMAND\0"),
        (b"zSTATS\0", b"UNKNOWN COMMAND\0"),
        (b"z\0", b"UNKNOWN COMMAND\0"),
    ],
)
def test_a_word_is_answered_with_the_end_that_it_came_with(gate: str, command: bytes, answer: bytes) -> None:
    assert asked(gate, command) == answer


def test_the_version_comes_apart_at_its_slashes_as_clients_expect(gate: str) -> None:
    name, number, date = asked(gate, b"zVERSION\0").removesuffix(b"\0").decode().split("/")
    assert name.startswith("ClamAV ")
    assert number.isdecimal()
    assert date.endswith("2026")
    assert b"INSTREAM" in asked(gate, b"zVERSIONCOMMANDS\0")


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (DECIDED, b"stream: Takeback.Refused FOUND\0"),
        (REPORTED, b"stream: OK\0"),
        (OTHER, b"stream: OK\0"),
        (b"Dear reader,\n", b"stream: OK\0"),
        (b"", b"stream: OK\0"),
    ],
    ids=["decided", "reported", "other", "letter", "empty"],
)
def test_only_what_a_person_decided_about_is_found(gate: str, sent: bytes, answer: bytes) -> None:
    assert asked(gate, b"zINSTREAM\0" + stream(sent)) == answer
    assert asked(gate, b"zINSTREAM\0" + stream(sent, piece=7)) == answer


@pytest.mark.parametrize(
    ("fault", "answer"),
    [("pass", b"stream: OK\0"), ("refuse", b"stream: Takeback.NotChecked FOUND\0"), ("error", b"ERROR\0")],
)
def test_what_cannot_be_judged_is_answered_as_the_line_says(parts: Parts, fault: str, answer: bytes) -> None:
    with served(parts, clamd=(f"127.0.0.1:0 fault={fault}",)) as (gate,):
        assert asked(gate, b"zINSTREAM\0" + stream(OTHER[:300])).endswith(answer)
        # A letter is no picture, and a plain one says nothing: neither is a fault.
        assert asked(gate, b"zINSTREAM\0" + stream(b"Dear reader,")) == b"stream: OK\0"


def test_a_file_over_the_limit_gets_clamds_own_answer(gate: str) -> None:
    answer = asked(gate, b"zINSTREAM\0" + stream(bytes(MAX_UPLOAD_BYTES + 1), piece=50_000), whole=False)
    assert answer == b"INSTREAM size limit exceeded. ERROR\0"


def test_a_session_answers_every_command_under_its_number(gate: str) -> None:
    commands = (
        b"zIDSESSION\0zPING\0"
        + b"zINSTREAM\0" + stream(DECIDED)
        + b"zINSTREAM\0" + stream(OTHER)
        + b"nVERSION\nzINSTREAM\0" + stream(DECIDED)
        + b"zEND\0"
    )  # fmt: skip
    answers = sorted(asked(gate, commands, whole=False).replace(b"\n", b"\0").rstrip(b"\0").split(b"\0"))
    assert answers[:3] == [b"1: PONG", b"2: stream: Takeback.Refused FOUND", b"3: stream: OK"]
    assert answers[3].startswith(b"4: ClamAV ")
    assert answers[4] == b"5: stream: Takeback.Refused FOUND"


def test_many_files_of_one_session_are_all_answered(gate: str) -> None:
    files = [DECIDED if number % 5 == 0 else OTHER for number in range(40)]
    commands = b"".join(b"zINSTREAM\0" + stream(each, piece=20_000) for each in files)
    answers = asked(gate, b"zIDSESSION\0" + commands + b"zEND\0", whole=False).rstrip(b"\0").split(b"\0")
    told = {int(number): text for number, _, text in (each.partition(b": ") for each in answers)}
    assert told == {
        number: b"stream: Takeback.Refused FOUND" if data is DECIDED else b"stream: OK"
        for number, data in enumerate(files, start=1)
    }


# By path


def test_a_file_is_looked_at_by_path_only_below_the_folder_that_was_named(gate: str, uploads: Path) -> None:
    found = asked(gate, f"zSCAN {uploads}/decided.png\0".encode())
    assert found == f"{uploads}/decided.png: Takeback.Refused FOUND\0".encode()
    assert asked(gate, f"zSCAN {uploads}/deep/other.png\0".encode()).endswith(b"other.png: OK\0")
    for outside in (
        uploads.parent / "secret.png", uploads / ".." / "secret.png", uploads / "link.png", Path("/etc/passwd")
    ):  # fmt: skip
        answer = asked(gate, f"zSCAN {outside}\0".encode())
        assert answer.endswith(b"ERROR\0"), outside
    assert asked(gate, f"zSCAN {uploads}/none.png\0".encode()).endswith(b"No such file or directory. ERROR\0")
    assert asked(gate, f"zSCAN {uploads}/pipe\0".encode()).endswith(b"ERROR\0")
    assert asked(gate, b"zSCAN decided.png\0").endswith(b"ERROR\0")


def test_a_folder_is_gone_through_and_a_link_in_it_is_not_followed(gate: str, uploads: Path) -> None:
    answers = asked(gate, f"zCONTSCAN {uploads}\0".encode()).rstrip(b"\0").split(b"\0")
    assert answers == [f"{uploads}/decided.png: Takeback.Refused FOUND".encode()]
    assert asked(gate, f"zCONTSCAN {uploads}/deep\0".encode()) == f"{uploads}/deep: OK\0".encode()


def test_without_a_folder_no_path_is_ever_opened(parts: Parts, uploads: Path) -> None:
    with served(parts, clamd=("127.0.0.1:0",)) as (gate,):
        assert asked(gate, f"zSCAN {uploads}/decided.png\0".encode()).endswith(b"ERROR\0")


# What no client sends


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"z", b"zINSTREAM\0", b"zINSTREAM\0\0\0", b"zINSTREAM\0" + struct.pack(">I", 100) + b"few",
        b"z" + b"A" * 100_000, b"\xff" * 50, b"zIDSESSION\0", b"zIDSESSION\0zINSTREAM\0" + b"\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)  # fmt: skip
def test_what_breaks_off_or_is_no_command_ends_and_the_next_is_answered(gate: str, sent: bytes) -> None:
    answer = asked(gate, sent)
    assert b"FOUND" not in answer
    assert asked(gate, b"zPING\0") == b"PONG\0"


def test_who_is_not_named_is_not_answered(parts: Parts) -> None:
    with served(parts, clamd=("127.0.0.1:0 peer=192.0.2.7",)) as (gate,), suppress(OSError):
        assert asked(gate, b"zPING\0") == b""


def test_a_socket_of_an_earlier_run_is_taken_over_and_another_file_never(parts: Parts, tmp_path: Path) -> None:
    path = tmp_path / "g.sock"
    for _ in range(2):
        with served(parts, clamd=(f"unix:{path}",)) as (gate,):
            assert asked(gate, b"zPING\0") == b"PONG\0"
        assert not path.exists()
