"""A file that takes its decoder over gains nothing, and costs one process; the next file is read."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageCms
import pytest
from numpy.typing import NDArray

from takeback.errors import BadSetting, LowQuality, MediaTooLarge, Overloaded, TakebackError, UnreadableMedia
from takeback.media import MediaLimits, decode_frames
from takeback.media.sandbox import Answer, DecoderPool, PoolProcess, sandbox_state, start_pool, temporary_pool
from takeback.media.sandbox.wire import MAX_ATTACHMENT_BYTES

Pixels = NDArray[np.uint8]
HERE = Path(__file__).parent
LIMITS = MediaLimits(max_bytes=1 << 20, max_memory_bytes=256 << 20, cpu_seconds=1, wall_seconds=4)
CONTAINED = "contained_handlers:contained"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoolProcess]:
    os.environ["TAKEBACK_TEST_SECRET"] = "not for decoders"
    folder = tmp_path_factory.mktemp("pool", numbered=True)
    folder.chmod(0o700)
    process = start_pool(CONTAINED, socket_path=folder / "decoders", limits=LIMITS, warm_up=None, search_path=[HERE])
    del os.environ["TAKEBACK_TEST_SECRET"]
    yield process
    process.stop()


@pytest.fixture
def pool(process: PoolProcess) -> DecoderPool:
    return DecoderPool(process.socket_path, limits=LIMITS)


def do(pool: DecoderPool, deed: str, payload: bytes = b"") -> Mapping[str, object]:
    return pool.run(payload, {"do": deed}).result


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until(is_so: Callable[[], bool], seconds: float = 5.0) -> bool:
    ends = time.monotonic() + seconds
    while not is_so() and time.monotonic() < ends:
        time.sleep(0.01)
    return is_so()


def test_a_job_is_answered(pool: DecoderPool) -> None:
    assert do(pool, "echo", b"hello") == {"done": "hello"}
    assert do(pool, "length", bytes(1 << 20)) == {"done": 1 << 20}


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_memory_of_one_file_serves_the_next() -> None:
    with temporary_pool(CONTAINED, children=1, limits=LIMITS, warm_up=None, search_path=[HERE]) as pool:
        pages = [do(pool, "hold memory")["done"] for _ in range(4)]
    # of the 5,120 pages that were held; a stray one is the interpreter's own
    assert max(int(str(page)) for page in pages[2:]) < 50


def test_nothing_of_the_sandbox_is_missing_here(process: PoolProcess) -> None:
    assert process.sandbox.missing == ()
    assert "system-call filter" in process.sandbox.applied
    assert sandbox_state() == process.sandbox


@pytest.mark.parametrize(
    "deed",
    [
        "read a file", "write a file", "list a folder", "look at a file", "make a socket", "make a pair", "fork",
        "spawn", "exec", "kill the server", "kill itself", "trace the server", "make code",
        "lift its memory limit", "limit the server", "become root", "open a pipe",
    ],
)  # fmt: skip
def test_reaching_outside_is_refused(pool: DecoderPool, process: PoolProcess, deed: str) -> None:
    assert do(pool, deed) == {"errno": errno.EPERM}
    assert do(pool, "echo", b"next") == {"done": "next"}
    assert process.is_running


@pytest.mark.parametrize("deed", ["segfault", "abort", "exit", "leave"])
def test_a_crash_is_an_unreadable_file_and_the_next_one_is_read(pool: DecoderPool, deed: str) -> None:
    with pytest.raises(UnreadableMedia, match="The decoder stopped while reading this picture"):
        do(pool, deed)
    assert do(pool, "echo", b"next") == {"done": "next"}


@pytest.mark.parametrize(
    ("deed", "limit"),
    [
        ("grow", "max_memory_bytes"),
        ("ask for a terabyte", "max_memory_bytes"),
        ("raise MemoryError", "max_memory_bytes"),
    ],
)
def test_a_demand_without_end_is_ended_and_the_limit_named(pool: DecoderPool, deed: str, limit: str) -> None:
    began = time.monotonic()
    with pytest.raises(MediaTooLarge, match=limit):
        do(pool, deed)
    assert time.monotonic() - began < LIMITS.wall_seconds
    assert do(pool, "echo", b"next") == {"done": "next"}


def test_work_without_end_is_ended_and_the_limit_named() -> None:
    # The clock on the wall is far away: a second of work may take many of them on a busy machine.
    limits = replace(LIMITS, wall_seconds=60)
    with temporary_pool(CONTAINED, children=1, limits=limits, warm_up=None, search_path=[HERE]) as pool:
        with pytest.raises(MediaTooLarge, match="cpu_seconds"):
            do(pool, "sum")
        assert do(pool, "echo", b"next") == {"done": "next"}


def test_a_job_that_waits_for_ever_is_ended_by_the_clock_on_the_wall() -> None:
    with temporary_pool(CONTAINED, children=1, limits=MediaLimits(wall_seconds=1), search_path=[HERE]) as pool:
        began = time.monotonic()
        with pytest.raises(MediaTooLarge, match=r"wall_seconds \(1\)"):
            do(pool, "sleep")
        assert 0.9 < time.monotonic() - began < 2
        assert do(pool, "echo", b"next") == {"done": "next"}


def test_a_child_that_says_it_is_done_and_is_not_is_ended_too() -> None:
    with temporary_pool(CONTAINED, children=1, limits=MediaLimits(wall_seconds=1), search_path=[HERE]) as pool:
        with pytest.raises(UnreadableMedia):
            do(pool, "write everywhere", b"done")
        # The next file is given to it, waits in vain, and is told to come again.
        with pytest.raises(Overloaded):
            do(pool, "echo")
        assert do(pool, "echo", b"next") == {"done": "next"}


def test_crashes_cost_their_own_children_only(pool: DecoderPool, process: PoolProcess) -> None:
    for _ in range(5):
        with pytest.raises(UnreadableMedia):
            do(pool, "segfault")
    assert do(pool, "echo", b"next") == {"done": "next"}
    assert wait_until(lambda: len(children_of(process.pid)) == 2)
    assert process.is_running


def test_what_the_supervisor_knows_is_not_passed_on(pool: DecoderPool) -> None:
    environment = do(pool, "environment")["done"]
    assert isinstance(environment, dict)
    assert "TAKEBACK_TEST_SECRET" not in environment
    assert not {"HOME", "PATH", "USER"} & set(environment)
    # The three standard ones, the control socket, this connection.
    assert do(pool, "open descriptors") == {"done": 5}


def test_the_kernel_s_level_reaches_the_decoders_and_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKEBACK_KERNEL", "portable")
    monkeypatch.setenv("TAKEBACK_DATA", "elsewhere")
    with temporary_pool(CONTAINED, children=1, limits=LIMITS, warm_up=None, search_path=[HERE]) as pool:
        environment = do(pool, "environment")["done"]
    assert isinstance(environment, dict)
    assert {name: value for name, value in environment.items() if name.startswith("TAKEBACK")} == {
        "TAKEBACK_KERNEL": "portable"
    }


def test_the_kernel_holds_the_other_limits(process: PoolProcess) -> None:
    wanted = [
        ("status", r"^NoNewPrivs:\t1$"),
        ("status", r"^Seccomp:\t2$"),
        ("status", r"^CapEff:\t0+$"),
        ("status", r"^Uid:\t[1-9]"),
        ("limits", r"^Max core file size +0 +0 "),
        ("limits", r"^Max file size +0 +0 "),
        ("limits", r"^Max open files +16 +16 "),
    ]

    def lacks() -> list[str]:
        told = [
            (name, Path(f"/proc/{pid}/{name}").read_text())
            for pid in children_of(process.pid)
            for name in ("status", "limits")
        ]
        return [
            each
            for name, each in wanted
            for place, text in told
            if name == place and not re.search(each, text, re.MULTILINE)
        ]

    # A child that has just been forked is not confined yet, and is given nothing to read until it is.
    wait_until(lambda: not lacks())
    assert lacks() == []


def test_a_library_may_start_a_thread(pool: DecoderPool) -> None:
    assert do(pool, "start a thread") == {"done": 7}


def test_what_a_job_attaches_comes_home_as_it_is(pool: DecoderPool) -> None:
    assert pool.run(b"\x00\xff miniature", {"do": "attach"}) == Answer({}, b"\x00\xff miniature")
    assert pool.run(b"hello", {"do": "echo"}) == Answer({"done": "hello"})
    largest = pool.run(b"", {"do": "attach all it may"})
    assert largest.attachment == bytes(range(256)) * (MAX_ATTACHMENT_BYTES // 256)


@pytest.mark.parametrize(
    "deed", ["answer at length", "answer no number", "answer no JSON", "answer too deep", "attach too much"]
)
def test_an_answer_that_is_none_is_an_unreadable_file(pool: DecoderPool, deed: str) -> None:
    with pytest.raises(UnreadableMedia):
        do(pool, deed)
    assert do(pool, "echo", b"next") == {"done": "next"}


@pytest.mark.parametrize(
    "message",
    [
        b"\xff" * 64,
        b"\x00\x00\x00\x00\x00\x00\x00\x02[]",
        b"\x00\x00\x00\x00\x00\x00\x00\x05hello",
        # It is ended in the middle of an attachment, and the server's own answer comes after that.
        *(struct.pack(">I", announced) + b"8 bytes." for announced in (8, 9, 12, 16, 100, 4 << 20)),
    ],
    ids=lambda message: message[:8].hex(),
)
def test_a_child_that_writes_to_everyone_it_knows_is_not_believed(pool: DecoderPool, message: bytes) -> None:
    with pytest.raises((UnreadableMedia, MediaTooLarge)):
        do(pool, "write everywhere", message)
    assert do(pool, "echo", b"next") == {"done": "next"}


def test_the_handlers_own_errors_arrive_as_they_are(pool: DecoderPool) -> None:
    with pytest.raises(LowQuality, match="too little detail"):
        do(pool, "raise LowQuality")
    with pytest.raises(MediaTooLarge, match="max_pixels is 3"):
        do(pool, "raise MediaTooLarge")
    with pytest.raises(UnreadableMedia) as raised:
        do(pool, "raise ValueError")
    assert "words" not in str(raised.value)


def test_a_file_over_max_bytes_is_refused_by_client_and_child(pool: DecoderPool, process: PoolProcess) -> None:
    too_large = bytes(LIMITS.max_bytes + 1)
    with pytest.raises(MediaTooLarge, match="max_bytes"):
        do(pool, "length", too_large)
    with pytest.raises(MediaTooLarge, match="max_bytes"):
        do(DecoderPool(process.socket_path), "length", too_large)


@pytest.mark.parametrize("request_bytes", [b"", b"\x00", b"\xff\xff\xff\xff", b"\x00\x00\x00\x02[]"])
def test_a_client_that_talks_nonsense_or_leaves_harms_nobody(
    pool: DecoderPool, process: PoolProcess, request_bytes: bytes
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(process.socket_path))
        client.sendall(request_bytes)
    assert do(pool, "echo", b"next") == {"done": "next"}


def test_many_threads_are_answered_each_with_its_own(pool: DecoderPool) -> None:
    answers: dict[int, list[object]] = {}

    def ask(number: int) -> None:
        answers[number] = [do(pool, "echo", f"{number}-{turn}".encode())["done"] for turn in range(30)]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [f"{number}-{turn}" for turn in range(30)] for number in range(8)}


def test_a_child_is_replaced_after_its_jobs(tmp_path: Path) -> None:
    process = start_pool(
        CONTAINED, socket_path=tmp_path / "private" / "decoders", children=1, limits=LIMITS, warm_up=None,
        jobs_per_child=3, search_path=[HERE],
    )  # fmt: skip
    try:
        pool = DecoderPool(process.socket_path)
        pids = [do(pool, "pid")["done"] for _ in range(9)]
        assert pids == [pids[0]] * 3 + [pids[3]] * 3 + [pids[6]] * 3
        assert len(set(pids)) == 3
    finally:
        process.stop()
    assert not process.is_running
    assert not process.socket_path.exists()


def test_overload_and_absence_are_said_and_the_last_job_is_answered(tmp_path: Path) -> None:
    socket_path = tmp_path / "private" / "decoders"
    process = start_pool(
        CONTAINED, socket_path=socket_path, children=1, limits=LIMITS, warm_up=None, search_path=[HERE]
    )
    answers: list[object] = []
    sleeper = threading.Thread(target=lambda: answers.append(do(DecoderPool(socket_path), "nap")))
    sleeper.start()
    time.sleep(0.1)
    with pytest.raises(Overloaded, match="busy"):
        do(DecoderPool(socket_path, accept_seconds=0.1), "echo")
    process.stop()
    sleeper.join()
    assert answers == [{"done": None}]
    with pytest.raises(Overloaded, match="not running"):
        do(DecoderPool(socket_path), "echo")


def test_children_die_with_the_server_even_in_the_middle_of_a_job(tmp_path: Path) -> None:
    process = start_pool(
        CONTAINED,
        socket_path=tmp_path / "private" / "decoders",
        limits=LIMITS,
        warm_up=None,
        search_path=[HERE],
    )
    refusals: list[str] = []

    def ask() -> None:
        with pytest.raises(UnreadableMedia) as raised:
            do(DecoderPool(process.socket_path), "sleep")
        refusals.append(raised.value.message)

    sleeper = threading.Thread(target=ask)
    sleeper.start()
    time.sleep(0.1)
    children = children_of(process.pid)
    assert len(children) == 2
    os.kill(process.pid, signal.SIGKILL)
    assert wait_until(lambda: all(is_gone(pid) for pid in children), seconds=1)
    sleeper.join()
    assert len(refusals) == 1
    assert not process.is_running
    process.stop()


@pytest.mark.parametrize("leaves_a_copy", [False, True])
def test_the_server_dies_with_its_supervisor_however_that_ends(tmp_path: Path, leaves_a_copy: bool) -> None:
    # A forked copy of the supervisor still holds the pipe to the server; the kernel tells it all the same.
    script = textwrap.dedent(f"""
        import os, signal, sys, time
        from pathlib import Path
        from takeback.media.sandbox import start_pool
        process = start_pool({CONTAINED!r}, socket_path=Path({str(tmp_path / "private" / "decoders")!r}),
                             warm_up=None, search_path=[Path({str(HERE)!r})])
        if {leaves_a_copy} and os.fork() == 0:
            os.close(1)
            time.sleep(5)
            os._exit(0)
        print(process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    # Standard error is the server's too: a pipe there would have us wait for it to end.
    finished = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=30
    )
    assert finished.returncode == -signal.SIGKILL
    assert wait_until(lambda: is_gone(int(finished.stdout)), seconds=2)


