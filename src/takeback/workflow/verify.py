"""Check the whole audit log against its head."""

from __future__ import annotations

from takeback.audit.log import LogHead, verify_log
from takeback.store import Store


def verify(store: Store, remembered: LogHead | None = None) -> int:
    """
    Check every entry of the log, in one consistent view, and return how many there are.

    `remembered` is a head kept elsewhere, that the log must still contain. Beside a running service the
    view is that of the moment of the call. Raises `LogBroken` as `verify_log` does.
    """
    with store.read() as tx:
        return verify_log(tx.audit.entries(), tx.audit.head(), store.keyring.log_key, remembered=remembered)
