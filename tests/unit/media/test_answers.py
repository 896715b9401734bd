"""What arrives on a decoder's connection, when whoever is at the other end sends what it likes."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from takeback.errors import LowQuality, UnreadableMedia
from takeback.media import MediaLimits
from takeback.media.sandbox import Answer, DecoderPool
from takeback.media.sandbox.wire import MAX_ANSWER_BYTES, MAX_ATTACHMENT_BYTES, READY, answer_frames, error_frames

Sends = Callable[[bytes], DecoderPool]
OK = struct.pack(">I", 10) + b'{"ok": {}}'


@pytest.fixture
def sends(tmp_path: Path) -> Iterator[Sends]:
    """A pool whose child has been taken over: it answers its one job with the bytes given, and hangs up."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    threads: list[threading.Thread] = []

    def answer(message: bytes) -> None:
        client, _ = listener.accept()
        with client:
            client.sendall(READY)
            client.recv(1 << 16)
            try:
                client.sendall(message)
                client.shutdown(socket.SHUT_WR)
                client.recv(1)
            except OSError:
                return  # it would not listen to all of it

    def start(message: bytes) -> DecoderPool:
        threads.append(threading.Thread(target=answer, args=(message,)))
        threads[-1].start()
        return DecoderPool(tmp_path / "s", limits=MediaLimits(wall_seconds=2))

    yield start
    for thread in threads:
        thread.join(5)
    listener.close()


def attached(body: bytes, announced: int | None = None) -> bytes:
    return struct.pack(">I", len(body) if announced is None else announced) + body


@pytest.mark.parametrize("attachment", [b"", b"8 bytes.", bytes(MAX_ATTACHMENT_BYTES)], ids=len)
def test_an_answer_arrives_with_what_is_attached_to_it(sends: Sends, attachment: bytes) -> None:
    answer = Answer({"frames": [1, 2.5, None, "x"]}, attachment)
    assert sends(answer_frames(answer)).run(b"job") == answer


def test_an_error_arrives_in_place_of_an_answer(sends: Sends) -> None:
    with pytest.raises(LowQuality, match="too little"):
        sends(error_frames(LowQuality("There is too little detail."))).run(b"job")


HOSTILE = {
    "nothing at all": b"",
    "no attachment, and no answer": attached(b""),
    "an answer, and no word about an attachment": OK,
    "an attachment shorter than announced, then the answer": attached(b"8 bytes.", 9) + OK,
    "an attachment shorter than announced, then nothing": attached(b"8 bytes.", 4 << 20),
    "an attachment longer than announced": attached(b"8 bytes.", 7) + OK,
    "an attachment, and no answer": attached(b"8 bytes."),
    "an attachment, and an answer cut short": attached(b"8 bytes.") + OK[:-1],
    "an attachment over the bound": attached(bytes(MAX_ATTACHMENT_BYTES + 1)) + OK,
    "an attachment announced as 4 GB": attached(b"8 bytes.", 0xFFFFFFFF) + OK,
    "an answer over the bound": attached(b"") + attached(b" " * MAX_ANSWER_BYTES + b'{"ok": {}}'),
    "an error with an attachment": attached(b"x")
    + attached(b'{"error": {"code": "low-quality", "message": "little"}}'),
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_no_answer_is_an_unreadable_file(sends: Sends, hostile: str) -> None:
    with pytest.raises(UnreadableMedia, match="The decoder stopped"):
        sends(HOSTILE[hostile]).run(b"job")


def test_what_follows_an_answer_is_not_read(sends: Sends) -> None:
    assert sends(attached(b"8 bytes.") + OK + b"and more").run(b"job") == Answer({}, b"8 bytes.")


def test_more_than_may_be_attached_is_not_even_sent() -> None:
    with pytest.raises(ValueError, match="attached"):
        answer_frames(Answer({}, bytes(MAX_ATTACHMENT_BYTES + 1)))


def test_what_is_attached_stays_out_of_text_and_logs() -> None:
    assert "secret" not in repr(Answer({}, b"secret"))
