"""One child: confined, then one job after another, each on a connection that the server passes in."""

from __future__ import annotations

import json
import math
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from takeback.errors import InputError, MediaTooLarge, UnreadableMedia
from takeback.media.limits import MediaLimits
from takeback.media.sandbox import wire
from takeback.media.sandbox.confinement import confine, keep_only

Handler = Callable[[bytes, dict[str, object]], wire.Answer | Iterator[wire.Answer]]
"""
(payload, options) to a result that JSON can hold, and bytes; may raise errors of `InputError`.

An iterator answers in stages: it goes on only when the client asks for more.
"""

JOB_DONE: Final = b"done"
"""What a child tells the server when it is idle again."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every child of a pool: the job, its limits, and how many jobs a child may do."""

    handler: Handler
    limits: MediaLimits
    jobs_per_child: int


def run_child(control: socket.socket, terms: Terms, server_pid: int) -> None:
    """
    Serve the connections that arrive on `control` until the server ends this process.

    Tells the server first what the sandbox is, then `JOB_DONE` after each job. Called in a forked child.
    """
    # 1. Confined, before any byte from outside.
    for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)  # the server decides when a child ends
    keep_only({control.fileno()})
    state = confine(
        parent_pid=server_pid,
        max_memory_bytes=terms.limits.max_memory_bytes,
        max_cpu_seconds=math.ceil(time.process_time()) + terms.jobs_per_child * (terms.limits.cpu_seconds + 1),
    )
    control.send(json.dumps(state.as_json()).encode())
    # 2. Job after job.
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not descriptors:
            return
        with socket.socket(fileno=descriptors[0]) as client:
            _serve(client, terms)
        control.send(JOB_DONE)


def _serve(client: socket.socket, terms: Terms) -> None:
    try:
        client.sendall(wire.READY)
        prefix = client.recv(wire.LENGTH_BYTES, socket.MSG_WAITALL)
        header = client.recv(wire.frame_length(prefix, wire.MAX_HEADER_BYTES), socket.MSG_WAITALL)
        for frames in _answers(client, header, terms):
            client.sendall(frames)
    except (OSError, ValueError):
        return  # a client that went away, or is none of ours


def _answers(client: socket.socket, header: bytes, terms: Terms) -> Iterator[bytes]:
    try:
        # 1. The job, and whether it may be this large.
        request = wire.read_object(header)
        options, size = request.get("options"), request.get("payload_bytes")
        if not isinstance(options, dict) or not isinstance(size, int) or size < 0:
            raise ValueError("not a request")
        if size > terms.limits.max_bytes:
            raise MediaTooLarge(f"The file has {size:,} bytes; the limit max_bytes is {terms.limits.max_bytes:,}.")
        payload = client.recv(size, socket.MSG_WAITALL) if size else b""
        if len(payload) < size:
            raise ValueError("cut short")
        # 2. The clock of this job starts when all of it is here.
        _allow_cpu_seconds(terms.limits.cpu_seconds)
        answer = terms.handler(payload, options)
        if isinstance(answer, wire.Answer):
            yield wire.answer_frames(answer)
            return
        # 3. Stage after stage, each only when it is asked for.
        for stage in answer:
            yield wire.answer_frames(stage)
            if client.recv(len(wire.GO_ON)) != wire.GO_ON:
                return
    except InputError as error:
        yield wire.error_frames(error)
    except MemoryError:
        yield wire.error_frames(
            MediaTooLarge(
                "Reading the file took more memory than the limit max_memory_bytes "
                f"({terms.limits.max_memory_bytes:,}) allows."
            )
        )
    except Exception:
        yield wire.error_frames(UnreadableMedia(wire.STOPPED))


def _allow_cpu_seconds(seconds: int) -> None:
    """Have the kernel end this process when it has used `seconds` more CPU time than it has used so far."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (min(math.ceil(time.process_time()) + seconds, hard), hard))
