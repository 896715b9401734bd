"""
The system calls that a child may make: an allow-list, as a classic BPF program for seccomp(2).

Memory, threads, time, and talk on descriptors that it already has. No file can be opened, no socket
made, no program or process started, nobody else signalled or traced; all that answers EPERM, so that
a library that tries fails like one without permission.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# linux/bpf_common.h and linux/seccomp.h
_LOAD, _JUMP_EQUAL, _JUMP_SET, _AND, _RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
_RET_ALLOW, _RET_ERRNO, _RET_KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16
_EPERM, _ENOSYS = 1, 38

# asm-generic/mman-common.h, linux/resource.h, fcntl.h
_PROT_EXEC, _RLIMIT_CPU = 0x4, 0
_F_GETFD, _F_SETFD, _F_GETFL, _F_SETFL = 1, 2, 3, 4
# What pthread_create asks of clone(2): VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID,
# CHILD_CLEARTID. musl adds DETACHED, which the kernel ignores.
_THREAD_FLAGS: Final = 0x003D0F00
_CLONE_DETACHED: Final = 0x00400000

# Numbers of each architecture: arch/x86/entry/syscalls/syscall_64.tbl; asm-generic/unistd.h. A name that an
# architecture lacks is left out.
_X86_64: Final = {
    "read": 0, "write": 1, "close": 3, "poll": 7, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11,
    "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "readv": 19, "writev": 20,
    "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "sendto": 44,
    "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "shutdown": 48, "getsockname": 51, "getsockopt": 55,
    "clone": 56, "exit": 60, "uname": 63, "fcntl": 72, "gettimeofday": 96, "getrusage": 98, "sysinfo": 99,
    "sigaltstack": 131, "gettid": 186, "time": 201, "futex": 202, "sched_getaffinity": 204,
    "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230,
    "exit_group": 231, "tgkill": 234, "set_robust_list": 273, "prlimit64": 302, "getrandom": 318,
    "membarrier": 324, "rseq": 334, "clone3": 435,
}  # fmt: skip
_AARCH64: Final = {
    "fcntl": 25, "close": 57, "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66, "exit": 93,
    "exit_group": 94, "futex": 98, "set_robust_list": 99, "nanosleep": 101, "clock_gettime": 113,
    "clock_getres": 114, "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124,
    "restart_syscall": 128, "tgkill": 131, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135,
    "rt_sigreturn": 139, "uname": 160, "getrusage": 165, "gettimeofday": 169, "getpid": 172, "gettid": 178,
    "sysinfo": 179, "getsockname": 204, "sendto": 206, "recvfrom": 207, "getsockopt": 209, "shutdown": 210,
    "sendmsg": 211, "recvmsg": 212, "brk": 214, "munmap": 215, "mremap": 216, "clone": 220, "mmap": 222,
    "mprotect": 226, "madvise": 233, "prlimit64": 261, "getrandom": 278, "membarrier": 283, "rseq": 293,
    "ppoll": 73, "clone3": 435,
}  # fmt: skip
# linux/audit.h
_ARCHITECTURES: Final = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}


@dataclass(frozen=True, slots=True)
class _OnlyIf:
    """An argument (0 … 5), without the bits of `ignored`, has to be one of `values`."""

    argument: int
    values: tuple[int, ...]
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class _OnlyWithout:
    """An argument (0 … 5) may have none of `bits`."""

    argument: int
    bits: int


def allow_list(machine: str, pid: int) -> bytes | None:
    """
    Return the filter for process `pid` on a `machine` as `os.uname` names it, as an array of sock_filter.

    None for a machine whose system-call numbers we do not have.
    """
    if machine not in _ARCHITECTURES:
        return None
    audit_arch, numbers = _ARCHITECTURES[machine]
    conditions = _conditions(pid)
    # 1. Another architecture's calls have other numbers: the process ends.
    program = [
        _statement(_LOAD, _ARCH_AT),
        _jump(_JUMP_EQUAL, audit_arch, 1, 0),
        _statement(_RETURN, _RET_KILL),
        _statement(_LOAD, _NUMBER_AT),
    ]
    # 2. Each call that is known, with its conditions.
    for name, number in numbers.items():
        rule = _rule(name, conditions.get(name, ()))
        program += [_jump(_JUMP_EQUAL, number, 0, len(rule)), *rule]
    # 3. Every other call.
    program.append(_statement(_RETURN, _RET_ERRNO | _EPERM))
    return b"".join(program)


def _conditions(pid: int) -> dict[str, tuple[_OnlyIf | _OnlyWithout, ...]]:
    return {
        # Memory that holds data never becomes code.
        "mmap": (_OnlyWithout(2, _PROT_EXEC),),
        "mprotect": (_OnlyWithout(2, _PROT_EXEC),),
        "clone": (_OnlyIf(0, (_THREAD_FLAGS,), ignored=_CLONE_DETACHED),),
        "fcntl": (_OnlyIf(1, (_F_GETFD, _F_SETFD, _F_GETFL, _F_SETFL)),),
        # abort(3) signals its own thread.
        "tgkill": (_OnlyIf(0, (pid,)),),
        # The soft CPU limit of the process itself is moved on before each job; the hard one stays.
        "prlimit64": (_OnlyIf(0, (0,)), _OnlyIf(1, (_RLIMIT_CPU,))),
    }


def _rule(name: str, conditions: tuple[_OnlyIf | _OnlyWithout, ...]) -> list[bytes]:
    if name == "clone3":
        # Its flags lie in memory that a filter cannot read; told that it is missing, libc takes clone.
        return [_statement(_RETURN, _RET_ERRNO | _ENOSYS)]
    rule: list[bytes] = []
    for condition in conditions:
        # Each of these arguments is an int, of which the kernel too reads the low 32 bits (little-endian).
        rule += [_statement(_LOAD, _ARGUMENTS_AT + 8 * condition.argument), *_tests(condition)]
        rule.append(_statement(_RETURN, _RET_ERRNO | _EPERM))
    return [*rule, _statement(_RETURN, _RET_ALLOW)]


def _tests(condition: _OnlyIf | _OnlyWithout) -> Iterator[bytes]:
    """Yield instructions that step over the one after them when the condition holds."""
    if isinstance(condition, _OnlyWithout):
        yield _jump(_JUMP_SET, condition.bits, 0, 1)
        return
    if condition.ignored:
        yield _statement(_AND, ~condition.ignored & 0xFFFFFFFF)
    for index, value in enumerate(condition.values):
        yield _jump(_JUMP_EQUAL, value, len(condition.values) - index, 0)


def _statement(code: int, value: int) -> bytes:
    return _jump(code, value, 0, 0)


def _jump(code: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