def test_signals_for_everyone_do_not_stop_the_pool(pool: DecoderPool, process: PoolProcess) -> None:
    # A service manager, or Ctrl-C, signals every process; the supervisor alone says when it is over.
    for pid in (process.pid, *children_of(process.pid)):
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGINT)
    assert do(pool, "echo", b"still here") == {"done": "still here"}


@pytest.mark.parametrize(
    ("handler", "reason"),
    [("no_such_module:f", "ModuleNotFoundError"), ("contained_handlers:no_such", "AttributeError")],
)
def test_a_pool_that_cannot_start_says_why(tmp_path: Path, handler: str, reason: str) -> None:
    with pytest.raises(TakebackError, match=reason):
        start_pool(handler, socket_path=tmp_path / "private" / "decoders", warm_up=None, search_path=[HERE])


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(BadSetting, match="0700"):
        start_pool(CONTAINED, socket_path=tmp_path / "decoders", search_path=[HERE])
    with pytest.raises(BadSetting, match="107 bytes"):
        start_pool(CONTAINED, socket_path=tmp_path / ("x" * 120) / "decoders", search_path=[HERE])
    with pytest.raises(BadSetting, match="at least one"):
        start_pool(CONTAINED, socket_path=tmp_path / "decoders", children=0, search_path=[HERE])


