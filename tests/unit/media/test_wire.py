"""What a decoder answers is read strictly, since a file may have taken the decoder over."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from takeback.errors import InputError, LowQuality, MalformedHash, MediaTooLarge, UnreadableMedia
from takeback.media.sandbox import wire


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"ok"',
        b"\xff\xfe",
        b"{" * 50_000,
        b"[" * 200_000,
        b'{"ok": []}',
        b'{"ok": null}',
        b'{"ok": {}, "more": 1}',
        b'{"ok": {}, "error": {"code": "low-quality", "message": "x"}}',
        b'{"ok": {"a": NaN}}',
        b'{"ok": {"a": Infinity}}',
        b'{"ok": {"a": ' + b"9" * 5000 + b"}}",
        b'{"error": "low-quality"}',
        b'{"error": {"code": "low-quality"}}',
        b'{"error": {"code": "log-broken", "message": "x"}}',
        b'{"error": {"code": ["low-quality"], "message": "x"}}',
        b'{"error": {"code": "low-quality", "message": ""}}',
        b'{"error": {"code": "low-quality", "message": "a\\nb"}}',
        b'{"error": {"code": "low-quality", "message": "\\u001b[31m"}}',
        b'{"error": {"code": "low-quality", "message": "' + b"x" * 301 + b'"}}',
    ],
    ids=lambda text: text[:24].decode("latin-1"),
)
def test_what_is_no_answer_is_an_unreadable_file(text: bytes) -> None:
    with pytest.raises(UnreadableMedia) as raised:
        wire.read_answer(text)
    assert raised.value.message == wire.STOPPED


def test_a_result_comes_back_as_it_is() -> None:
    result = {"frames": [1, 2.5, None, "x"]}
    assert wire.read_answer(b'{"ok": {"frames": [1, 2.5, null, "x"]}}') == wire.Answer(result)
    assert wire.read_answer(b'{"ok": {}}', b"attached") == wire.Answer({}, b"attached")


@pytest.mark.parametrize("kind", [UnreadableMedia, MediaTooLarge, LowQuality, MalformedHash])
def test_an_error_travels_with_its_kind_and_message(kind: type[InputError]) -> None:
    answer = wire.error_frames(kind("The limit max_pixels is 100 × 100."))
    assert wire.frame_length(answer[: wire.LENGTH_BYTES], wire.MAX_ATTACHMENT_BYTES) == 0
    text = answer[2 * wire.LENGTH_BYTES :]
    assert wire.frame_length(answer[wire.LENGTH_BYTES : 2 * wire.LENGTH_BYTES], wire.MAX_ANSWER_BYTES) == len(text)
    with pytest.raises(kind, match="100 × 100"):
        wire.read_answer(text)


def test_a_long_message_is_shortened_rather_than_lost() -> None:
    answer = wire.error_frames(MediaTooLarge("x" * 1000))
    with pytest.raises(MediaTooLarge):
        wire.read_answer(answer[2 * wire.LENGTH_BYTES :])


def test_a_frame_is_never_longer_than_allowed() -> None:
    with pytest.raises(ValueError, match="too long"):
        wire.frame({"a": "x" * 100}, 100)
    for prefix in (b"", b"\x00\x00", b"\xff\xff\xff\xff", b"\x00\x00\x00\x65"):
        with pytest.raises(ValueError, match=r"cut short|longer"):
            wire.frame_length(prefix, 100)
    body = wire.frame({"a": "é"}, 100)
    assert json.loads(body[wire.LENGTH_BYTES :]) == {"a": "é"}


def test_a_process_that_only_asks_the_pool_loads_no_picture_parser() -> None:
    script = (
        "import sys, takeback.media.sandbox; print(*{'PIL', 'numpy', 'pillow_heif', 'simplejpeg'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert told.stdout.split() == []
