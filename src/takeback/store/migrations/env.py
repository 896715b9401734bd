"""Alembic runs the migrations on the connection that `store/schema.py` hands it."""

from __future__ import annotations

from alembic import context

from takeback.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
