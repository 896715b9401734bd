"""
The only SQL. One module per noun; a `Transaction` gives them all over one connection.

SQLite in WAL mode by default. The statements are SQLAlchemy Core, so that PostgreSQL can take its place.
"""

from takeback.store.database import Store, Transaction
from takeback.store.keyring import Keyring
from takeback.store.seal import MasterKey

__all__ = ["Keyring", "MasterKey", "Store", "Transaction"]
