"""The wheel holds all that runs, and nothing else."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
FROM_ELSEWHERE = {"entry_points.txt", "METADATA", "RECORD", "WHEEL", "LICENSE"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every file of a wheel that is built now."""
    folder = tmp_path_factory.mktemp("dist")
    built = subprocess.run([ROOT / "packaging" / "wheel", folder], capture_output=True, text=True, check=True)
    wheel = Path(built.stdout.strip())
    assert wheel.parent == folder
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_file_of_the_package(names: set[str]) -> None:
    files = [file for file in (SOURCE / "takeback").rglob("*") if file.is_file() and file.suffix not in (".pyc", ".so")]
    expected = {file.relative_to(SOURCE).as_posix() for file in files}
    assert expected <= names
    assert {"takeback/py.typed", "takeback/_native.pyi", "takeback/cases/law/uk-osa-20a.toml"} <= names
    assert "takeback/store/migrations/versions/0001_first_tables.py" in names
    assert "takeback/store/migrations/env.py" in names


def test_the_wheel_holds_the_kernel_and_nothing_foreign(names: set[str]) -> None:
    rest = {name for name in names if not (SOURCE / name).is_file()}
    kernels = {name for name in rest if name.startswith("takeback/_native.") and name.endswith(".so")}
    assert len(kernels) == 1
    assert {name.rpartition("/")[2] for name in rest - kernels} == FROM_ELSEWHERE
