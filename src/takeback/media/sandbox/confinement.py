"""
What a child gives up before it reads its first byte.

Every step is tried, and what could not be done is named (`SandboxState.missing`), so that a machine
which forbids one of them still has the others, and `takeback doctor` can say so. Linux only.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from takeback.media.sandbox.seccomp import allow_list

# linux/prctl.h, linux/seccomp.h
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_MODE_FILTER = 2

_NOBODY: Final = 65534
_MAX_DESCRIPTORS: Final = 16
"""The three standard ones, the control socket, one client, and room for a library's own."""

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """struct sock_fprog: the number of 8-byte instructions, and where they are."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


@dataclass(frozen=True, slots=True)
class SandboxState:
    """What a child has given up (`applied`), and what this machine would not let it (`missing`, with why)."""

    applied: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    def as_json(self) -> dict[str, object]:
        """Return both lists by name."""
        return {"applied": list(self.applied), "missing": list(self.missing)}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> SandboxState:
        """Read what `as_json` wrote; raise `ValueError` for anything else."""
        applied, missing = value.get("applied"), value.get("missing")
        if not isinstance(applied, list) or not isinstance(missing, list):
            raise ValueError("not a sandbox's state")
        return cls(tuple(map(str, applied)), tuple(map(str, missing)))


def die_with(parent_pid: int) -> None:
    """Have the kernel kill this process when the thread that started it ends; end now if it has."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def hide_memory() -> None:
    """Forbid core dumps of this process, and tracing by others of the same user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)


def keep_only(descriptors: Collection[int]) -> None:
    """Close every descriptor but `descriptors`; the standard three become /dev/null."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    for descriptor in (int(name) for name in os.listdir("/proc/self/fd")):
        if descriptor > 2 and descriptor not in descriptors:
            try:
                os.close(descriptor)
            except OSError:
                continue  # the listing's own, closed with it


def confine(*, parent_pid: int, max_memory_bytes: int, max_cpu_seconds: int) -> SandboxState:
    """
    Give up for good what a decoder does not need, and say what was given up.

    The process ends with `parent_pid`. `max_memory_bytes` is address space above what it holds now,
    `max_cpu_seconds` the CPU time of its whole life. It can afterwards neither open a file nor make a
    socket, start nothing and signal nobody (`seccomp.allow_list`).
    """
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("no user of its own", _become_nobody),
        # After the change of user, at which the kernel forgets this wish (prctl(2)).
        ("end with the server", lambda: die_with(parent_pid)),
        ("no core dump, no tracing", hide_memory),
        ("memory limit", lambda: _limit_memory(max_memory_bytes)),
        ("CPU limit", lambda: resource.setrlimit(resource.RLIMIT_CPU, (max_cpu_seconds,) * 2)),
        ("no files written", lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))),
        ("few descriptors", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_DESCRIPTORS,) * 2)),
        ("no new privileges", lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1)),
        ("system-call filter", _filter_system_calls),
    )
    applied, missing = [], []
    for name, step in steps:
        try:
            step()
            applied.append(name)
        except Exception as error:
            missing.append(f"{name}: {error}")
    return SandboxState(tuple(applied), tuple(missing))


def _become_nobody() -> None:
    """Leave root, and with it every capability; an ordinary user has nothing to leave."""
    if os.geteuid() != 0:
        return
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _limit_memory(max_memory_bytes: int) -> None:
    pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    limit = pages * resource.getpagesize() + max_memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _filter_system_calls() -> None:
    machine = platform.machine()
    instructions = allow_list(machine, os.getpid())
    if instructions is None:
        raise OSError(f"the system-call numbers of {machine} are not known to Takeback")
    program = _Program(len(instructions) // 8, instructions)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program))


def _prctl(option: int, argument: int, pointer: int = 0) -> None:
    arguments = (ctypes.c_ulong(argument), ctypes.c_ulong(pointer), ctypes.c_ulong(0), ctypes.c_ulong(0))
    if _libc.prctl(ctypes.c_int(option), *arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
