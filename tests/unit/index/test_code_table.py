"""What the table of codes leaves behind in memory: nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.index.table import FIRST_CAPACITY, CodeTable


def keys(*values: int) -> NDArray[np.uint64]:
    return np.array(values, np.uint64)


def codes(*values: int) -> NDArray[np.uint8]:
    return np.repeat(np.array(values, np.uint8)[:, np.newaxis], 32, axis=1)


def whole_memory(table: CodeTable) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    held_keys, held_codes = table.keys.base, table.codes.base
    assert held_keys is not None
    assert held_codes is not None
    return held_keys, held_codes


def test_a_removed_code_is_nowhere_in_memory() -> None:
    table = CodeTable()
    table.add(keys(1, 2, 3, 4, 5), codes(11, 22, 33, 44, 55))
    table.remove(keys(2, 5))
    held_keys, held_codes = whole_memory(table)
    assert sorted(table.keys.tolist()) == [1, 3, 4]
    assert len(held_codes) == FIRST_CAPACITY
    assert {22, 55}.isdisjoint(held_codes.ravel().tolist())
    assert not held_codes[3:].any()
    assert not held_keys[3:].any()


def test_rows_that_move_keep_their_key_and_code_together() -> None:
    table = CodeTable()
    table.add(keys(*range(1, 101)), codes(*range(1, 101)))
    table.remove(keys(*range(1, 101, 3)))
    assert sorted(table.keys.tolist()) == [key for key in range(1, 101) if key % 3 != 1]
    assert np.array_equal(table.codes, codes(*table.keys.tolist()))


def test_memory_that_growth_leaves_is_zeroed() -> None:
    table = CodeTable()
    table.add(keys(*range(1, FIRST_CAPACITY + 1)), codes(*range(1, FIRST_CAPACITY + 1)))
    old_keys, old_codes = whole_memory(table)
    table.add(keys(99), codes(99))
    assert not old_codes.any()
    assert not old_keys.any()
    assert table.codes[0, 0] == 1


def test_adding_one_at_a_time_moves_the_rows_seldom() -> None:
    table = CodeTable()
    sizes = set()
    for key in range(1, 2_001):
        table.add(keys(key), codes(key % 256))
        sizes.add(table.nbytes)
    assert len(sizes) <= 8
