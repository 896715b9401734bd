"""Where the shared data lies, and a house without doors: store and replica in a temporary directory."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.house import AT, Clock, keyring_in

from takeback.store import Store
from takeback.store.database import sqlite_url
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.register import add_site, set_up
from takeback.workflow.replica import Replica

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _folder(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not beside the project (../shared/{name})")
    return folder


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Published test vectors of the field: other projects' data with their answers."""
    return _folder("vectors")


@pytest.fixture(scope="session")
def photos() -> Path:
    """Photographs of places, things and animals."""
    return _folder("photos")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data directory of `store`."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def new_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a new data directory holds. Tests take copies, since the migrations last longer than most of them."""
    folder = tmp_path_factory.mktemp("new-data")
    store = Store.open(sqlite_url(folder), keyring_in(folder))
    set_up(store, at=AT)
    store.close()
    return folder


@pytest.fixture
def store(data: Path, new_data: Path) -> Iterator[Store]:
    shutil.copytree(new_data, data, dirs_exist_ok=True)
    store = Store.open(sqlite_url(data), keyring_in(data))
    yield store
    store.close()


@pytest.fixture
def replica(store: Store) -> Replica:
    return Replica.load(store)


@pytest.fixture
def journal(store: Store, tmp_path: Path) -> Journal:
    return Journal(tmp_path / "withdrawals.journal", store.keyring.journal_key)


@pytest.fixture
def site(store: Store) -> Site:
    made = add_site(
        store, "forum", base_url="https://forum.example/", webhook_url="https://forum.example/hook", actor="test", at=AT
    )
    return made.site


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        made = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if made.returncode != 0:
        pytest.skip("mounting a small file system is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
