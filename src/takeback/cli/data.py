"""The store of a data directory, opened beside or without the service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from takeback.assembly import open_store, read_master_key
from takeback.config import Settings, load_settings
from takeback.errors import NotFound
from takeback.store import Store
from takeback.store.database import DATABASE_NAME
from takeback.store.serving_lock import serving, stopped
from takeback.store.sites import Site

ACTOR = "command-line"
"""How the audit log names whoever holds the master key and a shell."""


@contextmanager
def opened(data: Path | None, master_key_file: str | None) -> Iterator[Store]:
    """Open the store for a `with` block; `NotFound` where there is none, so that a typing error makes none."""
    settings = _settings(data, master_key_file)
    with serving(settings.data), _open(settings) as store:
        yield store


@contextmanager
def opened_alone(data: Path | None, master_key_file: str | None) -> Iterator[Store]:
    """As `opened`, and alone: `IllegalTransition` while a service or another command works on the directory."""
    settings = _settings(data, master_key_file)
    with stopped(settings.data), _open(settings) as store:
        yield store


def site_named(store: Store, name: str) -> Site:
    """Return the site of a name or an id; `NotFound` where there is none."""
    with store.read() as tx:
        for site in tx.sites.all():
            if name in (site.name, site.public_id):
                return site
    raise NotFound(f"There is no site {name!r}.", advice="`takeback site list` names them.")


def _settings(data: Path | None, master_key_file: str | None) -> Settings:
    settings = load_settings({"data": data, "master_key_file": master_key_file}, os.environ)
    require_database(settings)
    return settings


@contextmanager
def _open(settings: Settings) -> Iterator[Store]:
    store = open_store(settings, read_master_key(settings))
    try:
        yield store
    finally:
        store.close()


def require_database(settings: Settings) -> None:
    """Raise `NotFound` unless the data directory holds a database."""
    if not (settings.data / DATABASE_NAME).exists():
        raise NotFound(
            f"There is no database in {settings.data}.",
            advice="Name the data directory with --data; the first `takeback serve` makes one.",
        )