def test_every_format_and_mode_is_decoded_in_the_pool_as_outside_it(
    drawing: Pixels, save_file: Callable[..., bytes]
) -> None:
    picture = PIL.Image.fromarray(drawing)
    turned = PIL.Image.Exif()
    turned[0x0112] = 6
    lab = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("LAB")).tobytes()
    srgb = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    files = [save_file(picture, kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")]
    files += [save_file(picture.convert(mode), "PNG", exif=turned) for mode in ("1", "L", "LA", "P", "RGBA")]
    files += [save_file(picture.convert(mode), "TIFF") for mode in ("CMYK", "LAB", "YCbCr")]
    files += [save_file(picture, "JPEG", icc_profile=profile, exif=turned) for profile in (lab, srgb, b"none")]
    files += [
        save_file(picture, kind, save_all=True, append_images=[picture.rotate(90), picture.rotate(180)])
        for kind in ("GIF", "WEBP", "PNG", "AVIF", "TIFF")
    ]
    files.append(save_file(picture, "TIFF", compression="jpeg"))
    files.append(save_file(picture, "TIFF", compression="tiff_adobe_deflate"))
    with temporary_pool("contained_handlers:decode", children=1, search_path=[HERE]) as pool:
        for file in files:
            frames = list(decode_frames(file))
            digests = [hashlib.sha256(frame.pixels.tobytes()).hexdigest() for frame in frames]
            assert pool.run(file).result == {"format": frames[0].format, "digests": digests}


# ---- In stages ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def staged() -> Iterator[DecoderPool]:
    with temporary_pool(
        "contained_handlers:in_stages", children=1, limits=LIMITS, warm_up=None, search_path=[HERE]
    ) as pool:
        yield pool


def test_a_job_in_stages_goes_on_when_it_is_asked_to(staged: DecoderPool) -> None:
    with staged.stages(b"\x07\x08\x09") as stages:
        assert [answer.attachment for answer in islice(stages, 3)] == [b"\x07", b"\x08", b"\x09"]
        # There is no fourth: whoever asks is told, and does not wait.
        with pytest.raises(UnreadableMedia):
            next(stages)


def test_a_stage_that_nobody_asks_for_is_not_computed_and_its_child_is_free(staged: DecoderPool) -> None:
    before = staged.run(b"\x08").result["computed"]
    assert isinstance(before, int)
    for number in range(1, 4):
        with staged.stages(b"\x07\x09") as stages:
            assert next(stages).result == {"byte": 7, "computed": before + number}
    assert staged.run(b"\x08").result == {"byte": 8, "computed": before + 4}


@pytest.mark.parametrize(("payload", "error"), [(b"\x07\x00", MediaTooLarge), (b"\x07\x01", UnreadableMedia)])
def test_what_ends_a_later_stage_is_told_there(staged: DecoderPool, payload: bytes, error: type[Exception]) -> None:
    with staged.stages(payload) as stages:
        assert next(stages).result["byte"] == 7
        with pytest.raises(error):
            next(stages)
    assert staged.run(b"\x08").result["byte"] == 8
