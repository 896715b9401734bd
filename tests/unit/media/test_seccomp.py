"""The filter says what its table says, on both architectures, whichever this is."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from takeback.media.sandbox import seccomp

ALLOW, EPERM, ENOSYS, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
PID = 4321
THREAD = 0x3D0F00
# Numbers from the kernel's own tables, of calls that no decoder needs.
FORBIDDEN = {
    "x86_64": {
        "open": 2, "stat": 4, "pipe": 22, "dup2": 33, "socket": 41, "connect": 42, "accept": 43, "bind": 49,
        "socketpair": 53, "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "ptrace": 101, "setuid": 105,
        "prctl": 157, "setrlimit": 160, "mount": 165, "tkill": 200, "openat": 257, "pidfd_open": 434,
        "pidfd_getfd": 438, "process_vm_readv": 310, "memfd_create": 319, "bpf": 321, "execveat": 322,
        "io_uring_setup": 425, "openat2": 437, "sendfile": 40, "unlink": 87, "shmget": 29, "keyctl": 250,
        "userfaultfd": 323, "perf_event_open": 298, "unshare": 272, "setns": 308,
    },
    "aarch64": {
        "openat": 56, "dup3": 24, "pipe2": 59, "newfstatat": 79, "unshare": 97, "ptrace": 117, "kill": 129,
        "tkill": 130, "setuid": 146, "setrlimit": 164, "prctl": 167, "socket": 198, "socketpair": 199,
        "bind": 200, "accept": 202, "connect": 203, "execve": 221, "memfd_create": 279, "bpf": 280,
        "execveat": 281, "io_uring_setup": 425, "pidfd_open": 434, "openat2": 437, "pidfd_getfd": 438,
    },
}  # fmt: skip


def run_filter(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """Interpret the classic BPF that seccomp(2) allows, on struct seccomp_data."""
    data = struct.pack("<IIQ6Q", number, arch, 0, *arguments, *[0] * (6 - len(arguments)))
    code = list(struct.iter_unpack("=HBBI", program))
    place = accumulator = 0
    while True:
        operation, if_true, if_false, value = code[place]
        place += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif operation == 0x54:
            accumulator &= value
        elif operation == 0x15:
            place += if_true if accumulator == value else if_false
        elif operation == 0x45:
            place += if_true if accumulator & value else if_false
        elif operation == 0x06:
            return int(value)
        else:
            raise AssertionError(f"operation {operation:#x}")


def program_for(machine: str) -> bytes:
    program = seccomp.allow_list(machine, PID)
    assert program is not None
    assert len(program) // 8 <= 4096  # BPF_MAXINSNS
    return program


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_calls_that_reach_outside_are_refused(machine: str) -> None:
    for name, number in FORBIDDEN[machine].items():
        assert run_filter(program_for(machine), ARCHITECTURES[machine], number) == EPERM, name
    # The x32 twins of x86-64's calls have the same numbers with this bit.
    assert run_filter(program_for(machine), ARCHITECTURES[machine], 0x40000000) == EPERM


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_another_architectures_calls_end_the_process(machine: str) -> None:
    for other in (0x40000003, 0x40000028, *(set(ARCHITECTURES.values()) - {ARCHITECTURES[machine]})):
        assert run_filter(program_for(machine), other, 0) == KILL


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_calls_with_conditions_are_judged_by_their_arguments(machine: str) -> None:
    arch, numbers = seccomp._ARCHITECTURES[machine]
    program = program_for(machine)

    def ruling(name: str, *arguments: int) -> int:
        return run_filter(program, arch, numbers[name], *arguments)

    assert ruling("read") == ruling("futex") == ruling("exit_group") == ALLOW
    assert ruling("clone", THREAD) == ruling("clone", THREAD | 0x400000) == ALLOW
    assert ruling("clone", 17) == ruling("clone", THREAD | 0x10000000) == ruling("clone", 0x10000) == EPERM
    assert ruling("clone3") == ENOSYS
    assert ruling("mmap", 0, 4096, 3) == ruling("mprotect", 0, 4096, 1) == ALLOW
    assert ruling("mmap", 0, 4096, 7) == ruling("mprotect", 0, 4096, 5) == EPERM
    assert ruling("tgkill", PID, PID, 6) == ALLOW
    assert ruling("tgkill", PID - 1, PID - 1, 6) == EPERM
    assert ruling("prlimit64", 0, 0) == ALLOW
    assert ruling("prlimit64", PID, 0) == ruling("prlimit64", 0, 9) == EPERM
    assert ruling("fcntl", 3, 1) == ruling("fcntl", 3, 4) == ALLOW
    assert ruling("fcntl", 3, 0) == ruling("fcntl", 3, 8) == EPERM


@pytest.mark.parametrize(
    ("machine", "header"),
    [
        ("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        ("aarch64", "/usr/include/asm-generic/unistd.h"),
    ],
)
def test_the_numbers_are_those_of_the_kernels_headers(machine: str, header: str) -> None:
    if not Path(header).is_file():
        pytest.skip(f"{header} is not installed")
    text = Path(header).read_text()
    told = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    _, numbers = seccomp._ARCHITECTURES[machine]
    ours = {**numbers, **FORBIDDEN[machine]}
    older_header = {name for name in ours if name not in told}
    assert {name: told[name] for name in ours if name in told} == {
        name: number for name, number in ours.items() if name not in older_header
    }
    assert len(older_header) <= 4


def test_a_machine_without_a_table_keeps_its_other_limits_and_says_so() -> None:
    script = """
import os, platform
platform.machine = lambda: "riscv64"
from takeback.media.sandbox.confinement import confine
state = confine(parent_pid=os.getppid(), max_memory_bytes=1 << 28, max_cpu_seconds=10)
assert not state.is_complete
print(*state.missing)
try:
    bytearray(1 << 30)
except MemoryError:
    print("limited")
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert "system-call filter: the system-call numbers of riscv64 are not known" in told.stdout
    assert told.stdout.endswith("limited\n")
