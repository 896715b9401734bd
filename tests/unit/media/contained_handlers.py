"""What a decoder would do if a file took it over: run inside the pool by test_sandbox.py."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import itertools
import mmap
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from takeback.errors import LowQuality, MediaTooLarge
from takeback.media.image import decode_frames
from takeback.media.sandbox import Answer
from takeback.media.sandbox.wire import MAX_ATTACHMENT_BYTES

_libc = ctypes.CDLL(None, use_errno=True)


def decode(payload: bytes, options: dict[str, object]) -> Answer:
    """Return the format, and a digest of each frame's pixels."""
    frames = list(decode_frames(payload))
    digests = [hashlib.sha256(frame.pixels.tobytes()).hexdigest() for frame in frames]
    return Answer({"format": frames[0].format, "digests": digests})


def contained(payload: bytes, options: dict[str, object]) -> Answer:
    """Do what `options["do"]` says; an `OSError` is answered with its number, bytes are attached."""
    try:
        done = _DEEDS[str(options["do"])](payload)
        return Answer({}, done) if isinstance(done, bytes) else Answer({"done": done})
    except OSError as error:
        return Answer({"errno": error.errno})


_computed = itertools.count(1)


def in_stages(payload: bytes, options: dict[str, object]) -> Iterator[Answer]:
    """Answer with each byte of the payload in turn, and how many this child has answered; for 0 fail, for 1 die."""
    for byte in payload:
        if byte == 0:
            raise MediaTooLarge("Too large at this stage.")
        if byte == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        yield Answer({"byte": byte, "computed": next(_computed)}, bytes([byte]))


def _grow(_: bytes) -> int:
    held = []
    while True:
        held.append(bytearray(16 << 20))


def _sum_for_ever(_: bytes) -> int:
    return sum(range(10**15))


def _spawn(_: bytes) -> int:
    return os.posix_spawn("/bin/true", ["/bin/true"], {})


def _start_thread(_: bytes) -> int:
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(7))
    thread.start()
    thread.join()
    return seen[0]


def _new_pages(_: bytes) -> int:
    """Hold four blocks of 5 MB for a moment, as decoding does, and say how many pages the kernel had to give."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    [bytearray(b"x") * (5 << 20) for _ in range(4)].clear()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def _open_descriptors(_: bytes) -> int:
    found = 0
    for descriptor in range(64):
        try:
            fcntl.fcntl(descriptor, fcntl.F_GETFD)
            found += 1
        except OSError:
            continue
    return found


def _write_everywhere(message: bytes) -> int:
    for descriptor in range(3, 16):
        try:
            os.write(descriptor, message)
        except OSError:
            continue
    time.sleep(60)
    return 0


def _lift_memory_limit(_: bytes) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except ValueError as error:  # Python's word for EPERM here
        raise OSError(errno.EPERM, str(error)) from error


def _trace_parent(_: bytes) -> int:
    if _libc.ptrace(16, os.getppid(), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
    return 0


def _raise(error: BaseException) -> Callable[[bytes], Any]:
    def deed(_: bytes) -> Any:
        raise error

    return deed


_DEEDS: dict[str, Callable[[bytes], Any]] = {
    "echo": lambda payload: payload.decode(),
    "length": len,
    "attach": lambda payload: payload,
    "attach all it may": lambda _: bytes(range(256)) * (MAX_ATTACHMENT_BYTES // 256),
    "pid": lambda _: os.getpid(),
    "environment": lambda _: dict(os.environ),
    # it ends itself
    "segfault": lambda _: ctypes.string_at(0),
    "abort": lambda _: os.abort(),
    "exit": lambda _: os._exit(0),
    "leave": _raise(SystemExit(0)),
    # it does not end
    "sleep": lambda _: time.sleep(60),
    "nap": lambda _: time.sleep(0.5),
    "sum": _sum_for_ever,
    "grow": _grow,
    "ask for a terabyte": lambda _: len(bytearray(1 << 40)),
    # it reaches outside
    "read a file": lambda _: os.open("/etc/passwd", os.O_RDONLY),
    "write a file": lambda _: os.open("taken", os.O_WRONLY | os.O_CREAT),
    "list a folder": lambda _: os.listdir("/"),
    "look at a file": lambda _: os.stat("/etc/passwd").st_size,
    "make a socket": lambda _: socket.socket(socket.AF_INET, socket.SOCK_STREAM).fileno(),
    "make a pair": lambda _: len(socket.socketpair()),
    "fork": lambda _: os.fork(),
    "spawn": _spawn,
    "exec": lambda _: os.execv("/bin/true", ["true"]),  # noqa: S606
    "kill the server": lambda _: os.kill(os.getppid(), signal.SIGKILL),
    "kill itself": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "trace the server": _trace_parent,
    "make code": lambda _: len(mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)),
    "lift its memory limit": _lift_memory_limit,
    "limit the server": lambda _: resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (0, 0)),
    "become root": lambda _: os.setuid(0),
    "open a pipe": lambda _: len(os.pipe()),
    # it may
    "hold memory": _new_pages,
    "start a thread": _start_thread,
    "open descriptors": _open_descriptors,
    # it answers badly
    "write everywhere": _write_everywhere,
    "answer at length": lambda _: "x" * (2 << 20),
    "answer no number": lambda _: float("nan"),
    "answer no JSON": lambda _: {1, 2},
    "attach too much": lambda _: bytes(MAX_ATTACHMENT_BYTES + 1),
    "answer too deep": lambda _: _nested(),
    # it raises
    "raise LowQuality": _raise(LowQuality("There is too little detail.")),
    "raise MediaTooLarge": _raise(MediaTooLarge("The limit max_pixels is 3.")),
    "raise ValueError": _raise(ValueError("a file's own words")),
    "raise MemoryError": _raise(MemoryError()),
}


def _nested() -> object:
    value: object = 1
    for _ in range(100_000):
        value = [value]
    return value
