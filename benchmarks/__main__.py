"""Run benchmarks by name, or all of them, and write each result with the machine and the commit it is of."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    checking,
    compared,
    copies,
    desk,
    embeddings,
    features,
    forgeries,
    hashing,
    hma,
    lists,
    lookup,
    service,
)
from benchmarks.forensics import copy_move, demosaicing, double_jpeg, jpeg_grid, noise_level, resampling, trace, whole

MODULES = {
    module.NAME: module
    for module in (
        checking,
        compared,
        copies,
        copy_move,
        demosaicing,
        desk,
        double_jpeg,
        embeddings,
        features,
        forgeries,
        hashing,
        hma,
        jpeg_grid,
        lists,
        lookup,
        noise_level,
        resampling,
        service,
        trace,
        whole,
    )
}
RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, object]:
    """Say what the figures were measured on."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    return {"processor": processor, "cores": os.cpu_count(), "python": platform.python_version()}


def commit() -> str:
    """Return the commit, marked where the tree was changed after it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def main(names: list[str]) -> int:
    """Run the benchmarks called `names`, or every one."""
    unknown = [name for name in names if name not in MODULES]
    if unknown:
        print(f"no benchmark is called {unknown[0]}; there are: {', '.join(MODULES)}", file=sys.stderr)
        return 2
    RESULTS.mkdir(exist_ok=True)
    measured = commit()  # before the first result changes the tree
    for name in names or list(MODULES):
        print(f"== {name}", flush=True)
        result = MODULES[name].run()
        about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": measured, "machine": machine()}
        text = json.dumps({**about, "result": result}, indent=1) + "\n"
        (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
