"""Schema changes, run by Alembic on the connection that `store/schema.py` hands it."""
