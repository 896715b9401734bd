"""Run one measurement in a process of its own: for its memory, or for other instructions of the kernel."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

MARK = "result: "


def apart(measure: Callable[..., dict[str, Any]], *arguments: object, level: str | None = None) -> dict[str, Any]:
    """Return what `measure(*arguments)` returns in a new process, with the kernel's instructions `level`."""
    command = [sys.executable, "-m", "benchmarks.apart", measure.__module__, measure.__name__, json.dumps(arguments)]
    environment = os.environ | ({"TAKEBACK_KERNEL": level} if level else {})
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    line = next(line for line in reversed(done.stdout.splitlines()) if line.startswith(MARK))
    answer: dict[str, Any] = json.loads(line.removeprefix(MARK))
    return answer


def resident_bytes(line: str = "VmRSS") -> int:
    """Return what of this process lies in memory now, or lay at most (`VmHWM`)."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(row for row in status.splitlines() if row.startswith(line)).split()[1])


def forget_peak() -> None:
    """Let `VmHWM` begin anew (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    module, name, given = sys.argv[1:]
    print(MARK + json.dumps(getattr(importlib.import_module(module), name)(*json.loads(given))))
