"""Whatever instructions the kernel uses, its answers are the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from tests.unit.index.codes import codes, flipped, keys, rows

from takeback import _native
from takeback.index import HammingIndex

RADII = (0, 5, 23, 31, 40, 47, 48, 130)


def battery() -> list[object]:
    """Search tables, scans, a tail and a crowded middle; return every answer."""
    rng = np.random.default_rng(4)
    stored = codes(40_037)
    stored[30_000:] = [flipped(stored[0], rng.permutation(256)[: rng.integers(40)]) for _ in range(10_037)]
    index = HammingIndex(threads=1)
    index.add(keys(40_000), stored[:40_000])
    index.settle()
    index.add(keys(37, first=40_001), stored[40_000:])
    index.remove(keys(300, first=29_900))
    queries = np.stack([flipped(code, rng.permutation(256)[: rng.integers(50)]) for code in stored[::1_111]])
    return [rows(index.search(queries, radius))[:20_000] for radius in RADII]


@pytest.mark.parametrize("level", _native.LEVELS)
def test_every_level_of_this_machine_answers_as_the_one_in_use(level: str) -> None:
    code = "import json; from tests.unit.index.test_levels import battery; print(json.dumps(battery()))"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TAKEBACK_KERNEL": level, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(answer.stdout) == json.loads(json.dumps(battery()))


def test_the_environment_chooses_the_level_and_what_is_not_there_is_refused() -> None:
    code = "from takeback import _native; print(_native.LEVEL)"

    def run(level: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "TAKEBACK_KERNEL": level}
        return subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)

    for level in _native.LEVELS:
        assert run(level).stdout.strip() == level
    assert run("").stdout.strip() == _native.LEVELS[-1]
    refused = run("sse9")
    assert refused.returncode != 0
    assert f'TAKEBACK_KERNEL is "sse9"; this machine has: {", ".join(_native.LEVELS)}.' in refused.stderr
